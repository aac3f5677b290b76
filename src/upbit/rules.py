"""Market rules: on which price grid, between which totals and at which fee orders are placed.

Every number stands here beside its source and the first day it held. Days are days of the exchange's own country and
come in as arguments: ``on=None`` means the newest rule known. A day before the earliest rule known gets that earliest
rule, because history must stay replayable; ``TickTable.since`` tells how far back a table is really known to reach.

What this module refuses to do: read a clock, ask the exchange, or compute with floats. The exchange can change a rule
for a single pair at any time: ``/orderbook/instruments`` (tick size) and ``/orders/chance`` (totals and fees) have the
last word for live orders. A ``TickTable`` made from such an answer rounds like the ones written here.

Known and left out, because nothing states it exactly enough to compute with:

- 16 KRW pairs stepped by 1 instead of 0.1 between 100 and 1,000 KRW from 2024-10-14 to 2025-07-30 (which 16 is not
  known); they are treated like every other pair.
- KRW-USDT and KRW-USDC have had their own step between 1,000 and 10,000 KRW since 2025-03-21. The official page dates
  it without printing the step, and 0.5 stands in one unofficial copy only; they too are treated like other pairs.
- IDR and THB markets (Indonesia, Thailand).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Context, Decimal, InvalidOperation, localcontext
from types import MappingProxyType
from typing import Final, Literal, NamedTuple, TypeAlias, TypeVar

Price: TypeAlias = Decimal | int | str
"""A price as callers write it: exact, never a float."""

Toward: TypeAlias = Literal["down", "up", "nearest"]
"""Which way an off-grid price moves. ``"nearest"`` sends the exact middle up."""

_DIGITS: Final = 60
"""Digits that hold any accepted price divided by any step, so that nothing below is ever rounded by accident."""

_LARGEST: Final = Decimal(10) ** 20
"""Nothing trades near this; beyond it an exponent was mistyped."""


class TickTable(NamedTuple):
    """A price grid: in each price band, the step that order prices must be a multiple of (호가 단위)."""

    since: date | None
    """First day in force; None where only later days are documented."""
    bands: tuple[tuple[Decimal, Decimal], ...]
    """(lower bound, step), highest band first; the bound belongs to its band, and the last bound is 0."""

    def step(self, price: Decimal) -> Decimal:
        """Return the step of the band that holds ``price`` (not negative)."""
        return next(step for bound, step in self.bands if bound <= price)

    def round(self, price: Decimal, toward: Toward = "down") -> Decimal:
        """Return ``price`` (not negative) moved onto the grid; 0 where nothing lower is left."""
        if toward not in ("down", "up", "nearest"):
            raise ValueError(f"toward is {toward!r}; it must be 'down', 'up' or 'nearest'")
        step = self.step(price)
        with localcontext(Context(prec=_DIGITS)):
            low = price // step * step
            stays = low == price if toward == "up" else toward == "down" or price < low + step / 2
            return low if stays else low + step


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
_MINIMUMS: Final[Mapping[str, tuple[Total, ...]]] = MappingProxyType(
    {
        "KRW": (Total(None, Decimal(5000)),),
        "BTC": (Total(date(2024, 8, 19), Decimal("0.00005")),),
        "USDT": (Total(date(2024, 8, 19), Decimal("0.5")),),
    }
)

# Source: https://docs.upbit.com/kr/reference/new-order. Other markets: none found.
_MAXIMUMS: Final[Mapping[str, tuple[Total, ...]]] = MappingProxyType({"KRW": (Total(None, Decimal(1_000_000_000)),)})

# Sources: the examples of /orders/chance, Korean (KRW, BTC, USDT) and Singaporean (SGD). Maker and taker alike.
_FEES: Final[Mapping[str, Decimal]] = MappingProxyType(
    {"KRW": Decimal("0.0005"), "BTC": Decimal("0.0025"), "USDT": Decimal("0.0025"), "SGD": Decimal("0.0025")}
)

_Rule = TypeVar("_Rule", TickTable, Total)


def tick_table(market: str, *, on: date | None = None) -> TickTable:
    """Return the price grid of ``market`` (such as ``"KRW-BTC"``) on a day.

    Raises ValueError for a market that is misspelled or whose quote currency has no table here.
    """
    return _in_force(TICK_TABLES[_quote(market)], on)


def tick_size(market: str, price: Price, *, on: date | None = None) -> Decimal:
    """Return the step between valid prices at ``price``, in the quote currency (호가 단위).

    Raises ValueError for a price that is zero, negative, no number, or beyond any market.
    """
    return tick_table(market, on=on).step(_positive(price))


def round_price(market: str, price: Price, *, on: date | None = None, toward: Toward = "down") -> Decimal:
    """Return ``price`` moved onto the grid of its market; a price already on the grid is returned unchanged.

    Raises ValueError like ``tick_size``, and when rounding would leave nothing of the price.
    """
    exact, table = _positive(price), tick_table(market, on=on)
    rounded = table.round(exact, toward)
    if not rounded:
        step = table.step(exact)
        raise ValueError(f"price {exact} of {market} rounds to zero; the lowest valid price is {step:f}")
    return rounded


def on_grid(market: str, price: Price, *, on: date | None = None) -> bool:
    """Return whether the exchange would take ``price`` as a limit price. Raises ValueError like ``tick_size``."""
    exact = _positive(price)
    return tick_table(market, on=on).round(exact) == exact


def minimum_total(market: str, *, on: date | None = None) -> Decimal:
    """Return the least an order may be worth, in the quote currency (최소 주문 금액).

    A limit order is worth price times volume; a market sell is worth volume times the best bid.
    Raises ValueError where no minimum is known (SGD): ask ``/orders/chance``.
    """
    quote = _quote(market)
    if quote not in _MINIMUMS:
        raise ValueError(f"no minimum total is known for {quote} markets; /orders/chance tells the one of {market}")
    return _in_force(_MINIMUMS[quote], on).amount


def maximum_total(market: str, *, on: date | None = None) -> Decimal | None:
    """Return the most an order may be worth, in the quote currency, or None where no maximum is documented."""
    rows = _MAXIMUMS.get(_quote(market))
    return _in_force(rows, on).amount if rows else None


def fee(market: str) -> Decimal:
    """Return the ordinary fee of ``market`` as a fraction of the traded funds (0.0005 is 0.05 %).

    It can differ by account, pair and season: ``/orders/chance`` tells what an order will really pay.
    """
    return _FEES[_quote(market)]


def exact_price(price: object) -> Decimal:
    """Return a ``Price`` as a Decimal, digit for digit. Zero is let through.

    Raises ValueError for anything but a number from 0 to below 10**20, and for floats: ``0.1`` is not quite 1/10.
    """
    if isinstance(price, bool) or not isinstance(price, Decimal | int | str):
        raise ValueError(f"price is {price!r}, a {type(price).__name__}; write a Decimal, an int or text such as '0.1'")
    try:
        exact = Decimal(price)
    except InvalidOperation:
        raise ValueError(f"price {price!r} is not a number; write plain digits such as '20000' or '0.1'") from None
    if not exact.is_finite():
        raise ValueError(f"price is {exact}; it must be a finite number")
    if exact < 0:
        raise ValueError("price is negative; it must be above zero, the side of an order says which way money goes")
    if exact >= _LARGEST:
        raise ValueError("price is 10**20 or more; no market trades there, look at its exponent or digits")
    return exact.copy_abs()


def _positive(price: Price) -> Decimal:
    exact = exact_price(price)
    if not exact:
        raise ValueError("price is zero; it must be above zero (a market order carries no price at all)")
    return exact


def _quote(market: str) -> str:
    quote, _, base = market.partition("-")
    if not (quote and base and market == market.upper()) or base in ("KRW", "SGD"):
        raise ValueError(f"market is {market!r}; write the quote currency first, in capitals, such as 'KRW-BTC'")
    if quote not in TICK_TABLES:
        known = ", ".join(TICK_TABLES)
        raise ValueError(f"no rules are known for {quote} markets ({market!r}), only for {known}")
    return quote


def _in_force(rows: tuple[_Rule, ...], on: date | None) -> _Rule:
    if isinstance(on, datetime):
        raise ValueError(f"on is {on!r}, a moment; write a day: date({on.year}, {on.month}, {on.day})")
    return next((row for row in rows if on is None or row.since is None or row.since <= on), rows[-1])
