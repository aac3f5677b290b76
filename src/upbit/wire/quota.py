"""Rate groups and their windows, as arithmetic for both sides; the `Remaining-Req` header.

Limits are data with dates (upbit-api 5). The paper exchange counts with `Meter`, the client's limiter paces by the same
`Limit`s. Nothing here sleeps or reads a clock: `now` is an argument, in seconds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Literal, NamedTuple, TypeAlias

Group: TypeAlias = Literal[
    "market",
    "candle",
    "trade",
    "ticker",
    "orderbook",
    "default",
    "order",
    "order-test",
    "order-cancel-all",
]
"""A rate-limit group, by the name the documents give it."""

SPELLINGS: Mapping[str, str] = {"candle": "candles", "trade": "crix-trades"}
"""Groups that the header spells in another way than the documents [recorded 2026-03]."""


class Limit(NamedTuple):
    """How many requests a group takes."""

    per_window: int
    window: float = 1.0
    """Seconds."""
    per_minute: int | None = None
    """A second limit over a minute; dropped on 2023-10-24."""


MINUTE_LIMITS_DROPPED = date(2023, 10, 24)
"""docs-e.upbit.com, user-request-guide."""
ORDER_LIMIT_RAISED = date(2026, 8, 22)
"""8/s to 12/s on 2026-08-21 21:00 KST; the first whole UTC day with it."""

_QUOTATION = ("market", "candle", "trade", "ticker", "orderbook")


def limits(on: date | None = None) -> Mapping[str, Limit]:
    """Say the limit of each group on a date; the newest when no date is given."""
    minutes = on is not None and on < MINUTE_LIMITS_DROPPED
    order = 8 if on is not None and on < ORDER_LIMIT_RAISED else 12
    table = {group: Limit(10, per_minute=600 if minutes else None) for group in _QUOTATION}
    table["default"] = Limit(30, per_minute=900 if minutes else None)
    table["order"] = Limit(order, per_minute=200 if minutes else None)
    table["order-test"] = Limit(8)
    table["order-cancel-all"] = Limit(1, 2.0)
    return table


class Remaining(NamedTuple):
    """What the exchange says is left of a group: the `Remaining-Req` header."""

    group: str
    min: int
    """Left in this minute; since 2023-10-24 a constant without meaning."""
    sec: int
    """Left in this second; 0 means wait."""

    def header(self) -> str:
        """Write the header's value."""
        return f"group={SPELLINGS.get(self.group, self.group)}; min={self.min}; sec={self.sec}"


_HEADER = re.compile(r"\s*group=([A-Za-z-]+)\s*;\s*min=(\d{1,9})\s*;\s*sec=(\d{1,9})\s*")


def read_remaining(header: str | None) -> Remaining | None:
    """Read the header's value; None when it is missing or means nothing, which can never fail a call."""
    found = _HEADER.fullmatch(header) if header else None
    if found is None:
        return None
    return Remaining(found[1], int(found[2]), int(found[3]))


def header_fields(header: str | None) -> dict[str, str]:
    """Read the header as the 2023 document shows it: `{"group": "default", "min": "899", "sec": "29"}`."""
    remaining = read_remaining(header)
    if remaining is None:
        return {}
    return {"group": remaining.group, "min": str(remaining.min), "sec": str(remaining.sec)}


class Meter:
    """Counts one group for one scope in fixed windows that start with the first request.

    Refused requests do not count. Source: upbit-api 5.1, 5.2.
    """

    __slots__ = ("_limit", "_minute_start", "_minute_used", "_start", "_used", "group")

    def __init__(self, group: str, limit: Limit) -> None:
        self.group = group
        self._limit = limit
        self._start = self._minute_start = float("-inf")
        self._used = self._minute_used = 0

    def take(self, now: float) -> Remaining | None:
        """Count one request and say what is left; None when the limit is used up."""
        limit = self._limit
        if now - self._start >= limit.window:
            self._start, self._used = now, 0
        if now - self._minute_start >= 60:
            self._minute_start, self._minute_used = now, 0
        if self._used >= limit.per_window:
            return None
        if limit.per_minute is not None and self._minute_used >= limit.per_minute:
            return None
        self._used += 1
        self._minute_used += 1
        return self.remaining()

    def remaining(self) -> Remaining:
        """Say what is left."""
        limit = self._limit
        if limit.per_minute is not None:
            minute = limit.per_minute - self._minute_used
        else:
            minute = round(60 * limit.per_window / limit.window)
        return Remaining(self.group, minute, limit.per_window - self._used)
