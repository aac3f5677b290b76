"""The other end, each in a process of its own: `python -m benchmarks.servers NAME ARGUMENTS`.

A server says where it is in one line of JSON. Told a number on its standard input, it may do
something so often; it answers what it took from its beginning: seconds of processor time, and the most memory.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import itertools
import json
import resource
import sys
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from decimal import Decimal
from pathlib import Path

from aiohttp import web

from upbit.paper import serving
from upbit.paper.book import Side
from upbit.paper.broadcast import PULSE
from upbit.paper.clock import Clock, SteppedClock, wall
from upbit.paper.exchange import Exchange
from upbit.paper.server import Server

from .contestants import ACCESS, SECRET, UUID
from .flood import flood

FUNDS = {"KRW": Decimal(10) ** 12, "BTC": Decimal(1000)}
BATCH = 20
"""Messages that become due between two looks of a broadcaster at what happened."""
MARKET = "KRW-BTC"
TOKEN = "control-token-of-a-benchmark"
SIDES: tuple[Side, Side] = ("bid", "ask")
LOT = 10_000
"""Units of 1e-8 BTC that somebody trades ..."""
TRADE_EVERY = 0.05
"""... and seconds until the next does."""

ORDER = json.dumps(
    {
        "uuid": UUID,
        "side": "bid",
        "ord_type": "limit",
        "price": "100.0",
        "state": "wait",
        "market": MARKET,
        "created_at": "2018-04-10T15:42:23+09:00",
        "volume": "0.01",
        "remaining_volume": "0.01",
        "reserved_fee": "0.0015",
        "remaining_fee": "0.0015",
        "paid_fee": "0.0",
        "locked": "1.0015",
        "executed_volume": "0.0",
        "trades_count": 0,
    },
    separators=(",", ":"),
).encode()
"""An order as the 2023 document shows it."""

TRADE = json.dumps(
    {
        "type": "trade",
        "code": MARKET,
        "timestamp": 1_790_000_000_123,
        "trade_date": "2026-09-21",
        "trade_time": "13:33:20",
        "trade_timestamp": 1_790_000_000_100,
        "trade_price": 104_000_000.0,
        "trade_volume": 0.00012345,
        "ask_bid": "BID",
        "prev_closing_price": 103_000_000.0,
        "change": "RISE",
        "change_price": 1_000_000.0,
        "sequential_id": 17_900_000_001_000_000,
        "best_ask_price": 104_000_000.0,
        "best_ask_size": 0.1,
        "best_bid_price": 103_999_000.0,
        "best_bid_size": 0.2,
        "stream_type": "REALTIME",
    },
    separators=(",", ":"),
).encode()
"""A trade as the stream tells it."""

Told = dict[str, str]
Obey = Callable[[str], Awaitable[None]]
Opened = AbstractAsyncContextManager[tuple[Told, Obey]]


class _Stub(asyncio.Protocol):
    """Answers any request with the same order at once: the least a server can do."""

    ANSWER = (
        b"HTTP/1.1 201 Created\r\nContent-Type: application/json;charset=UTF-8\r\n"
        b"Remaining-Req: group=order; min=480; sec=11\r\nContent-Length: %d\r\n\r\n%b" % (len(ORDER), ORDER)
    )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport), "a stream"
        self._transport = transport
        self._read = b""

    def data_received(self, data: bytes) -> None:
        self._read += data
        while (end := self._read.find(b"\r\n\r\n")) >= 0:
            head = self._read[:end].lower()
            at = head.find(b"content-length:")
            size = 0 if at < 0 else int(head[at + 15 :].partition(b"\r\n")[0])
            if len(self._read) < end + 4 + size:
                return
            self._read = self._read[end + 4 + size :]
            self._transport.write(self.ANSWER)


async def _nothing(order: str) -> None:
    """There is nothing to do on demand."""


@asynccontextmanager
async def stub() -> AsyncGenerator[tuple[Told, Obey]]:
    """What callers are timed against."""
    listener = await asyncio.get_running_loop().create_server(_Stub, "127.0.0.1", 0)
    async with listener:
        yield {"url": f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"}, _nothing


@asynccontextmanager
async def paper(folder: str = "") -> AsyncGenerator[tuple[Told, Obey]]:
    """A paper exchange without limits on the clock of this machine, with all its markets alive.

    In a folder every order is on the disk before it is answered.
    """
    async with serving(limited=False, funds=FUNDS, data=Path(folder) if folder else None) as exchange:
        yield {"url": exchange.base_url, "access_key": exchange.access_key, "secret_key": exchange.secret_key}, _nothing


@asynccontextmanager
async def limited() -> AsyncGenerator[tuple[Told, Obey]]:
    """A paper exchange that refuses what is too much; says all that a client may find in its environment."""
    async with serving(funds=FUNDS) as exchange:
        yield exchange.env, _nothing


@asynccontextmanager
async def bare() -> AsyncGenerator[tuple[Told, Obey]]:
    """aiohttp.web with one handler that checks a token and answers the same order."""

    def checked(token: str, body: bytes) -> bool:
        signed, _, seal = token.rpartition(".")
        wanted = urlsafe_b64encode(hmac.digest(SECRET.encode(), signed.encode(), "sha512")).rstrip(b"=").decode()
        claims = json.loads(urlsafe_b64decode(signed.partition(".")[2] + "=="))
        query = "&".join(f"{name}={value}" for name, value in json.loads(body).items())
        return seal == wanted and claims["query_hash"] == hashlib.sha512(query.encode()).hexdigest()

    async def answer(request: web.Request) -> web.Response:
        fine = checked(request.headers["Authorization"].removeprefix("Bearer "), await request.read())
        return web.Response(status=201 if fine else 401, body=ORDER, content_type="application/json")

    application = web.Application()
    application.router.add_post("/v1/orders", answer)
    async with _listening(application) as url:
        yield {"url": url, "access_key": ACCESS, "secret_key": SECRET}, _nothing


@asynccontextmanager
async def fan_out() -> AsyncGenerator[tuple[Told, Obey]]:
    """A paper exchange whose clock stands still: nothing happens but the trades made on demand."""
    exchange = Exchange(clock=SteppedClock(wall()), funds=FUNDS)
    async with Server(exchange, limited=False) as server:
        exchange.venue(MARKET)

        async def broadcast(order: str) -> None:
            for left in range(int(order), 0, -BATCH):
                for _ in range(min(BATCH, left)):
                    exchange.engine.sweep(MARKET, "bid", 1, exchange.now)
                await asyncio.sleep(PULSE)

        yield {"url": server.ws_url}, broadcast


@asynccontextmanager
async def bare_fan_out() -> AsyncGenerator[tuple[Told, Obey]]:
    """aiohttp.web that sends the same bytes to every socket."""
    sockets: list[web.WebSocketResponse] = []

    async def converse(request: web.Request) -> web.WebSocketResponse:
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        await ws.receive()  # what is wanted: everybody wants the same
        sockets.append(ws)
        await ws.receive()
        return ws

    async def broadcast(order: str) -> None:
        for left in range(int(order), 0, -BATCH):
            for _ in range(min(BATCH, left)):
                for ws in sockets:
                    await ws.send_bytes(TRADE)
            await asyncio.sleep(PULSE)

    application = web.Application()
    application.router.add_get("/websocket/v1", converse)
    async with _listening(application) as url:
        yield {"url": f"ws{url.removeprefix('http')}/websocket/v1"}, broadcast


@asynccontextmanager
async def flooding() -> AsyncGenerator[tuple[Told, Obey]]:
    """A flood; an order is its `rate` and its `count`."""
    async with flood() as (told, served):

        async def obey(order: str) -> None:
            rate, count = order.split()
            served.rate, served.count = float(rate), int(count)

        yield told, obey


@asynccontextmanager
async def busy() -> AsyncGenerator[tuple[Told, Obey]]:
    """A paper exchange with faults on demand and a market in which somebody trades many times a second."""
    exchange = Exchange(clock=Clock(), funds=FUNDS)
    async with Server(exchange, control_token=TOKEN) as server:
        trading = asyncio.create_task(_trade(exchange))
        yield {"base_url": server.base_url, "control_url": server.control_url, "control_token": TOKEN}, _nothing
        trading.cancel()


@asynccontextmanager
async def counted() -> AsyncGenerator[tuple[Told, Obey]]:
    """A paper exchange with faults on demand, which tells by its control API what it was asked."""
    exchange = Exchange(clock=Clock(), funds=FUNDS)
    key = exchange.first_key
    async with Server(exchange, control_token=TOKEN) as server:
        told = {"base_url": server.base_url, "access_key": key.access_key, "secret_key": key.secret}
        yield told | {"control_url": server.control_url, "control_token": TOKEN}, _nothing


async def _trade(exchange: Exchange) -> None:
    exchange.venue(MARKET)
    for side in itertools.cycle(SIDES):
        exchange.engine.sweep(MARKET, side, LOT, exchange.advance())
        await asyncio.sleep(TRADE_EVERY)


@asynccontextmanager
async def _listening(application: web.Application) -> AsyncGenerator[str]:
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def _serve(opened: Opened) -> None:
    lines = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    async with opened as (told, obey):
        print(json.dumps(told), flush=True)
        while line := await lines.readline():
            await obey(line.decode())
            print(json.dumps({"cpu": time.process_time(), "MiB": _most_memory()}), flush=True)


def _most_memory() -> float:
    """Read the most memory this process ever had, in MiB; `getrusage` of Linux counts that of our parent, too."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text().partition("VmHWM:")[2].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20)  # bytes on macOS


SERVERS: dict[str, Callable[..., Opened]] = {
    "stub": stub,
    "paper": paper,
    "limited": limited,
    "bare": bare,
    "fan-out": fan_out,
    "bare-fan-out": bare_fan_out,
    "flood": flooding,
    "busy": busy,
    "counted": counted,
}

if __name__ == "__main__":
    asyncio.run(_serve(SERVERS[sys.argv[1]](*sys.argv[2:])))
