"""The client's limiter: lanes, who goes first, what is believed of the exchange."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager, nullcontext
from itertools import pairwise
from threading import Lock, Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upbit.flow.pace import LATE, MARGIN, WARY, Blocked, Lanes, Marks, Memory, Pace, Ticket
from upbit.wire.quota import Limit, Meter, Remaining, limits

TABLE = {"order": Limit(3), "candle": Limit(10), "default": Limit(3), "order-cancel-all": Limit(1, 2.0)}
WINDOW = 1 + MARGIN


def make(account: str = "one", lanes: Lanes | None = None) -> Pace:
    return Pace(lanes or Lanes(nullcontext(), TABLE), account)


class Noted(Memory):
    """Notes which marks were asked for, each time anew."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def marks(self, lane: str) -> Marks:
        self.names.append(lane)
        return super().marks(lane)


def at(now: float) -> Callable[[], float]:
    return lambda: now


class Hand:
    """A clock that is set by hand."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def wait(pace: Pace, group: str, now: float) -> float:
    """Line up, and go as soon as it is allowed: after how many seconds that was."""
    clock = Hand(now)
    for seconds in pace.turn(group, 0, clock):
        clock.now += seconds
    return clock.now - now


def test_a_burst_fits_the_window_and_the_next_waits_for_it_to_end() -> None:
    pace = make()
    assert [0, 0, 0] == [wait(pace, "order", 5.0) for _ in range(3)]
    assert pytest.approx(WINDOW) == wait(pace, "order", 5.0)


def test_who_waits_is_told_when_to_ask_again_and_nobody_to_wait_for_longer_than_a_window() -> None:
    pace = make()
    tickets = [pace.enter("order") for _ in range(8)]
    told = [pace.ask(ticket, at(0.0)) for ticket in tickets]
    gap = WINDOW / 6
    assert [0, 0, 0, WINDOW, WINDOW, WINDOW, WINDOW, WINDOW] == [pytest.approx(seconds) for seconds in told]
    told = [pace.ask(ticket, at(WINDOW + 0.001)) for ticket in tickets[3:]]
    assert [0, gap, gap * 2, WINDOW, WINDOW] == [pytest.approx(seconds, abs=0.01) for seconds in told]


def test_who_waited_does_not_leave_at_the_same_moment_as_the_one_before() -> None:
    pace = make()
    tickets = [pace.enter("order") for _ in range(9)]
    left: dict[int, float] = {}
    for step in range(2500):
        for ticket in reversed(tickets):
            if ticket.number not in left and pace.ask(ticket, at(step / 1000)) == 0:
                left[ticket.number] = step / 1000
    times = list(left.values())
    assert [0, 0, 0] == times[:3]
    assert all(late - early >= WINDOW / 6 - 0.002 for early, late in pairwise(times[2:]))
    assert pytest.approx(WINDOW, abs=0.002) == times[8] - times[5]


def test_those_who_are_late_make_nobody_after_them_late() -> None:
    pace, clock, left = make(), Hand(0.0), list[float]()
    for _ in range(60):
        for seconds in pace.turn("order", 0, clock):
            clock.now += seconds + LATE / 2
        left.append(clock.now)
    assert pytest.approx(17 * WINDOW, abs=LATE) == left[57] - left[6]


def test_the_urgent_go_first_and_among_equals_who_came_first() -> None:
    pace = make()
    for _ in range(3):
        wait(pace, "default", 0.0)
    tickets = [pace.enter("default", priority) for priority in (2, 1, 2, 0, 0)]
    gone: list[Ticket] = []
    now = 0.0
    while len(gone) < 5:
        for ticket in tickets:
            if ticket not in gone and pace.ask(ticket, at(now)) == 0:
                gone.append(ticket)
        now += 0.01
    assert [(0, 6), (0, 7), (1, 4), (2, 3), (2, 5)] == [(one.priority, one.number) for one in gone]


def test_a_cancel_overtakes_fifty_queries_that_wait() -> None:
    pace = Pace(Lanes(nullcontext()), "one")
    waiting = [ticket for ticket in [pace.enter("default", 2) for _ in range(80)] if pace.ask(ticket, at(0.0))]
    assert 50 == len(waiting)
    clock = Hand(0.5)
    cancel = pace.turn("default", 0, clock)
    clock.now += next(cancel)
    assert pytest.approx(WINDOW) == clock.now
    assert all(pace.ask(ticket, clock) for ticket in waiting)
    assert next(cancel, None) is None


def test_who_gives_up_holds_up_nobody() -> None:
    pace = make()
    turns = [pace.turn("order", 0, at(0.0)) for _ in range(4)]
    assert [None, None, None] == [next(turn, None) for turn in turns[:3]]
    assert pytest.approx(WINDOW) == next(turns[3])
    behind = pace.enter("order", 1)
    assert pytest.approx(WINDOW) == pace.ask(behind, at(0.0))
    turns[3].close()
    assert 0 == pace.ask(behind, at(WINDOW + 0.001))
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
        pace.learn(left, "order", now, now)


def test_it_believes_the_exchange_when_others_used_the_quota() -> None:
    pace = make()
    wait(pace, "order", 0.0)
    pace.learn(Remaining("order", 720, 0), "order", 0.0, 0.1)
    assert 1 < wait(pace, "order", 0.2) + 0.2


@pytest.mark.parametrize("remaining", [None, Remaining("origin", 6, 0), Remaining("candles", 600, 9)])
def test_a_header_that_is_missing_or_not_meant_changes_nothing(remaining: Remaining | None) -> None:
    pace = make()
    wait(pace, "order", 0.0)
    pace.learn(remaining, "order", 0.0, 0.0)
    assert [0, 0] == [wait(pace, "order", 0.1) for _ in range(2)]


def test_the_header_spells_some_groups_in_its_own_way() -> None:
    pace = make()
    wait(pace, "candle", 0.0)
    pace.learn(Remaining("candles", 600, 0), "candle", 0.0, 0.0)
    assert 0 < wait(pace, "candle", 0.0)


def test_an_answer_that_comes_late_speaks_of_what_was_counted_when_it_left() -> None:
    pace = make()
    for _ in range(3):
        wait(pace, "order", 0.0)
    pace.learn(Remaining("order", 720, 0), "order", 0.0, 0.99)
    assert [0, 0, 0] == [wait(pace, "order", WINDOW + 0.001) for _ in range(3)]
    pace.learn(Remaining("order", 720, 0), "order", WINDOW, WINDOW + 1.01)
    assert [0, 0, 0] == [wait(pace, "order", 3.0) for _ in range(3)]


def test_what_left_long_ago_is_forgotten() -> None:
    store = Memory()
    pace = Pace(Lanes(nullcontext(), TABLE, store))
    for second in range(100):
        wait(pace, "order", 10.0 * second)
    assert len(store.marks(" address/order").leaves) <= 4 * 3


def test_a_refusal_closes_the_group_for_a_window_or_as_long_as_the_exchange_says() -> None:
    pace = make()
    wait(pace, "order", 0.0)
    pace.refused("order", 0.0, 0.1)
    assert pytest.approx(WINDOW) == wait(pace, "order", 0.1)
    pace.refused("order", 2.0, 2.1, 7.0)
    assert pytest.approx(7.0) == wait(pace, "order", 2.1)


def test_what_was_refused_was_not_counted() -> None:
    pace = make()
    for _ in range(3):
        wait(pace, "order", 0.0)
    pace.learn(Remaining("order", 720, 0), "order", 0.0, 0.1)
    for _ in range(2):
        pace.refused("order", 0.0, 0.1)
        pace.learn(Remaining("order", 720, 0), "order", 0.0, 0.1)
    begin = 0.1 + WINDOW
    assert 0 == wait(pace, "order", begin)
    assert pytest.approx(WINDOW) == wait(pace, "order", begin)


def test_a_group_that_is_refused_again_and_again_stays_closed_for_longer() -> None:
    pace, now, waits = make(), 0.0, list[float]()
    for _ in range(8):
        now += wait(pace, "order", now)
        for _ in range(2):  # those that leave together are refused together
            pace.refused("order", now, now)
        waits.append(wait(pace, "order", now) / WINDOW)
    assert [1, 2, 4, 8, 16, 16, 16, 16] == [pytest.approx(each) for each in waits]
    now += WINDOW * 16
    pace.arrived("order", now, now)
    pace.refused("order", now, now)
    assert pytest.approx(WINDOW) == wait(pace, "order", now)


def test_what_left_before_any_answer_counts_from_when_it_may_have_arrived() -> None:
    pace = make()
    for _ in range(3):
        wait(pace, "order", 0.0)
    for _ in range(3):
        pace.arrived("order", 0.0, 0.3)  # connections were made, who knows for how long
    assert pytest.approx(WINDOW) == wait(pace, "order", 0.3)


def test_what_took_longer_than_usual_counts_from_when_it_may_have_arrived() -> None:
    pace = make()
    pace.arrived("order", 0.0, 0.1)
    for _ in range(3):
        wait(pace, "order", 2.0)
    for end in (2.1, 2.11, 2.5):
        pace.arrived("order", 2.0, end)
    assert pytest.approx(2.0 + WINDOW) == 2.5 + wait(pace, "order", 2.5)
    assert 0 == wait(pace, "order", 2.01 + WINDOW)
    assert pytest.approx(2.4 + WINDOW, abs=0.001) == 2.03 + WINDOW + wait(pace, "order", 2.03 + WINDOW)


def test_a_way_that_became_longer_is_no_delay_for_ever() -> None:
    pace = make()
    pace.arrived("order", 0.0, 0.1)
    for second in range(1, 200):
        pace.arrived("order", second, second + 0.2)
    for _ in range(3):
        wait(pace, "order", 300.0)
    for _ in range(3):
        pace.arrived("order", 300.0, 300.2)
    assert pytest.approx(WINDOW - 0.2) == wait(pace, "order", 300.2)


def test_a_refusal_without_a_request_that_is_remembered_removes_nothing() -> None:
    pace = make()
    wait(pace, "order", 5.0)
    pace.refused("order", 4.0, 5.0)
    pace.learn(Remaining("order", 720, 1), "order", 5.0, 5.0)
    assert pytest.approx(WINDOW) == wait(pace, "order", 5.0)


def test_after_a_refusal_places_are_taken_back_one_by_one() -> None:
    pace = make()
    for _ in range(3):
        wait(pace, "order", 0.0)
    for _ in range(2):
        pace.refused("order", 0.0, 0.0)
    pace.learn(Remaining("order", 720, 0), "order", 0.0, 0.0)

    def places(now: float) -> int:
        taken = 0
        while wait(pace, "order", now) == 0:
            taken += 1
            pace.learn(Remaining("order", 720, 3 - taken), "order", now, now)
        return taken

    assert [1, 1, 2, 2, 3] == [places(now) for now in (2.0, WARY - 0.1, WARY + 2, WARY + 5, 2 * WARY + 5)]


def test_a_block_closes_all_groups_of_its_scope_until_the_stated_time() -> None:
    pace = make()
    pace.penalty("order", 30.0, 100.0)
    pace.penalty("order", 10.0, 101.0)
    for group in ("order", "default"):
        with pytest.raises(Blocked, match=r"another 20\.0 s: nothing was sent") as block:
            wait(pace, group, 110.0)
        assert 20.0 == block.value.seconds
    assert 0 == wait(pace, "candle", 110.0)
    assert 0 == wait(pace, "order", 130.0)


def test_who_waits_when_a_block_comes_is_told_and_waits_no_more() -> None:
    lanes = Lanes(nullcontext(), TABLE)
    pace = make(lanes=lanes)
    for _ in range(3):
        wait(pace, "order", 0.0)
    turn = pace.turn("order", 0, at(0.5))
    next(turn)
    pace.penalty("default", 10.0, 0.6)
    with pytest.raises(Blocked):
        next(turn)
    assert [] == lanes.lane("account one", "order").queue


def test_without_a_key_all_is_counted_by_the_address() -> None:
    pace = make()
    pace.keyless.penalty("order", 5.0, 0.0)
    assert 0 == wait(pace, "order", 0.0)
    with pytest.raises(Blocked):
        wait(pace, "candle", 0.0)


def test_accounts_share_the_address_and_nothing_else() -> None:
    lanes = Lanes(nullcontext(), TABLE)
    one, two = make("one", lanes), make("two", lanes)
    for group in ("order", "candle"):
        for _ in range(lanes.lane("", group).limit.per_window):
            wait(one, group, 0.0)
    assert 0 == wait(two, "order", 0.0)
    assert pytest.approx(WINDOW) == wait(two, "candle", 0.0)


@pytest.mark.parametrize("group", limits())
def test_what_accounts_share_is_quotation_and_its_lane_is_that_of_the_address(group: str) -> None:
    lanes = Lanes(nullcontext(), store=(store := Noted()), host="host")
    wait(make("one", lanes), group, 0.0)
    wait(make("two", lanes), group, 0.0)
    shared = group in {"market", "candle", "trade", "ticker", "orderbook"}
    names = ["host address"] * 2 if shared else ["host account one", "host account two"]
    assert [f"{name}/{group}" for name in names] == store.names


def test_who_is_late_by_more_than_the_way_takes_counts_from_when_he_left() -> None:
    store = Memory()
    pace = Pace(Lanes(nullcontext(), TABLE, store))
    for _ in range(3):
        wait(pace, "order-cancel-all", 0.0)
    leaves = store.marks(" address/order-cancel-all").leaves
    assert pytest.approx([0.0, 2 * WINDOW, 4 * WINDOW]) == leaves
    ticket = pace.enter("order-cancel-all")
    assert pace.ask(ticket, at(4 * WINDOW))
    assert not pace.ask(ticket, at(20.0))
    assert pytest.approx(20.0 - 2 * 0.015) == leaves[-1]


def test_a_clock_that_stands_still_holds_up_nobody() -> None:
    pace = make()
    for _ in range(3):
        wait(pace, "order", 1000.0)
    assert pytest.approx(WINDOW) == sum(pace.turn("order", 0, at(1000.0)))


def test_places_are_taken_back_ten_seconds_after_a_refusal_and_not_before() -> None:
    store = Memory()
    pace = Pace(Lanes(nullcontext(), TABLE, store))
    marks = store.marks(" address/order")
    for _ in range(3):
        wait(pace, "order", 0.0)
    pace.refused("order", 0.0, 0.5)
    pace.learn(Remaining("order", 720, 0), "order", 0.0, 0.5)
    assert (1, 10.5) == (marks.others, marks.wary_until)
    pace.learn(Remaining("order", 720, 3), "order", 10.4, 10.4)
    assert (1, 10.5) == (marks.others, marks.wary_until)
    pace.learn(Remaining("order", 720, 3), "order", 10.5, 10.5)
    assert (0, float("-inf")) == (marks.others, marks.wary_until)


def test_an_answer_that_took_a_whole_window_is_still_believed_and_one_that_took_longer_is_not() -> None:
    for late, others in ((1.0, 2), (1.001, 0)):
        store = Memory()
        pace = Pace(Lanes(nullcontext(), TABLE, store))
        wait(pace, "order", 5.0)
        pace.learn(Remaining("order", 720, 0), "order", 5.0, 5.0 + late)
        assert others == store.marks(" address/order").others


def test_what_left_a_window_before_is_no_longer_ours_in_what_is_left() -> None:
    store = Memory()
    pace = Pace(Lanes(nullcontext(), TABLE, store))
    for now in (4.0, 4.5, 5.0):
        wait(pace, "order", now)
    pace.learn(Remaining("order", 720, 1), "order", 5.0, 5.1)  # that of 4.0 is over: two are ours, one is left
    assert 0 == store.marks(" address/order").others
    pace.learn(Remaining("order", 720, 0), "order", 5.0, 5.1)
    assert (1, pytest.approx(5.1 + WINDOW)) == ((marks := store.marks(" address/order")).others, marks.closed_until)


def test_nothing_left_by_our_own_doing_closes_nothing() -> None:
    store = Memory()
    pace = Pace(Lanes(nullcontext(), TABLE, store))
    for _ in range(3):
        wait(pace, "order", 5.0)
    pace.learn(Remaining("order", 720, 0), "order", 5.0, 5.1)
    assert (0, float("-inf")) == ((marks := store.marks(" address/order")).others, marks.closed_until)
    pace.learn(Remaining("order", 720, 0), "order", 4.0, 4.5)  # before them: others had used it all
    pace.learn(Remaining("order", 720, 2), "order", 5.0, 5.1)
    assert 0 == marks.others


def test_the_first_refusal_of_a_group_closes_it_for_one_window_whenever_it_left() -> None:
    pace = make()
    wait(pace, "order", 0.0)
    pace.refused("order", 0.0, 0.1)
    closed = 0.1 + WINDOW
    pace.refused("order", closed - 0.001, closed)  # left while it was closed: one with the first
    assert pytest.approx(WINDOW) == wait(pace, "order", closed)
    pace.refused("order", closed + WINDOW, closed + WINDOW)  # at the moment it opened: the second
    assert pytest.approx(2 * WINDOW) == wait(pace, "order", closed + WINDOW)


def test_a_refusal_of_the_only_request_that_is_remembered_forgets_it() -> None:
    store = Memory()
    pace = Pace(Lanes(nullcontext(), TABLE, store))
    wait(pace, "order", 0.0)
    wait(pace, "order", 0.5)
    pace.refused("order", 0.0, 0.6)
    assert [0.5] == store.marks(" address/order").leaves
    pace.refused("order", 0.5, 0.6)
    assert [] == store.marks(" address/order").leaves


def test_of_what_left_at_most_four_windows_are_kept() -> None:
    store = Memory()
    pace = Pace(Lanes(nullcontext(), TABLE, store))
    lengths = list[int]()
    for second in range(30):
        wait(pace, "order", 10.0 * second)
        lengths.append(len(store.marks(" address/order").leaves))
    assert [*range(1, 13), *range(9, 13)] == lengths[:16]


def test_clients_of_one_account_share_its_lanes() -> None:
    lanes = Lanes(nullcontext(), TABLE)
    assert [0, 0, 0] == [wait(make("one", lanes), "order", 0.0) for _ in range(3)]
    assert pytest.approx(WINDOW) == wait(make("one", lanes), "order", 0.0)


def test_the_limits_are_those_of_today_when_none_are_given() -> None:
    pace = Pace(Lanes(nullcontext()))
    assert [0.0] * limits()["order"].per_window == [wait(pace, "order", 0.0) for _ in range(12)]
    assert 0 < wait(pace, "order", 0.0)


def test_threads_never_get_the_same_place() -> None:
    pace, gone = Pace(Lanes(Lock(), {"order": Limit(10)})), list[float]()

    def work() -> None:
        gone.extend(pace.ask(pace.enter("order"), at(0.0)) for _ in range(50))

    threads = [Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (10, 200) == (gone.count(0), len(gone))


class SlowStore:
    """Gives marks half a second after they were asked for."""

    def __init__(self) -> None:
        self.inner = Memory()
        self.now = 0.0

    @contextmanager
    def marks(self, lane: str) -> Generator[Marks]:
        self.now += 0.5
        yield self.inner.marks(lane)


def test_who_waits_for_the_store_does_not_leave_by_a_time_that_is_over() -> None:
    store = SlowStore()
    assert 0 == sum(Pace(Lanes(nullcontext(), TABLE, store), "one").turn("order", 0, lambda: store.now))
    assert [0.5] == store.inner.marks(" account one/order").leaves
