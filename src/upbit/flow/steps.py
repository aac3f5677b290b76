"""What a call does, told as steps; who waits and who sends is somebody else's business (`upbit.io`).

A flow yields a `Send` and is given what came of it, or a `Sleep` and is given None. Nothing here runs a flow.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import NamedTuple, TypeAlias, TypeVar

from ..errors import APIConnectionError
from ..wire.message import Request, Response

T = TypeVar("T")

Timeout: TypeAlias = tuple[float, float]
"""Seconds to connect, and seconds without a sign of life while reading."""


class Send(NamedTuple):
    """Send this and say what came back."""

    request: Request
    timeout: Timeout


class Sleep(NamedTuple):
    """Wait."""

    seconds: float


Answer: TypeAlias = Response | APIConnectionError | None
"""What came of a step: a response or the reason why there is none; None after a `Sleep`."""
Flow: TypeAlias = Generator[Send | Sleep, Answer, T]
"""Steps that end in a result."""
