"""Candles."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import msgspec


class Candle(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Open, high, low, close of one interval (캔들).

    An interval without a trade has no candle. The fields after `candle_acc_trade_volume` depend on the unit.
    """

    market: str
    candle_date_time_utc: str
    """Start of the interval, UTC, as `2025-06-30T00:00:00`; `time` gives it as a datetime."""
    candle_date_time_kst: str | None = None
    """Start of the interval, Korean time; Korea only."""
    opening_price: Decimal
    high_price: Decimal
    low_price: Decimal
    trade_price: Decimal
    """Closing price."""
    timestamp: int
    """When the last trade in it was stored, milliseconds since the epoch."""
    candle_acc_trade_price: Decimal
    """Sum of the trades, in the quote currency."""
    candle_acc_trade_volume: Decimal
    """Sum of the trades, in the base currency."""
    unit: int | None = None
    """Minute candles: minutes."""
    prev_closing_price: Decimal | None = None
    """Day candles: close of the day before."""
    change_price: Decimal | None = None
    """Day candles: signed change from the day before."""
    change_rate: Decimal | None = None
    """Day candles: signed change from the day before, 0.01 is one percent."""
    converted_trade_price: Decimal | None = None
    """Day candles: the close in `converting_price_unit`, when that was asked for."""
    first_day_of_period: str | None = None
    """Week, month and year candles: first day, `yyyy-MM-dd`."""

    @property
    def time(self) -> datetime:
        """Start of the interval."""
        return datetime.fromisoformat(self.candle_date_time_utc).replace(tzinfo=UTC)
