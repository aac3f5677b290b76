"""The paper exchange as a process: orders over HTTP, one message to many sockets, what it takes to be there.

The load comes from this process, signed beforehand, so that it costs little.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Iterable
from statistics import median
from tempfile import TemporaryDirectory

import aiohttp
import msgspec

from upbit.paper import PaperExchange
from upbit.wire.token import plain_body, sign

from .children import ROOT, Child, server
from .table import Goal, Row, alone, compared

ROUNDS = 5
BARE = "bare aiohttp.web"
CONNECTIONS = 32
ORDERS = 40
"""Orders a connection and a round."""
SOCKETS = 50
MESSAGES = 400
SETTLED = 2.0
"""Seconds after which the exchange has opened all its markets."""


def rows() -> Iterable[Row]:
    """What the exchange manages over sockets."""
    with (
        TemporaryDirectory(dir=ROOT, prefix=".bench-") as folder,  # the usual place may not be on a disk
        server("paper", folder) as durable,
        server("paper") as memory,
        server("bare") as bare,
    ):
        time.sleep(SETTLED)
        idle = durable.go("0")["MiB"]
        yield from asyncio.run(_orders(durable, memory, bare))
    yield alone("paper exchange idle, most memory", [idle], "MiB", Goal("<=", 80, "MiB"))
    yield alone(
        "paper exchange and a first order, in process",
        [_ready(seed) for seed in range(ROUNDS)],
        "ms",
        Goal("<=", 300, "ms"),
    )
    with server("fan-out") as ours, server("bare-fan-out") as peer:
        yield asyncio.run(_fan_out(ours, peer))


# -- orders ----------------------------------------------------------------------------------------


async def _orders(durable: Child, memory: Child, bare: Child) -> list[Row]:
    rate: dict[Child, list[float]] = {durable: [], memory: [], bare: []}
    apart: dict[Child, list[float]] = {durable: [], memory: [], bare: []}
    for number in range(ROUNDS + 1):
        for child in rate:
            lanes = [_requests(child, ORDERS) for _ in range(CONNECTIONS)]
            begin = time.perf_counter()
            await asyncio.gather(*[_send(child.told["url"], lane) for lane in lanes])
            took = time.perf_counter() - begin
            each = await _send(child.told["url"], _requests(child, ORDERS))
            if number:  # the first round warms up
                rate[child].append(CONNECTIONS * ORDERS / took)
                apart[child].append(median(each) * 1000)
    many, one = f"{CONNECTIONS} connections", "1 connection, p50"
    fast, soon = Goal(">=", 1000, "orders/s"), Goal("<=", 3, "ms")
    return [
        compared(f"POST order, on disk, {many}", rate[durable], BARE, rate[bare], "orders/s", fast),
        compared(f"POST order, on disk, {one}", apart[durable], BARE, apart[bare], "ms", soon),
        compared(f"POST order, in memory, {many}", rate[memory], BARE, rate[bare], "orders/s", fast),
        compared(f"POST order, in memory, {one}", apart[memory], BARE, apart[bare], "ms", soon),
    ]


def _requests(child: Child, count: int) -> list[bytes]:
    """Write and sign orders that rest far from the price."""
    fields = {"market": "KRW-BTC", "side": "bid", "ord_type": "limit", "volume": "0.001", "price": "50000000"}
    body = msgspec.json.encode(fields)
    query, key, secret = plain_body(body), child.told["access_key"], child.told["secret_key"]
    head = "POST /v1/orders HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json; charset=utf-8\r\n"
    return [
        f"{head}Authorization: Bearer {sign(key, secret, nonce=str(uuid.uuid4()), query=query)}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n".encode()
        + body
        for _ in range(count)
    ]


async def _send(url: str, requests: list[bytes]) -> list[float]:
    """Send requests one after another over one connection; how long each took."""
    host, _, port = url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    each: list[float] = []
    for request in requests:
        begin = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 201"):
            raise RuntimeError(f"no order was made: {head.decode()}")
        size = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
        await reader.readexactly(int(size))
        each.append(time.perf_counter() - begin)
    writer.close()
    await writer.wait_closed()
    return each


# -- messages ----------------------------------------------------------------------------------------


async def _fan_out(paper: Child, bare: Child) -> Row:
    """Deliveries for a second of the server's processor time; every message must reach every socket."""
    rate: dict[Child, list[float]] = {paper: [], bare: []}
    async with aiohttp.ClientSession() as session:
        sockets: dict[Child, list[aiohttp.ClientWebSocketResponse]] = {}
        for child in (paper, bare):
            sockets[child] = [await session.ws_connect(child.told["url"]) for _ in range(SOCKETS)]
            for ws in sockets[child]:
                await ws.send_str('[{"ticket":"b"},{"type":"trade","codes":["KRW-BTC"],"is_only_realtime":true}]')
        await asyncio.sleep(0.2)  # until the last has been heard
        for number in range(ROUNDS + 1):
            for child in (paper, bare):
                before = child.go("0")["cpu"]
                received = [asyncio.create_task(_receive(ws)) for ws in sockets[child]]
                await asyncio.to_thread(child.go, str(MESSAGES))
                async with asyncio.timeout(30):
                    await asyncio.gather(*received)
                took = child.go("0")["cpu"] - before
                if number:  # the first round warms up
                    rate[child].append(SOCKETS * MESSAGES / took)
        for ws in (*sockets[paper], *sockets[bare]):
            await ws.close()
    what = f"WebSocket fan-out to {SOCKETS}, per CPU second"
    return compared(what, rate[paper], "bare aiohttp loop", rate[bare], "messages/s", Goal(">=", 0.5))


async def _receive(ws: aiohttp.ClientWebSocketResponse) -> None:
    for _ in range(MESSAGES):
        message = await ws.receive()
        if message.type is not aiohttp.WSMsgType.BINARY:
            raise RuntimeError(f"no message but {message!r}")


# -- being there -------------------------------------------------------------------------------------


def _ready(seed: int) -> float:
    """How long it takes until a test has an exchange and a first order on it."""
    begin = time.perf_counter()
    client = PaperExchange(seed=seed).client()
    client.orders.create(market="KRW-BTC", side="bid", ord_type="price", price=10_000)
    return (time.perf_counter() - begin) * 1000
