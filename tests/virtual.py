"""An event loop that runs on the clock of a stepped paper exchange: nobody waits, and every run is the same.

Its `time()` is the exchange's, in seconds since the epoch. When nothing is ready it lets the exchange advance to the
next timer instead of waiting. When nothing is planned either, nothing will ever happen, and it says so: it waits for no
thread and for nobody on the network.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from math import ceil
from typing import Any, TypeVar

from upbit.paper import PaperExchange

T = TypeVar("T")
MICROSECOND = 1e-6
"""More than the grain of a time since the epoch, less than anybody sleeps."""


class Stuck(RuntimeError):
    """All tasks wait for each other."""


class Leap(selectors.DefaultSelector):
    """Lets the time of an exchange go on where others wait."""

    def __init__(self, exchange: PaperExchange) -> None:
        super().__init__()
        self._exchange = exchange

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None:
            raise Stuck("nothing is ready and nothing is planned")
        self._exchange.advance(ceil((timeout - MICROSECOND) * 1000) / 1000)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """The loop; its exchange has a start, and moves on when the loop does."""

    def __init__(self, exchange: PaperExchange) -> None:
        super().__init__(Leap(exchange))
        self._exchange = exchange.exchange
        self._clock_resolution = 2 * MICROSECOND

    def time(self) -> float:
        return self._exchange.now / 1000


def run(coro: Coroutine[Any, Any, T], exchange: PaperExchange) -> T:
    """Run a coroutine to its end in the time of the exchange, as `asyncio.run` does in that of the machine."""
    with asyncio.Runner(loop_factory=lambda: VirtualLoop(exchange)) as runner:
        return runner.run(coro)
