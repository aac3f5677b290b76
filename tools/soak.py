"""Let a feed live for a month on a paper exchange, in its time, and see whether it stays as it was and misses nothing.

    python -m tools.soak --days 30 --seed 1

Every day has its faults: closed sockets, refused connects, a stall, an outage. At the end of each the markets stand
still for a moment, and all that was told since the day before is held against the exchange's own record: trades, the
book, candles, own orders and balances. Nothing is waited for: a day takes seconds. Ends with status 1 when anything
differs, or when the feed's memory, its tasks or file descriptors grow.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import logging
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from random import Random
from types import BuiltinFunctionType, CodeType, FrameType, FunctionType, MethodType, ModuleType
from typing import Literal, NamedTuple

from tests.observer import Holder, Record, differences, forget, halt, resume, trading
from tests.virtual import run as run_virtually
from upbit.feed import AsyncFeed, candle, my_asset, my_order, orderbook, ticker, trade
from upbit.paper import PaperExchange, Rule

START = datetime(2026, 11, 2, tzinfo=UTC)
MARKETS = ("KRW-BTC", "KRW-XRP")
WANTED = (
    ticker(*MARKETS),
    trade(*MARKETS),
    orderbook(MARKETS[0], units=5),
    candle(*MARKETS, interval="1m"),
    my_order(),
    my_asset(),
)
PATHS = ("/websocket/v1", "/websocket/v1/private")
CODES: tuple[Literal[1000, 1001, 1006, 1011], ...] = (1000, 1001, 1006, 1011)
MANNERS: tuple[Literal["close", "silence"], ...] = ("close", "silence")
AUDIT = 600.0
PULSE = 2.0
STILL = 60.0
"""Seconds at the end of a day in which the markets stand still."""
FILES = Path("/proc/self/fd")
SLACK = 16 * 1024
"""Bytes by which the feed may be larger in the second half."""
LOOKING = 4
"""Tasks by which it may have more: who looks something up at that moment."""
_NOT_HELD = (
    type,
    BuiltinFunctionType,
    CodeType,
    FrameType,
    FunctionType,
    MethodType,
    ModuleType,
    asyncio.AbstractEventLoop,
    asyncio.Future,
    logging.Logger,
)


class Day(NamedTuple):
    """How it was at the end of a day."""

    number: int
    events: int
    trades: int
    gaps: int
    recovered: int
    connects: int
    """Connections opened so far."""
    orders: int
    bytes: int
    """Of everything the feed holds."""
    tasks: int
    files: int
    differences: list[str]


def weigh(root: object) -> int:
    """Add up the bytes of all that an object holds; not what it merely calls."""
    total, seen, left = 0, {id(root)}, [root]
    while left:
        one = left.pop()
        total += sys.getsizeof(one)
        for other in gc.get_referents(one):
            if id(other) not in seen and not isinstance(other, _NOT_HELD):
                seen.add(id(other))
                left.append(other)
    return total


def faults(random: Random, day: int, now: float, length: float) -> list[Rule]:
    """What happens in a day that begins now, all of it before its last tenth."""

    def at(least: float, most: float) -> int:
        return int((now + random.uniform(least, most) * length) * 1000)

    close = at(0.02, 0.3)
    rules = [
        Rule(effect="close", path=random.choice(PATHS), code=random.choice(CODES), since=close, times=1),
        Rule(effect="refuse_socket", since=close, times=random.randint(1, 6), status=random.choice((0, 429, 503))),
        Rule(effect="drop", probability=0.3, since=(lost := at(0.3, 0.4)), until=lost + 120_000),
    ]
    if day % 2:
        rules.append(Rule(effect="stall", path=random.choice(PATHS), since=at(0.4, 0.6), times=1))
    if day % 3 == 1:
        lasting = int(random.uniform(0.001, 0.03) * length * 1000)
        rules.append(
            Rule(effect="outage", manner=random.choice(MANNERS), milliseconds=lasting, since=at(0.6, 0.8), times=1)
        )
    return rules


def run(days: int, *, hours: float = 24, seed: int = 1, told: Callable[[Day], None] = lambda _: None) -> list[Day]:
    """Live so many days of so many hours; how it was at the end of each."""
    paper = PaperExchange(start=START, seed=seed, preset="alt-thin", pulse=PULSE)
    return run_virtually(_live(paper, days, hours * 3600, Random(seed), told), paper)


async def _live(
    paper: PaperExchange, days: int, length: float, random: Random, told: Callable[[Day], None]
) -> list[Day]:
    exchange, record, holder, client = paper.exchange, Record(paper.exchange), Holder(), paper.async_client()
    lived: list[Day] = []
    async with client.feed(*WANTED, audit=AUDIT) as feed:
        tasks = [asyncio.create_task(_read(feed, holder))]
        for number in range(1, days + 1):
            end = asyncio.get_running_loop().time() + length
            paper.chaos.clear()
            for rule in faults(random, number, end - length, length):
                paper.chaos.add(rule)
            trader = asyncio.create_task(trading(client, exchange, MARKETS[0], random, pause=120))
            await asyncio.sleep(length * 0.95)
            trader.cancel()
            await client.orders.cancel_open(count=300)  # else the feed has more to know every day
            await asyncio.sleep(length * 0.05 - STILL)
            halt(exchange, *MARKETS)
            await asyncio.sleep(STILL)
            lived.append(_look(number, feed, record, holder))
            told(lived[-1])
            forget(record, holder)
            resume(exchange, *MARKETS)
    await asyncio.gather(*tasks)
    return lived


async def _read(feed: AsyncFeed, holder: Holder) -> None:
    async for event in feed:
        holder.take(event)


def _look(number: int, feed: AsyncFeed, record: Record, holder: Holder) -> Day:
    gc.collect()
    status = feed.status
    return Day(
        number=number,
        events=holder.count,
        trades=sum(map(len, holder.deals.values())),
        gaps=status.counts.gaps,
        recovered=status.counts.recovered,
        connects=sum(socket.connects for socket in status.sockets),
        orders=len(record.steps),
        bytes=weigh(feed),
        tasks=len(asyncio.all_tasks()),
        files=len(list(FILES.iterdir())) if FILES.is_dir() else 0,
        differences=differences(record, holder),
    )


def grown(days: list[Day]) -> list[str]:
    """What was larger in the second half than in the first."""
    half = len(days) // 2
    first, second = days[:half], days[half:]
    found: list[str] = []
    for name, slack in (("bytes", SLACK), ("tasks", LOOKING), ("files", 0)):
        before, after = (max(getattr(day, name) for day in part) for part in (first, second))
        if after > before + slack:
            found.append(f"{name} grew from {before:,} to {after:,}")
    return found


def main(arguments: list[str] | None = None) -> int:
    """Live, print every day, and say whether all is well."""
    parser = argparse.ArgumentParser(prog="python -m tools.soak", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--hours", type=float, default=24, help="of a day")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args(arguments)
    began = time.perf_counter()
    print("day    events   trades  gaps  recovered  connects  orders    bytes  tasks  files  differences  seconds")
    days = run(asked.days, hours=asked.hours, seed=asked.seed, told=partial(show, began))
    wrong = [*grown(days), *[found for day in days for found in day.differences]]
    for found in wrong:
        print(found, file=sys.stderr)
    return 1 if wrong else 0


def show(began: float, day: Day) -> None:
    seconds = time.perf_counter() - began
    print(
        f"{day.number:3}  {day.events:8,}  {day.trades:7,}  {day.gaps:4}  {day.recovered:9,}  {day.connects:8}  "
        f"{day.orders:6}  {day.bytes:7,}  {day.tasks:5}  {day.files:5}  {len(day.differences):11}  {seconds:7.1f}",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
