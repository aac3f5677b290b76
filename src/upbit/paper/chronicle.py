"""What happened lately: events with numbers, requests without secrets, orders as they were. Bounded, and only memory.

Who tests a client asks here what it sent and what came of it. It is no log: `journal` is what a restart reads.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from ..wire.message import Request, Response
from .chaos import Chaos, Fault
from .exchange import Exchange
from .orders import Event, OrderChanged, OrderRecord
from .register import Register

EVENTS = 10_000
REQUESTS = 2_000
CHANGES = 10_000
"""How many of each are remembered."""
_SECRET = frozenset({"authorization", "cookie", "proxy-authorization"})


class Noted(NamedTuple):
    """An event and its number."""

    seq: int
    event: Event | Fault


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """A request that somebody sent, and how it was answered."""

    seq: int
    time: int
    """Milliseconds since the epoch."""
    peer: str
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    """Without those that hold secrets."""
    body: str
    status: int | None
    """None when it was not answered."""
    faults: tuple[str, ...]
    """The effects of the faults that it met."""


class Past:
    """The orders of an exchange as they were a moment ago; what a read sees that lags behind."""

    def __init__(self, register: Register, changes: Mapping[str, list[OrderChanged]], at: int) -> None:
        self._register = register
        self._changes = changes
        self._at = at

    def order(self, account: str, uuid: str) -> OrderRecord | None:
        """The order of this uuid, as it was."""
        return self._before(self._register.order(account, uuid))

    def identified(self, account: str, identifier: str) -> OrderRecord | None:
        """The order of this identifier, as it was."""
        return self._before(self._register.identified(account, identifier))

    def orders(self, account: str) -> list[OrderRecord]:
        """All orders that there were, oldest first."""
        before = [self._before(record) for record in self._register.orders(account)]
        return [record for record in before if record is not None]

    def _before(self, record: OrderRecord | None) -> OrderRecord | None:
        if record is None or record.created > self._at:
            return None
        changes = self._changes.get(record.uuid, [])
        if not changes or changes[-1].time <= self._at:
            return record
        return next((change.order for change in reversed(changes) if change.time <= self._at), record)


class Chronicle:
    """Listens to an exchange and its faults, and is told of its requests."""

    def __init__(self, exchange: Exchange, chaos: Chaos) -> None:
        self._exchange = exchange
        self._events: deque[Noted] = deque(maxlen=EVENTS)
        self._changes: deque[OrderChanged] = deque(maxlen=CHANGES)
        self._requests: deque[tuple[int, str, Request, Response | None, tuple[str, ...]]] = deque(maxlen=REQUESTS)
        self.asked = self.happened = 0
        """How many requests and events there have been."""
        exchange.listen(self._hear)
        chaos.listen(self._note)

    def note_request(self, peer: str, request: Request, response: Response | None, faults: tuple[str, ...]) -> None:
        """Note what was asked, and what was answered."""
        self.asked += 1
        self._requests.append((self._exchange.now, peer, request, response, faults))

    def events(self, after: int, most: int) -> list[Noted]:
        """The events that came after one, oldest first."""
        skipped = max(after - (self.happened - len(self._events)), 0)
        return [self._events[place] for place in range(skipped, min(skipped + most, len(self._events)))]

    def requests(self) -> list[Sent]:
        """The requests that are remembered, oldest first."""
        first = self.asked - len(self._requests) + 1
        return [
            Sent(
                seq=seq,
                time=time,
                peer=peer,
                method=request.verb,
                path=request.path,
                query=request.query,
                headers={name: value for name, value in request.headers.items() if name not in _SECRET},
                body=request.body.decode(errors="replace"),
                status=None if response is None else response.status,
                faults=faults,
            )
            for seq, (time, peer, request, response, faults) in enumerate(self._requests, first)
        ]

    def changes(self, uuid: str) -> list[OrderChanged]:
        """What happened to an order, oldest first."""
        return [change for change in self._changes if change.order.uuid == uuid]

    def past(self, at: int) -> Past:
        """The orders as they were at a time."""
        changes: dict[str, list[OrderChanged]] = {}
        for change in self._changes:
            changes.setdefault(change.order.uuid, []).append(change)
        return Past(self._exchange.engine.register, changes, at)

    def _hear(self, event: Event) -> None:
        if isinstance(event, OrderChanged):
            self._changes.append(event)
        self._note(event)

    def _note(self, event: Event | Fault) -> None:
        self.happened += 1
        self._events.append(Noted(self.happened, event))
