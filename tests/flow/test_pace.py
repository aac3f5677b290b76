"""The client's limiter."""

from __future__ import annotations

from contextlib import nullcontext
from threading import Lock, Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upbit.flow.pace import MARGIN, Pace
from upbit.wire.quota import Limit, Meter, Remaining, limits

TABLE = {"order": Limit(3), "candle": Limit(10), "order-cancel-all": Limit(1, 2.0)}


def make() -> Pace:
    return Pace(nullcontext(), TABLE)


def test_a_burst_fits_the_window_and_the_next_waits_for_it_to_end() -> None:
    pace = make()
    assert [0, 0, 0] == [pace.reserve("order", 5.0) for _ in range(3)]
    assert pytest.approx(1 + MARGIN) == pace.reserve("order", 5.0)
    assert pytest.approx(0.5 + MARGIN) == pace.reserve("order", 5.5)


def test_groups_do_not_wait_for_each_other() -> None:
    pace = make()
    pace.reserve("order-cancel-all", 0.0)
    assert 0 == pace.reserve("order", 0.0)
    assert pytest.approx(2 * (1 + MARGIN)) == pace.reserve("order-cancel-all", 0.0)


@given(st.lists(st.floats(0, 0.7), min_size=1, max_size=60))
def test_the_exchange_never_refuses_what_was_paced(gaps: list[float]) -> None:
    pace, meter, now = make(), Meter("order", TABLE["order"]), 0.0
    for gap in gaps:
        now += gap
        now += pace.reserve("order", now)
        assert meter.take(now) is not None


@given(st.lists(st.floats(0, 0.3), min_size=1, max_size=60), st.integers(1, 3))
def test_it_adapts_to_an_exchange_that_allows_less(gaps: list[float], allowed: int) -> None:
    pace, meter, now = make(), Meter("order", Limit(allowed)), 0.0
    for gap in gaps:
        now += gap
        now += pace.reserve("order", now)
        left = meter.take(now)
        assert left is not None
        pace.learn(left, "order", now)


def test_it_believes_the_exchange_when_others_used_the_quota() -> None:
    pace = make()
    pace.reserve("order", 0.0)
    pace.learn(Remaining("order", 720, 0), "order", 0.1)
    assert 1 < pace.reserve("order", 0.2) + 0.2


@pytest.mark.parametrize("remaining", [None, Remaining("origin", 6, 0), Remaining("candles", 600, 9)])
def test_a_header_that_is_missing_or_not_meant_changes_nothing(remaining: Remaining | None) -> None:
    pace = make()
    pace.reserve("order", 0.0)
    pace.learn(remaining, "order", 0.0)
    assert [0, 0] == [pace.reserve("order", 0.1) for _ in range(2)]


def test_the_header_spells_some_groups_in_its_own_way() -> None:
    pace = make()
    pace.reserve("candle", 0.0)
    pace.learn(Remaining("candles", 600, 0), "candle", 0.0)
    assert 0 < pace.reserve("candle", 0.0)


def test_a_refusal_closes_the_group_for_a_window() -> None:
    pace = make()
    pace.reserve("order", 0.0)
    pace.refused("order", 0.1)
    assert pytest.approx(1 + MARGIN) == pace.reserve("order", 0.1)


def test_the_limits_are_those_of_today_when_none_are_given() -> None:
    pace = Pace(nullcontext())
    assert [0.0] * limits()["order"].per_window == [pace.reserve("order", 0.0) for _ in range(12)]
    assert 0 < pace.reserve("order", 0.0)


def test_threads_never_get_the_same_place() -> None:
    pace, places = Pace(Lock(), {"order": Limit(1)}), list[float]()
    threads = [Thread(target=lambda: places.extend(pace.reserve("order", 0.0) for _ in range(50))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 200 == len(set(places))
