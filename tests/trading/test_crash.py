"""The short form of `python -m tests.trading.crash FOLDER 1`, which takes every line."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from upbit.errors import JournalError
from upbit.trading.journal import Journal

from .crash import NOW, at_line, draft

ROOT = Path(__file__).parent.parent.parent


def test_a_client_that_is_killed_anywhere_leaves_a_journal_that_knows_every_order_it_began(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "tests.trading.crash", tmp_path, "23"],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=ROOT,
    )
    assert (0, "") == (ran.returncode, ran.stderr)
    assert int(ran.stdout) >= 20


def test_an_order_that_is_interrupted_at_any_line_does_not_spoil_the_next(tmp_path: Path) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    traced_before = sys.gettrace()
    line, done = 1, False
    while not done:
        journal = Journal(tmp_path / f"{line}.sqlite")
        journal.begin(draft("first"), NOW)
        sys.settrace(at_line(line, interrupt))
        try:
            journal.begin(draft("interrupted"), NOW)
            with suppress(JournalError):
                journal.begin(draft("first"), NOW)
            done = True
        except KeyboardInterrupt:
            pass
        finally:
            sys.settrace(traced_before)
        journal.begin(draft("next"), NOW)
        journal.close()
        again = Journal(tmp_path / f"{line}.sqlite")
        expected = {"first", "interrupted", "next"} if done else {"first", "next"}
        assert expected <= {entry.identifier for entry in again.open()}, line
        again.close()
        line += 3
    assert line > 30
