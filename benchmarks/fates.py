"""What becomes of a stream: trades that were made, trades that were heard, and whether anybody said what was missing.

Each contestant listens to the trades of a paper exchange of its own, where somebody trades twenty times a second, and
meets one fault after another. What the exchange says by request afterwards is the truth. This is no measurement of
time: the faults are the same in each run, their moments are not.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from typing import Any, NamedTuple
from urllib.request import Request, urlopen

import msgspec

from upbit import Upbit
from upbit.paper.chaos import Rule

from .children import OURS, Child, server, started
from .table import Row, columns

MARKET = "KRW-BTC"
CONTESTANTS: Mapping[str, str] = {
    OURS: "upbit_watchful",
    "upbit-sdk": "sdk",
    "pyupbit": "pyupbit",
    "upbit-client": "client_1",
}
QUIET = 1.5
"""Seconds before a fault."""
GRACE = 2.0
"""Seconds after which a trade should have been heard."""
OUTAGE = 4_000
STALL = 6_000
PAGE = 500
"""Trades of one answer: more than there are in the longest fault."""


class Fault(NamedTuple):
    """Something that happens to a stream, and for how many seconds it is looked at."""

    name: str
    rules: tuple[Rule, ...]
    seconds: float = 4.0


class Fate(NamedTuple):
    """What became of a stream in a fault."""

    made: int
    lost: int
    """Trades that were not heard."""
    untold: int
    """Those of them that nobody spoke of: not in a gap, and there was no other word, no exception, and no end."""
    twice: int
    """Trades heard more than once."""
    told: tuple[str, ...]
    end: str
    """How it ended; empty while it goes on."""

    def __str__(self) -> str:
        parts = [f"{self.lost} of {self.made} lost"]
        if self.twice:
            parts[0] += f", {self.twice} twice"
        parts += [f"told: {one}" for one in self.told]
        if self.end:
            parts.append(f"over: {self.end}")
        return "; ".join(parts)


def faults(now: int) -> list[Fault]:
    """The faults, as they are at a time of the exchange in milliseconds."""
    gone = Rule(effect="close", type="trade", code=1006, times=1)
    return [
        Fault("closed, 1000", (Rule(effect="close", type="trade", code=1000, times=1),)),
        Fault("closed, 1011", (Rule(effect="close", type="trade", code=1011, times=1),)),
        Fault("lost, 1006", (gone,)),
        Fault("lost, then refused by 503", (gone, Rule(effect="refuse_socket", status=503, times=1)), 7),
        Fault(
            f"lost, unreachable for {OUTAGE // 1000} s",
            (gone, Rule(effect="refuse_socket", status=0, until=now + OUTAGE)),
            OUTAGE / 1000 + 6,
        ),
        Fault(
            f"silent for {STALL // 1000} s, pings answered",
            (Rule(effect="stall", type="trade", milliseconds=STALL, times=1),),
            STALL / 1000 + 3,
        ),
        Fault("5 frames dropped", (Rule(effect="drop", type="trade", probability=0.5, times=5),)),
        Fault("5 frames sent twice", (Rule(effect="duplicate", type="trade", probability=0.5, times=5),)),
        Fault("an error instead of a frame", (Rule(effect="error", name="TOO_MANY_REQUEST", times=1),)),
        Fault("a frame that is not UTF-8", (Rule(effect="not_utf8", type="trade", times=1),)),
    ]


def rows() -> Iterable[Row]:
    """Print what became of everybody, and give the sums."""
    fates = list(_fates())
    labels = list(fates[0][1])
    for line in columns(
        [("fault", *labels), *((name, *(str(some[label]) for label in labels)) for name, some in fates)]
    ):
        print(line)
    print()
    sums = {label: [some[label] for _, some in fates] for label in labels}
    for what, figure in (
        (f"trades lost in {len(fates)} faults", lambda fate: fate.lost),
        ("trades lost and not told", lambda fate: fate.untold),
        ("streams that were over", lambda fate: bool(fate.end)),
    ):
        ours, *rest = ((label, sum(map(figure, some))) for label, some in sums.items())
        for label, count in rest:
            yield Row(what, str(ours[1]), f"{label} {count}", "", "0", "NO" if ours[1] else "yes")


def _fates() -> Iterable[tuple[str, dict[str, Fate]]]:
    """Let everybody meet all faults at the same time."""
    with ExitStack() as stack:
        exchanges = {label: stack.enter_context(server("busy")) for label in CONTESTANTS}
        commands = {
            label: [function, exchanges[label].told["base_url"].removeprefix("http://")]
            for label, function in CONTESTANTS.items()
        }
        running = stack.enter_context(started(commands, "listeners.py"))
        for number in range(len(faults(0))):
            for child in running.values():
                child.go("begin trade")
            time.sleep(QUIET)
            fault = faults(time.time_ns() // 1_000_000)[number]
            for label in running:
                for rule in fault.rules:
                    _control(exchanges[label], "POST", msgspec.json.encode(rule))
            time.sleep(fault.seconds)
            ends = {label: max(_made(exchanges[label])) for label in running}
            time.sleep(GRACE)
            records = {label: child.go("tell") for label, child in running.items()}
            for label, child in running.items():
                child.go("end")
                _control(exchanges[label], "DELETE")
            yield fault.name, {label: judged(_made(exchanges[label]), ends[label], records[label]) for label in running}


def judged(made: Iterable[int], end: int, record: Mapping[str, Any]) -> Fate:
    """Hold what was heard, up to a trade, against what was made. Raises RuntimeError when nothing was."""
    heard: Sequence[int] = record["ids"]
    if not heard:
        raise RuntimeError(f"no trade was heard, but {record}")
    window = {one for one in made if heard[0] <= one <= end}
    lost = len(window.difference(heard))
    twice = sum(count > 1 for count in Counter(heard).values())
    told: tuple[str, ...] = tuple(dict.fromkeys(record["told"]))
    if not record["gaps"]:
        silent = not told and (record["waits"] or not record["end"])
        return Fate(len(window), lost, lost if silent else 0, twice, told, record["end"])
    gone: list[int | None] = [one for one, _ in record["gaps"]]
    recovered = sum(count for _, count in record["gaps"])
    if None in gone:
        return Fate(len(window), lost, 0, twice, (f"gaps, {recovered} recovered", *told), record["end"])
    owned = sum(filter(None, gone))
    words = (f"gaps, {recovered} recovered, {owned} lost", *told)
    return Fate(len(window), lost, max(0, lost - owned), twice, words, record["end"])


def _made(exchange: Child) -> list[int]:
    """Ask the exchange for the numbers of its last trades."""
    with Upbit(base_url=exchange.told["base_url"]) as client:
        return [one.sequential_id for one in client.trades.list(market=MARKET, count=PAGE)]


def _control(exchange: Child, verb: str, body: bytes = b"") -> None:
    headers = {"Authorization": f"Bearer {exchange.told['control_token']}", "Content-Type": "application/json"}
    request = Request(f"{exchange.told['control_url']}/chaos", body or None, headers, method=verb)
    with urlopen(request):
        pass
