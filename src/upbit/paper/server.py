"""The paper exchange on a port: HTTP and WebSocket, on aiohttp. The only file that knows a socket.

It carries requests to the `Gate` and frames from the `Hub`, and lets the exchange advance. All state is touched by the
thread of its event loop only. It decides nothing about requests but what no exchange would read: a foreign `Host`, a
body that is too large or comes too slowly, more sockets than it can hold.
"""

from __future__ import annotations

import asyncio
import gzip
import re
from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from http import HTTPStatus
from ipaddress import ip_address
from threading import Thread
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import msgspec
from aiohttp import WSCloseCode, WSMsgType, web

from ..wire.message import Request, Response
from .broadcast import CUT, Hub, Session
from .exchange import Exchange
from .gate import Gate
from .handshake import Admission, Handshake, socket_path

PULSE = 0.025
"""Seconds between two looks at the exchange."""
MAX_BODY = 64 * 1024
MAX_SOCKETS = 100
MAX_UNSENT = 1 << 20
"""Bytes that a socket may leave unread before it is cut."""
PATIENCE = 10.0
"""Seconds that a body may take to arrive."""
FAREWELL = 1.0
"""Seconds that the other side may take to close."""
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class _Socket:
    """One WebSocket: its session, and the frames that wait until its reader has room."""

    def __init__(self, session: Session, ws: web.WebSocketResponse, transport: asyncio.Transport) -> None:
        self.session = session
        self._ws = ws
        self._transport = transport
        self._unsent: deque[bytes] = deque()
        self._size = 0
        self._wake = asyncio.Event()

    def put(self, frames: list[bytes]) -> None:
        """Line frames up to be sent; a reader that left too many unread is cut."""
        if frames and self._size + self._transport.get_write_buffer_size() > MAX_UNSENT:
            self._transport.abort()
        elif frames or self.session.ended is not None:
            self._unsent.extend(frames)
            self._size += sum(map(len, frames))
            self._wake.set()

    async def write(self) -> None:
        """Send what is lined up, until the session ends or the connection does."""
        try:
            while not self._ws.closed:
                await self._wake.wait()
                self._wake.clear()
                while self._unsent:
                    frame = self._unsent.popleft()
                    await self._ws.send_bytes(frame)
                    self._size -= len(frame)
                if self.session.ended == CUT:
                    self._transport.abort()
                    return
                if self.session.ended is not None:
                    await self._ws.close(code=self.session.ended)
                    return
        except ConnectionError:
            return  # the other side has gone; whoever reads notices it, too

    async def leave(self) -> None:
        """Say good-bye; without an answer soon, go without."""
        await self._ws.close(code=WSCloseCode.GOING_AWAY)
        self._transport.abort()


class Server:
    """Serves an exchange at a host and a port: `async with Server(exchange) as server: ...`.

    Port 0 takes a free one. Raises OSError when the port is taken.
    """

    def __init__(self, exchange: Exchange, *, host: str = "127.0.0.1", port: int = 0, limited: bool = True) -> None:
        self.exchange = exchange
        self.host = host
        self.port = port
        """The port asked for; once started, the one it listens to."""
        self._gate = Gate(exchange, limited=limited)
        self._handshake = Handshake(exchange, self._gate.turnstile)
        self._limited = limited
        self._sockets: dict[_Socket, None] = {}

    @property
    def base_url(self) -> str:
        """Where requests go; without `/v1`."""
        return f"http://{self._authority}"

    @property
    def ws_url(self) -> str:
        """The public WebSocket."""
        return f"ws://{self._authority}/websocket/v1"

    @property
    def _authority(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    async def __aenter__(self) -> Self:
        """Listen, and let the exchange live."""
        self._hub = Hub(self.exchange, limited=self._limited)
        self._runner = web.ServerRunner(
            web.Server(self._answer, access_log=None, auto_decompress=False), shutdown_timeout=FAREWELL
        )
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self.host, self.port).start()
        except OSError:
            await self._runner.cleanup()
            self._hub.close()
            raise
        self.port = self._runner.addresses[0][1]
        self._life = asyncio.create_task(self._live())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take leave of all, and listen no more. Raises what went wrong in the exchange, if anything did."""
        self._life.cancel()
        try:
            with suppress(asyncio.CancelledError):
                await self._life
        finally:
            await asyncio.gather(*[socket.leave() for socket in self._sockets])
            await self._runner.cleanup()
            self._hub.close()

    async def _live(self) -> None:
        opening = True
        while True:
            now = self.exchange.advance()
            opening = opening and self.exchange.open_next()
            self._hub.look(now)
            for socket in self._sockets:
                socket.put(socket.session.pulse(now))
            await asyncio.sleep(PULSE)

    # -- requests --------------------------------------------------------------------------------

    async def _answer(self, received: web.BaseRequest) -> web.StreamResponse:
        if not self._expected(received.headers.get("Host", "")):
            return _refused(HTTPStatus.FORBIDDEN, "host_not_allowed", "the Host header names another host")
        peer = received.remote or ""
        path = socket_path(received.path)
        if path is not None and received.headers.get("Upgrade", "").lower() == "websocket":
            return await self._converse(received, path, peer)
        try:
            async with asyncio.timeout(PATIENCE):
                body = await _body(received)
        except TimeoutError:
            return _refused(HTTPStatus.REQUEST_TIMEOUT, "request_timeout", "the body came too slowly")
        except web.RequestPayloadError as error:
            return _refused(HTTPStatus.BAD_REQUEST, "bad_request", str(error))
        if body is None:
            return _refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", f"the body exceeds {MAX_BODY} bytes")
        response = self._gate.handle(_request(received, body), peer)
        return _reply(response, received.headers.get("Accept-Encoding", ""))

    def _expected(self, host: str) -> bool:
        """Say whether a request is meant for us, and not sent by a page whose name was bound to our address."""
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        return name in LOOPBACK or name == self.host.lower() or (_is_any(self.host) and _is_address(name))

    # -- sockets ---------------------------------------------------------------------------------

    async def _converse(self, received: web.BaseRequest, path: str, peer: str) -> web.StreamResponse:
        if len(self._sockets) >= MAX_SOCKETS:
            return _refused(HTTPStatus.SERVICE_UNAVAILABLE, "too_many_sockets", f"{MAX_SOCKETS} sockets are open")
        now = self.exchange.advance()
        admitted = self._handshake.admit(_request(received, b""), path, peer, now)
        if not isinstance(admitted, Admission):
            return _reply(admitted, "")
        ws = web.WebSocketResponse(autoping=False, timeout=FAREWELL, max_msg_size=MAX_BODY)
        ws.headers.update(admitted.headers)
        await ws.prepare(received)
        transport = received.transport
        if transport is None:
            return ws  # it was gone before it was there
        session = self._hub.open(path, admitted.key, now)
        socket = _Socket(session, ws, transport)
        self._sockets[socket] = None
        writer = asyncio.create_task(socket.write())
        try:
            async for message in ws:
                now = self.exchange.advance()
                if message.type is WSMsgType.PING:
                    session.touch(now)
                    await ws.pong(message.data)
                elif message.type is WSMsgType.PONG:
                    session.touch(now)
                else:
                    socket.put(session.receive(message.data, now))
        except ConnectionError:
            pass  # it went while it was being answered
        finally:
            del self._sockets[socket]
            session.close()
            writer.cancel()
            with suppress(asyncio.CancelledError):
                await writer
        return ws


async def _body(received: web.BaseRequest) -> bytes | None:
    """Read a body; None when it is too large."""
    if (received.content_length or 0) > MAX_BODY:
        return None
    body = bytearray()
    async for chunk in received.content.iter_any():
        body += chunk
        if len(body) > MAX_BODY:
            return None
    return bytes(body)


def _request(received: web.BaseRequest, body: bytes) -> Request:
    """Make the value of a request: path and query stay as they were sent."""
    target = received.raw_path if received.raw_path.startswith("/") else received.rel_url.raw_path_qs
    path, _, query = target.partition("?")
    headers = {name.lower(): value for name, value in received.headers.items()}
    return Request(received.method, path, query, body, headers)


def _reply(response: Response, accepted: str) -> web.Response:
    """Carry a response over; one that varies by encoding is compressed when asked."""
    headers, body = dict(response.headers), response.body
    if "accept-encoding" in headers.get("Vary", "") and re.search(r"\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))", accepted):
        headers["Content-Encoding"] = "gzip"
        body = gzip.compress(body, 6, mtime=0)
    return web.Response(status=response.status, reason=response.reason, body=body, headers=headers)


def _refused(status: HTTPStatus, name: str, message: str) -> web.Response:
    body = msgspec.json.encode({"error": {"name": name, "message": message}})
    response = web.Response(status=status, body=body, content_type="application/json")
    response.force_close()
    return response


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _is_any(host: str) -> bool:
    return _is_address(host) and ip_address(host).is_unspecified


@contextmanager
def threaded(make: Callable[[], Exchange], *, host: str, port: int, limited: bool) -> Generator[Server]:
    """Make an exchange and serve it, both in a thread of their own with its own event loop.

    Raises what goes wrong there, at the start or at the end.
    """
    ended: Future[None] = Future()
    started: Future[tuple[Server, asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def live() -> None:
        stop = asyncio.Event()
        async with Server(make(), host=host, port=port, limited=limited) as server:
            started.set_result((server, asyncio.get_running_loop(), stop))
            await stop.wait()

    def work() -> None:
        try:
            asyncio.run(live())
        except Exception as error:
            (ended if started.done() else started).set_exception(error)
        else:
            ended.set_result(None)

    thread = Thread(target=work, name="upbit-paper", daemon=True)
    thread.start()
    try:
        server, loop, stop = started.result()
        try:
            yield server
        finally:
            loop.call_soon_threadsafe(stop.set)
            ended.result()
    finally:
        thread.join()
