from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from upbit.paper.bars import Bar, Trade
from upbit.paper.book import Book, Resting
from upbit.paper.bulletin import Bulletin, Quote, double, fixed, java_double, plain, quote, scaled
from upbit.paper.ledger import Holding
from upbit.paper.orders import OrderChanged, OrderRecord, OrderTrade
from upbit.paper.profile import read_profile
from upbit.paper.tape import Ticker
from upbit.wire.frames import write_event

TODAY, OLD = Bulletin(read_profile("current")), Bulletin(read_profile("2023"))
DOCUMENT = Path(__file__).parents[1] / "vectors" / "documented.json"


def texts(document: str | bytes) -> Any:
    """JSON with every number as it is spelled."""
    return json.loads(document, parse_float=str, parse_int=str)


def e8(text: str) -> int:
    return int(Decimal(text) * 10**8)


def ticker(example: dict[str, Any]) -> Ticker:
    """The state that an example of a ticker shows."""
    prices = ("opening_price", "high_price", "low_price", "trade_price", "prev_closing_price", "trade_volume")
    sums = ("acc_trade_volume", "acc_trade_volume_24h", "acc_ask_volume", "acc_bid_volume")
    extremes = ("highest_52_week_price", "lowest_52_week_price")
    return Ticker(
        **{name: e8(example[name]) for name in (*prices, *sums, *extremes)},
        time=int(example["timestamp"]),
        ask_bid="bid" if example["ask_bid"] == "BID" else "ask",
        trade_time=int(example["trade_timestamp"]),
        acc_trade_value=e8(example["acc_trade_price"]) * 10**8,
        acc_trade_value_24h=e8(example["acc_trade_price_24h"]) * 10**8,
        highest_52_week_day=day(example["highest_52_week_date"]),
        lowest_52_week_day=day(example["lowest_52_week_date"]),
    )


def day(text: str) -> int:
    from datetime import UTC, datetime

    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize("index", [0, 1])
def test_a_ticker_of_2023_is_the_documents_example_to_the_letter(index: int) -> None:
    with DOCUMENT.open(encoding="utf-8") as file:
        example = texts(file.read())["websocket"]["ticker_example"][index]
    written = texts(write_event(OLD.ticker(example["code"], ticker(example), "SNAPSHOT")))
    assert list(example) == list(written)
    assert example == written


def test_a_ticker_of_today_has_the_keys_and_values_of_the_real_sample() -> None:
    sample = texts(
        '{"type":"ticker","code":"KRW-BTC","opening_price":109165000.0,"high_price":110117000.0,'
        '"low_price":108958000.0,"trade_price":109868000.0,"prev_closing_price":109165000.0,'
        '"acc_trade_price":59726546304.62442,"change":"RISE","change_price":703000.0,"signed_change_price":703000.0,'
        '"change_rate":0.006439793,"signed_change_rate":0.006439793,"ask_bid":"BID","trade_volume":9.101e-05,'
        '"acc_trade_volume":544.24861805,"trade_date":"20260826","trade_time":"072400",'
        '"trade_timestamp":1787729040682,"acc_ask_volume":271.9810004,"acc_bid_volume":272.26761765,'
        '"highest_52_week_price":179869000.0,"highest_52_week_date":"2025-10-09","lowest_52_week_price":88342000.0,'
        '"lowest_52_week_date":"2026-08-14","market_state":"ACTIVE","is_trading_suspended":false,'
        '"delisting_date":null,"market_warning":"NONE","timestamp":1787729042606,'
        '"acc_trade_price_24h":198189163442.74924,"acc_trade_volume_24h":1807.38027625,"stream_type":"SNAPSHOT"}'
    )
    written = texts(write_event(TODAY.ticker("KRW-BTC", ticker(sample), "SNAPSHOT")))
    assert list(sample) == list(written)
    assert {key: number(value) for key, value in sample.items()} == {
        key: number(value) for key, value in written.items()
    }
    assert "109868000.00000000" == written["trade_price"]
    assert "0.00009101" == written["trade_volume"]
    assert "0.0064397930" == written["change_rate"]


def number(text: object) -> object:
    try:
        return Decimal(text) if isinstance(text, str) else text
    except ArithmeticError:
        return text


def test_a_ticker_that_did_not_change_spells_its_zeros_as_probed() -> None:
    with DOCUMENT.open(encoding="utf-8") as file:
        state = ticker(texts(file.read())["websocket"]["ticker_example"][1])
    written = texts(write_event(TODAY.ticker("KRW-ETH", state, "REALTIME")))
    assert ("EVEN", "0E-8", "0E-8", "0", "0") == tuple(
        written[name] for name in ("change", "change_price", "signed_change_price", "change_rate", "signed_change_rate")
    )


BEST = Quote((e8("109867000"), e8("0.0099545")), (e8("109847000"), e8("0.1583673")))
SOLD = Trade(17877285547970000, e8("109847000"), e8("0.00509799"), "ask")


def test_a_trade_of_today_is_the_real_sample() -> None:
    written = write_event(TODAY.trade("KRW-BTC", SOLD, e8("109165000"), BEST, "SNAPSHOT"))
    assert (
        b'{"type":"trade","code":"KRW-BTC","timestamp":1787728554797,"trade_date":"2026-08-26",'
        b'"trade_time":"07:15:54","trade_timestamp":1787728554797,"trade_price":109847000.00000000,'
        b'"trade_volume":0.00509799,"ask_bid":"ASK","prev_closing_price":109165000.00000000,"change":"RISE",'
        b'"change_price":682000.00000000,"sequential_id":17877285547970000,"best_ask_price":109867000,'
        b'"best_ask_size":0.0099545,"best_bid_price":109847000,"best_bid_size":0.1583673,"stream_type":"SNAPSHOT"}'
    ) == written


def test_a_trade_of_2023_tells_no_best_prices_and_an_absolute_change() -> None:
    written = texts(write_event(OLD.trade("KRW-BTC", SOLD, e8("110000000"), BEST, "REALTIME")))
    assert ("FALL", "153000.0", "109847000.0") == (
        written["change"],
        written["change_price"],
        written["trade_price"],
    )
    assert not [key for key in written if key.startswith("best")]


ASKS, BIDS = [(e8("116540000"), e8("0.0792"))], [(e8("116539000"), e8("0.00079276"))]


def test_a_book_mixes_spellings_as_probed() -> None:
    book = TODAY.orderbook("KRW-BTC", ASKS, BIDS, Decimal(0), 5, "REALTIME", simple=False)
    assert (
        b'{"type":"orderbook","code":"KRW-BTC","timestamp":5,"total_ask_size":0.07920000,"total_bid_size":0.00079276,'
        b'"orderbook_units":[{"ask_price":1.1654E8,"bid_price":1.16539E8,"ask_size":0.07920000,"bid_size":0.00079276}],'
        b'"stream_type":"REALTIME","level":0}'
    ) == write_event(book)
    book = TODAY.orderbook("KRW-BTC", ASKS, BIDS, Decimal(10_000), 5, "REALTIME", simple=True)
    assert (
        b'{"ty":"orderbook","cd":"KRW-BTC","tms":5,"tas":0.0792,"tbs":7.9276E-4,'
        b'"obu":[{"ap":116540000,"bp":116539000,"as":0.0792,"bs":7.9276E-4}],"st":"REALTIME","lv":10000}'
    ) == write_event(book, "SIMPLE")


@pytest.mark.parametrize("simple", [False, True])
def test_a_book_of_2023_has_doubles_and_neither_level_nor_stream_type(simple: bool) -> None:
    book = OLD.orderbook("KRW-BTC", ASKS, BIDS, Decimal(0), 5, "REALTIME", simple=simple)
    assert (
        b'{"type":"orderbook","code":"KRW-BTC","timestamp":5,"total_ask_size":0.0792,"total_bid_size":0.00079276,'
        b'"orderbook_units":[{"ask_price":116540000.0,"bid_price":116539000.0,"ask_size":0.0792,"bid_size":0.00079276}]}'
    ) == write_event(book)


def test_a_candle_tells_its_interval_in_both_zones() -> None:
    bar = Bar(1787728500000, e8("2"), e8("4"), e8("1"), e8("3"), e8("10"), 25 * 10**16 + 1, e8("5"), 7, 1787728559000)
    assert (
        b'{"type":"candle.1m","code":"KRW-BTC","candle_date_time_utc":"2026-08-26T07:15:00",'
        b'"candle_date_time_kst":"2026-08-26T16:15:00","opening_price":2.00000000,"high_price":4.00000000,'
        b'"low_price":1.00000000,"trade_price":3.00000000,"candle_acc_trade_volume":10.00000000,'
        b'"candle_acc_trade_price":25.0000000000000001,"timestamp":1787728559000,"stream_type":"REALTIME"}'
    ) == write_event(TODAY.candle("candle.1m", "KRW-BTC", bar, "REALTIME"))


def order(**changes: Any) -> OrderRecord:
    fields: dict[str, Any] = {
        "account": "me",
        "market": "KRW-BTC",
        "side": "bid",
        "ord_type": "limit",
        "price": Decimal(100),
        "volume": Decimal("3.0"),
        "identifier": "test-1",
        "uuid": "u",
        "created": 1710751590421,
        "fee": Decimal("0.0005"),
        "reserved_fee": Decimal("0.15"),
    }
    return OrderRecord(**(fields | changes))


def test_an_order_shows_its_nulls() -> None:
    event = TODAY.order(OrderChanged("wait", order(), 1710751590500))
    assert (
        b'{"type":"myOrder","code":"KRW-BTC","uuid":"u","ask_bid":"BID","order_type":"limit","state":"wait",'
        b'"trade_uuid":null,"price":100.0,"avg_price":0.0,"volume":3.0,"remaining_volume":3.0,"executed_volume":0.0,'
        b'"trades_count":0,"reserved_fee":0.15,"remaining_fee":0.15,"paid_fee":0.0,"locked":300.15,'
        b'"executed_funds":0.0,"time_in_force":null,"trade_fee":null,"is_maker":null,"identifier":"test-1",'
        b'"smp_type":null,"prevented_volume":0.0,"prevented_locked":0.0,"trade_timestamp":null,'
        b'"order_timestamp":1710751590000,"timestamp":1710751590500,"stream_type":"REALTIME"}'
    ) == write_event(event)


def test_an_order_that_traded_shows_the_price_and_volume_of_the_fill_and_its_average() -> None:
    fill = OrderTrade("KRW-BTC", "t", Decimal(99), Decimal(1), Decimal(99), "up", 7_500, "bid")
    record = order(
        executed_volume=Decimal(3), executed_funds=Decimal(290), paid_fee=Decimal("0.145"), trades=(fill, fill)
    )
    event = texts(write_event(TODAY.order(OrderChanged("trade", record, 8_000, fill, Decimal("0.0495"), True))))
    expected = {
        "state": "trade",
        "trade_uuid": "t",
        "price": "99.0",
        "volume": "1.0",
        "avg_price": "96.66666667",
        "trades_count": "2",
        "remaining_volume": "0.0",
        "trade_fee": "0.0495",
        "is_maker": True,
        "trade_timestamp": "7500",
    }
    assert expected == {key: event[key] for key in expected}


def test_assets_tell_what_changed() -> None:
    held = [("KRW", Holding(Decimal("1386929.37231066771348207123"), Decimal("10329.670127489597585685"), Decimal(0)))]
    assert (
        b'{"type":"myAsset","asset_uuid":"me","assets":[{"currency":"KRW","balance":1386929.37231066771348207123,'
        b'"locked":10329.670127489597585685}],"asset_timestamp":9,"timestamp":9,"stream_type":"REALTIME"}'
    ) == write_event(TODAY.assets("me", held, 9))


def test_the_best_prices_of_a_book_are_zero_on_an_empty_side() -> None:
    book = Book()
    assert Quote((0, 0), (0, 0)) == quote(book)
    book.rest(Resting(1, None, "bid", 5, 7))
    assert Quote((0, 0), (5, 7)) == quote(book)


AMOUNTS = st.integers(0, 10**23)


@given(AMOUNTS)
def test_every_spelling_is_exact(value: int) -> None:
    exact = Decimal(value).scaleb(-8)
    for spell in (scaled, double, plain, java_double):
        assert exact == Decimal(bytes(spell(value)).decode())
    assert exact == Decimal(bytes(fixed(value, 8)).decode())


@given(st.integers(-(10**20), 10**20))
def test_changes_keep_their_sign(value: int) -> None:
    for spell in (scaled, double):
        assert Decimal(value).scaleb(-8) == Decimal(bytes(spell(value)).decode())


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("0", "0.0"),
        ("0.00079276", "7.9276E-4"),
        ("0.001", "0.001"),
        ("1", "1.0"),
        ("3180000.5", "3180000.5"),
        ("9999999.99999999", "9999999.99999999"),
        ("10000000", "1.0E7"),
        ("116539000", "1.16539E8"),
        ("0.00000001", "1.0E-8"),
    ],
)
def test_doubles_are_spelled_as_java_does(value: str, text: str) -> None:
    assert Raw(text.encode()) == java_double(e8(value))


@pytest.mark.parametrize(
    ("value", "text"),
    [("0", "0E-8"), ("0.00000012", "1.2E-7"), ("0.000001", "0.00000100"), ("-5", "-5.00000000")],
)
def test_big_decimals_are_spelled_as_java_does(value: str, text: str) -> None:
    assert Raw(text.encode()) == scaled(e8(value))
