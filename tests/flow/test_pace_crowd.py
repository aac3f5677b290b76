"""The limiter among many callers, on long ways, and beside programs it does not know of: minutes of it, in no time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import nullcontext
from heapq import heappop, heappush
from itertools import count
from random import Random

import pytest

from upbit.flow.pace import Lanes, Pace
from upbit.wire.quota import Limit, gauge


class Crowd:
    """Programs that share a quota with or without knowing of each other, in a time of their own."""

    def __init__(self, limit: Limit, paces: Sequence[Pace], *, callers: int, way: float = 0.005) -> None:
        self.now = 0.0
        self._length = way
        self.done: Counter[int] = Counter()
        self.refused: list[float] = []
        self._gauge = gauge("order", limit)
        self._random = Random(1)
        self._numbers = count()
        self._agenda = [
            (0.0, next(self._numbers), self._call(number, pace))
            for number, pace in enumerate(paces)
            for _ in range(callers)
        ]

    def live(self, until: float) -> None:
        while self._agenda[0][0] < until:
            self.now, _, caller = heappop(self._agenda)
            pause = next(caller)
            heappush(self._agenda, (self.now + pause, next(self._numbers), caller))

    def _way(self) -> float:
        return self._random.uniform(self._length / 2, self._length) + self._random.expovariate(20 / self._length)

    def _call(self, number: int, pace: Pace) -> Generator[float]:
        while True:
            for wait in pace.turn("order", 0, lambda: self.now):
                yield wait + self._random.uniform(0, 0.003)
            left = self.now
            yield self._way()
            remaining = self._gauge.take(self.now)
            if remaining is None:
                remaining = self._gauge.remaining()._replace(sec=0)
                self.refused.append(self.now)
                pace.refused("order", left, self.now)
            else:
                self.done[number] += 1
                pace.arrived("order", left, self.now)
            yield 0.002
            pace.learn(remaining, "order", left, self.now)


REFILLS = [Limit(12, refill="drip"), Limit(10, refill="clock"), Limit(12), Limit(30, refill="drip")]


@pytest.mark.parametrize("limit", REFILLS)
def test_a_crowd_uses_nearly_all_of_a_quota_and_is_never_refused(limit: Limit) -> None:
    lanes = Lanes(nullcontext(), {"order": limit})
    crowd = Crowd(limit, [Pace(lanes, "one"), Pace(lanes, "one")], callers=32)
    crowd.live(20)
    assert [] == crowd.refused
    assert crowd.done.total() >= 0.97 * 20 * limit.per_window


@pytest.mark.parametrize("limit", [limit for limit in REFILLS if limit.refill != "first"])
def test_not_even_on_a_long_way_with_delays(limit: Limit) -> None:
    crowd = Crowd(limit, [Pace(Lanes(nullcontext(), {"order": limit}), "one")], callers=64, way=0.3)
    crowd.live(60)
    assert [] == crowd.refused
    assert crowd.done.total() >= 0.85 * 60 * limit.per_window


@pytest.mark.parametrize("limit", REFILLS)
def test_strangers_make_room_for_each_other_and_are_seldom_refused_twice(limit: Limit) -> None:
    crowd = Crowd(limit, [Pace(Lanes(nullcontext(), {"order": limit}), "one") for _ in range(2)], callers=20)
    crowd.live(70)
    assert min(crowd.done.values()) >= 0.25 * 70 * limit.per_window
    assert crowd.done.total() >= 0.8 * 70 * limit.per_window
    assert len([refusal for refusal in crowd.refused if refusal > 2]) < 10  # more of them in a minute end in a block
