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
    """One group: when its latest requests left or will leave, and what is known of everybody else's."""

    __slots__ = ("closed_until", "leaves", "limit", "others", "spelling", "window")

    def __init__(self, limit: Limit, spelling: str) -> None:
        self.limit = limit
        self.window = limit.window * (1 + MARGIN)
        self.spelling = spelling
        self.leaves: deque[float] = deque(maxlen=limit.per_window)
        self.others = 0
        """Places that are not ours, by the latest answer: others use them, or there are fewer than we think."""
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
            free = lane.limit.per_window - lane.others
            if len(leaves) >= free:
                at = max(at, leaves[-free] + lane.window)
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
            room = lane.limit.per_window
            begin = now - lane.limit.window
            used = sum(leave > begin for leave in lane.leaves)
            others = room - used - remaining.sec
            lane.others = max(0, min(others, room - 1))
            if others > 0 and remaining.sec == 0:
                lane.closed_until = max(lane.closed_until, now + lane.window)

    def refused(self, group: str, now: float) -> None:
        """Close a group for a whole window: the exchange said 429."""
        with self._lock:
            lane = self._lanes[group]
            lane.closed_until = max(lane.closed_until, now + lane.window)
