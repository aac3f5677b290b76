"""A stream: how many events a listener manages, and how late they are.

A server floods whoever listens with the frames of one market, in the format he asks for; each contestant connects anew
in each round. Events a second are those that reach the program, in a second of processor time; only of ccxt, which
shows the last of those that came together, all are counted. How late events are is measured at a steady rate.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from .children import OURS, Child, figures, server, started, turns
from .table import Goal, Row, compared

ROUNDS = 5
COUNT = 20_000
FEW = 4_000
"""Events of a round of what takes long."""
LATE_ROUNDS = 5
RATE = 2_000
"""Events a second when it is asked how late they are ..."""
LATE = 1_000
"""... and how many of them there are in a round."""

BARE, FULL, SOCKETS = "aiohttp + msgspec, SIMPLE", "aiohttp + msgspec, DEFAULT", "websockets + msgspec, SIMPLE"
SYNC = "ours sync"
CONTESTANTS: Mapping[str, str] = {
    OURS: "upbit_async",
    SYNC: "upbit_sync",
    BARE: "aiohttp_simple",
    FULL: "aiohttp_default",
    SOCKETS: "websockets_simple",
    "upbit-sdk": "sdk",
    "ccxt": "ccxt",
    "pyupbit": "pyupbit",
    "upbit-client": "client_1",
}
PEERS = ("upbit-sdk", "ccxt", "pyupbit", "upbit-client")
SLOW = ("upbit-sdk", "ccxt")


def rows() -> Iterable[Row]:
    """Rates first, then delays."""
    with server("flood") as flood:
        commands = {label: [function, flood.told["authority"]] for label, function in CONTESTANTS.items()}
        with started(commands, "listeners.py") as running:
            yield from _rates(flood, running)
            flood.go(f"{RATE} 0")
            yield from _delays(running)


def _rates(flood: Child, running: Mapping[str, Child]) -> Iterable[Row]:
    """Events a second of processor time."""
    took = _flooded(flood, running, "ticker", SLOW)
    ours, sync = _figures(took, OURS, "rate"), _figures(took, SYNC, "rate")
    what = "ticker to event, per CPU second"
    yield _row(what, ours, took, BARE, Goal(">=", 0.75))
    for label in (FULL, SOCKETS):
        yield _row(what, ours, took, label)
    for peer in PEERS:
        yield _row(what, ours, took, peer, Goal(">=", 4))
    yield _row(f"{what}, sync", sync, took, BARE)
    few = {label: running[label] for label in (OURS, BARE)}
    for kind, slow in (("trade", ()), ("orderbook", (OURS, BARE))):
        took = _flooded(flood, few, kind, slow)
        yield _row(f"{kind} to event, per CPU second", _figures(took, OURS, "rate"), took, BARE, Goal(">=", 0.75))


def _flooded(
    flood: Child, running: Mapping[str, Child], kind: str, slow: Collection[str]
) -> dict[str, list[dict[str, float]]]:
    """Take turns after a first round that warms up."""
    took: dict[str, list[dict[str, float]]] = {label: [] for label in running}
    for number in range(ROUNDS + 1):
        for label, child in running.items():
            count = FEW if label in slow else COUNT
            flood.go(f"0 {count}")
            answer = child.go(f"{kind} {count}")
            if number:
                took[label].append(answer)
    return took


def _row(
    what: str,
    ours: Sequence[float],
    took: Mapping[str, list[dict[str, float]]],
    label: str,
    goal: Goal | None = None,
) -> Row:
    theirs = figures(took, label, "passed" if label == "ccxt" else "rate", 1)
    return compared(what, ours, label, theirs, "events/s", goal)


def _delays(running: Mapping[str, Child]) -> Iterable[Row]:
    """Microseconds from the server's write to the program."""
    heard = {label: child for label, child in running.items() if label != FULL}
    took = turns(heard, f"late ticker {LATE}", rounds=LATE_ROUNDS)
    for percentile, goal in (("p50", None), ("p99", Goal("<=", 1))):
        what = f"ticker at {RATE:,}/s, how late, {percentile}"
        ours = _figures(took, OURS, percentile)
        yield compared(what, ours, SOCKETS, figures(took, SOCKETS, percentile, 1), "us", goal)
        for label in (BARE, *PEERS):
            yield compared(what, ours, label, figures(took, label, percentile, 1), "us")
        sync = _figures(took, SYNC, percentile)
        yield compared(f"{what}, sync", sync, SOCKETS, figures(took, SOCKETS, percentile, 1), "us")


def _figures(took: Mapping[str, list[dict[str, float]]], label: str, name: str) -> list[float]:
    return figures(took, label, name, 1) or []
