"""What healing a stream consists of: ask REST, wait a little; and the gap that is told before what was learned.

Whoever carries a `Heal` out sends it the typed result of each `Ask`, or throws the APIError it ended with, and nothing
after a `Pause`. Nothing here decides what is missing: `trades`, `candles`, `own` and `balances` do.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator
from datetime import datetime
from typing import Any, Final, Generic, NamedTuple, TypeAlias, TypeVar

from ..api.operation import Operation
from ..models import FeedEvent

E = TypeVar("E", bound=FeedEvent)
T = TypeVar("T")

AUDIT: Final = "audit"
"""The reason of a check that nothing gave cause for: the stream goes on meanwhile, and what cannot be learned now is
asked for again the next time. Every other reason holds events back until the check is over."""
SETTLE = 2.0
"""Seconds after which what REST knows and the stream did not tell is missing, and no longer under way."""


class Ask(NamedTuple):
    """Call this operation."""

    operation: Operation[..., Any]
    arguments: dict[str, Any]


class Pause(NamedTuple):
    """Wait."""

    seconds: float


Heal: TypeAlias = Generator[Ask | Pause, Any, T]
"""Steps that end in what is to be delivered."""


class Holding(ABC, Generic[E]):
    """A line that holds its events back while it is compared with REST."""

    def __init__(self) -> None:
        self._held: list[E] | None = None

    def check(self, reason: str, now: datetime) -> Heal[list[FeedEvent]]:
        """Compare with REST; what to deliver: a Gap first if anything was missing, then that, in order.

        From this call on events are held until the steps are done, unless it is an `AUDIT` that can do without. Only
        one check at a time may be under way; the next may be called before.
        """
        holds = reason != AUDIT or self._begins
        if holds:
            self._hold()
        return self._check(reason, now, holds)

    @property
    def _begins(self) -> bool:
        """Whether nothing is known yet that a check could be without."""
        return False

    @abstractmethod
    def _check(self, reason: str, now: datetime, holds: bool) -> Heal[list[FeedEvent]]:
        """Take the steps of a check."""

    def _hold(self) -> list[E]:
        if self._held is None:
            self._held = []
        return self._held
