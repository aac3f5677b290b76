"""Group commit: writes a journal from an event loop, many commands at a time, each by one commit in a thread.

Whoever answers awaits `Committer.settled` first: then what the answer says is on disk, whichever command made it true.
With durability `memory` nobody waits. When the disk fails, nothing is settled any more.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
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

    async def __aenter__(self) -> Self:
        self._written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._work = asyncio.create_task(self._commit())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write what is left. Raises StoreError when that is impossible."""
        self._work.cancel()
        with suppress(asyncio.CancelledError, StoreError):
            await self._work
        self._journal.close()

    def look(self) -> None:
        """See whether something is to be written, without waiting for it."""
        self._journal.look()
        self._wake.set()

    async def settled(self) -> None:
        """Return when all that is true now is safe. Raises StoreError when it cannot be made so."""
        journal = self._journal
        last, now = journal.last, journal.exchange.now
        self.look()
        while self._waits and not journal.safe(last, now):
            if self._work.done():
                self._work.result()
            await asyncio.shield(self._written)

    async def _commit(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            batch = self._journal.take()
            if batch is None:
                continue
            try:
                await asyncio.shield(asyncio.to_thread(self._journal.write, batch))
            except StoreError as error:
                self._written.set_exception(error)
                raise
            self._journal.done(batch)
            written, self._written = self._written, asyncio.get_running_loop().create_future()
            written.set_result(None)
