"""The log on disk: commands in the order in which they were carried out, in SQLite, each chained to the one before.

A file has one owner at a time and one writer. What `Store.write` has returned from is there after `kill -9`, and with
durability `full` after a power cut too. On opening everything is checked against its hashes; a record that is changed,
missing or out of place is refused by its number, and nothing is guessed. A snapshot is only a short cut: one that does
not fit is left aside, because the log alone is the truth. It does not know what commands mean, and it does not wait:
who calls `write` from an event loop does so in a thread.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import Literal, NamedTuple

Durability = Literal["full", "normal", "memory"]
"""When an answer may leave: once the disk has it; once the operating system has it; at once."""

FILE = "exchange.sqlite3"
FORMAT = "1"
KEPT = 2
"""Snapshots that are kept."""
NONCE = 16
"""Bytes of a nonce."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS log (seq INTEGER PRIMARY KEY, record BLOB NOT NULL, chain BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS seals (last INTEGER PRIMARY KEY, digest BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS nonces (id INTEGER PRIMARY KEY, spent BLOB NOT NULL, digest BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS snapshots (seq INTEGER PRIMARY KEY, shape TEXT NOT NULL, state BLOB NOT NULL,
    digest BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS parts (id INTEGER PRIMARY KEY, seq INTEGER NOT NULL, part BLOB NOT NULL,
    digest BLOB NOT NULL);
"""


class StoreError(Exception):
    """The data cannot be used as they are; the message says why, and what to do."""


class StoreInUse(StoreError):
    """Another process owns the file."""


class Snapshot(NamedTuple):
    """The state after a record, in the form of the one who made it."""

    seq: int
    shape: str
    """Whoever reads it must be of this shape."""
    state: bytes
    parts: tuple[bytes, ...]
    """What was never to change again, piece by piece; to be written, the pieces that are new."""


class Batch(NamedTuple):
    """What one commit writes."""

    first: int
    """The number of the first record."""
    records: list[bytes]
    nonces: bytes = b""
    lease: int | None = None
    snapshot: Snapshot | None = None


class Store:
    """The log in a folder, opened and owned; made when there is none.

    Raises StoreError when another process owns it, or what is there is damaged or of another kind.
    """

    def __init__(self, folder: Path, *, durability: Durability = "full") -> None:
        if not folder.exists():
            folder.mkdir(mode=0o700, parents=True)
        self.path = folder / FILE
        self.durability: Durability = durability
        self.path.touch(mode=0o600)
        self._db = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, timeout=0)
        self._chain = b""
        self._sealed = 0
        self._seal = b""
        self.point: Callable[[str], None] = lambda name: None
        """Settable: called with `before_write` and `after_write` where a batch is written; for faults (see `disk`)."""
        try:
            with self._reading("the file"):
                self._own()
            self._check_format()
        except BaseException:
            self._db.close()
            raise

    def _own(self) -> None:
        self._db.execute("PRAGMA locking_mode=EXCLUSIVE")
        self._db.execute("PRAGMA journal_mode=WAL")
        level = {"full": "FULL", "normal": "NORMAL", "memory": "OFF"}[self.durability]
        self._db.execute(f"PRAGMA synchronous={level}")
        with self._transaction():
            for statement in _SCHEMA.split(";"):
                self._db.execute(statement)

    def _check_format(self) -> None:
        found = self.meta("format")
        if found is None:
            self._set("format", FORMAT)
        elif found != FORMAT:
            raise StoreError(
                f"{self.path} has format {found}, this version reads {FORMAT}: use the version that made it"
            )

    def close(self) -> None:
        """Let the file go."""
        self._db.close()

    # -- settings ----------------------------------------------------------------------------------

    @property
    def settings(self) -> str | None:
        """How the exchange was made; None in a new file. The first record is chained to it."""
        found = self.meta("settings")
        if found is None and self.meta("end") is not None:
            raise self._damaged("its settings")
        return found

    def begin(self, settings: str) -> None:
        """Write how the exchange is made, once."""
        with self._transaction():
            self._set("settings", settings)

    @property
    def lease(self) -> int:
        """The time (ms since the epoch) up to which something may have been shown."""
        return int(self.meta("lease") or 0)

    def meta(self, name: str) -> str | None:
        """A setting."""
        with self._reading(f"the setting {name}"):
            row = self._db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def _set(self, name: str, value: str) -> None:
        self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    # -- writing -----------------------------------------------------------------------------------

    def write(self, batch: Batch) -> None:
        """Write a batch, whole or not at all; `verify` comes first. Raises StoreError when that is impossible."""
        self.prepare(batch)
        self.commit()

    def prepare(self, batch: Batch) -> None:
        """The first half of `write`: quick, the disk is not waited for. Raises StoreError."""
        seal = self._sealed, self._seal
        link, rows = self._chain, list[tuple[int, bytes, bytes]]()
        for seq, record in enumerate(batch.records, batch.first):
            link = linked(link, seq, record)
            rows.append((seq, record, link))
        with self._writing():
            self.point("before_write")
            self._db.execute("BEGIN IMMEDIATE")
            if rows:
                self._db.executemany("INSERT INTO log VALUES (?, ?, ?)", rows)
                self._set("end", f"{rows[-1][0]} {link.hex()}")
            if batch.nonces:
                self._put_nonces(batch.nonces)
            if batch.lease is not None:
                self._set("lease", str(batch.lease))
            if batch.snapshot is not None:
                seal = self._put_snapshot(batch.snapshot)
        self._chain, (self._sealed, self._seal) = link, seal

    def commit(self) -> None:
        """The second half of `write`: return when the disk has it. Raises StoreError."""
        with self._writing():
            self._db.execute("COMMIT")
            self.point("after_write")

    @contextmanager
    def _writing(self) -> Generator[None]:
        try:
            yield
        except sqlite3.Error as error:
            self._db.rollback()
            raise StoreError(f"{self.path} could not be written ({error}); what was answered before is safe") from error

    def _put_nonces(self, spent: bytes) -> None:
        self._db.execute("INSERT INTO nonces (spent, digest) VALUES (?, ?)", (spent, sha256(spent).digest()))

    def _put_snapshot(self, snapshot: Snapshot) -> tuple[int, bytes]:
        seq = snapshot.seq
        state = sha256(snapshot.state).digest()
        self._db.execute(
            "INSERT OR REPLACE INTO snapshots VALUES (?, ?, ?, ?)", (seq, snapshot.shape, snapshot.state, state)
        )
        old = "DELETE FROM snapshots WHERE seq NOT IN (SELECT seq FROM snapshots ORDER BY seq DESC LIMIT ?)"
        self._db.execute(old, (KEPT,))
        for part in snapshot.parts:
            row = (seq, part, sha256(part).digest())
            self._db.execute("INSERT INTO parts (seq, part, digest) VALUES (?, ?, ?)", row)
        spent = b"".join(row[0] for row in self._db.execute("SELECT spent FROM nonces WHERE length(spent) < 65536"))
        if spent:
            self._db.execute("DELETE FROM nonces WHERE length(spent) < 65536")
            self._put_nonces(spent)
        if seq == self._sealed:
            return self._sealed, self._seal
        digest = sealed(self._seal, self._rows(self._sealed, seq))
        self._db.execute("INSERT INTO seals VALUES (?, ?)", (seq, digest))
        return seq, digest

    # -- reading -----------------------------------------------------------------------------------

    def verify(self) -> int:
        """Check every record against its hashes; the number of the last one.

        Raises StoreError naming the first bad one. Sealed stretches are hashed whole: a million records take a second.
        """
        with self._reading("the log"):
            self._chain = self._seal = sha256((self.settings or "").encode()).digest()
            self._sealed = 0
            for last, digest in self._db.execute("SELECT last, digest FROM seals ORDER BY last").fetchall():
                rows = self._rows(self._sealed, last)
                seal = sealed(self._seal, rows)
                if seal != digest:
                    self._follow(rows, self._sealed)
                    raise self._damaged(f"the seal of records {self._sealed + 1} to {last}")
                self._chain, self._sealed, self._seal = rows[-1][2], last, seal
            rows = self._rows(self._sealed)
            self._follow(rows, self._sealed)
        last = self._sealed + len(rows)
        if self.meta("end") != (f"{last} {self._chain.hex()}" if last else None):
            raise self._damaged(f"record {last + 1} (it is missing)")
        return last

    def _follow(self, rows: list[tuple[int, bytes, bytes]], before: int) -> None:
        """Check records one by one."""
        for expected, (seq, record, link) in enumerate(rows, before + 1):
            if seq != expected:
                raise self._damaged(f"record {expected} (it is missing)")
            self._chain = linked(self._chain, seq, record)
            if self._chain != link:
                raise self._damaged(f"record {seq}")

    def records(self, after: int) -> Iterator[tuple[int, bytes]]:
        """The records that come after one, with their numbers."""
        return ((seq, record) for seq, record, _ in self._rows(after))

    def _rows(self, after: int, last: int | None = None) -> list[tuple[int, bytes, bytes]]:
        bound = (1 << 62) if last is None else last
        select = (
            "SELECT seq, CAST(record AS BLOB), CAST(chain AS BLOB) FROM log WHERE seq > ? AND seq <= ? ORDER BY seq"
        )
        return self._db.execute(select, (after, bound)).fetchall()

    def nonces(self) -> Iterator[bytes]:
        """Every nonce that was used up."""
        with self._reading("the used nonces"):
            for number, spent, digest in self._db.execute(
                "SELECT id, CAST(spent AS BLOB), digest FROM nonces ORDER BY id"
            ):
                if sha256(spent).digest() != digest:
                    raise self._damaged(f"row {number} of the used nonces")
                for place in range(0, len(spent), NONCE):
                    yield spent[place : place + NONCE]

    def snapshot(self, shape: str, last: int) -> Snapshot | None:
        """The newest snapshot of this shape that is whole and not after the record `last`."""
        with self._reading("the snapshots"):
            select = (
                "SELECT seq, CAST(state AS BLOB), digest FROM snapshots WHERE shape = ? AND seq <= ? ORDER BY seq DESC"
            )
            for seq, state, digest in self._db.execute(select, (shape, last)).fetchall():
                rows = self._db.execute(
                    "SELECT CAST(part AS BLOB), digest FROM parts WHERE seq <= ? ORDER BY id", (seq,)
                ).fetchall()
                if sha256(state).digest() == digest and all(sha256(part).digest() == whole for part, whole in rows):
                    return Snapshot(seq, shape, state, tuple(part for part, _ in rows))
        return None

    def forget_snapshots(self, after: int) -> None:
        """Drop the snapshots after a record: they do not fit, and the next one goes on from there."""
        with self._transaction():
            self._db.execute("DELETE FROM snapshots WHERE seq > ?", (after,))
            self._db.execute("DELETE FROM parts WHERE seq > ?", (after,))

    # -- insides -----------------------------------------------------------------------------------

    @contextmanager
    def _transaction(self) -> Generator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            self._db.rollback()
            raise

    @contextmanager
    def _reading(self, what: str) -> Generator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                message = f"{self.path} is in use by another process: stop that one, or name another folder"
                raise StoreInUse(message) from error
            raise self._damaged(what) from error
        except sqlite3.DatabaseError as error:
            raise self._damaged(what) from error

    def _damaged(self, what: str) -> StoreError:
        return StoreError(
            f"{self.path} is damaged: {what} cannot be trusted. Nothing was changed. Put a copy of the file back that "
            "is whole, or name another folder to start anew"
        )


def linked(link: bytes, seq: int, record: bytes) -> bytes:
    """The chain value of a record: a hash of everything up to it."""
    return sha256(b"%b%d:%b" % (link, seq, record)).digest()


def sealed(seal: bytes, rows: list[tuple[int, bytes, bytes]]) -> bytes:
    """The seal of a stretch of records, after the seal before."""
    numbers = f"{rows[0][0]}-{rows[-1][0]}:{len(rows)}" if rows else ""
    texts = chain.from_iterable(row[1:] for row in rows)
    return sha256(b"".join((seal, numbers.encode(), *texts))).digest()


def erase(folder: Path, *, yes: bool) -> None:
    """Remove the data in a folder for good; there is no way back, so it must be said with `yes`.

    Raises StoreError without it, and when a process uses the data. That the data are damaged does not matter.
    """
    path = folder / FILE
    if not yes:
        raise StoreError(f"everything in {path} would be lost for good: say yes to that, or keep it")
    try:
        Store(folder).close()
    except StoreInUse:
        raise
    except StoreError:
        pass
    for suffix in ("", "-wal", "-shm"):
        path.with_name(FILE + suffix).unlink(missing_ok=True)
