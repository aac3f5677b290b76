"""Order books (호가)."""

from __future__ import annotations

from ..models import Instrument, Orderbook, SupportedLevels
from ..wire.codec import Markets, Number
from .operation import Face, Namespace, Rows, get


class Orderbooks(Namespace[Face]):
    """Order books and their price grid (호가)."""

    @get("/v1/orderbook", group="orderbook")
    def list(self, markets: Markets, *, level: Number | None = None, count: int | None = None) -> Rows[Orderbook]:
        """Say the order books of these markets (호가 조회).

        `level` gathers KRW markets by a price width (one of `list_instruments`); `count` is the number of levels, 1
        to 30, 30 when not given.
        """
        ...

    @get("/v1/orderbook/instruments", group="orderbook")
    def list_instruments(self, markets: Markets) -> Rows[Instrument]:
        """Say tick size and levels of these markets (호가 정책 조회)."""
        ...

    @get(
        "/v1/orderbook/supported_levels",
        group="orderbook",
        deprecated="2025-07-31: use orderbooks.list_instruments",
    )
    def list_supported_levels(self, markets: Markets) -> Rows[SupportedLevels]:
        """Say the levels of these markets (호가 모아보기 단위 조회). Use `list_instruments` instead."""
        ...
