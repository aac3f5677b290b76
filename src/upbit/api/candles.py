"""Candles (캔들)."""

from __future__ import annotations

from typing import Literal, TypeAlias

from ..models import Candle
from ..wire.codec import Moment
from .operation import Face, Namespace, Rows, get

MinuteUnit: TypeAlias = Literal[1, 3, 5, 10, 15, 30, 60, 240]
"""Minutes of a minute candle."""


class Candles(Namespace[Face]):
    """Open, high, low, close by interval (캔들). Source: docs.upbit.com, `list-candles-*`."""

    @get("/v1/candles/seconds", group="candle")
    def list_seconds(self, *, market: str, to: Moment | None = None, count: int | None = None) -> Rows[Candle]:
        """List one-second candles (초(Second) 캔들 조회).

        Newest first; intervals without a trade have no candle. `to` is exclusive and compared with the start of a
        candle; without it the newest come. `count` is 1 to 200, 1 when not given.
        Only the last three months.
        """
        ...

    @get("/v1/candles/minutes/{unit}", group="candle")
    def list_minutes(
        self, unit: MinuteUnit, *, market: str, to: Moment | None = None, count: int | None = None
    ) -> Rows[Candle]:
        """List minute candles (분(Minute) 캔들 조회).

        Newest first; intervals without a trade have no candle. `to` is exclusive and compared with the start of a
        candle; without it the newest come. `count` is 1 to 200, 1 when not given.
        `unit` is the number of minutes.
        """
        ...

    @get("/v1/candles/days", group="candle")
    def list_days(
        self,
        *,
        market: str,
        to: Moment | None = None,
        count: int | None = None,
        converting_price_unit: str | None = None,
    ) -> Rows[Candle]:
        """List day candles (일(Day) 캔들 조회).

        Newest first; intervals without a trade have no candle. `to` is exclusive and compared with the start of a
        candle; without it the newest come. `count` is 1 to 200, 1 when not given.
        Days begin at 00:00 UTC. `converting_price_unit="KRW"` adds
        `converted_trade_price`, None where it makes no sense.
        """
        ...

    @get("/v1/candles/weeks", group="candle")
    def list_weeks(self, *, market: str, to: Moment | None = None, count: int | None = None) -> Rows[Candle]:
        """List week candles (주(Week) 캔들 조회).

        Newest first; intervals without a trade have no candle. `to` is exclusive and compared with the start of a
        candle; without it the newest come. `count` is 1 to 200, 1 when not given.
        Weeks begin on Monday, 00:00 UTC.
        """
        ...

    @get("/v1/candles/months", group="candle")
    def list_months(self, *, market: str, to: Moment | None = None, count: int | None = None) -> Rows[Candle]:
        """List month candles (월(Month) 캔들 조회).

        Newest first; intervals without a trade have no candle. `to` is exclusive and compared with the start of a
        candle; without it the newest come. `count` is 1 to 200, 1 when not given.
        """
        ...

    @get("/v1/candles/years", group="candle")
    def list_years(self, *, market: str, to: Moment | None = None, count: int | None = None) -> Rows[Candle]:
        """List year candles (연(Year) 캔들 조회).

        Newest first; intervals without a trade have no candle. `to` is exclusive and compared with the start of a
        candle; without it the newest come. `count` is 1 to 200, 1 when not given.
        """
        ...
