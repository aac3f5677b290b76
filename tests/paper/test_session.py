"""A customer trades through our own client, and what the exchange tells always fits together: orders, money, stream.

The machine runs joined to the exchange inside the process, with many steps, and a little over real sockets. Its
invariants are those that a customer can see; those of the books inside are asked of the exchange.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, localcontext
from typing import Literal

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.paper.house import House, Inside, Message, Served
from upbit.errors import APIStatusError
from upbit.models import Order, OrderTrade, OrdType, Side, SmpType, TimeInForce
from upbit.rules import fee, tick_size

D = Decimal
ZERO = D(0)
TURNED_DOWN = {
    *("insufficient_funds_bid", "insufficient_funds_ask", "under_min_total_bid", "under_min_total_ask"),
    *("under_min_total_market_ask", "order_not_found", "invalid_post_only", "duplicated_identifier"),
}
LOTS = {"KRW-BTC": D("0.001"), "BTC-ETH": D("0.1")}

markets = st.sampled_from(tuple(LOTS))
sides: st.SearchStrategy[Side] = st.sampled_from(("bid", "ask"))
lots = st.integers(1, 60)
ticks = st.integers(-4, 4)
conditions: st.SearchStrategy[TimeInForce | None] = st.sampled_from((None, None, None, "ioc", "fok", "post_only"))
now_or_never: st.SearchStrategy[Literal["ioc", "fok"]] = st.sampled_from(("ioc", "fok"))
smp_types: st.SearchStrategy[SmpType | None] = st.sampled_from((None, "none", "cancel_maker", "cancel_taker", "reduce"))
choices = st.integers(0, 10**6)


class Session(RuleBasedStateMachine):
    """One customer, two markets, every way to order and to cancel."""

    make: Callable[[], House] = Inside

    @initialize()
    def open(self) -> None:
        self.house = type(self).make()
        self.client = self.house.client
        self.shown: dict[str, Order] = {}
        self.checked: set[str] = set()
        self.identifiers: list[str] = []
        self.start = self.money()

    def teardown(self) -> None:
        if hasattr(self, "house"):
            self.house.close()

    # -- what a customer does

    @rule(market=markets, side=sides, count=lots, away=ticks, time_in_force=conditions, smp=smp_types)
    def limit(
        self, market: str, side: Side, count: int, away: int, time_in_force: TimeInForce | None, smp: SmpType | None
    ) -> None:
        price, volume = self.near(market, side, away), LOTS[market] * count / 10
        self.place(market, side, "limit", volume, price, time_in_force, smp)

    @rule(market=markets, side=sides, count=lots, smp=smp_types)
    def at_market(self, market: str, side: Side, count: int, smp: SmpType | None) -> None:
        volume = LOTS[market] * count / 10
        if side == "ask":
            self.place(market, side, "market", volume, None, None, smp)
        else:
            self.place(market, side, "price", None, self.worth(market, volume), None, smp)

    @rule(market=markets, side=sides, count=lots, condition=now_or_never, smp=smp_types)
    def best(self, market: str, side: Side, count: int, condition: Literal["ioc", "fok"], smp: SmpType | None) -> None:
        volume = LOTS[market] * count / 10
        if side == "ask":
            self.place(market, side, "best", volume, None, condition, smp)
        else:
            self.place(market, side, "best", None, self.worth(market, volume), condition, smp)

    @precondition(lambda self: self.shown)
    @rule(choice=choices, by_identifier=st.booleans())
    def cancel(self, choice: int, by_identifier: bool) -> None:
        order = self.pick(choice)
        if by_identifier and order.identifier is not None:
            self.ask(lambda: self.client.orders.cancel(identifier=order.identifier))
        else:
            self.ask(lambda: self.client.orders.cancel(uuid=order.uuid))

    @precondition(lambda self: self.shown)
    @rule(choice=choices, away=ticks, count=lots, remain=st.booleans())
    def renew(self, choice: int, away: int, count: int, remain: bool) -> None:
        order = self.pick(choice)
        volume = LOTS[order.market] * count / 10
        side: Side = "bid" if order.side == "bid" else "ask"
        self.ask(
            lambda: self.client.orders.cancel_and_new(
                prev_order_uuid=order.uuid,
                new_ord_type="limit",
                new_volume="remain_only" if remain and order.volume is not None else volume,
                new_price=self.near(order.market, side, away),
            )
        )

    @rule(side=st.sampled_from(("all", "bid", "ask")), count=st.integers(1, 5))
    def cancel_open(self, side: Literal["all", "bid", "ask"], count: int) -> None:
        result = self.client.orders.cancel_open(cancel_side=side, count=count)
        assert (0, True) == (result.failed.count, result.success.count <= count)

    @precondition(lambda self: self.shown)
    @rule(chosen=st.lists(choices, min_size=1, max_size=5, unique=True))
    def cancel_some(self, chosen: list[int]) -> None:
        uuids = {self.pick(choice).uuid for choice in chosen}
        result = self.client.orders.cancel_by_uuids(uuids=sorted(uuids))
        assert uuids == {one.uuid for one in (*result.success.orders, *result.failed.orders)}

    @precondition(lambda self: self.identifiers)
    @rule(choice=choices)
    def use_an_identifier_again(self, choice: int) -> None:
        identifier = self.identifiers[choice % len(self.identifiers)]
        with pytest.raises(APIStatusError) as refused:
            self.client.orders.create(
                market="KRW-BTC", side="bid", ord_type="price", price=5_000, identifier=identifier
            )
        assert "duplicated_identifier" == refused.value.name

    @rule(milliseconds=st.integers(1, 3_000))
    def wait(self, milliseconds: int) -> None:
        self.house.pass_time(milliseconds)

    # -- what it takes

    def near(self, market: str, side: Side, away: int) -> Decimal:
        """So many ticks from the best price that this side would meet."""
        unit = self.client.orderbooks.list(market, count=1)[0].orderbook_units[0]
        best = unit.ask_price if side == "bid" else unit.bid_price
        step = tick_size(market, best)
        price = best + away * step
        return price - price % tick_size(market, price)

    def worth(self, market: str, volume: Decimal) -> Decimal:
        """What a volume costs at the best ask."""
        return (volume * self.near(market, "bid", 0)).quantize(D("1e-8"))

    def place(
        self,
        market: str,
        side: Side,
        ord_type: OrdType,
        volume: Decimal | None,
        price: Decimal | None,
        time_in_force: TimeInForce | None,
        smp_type: SmpType | None,
    ) -> None:
        named = f"order-{len(self.identifiers)}" if len(self.shown) % 2 else None
        order = self.ask(
            lambda: self.client.orders.create(
                market=market,
                side=side,
                ord_type=ord_type,
                volume=volume,
                price=price,
                identifier=named,
                time_in_force=time_in_force,
                smp_type=smp_type,
            )
        )
        if order is not None:
            assert ("wait", ZERO, 0) == (order.state, order.executed_volume, order.trades_count)
            if named is not None:
                self.identifiers.append(named)

    def ask(self, what: Callable[[], Order]) -> Order | None:
        try:
            order = what()
        except APIStatusError as error:
            if error.name not in TURNED_DOWN:
                raise
            return None
        for uuid in (order.uuid, order.new_order_uuid):
            if uuid is not None and uuid not in self.shown:
                self.shown[uuid] = self.client.orders.retrieve(uuid=uuid)
        return order

    def pick(self, choice: int) -> Order:
        return list(self.shown.values())[choice % len(self.shown)]

    def money(self) -> dict[str, Decimal]:
        return {one.currency: one.balance + one.locked for one in self.client.accounts.list()}

    # -- what must be so

    @invariant()
    def all_is_well_inside(self) -> None:
        if hasattr(self, "house"):
            assert [] == self.house.faults()

    @invariant()
    def all_fits_together(self) -> None:
        if not hasattr(self, "house"):
            return
        with localcontext(prec=60):
            changed = self.look()
            for order in changed:
                self.check_formulas(order)
            self.check_money()
            self.check_stream(changed)

    @invariant()
    def a_book_is_not_crossed(self) -> None:
        if hasattr(self, "house"):
            for book in self.client.orderbooks.list(list(LOTS), count=1):
                assert book.orderbook_units[0].bid_price < book.orderbook_units[0].ask_price

    def look(self) -> list[Order]:
        """Look all orders up: those that changed since the last look, and never back."""
        uuids = list(self.shown)
        if not uuids:
            return []
        changed: list[Order] = []
        for listed in self.client.orders.list_by_uuids(uuids=uuids):
            before = self.shown[listed.uuid]
            if (before.state, before.trades_count, before.locked) == (listed.state, listed.trades_count, listed.locked):
                continue
            order = self.client.orders.retrieve(uuid=listed.uuid)
            assert "wait" == before.state
            assert before.executed_volume <= order.executed_volume
            assert before.paid_fee <= order.paid_fee
            assert fills(before) == fills(order)[: before.trades_count]
            changed.append(order)
        self.shown |= {order.uuid: order for order in changed}
        known, self.checked = self.checked, set(uuids)
        return changed + [order for order in self.shown.values() if order.uuid not in known and order not in changed]

    def check_formulas(self, order: Order) -> None:
        rate = fee(order.market)
        funds = sum((trade.funds for trade in fills(order)), ZERO)
        assert order.executed_volume == sum((trade.volume for trade in fills(order)), ZERO)
        assert order.paid_fee == funds * rate
        assert order.trades_count == len(fills(order))
        assert all(trade.funds == trade.price * trade.volume for trade in fills(order))
        prevented = order.prevented_volume or ZERO
        if order.volume is not None:
            assert order.remaining_volume == order.volume - order.executed_volume - prevented
        if order.side == "ask":
            assert (ZERO, ZERO) == (order.reserved_fee, order.remaining_fee)
            assert order.locked == order.remaining_volume
        else:
            total = (order.price or ZERO) * (1 if order.volume is None else order.volume)
            assert order.reserved_fee == total * rate
            assert order.remaining_fee == order.reserved_fee - order.paid_fee
            spent = funds + order.paid_fee + (order.prevented_locked or ZERO)
            assert order.locked == total + order.reserved_fee - spent
        if order.ord_type == "limit" and order.price is not None:
            sign = 1 if order.side == "bid" else -1
            assert all(sign * (order.price - trade.price) >= 0 for trade in fills(order))

    def check_money(self) -> None:
        """What is locked is what open orders lock; what there is came in or was traded for."""
        locks: dict[str, Decimal] = {}
        for order in self.client.orders.list_open():
            quote, base = order.market.split("-")
            currency = quote if order.side == "bid" else base
            locks[currency] = locks.get(currency, ZERO) + order.locked
        accounts = self.client.accounts.list()
        assert locks == {one.currency: one.locked for one in accounts if one.locked}
        assert all(one.balance >= 0 for one in accounts)
        due = dict(self.start)
        for order in self.shown.values():
            quote, base = order.market.split("-")
            sign = 1 if order.side == "bid" else -1
            due[base] = due.get(base, ZERO) + sign * order.executed_volume
            due[quote] = due.get(quote, ZERO) - order.paid_fee - sign * sum((one.funds for one in fills(order)), ZERO)
        assert due == dict.fromkeys(due, ZERO) | self.money()

    def check_stream(self, changed: list[Order]) -> None:
        """Invariant 8: the orders rebuilt from what the stream told are the orders that are shown."""

        def enough(messages: list[Message]) -> bool:
            return all(rebuilt(order, messages) == seen(order) for order in changed)

        messages = self.house.hear(enough)
        for order in changed:
            assert seen(order) == rebuilt(order, messages)


def fills(order: Order) -> list[OrderTrade]:
    return order.trades or []


def seen(order: Order) -> tuple[object, ...]:
    return (
        *(order.market, order.side, order.ord_type, order.state, order.price, order.volume, order.remaining_volume),
        *(order.executed_volume, order.paid_fee, order.reserved_fee, order.remaining_fee, order.locked),
        *(order.prevented_locked, order.identifier, order.smp_type, order.time_in_force),
        [(trade.uuid, trade.price, trade.volume) for trade in fills(order)],
    )


def rebuilt(order: Order, messages: list[Message]) -> tuple[object, ...]:
    """The order of the stream: terms from its first message, fills added up, the rest by the formulas."""
    mine = [one for one in messages if one["uuid"] == order.uuid]
    if not mine:
        return ()
    first, last = mine[0], mine[-1]
    traded = [one for one in mine if one["state"] == "trade"]
    volume = sum((one["volume"] for one in traded), ZERO)
    funds = sum((one["price"] * one["volume"] for one in traded), ZERO)
    paid = sum((one["trade_fee"] for one in traded), ZERO)
    bid = first["ask_bid"] == "BID"
    total = (first["price"] or ZERO) * (1 if first["volume"] is None else first["volume"])
    rest = None if first["volume"] is None else first["volume"] - volume - last["prevented_volume"]
    ends = [one["state"] for one in mine if one["state"] in ("done", "cancel")]
    return (
        *(first["code"], first["ask_bid"].lower(), first["order_type"], ends[0] if ends else "wait"),
        *(first["price"], first["volume"], rest, volume, paid, first["reserved_fee"]),
        first["reserved_fee"] - paid if bid else ZERO,
        total + first["reserved_fee"] - funds - paid - last["prevented_locked"] if bid else rest,
        *(last["prevented_locked"], first["identifier"], first["smp_type"], first["time_in_force"]),
        [(one["trade_uuid"], one["price"], one["volume"]) for one in traded],
    )


class ServedSession(Session):
    """The same, over real sockets."""

    make = Served


def test_a_session_inside_the_process() -> None:
    run_state_machine_as_test(
        Session,
        settings=settings(
            max_examples=25, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
        ),
    )


def test_a_session_over_http() -> None:
    run_state_machine_as_test(
        ServedSession,
        settings=settings(
            max_examples=2, stateful_step_count=20, deadline=None, suppress_health_check=[HealthCheck.too_slow]
        ),
    )
