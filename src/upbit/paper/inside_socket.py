"""WebSockets to the exchange that skip the network: what a client takes as its `dial`.

A socket is a session of the exchange and what it has not read yet. It behaves as one of a port does: it is refused for
the same reasons, meets the same faults, and is cut when its reader takes too little. Frames in pieces arrive whole.
Sockets of one event loop form a `Circuit`, which looks at the exchange every `pulse` seconds of that loop as long as
one of them is open. It has no task of its own, so that none is left behind.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Mapping
from urllib.parse import urlsplit

from ..errors import APIConnectionError
from ..flow.result import status_error
from ..io import AsyncSocket, Closed
from ..wire.message import Request
from .broadcast import CUT, NORMAL_CLOSURE, PULSE, Hub, Session
from .handshake import Admission, Handshake
from .inside import InsideTransport
from .interference import Interference
from .patience import Patience

INTERNAL_ERROR = 1011
PEER = "127.0.0.1"


class InsideDial:
    """Opens sockets; an `upbit.io.Dial`. It shares exchange and lock with the transport `inside`."""

    def __init__(self, inside: InsideTransport, *, limited: bool = True, pulse: float = PULSE) -> None:
        self._inside = inside
        self._limited = limited
        self._pulse = pulse
        gate, chaos = inside.entrance.gate, inside.entrance.chaos
        self._exchange = gate.exchange
        self._handshake = Handshake(gate.exchange, gate.turnstile, chaos)
        self._circuits: dict[asyncio.AbstractEventLoop, Circuit] = {}

    async def __call__(self, url: str, headers: Mapping[str, str], heartbeat: float) -> InsideSocket:
        """Open a socket that gives a sign of life every `heartbeat` seconds.

        Raises APIStatusError when the exchange refuses it, APIConnectionError when the connection is reset.
        """
        await asyncio.sleep(0)  # nobody connects without letting others have a turn
        request = Request("GET", urlsplit(url).path, headers={name.lower(): text for name, text in headers.items()})
        with self._inside.lock:
            now = self._exchange.advance()
            path = self._handshake.path(request.path)
            if path is None:
                raise status_error(self._inside.entrance.gate.handle(request, PEER))
            admitted = self._handshake.admit(request, path, PEER, now)
            if isinstance(admitted, Admission):
                return self._circuit().open(admitted, heartbeat, now)
        if admitted is None:
            raise APIConnectionError(f"{url} could not be reached: the connection was reset")
        raise status_error(admitted)

    def _circuit(self) -> Circuit:
        """That of the loop that runs; circuits of loops that ended are given up."""
        loop = asyncio.get_running_loop()
        for ended in [one for one in self._circuits if one.is_closed()]:
            self._circuits[ended].close()
        circuit = self._circuits.get(loop)
        if circuit is None:
            hub = Hub(self._exchange, limited=self._limited)
            circuit = self._circuits[loop] = Circuit(self._inside, hub, self._pulse, self._circuits)
        return circuit


class Circuit:
    """The sockets of one event loop, from the first to the last."""

    def __init__(
        self,
        inside: InsideTransport,
        hub: Hub,
        pulse: float,
        others: dict[asyncio.AbstractEventLoop, Circuit],
    ) -> None:
        self.loop = asyncio.get_running_loop()
        self.inside = inside
        self.exchange = hub.exchange
        self.log = logging.getLogger("upbit.paper")
        self._hub = hub
        self._pulse = pulse
        self._others = others
        self._sockets: dict[InsideSocket, None] = {}
        self._timer = self.loop.call_later(pulse, self._turn)

    def open(self, admitted: Admission, heartbeat: float, now: int) -> InsideSocket:
        """Add a socket."""
        session = self._hub.open(admitted.path, admitted.key, now)
        interference = Interference(session, admitted.path, self.inside.entrance.chaos)
        socket = InsideSocket(self, session, interference, heartbeat)
        self._sockets[socket] = None
        return socket

    def leave(self, socket: InsideSocket) -> None:
        """Remove a socket; the last one ends it all."""
        del self._sockets[socket]
        if not self._sockets:
            self.close()

    def close(self) -> None:
        """Look no more."""
        del self._others[self.loop]
        self._timer.cancel()
        self._hub.close()

    def _turn(self) -> None:
        with self.inside.lock:
            try:
                now = self.exchange.advance()
                self.inside.catch_up()
                self._hub.look(now)
                for socket in tuple(self._sockets):
                    socket.pulse(now)
            except Exception:
                self.log.exception("the exchange failed; its sockets are closed")
                for socket in tuple(self._sockets):
                    socket.end(INTERNAL_ERROR)
        if self._sockets:
            self._timer = self.loop.call_later(self._pulse, self._turn)


class InsideSocket(AsyncSocket):
    """One socket; an `upbit.io.AsyncSocket` for the tasks of one event loop."""

    def __init__(self, circuit: Circuit, session: Session, interference: Interference, heartbeat: float) -> None:
        self._circuit = circuit
        self._session = session
        self._interference = interference
        self._heartbeat = heartbeat
        self._ping = circuit.loop.time() + heartbeat
        self._patience = Patience(circuit.loop.time())
        self._unread: deque[bytes] = deque()
        self._size = 0  # of what is unread
        self._given = 0  # bytes, ever
        self._closed: Closed | None = None
        self._wake = asyncio.Event()

    async def send(self, text: str) -> None:
        """Say something. Raises APIConnectionError on a socket that is closed."""
        if self._closed is not None:
            raise APIConnectionError("the socket is closed", sent=False)
        with self._circuit.inside.lock:
            try:
                now = self._circuit.exchange.advance()
                self._put(self._session.receive(text, now), now)
            except Exception:
                self._circuit.log.exception("a message failed")
                self.end(INTERNAL_ERROR)

    async def receive(self) -> bytes | str | Closed:
        """Wait for the next frame, or for the end, which is final."""
        while not self._unread:
            if self._closed is not None:
                return self._closed
            self._wake.clear()
            await self._wake.wait()
        frame = self._unread.popleft()
        self._size -= len(frame)
        return frame

    async def close(self) -> None:
        """Take leave; what is unread is not read any more."""
        with self._circuit.inside.lock:
            self._unread.clear()
            self.end(NORMAL_CLOSURE)

    def pulse(self, now: int) -> None:
        """Take what has become due; to be called now and then, with the lock held."""
        if self._circuit.loop.time() >= self._ping:
            self._ping = self._circuit.loop.time() + self._heartbeat
            self._session.touch(now)
        self._put(self._session.pulse(now), now)

    def end(self, code: int) -> None:
        """Be closed, once what is unread has been read; to be called with the lock held."""
        if self._closed is None:
            self._closed = Closed(None if code == CUT else code)
            self._session.close()
            self._circuit.leave(self)
            self._wake.set()

    def _put(self, frames: list[bytes], now: int) -> None:
        frames = self._interference.pass_on(frames, now)
        size = sum(map(len, frames))
        if self._patience.ends(self._size, self._given - self._size, self._circuit.loop.time()):
            self._unread.clear()
            self.end(CUT)
            return
        self._unread += frames
        self._size += size
        self._given += size
        if self._session.ended is not None:
            self.end(self._session.ended)
        elif frames:
            self._wake.set()
