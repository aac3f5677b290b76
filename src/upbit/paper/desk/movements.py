"""How deposits and withdrawals are looked up and paged: the same on both desks."""

from __future__ import annotations

from collections.abc import Sequence

from ...errors import refusal
from ...models import Sort
from ...wire.codec import Texts
from ..wallet import Movement


def choose(movements: Sequence[Movement], uuid: str | None, txid: str | None, currency: str | None) -> Movement | None:
    """The latest movement that fits all that is named; the latest of all when nothing is."""
    fitting = (
        one
        for one in reversed(movements)
        if uuid in (None, one.uuid) and txid in (None, one.txid) and currency in (None, one.currency)
    )
    return next(fitting, None)


def listed(
    movements: Sequence[Movement],
    *,
    currency: str | None,
    state: str | None,
    uuids: Texts | None,
    txids: Texts | None,
    limit: int | None,
    page: int | None,
    order_by: Sort | None,
    start: str | None,
    end: str | None,
) -> list[Movement]:
    """A page of movements, newest first unless asked otherwise.

    `start` and `end` are uuids to go on from: in the order asked for, what stands after `end`, or before `start`.
    """
    if uuids and txids:
        raise refusal("validation_error", detail="uuids and txids are mutually exclusive")
    size = 100 if limit is None else limit
    number = 1 if page is None else page
    if not 1 <= size <= 100 or number < 1:
        raise refusal("validation_error", detail="limit or page does not have a valid value")
    ordered = list(movements) if order_by == "asc" else list(reversed(movements))
    if end is not None:
        ordered = ordered[_place(ordered, end) + 1 :]
    if start is not None:
        ordered = ordered[: _place(ordered, start)]
    chosen = [
        one
        for one in ordered
        if currency in (None, one.currency)
        and (state is None or state.upper() == one.state)
        and (not uuids or one.uuid in uuids)
        and (not txids or one.txid in txids)
    ]
    return chosen[(number - 1) * size : number * size]


def _place(movements: Sequence[Movement], uuid: str) -> int:
    return next((place for place, one in enumerate(movements) if one.uuid == uuid), len(movements))
