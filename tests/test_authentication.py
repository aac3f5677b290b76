"""The documented authenticator."""

from __future__ import annotations

import hashlib
from typing import Any

import jwt
import pytest

from upbit.authentication import APIKeyAuthenticator
from upbit.wire.token import read

SECRET = "canary-" + "s" * 60


class Request:
    """What a signable request looks like."""

    def __init__(self, params: dict[str, Any], data: object = None) -> None:
        self.params, self.data = params, data
        self.headers: dict[str, str] = {}


def claims(token: str) -> dict[str, Any]:
    return dict(jwt.decode(token.removeprefix("Bearer "), SECRET, algorithms=["HS512"]))


def make() -> APIKeyAuthenticator:
    return APIKeyAuthenticator("https://api.upbit.com", "access", SECRET, nonce=iter("abc").__next__)


def test_a_request_is_signed_over_its_plain_pairs_with_lists_last() -> None:
    request = Request({"uuids": ["a", "b"], "market": "KRW-BTC", "to": "2026-01-01T00:00:00+09:00"})
    signed = make().apply(request)
    assert signed is request
    plain = "market=KRW-BTC&to=2026-01-01T00:00:00+09:00&uuids[]=a&uuids[]=b"
    assert {
        "access_key": "access",
        "nonce": "a",
        "query_hash": hashlib.sha512(plain.encode()).hexdigest(),
        "query_hash_alg": "SHA512",
    } == claims(request.headers["Authorization"])
    assert ["market", "to", "uuids[]"] == list(request.params)


def test_a_request_without_pairs_has_no_hash() -> None:
    assert {"access_key": "access", "nonce": "a"} == claims(make().generate_payload(Request({})))


@pytest.mark.parametrize(
    ("params", "data", "plain"),
    [
        ({}, {"market": "KRW-BTC", "side": "bid"}, "market=KRW-BTC&side=bid"),
        ({"a": 1}, {"b": 2}, "a=1&b=2"),
        ({"a": 1}, b"raw", "a=1"),
    ],
)
def test_the_data_of_a_form_are_pairs_too(params: dict[str, Any], data: object, plain: str) -> None:
    token = read(make().generate_payload(Request(params, data)).removeprefix("Bearer "))
    assert token.covers([plain])


def test_every_token_has_a_nonce_of_its_own() -> None:
    authenticator = APIKeyAuthenticator("https://api.upbit.com", "access", SECRET, algorithm="HS256")
    tokens = {read(authenticator.generate_payload(Request({}))[7:]) for _ in range(5)}
    assert (5, {"HS256"}) == (len({one.claims.nonce for one in tokens}), {one.algorithm for one in tokens})


def test_it_matches_all_but_the_mapper_and_hides_the_secret() -> None:
    authenticator = make()
    assert authenticator.matches("https://api.upbit.com/v1/accounts")
    assert not authenticator.matches("https://example.org/swg_mapper.json")
    assert SECRET not in repr(vars(authenticator))
