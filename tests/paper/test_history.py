"""The past: the same at every unit, quick at every depth, and the same everywhere."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from itertools import pairwise
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.paper.past import START, past, pasts, tick
from upbit.paper.bars import DAY, HOUR, MINUTE, Bar, Trade, Unit, cut, following, gather, opening, piece, summarise
from upbit.paper.history import History

UNITS: tuple[Unit, ...] = get_args(Unit)
depths = st.integers(0, 8 * 365 * DAY)


def day_of(history: History, depth: int) -> tuple[int, list[Trade]]:
    """The midnight of a day and all its trades, oldest first."""
    midnight = (history.start - 1 - depth) // DAY * DAY
    found = history.trades((midnight + DAY) * 10_000, 10_000)
    return midnight, [trade for trade in reversed(found) if trade.time >= midnight]


@settings(max_examples=15)
@given(pasts, depths)
def test_candles_of_every_unit_within_a_day_are_the_sums_of_its_trades(history: History, depth: int) -> None:
    midnight, trades = day_of(history, depth)
    for unit in UNITS[:10]:
        bars = list(gather(unit, cut(piece(unit), reversed(trades))))
        assert bars == history.candles(unit, midnight + DAY, len(bars))
        assert all(bar.start < midnight for bar in history.candles(unit, midnight, 1))


@settings(max_examples=30)
@given(pasts, depths, st.sampled_from(["week", "month", "year"]))
def test_longer_candles_are_the_sums_of_their_days(history: History, depth: int, unit: Unit) -> None:
    bar = history.candles(unit, history.start - depth, 1)[0]
    end = min(following(unit, bar.start), history.start)
    days = [day for day in history.candles("day", end, 366) if day.start >= bar.start]
    assert bar == Bar(
        opening(unit, history.start - depth - 1),
        days[-1].opening,
        max(day.high for day in days),
        min(day.low for day in days),
        days[0].close,
        sum(day.volume for day in days),
        sum(day.value for day in days),
        sum(day.ask_volume for day in days),
        sum(day.count for day in days),
        days[0].last,
    )


@settings(max_examples=15)
@given(pasts, depths)
def test_trades_are_whole_on_the_grid_and_in_order(history: History, depth: int) -> None:
    _, trades = day_of(history, depth)
    assert all(trade.volume > 0 == trade.price % tick(trade.price) for trade in trades)
    assert all(before.sequential_id < after.sequential_id for before, after in pairwise(trades))
    assert {"ask", "bid"} == {trade.side for trade in trades}


@settings(max_examples=15)
@given(pasts, depths, st.integers(0, DAY), st.integers(0, DAY))
def test_the_sum_of_any_stretch_is_that_of_its_trades(history: History, depth: int, one: int, other: int) -> None:
    midnight, trades = day_of(history, depth)
    start, end = midnight + min(one, other), midnight + max(one, other)
    rows = [trade for trade in trades if start <= trade.time < end]
    assert (summarise(start, rows) if rows else None) == history.bar(start, end)


@settings(max_examples=30)
@given(pasts, depths, st.integers(0, 400 * DAY))
def test_a_long_stretch_is_the_sum_of_its_parts(history: History, depth: int, length: int) -> None:
    end = history.start - depth
    middle = end - length // 3
    parts = [bar for bar in (history.bar(middle, end), history.bar(end - length, middle)) if bar]
    whole = history.bar(end - length, end)
    assert sum(bar.value for bar in parts) == (whole.value if whole else 0)
    assert sum(bar.count for bar in parts) == (whole.count if whole else 0)


@settings(max_examples=30)
@given(pasts, depths, st.sampled_from(UNITS), st.lists(st.integers(1, 40), min_size=1, max_size=6))
def test_paging_visits_every_candle_once(history: History, depth: int, unit: Unit, sizes: list[int]) -> None:
    before = history.start - depth
    expected = history.candles(unit, before, sum(sizes))
    paged: list[Bar] = []
    for size in sizes:
        page = history.candles(unit, before, size)
        paged += page
        before = page[-1].start if page else before
    assert expected == paged
    assert all(later.start > earlier.start for later, earlier in pairwise(expected))
    assert all(bar.start < history.start - depth for bar in expected)


@settings(max_examples=20)
@given(pasts, depths, st.lists(st.integers(1, 60), min_size=1, max_size=5))
def test_paging_visits_every_trade_once(history: History, depth: int, sizes: list[int]) -> None:
    before = (history.start - depth) * 10_000
    expected = history.trades(before, sum(sizes))
    paged: list[Trade] = []
    for size in sizes:
        page = history.trades(before, size)
        paged += page
        before = page[-1].sequential_id if page else before
    assert expected == paged


@settings(max_examples=15)
@given(pasts)
def test_the_past_ends_at_the_start_with_its_price(history: History) -> None:
    newest = history.trades(2**62, 1)[0]
    assert history.price == newest.price
    assert newest.time < history.start
    for unit in UNITS:
        bar = history.candles(unit, 2 * history.start, 1)[0]
        assert (history.price, newest.time) == (bar.close, bar.last)


@settings(max_examples=10)
@given(pasts)
def test_nothing_exists_before_the_listing(history: History) -> None:
    oldest = history.candles("day", history.start, 10_000)[-1]
    assert history.listed == oldest.start
    for unit in UNITS:
        assert [] == history.candles(unit, opening(unit, history.listed), 5)
    assert [] == history.trades(history.listed * 10_000, 5)
    assert history.bar(0, history.listed) is None


def test_a_market_can_begin_on_the_day_of_the_start() -> None:
    history = past(years=0)
    assert [history.listed] == [bar.start for bar in history.candles("day", START, 9)]
    assert [history.listed] == [
        bar.start for bar in past(years=0, start=history.listed + MINUTE).candles("m1", START, 9)
    ]


def test_a_start_at_midnight_has_whole_days_before_it() -> None:
    history = past(start=START // DAY * DAY)
    assert history.start - DAY == history.candles("day", history.start, 1)[0].start


def test_a_thin_market_has_gaps_and_a_busy_one_has_none() -> None:
    thin, busy = past(trades=60), past(trades=200_000)
    assert MINUTE < thin.candles("m1", START, 1)[0].start - thin.candles("m1", START, 2)[1].start
    starts = [bar.start for bar in busy.candles("m60", START, 200)]
    assert all(later - earlier == HOUR for later, earlier in pairwise(starts))


def test_seed_market_and_time_make_the_past() -> None:
    assert past().candles("m1", START, 50) == past().candles("m1", START, 50)
    assert past().candles("m1", START, 50) != past(seed=2).candles("m1", START, 50)
    assert past().candles("m1", START, 50) != past(market="KRW-ETH").candles("m1", START, 50)


@pytest.mark.parametrize("unit", UNITS)
def test_asking_anywhere_in_years_takes_little_work(unit: Unit) -> None:
    calls = 0

    def counting(price: int) -> int:
        nonlocal calls
        calls += 1
        return tick(price)

    assert past(trades=100_000, grid=counting).candles(unit, START - 2_000 * DAY, 200)
    assert 60_000 > calls


def test_another_process_with_another_hash_seed_makes_the_same_past() -> None:
    code = "from tests.paper.test_history import digest; print(digest())"
    command = [sys.executable, "-c", code]
    environment = {**os.environ, "PYTHONHASHSEED": "4242", "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    assert (
        digest() == subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.strip()
    )


def digest() -> str:
    history = past(trades=20_000)
    rows = [history.candles(unit, START - 700 * DAY, 30) for unit in UNITS], history.trades(START * 10_000, 300)
    return hashlib.sha256(repr(rows).encode()).hexdigest()


def test_the_past_is_the_one_it_has_always_been() -> None:
    expected = Bar(
        start=1703599200000,
        opening=8466600000000000,
        high=8479000000000000,
        low=8450700000000000,
        close=8462100000000000,
        volume=6546790,
        value=55398905569000000000000,
        ask_volume=3521182,
        count=32,
        last=1703602786280,
    )
    assert [expected] == past().candles("m60", START - 1_000 * DAY, 1)


def test_prices_stay_within_reason_and_move_as_told() -> None:
    for volatility in (10_000, 40_000):
        days = past(volatility=volatility).candles("day", START, 2_900)
        moves = sorted(
            abs(later.close - earlier.close) * 1_000_000 // earlier.close for later, earlier in pairwise(days)
        )
        assert volatility // 3 < moves[len(moves) // 2] < volatility
        assert 2 * volatility < moves[-1]
        assert past().price // 50 < min(day.low for day in days) < max(day.high for day in days) < past().price * 50


@pytest.mark.parametrize(
    "wrong", [{"start": START + 1}, {"start": 0}, {"price": 150_000_000 * 10**8 + 1}, {"price": 0}], ids=str
)
def test_a_wrong_beginning_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"start is|not on its grid"):
        past(years=1, **wrong)


@settings(max_examples=10)
@given(pasts)
def test_a_price_is_never_below_its_smallest_step(history: History) -> None:
    assert all(tick(1) <= bar.low < bar.high for bar in history.candles("day", history.start, 400))
