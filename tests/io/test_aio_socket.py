"""Sockets over aiohttp, against servers that behave and servers that do not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import WSMsgType, web

from tests.io.host import abort, closing, flood, host, mute
from tests.loopback import DROP, SILENCE, closed_port, http, loopback
from upbit.errors import (
    APIConnectionError,
    APIError,
    APIStatusError,
    APITimeoutError,
    AuthenticationError,
    InternalServerError,
    RateLimitError,
    RateLimitPenaltyError,
)
from upbit.io import AsyncSocket, Closed, aio_socket
from upbit.io.aio_socket import AioDial, AioSocket

pytestmark = pytest.mark.usefixtures("alone")


@asynccontextmanager
async def dialed(url: str, heartbeat: float = 30.0, **headers: str) -> AsyncGenerator[AioSocket]:
    socket = await AioDial()(url, headers, heartbeat)
    try:
        yield socket
    finally:
        await socket.close()


# -- sockets ------------------------------------------------------------------------------------------


async def test_frames_come_as_they_were_sent() -> None:
    async def talk(_: web.Request, ws: web.WebSocketResponse) -> None:
        await ws.send_bytes(b'{"ty":"trade"}')
        await ws.send_str("비트코인")

    async with host(talk) as server, dialed(server.url) as socket:
        assert [b'{"ty":"trade"}', "비트코인"] == [await socket.receive(), await socket.receive()]


async def test_what_is_said_arrives_as_text() -> None:
    async with host() as server:
        async with dialed(server.url) as socket:
            await socket.send('[{"ticket":"1"}]')
        await asyncio.sleep(0)
    assert ['[{"ticket":"1"}]'] == server.heard


async def test_an_upgrade_says_who_asks_offers_compression_and_no_origin() -> None:
    async with host() as server:
        socket = await AioDial(headers={"user-agent": "me"})(server.url, {"Authorization": "Bearer a.b.c"}, 30.0)
        await socket.close()
    [request] = server.requests
    assert ("Bearer a.b.c", "me") == (request.headers["authorization"], request.headers["user-agent"])
    assert request.headers["sec-websocket-extensions"].startswith("permessage-deflate")
    assert "origin" not in request.headers


@pytest.mark.parametrize("code", [1000, 1001, 1011])
async def test_a_close_frame_is_told_with_code_and_reason_for_ever(code: int) -> None:
    async with host(closing(code, b"maintenance")) as server, dialed(server.url) as socket:
        assert Closed(code, "maintenance") == await socket.receive()
        assert None is (await end(socket)).code


async def end(socket: AsyncSocket) -> Closed:
    """Read until the end."""
    async with asyncio.timeout(5):
        while True:
            frame = await socket.receive()
            if isinstance(frame, Closed):
                return frame


async def test_a_connection_that_breaks_was_lost() -> None:
    async def break_off(request: web.Request, ws: web.WebSocketResponse) -> None:
        await ws.send_bytes(b"last")
        abort(request)

    async with host(break_off) as server, dialed(server.url) as socket:
        assert b"last" == await socket.receive()
        assert Closed(None) == await socket.receive()
        assert "the connection was lost" == str(Closed(None))


async def test_who_answers_no_ping_is_lost() -> None:
    async with host(mute) as server, dialed(server.url, heartbeat=0.04) as socket:
        ended = await end(socket)
    assert None is ended.code
    assert "No PONG received" in ended.reason


async def test_who_answers_pings_is_not() -> None:
    async with host() as server, dialed(server.url, heartbeat=0.04) as socket:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await socket.receive()


async def test_a_frame_that_is_too_large_ends_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    async def overdo(_: web.Request, ws: web.WebSocketResponse) -> None:
        for size in (1000, 1001):
            await ws.send_bytes(b"x" * size)

    monkeypatch.setattr(aio_socket, "MAX_FRAME", 1000)
    async with host(overdo) as server, dialed(server.url) as socket:
        assert b"x" * 1000 == await socket.receive()
        ended = await end(socket)
    assert None is ended.code
    assert ended.reason
    assert [1009] == server.closes


async def test_text_that_is_no_text_ends_the_connection() -> None:
    async def stammer(_: web.Request, ws: web.WebSocketResponse) -> None:
        await ws.send_frame(b"\xff\xfe", WSMsgType.TEXT)

    async with host(stammer) as server, dialed(server.url) as socket:
        ended = await end(socket)
    assert None is ended.code
    assert [1007] == server.closes


async def test_closing_does_not_wait_for_who_never_stops_talking(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aio_socket, "FAREWELL", 0.1)
    async with host(flood) as server:
        socket = await AioDial()(server.url, {}, 30.0)
        reader = asyncio.create_task(end(socket))
        await asyncio.sleep(0.02)
        began = time.monotonic()
        await socket.close()
        took = time.monotonic() - began
        assert None is (await reader).code
    assert took < 2  # for ever, if it waited


async def test_a_close_that_is_answered_is_not_waited_for() -> None:
    async with host() as server:
        socket = await AioDial()(server.url, {}, 30.0)
        await socket.close()
        await socket.close()
    assert [1000] == server.closes


async def test_on_a_closed_socket_nothing_is_said() -> None:
    async with host() as server:
        async with dialed(server.url) as socket:
            pass
        with pytest.raises(APIConnectionError, match="nothing can be said any more"):
            await socket.send("hello")
        assert None is (await end(socket)).code


# -- upgrades that fail ----------------------------------------------------------------------------


async def refused(url: str, *, proxy: str | None = None) -> APIError:
    with pytest.raises(APIError) as caught:
        await AioDial(proxy=proxy)(url, {}, 30.0)
    return caught.value


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, AuthenticationError), (418, RateLimitPenaltyError), (429, RateLimitError), (503, InternalServerError)],
)
async def test_a_refusal_says_why_and_how_long(status: int, kind: type[APIStatusError]) -> None:
    body = '{"error":{"name":"some_name","message":"왜냐하면"}}'
    async with host(refusal=web.Response(status=status, text=body, headers={"Retry-After": "7"})) as server:
        error = await refused(server.url)
    assert isinstance(error, kind)
    assert (status, "some_name", "왜냐하면", "7") == (
        error.status_code,
        error.name,
        error.message,
        error.headers["Retry-After"],
    )


async def test_a_page_is_no_socket() -> None:
    async with host(refusal=web.Response(text="hello")) as server:
        error = await refused(server.url)
    assert isinstance(error, APIStatusError)
    assert (200, "hello") == (error.status_code, error.message)


async def test_redirects_are_not_followed() -> None:
    async with host() as elsewhere:
        there = elsewhere.url.replace("ws:", "http:")
        async with host(refusal=web.Response(status=302, headers={"Location": there})) as server:
            error = await refused(server.url)
    assert isinstance(error, APIStatusError)
    assert 302 == error.status_code
    assert [] == elsewhere.requests


async def test_an_upgrade_is_asked_for_once() -> None:
    with loopback(DROP) as server:
        error = await refused(server.url.replace("http:", "ws:"))
    assert "was lost" in str(error)
    assert (1, 1) == (len(server.requests), server.connections)


SWITCHING = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"


async def test_an_answer_to_another_question_opens_nothing() -> None:
    with loopback(SWITCHING + b"Sec-WebSocket-Accept: bm8=\r\n\r\n") as server:
        error = await refused(server.url.replace("http:", "ws:"))
    assert isinstance(error, APIConnectionError)
    assert "Invalid challenge response" in str(error)


async def test_who_is_not_there_got_nothing() -> None:
    error = await refused(closed_port().replace("http:", "ws:"))
    assert isinstance(error, APIConnectionError)
    assert "could not be reached" in str(error)
    assert not error.sent


async def test_who_says_nothing_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aio_socket, "OPEN_TIMEOUT", 0.1)
    with loopback(SILENCE) as server:
        error = await refused(server.url.replace("http:", "ws:"))
    assert isinstance(error, APITimeoutError)
    assert "in time" in str(error)


async def test_a_certificate_that_is_not_trusted_is_named() -> None:
    with loopback() as server:
        server.encrypt(Path(__file__).with_name("untrusted.pem"))
        dial = AioDial()
        for _ in range(2):
            with pytest.raises(APIConnectionError, match="certificate is not trusted"):
                await dial(server.url.replace("https:", "wss:"), {"Authorization": "Bearer secret"}, 30.0)
    assert [] == server.requests


async def test_a_proxy_is_asked_only_for_encrypted_addresses() -> None:
    with loopback(http(b"", "403 Forbidden")) as proxy:
        async with host() as server:
            socket = await AioDial(proxy=proxy.url)(server.url, {}, 30.0)
            await socket.close()
        error = await refused("wss://api.upbit.com/websocket/v1", proxy=proxy.url)
    assert "could not be reached" in str(error)
    assert [b"CONNECT api.upbit.com:443"] == [request.partition(b" HTTP")[0] for request in proxy.requests]


async def test_who_is_cancelled_while_dialing_leaves_nothing() -> None:
    with loopback(SILENCE) as server:
        dialing = asyncio.create_task(AioDial()(server.url.replace("http:", "ws:"), {}, 30.0))
        await asyncio.wait([dialing], timeout=0.05)
        dialing.cancel()
        await asyncio.wait([dialing])
        assert dialing.cancelled()
