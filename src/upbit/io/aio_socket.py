"""Sockets for the feed, on aiohttp: opens one, keeps it alive, and carries out what a `flow.session` says.

It decides nothing: when to connect, what to say and when a connection is as good as dead are the session's business,
what a frame means is that of who hears it. Redirects are not followed, no upgrade is asked for twice, no proxy or
password is found in the environment. Whoever closes waits for the other side no longer than `FAREWELL`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from math import inf
from typing import TYPE_CHECKING

import aiohttp
from yarl import URL

from ..errors import APIConnectionError, APIError, APIStatusError, APITimeoutError, AuthenticationError
from ..flow.call import heed
from ..flow.pace import Blocked, Pace
from ..flow.result import status_error
from ..flow.session import Connect, Drop, Say, Session
from ..wire.message import Response
from ..wire.quota import read_retry_after
from . import STRIDE, AsyncSocket, Closed, Dial
from .aio_http import failure

if TYPE_CHECKING:
    from ssl import SSLContext

OPEN_TIMEOUT = 10.0
"""Seconds for TCP, TLS and the upgrade together."""
SEND_TIMEOUT = 5.0
"""Seconds until what was said must have left this machine."""
FAREWELL = 1.0
"""Seconds that the other side may take to close."""
HEARTBEAT = 30.0
"""Seconds of silence before a ping; without an answer in half of that, the connection is lost."""
MAX_FRAME = 16 << 20
"""Bytes of a frame, unpacked."""
MAX_REFUSAL = 1 << 16
"""Bytes of the answer that refuses an upgrade."""
LONGEST_REASON = 200
"""Characters of what a gateway says when it refuses an upgrade."""
BINARY, TEXT, CLOSE = aiohttp.WSMsgType.BINARY, aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.CLOSE


class AioSocket(AsyncSocket):
    """An open WebSocket of aiohttp, with the session it belongs to; an `AsyncSocket`."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        ws: aiohttp.ClientWebSocketResponse,
        transport: asyncio.Transport,
    ) -> None:
        self._session = session
        self._ws = ws
        self._transport = transport

    async def send(self, text: str) -> None:
        """Send a text frame, as `AsyncSocket` says."""
        try:
            await self._ws.send_str(text)
        except (aiohttp.ClientError, OSError) as error:
            raise APIConnectionError(f"nothing can be said any more: {error}") from error

    async def receive(self) -> bytes | str | Closed:
        """Wait for the next frame, as `AsyncSocket` says."""
        message = await self._ws.receive()
        if message.type is BINARY or message.type is TEXT:
            data: bytes | str = message.data
            return data
        return _ended(message)

    async def listen(self, hear: Callable[[bytes | str, float], None], clock: Callable[[], float]) -> Closed:
        """Let `hear` take every frame, as `AsyncSocket` says, without a coroutine of our own for each."""
        receive = self._ws.receive
        while True:
            for _ in range(STRIDE):
                message = await receive()
                kind = message.type
                if kind is not BINARY and kind is not TEXT:
                    return _ended(message)
                hear(message.data, clock())
            await asyncio.sleep(0)

    async def close(self) -> None:
        """Close, as `AsyncSocket` says: frames that stand before the other side's answer are thrown away."""
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(FAREWELL):
                    await self._ws.close()
        finally:
            self._transport.abort()
            await self._session.close()


def _ended(message: aiohttp.WSMessage) -> Closed:
    if message.type is CLOSE:
        return Closed(message.data, message.extra or "")
    return Closed(None, str(message.data or ""))


class AioDial:
    """Opens sockets, a connection of its own for each; a `Dial`. `headers` are sent with every upgrade."""

    def __init__(self, *, proxy: str | None = None, headers: Mapping[str, str] | None = None) -> None:
        self._proxy = proxy
        self._headers = dict(headers or {})
        self._trust: SSLContext | None = None

    async def __call__(self, url: str, headers: Mapping[str, str], heartbeat: float) -> AioSocket:
        """Open a socket, as `Dial` says."""
        address = URL(url)
        place = str(address.origin())
        upgrade = _Upgrade(place)
        session = aiohttp.ClientSession(
            connector=self._connector(address),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None),
            middlewares=(upgrade,),
        )
        try:
            async with asyncio.timeout(OPEN_TIMEOUT):
                ws = await session.ws_connect(
                    address,
                    headers={**self._headers, **headers},
                    heartbeat=heartbeat,
                    compress=15,
                    max_msg_size=MAX_FRAME,
                    # A plain address is on this machine, where no proxy is asked.
                    proxy=self._proxy if address.scheme == "wss" else None,
                )
        except BaseException as error:
            await session.close()
            if isinstance(error, TimeoutError):
                raise APITimeoutError(f"{place} could not be reached in time", sent=False) from error
            if isinstance(error, aiohttp.ClientError | OSError):
                raise failure(place, error) from error
            raise
        return AioSocket(session, ws, upgrade.transport)

    def _connector(self, address: URL) -> aiohttp.TCPConnector:
        if address.scheme != "wss":
            return aiohttp.TCPConnector()
        if self._trust is None:
            from . import tls  # not before it is needed: it reads the system's store

            self._trust = tls.context()
        return aiohttp.TCPConnector(ssl=self._trust)


class _Upgrade:
    """Sees how an upgrade is answered, before aiohttp would go elsewhere or ask again; keeps the connection's end."""

    transport: asyncio.Transport

    def __init__(self, place: str) -> None:
        self._place = place

    async def __call__(
        self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        try:
            answer = await handler(request)
            transport = answer.connection and answer.connection.transport
            if answer.status == 101 and transport is not None:
                self.transport = transport
                return answer
            body = await answer.content.read(MAX_REFUSAL)
            answer.close()
        except (aiohttp.ClientError, OSError) as error:  # unknown to aiohttp, our error is not answered by a repeat
            raise failure(self._place, error) from error
        raise status_error(Response(answer.status, body, answer.headers, answer.reason or ""))


async def drive(
    session: Session,
    dial: Dial,
    hear: Callable[[bytes | str, float], None],
    *,
    url: str,
    pace: Pace,
    wake: asyncio.Event,
    token: Callable[[], str] | None = None,
    told: Callable[[Session], None] = lambda _: None,
) -> None:
    """Carry out what a session says, until it is closed.

    `hear` is called with every frame and the time it was taken, in seconds of the running loop; what it raises ends
    this. `token` makes the `Authorization` of each connection. Whoever changes what the session would say next (wants
    other subscriptions, closes it, found an error in a frame) sets `wake`. Cancelling this closes its socket. `told` is
    called whenever a connection was opened, refused or lost; the first of these before anything is heard on it.
    """
    clock = asyncio.get_running_loop().time
    while session.state != "closed":
        wake.clear()
        step = session.next(clock())
        if isinstance(step, Connect):
            socket = await _open(session, dial, url=url, pace=pace, token=token)
            told(session)
            if socket is not None:
                await _talk(session, socket, hear, wake)
                told(session)
        else:
            assert not isinstance(step, Say | Drop), "there is no connection"
            await _rest(wake, step.seconds)


async def _open(
    session: Session, dial: Dial, *, url: str, pace: Pace, token: Callable[[], str] | None
) -> AsyncSocket | None:
    clock = asyncio.get_running_loop().time
    if token is None:
        pace = pace.keyless
    left = clock()
    try:
        for wait in pace.turn("websocket", 0, clock):
            await asyncio.sleep(wait)
        left = clock()
        socket = await dial(url, {} if token is None else {"Authorization": token()}, HEARTBEAT)
    except APIError as error:
        if isinstance(error, AuthenticationError) and session.attempts and not session.connects:
            raise  # twice, and never otherwise: the key is wrong
        after = 0.0
        if isinstance(error, APIStatusError):
            answer = Response(error.status_code, error.body, error.headers)
            after = read_retry_after(answer.header("Retry-After"))
            with suppress(APIConnectionError):  # the limiter cannot be told
                heed(answer, pace, "websocket", left, clock())
        session.refused(" ".join(str(error).split())[:LONGEST_REASON], clock(), after=after)
        return None
    except Blocked as block:
        session.refused(str(block), clock(), after=block.seconds)
        return None
    session.opened(clock())
    return socket


async def _talk(
    session: Session, socket: AsyncSocket, hear: Callable[[bytes | str, float], None], wake: asyncio.Event
) -> None:
    """Use a connection until it ends."""
    clock = asyncio.get_running_loop().time
    reader = asyncio.create_task(socket.listen(hear, clock))
    reader.add_done_callback(lambda _: wake.set())
    reason = ""
    try:
        while not reader.done() and session.state != "closed":
            wake.clear()
            step = session.next(clock())
            if isinstance(step, Drop):
                reason = step.reason
                break
            if isinstance(step, Say):
                reason = await _say(socket, step.text)
                if reason:
                    break
            else:
                assert not isinstance(step, Connect), "there is a connection"
                await _rest(wake, step.seconds)
    finally:
        await _hang_up(socket, reader)
    if not reader.cancelled():
        reason = reason or str(reader.result())
    session.lost(reason, clock())


async def _say(socket: AsyncSocket, text: str) -> str:
    """Say something; say why it could not be said."""
    try:
        async with asyncio.timeout(SEND_TIMEOUT):
            await socket.send(text)
    except APIConnectionError as error:
        return str(error)
    except TimeoutError:
        return "nothing can be said: the other side does not read"
    return ""


async def _rest(wake: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(None if seconds == inf else seconds):
            await wake.wait()


async def _hang_up(socket: AsyncSocket, reader: asyncio.Task[Closed]) -> None:
    """Close, and wait until nobody reads any more."""
    try:
        await socket.close()
    finally:
        reader.cancel()
        await asyncio.wait([reader])
        if not reader.cancelled():
            reader.exception()  # looked at: whoever goes on raises it, whoever is cancelled does not
