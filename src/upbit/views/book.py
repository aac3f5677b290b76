"""The order book of one market as it was last told, and what can be read off it.

It holds what the exchange shows, 30 levels a side at most, and never guesses what lies beyond: an order larger than
that has no average price here. It computes prices, not orders: fees and tick sizes are not its business.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from ..models import FeedEvent, Gap, OrderbookEvent, Side
from ..rules.grid import exactly


class Level(NamedTuple):
    """What is wanted or offered at one price."""

    price: Decimal
    size: Decimal
    """In the base currency."""


class Book:
    """The order book of a market, gathered at `level` (0: not at all), from `OrderbookEvent` and `Gap` (호가).

    A `side` is that of the orders meant: `bid` buys, `ask` sells. While there is no book, prices are None and its sides
    empty.
    """

    def __init__(self, market: str, level: Decimal | int = 0) -> None:
        self.market = market
        self.level = Decimal(level)
        self.stale_since: datetime | None = None
        """Set by a `Gap`: the book may have changed unheard since then. None again when the next one comes."""
        self._event: OrderbookEvent | None = None

    def apply(self, event: FeedEvent) -> None:
        """Take a book of this market and level, or a gap in them; an older book only as the first after a gap."""
        if isinstance(event, OrderbookEvent):
            if event.code != self.market or (event.level or 0) != self.level:
                return
            # After a gap another server may tell, whose clock is behind.
            if self._event is None or self.stale_since is not None or event.timestamp >= self._event.timestamp:
                self._event = event
                self.stale_since = None
        elif isinstance(event, Gap) and event.type == "orderbook" and (not event.codes or self.market in event.codes):
            self.stale_since = event.start if self.stale_since is None else min(self.stale_since, event.start)

    @property
    def time(self) -> datetime | None:
        """When the exchange made the book."""
        return None if self._event is None else self._event.time

    @property
    def asks(self) -> list[Level]:
        """What is offered, lowest price first."""
        return list(self._levels("ask"))

    @property
    def bids(self) -> list[Level]:
        """What is wanted, highest price first."""
        return list(self._levels("bid"))

    @property
    def best_ask(self) -> Level | None:
        """The lowest price at which somebody sells; None when nobody does."""
        return next(self._levels("ask"), None)

    @property
    def best_bid(self) -> Level | None:
        """The highest price at which somebody buys; None when nobody does."""
        return next(self._levels("bid"), None)

    @property
    def spread(self) -> Decimal | None:
        """How far the best prices are apart."""
        ask, bid = self.best_ask, self.best_bid
        if ask is None or bid is None:
            return None
        with exactly():
            return ask.price - bid.price

    @property
    def mid(self) -> Decimal | None:
        """The middle of the best prices."""
        ask, bid = self.best_ask, self.best_bid
        if ask is None or bid is None:
            return None
        with exactly():
            return (ask.price + bid.price) / 2

    def depth(self, side: Side, *, levels: int | None = None, price: Decimal | None = None) -> Decimal:
        """Sum the standing orders of a side, in the base currency: of the best `levels`, up to a `price`, or all shown.

        The price itself is included. With both, what meets both is summed.
        """
        total = Decimal(0)
        with exactly():
            for count, level in enumerate(self._levels(side)):
                if count == levels or (price is not None and _beyond(side, level.price, price)):
                    break
                total += level.size
        return total

    def vwap(self, side: Side, *, volume: Decimal | None = None, quote: Decimal | None = None) -> Decimal | None:
        """Average price that an order of this side would get which takes its whole size at once, without fees.

        A `bid` takes asks, an `ask` takes bids. The size is a positive `volume` in the base currency or a `quote`, a
        total in the quote currency: exactly one of them, else ValueError. None when the book is too thin, that is when
        the levels shown do not hold the size: what lies beyond them is not known. Nothing is rounded but the quotient,
        to 28 digits.
        """
        size = volume if quote is None else quote
        if size is None or (volume is not None and quote is not None) or not size > 0:
            raise ValueError("vwap takes a positive volume or a positive quote")
        taken = funds = Decimal(0)
        with exactly() as exact:
            for level in self._levels("ask" if side == "bid" else "bid"):
                value = level.price * level.size
                if volume is not None and taken + level.size >= volume:
                    funds += level.price * (volume - taken)
                    exact.prec = 28
                    return funds / volume
                if quote is not None and funds + value >= quote:
                    # quote / (taken + (quote - funds) / price), as one quotient
                    above, below = quote * level.price, taken * level.price + quote - funds
                    exact.prec = 28
                    return above / below
                taken, funds = taken + level.size, funds + value
        return None

    def _levels(self, side: Side) -> Iterator[Level]:
        """The levels of a side, best first; the shorter side may be told with zeros."""
        for unit in () if self._event is None else self._event.orderbook_units:
            price, size = (unit.ask_price, unit.ask_size) if side == "ask" else (unit.bid_price, unit.bid_size)
            if size:
                yield Level(price, size)


def _beyond(side: Side, price: Decimal, limit: Decimal) -> bool:
    return price > limit if side == "ask" else price < limit
