"""One market's order book: price-time priority over whole numbers.

Prices and volumes are ``int`` in units of 1e-8 (``SCALE`` to one), so that funds (price times volume) are ``int`` in
units of 1e-16 and nothing is ever rounded but the volume a bounded amount of money buys, which is truncated.
The book knows no accounts, fees, events or clocks, and it never rests an order by itself: the engine matches first and
rests what is left.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, NamedTuple

SCALE = 10**8
"""Units of price and of volume in one."""

Side = Literal["bid", "ask"]


@dataclass(slots=True, eq=False)
class Resting:
    """An order in the book, or one that was: ``remaining`` is 0 once it is filled."""

    id: int
    """Rises with arrival; it is the place in the queue of a price."""
    owner: str | None
    """Account, or None for the background market."""
    side: Side
    price: int
    remaining: int
    order: object | None = None
    """The engine's record of a user's order."""
    book: Book | None = None
    """The book it rests in, or did."""


class Fill(NamedTuple):
    """A maker met a taker: at the maker's price, ``volume`` was taken off the maker already."""

    maker: Resting
    price: int
    volume: int


@dataclass(slots=True, eq=False)
class _Level:
    price: int
    size: int
    queue: dict[int, Resting]


class _Half:
    """One side of the book. Keys are signed prices, so that the best price is the last key on either side."""

    __slots__ = ("keys", "levels", "sign")

    def __init__(self, sign: int) -> None:
        self.sign = sign
        self.keys: list[int] = []
        self.levels: dict[int, _Level] = {}

    def drop(self, key: int) -> None:
        del self.levels[key]
        del self.keys[bisect_left(self.keys, key)]


class Book:
    """Two sides of resting orders. ``side`` is the book's own in `levels`, the taker's in `match` and its relatives."""

    __slots__ = ("_asks", "_bids")

    def __init__(self) -> None:
        self._bids = _Half(1)
        self._asks = _Half(-1)

    @property
    def best_bid(self) -> int | None:
        """The highest price somebody buys at."""
        keys = self._bids.keys
        return keys[-1] if keys else None

    @property
    def best_ask(self) -> int | None:
        """The lowest price somebody sells at."""
        keys = self._asks.keys
        return -keys[-1] if keys else None

    def rest(self, resting: Resting) -> None:
        """Put an order at the end of the queue of its price. The caller has matched it before: it must not cross."""
        half = self._bids if resting.side == "bid" else self._asks
        resting.book = self
        key = half.sign * resting.price
        level = half.levels.get(key)
        if level is None:
            half.levels[key] = _Level(resting.price, resting.remaining, {resting.id: resting})
            insort(half.keys, key)
        else:
            level.size += resting.remaining
            level.queue[resting.id] = resting

    def remove(self, resting: Resting) -> bool:
        """Take an order out, keeping its ``remaining``; False if it is not in the book (any more)."""
        half = self._bids if resting.side == "bid" else self._asks
        key = half.sign * resting.price
        level = half.levels.get(key)
        if level is None or level.queue.pop(resting.id, None) is None:
            return False
        level.size -= resting.remaining
        if not level.queue:
            half.drop(key)
        return True

    def reduce(self, resting: Resting, volume: int) -> None:
        """Take ``volume`` off an order that rests here; it keeps its place in the queue, and leaves at zero."""
        if volume >= resting.remaining:
            self.remove(resting)
            resting.remaining = 0
            return
        half = self._bids if resting.side == "bid" else self._asks
        half.levels[half.sign * resting.price].size -= volume
        resting.remaining -= volume

    def match(
        self,
        side: Side,
        *,
        limit: int | None = None,
        volume: int | None = None,
        funds: int | None = None,
        avoid: str | None = None,
    ) -> list[Fill]:
        """Let a taker of ``side`` take what rests against it, best price first, then first come, first served.

        It stops at the price ``limit``, when ``volume`` is taken, when ``funds`` (units of 1e-16) buy no more,
        or before the first order of the owner ``avoid``. Trades are at the maker's price. The book is changed at once.
        """
        half = self._asks if side == "bid" else self._bids
        keys = half.keys
        worst = None if limit is None else half.sign * limit
        fills: list[Fill] = []
        while keys:
            key = keys[-1]
            if worst is not None and key < worst:
                break
            level = half.levels[key]
            price, queue = level.price, level.queue
            while queue:
                maker = next(iter(queue.values()))
                if avoid is not None and maker.owner == avoid:
                    return fills
                taken = maker.remaining
                if volume is not None:
                    taken = min(taken, volume)
                    volume -= taken
                if funds is not None:
                    taken = min(taken, funds // price)
                    funds -= taken * price
                if taken <= 0:
                    return fills
                fills.append(Fill(maker, price, taken))
                maker.remaining -= taken
                level.size -= taken
                if maker.remaining:
                    return fills
                del queue[maker.id]
            del half.levels[key]
            keys.pop()
        return fills

    def walk(self, side: Side, limit: int | None = None) -> Iterator[Resting]:
        """The orders a taker of ``side`` would meet down to its price ``limit``, in that order; changes nothing."""
        half = self._asks if side == "bid" else self._bids
        worst = None if limit is None else half.sign * limit
        for key in reversed(half.keys):
            if worst is not None and key < worst:
                return
            yield from half.levels[key].queue.values()

    def available(self, side: Side, limit: int | None = None) -> int:
        """The volume a taker of ``side`` could take down to its price ``limit``."""
        half = self._asks if side == "bid" else self._bids
        start = 0 if limit is None else bisect_left(half.keys, half.sign * limit)
        return sum(half.levels[key].size for key in half.keys[start:])

    def levels(self, side: Side, count: int) -> list[tuple[int, int]]:
        """The ``count`` best prices of one side with the volume at each, best first."""
        half = self._bids if side == "bid" else self._asks
        best = half.keys[: -count - 1 : -1]
        return [(level.price, level.size) for level in map(half.levels.__getitem__, best)]

    def faults(self) -> list[str]:
        """What is wrong with the book (nothing, ever): crossed prices, sizes, the order of keys and queues."""
        found: list[str] = []
        if self._bids.keys and self._asks.keys and self._bids.keys[-1] >= -self._asks.keys[-1]:
            found.append(f"best bid {self._bids.keys[-1]} is not below best ask {-self._asks.keys[-1]}")
        for side, half in (("bid", self._bids), ("ask", self._asks)):
            if half.keys != sorted(half.levels):
                found.append(f"{side} prices are out of order or lost")
            for key, level in half.levels.items():
                orders = list(level.queue.values())
                if key != half.sign * level.price or any(o.price != level.price or o.side != side for o in orders):
                    found.append(f"{side} {level.price} holds an order of another price or side")
                if not orders or any(order.remaining <= 0 for order in orders):
                    found.append(f"{side} {level.price} holds an empty order or none")
                if level.size != sum(order.remaining for order in orders):
                    found.append(f"{side} {level.price} has size {level.size}, its orders another")
                if any(first.id >= second.id for first, second in pairwise(orders)):
                    found.append(f"{side} {level.price} is not first come, first served")
        return found
