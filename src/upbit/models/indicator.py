"""What the info socket tells: technical indicators at the close of a candle, and conditions on them coming true.

Which parameters and values there are depends on the indicator; the others are None. Nothing here computes one.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Literal

import msgspec

from .moments import moment
from .shorthand import INNER_KEYS, KEYS, StreamType


class IndicatorParams(msgspec.Struct, frozen=True, kw_only=True, gc=False, rename=INNER_KEYS["params"]):
    """What an indicator is computed with."""

    type: Literal["SMA", "EMA"] | str | None = None
    period: int | None = None
    short_period: int | None = None
    long_period: int | None = None
    multiplier: Decimal | None = None
    fast: int | None = None
    slow: int | None = None
    signal_period: int | None = None


class IndicatorCondition(msgspec.Struct, frozen=True, kw_only=True, gc=False, rename=INNER_KEYS["event_params"]):
    """What a trigger waits for."""

    threshold: Decimal | None = None
    multiplier: Decimal | None = None


class IndicatorValue(msgspec.Struct, frozen=True, kw_only=True, gc=False, rename=INNER_KEYS["value"]):
    """What an indicator is worth."""

    volume: Decimal | None = None
    avg_volume: Decimal | None = None
    ratio: Decimal | None = None
    rsi: Decimal | None = None
    value: Decimal | None = None
    """Moving average."""
    ma_short: Decimal | None = None
    ma_long: Decimal | None = None
    bb_upper: Decimal | None = None
    bb_middle: Decimal | None = None
    bb_lower: Decimal | None = None
    macd: Decimal | None = None
    macd_signal: Decimal | None = None
    histogram: Decimal | None = None


class IndicatorEvent(msgspec.Struct, frozen=True, kw_only=True, gc=False, rename=KEYS["indicator"]):
    """What a technical indicator is worth at the close of a candle (보조지표)."""

    type: str
    code: str
    """Market, `KRW-BTC`."""
    timeframe: str
    indicator: str
    params: IndicatorParams
    value: IndicatorValue
    candle_date_time_utc: str
    """Start of the candle that closed, UTC, as `2025-06-30T00:00:00`."""
    timestamp: int
    """Milliseconds since the epoch."""
    stream_type: StreamType | str | None = None

    @property
    def time(self) -> datetime:
        """When the exchange made the event."""
        return moment(self.timestamp)


class IndicatorSignalEvent(msgspec.Struct, frozen=True, kw_only=True, gc=False, rename=KEYS["indicator_signal"]):
    """A condition on a technical indicator came to be met (보조지표 시그널)."""

    type: str
    code: str
    """Market, `KRW-BTC`."""
    timeframe: str
    indicator: str
    params: IndicatorParams
    trigger: str
    event_params: IndicatorCondition | None = None
    value: IndicatorValue
    candle_date_time_utc: str
    """Start of the candle that closed, UTC, as `2025-06-30T00:00:00`."""
    timestamp: int
    """Milliseconds since the epoch."""
    stream_type: StreamType | str | None = None

    @property
    def time(self) -> datetime:
        """When the exchange made the event."""
        return moment(self.timestamp)
