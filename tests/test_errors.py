"""The error tree and its one table."""

from __future__ import annotations

import pickle
import re

import pytest

from upbit import errors
from upbit.errors import (
    BY_STATUS,
    EXCHANGE_ERRORS,
    APIConnectionError,
    APIError,
    APIStatusError,
    APITimeoutError,
    ConfigurationError,
    ResponseError,
    UpbitError,
    error_class,
    quotation_refusal,
    refusal,
)

ALL = {name: one for name, one in vars(errors).items() if isinstance(one, type) and issubclass(one, UpbitError)}


def test_every_error_stands_in_the_drawing_and_nothing_else_does() -> None:
    words = re.findall(r"\b[A-Z]\w+\b", errors.__doc__ or "")
    assert set(ALL) == {word for word in words if word.endswith("Error") or word in ALL}


@pytest.mark.parametrize("name", EXCHANGE_ERRORS)
def test_the_table_agrees_with_itself(name: str) -> None:
    error = refusal(name, currency="KRW", detail="x")
    known = EXCHANGE_ERRORS[name]
    assert (known.error, known.status, name) == (type(error), error.status_code, error.name)
    assert known.error is error_class(known.status, name)
    assert "{" not in error.message
    assert issubclass(known.error, BY_STATUS.get(known.status, errors.InternalServerError))


def test_every_leaf_is_reached_by_a_name_or_a_status() -> None:
    reached = {known.error for known in EXCHANGE_ERRORS.values()} | set(BY_STATUS.values())
    leaves = {one for one in ALL.values() if issubclass(one, APIStatusError) and not one.__subclasses__()}
    assert leaves <= reached


@pytest.mark.parametrize(
    ("status", "name", "kind"),
    [
        (404, 404, errors.NotFoundError),
        (400, "something new", errors.BadRequestError),
        (402, None, APIStatusError),
        (500, None, errors.InternalServerError),
        (503, 503, errors.InternalServerError),
        (401, "out_of_scope", errors.OutOfScopeError),
    ],
)
def test_an_unknown_name_falls_back_to_the_status(status: int, name: str | int | None, kind: type) -> None:
    assert kind is error_class(status, name)


def test_messages_are_filled_in() -> None:
    assert "주문가능한 금액(KRW)이 부족합니다." == refusal("insufficient_funds_bid", currency="KRW").message
    assert "404: Code not found" == str(quotation_refusal(404, "Code not found"))
    assert "401 nonce_used: no message" == str(error_class(401, "nonce_used")(401, "nonce_used", ""))
    assert "500: no message" == str(errors.InternalServerError(500, None, ""))


@pytest.mark.parametrize(
    "error",
    [
        APIConnectionError("refused", sent=False),
        APITimeoutError("late"),
        ResponseError("odd", 200, b"<html>"),
        refusal("order_not_found"),
        ConfigurationError("wrong"),
    ],
)
def test_errors_survive_pickling(error: UpbitError) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert (type(error), str(error), vars(error)) == (type(again), str(again), vars(again))


def test_what_may_have_arrived_is_said_unless_it_is_known() -> None:
    assert [True, True, False] == [
        APIConnectionError("x").sent,
        APITimeoutError("x").sent,
        APITimeoutError("x", sent=False).sent,
    ]
    assert issubclass(APITimeoutError, APIConnectionError)
    assert issubclass(APIConnectionError, APIError)
    assert issubclass(ConfigurationError, ValueError)
