"""What a price of a USDT market is worth in KRW, as the exchange itself converts: KRW-USDT = KRW-BTC / USDT-BTC.

Source: the 2023 document, "USDT 마켓의 원화 환산가격". The KRW-USDT market that exists today is not asked.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from ..models import FeedEvent, TickerEvent, TradeEvent
from ..models.moments import moment
from ..rules.grid import exactly

KRW_BTC = "KRW-BTC"
USDT_BTC = "USDT-BTC"


class _Last(NamedTuple):
    """The last trade of a market."""

    order: int
    """Its sequential id, which is its time followed by four digits; of a ticker the lowest it can be."""
    time: int
    price: Decimal


class KRWValue:
    """Converts USDT prices by the last trades of `KRW-BTC` and `USDT-BTC`, from `TickerEvent` or `TradeEvent`."""

    def __init__(self) -> None:
        self._last: dict[str, _Last] = {}

    def apply(self, event: FeedEvent) -> None:
        """Take a ticker or trade of the two markets that is not older than what is known."""
        if not isinstance(event, TickerEvent | TradeEvent) or event.code not in (KRW_BTC, USDT_BTC):
            return
        order = event.sequential_id if isinstance(event, TradeEvent) else event.trade_timestamp * 10_000
        known = self._last.get(event.code)
        if known is None or order >= known.order:
            self._last[event.code] = _Last(order, event.trade_timestamp, event.trade_price)

    @property
    def time(self) -> datetime | None:
        """Time of the older of the two last trades: the conversion is as old as that."""
        if len(self._last) < 2:
            return None
        return moment(min(last.time for last in self._last.values()))

    @property
    def rate(self) -> Decimal | None:
        """KRW for one USDT; None until both markets were heard of."""
        return self.krw(Decimal(1))

    def krw(self, price: Decimal) -> Decimal | None:
        """Convert a price or an amount in USDT, to 28 digits; None until both markets were heard of."""
        krw, usdt = self._last.get(KRW_BTC), self._last.get(USDT_BTC)
        if krw is None or usdt is None or not usdt.price:
            return None
        with exactly() as exact:
            above = price * krw.price
            exact.prec = 28
            return above / usdt.price
