"""A child that acts at a paper exchange and dies at a given place; what `tools.kills` kills.

It tells each place that it passes, before it does: before and after each record in its journal; before, during and
after each request. Its exchange and it live `SPEED` times as fast as this machine.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from itertools import count
from math import inf
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from threading import Timer
from typing import NamedTuple

from upbit.client import AsyncUpbit, Upbit
from upbit.errors import UpbitError
from upbit.flow.steps import Timeout
from upbit.io.aio_http import AsyncHTTPTransport
from upbit.io.http import HTTPTransport
from upbit.settings import Options
from upbit.trading.draft import Draft
from upbit.trading.journal import Journal
from upbit.trading.trader import AsyncTrader, Trader
from upbit.wire.message import Request, Response

SPEED = 10
"""How many times as fast as this machine's time goes time."""
DEADLINE = 15.0
"""Seconds in which an outcome is to be known: enough to look five times and send again."""
PATIENT: Timeout = (5.0, 5.0)
"""Seconds of this machine to wait for an answer."""
HASTY: Timeout = (0.3, 0.3)
"""The same, once an act has begun in the weather `timed out`."""
MARKET = "KRW-BTC"
PRICE = 20_000_000
"""Far below the market: a bid rests."""
VOLUME = Decimal("0.001")
UNDER_WAY = 0.01
"""Seconds of this machine between the sending of a request and the end of a child that ends during it."""
ANYWHERE = "anywhere"
"""Every place."""
AT_ONCE = 6
"""Acts at once in a storm."""


class Place(NamedTuple):
    """Where the exchange is, and what time it is there."""

    base_url: str
    access_key: str
    secret_key: str
    origin: float
    """Seconds since the epoch at which its time began to go faster."""

    def wall(self) -> float:
        """The time there, in seconds since the epoch."""
        return self.origin + (time.time() - self.origin) * SPEED

    def options(self, prefix: str) -> Options:
        """What its clients are told."""
        return {
            "identifier_prefix": prefix,
            "base_url": self.base_url,
            "clock": lambda: time.monotonic() * SPEED,
            "wall": self.wall,
            "order_deadline": DEADLINE,
        }


class Life(NamedTuple):
    """What a child does, and where it ends."""

    number: int
    act: str
    weather: str
    folder: Path
    at: str = ""
    """It is killed at this place ..."""
    times: int = 1
    """... when it comes there for so many times."""
    after: float = inf
    """It is killed after so many seconds of this machine."""
    again: int = 0
    """The one that recovers is killed as well, at the place with this number, from 1; 0: not."""

    @property
    def name(self) -> str:
        """How the identifiers of its orders begin."""
        return f"life{self.number}"


class Doom:
    """Tells the places that are passed, and ends the process when it comes to one for so many times."""

    def __init__(self, at: str, times: int, tell: Callable[[str], None]) -> None:
        self._at, self._left, self._tell = at, times, tell
        self.armed = False

    def meet(self, place: str, delay: float = 0.0) -> None:
        """Pass a place."""
        if not self.armed:
            return
        self._tell(f"at {place}")
        self._left -= self._at in (place, ANYWHERE)
        if not self._left:
            if delay:
                Timer(delay, _die).start()
            else:
                _die()


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Doomed(Journal):
    """A journal that may end its process before or after a record."""

    def __init__(self, path: Path, wall: Callable[[], float], doom: Doom) -> None:
        super().__init__(path, wall)
        self._doom = doom

    def begin(self, draft: Draft, now: float) -> None:
        with self._around("begin"):
            super().begin(draft, now)

    def note(self, identifier: str, step: str, detail: str = "") -> None:
        with self._around(step):
            super().note(identifier, step, detail)

    def settle(self, identifier: str, outcome: str, uuid: str | None = None, state: str | None = None) -> None:
        with self._around("settle"):
            super().settle(identifier, outcome, uuid, state)

    def see(self, identifier: str, state: str) -> None:
        with self._around("see"):
            super().see(identifier, state)

    @contextmanager
    def _around(self, step: str) -> Generator[None]:
        self._doom.meet(f"{step} before")
        yield
        self._doom.meet(f"{step} after")


class Wire:
    """Sends over HTTP, patient in the time of the exchange; may end its process before, during or after a request."""

    def __init__(self, base_url: str, doom: Doom | None = None, timeout: Timeout = PATIENT) -> None:
        self._http = HTTPTransport(base_url)
        self._timeout = timeout
        self._doom = doom or Doom("", 1, lambda word: None)
        self.verbs: Counter[str] = Counter()

    def send(self, request: Request, timeout: Timeout) -> Response:
        """Send once."""
        self.verbs[request.verb] += 1
        self._doom.meet(f"{request.verb} before")
        self._doom.meet(f"{request.verb} during", UNDER_WAY)
        try:
            return self._http.send(request, self._timeout if self._doom.armed else PATIENT)
        finally:
            self._doom.meet(f"{request.verb} after")

    def close(self) -> None:
        """Close all connections."""
        self._http.close()


class AsyncWire:
    """The same, awaited and without an end."""

    def __init__(self, base_url: str) -> None:
        self._http = AsyncHTTPTransport(base_url)

    async def send(self, request: Request, timeout: Timeout) -> Response:
        """Send once."""
        return await self._http.send(request, PATIENT)


@contextmanager
def trading(place: Place, life: Life, wire: Wire, journal: Journal | None = None) -> Generator[Trader]:
    """Make a trader on the files of a life; it is not entered yet."""
    client = Upbit(
        place.access_key,
        place.secret_key,
        transport=wire,
        sleep=lambda seconds: time.sleep(seconds / SPEED),
        **place.options(life.name),
    )
    trader = client.trading("paper", journal=journal or life.folder / "journal", switch=life.folder / "switch")
    try:
        yield trader
    finally:
        trader.journal.close()
        wire.close()


def live(place: Place, life: Life, line: Connection) -> None:
    """The life of a child."""
    if life.act == "storm":
        asyncio.run(storm(place, life, line.send))
        return
    doom = Doom(life.at, life.times, line.send)
    journal = Doomed(life.folder / "journal", place.wall, doom)
    wire = Wire(place.base_url, doom, HASTY if life.weather == "timed out" else PATIENT)
    with trading(place, life, wire, journal) as trader:
        if life.act == "recover":
            doom.armed = True
            trader.recover()
            return
        old = None
        if life.act in ("replace", "cancel"):
            old = trader.buy(MARKET, price=PRICE, volume=VOLUME, identifier=f"{life.name}-old")
            time.sleep(2 / SPEED)  # so that a stale read shows it
        line.send("ready")
        line.recv()
        doom.armed = True
        act: Mapping[str, Callable[[], object]] = {
            "place": lambda: trader.buy(MARKET, price=PRICE, volume=VOLUME, identifier=f"{life.name}-new"),
            "market": lambda: trader.buy(MARKET, quote=10_000, identifier=f"{life.name}-new"),
            "replace": lambda: trader.replace(old, price=PRICE - 1_000),
            "cancel": lambda: trader.cancel(old),
        }
        try:
            act[life.act]()
        except UpbitError as error:
            line.send(f"told {type(error).__name__}")
        else:
            line.send("told all is well")


async def storm(place: Place, life: Life, tell: Callable[[str], None]) -> None:
    """Many acts at once, for ever."""
    client = AsyncUpbit(
        place.access_key,
        place.secret_key,
        transport=AsyncWire(place.base_url),
        sleep=lambda seconds: asyncio.sleep(seconds / SPEED),
        **place.options(life.name),
    )
    async with client.trading("paper", journal=life.folder / "journal", switch=life.folder / "switch") as trader:
        tell("ready")
        chance, numbers = Random(life.number), count()
        await asyncio.gather(*[_busy(trader, life.name, chance, numbers, tell) for _ in range(AT_ONCE)])


async def _busy(
    trader: AsyncTrader, name: str, chance: Random, numbers: Iterator[int], tell: Callable[[str], None]
) -> None:
    while True:
        identifier = f"{name}-{next(numbers)}"
        try:
            placed = await trader.buy(MARKET, price=PRICE, volume=VOLUME, identifier=identifier)
            tell(f"accepted {identifier}")
            if chance.random() < 0.4:
                placed = (await trader.replace(placed, price=PRICE - 1_000)).new or placed
                tell(f"accepted {placed.identifier}")
            if chance.random() < 0.4:
                placed = await trader.cancel(placed)
                tell(f"ended {placed.identifier}")
        except UpbitError:  # the journal says what became of it
            await asyncio.sleep(0)
