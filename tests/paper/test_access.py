from __future__ import annotations

from collections.abc import Sequence
from itertools import count

import pytest

from upbit.errors import APIStatusError
from upbit.paper.access import verify
from upbit.paper.clock import SteppedClock
from upbit.paper.exchange import Exchange, Key
from upbit.wire.token import sign

NOW = 1_790_000_000_000
NONCES = count()


@pytest.fixture(scope="module")
def exchange() -> Exchange:
    return Exchange(clock=SteppedClock(NOW))


def token(key: Key, *, secret: str | None = None, nonce: str | None = None, query: str = "") -> str:
    return f"Bearer {sign(key.access_key, secret or key.secret, nonce=nonce or f'n{next(NONCES)}', query=query)}"


def refused(exchange: Exchange, authorization: str, signed: Sequence[str] | None = None) -> str | int | None:
    """The name of the refusal, if there is one."""
    try:
        verify(exchange, authorization, "1.2.3.4", NOW, None if signed is None else lambda: signed)
    except APIStatusError as error:
        return error.name
    return None


def test_a_good_token_says_whose_it_is(exchange: Exchange) -> None:
    key = exchange.first_key
    assert key == verify(exchange, token(key), "1.2.3.4", NOW)
    assert key == verify(exchange, token(key, query="a=1"), "1.2.3.4", NOW, lambda: ["a=2", "a=1"])
    assert key == verify(exchange, token(key, query="a=1"), "1.2.3.4", NOW)


def test_what_is_wrong_is_named_in_the_order_of_the_exchange(exchange: Exchange) -> None:
    first = exchange.first_key
    expired = exchange.issue_key(first.account, lifetime=0)
    elsewhere = exchange.issue_key(first.account, allowed_ips=["9.9.9.9"])
    stranger = Key(
        access_key="PAPERx", secret="s" * 40, account="x", permissions=frozenset(), created=0, expires=NOW + 1
    )
    assert [
        "no_authorization_token",
        "no_authorization_token",
        "jwt_verification",
        "jwt_verification",
        "invalid_access_key",
        "jwt_verification",
        "expired_access_key",
        "no_authorization_ip",
        "invalid_query_payload",
    ] == [
        refused(exchange, ""),
        refused(exchange, "Bearer"),
        refused(exchange, "Basic abc"),
        refused(exchange, "Bearer abc"),
        refused(exchange, token(stranger)),
        refused(exchange, token(first, secret="x" * 40)),
        refused(exchange, token(expired)),
        refused(exchange, token(elsewhere)),
        refused(exchange, token(first, query="a=1"), ["a=2"]),
    ]


def test_a_nonce_is_used_up_by_what_was_good_otherwise_and_by_nothing_else(exchange: Exchange) -> None:
    first = exchange.first_key
    assert "invalid_query_payload" == refused(exchange, token(first, nonce="once", query="a=1"), ["a=2"])
    assert refused(exchange, token(first, nonce="once")) is None
    assert "nonce_used" == refused(exchange, token(first, nonce="once"))
