"""Tickers and order books: each event replaces the one before, so only the newest counts.

It has no memory beyond that one and asks nobody: what was missed is made good by the next event, or by the snapshot
of a new connection.
"""

from __future__ import annotations

from collections.abc import Container
from decimal import Decimal

from ..models import OrderbookEvent, TickerEvent


class Latest:
    """The newest ticker of each market, and the newest book of each market and level, of one connection."""

    def __init__(self) -> None:
        self._tickers: dict[str, TickerEvent] = {}
        self._books: dict[tuple[str, Decimal | None], OrderbookEvent] = {}

    def ticker(self, event: TickerEvent) -> bool:
        """Say whether to deliver it: not what is older than the last one, or the same again.

        Of the same millisecond it is the one with the greater volume of the day that is newer.
        """
        last = self._tickers.get(event.code)
        if last is not None and event.timestamp <= last.timestamp:
            less = event.acc_trade_volume < last.acc_trade_volume
            if event.timestamp < last.timestamp or less or event == last:
                return False
        self._tickers[event.code] = event
        return True

    def book(self, event: OrderbookEvent) -> bool:
        """Say whether to deliver it, as with tickers; those of the same millisecond are in order as they come."""
        key = (event.code, event.level)
        last = self._books.get(key)
        if last is not None and (event.timestamp < last.timestamp or event == last):
            return False
        self._books[key] = event
        return True

    @property
    def newest(self) -> tuple[TickerEvent | OrderbookEvent, ...]:
        """What was delivered last of everything."""
        return (*self._tickers.values(), *self._books.values())

    def keep(self, wanted: Container[tuple[str, str]]) -> None:
        """Forget all but these types and markets: if one of the others comes again, it is new."""
        self._tickers = {code: event for code, event in self._tickers.items() if ("ticker", code) in wanted}
        self._books = {key: event for key, event in self._books.items() if ("orderbook", key[0]) in wanted}

    def clear(self) -> None:
        """Begin anew with a new connection: its first events are the newest, whatever its server's clock says."""
        self._tickers.clear()
        self._books.clear()
