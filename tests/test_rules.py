"""Market rules, held to the exchange's printed tables and to the arithmetic of a grid."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal, localcontext
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upbit import rules
from upbit.rules import TickTable, Toward

TABLES = [table for tables in rules.TICK_TABLES.values() for table in tables]
DIRECTIONS: tuple[Toward, ...] = ("down", "up", "nearest")

prices = st.decimals(min_value=Decimal("1E-9"), max_value=Decimal("1E12"), places=9)
long_prices = st.tuples(st.integers(0, 10**15).map(str), st.integers(0, 10**80).map(str)).map(".".join).map(Decimal)
tables = st.sampled_from(TABLES)
bands = st.sampled_from([(table, bound, step) for table in TABLES for bound, step in table.bands])


# The tables


@pytest.mark.parametrize(
    ("on", "price", "step"),
    [
        # the document of 2023
        (date(2022, 4, 23), "9.99", "0.01"),
        (date(2022, 4, 23), "0.05", "0.01"),
        (date(2022, 4, 23), "1500", "5"),
        # until 2024-01-21
        (date(2022, 4, 24), "0.05", "0.0001"),
        (date(2024, 1, 21), "0.5", "0.001"),
        (date(2024, 1, 21), "1500", "5"),
        # until 2025-07-30
        (date(2024, 1, 22), "1500", "1"),
        (date(2024, 1, 22), "500", "0.1"),
        (date(2025, 7, 30), "1500000", "500"),
        (date(2025, 7, 30), "0.000012", "0.00000001"),
        # today's: steps seen in live books on 2026-04-21
        (date(2025, 7, 31), "658000", "500"),
        (date(2026, 4, 21), "134000", "100"),
        (date(2026, 4, 21), "37990", "10"),
        (date(2026, 4, 21), "6180", "5"),
        (date(2026, 4, 21), "2663", "1"),
        (date(2026, 4, 21), "4788", "1"),
        (date(2026, 4, 21), "41.1", "0.1"),
        (date(2026, 4, 21), "0.0106", "0.0001"),
        (None, "103460000", "1000"),
        (None, "77000", "50"),
        (None, "0.000012", "0.0000001"),
    ],
)
def test_krw_steps_are_those_of_the_day(on: date | None, price: str, step: str) -> None:
    assert Decimal(step) == rules.tick_size("KRW-BTC", price, on=on)


@pytest.mark.parametrize(
    ("market", "on", "price", "step"),
    [
        ("BTC-ETH", None, "0.03", "0.00000001"),
        ("BTC-ETH", date(2023, 5, 22), "3", "0.00000001"),
        ("USDT-BTC", None, "60000", "0.01"),
        ("USDT-BTC", None, "9.999", "0.001"),
        ("USDT-BTC", None, "0.00009", "0.00000001"),
        ("SGD-BTC", date(2025, 11, 30), "1500", "0.5"),
        ("SGD-BTC", date(2025, 11, 30), "300", "0.05"),
        ("SGD-BTC", date(2025, 11, 30), "5", "0.005"),
        ("SGD-BTC", date(2025, 12, 1), "1500", "1"),
        ("SGD-BTC", date(2025, 12, 1), "300", "0.1"),
        ("SGD-BTC", None, "5", "0.001"),
    ],
)
def test_other_markets_have_their_own_steps(market: str, on: date | None, price: str, step: str) -> None:
    assert Decimal(step) == rules.tick_size(market, price, on=on)


@pytest.mark.parametrize("quote", rules.TICK_TABLES)
def test_every_table_begins_on_its_first_day_and_ends_the_day_before_the_next(quote: str) -> None:
    newest, *older = rules.TICK_TABLES[quote]
    assert newest == rules.tick_table(f"{quote}-XRP")
    for table, previous in pairwise([newest, *older]):
        assert table.since is not None
        assert table == rules.tick_table(f"{quote}-XRP", on=table.since)
        assert previous == rules.tick_table(f"{quote}-XRP", on=table.since - timedelta(days=1))


def test_a_day_before_the_earliest_known_table_gets_that_table() -> None:
    table = rules.tick_table("USDT-BTC", on=date(2023, 5, 22))
    assert rules.USDT_SINCE_2024_08 == table
    assert date(2024, 8, 19) == table.since


@pytest.mark.parametrize("table", TABLES)
def test_bands_fall_to_zero_and_every_bound_lies_on_the_grid_of_both_sides(table: TickTable) -> None:
    assert 0 == table.bands[-1][0]
    for (bound, step), (lower, finer) in pairwise(table.bands):
        assert bound > lower
        assert step != finer, "two bands with one step are one band"
        assert 0 == bound % step == bound % finer


@given(bands, prices)
def test_a_bound_belongs_to_the_band_above_it(band: tuple[TickTable, Decimal, Decimal], gap: Decimal) -> None:
    table, bound, step = band
    assert step == table.step(bound)
    for (upper, _), (lower, finer) in pairwise(table.bands):
        if upper == bound:
            assert finer == table.step(max(lower, bound - gap))


# Rounding


@given(tables, prices | long_prices, st.sampled_from(DIRECTIONS))
def test_a_rounded_price_is_on_the_grid_and_stays_where_it_is(table: TickTable, price: Decimal, toward: Toward) -> None:
    rounded = table.round(price, toward)
    with localcontext(prec=100):
        assert 0 == rounded % table.step(rounded)
    for again in DIRECTIONS:
        assert rounded == table.round(rounded, again)


@given(tables, prices | long_prices)
def test_down_and_up_are_the_two_neighbours_and_nearest_the_closer_one(table: TickTable, price: Decimal) -> None:
    with localcontext(prec=150):
        low, high, near = (table.round(price, toward) for toward in DIRECTIONS)
        assert low <= price <= high
        assert high - low == (0 if low == price else table.step(price))
        assert near == (low if price - low < high - price else high)


@given(st.sampled_from(["KRW-BTC", "BTC-ETH", "USDT-BTC", "SGD-BTC"]), prices, st.dates())
def test_a_price_is_on_the_grid_exactly_if_rounding_leaves_it(market: str, price: Decimal, on: date) -> None:
    up = rules.round_price(market, price, on=on, toward="up")
    assert rules.on_grid(market, up, on=on)
    assert (up == price) == rules.on_grid(market, price, on=on)


@given(st.integers(1, 10**12))
def test_an_int_its_text_and_its_decimal_round_alike(price: int) -> None:
    expected = rules.round_price("KRW-BTC", price)
    assert expected == rules.round_price("KRW-BTC", str(price)) == rules.round_price("KRW-BTC", Decimal(price))


def test_the_middle_between_two_prices_goes_up() -> None:
    assert Decimal(501) == rules.round_price("KRW-BTC", "500.5", toward="nearest")
    assert Decimal(500) == rules.round_price("KRW-BTC", "500.4999999999", toward="nearest")


def test_rounding_up_over_a_bound_lands_on_the_bound() -> None:
    assert Decimal(1_000_000) == rules.round_price("KRW-BTC", 999_501, toward="up")


def test_the_longest_price_taken_is_rounded_without_losing_a_digit() -> None:
    longest = "99999999999999999999.00000000"
    assert Decimal(longest) == rules.round_price("BTC-ETH", f"{longest}4", toward="nearest")


def test_the_callers_decimal_context_does_not_matter() -> None:
    with localcontext(prec=3):
        assert Decimal("12345670") == rules.round_price("BTC-ETH", "12345670.000000001")


@pytest.mark.parametrize(("price", "toward"), [("0.000000009", "down"), ("1E-999999999", "nearest")])
def test_a_price_that_would_round_to_nothing_is_refused(price: str, toward: Toward) -> None:
    with pytest.raises(ValueError, match=r"rounds to zero; the lowest valid price is 0\.00000001"):
        rules.round_price("KRW-BTC", price, toward=toward)
    assert Decimal("0.00000001") == rules.round_price("KRW-BTC", price, toward="up")


# Totals and fees


@pytest.mark.parametrize(
    ("market", "minimum", "maximum", "fee"),
    [
        ("KRW-BTC", "5000", "1000000000", "0.0005"),
        ("BTC-ETH", "0.00005", None, "0.0025"),
        ("USDT-BTC", "0.5", None, "0.0025"),
    ],
)
def test_totals_and_fee_of_a_market(market: str, minimum: str, maximum: str | None, fee: str) -> None:
    for on in (None, date(2023, 5, 22), date(2026, 1, 1)):
        assert Decimal(minimum) == rules.minimum_total(market, on=on)
        assert (maximum and Decimal(maximum)) == rules.maximum_total(market, on=on)
    assert Decimal(fee) == rules.fee(market)


def test_an_unknown_minimum_is_an_error_and_an_unknown_maximum_is_none() -> None:
    with pytest.raises(ValueError, match="no minimum total is known for SGD markets; /orders/chance tells"):
        rules.minimum_total("SGD-BTC")
    assert rules.maximum_total("SGD-BTC") is None
    assert Decimal("0.0025") == rules.fee("SGD-BTC")


# What is refused


@pytest.mark.parametrize(
    ("price", "message"),
    [
        (0, "zero"),
        ("0.00", "zero"),
        (Decimal("-0"), "zero"),
        (-1, "negative"),
        ("-0.5", "negative"),
        ("NaN", "finite"),
        (Decimal("sNaN"), "finite"),
        ("Infinity", "finite"),
        (10**20, "exponent or digits"),
        ("1e999", "exponent or digits"),
        ("1,000", "write plain digits"),
        ("", "write plain digits"),
        ("twenty", "write plain digits"),
        (True, "a bool; write a Decimal"),
        (0.1, "a float; write a Decimal"),
        (None, "a NoneType; write a Decimal"),
    ],
)
def test_a_price_that_is_none_is_refused_with_the_reason(price: object, message: str) -> None:
    asks: list[Callable[..., object]] = [rules.tick_size, rules.round_price, rules.on_grid]
    for ask in asks:
        with pytest.raises(ValueError, match=message):
            ask("KRW-BTC", price)


@pytest.mark.parametrize("market", ["", "KRW", "KRW-", "-BTC", "KRWBTC", "krw-btc", "BTC-KRW", "BTC-SGD", "KRW/BTC"])
def test_a_misspelled_market_is_shown_the_right_spelling(market: str) -> None:
    with pytest.raises(ValueError, match="write the quote currency first, in capitals, such as 'KRW-BTC'"):
        rules.tick_table(market)


def test_a_market_without_rules_is_told_which_have_some() -> None:
    with pytest.raises(ValueError, match=r"no rules are known for THB markets .*KRW, BTC, USDT, SGD"):
        rules.fee("THB-BTC")


def test_a_direction_that_is_none_is_refused() -> None:
    move: Callable[..., Decimal] = rules.BTC.round
    with pytest.raises(ValueError, match="toward is 'sideways'; it must be"):
        move(Decimal(1), "sideways")


def test_a_moment_is_not_a_day() -> None:
    with pytest.raises(ValueError, match=r"write a day: date\(2025, 7, 31\)"):
        rules.tick_table("KRW-BTC", on=datetime(2025, 7, 31, 9))
