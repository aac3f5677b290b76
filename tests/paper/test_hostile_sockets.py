"""Bad connections of every kind: a clear refusal, nobody else notices, nothing is lost."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from upbit.paper.carriage import collect, reader
from upbit.paper.clock import SteppedClock
from upbit.paper.exchange import Exchange
from upbit.paper.server import Server
from upbit.wire.token import sign

FAR = {"market": "KRW-BTC", "side": "bid", "ord_type": "limit", "price": "10000", "volume": "1"}
KINDS = ["application/json", "application/x-www-form-urlencoded", "multipart/form-data", "\xff"]
HOSTS = ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "10.0.0.1", "a b"]
START = 1_790_000_010_000


class Port:
    """A served exchange, and raw connections to it."""

    def __init__(self, server: Server) -> None:
        self.server = server

    async def open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(self.server.host, self.server.port, limit=1 << 24)

    async def say(self, text: bytes) -> bytes:
        """Send bytes and read until the other side has nothing more to say."""
        reader, writer = await self.open()
        try:
            writer.write(text)
            return await asyncio.wait_for(reader.read(), 5)
        finally:
            writer.close()

    def authorization(self, query: str = "") -> bytes:
        key = self.server.exchange.first_key
        nonce = self.server.exchange.new_id()
        return f"Authorization: Bearer {sign(key.access_key, key.secret, nonce=nonce, query=query)}\r\n".encode()

    async def lives(self) -> bool:
        """Whether somebody else is answered at once."""
        answer = await asyncio.wait_for(self.say(GET), 1)
        return answer.startswith(b"HTTP/1.1 200")


@asynccontextmanager
async def served() -> AsyncGenerator[Port]:
    exchange = Exchange(clock=SteppedClock(START), check=True)
    async with Server(exchange, limited=False) as server:
        port = Port(server)
        yield port
        assert await port.lives()
    exchange.advance()


HEAD = b"Host: localhost\r\nConnection: close\r\n"
GET = b"GET /v1/market/all HTTP/1.1\r\n" + HEAD + b"\r\n"
POST = b"POST /v1/orders HTTP/1.1\r\n" + HEAD


async def test_what_is_no_http_is_refused_and_not_complained_of(caplog: pytest.LogCaptureFixture) -> None:
    junk = [
        b"GET /v1/ticker?markets=\xff\xfe HTTP/1.1\r\n" + HEAD + b"\r\n",
        b"GET /v1/\xff HTTP/1.1\r\n" + HEAD + b"\r\n",
        b"GET /v1/ticker?markets=" + b"A" * 70_000 + b" HTTP/1.1\r\n" + HEAD + b"\r\n",
        b"GET /v1/market/all HTTP/1.1\r\n" + HEAD + b"".join(b"X-%d: y\r\n" % n for n in range(2_000)) + b"\r\n",
        b"GET /v1/market/all HTTP/1.1\r\n" + HEAD + b"X: " + b"y" * 100_000 + b"\r\n\r\n",
        b"A" * 5_000 + b" / HTTP/1.1\r\n" + HEAD + b"\r\n",
        b"GET /v1/market/all HTTP/1.1\r\nConnection: close\r\n\r\n",
        POST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        POST + b"Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde",
        POST + b"Content-Length: -4\r\n\r\n",
        POST + b"Content-Type: application/json\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)) + b"\r\n\r\n",
    ]
    async with served() as port:
        for text in junk:
            assert b" 400 Bad Request" in (await port.say(text))[:40], text[:60]
    assert [] == [record for record in caplog.records if record.levelno >= logging.WARNING]


async def test_other_verbs_and_targets_lead_nowhere() -> None:
    async with served() as port:
        for line in (b"OPTIONS *", b"TRACE /", b"CONNECT evil.example:443", b"PUT /v1/orders", b"HEAD /v1/market/all"):
            assert b" 404 " in (await port.say(line + b" HTTP/1.1\r\n" + HEAD + b"\r\n"))[:40]


async def test_a_body_that_breaks_off_is_forgotten(caplog: pytest.LogCaptureFixture) -> None:
    query = "&".join(f"{name}={text}" for name, text in FAR.items())
    body = json.dumps(FAR).encode()
    async with served() as port:
        for _ in range(20):
            _, writer = await port.open()
            head = POST + port.authorization(query) + f"Content-Length: {len(body)}\r\n\r\n".encode()
            writer.write(head + body[:-1])
            await writer.drain()
            writer.close()
        await asyncio.sleep(0.05)
        assert [] == port.server.exchange.engine.register.orders(port.server.exchange.account)
    assert [] == [record for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_huge_body_is_413_whatever_it_says_it_is(kind: str) -> None:
    async with served() as port:
        head = POST + b"Content-Type: " + kind.encode("latin-1") + b"\r\n"
        assert b" 413 " in (await port.say(head + b"Content-Length: 65537\r\n\r\n" + b"x" * 65_537))[:40]
        chunks = (b"ffff\r\n" + b"x" * 0xFFFF + b"\r\n") * 2 + b"0\r\n\r\n"
        assert b" 413 " in (await port.say(head + b"Transfer-Encoding: chunked\r\n\r\n" + chunks))[:40]


async def test_a_body_that_comes_too_slowly_is_given_up() -> None:
    async def answer(received: web.BaseRequest) -> web.StreamResponse:
        request = await collect(received, patience=0.05)
        assert isinstance(request, web.Response)
        return request

    runner = web.ServerRunner(reader(answer))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    stream, writer = await asyncio.open_connection(*runner.addresses[0])
    writer.write(POST + b"Content-Length: 100\r\n\r\n{")
    assert b"HTTP/1.1 408 Request Timeout\r\n" == await asyncio.wait_for(stream.readline(), 5)
    writer.close()
    await runner.cleanup()


async def test_slow_and_silent_connections_hold_up_nobody() -> None:
    async with served() as port:
        slow = [await port.open() for _ in range(200)]
        for number, (_, writer) in enumerate(slow):
            writer.write([b"", b"GET /v1/mar", GET[:-2], POST + b"Content-Length: 100\r\n\r\n{"][number % 4])
        for _ in range(10):
            assert await port.lives()
            for number, (_, writer) in enumerate(slow):
                if number % 4 == 2:
                    writer.write(b"X: y\r\n"[:1])
        for _, writer in slow:
            writer.close()


async def test_who_floods_without_reading_is_made_to_wait_and_holds_up_nobody() -> None:
    async with served() as port:
        request = b"GET /v1/market/all HTTP/1.1\r\nHost: localhost\r\n\r\n"
        _, writer = await port.open()

        async def flood() -> None:
            while True:
                writer.write(request * 100)
                await writer.drain()

        task = asyncio.create_task(flood())
        for _ in range(10):
            assert await port.lives()
        assert not task.done()
        task.cancel()
        writer.transport.abort()


async def test_a_socket_that_is_flooded_with_junk_closes_alone() -> None:
    upgrade = (
        b"GET /websocket/v1 HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )
    deep = b"[" * 5_000
    frames = [
        bytes([0x81, 0xFE]) + len(deep).to_bytes(2, "big") + bytes(4) + deep,  # deep JSON
        bytes([0x81, 0x82]) + bytes(4) + b"\xff\xfe",  # not UTF-8
        bytes([0x83, 0x80]) + bytes(4),  # a kind of frame that does not exist
        bytes([0x81, 0x02]) + b"hi",  # not masked
        bytes([0x89, 0xFE]) + (200).to_bytes(2, "big") + bytes(4) + bytes(200),  # a ping that is too long
        bytes([0x81, 0xFF]) + (1 << 62).to_bytes(8, "big") + bytes(4),  # longer than the world
        bytes([0x80, 0x80]) + bytes(4),  # the end of nothing
    ]
    async with served() as port:
        for frame in frames:
            reader, writer = await port.open()
            writer.write(upgrade + frame * 50)
            said = await asyncio.wait_for(reader.read(), 5)
            assert said.startswith(b"HTTP/1.1 101")
            writer.close()
            assert await port.lives()


@pytest.mark.parametrize("host", HOSTS)
async def test_a_foreign_host_is_refused_before_its_request_is_read(host: str) -> None:
    async with served() as port:
        head = f"Host: {host}\r\nConnection: close\r\nContent-Length: 100000\r\n\r\n".encode()
        answer = await port.say(b"POST /v1/orders HTTP/1.1\r\n" + head + b"x" * 100_000)
        assert answer.startswith((b"HTTP/1.1 403 Forbidden", b"HTTP/1.0 400"))


async def test_a_foreign_origin_gets_no_leave_to_read_the_answer() -> None:
    async with served() as port:
        origin = b"Origin: https://evil.example\r\n"
        answer = await port.say(b"GET /v1/market/all HTTP/1.1\r\n" + HEAD + origin + b"\r\n")
        assert answer.startswith(b"HTTP/1.1 200")
        assert b"access-control-allow" not in answer.partition(b"\r\n\r\n")[0].lower()
        asks = b"OPTIONS /v1/orders HTTP/1.1\r\n" + HEAD + origin + b"Access-Control-Request-Method: POST\r\n\r\n"
        assert (await port.say(asks)).startswith(b"HTTP/1.1 404")
