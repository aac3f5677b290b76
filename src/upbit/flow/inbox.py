"""Where events wait for their consumer: one line for all types, each with a policy for when the consumer is slow.

`latest`: as long as few wait, all of them do; then only the newest of each kind (market, level, start of the candle)
waits, in the place of the first. A number: so many wait; those that come then are lost, counted, and told by a `Gap` in
their place, until half of the number was taken. `all`: all wait, however many. Events of a type keep their order. It
knows no socket, no clock and no lock: who fills it and who takes from it share a thread, or see to it themselves.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from sys import maxsize
from types import MappingProxyType
from typing import Literal, TypeAlias

import msgspec

from ..models import FeedEvent, Gap, UnknownEvent
from ..wire.frames import TYPES

Policy: TypeAlias = Literal["latest", "all"] | int
"""What becomes of a type's events when the consumer is slow."""

CROWD = 1_000
"""So many of a type wait before only the latest of each kind do."""
BOUND = 10_000
"""So many of a type wait before others are lost, when nothing else was asked for; and so many kinds."""
DEFAULT: Mapping[str, Policy] = MappingProxyType(
    {
        "ticker": "latest",
        "orderbook": "latest",
        "candle": "latest",
        "trade": BOUND,
        "indicator": BOUND,
        "indicator_signal": BOUND,
        "announcement": BOUND,
        "myOrder": "all",
        "myAsset": "all",
    }
)
"""By type; `candle` is of all units that are not named. What is not here is bounded."""

_EPOCH = datetime.fromtimestamp(0, UTC)
_Kind: TypeAlias = tuple[str, object, object, object]


class InboxCounts(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the events."""

    taken: int
    conflated: int
    """A newer one took their place."""
    dropped: int
    """They were lost; gaps tell of each."""


class _Hole:
    """Events that were lost in a row."""

    def __init__(self) -> None:
        self.lost = 0
        self.codes: set[str] = set()
        self.first = self.last = 0

    def add(self, event: FeedEvent) -> None:
        at = _moment(event)
        self.first = min(self.first, at) if self.lost else at
        self.last = max(self.last, at)
        self.lost += 1
        code = getattr(event, "code", None)
        if code is not None:
            self.codes.add(code)

    def gap(self, type: str) -> Gap:
        start, end = (_EPOCH + timedelta(milliseconds=at) for at in (self.first, self.last + 1))
        codes = tuple(sorted(self.codes))
        return Gap(type=type, codes=codes, start=start, end=end, reason="slow consumer", lost=self.lost)


class _Lane:
    """The events of one type. While `waiting` is less than `room`, whatever comes is lined up."""

    __slots__ = ("bound", "conflated", "dropped", "held", "hole", "kinds", "room", "type", "waiting")

    def __init__(self, type: str, bound: int) -> None:
        self.type = type
        self.bound = self.room = bound
        self.waiting = 0
        self.held: deque[_Kind | _Hole] = deque()  # what the Nones in the line stand for
        self.kinds: dict[_Kind, FeedEvent] = {}
        self.hole: _Hole | None = None  # the one that grows
        self.conflated = self.dropped = 0

    def crowd(self, event: FeedEvent, line: _Line) -> None:
        """Take an event for which there is no room: lose it, unless half of those before were taken meanwhile."""
        if self.hole is None or self.waiting > self.bound // 2:
            self.lose(event, line)
        else:
            self.hole = None
            self.room = self.bound
            self.waiting += 1
            line.append((self, event))

    def lose(self, event: FeedEvent, line: _Line) -> None:
        self.dropped += 1
        if self.hole is None:
            self.hole = _Hole()
            self.hold(self.hole, line)
        self.hole.add(event)

    def hold(self, held: _Kind | _Hole, line: _Line) -> None:
        self.room = 0  # whatever comes from now on, is crowded
        self.held.append(held)
        self.waiting += 1
        line.append((self, None))

    def release(self) -> FeedEvent:
        """Give what a None in the line stands for."""
        held = self.held.popleft()
        if not self.held:
            self.room = self.bound
        if not isinstance(held, _Hole):
            return self.kinds.pop(held)
        if held is self.hole:
            self.hole = None
        return held.gap(self.type)


class _Latest(_Lane):
    """Quotes: `CROWD` of them, then one of each kind until none of these is left; not more than `BOUND` kinds."""

    __slots__ = ()

    def __init__(self, type: str) -> None:
        super().__init__(type, CROWD)

    def crowd(self, event: FeedEvent, line: _Line) -> None:
        """Take an event for which there is no room: in the place of another of its kind, if there is one."""
        kind = _kind(event)
        if kind in self.kinds:
            self.conflated += 1
            self.kinds[kind] = event
        elif len(self.kinds) < (BOUND if self.hole is None else BOUND // 2):
            self.hole = None
            self.kinds[kind] = event
            self.hold(kind, line)
        else:
            self.lose(event, line)


_Line: TypeAlias = deque[tuple[_Lane, FeedEvent | None]]


class Inbox:
    """The line of one feed."""

    def __init__(self, policies: Mapping[str, Policy] = DEFAULT) -> None:
        """Make an empty one. What `policies` does not name is as in `DEFAULT`; raises ValueError for nonsense."""
        for type, policy in policies.items():
            if type != "candle" and type not in TYPES:
                raise ValueError(f"there is no type {type!r}")
            if policy not in ("latest", "all") if isinstance(policy, str) else policy < 1:
                raise ValueError(f"the policy of {type} is {policy!r}, not 'latest', 'all', or a number from 1 on")
        self._policies = {**DEFAULT, **policies}
        self._few: deque[FeedEvent] = deque()  # all that wait, as long as no policy can matter ...
        self._most = min([CROWD, *(policy for policy in policies.values() if isinstance(policy, int))])
        self._room = self._most  # for these few; none while others wait
        self._line: _Line = deque()  # ... else, until none are left
        self._gaps = _Lane("", maxsize)
        self._lanes: dict[str, _Lane] = {}
        self._taken = 0

    def __len__(self) -> int:
        return len(self._few) + len(self._line)

    @property
    def counts(self) -> InboxCounts:
        """What became of the events so far."""
        lanes = self._lanes.values()
        return InboxCounts(
            taken=self._taken,
            conflated=sum(lane.conflated for lane in lanes),
            dropped=sum(lane.dropped for lane in lanes),
        )

    def put(self, event: FeedEvent) -> None:
        """Line an event up, or do with it what its policy says. A `Gap` always waits."""
        few = self._few
        if len(few) < self._room:
            few.append(event)
            return
        self._room = 0
        while few:
            self._line_up(few.popleft())
        self._line_up(event)

    def take(self) -> FeedEvent | None:
        """Give what waited longest; None when nothing waits."""
        if self._few:
            self._taken += 1
            return self._few.popleft()
        if not self._line:
            return None
        lane, event = self._line.popleft()
        if not self._line:
            self._room = self._most
        lane.waiting -= 1
        self._taken += 1
        return lane.release() if event is None else event

    def _line_up(self, event: FeedEvent) -> None:
        lane = self._gaps if event.__class__ is Gap else self._lanes.get(event.type) or self._lane(event.type)
        if lane.waiting < lane.room:
            lane.waiting += 1
            self._line.append((lane, event))
        else:
            lane.crowd(event, self._line)

    def _lane(self, type: str) -> _Lane:
        policy = self._policies.get(type) or self._policies.get(type.partition(".")[0], BOUND)
        if isinstance(policy, int):
            lane = _Lane(type, policy)
        else:
            lane = _Lane(type, maxsize) if policy == "all" else _Latest(type)
        self._lanes[type] = lane
        return lane


def _kind(event: FeedEvent) -> _Kind:
    level, start = getattr(event, "level", None), getattr(event, "candle_date_time_utc", None)
    return event.type, getattr(event, "code", None), level, start


def _moment(event: FeedEvent) -> int:
    """When it happened, in milliseconds since the epoch; of an unknown type as far as it says so, else 0."""
    if isinstance(event, UnknownEvent):
        at = event.fields.get("timestamp", event.fields.get("tms"))
    else:
        at = getattr(event, "trade_timestamp", None) or getattr(event, "timestamp", None)
    return at if isinstance(at, int) else 0
