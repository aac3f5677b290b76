"""The way in: routes, tokens, permissions, limits, parameters, error bodies."""

from __future__ import annotations

import json
from hashlib import md5
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.paper.visitor import START, Visitor
from upbit.api import OPERATIONS, Accounts, ApiKeys, Orders, TradingPairs, Withdraws
from upbit.api.operation import Operation
from upbit.paper.exchange import PERMISSIONS
from upbit.wire.message import Request
from upbit.wire.token import sign

LIMIT = {"market": "KRW-BTC", "side": "bid", "ord_type": "limit", "price": "10000000", "volume": "0.001"}


@pytest.fixture
def visitor() -> Visitor:
    return Visitor()


@pytest.fixture
def guest_of_2023() -> Visitor:
    return Visitor("2023")


# -- routes ------------------------------------------------------------------------------------------


def test_a_path_nobody_serves_is_answered_by_the_gateway(visitor: Visitor) -> None:
    for verb, path in (("GET", "/v1/nothing"), ("POST", "/v1/ticker"), ("GET", "/"), ("GET", "/v1/candles/minutes/")):
        answer = visitor.send(Request(verb, path), authorization="")
        assert (404, "not_found") == (answer.status, answer.name)
        assert "no Route matched with those values" == answer.result["error"]["message"]
        assert "Remaining-Req" not in answer.headers


def test_slashes_too_many_are_forgiven(visitor: Visitor) -> None:
    for path in ("//v1/accounts", "/v1/accounts/", "/v1//accounts"):
        assert 200 == visitor.send(Request("GET", path)).status


def test_a_fixed_path_is_not_taken_for_a_place_holder(visitor: Visitor) -> None:
    assert 200 == visitor.send(Request("GET", "/v1/orders/open")).status
    assert 200 == visitor.send(Request("GET", "/v1/candles/minutes/5", "market=KRW-BTC"), authorization="").status


# -- who asks ----------------------------------------------------------------------------------------


def refusal(visitor: Visitor, request: Request, authorization: str | None = None, **how: Any) -> tuple[int, str]:
    answer = visitor.send(request, authorization=authorization, **how)
    return answer.status, answer.name


ASK = Request("GET", "/v1/accounts")


def test_quotation_needs_no_token_and_ignores_one(visitor: Visitor) -> None:
    for authorization in ("", "Bearer nonsense"):
        assert 200 == visitor.send(Request("GET", "/v1/market/all"), authorization=authorization).status


def test_exchange_needs_a_token(visitor: Visitor) -> None:
    assert (401, "no_authorization_token") == refusal(visitor, ASK, "")
    assert (401, "no_authorization_token") == refusal(visitor, ASK, "Bearer")


def test_a_token_must_be_one(visitor: Visitor) -> None:
    unsigned = "eyJhbGciOiJub25lIn0.eyJhY2Nlc3Nfa2V5IjoiYSIsIm5vbmNlIjoiYiJ9."
    for text in ("Basic abc", "Bearer nonsense", "Bearer a.b.c", "Bearer é.é.é", f"Bearer {unsigned}"):
        assert (401, "jwt_verification") == refusal(visitor, ASK, text)


def test_a_token_must_be_signed_with_the_secret_of_its_key(visitor: Visitor) -> None:
    key = visitor.key
    assert (401, "jwt_verification") == refusal(visitor, ASK, f"Bearer {sign(key.access_key, 'other', nonce='1')}")
    assert (401, "invalid_access_key") == refusal(visitor, ASK, f"Bearer {sign('nobody', key.secret, nonce='1')}")


@pytest.mark.parametrize("algorithm", ["HS256", "HS512"])
def test_both_algorithms_are_accepted_and_the_scheme_in_any_case(visitor: Visitor, algorithm: Any) -> None:
    token = sign(visitor.key.access_key, visitor.key.secret, nonce="1", algorithm=algorithm)
    assert 200 == visitor.send(ASK, authorization=f"bearer {token} ").status


def test_a_nonce_is_good_once(visitor: Visitor) -> None:
    token = visitor.token(ASK, visitor.key)
    assert 200 == visitor.send(ASK, authorization=token).status
    assert (401, "nonce_used") == refusal(visitor, ASK, token)


def test_a_failed_token_does_not_use_up_its_nonce(visitor: Visitor) -> None:
    request = Request("GET", "/v1/order", "uuid=a")
    assert (401, "invalid_query_payload") == refusal(visitor, request, visitor.token(ASK, visitor.key, "n"))
    assert 200 == visitor.send(ASK, authorization=visitor.token(ASK, visitor.key, "n")).status


def test_the_query_hash_must_be_that_of_the_query(visitor: Visitor) -> None:
    request = Request("GET", "/v1/orders/chance", "market=KRW-BTC")
    other = visitor.token(request._replace(query="market=KRW-ETH"), visitor.key)
    assert (401, "invalid_query_payload") == refusal(visitor, request, other)
    assert (401, "invalid_query_payload") == refusal(visitor, request, visitor.token(ASK, visitor.key))
    assert (401, "invalid_query_payload") == refusal(visitor, ASK, visitor.token(request, visitor.key))


def test_the_query_hash_is_made_over_the_decoded_query_in_its_order(visitor: Visitor) -> None:
    query = "uuids%5B%5D=b&uuids%5B%5D=a"
    token = sign(visitor.key.access_key, visitor.key.secret, nonce="1", query="uuids[]=b&uuids[]=a")
    request = Request("GET", "/v1/orders/uuids", query)
    assert 200 == visitor.send(request, authorization=f"Bearer {token}").status
    token = sign(visitor.key.access_key, visitor.key.secret, nonce="2", query="uuids[]=a&uuids[]=b")
    assert (401, "invalid_query_payload") == refusal(visitor, request, f"Bearer {token}")


@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded"])
def test_a_body_may_be_json_or_a_form(visitor: Visitor, kind: str) -> None:
    form = "&".join(f"{name}={text}" for name, text in LIMIT.items())
    body = (json.dumps(LIMIT) if "json" in kind else form).encode()
    request = Request("POST", "/v1/orders", "", body, {"content-type": kind})
    assert 201 == visitor.send(request).status
    other = Request("POST", "/v1/orders", "", body.replace(b"0.001", b"0.002"), {"content-type": kind})
    assert (401, "invalid_query_payload") == refusal(visitor, other, visitor.token(request, visitor.key))


def test_a_space_of_a_body_may_be_hashed_as_itself_or_as_a_plus(visitor: Visitor) -> None:
    body = json.dumps(LIMIT | {"identifier": "a b"}).encode()
    request = Request("POST", "/v1/orders/test", "", body, {"content-type": "application/json"})
    plain = "&".join(f"{name}={text}" for name, text in LIMIT.items())
    for nonce, identifier in enumerate(("a b", "a+b")):  # others; the official SDK, by the documented recipe
        query = f"{plain}&identifier={identifier}"
        token = sign(visitor.key.access_key, visitor.key.secret, nonce=str(nonce), query=query)
        assert 201 == visitor.send(request, authorization=f"Bearer {token}").status


def test_the_same_pairs_in_query_and_form_count_once(visitor: Visitor) -> None:
    form = "&".join(f"{name}={text}" for name, text in LIMIT.items())
    kind = {"content-type": "application/x-www-form-urlencoded"}
    answer = visitor.send(Request("POST", "/v1/orders", form, form.encode(), kind))
    assert (201, "0.001") == (answer.status, answer.result["volume"])


def test_pairs_in_the_query_of_a_post_are_read(visitor: Visitor) -> None:
    form = "&".join(f"{name}={text}" for name, text in LIMIT.items())
    assert 201 == visitor.send(Request("POST", "/v1/orders", form)).status


@pytest.mark.parametrize("body", [b"{", b"[1]", b'{"a":{"b":1}}', b"\xff"])
def test_a_body_that_cannot_be_read_is_refused(visitor: Visitor, body: bytes) -> None:
    token = f"Bearer {sign(visitor.key.access_key, visitor.key.secret, nonce='1')}"
    request = Request("POST", "/v1/orders", "", body)
    assert (400, "validation_error") == refusal(visitor, request, token)


def test_a_body_sent_to_quotation_is_ignored(visitor: Visitor) -> None:
    request = Request("GET", "/v1/ticker", "markets=KRW-BTC", b"\xff{")
    assert 200 == visitor.send(request, authorization="").status


def test_a_delete_takes_a_query_or_else_a_body_but_not_both(visitor: Visitor) -> None:
    uuid = visitor.ask(Orders.create, **LIMIT)["uuid"]
    body = json.dumps({"uuid": uuid}).encode()
    both = Request("DELETE", "/v1/order", f"uuid={uuid}", body)
    assert (400, "QUERY_PARAMETER_NOT_SUPPORTED") == refusal(visitor, both)
    assert 200 == visitor.send(Request("DELETE", "/v1/order", "", body)).status


def test_a_key_expires(visitor: Visitor) -> None:
    key = visitor.exchange.issue_key(visitor.exchange.account, lifetime=1_000)
    visitor.step(999)
    assert 200 == visitor.send(ASK, key=key).status
    visitor.step(1)
    assert (401, "expired_access_key") == refusal(visitor, ASK, key=key)


def test_a_key_is_good_from_its_own_addresses_only(visitor: Visitor, guest_of_2023: Visitor) -> None:
    for one, name in ((visitor, "no_authorization_ip"), (guest_of_2023, "no_authorization_i_p")):
        key = one.exchange.issue_key(one.exchange.account, allowed_ips=["10.0.0.1"])
        assert 200 == one.send(ASK, key=key, peer="10.0.0.1").status
        assert (401, name) == refusal(one, ASK, key=key, peer="10.0.0.2")


def permitted(operation: Operation[..., Any]) -> bool:
    return operation.needs is not None and operation.needs != "any"


@pytest.mark.parametrize("operation", [one for one in OPERATIONS if permitted(one)], ids=str)
def test_a_key_may_only_do_what_it_was_made_for(operation: Operation[..., Any]) -> None:
    assert operation.needs is not None
    visitor = Visitor()
    key = visitor.exchange.issue_key(visitor.exchange.account, permissions=PERMISSIONS - {operation.needs})
    request = Request(operation.verb, operation.path)
    assert "out_of_scope" == visitor.send(request, key=key).name
    able = visitor.exchange.issue_key(visitor.exchange.account, permissions=[operation.needs])
    answer = visitor.send(request, key=able)
    assert answer.status < 400 or answer.name != "out_of_scope"


def test_what_is_out_of_scope_is_401_as_documented_in_2023_and_403_today(
    visitor: Visitor, guest_of_2023: Visitor
) -> None:
    for one, status in ((visitor, 403), (guest_of_2023, 401)):
        key = one.exchange.issue_key(one.exchange.account, permissions=[])
        assert (status, "out_of_scope") == refusal(one, ASK, key=key)
        assert 200 == one.call(ApiKeys.list, key=key).status


# -- what is asked -----------------------------------------------------------------------------------


def test_a_parameter_that_is_missing_is_named(visitor: Visitor) -> None:
    answer = visitor.send(Request("GET", "/v1/orders/chance"))
    assert (400, "validation_error") == (answer.status, answer.name)
    assert "market is missing" == answer.result["error"]["message"]
    answer = visitor.send(Request("GET", "/v1/ticker"), authorization="")
    message = "Missing request parameter error. Check the required parameters!"
    assert (400, {"error": {"name": 400, "message": message}}) == (answer.status, answer.result)


def test_a_parameter_of_the_wrong_type_is_refused(visitor: Visitor) -> None:
    answer = visitor.send(Request("GET", "/v1/orders/open", "limit=many"))
    assert (400, "validation_error") == (answer.status, answer.name)
    assert "limit does not have a valid value" == answer.result["error"]["message"]
    answer = visitor.send(Request("GET", "/v1/candles/minutes/2", "market=KRW-BTC"), authorization="")
    message = "Type mismatch error. Check the parameters type!"
    assert (400, {"error": {"name": 400, "message": message}}) == (answer.status, answer.result)


def test_an_empty_parameter_counts_as_not_given(visitor: Visitor) -> None:
    assert 200 == visitor.send(Request("GET", "/v1/candles/days", "market=KRW-BTC&to=&count="), authorization="").status


@pytest.mark.parametrize("amount", ["NaN", "sNaN", "Infinity", "-Infinity", "x", "1_0"])
def test_an_amount_must_be_a_finite_number(visitor: Visitor, amount: str) -> None:
    assert (400, "validation_error") == visitor.refused(Withdraws.create_krw_withdrawal, amount=amount + "")


@pytest.mark.parametrize("spelling", ["isDetails=true", "is_details=true"])
def test_both_spellings_of_a_parameter_are_read(guest_of_2023: Visitor, visitor: Visitor, spelling: str) -> None:
    request = Request("GET", "/v1/market/all", spelling)
    assert "NONE" == guest_of_2023.send(request, authorization="").result[0]["market_warning"]
    assert "market_event" in visitor.send(request, authorization="").result[0]


def test_the_converted_price_appears_when_asked_for_even_if_there_is_none(visitor: Visitor) -> None:
    def first(query: str) -> Any:
        return visitor.send(Request("GET", "/v1/candles/days", query), authorization="").result[0]

    assert "converted_trade_price" not in first("market=KRW-BTC")
    assert first("market=KRW-BTC&convertingPriceUnit=KRW")["converted_trade_price"] is None
    assert first("market=BTC-ETH&convertingPriceUnit=KRW")["converted_trade_price"] > 1_000_000


# -- the answer --------------------------------------------------------------------------------------


def test_quotation_answers_carry_the_headers_recorded(visitor: Visitor) -> None:
    answer = visitor.call(TradingPairs.list)
    headers = answer.headers
    assert "Yes" == headers["Limit-By-Ip"]
    assert ("0", "no-cache") == (headers["Expires"], headers["Pragma"])
    assert f'W/"0{md5(answer.text.encode(), usedforsecurity=False).hexdigest()}"' == headers["ETag"]
    assert "origin,access-control-request-method,access-control-request-headers,accept-encoding" == headers["Vary"]


def test_exchange_answers_carry_the_headers_recorded(visitor: Visitor) -> None:
    headers = visitor.call(Accounts.list).headers
    assert "application/json;charset=UTF-8" == headers["Content-Type"]
    assert "no-cache, no-store, max-age=0, must-revalidate" == headers["Cache-Control"]
    assert "Origin, Access-Control-Request-Method, Access-Control-Request-Headers" == headers["Vary"]
    assert "ETag" not in headers
    assert "Mon, 21 Sep 2026 14:14:00 GMT" == headers["Date"], START


def test_an_error_is_a_name_and_a_message_in_korean(visitor: Visitor) -> None:
    answer = visitor.call(Orders.retrieve, uuid="none")
    assert '{"error":{"name":"order_not_found","message":"주문을 찾지 못했습니다."}}' == answer.text
    answer = visitor.call(Orders.retrieve_chance, market="KRW-BTCs")
    assert "다음 마켓에 없는 종목입니다: KRW-BTCs" == answer.result["error"]["message"]


TEXTS = st.one_of(
    st.sampled_from(["KRW-BTC", "BTC", "0", "-1", "NaN", "sNaN", "1e999999", "1e-999999", "true", "bid", "limit", "²"]),
    st.text(max_size=8),
    st.integers().map(str),
)


@pytest.fixture(scope="module")
def crowd() -> dict[str, Visitor]:
    return {"current": Visitor(), "2023": Visitor("2023")}


@given(
    operation=st.sampled_from(OPERATIONS),
    profile=st.sampled_from(["current", "2023"]),
    known=st.booleans(),
    data=st.data(),
)
def test_whatever_is_asked_there_is_an_answer(
    crowd: dict[str, Visitor], operation: Operation[..., Any], profile: str, known: bool, data: st.DataObject
) -> None:
    arguments = {
        parameter.name: [data.draw(TEXTS)] if parameter.form == "texts" else data.draw(TEXTS)
        for parameter in operation.parameters
        if parameter.required or data.draw(st.booleans())
    }
    if known and "market" in arguments:
        arguments["market"] = "KRW-BTC"
    try:
        request = operation.request(arguments)
    except ValueError:  # 1e999999 cannot be written; NaN neither
        return
    answer = crowd[profile].send(request)
    assert 200 <= answer.status < 500
    if answer.status >= 400:
        assert answer.name
