"""Faults of the private stream (C10), met while orders are placed, cancelled, replaced and looked up.

What is told of an order never depends on the stream, whatever is lost there, comes twice, too late or too early; what
the stream itself tells in spite of them is the matter of `test_feed_faults`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Generator, Mapping
from typing import Any, cast

import pytest

from tests.faces import Face, face
from upbit import Upbit
from upbit.feed import my_order
from upbit.models import MyOrderEvent, Order
from upbit.paper import PaperExchange, Rule, RunningExchange, running

RESTING = {"market": "KRW-BTC", "side": "bid", "ord_type": "limit", "price": "1000000", "volume": "0.01"}
BUY = {"market": "KRW-BTC", "side": "bid", "ord_type": "price", "price": "10000"}
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


@pytest.fixture(params=["inside", "port"])
def exchange(request: pytest.FixtureRequest) -> Generator[PaperExchange | RunningExchange]:
    if request.param == "inside":
        yield PaperExchange(limited=False)
    else:
        with running(limited=False) as exchange:
            yield exchange


def call(shown: Face, name: str, **arguments: Any) -> Order:
    client = shown.client()
    came = getattr(client.orders, name)(**arguments)
    return cast("Order", came if isinstance(client, Upbit) else shown.run(came))
XX
