"""What stands between a draft and the wire: the switch, the limits, the journal; in this order, and none can be passed.

Whatever goes wrong in there refuses the order. Once an order may have left, nothing that goes wrong here hides what
became of it. The switch is asked again right before each sending: an order whose outcome is looked for is not sent
again after a halt.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

from ..api import Orders
from ..api.operation import Operation
from ..errors import (
    APIConnectionError,
    APIError,
    APIStatusError,
    Halted,
    OrderOutcomeUnknown,
    RiskRefused,
    TradingError,
    UpbitError,
)
from ..flow.call import Terms
from ..flow.intent import Step, ask
from ..flow.steps import Flow, Sleep
from ..models import CancelledOrder, Order
from .clearance import clear
from .draft import Draft
from .journal import Journal, Outcome
from .placed import Placed
from .risk import Risk
from .switch import Switch
from .withdrawals import Withdrawals

Check: TypeAlias = Callable[[Draft], Flow[None]]
"""A look at an order before it leaves, which may ask the exchange; it raises to refuse."""

GLANCE = 0.05
"""Seconds between two looks at what others do in this process."""
NAMED = 100
"""Orders that one request looks up (upbit-api 2.6)."""


class Guards(NamedTuple):
    """What an order must pass before it leaves."""

    journal: Journal
    risk: Risk
    switch: Switch
    withdrawals: Withdrawals | None = None
    """What lets money leave; None: nothing does."""
    preflight: bool = False
    """Whether orders are held against what the exchange says of market and account before they leave."""


class Placing:
    """Sends orders of one account, each under the eyes of switch, limits and journal."""

    def __init__(self, terms: Terms, guards: Guards) -> None:
        self._terms = terms
        self._journal, self._risk, self._switch = guards[:3]
        self._halted = False  # and all was cancelled
        self._log = logging.getLogger("upbit.trading")
        self.under_way: list[str] = []
        """Identifiers of orders that are being placed."""
        self.closed = False
        """Whether no more orders are taken."""

    def order(
        self,
        draft: Draft,
        operation: Operation[..., Order],
        arguments: Mapping[str, Any],
        *,
        new: Callable[[Order], str | None],
        check: Check | None = None,
    ) -> Flow[Order]:
        """Place an order by an operation; what the operation answers, of which `new` takes the uuid of the new order.

        When the switch is found at HALT, before or after, what is open is cancelled.

        Raises Halted and RiskRefused when it is not let through, OrderOutcomeUnknown when what became of it could not
        be found out (the journal keeps it open), and what the operation raises when it was refused.
        """
        try:
            self.under_way.append(draft.identifier)
            try:
                yield from self._begin(draft, check)
                order = yield from self._send(draft, operation, arguments, new)
            finally:
                self.under_way.remove(draft.identifier)
        except UpbitError:
            yield from self._obey()
            raise
        yield from self._obey()
        return order

    def stop(self) -> Flow[list[CancelledOrder]]:
        """Cancel what is open, at once, and what was being placed meanwhile; all that were cancelled.

        Raises TradingError when orders may still be open.
        """
        cancelled = yield from clear(None, self._terms)
        if self.under_way:
            yield from self.idle(self._terms.clock() + self._terms.order_deadline)
            cancelled += yield from clear(None, self._terms)
        self._halted = True
        return cancelled

    def admit(self, draft: Draft) -> None:
        """Raise Halted when the switch, or the end of trading, does not let an order through."""
        if self.closed:
            raise Halted("HALT", "this trader is closed")
        self._switch.admit(reduces=draft.reduces)

    def see(self, placed: Placed) -> None:
        """Record that an order has ended."""
        identifier = placed.identifier
        if placed.closed and identifier is not None:
            self._tell(lambda: self._journal.see(identifier, placed.state))

    def idle(self, end: float) -> Flow[bool]:
        """Wait until no order is being placed, at most to `end` on the clock; say whether that is so."""
        while self.under_way and self._terms.clock() < end:
            yield Sleep(GLANCE)
        return not self.under_way

    def _begin(self, draft: Draft, check: Check | None) -> Flow[None]:
        """Let an order through to where it is recorded; nothing is sent yet."""
        self.admit(draft)
        if check is not None:
            self._risk.check(draft)
            yield from check(draft)
        try:
            self._risk.begin(draft)
        except RiskRefused as refused:
            if refused.rule != "max_open_orders":
                raise
            yield from self._refresh()
            self._risk.begin(draft)

    def _obey(self) -> Flow[None]:
        """Cancel all, once, when the switch has come to HALT."""
        halted = self._switch.state == "HALT"
        before, self._halted = self._halted, halted
        if halted and not before:
            try:
                yield from self.stop()
            except (APIError, TradingError) as error:
                self._halted = False  # the next one tries again
                self._log.error("halted, but orders may be open: %s", error)

    def _send(
        self,
        draft: Draft,
        operation: Operation[..., Order],
        arguments: Mapping[str, Any],
        new: Callable[[Order], str | None],
    ) -> Flow[Order]:
        identifier = draft.identifier
        steps: list[Step] = []

        def note(step: Step, detail: str) -> None:
            if step == "sending":
                self.admit(draft)
                self._journal.note(identifier, step, detail)
            else:
                self._tell(lambda: self._journal.note(identifier, step, detail))
            steps.append(step)

        try:
            order = yield from ask(operation, arguments, self._terms, note)
        except OrderOutcomeUnknown:
            raise
        except Exception as error:
            if "unknown" in steps and steps[-1] != "rejected":
                cause = error if isinstance(error, APIError) else APIConnectionError(f"it was not sent again: {error}")
                raise OrderOutcomeUnknown(identifier, draft.market, cause) from error
            if isinstance(error, APIStatusError):
                self._settle(draft, "rejected")
            elif isinstance(error, UpbitError):
                self._settle(draft, "abandoned")
            raise
        uuid = new(order)
        self._settle(draft, "accepted" if uuid else "abandoned", uuid, order.state if uuid == order.uuid else None)
        return order

    def _settle(self, draft: Draft, outcome: Outcome, uuid: str | None = None, state: str | None = None) -> None:
        self._tell(lambda: self._journal.settle(draft.identifier, outcome, uuid, state))
        if outcome == "rejected":
            self._tell(self._risk.rejected)
        elif outcome == "accepted":
            self._tell(self._risk.accepted)

    def _refresh(self) -> Flow[None]:
        """Find out which of the orders that the journal believes open have ended."""
        known = {entry.uuid: entry.identifier for entry in self._journal.live() if entry.uuid is not None}
        uuids = list(known)
        for first in range(0, len(uuids), NAMED):
            for row in (yield from ask(Orders.list_by_uuids, {"uuids": uuids[first : first + NAMED]}, self._terms)):
                self._journal.see(known[row.uuid], row.state)

    def _tell(self, work: Callable[[], None]) -> None:
        """Tell the journal or the limits of what has happened already: that they fail does not undo it."""
        try:
            work()
        except Exception as error:
            self._log.error("an order's outcome could not be recorded: %r", error)
