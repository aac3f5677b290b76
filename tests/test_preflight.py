"""Orders judged before they leave: by what the paper exchange says of the same orders, and rule by rule."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import cache
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.paper.visitor import Visitor
from upbit.api import Orders
from upbit.errors import EXCHANGE_ERRORS
from upbit.explain.orders import RULES
from upbit.models import Instrument, OrderChance
from upbit.paper.orders import amount
from upbit.preflight import Problem, preflight
from upbit.rules import Instruments, maximum_total, minimum_total, round_price, round_volume

D = Decimal
STEP = D("1e-8")
MARKETS = ["KRW-BTC", "KRW-XRP", "KRW-PEPE", "BTC-ETH", "USDT-TRX"]
FUNDS = {"KRW": D("3000000.123456789"), "BTC": D("0.5"), "ETH": D("3.123456789"), "XRP": D(5000), "USDT": D(100)}
LIMIT: dict[str, Any] = {"market": "KRW-BTC", "side": "bid", "ord_type": "limit", "price": 50_000_000, "volume": "0.01"}


@cache
def visitor() -> Visitor:
    return Visitor(funds=FUNDS, start=1_795_000_000_000)


@cache
def chance(market: str) -> OrderChance:
    told = msgspec.convert(visitor().ask(Orders.retrieve_chance, market=market), OrderChance)
    if maximum_total(market) is not None:
        return told
    # The paper exchange has no maximum on such a market, and yet shows one.
    return msgspec.structs.replace(told, market=msgspec.structs.replace(told.market, max_total=D(10) ** 40))


@cache
def best_bid(market: str) -> Decimal:
    visitor().exchange.venue(market)
    return amount(visitor().exchange.engine.book(market).best_bid or 0)


def given_only(order: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in order.items() if value is not None}


def judged(order: dict[str, Any]) -> list[Problem]:
    return preflight(chance(order["market"]), **order, best_bid=best_bid(order["market"]))


def refused(order: dict[str, Any]) -> str | None:
    """The name of the error that the exchange refuses an order with; None when it takes it."""
    answer = visitor().call(Orders.test_create, **given_only(order))
    return None if answer.status == 201 else answer.name


# The same verdict as the exchange


SHAPES: list[tuple[str, str, list[str | None]]] = [
    ("bid", "limit", [None, "ioc", "fok", "post_only"]),
    ("ask", "limit", [None, "ioc", "fok", "post_only"]),
    ("bid", "price", [None]),
    ("ask", "market", [None]),
    ("bid", "best", ["ioc", "fok"]),
    ("ask", "best", ["ioc", "fok"]),
]
ODD = [D(0), D("1e-9"), D("0.1"), D("5000.000000001"), D("123456.7"), D(10) ** 9 + 1, D(10) ** 15]
FLAWS: dict[str, list[Any]] = {
    "side": ["bid", "ask"],
    "ord_type": ["limit", "price", "market", "best"],
    "price": [None, *ODD],
    "volume": [None, *ODD],
    "time_in_force": [None, "ioc", "post_only"],
    "smp_type": ["none", "reduce"],
    "identifier": ["x" * 65],
}


@st.composite
def orders(draw: st.DrawFn) -> dict[str, Any]:
    """Orders of all kinds and of all sizes around what the market and the account allow; some have flaws."""
    market = draw(st.sampled_from(MARKETS))
    side, ord_type, conditions = draw(st.sampled_from(SHAPES))
    quote, _, base = market.partition("-")
    near = best_bid(market)
    price = round_price(market, near * draw(st.sampled_from([D(1), D("0.5"), D("1.01"), D("0.037")])), toward="up")
    least, fee = minimum_total(market), chance(market).bid_fee
    most = maximum_total(market) or FUNDS[quote]
    worth = draw(st.sampled_from([least, least - STEP, FUNDS[quote], FUNDS[quote] / (1 + fee), most]))
    worth += draw(st.sampled_from([0, STEP]) | st.decimals(0, least, places=8))
    by_total, at_market = (side, ord_type) in (("bid", "price"), ("bid", "best")), ord_type in ("market", "best")
    each = near if at_market else price
    volume = draw(st.sampled_from([D(f"{worth / each:.8f}"), FUNDS.get(base, D(1)), D(f"{least / each:.8f}") + STEP]))
    order = {
        "market": market,
        "side": side,
        "ord_type": ord_type,
        "price": round_volume(worth) if by_total else None if at_market else price,
        "volume": None if by_total else volume,
        "time_in_force": draw(st.sampled_from(conditions)),
        "smp_type": None,
        "identifier": draw(st.sampled_from([None, "x" * 64])),
    }
    flaws = draw(st.lists(st.sampled_from(list(FLAWS)), max_size=2)) if draw(st.booleans()) else []
    return order | {name: draw(st.sampled_from(FLAWS[name])) for name in flaws}


@settings(max_examples=250)
@given(orders())
def test_what_the_exchange_refuses_has_a_problem_of_its_name_first_and_what_it_takes_has_none(
    order: dict[str, Any],
) -> None:
    problems = judged(order)
    assert refused(order) == (problems[0].name if problems else None)


@given(orders())
def test_an_order_that_is_changed_as_suggested_is_taken_or_has_only_problems_that_no_change_mends(
    order: dict[str, Any],
) -> None:
    problems = judged(order)
    for problem in problems:
        order = order | dict(problem.suggestion)
    left = [problem.rule for problem in problems if not problem.suggestion]
    assert left == [problem.rule for problem in judged(order)]
    assert left or refused(order) is None


@given(orders())
def test_every_problem_is_told_in_both_languages_with_its_details(order: dict[str, Any]) -> None:
    for problem in judged(order):
        assert problem.name in EXCHANGE_ERRORS
        english, korean = problem.message(), problem.message("ko")
        assert english != korean
        assert not set("{}") & set(english + korean)
        assert "None" not in english + korean


# Rule by rule

ENGLISH = {
    "identifier": ({"identifier": "x" * 65}, "an identifier of 65 characters is too long: at most 64 characters"),
    "ord_type": ({"ord_type": "market"}, "ord_type market does not go with side bid: use one of limit, price, best"),
    "price_missing": (
        {"price": None},
        "a limit order needs a price: give price, the price of one unit in the quote currency",
    ),
    "total_missing": (
        {"ord_type": "price", "volume": None, "price": None},
        "a bid without a limit price needs a total: give price, which is then the total to spend",
    ),
    "price_superfluous": (
        {"side": "ask", "ord_type": "market"},
        "ord_type market takes no price on side ask: leave price out",
    ),
    "volume_missing": (
        {"volume": None},
        "ord_type limit needs a volume on side bid: give volume, in the base currency",
    ),
    "volume_superfluous": (
        {"ord_type": "price", "price": 10_000},
        "ord_type price takes no volume on side bid: its size is the total in price: leave volume out",
    ),
    "time_in_force_missing": (
        {"ord_type": "best", "price": 10_000, "volume": None},
        "ord_type best needs a time_in_force: ioc or fok",
    ),
    "time_in_force": (
        {"ord_type": "price", "price": 10_000, "volume": None, "time_in_force": "ioc"},
        "ord_type price takes no time_in_force: leave time_in_force out",
    ),
    "post_only_smp": (
        {"time_in_force": "post_only", "smp_type": "reduce"},
        "a post_only order meets nobody and takes no smp_type: leave smp_type out",
    ),
    "volume_range": (
        {"volume": "0.000000009"},
        "0.000000009 is no volume: a volume is at least 0.00000001 and below 10**15",
    ),
    "volume_decimals": (
        {"volume": "0.010000001"},
        "a volume of 0.010000001 BTC has more than eight decimals: 0.01",
    ),
    "price_range": ({"price": 0}, "0 is no price: a price is above zero and below 10**15"),
    "price_grid": (
        {"market": "KRW-XRP", "price": "500.05", "volume": 100},
        "500.05 is off the 1 KRW grid: 500 or 501",
    ),
    "total_decimals": (
        {"ord_type": "price", "price": "10000.123456789", "volume": None},
        "a total of 10000.123456789 KRW has more than eight decimals: 10000.12345678",
    ),
    "min_total": (
        {"volume": "0.00009"},
        "the total of 4500 KRW is below the minimum of 5000 KRW: order 0.0001 BTC or more at this price",
    ),
    "max_total": (
        {"volume": 21},
        "the total of 1050000000 KRW is above the maximum of 1000000000 KRW: "
        "order 20 BTC or less at this price, and the rest in another order",
    ),
    "balance_bid": (
        {"volume": "0.1"},
        "5002500 KRW is needed with the fee, 3000000.123456789 KRW is free: order 0.05997001 BTC or less at this price",
    ),
    "balance_ask": (
        {"side": "ask", "volume": 1},
        "1 BTC is to be sold, 0.5 BTC is free: sell 0.5 BTC or less",
    ),
}


@pytest.mark.parametrize("rule", ENGLISH)
def test_a_broken_rule_is_told_with_what_would_be_right(rule: str) -> None:
    changes, message = ENGLISH[rule]
    problem = judged(LIMIT | changes)[0]
    assert (rule, message) == (problem.rule, problem.message())


def test_every_rule_is_broken_somewhere_here() -> None:
    assert RULES.keys() == ENGLISH.keys() | {"min_total_market", "market_state", "not_supported"}


def test_a_good_order_has_no_problem() -> None:
    assert [] == judged(LIMIT)
    assert [] == judged(LIMIT | {"identifier": "x" * 64, "time_in_force": "post_only", "smp_type": "none"})


def test_a_price_is_told_in_korean_with_the_particle_that_it_sounds_with() -> None:
    prices = {
        "500.05": "500.05는 1 KRW 단위에 맞지 않습니다: 500 또는 501",
        "500.3": "500.3은 1 KRW 단위에 맞지 않습니다: 500 또는 501",
    }
    for price, message in prices.items():
        assert message == judged(LIMIT | {"market": "KRW-XRP", "price": price, "volume": 100})[0].message("ko")


@pytest.mark.parametrize(("side", "price"), [("bid", 50_000_000), ("ask", 50_001_000)])
def test_an_off_grid_price_is_suggested_to_move_away_from_the_market(side: str, price: int) -> None:
    problem = judged(LIMIT | {"side": side, "price": 50_000_500})[0]
    assert {"price": D(price)} == problem.suggestion


def test_below_the_lowest_price_there_is_only_one_way() -> None:
    problem = judged(LIMIT | {"market": "KRW-PEPE", "price": "0.000000001", "volume": 10**12})[0]
    assert {"price": D("1e-8")} == problem.suggestion
    assert "0.000000001 is off the 0.00000001 KRW grid: the lowest price is 0.00000001" == problem.message()


def test_several_problems_are_told_at_once_each_as_if_those_before_were_mended() -> None:
    order = LIMIT | {"price": "50000000.5", "volume": "0.100000001", "time_in_force": "post_only", "smp_type": "reduce"}
    problems = judged(order)
    assert ["post_only_smp", "volume_decimals", "price_grid", "balance_bid"] == [one.rule for one in problems]
    assert D(5_002_500) == problems[-1].details["needed"]


# What the market and the account allow


def changed(market: dict[str, Any] | None = None, **account: Any) -> OrderChance:
    known = chance("KRW-BTC")
    return msgspec.structs.replace(known, market=msgspec.structs.replace(known.market, **(market or {})), **account)


@pytest.mark.parametrize(
    ("market", "changes", "message"),
    [
        ({"state": "preview"}, {}, "KRW-BTC is preview, not active: wait until trading goes on; the exchange"),
        (
            {"bid_types": ["limit"]},
            {"time_in_force": "ioc"},
            "KRW-BTC does not take limit_ioc on side bid now: it takes limit",
        ),
        ({"order_sides": ["ask"]}, {}, "the market does not take orders of this kind now: read what it takes in"),
    ],
)
def test_what_the_market_does_not_take_now_is_told(
    market: dict[str, Any], changes: dict[str, Any], message: str
) -> None:
    problems = preflight(changed(market), **(LIMIT | changes))
    assert [True] == [one.message().startswith(message) for one in problems]
    assert {} == problems[0].suggestion


@pytest.mark.parametrize("types", [None, ["limit"]])
def test_a_list_of_types_that_is_not_sent_forbids_nothing_and_post_only_stands_in_none(types: list[str] | None) -> None:
    assert [] == preflight(changed({"bid_types": types}), **LIMIT, time_in_force="post_only")


SALE: dict[str, Any] = {"market": "KRW-BTC", "side": "ask", "ord_type": "market", "volume": "0.00001"}


def test_what_a_sale_at_the_market_is_worth_is_measured_at_the_best_bid() -> None:
    problem = preflight(chance("KRW-BTC"), **SALE, best_bid=100_000_000)[0]
    assert {"volume": D("0.00005")} == problem.suggestion
    assert (
        "0.00001 BTC is worth 1000 KRW at the best bid; the minimum is 5000 KRW: sell 0.00005 BTC or more"
        == problem.message()
    )
    assert [] == preflight(chance("KRW-BTC"), **SALE)


def test_with_nobody_to_buy_a_sale_at_the_market_is_worth_nothing_and_nothing_mends_that() -> None:
    problem = preflight(chance("KRW-BTC"), **SALE, best_bid=0)[0]
    assert ("under_min_total_market_ask", {}) == (problem.name, problem.suggestion)
    assert problem.message().startswith("the volume at the best bid is worth less than the market's minimum: ")


def test_a_total_is_suggested_where_an_order_is_by_total() -> None:
    order = {"market": "KRW-BTC", "side": "bid", "ord_type": "price"}
    totals = {
        "4999": ("min_total", D(5000)),
        "2999999": ("balance_bid", D("2998500.87302027")),
        "1000000001": ("max_total", D(10) ** 9),
    }
    for total, (rule, better) in totals.items():
        problem = judged(order | {"price": total})[0]
        assert (rule, {"price": better}) == (problem.rule, problem.suggestion)
    assert "the total of 4999 KRW is below the minimum of 5000 KRW: order for 5000 KRW or more" == (
        judged(order | {"price": "4999"})[0].message()
    )


@pytest.mark.parametrize("order", [LIMIT, LIMIT | {"ord_type": "price", "price": 10_000, "volume": None}])
def test_where_the_balance_is_below_the_minimum_no_smaller_order_is_suggested(order: dict[str, Any]) -> None:
    poor = msgspec.structs.replace(chance("KRW-BTC").bid_account, balance=D(5000))
    problem = preflight(changed(bid_account=poor), **order)[0]
    assert ("balance_bid", {}) == (problem.rule, problem.suggestion)
    assert problem.message().startswith("the free balance does not cover the bid and its fee: ")


@pytest.mark.parametrize(("held", "best_bid"), [("0", None), ("0.00001", 100_000_000)])
def test_where_the_holding_is_below_the_minimum_no_smaller_sale_is_suggested(held: str, best_bid: int | None) -> None:
    poor = msgspec.structs.replace(chance("KRW-BTC").ask_account, balance=D(held))
    problem = preflight(changed(ask_account=poor), **(SALE | {"volume": 1}), best_bid=best_bid)[0]
    assert ("balance_ask", {}) == (problem.rule, problem.suggestion)


def test_the_fee_can_be_told() -> None:
    order = LIMIT | {"price": 50_000_000, "volume": "0.06"}
    assert ["balance_bid"] == [one.rule for one in preflight(chance("KRW-BTC"), **order)]
    assert [] == preflight(chance("KRW-BTC"), **order, fee=0)


def test_the_grid_is_the_one_that_the_exchange_told() -> None:
    tick = Instrument(market="KRW-XRP", quote_currency="KRW", tick_size=D("0.5"), supported_levels=[])
    order = LIMIT | {"market": "KRW-XRP", "price": "2000.5", "volume": 100}
    told = Instruments.read([tick], {"KRW-XRP": 2015})
    assert ["price_grid"] == [one.rule for one in preflight(chance("KRW-XRP"), **order)]
    assert [] == preflight(chance("KRW-XRP"), **order, instruments=told)


def test_where_no_grid_is_known_eight_decimals_are_asked_for() -> None:
    known = chance("KRW-BTC")
    elsewhere = msgspec.structs.replace(known, market=msgspec.structs.replace(known.market, id="THB-BTC"))
    order = LIMIT | {"market": "THB-BTC"}
    assert [] == preflight(elsewhere, **order | {"price": "50000000.00000001"})
    assert "price_grid" == preflight(elsewhere, **order | {"price": "50000000.000000001"})[0].rule


# What is no order


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"market": "KRW-ETH"}, "the order is for KRW-ETH and chance for KRW-BTC; ask for the one of KRW-ETH"),
        ({"volume": "-1"}, "volume is negative"),
        ({"price": 0.1}, "price is 0.1, a float; write a Decimal"),
        ({"fee": 2}, "fee is 2; write a fraction"),
    ],
)
def test_what_nobody_can_judge_is_refused_with_the_reason(changes: dict[str, Any], message: str) -> None:
    ask: Callable[..., list[Problem]] = preflight
    with pytest.raises(ValueError, match=message):
        ask(chance("KRW-BTC"), **(LIMIT | {"volume": 1} | changes))
