from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.views.events import MIDNIGHT, gap, moment, orderbook, trade
from upbit.models import Side
from upbit.views import Book, Level

D = Decimal
UNITS = (("101", "2", "99", "1"), ("102", "3", "97", "4"))


def book(*units: tuple[int | str, int | str, int | str, int | str]) -> Book:
    one = Book("KRW-BTC")
    one.apply(orderbook(*units))
    return one


def test_a_book_nobody_told_about_is_empty() -> None:
    one = Book("KRW-BTC")
    assert ([], [], None, None) == (one.asks, one.bids, one.best_ask, one.best_bid)
    assert (None, None, None, None) == (one.spread, one.mid, one.time, one.stale_since)
    assert (D(0), None) == (one.depth("bid"), one.vwap("bid", volume=D(1)))


def test_a_book_shows_its_best_prices_and_what_lies_between() -> None:
    one = book(*UNITS)
    assert (Level(D(101), D(2)), Level(D(99), D(1))) == (one.best_ask, one.best_bid)
    assert (D(2), D(100)) == (one.spread, one.mid)
    assert [Level(D(101), D(2)), Level(D(102), D(3))] == one.asks
    assert [Level(D(99), D(1)), Level(D(97), D(4))] == one.bids
    assert moment(MIDNIGHT) == one.time


def test_a_side_that_ends_earlier_is_told_with_zeros_which_are_no_levels() -> None:
    one = book(("101", "2", "0", "0"))
    assert ([], None, None, None) == (one.bids, one.best_bid, one.spread, one.mid)


@pytest.mark.parametrize(
    ("side", "levels", "price", "depth"),
    [
        ("ask", None, None, 5),
        ("ask", 1, None, 2),
        ("ask", 9, None, 5),
        ("ask", 0, None, 0),
        ("bid", None, "97", 5),
        ("bid", None, "97.1", 1),
        ("ask", None, "101", 2),
        ("ask", 1, "102", 2),
        ("ask", None, "100", 0),
    ],
)
def test_depth_counts_levels_or_goes_to_a_price(side: Side, levels: int | None, price: str | None, depth: int) -> None:
    assert depth == book(*UNITS).depth(side, levels=levels, price=None if price is None else D(price))


def test_a_bid_takes_asks_and_an_ask_takes_bids() -> None:
    one = book(*UNITS)
    assert (D(101), D(99)) == (one.vwap("bid", volume=D(2)), one.vwap("ask", volume=D(1)))
    assert (D("101.5"), D("97.5")) == (one.vwap("bid", volume=D(4)), one.vwap("ask", volume=D(4)))
    assert (D(101), D("97.4")) == (one.vwap("bid", quote=D(202)), one.vwap("ask", quote=D(487)))


def test_a_book_that_is_too_thin_has_no_average_price() -> None:
    one = book(*UNITS)
    assert (None, None) == (one.vwap("bid", volume=D("5.00000001")), one.vwap("bid", quote=D("508.01")))
    assert (D("101.6"), D("101.6")) == (one.vwap("bid", volume=D(5)), one.vwap("bid", quote=D(508)))


@pytest.mark.parametrize("size", [{}, {"volume": D(1), "quote": D(1)}, {"volume": D(0)}, {"quote": D(-1)}])
def test_the_size_is_one_and_positive(size: dict[str, Decimal]) -> None:
    with pytest.raises(ValueError, match="a positive volume or a positive quote"):
        book(*UNITS).vwap("bid", volume=size.get("volume"), quote=size.get("quote"))


amounts = st.decimals("0.00000001", "1000000", places=8)


@given(levels=st.lists(st.tuples(amounts, amounts), min_size=1, max_size=8), size=amounts, by_quote=st.booleans())
def test_vwap_is_what_a_naive_walk_finds(levels: list[tuple[Decimal, Decimal]], size: Decimal, by_quote: bool) -> None:
    levels.sort()
    one = book(*((str(price), str(volume), 0, 0) for price, volume in levels))
    left, taken, paid = Fraction(size), Fraction(0), Fraction(0)
    for price, volume in levels:
        part = min(Fraction(volume), left / Fraction(price) if by_quote else left)
        taken, paid = taken + part, paid + part * Fraction(price)
        left -= part * Fraction(price) if by_quote else part
    average = one.vwap("bid", quote=size) if by_quote else one.vwap("bid", volume=size)
    if left:
        assert average is None
    else:
        assert average is not None
        assert abs(paid / taken - Fraction(average)) <= paid / taken * Fraction(1, 10**27)


def test_what_is_not_about_this_book_is_ignored() -> None:
    one = book(*UNITS)
    for event in (
        orderbook(("5", "5", "4", "4"), code="KRW-ETH", time=MIDNIGHT + 1),
        orderbook(("5", "5", "4", "4"), level=1000, time=MIDNIGHT + 1),
        orderbook(("5", "5", "4", "4"), time=MIDNIGHT - 1),
        trade(1),
        gap("orderbook", "KRW-ETH"),
        gap("trade"),
    ):
        one.apply(event)
    assert (D(100), None) == (one.mid, one.stale_since)


def test_a_book_may_be_gathered_and_one_without_a_level_is_not() -> None:
    gathered = Book("KRW-BTC", 1000)
    gathered.apply(orderbook(*UNITS))
    assert gathered.time is None
    gathered.apply(orderbook(("5", "5", "3", "3"), level=1000))
    assert D(4) == gathered.mid
    plain = Book("KRW-BTC")
    plain.apply(orderbook(*UNITS, level=None))
    assert D(100) == plain.mid


def test_a_gap_makes_the_book_stale_until_the_next_one() -> None:
    one = book(*UNITS)
    one.apply(gap("orderbook", start=MIDNIGHT + 5))
    one.apply(gap("orderbook", "KRW-BTC", start=MIDNIGHT + 7))
    assert (moment(MIDNIGHT + 5), D(100)) == (one.stale_since, one.mid)
    one.apply(orderbook(("11", "1", "9", "1"), time=MIDNIGHT - 1))
    assert (None, D(10)) == (one.stale_since, one.mid)
