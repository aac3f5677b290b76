"""What the limiter remembers, in a file: for the processes of one machine that share a quota.

SQLite locks the file for the moment of each look; a process that is killed leaves no lock behind. Seconds are those of
the machine's monotonic clock, which its processes share and which begins anew when the machine starts: then what left
before is forgotten, and a block goes on by the clock on the wall. It keeps no request and no key.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import time
from array import array
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import TypeAlias
from weakref import ref

from ..errors import APIConnectionError, ConfigurationError
from ..flow.pace import Marks
from .private import create, make_folder

WAIT = 5.0
"""Seconds to wait for the file while others look into it."""
PAUSE = 0.01
"""Seconds between two looks whether a new file is ready."""
DRIFT = 5.0
"""Seconds by which the monotonic clock and that on the wall may part before the machine is taken to have started."""

Row: TypeAlias = tuple[bytes, int, float, float, float]
"""Marks as they are kept."""
_SCHEMA = """CREATE TABLE IF NOT EXISTS lane
    (name TEXT PRIMARY KEY, leaves BLOB, others INTEGER, closed REAL, blocked REAL, wary REAL, zero REAL)"""
_READ = "SELECT leaves, others, closed, blocked, wary, zero FROM lane WHERE name = ?"
_WRITE = "INSERT OR REPLACE INTO lane VALUES (?, ?, ?, ?, ?, ?, ?)"


class QuotaFile:
    """Keeps marks in a SQLite file; a `flow.pace.Store`. Threads share it, and so may a child that is forked.

    Raises ConfigurationError when the file cannot be used.
    """

    def __init__(
        self, path: Path, *, clock: Callable[[], float] = time.monotonic, wall: Callable[[], float] = time.time
    ) -> None:
        self.path = path
        self._clock = clock
        self._wall = wall
        self.lock = Lock()
        """Held by the thread that looks into the file."""
        self._connection: sqlite3.Connection | None = None
        try:
            make_folder(path.parent)
            create(path)
            connection = self._open()
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(_SCHEMA)
            connection.execute(_READ, ("",)).fetchone()
            connection.execute("COMMIT")
        except (OSError, sqlite3.Error) as error:
            self.close()
            raise ConfigurationError(
                f"the limiter cannot use {path}: {error}; name another file, or remove this one if it is damaged"
            ) from None
        if sys.platform != "win32":
            _follow_forks(self)

    @contextmanager
    def marks(self, lane: str) -> Generator[Marks]:
        """Give the marks of a lane to no other thread or process until they are given back.

        Raises APIConnectionError, its `sent` False, when the file cannot be used.
        """
        with self.lock:
            marks = self._take(lane)
            before = _row(marks)
            try:
                yield marks
            finally:
                self._give_back(lane, before, _row(marks))

    def close(self) -> None:
        """Close the file; it is opened again when it is needed."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _take(self, lane: str) -> Marks:
        try:
            connection = self._connection or self._open()
            connection.execute("BEGIN IMMEDIATE")
            row = connection.execute(_READ, (lane,)).fetchone()
            if row is None:
                return Marks()
            leaves, others, *until, zero = row
            shift = zero - self._zero()
            if abs(shift) <= DRIFT:
                return Marks(array("d", leaves).tolist(), others, *until)
            return Marks([], others, *(one + shift for one in until))
        except BaseException as error:
            self.close()  # gives up what was begun
            if isinstance(error, sqlite3.Error | TypeError | ValueError):
                raise self._failure(error) from error
            raise

    def _give_back(self, lane: str, before: Row, after: Row) -> None:
        connection = self._connection
        assert connection is not None, "it was taken"
        try:
            if after != before:
                connection.execute(_WRITE, (lane, *after, self._zero()))
            connection.execute("COMMIT")
        except BaseException as error:
            self.close()
            if isinstance(error, sqlite3.Error):
                raise self._failure(error) from error
            raise

    def _zero(self) -> float:
        """Say when the monotonic clock began, by that on the wall."""
        return self._wall() - self._clock()

    def _failure(self, error: Exception) -> APIConnectionError:
        return APIConnectionError(f"the limiter cannot use {self.path}: {error}", sent=False)

    def _open(self) -> sqlite3.Connection:
        connection = self._connection = sqlite3.connect(
            self.path, timeout=WAIT, isolation_level=None, check_same_thread=False
        )
        connection.execute("PRAGMA synchronous = OFF")
        end = time.monotonic() + WAIT
        while True:
            try:
                connection.execute("PRAGMA journal_mode = WAL")
                return connection
            except sqlite3.OperationalError as error:  # when two make a new file ready, SQLite does not wait
                if "locked" not in str(error) or time.monotonic() > end:
                    raise
                time.sleep(PAUSE)


def _row(marks: Marks) -> Row:
    return array("d", marks.leaves).tobytes(), marks.others, marks.closed_until, marks.blocked_until, marks.wary_until


def _follow_forks(file: QuotaFile) -> None:
    """Keep a file closed while this process is forked: SQLite allows no connection to be carried into a child."""
    here = ref(file)

    def before() -> None:
        if (it := here()) is not None:
            it.lock.acquire()
            it.close()

    def after() -> None:
        if (it := here()) is not None:
            it.lock.release()

    os.register_at_fork(before=before, after_in_parent=after, after_in_child=after)
