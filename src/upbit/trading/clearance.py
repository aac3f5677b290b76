"""Cancel everything, and be sure of it: until the exchange, asked to cancel what is open, finds nothing.

Cancels in batches are never repeated blindly; but each round asks anew for what is open now, which is safe however the
round before went.
"""

from __future__ import annotations

from ..api import Orders
from ..errors import APIError, TradingError
from ..flow.call import Terms
from ..flow.intent import ask
from ..flow.steps import Flow, Sleep
from ..models import BatchCancelResult, CancelledOrder
from .ends import PASSING, pause
from .history import opened
from .placed import Placed

MOST = 300
"""Orders that one request cancels (upbit-api 2.6)."""
BATCH = 20
"""Orders that one request cancels by name (upbit-api 2.6)."""


def clear(market: str | None, terms: Terms) -> Flow[list[CancelledOrder]]:
    """Cancel all open orders, of a market or of all; those that were cancelled.

    Raises TradingError when some may still be open at the end of the client's `order_deadline`.
    """
    end = terms.clock() + terms.order_deadline
    cancelled: dict[str, CancelledOrder] = {}
    tries = 0
    while True:
        left: list[Placed] = []
        failure: APIError | None = None
        try:
            result = yield from ask(Orders.cancel_open, {"pairs": market, "count": MOST, "cancel_side": "all"}, terms)
            _take(result, cancelled)
            left = yield from opened(market, terms)
            if not (result.success.count or result.failed.count or left):
                return list(cancelled.values())
            for first in range(0, len(left), BATCH):
                uuids = [one.uuid for one in left[first : first + BATCH]]
                _take((yield from ask(Orders.cancel_by_uuids, {"uuids": uuids}, terms)), cancelled)
        except PASSING as error:
            failure = error
        if terms.clock() >= end:
            why = f"{len(left)} orders are shown as open" if failure is None else str(failure)
            raise TradingError(f"not all orders could be cancelled in {terms.order_deadline:g} s: {why}") from failure
        yield Sleep(pause(tries))
        tries += 1


def _take(result: BatchCancelResult, cancelled: dict[str, CancelledOrder]) -> None:
    for one in result.success.orders:
        cancelled.setdefault(one.uuid, one)
