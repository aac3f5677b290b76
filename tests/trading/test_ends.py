"""Waiting for an order's end: by the stream while it is there, else by asking."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from tests.trading.desk import MARKET, START
from tests.virtual import run
from upbit import OrderNotFoundError
from upbit.errors import APIConnectionError
from upbit.models import MyOrderEvent
from upbit.paper import PaperExchange, Rule
from upbit.paper.admin import Fill
from upbit.trading import Status
from upbit.trading.ends import REMEMBERED, Live

PRIVATE = "/websocket/v1/private"
WITNESS = Rule(effect="skew", milliseconds=0, method="GET", path="/v1/order")
"""Harms nobody, and counts the questions."""


def at(seconds: float) -> int:
    return round((START.timestamp() + seconds) * 1000)


class Waited(NamedTuple):
    status: Status
    seconds: float
    """After the order had been placed."""
    asked: int
    """How often the order was looked up."""


def waited(folder: Path, *rules: Rule, live: bool, fills: float | None = None, timeout: float | None = None) -> Waited:
    """Place an order that fills so many seconds later, if ever, and wait for its end."""
    exchange = PaperExchange(start=START, rules=[WITNESS, *rules], pulse=0.1)

    async def trade() -> Waited:
        client = exchange.async_client()
        async with client.trading("paper", live=live, journal=folder / "journal", switch=folder / "switch") as trader:
            await asyncio.sleep(5)
            price = (await client.tickers.list(MARKET))[0].trade_price // 2000 * 1000
            order = await trader.buy(MARKET, price=price, quote=10_000)
            begin = exchange.exchange.now
            if fills is not None:
                asyncio.get_running_loop().call_later(fills, exchange.control.carry_out, Fill(uuid=order.uuid))
            ended = await trader.wait(order, timeout)
            asked = sum(fault.effect == "skew" for fault in exchange.chaos.faults)
            return Waited(ended.status, (exchange.exchange.now - begin) / 1000, asked)

    return run(trade(), exchange)


def test_the_stream_tells_the_end_at_once_and_spares_questions(tmp_path: Path) -> None:
    status, seconds, asked = waited(tmp_path, live=True, fills=12)
    assert ("filled", 2) == (status, asked)
    assert 12 <= seconds < 12.5


def test_without_a_stream_the_exchange_is_asked_less_and_less_often(tmp_path: Path) -> None:
    status, seconds, asked = waited(tmp_path, live=False, fills=12)
    assert "filled" == status
    assert 12 <= seconds < 14.1
    assert 8 <= asked <= 14


@pytest.mark.parametrize(
    "rules",
    [
        [Rule(effect="close", path=PRIVATE, since=at(6)), Rule(effect="refuse_socket", path=PRIVATE, since=at(6))],
        [Rule(effect="refuse_socket", path=PRIVATE)],
    ],
    ids=["lost", "never there"],
)
def test_a_stream_that_is_not_there_is_not_waited_for(tmp_path: Path, rules: list[Rule]) -> None:
    status, seconds, _ = waited(tmp_path, *rules, live=True, fills=12)
    assert "filled" == status
    assert 12 <= seconds < 14.1


def test_an_end_that_the_stream_forgot_is_found_all_the_same(tmp_path: Path) -> None:
    status, seconds, _ = waited(tmp_path, Rule(effect="drop", type="myOrder"), live=True, fills=5)
    assert "filled" == status
    assert seconds < 16


def test_a_read_that_lags_behind_the_stream_is_repeated(tmp_path: Path) -> None:
    lag = Rule(effect="stale", method="GET", path="/v1/order", milliseconds=3_000)
    status, seconds, asked = waited(tmp_path, lag, live=True, fills=10)
    assert "filled" == status
    assert 13 <= seconds < 15
    assert asked < 15


@pytest.mark.parametrize("live", [True, False])
def test_the_time_to_wait_is_kept(tmp_path: Path, live: bool) -> None:
    status, seconds, _ = waited(tmp_path, live=live, timeout=3)
    assert "accepted" == status
    assert 3 <= seconds < 3.1


def test_a_failure_that_passes_is_waited_out(tmp_path: Path) -> None:
    away = Rule(effect="unreachable", path="/v1/order", since=at(6), until=at(30))
    assert "filled" == waited(tmp_path, away, live=False, fills=12).status


def test_an_order_that_was_never_seen_is_an_error(tmp_path: Path) -> None:
    gone = Rule(effect="unreachable", method="GET", path="/v1/order")
    with pytest.raises(APIConnectionError):
        waited(tmp_path, gone, live=False, timeout=3)
    hidden = Rule(effect="refuse", name="order_not_found", method="GET", path="/v1/order")
    (tmp_path / "journal").unlink()
    with pytest.raises(OrderNotFoundError):
        waited(tmp_path, hidden, live=False)


def test_only_the_newest_ends_are_remembered() -> None:
    event = MyOrderEvent(
        type="myOrder", code=MARKET, uuid="", ask_bid="BID", order_type="limit", state="done",
        executed_volume=Decimal(1),
        trades_count=1, reserved_fee=Decimal(0), remaining_fee=Decimal(0), paid_fee=Decimal(0), locked=Decimal(0),
        order_timestamp=at(0), timestamp=at(1),
    )  # fmt: skip
    live = Live()
    live.connected = True
    for number in range(REMEMBERED + 1):
        live.apply(msgspec.structs.replace(event, uuid=str(number)))
    assert [True, False, False] == [live.watches(uuid) for uuid in ("0", "1", str(REMEMBERED))]
