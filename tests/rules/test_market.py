"""Prices rounded for a side, and grids as the exchange itself tells them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upbit import rules
from upbit.models import Instrument
from upbit.rules import Instruments, TickTable

D = Decimal
MARKETS = ["KRW-BTC", "BTC-ETH", "USDT-BTC", "SGD-BTC"]
TABLES = [table for tables in rules.TICK_TABLES.values() for table in tables]

prices = st.decimals(min_value=D("1E-8"), max_value=D("1E12"), places=9)
ticks = st.sampled_from([D(f"{digit}E{power}") for digit in (1, 2, 5) for power in range(-8, 5)])


def told(market: str, tick: str) -> Instrument:
    quote = market.partition("-")[0]
    return Instrument(market=market, quote_currency=quote, tick_size=D(tick), supported_levels=[])


# By the side


@given(st.sampled_from(MARKETS), prices)
def test_passive_moves_away_from_the_market_and_aggressive_into_it(market: str, price: Decimal) -> None:
    up = rules.round_price(market, price, toward="up")
    assert up == rules.round_price(market, price, side="ask", toward="passive")
    assert up == rules.round_price(market, price, side="bid", toward="aggressive")
    assert up == rules.round_price(market, price, side="ask")
    if rules.tick_table(market).round(price):
        down = rules.round_price(market, price)
        assert down == rules.round_price(market, price, side="bid", toward="passive")
        assert down == rules.round_price(market, price, side="ask", toward="aggressive")
        assert down == rules.round_price(market, price, side="bid")


@given(st.sampled_from(MARKETS), prices, st.sampled_from(["ask", "bid"]))
def test_a_direction_that_is_named_holds_for_both_sides(
    market: str, price: Decimal, side: Literal["ask", "bid"]
) -> None:
    assert rules.round_price(market, price, toward="up") == rules.round_price(market, price, side=side, toward="up")


@pytest.mark.parametrize("table", TABLES)
def test_every_border_of_every_table_is_exact_from_both_sides(table: TickTable) -> None:
    for (bound, step), (_, finer) in pairwise(table.bands):
        hair = finer / 1000
        assert bound == table.round(bound) == table.round(bound, "up") == table.round(bound, "nearest")
        assert bound == table.round(bound - hair, "up") == table.round(bound - hair, "nearest")
        assert bound - finer == table.round(bound - hair)
        assert bound == table.round(bound + hair) == table.round(bound + hair, "nearest")
        assert bound + step == table.round(bound + hair, "up")


@pytest.mark.parametrize("side", [None, "sell"])
def test_a_manner_needs_a_side(side: str | None) -> None:
    move: Callable[..., Decimal] = rules.round_price
    with pytest.raises(ValueError, match=f"toward='passive' needs side='bid' or side='ask'; side is {side!r}"):
        move("KRW-BTC", 1000, side=side, toward="passive")


def test_a_direction_that_is_none_is_refused() -> None:
    move: Callable[..., Decimal] = rules.round_price
    with pytest.raises(ValueError, match="toward is 'sideways'"):
        move("KRW-BTC", 1000, toward="sideways")


# As the exchange tells it


def test_a_told_tick_that_the_table_has_at_the_price_changes_nothing() -> None:
    instruments = Instruments.read([told("KRW-BTC", "1000")], {"KRW-BTC": 110_000_000})
    assert rules.KRW_SINCE_2025_07 == rules.tick_table("KRW-BTC", instruments=instruments)


def test_a_told_tick_wins_in_the_band_of_the_price_and_nowhere_else() -> None:
    instruments = Instruments.read([told("KRW-USDT", "0.5")], {"KRW-USDT": "1400.5"})
    assert D("0.5") == rules.tick_size("KRW-USDT", 1400, instruments=instruments)
    assert D("0.5") == rules.tick_size("KRW-USDT", 100, instruments=instruments)
    assert D("0.1") == rules.tick_size("KRW-USDT", "99.9", instruments=instruments)
    assert D(5) == rules.tick_size("KRW-USDT", 5000, instruments=instruments)
    assert D("1400.5") == rules.round_price("KRW-USDT", "1400.7", instruments=instruments)
    assert rules.on_grid("KRW-USDT", "1400.5", instruments=instruments)
    assert not rules.on_grid("KRW-USDT", "1400.5")


def test_a_told_tick_wins_in_the_highest_band_too() -> None:
    instruments = Instruments.read([told("KRW-BTC", "500")], {"KRW-BTC": 110_000_000})
    assert D(500) == rules.tick_size("KRW-BTC", 110_000_000, instruments=instruments)
    assert rules.tick_table("KRW-BTC").bands[1:] == rules.tick_table("KRW-BTC", instruments=instruments).bands[1:]


def test_without_a_price_a_told_tick_wins_everywhere_if_the_table_has_it_nowhere() -> None:
    instruments = Instruments.read([told("KRW-USDT", "0.5"), told("KRW-BTC", "500")])
    assert ((D(0), D("0.5")),) == rules.tick_table("KRW-USDT", instruments=instruments).bands
    assert rules.tick_table("KRW-BTC") == rules.tick_table("KRW-BTC", instruments=instruments)


def test_a_told_tick_that_does_not_fit_between_the_borders_counts_everywhere() -> None:
    instruments = Instruments.read([told("KRW-BTC", "3000"), told("KRW-XRP", "1000")], {"KRW-XRP": 2000})
    assert D(3000) == rules.tick_size("KRW-BTC", 7, instruments=instruments)
    assert D(1000) == rules.tick_size("KRW-XRP", 7, instruments=instruments)


def test_a_market_that_was_not_told_keeps_its_table_of_the_day() -> None:
    instruments = Instruments.read([told("KRW-BTC", "1000")])
    day = date(2024, 1, 22)
    assert rules.KRW_SINCE_2024_01 == rules.tick_table("KRW-ETH", on=day, instruments=instruments)


def test_a_market_without_a_table_has_the_grid_that_was_told() -> None:
    instruments = Instruments.read([told("THB-BTC", "0.01")], {"THB-BTC": 3_500_000})
    assert D("12.34") == rules.round_price("THB-BTC", "12.345", instruments=instruments)
    with pytest.raises(ValueError, match="no rules are known for THB markets"):
        rules.tick_table("THB-ETH", instruments=instruments)


@given(prices, prices, ticks, st.booleans())
def test_what_is_rounded_on_a_corrected_grid_stays_there(
    price: Decimal, now: Decimal, tick: Decimal, priced: bool
) -> None:
    instruments = Instruments.read([told("KRW-BTC", str(tick))], {"KRW-BTC": now} if priced else None)
    table = rules.tick_table("KRW-BTC", instruments=instruments)
    if priced:
        assert tick == table.step(now)
    for toward in ("down", "up", "nearest"):
        rounded = table.round(price, toward)
        assert 0 == rounded % table.step(rounded)
        assert rounded == table.round(rounded, "up")
