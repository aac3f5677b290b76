"""Trades of a market."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Literal

import msgspec

from .moments import moment


class Trade(msgspec.Struct, frozen=True, kw_only=True):
    """One trade (체결)."""

    market: str
    trade_date_utc: str
    """`yyyy-MM-dd`."""
    trade_time_utc: str
    """`HH:mm:ss`."""
    timestamp: int
    """Milliseconds since the epoch."""
    trade_price: Decimal
    trade_volume: Decimal
    prev_closing_price: Decimal
    change_price: Decimal
    """Signed change from the day before."""
    ask_bid: Literal["ASK", "BID"] | str
    """Side of the taker."""
    sequential_id: int
    """Unique; also the cursor of `trades.list`."""

    @property
    def traded_at(self) -> datetime:
        """Time of the trade."""
        return moment(self.timestamp)
