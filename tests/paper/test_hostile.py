"""Bad input of every kind: a documented error or a clear refusal, the process lives on, nothing is lost.

Here what the gate decides; over sockets, see `test_hostile_sockets`. Afterwards the books must still agree.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Generator, Mapping
from decimal import Decimal
from hashlib import sha512
from hmac import digest
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.paper.visitor import Answer, Visitor
from upbit.api import OPERATIONS, Accounts, Orders
from upbit.api.operation import Operation
from upbit.wire.message import Request
from upbit.wire.token import plain_body, sign

FAR = {"market": "KRW-BTC", "side": "bid", "ord_type": "limit", "price": "10000", "volume": "1"}
JSON = {"content-type": "application/json"}
START = 1_790_000_010_000


@pytest.fixture(scope="module")
def visitor() -> Generator[Visitor]:
    """Somebody with an order on the book, which is still there when all is over."""
    visitor = Visitor()
    order = visitor.ask(Orders.create, **FAR)
    yield visitor
    visitor.exchange.advance()  # checks the invariants
    assert order | {"trades": []} == visitor.ask(Orders.retrieve, uuid=order["uuid"])
    assert Decimal(10_005) == next(Decimal(one["locked"]) for one in visitor.ask(Accounts.list))


# -- tokens --------------------------------------------------------------------------------------------


def encoded(part: object) -> str:
    return urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def forged(visitor: Visitor, head: object, claims: Mapping[str, object], kind: str = "sha512") -> str:
    signed = f"{encoded(head)}.{encoded({'access_key': visitor.key.access_key, 'nonce': visitor.nonce(), **claims})}"
    seal = digest(visitor.key.secret.encode(), signed.encode(), kind)
    return f"Bearer {signed}.{urlsafe_b64encode(seal).rstrip(b'=').decode()}"


def refusal(answer: Answer) -> tuple[int, Any]:
    return answer.status, answer.name


ASK = Request("GET", "/v1/accounts")
HASHED = sha512(b"market=KRW-BTC").hexdigest()


@pytest.mark.parametrize(
    ("algorithm", "kind"), [("none", "sha512"), ("HS384", "sha384"), ("RS256", "sha256"), ("hs512", "sha512")]
)
def test_no_other_algorithm_is_accepted_however_well_it_is_signed(visitor: Visitor, algorithm: str, kind: str) -> None:
    token = forged(visitor, {"alg": algorithm, "typ": "JWT"}, {}, kind)
    assert (401, "jwt_verification") == refusal(visitor.send(ASK, authorization=token))
    unsigned = token.rpartition(".")[0] + "."
    assert (401, "jwt_verification") == refusal(visitor.send(ASK, authorization=unsigned))


def test_the_algorithm_that_is_named_must_be_the_one_that_was_used(visitor: Visitor) -> None:
    token = forged(visitor, {"alg": "HS256"}, {}, "sha512")
    assert (401, "jwt_verification") == refusal(visitor.send(ASK, authorization=token))
    assert 200 == visitor.send(ASK, authorization=forged(visitor, {"alg": "HS256"}, {}, "sha256")).status


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": None},
        {"nonce": 7},
        {"access_key": ["a"]},
        {"query_hash": 5},
        {"query_hash": {"$ne": ""}},
        {"query_hash_alg": None},
    ],
    ids=str,
)
def test_claims_of_another_shape_are_no_token(visitor: Visitor, claims: Mapping[str, object]) -> None:
    token = forged(visitor, {"alg": "HS512"}, claims)
    assert (401, "jwt_verification") == refusal(visitor.send(ASK, authorization=token))


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"query_hash": HASHED[:-1]},
        {"query_hash": HASHED, "query_hash_alg": "MD5"},
        {"query_hash": sha512(b"market=KRW-ETH").hexdigest()},
        {"query_hash": "é"},
    ],
    ids=str,
)
def test_a_hash_must_be_that_of_the_query(visitor: Visitor, claims: Mapping[str, object]) -> None:
    request = Request("GET", "/v1/orders/chance", "market=KRW-BTC")
    token = forged(visitor, {"alg": "HS512"}, claims)
    assert (401, "invalid_query_payload") == refusal(visitor.send(request, authorization=token))
    good = forged(visitor, {"alg": "HS512"}, {"query_hash": HASHED.upper(), "query_hash_alg": "sha512"})
    assert 200 == visitor.send(request, authorization=good).status


@given(st.text(max_size=60) | st.binary(max_size=60).map(lambda raw: raw.decode("utf-8", "surrogateescape")))
def test_whatever_stands_in_the_header_is_no_token(visitor: Visitor, text: str) -> None:
    assert 401 == visitor.send(ASK, authorization=f"Bearer {text}").status


def test_claims_nested_as_deep_as_a_header_can_hold_are_no_token(visitor: Visitor) -> None:
    def part(text: str) -> str:
        return urlsafe_b64encode(text.encode()).decode()

    deep = '"x":' + "[" * 2_500 + "]" * 2_500
    for head, claims in (('{"alg":"HS512",%s}', '{"access_key":"a","nonce":"b"}'), ('{"alg":"HS512"}', "{%s}")):
        token = ".".join(part(text.replace("%s", deep)) for text in (head, claims, ""))
        assert (401, "jwt_verification") == refusal(visitor.send(ASK, authorization=f"Bearer {token}"))


# -- bodies --------------------------------------------------------------------------------------------


def posted(visitor: Visitor, body: bytes, hashed: str | None = None, **headers: str) -> Answer:
    """Post an order whose body is hashed as said, or as it is read."""
    token = sign(visitor.key.access_key, visitor.key.secret, nonce=visitor.nonce(), query=hashed or "")
    request = Request("POST", "/v1/orders/test", "", body, JSON | headers)
    return visitor.send(request, authorization=f"Bearer {token}")


@pytest.mark.parametrize(
    "body",
    [
        b'{"market":NaN}',
        b'{"market":-Infinity}',
        b"[" * 60_000,
        b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
        b'{"market":{"a":"b"}}',
        b'{"market":[["KRW-BTC"]]}',
        b'["market"]',
        b'"market"',
        b"null",
        b"7",
        b'{"market":"\xff"}',
        b'{"market":"KRW-BTC"',
        b'{"market":"KRW-BTC"}{}',
        json.dumps(FAR).encode("utf-16"),
        b"\xef\xbb\xbf" + json.dumps(FAR).encode(),
        b"\x00",
        b"market=KRW-BTC",
    ],
    ids=lambda body: repr(body[:24]),
)
def test_a_body_that_is_no_object_of_plain_values_is_refused(visitor: Visitor, body: bytes) -> None:
    answer = posted(visitor, body, "market=KRW-BTC")
    assert (400, "validation_error", "the body cannot be read") == (*refusal(answer), answer.result["error"]["message"])


def test_half_a_character_is_no_text(visitor: Visitor) -> None:
    for name in ("market", "identifier", "\ud800"):
        body = json.dumps({**FAR, name: "\ud800"}).encode()
        assert posted(visitor, body, "market=KRW-BTC").status in (400, 401)
    request = Request("GET", "/v1/orders/chance", "market=\udcff")
    token = sign(visitor.key.access_key, visitor.key.secret, nonce=visitor.nonce(), query="market=x")
    answer = visitor.send(request, authorization=f"Bearer {token}")
    assert (401, "invalid_query_payload") == refusal(answer)


def test_of_a_key_that_is_there_twice_the_last_counts_and_the_hash_is_over_that(visitor: Visitor) -> None:
    body = json.dumps(FAR).encode()[:-1] + b',"volume":"2"}'
    last = "&".join(f"{name}={text}" for name, text in (FAR | {"volume": "2"}).items())
    assert "2" == posted(visitor, body, last).result["volume"]
    for other in (last + "&volume=2", last.replace("volume=2", "volume=1&volume=2")):
        assert (401, "invalid_query_payload") == refusal(posted(visitor, body, other))


def test_numbers_and_texts_of_a_body_are_read_alike(visitor: Visitor) -> None:
    body = b'{"market":"KRW-BTC","side":"bid","ord_type":"limit","price":1e4,"volume":1.50,"identifier":null}'
    answer = posted(visitor, body, "market=KRW-BTC&side=bid&ord_type=limit&price=1e4&volume=1.50")
    assert (201, "10000", "1.5") == (answer.status, answer.result["price"], answer.result["volume"])


# -- queries -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("markets=%zz", 404),
        ("markets=%", 404),
        ("markets=%ff%fe", 404),
        ("markets=%00", 404),
        ("markets=%ED%A0%80", 404),
        ("markets=" + ",".join(["KRW-BTC"] * 200), 200),
        ("markets=" + ",".join(["KRW-BTC"] * 201), 400),
        ("&".join(["markets=KRW-BTC"] * 201), 400),
        ("markets=" + "," * 8_000, 400),
        ("=", 400),
        ("&&&", 400),
        ("markets[]=KRW-BTC&markets%5B%5D=KRW-ETH", 200),
        ("markets=" + "A" * 100_000, 404),
    ],
    ids=lambda value: str(value)[:24],
)
def test_a_strange_query_is_answered(visitor: Visitor, query: str, status: int) -> None:
    for path in ("/v1/ticker", "/v1/orderbook", "/v1/orderbook/instruments", "/v1/orderbook/supported_levels"):
        assert status == visitor.send(Request("GET", path, query), authorization="").status


@given(st.text("%&=[]+;,?#/\\\x00é0aF", max_size=30))
def test_whatever_is_in_a_signed_query_is_read_as_it_was_hashed(visitor: Visitor, query: str) -> None:
    assert visitor.send(Request("GET", "/v1/orders/open", query)).status in (200, 400)


# -- amounts -------------------------------------------------------------------------------------------

AMOUNTS = {
    "1e-05": "0.00001",
    "1E+0": "1",
    "1.50000000": "1.5",
    "00001": "1",
    "1e400": None,
    "1e-400": None,
    "1e29": None,
    "9" * 50: None,
    "0." + "3" * 50: None,
    "9" * 5_000: None,
    "-1": None,
    "0": None,
    "-0": None,
    "NaN": None,
    "Infinity": None,
    "١": None,
    "0x10": None,
    "1_000": None,
    "1,000": None,
    "": None,
    "true": None,
}


@pytest.mark.parametrize(("text", "read"), AMOUNTS.items(), ids=lambda value: repr(value)[:24])
def test_an_amount_is_read_exactly_or_refused(visitor: Visitor, text: str, read: str | None) -> None:
    fields = FAR | {"price": "1000000000", "volume": text} if text == "1e-05" else FAR | {"volume": text}
    body = json.dumps(fields).encode()
    answer = posted(visitor, body, plain_body(body))
    if read is None:
        assert 400 == answer.status
    else:
        assert (201, read) == (answer.status, answer.result["volume"])


MONEY = [
    (operation, parameter.wire)
    for operation in OPERATIONS
    for parameter in operation.parameters
    if parameter.form == "number" and operation.verb == "POST"
]


@pytest.mark.parametrize(("operation", "name"), MONEY, ids=str)
def test_no_amount_at_all_breaks_an_operation(visitor: Visitor, operation: Operation[..., Any], name: str) -> None:
    known = {"market": "KRW-BTC", "side": "bid", "currency": "BTC", "net_type": "BTC", "two_factor_type": "kakao"}
    known |= {"ord_type": "limit", "new_ord_type": "limit", "price": "10000", "volume": "1", "identifier": "x"}
    fields = {one.wire: known.get(one.wire, "x") for one in operation.parameters if one.required} | {"volume": "1"}
    for text in AMOUNTS:
        if operation.name != "orders.create" or text not in ("1e-05", "1E+0", "1.50000000", "00001"):
            body = json.dumps(fields | {name: text}).encode()
            token = visitor.token(Request("POST", "/", "", body), visitor.key)
            answer = visitor.send(Request("POST", operation.path, "", body, JSON), authorization=token)
            assert 200 <= answer.status < 500
