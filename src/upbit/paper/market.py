"""Where prices come from: sources that drive the background orders of a market.

The simulated source, `Flow`, is a seeded model of order flow. It quotes, sweeps and withdraws in the same book as the
users, by the same engine, so that prices, trades and candles are only ever *derived* from orders; nothing here makes a
trade or a candle. Its parts: an activity clock (business time runs fast and slow, so volatility clusters), a few live
metaorders that each buy or sell for a while (so signs of trades repeat), a value that wanders slowly and that new
metaorders lean to (so the price neither runs away nor stays), orders of heavy-tailed size and distance, and a backstop
(so the book always has two sides). It refuses to know accounts, fees or clocks: time comes in with `advance`.

It is made of integers throughout (`chance`): the same seed and the same users' commands give the same book on every
platform. Replay of recorded data and mirroring of a live feed will be two more classes that satisfy `Source`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import isqrt
from typing import Literal, Protocol

from .book import Book, Resting, Side
from .chance import ONE, exponential, lognormal, pareto, stream

Preset = Literal["btc", "alt-liquid", "alt-thin", "meme"]
Regime = Literal["calm", "trend", "crash", "halt"]

METAORDERS = 6
"""How many live metaorders share the market orders."""
LEVELS = 40
"""Prices on either side that the book starts with."""
NEAR = 12
"""The backstop looks at this many ticks from a best price ..."""
FLOOR = 14
"""... and keeps this many lots there ..."""
HELP = 2
"""... by adding so many at a time."""
_SPREAD, _MEMORY = 9, 600
"""Standard deviation (tenths) and correlation time (seconds) of the activity clock's logarithm."""


class Source(Protocol):
    """What drives a market: the simulation here, later a recording or a live feed."""

    def advance(self, now: int) -> None:
        """Do everything due up to ``now`` (ms since 1970), in order of time."""
        ...


class Venue(Protocol):
    """The engine, as seen by a source. Prices and volumes in units of 1e-8; ``now`` in ms since 1970."""

    def quote(self, market: str, side: Side, price: int, volume: int, now: int) -> Resting:
        """Rest a background limit order; the source sees to it that it does not cross."""
        ...

    def sweep(self, market: str, side: Side, volume: int, now: int) -> object:
        """A background taker of ``side`` takes ``volume``, best prices first; what the book lacks is forgotten."""
        ...

    def withdraw(self, resting: Resting) -> object:
        """Take a background order out of the book, if it is still there."""
        ...


@dataclass(frozen=True, slots=True)
class Traits:
    """How a kind of market behaves."""

    rate: int
    """Events in 1,000 seconds of business time."""
    depth: int
    """Resting orders around which cancels and new orders balance."""
    volatility: int
    """Standard deviation of the value over a day, in 1e-6 of the price."""
    lot: int
    """Value of a typical order, in KRW."""


TRAITS: dict[Preset, Traits] = {
    "btc": Traits(rate=12_000, depth=400, volatility=24_000, lot=2_000_000),
    "alt-liquid": Traits(rate=6_000, depth=300, volatility=40_000, lot=1_000_000),
    "alt-thin": Traits(rate=250, depth=160, volatility=50_000, lot=200_000),
    "meme": Traits(rate=3_000, depth=240, volatility=80_000, lot=300_000),
}


@dataclass(slots=True)
class _Metaorder:
    side: Side
    left: int


class Flow:
    """The simulated order flow of one market."""

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
        width: int = 1000, reach: int = 4 * ONE, thick: int = ONE, fine: int = 20000, vol: int | None = None, traits: Traits | None = None,
    ) -> None:
        """Set out the first book around ``price`` at time ``start`` (ms).

        ``lot`` is the volume of a typical order; ``tick`` gives the step at a price. All in units of 1e-8.
        """
        self.market = market
        self.regime: Regime = "calm"
        """Settable: `calm` has no drift, `trend` rises, `crash` falls fast on high activity, in `halt` nothing happens."""
        self._venue, self._book, self._tick = venue, book, tick
        self._traits = traits or TRAITS[preset]
        self._bits = stream(seed, market, "flow").getrandbits
        self._clock = stream(seed, market, "activity").getrandbits
        self._wander = stream(seed, market, "value").getrandbits
        self._waits, self._reaches, self._lengths = exponential(), pareto("0.7"), pareto("1.5")
        self._small, self._large, self._paces = lognormal("1"), lognormal("1.2"), lognormal("0.9")
        self._lot, self._size = lot, lot
        self._reach, self._thick, self._width = reach, thick, width
        self._mid = price
        self._fine = fine
        self._value = price << 32
        self._step = (vol or self._traits.volatility) * 1000 // isqrt(86_400 * self._traits.rate // 4000)
        self._depth = self._traits.depth
        self._pace, self._log, self._second = ONE, 0, start // 1000
        self._tally = 0
        self._next = start * 1000
        self._live: list[Resting] = []
        self._size = lot * thick // ONE
        self._metaorders = [self._birth() for _ in range(METAORDERS)]
        self._open(start)

    def advance(self, now: int) -> None:
        limit = now * 1000
        if self.regime == "halt":
            self._next = max(self._next, limit)
            return
        while self._next <= limit:
            at = self._next
            self._event(at // 1000)
            second = at // 1_000_000
            while self._second < second:
                self._second += 1
                self._tide()
            self._next = at + self._waits[self._bits(10)] * 1_000_000_000 // (self._pace * self._traits.rate) + 1

    def _tide(self) -> None:
        # x' = a x + sqrt(1 - a^2) z, in units of 2^-20; a = exp(-1/600)
        z = self._clock(256).bit_count() - 128
        self._log += (-self._log * 1747 + z * 7562 * 16384) // 1048576 if False else 0
        self._log = (self._log * 998_334_721 + z * 57_687_000 * 65536 // 8 ) // 1_000_000_000
        # x is in units of s: index the log-normal table with x*8 around 128, minus s^2/2 = 0.405
        i = 128 + (self._log * 8 >> 16)
        i = min(max(i, 128 - 24), 128 + 24)
        self._pace = self._paces[i] * 43712 >> 16  # exp(-0.405) * 2^16

    def _event(self, now: int) -> None:
        bits, book = self._bits, self._book
        self._tally += 1
        if self._tally & 3 == 0:
            self._backstop(now)
            z = self._wander(256).bit_count() - 128
            self._value += self._value * z * self._step // 8_000_000_000
            if self._tally & 63 == 0:
                self._live = [one for one in self._live if one.remaining]
        if bits(16) < 7209:
            self._take(now)
        elif bits(16) * 2 * self._depth < min(self._depth * 17 // 10, len(self._live)) << 16:
            self._cancel()
        else:
            self._make(now)
        if book.best_bid is None or book.best_ask is None:
            self.restore(now)

    def _birth(self) -> _Metaorder:
        lean = ((self._value >> 32) - self._mid) * 32_768 * 1_000_000 // (self._mid * self._width)
        lean = min(max(lean, -30_000), 30_000)
        side: Side = "bid" if self._bits(16) < 32_768 + lean else "ask"
        return _Metaorder(side, self._lengths[self._bits(10)] // ONE)

    def _volume(self, unit: int, sizes: tuple[int, ...]) -> int:
        bits = self._bits
        return unit * sizes[bits(256).bit_count()] * (1024 + bits(7)) // (ONE * 1024)

    def _take(self, now: int) -> None:
        index = self._bits(16) * METAORDERS >> 16
        metaorder = self._metaorders[index]
        volume = self._volume(self._lot, self._large)
        side = metaorder.side
        if volume > 7 * self._lot:
            levels = self._book.levels("ask" if side == "bid" else "bid", 30)
            volume = min(volume, sum(size for _, size in levels[:-1]))
        self._venue.sweep(self.market, side, volume, now)
        metaorder.left -= 1
        if metaorder.left <= 0:
            self._centre()
            self._metaorders[index] = self._birth()

    def _cancel(self) -> None:
        live = self._live
        while live:
            index = self._bits(32) * len(live) >> 32
            chosen = live[index]
            live[index] = live[-1]
            live.pop()
            if chosen.remaining:
                self._venue.withdraw(chosen)
                return

    def _centre(self) -> None:
        bid, ask = self._book.best_bid, self._book.best_ask
        if bid is not None and ask is not None:
            self._mid = (bid + ask) // 2

    def _make(self, now: int) -> None:
        bits = self._bits
        side: Side = "bid" if bits(1) else "ask"
        bid, ask = self._book.best_bid, self._book.best_ask
        assert bid and ask
        self._mid = mid = (bid + ask) // 2
        away = (self._reach * (self._reaches[bits(10)] - ONE) >> 16) * max(self._tick(mid), mid // self._fine) >> 16
        self._quote(side, away, now, self._volume(self._size, self._small))

    def _quote(self, side: Side, away: int, now: int, volume: int) -> None:
        mid = self._mid
        if side == "bid":
            price = mid - away
            if price <= 0:
                return
            price -= price % self._tick(price)
        else:
            price = mid + 1 + away
            step = self._tick(price)
            price = -(-price // step) * step
        self._live.append(self._venue.quote(self.market, side, price, volume, now))

    def _backstop(self, now: int) -> None:
        book = self._book
        bid, ask = book.best_bid, book.best_ask
        assert bid and ask
        self._mid = (bid + ask) // 2
        pip = max(self._tick(self._mid), self._mid // self._fine)
        if book.available("ask", bid - NEAR * pip) < FLOOR * self._size:
            self._quote("bid", (self._mid - bid) + (self._bits(16) * NEAR * pip >> 16), now, HELP * self._size)
        if book.available("bid", ask + NEAR * pip) < FLOOR * self._size:
            self._quote("ask", (ask - self._mid) + (self._bits(16) * NEAR * pip >> 16), now, HELP * self._size)

    def _open(self, now: int) -> None:
        step = self._tick(self._mid)
        for away in range(0, LEVELS * step, step):
            for side in ("bid", "ask"):
                self._quote(side, away, now, self._volume(self._size, self._small))
        while len(self._live) < self._depth * 8 // 10:
            self._make(now)

    def restore(self, now: int) -> None:
        for side in ("bid", "ask"):
            if (self._book.best_bid if side == "bid" else self._book.best_ask) is None:
                step = self._tick(self._mid)
                for away in range(0, LEVELS * step, step):
                    self._quote(side, away, now, self._volume(self._size, self._small))
