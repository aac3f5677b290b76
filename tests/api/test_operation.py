"""The declaration: what is written is read back, for every operation; and what four faces make of it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from upbit.api import OPERATIONS, Candles, Deposits, Orders, Tickers, TradingPairs
from upbit.api.operation import Namespace, Operation, Parameter, Sync
from upbit.wire.message import Request
from upbit.wire.token import body_pairs, plain_body, plain_query

WORD = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), min_size=1, max_size=8)
CODE = st.from_regex(r"[A-Z]{3,4}-[A-Z0-9]{1,6}", fullmatch=True)
AMOUNT = st.decimals(allow_nan=False, allow_infinity=False, places=8, min_value=0, max_value=10**12)


def value_for(parameter: Parameter) -> st.SearchStrategy[Any]:
    """A value as the other side would read it."""
    match parameter.form:
        case "number":
            return AMOUNT
        case "comma":
            return st.lists(CODE, min_size=1, max_size=4)
        case "texts":
            return st.lists(WORD, min_size=1, max_size=4)
        case _:
            return WORD if parameter.reads in (str, datetime | str, int | str) else st.from_type(parameter.reads)


def values(operation: Operation[..., Any]) -> st.SearchStrategy[dict[str, Any]]:
    fields = {one.name: (one.required, value_for(one)) for one in operation.parameters}
    return st.fixed_dictionaries(
        {name: one for name, (required, one) in fields.items() if required},
        optional={name: one for name, (required, one) in fields.items() if not required},
    )


def read_back(operation: Operation[..., Any], request: Request) -> dict[str, Any]:
    """What a server reads of a request."""
    found = re.fullmatch(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", operation.path), request.path)
    assert found is not None
    pairs = parse_qsl(request.query, keep_blank_values=True) + body_pairs(request.body)
    return operation.arguments(found.groupdict(), pairs)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.name)
def test_what_is_written_is_read_back(operation: Operation[..., Any]) -> None:
    @settings(max_examples=30)
    @given(values(operation))
    def check(arguments: dict[str, Any]) -> None:
        request = operation.request(arguments)
        assert arguments == read_back(operation, request)
        assert arguments == operation.from_texts(operation.texts(arguments))
        assert operation.verb == request.verb
        assert request.query.isascii()
        plain = plain_body(request.body) if request.body else plain_query(request.query)
        written = [pair.partition("=")[0].removesuffix("[]") for pair in plain.split("&")] if plain else []
        wires = {one.wire for one in operation.parameters}
        assert set(written) <= wires or any("&" in str(value) for value in arguments.values())

    check()


def test_arguments_that_are_none_are_left_out() -> None:
    assert Request("GET", "/v1/order", "identifier=b") == Orders.retrieve.request({"uuid": None, "identifier": "b"})


def test_arguments_travel_in_path_query_or_body() -> None:
    assert Request("GET", "/v1/candles/minutes/15", "market=KRW-BTC&count=2") == Candles.list_minutes.request(
        {"unit": 15, "market": "KRW-BTC", "count": 2}
    )
    order = Orders.create.request({"market": "KRW-BTC", "side": "bid", "ord_type": "price", "price": Decimal("1E+4")})
    assert b'{"market":"KRW-BTC","side":"bid","ord_type":"price","price":"10000"}' == order.body
    assert {"content-type": "application/json; charset=utf-8"} == order.headers
    assert "uuids[]=a&uuids[]=b%26c" == Orders.list_by_uuids.request({"uuids": ["a", "b&c"]}).query
    assert "from=a" == Deposits.list.request({"from_": "a"}).query
    assert "is_details=true" == TradingPairs.list.request({"is_details": True}).query
    assert (
        "to=2026-01-01T00:00:00%2B09:00&market=KRW-BTC"
        == Candles.list_days.request({"to": "2026-01-01T00:00:00+09:00", "market": "KRW-BTC"}).query
    )


def test_a_single_text_is_no_list_of_texts() -> None:
    with pytest.raises(TypeError, match=r"uuids takes a list of texts, as \['a'\]"):
        Orders.list_by_uuids.request({"uuids": "a"})


def test_a_server_reads_several_spellings_of_a_list_and_ignores_what_it_does_not_know() -> None:
    for pairs in ([("markets", "A, B")], [("markets", "A"), ("markets", "B")], [("markets[]", "A"), ("markets", "B")]):
        assert {"markets": ["A", "B"]} == Tickers.list.arguments({}, [*pairs, ("nonsense", "1")])


@pytest.mark.parametrize(
    ("pairs", "error"),
    [([("market", "A")], KeyError), ([("market", "A"), ("side", "buy"), ("ord_type", "limit")], ValueError)],
)
def test_a_server_is_told_what_is_missing_or_wrong(pairs: Sequence[tuple[str, str]], error: type[Exception]) -> None:
    with pytest.raises(error):
        Orders.create.arguments({}, pairs)


class Recorder:
    """Takes calls down."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def perform(self, operation: Operation[..., Any], arguments: dict[str, Any]) -> Any:
        self.calls.append((operation.name, arguments))
        return "done"


def test_a_bound_operation_hands_its_arguments_to_the_client() -> None:
    recorder = Recorder()
    tickers: Tickers[Sync] = Tickers(recorder)
    assert "done" == tickers.list(["KRW-BTC"])
    tickers.list_by_trading_pairs(markets="KRW-ETH")
    assert [
        ("tickers.list_by_trading_pairs", {"markets": ["KRW-BTC"]}),
        ("tickers.list_by_trading_pairs", {"markets": "KRW-ETH"}),
    ] == recorder.calls
    assert tickers.list is tickers.list_by_trading_pairs
    assert "<Tickers of" in repr(tickers)


@pytest.mark.parametrize(
    ("args", "kwargs", "says"),
    [
        ((), {}, "missing market, unit; it takes unit, market, to=, count="),
        ((1,), {"market": None}, "missing market"),
        ((1, "KRW-BTC"), {}, "takes its arguments by name"),
        ((1,), {"unit": 1, "market": "A"}, "got 'unit' twice"),
        ((1,), {"market": "A", "cuont": 1}, "has no parameter cuont"),
    ],
)
def test_wrong_arguments_are_a_type_error_that_says_what_would_be_right(
    args: tuple[object, ...], kwargs: dict[str, object], says: str
) -> None:
    recorder = Recorder()
    candles: Any = Candles(recorder)
    with pytest.raises(TypeError, match=re.escape(says)):
        candles.list_minutes(*args, **kwargs)
    assert [] == recorder.calls


def test_an_operation_without_parameters_says_so() -> None:
    from upbit.api import Accounts

    accounts: Any = Accounts(Recorder())
    with pytest.raises(TypeError, match="it takes nothing"):
        accounts.list(market="KRW-BTC")


def test_an_operation_can_be_looked_at() -> None:
    orders: Orders[Sync] = Orders(Recorder())
    assert "<orders.create: POST /v1/orders>" == repr(Orders.create)
    assert Orders.create is vars(Orders)["create"]
    assert inspect.signature(orders.create) == Orders.create.signature
    assert (inspect.getdoc(orders.create) or "").startswith("Place an order (")
    assert ["path", "query", "query", "query"] == [one.where for one in Candles.list_minutes.parameters]
    assert {"body"} == {one.where for one in Orders.create.parameters}


def test_namespaces_may_have_names_of_several_words() -> None:
    assert {"wallet_status.list", "api_keys.list"} <= {operation.name for operation in OPERATIONS}
    assert issubclass(Orders, Namespace)
