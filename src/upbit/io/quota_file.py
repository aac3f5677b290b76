"""What the limiter remembers, in a file: for the processes of one machine that share a quota.

SQLite locks the file for the moment of each look; a process that is killed leaves no lock behind. Seconds are those of
the machine's monotonic clock, which its processes share and which begins anew when it starts: marks of the time before
are of no weight. It keeps no request and no key.
"""

from __future__ import annotations

import os
import sqlite3
from array import array
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import local

from ..errors import ConfigurationError
from ..flow.pace import Marks

WAIT = 10.0
"""Seconds to wait for the file while others look into it."""
_SCHEMA = "CREATE TABLE IF NOT EXISTS lane (name TEXT PRIMARY KEY, leaves BLOB, others INTEGER, closed_until REAL)"


class QuotaFile:
    """Keeps marks in a SQLite file; a `flow.pace.Store`. Threads have a connection each, and so has a forked child."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._mine = local()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            with closing(self._open()) as connection:
                connection.execute(_SCHEMA)
        except (OSError, sqlite3.Error) as error:
            raise ConfigurationError(f"the limiter cannot use {path}: {error}") from None

    @contextmanager
    def marks(self, lane: str) -> Iterator[Marks]:
        """Give the marks of a lane to no other process until they are given back."""
        connection = self._connection()
        connection.execute("BEGIN IMMEDIATE")
        try:
            row = connection.execute("SELECT leaves, others, closed_until FROM lane WHERE name = ?", (lane,)).fetchone()
            marks = Marks() if row is None else Marks(array("d", row[0]).tolist(), row[1], row[2])
            before = len(marks.leaves), marks.leaves[-1:], marks.others, marks.closed_until
            yield marks
            if before != (len(marks.leaves), marks.leaves[-1:], marks.others, marks.closed_until):
                connection.execute(
                    "INSERT OR REPLACE INTO lane VALUES (?, ?, ?, ?)",
                    (lane, array("d", marks.leaves).tobytes(), marks.others, marks.closed_until),
                )
        finally:
            connection.execute("COMMIT")

    def _connection(self) -> sqlite3.Connection:
        if getattr(self._mine, "process", None) != os.getpid():
            self._mine.process = os.getpid()
            self._mine.connection = self._open()
        connection: sqlite3.Connection = self._mine.connection
        return connection

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=WAIT, isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = OFF")
        return connection
