"""Results: exact, aware of time, and at ease with what the exchange adds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import msgspec
import pytest

from upbit.models import Candle, Order, Ticker, Trade

TRADE = (
    b'{"market":"KRW-BTC","trade_date_utc":"2026-03-22","trade_time_utc":"12:47:08","timestamp":1774183628123,'
    b'"trade_price":102945000.00000000,"trade_volume":9.713E-5,"prev_closing_price":103000000.0,'
    b'"change_price":-55000.0,"ask_bid":"BID","sequential_id":17741836281230000,"added":{"later":[1]}}'
)
ORDER = (
    b'{"uuid":"a","side":"bid","ord_type":"stop","state":"frozen","market":"KRW-BTC",'
    b'"created_at":"2026-03-22T21:47:08+09:00","reserved_fee":"5","remaining_fee":"0.000476075",'
    b'"paid_fee":"4.999523925","locked":"0.952626075","executed_volume":"0.00009713","trades_count":1}'
)


def test_a_trade_knows_when_it_was_and_drops_no_digit() -> None:
    trade = msgspec.json.decode(TRADE, type=Trade)
    assert datetime(2026, 3, 22, 12, 47, 8, 123_000, UTC) == trade.traded_at
    assert Decimal("0.00009713") == trade.trade_volume
    assert "102945000.00000000" == str(trade.trade_price)


def test_values_the_exchange_adds_pass_through() -> None:
    order = msgspec.json.decode(ORDER, type=Order)
    assert ("stop", "frozen") == (order.ord_type, order.state)
    assert datetime(2026, 3, 22, 21, 47, 8, tzinfo=timezone(timedelta(hours=9))) == order.created_at
    assert Decimal("0.952626075") == order.locked
    assert order.volume is None


def test_what_must_be_there_is_missed_loudly() -> None:
    with pytest.raises(msgspec.ValidationError, match="uuid"):
        msgspec.json.decode(ORDER.replace(b'"uuid":"a",', b""), type=Order)


def test_a_result_is_frozen() -> None:
    trade = msgspec.json.decode(TRADE, type=Trade)
    with pytest.raises(AttributeError):
        trade.trade_price = Decimal(1)  # type: ignore[misc]  # it is frozen


def test_candles_and_tickers_know_their_time() -> None:
    zero = Decimal(0)
    prices = dict.fromkeys(("opening_price", "high_price", "low_price", "trade_price"), zero)
    candle = Candle(
        market="KRW-BTC",
        candle_date_time_utc="2025-06-30T00:00:00",
        timestamp=0,
        candle_acc_trade_price=zero,
        candle_acc_trade_volume=zero,
        **prices,
    )
    assert datetime(2025, 6, 30, tzinfo=UTC) == candle.time
    names = [name for name, kind in Ticker.__annotations__.items() if kind == "Decimal"]
    texts = ("market", "trade_date", "trade_time", "change", "highest_52_week_date", "lowest_52_week_date")
    fields = dict.fromkeys(names, "0") | dict.fromkeys(texts, "") | {"trade_timestamp": 1_000, "timestamp": 2_000}
    assert datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC) == msgspec.convert(fields, Ticker).traded_at
