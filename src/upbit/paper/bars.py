"""Bars: trades, what a stretch of time makes of them, and the calendar candles follow.

A bar adds up: the bar of an hour is the sum of the bars of its minutes, exactly, because prices and volumes are ``int``
in units of 1e-8 and values (price times volume) ``int`` in units of 1e-16. A stretch without a trade has no bar.
Times are ``int`` milliseconds since 1970, UTC. Lists run from the newest to the oldest, as the exchange answers them.
It refuses to make or keep trades: the past comes from `history`, the present from `tape`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from itertools import groupby
from typing import Final, Literal

from msgspec import Struct

from .book import Side

SECOND: Final = 1_000
MINUTE: Final = 60_000
HOUR: Final = 3_600_000
DAY: Final = 86_400_000

Unit = Literal["s", "m1", "m3", "m5", "m10", "m15", "m30", "m60", "m240", "day", "week", "month", "year"]
"""The candles of the exchange; ``m15`` is 15 minutes."""

_EPOCH: Final = 719_163  # date(1970, 1, 1).toordinal()
_MONDAY: Final = 3  # 1970-01-01 was a Thursday
_YEAR, _MONTH, _WEEK = -2, -1, 7 * DAY


class Trade(Struct, frozen=True, gc=False):
    """One trade. Price and volume in units of 1e-8."""

    sequential_id: int
    """The time followed by four digits; rises strictly in a market."""
    price: int
    volume: int
    side: Side
    """The taker's."""

    @property
    def time(self) -> int:
        """When, in ms since 1970."""
        return self.sequential_id // 10_000


class Bar(Struct, frozen=True, gc=False):
    """The trades of a stretch of time, of which there is at least one."""

    start: int
    opening: int
    high: int
    low: int
    close: int
    volume: int
    value: int
    """Sum of price times volume, in units of 1e-16."""
    ask_volume: int
    """The part of ``volume`` whose taker sold."""
    count: int
    last: int
    """When its last trade happened."""


def span(unit: Unit) -> int:
    """The length of a unit in ms; -1 for a month and -2 for a year, whose lengths differ."""
    match unit:
        case "s":
            return SECOND
        case "day":
            return DAY
        case "week":
            return _WEEK
        case "month":
            return _MONTH
        case "year":
            return _YEAR
        case _:
            return int(unit[1:]) * MINUTE


def piece(unit: Unit) -> int:
    """The longest of second, minute, five minutes, hour and day that divides a unit; in ms."""
    length = max(span(unit), 0)
    return next((size for size in (DAY, HOUR, 5 * MINUTE, MINUTE) if length % size == 0), SECOND)


def opening(unit: Unit, time: int) -> int:
    """When the interval that holds ``time`` starts. Weeks start on Monday, everything at 00:00 UTC."""
    return _opening(span(unit), time)


def following(unit: Unit, start: int) -> int:
    """When the interval after the one that starts at ``start`` starts."""
    length = span(unit)
    if length > 0:
        return start + length
    day = date.fromordinal(start // DAY + _EPOCH)
    if length == _YEAR or day.month == 12:
        return _midnight(date(day.year + 1, 1, 1))
    return _midnight(day.replace(month=day.month + 1, day=1))


def summarise(start: int, trades: Iterable[Trade]) -> Bar:
    """The bar of trades given from the oldest to the newest; at least one."""
    rows = list(trades)
    prices = [row.price for row in rows]
    return Bar(
        start,
        prices[0],
        max(prices),
        min(prices),
        prices[-1],
        sum(row.volume for row in rows),
        sum(row.price * row.volume for row in rows),
        sum(row.volume for row in rows if row.side == "ask"),
        len(rows),
        rows[-1].time,
    )


def join(start: int, bars: Iterable[Bar]) -> Bar:
    """The sum of bars given from the newest to the oldest; at least one."""
    rows = list(bars)
    newest, oldest = rows[0], rows[-1]
    if newest is oldest and newest.start == start:
        return newest
    return Bar(
        start,
        oldest.opening,
        max([row.high for row in rows]),
        min([row.low for row in rows]),
        newest.close,
        sum([row.volume for row in rows]),
        sum([row.value for row in rows]),
        sum([row.ask_volume for row in rows]),
        sum([row.count for row in rows]),
        newest.last,
    )


def gather(unit: Unit, bars: Iterable[Bar]) -> Iterator[Bar]:
    """The bars of a unit, newest first, from bars of its pieces, newest first."""
    length = span(unit)
    for start, group in groupby(bars, lambda bar: _opening(length, bar.start)):
        yield join(start, group)


def cut(step: int, trades: Iterable[Trade]) -> Iterator[Bar]:
    """The bars of ``step`` ms, newest first, of trades given from the newest to the oldest."""
    for index, group in groupby(trades, lambda trade: trade.sequential_id // 10_000 // step):
        rows = list(group)
        rows.reverse()
        yield summarise(index * step, rows)


def _opening(length: int, time: int) -> int:
    if length == _WEEK:
        day = time // DAY
        return (day - (day + _MONDAY) % 7) * DAY
    if length > 0:
        return time - time % length
    within = date.fromordinal(time // DAY + _EPOCH)
    return _midnight(within.replace(month=1 if length == _YEAR else within.month, day=1))


def _midnight(day: date) -> int:
    return (day.toordinal() - _EPOCH) * DAY
