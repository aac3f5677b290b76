"""The exchange's clocks: what time it is, in milliseconds since the epoch.

Everything in the exchange that depends on time (limits, idle sockets, candles, expiry, faults) asks one of these. None
of them wakes anybody: whoever holds the exchange lets it advance.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from time import time_ns
from typing import Literal

Mode = Literal["real", "scaled", "stepped", "asap"]
"""With this machine's time; so many times as fast; only when told; as fast as the exchange can compute."""

STRIDE = 100
"""Milliseconds that a clock of the mode `asap` goes on at each turn."""


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


class Clock:
    """A clock that can be told how to run, at any time; it goes on from where it stands and never back.

    `start` is the time of the machine when it is not given; `source` is what tells that time.
    """

    def __init__(
        self, mode: Mode = "real", *, speed: float = 1, start: int | None = None, source: Callable[[], int] = wall
    ) -> None:
        self._source = source
        self._since = source()
        self._anchor = self._since if start is None else start
        self.mode: Mode = mode
        self.speed = speed
        self.run(mode, speed=speed)

    def __call__(self) -> int:
        if self.mode in ("stepped", "asap"):
            return self._anchor
        passed = max(self._source() - self._since, 0)
        return self._anchor + (passed if self.mode == "real" else int(passed * self.speed))

    def run(self, mode: Mode, *, speed: float = 1) -> None:
        """Run in another way from now on; `speed` is for `scaled`. Raises ValueError for one that is no speed."""
        if not 0 < speed < inf:
            raise ValueError(f"{speed} is no speed: give a number above 0")
        self._anchor, self._since = self(), self._source()
        self.mode, self.speed = mode, speed if mode == "scaled" else 1

    def step(self, milliseconds: int) -> None:
        """Go on at once, in whatever mode. Raises ValueError for a step back."""
        if milliseconds < 0:
            raise ValueError(f"time does not go back by {-milliseconds} ms")
        self._anchor += milliseconds

    def turn(self) -> bool:
        """To be called whenever the exchange has done what is due: `asap` goes on. Says whether to wait until then."""
        if self.mode != "asap":
            return True
        self._anchor += STRIDE
        return False
