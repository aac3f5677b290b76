from __future__ import annotations

import os
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from timeit import timeit

import pytest

from upbit.errors import ConfigurationError, Halted
from upbit.trading.switch import Setting, Switch


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "account" / "switch"


@pytest.fixture
def switch(path: Path) -> Switch:
    return Switch(path, lambda: 0.0)


def test_it_runs_until_somebody_moves_it(switch: Switch) -> None:
    assert ("RUN", "") == (switch.state, switch.reason)
    switch.set("HALT", "점검\n중")
    assert ("HALT", "점검 중", "1970-01-01T00:00:00+00:00") == switch.setting
    switch.set("REDUCE", "less")
    assert "REDUCE" == switch.state
    switch.set("RUN", "")
    assert "RUN" == switch.state


@pytest.mark.parametrize("state", ["REDUCE", "HALT"])
def test_it_stays_across_restarts_and_is_seen_by_others_at_once(path: Path, switch: Switch, state: str) -> None:
    other = Switch(path)
    assert "RUN" == other.state
    switch.set(state, "why")
    assert (state, "why") == (other.state, other.reason)
    assert (state, "why") == (Switch(path).state, Switch(path).reason)


def test_each_change_is_seen_however_fast_they_come(path: Path, switch: Switch) -> None:
    other = Switch(path)
    for number in range(50):
        state = ("RUN", "REDUCE", "HALT")[number % 3]
        switch.set(state, "")
        assert state == other.state
    for reason in ("a", "b", "c"):
        switch.set("HALT", reason)
        assert reason == other.reason


def test_a_halt_lets_nothing_through_and_a_reduce_lets_ways_out_through(switch: Switch) -> None:
    switch.admit(reduces=False)
    switch.set("REDUCE", "careful")
    switch.admit(reduces=True)
    with pytest.raises(Halted, match="REDUCE: careful"):
        switch.admit(reduces=False)
    switch.set("HALT", "")
    for reduces in (True, False):
        with pytest.raises(Halted, match="no reason given"):
            switch.admit(reduces=reduces)


def directory(path: Path) -> None:
    path.mkdir()


def loop(path: Path) -> None:
    path.symlink_to(path)


@pytest.mark.parametrize(
    "damage",
    [
        Path.touch,
        lambda path: path.write_text("RUN"),
        lambda path: path.write_text("REDUC"),
        lambda path: path.write_bytes(b"\xff\xfe\x00"),
        lambda path: path.write_bytes(b"\0" * 10_000),
        directory,
        loop,
        lambda path: path.parent.rmdir(),
    ],
)
def test_what_cannot_be_read_or_understood_is_a_halt(
    path: Path, switch: Switch, damage: Callable[[Path], object]
) -> None:
    assert "RUN" == switch.state
    damage(path)
    assert "HALT" == switch.state
    assert switch.reason


def test_a_person_may_move_it_with_an_editor(path: Path, switch: Switch) -> None:
    path.write_text("REDUCE\n")
    assert ("REDUCE", "", "") == switch.setting
    path.write_text("HALT")
    assert "HALT" == switch.state
    path.unlink()
    assert "RUN" == switch.state


def test_a_trip_never_makes_it_less_strict(path: Path, switch: Switch) -> None:
    switch.trip("REDUCE", "first")
    switch.trip("REDUCE", "second")
    assert "first" == switch.reason
    switch.trip("HALT", "third")
    switch.trip("REDUCE", "fourth")
    switch.trip("HALT", "fifth")
    assert ("HALT", "third") == (switch.state, Switch(path).reason)


def test_a_reduce_that_meets_a_halt_of_another_process_leaves_it(path: Path, switch: Switch) -> None:
    assert "RUN" == switch.state
    Switch(path).set("HALT", "by hand")
    switch.trip("REDUCE", "by itself")
    assert ("HALT", "by hand") == (switch.state, switch.reason)


def test_threads_that_move_it_leave_what_was_set_last(path: Path, switch: Switch) -> None:
    with ThreadPoolExecutor(4) as pool:
        for number in range(10):
            list(pool.map(lambda one: switch.set(("RUN", "HALT")[one % 2], str(one)), range(4)))
            last = switch.setting
            assert last == Switch(path).setting, number


@pytest.mark.parametrize("move", ["set", "trip"])
@pytest.mark.parametrize("state", ["HALT", "REDUCE"])
def test_it_holds_in_this_process_when_it_cannot_be_written(path: Path, switch: Switch, move: str, state: str) -> None:
    path.parent.rmdir()
    with pytest.raises(OSError, match="switch"):
        getattr(switch, move)(state, "the disk is gone")
    path.parent.mkdir()
    assert (state, "the disk is gone") == (switch.state, switch.reason)
    assert "RUN" == Switch(path).state
    switch.trip(state, "again")
    assert (state, "again") == (Switch(path).state, Switch(path).reason)
    switch.set("RUN", "")
    assert "RUN" == switch.state


def test_a_halt_that_could_not_be_written_is_not_undone_by_a_reduce(path: Path, switch: Switch) -> None:
    path.parent.rmdir()
    with pytest.raises(OSError, match="switch"):
        switch.set("HALT", "first")
    path.parent.mkdir()
    switch.trip("REDUCE", "second")
    assert ("REDUCE", "HALT", "first") == (Switch(path).state, switch.state, switch.reason)


def test_a_signal_halts(path: Path, switch: Switch) -> None:
    before = signal.getsignal(signal.SIGUSR1)
    try:
        switch.heed(signal.SIGUSR1)
        os.kill(os.getpid(), signal.SIGUSR1)
        assert ("HALT", "signal SIGUSR1") == (switch.state, Switch(path).reason)
    finally:
        signal.signal(signal.SIGUSR1, before)


class Interrupted(Switch):
    """Gets a signal right before it writes the first time."""

    interrupted = False

    def _write(self, setting: Setting) -> None:
        if not self.interrupted:
            self.interrupted = True
            os.kill(os.getpid(), signal.SIGUSR1)
        super()._write(setting)


def test_a_signal_that_comes_in_the_middle_of_a_resume_halts(path: Path) -> None:
    before = signal.getsignal(signal.SIGUSR1)
    switch = Interrupted(path)
    try:
        switch.heed(signal.SIGUSR1)
        switch.set("RUN", "")
        assert ("HALT", "HALT") == (switch.state, Switch(path).state)
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_no_clock_and_no_reason_can_stop_a_halt(path: Path) -> None:
    for wall, reason in ((lambda: float("nan"), "x"), (lambda: 1 // 0, "x"), (lambda: 0.0, "\ud800")):
        switch = Switch(path, wall)
        switch.set("RUN", "")
        switch.trip("HALT", reason)
        assert "HALT" == Switch(path).state


def test_only_its_owner_reads_it_and_nothing_else_is_left(path: Path, switch: Switch) -> None:
    switch.set("HALT", "")
    switch.trip("REDUCE", "")
    switch.set("REDUCE", "")
    assert [("switch", 0o600)] == [(file.name, file.stat().st_mode & 0o777) for file in path.parent.iterdir()]
    assert 0o700 == path.parent.stat().st_mode & 0o777


def test_reading_it_costs_microseconds(switch: Switch) -> None:
    switch.set("REDUCE", "why")
    assert min(timeit(lambda: switch.state, number=200) / 200 for _ in range(5)) < 100e-6


def test_what_is_no_state_is_refused(tmp_path: Path, switch: Switch) -> None:
    with pytest.raises(ValueError, match="none of RUN, REDUCE, HALT"):
        switch.set("STOP", "")
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match="no switch"):
        Switch(tmp_path / "file" / "switch")
