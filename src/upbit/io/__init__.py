"""Who waits and who sends: the only sockets, sleeps and awaits of the client.

`sync` and `aio` carry flows out, `http` and `aio_http` send; the latter two, and with them urllib3 and aiohttp, are
loaded when the first request leaves.

`Transport` and `AsyncTransport` are the seam: whatever sends a request and brings its response, be it a pool of
connections or a paper exchange in the same process.
"""

from __future__ import annotations

from threading import Lock
from typing import Protocol

from ..flow.steps import Timeout
from ..wire.message import Request, Response

__all__ = ["AsyncTransport", "Lock", "Transport"]


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
