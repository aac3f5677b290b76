"""What a response means."""

from __future__ import annotations

import pytest

from tests.fakes import ORDER, answer
from upbit import errors
from upbit.api import Orders
from upbit.flow.result import reply, status_error, value
from upbit.models import Order


def test_a_good_answer_is_the_model() -> None:
    order = value(Orders.create, answer(ORDER, 201))
    assert (Order, ORDER["uuid"]) == (type(order), order.uuid)


def test_a_reply_brings_along_what_is_left_of_the_group() -> None:
    response = answer(ORDER, 201, headers={"remaining-req": "group=order; min=720; sec=11"})
    got = reply(Orders.create, response)
    assert ("order", 720, 11) == got.remaining
    assert (response, ORDER["uuid"]) == (got.response, got.value.uuid)


def test_a_missing_or_odd_header_fails_nothing() -> None:
    assert reply(Orders.create, answer(ORDER, 201)).remaining is None
    assert reply(Orders.create, answer(ORDER, 201, headers={"Remaining-Req": "soon"})).remaining is None


@pytest.mark.parametrize(
    ("body", "status", "kind", "name", "message"),
    [
        ({"error": {"name": "insufficient_funds_bid", "message": "부족"}}, 400, "InsufficientFunds", None, "부족"),
        ({"error": {"name": 404, "message": "Code not found"}}, 404, "NotFound", 404, "Code not found"),
        ({"error": {"name": "too_many_requests"}}, 429, "RateLimit", "too_many_requests", ""),
        ({"name": "out_of_scope", "message": "no"}, 401, "OutOfScope", "out_of_scope", "no"),
        ({"error": "slow down"}, 429, "RateLimit", None, "slow down"),
        ({"error": {"name": None, "message": None}}, 500, "InternalServer", None, ""),
        ({"error": {"name": ["odd"]}}, 400, "BadRequest", None, '{"error": {"name": ["odd"]}}'),
        (b"Too many API requests.", 429, "RateLimit", None, "Too many API requests."),
        (b"<html>\xff</html>", 502, "InternalServer", None, "<html>�</html>"),
        (b"", 418, "RateLimitPenalty", None, ""),
        (b"moved", 302, "APIStatus", None, "moved"),
    ],
)
def test_error_answers_of_every_shape_become_their_class(
    body: object, status: int, kind: str, name: object, message: str
) -> None:
    response = answer(body, status, headers={"a": "b"})
    error = status_error(response)
    assert f"{kind}Error" == type(error).__name__
    assert (status, message, response.body, {"a": "b"}) == (error.status_code, error.message, error.body, error.headers)
    if name is not None:
        assert name == error.name
    with pytest.raises(type(error)):
        value(Orders.create, response)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"<html>", "malformed"),
        (ORDER | {"volume": "many"}, r"\$\.volume"),
        ({}, "uuid"),
        (b'{"uuid": "\xff"}', "utf-8"),
    ],
)
def test_an_answer_that_does_not_fit_names_operation_and_field_and_keeps_the_body(body: object, says: str) -> None:
    response = answer(body)
    with pytest.raises(errors.ResponseError, match=rf"orders\.create: .*{says}") as caught:
        value(Orders.create, response)
    assert (200, response.body) == (caught.value.status_code, caught.value.body)
