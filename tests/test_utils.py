"""``Validator.validate_price`` against the document of 2023, row by row and as arithmetic."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upbit import rules
from upbit.utils import Validator

# The document's table: lowest price (inclusive), highest price (exclusive), step.
DOCUMENTED = [
    ("2000000", None, "1000"),
    ("1000000", "2000000", "500"),
    ("500000", "1000000", "100"),
    ("100000", "500000", "50"),
    ("10000", "100000", "10"),
    ("1000", "10000", "5"),
    ("100", "1000", "1"),
    ("10", "100", "0.1"),
    ("0", "10", "0.01"),
]

prices = st.decimals(min_value=0, max_value=10**10, places=4)
days = st.none() | st.dates()


def test_the_table_is_the_documents_and_stands_in_rules_only() -> None:
    rows = [(Decimal(bound), Decimal(step)) for bound, _, step in DOCUMENTED]
    assert rows == list(rules.KRW_UNTIL_2022.bands)
    assert all(row[0] == upper[1] for upper, row in zip(DOCUMENTED[1:], DOCUMENTED, strict=False))


@pytest.mark.parametrize("price", [19950, 20000, 20050])
def test_the_documents_valid_prices_stay(price: int) -> None:
    assert float(price) == Validator.validate_price(price)


@pytest.mark.parametrize(("price", "valid"), [(20007, 20000.0), (20105, 20100.0)])
def test_the_documents_invalid_prices_are_rounded_down(price: int, valid: float) -> None:
    assert valid == Validator.validate_price(price)
    assert isinstance(Validator.validate_price(price), float)


@pytest.mark.parametrize(
    ("price", "valid"),
    [
        (0, 0.0),
        ("0.009", 0.0),
        (0.29, 0.29),
        ("9.999", 9.99),
        (10, 10.0),
        (10.19, 10.1),
        ("99.99", 99.9),
        (100, 100.0),
        ("100.9", 100.0),
        (999.9, 999.0),
        (1000, 1000.0),
        (1004, 1000.0),
        (9999, 9995.0),
        (10_000, 10_000.0),
        (99_999, 99_990.0),
        (100_049, 100_000.0),
        (499_999, 499_950.0),
        (500_099, 500_000.0),
        (999_999, 999_900.0),
        (1_000_499, 1_000_000.0),
        (1_999_999, 1_999_500.0),
        (2_000_999, 2_000_000.0),
        (103_460_999, 103_460_000.0),
    ],
)
def test_every_band_of_the_document_includes_its_lower_bound(price: float | str, valid: float) -> None:
    assert valid == Validator.validate_price(price)


def test_minus_zero_is_zero() -> None:
    assert "0.0" == repr(Validator.validate_price(-0.0))


@given(prices, days)
def test_the_result_is_on_the_grid_and_less_than_a_step_below_the_price(price: Decimal, on: date | None) -> None:
    table = rules.KRW_UNTIL_2022 if on is None else rules.tick_table("KRW-BTC", on=on)
    valid = Decimal(repr(Validator.validate_price(price, on=on)))
    assert price - table.step(price) < valid <= price
    assert 0 == valid % table.step(valid)


@given(prices, days)
def test_a_validated_price_validates_to_itself(price: Decimal, on: date | None) -> None:
    valid = Validator.validate_price(price, on=on)
    assert valid == Validator.validate_price(valid, on=on)


@given(prices, days)
def test_every_way_of_writing_a_number_gives_the_same_price(price: Decimal, on: date | None) -> None:
    expected = Validator.validate_price(price, on=on)
    assert expected == Validator.validate_price(str(price), on=on)
    assert expected == Validator.validate_price(float(price), on=on), "ten digits and four places survive a float"
    if price == int(price):
        assert expected == Validator.validate_price(int(price), on=on)


@given(st.integers(0, 10**7).map(lambda hundredths: hundredths / 100))
def test_a_float_counts_as_the_number_it_is_printed_as(price: float) -> None:
    if price < 10:
        assert price == Validator.validate_price(price)
    assert Validator.validate_price(repr(price)) == Validator.validate_price(price)


def test_a_day_picks_the_table_then_in_force() -> None:
    tables = rules.TICK_TABLES["KRW"]
    for newer, older in pairwise(tables):
        assert newer.since is not None
        assert float(newer.round(Decimal("1234.5678"))) == Validator.validate_price("1234.5678", on=newer.since)
        assert older is not newer
    assert 1_000_500.0 == Validator.validate_price(1_000_500, on=date(2025, 7, 30))
    assert 1_000_000.0 == Validator.validate_price(1_000_500, on="2025-07-31")


def test_today_picks_the_newest_table() -> None:
    assert Validator.validate_price(1_000_500) > Validator.validate_price(1_000_500, on="today")
    assert 1_000_000.0 == Validator.validate_price(1_000_500, on="today")


@pytest.mark.parametrize(
    ("price", "message"),
    [
        (float("nan"), "finite"),
        (float("inf"), "finite"),
        (-0.01, "negative"),
        (-5, "negative"),
        ("20,007", "write plain digits"),
        ("price", "write plain digits"),
        (True, "a bool"),
    ],
)
def test_a_price_that_is_none_is_refused_with_the_reason(price: float | str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Validator.validate_price(price)


@pytest.mark.parametrize("on", ["yesterday", "31-07-2025", ""])
def test_a_day_that_is_none_is_refused(on: str) -> None:
    with pytest.raises(ValueError, match="write a date, its text such as '2025-07-31', or 'today'"):
        Validator.validate_price(100, on=on)
