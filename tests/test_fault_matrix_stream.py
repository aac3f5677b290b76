"""Faults of the private stream (C10), met while orders are placed, cancelled, replaced and looked up.

What is told of an order never depends on the stream, whatever is lost there, comes twice, too late or too early; what
the stream itself tells in spite of them is the matter of `test_feed_faults`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Generator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from tests.faces import Face, face
from upbit import Upbit
from upbit.feed import AsyncFeed, my_order
from upbit.models import MyOrderEvent
from upbit.paper import PaperExchange, Rule, RunningExchange, running

Options = dict[str, Any]
RESTING: Options = {"market": "KRW-BTC", "side": "bid", "ord_type": "limit", "price": "1000000", "volume": "0.01"}
BUY: Options = {"market": "KRW-BTC", "side": "bid", "ord_type": "price", "price": "10000"}
FAULTS: Mapping[str, Rule] = {
    "nothing is heard of it": Rule(effect="drop", type="myOrder"),
    "its fills are lost": Rule(effect="drop", type="myOrder", state="trade"),
    "its end is lost": Rule(effect="drop", type="myOrder", state="done"),
    "its end comes before its fills": Rule(effect="reorder", type="myOrder", state="trade"),
    "all comes twice": Rule(effect="duplicate", type="myOrder"),
    "all comes late": Rule(effect="late", type="myOrder", milliseconds=200),
    "all comes before the answer": Rule(effect="slow_after", method="POST", milliseconds=100),
    "the socket is closed": Rule(effect="close", path="/websocket/v1/private"),
}


def call(shown: Face, name: str, **arguments: Any) -> Any:
    client = shown.client()
    came = getattr(client.orders, name)(**arguments)
    return came if isinstance(client, Upbit) else shown.run(came)


@contextmanager
def opened(door: str, rule: Rule) -> Generator[PaperExchange | RunningExchange]:
    if door == "inside":
        yield PaperExchange(limited=False, rules=[rule])
    else:
        with running(limited=False, rules=[rule]) as exchange:
            yield exchange


@pytest.mark.parametrize("door", ["inside", "port"])
@pytest.mark.parametrize("awaits", [False, True])
@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_told_of_an_order_does_not_depend_on_the_stream(door: str, awaits: bool, fault: str) -> None:
    with (
        opened(door, FAULTS[fault]) as exchange,
        face(exchange, awaits=awaits) as shown,
        shown.feed(my_order(), client={"timeout": 5}) as feed,
    ):
        feed.live()
        bought = call(shown, "create", **BUY)
        placed = call(shown, "create", **RESTING)
        replaced = call(
            *(shown, "cancel_and_new"),
            **{"prev_order_uuid": placed.uuid, "new_ord_type": "limit", "new_price": "990000", "new_volume": "0.01"},
        )
        cancelled = call(shown, "cancel", uuid=replaced.new_order_uuid)
        looked = call(shown, "retrieve", uuid=bought.uuid)
        assert ["wait"] * 4 == [order.state for order in (bought, placed, replaced, cancelled)]
        assert (bought.uuid, True, True) == (looked.uuid, looked.state in ("done", "cancel"), looked.trades_count > 0)
        assert [] == call(shown, "list_open")
        ended = {order.uuid for order in call(shown, "list_closed")}
        assert {bought.uuid, placed.uuid, cancelled.uuid} == ended


async def test_an_order_may_be_heard_of_before_it_is_answered() -> None:
    paper = PaperExchange(limited=False, rules=[FAULTS["all comes before the answer"]])
    async with paper.async_client() as client, client.feed(my_order()) as feed:
        await feed.live()
        placing = asyncio.create_task(client.orders.create(**BUY))
        heard = [event async for event in first(feed)]
        assert not placing.done()
        assert [(await placing).uuid] == [event.uuid for event in heard]


async def first(feed: AsyncFeed) -> AsyncIterator[MyOrderEvent]:
    async for event in feed:
        if isinstance(event, MyOrderEvent):
            yield event
            return
