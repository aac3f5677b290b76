"""What REST says, in the words of the socket."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace

from upbit.flow.retold import NOWHERE, Reached, after, candle_event, end, in_order, order_event, trade_event
from upbit.models import Candle, CandleEvent, Order, OrderTrade, Trade, TradeEvent
from upbit.models.moments import milliseconds, moment

D = Decimal
NOW = datetime(2026, 3, 22, 13, tzinfo=UTC)
PLACED = datetime(2026, 3, 22, 12, 47, 8, tzinfo=UTC)


def fill(uuid: str, price: str, volume: str, seconds: int | None = 0) -> OrderTrade:
    return OrderTrade(
        market="KRW-BTC",
        uuid=uuid,
        price=D(price),
        volume=D(volume),
        funds=D(price) * D(volume),
        created_at=None if seconds is None else PLACED + timedelta(seconds=seconds),
        side="bid",
    )


BOUGHT = Order(
    uuid="fce8ffa4-c810-4446-946d-9fa2a6c80ab5",
    side="bid",
    ord_type="price",
    price=D(10000),
    state="cancel",
    market="KRW-BTC",
    created_at=PLACED,
    reserved_fee=D(5),
    remaining_fee=D("0.000476075"),
    paid_fee=D("4.999523925"),
    locked=D("0.952626075"),
    prevented_locked=D(0),
    executed_volume=D("0.00009713"),
    trades_count=1,
    trades=[fill("7dd003ce", "102945000", "0.00009713", 1)],
)
"""The recorded market buy of upbit-api 2.7."""
SOLD = Order(
    uuid="s",
    side="ask",
    ord_type="limit",
    price=D(100),
    state="done",
    market="KRW-BTC",
    created_at=PLACED,
    volume=D(3),
    remaining_volume=D(0),
    reserved_fee=D(0),
    remaining_fee=D(0),
    paid_fee=D("0.16"),
    locked=D(0),
    executed_volume=D(3),
    trades_count=2,
    trades=[fill("a", "100", "1"), fill("b", "110", "2")],
)


@pytest.mark.parametrize(("moved", "change"), [("2.5", "RISE"), ("0", "EVEN"), ("-2.5", "FALL")])
def test_a_trade_of_rest_is_told_as_the_socket_does(moved: str, change: str) -> None:
    trade = Trade(
        market="KRW-BTC",
        trade_date_utc="2026-08-26",
        trade_time_utc="07:15:54",
        timestamp=1787728554797,
        trade_price=D("109847000"),
        trade_volume=D("0.00509799"),
        prev_closing_price=D("109165000"),
        change_price=D(moved),
        ask_bid="ASK",
        sequential_id=17877285547970000,
    )
    assert TradeEvent(
        type="trade",
        code="KRW-BTC",
        timestamp=1787728554797,
        trade_date="2026-08-26",
        trade_time="07:15:54",
        trade_timestamp=1787728554797,
        trade_price=D("109847000"),
        trade_volume=D("0.00509799"),
        ask_bid="ASK",
        prev_closing_price=D("109165000"),
        change=change,
        change_price=abs(D(moved)),
        sequential_id=17877285547970000,
        stream_type="RECOVERED",
    ) == trade_event(trade)


def test_a_candle_of_rest_is_told_under_its_type() -> None:
    told = {
        "candle_date_time_utc": "2026-08-26T07:15:00",
        "candle_date_time_kst": "2026-08-26T16:15:00",
        "opening_price": D(1),
        "high_price": D(4),
        "low_price": D("0.5"),
        "trade_price": D(2),
        "timestamp": 1787728554797,
        "candle_acc_trade_price": D(30),
        "candle_acc_trade_volume": D(20),
    }
    candle = Candle(market="KRW-BTC", unit=1, **told)
    assert CandleEvent(type="candle.1m", code="KRW-BTC", stream_type="RECOVERED", **told) == (
        candle_event("candle.1m", candle)
    )


def test_a_recorded_buy_is_told_step_by_step() -> None:
    wait = order_event(BOUGHT, "wait", NOWHERE, NOW)
    # As POST answered it.
    assert (D(5), D(5), D(0), D(10005)) == (wait.reserved_fee, wait.remaining_fee, wait.paid_fee, wait.locked)
    assert (D(0), D(0), 0, None) == (wait.avg_price, wait.executed_funds, wait.trades_count, wait.trade_uuid)
    assert (PLACED, PLACED) == (wait.time, wait.ordered_at)
    one = (BOUGHT.trades or [])[0]
    trade = order_event(BOUGHT, "trade", after(NOWHERE, one), NOW, fill=one)
    assert (D("0.000476075"), D("4.999523925"), D("0.952626075")) == (trade.remaining_fee, trade.paid_fee, trade.locked)
    assert ("7dd003ce", D("102945000"), D("0.00009713")) == (trade.trade_uuid, trade.price, trade.volume)
    assert (D("4.999523925"), D("9999.04785"), D("102945000")) == (
        trade.trade_fee,
        trade.executed_funds,
        trade.avg_price,
    )
    assert PLACED + timedelta(seconds=1) == trade.traded_at == trade.time
    cancel = order_event(BOUGHT, "cancel", end(BOUGHT), NOW)
    assert (NOW, D(10000), None, None) == (cancel.time, cancel.price, cancel.volume, cancel.trade_fee)
    assert ("BID", "price", "RECOVERED") == (cancel.ask_bid, cancel.order_type, cancel.stream_type)


def test_an_ask_gives_its_volume_back_step_by_step() -> None:
    one = (SOLD.trades or [])[0]
    trade = order_event(SOLD, "trade", after(NOWHERE, one), NOW, fill=one)
    assert (D(2), D(2), D(0), D("0.05")) == (trade.locked, trade.remaining_volume, trade.remaining_fee, trade.paid_fee)
    assert ("ASK", D("0.05"), D(100)) == (trade.ask_bid, trade.trade_fee, trade.avg_price)
    assert D("106.66666667") == order_event(SOLD, "done", end(SOLD), NOW).avg_price


def test_an_order_of_a_list_says_its_funds_itself_or_they_stay_unknown() -> None:
    listed = replace(SOLD, trades=None, executed_funds=D(320))
    assert Reached(D(3), D(320), 2) == end(listed)
    old = replace(SOLD, trades=None)
    event = order_event(old, "done", end(old), NOW)
    assert (None, None, D("0.16")) == (event.avg_price, event.executed_funds, event.paid_fee)
    assert Reached(D(4), D(100), 3) == after(end(old), fill("c", "100", "1"))


def test_fills_come_in_order_of_time() -> None:
    fills = [fill(uuid, "1", "1", seconds) for uuid, seconds in (("a", 0), ("b", 0), ("c", 1), ("d", 2))]
    assert fills == in_order(fills)
    mixed = [fills[2], fills[1], fills[0], fills[3]]
    assert [fills[1], fills[0], fills[2], fills[3]] == in_order(mixed)
    assert fills == in_order(fills[::-1])
    untimed = [fill("a", "1", "1", None), fill("b", "1", "1", None)]
    assert untimed == in_order(untimed)
    assert fills[:1] == in_order(fills[:1])


def test_moments_are_whole_milliseconds() -> None:
    assert 1787728554797 == milliseconds(moment(1787728554797))
    assert UTC == moment(0).tzinfo
