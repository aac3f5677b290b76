"""Placing and cancelling, as the exchange answers it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.paper.visitor import Visitor
from upbit.api import Accounts, Orders

LIMIT: dict[str, Any] = {
    "market": "KRW-BTC",
    "side": "bid",
    "ord_type": "limit",
    "price": 10_000_000,
    "volume": "0.001",
}


@pytest.fixture
def visitor() -> Visitor:
    return Visitor()


def place(visitor: Visitor, **changes: Any) -> Any:
    asked = LIMIT | changes
    return visitor.ask(Orders.create, **{name: value for name, value in asked.items() if value is not None})


def error(visitor: Visitor, **changes: Any) -> tuple[int, str | int]:
    asked = LIMIT | changes
    return visitor.refused(Orders.create, **{name: value for name, value in asked.items() if value is not None})


def test_a_limit_order_is_answered_as_accepted_and_locks_its_total_with_the_fee(visitor: Visitor) -> None:
    answer = visitor.call(Orders.create, **LIMIT)
    order = answer.result
    assert 201 == answer.status
    assert [
        "uuid",
        "side",
        "ord_type",
        "price",
        "state",
        "market",
        "created_at",
        "volume",
        "remaining_volume",
        "prevented_volume",
        "reserved_fee",
        "remaining_fee",
        "paid_fee",
        "locked",
        "prevented_locked",
        "executed_volume",
        "trades_count",
        "smp_type",
    ] == list(order)
    assert ("wait", "5", "10005", "cancel_maker") == (
        order["state"],
        order["reserved_fee"],
        order["locked"],
        order["smp_type"],
    )
    assert "2026-09-21T23:14:00+09:00" == order["created_at"]
    assert "10005" == visitor.ask(Accounts.list)[0]["locked"]


def test_a_market_buy_shows_no_volume_and_ends_in_cancel_with_its_remainder(visitor: Visitor) -> None:
    order = place(visitor, ord_type="price", price=10_000, volume=None)
    assert not {"volume", "remaining_volume", "prevented_volume"} & order.keys()
    assert ("wait", "0") == (order["state"], order["executed_volume"])
    found = visitor.ask(Orders.retrieve, uuid=order["uuid"])
    assert ("cancel", "5") == (found["state"], found["reserved_fee"])
    spent = sum((Decimal(trade["funds"]) for trade in found["trades"]), Decimal(0))
    assert Decimal(found["locked"]) == Decimal("10005") - spent - Decimal(found["paid_fee"])
    assert "up" == found["trades"][0]["trend"]


def test_a_market_sell_shows_no_price_and_is_done(visitor: Visitor) -> None:
    order = place(visitor, side="ask", ord_type="market", price=None, volume="0.001")
    assert "price" not in order
    assert "done" == visitor.ask(Orders.retrieve, uuid=order["uuid"])["state"]


@pytest.mark.parametrize(
    ("changes", "status", "name"),
    [
        ({"market": "KRW-BTCs"}, 400, "notfoundmarket"),
        ({"side": "buy"}, 400, "validation_error"),
        ({"ord_type": "stop"}, 400, "validation_error"),
        ({"ord_type": "price"}, 400, "create_bid_error"),
        ({"ord_type": "market"}, 400, "create_bid_error"),
        ({"volume": None}, 400, "create_bid_error"),
        ({"side": "ask", "ord_type": "market"}, 400, "create_ask_error"),
        ({"side": "ask", "ord_type": "price", "volume": None}, 400, "create_ask_error"),
        ({"side": "ask", "price": 200_000_000, "volume": 2}, 400, "insufficient_funds_ask"),
        ({"volume": "1.5"}, 400, "insufficient_funds_bid"),
        ({"volume": "0.0001"}, 400, "under_min_total_bid"),
        ({"side": "ask", "price": 200_000_000, "volume": "0.00001"}, 400, "under_min_total_ask"),
        ({"side": "ask", "ord_type": "market", "price": None, "volume": "0.00001"}, 400, "under_min_total_market_ask"),
        ({"volume": "1000"}, 400, "over_krw_funds_bid"),
        ({"price": 10_000_500}, 400, "invalid_price_bid"),
        ({"side": "ask", "price": 200_000_500}, 400, "invalid_price_ask"),
        ({"volume": "0.000000001"}, 400, "invalid_volume_bid"),
        ({"volume": "0"}, 400, "invalid_volume_bid"),
        ({"time_in_force": "day"}, 400, "validation_error"),
        ({"ord_type": "best", "volume": None, "price": 10_000}, 400, "invalid_time_in_force"),
        ({"ord_type": "price", "volume": None, "time_in_force": "ioc"}, 400, "invalid_time_in_force"),
        ({"time_in_force": "post_only", "smp_type": "reduce"}, 400, "invalid_post_only"),
        ({"identifier": "x" * 65}, 400, "validation_error"),
    ],
)
def test_an_order_that_cannot_be_is_refused_by_its_name(
    visitor: Visitor, changes: dict[str, Any], status: int, name: str
) -> None:
    assert (status, name) == error(visitor, **changes)
    assert [] == visitor.ask(Orders.list)


def test_an_identifier_is_used_up_for_ever(visitor: Visitor) -> None:
    order = place(visitor, identifier="mine")
    assert "mine" == order["identifier"]
    visitor.ask(Orders.cancel, identifier="mine")
    assert (400, "duplicated_identifier") == error(visitor, identifier="mine")
    assert error(visitor, identifier="other", volume="0.0001")[1] == "under_min_total_bid"
    place(visitor, identifier="other")


def test_a_message_names_what_is_missing(visitor: Visitor) -> None:
    answer = visitor.call(Orders.create, **(LIMIT | {"volume": "1.5"}))
    assert "주문가능한 금액(KRW)이 부족합니다." == answer.result["error"]["message"]


def test_an_order_is_cancelled_once_and_shown_as_it_was(visitor: Visitor) -> None:
    order = place(visitor)
    assert order | {"state": "wait"} == visitor.ask(Orders.cancel, uuid=order["uuid"])
    assert "cancel" == visitor.ask(Orders.retrieve, uuid=order["uuid"])["state"]
    assert (404, "order_not_found") == visitor.refused(Orders.cancel, uuid=order["uuid"])
    assert (400, "validation_error") == visitor.refused(Orders.cancel)
    assert "0" == visitor.ask(Accounts.list)[0]["locked"]


def test_an_order_checked_is_not_an_order(visitor: Visitor) -> None:
    answer = visitor.call(Orders.test_create, **LIMIT, identifier="mine")
    assert (201, "wait", "mine") == (answer.status, answer.result["state"], answer.result["identifier"])
    assert [] == visitor.ask(Orders.list)
    assert (404, "order_not_found") == visitor.refused(Orders.retrieve, identifier="mine")
    place(visitor, identifier="mine")
    assert (400, "insufficient_funds_bid") == visitor.refused(Orders.test_create, **(LIMIT | {"volume": "1.5"}))


def test_an_order_is_replaced_by_what_remained_of_it(visitor: Visitor) -> None:
    old = place(visitor, identifier="old")
    answer = visitor.call(
        Orders.cancel_and_new,
        prev_order_identifier="old",
        new_ord_type="limit",
        new_volume="remain_only",
        new_price=11_000_000,
        new_identifier="new",
    )
    assert (200, old["uuid"], "wait", "new") == (
        answer.status,
        answer.result["uuid"],
        answer.result["state"],
        answer.result["new_order_identifier"],
    )
    new = visitor.ask(Orders.retrieve, uuid=answer.result["new_order_uuid"])
    assert ("11000000", "0.001", "wait", "bid") == (new["price"], new["volume"], new["state"], new["side"])
    assert "cancel" == visitor.ask(Orders.retrieve, identifier="old")["state"]
    again = visitor.refused(Orders.cancel_and_new, prev_order_uuid=old["uuid"], new_ord_type="limit", new_price=1)
    assert "order_not_found" == again[1] or "create_bid_error" == again[1]


def test_a_refused_replacement_leaves_the_order_alone(visitor: Visitor) -> None:
    old = place(visitor)
    how = {"prev_order_uuid": old["uuid"], "new_ord_type": "limit", "new_volume": "0.0001", "new_price": 10_000_000}
    assert (400, "under_min_total_bid") == visitor.refused(Orders.cancel_and_new, **how)
    assert "wait" == visitor.ask(Orders.retrieve, uuid=old["uuid"])["state"]


def test_a_batch_says_what_was_cancelled_and_what_failed(visitor: Visitor) -> None:
    first, second = place(visitor), place(visitor, identifier="second")
    visitor.ask(Orders.cancel, uuid=first["uuid"])
    answer = visitor.ask(Orders.cancel_by_uuids, uuids=[first["uuid"], second["uuid"], "nobody"])
    assert {
        "success": {
            "count": 1,
            "orders": [{"uuid": second["uuid"], "market": "KRW-BTC", "identifier": "second"}],
        },
        "failed": {"count": 1, "orders": [{"uuid": first["uuid"], "market": "KRW-BTC"}]},
    } == answer


@pytest.mark.parametrize(
    "arguments",
    [{}, {"uuids": ["a"], "identifiers": ["b"]}, {"uuids": [str(number) for number in range(21)]}],
)
def test_a_batch_names_orders_in_one_way_and_not_too_many(visitor: Visitor, arguments: Any) -> None:
    assert (400, "validation_error") == visitor.refused(Orders.cancel_by_uuids, **arguments)


@pytest.fixture
def three() -> tuple[Visitor, list[str]]:
    visitor = Visitor()
    orders = [
        place(visitor),
        place(visitor, side="ask", price=200_000_000),
        place(visitor, market="BTC-ETH", price="0.01", volume="0.1"),
    ]
    return visitor, [order["uuid"] for order in orders]


@pytest.mark.parametrize(
    ("arguments", "cancelled"),
    [
        ({}, [2, 1, 0]),
        ({"order_by": "asc"}, [0, 1, 2]),
        ({"cancel_side": "all", "count": 2}, [2, 1]),
        ({"cancel_side": "ask"}, [1]),
        ({"cancel_side": "bid"}, [2, 0]),
        ({"pairs": "KRW-BTC"}, [1, 0]),
        ({"pairs": ["KRW-BTC", "BTC-ETH"], "excluded_pairs": "KRW-BTC"}, [2]),
        ({"quote_currencies": "BTC"}, [2]),
        ({"excluded_pairs": "BTC-ETH"}, [1, 0]),
    ],
)
def test_open_orders_are_cancelled_by_side_and_market(
    three: tuple[Visitor, list[str]], arguments: Any, cancelled: list[int]
) -> None:
    visitor, uuids = three
    answer = visitor.ask(Orders.cancel_open, **arguments)
    assert [uuids[number] for number in cancelled] == [order["uuid"] for order in answer["success"]["orders"]]
    assert (len(cancelled), 0) == (answer["success"]["count"], answer["failed"]["count"])


@pytest.mark.parametrize(
    "arguments",
    [
        {"pairs": "KRW-BTC", "quote_currencies": "KRW"},
        {"pairs": ["KRW-BTC"] * 21},
        {"excluded_pairs": ["KRW-BTC"] * 21},
        {"count": 301},
        {"count": 0},
    ],
)
def test_open_orders_are_not_cancelled_by_nonsense(three: tuple[Visitor, list[str]], arguments: Any) -> None:
    visitor, _ = three
    assert (400, "validation_error") == visitor.refused(Orders.cancel_open, **arguments)
    assert 3 == len(visitor.ask(Orders.list))


# -- by date -----------------------------------------------------------------------------------------


def test_the_order_of_2023_has_neither_conditions_nor_prevention() -> None:
    visitor = Visitor("2023")
    order = place(visitor, identifier="mine", smp_type="reduce")
    assert not {"identifier", "smp_type", "prevented_volume", "prevented_locked"} & order.keys()
    assert "0.0" == order["avg_price"]
    assert "avg_price" not in visitor.ask(Orders.retrieve, uuid=order["uuid"])
    assert (400, "validation_error") == error(visitor, time_in_force="ioc")
    assert (400, "validation_error") == error(visitor, ord_type="best", volume=None)


def test_post_only_came_with_the_prevention_of_self_matches() -> None:
    assert (400, "invalid_time_in_force") == error(Visitor("2025-07-01"), time_in_force="post_only")
    order = place(Visitor("2025-07-02"), time_in_force="post_only")
    assert ("post_only", False) == (order["time_in_force"], "smp_type" in order)


@pytest.mark.parametrize(
    ("profile", "changes", "shown"),
    [
        ("2026-11-08", {}, None),
        ("2026-11-08", {"smp_type": "reduce"}, "reduce"),
        ("2026-11-09", {}, "cancel_maker"),
        ("2026-11-09", {"time_in_force": "post_only"}, "none"),
        ("2026-11-09", {"smp_type": "none"}, "none"),
        ("2026-11-09", {"smp_type": "cancel_taker"}, "cancel_taker"),
    ],
)
def test_the_prevention_of_self_matches_has_a_default_since_november_2026(
    profile: str, changes: Any, shown: str | None
) -> None:
    assert shown == place(Visitor(profile), **changes).get("smp_type")
