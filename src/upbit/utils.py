"""The documented ``Validator``: a price of a KRW market put onto the price grid.

It is kept for programs written to the 2023 document and answers as that document says: by the document's own table
unless told a day, and with a float. New programs are better served by ``upbit.rules``, which knows every market and
stays exact. What this module refuses to do: hold a table of its own, or guess what text that is not a number meant.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

from upbit import rules


class Validator:
    """Checks of values before they are sent."""

    @staticmethod
    def validate_price(price: int | float | str | Decimal, *, on: date | str | None = None) -> float:
        """Return ``price`` rounded down onto the price grid of KRW markets (원화 마켓 주문 가격 단위).

        ``on`` names the day whose grid is meant: a date, its text such as ``"2025-07-31"``, or ``"today"`` (in Korea).
        Without it the table printed in the 2023 document is used, which the exchange has since replaced three times.

        A float counts as the number it is printed as: ``0.1`` is 1/10. A price below the smallest step becomes 0.0.
        Raises ValueError for a price or a day that is none.

        >>> Validator.validate_price(20007)
        20000.0
        >>> Validator.validate_price(1_000_500), Validator.validate_price(1_000_500, on="2025-07-31")
        (1000500.0, 1000000.0)
        """
        exact = rules.exact_price(repr(float(price)) if isinstance(price, float) else price)
        return float(_table(on).round(exact))


def _table(on: date | str | None) -> rules.TickTable:
    if on is None:
        return rules.KRW_UNTIL_2022
    if isinstance(on, str):
        on = _day(on)
    return rules.tick_table("KRW-BTC", on=on)


def _day(text: str) -> date:
    if text == "today":
        return datetime.now(timezone(timedelta(hours=9), "KST")).date()
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"on is {text!r}; write a date, its text such as '2025-07-31', or 'today'") from None
