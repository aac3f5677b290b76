"""Tickers (현재가)."""

from __future__ import annotations

from ..models import Ticker
from ..wire.codec import Markets
from .operation import Face, Namespace, Rows, get


class Tickers(Namespace[Face]):
    """The state of markets now (현재가)."""

    @get("/v1/ticker", group="ticker")
    def list_by_trading_pairs(self, markets: Markets) -> Rows[Ticker]:
        """Say the state of these markets (페어 단위 현재가 조회).

        `markets` is one code, several in one text, or a list. One unknown market fails the whole call.
        """
        ...

    @get("/v1/ticker/all", group="ticker")
    def list_by_quote_currencies(self, quote_currencies: Markets) -> Rows[Ticker]:
        """Say the state of all markets with these quote currencies, as `KRW` (마켓 단위 현재가 조회)."""
        ...

    list = list_by_trading_pairs
