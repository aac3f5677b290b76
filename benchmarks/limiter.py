"""The limiter under more than the exchange takes: how much of each quota it uses, and what the exchange refused.

The paper exchange counts as the real one does and writes down what it was asked. A quota is used in full when a window
after each request there are as many new ones as a window takes; what it was not used to is time that went by in
between. What a pass through the limiter costs stands beside.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory
from threading import Lock
from typing import NamedTuple
from urllib.request import Request, urlopen

import msgspec

from upbit.api import OPERATIONS
from upbit.flow.pace import Lanes, Pace, Store
from upbit.io.quota_file import QuotaFile
from upbit.wire.quota import limits

from .children import Child, server
from .table import Goal, Row, alone

SECONDS = 8.0
SCENES: Mapping[str, Sequence[tuple[int, int]]] = {
    "64 tasks": [(64, 0)],
    "8 threads": [(0, 8)],
    "4 processes of 16 tasks and 2 threads": [(16, 2)] * 4,
}
"""What runs at once: tasks and threads of each process. More than one process share a file."""
GROUPS = ("default", "order", "ticker")
RUSH = (sys.executable, "-m", "benchmarks.rush")
PASSES = 2000
ROUNDS = 5


class Asked(msgspec.Struct):
    """What the exchange wrote down about a request."""

    time: int
    method: str
    path: str
    status: int | None


class Answered(NamedTuple):
    """What the exchange says of the requests, and what the callers say."""

    times: Mapping[str, Sequence[float]]
    """When the requests of each group were answered, in seconds."""
    refused: int
    """Answers 429 and 418 among them."""
    served: int
    """Calls that brought a result."""


def rows() -> Iterable[Row]:
    """Shares of the quotas, refusals, and the cost of a pass."""
    for scene, processes in SCENES.items():
        answered = rush(processes, SECONDS)
        for group in GROUPS:
            used = share(answered.times[group], group)
            yield alone(f"{scene}: quota `{group}` used", [100 * used], "%", Goal(">=", 97, "%"))
        yield Row(
            f"{scene}: answers 429 and 418", str(answered.refused), "", "", "0", "NO" if answered.refused else "yes"
        )
    yield alone("a pass through the limiter, in memory", passes(), "us", Goal("<=", 4, "us"))
    with TemporaryDirectory() as folder:
        yield alone(
            "a pass through the limiter, in a file", passes(QuotaFile(Path(folder, "q"))), "us", Goal("<=", 100, "us")
        )


def rush(processes: Sequence[tuple[int, int]], seconds: float) -> Answered:
    """Let processes ask a paper exchange for so long. Raises RuntimeError when a caller got an error."""
    with TemporaryDirectory() as folder, server("limited") as exchange, ExitStack() as stack:
        file = str(Path(folder, "quota.db")) if len(processes) > 1 else ""
        children = [
            stack.enter_context(Child([*RUSH, str(tasks), str(threads), file], exchange.told))
            for tasks, threads in processes
        ]
        with ThreadPoolExecutor(len(children)) as pool:
            got = list(pool.map(lambda child: child.go(str(seconds)), children))
        if any(each.keys() != {"done"} for each in got):
            raise RuntimeError(f"somebody was not served: {got}")
        return judged(asked(exchange.told), sum(each["done"] for each in got))


def asked(told: Mapping[str, str]) -> list[Asked]:
    """Ask the exchange what it was asked."""
    headers = {"Authorization": f"Bearer {told['UPBIT_PAPER_CONTROL_TOKEN']}"}
    with urlopen(Request(f"{told['UPBIT_PAPER_CONTROL_URL']}/requests", headers=headers)) as answer:
        return msgspec.json.decode(answer.read(), type=list[Asked])


def judged(requests: Iterable[Asked], served: int) -> Answered:
    """Sort requests by their group."""
    groups: Mapping[tuple[str, str], str] = {(one.verb, one.path): one.group for one in OPERATIONS}
    times: dict[str, list[float]] = {group: [] for group in GROUPS}
    refused = 0
    for one in requests:
        refused += one.status in (418, 429)
        times[groups[one.method, one.path]].append(one.time / 1000)
    return Answered(times, refused, served)


def share(times: Sequence[float], group: str) -> float:
    """Say how much of a quota was used: how much longer than a window each window's worth of requests took.

    The first two are left out: connections are made, and a burst is spread out.
    """
    limit = limits()[group]
    steady = times[2 * limit.per_window :]
    spans = [late - early for early, late in zip(steady, steady[limit.per_window :], strict=False)]
    return limit.window / fmean(spans)


def passes(store: Store | None = None) -> list[float]:
    """Time passes that need not wait, in microseconds."""
    clock = iter(range(0, 10**9, 10)).__next__
    pace = Pace(Lanes(Lock(), store=store))
    took: list[float] = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        for _ in range(PASSES):
            list(pace.turn("order", 1, clock))
        took.append((time.perf_counter() - begin) / PASSES * 1e6)
    return took
