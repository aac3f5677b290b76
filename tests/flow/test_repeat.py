"""Which failures may be repeated."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes import answer
from upbit.api.operation import Repeat
from upbit.errors import APIConnectionError, APITimeoutError
from upbit.flow.repeat import FIRST_PAUSE, LONGEST_PAUSE, may_repeat, pause

CLASSES: tuple[Repeat, ...] = ("safe", "never", "until_known")


@pytest.mark.parametrize(("repeat", "status"), [*product(CLASSES, (200, 201, 302, 400, 401, 404, 418, 429, 500, 503))])
def test_an_answer_is_asked_for_again_only_by_reads_and_never_after_a_penalty(repeat: Repeat, status: int) -> None:
    assert (repeat == "safe" and status in (429, 500, 503)) == may_repeat(repeat, answer([], status))


@pytest.mark.parametrize("repeat", CLASSES)
def test_what_may_have_arrived_is_repeated_only_by_reads(repeat: Repeat) -> None:
    assert (repeat == "safe") == may_repeat(repeat, APITimeoutError("late"))
    assert may_repeat(repeat, APIConnectionError("refused", sent=False))


@given(st.integers(1, 50), st.floats(0, 1))
def test_pauses_are_jittered_up_to_a_bound_that_doubles(failures: int, luck: float) -> None:
    assert 0 <= pause(failures, lambda: luck) <= min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (failures - 1))
    assert 0 == pause(failures, lambda: 0.0)
