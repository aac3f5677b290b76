from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from sqlite3 import Connection

import pytest

from upbit.io.private_database import PrivateDatabase


@pytest.fixture
def database(tmp_path: Path) -> Iterator[PrivateDatabase]:
    one = PrivateDatabase(tmp_path / "file", ["CREATE TABLE t (a)"], brand=1, version=1)
    yield one
    one.close()


def test_what_is_durable_is_written_through_and_the_rest_follows(database: PrivateDatabase) -> None:
    def synchronous(file: Connection) -> int:
        return int(file.execute("PRAGMA synchronous").fetchone()[0])

    full, normal = 2, 1
    assert [full, normal, full] == [database.write(synchronous, durable=durable) for durable in (True, False, True)]
    assert ("wal",) == database.read(lambda file: file.execute("PRAGMA journal_mode").fetchone())


def test_nothing_of_a_work_that_fails_is_written(database: PrivateDatabase) -> None:
    def work(file: Connection) -> None:
        file.execute("INSERT INTO t VALUES (1)")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        database.write(work)
    database.write(lambda file: file.execute("INSERT INTO t VALUES (2)"))
    assert [(2,)] == database.read(lambda file: file.execute("SELECT a FROM t").fetchall())
