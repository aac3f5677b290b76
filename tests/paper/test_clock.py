from __future__ import annotations

import time

import pytest

from upbit.paper.clock import SteppedClock, wall


def test_the_wall_clock_tells_milliseconds_since_the_epoch() -> None:
    before = int(time.time() * 1000)
    assert before <= wall() <= before + 1000


def test_a_stepped_clock_goes_on_when_told() -> None:
    clock = SteppedClock(5)
    assert 5 == clock() == clock()
    clock.step(7)
    assert 12 == clock()


def test_a_stepped_clock_does_not_go_back() -> None:
    with pytest.raises(ValueError, match="does not go back by 1 ms"):
        SteppedClock(5).step(-1)
