"""Market rules: on which price grid, between which totals, at which fee and in which sizes orders are placed.

Every number stands beside its source and the first day it held (`tables`). Days are days of the exchange's own country
and come in as arguments: ``on=None`` means the newest rule known. A day before the earliest rule known gets that
earliest rule, because history must stay replayable; ``TickTable.since`` tells how far back a table is really known to
reach.

What this package refuses to do: read a clock, ask the exchange, or compute with floats. The exchange can change a rule
for a single pair at any time: ``/orderbook/instruments`` (tick size) and ``/orders/chance`` (totals and fees) have the
last word for live orders. `Instruments` corrects the tables by the former.
"""

from __future__ import annotations

from .grid import Price, TickTable, Toward, exact_amount, exact_price
from .market import (
    Instruments,
    Manner,
    Told,
    fee,
    maximum_total,
    minimum_total,
    on_grid,
    round_price,
    tick_size,
    tick_table,
)
from .sizes import is_amount, max_buy, round_volume, total_within, volume_reaching, volume_within
from .tables import (
    BTC,
    KRW_SINCE_2022_04,
    KRW_SINCE_2024_01,
    KRW_SINCE_2025_07,
    KRW_UNTIL_2022,
    SGD_SINCE_2025_12,
    SGD_UNTIL_2025,
    TICK_TABLES,
    USDT_SINCE_2024_08,
    Total,
)

__all__ = [
    "BTC",
    "KRW_SINCE_2022_04",
    "KRW_SINCE_2024_01",
    "KRW_SINCE_2025_07",
    "KRW_UNTIL_2022",
    "SGD_SINCE_2025_12",
    "SGD_UNTIL_2025",
    "TICK_TABLES",
    "USDT_SINCE_2024_08",
    "Instruments",
    "Manner",
    "Price",
    "TickTable",
    "Told",
    "Total",
    "Toward",
    "exact_amount",
    "exact_price",
    "fee",
    "is_amount",
    "max_buy",
    "maximum_total",
    "minimum_total",
    "on_grid",
    "round_price",
    "round_volume",
    "tick_size",
    "tick_table",
    "total_within",
    "volume_reaching",
    "volume_within",
]
