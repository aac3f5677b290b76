"""Whatever happens to its sockets, a feed tells what the exchange knows: each fault alone, and many at random times."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.observer import Holder, Record, differences, trading
from tests.virtual import run
from upbit.feed import Subscription, candle, my_asset, my_order, orderbook, ticker, trade
from upbit.feed_options import FeedStatus
from upbit.paper import PaperExchange, Rule

START = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
MARKET = "KRW-ETH"
WANTED = (
    ticker(MARKET),
    trade(MARKET),
    orderbook(MARKET),
    candle(MARKET, interval="1s"),
    candle(MARKET, interval="1m"),
    my_order(),
    my_asset(),
)
PUBLIC, PRIVATE = "/websocket/v1", "/websocket/v1/private"
CALM = 20.0
"""Seconds before the first fault."""
AUDIT = 10.0
HEAL = 60.0
"""Seconds after the last one, in which the feed is to find out everything."""
SILENCE = 6.0
"""Seconds in which nothing happens any more, and all is told."""


def at(seconds: float) -> int:
    return int((START.timestamp() + seconds) * 1000)


class Scene:
    """A feed on an exchange with faults, from the first event to when all is told."""

    def __init__(self, rules: Iterable[Rule], *, seed: int = 1, pulse: float = 0.1) -> None:
        self.paper = PaperExchange(start=START, seed=seed, rules=rules, pulse=pulse)
        self.record = Record(self.paper.exchange)
        self.holder = Holder()
        self.random = Random(seed)
        self.status: FeedStatus

    def play(self, seconds: float, *wanted: Subscription) -> None:
        run(self._play(seconds, wanted or WANTED), self.paper)

    async def _play(self, seconds: float, wanted: Sequence[Subscription]) -> None:
        exchange = self.paper.exchange
        client = self.paper.async_client(random=self.random.random)
        async with client.feed(*wanted, audit=AUDIT) as feed:
            consumer = asyncio.create_task(self._consume(feed))
            trader = asyncio.create_task(trading(self.paper.async_client(), exchange, MARKET, self.random))
            await asyncio.sleep(seconds)
            trader.cancel()
            venue = exchange.venue(MARKET)
            assert venue is not None
            venue.flow.regime = "halt"
            await asyncio.sleep(SILENCE)
            self.status = feed.status
        await consumer

    async def _consume(self, feed: object) -> None:
        async for event in feed:
            self.holder.take(event)

    @property
    def effects(self) -> list[str]:
        return [fault.effect for fault in self.paper.chaos.faults]


CLOSES = {f"close {code}, {path}": [Rule(effect="close", path=path, code=code, since=at(20), times=1)] for code in (1000, 1001, 1006, 1011) for path in (PUBLIC, PRIVATE)}

FAULTS: dict[str, list[Rule]] = {
    **CLOSES,
    "refused connects": [Rule(effect="close", since=at(20), times=1),Rule(effect="refuse_socket", since=at(20), times=4)],
    "connects reset": [Rule(effect="close", since=at(20), times=1),Rule(effect="refuse_socket", status=0, since=at(20), times=4)],
    "stall": [Rule(effect="stall", since=at(20), path=path, times=1) for path in (PUBLIC, PRIVATE)],
    "stall 20 s": [Rule(effect="stall", since=at(20), path=path, milliseconds=20_000, times=1) for path in (PUBLIC, PRIVATE)],
    "silent": [Rule(effect="drop", type="trade", since=at(20), until=at(50))],
    "silent book": [Rule(effect="drop", type="orderbook", since=at(20), until=at(50))],
    "drop": [Rule(effect="drop", since=at(20), until=at(40), probability=0.2)],
    "duplicate": [Rule(effect="duplicate", since=at(20), until=at(40), probability=0.4)],
    "reorder": [Rule(effect="reorder", since=at(20), until=at(40), probability=0.4)],
    "late": [Rule(effect="late", milliseconds=3_000, since=at(20), until=at(40), probability=0.4)],
    "very late": [Rule(effect="late", milliseconds=30_000, since=at(20), until=at(40), probability=0.3)],
    "fragment": [Rule(effect="fragment", since=at(20), until=at(40))],
    "oversize": [Rule(effect="oversize", since=at(20), until=at(40), probability=0.1, times=5)],
    "not_utf8": [Rule(effect="not_utf8", since=at(20), until=at(40), probability=0.2)],
    "error": [Rule(effect="error", name="INTERNAL_ERROR", since=at(20), until=at(40), probability=.1)],
    "outage": [Rule(effect="outage", since=at(20), milliseconds=20_000, times=1)],
    "outage silence": [Rule(effect="outage", manner="silence", since=at(20), milliseconds=20_000, times=1)],
    "lost fills": [Rule(effect="drop", type="myOrder", state="trade", since=at(10), until=at(60), probability=0.5)],
    "done before trade": [Rule(effect="reorder", type="myOrder", state="trade", since=at(10), until=at(60))],
    "lost ends": [Rule(effect="drop", type="myOrder", state="done", since=at(10), until=at(60), probability=0.5)],
    "lost wait": [Rule(effect="drop", type="myOrder", state="wait", since=at(10), until=at(60), probability=0.5)],
    "lost assets": [Rule(effect="drop", type="myAsset", since=at(10), until=at(60), probability=0.5)],
    "all own lost": [Rule(effect="drop", path=PRIVATE, since=at(10), until=at(60))],
    "fills before the answer": [Rule(effect="slow_after", method="POST", path="/v1/orders", milliseconds=1_500, since=at(10), until=at(60))],
    "stale": [Rule(effect="stale", method="GET", milliseconds=2_000, since=at(10), until=at(80)), Rule(effect="drop", type="myOrder", since=at(10), until=at(60), probability=.3)],
    "stale close": [Rule(effect="stale", method="GET", milliseconds=5_000, since=at(10), until=at(80)), Rule(effect="close", path=PRIVATE, since=at(10), until=at(60), probability=.1)],
}


@pytest.mark.parametrize("name", FAULTS)
def test_after_a_fault_all_that_was_told_is_what_the_exchange_knows(name: str) -> None:
    scene = Scene(FAULTS[name])
    scene.play(60+ HEAL)
    print(len(scene.effects), scene.status, scene.holder.count, len(scene.record.steps))
    for g in scene.holder.gaps: print(g)
    assert set(scene.effects) == {rule.effect for rule in FAULTS[name]}
    assert [] == differences(scene.record, scene.holder)
