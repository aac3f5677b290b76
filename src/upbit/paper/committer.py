"""Group commit: writes a journal from an event loop, many commands at a time, each by one commit in a thread.

Whoever answers awaits `Committer.settled` first: then what the answer says is on disk, whichever command made it true.
With durability `memory` nobody waits. When the disk fails once, nothing is settled any more: what is in memory is ahead
of the log and cannot be taken back, so only a restart helps, which finds all that was ever answered.
"""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self

from .journal import Journal
from .store import StoreError


class Committer:
    """Writes a journal while `async with` lasts, and closes it at the end."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._waits = journal.durability != "memory"
        self._wake = asyncio.Event()
        self._ending = False
        self._failure: StoreError | None = None

    async def __aenter__(self) -> Self:
        self._written = asyncio.get_running_loop().create_future()
        self._work = asyncio.create_task(self._write())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write what is left. Raises StoreError when that is or was impossible."""
        self._ending = True
        self._wake.set()
        await self._work
        self._journal.close()
        if self._failure is not None:
            raise self._failure

    def look(self) -> None:
        """See whether something is to be written, without waiting for it."""
        if self._failure is None:
            self._journal.look()
            self._wake.set()

    async def settled(self) -> None:
        """Return when all that is true now is safe. Raises StoreError when it cannot be made so."""
        if not self._waits:
            return
        journal = self._journal
        last, now = journal.last, journal.exchange.now
        if not journal.safe(last, now):
            self.look()
        while self._failure is None and not journal.safe(last, now):
            await asyncio.shield(self._written)
        if self._failure is not None:
            raise self._failure

    async def _write(self) -> None:
        loop = asyncio.get_running_loop()
        while not self._ending and self._failure is None:
            await self._wake.wait()
            self._wake.clear()
            batch = self._journal.take()
            if batch is None:
                continue
            try:
                if batch.snapshot is None:
                    self._journal.prepare(batch)  # here: a thread would fight for every row with this one
                else:
                    await asyncio.to_thread(self._journal.prepare, batch)
                await asyncio.to_thread(self._journal.finish)
            except StoreError as error:
                self._failure = error
            else:
                self._journal.done(batch)
            written, self._written = self._written, loop.create_future()
            written.set_result(None)
