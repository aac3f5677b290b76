"""Tickers."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Literal, TypeAlias

import msgspec

from .moments import moment

Change: TypeAlias = Literal["RISE", "EVEN", "FALL"]


class Ticker(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The state of a market at the time of asking (현재가). Days begin at 00:00 UTC."""

    market: str
    trade_date: str
    """Day of the last trade, UTC, `yyyyMMdd`."""
    trade_time: str
    """Time of the last trade, UTC, `HHmmss`."""
    trade_date_kst: str | None = None
    trade_time_kst: str | None = None
    trade_timestamp: int
    """Time of the last trade, milliseconds since the epoch."""
    opening_price: Decimal
    high_price: Decimal
    low_price: Decimal
    trade_price: Decimal
    """Price of the last trade."""
    prev_closing_price: Decimal
    change: Change | str
    change_price: Decimal
    """Absolute change from the day before."""
    change_rate: Decimal
    """Absolute change from the day before, 0.01 is one percent."""
    signed_change_price: Decimal
    signed_change_rate: Decimal
    trade_volume: Decimal
    """Volume of the last trade."""
    acc_trade_price: Decimal
    """Turnover since 00:00 UTC, in the quote currency."""
    acc_trade_price_24h: Decimal
    acc_trade_volume: Decimal
    acc_trade_volume_24h: Decimal
    highest_52_week_price: Decimal
    highest_52_week_date: str
    lowest_52_week_price: Decimal
    lowest_52_week_date: str
    timestamp: int
    """Milliseconds since the epoch."""

    @property
    def traded_at(self) -> datetime:
        """Time of the last trade."""
        return moment(self.trade_timestamp)
