"""Where events wait for their consumer."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from upbit.flow.inbox import BOUND, CROWD, Inbox, InboxCounts, Policy
from upbit.models import (
    CandleEvent,
    FeedEvent,
    Gap,
    MyAssetEvent,
    OrderbookEvent,
    TradeEvent,
    UnknownEvent,
)

ONE = Decimal(1)
EPOCH = datetime.fromtimestamp(0, UTC)
MOMENT = timedelta(milliseconds=1)


def trade(number: int, code: str = "KRW-BTC", *, at: int | None = None) -> TradeEvent:
    return TradeEvent(
        type="trade",
        code=code,
        timestamp=number + 7,
        trade_date="1970-01-01",
        trade_time="00:00:00",
        trade_timestamp=number if at is None else at,
        trade_price=ONE,
        trade_volume=ONE,
        ask_bid="BID",
        prev_closing_price=ONE,
        change="EVEN",
        change_price=ONE,
        sequential_id=number,
    )


def book(number: int, code: str = "KRW-BTC", level: int = 0) -> OrderbookEvent:
    return OrderbookEvent(
        type="orderbook",
        code=code,
        timestamp=number,
        total_ask_size=ONE,
        total_bid_size=ONE,
        orderbook_units=[],
        level=Decimal(level),
    )


def candle(number: int, start: int, type: str = "candle.1s") -> CandleEvent:
    return CandleEvent(
        type=type,
        code="KRW-BTC",
        candle_date_time_utc=(EPOCH + timedelta(seconds=start)).isoformat()[:19],
        opening_price=ONE,
        high_price=ONE,
        low_price=ONE,
        trade_price=ONE,
        candle_acc_trade_volume=ONE,
        candle_acc_trade_price=ONE,
        timestamp=number,
    )


def assets(number: int) -> MyAssetEvent:
    return MyAssetEvent(type="myAsset", assets=[], asset_timestamp=number, timestamp=number)


def a_gap(number: int = 0) -> Gap:
    return Gap(type="trade", start=EPOCH, end=EPOCH, reason="reconnect", lost=number)


def unknown(number: int, **fields: object) -> UnknownEvent:
    return UnknownEvent(type="novelty", code=None, fields={"number": number, **fields})


def drain(inbox: Inbox) -> list[FeedEvent]:
    taken: list[FeedEvent] = []
    while (event := inbox.take()) is not None:
        taken.append(event)
    return taken


def test_an_empty_inbox_gives_nothing() -> None:
    inbox = Inbox()
    assert (None, 0, InboxCounts(taken=0, conflated=0, dropped=0)) == (inbox.take(), len(inbox), inbox.counts)


def test_events_of_all_types_come_as_they_were_lined_up() -> None:
    inbox = Inbox()
    events = [trade(1), book(2), book(2), a_gap(), candle(3, 0), assets(4), trade(5), unknown(6)]
    for event in events:
        inbox.put(event)
    assert (8, events) == (len(inbox), drain(inbox))
    assert InboxCounts(taken=8, conflated=0, dropped=0) == inbox.counts


def test_quotes_are_all_kept_until_many_wait_then_only_the_latest_of_each_kind() -> None:
    inbox = Inbox()
    for number in range(CROWD + 50):
        inbox.put(book(number, "KRW-BTC"))
        inbox.put(book(number, "KRW-BTC", level=1000))
        inbox.put(book(number, "KRW-ETH"))
        inbox.put(trade(number))
    books = [(e.timestamp, e.code, e.level) for e in drain(inbox) if isinstance(e, OrderbookEvent)]
    last = CROWD + 49
    assert CROWD + 3 == len(books)
    assert {(last, "KRW-BTC", 0), (last, "KRW-BTC", 1000), (last, "KRW-ETH", 0)} == set(books[CROWD:])
    assert 3 * (CROWD + 50) - CROWD - 3 == inbox.counts.conflated


def test_what_is_newer_never_overtakes_what_is_older_of_its_kind() -> None:
    inbox = Inbox()
    for number in range(CROWD + 1):
        inbox.put(book(number))
    for _ in range(CROWD):
        inbox.take()
    inbox.put(book(CROWD + 1))  # in the place that waits, though few do now
    inbox.put(trade(0))
    assert [CROWD + 1, None] == [getattr(event, "timestamp", None) for event in drain(inbox)[:1]] + [inbox.take()]
    inbox.put(book(1))
    inbox.put(book(2))
    assert [1, 2] == [event.timestamp for event in drain(inbox) if isinstance(event, OrderbookEvent)]


def test_each_candle_is_a_kind_of_its_own_and_too_many_of_them_leave_a_gap() -> None:
    inbox = Inbox()
    for number in range(CROWD + BOUND + 500):
        inbox.put(candle(number, number))
        inbox.put(candle(number, 0, "candle.1m"))
    assert (CROWD + BOUND + 1) + (CROWD + 1) == len(inbox)
    for _ in range(2 * CROWD + BOUND // 2 + 2):
        inbox.take()
    inbox.put(candle(0, 10**6))
    taken = drain(inbox)
    minutes = [event for event in taken if event.type == "candle.1m"]
    assert [] == minutes
    gaps = [event for event in taken if isinstance(event, Gap)]
    start = EPOCH + (CROWD + BOUND) * MOMENT
    lost = Gap(
        type="candle.1s",
        codes=("KRW-BTC",),
        start=start,
        end=start + 500 * MOMENT,
        reason="slow consumer",
        lost=500,
    )
    assert ([lost], 500) == (gaps, inbox.counts.dropped)
    assert taken.index(lost) < len(taken) - 1
    inbox.put(candle(1, 1))
    inbox.put(candle(2, 1))
    assert [1, 2] == [event.timestamp for event in drain(inbox) if isinstance(event, CandleEvent)]


def test_trades_that_find_no_room_are_lost_and_a_gap_stands_in_their_place() -> None:
    inbox = Inbox({"trade": 10})
    for number in range(10):
        inbox.put(trade(number))
    for number, code, at in ((10, "KRW-ETH", 50), (11, "KRW-BTC", 40), (12, "KRW-ETH", 60)):
        inbox.put(trade(number, code, at=at))
    inbox.put(assets(1))
    for _ in range(5):
        inbox.take()
    inbox.put(trade(13, at=70))  # more than half of them wait still: the gap is one of those
    inbox.take()
    inbox.put(trade(14))
    gap = Gap(
        type="trade",
        codes=("KRW-BTC", "KRW-ETH"),
        start=EPOCH + 40 * MOMENT,
        end=EPOCH + 71 * MOMENT,
        reason="slow consumer",
        lost=4,
    )
    assert [*map(trade, range(6, 10)), gap, assets(1), trade(14)] == drain(inbox)
    assert InboxCounts(taken=13, conflated=0, dropped=4) == inbox.counts
    for number in range(11):
        inbox.put(trade(number))
    assert [None, 1] == [getattr(event, "lost", None) for event in drain(inbox)[9:]]


def test_a_gap_that_was_taken_is_over() -> None:
    inbox = Inbox({"trade": 1})
    for number in range(3):
        inbox.put(trade(number))
    assert [trade(0), 2] == [inbox.take(), getattr(inbox.take(), "lost", None)]
    inbox.put(trade(3))
    assert [trade(3)] == drain(inbox)


def test_own_assets_and_gaps_are_never_lost() -> None:
    inbox = Inbox({"trade": 1})
    events = [event for number in range(BOUND + 5) for event in (assets(number), a_gap(number))]
    for event in events:
        inbox.put(event)
    assert events == drain(inbox)


@pytest.mark.parametrize(
    ("fields", "start"),
    [({}, EPOCH), ({"timestamp": 5}, EPOCH + 5 * MOMENT), ({"tms": 6}, EPOCH + 6 * MOMENT), ({"tms": "x"}, EPOCH)],
)
def test_events_of_unknown_types_are_bounded(fields: dict[str, object], start: datetime) -> None:
    inbox = Inbox()
    for number in range(BOUND + 7):
        inbox.put(unknown(number, **fields))
    gap = Gap(type="novelty", start=start, end=start + MOMENT, reason="slow consumer", lost=7)
    assert gap == drain(inbox)[-1]


def test_all_units_of_candles_share_a_policy_unless_one_is_named() -> None:
    inbox = Inbox({"candle": 1, "candle.1m": "all"})
    for number in range(3):
        inbox.put(candle(number, number))
        inbox.put(candle(number, number, "candle.1m"))
    expected = [candle(0, 0), *(candle(number, number, "candle.1m") for number in range(3))]
    assert expected == [event for event in drain(inbox) if isinstance(event, CandleEvent)]


@pytest.mark.parametrize(
    ("type", "policy", "reason"),
    [
        ("trades", 5, "there is no type 'trades'"),
        ("trade", 0, "the policy of trade is 0"),
        ("trade", "newest", "the policy of trade is 'newest'"),
    ],
)
def test_policies_that_mean_nothing_are_refused(type: str, policy: Policy, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Inbox({type: policy})


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=40), st.integers(1, 20))
def test_what_is_taken_and_what_gaps_tell_is_all_that_came_in_order(turns: list[tuple[int, int]], bound: int) -> None:
    inbox = Inbox({"trade": bound})
    number = 0
    accounted = 0
    most = 0
    dropped = 0

    def take() -> None:
        nonlocal accounted, dropped
        event = inbox.take()
        if isinstance(event, Gap):
            assert event.lost is not None
            assert (accounted, accounted + event.lost) == ((event.start - EPOCH) / MOMENT, (event.end - EPOCH) / MOMENT)
            accounted += event.lost
            dropped += event.lost
        elif isinstance(event, TradeEvent):
            assert accounted == event.sequential_id
            accounted += 1

    for puts, takes in turns:
        for _ in range(puts):
            inbox.put(trade(number))
            number += 1
        most = max(most, len(inbox))
        for _ in range(takes):
            take()
    while len(inbox):
        take()
    assert (number, dropped) == (accounted, inbox.counts.dropped)
    assert most <= 2 * bound + 1


@settings(max_examples=25)
@given(st.lists(st.tuples(st.sampled_from("ABC"), st.integers(1, 1_500), st.integers(0, 1_500)), max_size=6))
def test_of_each_market_the_last_book_arrives_and_never_an_older_one_later(turns: list[tuple[str, int, int]]) -> None:
    inbox = Inbox()
    put: Counter[str] = Counter()
    seen: defaultdict[str, int] = defaultdict(int)

    def take() -> None:
        event = inbox.take()
        if isinstance(event, OrderbookEvent):
            assert event.timestamp > seen[event.code]
            seen[event.code] = event.timestamp

    for code, puts, takes in turns:
        for _ in range(puts):
            put[code] += 1
            inbox.put(book(put[code], code))
        assert len(inbox) <= CROWD + 3
        for _ in range(takes):
            take()
    while len(inbox):
        take()
    assert dict(put) == dict(seen)
    counts = inbox.counts
    assert (put.total(), 0) == (counts.taken + counts.conflated, counts.dropped)
