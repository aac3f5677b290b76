"""The tape of a market: everything that is derived from its trades, past and present together.

Trades come in with `Tape.add`; candles, the ticker and lists of trades go out, summed in whole numbers, so that what is
served is exactly what recomputing it from all trades would give. Before its start the tape reads from a `History`.
Kept of the present: trades (and so candles of seconds) of today and the seven days before, which is as far as the
exchange's own list of trades reaches; candles of minutes of 31 days; hours and days for ever. All in packed records.
It refuses to make trades, to know orders, and to run backwards: times and sequential ids only rise.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from itertools import chain, islice
from struct import Struct as Record
from typing import Literal

from msgspec import Struct

from .bars import DAY, HOUR, MINUTE, SECOND, Bar, Trade, Unit, cut, following, gather, join, opening, piece
from .book import Side
from .history import History

Change = Literal["RISE", "EVEN", "FALL"]

TRADE_DAYS = 7
"""Days before today whose trades are kept."""
MINUTE_DAYS = 31
"""Days before today whose minutes are kept."""
YEAR_DAYS = 364
"""Days of the 52 weeks of a ticker, today among them."""
_RATE = 10**10

_TRADE = Record("<q16s16s")  # sequential id; price, negative if the taker sold; volume
_BAR = Record("<3q16s16s16s16s16s24s16s")  # start, count, last; four prices, volume, value, ask volume


class Ticker(Struct, frozen=True, gc=False):
    """A market at a moment. Prices and volumes in units of 1e-8, values in units of 1e-16, times in ms since 1970.

    The day is that of UTC. Before its first trade the four prices are the last one and the sums are zero (what the
    exchange shows then is not known).
    """

    time: int
    """The moment asked for."""
    opening_price: int
    high_price: int
    low_price: int
    trade_price: int
    prev_closing_price: int
    """The last price before today; today's opening on a market's first day."""
    trade_volume: int
    ask_bid: Side
    """The taker's side of the last trade, whose volume and time stand beside."""
    trade_time: int
    acc_trade_volume: int
    acc_trade_value: int
    acc_trade_volume_24h: int
    """Of the last 24 hours up to the moment: trades exactly 24 hours old are out."""
    acc_trade_value_24h: int
    acc_ask_volume: int
    acc_bid_volume: int
    highest_52_week_price: int
    highest_52_week_day: int
    """Midnight of the newest day it was traded at; of the last trade where 52 weeks saw none."""
    lowest_52_week_price: int
    lowest_52_week_day: int

    @property
    def change(self) -> Change:
        """Where the price went since the previous close."""
        moved = self.trade_price - self.prev_closing_price
        return "RISE" if moved > 0 else "FALL" if moved < 0 else "EVEN"

    @property
    def signed_change_price(self) -> int:
        """How far the price went since the previous close."""
        return self.trade_price - self.prev_closing_price

    @property
    def signed_change_rate(self) -> int:
        """The change as a part of the previous close, in units of 1e-10, halves away from zero."""
        rate = (2 * abs(self.signed_change_price) * _RATE + self.prev_closing_price) // (2 * self.prev_closing_price)
        return rate if self.signed_change_price > 0 else -rate


class _Series:
    """Bars in order of time, packed."""

    __slots__ = ("_rows",)

    def __init__(self) -> None:
        self._rows = bytearray()

    def __len__(self) -> int:
        return len(self._rows) // _BAR.size

    def __getitem__(self, index: int) -> Bar:
        start, count, last, *numbers = _BAR.unpack_from(self._rows, index * _BAR.size)
        first, high, low, close, volume, value, asks = [int.from_bytes(number, "little") for number in numbers]
        return Bar(start, first, high, low, close, volume, value, asks, count, last)

    def start(self, index: int) -> int:
        return int(_BAR.unpack_from(self._rows, index * _BAR.size)[0])

    def fold(self, start: int, bar: Bar) -> None:
        """Add a bar to the last row if that starts at ``start``, else as a new row that does."""
        if len(self) and self.start(len(self) - 1) == start:
            bar = join(start, (bar, self[len(self) - 1]))
            del self._rows[-_BAR.size :]
        prices = [price.to_bytes(16, "little") for price in (bar.opening, bar.high, bar.low, bar.close)]
        volume, asks = bar.volume.to_bytes(16, "little"), bar.ask_volume.to_bytes(16, "little")
        value = bar.value.to_bytes(24, "little")
        self._rows += _BAR.pack(start, bar.count, bar.last, *prices, volume, value, asks)

    def before(self, time: int) -> Iterator[Bar]:
        """The bars that start before ``time``, newest first."""
        for index in range(bisect_left(range(len(self)), time, key=self.start) - 1, -1, -1):
            yield self[index]

    def forget(self, time: int) -> None:
        """Drop the bars that start before ``time``."""
        del self._rows[: bisect_left(range(len(self)), time, key=self.start) * _BAR.size]


class _Log:
    """Trades in order of time, packed."""

    __slots__ = ("_rows",)

    def __init__(self) -> None:
        self._rows = bytearray()

    def __len__(self) -> int:
        return len(self._rows) // _TRADE.size

    def __getitem__(self, index: int) -> Trade:
        sequential_id, signed, volume = _TRADE.unpack_from(self._rows, index * _TRADE.size)
        price = int.from_bytes(signed, "little", signed=True)
        return Trade(sequential_id, abs(price), int.from_bytes(volume, "little"), "bid" if price > 0 else "ask")

    def id(self, index: int) -> int:
        return int(_TRADE.unpack_from(self._rows, index * _TRADE.size)[0])

    def add(self, sequential_id: int, signed_price: int, volume: int) -> None:
        price = signed_price.to_bytes(16, "little", signed=True)
        self._rows += _TRADE.pack(sequential_id, price, volume.to_bytes(16, "little"))

    def before(self, sequential_id: int) -> Iterator[Trade]:
        """The trades below a sequential id, newest first."""
        for index in range(bisect_left(range(len(self)), sequential_id, key=self.id) - 1, -1, -1):
            yield self[index]

    def forget(self, sequential_id: int) -> int:
        """Drop the trades below a sequential id; how many there were."""
        count = bisect_left(range(len(self)), sequential_id, key=self.id)
        del self._rows[: count * _TRADE.size]
        return count


class _Days:
    """What a ticker takes from the days before today: the last price, and the extremes with their day, if any."""

    __slots__ = ("highest", "lowest", "prev_closing", "today")

    def __init__(self, today: int, bars: list[Bar]) -> None:
        self.today = today
        self.prev_closing = bars[0].close if bars else None
        recent = [bar for bar in bars if bar.start > today - YEAR_DAYS * DAY]
        self.highest = sorted((bar.high, bar.start) for bar in recent)[-1:]
        self.lowest = sorted((bar.low, -bar.start) for bar in recent)[:1]


class Tape:
    """The trades of one market and what follows from them. Prices and volumes are in units of 1e-8."""

    def __init__(self, history: History) -> None:
        self.history = history
        self._log = _Log()
        self._series = {step: _Series() for step in (MINUTE, HOUR, DAY)}
        self._id = history.start * 10_000 - 1
        self._minute = history.start // MINUTE
        self._open = self._high = self._low = self._close = 0
        self._volume = self._value = self._asks = self._count = 0
        self._volume_24h = self._value_24h = 0
        self._expired = 0  # how many trades of the log have left the 24 hours
        self._counted = history.start  # from here on the past is in the 24 hours
        self._days: _Days | None = None

    def add(self, price: int, volume: int, side: Side, sequential_id: int) -> None:
        """Take a trade. ``side`` is the taker's; the time is the sequential id without its last four digits.

        Raises ValueError if the id does not rise or the trade is from before the start.
        """
        if sequential_id <= self._id:
            raise ValueError(f"sequential_id {sequential_id} does not rise: the one before was {self._id}")
        minute = sequential_id // 600_000_000
        if minute != self._minute:
            self._turn(minute)
        self._id = sequential_id
        if not self._count:
            self._open = self._high = self._low = price
        elif price > self._high:
            self._high = price
        elif price < self._low:
            self._low = price
        self._close = price
        value = price * volume
        self._count += 1
        self._volume += volume
        self._value += value
        self._volume_24h += volume
        self._value_24h += value
        if side == "ask":
            self._asks += volume
            self._log.add(sequential_id, -price, volume)
        else:
            self._log.add(sequential_id, price, volume)

    def candles(self, unit: Unit, before: int, count: int) -> list[Bar]:
        """The newest ``count`` candles that begin before ``before``, newest first; only intervals with trades."""
        return list(islice(self._candles(unit, before), count))

    def trades(self, before: int, count: int, *, since: int = 0) -> list[Trade]:
        """The newest ``count`` trades with a sequential id below ``before`` and not below ``since``, newest first."""
        found = list(islice(self._log.before(before), count))
        start = self.history.start * 10_000
        if len(found) < count and since < start:
            found += self.history.trades(min(before, start), count - len(found))
        return [trade for trade in found if trade.sequential_id >= since]

    def prev_closing(self, time: int) -> int | None:
        """The last price before the UTC day of ``time``; None before the market's second day."""
        bar = next(self._candles("day", time - time % DAY), None)
        return bar.close if bar else None

    def ticker(self, now: int) -> Ticker:
        """The market at ``now``, which is not before the last trade."""
        today = now - now % DAY
        days = self._days
        if days is None or days.today != today:
            days = self._days = _Days(today, self.candles("day", today, YEAR_DAYS - 1))
        last = self._log[len(self._log) - 1] if len(self._log) else self.history.trades(self._id + 1, 1)[0]
        bar = next(self._candles("day", today + 1))
        highest, lowest = days.highest, days.lowest
        if bar.start == today:
            highest, lowest = [*highest, (bar.high, today)], [*lowest, (bar.low, -today)]
        else:
            bar = Bar(today, last.price, last.price, last.price, last.price, 0, 0, 0, 0, 0)
        volume, value = self._day_long(now - DAY)
        high, high_day = max(highest, default=(last.price, last.time - last.time % DAY))
        low, low_day = min(lowest, default=(last.price, last.time % DAY - last.time))
        return Ticker(
            time=now,
            opening_price=bar.opening,
            high_price=bar.high,
            low_price=bar.low,
            trade_price=last.price,
            prev_closing_price=bar.opening if days.prev_closing is None else days.prev_closing,
            trade_volume=last.volume,
            ask_bid=last.side,
            trade_time=last.time,
            acc_trade_volume=bar.volume,
            acc_trade_value=bar.value,
            acc_trade_volume_24h=volume,
            acc_trade_value_24h=value,
            acc_ask_volume=bar.ask_volume,
            acc_bid_volume=bar.volume - bar.ask_volume,
            highest_52_week_price=high,
            highest_52_week_day=high_day,
            lowest_52_week_price=low,
            lowest_52_week_day=-low_day,
        )

    def _candles(self, unit: Unit, before: int) -> Iterator[Bar]:
        end, step = following(unit, opening(unit, before - 1)), piece(unit)
        return gather(unit, chain(self._live(step, end), self.history.bars(step, end)))

    def _live(self, step: int, end: int) -> Iterator[Bar]:
        """Bars since the start that begin before ``end`` and lie within intervals of ``step`` ms, newest first."""
        if step == SECOND:
            yield from cut(SECOND, self._log.before(end * 10_000))
            return
        if self._count and self._minute * MINUTE < end:
            yield self._current()
        yield from self._series[MINUTE if step < HOUR else step].before(end)

    def _current(self) -> Bar:
        return Bar(
            self._minute * MINUTE,
            self._open,
            self._high,
            self._low,
            self._close,
            self._volume,
            self._value,
            self._asks,
            self._count,
            self._id // 10_000,
        )

    def _turn(self, minute: int) -> None:
        """Put the current minute away and begin another; forget what is too old at the end of a day."""
        if self._count:
            bar = self._current()
            for step, series in self._series.items():
                series.fold(bar.start - bar.start % step, bar)
        self._day_long(minute * MINUTE - DAY)
        today = minute * MINUTE // DAY * DAY
        if today > self._minute * MINUTE:
            self._expired -= self._log.forget((today - TRADE_DAYS * DAY) * 10_000)
            self._series[MINUTE].forget(today - MINUTE_DAYS * DAY)
        self._minute, self._volume, self._value, self._asks, self._count = minute, 0, 0, 0, 0

    def _day_long(self, since: int) -> tuple[int, int]:
        """Volume and value of all trades after ``since``: what came since it was last asked for, and left."""
        log = self._log
        while self._expired < len(log) and log.id(self._expired) // 10_000 <= since:
            self._count_24h(log[self._expired], -1)
            self._expired += 1
        while self._expired and log.id(self._expired - 1) // 10_000 > since:
            self._expired -= 1
            self._count_24h(log[self._expired], 1)
        since = min(since + 1, self.history.start)
        if since != self._counted:
            bar = self.history.bar(min(since, self._counted), max(since, self._counted))
            sign = 1 if since < self._counted else -1
            self._counted = since
            if bar:
                self._volume_24h += sign * bar.volume
                self._value_24h += sign * bar.value
        return self._volume_24h, self._value_24h

    def _count_24h(self, trade: Trade, sign: int) -> None:
        self._volume_24h += sign * trade.volume
        self._value_24h += sign * trade.price * trade.volume
