"""The order book against the plainest one that could be right: a list, sorted."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from upbit.paper.book import Book, Resting, Side


class PlainBook:
    """Price-time priority by sorting a list."""

    def __init__(self) -> None:
        self.orders: list[tuple[int, str | None, Side, int, int]] = []

    def match(
        self, side: Side, limit: int | None, volume: int | None, funds: int | None, avoid: str | None
    ) -> list[tuple[int, int, int]]:
        sign = 1 if side == "bid" else -1
        facing = [o for o in self.orders if o[2] != side and (limit is None or sign * o[3] <= sign * limit)]
        fills: list[tuple[int, int, int]] = []
        for order in sorted(facing, key=lambda o: (sign * o[3], o[0])):
            identity, owner, its_side, price, remaining = order
            bounds = [
                remaining,
                *([volume] if volume is not None else []),
                *([funds // price] if funds is not None else []),
            ]
            if (avoid is not None and owner == avoid) or min(bounds) == 0:
                break
            taken = min(bounds)
            volume = None if volume is None else volume - taken
            funds = None if funds is None else funds - taken * price
            fills.append((identity, price, taken))
            self.orders.remove(order)
            if taken < remaining:
                self.orders.append((identity, owner, its_side, price, remaining - taken))
                break
        return fills

    def levels(self, side: Side) -> list[tuple[int, int]]:
        prices = sorted({o[3] for o in self.orders if o[2] == side}, reverse=side == "bid")
        return [(price, sum(o[4] for o in self.orders if o[2] == side and o[3] == price)) for price in prices]


sides = st.sampled_from(("bid", "ask"))
owners = st.sampled_from((None, "a", "b"))
steps = st.lists(
    st.tuples(
        st.sampled_from(("rest", "rest", "rest", "remove", "reduce", "match")),
        sides,
        st.integers(1, 12),
        st.integers(1, 9),
        owners,
        st.sampled_from(("volume", "funds", "neither")),
        st.booleans(),
    ),
    max_size=60,
)


@settings(max_examples=200, deadline=None)
@given(steps)
def test_it_does_what_a_sorted_list_does(
    steps: list[tuple[str, Side, int, int, str | None, str, bool]],
) -> None:
    book, plain = Book(), PlainBook()
    placed: list[Resting] = []
    for number, (step, side, price, size, owner, bound, limited) in enumerate(steps):
        if step == "rest":
            best = book.best_ask if side == "bid" else book.best_bid
            if best is not None and (price >= best if side == "bid" else price <= best):
                continue
            resting = Resting(number, owner, side, price, size)
            placed.append(resting)
            book.rest(resting)
            plain.orders.append((number, owner, side, price, size))
        elif step in ("remove", "reduce") and placed:
            chosen = placed[(price * 7 + size) % len(placed)]
            lies = [o for o in plain.orders if o[0] == chosen.id]
            if step == "remove":
                assert bool(lies) == book.remove(chosen)
                plain.orders = [o for o in plain.orders if o[0] != chosen.id]
            elif lies:
                book.reduce(chosen, size)
                plain.orders[plain.orders.index(lies[0])] = (*lies[0][:4], max(0, lies[0][4] - size))
                plain.orders = [o for o in plain.orders if o[4]]
        elif step == "match":
            limit = price if limited else None
            volume = size if bound == "volume" else None
            funds = size * 5 if bound == "funds" else None
            expected = plain.match(side, limit, volume, funds, owner)
            fills = book.match(side, limit=limit, volume=volume, funds=funds, avoid=owner)
            assert expected == [(fill.maker.id, fill.price, fill.volume) for fill in fills]
        assert [] == book.faults()
        for half in ("bid", "ask"):
            assert plain.levels(half) == book.levels(half, 99)
            assert plain.levels(half)[:2] == book.levels(half, 2)


def standing() -> Book:
    book = Book()
    for number, (side, price, size) in enumerate(
        [("bid", 98, 5), ("bid", 99, 3), ("ask", 101, 2), ("ask", 101, 4), ("ask", 103, 7)]
    ):
        book.rest(Resting(number, None, "bid" if side == "bid" else "ask", price, size))
    return book


def test_best_prices_are_the_highest_bid_and_the_lowest_ask() -> None:
    assert (99, 101) == (standing().best_bid, standing().best_ask)
    assert (None, None) == (Book().best_bid, Book().best_ask)


def test_available_counts_down_to_the_limit_of_the_taker() -> None:
    book = standing()
    assert [0, 6, 6, 13] == [book.available("bid", limit) for limit in (100, 101, 102, 103)]
    assert [0, 3, 8] == [book.available("ask", limit) for limit in (100, 99, 98)]
    assert (13, 8) == (book.available("bid"), book.available("ask"))


def test_walk_shows_whom_a_taker_would_meet_and_changes_nothing() -> None:
    book = standing()
    assert [2, 3, 4] == [resting.id for resting in book.walk("bid")]
    assert [2, 3] == [resting.id for resting in book.walk("bid", 102)]
    assert [1, 0] == [resting.id for resting in book.walk("ask")]
    assert [(101, 6), (103, 7)] == book.levels("ask", 9)


def test_a_taker_that_is_served_by_whole_levels_leaves_the_next_alone() -> None:
    book = standing()
    assert [(101, 2), (101, 4)] == [(fill.price, fill.volume) for fill in book.match("bid", volume=6)]
    assert [(103, 7)] == book.levels("ask", 9)


def test_funds_buy_a_truncated_volume() -> None:
    """10000 at a price of 30000 buys 0.33333333 (upbit-api 3.4)."""
    book = Book()
    book.rest(Resting(1, None, "ask", 30_000 * 10**8, 10**8))
    assert [33_333_333] == [fill.volume for fill in book.match("bid", funds=10_000 * 10**16)]


def test_faults_names_what_is_wrong() -> None:
    for spoil, complaint in (
        (lambda b: b.rest(Resting(9, None, "bid", 101, 1)), "best bid 101 is not below best ask 101"),
        (lambda b: setattr(next(b.walk("bid")), "remaining", 1), "ask 101 has size 6, its orders another"),
        (lambda b: setattr(next(b.walk("bid")), "remaining", 0), "ask 101 holds an empty order or none"),
        (lambda b: setattr(next(b.walk("bid")), "price", 5), "ask 101 holds an order of another price or side"),
        (lambda b: setattr(next(b.walk("bid")), "id", 4), "ask 101 is not first come, first served"),
        (lambda b: b._bids.keys.reverse(), "bid prices are out of order or lost"),
    ):
        book = standing()
        spoil(book)
        assert complaint in book.faults()
