"""Carries heals out: at once, or a step at a time while a stream goes on; with answers from a function."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from upbit.errors import APIError
from upbit.flow.heal import Ask, Heal, Pause
from upbit.models import FeedEvent

Answer = Callable[[Ask], Any]
"""Gives the result of an operation, or raises APIError."""


class Treatment:
    """One heal under way; `told` is None until it is over."""

    def __init__(self, heal: Heal[list[FeedEvent]], answer: Answer) -> None:
        self.heal = heal
        self.answer = answer
        self.told: list[FeedEvent] | None = None
        self.asked: list[Ask] = []
        self.paused = 0.0
        self.step: Ask | Pause | None = None

    def go_on(self) -> bool:
        """Begin, or do what is due and go on to the next step; False when it is over."""
        try:
            match self.step:
                case Ask():
                    self.asked.append(self.step)
                    try:
                        result = self.answer(self.step)
                    except APIError as error:
                        self.step = self.heal.throw(error)
                    else:
                        self.step = self.heal.send(result)
                case Pause(seconds):
                    self.paused += seconds
                    self.step = self.heal.send(None)
                case None:
                    self.step = next(self.heal)
        except StopIteration as stop:
            self.told = stop.value
        return self.told is None


def finish(heal: Heal[list[FeedEvent]], answer: Answer) -> Treatment:
    """Carry a heal out at once."""
    treatment = Treatment(heal, answer)
    while treatment.go_on():
        pass
    return treatment


def told(heal: Heal[list[FeedEvent]], answer: Answer) -> list[FeedEvent]:
    """What a heal delivers, carried out at once."""
    return finish(heal, answer).told or []


class Ward:
    """Heals waiting for each other; what they deliver goes to `deliver`."""

    def __init__(self, deliver: Callable[[Iterable[FeedEvent]], None]) -> None:
        self.deliver = deliver
        self.queue: deque[Treatment] = deque()

    def admit(self, heal: Heal[list[FeedEvent]], answer: Answer) -> None:
        self.queue.append(Treatment(heal, answer))

    def go_on(self) -> None:
        """Do one step of the first."""
        if self.queue and not self.queue[0].go_on():
            self.deliver(self.queue.popleft().told or ())

    def empty(self) -> None:
        while self.queue:
            self.go_on()
