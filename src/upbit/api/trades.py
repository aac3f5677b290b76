"""Trades of a market (체결)."""

from __future__ import annotations

from ..models import Trade
from .operation import Face, Namespace, Rows, get


class Trades(Namespace[Face]):
    """Trades of a market (체결)."""

    @get("/v1/trades/ticks", group="trade")
    def list(
        self,
        market: str,
        *,
        to: str | None = None,
        count: int | None = None,
        cursor: int | str | None = None,
        days_ago: int | None = None,
    ) -> Rows[Trade]:
        """List trades, newest first (체결 이력 조회).

        `to` is a time of the UTC day, `HHmmss` or `HH:mm:ss`, exclusive; `days_ago` is 1 to 7 whole UTC days, today
        when not given; `cursor` is the `sequential_id` before which to go on; `count` is 1 to 500, 1 when not given.
        """
        ...
