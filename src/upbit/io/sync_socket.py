"""An event loop for who has none: it runs in a thread of its own, and what it yields is handed over in batches.

It knows nothing of sockets or events. Nothing starts before it is entered. Any thread but the loop's own may use it; a
forked child may not, for threads do not survive a fork.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import CancelledError, Future, wait
from functools import partial
from threading import Condition, Lock, Thread, get_ident
from types import TracebackType
from typing import Generic, Never, ParamSpec, Self, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

LISTEN = 0.5
"""Seconds between two looks whether Ctrl-C was pressed, where waiting for a lock hides that."""
LARGEST_BATCH = 1024
SLICE = 0.01
"""Seconds that a batch should keep its consumer busy: who is slow gets few at a time, so that they are not old."""


class Background:
    """An event loop in a thread: `with Background() as loop: loop.run(coroutine)`."""

    def __init__(self, *, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._process = 0
        self._thread: Thread | None = None
        self._stop = asyncio.Event()
        self._runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)

    def __enter__(self) -> Self:
        """Start. Raises RuntimeError when it was started before."""
        if self._thread is not None:
            raise RuntimeError("a background loop runs once")
        self._loop = self._runner.get_loop()
        self._process = os.getpid()
        self._thread = Thread(target=self._live, name="upbit-loop", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Cancel what still runs, and wait until the thread has ended."""
        if self._thread is None or self._process != os.getpid() or not self._thread.is_alive():
            return
        self._loop.call_soon_threadsafe(self._stop.set)
        while self._thread.is_alive():
            self._thread.join(LISTEN)

    def run(self, work: Coroutine[object, Never, T]) -> T:
        """Run a coroutine and wait for its result; when waiting is interrupted, it is cancelled.

        Raises what it raises, and RuntimeError when the loop cannot be used from here or ends.
        """
        try:
            self.check()
            future = asyncio.run_coroutine_threadsafe(work, self._loop)
            try:
                while not wait([future], LISTEN).done:
                    self.check()
            except KeyboardInterrupt:
                future.cancel()
                raise
            return future.result()
        except CancelledError:
            raise RuntimeError("it was cancelled, as everything is when a background loop ends") from None
        except RuntimeError:
            work.close()  # it ended, or never began
            raise

    def iterate(self, events: AsyncIterator[T]) -> Batches[T]:
        """Give what an asynchronous iterator yields. It ends early when the loop does."""
        self.check()
        batches = Batches[T](self._loop, self.check, self._clock)
        asyncio.run_coroutine_threadsafe(batches.fill(events), self._loop)
        return batches

    def call(self, work: Callable[[], T]) -> T:
        """Call something in the loop's thread; at once where that has ended, or is this one."""
        if not self.alive or (self._thread is not None and self._thread.ident == get_ident()):
            return work()

        async def there() -> T:
            return work()

        return self.run(there())

    @property
    def alive(self) -> bool:
        """Whether the loop runs."""
        return self._thread is not None and self._thread.is_alive()

    def check(self) -> None:
        """Raise RuntimeError when the loop cannot be used from here, or does not run."""
        if self._thread is None:
            raise RuntimeError("the background loop is not running: enter it first")
        if self._process != os.getpid():
            raise RuntimeError("a background loop does not survive a fork: make a new one in the child process")
        if self._thread.ident == get_ident():
            raise RuntimeError("this would wait for itself: in the loop's own thread, await instead")
        if not self._thread.is_alive():
            raise RuntimeError("the background loop has ended")

    def _live(self) -> None:
        with self._runner:
            self._runner.run(self._stop.wait())


class Batches(Generic[T]):
    """An iterator over what an asynchronous one yields in a background loop.

    No more is taken from that one than the consumer is about to use, so that whoever yields can go on deciding what is
    worth keeping. What was taken stays here when the consumer stops, for when it goes on. Threads may share it.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, check: Callable[[], None], clock: Callable[[], float]) -> None:
        self._loop = loop
        self._check = check
        self._clock = clock
        self._events: deque[T] = deque()
        self._news = Condition()
        self._ended = False
        self._error: Exception | None = None
        # The loop's own:
        self._taken = 0  # events, ever
        self._allowed = 0  # until the consumer asks again
        self._asked = asyncio.Event()
        self._telling = False
        # The consumer's own:
        self._turn = Lock()
        self._used = 0  # of those taken, when it last asked
        self._since = clock()  # when it last got some
        self._room = 1

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> T:
        while True:
            try:
                return self._events.popleft()
            except IndexError:  # it is no part of what may be raised below
                pass
            self._refill()

    async def fill(self, events: AsyncIterator[T]) -> None:
        """Take events as long as somebody wants them, in the loop."""
        try:
            async for event in events:
                while self._taken >= self._allowed:
                    self._asked.clear()
                    await self._asked.wait()
                self._taken += 1
                self._events.append(event)
                if not self._telling:  # once, when everything that is there already was taken
                    self._telling = True
                    self._loop.call_soon(self._tell)
        except Exception as error:
            self._error = error
        finally:
            self._ended = True
            self._tell()

    def _tell(self) -> None:
        self._telling = False
        with self._news:
            self._news.notify_all()

    def _ask(self, room: int) -> None:
        self._allowed = self._taken + room
        self._asked.set()

    def _refill(self) -> None:
        """Wait until there is an event. Raises StopIteration at the end, or what the asynchronous iterator raised."""
        if not self._ended:
            self._check()
        with self._turn:
            if self._events:  # another thread was quicker
                return
            self._fit()
            with self._news:
                while not (self._events or self._ended):
                    self._check()
                    self._loop.call_soon_threadsafe(self._ask, self._room)
                    self._news.wait(LISTEN)
            self._since = self._clock()
            if not self._events:
                error, self._error = self._error, None
                raise error or StopIteration

    def _fit(self) -> None:
        """Choose how many to ask for, by how long those before took."""
        used, busy = self._taken - self._used, self._clock() - self._since
        self._used += used
        if used:
            fitting = int(used * SLICE / busy) if busy > 0 else LARGEST_BATCH
            self._room = max(1, min(2 * self._room, fitting, LARGEST_BATCH))


def elsewhere(work: Callable[P, T]) -> Callable[P, Coroutine[object, Never, T]]:
    """Make what blocks something to await: each call is made in a thread of its own, which nobody waits for in the end.

    So whoever is cancelled goes at once, however long the call still takes.
    """

    async def there(*args: P.args, **kwargs: P.kwargs) -> T:
        future: Future[T] = Future()
        Thread(target=_settle, args=(future, partial(work, *args, **kwargs)), name="upbit-call", daemon=True).start()
        return await asyncio.wrap_future(future)

    return there


def _settle(future: Future[T], work: Callable[[], T]) -> None:
    if future.set_running_or_notify_cancel():
        try:
            result = work()
        except BaseException as error:
            future.set_exception(error)
        else:
            future.set_result(result)
