"""PLACEHOLDER by the lead until helper C writes the real one: overwrite this file."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Literal, TypeAlias

import msgspec

from ..models import FeedEvent

Policy: TypeAlias = Literal["latest", "all"] | int


class InboxCounts(msgspec.Struct):
    taken: int = 0
    conflated: int = 0
    dropped: int = 0


class Inbox:
    def __init__(self, policies: Mapping[str, Policy]) -> None:
        self._events: deque[FeedEvent] = deque()
        self.counts = InboxCounts()

    def __len__(self) -> int:
        return len(self._events)

    def put(self, event: FeedEvent) -> None:
        self._events.append(event)

    def take(self) -> FeedEvent | None:
        return self._events.popleft() if self._events else None
