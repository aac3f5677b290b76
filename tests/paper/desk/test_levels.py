"""Order books gathered by a price width."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upbit.paper.book import Book, Resting, Side
from upbit.paper.desk.levels import gathered, supported

D = Decimal


@pytest.mark.parametrize(
    ("price", "levels"),
    [
        ("150000000", "0 10000 100000 1000000 10000000 100000000"),
        ("5000000", "0 10000 100000 1000000"),
        ("2015", "0 1000"),
        ("142", "0 100"),
        ("0.0126", "0 0.01"),
    ],
)
def test_widths_are_powers_of_ten_up_to_the_price(price: str, levels: str) -> None:
    assert [D(level) for level in levels.split()] == supported("KRW", D(price))


def test_only_krw_books_are_gathered() -> None:
    assert [D(0)] == supported("BTC", D("0.03"))


def book_of(side: Side, levels: dict[int, int]) -> Book:
    book = Book()
    for number, (price, size) in enumerate(levels.items()):
        book.rest(Resting(number, None, side, price, size))
    return book


def test_without_a_width_the_levels_are_those_of_the_book() -> None:
    book = book_of("bid", {101: 1, 99: 2})
    assert [(101, 1), (99, 2)] == gathered(book, "bid", 5, 0)


def test_bids_are_gathered_downwards_and_asks_upwards() -> None:
    assert [(100, 3), (90, 4)] == gathered(book_of("bid", {101: 1, 100: 2, 99: 4}), "bid", 5, 10)
    assert [(100, 6), (110, 1)] == gathered(book_of("ask", {101: 1, 100: 2, 99: 4}), "ask", 5, 10)


@given(
    st.sampled_from(["bid", "ask"]),
    st.dictionaries(st.integers(1, 500), st.integers(1, 9), min_size=1),
    st.integers(1, 50),
    st.integers(1, 10),
)
def test_gathering_keeps_every_size_and_the_order(side: Side, levels: dict[int, int], width: int, count: int) -> None:
    book = book_of(side, levels)
    found = gathered(book, side, 1000, width)
    assert sum(levels.values()) == sum(size for _, size in found)
    prices = [price for price, _ in found]
    assert sorted(set(prices), reverse=side == "bid") == prices
    assert all(price % width == 0 for price in prices)
    assert found[:count] == gathered(book, side, count, width)
