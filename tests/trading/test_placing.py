"""A process that dies at any step of an order: the next one finds it out, and never is there a second order."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.trading.desk import MARKET, START, Desk
from tests.virtual import run
from upbit import Halted
from upbit.paper import PaperExchange, Rule
from upbit.trading import Journal

Open = Callable[..., Desk]
POST = {"method": "POST", "path": "/v1/orders"}


class Crash(BaseException):
    """The end of a process."""


class Doomed(Journal):
    """A journal whose process ends when it comes to a step for so many times, before or after writing it down."""

    def die(self, step: str, times: int, *, written: bool) -> None:
        self._step, self._times, self._written = step, times, written

    def begin(self, *what: Any) -> None:
        self._meet("begin", lambda: super(Doomed, self).begin(*what))

    def note(self, identifier: str, step: str, detail: str = "") -> None:
        self._meet(step, lambda: super(Doomed, self).note(identifier, step, detail))

    def settle(self, *what: Any) -> None:
        self._meet("settle", lambda: super(Doomed, self).settle(*what))

    def _meet(self, step: str, write: Callable[[], None]) -> None:
        self._times -= step == self._step
        if step == self._step and not self._times and not self._written:
            raise Crash
        write()
        if step == self._step and not self._times:
            raise Crash


STEPS = [
    ("begin", 1, None),
    ("sending", 1, None),
    ("accepted", 1, None),
    ("settle", 1, None),
    ("unknown", 1, "lost_answer"),
    ("looking", 1, "lost_answer"),
    ("adopted", 1, "lost_answer"),
    ("settle", 1, "lost_answer"),
    ("unknown", 1, "lost_request"),
    ("looking", 5, "lost_request"),
    ("sending", 2, "lost_request"),
    ("accepted", 1, "lost_request"),
]


@pytest.mark.parametrize("written", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(("step", "times", "effect"), STEPS)
def test_what_a_dead_process_left_is_found_out(inside: Open, step: str, times: int, effect: Any, written: bool) -> None:
    desk = inside(rules=[Rule(effect=effect, times=1, **POST)] if effect else [])
    journal = Doomed(desk.folder / "journal")
    journal.die(step, times, written=written)
    trader = desk.trader(journal=journal)
    with pytest.raises(Crash):
        trader.buy(MARKET, quote=10_000, identifier="mine")
    journal.close()
    there = [order.identifier for order in desk.orders()]
    assert there in ([], ["mine"])
    with desk.trader() as trader:
        begun = trader.journal.entry("mine")
        found = [(one.identifier, one.outcome) for one in trader.recovered]
        assert [] == trader.journal.open()
        assert "accepted" == trader.buy(MARKET, quote=10_000).status
    if begun is None:
        assert ("begin", False, []) == (step, written, there)
    elif step == "settle" and written:
        assert [] == found
    else:
        assert [("mine", "adopted" if there else "abandoned")] == found
    assert there == [order.identifier for order in desk.orders()][1:]


@pytest.mark.parametrize("cancel_open", [False, True])
def test_closing_waits_for_what_is_under_way(tmp_path: Path, cancel_open: bool) -> None:
    exchange = PaperExchange(start=START, rules=[Rule(effect="slow_after", milliseconds=5_000, **POST)])

    async def trade() -> tuple[str, list[str]]:
        import asyncio

        client = exchange.async_client()
        trader = client.trading("paper", journal=tmp_path / "journal", switch=tmp_path / "switch")
        price = (await client.tickers.list(MARKET))[0].trade_price // 2000 * 1000
        buying = asyncio.create_task(trader.buy(MARKET, price=price, quote=10_000, identifier="mine"))
        await asyncio.sleep(1)
        await trader.close(cancel_open=cancel_open)
        assert buying.done()
        with pytest.raises(Halted, match="this trader is closed"):
            await trader.buy(MARKET, quote=10_000)
        return (await buying).status, [one.state for one in await client.orders.list(identifiers=["mine"])]

    assert ("accepted", ["cancel" if cancel_open else "wait"]) == run(trade(), exchange)
    journal = Journal(tmp_path / "journal")
    assert ([], "accepted") == (journal.open(), getattr(journal.entry("mine"), "outcome", None))
    journal.close()
