"""How much takers bought against how much they sold since 00:00 UTC, 체결강도.

Source: the 2023 document, "체결강도를 API를 통해 수신하고 싶습니다": cumulative bought volume / cumulative sold volume
* 100, since 00:00 UTC (09:00 in Korea). It says that the formula may change without notice.
"""

from __future__ import annotations

from bisect import bisect_left
from datetime import datetime
from decimal import Context, Decimal, localcontext
from typing import Final

from ..models import FeedEvent, Gap, TickerEvent, TradeEvent
from ..models.moments import milliseconds, moment
from ..rules.grid import exactly

_DAY: Final = 86_400_000
_KEPT: Final = 1000
"""So many trades at least are remembered after the last ticker, to tell repeated ones and to join a late ticker."""


class TradeStrength:
    """체결강도 of a market, from `TickerEvent`, `TradeEvent` (either or both) and `Gap`.

    A ticker brings the sums of the day; trades later than its last one are added until the next ticker comes. Trades
    alone count from the first that was heard. Of trades in the millisecond of a ticker's last one nobody can tell
    whether its sums hold them: they are left to it and the next ticker.
    """

    def __init__(self, market: str) -> None:
        self.market = market
        self.bought = Decimal(0)
        """Volume that takers bought (`BID`) on this UTC day, in the base currency."""
        self.sold = Decimal(0)
        """Volume that takers sold (`ASK`)."""
        self._day = -1
        self._since: int | None = None
        self._lost = 0
        """Up to here trades were lost."""
        self._time: int | None = None
        self._ticker: TickerEvent | None = None
        self._trades: list[TradeEvent] = []
        """Those of the day that are later than the ticker's, ascending, but for the oldest of many."""
        self._dropped: TradeEvent | None = None
        """The newest of the oldest."""

    def apply(self, event: FeedEvent) -> None:
        """Take a ticker or a trade of this market, once, or a gap in its trades."""
        if isinstance(event, TradeEvent):
            if event.code == self.market:
                self._trade(event)
        elif isinstance(event, TickerEvent):
            if event.code == self.market:
                self._begin(event)
        elif isinstance(event, Gap) and event.type == "trade" and (not event.codes or self.market in event.codes):
            self._lose(event)

    @property
    def value(self) -> Decimal | None:
        """Bought / sold * 100, to 28 digits; None while nothing was sold."""
        if not self.sold:
            return None
        with localcontext(Context(prec=28)):
            return self.bought * 100 / self.sold

    @property
    def since(self) -> datetime | None:
        """From here on no trade is missing: 00:00 UTC when the whole day is covered. None before anything was heard.

        Later than that when there was no ticker, or when a `Gap` says that trades were lost and no ticker came since;
        what was counted before it stays counted.
        """
        return None if self._since is None else moment(self._since)

    @property
    def whole_day(self) -> bool:
        """Whether all trades of the UTC day are counted, up to `time`."""
        return self._since == self._day * _DAY

    @property
    def time(self) -> datetime | None:
        """Of the newest trade or ticker that was counted."""
        return None if self._time is None else moment(self._time)

    def _trade(self, trade: TradeEvent) -> None:
        day, trades = trade.trade_timestamp // _DAY, self._trades
        place = bisect_left(trades, trade.sequential_id, key=_id)
        if (
            day < self._day
            or (self._ticker is not None and trade.trade_timestamp <= self._ticker.trade_timestamp)
            or (self._dropped is not None and trade.sequential_id <= self._dropped.sequential_id)
            or (place < len(trades) and trades[place].sequential_id == trade.sequential_id)
        ):
            return
        if day > self._day:
            known = self._since is not None
            self._turn(day)
            self._since = max(day * _DAY if known else trade.trade_timestamp, self._lost)
            place = 0
        self._trades.insert(place, trade)
        self._add(trade)
        if len(self._trades) > 2 * _KEPT:
            self._dropped = self._trades[_KEPT]
            del self._trades[: _KEPT + 1]

    def _begin(self, ticker: TickerEvent) -> None:
        last, day = self._ticker, ticker.timestamp // _DAY
        if (
            day < self._day
            or (last is not None and ticker.timestamp < last.timestamp)
            or (self._dropped is not None and ticker.trade_timestamp < self._dropped.trade_timestamp)
        ):
            return
        if day > self._day:
            self._turn(day)
        traded = ticker.trade_timestamp // _DAY == day  # else nothing was traded yet on this day
        self._ticker = ticker
        self._trades = [trade for trade in self._trades if trade.trade_timestamp > ticker.trade_timestamp]
        self.bought = ticker.acc_bid_volume if traded else Decimal(0)
        self.sold = ticker.acc_ask_volume if traded else Decimal(0)
        self._time = max(self._time or 0, ticker.timestamp)
        for trade in self._trades:
            self._add(trade)
        self._since = day * _DAY if ticker.timestamp >= self._lost else max(day * _DAY, self._lost)

    def _lose(self, gap: Gap) -> None:
        if gap.lost != 0:
            self._lost = max(self._lost, milliseconds(gap.end))
            self._since = None if self._since is None else max(self._since, self._lost)

    def _turn(self, day: int) -> None:
        """Begin a day."""
        self._day = day
        self.bought = self.sold = Decimal(0)
        self._trades = []
        self._dropped = None

    def _add(self, trade: TradeEvent) -> None:
        with exactly():
            if trade.ask_bid == "BID":
                self.bought += trade.trade_volume
            else:
                self.sold += trade.trade_volume
        self._time = max(self._time or 0, trade.trade_timestamp)


def _id(trade: TradeEvent) -> int:
    return trade.sequential_id
