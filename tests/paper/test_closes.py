from __future__ import annotations

from decimal import Decimal

import pytest

from tests.paper.studio import START
from upbit.paper.bars import Unit, following, opening
from upbit.paper.clock import SteppedClock
from upbit.paper.closes import UNITS, Closes, Finding
from upbit.paper.exchange import Exchange
from upbit.paper.indicators import Study
from upbit.paper.spelling import minimal
from upbit.paper.tape import Tape

MINUTE = 60_000


class Floor:
    """An exchange with closes to look at."""

    def __init__(self) -> None:
        self.clock = SteppedClock(START)
        self.exchange = Exchange(clock=self.clock)
        self.closes = Closes(self.tape)

    def tape(self, market: str) -> Tape:
        venue = self.exchange.venue(market)
        assert venue is not None
        return venue.tape

    def step(self, milliseconds: int) -> list[Finding]:
        self.clock.step(milliseconds)
        return self.closes.look(self.exchange.advance())


def average(timeframe: str, period: int = 3) -> Study:
    return Study(timeframe, "moving_average", (("type", "SMA"), ("period", period)))


@pytest.mark.parametrize(("timeframe", "unit"), UNITS.items())
def test_a_candle_that_closed_is_told_with_the_mean_of_the_newest(timeframe: str, unit: Unit) -> None:
    floor = Floor()
    floor.closes.follow("KRW-BTC", average(timeframe), START)
    close = following(unit, opening(unit, START))
    halt(floor, close - 30_000)
    assert [] == floor.step(close - 1 - floor.exchange.now)
    (found,) = floor.step(1)
    bars = floor.tape("KRW-BTC").candles(unit, close, 3)
    assert ("KRW-BTC", bars[0], close) == (found.market, found.bar, found.time)
    total = Decimal(sum(bar.close for bar in bars)).scaleb(-8)
    assert {"value": minimal((total / 3).quantize(Decimal("1e-8")))} == found.values
    assert [] == floor.step(1)


def halt(floor: Floor, until: int) -> None:
    """Let the time pass without looking: nothing happens on any market but the last half minute."""
    floor.exchange.venue("KRW-BTC")
    floor.exchange.pause(max(until, floor.exchange.now))
    floor.clock.step(max(until - floor.clock(), 0))


def test_after_a_leap_every_candle_is_told_in_order() -> None:
    floor = Floor()
    floor.closes.follow("KRW-BTC", average("5m"), START)
    floor.closes.follow("KRW-BTC", average("15m"), START)
    found = floor.step(31 * MINUTE)
    fives = [one.time for one in found if one.study.timeframe == "5m"]
    assert [START // (5 * MINUTE) * 5 * MINUTE + 5 * MINUTE * place for place in range(1, 7)] == fives
    assert 2 == len(found) - len(fives)


def test_an_interval_without_a_trade_tells_nothing() -> None:
    floor = Floor()
    floor.closes.follow("KRW-BTC", average("5m"), START)
    floor.step(10 * MINUTE)
    halt(floor, floor.exchange.now + 20 * MINUTE)
    times = [one.bar.start for one in floor.step(5 * MINUTE)]
    assert 2 >= len(times)
    assert sorted(set(times)) == times


def test_who_comes_later_hears_the_same() -> None:
    floor = Floor()
    early, late = average("5m", 5), average("5m", 20)
    floor.closes.follow("KRW-BTC", early, START)
    floor.step(6 * MINUTE)
    floor.closes.follow("KRW-BTC", late, floor.exchange.now)
    first, second = floor.step(5 * MINUTE)
    assert (early, late) == (first.study, second.study)
    other = Floor()
    other.closes.follow("KRW-BTC", late, START)
    other.step(6 * MINUTE)
    assert [second] == other.step(5 * MINUTE)


@pytest.mark.parametrize("looks", [0, 1, 3, 5])
def test_the_past_is_read_a_study_at_a_look_or_when_it_is_needed(looks: int) -> None:
    studies = [average("5m", period) for period in (5, 3, 10)] + [average("15m", 5)]
    floor, other = Floor(), Floor()
    for place in (floor, other):
        for study in studies:
            place.closes.follow("KRW-BTC", study, START)
    for _ in range(looks):
        assert [] == floor.step(0)
    assert 4 == len(floor.step(15 * MINUTE)[-4:])
    assert floor.step(15 * MINUTE) == [other.step(15 * MINUTE), other.step(15 * MINUTE)][1]


def test_what_is_dropped_before_its_past_was_read_is_forgotten() -> None:
    floor = Floor()
    for period in (3, 5):
        floor.closes.follow("KRW-BTC", average("5m", period), START)
    floor.closes.drop("KRW-BTC", average("5m", 3))
    floor.step(0)
    floor.step(0)
    assert [average("5m", 5)] == [one.study for one in floor.step(5 * MINUTE)]


def test_what_is_dropped_is_told_no_more() -> None:
    floor = Floor()
    floor.closes.follow("KRW-BTC", average("5m", 3), START)
    floor.closes.follow("KRW-BTC", average("5m", 5), START)
    floor.closes.drop("KRW-BTC", average("5m", 3))
    assert [average("5m", 5)] == [one.study for one in floor.step(5 * MINUTE)]
    floor.closes.drop("KRW-BTC", average("5m", 5))
    assert [] == floor.step(5 * MINUTE)
