"""How arguments are written, and read back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Annotated, Any, Literal, Union
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upbit.wire.codec import Markets, Number, Wire, escape, moment, names, number, peel, plain, read_plain

KST = timezone(timedelta(hours=9))


@given(st.decimals(allow_nan=False, allow_infinity=False, places=8, min_value=-(10**20), max_value=10**20))
def test_amounts_travel_as_plain_text_and_keep_their_value(amount: Decimal) -> None:
    text = number(amount)
    assert amount == Decimal(text)
    assert "e" not in text.lower()


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (Decimal("1E-5"), "0.00001"),
        (Decimal("1E+5"), "100000"),
        (Decimal("100.0"), "100.0"),
        ("1e-05", "0.00001"),
        ("1E3", "1000"),
        ("100.0", "100.0"),
        ("remain_only", "remain_only"),
        (0, "0"),
        (10**20, "1" + "0" * 20),
    ],
)
def test_every_spelling_of_an_amount_becomes_plain(given: Decimal | int | str, text: str) -> None:
    assert text == number(given)


@pytest.mark.parametrize("given", [0.1, True, None, [1]])
def test_what_is_no_amount_is_a_type_error(given: Any) -> None:
    with pytest.raises(TypeError, match="give an amount as Decimal, int or text"):
        number(given)


@pytest.mark.parametrize("given", [Decimal("NaN"), Decimal("-Infinity"), "1e999999999999", Decimal("1E-60")])
def test_an_amount_is_finite_and_of_ordinary_size(given: Decimal | str) -> None:
    with pytest.raises(ValueError, match="is no amount: give a finite number"):
        number(given)


def test_plain_values_are_written_without_surprises() -> None:
    assert ["true", "false", "7", "a b"] == [plain(one) for one in (True, False, 7, "a b")]


def test_moments_travel_in_utc_and_must_be_aware() -> None:
    assert "2026-03-22T03:47:08Z" == moment(datetime(2026, 3, 22, 12, 47, 8, 999, tzinfo=KST))
    assert "2026-03-22 12:47:08" == moment("2026-03-22 12:47:08")
    with pytest.raises(ValueError, match="no time zone"):
        moment(datetime(2026, 3, 22))


def test_names_are_joined_with_commas() -> None:
    assert ["A,B", "A,B", "A", "A,B"] == [names(one) for one in (["A", "B"], "A, B", "A", ("A", "B"))]


@given(st.text())
def test_what_is_escaped_can_be_read_back(text: str) -> None:
    escaped = escape(text)
    assert text == unquote(escaped)
    assert escaped.isascii()
    assert not set(escaped) & set(" &=#?+")


def test_brackets_commas_and_colons_stay() -> None:
    assert "uuids[]:a,b" == escape("uuids[]:a,b")


AMOUNT_OR_WORD = Decimal | Literal["remain_only"]


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("7", int, 7),
        ("TRUE", bool, True),
        ("false", bool, False),
        ("limit", Literal["limit"], "limit"),
        ("remain_only", AMOUNT_OR_WORD, "remain_only"),
        ("1.50", AMOUNT_OR_WORD, Decimal("1.50")),
    ],
)
def test_plain_text_is_read_as_what_it_is_for(text: str, kind: Any, value: object) -> None:
    assert value == read_plain(text, kind)


@pytest.mark.parametrize(("text", "kind"), [("x", int), ("1", bool), ("buy", Literal["bid", "ask"]), ("NaN", Decimal)])
def test_text_that_does_not_fit_is_a_value_error(text: str, kind: Any) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_plain(text, kind)


def test_annotations_say_how_they_travel() -> None:
    assert (Decimal, "number") == (lambda kind, mark: (kind, mark and mark.form))(*peel(Number | None))
    assert (list[str], "comma") == (lambda kind, mark: (kind, mark and mark.form))(*peel(Markets))
    assert (int, None) == peel(int | None)
    assert (Union[int, str], None) == peel(int | str | None)  # noqa: UP007 - as it is built
    other = Annotated[Sequence[str], "a mark of somebody else's"]
    assert (other, None) == peel(other)
    assert Wire("texts", None) == Wire("texts")
