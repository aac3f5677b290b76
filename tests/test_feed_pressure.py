"""A consumer that is a thousand times too slow: it holds up nobody, costs no memory, and is told what it lost."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from random import Random

from tests.observer import Holder, Record, differences, halt, trading
from tests.virtual import run
from upbit import Upbit
from upbit.feed import AsyncFeed, Times, candle, my_asset, my_order, orderbook, ticker, trade
from upbit.models import FeedEvent, Gap, TradeEvent
from upbit.paper import PaperExchange
from upbit.paper.clock import Clock
from upbit.paper.doors import described
from upbit.paper.exchange import Exchange
from upbit.paper.server import threaded
from upbit.views import Book

START = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
MARKET = "KRW-ETH"
WANTED = (ticker(MARKET), trade(MARKET), orderbook(MARKET, units=5), candle(MARKET), my_order(), my_asset())
ROOM = 100
"""Trades that may wait."""
CROWD = 1_000
"""Events of the other public types that wait, each one by itself; then one of each kind."""


def unaccounted(record: Record, events: list[FeedEvent]) -> int:
    """Trades that are missing and that no gap tells of; each gap is right by itself."""
    told = {event.sequential_id for event in events if isinstance(event, TradeEvent)}
    missing = [deal for deal in record.deals[MARKET] if deal.number > min(told) and deal.number not in told]
    gaps = [event for event in events if isinstance(event, Gap) and event.type == "trade"]
    assert gaps
    for gap in gaps:
        within = [deal for deal in missing if gap.start <= deal.time < gap.end]
        assert (len(within), "slow consumer", (MARKET,)) == (gap.lost, gap.reason, gap.codes)
    return len(missing) - sum(gap.lost or 0 for gap in gaps)


def all_of(events: list[FeedEvent]) -> Holder:
    holder = Holder()
    for event in events:
        holder.take(event)
    return holder


class Watching(Holder):
    """All events, as a view sees them."""

    apply = Holder.take


def test_what_a_slow_consumer_loses_is_told_exactly_and_nobody_else_loses_anything() -> None:
    paper = PaperExchange(start=START, seed=2, preset="btc", pulse=0.2)
    record, quick, slow, view = Record(paper.exchange), Holder(), list[FeedEvent](), Watching()

    async def linger(feed: AsyncFeed) -> None:
        async for event in feed:
            slow.append(event)
            await asyncio.sleep(90)

    async def read(feed: AsyncFeed) -> None:
        async for event in feed:
            quick.take(event)

    async def scene() -> None:
        client = paper.async_client()
        async with (
            client.feed(*WANTED, audit=None, policies={"trade": ROOM}) as behind,
            client.feed(*WANTED, audit=None) as abreast,
        ):
            behind.watch(view)
            slow_one, quick_one = asyncio.create_task(linger(behind)), asyncio.create_task(read(abreast))
            trader = asyncio.create_task(trading(client, paper.exchange, MARKET, Random(2)))
            await asyncio.sleep(540)
            trader.cancel()
            halt(paper.exchange, MARKET)
            await asyncio.sleep(5)
            slow_one.cancel()
            assert behind.status.counts.frames > 1_000 * len(slow)
            assert ["", ""] == [socket.reason for socket in behind.status.sockets]
            own = sum(len(steps) for steps in view.steps.values())
            assert behind.status.waiting < ROOM + 2 * CROWD + 545 + 3 * own
            assert behind.status.dropped > ROOM < behind.status.conflated
        slow.extend([event async for event in behind])
        await quick_one

    run(scene(), paper)
    assert [] == differences(record, quick) == differences(record, view) == differences(record, all_of(slow))
    assert 0 == unaccounted(record, slow)
    assert view.steps == all_of(slow).steps
    assert ["trade"] == list(dict.fromkeys(gap.type for gap in all_of(slow).gaps))


def test_a_consumer_that_blocks_its_thread_stops_neither_sockets_nor_views() -> None:
    exchange = Exchange(clock=Clock("scaled", speed=10), seed=2, preset="btc")
    record, slow, view = Record(exchange), list[FeedEvent](), Watching()
    with threaded(lambda: exchange, host="127.0.0.1", port=0, limited=False) as server:
        client: Upbit = described(server).client()
        with client, client.feed(*WANTED, audit=None, policies={"trade": 5}, times=Times(quiet=0.2)) as feed:
            feed.watch(view)
            book = feed.watch(Book(MARKET))
            feed.live()
            slow.append(next(feed))
            client.orders.create(market=MARKET, side="bid", ord_type="price", price=10_000)
            before = view.count, book.time
            time.sleep(1.5)
            assert view.count > before[0] + 50
            assert book.time != before[1]
            halt(exchange, MARKET)
            heard = 0
            while heard < view.count:  # until all was told
                heard = view.count
                time.sleep(1.2)
            assert ["", ""] == [socket.reason for socket in feed.status.sockets]
            while feed.status.waiting or len(slow) < feed.status.delivered:
                slow.append(next(feed))
            assert feed.status.dropped > 5
    assert [] == differences(record, view) == differences(record, all_of(slow))
    assert 0 == unaccounted(record, slow)
