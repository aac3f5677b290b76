"""The exchange's clocks: what time it is, in milliseconds since the epoch.

Everything in the exchange that depends on time (limits, idle sockets, candles, expiry) asks one of these. None of them
wakes anybody: whoever holds the exchange lets it advance.
"""

from __future__ import annotations

from time import time_ns


def wall() -> int:
    """The time of this machine."""
    return time_ns() // 1_000_000


class SteppedClock:
    """A clock that stands still until it is told to go on."""

    def __init__(self, start: int) -> None:
        self._now = start

    def __call__(self) -> int:
        return self._now

    def step(self, milliseconds: int) -> None:
        """Go on. Raises ValueError for a step back."""
        if milliseconds < 0:
            raise ValueError(f"time does not go back by {-milliseconds} ms")
        self._now += milliseconds
