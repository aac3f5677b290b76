"""Processes that measure themselves on demand, and the environments they run in.

A child is told `go 100` on its standard input and answers one line of JSON with what it took. Peers run in the
environments of `make witnesses`; a peer whose environment is missing is not measured, and the table says so.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from tools.witnesses import HOMES

ROOT = Path(__file__).parent.parent
PEERS = ("upbit-sdk", "ccxt", "pyupbit", "upbit-client")
OURS = "ours"
SILENT: Mapping[str, str] = {name: value for name, value in os.environ.items() if not name.startswith("UPBIT_")} | {
    "PYTHONPATH": ""
}
"""The environment of children: nothing in it tells a client where to go, and no peer finds our package."""


def interpreter(peer: str) -> str | None:
    """Find the Python of a peer's environment; ours for anything that is no peer."""
    if peer not in PEERS:
        return sys.executable
    found = HOMES / peer / "bin" / "python"
    return str(found) if found.exists() else None


class Child:
    """A process that answers orders; as a context it is ended."""

    def __init__(self, command: Sequence[str], environ: Mapping[str, str] = {}) -> None:
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT, env={**SILENT, **environ}
        )
        self.told: dict[str, str] = json.loads(self._line())
        """What it said when it was ready."""

    def go(self, order: str) -> dict[str, Any]:
        """Give an order and wait for what it took."""
        _open(self._process.stdin).write(f"{order}\n")
        _open(self._process.stdin).flush()
        took: dict[str, Any] = json.loads(self._line())
        return took

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait()
        _open(self._process.stdin).close()
        _open(self._process.stdout).close()

    def _line(self) -> str:
        for line in _open(self._process.stdout):
            if line.startswith("{"):
                return line
        raise RuntimeError(f"{self._process.args!r} ended with {self._process.wait()} before it answered")


def _open(stream: IO[str] | None) -> IO[str]:
    assert stream is not None, "made with pipes"
    return stream


def server(name: str, *arguments: str) -> Child:
    """Start one of `servers`."""
    return Child([sys.executable, "-m", "benchmarks.servers", name, *arguments])


@contextmanager
def started(contestants: Mapping[str, Sequence[str]], script: str) -> Generator[dict[str, Child]]:
    """Start contestants: label -> function of a script and its arguments.

    The part of a label before the first blank names the peer whose environment it needs; one that is missing is left
    out.
    """
    path = str(Path(__file__).parent / script)
    with ExitStack() as stack:
        running: dict[str, Child] = {}
        for label, command in contestants.items():
            python = interpreter(label.partition(" ")[0])
            if python is not None:
                running[label] = stack.enter_context(Child([python, "-P", "-W", "ignore", path, *command]))
        yield running


def turns(running: Mapping[str, Child], order: str, *, rounds: int) -> dict[str, list[dict[str, float]]]:
    """Let contestants take turns with an order; what each round took."""
    took: dict[str, list[dict[str, float]]] = {label: [] for label in running}
    for _ in range(rounds):
        for label, child in running.items():
            took[label].append(child.go(order))
    return took


def in_turn(contestants: Mapping[str, Sequence[str]], *, rounds: int, count: int) -> dict[str, list[dict[str, float]]]:
    """Let those of `contestants` work so often in each round, after a quarter of that to get warm."""
    with started(contestants, "contestants.py") as running:
        turns(running, str(max(count // 4, 1)), rounds=1)
        return turns(running, str(count), rounds=rounds)


def figures(
    took: Mapping[str, Sequence[Mapping[str, float]]], label: str, name: str, scale: float
) -> list[float] | None:
    """Pick one figure of all rounds of a contestant; None when it did not take part."""
    rounds = took.get(label)
    return None if rounds is None else [each[name] * scale for each in rounds]
