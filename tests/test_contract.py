"""Everything that the 2023 document lists, asked in its own words at four doors to an exchange that speaks as it says.

The document as data (`tests/vectors/documented.json`) drives the tests: what it lists and nobody asks for fails here.
"""

from __future__ import annotations

import inspect
import itertools
import json
from base64 import urlsafe_b64decode
from collections.abc import Generator, Mapping
from decimal import Decimal
from hashlib import sha512
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.contract.causes import CAUSES
from tests.contract.document import DOCUMENT, ERRORS, OPERATIONS, PARAMETERS, faults
from tests.contract.doors import NAMES, Door, opened
from tests.contract.questions import QUESTIONS, Question
from tests.contract.samples import SAMPLES
from tests.contract.stage import Stage, begin
from upbit.client import Upbit
from upbit.documented import NAMESPACES, Documented
from upbit.utils import Validator
from upbit.wire.quota import header_fields
from upbit.wire.token import Claims


class Scene(NamedTuple):
    """A door, and what stands behind it."""

    door: Door
    stage: Stage


@pytest.fixture(scope="module", params=NAMES)
def scene(request: pytest.FixtureRequest) -> Generator[Scene]:
    with opened(request.param) as door:
        yield Scene(door, begin(door))


@pytest.fixture
def door(scene: Scene) -> Door:
    return scene.door


# -- operations and their fields ---------------------------------------------------------------------


def test_every_operation_is_asked_for_and_no_other_has_a_documented_name() -> None:
    assert OPERATIONS.keys() == SAMPLES.keys()
    served = {
        f"{namespace.__name__}.{name}"
        for namespace in NAMESPACES
        for name, member in vars(namespace).items()
        if isinstance(member, Documented)
    }
    assert OPERATIONS.keys() == served


@pytest.mark.parametrize("code", OPERATIONS)
def test_an_operation_goes_where_the_document_says(code: str, door: Door) -> None:
    operation = OPERATIONS[code]
    namespace, _, name = code.partition(".")
    entry: Documented[Any] = getattr(next(one for one in NAMESPACES if one.__name__ == namespace), name)
    assert operation["path"] == entry.operation.path
    assert entry.operation.verb in [operation["method"], *operation.get("method_also", [])]
    where = {one.wire: one.where for one in entry.operation.parameters}
    taken = set(entry.signature.parameters)
    for parameter in operation["request"]:
        today = entry.spellings.get(parameter["name"], parameter["name"])
        assert parameter["in"] == where[today]
        assert parameter["name"] in taken


@pytest.mark.parametrize("code", OPERATIONS)
def test_an_answer_has_every_field_in_its_type_and_no_other(code: str, scene: Scene) -> None:
    results = SAMPLES[code](*scene)
    assert len(OPERATIONS[code]["responses"]) == len(results)
    assert [] == [fault for number, result in enumerate(results) for fault in faults(code, number, result)]


# -- parameters --------------------------------------------------------------------------------------


def test_every_parameter_is_asked_about() -> None:
    assert PARAMETERS == {parameter for question in QUESTIONS for parameter in question.parameters}


@pytest.mark.parametrize("question", QUESTIONS, ids=str)
def test_a_parameter_does_what_it_says(question: Question, scene: Scene) -> None:
    before = len(scene.door.heard)
    question.ask(*scene)
    sent = " ".join(f"{one.path}?{one.query}{one.body.decode()}" for one in scene.door.heard[before:])
    for code, parameter in question.parameters:
        where = next(one["in"] for one in OPERATIONS[code]["request"] if one["name"] == parameter)
        today = {"isDetails": "is_details", "daysAgo": "days_ago", "convertingPriceUnit": "converting_price_unit"}
        assert where == "path" or today.get(parameter, parameter) in sent, f"{parameter} of {code} was not sent"


@pytest.mark.parametrize("code", OPERATIONS)
def test_what_is_required_cannot_be_left_out(code: str, door: Door) -> None:
    before = len(door.heard)
    required = [one["name"] for one in OPERATIONS[code]["request"] if one["required"]]
    if required:
        with pytest.raises(TypeError, match=f"is missing .*{required[0]}"):
            door.ask(code)
    with pytest.raises(TypeError, match="has no parameter colour"):
        door.ask(code, colour="red")
    assert before == len(door.heard)


# -- errors ------------------------------------------------------------------------------------------


def test_every_error_has_a_cause() -> None:
    assert ERRORS.keys() == CAUSES.keys()


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_stands_in_the_result_and_raises_nothing(name: str, scene: Scene) -> None:
    answer = CAUSES[name](scene.door)
    assert DOCUMENT["error_body"].keys() == answer["result"].keys()
    assert DOCUMENT["error_body"]["error"].keys() == answer["result"]["error"].keys()
    assert (ERRORS[name], name) == (answer["response"]["status_code"], answer["result"]["error"]["name"])
    assert answer["result"]["error"]["message"]
    assert not answer["response"]["ok"]


# -- how often ---------------------------------------------------------------------------------------

ORDER = {"market": "KRW-BTC", "side": "bid", "ord_type": "limit", "price": "10000000", "volume": "0.001"}
LIMITED: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "EXCHANGE order": ("Order.Order_new", ORDER),
    "EXCHANGE other": ("APIKey.APIKey_info", {}),
    "QUOTATION rest, per group": ("Market.Market_info_all", {}),
}


def test_every_answer_says_what_is_left_as_in_the_example(door: Door) -> None:
    key = door.exchange.issue_key(door.exchange.account)
    answer = door.speak(door.client(key), "APIKey.APIKey_info")
    assert DOCUMENT["rate_limits"]["result_example"] == answer["remaining_request"]
    assert [one["name"] for one in DOCUMENT["rate_limits"]["result_keys"]] == list(answer["remaining_request"])
    header = answer["response"]["headers"]["Remaining-Req"]
    assert f"Remaining-Req: {header}" == "Remaining-Req: group=default; min=899; sec=29"


@pytest.mark.parametrize("example", DOCUMENT["rate_limits"]["header_examples"])
def test_headers_are_read_as_in_the_examples(example: str) -> None:
    fields = header_fields(example.removeprefix("Remaining-Req: "))
    assert example == "Remaining-Req: " + "; ".join(f"{name}={text}" for name, text in fields.items())


@pytest.mark.parametrize("limit", DOCUMENT["rate_limits"]["limits"], ids=lambda limit: limit["scope"])
def test_limits_are_those_of_the_document(limit: Mapping[str, Any], door: Door) -> None:
    seconds, minutes = limit["per_second"], limit["per_minute"]
    door.step(60)
    if limit["scope"] not in LIMITED:
        assert [True] * seconds + [False] == [door.connects() for _ in range(seconds + 1)]
        door.step(1)
        for _ in range(minutes - seconds):
            assert door.connects()
            door.step(0.3)
        door.step(1)
        assert not door.connects()
        return
    code, arguments = LIMITED[limit["scope"]]
    key = door.exchange.issue_key(door.exchange.account)
    client = door.make(key.access_key, key.secret)
    # By its clock each call is long over when it is refused, so that it does not wait for its turn as orders do.
    other = door.make(key.access_key, key.secret, clock=itertools.count(0.0, 1000.0).__next__)
    left = [door.speak(client, code, **arguments)["remaining_request"] for _ in range(seconds)]
    assert list(range(seconds))[::-1] == [int(one["sec"]) for one in left]
    assert [minutes - 1 - number for number in range(seconds)] == [int(one["min"]) for one in left]
    refused = door.speak(other, code, **arguments)
    assert (429, "too_many_requests") == (refused["response"]["status_code"], refused["result"]["error"]["name"])
    door.step(1)
    assert door.speak(other, code, **arguments)["response"]["ok"]


# -- the client --------------------------------------------------------------------------------------

CLIENT = DOCUMENT["client"]


def test_the_client_is_made_as_documented(tmp_path: Path, door: Door) -> None:
    scope: dict[str, Any] = {}
    exec(CLIENT["import"], scope)
    assert scope["Upbit"] is Upbit
    assert CLIENT["repr"] == repr(Upbit())
    signature = inspect.signature(Upbit)
    shown = ", ".join(
        f"{one.name}=None" if one.default is None else f"**{one.name}" for one in signature.parameters.values()
    )
    assert CLIENT["signature"] == f"UpbitClient({shown.replace('options', 'kwargs')})"
    document = {"swagger": "2.0", "host": "api.upbit.com", "basePath": "/v1", "schemes": ["https"]}
    operation = {"tags": ["Market"], "operationId": "Market_info_all", "responses": {"200": {"description": ""}}}
    document |= {"paths": {"/market/all": {"get": operation}}}
    spec = tmp_path / "spec.json"
    spec.write_text(json.dumps(document))
    given = {"spec_uri": str(spec), "config": {"host": door.base_url}}
    assert [one["name"] for one in CLIENT["init"]] == ["access_key", "secret_key", *given]
    key = door.exchange.first_key
    client = door.make(key.access_key, key.secret, base_url=door.base_url, **given)
    assert "KRW-BTC" == door.speak(client, "Market.Market_info_all")["result"][0]["market"]
    assert repr(Upbit(config={"host": door.base_url})) == f"UpbitClient({door.base_url})"


def test_an_answer_has_the_documented_parts(door: Door) -> None:
    answer: Any = door.ask("Order.Order_chance", market="KRW-BTC")
    names = [one["name"] for one in CLIENT["result"]]
    assert {name.partition(".")[0] for name in names} == answer.keys()
    response = answer["response"]
    assert [name.partition(".")[2] for name in names if "." in name] == list(response)
    assert f"{door.base_url}/v1/orders/chance?market=KRW-BTC" == response["url"]
    assert (200, "OK", True) == (response["status_code"], response["reason"], response["ok"])
    assert response["content"] == response["text"].encode()
    assert answer["result"] == json.loads(response["text"])
    assert "default" == response["headers"]["remaining-req"][6:13]


def test_a_token_has_the_documented_claims(door: Door) -> None:
    auth = DOCUMENT["auth"]
    door.ask("Order.Order_chance", market="KRW-BTC")
    text = door.heard[-1].headers["authorization"]
    assert auth["header"].split()[1] == text.split()[0]
    claims = json.loads(urlsafe_b64decode(text.split(".")[1] + "=="))
    assert auth["claims"] == list(claims)
    assert auth["query_hash_alg_default"] == claims["query_hash_alg"] == Claims("", "").query_hash_alg
    assert sha512(b"market=KRW-BTC").hexdigest() == claims["query_hash"]
    door.ask("Account.Account_info")
    claims = json.loads(urlsafe_b64decode(door.heard[-1].headers["authorization"].split(".")[1] + "=="))
    assert auth["claims"][:2] == list(claims)
    key = door.exchange.first_key
    client = door.make(key.access_key, key.secret, algorithm=auth["recommended_alg"])
    assert door.speak(client, "Account.Account_info")["response"]["ok"]
    head = json.loads(urlsafe_b64decode(door.heard[-1].headers["authorization"].split()[1].split(".")[0] + "=="))
    assert auth["recommended_alg"] == head["alg"]


# -- prices ------------------------------------------------------------------------------------------

TICKS = DOCUMENT["tick_table"]


@pytest.mark.parametrize("row", TICKS["rows"], ids=lambda row: str(row["min"]))
def test_a_row_of_the_tick_table_rounds_prices_and_rules_orders(row: Mapping[str, Any], door: Door) -> None:
    unit, lowest = Decimal(str(row["unit"])), Decimal(row["min"])
    highest = lowest * 2 if row["max"] is None else Decimal(row["max"])
    for price in (lowest, lowest + unit, highest - unit):
        assert float(price) == Validator.validate_price(price) == Validator.validate_price(price + unit / 2)
    on, off = lowest + unit, lowest + unit + unit / 2

    def place(price: Decimal) -> tuple[int, Any]:
        volume = (Decimal(6000) / price).quantize(Decimal("0.00000001"))
        answer = door.ask("Order.Order_new", market="KRW-BTC", side="bid", ord_type="limit", price=price, volume=volume)
        return answer["response"]["status_code"], answer["result"]

    status, order = place(on)
    assert (201, on) == (status, Decimal(order["price"]))
    door.ask("Order.Order_cancel", uuid=order["uuid"])
    status, refused = place(off)
    assert (400, "invalid_price_bid") == (status, refused["error"]["name"])


def test_a_price_is_validated_as_in_the_example() -> None:
    said = TICKS["validate_price"]
    scope: dict[str, Any] = {}
    exec(said["import"], scope)
    assert scope["Validator"] is Validator
    assert said["example"]["result"] == Validator.validate_price(said["example"]["price"])
    assert said["valid"] == [Validator.validate_price(price) for price in said["valid"]]
    assert all(price != Validator.validate_price(price) for price in said["invalid"])
