"""How often anybody may ask at the gate (upbit-api 5)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.paper.visitor import Visitor
from upbit.api import Accounts, ApiKeys, Candles, Orders, Tickers, Trades, TradingPairs
from upbit.api.operation import Operation
from upbit.wire.message import Request

LIMIT = {"market": "KRW-BTC", "side": "bid", "ord_type": "limit", "price": "10000000", "volume": "0.001"}


def sent(visitor: Visitor, operation: Operation[..., Any], times: int, **arguments: Any) -> list[str]:
    return [visitor.call(operation, **arguments).remaining for _ in range(times)]


@pytest.mark.parametrize(
    ("profile", "first", "last"),
    [
        ("current", "group=default; min=1800; sec=29", "group=default; min=1800; sec=0"),
        ("2023", "group=default; min=899; sec=29", "group=default; min=870; sec=0"),
    ],
)
def test_the_header_counts_down_until_429_and_the_window_refills(profile: str, first: str, last: str) -> None:
    visitor = Visitor(profile, limited=True)
    seen = sent(visitor, ApiKeys.list, 30)
    assert (first, last) == (seen[0], seen[-1])
    answer = visitor.call(ApiKeys.list)
    assert (429, '{"error":{"name":"too_many_requests"}}', last) == (answer.status, answer.text, answer.remaining)
    visitor.step(1_000)
    assert "sec=29" == visitor.call(ApiKeys.list).remaining[-6:]


def test_a_window_of_2023_is_closed_until_it_is_over() -> None:
    visitor = Visitor("2023", limited=True)
    sent(visitor, ApiKeys.list, 30)
    visitor.step(999)
    assert 429 == visitor.call(ApiKeys.list).status
    visitor.step(1)
    assert 200 == visitor.call(ApiKeys.list).status


@pytest.mark.parametrize(
    ("operation", "arguments", "header"),
    [
        (TradingPairs.list, {}, "group=market; min=600; sec=9"),
        (Candles.list_days, {"market": "KRW-BTC"}, "group=candles; min=600; sec=9"),
        (Trades.list, {"market": "KRW-BTC"}, "group=crix-trades; min=600; sec=9"),
        (Tickers.list_by_trading_pairs, {"markets": "KRW-BTC"}, "group=ticker; min=600; sec=9"),
        (Accounts.list, {}, "group=default; min=1800; sec=29"),
        (Orders.create, LIMIT, "group=order; min=720; sec=11"),
        (Orders.test_create, LIMIT, "group=order-test; min=480; sec=7"),
        (Orders.cancel_open, {}, "group=order-cancel-all; min=30; sec=0"),
    ],
    ids=str,
)
def test_every_group_has_its_own_limit(operation: Operation[..., Any], arguments: Any, header: str) -> None:
    visitor = Visitor(limited=True)
    assert header == visitor.call(operation, **arguments).remaining
    times = int(header.rpartition("=")[2])
    for _ in range(times):
        assert visitor.call(operation, **arguments).status < 429
    assert (429, "too_many_requests") == visitor.refused(operation, **arguments)


def test_the_minute_of_2023_ends_too() -> None:
    visitor = Visitor("2023", limited=True)
    for second in range(1, 26):
        assert f"group=order; min={200 - 8 * second}; sec=0" == sent(visitor, Orders.create, 8, **LIMIT)[-1]
        visitor.step(1_000)
    assert (429, "too_many_requests") == visitor.refused(Orders.create, **LIMIT)
    visitor.step(35_000)
    assert "group=order; min=199; sec=7" == visitor.call(Orders.create, **LIMIT).remaining


def test_limits_of_quotation_are_counted_per_address() -> None:
    visitor = Visitor(limited=True)
    request = Request("GET", "/v1/market/all")
    for _ in range(10):
        visitor.send(request, authorization="")
    assert 429 == visitor.send(request, authorization="").status
    assert 200 == visitor.send(request, authorization="", peer="10.0.0.2").status


@pytest.mark.parametrize(("profile", "status"), [("2023", 200), ("current", 429)])
def test_limits_of_the_exchange_are_counted_per_key_in_2023_and_per_account_today(profile: str, status: int) -> None:
    visitor = Visitor(profile, limited=True)
    second = visitor.exchange.issue_key(visitor.exchange.account)
    sent(visitor, ApiKeys.list, 30)
    assert 429 == visitor.call(ApiKeys.list).status
    assert status == visitor.call(ApiKeys.list, key=second).status


def test_a_page_of_a_browser_may_ask_once_in_ten_seconds() -> None:
    visitor = Visitor(limited=True)
    request = Request("GET", "/v1/market/all", headers={"origin": "https://example.org"})
    answer = visitor.send(request, authorization="")
    assert (200, "group=origin; min=6; sec=0") == (answer.status, answer.remaining)
    visitor.step(9_999)
    assert 429 == visitor.send(request, authorization="").status
    visitor.step(1)
    assert 200 == visitor.send(request, authorization="").status


def test_limits_can_be_switched_off() -> None:
    visitor = Visitor(limited=False)
    assert {"group=default; min=9999; sec=99"} == set(sent(visitor, ApiKeys.list, 50))
