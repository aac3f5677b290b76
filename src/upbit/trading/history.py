"""Orders in lists: the closed ones of any stretch of time, and the open ones.

The exchange shows closed orders of at most seven days, at most 1,000 at once, by the second in which they were placed.
A stretch is walked in windows that share their borders; no order is told twice, none is left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from ..api import Orders
from ..errors import TradingError
from ..flow.call import Terms
from ..flow.intent import ask
from ..flow.steps import Flow
from ..models import Order, Sort
from .placed import Placed

WINDOW = timedelta(days=7)
"""The longest stretch of one answer (upbit-api 2.6)."""
MOST = 1000
"""Closed orders of one answer (upbit-api 2.6)."""
PAGE = 100
"""Open orders of one answer (upbit-api 2.6)."""
SECOND = timedelta(seconds=1)
"""In which the exchange tells when an order was placed."""


def closed(start: datetime, end: datetime, market: str | None, order_by: Sort, terms: Terms) -> Flow[list[Placed]]:
    """List the orders placed from `start` until just before `end` that have ended.

    Raises ValueError for moments without a time zone, TradingError when so many were placed in one second that the
    exchange cannot show them all.
    """
    for name, moment in (("start", start), ("end", end)):
        if moment.tzinfo is None:
            raise ValueError(f"{name} has no time zone: give an aware datetime, as datetime(..., tzinfo=UTC)")
    start = start.replace(microsecond=0)
    found: dict[str, Order] = {}
    first, last = start, _up(end)
    while first < last:
        low, high = (first, min(first + WINDOW, last)) if order_by == "asc" else (max(last - WINDOW, first), last)
        rows = yield from ask(
            Orders.list_closed,
            {"market": market, "start_time": low, "end_time": high, "limit": MOST, "order_by": order_by},
            terms,
        )
        found |= {row.uuid: row for row in rows if start <= row.created_at < end}
        reached = rows[-1].created_at if len(rows) == MOST else None
        if order_by == "asc":
            first = high if reached is None else _onward(reached, reached > low)
        else:
            last = low if reached is None else _onward(reached + SECOND, reached + SECOND < high)
    return _shown(found.values())


def opened(market: str | None, terms: Terms) -> Flow[list[Placed]]:
    """List the open orders, also those that wait for a trigger, newest first."""
    found: dict[str, Order] = {}
    page = 1
    while True:
        rows = yield from ask(
            Orders.list_open,
            {"market": market, "states": ["wait", "watch"], "page": page, "limit": PAGE},
            terms,
        )
        fresh = {row.uuid: row for row in rows if row.uuid not in found}
        found |= fresh
        if len(rows) < PAGE or not fresh:
            return _shown(found.values())
        page += 1


def _up(moment: datetime) -> datetime:
    """The next whole second."""
    return moment if not moment.microsecond else moment.replace(microsecond=0) + SECOND


def _onward(reached: datetime, further: bool) -> datetime:
    if not further:
        raise TradingError(f"more than {MOST} orders were placed within a second of {reached}: give a market")
    return reached


def _shown(orders: Iterable[Order]) -> list[Placed]:
    return [Placed(order) for order in orders]
