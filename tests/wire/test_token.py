"""The token, against PyJWT and against those who forge it."""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64encode
from typing import Any
from urllib.parse import quote, urlencode

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from upbit.wire.token import Algorithm, Head, body_pairs, claim, plain_body, plain_query, read, seal, sign

SECRET = "s" * 64
TEXT = st.text(st.characters(codec="utf-8"), min_size=1)


def part(text: str) -> str:
    return urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


@given(TEXT, TEXT, TEXT, st.sampled_from(["HS256", "HS512"]))
def test_pyjwt_reads_what_we_sign(access: str, nonce: str, query: str, algorithm: Algorithm) -> None:
    token = sign(access, SECRET, nonce=nonce, query=query, algorithm=algorithm)
    assert {
        "access_key": access,
        "nonce": nonce,
        "query_hash": hashlib.sha512(query.encode()).hexdigest(),
        "query_hash_alg": "SHA512",
    } == jwt.decode(token, SECRET, algorithms=[algorithm])


@given(TEXT, TEXT, TEXT, st.sampled_from(["HS256", "HS512"]))
def test_we_read_what_pyjwt_signs(access: str, nonce: str, query: str, algorithm: str) -> None:
    digest = hashlib.sha512(query.encode()).hexdigest()
    claims = {"access_key": access, "nonce": nonce, "query_hash": digest, "query_hash_alg": "sha512"}
    token = read(jwt.encode(claims, SECRET, algorithm=algorithm))
    assert (access, nonce, algorithm) == (token.claims.access_key, token.claims.nonce, token.algorithm)
    assert token.signed_with(SECRET)
    assert not token.signed_with(SECRET + "x")
    assert token.covers([query])
    assert not token.covers([query + "x"])


def test_a_request_without_parameters_has_no_hash() -> None:
    assert {"access_key": "a", "nonce": "n"} == jwt.decode(sign("a", SECRET, nonce="n"), SECRET, algorithms=["HS512"])


def test_who_says_nothing_else_signs_with_the_long_algorithm_and_names_it_in_the_head() -> None:
    head = {"alg": "HS512", "typ": "JWT"}
    assert head == jwt.get_unverified_header(sign("a", SECRET, nonce="n"))
    signed = claim("a", nonce="n")
    assert sign("a", SECRET, nonce="n") == seal(signed, SECRET)
    assert {**head, "alg": "HS256"} == jwt.get_unverified_header(sign("a", SECRET, nonce="n", algorithm="HS256"))


def test_a_secret_with_half_a_character_makes_a_wrong_seal_and_no_error_that_shows_it() -> None:
    assert not read(sign("a", "\ud800", nonce="n")).signed_with(SECRET)


def test_a_hash_without_its_algorithm_and_a_head_without_its_type_are_as_usual() -> None:
    claims = {"access_key": "a", "nonce": "n", "query_hash": hashlib.sha512(b"x=1").hexdigest()}
    token = ".".join([part(json.dumps({"alg": "HS512"})), part(json.dumps(claims)), "AAAA"])
    assert read(token).covers(["x=1"])
    assert ("JWT", "SHA512") == (Head("HS512").typ, read(token).claims.query_hash_alg)


def test_what_half_a_character_is_hashed_from_is_covered_by_nothing() -> None:
    assert read(sign("a", SECRET, nonce="n", query="x=1")).covers(["\ud800", "x=1"]) is False


def test_a_value_of_a_token_does_not_change() -> None:
    token = read(sign("a", SECRET, nonce="n"))
    for part_of, name in ((token.claims, "nonce"), (Head("HS512"), "alg")):
        with pytest.raises(AttributeError):
            setattr(part_of, name, "x")


def test_a_body_is_read_as_json_unless_it_says_otherwise() -> None:
    assert [("a", "1")] == body_pairs(b'{"a":"1"}') == body_pairs(b'{"a":"1"}', "application/json")
    assert "a=1" == plain_body(b'{"a":"1"}')
    assert [("a", "1")] == body_pairs(b"a=1", "application/x-www-form-urlencoded")


def test_a_hash_is_wanted_exactly_when_there_is_a_query() -> None:
    bare, full = read(sign("a", SECRET, nonce="n")), read(sign("a", SECRET, nonce="n", query="x=1"))
    assert [True, True, False] == [bare.covers([]), bare.covers([""]), bare.covers(["x=1"])]
    assert [False, True, True] == [full.covers([]), full.covers(["x=1"]), full.covers(["x=2", "x=1"])]
    empty = hashlib.sha512(b"").hexdigest()
    assert read(jwt.encode({"access_key": "a", "nonce": "n", "query_hash": empty}, SECRET, "HS512")).covers([])


def test_another_hash_is_not_believed() -> None:
    digest = hashlib.sha512(b"x=1").hexdigest()
    claims = {"access_key": "a", "nonce": "n", "query_hash": digest, "query_hash_alg": "SHA256"}
    assert not read(jwt.encode(claims, SECRET, "HS512")).covers(["x=1"])
    claims = {"access_key": "a", "nonce": "n", "query_hash": "해시"}
    assert not read(jwt.encode(claims, SECRET, "HS512")).covers(["x=1"])


@pytest.mark.parametrize(
    "token",
    [
        "",
        "a.b",
        "a.b.c.d",
        "한.글.임",
        "!.!.!",
        f"{part('{}')}.{part('{}')}.x",
        f"{part('[1]')}.{part('{}')}.AAAA",
        jwt.encode({"access_key": "a", "nonce": "n"}, SECRET, "HS384"),
        jwt.encode({"access_key": "a", "nonce": "n"}, None, "none"),
        jwt.encode({"nonce": "n"}, SECRET, "HS512"),
        jwt.encode({"access_key": 1, "nonce": "n"}, SECRET, "HS512"),
        part('{"alg":"HS512"}') + "." + part('{"access_key":"a","nonce":"n"}') + ".A",
        part('{"alg":"HS512"}') + "." + urlsafe_b64encode(b"\xff\xfe").decode() + ".AAAA",
    ],
)
def test_what_is_no_token_of_ours_is_a_value_error(token: str) -> None:
    with pytest.raises(ValueError, match="token"):
        read(token)


def test_a_token_whose_algorithm_was_swapped_is_not_believed() -> None:
    _, claims, seal = sign("a", SECRET, nonce="n").split(".")
    swapped = read(
        f"{part(chr(123) + chr(34) + 'alg' + chr(34) + ':' + chr(34) + 'HS256' + chr(34) + chr(125))}.{claims}.{seal}"
    )
    assert not swapped.signed_with(SECRET)


@given(st.dictionaries(TEXT, TEXT))
def test_a_query_is_hashed_as_it_reads_not_as_it_travels(pairs: dict[str, str]) -> None:
    assert "&".join(f"{key}={value}" for key, value in pairs.items()) == plain_query(urlencode(pairs, quote_via=quote))


@pytest.mark.parametrize(
    ("body", "kind", "pairs"),
    [
        (b"", "application/json", []),
        (b'{"b":"1","a":"2"}', "application/json", [("b", "1"), ("a", "2")]),
        (
            b'{"a":null,"b":true,"c":1.50,"d":1e2,"e":false}',
            "",
            [("b", "true"), ("c", "1.50"), ("d", "1e2"), ("e", "false")],
        ),
        (b'{"uuids":["x","y"],"states[]":["z"]}', "", [("uuids[]", "x"), ("uuids[]", "y"), ("states[]", "z")]),
        (b"a=1&b=x%20y&c=", "application/x-www-form-urlencoded", [("a", "1"), ("b", "x y"), ("c", "")]),
    ],
)
def test_bodies_are_read_as_pairs_in_the_order_received(body: bytes, kind: str, pairs: list[tuple[str, str]]) -> None:
    assert pairs == body_pairs(body, kind)
    assert "&".join(f"{key}={value}" for key, value in pairs) == plain_body(body, kind)


@pytest.mark.parametrize(
    "body", [b"[]", b"{", b"\xff", b'{"a":{}}', b'{"a":[[]]}', b'{"a":[null]}', b'{"a":NaN}', b'{"a":' * 5000]
)
def test_a_body_that_is_no_plain_object_is_a_value_error(body: Any) -> None:
    with pytest.raises(ValueError, match=r".+"):
        body_pairs(body)
