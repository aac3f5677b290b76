"""Events as a feed gives them, for tests of views."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from upbit.models import Gap, OrderbookEvent, OrderbookEventUnit, TickerEvent, TradeEvent

D = Decimal
DAY = 86_400_000
MIDNIGHT = 1_790_035_200_000
"""2026-09-22, 00:00 UTC."""


def moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def gap(type: str, *codes: str, start: int = 0, end: int = 0, lost: int | None = None) -> Gap:
    return Gap(type=type, codes=codes, start=moment(start), end=moment(end), reason="reconnect", lost=lost)


def orderbook(
    *units: tuple[int | str, int | str, int | str, int | str],
    code: str = "KRW-BTC",
    time: int = MIDNIGHT,
    level: int | None = 0,
) -> OrderbookEvent:
    """A book; units are ask price and size, bid price and size."""
    rows = [OrderbookEventUnit(ask_price=D(a), ask_size=D(s), bid_price=D(b), bid_size=D(t)) for a, s, b, t in units]
    return OrderbookEvent(
        type="orderbook",
        code=code,
        timestamp=time,
        total_ask_size=sum((row.ask_size for row in rows), D(0)),
        total_bid_size=sum((row.bid_size for row in rows), D(0)),
        orderbook_units=rows,
        level=None if level is None else D(level),
    )


def trade(
    number: int, side: str = "BID", volume: int | str = 1, *, price: int | str = 100, code: str = "KRW-BTC"
) -> TradeEvent:
    """A trade so many tenths of a microsecond after midnight: its sequential id says when."""
    sequential_id = MIDNIGHT * 10_000 + number
    time = moment(sequential_id // 10_000)
    return TradeEvent(
        type="trade",
        code=code,
        timestamp=sequential_id // 10_000,
        trade_date=f"{time:%Y-%m-%d}",
        trade_time=f"{time:%H:%M:%S}",
        trade_timestamp=sequential_id // 10_000,
        trade_price=D(price),
        trade_volume=D(volume),
        ask_bid=side,
        prev_closing_price=D(100),
        change="EVEN",
        change_price=D(0),
        sequential_id=sequential_id,
    )


def ticker(
    bought: Decimal | int | str,
    sold: Decimal | int | str,
    *,
    traded: int,
    time: int | None = None,
    price: int | str = 100,
    code: str = "KRW-BTC",
) -> TickerEvent:
    """A ticker; `traded` and `time` are milliseconds after midnight."""
    last = moment(MIDNIGHT + traded)
    return TickerEvent(
        type="ticker",
        code=code,
        opening_price=D(100),
        high_price=D(100),
        low_price=D(100),
        trade_price=D(price),
        prev_closing_price=D(100),
        acc_trade_price=D(0),
        change="EVEN",
        change_price=D(0),
        signed_change_price=D(0),
        change_rate=D(0),
        signed_change_rate=D(0),
        ask_bid="BID",
        trade_volume=D(1),
        acc_trade_volume=D(bought) + D(sold),
        trade_date=f"{last:%Y%m%d}",
        trade_time=f"{last:%H%M%S}",
        trade_timestamp=MIDNIGHT + traded,
        acc_ask_volume=D(sold),
        acc_bid_volume=D(bought),
        highest_52_week_price=D(100),
        highest_52_week_date="2026-01-01",
        lowest_52_week_price=D(100),
        lowest_52_week_date="2026-01-01",
        timestamp=MIDNIGHT + (traded if time is None else time),
        acc_trade_price_24h=D(0),
        acc_trade_volume_24h=D(0),
    )
