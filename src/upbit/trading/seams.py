"""What a trader asks of its journal, its limits and its switch: whatever does this may take their place.

`Journal`, `Risk` and `Switch` of this package are the ordinary ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from .draft import Draft


class Entry(Protocol):
    """An order whose outcome the journal does not know."""

    @property
    def identifier(self) -> str:
        """The order's own name."""
        ...

    @property
    def market(self) -> str:
        """Market, `KRW-BTC`."""
        ...

    @property
    def at(self) -> float:
        """When it was last about to be sent, seconds since the epoch; when it was begun, if never."""
        ...


class Records(Protocol):
    """Keeps what is meant to be ordered, and what became of it. What it was told survives the process."""

    def begin(self, draft: Draft, now: float) -> None:
        """Record an order before anything is sent; it is on disk when this returns."""
        ...

    def note(self, identifier: str, step: str, detail: str = "") -> None:
        """Record a step before it is taken."""
        ...

    def settle(self, identifier: str, outcome: str, uuid: str | None = None, state: str | None = None) -> None:
        """Record what became of it: `accepted`, `rejected` or `abandoned` (it certainly is not there)."""
        ...

    def open(self) -> Sequence[Entry]:
        """Orders without an outcome, oldest first."""
        ...

    def close(self) -> None:
        """Write what is to be written; to be used no more."""
        ...


class Checks(Protocol):
    """Knows limits."""

    def check(self, draft: Draft) -> None:
        """Raise RiskRefused for an order that would break one."""
        ...

    def accepted(self) -> None:
        """Learn that the exchange took an order."""
        ...

    def rejected(self) -> None:
        """Learn that the exchange refused one."""
        ...


class Switches(Protocol):
    """Knows whether orders may leave: `RUN`, `REDUCE` (only those that make a position smaller), `HALT`."""

    @property
    def state(self) -> str:
        """`RUN`, `REDUCE` or `HALT`, now."""
        ...

    @property
    def reason(self) -> str:
        """Why."""
        ...

    def set(self, state: str, reason: str) -> None:
        """Switch, for this process and those to come."""
        ...


class Guards(NamedTuple):
    """What an order must pass before it leaves."""

    journal: Records
    risk: Checks
    switch: Switches
