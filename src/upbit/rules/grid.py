"""Exact amounts, and the grid that prices stand on.

Nothing here knows a market, a day or the exchange; nothing computes with floats.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import date
from decimal import MIN_EMIN, Context, Decimal, InvalidOperation, localcontext
from typing import Final, Literal, NamedTuple, TypeAlias

Price: TypeAlias = Decimal | int | str
"""A price or amount as callers write it: exact, never a float."""

Toward: TypeAlias = Literal["down", "up", "nearest"]
"""Which way an off-grid price moves. ``"nearest"`` sends the exact middle up."""

_LARGEST: Final = Decimal(10) ** 20
"""Nothing trades near this; beyond it an exponent was mistyped."""


def exactly() -> AbstractContextManager[Context]:
    """Compute with digits that hold any accepted price divided by any step, so that nothing is rounded by accident."""
    return localcontext(Context(prec=60, Emin=MIN_EMIN))


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
        with exactly():
            low = price // step * step
            stays = low == price if toward == "up" else toward == "down" or price < low + step / 2
            return low if stays else low + step

    def corrected(self, tick: Decimal, price: Decimal | None = None) -> TickTable:
        """Return this grid with ``tick`` as the step at ``price``, which the other prices of its band share.

        A tick that the bounds of the band are no multiples of belongs to bands nobody has told: it counts everywhere.
        So does one without a price that no band has; without a price, one that some band has tells nothing new.
        """
        if price is None:
            return self if any(step == tick for _, step in self.bands) else TickTable(None, ((Decimal(0), tick),))
        at = next(index for index, (bound, _) in enumerate(self.bands) if bound <= price)
        bound, step = self.bands[at]
        if step == tick:
            return self
        if any(edge % tick for edge, _ in self.bands[max(at - 1, 0) : at + 1]):
            return TickTable(None, ((Decimal(0), tick),))
        return TickTable(None, (*self.bands[:at], (bound, tick), *self.bands[at + 1 :]))


def exact_amount(amount: object, name: str = "amount") -> Decimal:
    """Return a number as a Decimal, digit for digit. Zero is let through; ``name`` is what a refusal calls it.

    Raises ValueError for anything but a number from 0 to below 10**20, and for floats: ``0.1`` is not quite 1/10.
    """
    if isinstance(amount, bool) or not isinstance(amount, Decimal | int | str):
        raise ValueError(
            f"{name} is {amount!r}, a {type(amount).__name__}; write a Decimal, an int or text such as '0.1'"
        )
    try:
        exact = Decimal(amount)
    except InvalidOperation:
        raise ValueError(f"{name} {amount!r} is not a number; write plain digits such as '20000' or '0.1'") from None
    if not exact.is_finite():
        raise ValueError(f"{name} is {exact}; it must be a finite number")
    if exact < 0:
        raise ValueError(f"{name} is negative; it must be above zero, the side of an order says which way money goes")
    if exact >= _LARGEST:
        raise ValueError(f"{name} is 10**20 or more; no market trades there, look at its exponent or digits")
    return exact.copy_abs()


def exact_price(price: object) -> Decimal:
    """Return a price as a Decimal, digit for digit. Raises ValueError like ``exact_amount``."""
    return exact_amount(price, "price")


def positive(price: Price) -> Decimal:
    """Return a price as a Decimal. Raises ValueError like ``exact_amount``, and for zero."""
    exact = exact_price(price)
    if not exact:
        raise ValueError("price is zero; it must be above zero (a market order carries no price at all)")
    return exact
