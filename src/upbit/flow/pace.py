"""The client's limiter: when the next request of a rate group may leave.

Requests wait in `Lane`s, one for each group of each scope: the address of this machine for quotation and sockets, an
account for the rest (upbit-api 5.1). The urgent go first, among equals those who came first. A lane keeps to its limit
in every window that ends now, which fits the fixed windows and the token buckets of the exchange alike, and believes
the exchange when that says less is left (`Remaining-Req`), refuses (429) or blocks a whole scope for a time (418).

What is remembered of a lane lies in a `Store`, so that processes can share it. Nothing here sleeps, reads a clock or
makes a lock: seconds come in, seconds go out.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager
from itertools import count
from types import TracebackType
from typing import NamedTuple, Protocol

from ..wire.quota import SPELLINGS, Limit, Remaining, limits

MARGIN = 0.02
"""Share of a window added to it, for requests that overtake each other on the way."""
ADDRESS = "address"
"""The scope of what is counted by the address of this machine."""
BY_ADDRESS = frozenset({"market", "candle", "trade", "ticker", "orderbook", "websocket"})
NEVER = float("-inf")


class Marks:
    """What is remembered of a lane."""

    __slots__ = ("closed_until", "leaves", "others")

    def __init__(self, leaves: list[float] | None = None, others: int = 0, closed_until: float = NEVER) -> None:
        self.leaves = [] if leaves is None else leaves
        """When its latest requests left, ascending."""
        self.others = others
        """Places that are not ours, by the latest answer: others use them, or there are fewer than we think."""
        self.closed_until = closed_until

    def __enter__(self) -> Marks:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Marks in memory need no saving."""


class Store(Protocol):
    """Where marks are kept."""

    def marks(self, lane: str) -> AbstractContextManager[Marks]:
        """Give the marks of a lane to nobody else until they are given back; changes are kept."""
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


class Ticket(NamedTuple):
    """A request that waits."""

    priority: int
    number: int
    lane: Lane

    def __lt__(self, other: tuple[object, ...]) -> bool:
        return self[:2] < other[:2]


class Lane:
    """One group in one scope, and who waits in it."""

    __slots__ = ("limit", "name", "queue", "scope", "spelling", "window")

    def __init__(self, scope: str, group: str, limit: Limit) -> None:
        self.name = f"{scope}/{group}"
        self.scope = scope
        self.limit = limit
        self.window = limit.window * (1 + MARGIN)
        self.spelling = SPELLINGS.get(group, group)
        self.queue: list[Ticket] = []

    def turn(self, marks: Marks, position: int, now: float) -> float:
        """Say when the one at this position of the queue may leave, if nobody else comes."""
        leaves = [leave for leave in marks.leaves if now - self.window < leave <= now]  # of this boot, at that
        free = self.limit.per_window - marks.others
        begin = max(now, marks.closed_until)
        windows, place = divmod(position, free)
        for _ in range(place + 1):
            before = len(leaves) - free
            leaves.append(begin if before < 0 else max(begin, leaves[before] + self.window))
        return leaves[-1] + windows * self.window


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
        self._host = host
        self.store: Store = Memory() if store is None else store
        self.numbers = count()
        self._table = limits() if table is None else table
        self._lanes: dict[tuple[str, str], Lane] = {}

    def lane(self, scope: str, group: str) -> Lane:
        """Find a lane. To be called with the lock held."""
        found = self._lanes.get((scope, group))
        if found is None:
            found = self._lanes[scope, group] = Lane(f"{self._host} {scope}", group, self._table[group])
        return found


class Pace:
    """The limiter as one account meets it."""

    def __init__(self, lanes: Lanes, account: str = "") -> None:
        self._lanes = lanes
        self._lock = lanes.lock
        self._store = lanes.store
        self._account = f"account {account}"

    def enter(self, group: str, priority: int = 0) -> Ticket:
        """Line up: the lower the priority's number, the more urgent."""
        with self._lock:
            lane = self._lane(group)
            ticket = Ticket(priority, next(self._lanes.numbers), lane)
            insort(lane.queue, ticket)
            return ticket

    def ask(self, ticket: Ticket, now: float) -> float:
        """Take the turn, if it has come, and give 0; else say in how many seconds to ask again."""
        lane = ticket.lane
        with self._lock:
            position = bisect_left(lane.queue, ticket)
            with self._store.marks(lane.name) as marks:
                at = lane.turn(marks, position, now)
                if at > now:
                    return at - now
                marks.leaves = [leave for leave in marks.leaves if now - lane.window < leave <= now]
                marks.leaves.append(now)
            del lane.queue[position]
            return 0.0

    def turn(self, group: str, priority: int, clock: Callable[[], float]) -> Generator[float]:
        """Wait for the turn, or for the news that the scope is blocked: yields seconds to wait."""
        ticket = self.enter(group, priority)
        try:
            while not self.blocked(group, clock()) and (wait := self.ask(ticket, clock())):
                yield wait
        finally:
            self.leave(ticket)

    def leave(self, ticket: Ticket) -> None:
        """Wait no more; nothing happens if the turn was taken."""
        queue = ticket.lane.queue
        with self._lock:
            position = bisect_left(queue, ticket)
            if position < len(queue) and queue[position] is ticket:
                del queue[position]

    def blocked(self, group: str, now: float) -> float:
        """Say for how many seconds the exchange takes nothing from this scope."""
        with self._lock, self._store.marks(f"{self._lane(group).scope}/") as marks:
            return max(0.0, marks.closed_until - now)

    def learn(self, remaining: Remaining | None, group: str, now: float) -> None:
        """Believe the exchange when it says that less is left of a group than was counted here.

        A header that is missing or speaks of another group changes nothing.
        """
        if remaining is None:
            return
        with self._lock:
            lane = self._lane(group)
            if remaining.group not in (group, lane.spelling):
                return
            with self._store.marks(lane.name) as marks:
                room = lane.limit.per_window
                begin = now - lane.limit.window
                used = sum(begin < leave <= now for leave in marks.leaves)
                others = room - used - remaining.sec
                marks.others = max(0, min(others, room - 1))
                if others > 0 and remaining.sec == 0:
                    marks.closed_until = max(marks.closed_until, now + lane.window)

    def refused(self, group: str, now: float) -> None:
        """Close a group for a whole window: the exchange said 429."""
        with self._lock:
            lane = self._lane(group)
            with self._store.marks(lane.name) as marks:
                marks.closed_until = max(marks.closed_until, now + lane.window)

    def penalty(self, group: str, seconds: float, now: float) -> None:
        """Close all groups of a scope: the exchange said 418, and for how long."""
        with self._lock, self._store.marks(f"{self._lane(group).scope}/") as marks:
            marks.closed_until = max(marks.closed_until, now + seconds)

    def _lane(self, group: str) -> Lane:
        return self._lanes.lane(ADDRESS if group in BY_ADDRESS else self._account, group)
