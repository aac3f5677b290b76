"""After a crash: what became of the orders whose outcome the journal does not know.

They are looked up, never sent. One that is not there is given up only when it can no longer arrive: some time after it
was last sent, and when whatever arrived just before would be shown by now.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from ..errors import APIError, OrderNotFoundError
from ..flow.call import Terms
from ..flow.steps import Flow, Sleep
from .ends import APPEAR, PASSING, look_up, pause
from .journal import Entry, Journal
from .placed import Placed


class Recovered(msgspec.Struct, frozen=True):
    """What became of an order that was under way when its process ended."""

    identifier: str
    outcome: Literal["adopted", "abandoned", "unknown"]
    """`adopted`: the exchange has it. `abandoned`: it never arrived, and was not sent again. `unknown`: the exchange
    could not be asked; the journal keeps it open."""
    placed: Placed | None = None
    """The order, when it was adopted."""
    reason: str = ""
    """Why it is not known."""


def recover(entry: Entry, journal: Journal, terms: Terms, end: float) -> Flow[Recovered]:
    """Look one order of the journal up until its outcome is known, or the clock says `end`.

    `end` is to be the client's `order_deadline` away when recovery begins.
    """
    arrives = entry.at + terms.order_deadline
    shown = end - terms.order_deadline + APPEAR  # it may have left long after the journal was told
    tries = 0
    while True:
        try:
            placed = yield from look_up({"identifier": entry.identifier}, terms)
        except OrderNotFoundError as error:
            if (terms.wall() >= arrives and terms.clock() >= shown) or terms.clock() >= end:
                journal.settle(entry.identifier, "abandoned")
                return Recovered(entry.identifier, "abandoned")
            failure: APIError = error
        except APIError as error:
            failure = error
            if not isinstance(error, PASSING):
                return Recovered(entry.identifier, "unknown", reason=str(error))
        else:
            journal.settle(entry.identifier, "accepted", placed.uuid, placed.state)
            return Recovered(entry.identifier, "adopted", placed)
        if terms.clock() >= end:
            return Recovered(entry.identifier, "unknown", reason=str(failure))
        yield Sleep(pause(tries))
        tries += 1
