"""A signed POST of an order, one after another over one kept connection, against a server that answers at once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from tools.mapper import mapper

from .children import OURS, figures, in_turn, server
from .table import Goal, Row, compared

ROUNDS = 9
COUNT = 100
HAND = {"sync": "urllib3 by hand", "async": "aiohttp by hand"}
FUNCTIONS = {
    "upbit-sdk": "sdk",
    "ccxt": "ccxt",
    "ccxt raw call": "ccxt_raw",
    "pyupbit": "pyupbit",
    "upbit-client": "client_1",
}
GOALS: Mapping[str, Mapping[str, float]] = {
    "sync": dict.fromkeys(FUNCTIONS, 0.5),
    "async": {"upbit-sdk": 0.35, "ccxt": 0.8, "ccxt raw call": 0.8},
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
    for label in list(contestants)[1:]:
        goal = Goal("<=", GOALS[face].get(label, 1.35))
        yield _row(face, "cpu", took, label, goal)
    yield _row(face, "wall", took, HAND[face], None)


def _row(face: str, clock: str, took: Mapping[str, list[dict[str, float]]], label: str, goal: Goal | None) -> Row:
    ours = figures(took, OURS, clock, 1e6) or []
    what = f"signed POST, {face}, {'CPU' if clock == 'cpu' else 'wall'}"
    return compared(what, ours, label, figures(took, label, clock, 1e6), "us", goal)
