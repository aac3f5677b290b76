"""Faults of the disk (C13): what is not written is not acknowledged, and what is acknowledged is there."""

from __future__ import annotations

import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import Any

import pytest

from upbit import errors
from upbit.paper import Rule, running
from upbit.paper.clock import Clock
from upbit.paper.doors import described
from upbit.paper.exchange import Exchange
from upbit.paper.journal import open_journal
from upbit.paper.server import Server
from upbit.paper.store import StoreError

START = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
START_MS = int(START.timestamp() * 1000)
ORDER = {"market": "KRW-BTC", "side": "bid", "ord_type": "limit", "price": "90000000", "volume": "0.001"}
Options = dict[str, Any]


def kept(folder: Path) -> Exchange:
    return open_journal(folder, clock=Clock(), secret=lambda: token_hex(20)).exchange


@pytest.mark.parametrize(("effect", "why"), [("disk_full", "is full"), ("fsync_error", "I/O error")])
async def test_c13_what_the_disk_does_not_take_is_not_acknowledged(tmp_path: Path, effect: str, why: str) -> None:
    async def live() -> None:
        async with (
            Server(kept(tmp_path), limited=False) as server,
            described(server).async_client(max_retries=0, order_deadline=0.5) as client,
        ):
            placed.append((await client.orders.create(**ORDER)).uuid)
            server.chaos.add(Rule(**{"effect": effect}))
            with pytest.raises(errors.OrderOutcomeUnknown, match="what was answered before is safe"):
                await client.orders.create(**ORDER)

    placed: list[str] = []
    with pytest.raises(StoreError, match=why):
        await live()
    async with Server(kept(tmp_path)) as server, described(server).async_client() as client:
        assert placed == [order.uuid for order in await client.orders.list_open()]


CRASHING = """
import asyncio, sys
from pathlib import Path
from secrets import token_hex
from upbit.paper import Rule
from upbit.paper.clock import Clock
from upbit.paper.doors import described
from upbit.paper.journal import open_journal
from upbit.paper.server import Server

async def live(folder, point):
    exchange = open_journal(Path(folder), clock=Clock(), secret=iter(map(str, range(9))).__next__).exchange
    async with Server(exchange) as server, described(server).async_client(max_retries=0) as client:
        await client.orders.create(market="KRW-BTC", side="bid", ord_type="limit", price=90000000, volume="0.001")
        server.chaos.add(Rule(effect="crash", point=point))
        await client.orders.create(market="KRW-BTC", side="bid", ord_type="limit", price=90000000, volume="0.001")

asyncio.run(live(*sys.argv[1:]))
"""


@pytest.mark.parametrize(("point", "orders"), [("before_write", 1), ("after_write", 2)])
def test_c13_the_process_dies_at_a_named_point(tmp_path: Path, point: str, orders: int) -> None:
    ran = subprocess.run([sys.executable, "-c", CRASHING, str(tmp_path), point], timeout=20, check=False)
    assert -signal.SIGKILL == ran.returncode
    with running(data=tmp_path) as exchange, exchange.client() as client:
        assert orders == len(client.orders.list_open())
