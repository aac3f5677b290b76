"""Rate groups, windows, and the header."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upbit.api import OPERATIONS
from upbit.wire.quota import (
    MESSAGES,
    ORIGIN,
    Bucket,
    Limit,
    Meter,
    Refill,
    Remaining,
    gauge,
    header_fields,
    limits,
    read_remaining,
    read_retry_after,
)

OPERATED = {"market", "candle", "trade", "ticker", "orderbook", "default", "order", "order-test", "order-cancel-all"}


@pytest.mark.parametrize(
    ("on", "order", "candle", "socket"),
    [
        (date(2023, 10, 23), Limit(8, per_minute=200), Limit(10, per_minute=600), Limit(5, per_minute=100)),
        (date(2023, 10, 24), Limit(8, refill="drip"), Limit(10, refill="clock"), Limit(5)),
        (date(2026, 8, 21), Limit(8, refill="drip"), Limit(10, refill="clock"), Limit(5)),
        (date(2026, 8, 22), Limit(12, refill="drip"), Limit(10, refill="clock"), Limit(5)),
        (None, Limit(12, refill="drip"), Limit(10, refill="clock"), Limit(5)),
    ],
)
def test_limits_are_those_of_the_day(on: date | None, order: Limit, candle: Limit, socket: Limit) -> None:
    assert (order, candle, socket) == (limits(on)["order"], limits(on)["candle"], limits(on)["websocket"])
    assert OPERATED | {"websocket"} == set(limits(on))


def test_the_limits_of_all_groups() -> None:
    drip: Refill = "drip"
    today = {
        **dict.fromkeys(("market", "candle", "trade", "ticker", "orderbook"), Limit(10, 1.0, None, "clock")),
        "default": Limit(30, 1.0, None, drip),
        "order": Limit(12, 1.0, None, drip),
        "order-test": Limit(8, 1.0, None, drip),
        "order-cancel-all": Limit(1, 2.0, None, drip),
        "websocket": Limit(5, 1.0, None, "first"),
    }
    assert today == limits()
    before = {
        **dict.fromkeys(("market", "candle", "trade", "ticker", "orderbook"), Limit(10, 1.0, 600, "first")),
        "default": Limit(30, 1.0, 900, "first"),
        "order": Limit(8, 1.0, 200, "first"),
        "order-test": Limit(8, 1.0, None, "first"),
        "order-cancel-all": Limit(1, 2.0, None, "first"),
        "websocket": Limit(5, 1.0, 100, "first"),
    }
    assert before == limits(date(2023, 1, 1))
    assert (Limit(5, 1.0, 100, "first"), Limit(1, 10.0, None, "first")) == (MESSAGES, ORIGIN)


def test_what_drips_is_counted_by_a_bucket_and_all_else_by_a_meter() -> None:
    counted: dict[Refill, type] = {"first": Meter, "clock": Meter, "drip": Bucket}
    assert counted == {refill: type(gauge("order", Limit(8, refill=refill))) for refill in counted}


def test_every_operation_has_a_group_with_a_limit() -> None:
    assert {operation.group for operation in OPERATIONS} <= OPERATED


@given(st.sampled_from(["default", "order", "origin"]), st.integers(0, 10**9 - 1), st.integers(0, 10**9 - 1))
def test_a_header_that_was_written_is_read_back(group: str, minute: int, second: int) -> None:
    remaining = Remaining(group, minute, second)
    assert remaining == read_remaining(remaining.header())
    assert {"group": group, "min": str(minute), "sec": str(second)} == header_fields(remaining.header())


def test_two_groups_are_spelled_in_another_way() -> None:
    assert "group=candles; min=600; sec=9" == Remaining("candle", 600, 9).header()
    assert "group=crix-trades; min=600; sec=9" == Remaining("trade", 600, 9).header()


@pytest.mark.parametrize(
    "header", [None, "", "soon", "group=a; min=x; sec=1", "group=a; min=1", "min=1; sec=1; group=a"]
)
def test_a_header_that_means_nothing_is_none(header: str | None) -> None:
    assert read_remaining(header) is None
    assert {} == header_fields(header)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7),
        ("120", 120),
        (None, 0),
        ("", 0),
        ("0", 0),
        ("1.5", 0),
        ("-1", 0),
        ("٣", 0),
        ("9999999", 0),
        ("soon", 0),
    ],
)
def test_retry_after_is_whole_seconds_or_nothing(header: str | None, seconds: float) -> None:
    assert seconds == read_retry_after(header)


@given(st.lists(st.floats(0, 0.6), max_size=80))
def test_no_window_of_the_meter_takes_more_than_its_limit(gaps: list[float]) -> None:
    meter, now, start, used = Meter("order", Limit(3)), 0.0, float("-inf"), 0
    for gap in gaps:
        now += gap
        if now - start >= 1:
            start, used = now, 0
        left = meter.take(now)
        assert (used < 3) == (left is not None)
        used += left is not None
        assert left is None or 3 - used == left.sec


def test_a_minute_limit_counts_over_its_windows() -> None:
    meter = Meter("order", Limit(2, per_minute=3))
    assert [2, 1, 0, None, None] == [
        left and left.min for left in (meter.take(now) for now in (0.0, 1.0, 2.0, 3.0, 59.9))
    ]
    assert Remaining("order", 2, 1) == meter.take(60.0)


def test_without_a_minute_limit_the_header_shows_a_constant() -> None:
    assert Remaining("order", 720, 12) == Meter("order", Limit(12)).remaining()
    assert Remaining("order-cancel-all", 30, 0) == Meter("order-cancel-all", Limit(1, 2.0)).take(0.0)


def test_a_window_of_the_clock_ends_when_the_second_does() -> None:
    meter = Meter("candle", Limit(2, refill="clock"))
    seen = [meter.take(now) for now in (7.9, 7.95, 7.99, 8.0, 8.5, 8.9, 9.0)]
    assert [1, 0, None, 1, 0, None, 1] == [left and left.sec for left in seen]


@given(st.lists(st.integers(0, 700), max_size=80), st.integers(1, 12), st.integers(1, 2))
def test_a_bucket_never_gives_more_than_it_held_and_what_dripped_in(gaps: list[int], full: int, window: int) -> None:
    bucket, now, level = Bucket("order", Limit(full, window, refill="drip")), 1_790_000_000_000, Fraction(full)
    for gap in gaps:
        now += gap
        level = min(Fraction(full), level + Fraction(gap * full, 1000 * window))
        left = bucket.take(now / 1000)
        assert (level >= 1) == (left is not None)
        level -= left is not None
        assert left is None or Remaining("order", 60 * full // window, int(level)) == left


def test_a_bucket_gives_one_back_as_soon_as_it_dripped_in() -> None:
    bucket = Bucket("default", Limit(30, refill="drip"))
    assert [*range(29, -1, -1)] == [left.sec for _ in range(30) if (left := bucket.take(100.0))]
    assert bucket.take(100.033) is None
    assert Remaining("default", 1800, 0) == bucket.take(100.034)
    assert Remaining("default", 1800, 29) == bucket.take(101.034)


@given(st.lists(st.floats(0, 0.7), min_size=1, max_size=60), st.sampled_from(["first", "clock", "drip"]))
def test_what_keeps_to_any_window_passes_however_the_limit_comes_back(gaps: list[float], refill: Refill) -> None:
    count, now, sent = gauge("order", Limit(3, refill=refill)), 1_790_000_000.0, list[float]()
    for gap in gaps:
        now = max(now + gap, sent[-3] + 1.02 if len(sent) >= 3 else 0.0)
        sent.append(now)
        assert count.take(now) is not None


@pytest.mark.parametrize(
    ("limit", "after"),
    [(Limit(2), 1.0), (Limit(2, refill="clock"), 0.5), (Limit(2, 4.0, refill="drip"), 4.0), (Limit(2, 1.0, 5), 60.0)],
)
def test_what_is_idle_counts_as_if_it_were_new(limit: Limit, after: float) -> None:
    count = gauge("order", limit)
    assert count.idle(100.5)
    count.take(100.5)
    assert not count.idle(100.5 + after - 0.001)
    assert count.idle(100.5 + after)
    assert gauge("order", limit).take(100.5 + after) == count.take(100.5 + after)
