"""How an order ends: found out from the private stream while that is connected, else by asking, less and less often.

The stream only says when to ask: what is told of an order is always what the exchange shows when it is looked up.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import inf

from ..api import Orders
from ..errors import APIConnectionError, InternalServerError, OrderNotFoundError, RateLimitError
from ..feed_options import SocketStatus
from ..flow.call import Terms
from ..flow.intent import ask
from ..flow.steps import Flow, Sleep
from ..models import FeedEvent, MyOrderEvent
from ..views import Portfolio
from .placed import CLOSED, Placed

PAUSES = (0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0)
"""Seconds between two questions; the last for ever."""
SELDOM = 15.0
"""Seconds between two questions while the stream is there to tell."""
GLANCE = 0.02
"""Seconds between two looks at what the stream told."""
APPEAR = 10.0
"""Seconds in which an order that was placed may not be shown yet."""
REMEMBERED = 10_000
"""Ended orders that are remembered."""

PASSING = (APIConnectionError, InternalServerError, RateLimitError)
"""What may be over when the exchange is asked again."""


class Live:
    """What the private stream tells: balances and open orders, and which orders have ended."""

    def __init__(self) -> None:
        self.portfolio = Portfolio()
        """Balances, open orders, fills and average prices."""
        self.connected = False
        """Whether the stream is there to tell."""
        self._ended: dict[str, None] = {}

    def apply(self, event: FeedEvent) -> None:
        """Take an event of the stream."""
        self.portfolio.apply(event)
        if isinstance(event, MyOrderEvent) and event.state in CLOSED:
            self._ended[event.uuid] = None
            if len(self._ended) > REMEMBERED:
                del self._ended[next(iter(self._ended))]

    def told(self, status: SocketStatus) -> None:
        """Learn how the stream is."""
        self.connected = status.state == "live"

    def watches(self, uuid: str) -> bool:
        """Whether it will tell when this order ends."""
        return self.connected and uuid not in self._ended


def look_up(name: Mapping[str, str], terms: Terms) -> Flow[Placed]:
    """Look an order up."""
    order = yield from ask(Orders.retrieve, name, terms)
    return Placed(order)


def appear(name: Mapping[str, str], terms: Terms) -> Flow[Placed]:
    """Look up an order that is there, but may not be shown yet, however often. Raises what `orders.retrieve` raises."""
    end = terms.clock() + APPEAR
    tries = 0
    while True:
        try:
            placed = yield from look_up(name, terms)
        except (OrderNotFoundError, *PASSING):
            if terms.clock() >= end:
                raise
        else:
            return placed
        yield Sleep(pause(tries))
        tries += 1


def pause(tries: int) -> float:
    """Say how long to wait before the next question, after so many."""
    return PAUSES[min(tries, len(PAUSES) - 1)]


def end(name: Mapping[str, str], terms: Terms, live: Live | None, timeout: float | None) -> Flow[Placed]:
    """Wait until an order has ended, at most `timeout` seconds; the order as it was seen last.

    Raises what `orders.retrieve` raises when the order is not there, or was never seen in time.
    """
    start = terms.clock()
    until = inf if timeout is None else start + timeout
    seen: Placed | None = None
    tries = 0
    while True:
        try:
            seen = yield from look_up(name, terms)
            if seen.closed:
                return seen
        except PASSING:
            if seen is None and terms.clock() >= until:
                raise
        except OrderNotFoundError:
            if terms.clock() >= min(until, start + APPEAR):
                raise
        now = terms.clock()
        if now >= until and seen is not None:
            return seen
        if seen is not None and live is not None and live.watches(seen.uuid):
            seldom = min(now + SELDOM, until)
            while terms.clock() < seldom and live.watches(seen.uuid):
                yield Sleep(GLANCE)
        else:
            yield Sleep(min(pause(tries), max(until - now, GLANCE)))
            tries += 1
