"""A program that is killed at every line of an order's record, again and again; run by `test_crash`.

    python -m tests.trading.crash FOLDER STRIDE

Each round is a forked child that keeps a journal and a switch and kills itself (SIGKILL) at its n-th line, n growing by
STRIDE until a child comes to its end. What a child was told is done, it has written to a pipe; this program opens the
files afterwards and compares. It prints how many were killed; what is lost is an AssertionError.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from types import FrameType
from typing import Any

import upbit.io.private
import upbit.io.private_database
import upbit.trading.journal
import upbit.trading.switch
from upbit.trading.draft import Draft
from upbit.trading.journal import Journal, day_of
from upbit.trading.switch import Switch

NOW = 1_770_000_000.0
PARTS = {
    module.__file__
    for module in (upbit.io.private, upbit.io.private_database, upbit.trading.journal, upbit.trading.switch)
}


def draft(identifier: str) -> Draft:
    return Draft(
        market="KRW-BTC", side="bid", ord_type="limit", identifier=identifier, notional=Decimal("100000.5"),
        volume=Decimal("0.001"), price=Decimal("100000500"),
    )  # fmt: skip


def at_line(line: int, act: Callable[[], None]) -> Callable[[FrameType, str, Any], Any]:
    """A trace function that does something right before the n-th line of the parts that are examined."""
    left = line

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal left
        if frame.f_code.co_filename not in PARTS:
            return None
        left -= 1
        if not left:
            act()
        return trace

    return trace


def live(folder: Path, tell: Callable[[str], None]) -> None:
    """A life with two orders, a withdrawal and a halt; `tell` is told of what is done, after it is."""
    journal = Journal(folder / "journal.sqlite", lambda: NOW)
    switch = Switch(folder / "switch", lambda: NOW)
    for identifier in ("first", "second"):
        journal.begin(draft(identifier), NOW)
        tell(f"begun {identifier}")
        journal.note(identifier, "sending", identifier)
        tell(f"noted {identifier}")
    journal.settle("first", "accepted", "a uuid", "wait")
    tell("settled")
    journal.begin_withdrawal("BTC", "BTC", "an address", None, Decimal("0.5"), NOW)
    tell("withdrawn")
    switch.trip("REDUCE", "tripped")
    tell("reduced")
    switch.set("HALT", "halted")
    tell("halted")
    switch.set("RUN", "")
    tell("resumed")
    journal.close()
    tell("closed")


def examine(folder: Path, told: list[str]) -> None:
    """The files say at least what was told, and nothing that cannot be."""
    if not folder.exists():
        assert not told
        return
    journal = Journal(folder / "journal.sqlite", lambda: NOW)
    entries = {entry.identifier: entry for entry in journal.entries(0, NOW + 1)}
    for identifier in ("first", "second"):
        if f"begun {identifier}" in told:
            assert identifier in entries, f"{identifier} was begun and is not known"
        if f"noted {identifier}" in told:
            assert ["sending"] == [one.step for one in journal.steps(identifier)]
    if "settled" in told:
        assert "accepted" == entries["first"].outcome
    open_now = {entry.identifier for entry in journal.open()}
    assert {name for name, entry in entries.items() if entry.outcome is None} == open_now
    assert Decimal("100000.5") * len(entries) == journal.spent(day_of(NOW))
    withdrawals = journal.open_withdrawals()
    assert len(withdrawals) == int("withdrawn" in told) or (withdrawals and told[-1] == "settled")
    assert Decimal("0.5") * len(withdrawals) == journal.withdrawn(day_of(NOW), "BTC")
    journal.close()
    state = Switch(folder / "switch").state
    may = {"reduced": ("REDUCE", "HALT"), "halted": ("HALT", "RUN"), "withdrawn": ("RUN", "REDUCE")}
    assert state in may.get(told[-1] if told else "", ("RUN",)), (state, told)


def teller(pipe: int) -> Callable[[str], None]:
    def tell(word: str) -> None:
        os.write(pipe, f"{word}\n".encode())

    return tell


def main(base: Path, stride: int) -> int:
    line, killed = 1, 0
    while True:
        folder = base / str(line)
        reader, writer = os.pipe()
        child = os.fork()
        if not child:
            sys.settrace(at_line(line, lambda: os.kill(os.getpid(), signal.SIGKILL)))
            live(folder, teller(writer))
            os._exit(0)
        os.close(writer)
        with os.fdopen(reader) as pipe:
            told = pipe.read().split("\n")[:-1]
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert status in (0, -signal.SIGKILL), status
        examine(folder, told)
        if not status:
            assert "closed" == told[-1]
            return killed
        killed += 1
        line += stride


if __name__ == "__main__":
    print(main(Path(sys.argv[1]), int(sys.argv[2])))
