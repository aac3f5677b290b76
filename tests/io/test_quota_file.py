"""The file in which processes share what their limiters remember."""

from __future__ import annotations

import gc
import multiprocessing
import signal
import sqlite3
import stat
import subprocess
import sys
import textwrap
from itertools import count
from pathlib import Path
from threading import Thread, Timer
from time import monotonic

import pytest

from upbit.errors import APIConnectionError, ConfigurationError
from upbit.flow.pace import NEVER, Blocked, Lanes, Pace
from upbit.io import Lock, quota_file
from upbit.io.quota_file import QuotaFile
from upbit.wire.quota import Limit

TABLE = {"order": Limit(5), "default": Limit(5)}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "quota.db"


def pace(file: QuotaFile) -> Pace:
    return Pace(Lanes(Lock(), TABLE, file), "one")


def take(mine: Pace, now: float, group: str = "order") -> float:
    return mine.ask(mine.enter(group), lambda: now)


def add(file: QuotaFile, times: int = 1) -> None:
    for _ in range(times):
        with file.marks("lane") as marks:
            marks.others += 1


def others(file: QuotaFile) -> int:
    with file.marks("lane") as marks:
        return marks.others


def child(code: str, path: Path) -> subprocess.Popen[str]:
    """Run code in another process, with the file as `file`."""
    begin = "from pathlib import Path; import sys; from upbit.io.quota_file import QuotaFile; "
    program = f"{begin}file = QuotaFile(Path(sys.argv[1]))\n{textwrap.dedent(code)}"
    command = [sys.executable, "-c", program, str(path)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_what_one_counted_the_other_knows(path: Path) -> None:
    one, two = pace(QuotaFile(path)), pace(QuotaFile(path))
    assert [0, 0, 0] == [take(one, 1.0) for _ in range(3)]
    assert [0, 0] == [take(two, 1.1) for _ in range(2)]
    assert 0.8 < take(one, 1.2) < take(two, 1.1)
    two.penalty("default", 9.0, 1.2)
    with pytest.raises(Blocked, match=r"9\.0 s"):
        take(one, 1.2)


def test_marks_come_back_as_they_were_given(path: Path) -> None:
    with QuotaFile(path).marks("lane") as marks:
        assert ([], 0, NEVER, NEVER, NEVER) == (
            marks.leaves,
            marks.others,
            marks.closed_until,
            marks.blocked_until,
            marks.wary_until,
        )
        marks.leaves += [0.1, 2.5]
        marks.others, marks.closed_until, marks.blocked_until, marks.wary_until = 3, 4.5, 5.5, 6.5
    other = QuotaFile(path)
    with other.marks("lane") as marks:
        assert ([0.1, 2.5], 3, 4.5, 5.5, 6.5) == (
            marks.leaves,
            marks.others,
            marks.closed_until,
            marks.blocked_until,
            marks.wary_until,
        )
    with other.marks("another") as marks:
        assert [] == marks.leaves


def test_threads_lose_nothing(path: Path) -> None:
    files = [QuotaFile(path), QuotaFile(path)]
    threads = [Thread(target=add, args=(file, 50)) for file in files * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 200 == others(files[0])


def test_processes_that_begin_at_once_lose_nothing(path: Path) -> None:
    code = """
    sys.stdout.write("ready\\n")
    for _ in range(50):
        with file.marks("lane") as marks:
            marks.others += 1
    """
    children = [child(code, path) for _ in range(3)]
    assert ["ready\n"] * 3 == [each.communicate()[0] for each in children]
    assert [0, 0, 0] == [each.returncode for each in children]
    assert 150 == others(QuotaFile(path))


def test_a_forked_child_shares_it_even_when_its_parent_is_done(path: Path) -> None:
    file = QuotaFile(path)
    add(file)
    forking = multiprocessing.get_context("fork")
    children = [forking.Process(target=add, args=(file, 20)) for _ in range(3)]
    for each in children:
        each.start()
    add(file)
    file.close()
    for each in children:
        each.join()
    assert [0, 0, 0] == [each.exitcode for each in children]
    assert 62 == others(file)


def test_a_file_that_is_gone_hinders_no_fork(path: Path) -> None:
    QuotaFile(path)
    gc.collect()
    process = multiprocessing.get_context("fork").Process(target=int)
    process.start()
    process.join()
    assert 0 == process.exitcode


def test_a_process_killed_in_the_middle_of_a_look_leaves_no_lock_and_no_half_of_it(path: Path) -> None:
    killed = child(
        """
        with file.marks("lane") as marks:
            marks.others = 1
        with file.marks("lane") as marks:
            marks.others = 2
            print("inside", flush=True)
            sys.stdin.read()
        """,
        path,
    )
    with killed:
        assert killed.stdout is not None
        assert "inside\n" == killed.stdout.readline()
        killed.send_signal(signal.SIGKILL)
    begin = monotonic()
    assert 1 == others(QuotaFile(path))
    assert monotonic() - begin < quota_file.WAIT


def test_who_holds_the_file_for_too_long_makes_others_fail_before_they_send(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quota_file, "WAIT", 0.02)
    one, two = QuotaFile(path), QuotaFile(path)
    with one.marks("lane"), pytest.raises(APIConnectionError, match="locked") as error:
        others(two)
    assert not error.value.sent
    assert 0 == others(two)


def test_only_its_owner_may_read_it(path: Path) -> None:
    file = QuotaFile(path)
    add(file)
    assert {0o600} == {stat.S_IMODE(each.stat().st_mode) for each in path.parent.iterdir()}
    assert 0o700 == stat.S_IMODE(path.parent.stat().st_mode)


@pytest.mark.parametrize("content", [b"not a database, but quite long" * 50, b"SQLite format 3\0" + bytes(200)])
def test_a_damaged_file_is_refused_by_its_name_and_left_as_it_is(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"the limiter cannot use .*quota\.db: .*; name another file"):
        QuotaFile(path)
    assert content == path.read_bytes()


def test_a_new_file_that_others_make_ready_is_waited_for(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.parent.mkdir()
    maker = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    maker.execute("CREATE TABLE other (name)")
    maker.execute("BEGIN")
    maker.execute("SELECT * FROM other").fetchall()
    monkeypatch.setattr(quota_file, "WAIT", 0.05)
    with pytest.raises(ConfigurationError, match="locked"):
        QuotaFile(path)
    monkeypatch.undo()
    done = Timer(0.05, lambda: maker.execute("COMMIT"))
    done.start()
    add(QuotaFile(path))
    done.join()
    maker.close()
    assert 1 == others(QuotaFile(path))


def test_a_file_that_cannot_have_a_log_is_refused(path: Path) -> None:
    path.parent.mkdir()
    path.with_name("quota.db-wal").mkdir()
    with pytest.raises(ConfigurationError, match="the limiter cannot use"):
        QuotaFile(path)


def test_a_file_with_another_table_is_refused(path: Path) -> None:
    path.parent.mkdir()
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE lane (name TEXT)")
    connection.close()
    with pytest.raises(ConfigurationError, match="no such column"):
        QuotaFile(path)


def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match="the limiter cannot use"):
        QuotaFile(tmp_path / "file" / "quota.db")


@pytest.mark.parametrize("leaves", [b"seven b", 5])
def test_what_cannot_be_read_later_fails_before_anything_is_sent(path: Path, leaves: object) -> None:
    file = QuotaFile(path)
    add(file)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("UPDATE lane SET leaves = ?", (leaves,))
    connection.close()
    with pytest.raises(APIConnectionError, match="the limiter cannot use") as error:
        others(file)
    assert not error.value.sent
    with file.marks("another") as marks:
        assert [] == marks.leaves


def test_what_cannot_be_kept_is_said_and_the_file_goes_on(path: Path) -> None:
    file = QuotaFile(path)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("CREATE TRIGGER full BEFORE INSERT ON lane BEGIN SELECT RAISE(ABORT, 'the disk is full'); END")
    with pytest.raises(APIConnectionError, match="the disk is full"):
        add(file)
    connection.execute("DROP TRIGGER full")
    connection.close()
    add(file)
    assert 1 == others(file)


@pytest.mark.parametrize("looks", [0, 1, 2])
def test_an_interrupt_gives_the_file_back(path: Path, looks: int) -> None:
    left = count(looks, -1)

    def wall() -> float:
        if next(left) == 0:
            raise KeyboardInterrupt
        return monotonic()

    interrupted, file = QuotaFile(path, wall=wall), QuotaFile(path)
    with pytest.raises(KeyboardInterrupt):
        add(interrupted, 3)
    assert [0, 1, 1][looks] == others(file)


def test_when_the_machine_starts_anew_what_left_is_forgotten_and_a_block_goes_on(path: Path) -> None:
    wall = 1_790_000_000.0
    before = pace(QuotaFile(path, clock=lambda: 500_000.0, wall=lambda: wall))
    for _ in range(5):
        take(before, 500_000.0)
    after = pace(QuotaFile(path, clock=lambda: 30.0, wall=lambda: wall + 60))
    assert 0 == take(after, 30.0)
    before.penalty("order", 100.0, 500_000.0)
    with pytest.raises(Blocked) as block:
        take(after, 30.0)
    assert 40 == pytest.approx(block.value.seconds)


def test_a_clock_on_the_wall_that_is_set_right_changes_nothing(path: Path) -> None:
    one = pace(QuotaFile(path, clock=lambda: 7.0, wall=lambda: 1000.0))
    two = pace(QuotaFile(path, clock=lambda: 7.0, wall=lambda: 1004.0))
    assert [0, 0, 0, 0, 0] == [take(one, 7.0) for _ in range(5)]
    assert take(two, 7.0) > 1
