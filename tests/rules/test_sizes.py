"""Sizes of orders: held to whole numbers of the smallest step, and to what the paper exchange takes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.paper.visitor import Visitor
from upbit import rules
from upbit.api import Orders

D = Decimal
STEP = Fraction(1, 10**8)
ZERO = D(0)
MARKETS = ["KRW-BTC", "KRW-XRP", "KRW-PEPE", "BTC-ETH", "USDT-TRX"]

steps = st.integers(1, 10**20)
"""An amount in units of 1e-8."""
amounts = steps.map(lambda units: D(units).scaleb(-8))
long_amounts = st.decimals(min_value=0, max_value=10**12, places=30) | amounts
fees = st.sampled_from(["0", "0.0005", "0.0025", "0.00139", "0.000000000000000001", "0.5"]).map(D)


def whole(volume: Decimal) -> bool:
    return 0 == Fraction(volume) % STEP


# Volumes


@given(long_amounts)
def test_a_rounded_volume_is_the_next_lower_one_of_eight_decimals(volume: Decimal) -> None:
    rounded = rules.round_volume(volume)
    assert whole(rounded)
    assert 0 <= Fraction(volume) - Fraction(rounded) < STEP


@pytest.mark.parametrize(
    ("volume", "text"),
    [
        ("0.123456789", "0.12345678"),
        ("0.10000000", "0.1"),
        ("1E+5", "100000"),
        (7, "7"),
        ("0.000000009", "0"),
        ("1E-999999999", "0"),
        ("99999999999999999999.123456789", "99999999999999999999.12345678"),
    ],
)
def test_a_rounded_volume_has_no_zeros_at_its_end(volume: str | int, text: str) -> None:
    assert text == f"{rules.round_volume(volume):f}"


@pytest.mark.parametrize(
    ("amount", "good"),
    [
        ("0.00000001", True),
        ("999999999999999.99999999", True),
        ("1E+3", True),
        ("0", False),
        ("-1", False),
        ("0.000000001", False),
        ("0.123456781", False),
        ("1E+15", False),
        ("NaN", False),
        ("Infinity", False),
        ("1E-999999999", False),
    ],
)
def test_an_order_can_be_of_positive_amounts_of_eight_decimals(amount: str, good: bool) -> None:
    assert good == rules.is_amount(D(amount))


# What a total allows


@given(long_amounts, amounts, fees)
def test_the_volume_within_a_total_is_the_largest_that_fits(total: Decimal, price: Decimal, fee: Decimal) -> None:
    volume = rules.volume_within(total, price, fee=fee)
    each = Fraction(price) * (1 + Fraction(fee))
    assert whole(volume)
    assert Fraction(volume) * each <= Fraction(total) < (Fraction(volume) + STEP) * each


@given(long_amounts, amounts)
def test_the_volume_reaching_a_total_is_the_smallest_that_does(total: Decimal, price: Decimal) -> None:
    volume = rules.volume_reaching(total, price)
    assert whole(volume)
    assert (Fraction(volume) - STEP) * Fraction(price) < Fraction(total) <= Fraction(volume) * Fraction(price)


@given(long_amounts, fees)
def test_the_total_within_a_balance_is_the_largest_that_leaves_its_fee(balance: Decimal, fee: Decimal) -> None:
    total = rules.total_within(balance, fee)
    each = 1 + Fraction(fee)
    assert whole(total)
    assert Fraction(total) * each <= Fraction(balance) < (Fraction(total) + STEP) * each


def test_a_total_next_to_nothing_still_asks_for_one_step() -> None:
    assert D("1e-8") == rules.volume_reaching("1E-999999999", 5)


# The largest bid


@given(st.integers(0, 3000), st.integers(1, 40), st.sampled_from(["0", "0.0005", "0.25"]).map(D))
def test_the_largest_bid_is_the_one_that_counting_finds(units: int, price: int, fee: Decimal) -> None:
    balance, each = D(units).scaleb(-8), D(price)
    counted = max(
        volume for volume in range(units // price + 1) if Fraction(price * volume) * (1 + Fraction(fee)) <= units
    )
    assert D(counted).scaleb(-8) == rules.max_buy("SGD-BTC", each, balance, fee=fee)


@given(st.sampled_from(MARKETS), amounts, long_amounts)
def test_the_largest_bid_costs_no_more_than_there_is_and_one_step_more_does(
    market: str, price: Decimal, balance: Decimal
) -> None:
    volume = rules.max_buy(market, price, balance)
    each = Fraction(price) * (1 + Fraction(rules.fee(market)))
    least, most = Fraction(rules.minimum_total(market)), rules.maximum_total(market)

    def fits(volume: Fraction) -> bool:
        total = volume * Fraction(price)
        return volume * each <= Fraction(balance) and (most is None or total <= most) and volume < 10**15

    if volume:
        assert fits(Fraction(volume))
        assert not fits(Fraction(volume) + STEP)
        assert least <= Fraction(volume) * Fraction(price)
    else:
        assert not fits(Fraction(rules.volume_reaching(rules.minimum_total(market), price)))


@cache
def visitor() -> Visitor:
    funds = {"KRW": D("3000000000.123456789"), "BTC": D("1.00000001"), "USDT": D("1234.5")}
    return Visitor(funds=funds)


@given(st.sampled_from(MARKETS), st.integers(1, 10**7), st.booleans())
def test_the_paper_exchange_takes_the_largest_bid_and_not_one_step_more(market: str, share: int, near: bool) -> None:
    exchange = visitor().exchange
    price = rules.round_price(market, exchange.price(market) * (share if near else 10**6) / 10**6, toward="up")
    held = exchange.engine.register.ledger.holding(visitor().key.account, market.partition("-")[0]).balance
    volume = rules.max_buy(market, price, held)
    order = {"market": market, "side": "bid", "ord_type": "limit", "price": price}
    assert volume
    assert f"{volume:f}" == visitor().ask(Orders.test_create, **order, volume=volume)["volume"]
    _, name = visitor().refused(Orders.test_create, **order, volume=volume + D("1e-8"))
    assert name in ("insufficient_funds_bid", "over_krw_funds_bid", "invalid_volume_bid")


def test_the_largest_bid_is_none_where_the_minimum_is_out_of_reach() -> None:
    assert ZERO == rules.max_buy("KRW-BTC", 100_000_000, "5002.49")
    assert D("0.00005") == rules.max_buy("KRW-BTC", 100_000_000, "5002.5")
    assert ZERO == rules.max_buy("KRW-BTC", 100_000_000, 0)


def test_the_largest_bid_stays_within_the_maximum_total_and_volume() -> None:
    assert D(10) == rules.max_buy("KRW-BTC", 100_000_000, 10**12, on=date(2026, 1, 1))
    assert D("999999999999999.99999999") == rules.max_buy("BTC-ETH", "0.00000001", 10**9)


# What is refused


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: rules.round_volume("-1"), "volume is negative"),
        (lambda: rules.volume_within("x", 1), "total 'x' is not a number"),
        (lambda: rules.volume_within(1, "0.123456789"), "price is 0.123456789; no market has prices of more than"),
        (lambda: rules.volume_within(1, 0), "price is zero"),
        (lambda: rules.volume_reaching(1, "1E-999999999"), "more than eight decimals"),
        (lambda: rules.total_within(1, 1), "fee is 1; write a fraction, 0.0005 for 0.05 %"),
        (lambda: rules.total_within(1, "1E-999999999"), "of at most twenty decimals"),
        (lambda: rules.max_buy("KRW-BTC", 1000, "NaN"), "balance is NaN"),
        (lambda: rules.max_buy("THB-BTC", 1000, 1), "no rules are known for THB"),
    ],
)
def test_what_is_no_amount_is_refused_with_the_reason(ask: Callable[[], Decimal], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ask()
