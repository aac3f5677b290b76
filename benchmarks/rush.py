"""Who wants more than there is: `python -m benchmarks.rush TASKS THREADS FILE` asks a paper exchange all it can.

Where the exchange is, and the keys, stand in the environment. Told some seconds on its standard input, it lets tasks
share an async client and threads a sync one, each asking for its group again and again, and answers what the callers
got; `FILE` is that of the limiter, or nothing. Both faces share a limiter in any case.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from decimal import Decimal
from itertools import cycle, islice

from upbit import AsyncUpbit, Upbit
from upbit.errors import APIError
from upbit.limiter import Limiter

VOLUME, PRICE = Decimal("0.001"), Decimal(50_000_000)
"""Of orders that rest far from the price."""


def calls(client: Upbit) -> Sequence[Callable[[], object]]:
    """Calls of the groups `default`, `order` and `ticker`."""
    create = client.orders.create
    return (
        client.accounts.list,
        lambda: create(market="KRW-BTC", side="bid", ord_type="limit", volume=VOLUME, price=PRICE),
        lambda: client.tickers.list("KRW-BTC"),
    )


def async_calls(client: AsyncUpbit) -> Sequence[Callable[[], Awaitable[object]]]:
    """The same, awaited."""
    create = client.orders.create
    return (
        client.accounts.list,
        lambda: create(market="KRW-BTC", side="bid", ord_type="limit", volume=VOLUME, price=PRICE),
        lambda: client.tickers.list("KRW-BTC"),
    )


def rush(tasks: int, threads: int, file: str, seconds: float) -> Counter[str]:
    """Ask for so long; what the callers got: `done`, or the kind of their errors."""
    got: Counter[str] = Counter()
    end = time.monotonic() + seconds

    def ask(call: Callable[[], object]) -> Counter[str]:
        mine: Counter[str] = Counter()
        while time.monotonic() < end:
            try:
                call()
                mine["done"] += 1
            except APIError as error:
                mine[type(error).__name__] += 1
        return mine

    async def ask_on(call: Callable[[], Awaitable[object]]) -> None:
        while time.monotonic() < end:
            try:
                await call()
                got["done"] += 1
            except APIError as error:
                got[type(error).__name__] += 1

    async def ask_all(limiter: Limiter) -> None:
        async with AsyncUpbit(limiter=limiter) as client:
            await asyncio.gather(*[ask_on(call) for call in islice(cycle(async_calls(client)), tasks)])

    limiter = Limiter(file or None)
    with ExitStack() as stack:
        client = stack.enter_context(Upbit(limiter=limiter))
        pool = stack.enter_context(ThreadPoolExecutor(threads or 1))
        asked = [pool.submit(ask, call) for call in islice(cycle(calls(client)), threads)]
        asyncio.run(ask_all(limiter))
        return sum((one.result() for one in asked), got)


def main(tasks: str, threads: str, file: str = "") -> None:
    """Ask when told to."""
    print("{}", flush=True)
    for line in sys.stdin:
        print(json.dumps(rush(int(tasks), int(threads), file, float(line))), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
