"""The course of one order: which of its events are new, which came before their turn, which have to wait.

An event tells how much of the order was filled by then. It has its turn when all fills before it were told; until
then it is held. A state never goes back, the filled volume never falls. Nothing is asked for here: `own` does.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from ..models import MyOrderEvent, Order, OrderTrade
from .retold import NOWHERE, Reached, after, end, funds_of, in_order, order_event

CLOSED = ("done", "cancel")
_RANKS = {"watch": 0, "wait": 1, "done": 3, "cancel": 3}
_FILLING = 2
_ZERO = Decimal(0)


def base(event: MyOrderEvent) -> Decimal:
    """Say how much was filled before an event."""
    if event.state != "trade" or event.volume is None:
        return event.executed_volume
    return event.executed_volume - event.volume  # exact: eight decimals each


class Course:
    """What was told of one order."""

    __slots__ = ("begin", "ended", "executed", "fills", "held", "market", "placed", "prevented", "rank", "tries")

    def __init__(self, market: str, placed: int, begin: Decimal = _ZERO) -> None:
        self.market = market
        self.placed = placed
        """Milliseconds since the epoch, whole seconds."""
        self.begin = begin
        """How much was filled before the record begins."""
        self.executed = begin
        self.rank = 1 if begin else -1
        self.fills: set[str] = set()
        """Uuids of the fills told; only unique within an order, which may trade with another of ours."""
        self.prevented = _ZERO
        self.held: list[MyOrderEvent] = []
        self.ended = 0
        """When it was told to be done or cancelled, milliseconds since the epoch; 0 while it is open."""
        self.tries = 0
        """How often REST was asked for what it lacks."""

    @property
    def open(self) -> bool:
        """Whether more is to come."""
        return self.rank < _RANKS["done"]

    def know(self, order: Order, now: int) -> None:
        """Begin with what REST says, untold."""
        self.begin = self.executed = order.executed_volume
        self.rank = _RANKS.get(order.state, _FILLING)
        self.prevented = order.prevented_locked or _ZERO
        self.ended = 0 if self.open else now

    def behind(self, order: Order) -> bool:
        """Whether REST knows more than was told."""
        if order.executed_volume > self.executed or self.rank < 0:
            return True
        return self.open and (order.state in CLOSED or (order.prevented_locked or _ZERO) > self.prevented)

    def take(self, event: MyOrderEvent) -> list[MyOrderEvent]:
        """Say what to deliver: the event and those it let have their turn; nothing if it is old or must wait."""
        if base(event) > self.executed and self.open:
            if event not in self.held:
                self.held.append(event)
            return []
        return [event, *self._turns()] if self._news(event) else []

    def mend(self, order: Order, now: datetime) -> list[MyOrderEvent]:
        """Take what REST says of the order, with its fills if some are missing; what to deliver, in order."""
        told: list[MyOrderEvent] = []
        if self.rank < 0:
            told += self.take(order_event(order, "wait", NOWHERE, now))
        listed = in_order(order.trades or ())
        waiting = {event.trade_uuid for event in self.held}
        old = self._before(listed)
        missing = deque(fill for fill in listed[old:] if fill.uuid not in self.fills and fill.uuid not in waiting)
        while missing:
            fill = missing.popleft()
            done = [*listed[:old], *[one for one in listed[old:] if one.uuid in self.fills]]
            reached = after(Reached(self.executed, funds_of(done), len(done)), fill)
            told += self.take(order_event(order, "trade", reached, now, fill=fill))
        if self.open and not self.held and self.executed == order.executed_volume:
            if order.state in CLOSED:
                told += self.take(order_event(order, order.state, end(order), now))
            elif (order.prevented_locked or _ZERO) > self.prevented:
                told += self.take(order_event(order, "prevented", end(order), now))
        return told

    def force(self) -> list[MyOrderEvent]:
        """Deliver what is held although something before it is missing."""
        told: list[MyOrderEvent] = []
        while self.held:
            self.executed = min(map(base, self.held))
            told += self._turns()
        return told

    # -- insides -------------------------------------------------------------------------------------

    def _news(self, event: MyOrderEvent) -> bool:
        """Note an event whose turn it is; False if it says nothing new."""
        rank = _RANKS.get(event.state, _FILLING)
        prevented = event.prevented_locked or _ZERO
        if not self.open or event.executed_volume < self.executed or (rank < _FILLING and rank <= self.rank):
            return False
        if event.state == "trade":
            if base(event) < self.executed or event.trade_uuid in self.fills:
                return False
            if event.trade_uuid is None:  # before 2024-05-29
                self.begin = event.executed_volume
            else:
                self.fills.add(event.trade_uuid)
        if event.state == "prevented" and prevented <= self.prevented:
            return False
        self.executed = event.executed_volume
        self.rank = max(self.rank, rank)
        self.prevented = max(self.prevented, prevented)
        if event.state in CLOSED:
            self.ended = event.timestamp
        return True

    def _turns(self) -> list[MyOrderEvent]:
        """Deliver what is held and has its turn."""
        told: list[MyOrderEvent] = []
        while True:
            ready = [event for event in self.held if base(event) <= self.executed or not self.open]
            if not ready:
                return told
            event = min(ready, key=base)
            self.held.remove(event)
            if self._news(event):
                told.append(event)

    def _before(self, fills: Sequence[OrderTrade]) -> int:
        """How many of the first fills lie before the record begins."""
        volume = _ZERO
        for index, fill in enumerate(fills):
            if volume >= self.begin:
                return index
            volume += fill.volume
        return len(fills)
