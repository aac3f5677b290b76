"""Our own orders, as `myOrder` tells them: each fill once, in order, the end after all fills; REST finds the rest.

The record begins with the first check: what was filled before is in its snapshots. A fill of which the socket told
only the consequence is asked for by `look`, what it was silent about by `check`. Balances are `balances`'.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TypeAlias

from ..api import Orders
from ..errors import APIError
from ..models import FeedEvent, Gap, MyOrderEvent, Order
from ..models.moments import milliseconds, moment
from .course import CLOSED, Course, base
from .heal import SETTLE, Ask, Heal, Holding, Pause
from .retold import end, order_event

PAGE = 100
"""Open orders on a page, and orders looked up by uuid at once (upbit-api 2.6)."""
MOST = 1000
"""Closed orders in one answer (upbit-api 2.6)."""
WINDOW = timedelta(days=7)
"""The longest stretch of time that one answer covers (upbit-api 2.6)."""
MARGIN = timedelta(minutes=10)
"""How long what has ended is remembered, and how far the clocks may differ."""
GLANCE = 0.5
"""Seconds given to a fill that another event has overtaken."""
TRIES = 6
"""How often REST is asked for the fills of an order before it is told without them: for about a minute."""

Rows: TypeAlias = Generator[Ask, list[Order], None]


class OwnOrders(Holding[MyOrderEvent]):
    """The orders of one account: of these markets, or of all."""

    def __init__(self, markets: Iterable[str] = ()) -> None:
        super().__init__()
        self._markets = frozenset(markets)
        self._courses: dict[str, Course] = {}
        self._since: datetime | None = None
        self._needs: dict[str, None] = {}

    @property
    def needs(self) -> Sequence[str]:
        """Orders with events that wait for a fill nobody told: `look` at them."""
        return tuple(self._needs)

    def take(self, event: MyOrderEvent) -> Sequence[FeedEvent]:
        """Say what to deliver: the event and those it let have their turn; nothing if it is old or must wait."""
        if self._held is not None:
            self._held.append(event)
            return ()
        return self._admit(event)

    def look(self, uuid: str, now: datetime) -> Heal[list[FeedEvent]]:
        """Ask for the missing fills of an order; what to deliver: a Gap, the fills, and what waited for them.

        When they cannot be learned in some tries the Gap says that they are lost. To be called as long as the order
        is among those with `needs`.
        """
        course = self._courses.get(uuid)
        if course is None:
            return []
        yield Pause(SETTLE * 2 ** (course.tries - 1) if course.tries else GLANCE)
        if uuid not in self._needs:
            return []
        course.tries += 1
        told: list[MyOrderEvent] = []
        why = "REST does not know the fills"
        try:
            order: Order = yield Ask(Orders.retrieve, {"uuid": uuid})
            told = self._mend(order, now)
        except APIError as error:
            why = str(error)
        if not course.held or course.tries < TRIES:
            return self._announced("fill", told)
        rest = course.force()
        self._note(uuid, course)
        lost = Gap(
            type="myOrder",
            codes=(course.market,),
            start=moment(course.placed),
            end=moment(max([course.placed, *[event.timestamp for event in rest]]) + 1),
            reason="fill",
            lost=None,
            detail=f"{uuid}: {why}",
        )
        return [*self._announced("fill", told), lost, *rest]

    # -- insides -------------------------------------------------------------------------------------

    @property
    def _begins(self) -> bool:
        return self._since is None

    def _admit(self, event: MyOrderEvent) -> list[MyOrderEvent]:
        course = self._courses.get(event.uuid)
        if course is None:
            begin = base(event) if self._since is None else Decimal(0)
            course = self._courses[event.uuid] = Course(event.code, event.order_timestamp, begin)
        told = course.take(event)
        self._note(event.uuid, course)
        return told

    def _mend(self, order: Order, now: datetime) -> list[MyOrderEvent]:
        course = self._courses.get(order.uuid)
        if course is None:
            course = self._courses[order.uuid] = Course(order.market, milliseconds(order.created_at))
        told = course.mend(order, now)
        self._note(order.uuid, course)
        return told

    def _note(self, uuid: str, course: Course) -> None:
        if course.held:
            self._needs[uuid] = None
        else:
            self._needs.pop(uuid, None)
            course.tries = 0

    def _check(self, reason: str, now: datetime, holds: bool) -> Heal[list[FeedEvent]]:
        """Tell snapshots of the open orders the first time, later a Gap and what is new."""
        if holds:
            self._hold()
        rows: dict[str, Order] = {}
        horizon = (now - MARGIN).replace(microsecond=0)
        since = self._since or horizon
        try:
            yield from self._read(rows, since, now)
            if self._since is not None:
                if not holds and any(map(self._behind, rows.values())):
                    yield Pause(SETTLE)
                for uuid, row in rows.items():
                    if self._lacks(row):
                        rows[uuid] = yield Ask(Orders.retrieve, {"uuid": uuid})
        except APIError as error:
            if not holds:
                return []
            lost = Gap(
                type="myOrder",
                codes=tuple(sorted(self._markets)),
                start=since,
                end=now,
                reason=reason,
                lost=None,
                detail=str(error),
            )
            return [lost, *self._release()]
        if self._since is None:
            snapshots = self._begin(rows, now)
            self._since = since
            return [*snapshots, *self._release()]
        told = self._release() if holds else []
        for row in rows.values():
            if self._behind(row):
                told += self._mend(row, now)
        self._since = horizon
        self._forget(milliseconds(horizon))
        return self._announced(reason, told)

    def _read(self, rows: dict[str, Order], since: datetime, now: datetime) -> Rows:
        """Read open orders, those placed since and closed, and those believed open that are neither."""
        page = 1
        while True:
            listed = yield Ask(Orders.list_open, {"states": ["wait", "watch"], "page": page, "limit": PAGE})
            fresh = {row.uuid: row for row in listed if row.uuid not in rows}
            rows |= fresh
            if len(listed) < PAGE or not fresh:
                break
            page += 1
        start = since
        while start <= now:
            closed = yield Ask(Orders.list_closed, {"start_time": start, "limit": MOST, "order_by": "asc"})
            rows |= {row.uuid: row for row in closed}
            start = max(start + timedelta(seconds=1), closed[-1].created_at) if len(closed) == MOST else start + WINDOW
        unseen = [uuid for uuid, course in self._courses.items() if course.open and uuid not in rows]
        for first in range(0, len(unseen), PAGE):
            named = yield Ask(Orders.list_by_uuids, {"uuids": unseen[first : first + PAGE]})
            rows |= {row.uuid: row for row in named}
        for uuid in [uuid for uuid, row in rows.items() if self._markets and row.market not in self._markets]:
            del rows[uuid]

    def _behind(self, row: Order) -> bool:
        course = self._courses.get(row.uuid)
        return course is None or course.behind(row)

    def _lacks(self, row: Order) -> bool:
        """Whether fills of an order were not told; those of an order that was not known are all to be told."""
        course = self._courses.get(row.uuid)
        return row.executed_volume > (Decimal(0) if course is None else course.executed)

    def _begin(self, rows: Mapping[str, Order], now: datetime) -> list[MyOrderEvent]:
        """Know the orders there are: tell those that are open, unless all was heard that happened to them."""
        held = self._hold()
        bases: dict[str, Decimal] = {}
        for event in held:
            bases[event.uuid] = min(base(event), bases.get(event.uuid, base(event)))
        told: list[MyOrderEvent] = []
        for uuid, row in rows.items():
            if uuid in self._courses or (uuid in bases and (row.state in CLOSED or not bases[uuid])):
                continue
            course = self._courses[uuid] = Course(row.market, milliseconds(row.created_at))
            course.know(row, milliseconds(now))
            if course.open:
                told.append(order_event(row, row.state, end(row), now, stream="SNAPSHOT"))
        for event in held:
            self._courses.setdefault(event.uuid, Course(event.code, event.order_timestamp, bases[event.uuid]))
        return told

    def _release(self) -> list[MyOrderEvent]:
        held, self._held = self._hold(), None
        if self._since is None:  # the record of an order begins with the first of its events
            held.sort(key=base)
        return [told for event in held for told in self._admit(event)]

    def _forget(self, before: int) -> None:
        """Forget orders that were placed and have ended so long ago that nobody will tell of them again."""
        for uuid in [uuid for uuid, one in self._courses.items() if 0 < one.ended < before and one.placed < before]:
            del self._courses[uuid]

    def _announced(self, reason: str, told: list[MyOrderEvent]) -> list[FeedEvent]:
        """Put a Gap before what was learned by REST, if anything was."""
        learned = [event for event in told if event.stream_type == "RECOVERED"]
        if not learned:
            return [*told]
        times = [event.timestamp for event in learned]
        gap = Gap(
            type="myOrder",
            codes=tuple(sorted({event.code for event in learned})),
            start=moment(min(times)),
            end=moment(max(times)) + timedelta(seconds=1),
            reason=reason,
            lost=0,
            recovered=len(learned),
        )
        return [gap, *told]
