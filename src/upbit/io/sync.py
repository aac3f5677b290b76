"""Carries flows out by blocking."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from ..errors import APIConnectionError
from ..flow.steps import Answer, Flow, Send
from . import Transport

T = TypeVar("T")


def run(flow: Flow[T], transport: Transport, sleep: Callable[[float], None] = time.sleep) -> T:
    """Carry a flow out."""
    answer: Answer = None
    while True:
        try:
            step = flow.send(answer)
        except StopIteration as stop:
            result: T = stop.value
            return result
        if isinstance(step, Send):
            try:
                answer = transport.send(step.request, step.timeout)
            except APIConnectionError as error:
                answer = error
        else:
            sleep(step.seconds)
            answer = None
