"""The documented voice: 27 names, their spellings, their answers."""

from __future__ import annotations

import asyncio
import inspect
import json
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

import pytest

from tests.fakes import ORDER, AsyncScriptedTransport, ScriptedTransport, answer
from upbit import APITimeoutError, AsyncUpbit, ResponseError, Upbit
from upbit.api import Orders
from upbit.documented import NAMESPACES, Documented, Headers
from upbit.documented import Order as Order_
from upbit.models import Order
from upbit.wire.message import Response

NEW: dict[str, Any] = {"market": "KRW-BTC", "side": "bid", "ord_type": "limit", "volume": "0.01", "price": "100.0"}
COIN = {"currency": "BTC", "net_type": "BTC", "amount": "0.1", "address": "a"}
CALLS: dict[str, tuple[dict[str, Any], str]] = {
    "APIKey.APIKey_info": ({}, "GET /v1/api_keys"),
    "Account.Account_info": ({}, "GET /v1/accounts"),
    "Account.Account_wallet": ({}, "GET /v1/status/wallet"),
    "Market.Market_info_all": ({"isDetails": True}, "GET /v1/market/all?is_details=true"),
    "Order.Order_orderbook": ({"markets": ["KRW-BTC", "KRW-ETH"]}, "GET /v1/orderbook?markets=KRW-BTC,KRW-ETH"),
    "Order.Order_chance": ({"market": "KRW-BTC"}, "GET /v1/orders/chance?market=KRW-BTC"),
    "Order.Order_info": ({"uuid": "a"}, "GET /v1/order?uuid=a"),
    "Order.Order_info_all": (
        {"market": "KRW-BTC", "states": ["wait", "watch"], "page": 2, "order_by": "asc"},
        "GET /v1/orders?market=KRW-BTC&states[]=wait&states[]=watch&page=2&order_by=asc",
    ),
    "Order.Order_new": (NEW, f"POST /v1/orders {json.dumps(NEW, separators=(',', ':'))}"),
    "Order.Order_cancel": ({"uuid": "a"}, "DELETE /v1/order?uuid=a"),
    "Deposit.Deposit_info_all": ({"txids": ["a"], "limit": 5}, "GET /v1/deposits?txids[]=a&limit=5"),
    "Deposit.Deposit_info": ({"txid": "a"}, "GET /v1/deposit?txid=a"),
    "Deposit.Deposit_coin_addresses": ({}, "GET /v1/deposits/coin_addresses"),
    "Deposit.Deposit_coin_address": (
        {"currency": "BTC", "net_type": "BTC"},
        "GET /v1/deposits/coin_address?currency=BTC&net_type=BTC",
    ),
    "Deposit.Deposit_generate_coin_address": (
        {"currency": "BTC", "net_type": "BTC"},
        'POST /v1/deposits/generate_coin_address {"currency":"BTC","net_type":"BTC"}',
    ),
    "Withdraw.Withdraw_info_all": ({"currency": "BTC", "uuids": ["a"]}, "GET /v1/withdraws?currency=BTC&uuids[]=a"),
    "Withdraw.Withdraw_info": ({"uuid": "a"}, "GET /v1/withdraw?uuid=a"),
    "Withdraw.Withdraw_chance": (
        {"currency": "BTC", "net_type": "BTC"},
        "GET /v1/withdraws/chance?currency=BTC&net_type=BTC",
    ),
    "Withdraw.Withdraw_coin": (COIN, f"POST /v1/withdraws/coin {json.dumps(COIN, separators=(',', ':'))}"),
    "Withdraw.Withdraw_krw": ({"amount": 10000}, 'POST /v1/withdraws/krw {"amount":"10000"}'),
    "Withdraw.Withdraw_coin_addresses": ({}, "GET /v1/withdraws/coin_addresses"),
    "Candle.Candle_minutes": (
        {"unit": 1, "market": "KRW-BTC", "to": "2021-01-01 00:00:00"},
        "GET /v1/candles/minutes/1?market=KRW-BTC&to=2021-01-01 00:00:00",
    ),
    "Candle.Candle_days": (
        {"market": "BTC-ETH", "convertingPriceUnit": "KRW"},
        "GET /v1/candles/days?market=BTC-ETH&converting_price_unit=KRW",
    ),
    "Candle.Candle_weeks": ({"market": "KRW-BTC", "count": 2}, "GET /v1/candles/weeks?market=KRW-BTC&count=2"),
    "Candle.Candle_month": ({"market": "KRW-BTC"}, "GET /v1/candles/months?market=KRW-BTC"),
    "Trade.Trade_ticks": (
        {"market": "KRW-BTC", "cursor": "1", "daysAgo": 1},
        "GET /v1/trades/ticks?market=KRW-BTC&cursor=1&days_ago=1",
    ),
    "Trade.Trade_ticker": ({"markets": "KRW-BTC, KRW-ETH"}, "GET /v1/ticker?markets=KRW-BTC,KRW-ETH"),
}


def client_of(*script: Response, **options: Any) -> tuple[Upbit, ScriptedTransport]:
    transport = ScriptedTransport(*script)
    return Upbit("a" * 40, "s" * 40, transport=transport, **options), transport


def find(client: object, name: str) -> Any:
    namespace, _, call = name.partition(".")
    return getattr(getattr(client, namespace), call)


def test_there_are_the_27_documented_names_and_no_other() -> None:
    names = {
        f"{space.__name__}.{name}"
        for space in NAMESPACES
        for name, one in vars(space).items()
        if isinstance(one, Documented)
    }
    assert (27, set(CALLS)) == (len(names), names)


@pytest.mark.parametrize("name", CALLS)
def test_a_documented_call_sends_what_the_exchange_documents_on_both_faces(name: str) -> None:
    arguments, expected = CALLS[name]
    client, transport = client_of(answer(ORDER))
    other = AsyncScriptedTransport(answer(ORDER))
    envelope = find(client, name)(**arguments)
    twin = asyncio.run(find(AsyncUpbit("a" * 40, "s" * 40, transport=other), name)(**arguments))
    for request in (transport.requests[0], other.requests[0]):
        body = f" {_unnamed(request.body).decode()}" if request.body else ""
        assert expected == f"{request.verb} {unquote(request.target)}{body}"
    assert {"response", "remaining_request", "result"} == envelope.keys() == twin.keys()


def _unnamed(body: bytes) -> bytes:
    """A body without the identifier that an order got because it had none."""
    fields = json.loads(body)
    fields.pop("identifier", None)
    return json.dumps(fields, separators=(",", ":")).encode()


def test_the_envelope_shows_the_response_as_documented() -> None:
    header = {"Remaining-Req": "group=default; min=899; sec=29", "Content-Type": "application/json"}
    client, _ = client_of(answer(b'{"price": 1.50, "n": 1}', 201, reason="Created", headers=header))
    envelope = client.Order.Order_chance(market="KRW-BTC")
    assert {"group": "default", "min": "899", "sec": "29"} == envelope["remaining_request"]
    assert {"price": 1.5, "n": 1} == envelope["result"]
    response = envelope["response"]
    assert ["url", "headers", "status_code", "reason", "text", "content", "ok"] == list(response)
    assert ("https://api.upbit.com/v1/orders/chance?market=KRW-BTC", 201, "Created", True) == (
        response["url"],
        response["status_code"],
        response["reason"],
        response["ok"],
    )
    assert ('{"price": 1.50, "n": 1}', b'{"price": 1.50, "n": 1}') == (response["text"], response["content"])
    assert "application/json" == response["headers"]["content-type"] == response["headers"].get("CONTENT-TYPE")
    assert dict(header) == dict(response["headers"])


def test_headers_are_found_in_any_case_and_print_as_they_came() -> None:
    headers = Headers({"Date": "now"})
    assert ("now", True, False, 1, "{'Date': 'now'}") == (
        headers["dATE"],
        "date" in headers,
        "x" in headers,
        len(headers),
        repr(headers),
    )


@pytest.mark.parametrize(
    ("body", "status", "reason", "error"),
    [
        ({"error": {"message": "m", "name": "n"}}, 400, "Bad Request", {"message": "m", "name": "n"}),
        ({"error": {"name": "too_many_requests"}}, 429, "Too Many Requests", {"name": "too_many_requests"}),
        ({"name": "n", "message": "m"}, 401, "Unauthorized", {"name": "n", "message": "m"}),
        (b"<html>", 502, "Bad Gateway", {"message": "<html>", "name": "Bad Gateway"}),
        (b"[]", 404, "Not Found", {"message": "[]", "name": "Not Found"}),
        (b"{}", 404, "Not Found", {"message": "{}", "name": "Not Found"}),
        (b"", 200, "OK", {"message": "", "name": "OK"}),
        (b"\xff", 200, "OK", {"message": "�", "name": "OK"}),
    ],
)
def test_errors_never_raise_and_stand_in_the_result(body: object, status: int, reason: str, error: object) -> None:
    client, _ = client_of(answer(body, status, reason=reason), max_retries=0)
    envelope = client.Account.Account_info()
    assert ({"error": error}, {}, status < 400) == (
        envelope["result"],
        envelope["remaining_request"],
        envelope["response"]["ok"],
    )


def test_what_is_no_answer_raises() -> None:
    transport = ScriptedTransport()
    client = Upbit("a", "s", transport=transport, max_retries=0)
    transport._script[:] = [APITimeoutError("late")]
    with pytest.raises(APITimeoutError):
        client.Account.Account_info()


def test_both_spellings_are_taken_but_not_at_once() -> None:
    client, transport = client_of()
    client.Market.Market_info_all(is_details=False)
    client.Candle.Candle_days(market="BTC-ETH", converting_price_unit="KRW")
    client.Trade.Trade_ticks("KRW-BTC", days_ago=2)
    assert ["is_details=false", "market=BTC-ETH&converting_price_unit=KRW", "days_ago=2&market=KRW-BTC"] == [
        request.query for request in transport.requests
    ]
    with pytest.raises(TypeError, match="both spellings of days_ago"):
        client.Trade.Trade_ticks(market="KRW-BTC", daysAgo=1, days_ago=1)


def test_wrong_arguments_are_a_type_error_before_anything_is_sent() -> None:
    client, transport = client_of()
    with pytest.raises(TypeError, match="missing side"):
        client.Order.Order_new(market="KRW-BTC", ord_type="limit")  # type: ignore[call-arg]  # which is the question
    with pytest.raises(TypeError, match="no parameter vol"):
        client.Order.Order_new(**NEW, vol="1")  # type: ignore[call-arg]  # which is the question
    with pytest.raises(TypeError, match="by name"):
        client.Order.Order_cancel("uuid")  # type: ignore[call-arg]  # which is the question
    assert [] == transport.requests


@pytest.mark.parametrize(
    ("given", "sent"),
    [(1e-05, "0.00001"), (100.0, "100.0"), (0.1, "0.1"), (1e16, "10000000000000000"), (Decimal("1E-8"), "0.00000001")],
)
def test_a_float_counts_as_the_number_it_is_printed_as(given: Any, sent: str) -> None:
    client, transport = client_of(answer(ORDER, 201))
    client.Order.Order_new(**(NEW | {"volume": given}))
    assert sent == json.loads(transport.requests[0].body)["volume"]


@pytest.mark.parametrize("given", [float("nan"), float("inf"), True])
def test_what_is_no_amount_is_refused(given: Any) -> None:
    client, transport = client_of()
    with pytest.raises((TypeError, ValueError)):
        client.Order.Order_new(**(NEW | {"volume": given}))
    assert [] == transport.requests


def test_results_can_be_checked_or_typed() -> None:
    drifted = ORDER | {"trades_count": "many"}
    good, bad = answer(ORDER, 201), answer(drifted, 201)
    assert ORDER == client_of(good, config={"validate_responses": True})[0].Order.Order_new(**NEW)["result"]
    assert isinstance(client_of(good, config={"use_models": True})[0].Order.Order_new(**NEW)["result"], Order)
    assert drifted == client_of(bad)[0].Order.Order_new(**NEW)["result"]
    for setting in ("validate_responses", "use_models"):
        with pytest.raises(ResponseError, match=r"orders\.create"):
            client_of(bad, config={setting: True})[0].Order.Order_new(**NEW)
    refused = answer({"error": {"name": "n", "message": "m"}}, 400)
    strict = client_of(refused, config={"use_models": True, "also_return_response": False})[0]
    assert {"error": {"name": "n", "message": "m"}} == strict.Order.Order_new(**NEW)["result"]


def test_documented_names_can_be_looked_at() -> None:
    client, _ = client_of()
    call = client.Trade.Trade_ticks
    assert call is client.Trade.Trade_ticks
    assert ("Trade_ticks", "Trade.Trade_ticks") == (call.__name__, call.__qualname__)
    assert ["market", "to", "count", "cursor", "daysAgo", "days_ago"] == list(inspect.signature(call).parameters)
    assert list(inspect.signature(client.orders.create).parameters) == list(
        inspect.signature(client.Order.Order_new).parameters
    )
    assert (inspect.getdoc(client.Order.Order_new) or "").startswith("Place an order (")
    assert Orders.create is Order_.Order_new.operation
