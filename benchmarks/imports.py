"""A new process: from nothing to a client, and to the answer to a first order."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from tools.mapper import mapper

from .children import OURS, PEERS, SILENT, interpreter, server
from .table import Goal, Row, compared

ROUNDS = 7
BARE = "urllib3 + msgspec"
SCRIPT = Path(__file__).parent / "contestants.py"
MADE = "import time; begin = time.perf_counter(); {}; print(time.perf_counter() - begin)"
"""Measured inside: the start of the interpreter is nobody's merit."""
STATEMENTS: Mapping[str, str] = {
    OURS: "import upbit; upbit.Upbit()",
    BARE: "import urllib3, msgspec",
    "upbit-sdk": "import upbit; upbit.Upbit(access_key='a', secret_key='s')",
    "ccxt": "import ccxt; ccxt.upbit()",
    "pyupbit": "import pyupbit; pyupbit.Upbit('a', 's')",
    "upbit-client": "from upbit.client import Upbit; Upbit('a', 's', spec_uri={mapper!r})",
}
FIRST: Mapping[str, str] = {
    OURS: "upbit_sync",
    BARE: "hand_sync",
    "upbit-sdk": "sdk_sync",
    "ccxt": "ccxt_sync",
    "pyupbit": "pyupbit_sync",
    "upbit-client": "client_1_sync",
}


def rows() -> Iterable[Row]:
    """Time on the clock of new processes, in turn."""
    with server("stub") as stub, TemporaryDirectory() as folder:
        url = stub.told["url"]
        path = Path(folder, "mapper.json")
        path.write_text(json.dumps(mapper(url.removeprefix("http://"))))
        made: dict[str, list[float]] = {}
        first: dict[str, list[float]] = {}
        for number in range(ROUNDS + 1):
            for label in (OURS, BARE, *PEERS):
                python = interpreter(label)
                if python is None:
                    continue
                created = _made(python, STATEMENTS[label].format(mapper=path.as_uri()))
                arguments = [FIRST[label], url, *([path.as_uri()] if label == "upbit-client" else [])]
                answered = _first(python, arguments)
                if number:  # the first round fills caches
                    made.setdefault(label, []).append(created * 1000)
                    first.setdefault(label, []).append(answered * 1000)
    for label in (BARE, *PEERS):
        goal = Goal("<=", 1.25) if label == BARE else Goal("<=", 0.33)
        yield compared("import upbit, Upbit()", made[OURS], label, made.get(label), "ms", goal)
    for label in (BARE, *PEERS):
        yield compared("process that places one order", first[OURS], label, first.get(label), "ms")


def _made(python: str, statement: str) -> float:
    run = subprocess.run([python, "-c", MADE.format(statement)], env=dict(SILENT), capture_output=True, check=True)
    return float(run.stdout.split()[-1])


def _first(python: str, arguments: list[str]) -> float:
    begin = time.perf_counter()
    subprocess.run(
        [python, "-P", str(SCRIPT), *arguments], input=b"1\n", env=dict(SILENT), capture_output=True, check=True
    )
    return time.perf_counter() - begin
