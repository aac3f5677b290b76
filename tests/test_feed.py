"""What a feed does every day, on all its faces: awaited or not, over a socket or inside."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from typing import get_args

import pytest

from tests.faces import Face, Told, Wire, deal, face
from tests.virtual import run
from upbit import ConfigurationError, Upbit
from upbit.feed import (
    SocketStatus,
    Subscription,
    announcement,
    candle,
    indicator,
    indicator_signal,
    my_asset,
    my_order,
    orderbook,
    ticker,
    trade,
)
from upbit.models import (
    AnnouncementEvent,
    CandleEvent,
    FeedEvent,
    Gap,
    IndicatorEvent,
    IndicatorSignalEvent,
    MyAssetEvent,
    MyOrderEvent,
    OrderbookEvent,
    TickerEvent,
    TradeEvent,
)
from upbit.paper import PaperExchange, Rule, RunningExchange, running
from upbit.paper.admin import Announce
from upbit.views import Book
from upbit.wire.frames import Format

PUBLIC, PRIVATE = "/websocket/v1", "/websocket/v1/private"
MARKETS = ("KRW-BTC", "KRW-ETH", "KRW-XRP")
BUSY = (ticker(*MARKETS), trade(*MARKETS), orderbook(*MARKETS))
RSI = {"type": "rsi", "params": {"period": 14}}


@pytest.fixture(scope="module")
def served() -> Iterator[RunningExchange]:
    with running(seed=3) as exchange:
        yield exchange


@pytest.fixture(params=["awaited over a socket", "over a socket", "awaited inside", "inside"])
def feeds(request: pytest.FixtureRequest, served: RunningExchange) -> Iterator[Face]:
    inside = request.param.endswith("inside")
    with face(PaperExchange(seed=3) if inside else served, awaits=request.param.startswith("awaited")) as shown:
        yield shown


@pytest.fixture(params=[True, False], ids=["awaited", "not awaited"])
def either(request: pytest.FixtureRequest) -> Iterator[Face]:
    with face(PaperExchange(seed=3), awaits=request.param) as shown:
        yield shown


def until(feed: Told, *kinds: str) -> dict[str, FeedEvent]:
    """Read until each of these types was told; the first of each."""
    first: dict[str, FeedEvent] = {}
    for event in feed:
        first.setdefault(event.type, event)
        if first.keys() >= set(kinds):
            break
    return first


def test_what_has_a_snapshot_is_told_at_once_and_typed(feeds: Face) -> None:
    wanted = (
        ticker("KRW-BTC"),
        trade("KRW-BTC"),
        orderbook("KRW-BTC", units=5),
        candle("KRW-BTC", interval="1m"),
        my_asset(),
    )
    with feeds.feed(*wanted) as feed:
        first = until(feed, "ticker", "trade", "orderbook", "candle.1m", "myAsset")
    expected = {
        "ticker": TickerEvent,
        "trade": TradeEvent,
        "orderbook": OrderbookEvent,
        "candle.1m": CandleEvent,
        "myAsset": MyAssetEvent,
    }
    assert expected == {kind: type(event) for kind, event in first.items()}
    book = first["orderbook"]
    assert isinstance(book, OrderbookEvent)
    assert ("KRW-BTC", 5) == (book.code, len(book.orderbook_units))
    assert wanted == feed.subscriptions


def test_an_order_of_ours_is_told_to_its_end_with_what_it_cost(feeds: Face) -> None:
    with feeds.feed(my_order("KRW-BTC"), my_asset()) as feed:
        feed.live()
        assert 2 == len(feed.listed())
        placed = feeds.order(market="KRW-BTC", side="bid", ord_type="price", price=10_000)
        states: list[str] = []
        paid = False
        for event in feed:
            if isinstance(event, MyOrderEvent) and event.uuid == placed.uuid:
                states.append(event.state)
            if isinstance(event, MyAssetEvent):
                paid = any(asset.currency == "BTC" for asset in event.assets) or paid
            if paid and states[-1:] in (["done"], ["cancel"]):
                break
    assert "wait" == states[0]
    assert {"trade"} == set(states[1:-1])


def test_all_other_types_come_when_something_happens() -> None:
    exchange = PaperExchange(seed=3, start=datetime(2026, 11, 20, 9, 30, tzinfo=UTC))
    cross = {"type": "moving_average", "params": {"type": "SMA", "period": 5}, "trigger": "price_cross_above"}
    wanted = (
        announcement("notice"),
        indicator("KRW-BTC", timeframe="5m", indicators=[RSI]),
        indicator_signal("KRW-BTC", timeframe="5m", indicators=[cross]),
    )

    async def listen() -> dict[str, type]:
        kinds: dict[str, type] = {}
        async with exchange.async_client().feed(*wanted) as feed:
            await feed.live()
            await asyncio.sleep(1)
            exchange.control.carry_out(Announce(category="notice", title="점검"))
            async for event in feed:
                kinds[event.type] = type(event)
                if len(kinds) == 3:
                    break
        return kinds

    expected = {
        "announcement": AnnouncementEvent,
        "indicator": IndicatorEvent,
        "indicator_signal": IndicatorSignalEvent,
    }
    assert expected == run(listen(), exchange)


def test_the_list_changes_while_it_runs_and_the_exchange_knows(feeds: Face) -> None:
    with feeds.feed(ticker("KRW-BTC")) as feed:
        until(feed, "ticker")
        feed.add(orderbook("KRW-ETH", units=1), ticker("krw-btc", "krw-xrp"), my_asset())
        first = until(feed, "orderbook", "myAsset")
        listed = {(one.type, *one.codes) for one in feed.listed()}
        assert {("ticker", "KRW-BTC"), ("ticker", "KRW-XRP"), ("orderbook", "KRW-ETH.1"), ("myAsset",)} == listed
        feed.remove(ticker("KRW-BTC", "KRW-XRP"), my_asset())
        assert [("orderbook", "KRW-ETH.1")] == [(one.type, *one.codes) for one in feed.listed()]
        assert (orderbook("KRW-ETH", units=1),) == feed.subscriptions
    assert isinstance(first["orderbook"], OrderbookEvent)


def test_what_comes_back_begins_anew(either: Face) -> None:
    with either.feed(ticker("KRW-BTC")) as feed:
        first = until(feed, "ticker")
        feed.add(ticker("KRW-ETH"))
        feed.remove(ticker("KRW-BTC"))
        feed.live()
        feed.listed()
        feed.add(ticker("KRW-BTC"))
        feed.listed()
        again = [event for event in iter_until(feed, "KRW-ETH") if isinstance(event, TickerEvent)]
    assert isinstance(first["ticker"], TickerEvent)
    assert "KRW-BTC" in [event.code for event in again]


def iter_until(feed: Told, code: str) -> list[FeedEvent]:
    """What is told until something of this market and then something of another was told."""
    told: list[FeedEvent] = []
    for event in feed:
        told.append(event)
        codes = [getattr(event, "code", "") for event in told]
        if code in codes and codes[-1] != code:
            break
    return told


def test_without_anything_wanted_no_socket_is_open_until_there_is(either: Face) -> None:
    with either.feed() as feed:
        feed.live()
        assert ((), ()) == (feed.status.sockets, feed.listed())
        feed.add(ticker("KRW-BTC"))
        until(feed, "ticker")
        feed.remove(ticker("KRW-BTC"))
        feed.live()
        while feed.status.sockets[0].state != "idle":
            feed.listed()
        feed.live()
        feed.add(ticker("KRW-ETH"))
        told = until(feed, "ticker")
    assert {"ticker"} == told.keys(), "nobody missed what was not wanted"


WRONG: list[tuple[type[Exception], str, Subscription]] = [
    (ValueError, "nothing like", trade("KRW-BTC")),
    (ValueError, "nothing like", ticker("KRW-ETH")),
    (ValueError, "nothing like", ticker("KRW-BTC", only_snapshot=True)),
]


@pytest.mark.parametrize(("error", "message", "gone"), WRONG)
def test_only_what_is_there_can_be_removed(
    either: Face, error: type[Exception], message: str, gone: Subscription
) -> None:
    feed = either.feed(ticker("KRW-BTC"))
    with pytest.raises(error, match=message):
        feed.remove(gone)
    assert (ticker("KRW-BTC"),) == feed.subscriptions


def test_what_can_never_be_is_refused_before_anything_changes(either: Face) -> None:
    feed = either.feed(ticker("KRW-BTC"))
    nonsense: object = "KRW-BTC"
    refused: list[tuple[type[Exception], str, object]] = [
        (TypeError, "no subscription", nonsense),
        (ValueError, "there is no type", Subscription(type="nope", codes=("KRW-BTC",))),
        (ValueError, "NO_CODES", Subscription(type="trade")),
    ]
    for error, message, one in refused:
        with pytest.raises(error, match=message):
            feed.add(*[trade("KRW-ETH"), one])
    assert (ticker("KRW-BTC"),) == feed.subscriptions


@pytest.mark.parametrize(
    "one", [my_order(), my_asset(), announcement(), indicator("KRW-BTC", timeframe="5m", indicators=[RSI])]
)
def test_what_needs_keys_says_so(one: Subscription) -> None:
    with Upbit() as client:
        feed = client.feed(ticker("KRW-BTC"))
        with pytest.raises(ConfigurationError, match="UPBIT_ACCESS_KEY"):
            feed.add(one)
        assert (ticker("KRW-BTC"),) == feed.subscriptions


def test_the_same_twice_is_there_once(either: Face) -> None:
    rsi = indicator("KRW-BTC", timeframe="5m", indicators=[RSI])
    feed = either.feed(trade("KRW-BTC"), my_order(), rsi)
    feed.add(trade("KRW-BTC", "KRW-ETH"), my_order(), rsi)
    assert [trade("KRW-BTC"), my_order(), rsi, trade("KRW-ETH")] == list(feed.subscriptions)
    feed.remove(rsi, trade("KRW-BTC", "KRW-ETH"))
    assert (my_order(),) == feed.subscriptions


@pytest.mark.parametrize("form", get_args(Format))
def test_frames_come_beside_the_events_in_the_format_asked_for(either: Face, form: Format) -> None:
    with either.feed(*BUSY, format=form) as feed:
        frame = json.loads(next(feed.frames()))
        assert isinstance(next(feed), TickerEvent | TradeEvent | OrderbookEvent)
    assert form.endswith("LIST") == isinstance(frame, list)
    event = frame[0] if isinstance(frame, list) else frame
    assert str(event.get("cd", event.get("code"))) in MARKETS
    assert ("cd" in event) == form.startswith("SIMPLE")


def test_frames_end_with_the_feed(either: Face) -> None:
    with either.feed(*BUSY) as feed:
        frames = feed.frames()
        next(frames)
    assert all(isinstance(frame, bytes) for frame in frames)


def test_its_state_is_told_and_can_be_asked_for(feeds: Face) -> None:
    told: list[SocketStatus] = []
    with feeds.feed(ticker("KRW-BTC"), my_asset(), on_state=told.append) as feed:
        feed.live()
        until(feed, "ticker", "myAsset")
        status = feed.status
    assert (
        {PUBLIC: "live", PRIVATE: "live"}
        == {one.path: one.state for one in status.sockets}
        == {one.path: one.state for one in told}
    )
    assert status.delivered >= 2
    assert status.counts.frames >= 1
    assert (0, 0, 0) == (status.conflated, status.dropped, status.counts.unreadable)
    assert {"closed"} == {one.state for one in feed.status.sockets}


def test_the_state_can_be_asked_for_where_it_is_told(either: Face) -> None:
    states: list[str] = []
    feed: Told = either.feed(
        ticker("KRW-BTC"), on_state=lambda _: states.extend(one.state for one in feed.status.sockets)
    )
    with feed:
        feed.live()
    assert ["live"] == states


def test_views_are_kept_up_to_date_though_nobody_reads() -> None:
    paper = PaperExchange(seed=3)
    with paper.client() as client, client.feed(orderbook("KRW-BTC")) as feed:
        early = feed.watch(Book("KRW-BTC"))
        while early.time is None:
            pass
        assert (30, 30) == (len(early.bids), len(feed.watch(Book("KRW-BTC")).bids)), "one begins with what is there"


def test_a_client_with_other_options_has_feeds_that_share_its_connects() -> None:
    paper = PaperExchange(seed=3, start=datetime(2026, 11, 20, 9, 30, tzinfo=UTC))
    wire = Wire()

    async def connect() -> None:
        client = paper.async_client(dial=wire, random=lambda: 0.0)
        other = client.with_options(timeout=3)
        async with client.feed(ticker("KRW-BTC")), other.feed(trade("KRW-BTC"), my_asset()):
            await asyncio.sleep(20)

    run(connect(), paper)
    for own in (False, True):  # counted by address, and by account
        times = [time for time, url in zip(wire.times, wire.urls, strict=True) if url.endswith("/private") == own]
        assert min(late - early for early, late in zip(times, times[5:], strict=False)) >= 1.0, "five in a second"
        assert len(times) > 50


def test_what_was_missed_while_nobody_was_there_is_told_from_the_last_sign_of_life() -> None:
    start = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
    rules = [
        Rule(effect="close", path=PUBLIC, since=int(start.timestamp() * 1000) + 10_000, times=1),
        Rule(effect="refuse_socket", since=int(start.timestamp() * 1000) + 10_000, times=5),
    ]
    paper = PaperExchange(seed=3, start=start, rules=rules)

    async def listen() -> list[FeedEvent]:
        async with paper.async_client(random=lambda: 1.0).feed(ticker("KRW-BTC")) as feed:
            told: list[FeedEvent] = []
            async for event in feed:
                told.append(event)
                if isinstance(told[-2] if told[1:] else None, Gap):
                    break
        return told

    *before, gap, after = run(listen(), paper)
    assert isinstance(gap, Gap)
    assert isinstance(before[-1], TickerEvent)
    assert isinstance(after, TickerEvent)
    assert ("ticker", ("KRW-BTC",), None) == (gap.type, gap.codes, gap.lost)
    assert 0 <= (gap.start - before[-1].time).total_seconds() < 1.5
    assert 0 <= (after.time - gap.end).total_seconds() + 1 < 2.5
    assert (gap.end - gap.start).total_seconds() > 0.25 * (1 + 2 + 4 + 8 + 16)


def test_a_burst_is_no_reason_to_lose_anything_for_who_keeps_up() -> None:
    wire = Wire([deal(number) for number in range(1, 30_000)])
    paper = PaperExchange(seed=3)

    async def listen() -> list[int]:
        told: list[int] = []
        async with paper.async_client(dial=wire).feed(trade("KRW-BTC"), audit=None) as feed:
            async for event in feed:
                assert isinstance(event, TradeEvent)
                told.append(event.sequential_id)
                if event.sequential_id == 29_999:
                    return told
        return []

    assert list(range(1, 30_000)) == asyncio.run(listen())


def test_sockets_have_their_turn_while_a_consumer_never_rests() -> None:
    wire = Wire([deal(number) for number in range(1, 3_000)])
    paper = PaperExchange(seed=3)

    async def listen() -> list[float]:
        loop = asyncio.get_running_loop()
        turns: list[float] = []

        async def others() -> None:
            while True:
                turns.append(loop.time())
                await asyncio.sleep(0)

        async with paper.async_client(dial=wire).feed(trade("KRW-BTC"), audit=None) as feed:
            other = asyncio.create_task(others())
            async for event in feed:
                begin = loop.time()
                while loop.time() < begin + 0.001:
                    pass
                if isinstance(event, TradeEvent) and event.sequential_id == 300:
                    break
            other.cancel()
        return turns

    turns = asyncio.run(listen())
    assert sorted(late - early for early, late in pairwise(turns))[-3] < 0.1
