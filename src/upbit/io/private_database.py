"""A SQLite file that one process writes and only its owner reads.

The file is locked while it is open; the lock goes with the process, however it ends. What `write(durable=True)`
wrote is on disk when it returns. What else was written outlives the process, and a loss of power once something
durable followed. It repairs nothing: a file that is not what it should be is refused as it is.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import RLock
from typing import TypeVar

from ..errors import JournalError
from .private import create, make_folder, sync_folder

T = TypeVar("T")

WAIT = 0.5
"""Seconds to wait for a file that somebody else has open."""


class PrivateDatabase:
    """One connection, shared by the threads of this process; a forked child may not use it.

    `brand` marks the files of one kind, `version` is that of their tables. Raises JournalError, also when the file is
    of another kind or version, damaged, or open elsewhere.
    """

    def __init__(self, path: Path, tables: Sequence[str], *, brand: int, version: int) -> None:
        self.path = path
        self.lock = RLock()
        """Held while something is read or written; whoever holds it longer keeps other threads out."""
        self._process = os.getpid()
        try:
            make_folder(path.parent)
            create(path)
            self._connection = sqlite3.connect(path, timeout=WAIT, isolation_level=None, check_same_thread=False)
        except (OSError, sqlite3.Error) as error:
            raise JournalError(f"{path} cannot be opened: {error}") from None
        try:
            for pragma in ("locking_mode = EXCLUSIVE", "journal_mode = WAL", "fullfsync = ON"):
                self._connection.execute(f"PRAGMA {pragma}")
            self.write(lambda file: self._prepare(file, tables, brand, version), durable=True)
            sync_folder(path.parent)
        except BaseException as error:
            self._connection.close()
            if isinstance(error, sqlite3.Error):
                raise JournalError(self._told(error)) from None
            raise

    def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Give what some work finds. Raises JournalError when the file cannot be read."""
        with self.lock:
            try:
                return work(self._ready())
            except sqlite3.Error as error:
                raise JournalError(self._told(error)) from error

    def write(self, work: Callable[[sqlite3.Connection], T], *, durable: bool = False) -> T:
        """Write what some work writes, all of it, or nothing when it raises; give what it gives.

        Raises JournalError when the file cannot be written. No work does other work.
        """
        with self.lock:
            try:
                connection = self._ready()
                connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
                try:
                    connection.execute("BEGIN IMMEDIATE")
                    result = work(connection)
                    connection.execute("COMMIT")
                except BaseException:
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
                    raise
            except sqlite3.Error as error:
                raise JournalError(self._told(error)) from error
            return result

    def close(self) -> None:
        """Bring everything to disk and let go of the file. More than once is no harm."""
        with self.lock:
            self._connection.close()

    def _ready(self) -> sqlite3.Connection:
        if os.getpid() != self._process:
            raise JournalError(f"{self.path} is open in the process that forked this one: open another file here")
        if self._connection.in_transaction:  # an interrupt came in the middle of taking something back
            self._connection.execute("ROLLBACK")
        return self._connection

    def _prepare(self, connection: sqlite3.Connection, tables: Sequence[str], brand: int, version: int) -> None:
        found = connection.execute("PRAGMA application_id").fetchone()[0]
        made = connection.execute("PRAGMA user_version").fetchone()[0]
        if not made and not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            for table in tables:
                connection.execute(table)
            connection.execute(f"PRAGMA application_id = {brand}")
            connection.execute(f"PRAGMA user_version = {version}")
        elif found != brand:
            raise JournalError(f"{self.path} is a file of another program: choose another path")
        elif made != version:
            raise JournalError(
                f"{self.path} has version {made} and this program writes version {version}: use the program that wrote "
                "it, or move the file away once no order of it is open"
            )

    def _told(self, error: sqlite3.Error) -> str:
        if "locked" in str(error):
            return f"{self.path} is in use by another process, or twice by this one: only one at a time may write it"
        return f"{self.path} cannot be used: {error}"
