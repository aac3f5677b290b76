"""The client's limiter: lanes, who goes first, what is believed of the exchange."""

from __future__ import annotations

from contextlib import nullcontext
from threading import Lock, Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upbit.flow.pace import MARGIN, Lanes, Memory, Pace
from upbit.wire.quota import Limit, Meter, Remaining, limits

TABLE = {"order": Limit(3), "candle": Limit(10), "default": Limit(3), "order-cancel-all": Limit(1, 2.0)}
WINDOW = 1 + MARGIN


def make(account: str = "one", lanes: Lanes | None = None) -> Pace:
    return Pace(lanes or Lanes(nullcontext(), TABLE), account)


def wait(pace: Pace, group: str, now: float) -> float:
    """Line up, and go as soon as it is allowed: after how many seconds that was."""
    at = now
    for seconds in pace.turn(group, 0, lambda: at):
        at += seconds
    return at - now


def test_a_burst_fits_the_window_and_the_next_waits_for_it_to_end() -> None:
    pace = make()
    assert [0, 0, 0] == [wait(pace, "order", 5.0) for _ in range(3)]
    assert pytest.approx(WINDOW) == wait(pace, "order", 5.0)


def test_who_waits_is_told_when_to_ask_again() -> None:
    pace = make()
    tickets = [pace.enter("order") for _ in range(7)]
    told = [pace.ask(ticket, 0.0) for ticket in reversed(tickets)]
    assert [2 * WINDOW, WINDOW, WINDOW, WINDOW, 0, 0, 0] == [pytest.approx(seconds) for seconds in told]


def test_the_urgent_go_first_and_among_equals_who_came_first() -> None:
    pace = make()
    for _ in range(3):
        wait(pace, "default", 0.0)
    tickets = [pace.enter("default", priority) for priority in (2, 1, 2, 0, 0)]
    gone = []
    now = 0.0
    while len(gone) < 5:
        for ticket in tickets:
            if ticket not in gone and pace.ask(ticket, now) == 0:
                gone.append(ticket)
        now += WINDOW / 2
    assert {(0, 6), (0, 7), (1, 4)} == {(one.priority, one.number) for one in gone[:3]}
    assert [(2, 3), (2, 5)] == [(one.priority, one.number) for one in gone[3:]]


def test_who_gives_up_holds_up_nobody() -> None:
    pace = make()
    turns = [pace.turn("order", 0, lambda: 0.0) for _ in range(4)]
    assert [None, None, None] == [next(turn, None) for turn in turns[:3]]
    assert pytest.approx(WINDOW) == next(turns[3])
    behind = pace.enter("order", 1)
    turns[3].close()
    assert 0 == pace.ask(behind, WINDOW + 0.001)
    pace.leave(behind)
    assert 0 == wait(pace, "order", WINDOW + 0.001)


def test_groups_do_not_wait_for_each_other() -> None:
    pace = make()
    wait(pace, "order-cancel-all", 0.0)
    assert 0 == wait(pace, "order", 0.0)
    assert pytest.approx(2 * WINDOW) == wait(pace, "order-cancel-all", 0.0)


@given(st.lists(st.floats(0, 0.7), min_size=1, max_size=60))
def test_the_exchange_never_refuses_what_was_paced(gaps: list[float]) -> None:
    pace, meter, now = make(), Meter("order", TABLE["order"]), 0.0
    for gap in gaps:
        now += gap
        now += wait(pace, "order", now)
        assert meter.take(now) is not None


@given(st.lists(st.floats(0, 0.3), min_size=1, max_size=60), st.integers(1, 3))
def test_it_adapts_to_an_exchange_that_allows_less(gaps: list[float], allowed: int) -> None:
    pace, meter, now = make(), Meter("order", Limit(allowed)), 0.0
    for gap in gaps:
        now += gap
        now += wait(pace, "order", now)
        left = meter.take(now)
        assert left is not None
        pace.learn(left, "order", now)


def test_it_believes_the_exchange_when_others_used_the_quota() -> None:
    pace = make()
    wait(pace, "order", 0.0)
    pace.learn(Remaining("order", 720, 0), "order", 0.1)
    assert 1 < wait(pace, "order", 0.2) + 0.2


@pytest.mark.parametrize("remaining", [None, Remaining("origin", 6, 0), Remaining("candles", 600, 9)])
def test_a_header_that_is_missing_or_not_meant_changes_nothing(remaining: Remaining | None) -> None:
    pace = make()
    wait(pace, "order", 0.0)
    pace.learn(remaining, "order", 0.0)
    assert [0, 0] == [wait(pace, "order", 0.1) for _ in range(2)]


def test_the_header_spells_some_groups_in_its_own_way() -> None:
    pace = make()
    wait(pace, "candle", 0.0)
    pace.learn(Remaining("candles", 600, 0), "candle", 0.0)
    assert 0 < wait(pace, "candle", 0.0)


def test_a_refusal_closes_the_group_for_a_window() -> None:
    pace = make()
    wait(pace, "order", 0.0)
    pace.refused("order", 0.1)
    assert pytest.approx(WINDOW) == wait(pace, "order", 0.1)


def test_a_block_closes_all_groups_of_its_scope_until_the_stated_time() -> None:
    pace = make()
    pace.penalty("order", 30.0, 100.0)
    pace.penalty("order", 10.0, 101.0)
    assert (20.0, 20.0, 0.0) == tuple(pace.blocked(group, 110.0) for group in ("order", "default", "candle"))
    assert 0.0 == pace.blocked("order", 130.0)
    assert [] == list(pace.turn("order", 0, lambda: 110.0))
    assert 0 == wait(pace, "order", 131.0)


def test_accounts_share_the_address_and_nothing_else() -> None:
    lanes = Lanes(nullcontext(), TABLE)
    one, two = make("one", lanes), make("two", lanes)
    for group in ("order", "candle"):
        for _ in range(lanes.lane("", group).limit.per_window):
            wait(one, group, 0.0)
    assert 0 == wait(two, "order", 0.0)
    assert pytest.approx(WINDOW) == wait(two, "candle", 0.0)


def test_clients_of_one_account_share_its_lanes() -> None:
    lanes = Lanes(nullcontext(), TABLE)
    assert [0, 0, 0] == [wait(make("one", lanes), "order", 0.0) for _ in range(3)]
    assert pytest.approx(WINDOW) == wait(make("one", lanes), "order", 0.0)


def test_marks_of_before_the_machine_started_weigh_nothing() -> None:
    store = Memory()
    for _ in range(3):
        wait(Pace(Lanes(nullcontext(), TABLE, store)), "order", 1_000_000.0)
    assert 0 == wait(Pace(Lanes(nullcontext(), TABLE, store)), "order", 5.0)


def test_the_limits_are_those_of_today_when_none_are_given() -> None:
    pace = Pace(Lanes(nullcontext()))
    assert [0.0] * limits()["order"].per_window == [wait(pace, "order", 0.0) for _ in range(12)]
    assert 0 < wait(pace, "order", 0.0)


def test_threads_never_get_the_same_place() -> None:
    pace, gone = Pace(Lanes(Lock(), {"order": Limit(10)})), list[float]()

    def work() -> None:
        gone.extend(pace.ask(pace.enter("order"), 0.0) for _ in range(50))

    threads = [Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (10, 200) == (gone.count(0), len(gone))
