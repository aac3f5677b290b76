"""What an order's state and amounts mean."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from tests.fakes import ORDER
from upbit.models import Order
from upbit.trading import Placed


def placed(**told: Any) -> Placed:
    return Placed(msgspec.json.decode(json.dumps(ORDER | told), type=Order))


def fill(price: int, volume: str) -> dict[str, Any]:
    funds = str(price * Decimal(volume))
    return {"market": "KRW-BTC", "uuid": "t", "price": price, "volume": volume, "funds": funds, "side": "bid"}


MARKET_BUY = {"ord_type": "price", "price": "10000", "volume": None, "remaining_volume": None, "state": "cancel"}


@pytest.mark.parametrize(
    ("expected", "told"),
    [
        ("accepted", {"state": "wait"}),
        ("accepted", {"state": "watch"}),
        ("partially_filled", {"state": "wait", "executed_volume": "0.001"}),
        ("filled", {"state": "done", "executed_volume": "0.01"}),
        ("cancelled", {"state": "cancel"}),
        ("partially_filled_cancelled", {"state": "cancel", "executed_volume": "0.001"}),
        ("prevented", {"state": "cancel", "prevented_locked": "0.01", "remaining_volume": "0"}),
        ("cancelled", {"state": "cancel", "prevented_locked": "0.001", "remaining_volume": "0.009"}),
        ("unknown", {"state": "frozen"}),
        ("filled", MARKET_BUY | {"executed_volume": "0.33333333", "executed_funds": "9999.9999"}),
        ("filled", MARKET_BUY | {"executed_volume": "0.33333333", "trades": [fill(30_000, "0.33333333")]}),
        ("partially_filled_cancelled", MARKET_BUY | {"executed_volume": "0.3", "executed_funds": "9000"}),
        ("partially_filled_cancelled", MARKET_BUY | {"executed_volume": "0.3"}),
        ("cancelled", MARKET_BUY),
    ],
)
def test_the_status_says_what_state_and_amounts_mean_together(expected: str, told: dict[str, Any]) -> None:
    order = placed(**told)
    assert (expected, told["state"]) == (order.status, order.state)
    assert (told["state"] in ("done", "cancel")) == order.closed


def test_the_average_is_that_of_the_fills() -> None:
    order = placed(executed_volume="0.003", trades=[fill(100_000_000, "0.001"), fill(110_000_000, "0.002")])
    assert (Decimal(320_000), 2) == (order.executed_funds, len(order.fills))
    assert Decimal("106666666.6666666666666666667") == order.average_price
    assert "110001000" == str(placed(executed_volume="0.001", executed_funds="110001").average_price)


def test_what_the_exchange_did_not_tell_is_not_made_up() -> None:
    order = placed(executed_volume="0.003")
    assert (None, None, ()) == (order.executed_funds, order.average_price, order.fills)
    assert (Decimal(0), None) == (placed().executed_funds, placed().average_price)


def test_it_names_what_the_order_names() -> None:
    order = placed(identifier="mine", paid_fee="1.5")
    told = (order.uuid, order.identifier, order.market, order.side, order.executed_volume, order.remaining, order.fee)
    assert (ORDER["uuid"], "mine", "KRW-BTC", "bid", Decimal(0), Decimal("0.01"), Decimal("1.5")) == told
