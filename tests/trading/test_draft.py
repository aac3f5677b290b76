"""What a wish comes to: never more than was asked for."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upbit import rules
from upbit.models import Account, ChanceMarket, MarketSide, OrderChance
from upbit.trading.draft import Draft, Wish, limit_price

MARKET = "KRW-BTC"
UNIT = Decimal("1e-8")

amounts = st.decimals(min_value="0.00000001", max_value="1e9", places=12).filter(lambda amount: amount > 0)
prices = st.decimals(min_value="0.01", max_value="2e8", places=6).filter(lambda price: price > 0)
percents = st.decimals(min_value="0.000001", max_value=100, places=6).filter(lambda share: share > 0)


def wish(side: Any = "bid", **asked: Any) -> Wish:
    return Wish(market=MARKET, side=side, **asked)


def chance(balance: Decimal, fee: str = "0.0005") -> OrderChance:
    """What can be ordered with so much free of both currencies."""
    account = Account(
        currency="KRW", balance=balance, locked=Decimal(1), avg_buy_price=Decimal(0),
        avg_buy_price_modified=False, unit_currency="KRW",
    )  # fmt: skip
    side = MarketSide(currency="KRW", min_total=Decimal(5000))
    market = ChanceMarket(
        id=MARKET, name="BTC/KRW", order_sides=[], bid=side, ask=side, max_total=Decimal(1), state="active"
    )
    rates = dict.fromkeys(("bid_fee", "ask_fee", "maker_bid_fee", "maker_ask_fee"), Decimal(fee))
    return OrderChance(**rates, market=market, bid_account=account, ask_account=account)


def whole(amount: Decimal | None) -> bool:
    return amount is not None and amount % UNIT == 0


@given(amounts)
def test_a_market_buy_spends_the_total_cut_to_eight_decimals(quote: Decimal) -> None:
    try:
        draft = wish(quote=quote).draft("i")
    except ValueError:
        assert quote < UNIT
        return
    assert ("price", None, draft.price) == (draft.ord_type, draft.volume, draft.notional)
    assert quote - UNIT < (draft.price or 0) <= quote
    assert whole(draft.price)


@given(st.sampled_from(["bid", "ask"]), amounts, prices)
def test_a_limit_order_by_total_is_worth_no_more_and_its_price_is_no_worse(
    side: Any, quote: Decimal, price: Decimal
) -> None:
    try:
        draft = wish(side, quote=quote, price=price).draft("i")
    except ValueError:
        assert quote / limit_price(MARKET, side, price) < UNIT
        return
    assert draft.volume is not None
    assert draft.price is not None
    assert rules.on_grid(MARKET, draft.price)
    assert draft.price <= price if side == "bid" else draft.price >= price
    assert draft.notional == draft.volume * draft.price <= quote < (draft.volume + UNIT) * draft.price
    assert whole(draft.volume)


@given(percents, amounts)
def test_a_share_of_the_balance_pays_its_fee_too(percent: Decimal, balance: Decimal) -> None:
    try:
        draft = wish(percent=percent).draft("i", chance=chance(balance))
    except ValueError:
        return
    assert draft.notional * Decimal("1.0005") <= balance * percent / 100
    assert balance * percent / 100 - draft.notional * Decimal("1.0005") < 2 * UNIT


@given(percents, amounts, st.one_of(st.none(), prices))
def test_a_share_of_what_is_held_is_sold(percent: Decimal, balance: Decimal, price: Decimal | None) -> None:
    try:
        draft = wish("ask", percent=percent, price=price).draft("i", chance=chance(balance), bid=Decimal(1000))
    except ValueError:
        return
    assert draft.volume is not None
    assert draft.volume <= balance * percent / 100 < draft.volume + UNIT
    assert (draft.price or 1000) * draft.volume == draft.notional


def test_the_order_is_the_one_that_was_asked_for() -> None:
    draft = wish(quote="10000", best=True, time_in_force="fok", smp_type="reduce").draft("mine")
    expected = {
        "market": MARKET, "side": "bid", "ord_type": "best", "price": Decimal(10_000), "volume": None,
        "time_in_force": "fok", "smp_type": "reduce", "identifier": "mine",
    }  # fmt: skip
    assert expected == draft.arguments
    assert not draft.reduces
    sold = wish("ask", volume=Decimal("0.50")).draft("mine", bid=Decimal(1000))
    assert ("market", None, Decimal("0.5"), 500, True) == (
        sold.ord_type, sold.price, sold.volume, sold.notional, sold.reduces,
    )  # fmt: skip
    assert "0.5" == str(sold.volume)


def test_where_no_grid_is_known_a_price_stays() -> None:
    assert Decimal("17.3") == limit_price("IDR-BTC", "bid", "17.3")
    assert [Decimal(500), Decimal(501)] == [limit_price("KRW-XRP", side, "500.05") for side in ("bid", "ask")]


@pytest.mark.parametrize(
    ("side", "asked", "said"),
    [
        ("bid", {}, r"exactly one of quote= \(how much KRW\), volume= \(how much BTC\) and percent= .* none was given"),
        ("bid", {"quote": 1, "volume": 1}, "quote= and volume= were given"),
        ("ask", {"volume": 0.1}, "volume is 0.1, a float; write a Decimal"),
        ("ask", {"volume": "much"}, "volume 'much' is not a number"),
        ("ask", {"volume": 0}, "volume is zero; it must be above zero"),
        ("ask", {"percent": "100.1"}, "percent is 100.1; it must be at most 100"),
        ("bid", {"quote": 1, "price": -1}, "price is negative"),
        (
            "bid",
            {"volume": "0.1"},
            "buying is by total: give quote= .* or price= to buy 0.1 BTC at that price or lower",
        ),
        ("bid", {"volume": "0.1", "best": True, "time_in_force": "ioc"}, "buying is by total"),
        ("ask", {"quote": 5000}, "selling is by volume: .* or price= to sell 5000 KRW worth at that price or higher"),
        ("bid", {"quote": 1, "price": 1, "best": True}, "give one of them"),
        ("bid", {"quote": 1, "best": True}, "best=True needs time_in_force='ioc' or time_in_force='fok'"),
        ("bid", {"quote": 1, "best": True, "time_in_force": "post_only"}, "best=True needs"),
        ("bid", {"quote": 1, "time_in_force": "ioc"}, "a market order has no time_in_force"),
        ("ask", {"volume": 1, "price": 1, "time_in_force": "post_only", "smp_type": "reduce"}, "takes no smp_type"),
        ("bid", {"quote": "0.000000001"}, "nothing is left of quote=0.000000001"),
        ("bid", {"quote": 1, "price": 200_000_000}, "nothing is left of quote=1 at price=200000000"),
    ],
)
def test_a_wish_that_is_none_says_what_would_be_right(side: Any, asked: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        wish(side, **asked).draft("i")


@pytest.mark.parametrize("market", ["BTC", "krw-btc", "KRWBTC", ""])
def test_a_market_is_spelled_quote_first(market: str) -> None:
    with pytest.raises(ValueError, match="write the quote currency first, as 'KRW-BTC'"):
        Wish(market=market, side="bid", quote=1)


def test_what_depends_on_balance_or_market_says_so() -> None:
    told = [(one.by_balance, one.by_market) for one in (wish(percent=1), wish("ask", percent=1), wish("ask", volume=1))]
    assert [(True, False), (True, True), (False, True)] == told
    assert isinstance(wish(quote=1).draft("i"), Draft)
