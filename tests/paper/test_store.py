from __future__ import annotations

import resource
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from upbit.paper.store import FILE, Batch, Snapshot, Store, StoreError, StoreInUse, erase

SHAPE = "this code"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


def filled(folder: Path, *, snapshots: bool = True) -> None:
    """Twelve records in batches of three, with nonces, and with snapshots after 6 and 9."""
    with closing(Store(folder)) as store:
        store.begin("the settings")
        assert 0 == store.verify()
        for first in (1, 4, 7, 10):
            records = [f"record {seq}".encode() for seq in range(first, first + 3)]
            last = first + 2
            snapshot = Snapshot(last, SHAPE, f"state {last}".encode(), (f"part {last}".encode(),))
            kept = snapshot if snapshots and last in (6, 9) else None
            store.write(Batch(first, records, b"%016d" % first, lease=first * 100, snapshot=kept))


@contextmanager
def tampered(folder: Path) -> Generator[sqlite3.Connection]:
    with closing(sqlite3.connect(folder / FILE)) as db, db:
        yield db


def test_what_was_written_is_read_back_in_order(folder: Path) -> None:
    filled(folder)
    with closing(Store(folder)) as store:
        assert 12 == store.verify()
        assert "the settings" == store.settings
        assert 1000 == store.lease
        assert [(seq, f"record {seq}".encode()) for seq in (11, 12)] == list(store.records(10))
        assert [b"%016d" % first for first in (1, 4, 7, 10)] == sorted(store.nonces())
        assert Snapshot(9, SHAPE, b"state 9", (b"part 6", b"part 9")) == store.snapshot(SHAPE, 12)


def test_it_goes_on_where_it_ended(folder: Path) -> None:
    filled(folder)
    with closing(Store(folder)) as store:
        store.write(Batch(store.verify() + 1, [b"record 13"]))
        assert 13 == store.verify()


def test_a_snapshot_of_other_code_or_after_the_end_is_left_aside(folder: Path) -> None:
    filled(folder)
    with closing(Store(folder)) as store:
        assert None is store.snapshot("other code", 12)
        assert Snapshot(6, SHAPE, b"state 6", (b"part 6",)) == store.snapshot(SHAPE, 8)


@pytest.mark.parametrize(
    "change", ["UPDATE snapshots SET state = 'x' WHERE seq = 9", "UPDATE parts SET part = 'x' WHERE seq = 9"]
)
def test_a_damaged_snapshot_is_left_aside_for_the_one_before(folder: Path, change: str) -> None:
    filled(folder)
    with tampered(folder) as db:
        db.execute(change)
    with closing(Store(folder)) as store:
        found = store.snapshot(SHAPE, store.verify())
        assert Snapshot(6, SHAPE, b"state 6", (b"part 6",)) == found
        store.forget_snapshots(6)
        store.write(Batch(13, [], snapshot=Snapshot(12, SHAPE, b"state 12", (b"part 12",))))
        assert Snapshot(12, SHAPE, b"state 12", (b"part 6", b"part 12")) == store.snapshot(SHAPE, 12)


@pytest.mark.parametrize("snapshots", [True, False])
@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("UPDATE log SET record = 'other' WHERE seq = 2", "record 2 "),
        ("UPDATE log SET record = 'other' WHERE seq = 11", "record 11 "),
        ("UPDATE log SET chain = x'00' WHERE seq = 5", "record 5 "),
        ("DELETE FROM log WHERE seq = 1", r"record 1 \(it is missing\)"),
        ("DELETE FROM log WHERE seq = 8", r"record 8 \(it is missing\)"),
        ("DELETE FROM log WHERE seq = 12", r"record 12 \(it is missing\)"),
        ("UPDATE log SET seq = 20 WHERE seq = 12", r"record 12 \(it is missing\)"),
        ("UPDATE meta SET value = 'other settings' WHERE name = 'settings'", "record"),
    ],
)
def test_a_changed_or_missing_record_is_refused_by_its_number(
    folder: Path, change: str, named: str, snapshots: bool
) -> None:
    filled(folder, snapshots=snapshots)
    with tampered(folder) as db:
        db.execute(change)
    with closing(Store(folder)) as store, pytest.raises(StoreError, match=f"{FILE} is damaged: .*{named}"):
        store.verify()


def test_a_changed_seal_is_refused(folder: Path) -> None:
    filled(folder)
    with tampered(folder) as db:
        db.execute("UPDATE seals SET digest = x'00' WHERE last = 9")
    with closing(Store(folder)) as store, pytest.raises(StoreError, match="the seal of records 7 to 9"):
        store.verify()


def test_changed_nonces_are_refused(folder: Path) -> None:
    filled(folder)
    with tampered(folder) as db:
        db.execute("UPDATE nonces SET spent = x'00'")
    with closing(Store(folder)) as store, pytest.raises(StoreError, match="of the used nonces"):
        list(store.nonces())


def test_a_truncated_file_is_refused(folder: Path) -> None:
    filled(folder)
    content = (folder / FILE).read_bytes()
    (folder / FILE).write_bytes(content[: len(content) // 2])
    with pytest.raises(StoreError, match="is damaged"), closing(Store(folder)) as store:
        store.verify()


def test_a_file_of_something_else_is_refused_and_stays(folder: Path) -> None:
    folder.mkdir()
    (folder / FILE).write_bytes(b"my diary " * 1000)
    with pytest.raises(StoreError, match="is damaged"):
        Store(folder)
    assert b"my diary " * 1000 == (folder / FILE).read_bytes()


def test_another_format_is_refused(folder: Path) -> None:
    filled(folder)
    with tampered(folder) as db:
        db.execute("UPDATE meta SET value = '99' WHERE name = 'format'")
    with pytest.raises(StoreError, match="has format 99, this version reads 1"):
        Store(folder)


def test_only_one_owns_it(folder: Path) -> None:
    with closing(Store(folder)):
        with pytest.raises(StoreInUse, match="is in use by another process"):
            Store(folder)
        with pytest.raises(StoreInUse):
            erase(folder, yes=True)
    Store(folder).close()


def test_the_lock_of_a_process_that_was_killed_is_taken_over(folder: Path) -> None:
    code = f"""
import os, signal
from pathlib import Path
from upbit.paper.store import Batch, Store
store = Store(Path({str(folder)!r}))
store.begin("the settings")
store.verify()
store.write(Batch(1, [b"safe"]))
os.kill(os.getpid(), signal.SIGKILL)
"""
    assert -9 == subprocess.run([sys.executable, "-c", code], timeout=30).returncode
    with closing(Store(folder)) as store:
        assert 1 == store.verify()


def test_nobody_else_may_read_it(folder: Path) -> None:
    filled(folder)
    assert 0o700 == stat.S_IMODE(folder.stat().st_mode)
    with closing(Store(folder)) as store:
        store.verify()
        store.write(Batch(13, [b"record 13"]))
        assert {0o600} == {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}


def test_a_full_disk_is_said_and_what_was_there_stays(folder: Path) -> None:
    filled(folder)
    with closing(Store(folder)) as store:
        store.verify()
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
        try:
            with pytest.raises(StoreError, match="could not be written"):
                store.write(Batch(13, [b"x" * 200_000]))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert 12 == store.verify()
    with closing(Store(folder)) as store:
        assert 12 == store.verify()


def test_to_reset_one_must_say_yes(folder: Path) -> None:
    filled(folder)
    with pytest.raises(StoreError, match="would be lost for good: say yes"):
        erase(folder, yes=False)
    erase(folder, yes=True)
    assert [] == list(folder.iterdir())


def test_damaged_data_can_be_reset(folder: Path) -> None:
    folder.mkdir()
    (folder / FILE).write_bytes(b"my diary " * 1000)
    erase(folder, yes=True)
    assert [] == list(folder.iterdir())
