"""What is meant to be ordered and withdrawn, and what became of it: on disk before anything is sent.

An order that is begun here is told by `open` until its outcome is recorded, through every crash and restart. It is
counted in full against the limits of its UTC day unless it is known that the exchange did not take it. Beginnings are
on disk when they return; steps and outcomes outlive the process, and a loss of power once something was begun after
them: an outcome lost that way is found out again. The file has mode 0600 and one writer at a time. There is no key,
token or secret in it. Nothing here asks the exchange, sends, or decides.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from sqlite3 import Connection
from typing import Literal, TypeAlias, TypeVar, get_args

import msgspec

from ..errors import JournalError
from ..io.private_database import PrivateDatabase
from ..rules.grid import exactly
from .draft import Draft

Outcome: TypeAlias = Literal["accepted", "rejected", "abandoned"]
"""`accepted`: the exchange took it. `rejected`: it refused. `abandoned`: it certainly never came to be."""

CLOSED = ("done", "cancel")
BRAND = 0x75704A31
VERSION = 1
TABLES = (
    """CREATE TABLE intent (
        identifier TEXT PRIMARY KEY, market TEXT NOT NULL, side TEXT NOT NULL, ord_type TEXT NOT NULL, volume TEXT,
        price TEXT, time_in_force TEXT, smp_type TEXT, notional TEXT NOT NULL, reduces INTEGER NOT NULL,
        begun REAL NOT NULL, at REAL NOT NULL, outcome TEXT, uuid TEXT, state TEXT, live INTEGER NOT NULL)""",
    "CREATE INDEX intent_begun ON intent (begun)",
    "CREATE INDEX intent_open ON intent (begun) WHERE outcome IS NULL",
    "CREATE INDEX intent_live ON intent (begun) WHERE live",
    "CREATE TABLE step (identifier TEXT NOT NULL, at REAL NOT NULL, step TEXT NOT NULL, detail TEXT NOT NULL)",
    "CREATE INDEX step_identifier ON step (identifier)",
    """CREATE TABLE withdrawal (
        number INTEGER PRIMARY KEY, currency TEXT NOT NULL, net_type TEXT NOT NULL, address TEXT NOT NULL,
        secondary_address TEXT, amount TEXT NOT NULL, begun REAL NOT NULL, outcome TEXT, uuid TEXT)""",
    """CREATE TABLE tally (
        day TEXT, kind TEXT, subject TEXT, amount TEXT NOT NULL, PRIMARY KEY (day, kind, subject)) WITHOUT ROWID""",
    "CREATE TABLE rejections (in_a_row INTEGER NOT NULL)",
    "INSERT INTO rejections VALUES (0)",
)
_LONGEST = 500
"""Characters that are kept of what is to be known about a step."""


Row = TypeVar("Row", bound=msgspec.Struct)


class Entry(msgspec.Struct, frozen=True):
    """An order as the journal knows it."""

    identifier: str
    market: str
    side: str
    ord_type: str
    volume: Decimal | None
    price: Decimal | None
    time_in_force: str | None
    smp_type: str | None
    notional: Decimal
    begun: float
    """Seconds since the epoch."""
    at: float
    """When it was last about to be sent, seconds since the epoch; when it was begun, if never."""
    outcome: Outcome | None
    """None while it is not known."""
    uuid: str | None
    state: str | None
    """What the exchange last said of it, as far as the journal was told."""


class Noted(msgspec.Struct, frozen=True):
    """A step of an order."""

    at: float
    """Seconds since the epoch."""
    step: str
    detail: str


class BegunWithdrawal(msgspec.Struct, frozen=True):
    """A withdrawal as the journal knows it."""

    number: int
    currency: str
    net_type: str
    address: str
    secondary_address: str | None
    amount: Decimal
    begun: float
    """Seconds since the epoch."""
    outcome: Outcome | None
    uuid: str | None


def day_of(now: float) -> date:
    """The UTC day of a time."""
    return datetime.fromtimestamp(now, UTC).date()


class Journal:
    """The journal of one account. Threads of this process may share it; every method may raise JournalError."""

    def __init__(self, path: str | Path, wall: Callable[[], float] = time.time) -> None:
        self.path = Path(path)
        self._wall = wall
        self._file = PrivateDatabase(self.path, TABLES, brand=BRAND, version=VERSION)

    def begin(self, draft: Draft, now: float) -> None:
        """Record an order before anything is sent; it is on disk when this returns.

        Raises JournalError when its identifier was used before.
        """
        values = (
            *(draft.identifier, draft.market, draft.side, draft.ord_type, _text(draft.volume), _text(draft.price)),
            *(draft.time_in_force, draft.smp_type, _text(draft.notional), draft.reduces, now, now),
        )

        def work(file: Connection) -> None:
            if file.execute("SELECT 1 FROM intent WHERE identifier = ?", (draft.identifier,)).fetchone():
                raise JournalError(f"the journal has an order {draft.identifier} already: take a new identifier")
            file.execute(f"INSERT INTO intent VALUES ({'?, ' * len(values)} NULL, NULL, NULL, 1)", values)
            if not draft.reduces:
                _count(file, day_of(now), "order", draft.market, draft.notional)

        self._file.write(work, durable=True)

    def note(self, identifier: str, step: str, detail: str = "") -> None:
        """Record a step before it is taken."""
        now = self._wall()

        def work(file: Connection) -> None:
            file.execute("INSERT INTO step VALUES (?, ?, ?, ?)", (identifier, now, step, detail[:_LONGEST]))
            if step == "sending":
                file.execute("UPDATE intent SET at = ? WHERE identifier = ?", (now, identifier))

        self._file.write(work)

    def settle(self, identifier: str, outcome: str, uuid: str | None = None, state: str | None = None) -> None:
        """Record what became of an order: `accepted`, `rejected` or `abandoned` (it certainly is not there).

        Another outcome may be recorded later, if that is what is found.
        """
        taken = _taken(outcome)

        def work(file: Connection) -> None:
            row = file.execute(
                "SELECT outcome, market, notional, reduces, begun FROM intent WHERE identifier = ?", (identifier,)
            ).fetchone()
            if row is None:
                raise JournalError(f"the journal has no order {identifier}")
            before, market, notional, reduces, begun = row
            if not reduces:
                _recount(file, before, taken, (day_of(begun), "order", market, Decimal(notional)))
            file.execute(
                "UPDATE intent SET outcome = ?, uuid = coalesce(?, uuid), state = coalesce(?, state), live = ? "
                "WHERE identifier = ?",
                (outcome, uuid, state, taken and state not in CLOSED, identifier),
            )

        self._file.write(work)

    def see(self, identifier: str, state: str) -> None:
        """Record the state in which an accepted order was seen: once it is `done` or `cancel` it is not `live`."""
        values = state, state not in CLOSED, identifier
        self._file.write(
            lambda file: file.execute("UPDATE intent SET state = ?, live = live AND ? WHERE identifier = ?", values)
        )

    def open(self) -> list[Entry]:
        """Orders whose outcome is not known, oldest first."""
        return self._entries("outcome IS NULL")

    def live(self) -> list[Entry]:
        """Orders that may be on the book: those whose outcome is not known, and those not seen closed."""
        return self._entries("live")

    def entries(self, start: float, end: float) -> list[Entry]:
        """Orders begun in [start, end), seconds since the epoch; oldest first."""
        return self._entries("begun >= ? AND begun < ?", start, end)

    def entry(self, identifier: str) -> Entry | None:
        """One order; None when it was never begun here."""
        return next(iter(self._entries("identifier = ?", identifier)), None)

    def steps(self, identifier: str) -> list[Noted]:
        """The steps of an order, in their order."""
        return self._file.read(lambda file: _rows(file, Noted, "step WHERE identifier = ? ORDER BY rowid", identifier))

    def spent(self, day: date, market: str | None = None, *, currency: str = "KRW") -> Decimal:
        """What the orders of a UTC day are worth that do not make a position smaller and were not refused.

        On one market, or on all whose quote currency is `currency`.
        """
        if market is not None:
            return self._file.read(lambda file: _counted(file, day, "order", market))
        query = "SELECT amount FROM tally WHERE day = ? AND kind = 'order' AND subject GLOB ?"
        rows = self._file.read(lambda file: file.execute(query, (str(day), f"{currency}-*")).fetchall())
        return _sum(*(Decimal(amount) for (amount,) in rows))

    def begun_since(self, start: float) -> int:
        """How many orders were begun after a time, seconds since the epoch."""
        return self._number("count(*) FROM intent WHERE begun > ?", start)

    def count_live(self) -> int:
        """How many orders are `live`."""
        return self._number("count(*) FROM intent WHERE live")

    def oldest_open(self) -> float | None:
        """When the oldest order was begun whose outcome is not known, seconds since the epoch."""
        query = "SELECT begun FROM intent WHERE outcome IS NULL ORDER BY begun LIMIT 1"
        row = self._file.read(lambda file: file.execute(query).fetchone())
        return None if row is None else float(row[0])

    @property
    def rejections(self) -> int:
        """How many orders in a row the exchange refused."""
        return self._number("in_a_row FROM rejections")

    def count_rejection(self) -> int:
        """Count one more refusal in a row; what it has come to."""
        with self._file.lock:
            self._file.write(lambda file: file.execute("UPDATE rejections SET in_a_row = in_a_row + 1"))
            return self.rejections

    def forget_rejections(self) -> None:
        """Count refusals in a row from 0 again."""
        self._file.write(lambda file: file.execute("UPDATE rejections SET in_a_row = 0"))

    # -- withdrawals -----------------------------------------------------------------------------------

    def begin_withdrawal(
        self, currency: str, net_type: str, address: str, secondary_address: str | None, amount: Decimal, now: float
    ) -> int:
        """Record a withdrawal before it is sent, and give its number; it is on disk when this returns."""
        values = currency, net_type, address, secondary_address, _text(amount), now

        def work(file: Connection) -> int:
            _count(file, day_of(now), "withdrawal", currency, amount)
            file.execute("INSERT INTO withdrawal VALUES (NULL, ?, ?, ?, ?, ?, ?, NULL, NULL)", values)
            return int(file.execute("SELECT last_insert_rowid()").fetchone()[0])

        return self._file.write(work, durable=True)

    def settle_withdrawal(self, number: int, outcome: str, uuid: str | None = None) -> None:
        """Record what became of a withdrawal."""
        taken = _taken(outcome)

        def work(file: Connection) -> None:
            query = "SELECT outcome, currency, amount, begun FROM withdrawal WHERE number = ?"
            row = file.execute(query, (number,)).fetchone()
            if row is None:
                raise JournalError(f"the journal has no withdrawal {number}")
            before, currency, amount, begun = row
            _recount(file, before, taken, (day_of(begun), "withdrawal", currency, Decimal(amount)))
            file.execute("UPDATE withdrawal SET outcome = ?, uuid = ? WHERE number = ?", (outcome, uuid, number))

        self._file.write(work)

    def withdrawn(self, day: date, currency: str) -> Decimal:
        """What was withdrawn of a currency on a UTC day, and was not refused."""
        return self._file.read(lambda file: _counted(file, day, "withdrawal", currency))

    def open_withdrawals(self) -> list[BegunWithdrawal]:
        """Withdrawals whose outcome is not known, oldest first."""
        rows = "withdrawal WHERE outcome IS NULL ORDER BY number"
        return self._file.read(lambda file: _rows(file, BegunWithdrawal, rows))

    # -- the file --------------------------------------------------------------------------------------

    @property
    def lock(self) -> AbstractContextManager[object]:
        """Keeps other threads away from the journal while it is held, as between a check and a beginning."""
        return self._file.lock

    def close(self) -> None:
        """Bring everything to disk and let go of the file; to be used no more."""
        self._file.close()

    def _entries(self, which: str, *values: float | str) -> list[Entry]:
        return self._file.read(lambda file: _rows(file, Entry, f"intent WHERE {which} ORDER BY begun, rowid", *values))

    def _number(self, query: str, *values: float) -> int:
        return int(self._file.read(lambda file: file.execute(f"SELECT {query}", values).fetchone())[0])


def _rows(file: Connection, kind: type[Row], rows: str, *values: float | str) -> list[Row]:
    """Read rows whose columns are named as the fields of what they become."""
    names = kind.__struct_fields__
    found = file.execute(f"SELECT {', '.join(names)} FROM {rows}", values).fetchall()
    return [msgspec.convert(dict(zip(names, row, strict=True)), kind) for row in found]


def _taken(outcome: str) -> bool:
    """Whether an outcome means that the exchange took it."""
    if outcome not in get_args(Outcome):
        raise JournalError(f"outcome {outcome!r} is none of {', '.join(get_args(Outcome))}")
    return outcome == "accepted"


def _recount(file: Connection, before: Outcome | None, taken: bool, counted: tuple[date, str, str, Decimal]) -> None:
    """Count what the exchange took after all, and count no more what it did not take."""
    was = before in (None, "accepted")
    if was != taken:
        day, kind, subject, amount = counted
        _count(file, day, kind, subject, amount if taken else -amount)


def _count(file: Connection, day: date, kind: str, subject: str, amount: Decimal) -> None:
    total = _text(_sum(_counted(file, day, kind, subject), amount))
    file.execute("INSERT OR REPLACE INTO tally VALUES (?, ?, ?, ?)", (str(day), kind, subject, total))


def _counted(file: Connection, day: date, kind: str, subject: str) -> Decimal:
    query = "SELECT amount FROM tally WHERE day = ? AND kind = ? AND subject = ?"
    row = file.execute(query, (str(day), kind, subject)).fetchone()
    return Decimal(0) if row is None else Decimal(row[0])


def _sum(*amounts: Decimal) -> Decimal:
    with exactly():
        return sum(amounts, Decimal(0))


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:f}"
