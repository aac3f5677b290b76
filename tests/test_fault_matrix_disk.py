"""Faults of the exchange's disk (C13), met while orders are placed, cancelled, replaced and looked up.

The exchange fails or dies before or after it has written what it was asked for, and is started again on the same port,
with what its log knows. Its clients wait for it, and are told what that log says.
"""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from secrets import token_hex
from threading import Event
from typing import Any, Literal, NamedTuple, TypeAlias

import pytest

from upbit import AsyncUpbit, Upbit
from upbit.errors import APIConnectionError, InternalServerError
from upbit.models import Order
from upbit.paper import Rule
from upbit.paper.clock import Clock
from upbit.paper.exchange import Exchange
from upbit.paper.journal import open_journal
from upbit.paper.server import Server
from upbit.paper.store import StoreError

HASTE = 80
"""How much faster than ours the clock of the clients goes."""
Task: TypeAlias = "asyncio.Task[Order | None]"
Intent = Literal["place", "cancel", "replace"]
NAMES: Mapping[Intent, str] = {"place": "create", "cancel": "cancel", "replace": "cancel_and_new"}
NEW: dict[str, Any] = {"market": "KRW-BTC", "side": "bid", "ord_type": "limit", "price": "1000000", "volume": "0.01"}
CHANGE = {"new_ord_type": "limit", "new_price": "990000", "new_volume": "0.01"}
SCRIPT = """
import asyncio, sys
from pathlib import Path
from upbit.paper import Rule
from upbit.paper.clock import Clock
from upbit.paper.doors import described
from upbit.paper.journal import open_journal
from upbit.paper.server import Server

async def live(folder, port):
    exchange = open_journal(Path(folder), clock=Clock(), secret=iter(map(str, range(9))).__next__).exchange
    async with Server(exchange, port=int(port), limited=False) as server:
        key = exchange.first_key
        print(server.port, key.access_key, key.secret, flush=True)
        while point := (await asyncio.to_thread(sys.stdin.readline)).strip():
            server.chaos.add(Rule(effect="crash", point=point))

asyncio.run(live(*sys.argv[1:]))
"""


def clock() -> float:
    return time.monotonic() * HASTE


class Rest:
    """How clients sleep: until they may go on, and a little longer. One that sleeps opens no connection."""

    def __init__(self) -> None:
        self.asleep = Event()
        self.over = Event()

    def sleep(self, seconds: float) -> None:
        self.asleep.set()
        self.over.wait()
        time.sleep(seconds / HASTE)

    async def sleep_async(self, seconds: float) -> None:
        self.asleep.set()
        if not self.over.is_set():
            await asyncio.to_thread(self.over.wait)
        await asyncio.sleep(seconds / HASTE)


class Place(NamedTuple):
    """Where an exchange is, and for whom."""

    port: int
    access_key: str
    secret_key: str

    async def call(self, rest: Rest, awaits: bool, intent: Intent, **arguments: Any) -> Order:
        """Call an operation by a client of its own, of either face."""
        url, keys = f"http://127.0.0.1:{self.port}", (self.access_key, self.secret_key)
        options: dict[str, Any] = {"base_url": url, "clock": clock, "order_deadline": 5.0 * HASTE}
        if awaits:
            async with AsyncUpbit(*keys, sleep=rest.sleep_async, **options) as client:
                order: Order = await getattr(client.orders, NAMES[intent])(**arguments)
                return order
        return await asyncio.to_thread(self._call, intent, arguments, options | {"sleep": rest.sleep})

    def _call(self, intent: Intent, arguments: dict[str, Any], options: dict[str, Any]) -> Order:
        with Upbit(self.access_key, self.secret_key, **options) as client:
            order: Order = getattr(client.orders, NAMES[intent])(**arguments)
            return order

    async def orders(self) -> dict[str | None, str]:
        """The state of every order."""
        url = f"http://127.0.0.1:{self.port}"
        async with AsyncUpbit(self.access_key, self.secret_key, base_url=url) as client:
            shown = [*await client.orders.list_open(), *await client.orders.list_closed()]
        states: dict[str | None, str] = {order.uuid: order.state for order in shown}
        return states


class Cell(NamedTuple):
    """An intent of a face, about an order of its own."""

    intent: Intent
    awaits: bool
    old: Order

    async def call(self, place: Place, rest: Rest) -> Order | None:
        """Do what is meant; None when it never left, or a replacement was in vain."""
        arguments: dict[Intent, dict[str, Any]] = {
            "place": NEW,
            "cancel": {"uuid": self.old.uuid},
            "replace": {"prev_order_uuid": self.old.uuid, **CHANGE},
        }
        try:
            return await place.call(rest, self.awaits, self.intent, **arguments[self.intent])
        except APIConnectionError as error:
            if error.sent and self.intent != "replace":
                raise
        except InternalServerError:
            if self.intent != "replace":
                raise
        return None

    def orders(self, told: Order | None) -> dict[str | None, str]:
        """The orders that there are, when this was told."""
        here: dict[str | None, str] = {self.old.uuid: "wait"}
        if told is not None and self.intent == "place":
            here[told.uuid] = "wait"
        elif told is not None:
            here[self.old.uuid] = "cancel"
        if told is not None and self.intent == "replace":
            here[told.new_order_uuid] = "wait"
        return here


# -- the disk fails ------------------------------------------------------------------------------------


def kept(folder: Path) -> Exchange:
    return open_journal(folder, clock=Clock(), secret=lambda: token_hex(20)).exchange


async def until_it_fails(
    folder: Path, rule: Rule, intent: Intent, awaits: bool, rest: Rest
) -> tuple[Place, Cell, Task]:
    """Let somebody meet an exchange whose disk fails, and end that exchange."""
    server = Server(kept(folder), limited=False)
    await server.__aenter__()
    try:
        key = server.exchange.first_key
        place = Place(server.port, key.access_key, key.secret)
        cell = Cell(intent, awaits, await place.call(rest, True, "place", **NEW))
        server.chaos.add(rule)
        calling = asyncio.create_task(cell.call(place, rest))
        await asyncio.to_thread(rest.asleep.wait)
        return place, cell, calling
    finally:
        with suppress(StoreError):  # that it failed is told at the end
            await server.__aexit__(None, None, None)


@pytest.mark.parametrize("awaits", [False, True])
@pytest.mark.parametrize("intent", NAMES)
@pytest.mark.parametrize("effect", ["disk_full", "fsync_error"])
@pytest.mark.parametrize("point", ["before_write", "after_write"])
async def test_c13_the_disk_fails(tmp_path: Path, point: Any, effect: Any, intent: Intent, awaits: bool) -> None:
    rest = Rest()
    place, cell, calling = await until_it_fails(tmp_path, Rule(effect=effect, point=point), intent, awaits, rest)
    async with Server(kept(tmp_path), port=place.port, limited=False):
        rest.over.set()
        told = await calling
        assert cell.orders(told) == await place.orders()
    assert ((intent, point) == ("replace", "before_write")) == (told is None)


# -- the process dies ----------------------------------------------------------------------------------


class Process:
    """An exchange in a process of its own."""

    def __init__(self, folder: Path, port: int = 0) -> None:
        command = [sys.executable, "-c", SCRIPT, str(folder), str(port)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        number, access_key, secret_key = self._process.stdout.readline().split()
        self.place = Place(int(number), access_key, secret_key)

    def doom(self, point: str) -> None:
        """Let it die at its next write."""
        self._say(f"{point}\n")

    def _say(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line)
        self._process.stdin.flush()

    def end(self) -> int:
        """Wait for its end; how it ended."""
        with self._process as process:
            return process.wait(10)


@pytest.mark.parametrize("point", ["before_write", "after_write"])
async def test_c13_the_exchange_dies(tmp_path: Path, point: str) -> None:
    first = await asyncio.to_thread(Process, tmp_path)
    place, rest = first.place, Rest()
    rest.over.set()
    cells = [
        Cell(intent, awaits, await place.call(rest, True, "place", **NEW))
        for intent in NAMES
        for awaits in (False, True)
    ]
    first.doom(point)
    calling = asyncio.gather(*[cell.call(place, rest) for cell in cells])
    assert -signal.SIGKILL == await asyncio.to_thread(first.end)
    second = await asyncio.to_thread(Process, tmp_path, place.port)
    told = await calling
    expected: dict[str | None, str] = {}
    for cell, order in zip(cells, told, strict=True):
        expected |= cell.orders(order)
    assert expected == await place.orders()
    second.doom("")
    assert 0 == await asyncio.to_thread(second.end)
