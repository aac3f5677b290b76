from __future__ import annotations

import asyncio
import gzip
import json
import socket
import threading
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from upbit.paper.clock import SteppedClock
from upbit.paper.exchange import Exchange
from upbit.paper.server import MAX_SOCKETS, Server, threaded
from upbit.wire.token import sign

START = 1_790_000_010_000
UPGRADE = (
    "GET /websocket/v1 HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)


class Hall:
    """A served exchange whose clock is stepped, and a client of aiohttp."""

    def __init__(self, server: Server, clock: SteppedClock, http: aiohttp.ClientSession) -> None:
        self.server = server
        self.clock = clock
        self.http = http
        self.url = server.base_url

    def authorization(self, query: str = "") -> dict[str, str]:
        key = self.server.exchange.first_key
        return {"Authorization": f"Bearer {sign(key.access_key, key.secret, nonce=str(time.time_ns()), query=query)}"}

    def connect(self, path: str = "", **options: Any) -> connect:
        return connect(f"{self.server.ws_url}{path}", proxy=None, max_queue=None, **options)


@asynccontextmanager
async def opened(*, limited: bool = True) -> AsyncGenerator[Hall]:
    clock = SteppedClock(START)
    async with (
        Server(Exchange(clock=clock), limited=limited) as server,
        aiohttp.ClientSession(auto_decompress=False) as http,
    ):
        yield Hall(server, clock, http)


async def told(ws: ClientConnection) -> dict[str, Any]:
    frame = await asyncio.wait_for(ws.recv(), 5)
    assert isinstance(frame, bytes)
    event: dict[str, Any] = json.loads(frame)
    return event


def request(*types: dict[str, Any], format: str = "DEFAULT") -> str:
    return json.dumps([{"ticket": "t"}, *types, {"format": format}])


TICKER: dict[str, Any] = {"type": "ticker", "codes": ["KRW-BTC"]}


# -- requests ------------------------------------------------------------------------------------------


async def test_a_quotation_is_compressed_when_asked_and_else_not() -> None:
    async with opened() as hall:
        url = f"{hall.url}/v1/ticker?markets=KRW-BTC"
        async with hall.http.get(url, headers={"Accept-Encoding": "br, gzip;q=0.5"}) as packed:
            body = gzip.decompress(await packed.read())
        assert (200, "gzip", "Yes") == (
            packed.status,
            packed.headers["Content-Encoding"],
            packed.headers["Limit-By-Ip"],
        )
        for refusal in ("identity", "gzip;q=0", "br;q=1, gzip;q=0.0"):
            async with hall.http.get(url, headers={"Accept-Encoding": refusal}) as plain:
                assert body == await plain.read()
            assert "Content-Encoding" not in plain.headers
        assert "KRW-BTC" == json.loads(body)[0]["market"]


async def test_an_exchange_answer_is_not_compressed() -> None:
    async with opened() as hall:
        headers = {"Accept-Encoding": "gzip", **hall.authorization()}
        async with hall.http.get(f"{hall.url}/v1/accounts", headers=headers) as answer:
            assert "KRW" == json.loads(await answer.read())[0]["currency"]
        assert "group=default; min=1800; sec=29" == answer.headers["Remaining-Req"]


@pytest.mark.parametrize("query", ["uuids[]=a&uuids[]=b", "uuids%5B%5D=a&uuids%5B%5D=b"])
async def test_a_query_arrives_as_it_was_sent(query: str) -> None:
    async with opened() as hall:
        head = f"GET //v1/orders/uuids?{query} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        head += f"Authorization: {hall.authorization('uuids[]=a&uuids[]=b')['Authorization']}\r\n\r\n"
        answer = await say(hall, head.encode())
        assert answer.startswith(b"HTTP/1.1 200 OK\r\n")


async def say(hall: Hall, text: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(hall.server.host, hall.server.port)
    writer.write(text)
    answer = await asyncio.wait_for(reader.read(), 5)
    writer.close()
    await writer.wait_closed()
    return answer


async def test_an_order_is_placed_by_json_and_by_form() -> None:
    pairs = {"market": "KRW-BTC", "side": "bid", "ord_type": "limit", "price": "90000000", "volume": "0.001"}
    query = "&".join(f"{name}={value}" for name, value in pairs.items())
    async with opened() as hall:
        for body in ({"json": pairs}, {"data": pairs}):
            headers = hall.authorization(query)
            async with hall.http.post(f"{hall.url}/v1/orders", headers=headers, **body) as answer:
                assert (201, "KRW-BTC") == (answer.status, json.loads(await answer.read())["market"])


async def test_an_unknown_path_is_not_found() -> None:
    async with opened() as hall:
        for path in ("/", "/v2/ticker", "/websocket/v1", "/_paper/v1/reset"):
            async with hall.http.get(f"{hall.url}{path}") as answer:
                assert (404, False) == (answer.status, "Remaining-Req" in answer.headers)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "LOCALHOST:1", "[::1]:8000"])
async def test_names_of_this_machine_are_answered(host: str) -> None:
    async with opened() as hall, hall.http.get(f"{hall.url}/v1/market/all", headers={"Host": host}) as answer:
        assert 200 == answer.status


@pytest.mark.parametrize("host", ["evil.example", "10.0.0.1", "localhost.evil.example", "[::1", ""])
async def test_a_foreign_host_is_refused(host: str) -> None:
    async with opened() as hall:
        async with hall.http.get(f"{hall.url}/v1/market/all", headers={"Host": host}) as answer:
            assert (403, "host_not_allowed") == (answer.status, json.loads(await answer.read())["error"]["name"])
        upgrade = UPGRADE.replace("Host: localhost", f"Host: {host}")
        assert (await say(hall, upgrade.encode())).startswith(b"HTTP/1.1 403")


async def test_served_to_all_it_is_known_by_any_address() -> None:
    server = Server(Exchange(clock=SteppedClock(START)), host="0.0.0.0")
    assert (True, False) == (server._expected("192.168.0.7:80"), server._expected("evil.example"))


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_of_more_than_64_kib_is_refused(chunked: bool) -> None:
    async def pieces() -> AsyncGenerator[bytes]:
        for _ in range(65):
            yield b"x" * 1024

    async with opened() as hall:
        body = pieces() if chunked else b"x" * (64 * 1024 + 1)
        async with hall.http.post(f"{hall.url}/v1/orders", data=body) as answer:
            assert (413, "too_large") == (answer.status, json.loads(await answer.read())["error"]["name"])


async def test_a_damaged_body_is_refused_and_the_server_lives_on() -> None:
    async with opened() as hall:
        headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
        async with hall.http.post(f"{hall.url}/v1/orders", data=b"no gzip", headers=headers) as answer:
            assert 401 == answer.status
        chunk = b"POST /v1/orders HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"
        for junk in (chunk, b"\x16\x03\x01\x00\x00\r\n\r\n", b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n"):
            assert b" 400 " in await say(hall, junk)
        async with hall.http.get(f"{hall.url}/v1/market/all") as answer:
            assert 200 == answer.status


# -- sockets -------------------------------------------------------------------------------------------


async def test_a_socket_tells_snapshots_and_what_happens_in_binary_frames() -> None:
    async with opened() as hall, hall.connect() as ws:
        await ws.send(request(TICKER))
        assert "SNAPSHOT" == (await told(ws))["stream_type"]
        hall.clock.step(10_000)
        assert "REALTIME" == (await told(ws))["stream_type"]


async def test_the_reply_to_the_upgrade_tells_what_is_left_and_offers_compression() -> None:
    async with opened() as hall, hall.connect() as ws:
        assert ws.response is not None
        assert "group=websocket; min=300; sec=4" == ws.response.headers["Remaining-Req"]
        assert "permessage-deflate" in ws.response.headers["Sec-WebSocket-Extensions"]
    async with opened() as hall, hall.connect(compression=None) as ws:
        await ws.send(request(TICKER))
        assert "ticker" == (await told(ws))["type"]


async def test_the_sixth_connection_of_a_second_is_refused() -> None:
    async with opened() as hall:
        for _ in range(5):
            async with hall.connect():
                pass
        with pytest.raises(InvalidStatus, match="429"):
            await hall.connect()


async def test_an_upgrade_without_a_key_is_refused() -> None:
    async with opened() as hall:
        answer = await say(hall, UPGRADE.replace("Sec-WebSocket-Key", "X-Key").replace("Upgrade\r", "close\r").encode())
        assert answer.startswith(b"HTTP/1.1 400")


async def test_pings_are_answered_in_frames_and_in_text() -> None:
    async with opened() as hall, hall.connect(ping_interval=None) as ws:
        await asyncio.wait_for(await ws.ping(), 5)
        await ws.pong()
        await ws.send("PING")
        assert b'{"status":"UP"}' == await ws.recv()
        hall.clock.step(10_000)
        assert b'{"status":"UP"}' == await ws.recv()


async def test_a_private_socket_tells_of_orders_placed_by_request() -> None:
    query = "market=KRW-BTC&side=bid&ord_type=limit&price=90000000&volume=0.001"
    async with opened() as hall, hall.connect("/private", additional_headers=hall.authorization()) as ws:
        await ws.send(request({"type": "myOrder"}, {"type": "myAsset"}))
        await asyncio.wait_for(await ws.ping(), 5)
        fields = dict(pair.split("=") for pair in query.split("&"))
        async with hall.http.post(f"{hall.url}/v1/orders", json=fields, headers=hall.authorization(query)) as answer:
            placed = json.loads(await answer.read())
        order, asset = await told(ws), await told(ws)
        assert (placed["uuid"], "wait") == (order["uuid"], order["state"])
        assert ["KRW"] == [held["currency"] for held in asset["assets"]]


@pytest.mark.parametrize("path", ["/private", "/info"])
async def test_without_a_token_a_private_socket_says_so_and_closes(path: str) -> None:
    async with opened() as hall, hall.connect(path) as ws:
        assert "INVALID_AUTH" == (await told(ws))["error"]["name"]
        with pytest.raises(ConnectionClosed):
            await ws.recv()
        assert 1000 == ws.close_code


async def test_after_an_error_the_socket_closes() -> None:
    async with opened() as hall, hall.connect() as ws:
        await ws.send("[]")
        assert "NO_TICKET" == (await told(ws))["error"]["name"]
        await ws.wait_closed()
        assert 1000 == ws.close_code


async def test_an_idle_socket_is_cut_by_the_clock_of_the_exchange() -> None:
    async with opened() as hall, hall.connect(ping_interval=None) as ws:
        hall.clock.step(120_000)
        await asyncio.wait_for(ws.wait_closed(), 5)
        assert 1006 == ws.close_code


async def test_a_message_that_is_too_long_closes_only_its_socket() -> None:
    async with opened() as hall, hall.connect() as ws, hall.connect() as other:
        await ws.send("x" * (64 * 1024 + 1))
        await ws.wait_closed()
        assert 1009 == ws.close_code
        await other.send("PING")
        assert b'{"status":"UP"}' == await other.recv()


async def test_the_hundred_and_first_socket_is_refused() -> None:
    async with opened(limited=False) as hall:
        sockets = [await hall.connect(compression=None, ping_interval=None) for _ in range(MAX_SOCKETS)]
        with pytest.raises(InvalidStatus, match="503"):
            await hall.connect()
        await sockets.pop().close()
        async with hall.connect() as ws:
            await ws.send("PING")
            assert b'{"status":"UP"}' == await ws.recv()
        await asyncio.gather(*[ws.close() for ws in sockets])


async def test_who_does_not_read_is_cut_and_slows_nobody() -> None:
    async with opened(limited=False) as hall:
        lazy = socket.socket()
        lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        lazy.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(lazy, (hall.server.host, hall.server.port))
        await loop.sock_sendall(lazy, UPGRADE.encode())
        assert (await loop.sock_recv(lazy, 1024)).startswith(b"HTTP/1.1 101")
        text = request({"type": "orderbook", "codes": ["KRW-BTC"] * 200, "is_only_snapshot": True}).encode()
        frame = bytes([0x81, 0xFE]) + len(text).to_bytes(2, "big") + bytes(4) + text
        async with hall.connect(compression=None) as ws:
            await ws.send(request(TICKER))
            await told(ws)

            async def flood() -> None:
                for _ in range(40):
                    await loop.sock_sendall(lazy, frame)
                    await ws.send("PING")
                    while "status" not in await told(ws):
                        pass

            with pytest.raises(ConnectionError):
                await flood()
            lazy.close()
            await ws.send("PING")
            assert {"status": "UP"} == await told(ws)


# -- life ----------------------------------------------------------------------------------------------


class Counting(Exchange):
    """An exchange that tells when all its markets were opened unasked."""

    opened = 0
    all_open: asyncio.Event

    def open_next(self) -> bool:
        more = super().open_next()
        self.opened += more
        if not more:
            self.all_open.set()
        return more


async def test_markets_open_by_themselves_one_after_the_other() -> None:
    exchange = Counting(clock=SteppedClock(START))
    exchange.all_open = asyncio.Event()
    async with Server(exchange):
        await asyncio.wait_for(exchange.all_open.wait(), 10)
    assert len(exchange.listings) == exchange.opened


async def test_it_stops_with_sockets_and_connections_open_and_leaves_no_task() -> None:
    before = asyncio.all_tasks()
    async with opened() as hall:
        ws = await hall.connect()
        async with hall.http.get(f"{hall.url}/v1/market/all") as answer:
            await answer.read()
    await ws.wait_closed()
    assert 1001 == ws.close_code
    left = asyncio.all_tasks() - before
    assert not left or not (await asyncio.wait(left, timeout=5))[1]


async def test_a_taken_port_is_an_error_and_leaves_nothing_behind() -> None:
    before = asyncio.all_tasks()
    async with opened() as hall:
        during = asyncio.all_tasks()
        with pytest.raises(OSError, match="address already in use"):
            async with Server(Exchange(clock=SteppedClock(START)), port=hall.server.port):
                pass
        assert during == asyncio.all_tasks()
    assert before == asyncio.all_tasks()


class BrokenClock(SteppedClock):
    """A clock that stops for good when it is broken, and tells when somebody noticed."""

    def __init__(self, start: int) -> None:
        super().__init__(start)
        self.broken, self.noticed = threading.Event(), threading.Event()

    def __call__(self) -> int:
        if self.broken.is_set():
            self.noticed.set()
            raise ArithmeticError("the clock broke")
        return super().__call__()

    def breaks(self) -> bool:
        self.broken.set()
        return self.noticed.wait(5)


def test_what_goes_wrong_in_the_exchange_is_raised_at_the_end() -> None:
    clock = BrokenClock(START)
    serving = threaded(lambda: Exchange(clock=clock), host="127.0.0.1", port=0, limited=True)
    with pytest.raises(ArithmeticError, match="the clock broke"), serving:
        assert clock.breaks()


def test_an_address_of_version_6_stands_in_brackets() -> None:
    server = Server(Exchange(clock=SteppedClock(START)), host="::1", port=8000)
    assert ("http://[::1]:8000", "ws://[::1]:8000/websocket/v1") == (server.base_url, server.ws_url)
