"""The client's limiter: when the next request of a rate group may leave.

It keeps to the limits of `wire.quota` in every window that ends now, which fits the fixed windows and the token bucket
of the exchange alike, and believes the exchange when that says less is left (`Remaining-Req`). Nothing here sleeps,
reads a clock or makes a lock: seconds come in, seconds go out.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from contextlib import AbstractContextManager

from ..wire.quota import SPELLINGS, Limit, Remaining, limits

MARGIN = 0.02
"""Share of a window added to it, for requests that overtake each other on the way."""


class Lane:
    """One group: when its latest requests left or will leave, as many as fit into a window."""

    __slots__ = ("closed_until", "leaves", "room", "spelling", "window")

    def __init__(self, limit: Limit, spelling: str) -> None:
        self.room = limit.per_window
        self.window = limit.window * (1 + MARGIN)
        self.spelling = spelling
        self.leaves: deque[float] = deque(maxlen=limit.per_window)
        self.closed_until = float("-inf")


class Pace:
    """The limiter of one client and its copies; with a lock, of all their threads."""

    def __init__(self, lock: AbstractContextManager[object], table: Mapping[str, Limit] | None = None) -> None:
        self._lock = lock
        table = limits() if table is None else table
        self._lanes = {group: Lane(limit, SPELLINGS.get(group, group)) for group, limit in table.items()}

    def reserve(self, group: str, now: float) -> float:
        """Take the next free place in a group and say in how many seconds it comes."""
        with self._lock:
            lane = self._lanes[group]
            leaves = lane.leaves
            at = max(now, lane.closed_until)
            if len(leaves) == lane.room:
                at = max(at, leaves[0] + lane.window)
            leaves.append(at)
            return at - now

    def learn(self, remaining: Remaining | None, group: str, now: float) -> None:
        """Believe the exchange when it says that less is left of a group than was counted here.

        A header that is missing or speaks of another group changes nothing.
        """
        if remaining is None:
            return
        lane = self._lanes[group]
        if remaining.group not in (group, lane.spelling):
            return
        with self._lock:
            begin = now - lane.window
            used = sum(leave > begin for leave in lane.leaves)
            lane.leaves.extend([now] * (lane.room - used - remaining.sec))

    def refused(self, group: str, now: float) -> None:
        """Close a group for a whole window: the exchange said 429."""
        with self._lock:
            lane = self._lanes[group]
            lane.closed_until = max(lane.closed_until, now + lane.window)
