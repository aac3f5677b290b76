"""One order's events: forward only, each once, each when its turn has come."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from itertools import permutations

import pytest
from msgspec.structs import replace

from tests.flow.test_own import NOW, event, row, steps
from upbit.flow.course import Course, base

D = Decimal
MOMENT = int(NOW.timestamp() * 1000)


def course(begin: int = 0) -> Course:
    return Course("KRW-BTC", MOMENT, D(begin))


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_in_whatever_order_events_come_they_are_told_in_theirs(order: tuple[int, ...]) -> None:
    told = [event("trade", 3, 3), event("trade", 5, 2), event("trade", 10, 5), event("done", 10)]
    one = course()
    assert told == [said for index in order for _ in range(2) for said in one.take(told[index])]
    assert not one.open


def test_a_state_never_goes_back() -> None:
    one = course()
    said = [event("watch", 0), event("wait", 0), event("watch", 0), event("wait", 0), event("trade", 2, 2)]
    said += [event("wait", 0), event("prevented", 1), event("cancel", 2), event("done", 2), event("trade", 4, 2)]
    passed = [told for heard in said for told in one.take(heard)]
    assert [("watch", 0), ("wait", 0), ("trade", 2), ("cancel", 2)] == steps(passed)
    assert MOMENT + 2 == one.ended


def test_prevention_is_told_when_more_was_prevented() -> None:
    one = course()
    first, more = [replace(event("prevented", 0), prevented_locked=D(locked)) for locked in (1, 2)]
    assert [first, more] == [told for heard in (first, first, more, first) for told in one.take(heard)]


def test_states_of_tomorrow_pass() -> None:
    one = course()
    later = event("amended", 0)
    assert [later] == one.take(later)


def test_a_fill_told_under_another_volume_is_known_by_its_uuid() -> None:
    one = course()
    one.take(event("trade", 2, 2, trade="x"))
    assert [] == one.take(event("trade", 4, 2, trade="x"))


def test_what_is_held_is_dropped_when_the_order_ends_without_it() -> None:
    one = course()
    one.take(event("trade", 9, 2))
    assert [("cancel", 0)] == steps(one.take(event("cancel", 0)))
    assert [] == one.held


def test_fills_without_a_uuid_count_by_their_volume() -> None:
    one = course()
    for upto in (2, 5):
        one.take(replace(event("trade", upto, upto - 2 or 2), trade_uuid=None))
    assert D(5) == one.executed
    assert [("trade", 10), ("done", 10)] == steps(one.mend(row("done", 2, 5, 10), NOW))


def test_a_fill_without_a_volume_waits_for_rest() -> None:
    one = course()
    assert [] == one.take(replace(event("trade", 3), volume=None))
    assert D(3) == base(one.held[0])


def test_an_order_with_a_past_is_mended_from_there() -> None:
    one = course()
    one.know(row("wait", 2, 5), MOMENT)
    assert [("trade", 9), ("done", 9)] == steps(one.mend(row("done", 2, 5, 9), NOW))
    ended = course()
    ended.know(row("done", 10), MOMENT)
    assert (False, MOMENT) == (ended.open, ended.ended)


def test_mending_takes_turns_with_what_is_held() -> None:
    one = course()
    one.take(event("wait", 0))
    one.take(event("trade", 5, 2))
    assert [("trade", 3), ("trade", 5), ("trade", 10)] == steps(one.mend(row("wait", 3, 5, 10), NOW))
    assert [] == one.mend(row("wait", 3, 5, 10), NOW)


def test_an_order_nobody_told_of_is_told_from_its_placing() -> None:
    one = course()
    assert one.behind(row("cancel", 2))
    assert [("wait", 0), ("trade", 2), ("cancel", 2)] == steps(one.mend(row("cancel", 2), NOW))
    assert not one.behind(row("cancel", 2))


def test_prevention_is_mended() -> None:
    one = course()
    touched = replace(row("wait"), prevented_locked=D(3))
    assert one.behind(touched)
    one.take(event("wait", 0))
    assert one.behind(touched)
    assert [("prevented", 0)] == steps(one.mend(touched, NOW))
    assert not one.behind(touched)


def test_rest_behind_the_socket_mends_nothing() -> None:
    one = course()
    for heard in (event("wait", 0), event("trade", 5, 5)):
        one.take(heard)
    for stale in (row("wait"), row("wait", 5), row("cancel")):
        assert [] == one.mend(stale, NOW + timedelta(seconds=1))


def test_force_tells_what_is_held_in_order() -> None:
    one = course()
    for heard in (event("done", 10), event("trade", 9, 1), event("trade", 6, 2)):
        one.take(heard)
    assert [("trade", 6), ("trade", 9), ("done", 10)] == steps(one.force())
