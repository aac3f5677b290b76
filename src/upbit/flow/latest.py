"""Tickers and order books: each event replaces the one before, so only the newest counts.

It has no memory beyond that one and asks nobody: what was missed is made good by the next event, or by the snapshot
of a new connection.
"""

from __future__ import annotations

from collections.abc import Container
from decimal import Decimal
from typing import TypeAlias

from ..models import OrderbookEvent, TickerEvent

State: TypeAlias = TickerEvent | OrderbookEvent


class Latest:
    """The newest event of each type, market and level of one connection."""

    def __init__(self) -> None:
        self._newest: dict[tuple[str, str, Decimal | None], State] = {}

    def take(self, event: State) -> tuple[State, ...]:
        """Say what to deliver: nothing for an event that is older than the last one, or the same again.

        Events of the same millisecond are in order as they come; tickers by the volume of the day.
        """
        key = (event.type, event.code, event.level if isinstance(event, OrderbookEvent) else None)
        last = self._newest.get(key)
        if last is not None and event.timestamp <= last.timestamp and _stale(event, last):
            return ()
        self._newest[key] = event
        return (event,)

    @property
    def newest(self) -> tuple[State, ...]:
        """What was delivered last of everything."""
        return tuple(self._newest.values())

    def keep(self, wanted: Container[tuple[str, str]]) -> None:
        """Forget all but these types and markets: if one of the others comes again, it is new."""
        self._newest = {key: event for key, event in self._newest.items() if key[:2] in wanted}

    def clear(self) -> None:
        """Begin anew with a new connection: its first events are the newest, whatever its server's clock says."""
        self._newest.clear()


def _stale(event: State, last: State) -> bool:
    if event.timestamp < last.timestamp or event == last:
        return True
    return (
        isinstance(event, TickerEvent)
        and isinstance(last, TickerEvent)
        and event.acc_trade_volume < last.acc_trade_volume
    )
