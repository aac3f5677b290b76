"""The client's limiter: when the next request of a rate group may leave.

Requests wait in `Lane`s, one for each group of each scope: the address of this machine for quotation and what is not
signed, an account for the rest (upbit-api 5.1). The urgent go first, among equals those who came first. A lane keeps to
its limit in every window that ends now, which fits the fixed windows and the token buckets of the exchange alike, and
believes the exchange when that says less is left (`Remaining-Req`), refuses (429) or blocks a whole scope for a time
(418).

What is remembered of a lane lies in a `Store`, so that processes can share it. Nothing here sleeps, reads a clock or
makes a lock: seconds come in, seconds go out.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager
from itertools import count
from math import inf
from types import TracebackType
from typing import NamedTuple, Protocol

from ..wire.quota import SPELLINGS, Limit, Remaining, limits

MARGIN = 0.02
"""Share of a window added to it, for requests that overtake each other on the way."""
LATE = 0.015
"""Share of a window by which a request may be late and count as if it had left in time: so delays do not add up."""
SLOW = 64
"""Answers that have to take longer until that is taken for how long they take."""
WARY = 10.0
"""Seconds after a refusal in which no place is taken back from others, and then between one place and the next."""
LONGEST = 4
"""How often a closed group that is refused again is closed for twice as long."""
ADDRESS = "address"
"""The scope of what is counted by the address of this machine."""
BY_ADDRESS = frozenset({"market", "candle", "trade", "ticker", "orderbook"})
NEVER = -inf


class Blocked(Exception):
    """The exchange takes nothing from a scope (418), for so many seconds."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"the exchange takes nothing for another {seconds:.1f} s: nothing was sent")
        self.seconds = seconds


class Marks:
    """What is remembered of a lane."""

    __slots__ = ("blocked_until", "closed_until", "leaves", "others", "wary_until")

    def __init__(
        self,
        leaves: list[float] | None = None,
        others: int = 0,
        closed_until: float = NEVER,
        blocked_until: float = NEVER,
        wary_until: float = NEVER,
    ) -> None:
        self.leaves = [] if leaves is None else leaves
        """When its latest requests left, ascending."""
        self.others = others
        """Places that are not ours, by the latest answer: others use them, or there are fewer than we think."""
        self.closed_until = closed_until
        self.blocked_until = blocked_until
        self.wary_until = wary_until
        """Until when no place is taken back; `NEVER` without a refusal."""

    def __enter__(self) -> Marks:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Marks in memory need no saving."""


class Store(Protocol):
    """Where marks are kept."""

    def marks(self, lane: str) -> AbstractContextManager[Marks]:
        """Give the marks of a lane to nobody else until they are given back; changes are kept.

        Raises APIConnectionError, its `sent` False, when they cannot be had.
        """
        ...


class Memory:
    """Keeps marks for one process; a `Store`. Whoever uses it holds a lock."""

    def __init__(self) -> None:
        self._marks: dict[str, Marks] = {}

    def marks(self, lane: str) -> Marks:
        """Give the marks of a lane."""
        found = self._marks.get(lane)
        if found is None:
            found = self._marks[lane] = Marks()
        return found


class Lane:
    """One group in one scope, and who waits in it."""

    __slots__ = ("gap", "limit", "name", "names", "queue", "strikes", "swift", "timed", "window")

    def __init__(self, scope: str, group: str, limit: Limit) -> None:
        self.name = f"{scope}/{group}"
        self.names = (group, SPELLINGS.get(group, group))
        """How answers may call it."""
        self.limit = limit
        self.window = limit.window * (1 + MARGIN)
        self.gap = self.window / limit.per_window / 2
        """Between those who waited: where a crowd arrives at once, a little delay on the way makes many too early."""
        self.queue: list[Ticket] = []
        self.strikes = 0
        """Refusals since the last request that was taken; those of requests that left together are one."""
        self.timed = inf
        """Since when it is known how long an answer takes at least: ..."""
        self.swift = inf
        """... so many seconds, or lately more."""

    def delay(self, left: float, now: float) -> float:
        """Say by how much a request was late that was answered now, if more than the windows have to spare.

        Those that left before any was answered may have been on their way all the time: connections were made.
        """
        took = now - left
        delay = took - self.swift if left > self.timed else took
        self.timed = min(self.timed, now)
        self.swift = took if took < self.swift else self.swift + (took - self.swift) / SLOW
        return delay if delay > MARGIN * self.limit.window else 0.0

    def due(self, marks: Marks, position: int, *, waited: bool) -> float:
        """Say when the turn of this position of the queue comes, or came, if nobody else comes."""
        leaves = marks.leaves
        free = self.limit.per_window - marks.others
        windows, place = divmod(position, free)
        due = marks.closed_until
        first = len(leaves) - free
        if first >= 0:
            due = max(due, leaves[first] + self.window)
        if waited or position:
            if leaves:
                due = max(due, leaves[-1] + self.gap)
            due += place * self.gap
            if first + place >= 0:
                due = max(due, leaves[first + place] + self.window)
        return due + windows * self.window

    def leave(self, marks: Marks, at: float) -> None:
        """Note that somebody leaves. What left long ago is forgotten."""
        insort(marks.leaves, at)
        if len(marks.leaves) > 4 * self.limit.per_window:
            del marks.leaves[: -3 * self.limit.per_window]


class Ticket(NamedTuple):
    """A request that wants to leave. The lower the priority's number, the more urgent; no two have the same number."""

    priority: int
    number: int
    lane: Lane


class Lanes:
    """All lanes of one exchange; with a lock, for all threads that share them."""

    def __init__(
        self,
        lock: AbstractContextManager[object],
        table: Mapping[str, Limit] | None = None,
        store: Store | None = None,
        host: str = "",
    ) -> None:
        self.lock = lock
        self.store: Store = Memory() if store is None else store
        self.numbers = count()
        self.table = limits() if table is None else table
        self._host = host
        self._lanes: dict[tuple[str, str], Lane] = {}

    def lane(self, scope: str, group: str) -> Lane:
        """Find a lane. To be called with the lock held."""
        found = self._lanes.get((scope, group))
        if found is None:
            found = self._lanes[scope, group] = Lane(f"{self._host} {scope}", group, self.table[group])
        return found


class Pace:
    """The limiter as one account meets it; without an account all is counted by the address."""

    def __init__(self, lanes: Lanes, account: str = "") -> None:
        self._all = lanes
        self._lock = lanes.lock
        self._store = lanes.store
        self._account = f"account {account}" if account else ADDRESS
        self._lanes: dict[str, Lane] = {}

    @property
    def keyless(self) -> Pace:
        """The limiter as it is met without a key."""
        return Pace(self._all)

    def turn(self, group: str, priority: int, clock: Callable[[], float]) -> Generator[float]:
        """Wait for the turn: yields the seconds to wait, each time. Raises Blocked, at whatever time it is known."""
        ticket = self.enter(group, priority)
        rested = NEVER  # until when was waited: a clock that stands still meanwhile would hold up for ever

        def now() -> float:
            return max(clock(), rested)

        try:
            while wait := self.ask(ticket, now):
                rested = now() + wait
                yield wait
        except BaseException:
            self.leave(ticket)
            raise

    def enter(self, group: str, priority: int = 0) -> Ticket:
        """Draw a ticket; it has a place in the queue from the first time that it is asked for."""
        return Ticket(priority, next(self._all.numbers), self._lane(group))

    def ask(self, ticket: Ticket, clock: Callable[[], float]) -> float:
        """Take the turn, if it has come, and give 0; else line up, and say in how many seconds to ask again.

        Raises Blocked when nothing may leave at all.
        """
        lane = ticket.lane
        queue = lane.queue
        with self._lock, self._store.marks(lane.name) as marks:
            now = clock()  # not before the marks were had, for which others may have to be waited
            if marks.blocked_until > now:
                raise Blocked(marks.blocked_until - now)
            position = bisect_left(queue, ticket)
            queued = position < len(queue) and queue[position] is ticket
            due = lane.due(marks, position, waited=queued)
            if due > now:
                if not queued:
                    queue.insert(position, ticket)
                return min(due - now, lane.window)  # not longer: those before may give up, or a block come
            if queued:
                del queue[position]
                lane.leave(marks, max(due, now - LATE * lane.limit.window))
            else:
                lane.leave(marks, now)
            return 0.0

    def leave(self, ticket: Ticket) -> None:
        """Wait no more."""
        queue = ticket.lane.queue
        with self._lock:
            position = bisect_left(queue, ticket)
            if position < len(queue) and queue[position] is ticket:
                del queue[position]

    def arrived(self, group: str, left: float, now: float) -> None:
        """Count a request that left at `left` from when it may have arrived, if its answer took longer than others."""
        lane = self._lane(group)
        lane.strikes = 0
        if delay := lane.delay(left, now):
            with self._lock, self._store.marks(lane.name) as marks:
                found = bisect_right(marks.leaves, left) - 1
                if found >= 0:
                    insort(marks.leaves, marks.leaves.pop(found) + delay)

    def learn(self, remaining: Remaining | None, group: str, left: float, now: float) -> None:
        """Believe the exchange when it says that less is left of a group than was counted here.

        It said so to a request that left at `left`. A header that is missing, old or of another group changes nothing.
        """
        lane = self._lane(group)
        limit = lane.limit
        if remaining is None or remaining.group not in lane.names or now - left > limit.window:
            return
        with self._lock, self._store.marks(lane.name) as marks:
            ours = len(marks.leaves) - bisect_right(marks.leaves, left - limit.window)
            others = max(0, min(limit.per_window - ours - remaining.sec, limit.per_window - 1))
            if others and not remaining.sec:
                marks.closed_until = max(marks.closed_until, now + lane.window)
            if others >= marks.others or marks.wary_until == NEVER:
                marks.others = others
            elif now >= marks.wary_until:
                marks.others -= 1
                marks.wary_until = now + WARY if marks.others else NEVER

    def refused(self, group: str, left: float, now: float, seconds: float = 0.0) -> None:
        """Close a group for a window, or for longer if the exchange said so with its 429.

        For twice as long each time, as long as nothing is taken in between. The request that left at `left` was not
        counted there, so it is no longer counted here.
        """
        lane = self._lane(group)
        with self._lock, self._store.marks(lane.name) as marks:
            lane.strikes += left >= marks.closed_until
            closed = lane.window * 2 ** min(max(0, lane.strikes - 1), LONGEST)
            marks.closed_until = max(marks.closed_until, now + max(seconds, closed))
            marks.wary_until = now + WARY
            found = bisect_right(marks.leaves, left)
            del marks.leaves[max(0, found - 1) : found]

    def penalty(self, group: str, seconds: float, now: float) -> None:
        """Block all groups of a scope: the exchange said 418, and for how long."""
        scope = self._scope(group)
        for each in self._all.table:
            if self._scope(each) == scope:
                lane = self._lane(each)
                with self._lock, self._store.marks(lane.name) as marks:
                    marks.blocked_until = max(marks.blocked_until, now + seconds)

    def _scope(self, group: str) -> str:
        return ADDRESS if group in BY_ADDRESS else self._account

    def _lane(self, group: str) -> Lane:
        found = self._lanes.get(group)
        if found is None:
            with self._lock:
                found = self._lanes[group] = self._all.lane(self._scope(group), group)
        return found
