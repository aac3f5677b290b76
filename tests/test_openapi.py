"""The OpenAPI document is valid, is what the declarations say, and the paper exchange keeps to it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.paper.visitor import Visitor
from tools.openapi import DOCS, FILE, document, main, strict
from upbit.api import OPERATIONS
from upbit.api.operation import Operation
from upbit.spec import read
from upbit.wire.message import Request

WRITTEN = document()
HELD = strict(WRITTEN)
FAR = {"market": "KRW-BTC", "side": "bid", "ord_type": "limit", "price": "10000", "volume": "1"}


def described(operation: Operation[..., Any], within: Mapping[str, Any] = WRITTEN) -> Any:
    return within["paths"][operation.path][operation.verb.lower()]


# -- the document ------------------------------------------------------------------------------------


def test_it_is_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == main(["--check"]), capsys.readouterr().out


def test_a_file_that_differs_is_named_and_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == main([], folder=tmp_path)
    path = tmp_path / FILE
    edited = path.read_text("utf-8").replace("주문 생성", "주문하기")
    path.write_text(edited, "utf-8")
    assert 1 == main(["--check"], folder=tmp_path)
    assert edited == path.read_text("utf-8")
    assert f"{FILE} is not what the declarations say" in capsys.readouterr().out


def test_it_is_valid_openapi() -> None:
    OpenAPIV31SpecValidator(json.loads((DOCS / FILE).read_text("utf-8"))).validate()


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_every_operation_has_its_title_group_permission_status_and_parameters(operation: Operation[..., Any]) -> None:
    said = described(operation)
    assert re.search("[가-힣]", said["x-title-ko"])
    assert said["x-title-ko"] not in said["summary"]
    assert (operation.group, operation.repeat) == (said["x-rate-group"]["name"], said["x-repeat"])
    assert operation.needs == said.get("x-permission", {}).get("name")
    assert (operation.needs is None) == (said.get("security") == [])
    assert [operation.answers] == [int(status) for status in said["responses"] if int(status) < 400]
    body = said.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    names = [one["name"].removesuffix("[]") for one in said.get("parameters", [])] + list(body.get("properties", ()))
    assert [parameter.wire for parameter in operation.parameters] == names
    required = {one["name"] for one in said.get("parameters", []) if one["required"]} | set(body.get("required", ()))
    assert {parameter.wire for parameter in operation.parameters if parameter.required} == required


def test_the_client_reads_it_and_knows_every_operation_again() -> None:
    spec = read((DOCS / FILE).read_bytes(), FILE)
    for operation in OPERATIONS:
        said = described(operation)
        assert operation == spec.twin(spec.find(said["tags"][0], said["operationId"]))


def test_nothing_of_python_is_left_in_it() -> None:
    assert not re.search(r"Raises|\bNone\b|[a-z]Error\b", json.dumps(WRITTEN))


def test_amounts_are_text_in_the_exchange_api_and_numbers_in_the_quotation_api() -> None:
    schemas = WRITTEN["components"]["schemas"]
    assert "decimal" == schemas["Order"]["properties"]["locked"]["format"]
    assert ["string", "null"] == schemas["Order"]["properties"]["price"]["type"]
    assert "number" == schemas["Ticker"]["properties"]["trade_price"]["type"]
    assert "date-time" == schemas["Order"]["properties"]["created_at"]["format"]


def test_held_strictly_it_knows_no_other_fields_and_values() -> None:
    order = HELD["components"]["schemas"]["Order"]
    assert order["additionalProperties"] is False
    assert ["cancel", "done", "wait", "watch"] == order["properties"]["state"]["enum"]
    assert None in order["properties"]["smp_type"]["enum"]
    assert "additionalProperties" not in WRITTEN["components"]["schemas"]["Order"]


# -- the paper exchange keeps to it --------------------------------------------------------------------


@cache
def validator(name: str, status: str) -> Draft202012Validator:
    operation = next(one for one in OPERATIONS if one.name == name)
    answer = described(operation, HELD)["responses"][status]
    if "$ref" in answer:
        answer = HELD["components"]["responses"][answer["$ref"].rpartition("/")[2]]
    schema = {"components": HELD["components"], **answer["content"]["application/json"]["schema"]}
    return Draft202012Validator(schema)


class Guest(Visitor):
    """A visitor who holds every answer to the document."""

    def hold(self, operation: Operation[..., Any], request: Request) -> int:
        answer = self.send(request)
        held = validator(operation.name, str(answer.status))
        held.validate(json.loads(answer.text, parse_float=Decimal))
        return answer.status


KNOWN: Mapping[str, list[str]] = {
    "market": ["KRW-BTC", "BTC-ETH", "KRW-NONE"],
    "markets": ["KRW-BTC", "KRW-BTC,BTC-ETH", "KRW-NONE"],
    "pairs": ["KRW-BTC"],
    "quote_currencies": ["KRW", "BTC", "NONE"],
    "currency": ["BTC", "KRW", "NONE"],
    "net_type": ["BTC", "NONE"],
    "to": ["2026-09-01T00:00:00Z", "9999-12-31T23:59:59", "soon"],
    "uuid": ["mine", "none"],
    "identifier": ["mine", "none"],
    "prev_order_identifier": ["mine"],
    "converting_price_unit": ["KRW"],
    "two_factor_type": ["kakao"],
}
AMOUNTS = ["1", "0.001", "10000", "100000000", "1e-05", "0", "-1", "1e400", "NaN"]


def values(operation: Operation[..., Any], name: str) -> st.SearchStrategy[Any]:
    parameter = next(one for one in operation.parameters if one.name == name)
    if parameter.form == "number":
        return st.sampled_from(AMOUNTS)
    texts = st.sampled_from(KNOWN.get(parameter.wire, ["x"])) | st.text(max_size=5)
    if parameter.form == "texts":
        return st.lists(texts, min_size=1, max_size=3)
    schema = next((one["schema"] for one in described(operation).get("parameters", []) if one["name"] == name), {})
    choice = schema.get("enum") or (["1", "200", "0", "x"] if schema.get("type") == "integer" else None)
    return st.sampled_from([*choice, "odd"]) if choice else texts


@pytest.fixture(scope="module")
def guest() -> Guest:
    guest = Guest(funds={"KRW": Decimal(10**9), "BTC": Decimal(100)})
    guest.exchange.wallet.allow(guest.exchange.account, "BTC", "BTC", "bc1q")
    return guest


ORDERS = {
    "orders.create": [FAR, FAR | {"identifier": "mine"}, FAR | {"ord_type": "price", "price": "9000", "volume": None}],
    "orders.test_create": [FAR, FAR | {"side": "ask", "ord_type": "market", "price": None, "volume": "0.001"}],
    "orders.cancel_and_new": [
        {"prev_order_identifier": "mine", "new_ord_type": "limit", "new_price": "11000", "new_volume": "remain_only"}
    ],
    "deposits.create_coin_address": [{"currency": "BTC", "net_type": "BTC"}],
    "deposits.deposit_krw": [{"amount": "10000", "two_factor_type": "kakao"}],
    "withdraws.create_withdrawal": [{"currency": "BTC", "net_type": "BTC", "amount": "0.1", "address": "bc1q"}],
    "withdraws.create_krw_withdrawal": [{"amount": "10000", "two_factor_type": "kakao"}],
}


def test_what_succeeds_is_as_described(guest: Guest) -> None:
    for operation in OPERATIONS:
        for arguments in ORDERS.get(operation.name, []):
            assert operation.answers == guest.hold(operation, operation.request(arguments)), operation
    plain: Mapping[str, Any] = {"market": "KRW-BTC", "markets": "KRW-BTC", "currency": "BTC", "net_type": "BTC"}
    more: Mapping[str, Any] = {"unit": 1, "quote_currencies": "KRW", "identifiers": ["mine"], "is_details": True}
    passed = 0
    for operation in OPERATIONS:
        if operation.verb == "GET":
            names = {parameter.name for parameter in operation.parameters}
            arguments = {name: value for name, value in {**plain, **more}.items() if name in names}
            passed += 200 == guest.hold(operation, operation.request(arguments))
    assert passed >= 30


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow], deadline=None, derandomize=True)
@given(operation=st.sampled_from(OPERATIONS), data=st.data())
def test_whatever_is_asked_the_answer_is_as_described(
    guest: Guest, operation: Operation[..., Any], data: st.DataObject
) -> None:
    arguments = {
        one.name: data.draw(values(operation, one.name))
        for one in operation.parameters
        if one.required or data.draw(st.booleans())
    }
    try:
        request = operation.request(arguments)
    except ValueError:  # the client does not write 1e400
        return
    guest.hold(operation, request)
