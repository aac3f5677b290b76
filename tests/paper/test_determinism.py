"""The same seed and the same commands give the same exchange: wherever, whenever, and however often it is looked at."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest

from tests.paper.keeper import Keeper
from tests.paper.play import Wait, at_once, in_pieces, play
from tests.paper.visitor import Visitor
from upbit.paper.store import FILE

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def known() -> str:
    return play(Visitor(), 1)


def test_the_same_commands_give_the_same_answers_events_and_state(known: str) -> None:
    assert known == play(Visitor(), 1)


@pytest.mark.parametrize("length", [20, 1_000])
def test_it_does_not_matter_how_often_it_is_looked_at(known: str, length: int) -> None:
    assert known == play(Visitor(), 1, in_pieces(length))


def test_other_commands_and_other_seeds_are_noticed(known: str) -> None:
    assert 3 == len({known, play(Visitor(), 2), play(Visitor(seed=4), 1)})


@pytest.mark.parametrize("hash_seed", ["0", "1", "4294967295"])
def test_it_does_not_matter_how_python_hashes(known: str, hash_seed: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "tests.paper.play", "1"],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"{known}\n" == ran.stdout


class Diarist(Keeper):
    """Its exchange is kept on disk, and its nonces are drawn as a visitor's, the same each time."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._nonces = count(1)

    def nonce(self) -> str:
        return Visitor.nonce(self)


def log(folder: Path, wait: Wait) -> list[tuple[int, bytes]]:
    """The hashes of the log that a minute leaves behind: each covers all that stands before it."""
    diarist = Diarist(folder)
    play(diarist, 1, wait)
    diarist.close()
    with closing(sqlite3.connect(folder / FILE)) as database:
        return database.execute("SELECT seq, chain FROM log ORDER BY seq").fetchall()


def test_the_log_on_disk_is_the_same(tmp_path: Path) -> None:
    first = log(tmp_path / "first", at_once)
    assert len(first) > 100
    assert first == log(tmp_path / "again", at_once) == log(tmp_path / "looked at", in_pieces(500))
