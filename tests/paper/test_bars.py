"""Units, calendar and sums of bars."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upbit.paper.bars import Bar, Trade, Unit, cut, following, gather, join, opening, piece, summarise

units = st.sampled_from(get_args(Unit))
moments = st.integers(0, 4_000_000_000_000)


def ms(*day: int) -> int:
    return int(datetime(*day, tzinfo=UTC).timestamp()) * 1000


@pytest.mark.parametrize(
    ("unit", "start", "end"),
    [
        ("s", (2024, 2, 29, 12, 34, 56), (2024, 2, 29, 12, 34, 57)),
        ("m3", (2024, 2, 29, 12, 33), (2024, 2, 29, 12, 36)),
        ("m10", (2024, 2, 29, 12, 30), (2024, 2, 29, 12, 40)),
        ("m240", (2024, 2, 29, 12), (2024, 2, 29, 16)),
        ("day", (2024, 2, 29), (2024, 3, 1)),
        ("week", (2024, 2, 26), (2024, 3, 4)),
        ("month", (2024, 2, 1), (2024, 3, 1)),
        ("year", (2024, 1, 1), (2025, 1, 1)),
    ],
)
def test_an_interval_starts_and_ends_by_the_calendar(unit: Unit, start: tuple[int, ...], end: tuple[int, ...]) -> None:
    assert ms(*start) == opening(unit, ms(2024, 2, 29, 12, 34, 56) + 789)
    assert ms(*end) == following(unit, ms(*start))


def test_a_december_is_followed_by_a_january() -> None:
    assert ms(2025, 1, 1) == following("month", ms(2024, 12, 1))


@given(units, moments)
def test_every_moment_lies_in_one_interval_made_of_whole_pieces(unit: Unit, time: int) -> None:
    start = opening(unit, time)
    end = following(unit, start)
    assert start <= time < end
    assert (start, end) == (opening(unit, end - 1), opening(unit, end))
    assert 0 == start % piece(unit) == end % piece(unit)


@given(moments)
def test_weeks_start_on_monday_at_midnight_utc(time: int) -> None:
    start = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=opening("week", time))
    assert (0, 0, 0) == (start.weekday(), start.hour, start.minute)


def test_a_bar_sums_up_its_trades() -> None:
    trades = [
        Trade(600_000_000_001, 5, 2, "ask"),
        Trade(600_000_010_000, 9, 3, "bid"),
        Trade(601_000_000_000, 4, 1, "ask"),
    ]
    assert Bar(60_000_000, 5, 9, 4, 4, 6, 41, 3, 3, 60_100_000) == summarise(60_000_000, trades)
    assert 60_000_000 == trades[0].time


@given(st.lists(st.tuples(st.integers(1, 40_000_000), st.integers(1, 99), st.integers(1, 99)), min_size=1, max_size=40))
def test_pieces_add_up_to_the_whole(rows: list[tuple[int, int, int]]) -> None:
    trades: list[Trade] = []
    for gap, price, volume in rows:
        trades.append(Trade((trades[-1].sequential_id if trades else 0) + gap, price, volume, "bid"))
    seconds = list(cut(1000, reversed(trades)))
    assert sorted({trade.time // 1000 * 1000 for trade in trades}, reverse=True) == [bar.start for bar in seconds]
    minutes = list(gather("m1", seconds))
    assert list(cut(60_000, reversed(trades))) == minutes
    assert summarise(0, trades) == join(0, minutes) == join(0, seconds)
