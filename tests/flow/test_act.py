"""Acts: one method for both faces."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.fakes import AsyncScriptedTransport, FrozenClock, ScriptedTransport, answer
from upbit import AsyncUpbit, Upbit
from upbit.api import Accounts
from upbit.api.operation import Face
from upbit.flow.act import Act, Actor, act
from upbit.flow.intent import ask
from upbit.flow.steps import Flow, Sleep


class Clerk(Actor[Face]):
    def __init__(self, client: Any) -> None:
        super().__init__(client.carry_out)
        self.client = client

    @act
    def count(self, more: int, *, pause: float = 0) -> Flow[int]:
        """Count the balances."""
        yield Sleep(pause)
        balances = yield from ask(Accounts.list, {}, self.client._terms)
        return len(balances) + more


def test_an_act_returns_on_one_face_and_is_awaited_on_the_other() -> None:
    clock = FrozenClock()
    sync: Clerk[Any] = Clerk(Upbit("a", "s", transport=ScriptedTransport(answer([])), sleep=clock.sleep))
    assert 2 == sync.count(2, pause=7)
    other = AsyncUpbit("a", "s", transport=AsyncScriptedTransport(answer([])), sleep=clock.sleep_async)
    clerk: Clerk[Any] = Clerk(other)
    assert 3 == asyncio.run(clerk.count(3, pause=8))
    assert [7, 8] == clock.slept


def test_an_act_says_what_it_is() -> None:
    assert isinstance(Clerk.count, Act)
    bound: Any = Clerk(Upbit("a", "s")).count
    assert ("count", "Count the balances.", "Count the balances.") == (
        bound.__name__,
        bound.__doc__,
        Clerk.count.__doc__,
    )
