"""The past of a market: candles and trades from before the start, as a function of seed, market and time.

Nothing is stored, so years of it cost nothing until somebody asks, and asking is quick anywhere: closes of days are a
random walk backwards from the price at the start, a day is a function of its two closes, and what is inside a day is
made by `descent`, which descends only where it must. Every unit agrees with every other and with the trades, exactly.

The walk has heavy tails, its volatility comes in clusters, and it is drawn back towards the price at the start, so that
eight years stay within reason. Prices lie on the grid of ``tick`` at every price: the steps of today's table, at all
times. It refuses to know anything from the start on: that is `tape`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from itertools import islice
from math import isqrt

from .bars import DAY, MINUTE, Bar, Trade, Unit, cut, following, gather, join, opening, piece, summarise
from .book import SCALE
from .descent import DAY_MARGIN, LEAST, LEVELS, divide, draws, trades, whole

_PPM = 1_000_000
_WALK, _DAY = 100, 101  # places of draws beside those of descent
_PULL = 2_500  # ppm a day at a distance of all the price
_MOST = 1_000_000  # ppm: a price at most doubles or halves in a day
_GRAIN = 1 << 16  # units of 1e-8 that a trade has on average at least, so that sums can be met in whole units


class History:
    """One market before its start. Times are ms since 1970; prices and volumes are in units of 1e-8."""

    def __init__(
        self,
        *,
        seed: int,
        market: str,
        start: int,
        price: int,
        listed: int,
        tick: Callable[[int], int],
        volatility: int,
        turnover: int,
        trades: int,
    ) -> None:
        """Describe the past of ``market`` up to ``start``, a whole minute, when its price is ``price``, on the grid.

        It goes back to midnight (UTC) of ``listed``. ``tick`` gives the step at a price; a dearer price never has a
        finer one. Of an ordinary day: ``volatility`` in 1e-6 of the price, ``turnover`` in units of 1e-8 of the quote
        currency, number of ``trades``. Raises ValueError for what is not so.
        """
        if start % MINUTE or not 0 <= listed < start:
            raise ValueError(f"start is {start} and listed {listed}; start must be a whole minute after listed, in ms")
        if price <= 0 or price % tick(price):
            raise ValueError(f"price {price} of {market} is not on its grid, whose step there is {tick(price)}")
        self.market = market
        self.start = start
        """When the past ends and the tape begins."""
        self.price = price
        """The last price of the past."""
        self.listed = listed - listed % DAY
        """When the market's first day began."""
        self._tick = tick
        self._volatility, self._turnover, self._trades = volatility, turnover, trades
        self._key = f"{seed}\x1f{market}\x1f".encode()
        self._remember()

    def _remember(self) -> None:
        self._walk: tuple[list[int], list[int]] | None = None
        self._day = lru_cache(64)(self._make_day)
        self._children = lru_cache(64)(self._divide)
        self._leaf = lru_cache(32)(self._make_trades)

    def __getstate__(self) -> dict[str, object]:
        """All but what is only remembered to answer faster."""
        remembered = {"_walk", "_day", "_children", "_leaf"}
        return {name: value for name, value in vars(self).items() if name not in remembered}

    def __setstate__(self, state: Mapping[str, object]) -> None:
        """Begin to remember anew."""
        vars(self).update(state)
        self._remember()

    def candles(self, unit: Unit, before: int, count: int) -> list[Bar]:
        """The newest ``count`` bars that begin before ``before``, newest first. The one at the start ends there."""
        end = following(unit, opening(unit, min(before, self.start) - 1))
        return list(islice(gather(unit, self.bars(piece(unit), end)), count))

    def bars(self, step: int, before: int) -> Iterator[Bar]:
        """All bars of ``step`` ms (a second or one of `descent.LEVELS`) that begin before ``before``, newest first."""
        for day in range((min(before, self.start) - 1) // DAY, self.listed // DAY - 1, -1):
            yield from self._below(self._day(day), 0, step, before)

    def bar(self, start: int, end: int) -> Bar | None:
        """The sum of all trades from ``start`` up to, not including, ``end``; None if there is none."""
        parts = [
            part
            for day in range((min(end, self.start) - 1) // DAY, max(start, self.listed) // DAY - 1, -1)
            for part in self._within(self._day(day), 0, start, end)
        ]
        return join(start, parts) if parts else None

    def trades(self, before: int, count: int) -> list[Trade]:
        """The newest ``count`` trades whose sequential id is below ``before``, newest first."""
        return list(islice(self._trades_before(before), count))

    def _trades_before(self, before: int) -> Iterator[Trade]:
        for day in range((min(before // 10_000, self.start - 1)) // DAY, self.listed // DAY - 1, -1):
            for trade in self._inside(self._day(day), 0, before):
                if trade.sequential_id < before:
                    yield trade

    def _inside(self, bar: Bar, level: int, before: int) -> Iterator[Trade]:
        if whole(bar, level):
            yield from reversed(self._leaf(bar, level))
            return
        for child in reversed(self._children(bar, level)):
            if child.start * 10_000 < before:
                yield from self._inside(child, level + 1, before)

    def _below(self, bar: Bar, level: int, step: int, before: int) -> Iterator[Bar]:
        if LEVELS[level] == step:
            yield bar
        elif whole(bar, level):
            for part in cut(step, reversed(self._leaf(bar, level))):
                if part.start < before:
                    yield part
        else:
            for child in reversed(self._children(bar, level)):
                if child.start < before:
                    yield from self._below(child, level + 1, step, before)

    def _within(self, bar: Bar, level: int, start: int, end: int) -> Iterator[Bar]:
        if start <= bar.start and bar.last < end:
            yield bar
        elif whole(bar, level):
            rows = [trade for trade in self._leaf(bar, level) if start <= trade.time < end]
            if rows:
                yield summarise(start, rows)
        else:
            for child in reversed(self._children(bar, level)):
                if child.start < end and start <= child.last:
                    yield from self._within(child, level + 1, start, end)

    def _divide(self, bar: Bar, level: int) -> tuple[Bar, ...]:
        return divide(bar, level, self._key, self._tick)

    def _make_trades(self, bar: Bar, level: int) -> tuple[Trade, ...]:
        return trades(bar, level, self._key, self._tick)

    def _make_day(self, day: int) -> Bar:
        """The whole of a day, from its close, the close before and chance."""
        closes, paces = self._walk = self._walk or self._wander()
        index = day - self.listed // DAY
        midnight, close, pace = day * DAY, closes[index], paces[index]
        length = min(self.start - midnight, DAY)
        first, second = draws(self._key, _DAY, midnight, 2)
        opened = closes[max(index - 1, 0)]
        move = abs(close - opened) * _PPM // opened
        pace = pace * isqrt(length) // isqrt(DAY)
        high, low = self._reach(max(opened, close), min(opened, close), pace, first)
        bustle = 128 + 64 * min(move, 8 * pace) // (pace + 1) + (1 << 14) // ((first & 0xFF) + 64)
        count = max(LEAST, self._trades * (256 + bustle) * length // (512 * DAY))
        corners = opened + close + high + low
        volume = max(self._turnover * SCALE * bustle * length // (64 * DAY * corners), count * _GRAIN)
        step, most = self._tick(low), (high - low) * volume
        rim = most // DAY_MARGIN
        value = low * volume + min(max((corners - 4 * low) * volume // 4, rim), most - rim) // step * step
        asks = volume * (110 + (second & 31)) // 251
        last = midnight + length - 1 - ((second >> 8 & 0xFFFF) * (length // count) >> 16)
        return Bar(midnight, opened, high, low, close, volume, value, asks, count, last)

    def _reach(self, top: int, bottom: int, pace: int, chance: int) -> tuple[int, int]:
        """High and low of a day: its body with a wick at either end, at least one step apart."""
        above, below = (chance >> 16 & 0xFFFF) ** 2 >> 16, (chance >> 32 & 0xFFFF) ** 2 >> 16
        high = self._snap(top * (_PPM + (pace * above >> 16)) // _PPM)
        low = max(self._snap(bottom * _PPM // (_PPM + (pace * below >> 16))), self._tick(1))
        return (high + self._tick(high), low) if high == low else (high, low)

    def _wander(self) -> tuple[list[int], list[int]]:
        """Closes and volatilities of all days, from the first: a walk back from the price at the start."""
        first, final = self.listed // DAY, (self.start - 1) // DAY
        numbers = draws(self._key, _WALK, 0, final - first + 1)
        usual = pace = self._volatility
        closes, paces, price = [self.price], [pace], self.price
        for number in reversed(numbers[1:]):
            # a normal of deviation 22.6, times 24 + 1..64 (root of the mean square: 33)
            shock = ((number & 0xFFFF_FFFF).bit_count() - 16) * 8 + (number >> 32 & 7) - 3
            ret = shock * (24 + 512 // ((number >> 36 & 0xFF) + 8)) * pace // 746
            pace = min(max((90 * pace + 7 * abs(ret) * 5 // 4 + 3 * usual) // 100, usual // 3), usual * 4)
            ret += (price - self.price) * _PULL // max(price, self.price)
            ret = min(max(ret, -_MOST), _MOST)
            price = price * _PPM // (_PPM + ret) if ret > 0 else price * (_PPM - ret) // _PPM
            price = max(self._snap(price), 4 * self._tick(1))
            closes.append(price)
            paces.append(pace)
        return closes[::-1], paces[::-1]

    def _snap(self, price: int) -> int:
        return price - price % self._tick(price)
