"""Who waits and who sends: the only sockets, sleeps and awaits of the client.

`sync` and `aio` carry flows out, `http` and `aio_http` send; `aio_socket` opens sockets and keeps them alive, and
`sync_socket` has an event loop for who has none. What needs urllib3 or aiohttp is loaded when the first request leaves.

`Transport`, `AsyncTransport` and `Dial` are the seams: whatever sends a request and brings its response, or opens a
socket, be it a pool of connections or a paper exchange in the same process.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from threading import Lock
from typing import NamedTuple, Protocol

from ..flow.steps import Timeout
from ..wire.message import Request, Response

STRIDE = 128
"""Frames that are read in a row before other tasks have their turn: their events are few enough for a CPU's cache."""

__all__ = ["AsyncSocket", "AsyncTransport", "Closed", "Dial", "Lock", "Transport"]


class Transport(Protocol):
    """Sends a request to the exchange and waits for the response."""

    def send(self, request: Request, timeout: Timeout) -> Response:
        """Send once. Raises APIConnectionError when there is no answer, its `sent` False only if nothing left."""
        ...


class AsyncTransport(Protocol):
    """The same, awaited."""

    async def send(self, request: Request, timeout: Timeout) -> Response:
        """Send once. Raises APIConnectionError when there is no answer, its `sent` False only if nothing left."""
        ...


class Closed(NamedTuple):
    """How a socket ended."""

    code: int | None
    """That of the close frame that came; None when the connection ended without one."""
    reason: str = ""
    """What the other side said to it, or what went wrong."""

    def __str__(self) -> str:
        said = "the connection was lost" if self.code is None else f"closed with {self.code}"
        return f"{said}: {self.reason}" if self.reason else said


class AsyncSocket(Protocol):
    """An open WebSocket. One task receives; another may send and close meanwhile."""

    async def send(self, text: str) -> None:
        """Send a text frame. Raises APIConnectionError when the connection has ended."""
        ...

    async def receive(self) -> bytes | str | Closed:
        """Wait for the next frame, bytes if it was a binary one; from the end on, say how it ended. Pings are answered.

        A frame that is there already is given without letting other tasks run.
        """
        ...

    async def listen(self, hear: Callable[[bytes | str, float], None], clock: Callable[[], float]) -> Closed:
        """Let `hear` take every frame, with the time of `clock` at which it came, until the end; say how it ended."""
        from asyncio import sleep  # whoever sends requests only needs none of it

        while True:
            for _ in range(STRIDE):
                frame = await self.receive()
                if isinstance(frame, Closed):
                    return frame
                hear(frame, clock())
            await sleep(0)

    async def close(self) -> None:
        """Close, within a second or so whatever the other side does; who is receiving gets a `Closed`."""
        ...


class Dial(Protocol):
    """Opens a WebSocket."""

    async def __call__(self, url: str, headers: Mapping[str, str], heartbeat: float) -> AsyncSocket:
        """Open one, and send a ping whenever nothing was heard for `heartbeat` seconds.

        Raises APIStatusError when the upgrade is refused, APIConnectionError when there is no answer to it.
        """
        ...
