from __future__ import annotations

import time

import pytest

from upbit.paper.clock import STRIDE, Clock, SteppedClock, wall


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


class Wall:
    """The time of a machine that does what it is told."""

    def __init__(self) -> None:
        self.now = 1_000

    def __call__(self) -> int:
        return self.now


def test_a_clock_runs_as_the_machine_or_so_many_times_as_fast() -> None:
    wall = Wall()
    clock = Clock(source=wall)
    wall.now += 500
    assert 1_500 == clock()
    clock.run("scaled", speed=10)
    wall.now += 500
    assert 6_500 == clock()
    clock.run("scaled", speed=0.5)
    wall.now += 500
    assert 6_750 == clock()
    clock.run("real")
    wall.now += 500
    assert (7_250, 1) == (clock(), clock.speed)


def test_a_clock_of_the_machine_does_not_follow_it_back() -> None:
    wall = Wall()
    clock = Clock(source=wall)
    wall.now -= 500
    assert 1_000 == clock()


def test_a_clock_steps_in_any_mode_and_in_one_only_so() -> None:
    wall = Wall()
    clock = Clock("stepped", start=5_000, source=wall)
    wall.now += 500
    assert (5_000, True) == (clock(), clock.turn())
    clock.step(60_000)
    clock.run("real")
    wall.now += 1
    assert 65_001 == clock()
    clock.step(99)
    assert 65_100 == clock()
    with pytest.raises(ValueError, match="does not go back by 1 ms"):
        clock.step(-1)


def test_a_clock_goes_on_at_each_turn_when_it_may() -> None:
    clock = Clock("asap", start=0, source=Wall())
    assert [False, False] == [clock.turn(), clock.turn()]
    assert 2 * STRIDE == clock()


@pytest.mark.parametrize("speed", [0, -1, float("inf"), float("nan")])
def test_what_is_no_speed_is_refused(speed: float) -> None:
    with pytest.raises(ValueError, match="is no speed"):
        Clock("scaled", speed=speed, source=Wall())
