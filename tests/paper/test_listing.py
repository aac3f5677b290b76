from __future__ import annotations

import re
from decimal import Decimal

import pytest

from upbit.paper.book import SCALE
from upbit.paper.listing import CURRENCIES, MARKETS, Listing, listing, lot, ticks
from upbit.rules import minimum_total, on_grid, tick_table

CODES = [entry.market for entry in MARKETS]


def text(entry: Listing) -> Decimal:
    return Decimal(entry.price) / SCALE


def test_there_are_enough_markets_of_every_quote_currency() -> None:
    counts = {quote: sum(entry.quote == quote for entry in MARKETS) for quote in ("KRW", "BTC", "USDT")}
    assert len(MARKETS) == sum(counts.values())
    assert counts["KRW"] >= 20
    assert counts["BTC"] >= 5
    assert counts["USDT"] >= 5


def test_no_market_is_listed_twice_and_each_is_found_by_its_code() -> None:
    assert len(CODES) == len(set(CODES))
    assert list(MARKETS) == [listing(code) for code in CODES]


def test_a_market_that_is_not_listed_is_not_found() -> None:
    with pytest.raises(KeyError):
        listing("KRW-NONE")


@pytest.mark.parametrize("entry", MARKETS, ids=CODES)
def test_a_first_price_is_on_the_grid(entry: Listing) -> None:
    assert on_grid(entry.market, text(entry))
    assert 0 == entry.price % ticks(entry.market)(entry.price)


def test_every_band_from_two_million_to_a_ten_thousandth_has_a_krw_market() -> None:
    bounds = [Decimal(10) ** power for power in range(-4, 7)]
    bounds += [Decimal(5 * 10**power) for power in (3, 4, 5)] + [Decimal(2_000_000)]
    prices = [text(entry) for entry in MARKETS if entry.quote == "KRW"]
    occupied = {max(bound for bound in bounds if bound <= price) for price in prices}
    assert 15 == len(bounds)
    assert set(bounds) == occupied


@pytest.mark.parametrize("entry", [one for one in MARKETS if one.quote != "KRW"], ids=lambda one: one.market)
def test_prices_in_btc_and_usdt_agree_with_those_in_krw(entry: Listing) -> None:
    direct = text(listing(f"KRW-{entry.base}"))
    crossed = text(entry) * text(listing(f"KRW-{entry.quote}"))
    assert abs(crossed / direct - 1) < Decimal("0.005")


def test_fees_are_those_of_the_quote_currency() -> None:
    assert Decimal("0.0005") == listing("KRW-BTC").fee
    assert Decimal("0.0025") == listing("BTC-ETH").fee
    assert Decimal("0.0025") == listing("USDT-BTC").fee


@pytest.mark.parametrize("entry", MARKETS, ids=CODES)
def test_a_typical_order_is_worth_more_than_the_least_total(entry: Listing) -> None:
    total = lot(entry) * entry.price
    assert total > int(minimum_total(entry.market) * SCALE) * SCALE


def test_a_lot_is_worth_what_its_preset_says_in_krw() -> None:
    krw = lot(listing("USDT-BTC")) * listing("USDT-BTC").price * listing("KRW-USDT").price
    assert abs(Decimal(krw) / SCALE**3 - 200_000) < 1


def test_ticks_follow_the_table_of_their_day() -> None:
    today = ticks("KRW-BTC")
    assert [1000, 1000, 500, 1] == [today(price * SCALE) // SCALE for price in (2_000_000, 1_999_999, 999_999, 100)]
    assert SCALE // 10 == today(100 * SCALE - 1)
    assert 1 == today(1)
    then = ticks("KRW-BTC", on=tick_table("KRW-BTC").since)
    assert today(1_500_000 * SCALE) == then(1_500_000 * SCALE)
    assert 1 == ticks("BTC-ETH")(listing("BTC-ETH").price)


def test_every_currency_that_is_traded_can_be_held() -> None:
    traded = {entry.quote for entry in MARKETS} | {entry.base for entry in MARKETS}
    assert traded == set(CURRENCIES)
    assert [code for code in CURRENCIES if code != "KRW"] == [code for code in CURRENCIES if CURRENCIES[code].networks]


def test_networks_are_named_once_in_a_currency_and_ask_for_what_they_need() -> None:
    for currency in CURRENCIES.values():
        names = [network.net_type for network in currency.networks]
        assert len(names) == len(set(names))
        for network in currency.networks:
            assert Decimal(0) < network.withdraw_fee <= network.minimum
            assert network.minimum == round(network.minimum, currency.decimals)
            assert network.confirmations > 0
            assert re.compile(network.address)
    assert ["ETH", "TRX"] == [network.net_type for network in CURRENCIES["USDT"].networks]
    assert [None, True] == [
        CURRENCIES["BTC"].networks[0].secondary,
        CURRENCIES["XRP"].networks[0].secondary is not None,
    ]


def test_names_of_a_base_currency_are_the_same_everywhere() -> None:
    for entry in MARKETS:
        currency = CURRENCIES[entry.base]
        assert (currency.korean_name, currency.english_name) == (entry.korean_name, entry.english_name)
