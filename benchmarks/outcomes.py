"""What becomes of an order whose answer is lost: how often it was sent, how many came of it, what the caller was told.

Each contestant places one order on a paper exchange of its own for each fault, as its library does it by default. What
the exchange says by its control API and by request afterwards is the truth. This is no measurement of time.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple
from urllib.request import Request, urlopen

import msgspec

from tools.mapper import mapper
from upbit.paper.chaos import Rule

from .children import OURS, Child, server, started
from .table import Row, columns

CONTESTANTS: Mapping[str, str] = {
    OURS: "ours",
    f"{OURS} async": "ours_async",
    "upbit-sdk": "sdk",
    "ccxt": "ccxt",
    "pyupbit": "pyupbit",
    "upbit-client": "client_1",
}
PLACING: Mapping[str, Any] = {"method": "POST", "path": "/v1/orders"}
LATE = 3_000
"""Milliseconds: longer than anybody who has a time limit waits."""


class Fault(NamedTuple):
    """Something that happens to one order, or to several in a row."""

    name: str
    rule: Rule


FAULTS = (
    Fault("none", Rule(effect="slow_after", milliseconds=1, times=1, **PLACING)),
    Fault("answer lost, closed", Rule(effect="lost_answer", times=1, **PLACING)),
    Fault("answer lost, reset", Rule(effect="lost_answer", manner="reset", times=1, **PLACING)),
    Fault("answer 3 s late", Rule(effect="slow_after", milliseconds=LATE, times=1, **PLACING)),
    Fault("placed 3 s late", Rule(effect="slow_before", milliseconds=LATE, times=1, **PLACING)),
    Fault("every answer lost 3 times", Rule(effect="lost_answer", times=3, **PLACING)),
    Fault("504, but placed", Rule(effect="gateway", status=504, committed=True, times=1, **PLACING)),
    Fault("500, not placed", Rule(effect="gateway", status=500, times=1, **PLACING)),
    Fault("request lost", Rule(effect="lost_request", times=1, **PLACING)),
    Fault("answer cut off", Rule(effect="truncated_body", times=1, **PLACING)),
    Fault("429 once", Rule(effect="too_many_requests", times=1, **PLACING)),
)


class Outcome(NamedTuple):
    """What became of one order."""

    sent: int
    created: int
    told: str

    @property
    def wrong(self) -> bool:
        """Whether there is more than one order, or the caller was told another thing than what is."""
        return self.created > 1 or (self.told == "an order") != (self.created == 1)

    def __str__(self) -> str:
        return f"{'!! ' if self.wrong else ''}{self.sent} sent, {self.created} made: {self.told}"


def rows() -> Iterable[Row]:
    """Print what became of everybody's orders, and give the sums."""
    outcomes = list(_outcomes())
    labels = list(outcomes[0][1])
    for line in columns(
        [("fault", *labels), *((name, *(str(some[label]) for label in labels)) for name, some in outcomes)]
    ):
        print(line)
    print()
    sums = {label: [some[label] for _, some in outcomes] for label in labels}
    for what, figure in (
        ("orders made twice or more", lambda one: one.created > 1),
        ("orders of which the caller was told wrongly", lambda one: one.wrong),
    ):
        ours, *rest = ((label, sum(map(figure, some))) for label, some in sums.items())
        for label, count in rest:
            yield Row(what, str(ours[1]), f"{label} {count}", "", "0", "NO" if ours[1] else "yes")


def _outcomes() -> Iterable[tuple[str, dict[str, Outcome]]]:
    with ExitStack() as stack:
        learned = Path(stack.enter_context(TemporaryDirectory())) / "mapper.json"
        exchanges = {label: stack.enter_context(server("counted")) for label in CONTESTANTS}
        commands: dict[str, list[str]] = {}
        for label, function in CONTESTANTS.items():
            told = exchanges[label].told
            commands[label] = [function, told["base_url"], told["access_key"], told["secret_key"]]
        learned.write_text(json.dumps(mapper(exchanges["upbit-client"].told["base_url"].removeprefix("http://"))))
        commands["upbit-client"].append(learned.as_uri())
        running = stack.enter_context(started(commands, "placers.py"))
        threads = stack.enter_context(ThreadPoolExecutor(len(running)))
        for fault in FAULTS:
            before = {label: _counted(exchanges[label]) for label in running}
            for label in running:
                _control(exchanges[label], "POST", "chaos", msgspec.json.encode(fault.rule))
            told = dict(zip(running, threads.map(_placed, running.values()), strict=True))
            after = {label: _counted(exchanges[label]) for label in running}
            for label in running:
                _control(exchanges[label], "DELETE", "chaos")
            yield (
                fault.name,
                {
                    label: Outcome(after[label][0] - before[label][0], after[label][1] - before[label][1], told[label])
                    for label in running
                },
            )


def _placed(child: Child) -> str:
    return str(child.go("place")["told"])


def _counted(exchange: Child) -> tuple[int, int]:
    """Ask the exchange how many orders were sent to it, and how many it made."""
    metrics = json.loads(_control(exchange, "GET", "metrics"))
    requests = json.loads(_control(exchange, "GET", "requests"))
    sent = [one for one in requests if (one["method"], one["path"]) == ("POST", "/v1/orders")]
    return len(sent), metrics["orders"]


def _control(exchange: Child, verb: str, what: str, body: bytes = b"") -> bytes:
    headers = {"Authorization": f"Bearer {exchange.told['control_token']}", "Content-Type": "application/json"}
    with urlopen(Request(f"{exchange.told['control_url']}/{what}", body or None, headers, method=verb)) as answer:
        content: bytes = answer.read()
        return content
