"""How much an order may be of: volumes to eight decimals, and the largest or smallest of them that a total allows.

All of it is exact: nothing is ever spent or sold beyond what was asked for.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Final

from .grid import Price, exact_amount, exactly, positive
from .market import fee as ordinary_fee
from .market import maximum_total, minimum_total
from .tables import MINIMUMS

STEP: Final = Decimal("1e-8")
"""Volumes and totals have eight decimals (upbit-api 4.4)."""
_BOUND: Final = Decimal(10) ** 15
_FINEST: Final = Decimal("1e-20")
_MOST: Final = _BOUND - STEP
_ZERO: Final = Decimal(0)


def is_amount(amount: Decimal) -> bool:
    """Return whether an order can be of this volume or total: above zero, below 10**15, at most eight decimals."""
    if not amount.is_finite() or not 0 < amount < _BOUND:
        return False
    with exactly():
        return not amount % STEP


def round_volume(volume: Price) -> Decimal:
    """Return a volume (or total) cut to eight decimals, without zeros at its end; 0 where nothing is left.

    Raises ValueError for a negative, for what is no number, and for floats.
    """
    exact = exact_amount(volume, "volume")
    with exactly():
        return _plain(exact // STEP * STEP)


def volume_within(total: Price, price: Price, *, fee: Price = 0) -> Decimal:
    """Return the largest volume that, with its fee, is worth ``total`` or less at ``price``."""
    with exactly():
        return _within(exact_amount(total, "total"), _unit_price(price) * (1 + _rate(fee)))


def volume_reaching(total: Price, price: Price) -> Decimal:
    """Return the smallest volume that is worth ``total`` or more at ``price``: what a minimum total asks for."""
    wanted, each = exact_amount(total, "total"), _unit_price(price)
    with exactly():
        under = _within(wanted, each)
        return under if under * each >= wanted else _plain(under + STEP)


def total_within(balance: Price, fee: Price) -> Decimal:
    """Return the largest total that ``balance`` pays for with its fee, to eight decimals: what a market bid names."""
    with exactly():
        return _within(exact_amount(balance, "balance"), 1 + _rate(fee))


def max_buy(market: str, price: Price, balance: Price, *, fee: Price | None = None, on: date | None = None) -> Decimal:
    """Return the largest volume of a limit bid at ``price`` that ``balance`` pays for with its fee.

    It stays within the market's maximum total, and is 0 when what the balance can buy does not reach its minimum.
    ``fee`` is a fraction (0.0005 is 0.05 %), the market's ordinary one when not given; ``/orders/chance`` tells the
    one of an account. Raises ValueError for amounts that are none, and for a market without rules.
    """
    held = exact_amount(balance, "balance")
    volume = min(volume_within(held, price, fee=ordinary_fee(market) if fee is None else fee), _MOST)
    most = maximum_total(market, on=on)
    if most is not None:
        volume = min(volume, volume_within(most, price))
    quote = market.partition("-")[0]
    least = volume_reaching(minimum_total(market, on=on), price) if quote in MINIMUMS else _ZERO
    return volume if volume >= least else _ZERO


def _within(total: Decimal, each: Decimal) -> Decimal:
    """The most of something, to eight decimals, that `total` pays for; exact in the context of the caller."""
    return _plain(total // (each * STEP) * STEP)


def _unit_price(price: Price) -> Decimal:
    exact = positive(price)
    with exactly():
        if exact % STEP:
            raise ValueError(f"price is {exact}; no market has prices of more than eight decimals")
    return exact


def _rate(fee: Price) -> Decimal:
    exact = exact_amount(fee, "fee")
    with exactly():
        if exact >= 1 or exact % _FINEST:
            raise ValueError(f"fee is {exact}; write a fraction, 0.0005 for 0.05 %, of at most twenty decimals")
    return exact


def _plain(amount: Decimal) -> Decimal:
    return Decimal(f"{amount:f}".rstrip("0").rstrip("."))
