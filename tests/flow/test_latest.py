"""Only the newest ticker and book of each market and level counts."""

from __future__ import annotations

from decimal import Decimal

from msgspec.structs import replace

from upbit.flow.latest import Latest
from upbit.models import OrderbookEvent, TickerEvent

ONE = Decimal(1)
TICKER = TickerEvent(
    type="ticker",
    code="KRW-BTC",
    opening_price=ONE,
    high_price=ONE,
    low_price=ONE,
    trade_price=ONE,
    prev_closing_price=ONE,
    acc_trade_price=ONE,
    change="EVEN",
    change_price=ONE,
    signed_change_price=ONE,
    change_rate=ONE,
    signed_change_rate=ONE,
    ask_bid="BID",
    trade_volume=ONE,
    acc_trade_volume=Decimal(10),
    trade_date="20260921",
    trade_time="141330",
    trade_timestamp=990,
    acc_ask_volume=ONE,
    acc_bid_volume=ONE,
    highest_52_week_price=ONE,
    highest_52_week_date="2026-01-01",
    lowest_52_week_price=ONE,
    lowest_52_week_date="2026-01-01",
    timestamp=1000,
    acc_trade_price_24h=ONE,
    acc_trade_volume_24h=ONE,
)
BOOK = OrderbookEvent(
    type="orderbook",
    code="KRW-BTC",
    timestamp=1000,
    total_ask_size=ONE,
    total_bid_size=ONE,
    orderbook_units=[],
    level=Decimal(0),
)


def delivers(latest: Latest, event: TickerEvent | OrderbookEvent) -> bool:
    return latest.ticker(event) if isinstance(event, TickerEvent) else latest.book(event)


def test_older_events_are_refused() -> None:
    for event in (TICKER, BOOK):
        latest = Latest()
        assert delivers(latest, event)
        assert not delivers(latest, replace(event, timestamp=999))
        newer = replace(event, timestamp=1001)
        assert delivers(latest, newer)
        assert not delivers(latest, event)


def test_the_same_again_is_refused() -> None:
    for event in (TICKER, BOOK):
        latest = Latest()
        delivers(latest, event)
        assert not delivers(latest, replace(event))


def test_within_a_millisecond_the_volume_of_the_day_tells_tickers_apart() -> None:
    latest = Latest()
    delivers(latest, TICKER)
    assert not delivers(latest, replace(TICKER, acc_trade_volume=Decimal(9)))
    later = replace(TICKER, acc_trade_volume=Decimal(11))
    assert delivers(latest, later)


def test_within_a_millisecond_books_are_in_order_as_they_come() -> None:
    latest = Latest()
    delivers(latest, BOOK)
    other = replace(BOOK, total_ask_size=Decimal(2))
    assert delivers(latest, other)


def test_markets_types_and_levels_do_not_disturb_each_other() -> None:
    latest = Latest()
    for event in (TICKER, BOOK, replace(TICKER, code="KRW-ETH"), replace(BOOK, level=Decimal(1000))):
        older = replace(event, timestamp=event.timestamp - 1)
        assert delivers(latest, older)
        assert delivers(latest, event)


def test_a_new_connection_begins_anew() -> None:
    latest = Latest()
    delivers(latest, BOOK)
    latest.clear()
    older = replace(BOOK, timestamp=500)
    assert delivers(latest, older)


def test_what_is_not_kept_begins_anew() -> None:
    latest = Latest()
    delivers(latest, BOOK)
    delivers(latest, TICKER)
    latest.keep({("orderbook", "KRW-BTC")})
    older = replace(TICKER, timestamp=500)
    assert delivers(latest, older)
    assert not delivers(latest, BOOK)
