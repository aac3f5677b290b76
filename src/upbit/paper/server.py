"""The paper exchange on a port: HTTP and WebSocket, on aiohttp. The only file that knows a socket.

It carries requests to the `Gate` and frames from the `Hub`, and lets the exchange advance. All state is touched by the
thread of its event loop only. It decides nothing about requests but what no exchange would read: a foreign `Host`, a
body that is too large or comes too slowly, more sockets than it can hold.

When the exchange itself fails at its work (a broken invariant, a bug of ours), the log is told once and every socket
ends with 1011, so that nobody goes on with what may not be true. The server lives on and goes on trying, for what can
still be read by request; at its end it raises that failure. A request or a message that fails alone is logged, and gets
a 500 or 1011 alone.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Awaitable, Callable, Generator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from http import HTTPStatus
from ipaddress import ip_address
from threading import Thread
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from aiohttp import WSCloseCode, WSMsgType, web

from ..wire.message import Request
from .broadcast import PULSE, Hub
from .carriage import MAX_BODY, collect, deliver, head, reader, refused, reply, reset
from .chaos import Chaos
from .chronicle import Chronicle
from .clock import Clock
from .committer import Committer
from .control import PREFIX, Control
from .disk import Disk
from .entrance import Delivery, Entrance
from .exchange import Exchange
from .gate import Gate
from .handshake import Admission, Handshake
from .interference import Interference
from .journal import Journal
from .outlet import Outlet
from .store import StoreError

MAX_SOCKETS = 100
FAREWELL = 1.0
"""Seconds that the other side may take to close."""
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class Server:
    """Serves an exchange at a host and a port: `async with Server(exchange) as server: ...`.

    Port 0 takes a free one. If the exchange has a journal, nothing is said before it is on disk, and the journal is
    closed at the end. Raises OSError when the port is taken.
    """

    def __init__(
        self,
        exchange: Exchange,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        limited: bool = True,
        chaos: Chaos | None = None,
        control_token: str = "",
    ) -> None:
        self.exchange = exchange
        self.host = host
        self.port = port
        """The port asked for; once started, the one it listens to."""
        self._gate = Gate(exchange, limited=limited)
        self._limited = limited
        self._sockets: dict[Outlet, None] = {}
        self._failure: Exception | None = None
        self._opening = True
        self._log = logging.getLogger("upbit.paper")
        self.chaos = chaos or Chaos(exchange.seed)
        self._handshake = Handshake(exchange, self._gate.turnstile, self.chaos)
        chronicle = Chronicle(exchange, self.chaos)
        self._entrance = Entrance(self._gate, self.chaos, chronicle)
        self.control = Control(exchange, self.chaos, chronicle, token=control_token)
        """Answers on a port of its own, if it has a token."""
        self._control_port = 0
        if isinstance(exchange.journal, Journal):
            exchange.journal.watch(Disk(self.chaos, lambda: exchange.now, _die).point)
        self._committer = Committer(exchange.journal) if isinstance(exchange.journal, Journal) else None

    @property
    def base_url(self) -> str:
        """Where requests go; without `/v1`."""
        return f"http://{self._authority}"

    @property
    def ws_url(self) -> str:
        """The public WebSocket."""
        return f"ws://{self._authority}/websocket/v1"

    @property
    def control_url(self) -> str:
        """Where the control API is, with its prefix."""
        return f"http://{self._place(self._control_port)}{PREFIX}"

    @property
    def _authority(self) -> str:
        return self._place(self.port)

    def _place(self, port: int) -> str:
        return f"[{self.host}]:{port}" if ":" in self.host else f"{self.host}:{port}"

    async def __aenter__(self) -> Self:
        """Listen, and let the exchange live."""
        self._hub = Hub(self.exchange, limited=self._limited)
        self._runners: list[web.ServerRunner] = []
        try:
            self.port = await self._listen(self._answer, self.port)
            if self.control.token:
                self._control_port = await self._listen(self._command, 0)
        except OSError:
            await self._close_ports()
            self._hub.close()
            raise
        if self._committer is not None:
            await self._committer.__aenter__()
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
            await self._close_ports()
            self._hub.close()
            if self._committer is not None:
                await self._committer.__aexit__(kind, error, trace)
        if self._failure is not None:
            raise self._failure

    async def _listen(self, answer: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]], port: int) -> int:
        """Listen at a port, 0 for a free one; say which."""
        runner = web.ServerRunner(reader(answer), shutdown_timeout=FAREWELL)
        self._runners.append(runner)
        await runner.setup()
        await web.TCPSite(runner, self.host, port).start()
        taken: int = runner.addresses[0][1]
        return taken

    async def _close_ports(self) -> None:
        await asyncio.gather(*[runner.cleanup() for runner in self._runners])

    async def _live(self) -> None:
        while True:
            try:
                self._turn()
            except Exception as error:
                if self._failure is None:
                    self._failure = error
                    self._log.exception("the exchange failed; its sockets are closed")
                for socket in self._sockets:
                    socket.session.end(WSCloseCode.INTERNAL_ERROR)
                    socket.put([], self.exchange.now)
            clock = self.exchange.clock
            await asyncio.sleep(PULSE if not isinstance(clock, Clock) or clock.turn() else 0)

    def _turn(self) -> None:
        now = self.exchange.advance()
        self._opening = self._opening and self.exchange.open_next()
        self._hub.look(now)
        if self._committer is not None:
            self._committer.look()
        for socket in self._sockets:
            socket.put(socket.session.pulse(now), now)

    # -- requests --------------------------------------------------------------------------------

    async def _answer(self, received: web.BaseRequest) -> web.StreamResponse:
        try:
            return await self._serve(received)
        except (web.HTTPException, ConnectionError):
            raise
        except Exception:
            self._log.exception("a request failed")
            return refused(HTTPStatus.INTERNAL_SERVER_ERROR, "server_error", "the exchange failed")

    async def _serve(self, received: web.BaseRequest) -> web.StreamResponse:
        if not self._expected(received.headers.get("Host", "")):
            return refused(HTTPStatus.FORBIDDEN, "host_not_allowed", "the Host header names another host")
        peer = received.remote or ""
        path = self._handshake.path(received.path)
        if path is not None and received.headers.get("Upgrade", "").lower() == "websocket":
            return await self._converse(received, path, peer)
        request = await collect(received)
        if not isinstance(request, Request):
            return request
        delivery = await self._receive(request, peer)
        return await self._unsettled() or await deliver(received, delivery, self._pause)

    async def _unsettled(self) -> web.Response | None:
        """Wait until all that is true now is safe; what to say when it cannot be made so."""
        if self._committer is not None:
            try:
                await self._committer.settled()
            except StoreError as error:
                return refused(HTTPStatus.INTERNAL_SERVER_ERROR, "server_error", str(error))
        return None

    async def _receive(self, request: Request, peer: str) -> Delivery:
        """Take a request in, and wait where faults take time."""
        steps = self._entrance.receive(request, peer)
        while True:
            try:
                wait = next(steps)
            except StopIteration as stop:
                delivery: Delivery = stop.value
                return delivery
            await self._pause(wait)

    async def _pause(self, milliseconds: int) -> None:
        """Wait by the clock of the exchange."""
        due, left = self.exchange.advance() + milliseconds, milliseconds
        while left > 0:
            await asyncio.sleep(min(PULSE, left / 1000))
            left = due - self.exchange.advance()

    async def _command(self, received: web.BaseRequest) -> web.StreamResponse:
        """Answer on the control listener."""
        if not self._expected(received.headers.get("Host", "")):
            return refused(HTTPStatus.FORBIDDEN, "host_not_allowed", "the Host header names another host")
        request = await collect(received)
        if not isinstance(request, Request):
            return request
        response = self.control.handle(request)
        return await self._unsettled() or reply(response, "")

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
            return refused(HTTPStatus.SERVICE_UNAVAILABLE, "too_many_sockets", f"{MAX_SOCKETS} sockets are open")
        now = self.exchange.advance()
        admitted = self._handshake.admit(head(received), path, peer, now)
        if not isinstance(admitted, Admission):
            return reset(received) if admitted is None else reply(admitted, "")
        ws = web.WebSocketResponse(autoping=False, timeout=FAREWELL, max_msg_size=MAX_BODY)
        ws.headers.update(admitted.headers)
        await ws.prepare(received)
        transport = received.transport
        if transport is None:
            return ws  # it was gone before it was there
        session = self._hub.open(path, admitted.key, now)
        time = asyncio.get_running_loop().time
        socket = Outlet(session, Interference(session, path, self.chaos), ws, transport, self._committer, time)
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
                elif isinstance(message.data, (str, bytes)):  # else it was no frame, and the socket is closed already
                    socket.put(session.receive(message.data, now), now)
        except ConnectionError:
            pass  # it went while it was being answered
        except Exception:
            self._log.exception("a message failed")
            await ws.close(code=WSCloseCode.INTERNAL_ERROR)
        finally:
            del self._sockets[socket]
            session.close()
            writer.cancel()
            with suppress(asyncio.CancelledError):
                await writer
        return ws


def _die() -> None:
    """End this process as `kill -9` does."""
    os.kill(os.getpid(), signal.SIGKILL)


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _is_any(host: str) -> bool:
    return _is_address(host) and ip_address(host).is_unspecified


@contextmanager
def threaded(
    make: Callable[[], Exchange],
    *,
    host: str,
    port: int,
    limited: bool,
    chaos: Chaos | None = None,
    control_token: str = "",
) -> Generator[Server]:
    """Make an exchange and serve it, both in a thread of their own with its own event loop.

    Raises what goes wrong there, at the start or at the end.
    """
    ended: Future[None] = Future()
    started: Future[tuple[Server, asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def live() -> None:
        stop = asyncio.Event()
        async with Server(
            make(), host=host, port=port, limited=limited, chaos=chaos, control_token=control_token
        ) as server:
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
