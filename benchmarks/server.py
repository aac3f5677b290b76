"""The paper exchange as a process: orders over HTTP, one message to many sockets, what it takes to be there.

Orders are kept in memory here. The load comes from this process, signed beforehand, so that it costs little.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Iterable
from statistics import median

import aiohttp
import msgspec

from upbit.paper import PaperExchange
from upbit.wire.token import plain_body, sign

from .children import Child, server
from .table import Goal, Row, alone, compared

ROUNDS = 5
CONNECTIONS = 32
ORDERS = 40
"""Orders a connection and a round."""
SOCKETS = 50
MESSAGES = 400
SETTLED = 2.0
"""Seconds after which the exchange has opened all its markets."""


def rows() -> Iterable[Row]:
    """What the exchange manages over sockets."""
    with server("paper") as paper, server("bare") as bare:
        time.sleep(SETTLED)
        idle = paper.go("0")["MiB"]
        yield from asyncio.run(_orders(paper, bare))
    yield alone("paper exchange idle, memory", [idle], "MiB", Goal("<=", 80, "MiB"))
    yield alone(
        "paper exchange ready, in process", [_ready(seed) for seed in range(ROUNDS)], "ms", Goal("<=", 300, "ms")
    )
    with server("fan-out") as ours, server("bare-fan-out") as peer:
        yield asyncio.run(_fan_out(ours, peer))


# -- orders ----------------------------------------------------------------------------------------


async def _orders(paper: Child, bare: Child) -> list[Row]:
    rate: dict[Child, list[float]] = {paper: [], bare: []}
    alone_for: dict[Child, list[float]] = {paper: [], bare: []}
    for number in range(ROUNDS + 1):
        for child in (paper, bare):
            lanes = [_requests(child, ORDERS) for _ in range(CONNECTIONS)]
            begin = time.perf_counter()
            await asyncio.gather(*[_send(child.told["url"], lane) for lane in lanes])
            took = time.perf_counter() - begin
            each = await _send(child.told["url"], _requests(child, ORDERS))
            if number:  # the first round warms up
                rate[child].append(CONNECTIONS * ORDERS / took)
                alone_for[child].append(median(each) * 1000)
    what = "POST order over HTTP, in memory, "
    goals = Goal(">=", 1000, "orders/s"), Goal("<=", 3, "ms")
    return [
        compared(f"{what}{CONNECTIONS} connections", rate[paper], "bare aiohttp.web", rate[bare], "orders/s", goals[0]),
        compared(f"{what}alone, p50", alone_for[paper], "bare aiohttp.web", alone_for[bare], "ms", goals[1]),
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
    """How long it takes until a test has an exchange that answers."""
    begin = time.perf_counter()
    PaperExchange(seed=seed).client().accounts.list()
    return (time.perf_counter() - begin) * 1000
