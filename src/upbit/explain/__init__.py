"""What went wrong and what to do about it, in English and Korean, for every error and every rule of orders.

    except upbit.UpbitError as error:
        print(explain(error, "ko"))

Nothing here asks the exchange, and nothing raises: an error that nobody knows yet is explained by its status.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import APIConnectionError, UpbitError, error_class
from ..rules import exact_price, tick_table
from .answers import ANSWERS, SAME
from .kinds import KINDS, UNSENT
from .orders import RULES, beside
from .wording import Explanation, Language, Wording

__all__ = ["Explanation", "Language", "explain"]


def explain(error: UpbitError | str | int, lang: Language = "en", **details: object) -> Explanation:
    """Explain an error, one of the exchange's names, a status, or a rule of `upbit.preflight`.

    Details make the explanation exact where they are known: those of a rule are the `details` of its `Problem`; a
    refused price is explained by `market=` and `price=`. Details that are of no use do no harm.

        >>> str(explain("invalid_price_bid", market="KRW-ADA", price="500.05"))
        '500.05 is off the 1 KRW grid: 500 or 501'
    """
    known = {**(vars(error) if isinstance(error, UpbitError) else {}), **details}
    known = {name: detail for name, detail in known.items() if detail not in (None, "")}
    name = _name(error)
    if name == "price_grid" and "tick" not in known:
        known |= _grid(known)
    wordings = _texts(name) or KINDS["APIStatusError"]
    return next(one for one in wordings if one.places <= known.keys()).filled(lang, known)


def _name(error: UpbitError | str | int) -> str:
    """The name under which an error is explained."""
    if isinstance(error, APIConnectionError) and not error.sent:
        return UNSENT
    if isinstance(error, UpbitError):
        own = getattr(error, "name", None)
        names = [own] if isinstance(own, str) else []
        names += [kind.__name__ for kind in type(error).__mro__]
        error = next(one for one in names if _texts(SAME.get(one, one)))
    if isinstance(error, int):
        error = error_class(error, None).__name__
    return SAME.get(error, error)


def _texts(name: str) -> tuple[Wording, ...] | None:
    return ANSWERS.get(name) or KINDS.get(name) or RULES.get(name)


def _grid(details: Mapping[str, object]) -> dict[str, object]:
    """What the written tables know of a price that was refused; nothing where they would not have refused it."""
    market = details.get("market")
    if not isinstance(market, str) or "price" not in details:
        return {}
    try:
        table, price = tick_table(market), exact_price(details["price"])
    except ValueError:
        return {}
    return {} if table.round(price) == price else beside(table, price, market.partition("-")[0])
