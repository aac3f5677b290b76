"""The way out to a WebSocket: frames wait here until their reader has room; a reader that takes too little is cut.

Sockets share their frames; nothing is copied.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from aiohttp import WSCloseCode, web

from .broadcast import CUT, Session
from .carriage import pieces
from .committer import Committer
from .interference import Fragments, Interference
from .patience import Patience
from .store import StoreError


class Outlet:
    """One WebSocket: its session, and the frames that wait until its reader has room; `time` gives seconds."""

    def __init__(
        self,
        session: Session,
        interference: Interference,
        ws: web.WebSocketResponse,
        transport: asyncio.Transport,
        committer: Committer | None,
        time: Callable[[], float],
    ) -> None:
        self.session = session
        self._interference = interference
        self._ws = ws
        self._transport = transport
        self._committer = committer
        self._unsent: deque[bytes] = deque()
        self._size = 0  # of what is lined up
        self._given = 0  # to the transport, ever
        self._time = time
        self._patience = Patience(time())
        self._wake = asyncio.Event()

    def put(self, frames: list[bytes], now: int) -> None:
        """Line frames up to be sent; to be called now and then without any. A reader that takes too little is cut."""
        frames = self._interference.pass_on(frames, now)
        if self._hopeless():
            self._transport.abort()
        elif frames or self.session.ended is not None:
            self._unsent.extend(frames)
            self._size += sum(map(len, frames))
            self._wake.set()

    def _hopeless(self) -> bool:
        buffered = self._transport.get_write_buffer_size()
        return self._patience.ends(self._size + buffered, self._given - buffered, self._time())

    async def write(self) -> None:
        """Send what is lined up, until the session ends or the connection does."""
        try:
            while not self._ws.closed:
                await self._wake.wait()
                self._wake.clear()
                while self._unsent:
                    await self._send(self._unsent.popleft())
                if self.session.ended == CUT:
                    self._transport.abort()
                    return
                if self.session.ended is not None:
                    await self._ws.close(code=self.session.ended)
                    return
        except ConnectionError:
            return  # the other side has gone; whoever reads notices it, too
        except StoreError:
            self._transport.abort()  # what it would say may not be true after a restart

    async def _send(self, frame: bytes) -> None:
        if self._committer is not None:
            await self._committer.settled()
        self._size -= len(frame)
        self._given += len(frame)
        if isinstance(frame, Fragments):
            self._transport.write(pieces(frame))
        else:
            await self._ws.send_bytes(frame)

    async def leave(self) -> None:
        """Say good-bye; without an answer soon, go without."""
        await self._ws.close(code=WSCloseCode.GOING_AWAY)
        self._transport.abort()
