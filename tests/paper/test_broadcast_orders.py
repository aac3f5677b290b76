"""An order rebuilt from its myOrder events is the one that GET /v1/order shows; the assets told are those there are."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from tests.paper.studio import events, request
from tests.paper.visitor import Visitor
from upbit.api import Accounts, Orders
from upbit.paper.broadcast import Hub, Session
from upbit.wire.frames import FORMATS, KEYS, PRIVATE

MARKET = "KRW-BTC"
STATES = {"wait", "trade", "done", "cancel", "prevented"}
SAME = (
    *("volume", "remaining_volume", "executed_volume", "reserved_fee", "remaining_fee", "paid_fee", "locked"),
    *("prevented_locked", "trades_count", "time_in_force", "identifier", "smp_type"),
)
"""Fields that both call the same; REST leaves out those that are null."""


class Trader:
    """Somebody who does this and that, and listens to what becomes of it."""

    def __init__(self, seed: int, form: str = "DEFAULT") -> None:
        self.visitor = Visitor(seed=seed, profile="2026-11-01")
        self.chance = Random(seed)
        self.hub = Hub(self.visitor.exchange, limited=False)
        self.session: Session = self.hub.open(PRIVATE, self.visitor.key, self.visitor.exchange.now)
        self.session.receive(request({"type": "myOrder"}, {"type": "myAsset"}, format=form), self.visitor.exchange.now)
        self.told: list[dict[str, Any]] = []
        self.frames: list[bytes] = []

    def trade(self, steps: int) -> None:
        for _ in range(steps):
            self.act()
            frames = self.session.pulse(self.visitor.exchange.advance())
            self.frames += frames
            self.told += events(frames)

    def act(self) -> None:
        choice = self.chance.randrange(10)
        if choice < 6:
            self.visitor.call(Orders.create, **self.order())
        elif choice < 8:
            uuids = self.uuids()
            if uuids:
                self.visitor.call(Orders.cancel, uuid=self.chance.choice(uuids))
        elif choice < 9:
            uuids = self.uuids()
            if uuids:
                self.visitor.call(
                    Orders.cancel_and_new,
                    prev_order_uuid=self.chance.choice(uuids),
                    new_ord_type="limit",
                    new_price=self.price(),
                    new_volume="remain_only",
                )
        else:
            self.visitor.step(self.chance.randrange(1, 4000))

    def order(self) -> dict[str, Any]:
        chance = self.chance
        side = chance.choice(("bid", "ask"))
        kind = chance.choice(("limit", "limit", "limit", "limit", "total", "best"))
        volume = str(Decimal(chance.randrange(10_000, 900_000)).scaleb(-8))
        order: dict[str, Any] = {"market": MARKET, "side": side}
        if kind == "limit":
            order |= {"ord_type": "limit", "price": self.price(), "volume": volume}
            order["time_in_force"] = chance.choice((None, None, None, "ioc", "fok", "post_only"))
        elif side == "bid":
            order |= {"ord_type": "price" if kind == "total" else "best", "price": str(chance.randrange(6_000, 90_000))}
        else:
            order |= {"ord_type": "market" if kind == "total" else "best", "volume": volume}
        if kind == "best":
            order["time_in_force"] = chance.choice(("ioc", "fok"))
        if order.get("time_in_force") != "post_only":
            order["smp_type"] = chance.choice((None, "cancel_maker", "cancel_taker", "reduce"))
        if chance.randrange(3) == 0:
            order["identifier"] = f"i-{chance.random()}"
        return order

    def price(self) -> str:
        price = self.visitor.exchange.price(MARKET) * (10_000 + self.chance.randrange(-2, 3)) / 10_000
        return str(int(price / 1000) * 1000)

    def uuids(self) -> list[str]:
        return list(dict.fromkeys(event["uuid"] for event in self.told if event["type"] == "myOrder"))


def rebuilt(told: list[dict[str, Any]]) -> dict[str, Any]:
    """An order as its events tell it, in the words of GET /v1/order."""
    last = told[-1]
    quiet = [event for event in told if event["state"] != "trade"]
    order = {name: last[name] for name in SAME if name != "volume"} | {"volume": quiet[-1]["volume"]}
    by_total = order["volume"] is None
    order |= {
        "uuid": last["uuid"],
        "market": last["code"],
        "side": last["ask_bid"].lower(),
        "ord_type": last["order_type"],
        "price": quiet[-1]["price"],
        "state": next((event["state"] for event in reversed(told) if event["state"] in ("done", "cancel")), "wait"),
        "prevented_volume": None if by_total else last["prevented_volume"],
        "created": last["order_timestamp"],
        "trades": [
            {
                "market": event["code"],
                "uuid": event["trade_uuid"],
                "price": event["price"],
                "volume": event["volume"],
                "funds": event["price"] * event["volume"],
                "trend": "up" if (event["ask_bid"] == "BID") != event["is_maker"] else "down",
                "created": event["trade_timestamp"] // 1000 * 1000,
                "side": event["ask_bid"].lower(),
            }
            for event in told
            if event["state"] == "trade"
        ],
    }
    return {name: value for name, value in order.items() if value is not None}


def shown(answer: Mapping[str, Any]) -> dict[str, Any]:
    """What GET /v1/order shows, with numbers for its texts and a time in milliseconds."""
    texts = {"uuid", "market", "side", "ord_type", "state", "time_in_force", "identifier", "smp_type", "trend"}
    found: dict[str, Any] = {}
    for name, value in answer.items():
        if name == "created_at":
            found["created"] = int(datetime.fromisoformat(value).timestamp() * 1000)
        elif name == "trades":
            found[name] = [shown(trade) for trade in value]
        elif name != "executed_funds":
            found[name] = value if name in texts or isinstance(value, int) else Decimal(value)
    return found


@pytest.mark.parametrize("seed", [1, 2, 4])
def test_an_order_rebuilt_from_its_events_is_the_one_shown(seed: int) -> None:
    trader = Trader(seed)
    trader.trade(180)
    stories: dict[str, list[dict[str, Any]]] = {}
    for event in trader.told:
        if event["type"] == "myOrder":
            stories.setdefault(event["uuid"], []).append(event)
    assert len(stories) > 60
    assert STATES == {event["state"] for story in stories.values() for event in story}
    for uuid, story in stories.items():
        assert rebuilt(story) == shown(trader.visitor.ask(Orders.retrieve, uuid=uuid))


def test_all_fields_are_there_in_order_and_those_of_a_fill_are_null_without_one() -> None:
    trader = Trader(4)
    trader.trade(120)
    orders = [event for event in trader.told if event["type"] == "myOrder"]
    for event in orders:
        assert list(KEYS["myOrder"]) == list(event)
        fill = [event[name] is not None for name in ("trade_uuid", "trade_fee", "is_maker", "trade_timestamp")]
        assert [event["state"] == "trade"] * 4 == fill
        assert "wait" == story_of(orders, event["uuid"])[0]["state"]
        assert event["executed_funds"] == sum(
            one["price"] * one["volume"]
            for one in story_of(orders, event["uuid"])
            if one["state"] == "trade" and one["trades_count"] <= event["trades_count"]
        )


def story_of(orders: list[dict[str, Any]], uuid: str) -> list[dict[str, Any]]:
    return [event for event in orders if event["uuid"] == uuid]


def test_assets_rebuilt_from_their_events_are_those_of_the_account() -> None:
    trader = Trader(5)
    held = {one["currency"]: (one["balance"], one["locked"]) for one in trader.visitor.ask(Accounts.list)}
    trader.trade(150)
    for event in trader.told:
        if event["type"] == "myAsset":
            assert list(KEYS["myAsset"]) == list(event)
            held |= {one["currency"]: (str(one["balance"]), str(one["locked"])) for one in event["assets"]}
    now = {one["currency"]: (one["balance"], one["locked"]) for one in trader.visitor.ask(Accounts.list)}
    assert {name: tuple(map(Decimal, pair)) for name, pair in now.items()} == {
        name: tuple(map(Decimal, pair)) for name, pair in held.items()
    }


def test_every_format_tells_the_same() -> None:
    traders = [Trader(6, form) for form in FORMATS]
    for trader in traders:
        trader.trade(40)
    plain, *others = [[{**event, "asset_uuid": None} for event in trader.told] for trader in traders]
    assert len(plain) > 20
    assert all(other == plain for other in others)
    short = traders[FORMATS.index("SIMPLE")].frames[0]
    assert short.startswith(b'{"ty":"myOrder","cd":"KRW-BTC","uid":"')
    assert b'"ty":"myAsset","astuid":"' in traders[FORMATS.index("SIMPLE_LIST")].frames[1]


@pytest.mark.parametrize(
    ("profile", "absent"),
    [
        ("2024-05-28", 8),
        ("2024-05-29", 6),
        ("2024-12-04", 3),
        ("2025-07-02", 0),
    ],
)
def test_fields_appear_on_their_day(profile: str, absent: int) -> None:
    visitor = Visitor(profile=profile)
    hub = Hub(visitor.exchange)
    session = hub.open(PRIVATE, visitor.key, visitor.exchange.now)
    session.receive(request({"type": "myOrder"}), visitor.exchange.now)
    visitor.ask(Orders.create, market=MARKET, side="bid", ord_type="limit", price="50000000", volume="0.001")
    (event,) = events(session.pulse(visitor.exchange.now))
    assert absent == len(KEYS["myOrder"]) - len(event)
    assert list(event) == [name for name in KEYS["myOrder"] if name in event]
