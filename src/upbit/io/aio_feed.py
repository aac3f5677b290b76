"""The tasks of a feed: one for each socket, one for each look-up under way, one that audits.

It decides nothing: when to connect is the business of `flow.session`, what is missing that of `flow.intake`. The first
task that fails ends them all, and whoever reads the feed is told why.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any, NamedTuple

from ..api.operation import Operation
from ..errors import APIError
from ..flow.heal import AUDIT, Ask, Heal
from ..flow.intake import START, Check, Intake
from ..flow.pace import Pace
from ..flow.session import Session
from ..models import FeedEvent
from ..wire.frames import PRIVATE, PUBLIC
from . import Dial
from .aio_socket import drive

TAKEN_UP = 3.0
"""Seconds after which the exchange has taken up what was subscribed to."""
TICK = 0.01
"""Seconds between two looks whether a feed has begun."""
REST = 8
"""Look-ups at the same time."""


class Place(NamedTuple):
    """What the sockets of a feed need."""

    ws_url: str
    """The public one."""
    dial: Dial
    token: Callable[[], str] | None
    """Makes the `Authorization` of the other ones."""
    pace: Pace
    ask: Callable[[Operation[..., Any], dict[str, Any]], Awaitable[Any]]
    """Calls an operation."""


class Crew:
    """Whoever works for one feed, in the loop that runs when it is made."""

    def __init__(
        self,
        intake: Intake,
        place: Place,
        *,
        audit: float | None,
        told: Callable[[Session], None],
    ) -> None:
        self._intake = intake
        self._place = place
        self._told = told
        self._wakes: dict[Session, asyncio.Event] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._under_way: dict[int, list[Check]] = {}  # by line: the check that runs, and those after it
        self._room = asyncio.Semaphore(REST)
        self._asleep: set[asyncio.Future[None]] = set()  # readers
        self._failure: BaseException | None = None
        self._log = logging.getLogger("upbit.feed")
        self.clock = asyncio.get_running_loop().time
        """Seconds, of the loop."""
        self.over = False
        """Whether nothing more will come."""
        if audit is not None:
            self._start(self._patrol(audit))

    # -- sockets -------------------------------------------------------------------------------------

    def man(self, session: Session) -> None:
        """Take care of a socket from now on."""
        path = session.path
        wake = self._wakes[session] = asyncio.Event()
        take, asleep = self._intake.hear, self._asleep

        def hear(frame: bytes | str, now: float) -> None:
            stir = take(session, frame, now)
            if asleep:
                self._news()
            if stir:
                wake.set()
                self._look_up()

        def told(session: Session) -> None:
            if session.state == "live":
                self._intake.opened(session)
                self._look_up()
                if path == PRIVATE:
                    self._start(self._look_again(path))
            else:
                self._intake.lost(session, self.clock())
            self._tell(session)

        self._start(
            drive(
                session,
                self._place.dial,
                hear,
                url=f"{self._place.ws_url}{path.removeprefix(PUBLIC)}",
                pace=self._place.pace,
                wake=wake,
                token=None if path == PUBLIC else self._place.token,
                told=told,
            )
        )

    def stir(self) -> None:
        """Let every session say anew what it wants."""
        for wake in self._wakes.values():
            wake.set()
        self._look_up()

    async def leave(self) -> None:
        """End everything."""
        self._end()
        if self._tasks:
            await asyncio.wait(self._tasks)

    # -- readers -------------------------------------------------------------------------------------

    def check(self) -> None:
        """Raise what ended the feed, if it ended by itself."""
        if self._failure is not None:
            raise self._failure

    async def settle(self, sessions: Iterable[Session]) -> None:
        """Wait until everything is subscribed to, and what is ours was read the first time."""
        while not self.over:
            if all(one.said or one.state == "idle" for one in sessions) and self._read_once():
                break
            await asyncio.sleep(TICK)
        self.check()

    def _read_once(self) -> bool:
        return not any(check.reason == START for checks in self._under_way.values() for check in checks)

    async def pause(self) -> None:
        """Let the sockets have their turn."""
        await asyncio.sleep(0)

    def _news(self) -> None:
        """Wake who waits."""
        for reader in self._asleep:
            if not reader.done():
                reader.set_result(None)
        self._asleep.clear()

    async def until(self, happened: Callable[[], object]) -> None:
        """Wait for something that is news, or the end. Raises what ended the feed, if it ended by itself."""
        while not (happened() or self.over):
            reader = asyncio.get_running_loop().create_future()
            self._asleep.add(reader)
            try:
                await reader
            finally:
                self._asleep.discard(reader)
        if not happened():
            self.check()

    # -- look-ups ------------------------------------------------------------------------------------

    def _look_up(self) -> None:
        """Carry out what the intake wants looked up; of one line, one after the other."""
        checks, self._intake.checks = self._intake.checks, []
        for check in checks:
            queue = self._under_way.setdefault(id(check.line), [])
            if len(queue) > 1 and not queue[-1].uuid and not check.uuid:  # one that has not begun finds it all
                if check.reason == AUDIT:
                    continue  # the other one may be what a line waits for that holds events back
                queue.pop()
            queue.append(check)
            if len(queue) == 1:
                self._start(self._work_off(id(check.line)))

    async def _work_off(self, line: int) -> None:
        queue = self._under_way[line]
        while queue:
            check = queue[0]
            events: list[FeedEvent] = []
            async with self._room:
                if self._intake.wants(check.line):
                    events = await self._carry(check.steps)
            self._intake.settle(check, events)
            self._news()
            self._look_up()
            del queue[0]  # not before: as long as it stands there, nobody else begins to work this off
        del self._under_way[line]

    async def _carry(self, steps: Heal[list[FeedEvent]]) -> list[FeedEvent]:
        answer: object = None
        failure: APIError | None = None
        while True:
            try:
                step = steps.send(answer) if failure is None else steps.throw(failure)
            except StopIteration as stop:
                events: list[FeedEvent] = stop.value
                return events
            answer = failure = None
            if isinstance(step, Ask):
                operation, arguments = step
                try:
                    answer = await self._place.ask(operation, arguments)
                except APIError as error:
                    failure = error
            else:
                await asyncio.sleep(step.seconds)

    async def _look_again(self, path: str) -> None:
        """Look up once more what happened before the exchange had taken the subscription up."""
        await asyncio.sleep(TAKEN_UP)
        self._intake.reaudit(path)
        self._look_up()

    async def _patrol(self, seconds: float) -> None:
        """Look every line up once in so many seconds, evenly."""
        while True:
            lines = self._intake.lines
            if not lines:
                await asyncio.sleep(seconds)
            for line in lines:
                await asyncio.sleep(seconds / len(lines))
                if id(line) not in self._under_way:
                    self._intake.audit(line)
                    self._look_up()

    # -- tasks ---------------------------------------------------------------------------------------

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if task.cancelled() or (error := task.exception()) is None:
            return
        if self.over:
            self._log.error("while the feed ended: %r", error)
            return
        self._failure = error
        self._end()
        for session in self._wakes:
            session.lost(str(error), self.clock())
            self._tell(session)

    def _end(self) -> None:
        self.over = True
        for session in self._wakes:
            session.close()
        for task in self._tasks:
            task.cancel()
        self._news()

    def _tell(self, session: Session) -> None:
        self._told(session)
        self._news()
