"""The exchange's formulas, against answers it has really given (upbit-api 3.3)."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upbit.errors import APIStatusError
from upbit.paper.book import Side
from upbit.paper.orders import (
    OrderRecord,
    OrderTrade,
    OrdType,
    SmpType,
    Terms,
    Ticket,
    TimeInForce,
    amount,
    check,
    units,
)

D = Decimal
FEE = D("0.0005")


def record(
    side: Side, ord_type: OrdType, price: str | None, volume: str | None, *fills: tuple[str, str]
) -> OrderRecord:
    order = OrderRecord(
        account="alice",
        market="KRW-BTC",
        side=side,
        ord_type=ord_type,
        price=None if price is None else D(price),
        volume=None if volume is None else D(volume),
        uuid="u",
        created=0,
        fee=FEE,
        reserved_fee=D(0),
    )
    if side == "bid":
        order.reserved_fee = order.total * FEE
    for at, size in fills:
        funds = D(at) * D(size)
        order.executed_volume += D(size)
        order.executed_funds += funds
        order.paid_fee += funds * FEE
        order.trades += (OrderTrade("KRW-BTC", "t", D(at), D(size), funds, "up", 0, side),)
    return order


@pytest.mark.parametrize(
    ("order", "fees", "locked"),
    [
        (
            record("bid", "limit", "7365", "6.78886626", ("7350", "6.78886626")),
            ("25.00000000245", "0.05091649695", "24.9490835055"),
            "101.88391039695",
        ),
        (
            record("bid", "price", "5000", None, ("75324000", "0.00006637")),
            ("2.5", "0.00037306", "2.49962694"),
            "0.74649306",
        ),
        (record("bid", "limit", "1075", "5"), ("2.6875", "2.6875", "0"), "5377.6875"),
        (
            record("bid", "limit", "57300", "0.08727748", ("57300", "0.08727748")),
            ("2.500499802", "0", "2.500499802"),
            "0",
        ),
        (record("ask", "limit", "250000", "1"), ("0", "0", "0"), "1"),
        (record("ask", "market", None, "3.44709897", ("1460", "3.44709897")), ("0", "0", "2.5163822481"), "0"),
        (record("bid", "price", "5500", None), ("2.75", "2.75", "0"), "5502.75"),
        (record("bid", "price", "5094.9", None), ("2.54745", "2.54745", "0"), "5097.44745"),
        (
            record("bid", "price", "10000", None, ("102945000", "0.00009713")),
            ("5", "0.000476075", "4.999523925"),
            "0.952626075",
        ),
        (record("bid", "limit", "10000000", "0.0005"), ("2.5", "2.5", "0"), "5002.5"),
        (record("ask", "market", None, "0.00009713"), ("0", "0", "0"), "0.00009713"),
        (record("ask", "market", None, "0.00009713", ("102902000", "0.00009713")), ("0", "0", "4.99743563"), "0"),
        (record("bid", "limit", "100000000", "0.00008"), ("4", "4", "0"), "8004"),
        (record("bid", "limit", "155772000", "0.0001"), ("7.7886", "7.7886", "0"), "15584.9886"),
        (
            record("bid", "limit", "0.001453", "60893929.39075317", ("0.001453", "30925891.29839369")),
            ("44.239439702382178005", "21.771779674099161", "22.467660028283016785"),
            "43565.331127872421361",
        ),
    ],
)
def test_an_order_shows_what_the_exchange_showed(order: OrderRecord, fees: tuple[str, str, str], locked: str) -> None:
    shown = (order.reserved_fee, order.remaining_fee, order.paid_fee)
    if order.price == D("0.001453"):  # this example is a printed float: 16 digits of it are right
        assert [f"{D(fee):.12f}" for fee in fees] == [f"{fee:.12f}" for fee in shown]
        assert f"{D(locked):.11f}" == f"{order.locked:.11f}"
    else:
        assert tuple(D(fee) for fee in fees) == shown
        assert D(locked) == order.locked
    assert [] == order.faults()


def test_an_order_by_total_has_no_remaining_volume() -> None:
    assert record("bid", "price", "5000", None).remaining_volume is None
    assert D("0.00043363") == record("ask", "market", None, "0.0005", ("5000", "0.00006637")).remaining_volume


def test_a_snapshot_stays_as_it_was() -> None:
    order = record("bid", "limit", "1000", "5")
    before = order.snapshot()
    order.executed_volume = D(5)
    assert (D(0), D(5)) == (before.executed_volume, order.executed_volume)


def test_faults_name_the_formula_that_fails() -> None:
    order = record("bid", "limit", "1000", "5", ("1001", "5"))
    order.paid_fee = D(1)
    order.reserved_fee = D(0)
    wrong = ("reserved_fee", "paid_fee", "remaining_fee", "locked", "limit")
    assert [f"u: {name} is wrong" for name in wrong] == order.faults()
    order = record("ask", "limit", "1000", "5", ("999", "6"))
    assert ["u: remaining_volume is wrong", "u: locked is wrong", "u: limit is wrong"] == order.faults()


@given(st.integers(1, 10**22))
def test_units_and_amount_are_inverse(whole: int) -> None:
    assert whole == units(amount(whole))


@pytest.mark.parametrize(
    "value", ["0", "-1", "0.000000001", "1.123456789", "1e15", "1e-9", "NaN", "Infinity", "1e999999"]
)
def test_what_is_no_positive_multiple_of_1e_8_has_no_units(value: str) -> None:
    assert units(D(value)) is None


TERMS = Terms(
    fee=lambda account, market, side: FEE,
    tick_size=lambda market, price: D("1e-8") if market.startswith("BTC") else D(1000 if price >= 1_000_000 else 1),
    min_total=lambda market: D(5000) if market.startswith("KRW") else D("0.00005"),
    max_total=lambda market: D(1_000_000_000) if market.startswith("KRW") else None,
)


def refused(ticket: Ticket, best_bid: int | None = 50_000_000 * 10**8) -> tuple[str, str] | None:
    try:
        check(ticket, TERMS, best_bid)
    except APIStatusError as error:
        return str(error.name), error.message
    return None


def ticket(
    side: Side,
    ord_type: OrdType,
    price: str | None,
    volume: str | None,
    time_in_force: TimeInForce | None = None,
    smp_type: SmpType | None = None,
    market: str = "KRW-BTC",
) -> Ticket:
    return Ticket(
        account="alice",
        market=market,
        side=side,
        ord_type=ord_type,
        price=None if price is None else D(price),
        volume=None if volume is None else D(volume),
        time_in_force=time_in_force,
        smp_type=smp_type,
    )


@pytest.mark.parametrize(
    "good",
    [
        ticket("bid", "limit", "50000000", "0.0001"),
        ticket("ask", "limit", "50000000", "0.0001", "ioc", "reduce"),
        ticket("bid", "limit", "5000", "1", "fok", "cancel_maker"),
        ticket("bid", "limit", "50000000", "20", "post_only"),
        ticket("bid", "limit", "50000000", "20", "post_only", "none"),
        ticket("bid", "price", "5000.5", None, None, "cancel_taker"),
        ticket("ask", "market", None, "0.0001"),
        ticket("bid", "best", "5000", None, "ioc"),
        ticket("ask", "best", None, "0.0001", "fok"),
        ticket("bid", "limit", "0.00000001", "5000", market="BTC-XRP"),
    ],
)
def test_a_sound_ticket_passes(good: Ticket) -> None:
    assert refused(good) is None


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("create_bid_error", ticket("bid", "limit", None, "1")),
        ("create_ask_error", ticket("ask", "limit", "5000", None)),
        ("create_bid_error", ticket("bid", "price", "5000", "1")),
        ("create_ask_error", ticket("ask", "price", "5000", None)),
        ("create_ask_error", ticket("ask", "market", "5000", "1")),
        ("create_bid_error", ticket("bid", "market", None, "1")),
        ("create_bid_error", ticket("bid", "best", None, "1", "ioc")),
        ("invalid_time_in_force", ticket("bid", "best", "5000", None)),
        ("invalid_time_in_force", ticket("ask", "best", None, "1", "post_only")),
        ("invalid_time_in_force", ticket("bid", "price", "5000", None, "ioc")),
        ("invalid_post_only", ticket("bid", "limit", "5000", "1", "post_only", "reduce")),
        ("invalid_volume_bid", ticket("bid", "limit", "5000", "1.000000001")),
        ("invalid_volume_ask", ticket("ask", "market", None, "0")),
        ("invalid_price_bid", ticket("bid", "limit", "50000500", "1")),
        ("invalid_price_ask", ticket("ask", "limit", "5000.5", "1")),
        ("invalid_price_bid", ticket("bid", "price", "-5000", None)),
        ("under_min_total_bid", ticket("bid", "limit", "4999", "1")),
        ("under_min_total_bid", ticket("bid", "price", "4999.99", None)),
        ("under_min_total_ask", ticket("ask", "limit", "50000000", "0.00009999")),
        ("over_krw_funds_bid", ticket("bid", "limit", "50000000", "20.00000001")),
        ("over_krw_funds_ask", ticket("ask", "market", None, "20.00000001")),
        ("under_min_total_bid", ticket("bid", "limit", "0.00000001", "4999", market="BTC-XRP")),
    ],
)
def test_a_ticket_no_order_can_be_made_of_is_refused_by_name(name: str, bad: Ticket) -> None:
    answer = refused(bad)
    assert answer is not None
    assert name == answer[0]


def test_a_market_sell_is_measured_by_the_best_bid() -> None:
    sell = ticket("ask", "market", None, "0.0001")
    answer = refused(sell, 49_999_999 * 10**8)
    assert answer is not None
    assert "under_min_total_market_ask" == answer[0]
    assert answer[1].startswith("주문 가능한 최소금액은 5000KRW 입니다.")
    assert refused(sell, None) is not None
