"""Looking orders up."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.paper.visitor import START, Visitor
from upbit.api import Orders
from upbit.paper.bars import DAY
from upbit.paper.desk.lookup import list_closed
from upbit.paper.desk.orders import create
from upbit.paper.exchange import Caller

D = Decimal

LIMIT: dict[str, Any] = {
    "market": "KRW-BTC",
    "side": "bid",
    "ord_type": "limit",
    "price": 10_000_000,
    "volume": "0.001",
}


def place(visitor: Visitor, **changes: Any) -> str:
    uuid: str = visitor.ask(Orders.create, **(LIMIT | changes))["uuid"]
    return uuid


@pytest.fixture
def visitor() -> Visitor:
    return Visitor()


@pytest.fixture
def five(visitor: Visitor) -> list[str]:
    """Three that wait, one done, one cancelled; oldest first."""
    uuids = [place(visitor, identifier=f"number-{number}") for number in range(2)]
    uuids.append(place(visitor, market="KRW-ETH", price=1_000_000, volume="0.01"))
    uuids.append(place(visitor, price=120_000_000))
    uuids.append(place(visitor))
    visitor.ask(Orders.cancel, uuid=uuids[4])
    return uuids


def listed(visitor: Visitor, operation: Any, **arguments: Any) -> list[str]:
    return [order["uuid"] for order in visitor.ask(operation, **arguments)]


def test_one_order_is_looked_up_with_its_fills_and_a_list_with_its_funds(visitor: Visitor, five: list[str]) -> None:
    one = visitor.ask(Orders.retrieve, uuid=five[3])
    assert ("done", 1, False) == (one["state"], len(one["trades"]), "executed_funds" in one)
    assert ["market", "uuid", "price", "volume", "funds", "trend", "created_at", "side"] == list(one["trades"][0])
    row = visitor.ask(Orders.list, uuids=[five[3]])[0]
    assert (one["trades"][0]["funds"], False) == (row["executed_funds"], "trades" in row)
    assert [] == visitor.ask(Orders.retrieve, identifier="number-0")["trades"]


def test_an_order_has_one_of_two_names_and_the_uuid_wins(visitor: Visitor, five: list[str]) -> None:
    assert five[0] == visitor.ask(Orders.retrieve, uuid=five[0], identifier="number-1")["uuid"]
    assert five[1] == visitor.ask(Orders.retrieve, identifier="number-1")["uuid"]
    assert (404, "order_not_found") == visitor.refused(Orders.retrieve, identifier="nobody")
    assert (404, "order_not_found") == visitor.refused(Orders.retrieve, uuid="nobody")
    assert (400, "validation_error") == visitor.refused(Orders.retrieve)


def test_orders_of_other_pockets_are_nobodys(visitor: Visitor, five: list[str]) -> None:
    key = visitor.exchange.issue_key(visitor.exchange.pockets.add("other"))
    assert (404, "order_not_found") == visitor.refused(Orders.retrieve, key=key, uuid=five[0])
    assert [] == visitor.ask(Orders.list, key=key)


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ({"uuids": [0, 2]}, [2, 0]),
        ({"uuids": [0, 3], "order_by": "asc"}, [0, 3]),
        ({"identifiers": ["number-1", "nobody"]}, [1]),
        ({"uuids": [0, 2], "market": "KRW-ETH"}, [2]),
    ],
)
def test_orders_are_listed_by_name(visitor: Visitor, five: list[str], arguments: Any, found: list[int]) -> None:
    if "uuids" in arguments:
        arguments = arguments | {"uuids": [five[number] for number in arguments["uuids"]]}
    assert [five[number] for number in found] == listed(visitor, Orders.list_by_uuids, **arguments)


@pytest.mark.parametrize(
    "arguments",
    [{}, {"uuids": ["a"], "identifiers": ["a"]}, {"uuids": ["a"] * 101}],
)
def test_names_are_of_one_kind_and_at_most_a_hundred(visitor: Visitor, arguments: Any) -> None:
    assert (400, "validation_error") == visitor.refused(Orders.list_by_uuids, **arguments)


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ({}, [2, 1, 0]),
        ({"order_by": "asc"}, [0, 1, 2]),
        ({"market": "KRW-BTC"}, [1, 0]),
        ({"state": "wait"}, [2, 1, 0]),
        ({"state": "watch"}, []),
        ({"states": ["wait", "watch"]}, [2, 1, 0]),
        ({"limit": 2}, [2, 1]),
        ({"limit": 2, "page": 2}, [0]),
        ({"page": 3}, []),
    ],
)
def test_open_orders_come_in_pages(visitor: Visitor, five: list[str], arguments: Any, found: list[int]) -> None:
    assert [five[number] for number in found] == listed(visitor, Orders.list_open, **arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        {"limit": 101},
        {"limit": 0},
        {"page": 0},
        {"state": "wait", "states": ["wait"]},
        {"states": ["done"]},
        {"state": "done"},
        {"order_by": "up"},
    ],
)
def test_open_orders_are_not_listed_by_nonsense(visitor: Visitor, arguments: Any) -> None:
    assert (400, "validation_error") == visitor.refused(Orders.list_open, **arguments)


def test_an_unknown_market_is_refused(visitor: Visitor) -> None:
    for operation in (Orders.list, Orders.list_open, Orders.list_closed, Orders.retrieve_chance):
        assert (400, "notfoundmarket") == visitor.refused(operation, market="KRW-NONE")


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ({}, [4, 3]),
        ({"order_by": "asc"}, [3, 4]),
        ({"state": "done"}, [3]),
        ({"states": ["cancel"]}, [4]),
        ({"limit": 1}, [4]),
        ({"limit": 1000}, [4, 3]),
        ({"market": "KRW-ETH"}, []),
    ],
)
def test_closed_orders_come_by_state(visitor: Visitor, five: list[str], arguments: Any, found: list[int]) -> None:
    assert [five[number] for number in found] == listed(visitor, Orders.list_closed, **arguments)


def test_closed_orders_are_those_of_seven_days(visitor: Visitor) -> None:
    """Eight days go by for the desk only: the market need not live them."""
    now = START + 8 * DAY

    def buy(at: int) -> str:
        ticket = LIMIT | {"price": D(120_000_000), "volume": D("0.001")}
        return create(Caller(visitor.exchange, visitor.exchange.account, None, at), **ticket).uuid

    def closed(**window: Any) -> list[str]:
        return [order.uuid for order in list_closed(caller, **window)]

    caller = Caller(visitor.exchange, visitor.exchange.account, None, now)
    first, second = buy(START), buy(now)
    before, after = str(START - 1000), str(START + 1000)
    assert [second] == closed()
    assert [first] == closed(start_time=before)
    assert [first] == closed(end_time=after)
    assert [first] == closed(start_time=before, end_time=after)
    assert [] == closed(start_time=after)
    assert [second] == closed(start_time=str(START + 2 * DAY))
    assert [] == closed(end_time=before)
    assert [second] == closed(end_time=datetime.fromtimestamp(now / 1000, UTC))
    assert [first] == closed(end_time="2026-09-21T23:15:00+09:00")


@pytest.mark.parametrize(
    "arguments",
    [
        {"limit": 1001},
        {"start_time": "yesterday"},
        {"end_time": "2026-13-01"},
        {"start_time": str(START), "end_time": str(START - 1)},
        {"start_time": str(START), "end_time": str(START + 7 * DAY + 1)},
        {"states": ["wait"]},
    ],
)
def test_closed_orders_are_not_listed_by_nonsense(visitor: Visitor, arguments: Any) -> None:
    assert (400, "validation_error") == visitor.refused(Orders.list_closed, **arguments)


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ({}, [2, 1, 0]),
        ({"state": "done"}, [3]),
        ({"states": ["done", "cancel"]}, [4, 3]),
        ({"states": ["done", "cancel"], "order_by": "asc"}, [3, 4]),
        ({"identifiers": ["number-0", "number-1"]}, [1, 0]),
        ({"limit": 1, "page": 2}, [1]),
    ],
)
def test_the_list_of_2023_is_still_there(visitor: Visitor, five: list[str], arguments: Any, found: list[int]) -> None:
    assert [five[number] for number in found] == listed(visitor, Orders.list, **arguments)
    assert [five[3], five[0]] == listed(visitor, Orders.list, uuids=[five[0], five[3]]), "named, every state shows"


def test_open_and_closed_orders_do_not_mix(visitor: Visitor) -> None:
    assert (400, "validation_error") == visitor.refused(Orders.list, states=["wait", "done"])
    assert (400, "validation_error") == visitor.refused(Orders.list, states=["open"])


def test_what_can_be_ordered_now(visitor: Visitor) -> None:
    chance = visitor.ask(Orders.retrieve_chance, market="KRW-BTC")
    types = ["best_fok", "best_ioc", "limit", "limit_fok", "limit_ioc"]
    assert {
        "id": "KRW-BTC",
        "name": "BTC/KRW",
        "order_types": ["limit"],
        "order_sides": ["ask", "bid"],
        "bid_types": [*types, "price"],
        "ask_types": [*types, "market"],
        "bid": {"currency": "KRW", "min_total": "5000"},
        "ask": {"currency": "BTC", "min_total": "5000"},
        "max_total": "1000000000",
        "state": "active",
    } == chance["market"]
    assert ("0.0005", "0.0005") == (chance["bid_fee"], chance["maker_ask_fee"])
    assert "0" == visitor.ask(Orders.retrieve_chance, market="KRW-ADA")["ask_account"]["balance"]
    dollars = visitor.ask(Orders.retrieve_chance, market="USDT-BTC")
    assert ("0.0025", "0.5") == (dollars["bid_fee"], dollars["market"]["bid"]["min_total"])


def test_what_could_be_ordered_in_2023() -> None:
    chance = Visitor("2023").ask(Orders.retrieve_chance, market="KRW-BTC")["market"]
    assert (["limit", "price"], {"currency": "KRW", "price_unit": None, "min_total": 5000}, "1000000000.0") == (
        chance["bid_types"],
        chance["bid"],
        chance["max_total"],
    )
