"""Rate groups and their windows, as arithmetic for both sides; the headers `Remaining-Req` and `Retry-After`.

Limits are data with dates (upbit-api 5). The paper exchange counts with a `gauge`, the client's limiter paces by the
same `Limit`s. Nothing here sleeps or reads a clock: `now` is an argument, in seconds.
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
    "websocket",
]
"""A rate-limit group, by the name the documents give it. That of new sockets is `websocket`; no operation is in it."""

SPELLINGS: Mapping[str, str] = {"candle": "candles", "trade": "crix-trades"}
"""Groups that the header spells in another way than the documents [recorded 2026-03]."""


Refill: TypeAlias = Literal["first", "clock", "drip"]
"""How a limit comes back: whole, a window after its first request; whole, when the clock strikes; or bit by bit."""


class Limit(NamedTuple):
    """How many requests a group takes."""

    per_window: int
    window: float = 1.0
    """Seconds."""
    per_minute: int | None = None
    """A second limit over a minute; dropped on 2023-10-24."""
    refill: Refill = "first"


MINUTE_LIMITS_DROPPED = date(2023, 10, 24)
"""docs-e.upbit.com, user-request-guide."""
ORDER_LIMIT_RAISED = date(2026, 8, 22)
"""8/s to 12/s on 2026-08-21 21:00 KST; the first whole UTC day with it."""

_QUOTATION = ("market", "candle", "trade", "ticker", "orderbook")


ORIGIN = Limit(1, 10.0)
"""Quotation requests and sockets of a page in a browser, recognized by their `Origin` header."""


MESSAGES = Limit(5, per_minute=100)
"""What a socket may say (upbit-api 5.1)."""


def limits(on: date | None = None) -> Mapping[str, Limit]:
    """Say the limit of each group on a date; the newest when no date is given.

    The quotation API counts in seconds of the clock, the exchange API fills a bucket (rest-api-best-practice); windows
    began with their first request when there was a second limit over a minute.
    """
    if on is not None and on < MINUTE_LIMITS_DROPPED:
        table: dict[str, Limit] = dict.fromkeys(_QUOTATION, Limit(10, per_minute=600))
        table["default"] = Limit(30, per_minute=900)
        table["order"] = Limit(8, per_minute=200)
        sockets = Limit(5, per_minute=100)
        refill: Refill = "first"
    else:
        refill = "drip"
        table = dict.fromkeys(_QUOTATION, Limit(10, refill="clock"))
        table["default"] = Limit(30, refill=refill)
        table["order"] = Limit(8 if on is not None and on < ORDER_LIMIT_RAISED else 12, refill=refill)
        sockets = Limit(5)
    table["order-test"] = Limit(8, refill=refill)
    table["order-cancel-all"] = Limit(1, 2.0, refill=refill)
    table["websocket"] = sockets
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


def read_retry_after(header: str | None) -> float:
    """Read the seconds of a `Retry-After`; 0 when it is missing or in another form, as a date."""
    return float(header) if header and re.fullmatch(r"[0-9]{1,6}", header) else 0.0


def header_fields(header: str | None) -> dict[str, str]:
    """Read the header as the 2023 document shows it: `{"group": "default", "min": "899", "sec": "29"}`."""
    remaining = read_remaining(header)
    if remaining is None:
        return {}
    return {"group": remaining.group, "min": str(remaining.min), "sec": str(remaining.sec)}


class Meter:
    """Counts the requests of one group in one scope, in windows that begin with their first request or with the clock.

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
            self._start = now // limit.window * limit.window if limit.refill == "clock" else now
            self._used = 0
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
        """Say what is left of the window, and of the minute where that counts."""
        minute = self._limit.per_minute
        left = _constant(self._limit) if minute is None else minute - self._minute_used
        return Remaining(self.group, left, self._limit.per_window - self._used)

    def idle(self, now: float) -> bool:
        """Say whether a new meter would count the same from here on."""
        minute_over = self._limit.per_minute is None or now - self._minute_start >= 60
        return minute_over and now - self._start >= self._limit.window


class Bucket:
    """Counts as `Meter` does, by a bucket that is full at first and fills up evenly, a whole limit in a window."""

    __slots__ = ("_at", "_level", "_limit", "group")

    def __init__(self, group: str, limit: Limit) -> None:
        self.group = group
        self._limit = limit
        self._level = float(limit.per_window)
        self._at = float("-inf")

    def take(self, now: float) -> Remaining | None:
        """Count one request and say what is left; None when the bucket is empty."""
        full, window = self._limit.per_window, self._limit.window
        self._level = min(full, self._level + (now - self._at) * full / window)
        self._at = now
        if self._level < 1 - GRAIN:
            return None
        self._level -= 1
        return self.remaining()

    def remaining(self) -> Remaining:
        """Say how many whole requests are left."""
        return Remaining(self.group, _constant(self._limit), int(self._level + GRAIN))

    def idle(self, now: float) -> bool:
        """Say whether the bucket is full again."""
        return now - self._at >= self._limit.window


Gauge: TypeAlias = Meter | Bucket
"""Whatever counts requests."""


def gauge(group: str, limit: Limit) -> Gauge:
    """Make what counts the requests of a group as its limit says."""
    return Bucket(group, limit) if limit.refill == "drip" else Meter(group, limit)


GRAIN = 1e-4
"""Part of a request that counts as nothing: seconds since the epoch, as floats, are that fine."""


def _constant(limit: Limit) -> int:
    """What the header shows as left in the minute since nothing counts minutes."""
    return round(60 * limit.per_window / limit.window)
