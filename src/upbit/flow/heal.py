"""What healing a stream consists of: ask REST, wait a little; and the gap that is told before what was learned.

Whoever carries a `Heal` out sends it the typed result of each `Ask`, or throws the APIError it ended with, and nothing
after a `Pause`. Nothing here decides what is missing: `trades`, `candles`, `own` and `balances` do.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, Final, NamedTuple, TypeAlias, TypeVar

from ..api.operation import Operation

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
