"""Moments and windows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from upbit.errors import InvalidParameterError
from upbit.paper.bars import DAY
from upbit.paper.desk.shown import moment, read_moment, window

NOW = 1_790_000_040_123


def test_a_moment_is_shown_in_korean_time_and_whole_seconds() -> None:
    assert "2026-09-21T23:14:00+09:00" == moment(NOW).isoformat()


@pytest.mark.parametrize(
    "text",
    [
        "2026-09-21T14:14:00Z",
        "2026-09-21T14:14:00",
        "2026-09-21 14:14:00",
        " 2026-09-21T14:14:00 ",
        "2026-09-21T23:14:00+09:00",
        "1790000040000",
    ],
)
def test_a_moment_is_read_as_universal_time_unless_it_says_otherwise(text: str) -> None:
    assert 1_790_000_040_000 == read_moment(text)


def test_a_moment_may_be_a_datetime() -> None:
    assert 1_790_000_040_000 == read_moment(datetime(2026, 9, 21, 14, 14, tzinfo=UTC))
    assert 1_790_000_040_000 == read_moment(datetime(2026, 9, 21, 23, 14, tzinfo=timezone(timedelta(hours=9))))


@pytest.mark.parametrize("text", ["", "now", "12345", "2026-13-01", "2026-09-21T23:14:00 09:00"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"month|isoformat"):
        read_moment(text)


def test_a_window_is_seven_days_to_now_or_from_or_to_a_moment() -> None:
    week = 7 * DAY
    assert (NOW - week, NOW) == window(None, None, NOW)
    assert (1_790_000_040_000, 1_790_000_040_000 + week) == window("1790000040000", None, NOW)
    assert (1_790_000_040_000 - week, 1_790_000_040_000) == window(None, "1790000040000", NOW)
    assert (1_790_000_040_000, 1_790_000_050_000) == window("1790000040000", "1790000050000", NOW)


@pytest.mark.parametrize(
    ("start", "end"), [("1790000040000", "1790000030000"), ("1790000040000", "1790604840001"), ("x", None), (None, "x")]
)
def test_a_window_is_not_longer_and_does_not_run_backwards(start: str | None, end: str | None) -> None:
    with pytest.raises(InvalidParameterError):
        window(start, end, NOW)
