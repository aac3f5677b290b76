from __future__ import annotations

from pathlib import Path

from upbit.io.private_database import PrivateDatabase


def test_what_is_durable_is_written_through_and_the_rest_follows(tmp_path: Path) -> None:
    database = PrivateDatabase(tmp_path / "file", ["CREATE TABLE t (a)"], brand=1, version=1)
    found = []
    for durable in (True, False, True):
        with database.turn(durable=durable) as file, database.turn() as same:
            assert file is same
            found.append(file.execute("PRAGMA synchronous").fetchone()[0])
            mode = file.execute("PRAGMA journal_mode").fetchone()[0]
    database.close()
    full, normal = 2, 1
    assert ([full, normal, full], "wal") == (found, mode)
