"""Ways to the exchange that skip the socket: transports that hand a request straight to the gate.

They are what a client takes as its `transport`. Threads may share them: one request is answered at a time. They never
wait, so a timeout means nothing to them, and there is nothing to close.
"""

from __future__ import annotations

from ..io import Lock
from ..wire.message import Request, Response
from .gate import Gate

BASE_URL = "http://localhost"
"""What a client is told about where its requests go; nothing listens there."""


class InsideTransport:
    """Answers requests in the thread of the caller; an `upbit.io.Transport`."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self.lock = Lock()
        """Held while the exchange is at work."""

    def send(self, request: Request, timeout: object = None) -> Response:
        """Answer a request."""
        with self.lock:
            response = self._gate.handle(request)
        return response._replace(url=f"{BASE_URL}{request.target}")


class AsyncInsideTransport:
    """The same, awaited; an `upbit.io.AsyncTransport`."""

    def __init__(self, inside: InsideTransport) -> None:
        self._inside = inside

    async def send(self, request: Request, timeout: object = None) -> Response:
        """Answer a request."""
        return self._inside.send(request)
