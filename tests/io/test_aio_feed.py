"""The tasks of a feed, on the clock of an exchange that nobody waits for."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from datetime import UTC, datetime
from typing import Any, TypeVar

import pytest

from tests.faces import Wire, deal
from tests.virtual import run
from upbit.api.operation import Operation
from upbit.errors import APIConnectionError
from upbit.flow.heal import AUDIT
from upbit.flow.inbox import Inbox
from upbit.flow.intake import Check, Intake
from upbit.flow.pace import Pace
from upbit.flow.session import Session
from upbit.io import Closed
from upbit.io.aio_feed import REST, Crew, Place
from upbit.models import FeedEvent, Gap, TradeEvent
from upbit.paper import PaperExchange
from upbit.subscriptions import Subscription, my_asset, ticker, trade
from upbit.wire.frames import PRIVATE, PUBLIC, TYPES

START = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
T = TypeVar("T")
Ask = Callable[[Operation[..., Any], dict[str, Any]], Awaitable[Any]]
MARKETS = tuple(f"KRW-{number}" for number in range(3 * REST))


class Hall:
    """A crew with an intake, and REST that answers as it is told."""

    def __init__(self, pace: Pace, *wanted: Subscription, wire: Wire | None = None, audit: float | None = None) -> None:
        self.asked: list[tuple[str, str]] = []
        self.times: list[float] = []
        self.at_once = self.most = 0
        self.seconds = 1.0
        self.answer: object = []
        self.inbox = Inbox()
        self.clock = asyncio.get_running_loop().time
        self.intake = Intake(self.inbox, wall=self.clock)
        self.states: list[str] = []
        place = Place("ws://localhost/websocket/v1", wire or Wire(), lambda: "Bearer token", pace, self.ask)
        self.crew = Crew(self.intake, place, audit=audit, told=lambda session: self.states.append(session.state))
        self.sessions: dict[str, Session] = {}
        self.want(*wanted)

    def want(self, *wanted: Subscription) -> None:
        by_path = {path: tuple(one for one in wanted if TYPES[one.type] == path) for path in (PUBLIC, PRIVATE)}
        self.intake.follow(by_path)

    def man(self, *wanted: Subscription, path: str = PUBLIC) -> Session:
        session = self.sessions[path] = Session(path, ticket=lambda: "t", random=lambda: 0.0)
        session.want(wanted)
        self.crew.man(session)
        return session

    async def ask(self, operation: Operation[..., Any], arguments: dict[str, Any]) -> object:
        self.asked.append((operation.name, str(arguments.get("market", ""))))
        self.times.append(self.clock())
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        try:
            await asyncio.sleep(self.seconds)
            if isinstance(self.answer, Exception):
                raise self.answer
            return self.answer
        finally:
            self.at_once -= 1

    def check(self, reason: str, *markets: str) -> None:
        """Have markets looked up."""
        now = datetime.fromtimestamp(self.clock(), UTC)
        for line in self.intake.lines:
            if any(line is self.intake._trades[market] for market in markets):
                self.intake.checks.append(Check(line, reason, line.check(reason, now)))
        self.crew.stir()

    def told(self) -> list[FeedEvent]:
        events: list[FeedEvent] = []
        while (event := self.inbox.take()) is not None:
            events.append(event)
        return events


def play(scene: Callable[[Pace], Coroutine[Any, Any, T]]) -> T:
    """Play a scene in the time of an exchange, and see that no task is left."""
    paper = PaperExchange(start=START)

    async def played() -> T:
        result = await scene(paper.async_client()._terms.pace)
        assert {asyncio.current_task()} == asyncio.all_tasks()
        return result

    return run(played(), paper)


def heard(hall: Hall, *markets: str) -> None:
    """Begin the record of some markets."""
    session = Session(PUBLIC, ticket=lambda: "t", random=lambda: 0.0)
    for market in markets:
        hall.intake.hear(session, deal(1).replace(b"KRW-BTC", market.encode()), hall.clock())
    hall.told()


def test_of_one_line_one_is_looked_up_at_a_time_and_one_waits() -> None:
    async def scene(pace: Pace) -> list[float]:
        hall = Hall(pace, trade("KRW-BTC"))
        heard(hall, "KRW-BTC")
        begin = hall.clock()
        for _ in range(5):
            hall.check("reconnect", "KRW-BTC")
        await asyncio.sleep(60)
        await hall.crew.leave()
        return [round(time - begin) for time in hall.times]

    times = play(scene)
    assert 0 == times[0]
    assert sorted(set(times)) == times, "one after the other"
    assert 2 * 8 == len(times), "two checks, of eight days each"


def test_what_holds_events_back_is_not_displaced_by_an_audit() -> None:
    async def scene(pace: Pace) -> list[type]:
        hall = Hall(pace, trade("KRW-BTC"))
        heard(hall, "KRW-BTC")
        hall.check(AUDIT, "KRW-BTC")
        await asyncio.sleep(0.5)
        hall.check("reconnect", "KRW-BTC")
        hall.check(AUDIT, "KRW-BTC")
        session = Session(PUBLIC, ticket=lambda: "t", random=lambda: 0.0)
        hall.intake.hear(session, deal(2), hall.clock())
        assert [] == hall.told()
        await asyncio.sleep(60)
        await hall.crew.leave()
        return [type(event) for event in hall.told()]

    assert TradeEvent is play(scene)[-1]


def test_so_many_are_looked_up_at_the_same_time_and_no_more() -> None:
    async def scene(pace: Pace) -> tuple[int, int]:
        hall = Hall(pace, trade(*MARKETS))
        heard(hall, *MARKETS)
        hall.check("reconnect", *MARKETS)
        await asyncio.sleep(600)
        await hall.crew.leave()
        return hall.most, len({market for _, market in hall.asked})

    assert (REST, len(MARKETS)) == play(scene)


def test_what_nobody_wants_any_more_is_not_asked_for() -> None:
    async def scene(pace: Pace) -> set[str]:
        hall = Hall(pace, trade(*MARKETS))
        heard(hall, *MARKETS)
        hall.check("reconnect", *MARKETS)
        await asyncio.sleep(0.5)
        hall.want(trade(*MARKETS[:1]))
        await asyncio.sleep(600)
        await hall.crew.leave()
        return {market for _, market in hall.asked}

    assert REST == len(play(scene))


def test_every_line_is_audited_once_in_a_while_evenly() -> None:
    async def scene(pace: Pace) -> list[tuple[float, str]]:
        hall = Hall(pace, audit=60)
        begin = hall.clock()
        await asyncio.sleep(30)
        hall.want(trade("KRW-A", "KRW-B"))
        heard(hall, "KRW-A", "KRW-B")
        await asyncio.sleep(160)
        await hall.crew.leave()
        firsts: dict[tuple[int, str], float] = {}
        for time, (_, market) in zip(hall.times, hall.asked, strict=True):
            firsts.setdefault((int(time - begin) // 60, market), round(time - begin))
        return sorted((time, market) for (_, market), time in firsts.items())

    assert [(90, "KRW-A"), (120, "KRW-B"), (150, "KRW-A"), (180, "KRW-B")] == play(scene)


def test_what_rest_refuses_is_the_lines_business_and_what_else_fails_ends_it_all() -> None:
    async def scene(pace: Pace) -> list[object]:
        hall = Hall(pace, trade("KRW-BTC"), ticker("KRW-BTC"), wire=Wire([]))
        session = hall.man(trade("KRW-BTC"))
        heard(hall, "KRW-BTC")
        hall.answer = APIConnectionError("nobody is there")
        hall.check("reconnect", "KRW-BTC")
        await asyncio.sleep(5)
        (gap,) = hall.told()
        assert isinstance(gap, Gap)
        hall.answer = ZeroDivisionError("a bug")
        hall.check("reconnect", "KRW-BTC")
        with pytest.raises(ZeroDivisionError, match="a bug"):
            await hall.crew.until(lambda: False)
        with pytest.raises(ZeroDivisionError):
            await hall.crew.settle([session])
        await hall.crew.leave()
        return [gap.lost, gap.detail, hall.crew.over, session.state, session.reason, hall.states]

    expected = [None, "nobody is there", True, "closed", "a bug", ["live", "closed"]]
    assert expected == play(scene)


def test_what_fails_at_the_end_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def scene(pace: Pace) -> None:
        hall = Hall(pace, trade("KRW-BTC"))
        heard(hall, "KRW-BTC")

        async def stubborn(operation: Operation[..., Any], arguments: dict[str, Any]) -> object:
            try:
                await asyncio.sleep(100)
            finally:
                raise LookupError("too late")

        hall.crew._place = hall.crew._place._replace(ask=stubborn)
        hall.check("reconnect", "KRW-BTC")
        await asyncio.sleep(1)
        await hall.crew.leave()
        hall.crew.check()

    with caplog.at_level(logging.ERROR, "upbit.feed"):
        play(scene)
    assert "LookupError('too late')" in caplog.text


def test_the_public_socket_has_no_token_and_states_are_told() -> None:
    async def scene(pace: Pace) -> tuple[list[str | None], list[str]]:
        wire = Wire([Closed(1000)], [], [])
        hall = Hall(pace, ticker("KRW-BTC"), my_asset(), wire=wire)
        public, private = hall.man(ticker("KRW-BTC")), hall.man(my_asset(), path=PRIVATE)
        await hall.crew.settle([public, private])
        await asyncio.sleep(10)
        await hall.crew.leave()
        assert "closed" == public.state == private.state
        own = [headers.get("Authorization") for url, headers in zip(wire.urls, wire.headers, strict=True)]
        return own, hall.states

    tokens, states = play(scene)
    assert ["Bearer token", None, None] == sorted(tokens, key=str)
    assert ["live", "live", "live", "waiting"] == sorted(states)


def test_own_things_are_looked_up_once_more_when_the_exchange_listens_for_sure() -> None:
    async def scene(pace: Pace) -> list[float]:
        hall = Hall(pace, my_asset(), wire=Wire([]))
        begin = hall.clock()
        hall.man(my_asset(), path=PRIVATE)
        await asyncio.sleep(20)
        await hall.crew.leave()
        return [round(time - begin) for time in hall.times]

    assert [0, 3] == play(scene)
