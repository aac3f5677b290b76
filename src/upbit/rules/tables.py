"""What the exchange's pages say: price grids by day, bounds of totals, fees. Every number beside its source.

Known and left out, because nothing states it exactly enough to compute with:

- 16 KRW pairs stepped by 1 instead of 0.1 between 100 and 1,000 KRW from 2024-10-14 to 2025-07-30 (which 16 is not
  known); they are treated like every other pair.
- KRW-USDT and KRW-USDC have had their own step between 1,000 and 10,000 KRW since 2025-03-21. The official page dates
  it without printing the step, and 0.5 stands in one unofficial copy only; they too are treated like other pairs,
  unless `Instruments` says otherwise.
- IDR and THB markets (Indonesia, Thailand).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Final, NamedTuple

from .grid import TickTable


class Total(NamedTuple):
    """A bound on what one order may be worth, in the quote currency."""

    since: date | None
    """First day in force; None where only later days are documented."""
    amount: Decimal


def _bands(*rows: tuple[str, str]) -> tuple[tuple[Decimal, Decimal], ...]:
    return tuple((Decimal(bound), Decimal(step)) for bound, step in rows)


# Source: the "Utils" table of the 2023 document (API 1.3.4), which was already out of date then. Seen in public clients
# from 2018 to 2022-04.
KRW_UNTIL_2022: Final = TickTable(
    None,
    _bands(
        ("2000000", "1000"),
        ("1000000", "500"),
        ("500000", "100"),
        ("100000", "50"),
        ("10000", "10"),
        ("1000", "5"),
        ("100", "1"),
        ("10", "0.1"),
        ("0", "0.01"),
    ),
)

# Source: the history of the public client pyupbit, where the table appears on this day; the notice itself is not known.
KRW_SINCE_2022_04: Final = TickTable(
    date(2022, 4, 24),
    _bands(
        ("2000000", "1000"),
        ("1000000", "500"),
        ("500000", "100"),
        ("100000", "50"),
        ("10000", "10"),
        ("1000", "5"),
        ("100", "1"),
        ("10", "0.1"),
        ("1", "0.01"),
        ("0.1", "0.001"),
        ("0", "0.0001"),
    ),
)

# Source: the history of pyupbit; that it began on this day is inferred from the exchange's notice "tick_unit_change" of
# version 1.4.4. Press of 2024-09 confirms the change of that January for the bands from 10 to 10,000 KRW.
KRW_SINCE_2024_01: Final = TickTable(
    date(2024, 1, 22),
    _bands(
        ("2000000", "1000"),
        ("1000000", "500"),
        ("500000", "100"),
        ("100000", "50"),
        ("10000", "10"),
        ("1000", "1"),
        ("100", "0.1"),
        ("10", "0.01"),
        ("1", "0.001"),
        ("0.1", "0.0001"),
        ("0.01", "0.00001"),
        ("0.001", "0.000001"),
        ("0.0001", "0.0000001"),
        ("0", "0.00000001"),
    ),
)

# Source: https://docs.upbit.com/kr/docs/krw-market-info (updated 2026-05-04), checked against live books 2026-04-21.
KRW_SINCE_2025_07: Final = TickTable(
    date(2025, 7, 31),
    _bands(
        ("1000000", "1000"),
        ("500000", "500"),
        ("100000", "100"),
        ("50000", "50"),
        ("10000", "10"),
        ("5000", "5"),
        ("100", "1"),
        ("10", "0.1"),
        ("1", "0.01"),
        ("0.1", "0.001"),
        ("0.01", "0.0001"),
        ("0.001", "0.00001"),
        ("0.0001", "0.000001"),
        ("0.00001", "0.0000001"),
        ("0", "0.00000001"),
    ),
)

# Source: https://docs.upbit.com/kr/docs/btc-market-info; the same step in 2023.
BTC: Final = TickTable(None, _bands(("0", "0.00000001")))

# Source: https://docs.upbit.com/kr/docs/usdt-market-info. Before this day the steps below 1 and from 10 USDT were
# others, which nothing read so far prints.
USDT_SINCE_2024_08: Final = TickTable(
    date(2024, 8, 19),
    _bands(
        ("10", "0.01"),
        ("1", "0.001"),
        ("0.1", "0.0001"),
        ("0.01", "0.00001"),
        ("0.001", "0.000001"),
        ("0.0001", "0.0000001"),
        ("0", "0.00000001"),
    ),
)

# Source of both: https://global-docs.upbit.com/changelog/sgd-market-tick-size-adjustment (Singapore), which prints the
# steps before and after. The change came at 19:00 of its day; the whole day is counted as after.
SGD_UNTIL_2025: Final = TickTable(
    None,
    _bands(
        ("2000", "1"),
        ("1000", "0.5"),
        ("500", "0.1"),
        ("100", "0.05"),
        ("10", "0.01"),
        ("1", "0.005"),
        ("0.1", "0.001"),
        ("0.01", "0.0001"),
        ("0.001", "0.00001"),
        ("0.0001", "0.000001"),
        ("0", "0.0000001"),
    ),
)
SGD_SINCE_2025_12: Final = TickTable(
    date(2025, 12, 1),
    _bands(
        ("1000", "1"),
        ("100", "0.1"),
        ("10", "0.01"),
        ("1", "0.001"),
        ("0.1", "0.0001"),
        ("0.01", "0.00001"),
        ("0.001", "0.000001"),
        ("0.0001", "0.0000001"),
        ("0", "0.00000001"),
    ),
)

TICK_TABLES: Final[Mapping[str, tuple[TickTable, ...]]] = MappingProxyType(
    {
        "KRW": (KRW_SINCE_2025_07, KRW_SINCE_2024_01, KRW_SINCE_2022_04, KRW_UNTIL_2022),
        "BTC": (BTC,),
        "USDT": (USDT_SINCE_2024_08,),
        "SGD": (SGD_SINCE_2025_12, SGD_UNTIL_2025),
    }
)
"""Every table, by quote currency, newest first."""

# Sources: the market pages named above; 5,000 KRW stands in the 2023 document too. The BTC and USDT minimums date from
# the notice of 2024-08-19; what held before is not known. SGD: none found.
MINIMUMS: Final[Mapping[str, tuple[Total, ...]]] = MappingProxyType(
    {
        "KRW": (Total(None, Decimal(5000)),),
        "BTC": (Total(date(2024, 8, 19), Decimal("0.00005")),),
        "USDT": (Total(date(2024, 8, 19), Decimal("0.5")),),
    }
)

# Source: https://docs.upbit.com/kr/reference/new-order. Other markets: none found.
MAXIMUMS: Final[Mapping[str, tuple[Total, ...]]] = MappingProxyType({"KRW": (Total(None, Decimal(1_000_000_000)),)})

# Sources: the examples of /orders/chance, Korean (KRW, BTC, USDT) and Singaporean (SGD). Maker and taker alike.
FEES: Final[Mapping[str, Decimal]] = MappingProxyType(
    {"KRW": Decimal("0.0005"), "BTC": Decimal("0.0025"), "USDT": Decimal("0.0025"), "SGD": Decimal("0.0025")}
)
