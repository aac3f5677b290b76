"""Markets (종목)."""

from __future__ import annotations

from ..models import TradingPair
from .operation import Face, Namespace, Rows, get


class TradingPairs(Namespace[Face]):
    """Markets that the exchange lists (종목)."""

    @get("/v1/market/all", group="market")
    def list(self, *, is_details: bool | None = None) -> Rows[TradingPair]:
        """List all markets (종목 목록 조회).

        `is_details=True` adds warnings: `market_event` today, `market_warning` until 2024-11-20.
        """
        ...
