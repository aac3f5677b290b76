"""Markets, candles, trades, tickers and books as the exchange answers them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.paper.visitor import Visitor
from upbit.api import Candles, Orderbooks, Orders, Tickers, Trades, TradingPairs
from upbit.paper.listing import MARKETS

D = Decimal
MISMATCH, WRONG, UNKNOWN = (400, 400), (400, 400), (404, 404)


@pytest.fixture
def visitor() -> Visitor:
    return Visitor()


@pytest.fixture
def guest_of_2023() -> Visitor:
    return Visitor("2023")


def column(rows: Any, name: str) -> list[Any]:
    return [row[name] for row in rows]


def test_every_market_is_listed(visitor: Visitor) -> None:
    rows = visitor.ask(TradingPairs.list)
    assert [listing.market for listing in MARKETS] == column(rows, "market")
    assert {"market": "KRW-BTC", "korean_name": "비트코인", "english_name": "Bitcoin"} == rows[0]
    event = visitor.ask(TradingPairs.list, is_details=True)[0]["market_event"]
    assert (False, False) == (event["warning"], event["caution"]["PRICE_FLUCTUATIONS"])


# -- candles -----------------------------------------------------------------------------------------

CANDLES: list[tuple[Any, dict[str, Any]]] = [
    (Candles.list_seconds, {}),
    (Candles.list_minutes, {"unit": 1}),
    (Candles.list_minutes, {"unit": 240}),
    (Candles.list_days, {}),
    (Candles.list_weeks, {}),
    (Candles.list_months, {}),
    (Candles.list_years, {}),
]


@pytest.mark.parametrize(("operation", "more"), CANDLES, ids=str)
def test_candles_come_newest_first_and_before_an_exclusive_time(
    visitor: Visitor, operation: Any, more: dict[str, Any]
) -> None:
    rows = visitor.ask(operation, market="KRW-BTC", count=4, **more)
    starts = column(rows, "candle_date_time_utc")
    assert (4, sorted(set(starts), reverse=True)) == (len(starts), starts)
    assert rows[:1] == visitor.ask(operation, market="KRW-BTC", **more)
    assert rows[2:] == visitor.ask(operation, market="KRW-BTC", count=2, to=f"{starts[1]}Z", **more)
    for row in rows:
        assert row["low_price"] <= min(row["opening_price"], row["trade_price"])
        assert row["high_price"] >= max(row["opening_price"], row["trade_price"])
        assert row["candle_acc_trade_volume"] > 0


@pytest.mark.parametrize(
    "to", ["2026-09-21T00:00:00Z", "2026-09-21 00:00:00", "2026-09-21T09:00:00+09:00", "1789948800000"]
)
def test_a_time_may_be_written_in_several_ways(visitor: Visitor, to: str) -> None:
    assert (
        "2026-09-20T23:59:00"
        == visitor.ask(Candles.list_minutes, unit=1, market="KRW-BTC", to=to)[0]["candle_date_time_utc"]
    )


@pytest.mark.parametrize("to", ["0001-01-01T00:00:00+14:00", "1970-01-01T00:00:00Z", "2017-01-01T00:00:00Z"])
def test_before_the_market_there_was_nothing(visitor: Visitor, to: str) -> None:
    for operation, more in CANDLES:
        assert [] == visitor.ask(operation, market="KRW-BTC", to=to, **more)


def test_the_future_has_no_candles(visitor: Visitor) -> None:
    now = visitor.ask(Candles.list_days, market="KRW-BTC")
    assert now == visitor.ask(Candles.list_days, market="KRW-BTC", to="2030-01-01T00:00:00Z")


@pytest.mark.parametrize(
    "more", [{"count": 0}, {"count": 201}, {"to": "yesterday"}, {"to": "2026-09-21T09:00:00 09:00"}]
)
def test_candles_are_not_asked_for_by_nonsense(visitor: Visitor, more: dict[str, Any]) -> None:
    assert WRONG == visitor.refused(Candles.list_days, market="KRW-BTC", **more)
    assert UNKNOWN == visitor.refused(Candles.list_days, market="KRW-NONE")


def test_seconds_are_kept_three_months(visitor: Visitor) -> None:
    assert [] == visitor.ask(Candles.list_seconds, market="KRW-BTC", to="2026-06-01T00:00:00Z", count=5)
    assert 5 == len(visitor.ask(Candles.list_seconds, market="KRW-BTC", to="2026-07-01T00:00:00Z", count=5))


def test_a_day_changes_from_the_close_before(visitor: Visitor) -> None:
    today, before = visitor.ask(Candles.list_days, market="KRW-BTC", count=2)
    assert before["trade_price"] == today["prev_closing_price"]
    change = today["trade_price"] - today["prev_closing_price"]
    assert change == today["change_price"]
    assert (change / today["prev_closing_price"]).quantize(D("1e-10")) == today["change_rate"]


def test_the_first_day_has_none_before(visitor: Visitor) -> None:
    first = visitor.ask(Candles.list_days, market="KRW-BTC", to="2017-09-26T00:00:00Z", count=5)
    assert 1 == len(first)
    assert not {"prev_closing_price", "change_price", "change_rate"} & first[0].keys()


def test_a_close_is_converted_to_krw(visitor: Visitor) -> None:
    ether = visitor.ask(Candles.list_days, market="BTC-ETH", converting_price_unit="KRW")[0]
    bitcoin = visitor.ask(Candles.list_days, market="KRW-BTC")[0]
    assert abs(ether["trade_price"] * bitcoin["trade_price"] - ether["converted_trade_price"]) < D("1e-7")
    for market, unit in (("KRW-BTC", "KRW"), ("BTC-ETH", "USD")):
        row = visitor.ask(Candles.list_days, market=market, converting_price_unit=unit)[0]
        assert None is row["converted_trade_price"]


def test_longer_candles_say_their_first_day(visitor: Visitor) -> None:
    firsts = [
        visitor.ask(operation, market="KRW-BTC")[0]["first_day_of_period"]
        for operation in (Candles.list_weeks, Candles.list_months, Candles.list_years)
    ]
    assert ["2026-09-21", "2026-09-01", "2026-01-01"] == firsts
    assert 5 == visitor.ask(Candles.list_minutes, unit=5, market="KRW-BTC")[0]["unit"]


# -- trades ------------------------------------------------------------------------------------------


def test_trades_come_newest_first_and_go_on_before_a_cursor(visitor: Visitor) -> None:
    rows = visitor.ask(Trades.list, market="KRW-BTC", count=500)
    ids = column(rows, "sequential_id")
    assert (500, sorted(set(ids), reverse=True)) == (len(ids), ids)
    assert rows[:1] == visitor.ask(Trades.list, market="KRW-BTC")
    for cursor in (ids[99], str(ids[99])):
        assert rows[100:110] == visitor.ask(Trades.list, market="KRW-BTC", count=10, cursor=cursor)
    row = rows[0]
    assert row["trade_price"] - row["prev_closing_price"] == row["change_price"]
    assert row["timestamp"] == row["sequential_id"] // 10_000


@pytest.mark.parametrize("days", range(1, 8))
def test_trades_of_a_day_are_of_that_day(visitor: Visitor, days: int) -> None:
    found = visitor.ask(Trades.list, market="KRW-BTC", days_ago=days, count=3)
    assert {f"2026-09-{21 - days}"} == set(column(found, "trade_date_utc"))
    early = visitor.ask(Trades.list, market="KRW-BTC", days_ago=days, to="000000", count=3)
    assert [] == early
    noon = visitor.ask(Trades.list, market="KRW-BTC", days_ago=days, to="12:00:00", count=3)
    assert all(row["trade_time_utc"] < "12:00:00" for row in noon)
    assert f"2026-09-{21 - days}" == noon[0]["trade_date_utc"]
    cursor = noon[0]["sequential_id"]
    assert noon[1:] == visitor.ask(Trades.list, market="KRW-BTC", days_ago=days, cursor=cursor, count=2)


def test_trades_are_kept_seven_days(visitor: Visitor) -> None:
    found = visitor.ask(Trades.list, market="KRW-BTC", count=500, cursor=1_789_344_000_000 * 10_000 + 5)
    assert all(row["trade_date_utc"] >= "2026-09-14" for row in found)


@pytest.mark.parametrize(
    "more",
    [
        {"count": 0},
        {"count": 501},
        {"days_ago": 0},
        {"days_ago": 8},
        {"to": "noon"},
        {"to": "240000"},
        {"to": "006000"},
        {"to": "000060"},
        {"to": "1200"},
        {"cursor": "abc"},
    ],
)
def test_trades_are_not_asked_for_by_nonsense(visitor: Visitor, more: dict[str, Any]) -> None:
    assert WRONG == visitor.refused(Trades.list, market="KRW-BTC", **more)


def test_own_trades_are_on_the_tape(visitor: Visitor) -> None:
    visitor.ask(Orders.create, market="KRW-BTC", side="bid", ord_type="price", price=100_000)
    assert "BID" == visitor.ask(Trades.list, market="KRW-BTC")[0]["ask_bid"]


# -- tickers -----------------------------------------------------------------------------------------


def test_a_ticker_agrees_with_the_day_and_the_last_trade(visitor: Visitor) -> None:
    ticker = visitor.ask(Tickers.list_by_trading_pairs, markets="KRW-BTC")[0]
    day = visitor.ask(Candles.list_days, market="KRW-BTC")[0]
    trade = visitor.ask(Trades.list, market="KRW-BTC")[0]
    for name in ("opening_price", "high_price", "low_price", "trade_price", "prev_closing_price"):
        assert day[name] == ticker[name]
    assert (trade["trade_price"], trade["trade_volume"]) == (ticker["trade_price"], ticker["trade_volume"])
    assert (trade["timestamp"], trade["change_price"]) == (ticker["trade_timestamp"], ticker["signed_change_price"])
    assert abs(ticker["signed_change_price"]) == ticker["change_price"]
    signs = {"RISE": 1, "EVEN": 0, "FALL": -1}
    assert signs[ticker["change"]] * ticker["change_rate"] == ticker["signed_change_rate"]
    assert day["candle_acc_trade_volume"] == ticker["acc_trade_volume"]
    assert ticker["lowest_52_week_price"] <= ticker["low_price"] <= ticker["high_price"]
    assert ("20260921", "20260921") == (ticker["trade_date"], ticker["trade_date_kst"])


def test_tickers_come_by_market_or_by_quote_currency(visitor: Visitor) -> None:
    rows = visitor.ask(Tickers.list_by_trading_pairs, markets=["USDT-BTC", "KRW-BTC"])
    assert ["USDT-BTC", "KRW-BTC"] == column(rows, "market")
    every = visitor.ask(Tickers.list_by_quote_currencies, quote_currencies="btc,USDT")
    assert {"BTC", "USDT"} == {market.split("-")[0] for market in column(every, "market")}
    assert UNKNOWN == visitor.refused(Tickers.list_by_trading_pairs, markets="KRW-BTC,KRW-NONE")
    assert UNKNOWN == visitor.refused(Tickers.list_by_quote_currencies, quote_currencies="KRW,EUR")


# -- order books -------------------------------------------------------------------------------------


def test_a_book_is_thirty_deep_or_as_asked(visitor: Visitor, guest_of_2023: Visitor) -> None:
    def depth(visitor: Visitor, **more: Any) -> int:
        return len(visitor.ask(Orderbooks.list, markets="krw-btc", **more)[0]["orderbook_units"])

    assert (30, 15) == (depth(visitor), depth(guest_of_2023))
    assert [1, 1, 7, 30] == [depth(visitor, count=count) for count in (0, 1, 7, 99)]


def test_a_book_is_sorted_and_sums_what_it_shows(visitor: Visitor) -> None:
    book = visitor.ask(Orderbooks.list, markets="KRW-BTC")[0]
    units = book["orderbook_units"]
    asks, bids = column(units, "ask_price"), column(units, "bid_price")
    assert (sorted(set(asks)), sorted(set(bids), reverse=True)) == (asks, bids)
    assert bids[0] < asks[0]
    assert sum(column(units, "ask_size")) == book["total_ask_size"]
    assert 0 == book["level"]


def test_a_book_is_gathered_at_levels_it_supports(visitor: Visitor, guest_of_2023: Visitor) -> None:
    fine = visitor.ask(Orderbooks.list, markets="KRW-BTC")[0]["orderbook_units"]
    coarse = visitor.ask(Orderbooks.list, markets="KRW-BTC", level=10_000)[0]
    assert 10_000 == coarse["level"]
    assert all(price % 10_000 == 0 for price in column(coarse["orderbook_units"], "bid_price"))
    assert coarse["orderbook_units"][0]["ask_price"] >= fine[0]["ask_price"]
    assert coarse["orderbook_units"][0]["bid_price"] <= fine[0]["bid_price"]
    assert [] == visitor.ask(Orderbooks.list, markets="KRW-BTC", level=5)
    assert [] == visitor.ask(Orderbooks.list, markets="BTC-ETH", level=1)
    old = guest_of_2023.ask(Orderbooks.list, markets="KRW-BTC", level=10_000)[0]
    assert "level" not in old
    assert UNKNOWN == visitor.refused(Orderbooks.list, markets="KRW-BTC,KRW-NONE")


def test_own_orders_stand_in_the_book(visitor: Visitor) -> None:
    best = visitor.ask(Orderbooks.list, markets="KRW-BTC", count=1)[0]["orderbook_units"][0]
    how = {"market": "KRW-BTC", "side": "bid", "ord_type": "limit", "volume": "0.001"}
    visitor.ask(Orders.create, price=best["bid_price"], **how)
    after = visitor.ask(Orderbooks.list, markets="KRW-BTC", count=1)[0]["orderbook_units"][0]
    assert best["bid_size"] + D("0.001") == after["bid_size"]


def test_instruments_say_step_and_levels(visitor: Visitor) -> None:
    rows = visitor.ask(Orderbooks.list_instruments, markets="KRW-BTC,BTC-ETH")
    assert [
        {
            "market": "KRW-BTC",
            "quote_currency": "KRW",
            "tick_size": "1000",
            "supported_levels": ["0", "10000", "100000", "1000000", "10000000", "100000000"],
        },
        {"market": "BTC-ETH", "quote_currency": "BTC", "tick_size": "0.00000001", "supported_levels": ["0"]},
    ] == rows
    levels = visitor.ask(Orderbooks.list_supported_levels, markets="KRW-ETH")
    assert [{"market": "KRW-ETH", "supported_levels": [0, 10_000, 100_000, 1_000_000]}] == levels
    for operation in (Orderbooks.list_instruments, Orderbooks.list_supported_levels):
        assert UNKNOWN == visitor.refused(operation, markets="KRW-NONE")
