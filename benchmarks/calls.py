"""A signed POST of an order, one after another over one kept connection, against a server that answers at once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from tools.mapper import mapper

from .children import OURS, PEERS, figures, in_turn, server
from .table import Goal, Row, compared

ROUNDS = 9
COUNT = 100
HAND = {"sync": "urllib3 by hand", "async": "aiohttp by hand"}
FUNCTIONS = {"upbit-sdk": "sdk", "ccxt": "ccxt", "pyupbit": "pyupbit", "upbit-client": "client_1"}
GOALS: Mapping[str, Mapping[str, float]] = {
    "sync": dict.fromkeys(PEERS, 0.5),
    "async": {"ccxt": 0.8, "upbit-sdk": 0.35},
}


def rows() -> Iterable[Row]:
    """Time of the processor and time on the clock for one call."""
    with server("stub") as stub, TemporaryDirectory() as folder:
        url = stub.told["url"]
        path = Path(folder, "mapper.json")
        path.write_text(json.dumps(mapper(url.removeprefix("http://"))))
        for face in ("sync", "async"):
            yield from _face(face, url, path.as_uri())


def _face(face: str, url: str, mapper_uri: str) -> Iterable[Row]:
    contestants = {OURS: [f"upbit_{face}", url], HAND[face]: [f"hand_{face}", url]}
    for peer in GOALS[face]:
        contestants[peer] = [f"{FUNCTIONS[peer]}_{face}", url]
    if "upbit-client" in contestants:
        contestants["upbit-client"].append(mapper_uri)
    took = in_turn(contestants, rounds=ROUNDS, count=COUNT)
    for label in contestants:
        if label == OURS:
            continue
        for clock, what in (("cpu", "CPU"), ("wall", "wall")):
            goal = Goal("<=", GOALS[face].get(label, 1.35)) if clock == "cpu" else None
            ours = figures(took, OURS, clock, 1e6) or []
            yield compared(f"signed POST, {face}, {what}", ours, label, figures(took, label, clock, 1e6), "us", goal)
