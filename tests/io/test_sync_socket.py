"""The background loop: what runs there is waited for here, from any thread, and nothing of it is left behind."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import threading
from collections.abc import AsyncIterator
from itertools import islice
from threading import Event, Thread, get_ident, main_thread

import pytest

from upbit.io import sync_socket
from upbit.io.sync_socket import LARGEST_BATCH, SLICE, Background, elsewhere


class Source:
    """Counts upwards without a pause, and remembers how far it was asked to."""

    def __init__(self, end: int, *, pause_every: int = 0) -> None:
        self.given = 0
        self._end = end
        self._pause_every = pause_every

    async def __aiter__(self) -> AsyncIterator[int]:
        while self.given < self._end:
            if self._pause_every and self.given % self._pause_every == 0:
                await asyncio.sleep(0)
            self.given += 1
            yield self.given


class Watch:
    """A clock that somebody moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def double(number: int) -> int:
    await asyncio.sleep(0)
    return 2 * number


async def for_ever(started: Event, ended: Event) -> None:
    try:
        started.set()
        await asyncio.sleep(3600)
    finally:
        ended.set()


def interrupt(started: Event) -> Thread:
    """Press Ctrl-C as soon as something has started."""

    def press() -> None:
        started.wait(5)
        signal.pthread_kill(main_thread().ident or 0, signal.SIGINT)

    thread = Thread(target=press)
    thread.start()
    return thread


def loops() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "upbit-loop"]


def test_a_coroutine_runs_and_gives_its_result() -> None:
    with Background() as loop:
        assert [42, 44] == [loop.run(double(21)), loop.run(double(22))]
    assert [] == loops()


def test_a_long_call_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    async def long() -> int:
        await asyncio.sleep(0.02)
        return 1

    monkeypatch.setattr(sync_socket, "LISTEN", 0.001)
    with Background() as loop:
        assert 1 == loop.run(long())


def test_something_is_called_in_the_thread_of_the_loop_as_long_as_there_is_one() -> None:
    with Background() as loop:
        assert loop.alive
        there = loop.call(get_ident)

        async def inside() -> int:
            return loop.call(get_ident)

        assert there == loop.run(inside()) != get_ident()
    assert not loop.alive
    assert get_ident() == loop.call(get_ident)


def test_what_blocks_is_awaited_elsewhere() -> None:
    async def both() -> tuple[int, int]:
        return get_ident(), await elsewhere(get_ident)()

    with Background() as loop:
        assert 3 == len({get_ident(), *loop.run(both())})


def test_what_a_coroutine_raises_is_raised_here() -> None:
    async def late() -> None:
        raise TimeoutError("too late")

    with Background() as loop, pytest.raises(TimeoutError, match="too late"):
        loop.run(late())


def test_what_still_runs_at_the_end_is_cancelled_first() -> None:
    started, ended = Event(), Event()

    async def leave_behind() -> asyncio.Task[None]:
        return asyncio.create_task(for_ever(started, ended))

    with Background() as loop:
        task = loop.run(leave_behind())
        started.wait(5)
    assert task.cancelled()
    assert ended.is_set()


@pytest.mark.parametrize(("size", "pause_every"), [(0, 0), (1, 0), (5000, 0), (5000, 7)])
def test_an_iterator_gives_everything_in_order(size: int, pause_every: int) -> None:
    with Background() as loop:
        assert [*range(1, size + 1)] == list(loop.iterate(aiter(Source(size, pause_every=pause_every))))


def test_what_an_iterator_raises_comes_after_what_it_gave_and_once() -> None:
    async def give() -> AsyncIterator[int]:
        yield 1
        yield 2
        raise LookupError("no more")

    with Background() as loop:
        numbers = loop.iterate(give())
        assert [1, 2] == list(islice(numbers, 2))
        with pytest.raises(LookupError, match="no more"):
            next(numbers)
        assert [] == list(numbers)


def test_an_event_is_there_as_soon_as_it_happens() -> None:
    async def give() -> AsyncIterator[asyncio.Event]:
        said = asyncio.Event()
        yield said
        await said.wait()  # for ever, unless the first one was handed over
        yield said

    with Background() as loop:
        events = loop.iterate(give())

        async def say(event: asyncio.Event) -> None:
            event.set()

        first = next(events)
        loop.run(say(first))
        assert first is next(events)


def test_who_breaks_off_goes_on_where_he_was() -> None:
    with Background() as loop:
        numbers = loop.iterate(aiter(Source(10)))
        for number in numbers:
            if number == 4:
                break
        assert [5, 6, 7, 8, 9, 10] == list(numbers)


def test_a_quick_consumer_gets_many_at_a_time() -> None:
    watch, source = Watch(), Source(100_000)
    with Background(clock=watch) as loop:
        numbers = loop.iterate(aiter(source))
        ahead = [source.given - number for number in islice(numbers, 50_000)]
    assert LARGEST_BATCH / 2 < max(ahead) <= LARGEST_BATCH


def test_a_slow_consumer_gets_what_is_given_now_and_not_long_ago() -> None:
    watch, source = Watch(), Source(100_000)
    with Background(clock=watch) as loop:
        numbers = loop.iterate(aiter(source))
        for _ in islice(numbers, 2 * LARGEST_BATCH):
            watch.now += SLICE / 10_000  # it is quick at first
        for _ in islice(numbers, LARGEST_BATCH):
            watch.now += SLICE
        ahead: list[int] = []
        for number in islice(numbers, 20):
            ahead.append(source.given - number)
            watch.now += SLICE
    assert max(ahead) <= 2


def test_threads_share_an_iterator() -> None:
    taken: list[int] = []

    with Background() as loop:
        numbers = loop.iterate(aiter(Source(3000, pause_every=5)))
        threads = [Thread(target=lambda: taken.extend(numbers)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert [*range(1, 3001)] == sorted(taken)


def test_another_thread_that_waits_is_let_go_at_the_end() -> None:
    started, ended = Event(), Event()

    async def never() -> AsyncIterator[int]:
        await for_ever(started, ended)
        yield 0

    got: list[list[int]] = []
    with Background() as loop:
        numbers = loop.iterate(never())
        thread = Thread(target=lambda: got.append(list(numbers)))
        thread.start()
        started.wait(5)
    thread.join()
    assert [[]] == got
    assert [] == list(numbers)


def test_a_call_of_another_thread_that_waits_fails_at_the_end() -> None:
    started, ended = Event(), Event()
    caught: list[str] = []

    def wait() -> None:
        with pytest.raises(RuntimeError) as error:
            loop.run(for_ever(started, ended))
        caught.append(str(error.value))

    with Background() as loop:
        thread = Thread(target=wait)
        thread.start()
        started.wait(5)
    thread.join()
    assert ["it was cancelled, as everything is when a background loop ends"] == caught


def test_it_works_in_a_thread_that_is_not_the_main_one() -> None:
    got: list[int] = []

    def work() -> None:
        with Background() as loop:
            got.append(loop.run(double(4)))
            got.extend(loop.iterate(aiter(Source(3))))

    thread = Thread(target=work)
    thread.start()
    thread.join()
    assert [8, 1, 2, 3] == got


def test_ctrl_c_while_a_call_waits_cancels_it_and_leaves() -> None:
    started, ended = Event(), Event()
    presser = interrupt(started)
    with pytest.raises(KeyboardInterrupt), Background() as loop:
        loop.run(for_ever(started, ended))
    presser.join()
    assert ended.is_set()
    assert [] == loops()


def test_ctrl_c_while_an_iterator_waits_leaves_and_stops_the_loop() -> None:
    taken, ended = Event(), Event()

    async def give() -> AsyncIterator[int]:
        yield 1
        await for_ever(Event(), ended)

    presser = interrupt(taken)
    got: list[int] = []
    with pytest.raises(KeyboardInterrupt), Background() as loop:  # noqa: PT012 - it comes anywhere in the loop
        for number in loop.iterate(give()):
            got.append(number)
            taken.set()
    presser.join()
    gc.collect()
    assert [1] == got
    assert ended.is_set()
    assert [] == loops()


def test_an_iterator_that_was_interrupted_goes_on() -> None:
    waiting, more = Event(), asyncio.Event()

    async def give() -> AsyncIterator[int]:
        await more.wait()
        yield 1

    async def go_on() -> None:
        more.set()

    presser = interrupt(waiting)
    with Background() as loop:
        numbers = loop.iterate(give())
        with pytest.raises(KeyboardInterrupt):  # noqa: PT012 - it comes as soon as somebody waits
            waiting.set()
            next(numbers)
        loop.run(go_on())
        assert [1] == list(numbers)
    presser.join()


def test_who_would_wait_for_himself_is_told() -> None:
    with Background() as loop:

        async def wrong() -> None:
            loop.run(double(1))

        with pytest.raises(RuntimeError, match="await instead"):
            loop.run(wrong())


def test_a_loop_that_was_not_entered_or_has_ended_is_named() -> None:
    loop = Background()
    with pytest.raises(RuntimeError, match="enter it first"):
        loop.run(double(1))
    with loop:
        pass
    with pytest.raises(RuntimeError, match="has ended"):
        loop.run(double(1))
    with pytest.raises(RuntimeError, match="has ended"):
        loop.iterate(aiter(Source(1)))
    with pytest.raises(RuntimeError, match="runs once"):
        loop.__enter__()
    loop.__exit__(None, None, None)


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # later Pythons say that it is no good idea
def test_a_forked_child_is_told_and_can_leave() -> None:
    reading, writing = os.pipe()
    with Background() as loop:
        numbers = loop.iterate(aiter(Source(3)))
        assert 1 == next(numbers)
        child = os.fork()
        if child == 0:
            said = b""
            for use in (lambda: loop.run(double(1)), lambda: list(numbers)):
                try:
                    use()
                except RuntimeError as error:
                    said += f"{error}\n".encode()
            loop.__exit__(None, None, None)
            os.write(writing, said)
            os._exit(0)
        assert 0 == os.waitpid(child, 0)[1]
        assert 4 == loop.run(double(2))
    assert 2 * ["a background loop does not survive a fork: make a new one in the child process"] == (
        os.read(reading, 1000).decode().splitlines()
    )
    os.close(reading)
    os.close(writing)
