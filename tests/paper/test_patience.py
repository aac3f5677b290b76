from __future__ import annotations

from upbit.paper.patience import GRACE, MAX_UNSENT, STALL, Patience

MUCH = MAX_UNSENT + 1


def test_a_burst_is_borne_for_a_while() -> None:
    patience = Patience(0)
    assert not patience.ends(MUCH, 0, 0)
    assert not patience.ends(MUCH, 1, GRACE)
    assert patience.ends(MUCH, 2, GRACE + 0.01)


def test_who_comes_down_to_what_is_allowed_begins_anew() -> None:
    patience = Patience(0)
    assert not patience.ends(MUCH, 0, GRACE)
    assert not patience.ends(MAX_UNSENT, 10, 2 * GRACE)
    assert not patience.ends(MUCH, 10, 3 * GRACE)
    assert patience.ends(MUCH, 10, 3 * GRACE + 0.01)


def test_a_little_that_nobody_takes_is_enough() -> None:
    patience = Patience(0)
    assert not patience.ends(1, 0, STALL)
    assert patience.ends(1, 0, STALL + 0.01)


def test_whoever_takes_a_little_or_has_taken_all_may_be_slow() -> None:
    patience = Patience(0)
    assert not any(patience.ends(1, taken, taken * STALL) for taken in range(1, 10))
    assert not patience.ends(0, 9, 1000 * STALL)
    assert not patience.ends(1, 9, 1001 * STALL)
