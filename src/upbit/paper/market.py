"""Where prices come from: sources that drive the background orders of a market.

The simulated source, `Flow`, is a seeded model of order flow. It quotes, sweeps and withdraws in the same book as the
users, through the same engine, so that prices and candles are only ever *derived* from orders and trades; nothing here
makes a trade or a candle. Its parts:

- an activity clock: business time runs fast and slow, so volatility clusters;
- a few live metaorders that each buy or sell for a while, so the signs of trades repeat;
- a value that wanders slowly, towards which new metaorders lean, so the price neither runs away nor stays;
- orders of heavy-tailed size and distance, most on the side of the last taker, so what a trade moved stays moved;
- a backstop, so that the book always has two sides.

Distances are counted in pips, a pip being 7/4 of what the value moves between two looks at the book; where ticks are
much coarser, ticks rule and the book is thicker in proportion. So one model fits every price and every market.

It is made of integers throughout (`chance`): the same seed and the same commands of users give the same book on every
platform. It refuses to know accounts and fees, and it asks nobody for the time: time comes in with `Flow.advance`.
Replay of recorded data and mirroring of a live feed are to be two more classes that satisfy `Source`.
"""

from __future__ import annotations

from collections.abc import Callable
from math import isqrt
from types import MappingProxyType
from typing import Final, Literal, NamedTuple, Protocol

from .book import Book, Resting, Side
from .chance import ONE, exponential, lognormal, pareto, stream

Preset = Literal["btc", "alt-liquid", "alt-thin", "meme", "stable"]
Regime = Literal["calm", "trend", "crash", "halt"]


class Source(Protocol):
    """What drives a market: the simulation here, later a recording or a live feed."""

    def advance(self, now: int) -> None:
        """Do everything due up to ``now`` (ms since 1970), in order of time."""
        ...


class Venue(Protocol):
    """The engine, as a source sees it. Prices and volumes are in units of 1e-8, ``now`` in ms since 1970."""

    def quote(self, market: str, side: Side, price: int, volume: int, now: int) -> Resting:
        """Rest a limit order of the background; the source sees to it that it does not cross."""
        ...

    def sweep(self, market: str, side: Side, volume: int, now: int) -> object:
        """Let a background taker of ``side`` take ``volume``; what the book lacks is forgotten."""
        ...

    def withdraw(self, resting: Resting) -> object:
        """Take an order of the background out of the book."""
        ...


class Traits(NamedTuple):
    """How a kind of market behaves."""

    rate: int
    """Events in 1,000 seconds of business time."""
    depth: int
    """Resting orders around which cancels and new orders balance."""
    volatility: int
    """Standard deviation of the value over a day, in 1e-6 of it."""
    lot: int
    """Value of a typical order, in KRW."""


TRAITS: Final = MappingProxyType[Preset, Traits](
    {
        "btc": Traits(rate=12_000, depth=400, volatility=24_000, lot=2_000_000),
        "alt-liquid": Traits(rate=6_000, depth=300, volatility=36_000, lot=1_000_000),
        "alt-thin": Traits(rate=250, depth=160, volatility=45_000, lot=200_000),
        "meme": Traits(rate=3_000, depth=240, volatility=70_000, lot=300_000),
        "stable": Traits(rate=6_000, depth=300, volatility=4_000, lot=1_000_000),
    }
)


class _Mood(NamedTuple):
    haste: int = 1
    """Activity, in times the usual."""
    drift: int = 0
    """What the value gains in a second, in 1e-6 of it."""
    thinness: int = 1
    """By what new limit orders are smaller than usual."""


_REGIMES: Final = MappingProxyType[Regime, _Mood](
    {"calm": _Mood(), "trend": _Mood(drift=10), "crash": _Mood(haste=6, drift=-120, thinness=3), "halt": _Mood()}
)

LEVELS: Final = 40
"""Consecutive prices on either side that a book starts with."""
_METAORDERS: Final = 6
_LEAN: Final = 30_000
"""How far the value can push the direction of a new metaorder, of 32,768."""
_MARKET: Final = 7_209
"""Share of market orders among events, of 65,536: 11 %."""
_FOLLOW: Final = 14
"""Share of limit orders on the side of the last taker, of 16. At 8, the autocorrelation of 10 s returns is -0.25."""
_NEAR: Final = 12
"""The backstop looks so many pips from a best price ..."""
_FLOOR: Final = 14
"""... and, finding fewer lots than this there, adds ..."""
_HELP: Final = 2
"""... so many."""
_DECAY: Final = 998_334_721
_NOISE: Final = 57_687
"""The activity clock's memory of 600 s: exp(-1/600) in 1e-9 and sqrt(1 - exp(-2/600)) in 1e-6."""
_MEAN: Final = 43_712
"""exp(-0.9 ** 2 / 2), of `ONE`: keeps the mean of the activity, whose logarithm has the deviation 0.9, at 1."""


class _Metaorder:
    __slots__ = ("left", "side")

    def __init__(self, side: Side, left: int) -> None:
        self.side: Side = side
        self.left = left


class Flow:
    """The simulated order flow of one market, a `Source`."""

    def __init__(
        self,
        venue: Venue,
        book: Book,
        *,
        seed: int,
        market: str,
        preset: Preset,
        price: int,
        lot: int,
        tick: Callable[[int], int],
        start: int,
    ) -> None:
        """Set out a first book around ``price`` at the time ``start`` (ms since 1970).

        ``book`` is the market's book of ``venue``, empty but for users' orders; ``lot`` the volume of a typical order;
        ``tick`` gives the step of the grid at a price. Prices and volumes are in units of 1e-8.
        """
        self.market = market
        self.regime: Regime = "calm"
        """Settable, after `advance`: ``trend`` rises, ``crash`` falls fast and busily, in ``halt`` nothing happens."""
        self._venue, self._book, self._tick, self._lot = venue, book, tick, lot
        self._flow = stream(seed, market, "flow").getrandbits
        self._activity = stream(seed, market, "activity").getrandbits
        self._wander = stream(seed, market, "value").getrandbits
        self._waits, self._distances, self._lengths = exponential(), pareto("0.7"), pareto("1.5")
        self._small, self._large, self._paces = lognormal("1"), lognormal("1.2"), lognormal("0.9")
        traits = TRAITS[preset]
        self._rate, self._depth = traits.rate, traits.depth
        self._step = traits.volatility * 1000 // isqrt(86_400 * traits.rate // 4_000)  # of the value, in 1e-9
        self._least = LEVELS * tick(1)
        self._value = price << 32
        self._log, self._pace = 0, ONE
        self._next, self._second = start * 1000, start // 1000
        self._events = 0
        self._liquidity = ONE
        self._last: Side = "bid"
        self._mid = price
        self._reach = self._width = self._near = self._patience = self._size = 0
        self._measure()
        self._live: list[Resting] = []
        self._metaorders = [self._metaorder() for _ in range(_METAORDERS)]
        self._furnish(start, "bid", "ask")

    def advance(self, now: int) -> None:
        """Let everything happen that is due up to ``now`` (ms since 1970), in order of time."""
        limit = now * 1000
        if self.regime == "halt":
            self.skip(now)
            return
        mood = _REGIMES[self.regime]
        while self._next <= limit:
            at = self._next
            second = at // 1_000_000
            while self._second < second:
                self._second += 1
                self._tide(mood.drift)
            self._event(at // 1000)
            wait = self._waits[self._flow(10)] * 1_000_000_000 // (self._pace * self._rate * mood.haste)
            self._next = at + wait + 1

    def skip(self, now: int) -> None:
        """Let the time up to ``now`` (ms since 1970) pass without an event."""
        self._next, self._second = max(self._next, now * 1000 + 1), max(self._second, now // 1000)

    @property
    def due(self) -> int:
        """When the next event is (ms since 1970), rounded up: `advance` to a time before it does nothing."""
        return -(-self._next // 1000)

    def restore(self, now: int) -> None:
        """Furnish a side that users have emptied; to be called after their commands. Cheap while both are there."""
        bid, ask = self._book.best_bid, self._book.best_ask
        if ask is None:
            self._mid = max(self._mid, bid or 0)
            self._furnish(now, "ask")
        if bid is None:
            self._mid = self._mid if ask is None else min(self._mid, ask - 1)
            self._furnish(now, "bid")

    def shock(self, percent: int, now: int) -> None:
        """Move the market by ``percent`` (above -100) at once: value, book, and a trade through what is in the way."""
        self._centre()
        self._mid = max(self._mid * (100 + percent) // 100, self._least)
        self._value = self._mid << 32
        for resting in self._live:
            if resting.remaining:
                self._venue.withdraw(resting)
        self._live.clear()
        side: Side = "bid" if percent > 0 else "ask"
        crossed = self._book.available(side, self._mid)
        if crossed:
            self._venue.sweep(self.market, side, crossed, now)
        self._measure()
        self._furnish(now, "bid", "ask")

    def liquidity(self, percent: int) -> None:
        """Make new limit orders ``percent`` of their usual size (100 is usual)."""
        self._liquidity = ONE * percent // 100
        self._measure()

    def _tide(self, drift: int) -> None:
        """A second of wall time: the logarithm of the activity, an Ornstein-Uhlenbeck process, and the drift."""
        noise = (self._activity(256).bit_count() - 128) * _NOISE * ONE // 8  # a deviation of 1 is ONE * 1e6
        self._log = (self._log * _DECAY + noise * 1000) // 1_000_000_000
        place = min(max(128 + (self._log * 8 // ONE), 104), 152)  # within three deviations
        self._pace = self._paces[place] * _MEAN // ONE
        self._value += self._value * drift // 1_000_000

    def _event(self, now: int) -> None:
        flow = self._flow
        self._events += 1
        if not self._events & 3:
            wandered = self._wander(256).bit_count() - 128  # a deviation is 8
            self._value = max(self._value + self._value * wandered * self._step // 8_000_000_000, self._least << 32)
            self._backstop(now)
            if not self._events & 7:
                self._deepen(now)
            if not self._events & 63:
                self._live = [resting for resting in self._live if resting.remaining]
        if flow(16) < _MARKET:
            self._take(now)
        elif flow(16) * 20 * self._depth < min(17 * self._depth, 10 * len(self._live)) * ONE:
            self._cancel()
        else:
            self._make(now)
        self.restore(now)

    def _take(self, now: int) -> None:
        index = self._flow(16) * _METAORDERS // ONE
        metaorder = self._metaorders[index]
        self._last = side = metaorder.side
        book = self._book
        best = book.best_ask if side == "bid" else book.best_bid
        if best is not None:
            furthest = best + self._patience if side == "bid" else best - self._patience
            volume = min(self._volume(self._lot, self._large), book.available(side, furthest))
            self._venue.sweep(self.market, side, volume, now)
        metaorder.left -= 1
        if not metaorder.left:
            self._centre()
            self._metaorders[index] = self._metaorder()

    def _cancel(self) -> None:
        live = self._live
        while live:
            index = self._flow(32) * len(live) >> 32
            chosen, last = live[index], live.pop()
            if chosen is not last:
                live[index] = last
            if chosen.remaining:
                self._venue.withdraw(chosen)
                return

    def _make(self, now: int) -> None:
        self._centre()
        follows = self._flow(4) < _FOLLOW
        side: Side = self._last if follows else "ask" if self._last == "bid" else "bid"
        away = (self._distances[self._flow(10)] - ONE) * self._reach // ONE
        self._quote(side, away, self._volume(self._size, self._small), now)

    def _backstop(self, now: int) -> None:
        """Look at the book: measure it anew, and put orders where too little is left near a best price."""
        self._centre()
        self._measure()
        bid, ask = self._book.best_bid, self._book.best_ask
        if bid is None or ask is None:
            return
        if self._book.available("ask", bid - self._near) < _FLOOR * self._size:
            self._quote("bid", self._mid - bid + (self._flow(16) * self._near // ONE), _HELP * self._size, now)
        if self._book.available("bid", ask + self._near) < _FLOOR * self._size:
            self._quote("ask", ask - self._mid + (self._flow(16) * self._near // ONE), _HELP * self._size, now)

    def _deepen(self, now: int) -> None:
        """Put one more order on a side that has fewer than `LEVELS` prices."""
        width = LEVELS * self._tick(self._mid)
        sides: tuple[Side, Side] = ("bid", "ask")
        for side in sides:
            if len(self._book.levels(side, LEVELS)) < LEVELS:
                self._quote(side, self._flow(16) * width // ONE, self._volume(self._size, self._small), now)

    def _furnish(self, now: int, *sides: Side) -> None:
        """Put an order at each of `LEVELS` prices of these sides, and fill the book to its usual number of orders."""
        step = self._tick(self._mid)
        for away in range(0, LEVELS * step, step):
            for side in sides:
                self._quote(side, away, self._volume(self._size, self._small), now)
        for _ in range(self._depth * 4 // 5 - len(self._live)):
            self._last = "ask" if self._last == "bid" else "bid"
            self._make(now)

    def _quote(self, side: Side, away: int, volume: int, now: int) -> None:
        """Rest an order ``away`` from the middle on its own side, on the grid; at a price of nothing there is none."""
        if side == "bid":
            price = self._mid - away
            if price <= 0:
                return
            price -= price % self._tick(price)
        else:
            price = self._mid + 1 + away  # the middle is rounded down: one unit more never meets the best bid
            price += -price % self._tick(price)
        if price > 0:
            self._live.append(self._venue.quote(self.market, side, price, volume, now))

    def _metaorder(self) -> _Metaorder:
        lean = ((self._value >> 32) - self._mid) * 32_768 // self._width
        side: Side = "bid" if self._flow(16) < 32_768 + min(max(lean, -_LEAN), _LEAN) else "ask"
        return _Metaorder(side, self._lengths[self._flow(10)] // ONE)

    def _volume(self, lot: int, sizes: tuple[int, ...]) -> int:
        volume = lot * sizes[self._flow(256).bit_count()] * (1024 + self._flow(7)) // (ONE * 1024)
        return max(volume, lot // 32, 1)

    def _centre(self) -> None:
        bid, ask = self._book.best_bid, self._book.best_ask
        if bid is not None and ask is not None:
            self._mid = (bid + ask) // 2

    def _measure(self) -> None:
        """The distances and the size that go with the price of now."""
        mid = self._mid
        step, pip = self._tick(mid), max(mid * self._step * 7 // 4_000_000_000, 1)
        self._reach = max(4 * pip, step)
        self._width = max(6 * pip, step)
        self._near = max(_NEAR * pip, 2 * step)
        self._patience = 4 * pip
        coarseness = max(step // (8 * pip), 1)
        self._size = self._lot * self._liquidity * coarseness // (ONE * _REGIMES[self.regime].thinness)
