"""Carries flows out by awaiting."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from ..errors import APIConnectionError
from ..flow.steps import Answer, Flow, Send
from . import AsyncTransport

T = TypeVar("T")


async def run(flow: Flow[T], transport: AsyncTransport, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> T:
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
                answer = await transport.send(step.request, step.timeout)
            except APIConnectionError as error:
                answer = error
        else:
            await sleep(step.seconds)
            answer = None
