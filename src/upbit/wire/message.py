"""One request and one response, as plain values seen by both sides.

A `Request` holds what travels: the raw query string and the raw body, so that both sides hash the very same text and a
client can be joined to the paper exchange without a socket. Nothing here encodes, signs or sends.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Request(NamedTuple):
    """A request as it travels."""

    verb: str
    path: str
    """Path from the root of the host, as `/v1/orders`."""
    query: str = ""
    """Raw query string, percent-encoded, without the question mark."""
    body: bytes = b""
    headers: Mapping[str, str] = {}
    """Header names in lower case."""

    @property
    def target(self) -> str:
        """Path and query: what stands behind the host."""
        return f"{self.path}?{self.query}" if self.query else self.path


class Response(NamedTuple):
    """A response as it travels."""

    status: int
    body: bytes
    headers: Mapping[str, str] = {}
    reason: str = ""
    url: str = ""
    """Where the request went, when a transport knows."""

    def header(self, name: str) -> str | None:
        """Find a header by its name in any case."""
        headers = self.headers
        if name in headers:
            return headers[name]
        wanted = name.lower()
        return next((value for key, value in headers.items() if key.lower() == wanted), None)

    @property
    def ok(self) -> bool:
        """True below 400."""
        return self.status < 400
