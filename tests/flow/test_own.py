"""Own orders: whatever the socket loses, each fill is told once and in order, and the ends are those of the record."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.flow.floor import Floor
from tests.flow.ward import Treatment, finish, told
from upbit.api import Orders
from upbit.errors import APIConnectionError
from upbit.flow.balances import Balances
from upbit.flow.heal import AUDIT, SETTLE, Ask, Pause
from upbit.flow.own import GLANCE, MARGIN, MOST, PAGE, TRIES, OwnOrders
from upbit.models import FeedEvent, Gap, MyAssetEvent, MyOrderEvent, Order, OrderTrade
from upbit.wire.frames import PRIVATE

D = Decimal
START = datetime(2026, 11, 20, 23, 59, 0, tzinfo=UTC)
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
SAME = (
    *("code", "ask_bid", "order_type", "price", "avg_price", "volume", "executed_volume", "trades_count"),
    *("reserved_fee", "paid_fee", "executed_funds", "time_in_force", "trade_fee", "identifier", "smp_type"),
    *("remaining_volume", "remaining_fee", "locked", "order_timestamp"),
)
"""What REST must tell as the socket did; the last row not of orders that self-match prevention has touched."""


def orders(events: Iterable[FeedEvent]) -> list[MyOrderEvent]:
    return [one for one in events if isinstance(one, MyOrderEvent)]


def gaps(events: Iterable[FeedEvent]) -> list[Gap]:
    return [one for one in events if isinstance(one, Gap)]


# -- against the paper exchange ----------------------------------------------------------------------


class Account:
    """A trader's orders and balances, heard through a bad line."""

    def __init__(self, seed: int, faults: float, failures: float) -> None:
        self.floor = Floor(
            seed, PRIVATE, [{"type": "myOrder"}, {"type": "myAsset"}], start=START, faults=faults, failures=failures
        )
        self.own = OwnOrders()
        self.balances = Balances()
        self.floor.lines = {"myOrder": (self.own, self.own.take), "myAsset": (self.balances, self.balances.take)}
        self.floor.look = self.look

    def look(self) -> None:
        if not self.floor.ward.queue:
            for uuid in self.own.needs:
                self.floor.ward.admit(self.own.look(uuid, self.floor.now), self.floor.answer)

    def live(self) -> None:
        floor = self.floor
        for _ in range(10):
            floor.act()
            floor.step(floor.random.random())
        floor.begin()
        for _ in range(40):
            floor.act()
            floor.step(floor.random.choice((0, 0.2, 3)))
        floor.end()

    def assert_as_recorded(self) -> None:
        exchange = self.floor.paper.exchange
        out = self.floor.out
        begun = {one.uuid: one.executed_volume for one in orders(out) if one.stream_type == "SNAPSHOT"}
        told = {(one.uuid, one.state, one.trade_uuid): one for one in self.floor.said if isinstance(one, MyOrderEvent)}
        lost = {gap.detail.partition(":")[0] for gap in gaps(out) if gap.lost is None and gap.reason == "fill"}
        for record in exchange.engine.register.orders(exchange.account):
            mine = [one for one in orders(out) if one.uuid == record.uuid]
            if not mine:
                assert record.state in ("done", "cancel")  # before the record began
                assert record.created <= START.timestamp() * 1000 + 60_000
                continue
            volume, expected = D(0), []
            for trade in record.trades:
                volume += trade.volume
                if volume > begun.get(record.uuid, D(0)):
                    expected.append((trade.uuid, volume, trade.price, trade.volume))
            fills = [one for one in mine if one.state == "trade"]
            if record.uuid in lost:
                expected = [fill for fill in expected if fill[0] in {one.trade_uuid for one in fills}]
            assert expected == [(one.trade_uuid, one.executed_volume, one.price, one.volume) for one in fills]
            assert [one.executed_volume for one in mine] == sorted(one.executed_volume for one in mine)
            closed = [one.state for one in mine if one.state in ("done", "cancel")]
            assert closed == ([] if record.state == "wait" else [record.state])
            assert not closed or mine[-1].state == record.state
            assert record.executed_volume == mine[-1].executed_volume
            same = SAME if not record.prevented_locked else SAME[:-4]
            for one in mine:
                if one.stream_type == "RECOVERED":
                    original = told[one.uuid, one.state, one.trade_uuid]
                    assert {name: getattr(original, name) for name in same} == {
                        name: getattr(one, name) for name in same
                    }
        announced: list[Gap] = []
        for one in out:
            if isinstance(one, Gap):
                announced.append(one)
            elif isinstance(one, (MyOrderEvent, MyAssetEvent)) and one.stream_type == "RECOVERED":
                assert any(gap.type == one.type and gap.start <= one.time <= gap.end for gap in announced)
        known = {
            asset.currency: (asset.balance, asset.locked)
            for one in out
            if isinstance(one, MyAssetEvent)
            for asset in one.assets
        }
        holdings = dict(exchange.ledger.holdings(exchange.account))
        assert {currency: (held.balance, held.locked) for currency, held in holdings.items()} == known


@given(seed=st.integers(0, 2**32), faults=st.sampled_from((0.0, 0.1, 0.5)), failures=st.sampled_from((0.0, 0.2)))
@settings(max_examples=8, deadline=None)
def test_what_is_told_is_what_the_exchange_recorded(seed: int, faults: float, failures: float) -> None:
    account = Account(seed, faults, failures)
    account.live()
    assert () == account.own.needs
    account.assert_as_recorded()


# -- one thing at a time -----------------------------------------------------------------------------


def event(state: str, executed: int, fill: int = 0, *, uuid: str = "u", trade: str | None = None) -> MyOrderEvent:
    """A step of an order of 10; a fill is named by how much it filled the order up to, unless it is given a name."""
    return MyOrderEvent(
        type="myOrder",
        code="KRW-BTC",
        uuid=uuid,
        ask_bid="BID",
        order_type="limit",
        state=state,
        trade_uuid=(trade or f"t{executed}") if state == "trade" else None,
        price=D(100),
        volume=D(fill or 10),
        executed_volume=D(executed),
        trades_count=executed,
        reserved_fee=D(0),
        remaining_fee=D(0),
        paid_fee=D(0),
        locked=D(0),
        order_timestamp=int(NOW.timestamp() * 1000),
        timestamp=int(NOW.timestamp() * 1000) + executed,
        stream_type="REALTIME",
    )


def row(state: str, *fills: int, uuid: str = "u", market: str = "KRW-BTC") -> Order:
    """An order with fills up to these volumes, as looked up."""
    trades = [
        OrderTrade(
            market=market,
            uuid=f"t{upto}",
            price=D(100),
            volume=D(upto - before),
            funds=D(100 * (upto - before)),
            created_at=NOW,
            side="bid",
        )
        for before, upto in zip((0, *fills), fills, strict=False)
    ]
    executed = fills[-1] if fills else 0
    return Order(
        uuid=uuid,
        side="bid",
        ord_type="limit",
        price=D(100),
        state=state,
        market=market,
        created_at=NOW,
        volume=D(10),
        remaining_volume=D(10 - executed),
        reserved_fee=D(0),
        remaining_fee=D(0),
        paid_fee=D(0),
        locked=D(0),
        executed_volume=D(executed),
        trades_count=len(fills),
        trades=trades,
    )


class Rest:
    """Answers from a few orders."""

    def __init__(self, *rows: Order) -> None:
        self.rows = {one.uuid: one for one in rows}
        self.asked: list[Ask] = []

    def __call__(self, ask: Ask) -> Any:
        self.asked.append(ask)
        wanted = ask.arguments
        if ask.operation is Orders.retrieve:
            return self.rows[wanted["uuid"]]
        found = [replace(one, trades=None, executed_funds=D(100) * one.executed_volume) for one in self.rows.values()]
        if ask.operation is Orders.list_by_uuids:
            return [one for one in found if one.uuid in wanted["uuids"]]
        if ask.operation is Orders.list_open:
            return [one for one in found if one.state == "wait"][(wanted["page"] - 1) * PAGE :][:PAGE]
        return [one for one in found if one.state != "wait" and one.created_at >= wanted["start_time"]][:MOST]


def refuse(ask: Ask) -> Any:
    raise APIConnectionError("not now")


def steps(events: Iterable[FeedEvent]) -> list[tuple[str, int]]:
    return [(one.state, int(one.executed_volume)) for one in orders(events)]


def started(*rows: Order, rest: Callable[[Ask], Any] | None = None) -> OwnOrders:
    own = OwnOrders()
    told(own.check("start", NOW), rest or Rest(*rows))
    return own


def test_the_first_check_shows_the_open_orders() -> None:
    own = OwnOrders()
    out = told(own.check("start", NOW), Rest(row("wait", 3), row("done", 10, uuid="old")))
    assert [("wait", 3)] == steps(out)
    assert ["SNAPSHOT"] == [one.stream_type for one in orders(out)]
    assert [("trade", 5)] == steps(own.take(event("trade", 5, 2)))
    assert () == tuple(own.take(event("done", 10, uuid="old")))


def test_what_happened_before_the_first_check_ended_is_told_if_all_of_it_was_heard() -> None:
    own = OwnOrders()
    check = own.check("start", NOW)
    heard = [event("wait", 0), event("trade", 3, 3), event("trade", 6, 3, uuid="old"), event("trade", 9, 3, uuid="old")]
    heard += [event("trade", 9, 2, uuid="end"), event("done", 9, uuid="end")]
    for one in heard:
        assert () == own.take(one)
    out = told(check, Rest(row("wait", 3), row("wait", 6, uuid="old"), row("done", 7, 9, uuid="end")))
    assert [("wait", 0), ("trade", 3)] == steps([one for one in orders(out) if one.uuid == "u"])
    assert [("wait", 6), ("trade", 9)] == steps([one for one in orders(out) if one.uuid == "old"])
    assert [("trade", 9), ("done", 9)] == steps([one for one in orders(out) if one.uuid == "end"])
    assert () == own.needs


def test_an_account_that_could_not_be_looked_at_is_looked_at_by_the_next_audit() -> None:
    own = OwnOrders()
    check = own.check("start", NOW)
    for one in (event("trade", 6, 1), event("trade", 5, 1)):
        own.take(one)
    gap, *events = told(check, refuse)
    assert [("trade", 5), ("trade", 6)] == steps(events)
    assert Gap(type="myOrder", start=NOW - MARGIN, end=NOW, reason="start", lost=None, detail="not now") == gap
    assert [("trade", 7)] == steps(own.take(event("trade", 7, 1)))
    assert [("trade", 4)] == steps(own.take(event("trade", 4, 1, uuid="other")))
    out = told(own.check(AUDIT, NOW), Rest(row("wait", 5, 6, 7), row("wait", 2, uuid="new")))
    assert [("wait", 2)] == steps(out)


def test_only_the_markets_asked_for_are_looked_at() -> None:
    own = OwnOrders(["KRW-ETH"])
    out = told(own.check("start", NOW), Rest(row("wait"), row("wait", uuid="e", market="KRW-ETH")))
    assert ["e"] == [one.uuid for one in orders(out)]
    assert [("KRW-ETH",)] == [gap.codes for gap in gaps(told(own.check("reconnect", NOW), refuse))]


def test_a_reconnect_brings_what_was_missed_behind_a_gap() -> None:
    rest = Rest(row("wait"), row("wait", 2, uuid="b"))
    own = started(rest=rest)
    rest.rows = {"u": row("done", 4, 10), "b": row("wait", 2, uuid="b"), "n": row("cancel", 1, uuid="n")}
    check = own.check("reconnect", NOW)
    assert () == own.take(event("trade", 10, 6))
    gap, *out = told(check, rest)
    assert [("trade", 4), ("trade", 10), ("done", 10)] == steps([one for one in orders(out) if one.uuid == "u"])
    assert [("wait", 0), ("trade", 1), ("cancel", 1)] == steps([one for one in orders(out) if one.uuid == "n"])
    assert ["RECOVERED", "REALTIME", "RECOVERED"] == [one.stream_type for one in orders(out) if one.uuid == "u"]
    assert (
        Gap(
            type="myOrder",
            codes=("KRW-BTC",),
            start=NOW,
            end=NOW + SECOND,
            reason="reconnect",
            lost=0,
            recovered=5,
        )
        == gap
    )
    assert () == tuple(own.take(event("done", 10)))


def test_an_audit_waits_for_what_is_under_way() -> None:
    rest = Rest(row("wait"))
    own = started(rest=rest)
    rest.rows["u"] = row("cancel", 4)
    treatment = Treatment(own.check(AUDIT, NOW), rest)
    while treatment.go_on() and not isinstance(treatment.step, Pause):
        pass
    assert [("trade", 4), ("cancel", 4)] == [
        *steps(own.take(event("trade", 4, 4))),
        *steps(own.take(event("cancel", 4))),
    ]
    while treatment.go_on():
        pass
    assert ([], SETTLE) == (treatment.told, treatment.paused)
    assert [] == told(own.check(AUDIT, NOW), refuse)


def test_an_order_placed_long_ago_is_found_by_its_uuid() -> None:
    placed = NOW - timedelta(days=1)
    rest = Rest(replace(row("wait"), created_at=placed))
    own = started(rest=rest)
    rest.rows["u"] = replace(row("cancel"), created_at=placed)
    treatment = finish(own.check(AUDIT, NOW), rest)
    assert [("cancel", 0)] == steps(treatment.told or ())
    assert Ask(Orders.list_by_uuids, {"uuids": ["u"]}) in treatment.asked


def test_closed_orders_are_read_week_by_week() -> None:
    treatment = finish(started().check(AUDIT, NOW + timedelta(days=20)), Rest())
    windows = [ask.arguments["start_time"] for ask in treatment.asked if ask.operation is Orders.list_closed]
    assert [NOW - MARGIN + timedelta(days=days) for days in (0, 7, 14)] == windows


def test_many_open_orders_are_read_page_by_page() -> None:
    rest = Rest(*[row("wait", uuid=f"o{number}") for number in range(2 * PAGE + 1)])
    assert 2 * PAGE + 1 == len(told(OwnOrders().check("start", NOW), rest))
    assert [1, 2, 3] == [ask.arguments["page"] for ask in rest.asked if ask.operation is Orders.list_open]


def test_a_server_that_ignores_pages_is_not_asked_for_ever() -> None:
    full = [row("wait", uuid=f"o{number}") for number in range(PAGE)]
    treatment = finish(OwnOrders().check("start", NOW), lambda ask: full if ask.operation is Orders.list_open else [])
    assert 2 == sum(ask.operation is Orders.list_open for ask in treatment.asked)


def test_more_closed_orders_than_fit_in_one_answer_are_read_on() -> None:
    many = [row("cancel", uuid=f"o{number}") for number in range(MOST)]
    starts: list[datetime] = []

    def answer(ask: Ask) -> list[Order]:
        if ask.operation is Orders.list_closed:
            starts.append(ask.arguments["start_time"])
            return many if len(starts) < 3 else []
        return []

    assert [] == told(OwnOrders().check("start", NOW), answer)
    assert [NOW - MARGIN, NOW, NOW + SECOND][: len(starts)] == starts
    assert 2 == len(starts)


def test_a_fill_that_is_missing_is_looked_up() -> None:
    own = started()
    own.take(event("wait", 0))
    assert () == tuple(own.take(event("done", 10)))
    assert () == tuple(own.take(event("done", 10)))
    assert ("u",) == own.needs
    treatment = finish(own.look("u", NOW), Rest(row("done", 4, 10)))
    assert GLANCE == treatment.paused
    assert [("trade", 4), ("trade", 10), ("done", 10)] == steps(treatment.told or ())
    assert [("fill", 0, 2)] == [(gap.reason, gap.lost, gap.recovered) for gap in gaps(treatment.told or ())]
    assert () == own.needs


def test_a_fill_that_was_only_overtaken_is_not_looked_up() -> None:
    own = started()
    own.take(event("trade", 6, 2))
    own.take(event("trade", 4, 3))
    heal = own.look("u", NOW)
    assert Pause(GLANCE) == next(heal)
    assert [("trade", 1), ("trade", 4), ("trade", 6)] == steps(own.take(event("trade", 1, 1)))
    with pytest.raises(StopIteration) as stop:
        heal.send(None)
    assert [] == stop.value.value
    assert [] == told(own.look("nobody", NOW), refuse)


def test_fills_that_nobody_knows_are_lost_and_a_gap_says_so() -> None:
    own = started()
    own.take(event("done", 10))
    own.take(event("trade", 6, 2))
    waited = 0.0
    for _ in range(TRIES - 1):
        treatment = finish(own.look("u", NOW), refuse)
        assert [] == treatment.told
        waited += treatment.paused
    assert GLANCE + SETTLE * 15 == waited
    out = told(own.look("u", NOW), Rest(row("wait")))
    lost = gaps(out)
    assert [(0, ""), (None, "u: REST does not know the fills")] == [(gap.lost, gap.detail) for gap in lost]
    assert [("wait", 0), ("trade", 6), ("done", 10)] == steps(out)
    assert () == own.needs


def test_what_has_ended_long_ago_is_forgotten() -> None:
    own = started()
    for one in (event("wait", 0), event("cancel", 0)):
        own.take(one)
    for minutes in (5, 11):
        assert [] == told(own.check(AUDIT, NOW + timedelta(minutes=minutes)), Rest())
        assert (() if minutes == 5 else (event("cancel", 0),)) == tuple(own.take(event("cancel", 0)))
