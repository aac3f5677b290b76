"""The journal: joins an exchange to its log, so that nothing acknowledged is ever lost.

Only what cannot be computed again is written down: commands of users (and of whoever runs the exchange), with the time
at which they were carried out and a check sum of their answer. The background market is not: seed and commands
reproduce it. A restart takes the newest snapshot, carries out the commands after it again, each at its time, and
compares the answers; where one differs it refuses to start.

While nobody runs the exchange its time goes on: a short gap is made up for, event by event. When it is longer than
`GAP_MS`, the markets stood still in it, and the command `pause` says so in the log. What may have been shown before
lies within the lease, a time written to disk ahead of itself, and is always made up for.

It does not wait and has no thread: `take` and `done` are for whoever writes (`committer`), `commit` does both at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any
from zlib import crc32

import msgspec

from ..api import OPERATIONS
from ..errors import APIStatusError
from ..wire.token import PAPER_PREFIX
from . import admin
from .clock import Clock, SteppedClock
from .exchange import START_FUNDS, Exchange, Key
from .gate import Gate
from .market import Preset
from .profile import read_profile
from .state import Unreadable, freeze, freeze_orders, shape, thaw, unhurried
from .store import Batch, Durability, Snapshot, Store, StoreError

LEASE_MS = 60_000
"""How far ahead of now the lease reaches when it is renewed, which is done in the middle of it."""
GAP_MS = 300_000
"""The longest time without anybody running the exchange in which the markets went on."""
SNAPSHOT_MS = 300_000
SNAPSHOT_RECORDS = 5_000
"""A snapshot is due after so much time of the exchange, or after so many records."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How an exchange was made."""

    seed: int
    profile: str
    preset: Preset | None = None
    funds: dict[str, Decimal]
    start: int
    """Milliseconds since the epoch."""
    access_key: str
    secret: str
    """Of the first key."""


class Journal:
    """An exchange whose commands are kept in a store; `exchange` is ready when this is made."""

    def __init__(self, store: Store, settings: Settings, clock: Callable[[], int], secret: Callable[[], str]) -> None:
        self._store = store
        self._records: list[bytes] = []
        self._nonces = bytearray()
        self._lease = store.lease
        self._leased = self._lease
        self._shape = shape()
        self._snapshot: Snapshot | None = None
        self._snapped = self._snapped_at = self._ended = 0
        self._failure: StoreError | None = None
        self.last = self.written = store.verify()
        """The number of the last record, and of the last that is on disk."""
        self.exchange = self._restore(settings)
        self.exchange.keep_nonces(store.nonces())
        self.exchange.draw_secrets(secret)
        self.exchange.journal = self
        self._resume(clock)
        self.commit()

    @property
    def durability(self) -> Durability:
        """When an answer may leave."""
        return self._store.durability

    def watch(self, point: Callable[[str], None]) -> None:
        """Have a function called before and after every write, with the name of the point; it may raise."""
        self._store.point = point

    # -- writing down ------------------------------------------------------------------------------

    def note(self, command: str, *arguments: object) -> None:
        """Note a command that was carried out just now."""
        self._records.append(msgspec.json.encode([self.exchange.now, command, *arguments]))
        self.last += 1

    def spend(self, nonce: bytes) -> None:
        """Note that a nonce is used up."""
        self._nonces += nonce

    def look(self) -> None:
        """See whether the lease or the snapshot is due; to be called now and then, and before anything is shown."""
        now = self.exchange.now
        if now + LEASE_MS // 2 > self._lease:
            self._lease = now + LEASE_MS
        if self._snapshot is None and (
            self.last - self._snapped >= SNAPSHOT_RECORDS or now - self._snapped_at >= SNAPSHOT_MS
        ):
            self.freeze()

    def freeze(self) -> None:
        """Make a snapshot, to be written with the next batch."""
        ended = self.exchange.engine.register.ended(self._ended)
        parts = self._snapshot.parts if self._snapshot is not None else ()
        if ended:
            parts += (freeze_orders(ended),)
        self._snapshot = Snapshot(self.last, self._shape, freeze(self.exchange), parts)
        self._snapped, self._snapped_at, self._ended = self.last, self.exchange.now, self._ended + len(ended)

    def take(self) -> Batch | None:
        """What is to be written next, if anything; it is to be given back to `done` when it is."""
        lease = None if self._lease == self._leased else self._lease
        if not (self._records or self._nonces or lease or self._snapshot):
            return None
        batch = Batch(self.last - len(self._records) + 1, self._records, bytes(self._nonces), lease, self._snapshot)
        self._records, self._nonces, self._snapshot = [], bytearray(), None
        return batch

    def done(self, batch: Batch) -> None:
        """Take note that a batch is on disk."""
        self.written = batch.first + len(batch.records) - 1
        self._leased = self._leased if batch.lease is None else batch.lease

    def safe(self, last: int, now: int) -> bool:
        """Say whether what was true after the record `last`, at the time `now`, will be true after a restart."""
        return self.written >= last and self._leased >= now

    def commit(self) -> None:
        """Write everything down, here and now. Raises StoreError."""
        self.look()
        batch = self.take()
        if batch is not None:
            self.write(batch)
            self.done(batch)

    def write(self, batch: Batch) -> None:
        """Write what `take` gave, by `prepare` and then `finish`. Raises StoreError."""
        self.prepare(batch)
        self.finish()

    def prepare(self, batch: Batch) -> None:
        """Hand a batch to the store, which is quick but for a snapshot; in whatever thread. Raises StoreError."""
        self._try(lambda: self._store.prepare(batch))

    def finish(self) -> None:
        """Return when the disk has it; in whatever thread. Raises StoreError."""
        self._try(self._store.commit)

    def _try(self, step: Callable[[], None]) -> None:
        """Take a step of writing; after one that failed there is none, because memory is ahead of the log for good."""
        if self._failure is None:
            try:
                step()
            except StoreError as error:
                self._failure = error
        if self._failure is not None:
            raise self._failure

    def close(self) -> None:
        """Write everything down, with a snapshot, and let the file go; after a failure only that."""
        try:
            if self._failure is None:
                self.freeze()
                self.commit()
        finally:
            self._store.close()

    # -- reading back ------------------------------------------------------------------------------

    def _restore(self, settings: Settings) -> Exchange:
        """The exchange as it was after the last record."""
        exchange, after = self._thawed(), 0
        clock = SteppedClock(settings.start)
        if exchange is None:
            secrets = iter((settings.access_key.removeprefix(PAPER_PREFIX), settings.secret))
            exchange = Exchange(
                clock=clock,
                seed=settings.seed,
                profile=settings.profile,
                preset=settings.preset,
                funds=settings.funds,
                secret=lambda: next(secrets),
            )
            self._store.forget_snapshots(-1)
        else:
            after = self._snapped
            clock.step(exchange.now - settings.start)
            exchange.run_on(clock)
        self._snapped, self._snapped_at = after, exchange.now
        gate = Gate(exchange, limited=False)
        for seq, record in self._store.records(after):
            try:
                self._repeat(exchange, gate, clock, record)
            except (StoreError, APIStatusError, ArithmeticError, LookupError, TypeError, ValueError) as error:
                why = str(error) or type(error).__name__
                raise StoreError(
                    f"record {seq} of {self._store.path} cannot be carried out again ({why}): "
                    "use the version of this program that wrote it, or name another folder to start anew"
                ) from error
        return exchange

    def _thawed(self) -> Exchange | None:
        found = self._store.snapshot(self._shape, self.last)
        if found is None:
            return None
        try:
            exchange = thaw(found.state, found.parts)
        except Unreadable:
            return None
        self._store.forget_snapshots(found.seq)
        self._snapped, self._ended = found.seq, len(exchange.engine.register.ended())
        return exchange

    def _repeat(self, exchange: Exchange, gate: Gate, clock: SteppedClock, record: bytes) -> None:
        """Carry out a command again, at its time."""
        at, command, *arguments = msgspec.json.decode(record, type=list[Any])
        clock.step((arguments[0] if command == "pause" else at) - clock())
        exchange.advance()
        if command == "pause":
            exchange.pause(at)
            clock.step(at - clock())
            return
        if command == "admin":
            admin.repeat(exchange, arguments[0])
            return
        if command == "key":
            exchange.keep_key(msgspec.convert(arguments[0], Key))
            return
        operation = next(operation for operation in OPERATIONS if operation.name == command)
        access_key, texts, answered = arguments
        _, body = gate.perform(operation, exchange.key(access_key), operation.from_texts(texts), at)
        if crc32(body) != answered:
            raise StoreError("it was answered otherwise")

    def _resume(self, clock: Callable[[], int]) -> None:
        """Go on, by the clock of now."""
        exchange, lease = self.exchange, self._store.lease
        if isinstance(clock, Clock) and clock() < lease - LEASE_MS:
            clock.step(lease - clock())  # the exchange was ahead of this machine, by its control API
        now = clock()
        if lease and now - max(lease, exchange.now) > GAP_MS:
            if lease > exchange.now:
                exchange.run_on(lambda: lease)
                exchange.advance()
            begin = exchange.now
            exchange.pause(now)
            self.note("pause", begin)
        exchange.run_on(clock)
        exchange.advance()


def open_journal(
    folder: Path,
    *,
    clock: Callable[[], int],
    secret: Callable[[], str],
    seed: int | None = None,
    profile: str | None = None,
    preset: Preset | None = None,
    funds: Mapping[str, Decimal] = START_FUNDS,
    durability: Durability = "full",
) -> Journal:
    """Open the exchange that is kept in a folder, or begin to keep one.

    Seed (0), profile (`current`), preset and funds are those of a new one; one that is there must have the seed, the
    profile and the preset that are given, if any. `secret` makes what keys are made of. Raises StoreError, ValueError
    for an unknown profile.
    """
    store = Store(folder, durability=durability)
    try:
        text = store.settings
        if text is None:
            new = Settings(
                seed=seed or 0,
                profile=read_profile(profile or "current").name,
                preset=preset,
                funds=dict(funds),
                start=clock(),
                access_key=f"{PAPER_PREFIX}{secret()}"[:40],
                secret=secret()[:40],
            )
            text = msgspec.json.encode(new).decode()
            store.begin(text)
        try:
            settings = msgspec.json.decode(text, type=Settings)
        except msgspec.DecodeError as error:
            raise StoreError(f"{store.path} is damaged: its settings cannot be read ({error})") from error
        asked, kept = (seed, profile, preset), (settings.seed, settings.profile, settings.preset)
        if any(one not in (None, other) for one, other in zip(asked, kept, strict=True)):
            raise StoreError(
                f"{store.path} was made with seed {settings.seed}, profile {settings.profile} and "
                f"{settings.preset or 'no'} preset: ask for those or for none, or name another folder"
            )
        with unhurried():
            return Journal(store, settings, clock, secret)
    except BaseException:
        store.close()
        raise
