"""Looks at a way to a host one step at a time, to find the step that fails: name, connection, trust, WebSocket.

For who examines, not for who trades: every look is a connection of its own that carries nothing but itself.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Mapping

from . import Closed, Dial, tls

HEARTBEAT = 30.0
"""Seconds of silence before a ping; longer than anybody looks."""


def resolve(host: str, port: int) -> list[str]:
    """Find the addresses of a name. Raises OSError when it has none."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise OSError(str(error)) from error
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def connect(host: str, port: int, patience: float) -> float:
    """Connect and hang up; the seconds that connecting took. Raises OSError."""
    start = time.perf_counter()
    with socket.create_connection((host, port), patience):
        return time.perf_counter() - start


def shake_hands(host: str, port: int, patience: float) -> str:
    """Begin to speak TLS and hang up; the version agreed on. Raises OSError, also for a certificate not trusted."""
    with (
        socket.create_connection((host, port), patience) as plain,
        tls.context().wrap_socket(plain, server_hostname=host) as line,
    ):
        return line.version() or ""


def converse(dial: Dial, url: str, headers: Mapping[str, str], text: str, patience: float) -> bytes | str | Closed:
    """Open a WebSocket, say something, and hang up after the first answer, which is given.

    Raises APIError when it cannot be opened, TimeoutError when nothing is said in time, RuntimeError where an event
    loop runs already.
    """

    async def talk() -> bytes | str | Closed:
        async with asyncio.timeout(patience):
            line = await dial(url, headers, HEARTBEAT)
            try:
                await line.send(text)
                return await line.receive()
            finally:
                await line.close()

    return asyncio.run(talk())
