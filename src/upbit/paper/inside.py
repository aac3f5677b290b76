"""Ways to the exchange that skip the socket: transports that hand a request straight to the entrance.

They are what a client takes as its `transport`. Threads may share them: one request is answered at a time. They wait
only for faults that take time, and raise what a client's HTTP would raise for those that end a connection. A request
that its client gave up on before it was carried out is carried out later, when its time has come. There is nothing to
close.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Generator
from math import inf

from ..errors import APIConnectionError, APITimeoutError
from ..flow.steps import Timeout
from ..io import Lock
from ..wire.message import Request, Response
from .entrance import DRIP, Delivery, Entrance

BASE_URL = "http://localhost"
"""What a client is told about where its requests go; nothing listens there."""


class InsideTransport:
    """Answers requests in the thread of the caller; an `upbit.io.Transport`.

    `sleep` lets seconds pass for the exchange.
    """

    def __init__(self, entrance: Entrance, sleep: Callable[[float], None] = time.sleep) -> None:
        self.entrance = entrance
        self._exchange = entrance.gate.exchange
        self._sleep = sleep
        self._late: list[tuple[int, Generator[int, None, Delivery]]] = []
        self.lock = Lock()
        """Held while the exchange is at work."""

    def send(self, request: Request, timeout: Timeout | None = None) -> Response:
        """Answer a request. Raises APIConnectionError when a fault takes the answer."""
        steps = self.steps(request, timeout)
        while True:
            try:
                seconds = next(steps)
            except StopIteration as stop:
                response: Response = stop.value
                return response
            self._sleep(seconds)

    def steps(self, request: Request, timeout: Timeout | None) -> Generator[float, None, Response]:
        """Answer a request, with the seconds to wait in between."""
        left = inf if timeout is None else timeout[1] * 1000
        steps = self.entrance.receive(request)
        while True:
            with self.lock:
                self.catch_up()
                try:
                    wait = next(steps)
                except StopIteration as stop:
                    delivery: Delivery = stop.value
                    if self._exchange.journal is not None:
                        self._exchange.journal.commit()
                    break
                if wait > left:
                    self._late.append((self._exchange.now + wait, steps))
            yield min(wait, left) / 1000
            if wait > left:
                raise APITimeoutError(f"{BASE_URL} did not answer in time")
            left -= wait
        if delivery.manner == "slow_drip":
            yield len(delivery.response.body) // DRIP * delivery.milliseconds / 1000
        if delivery.manner == "silence":
            if left < inf:
                yield left / 1000
            raise APITimeoutError(f"{BASE_URL} did not answer in time")
        if delivery.manner == "unreachable":
            raise APIConnectionError(f"{BASE_URL} could not be reached: the connection was refused", sent=False)
        if delivery.manner not in ("whole", "slow_drip"):
            raise APIConnectionError(f"the answer of {BASE_URL} was lost: {delivery.manner}")
        return delivery.response._replace(url=f"{BASE_URL}{request.target}")

    def catch_up(self) -> None:
        """Carry out what is due of requests that nobody waits for any more; to be called with the lock held."""
        if self._late:
            now = self._exchange.advance()
            due = [steps for at, steps in self._late if at <= now]
            self._late = [(at, steps) for at, steps in self._late if at > now]
            for steps in due:
                for wait in steps:
                    self._late.append((now + wait, steps))
                    break


class AsyncInsideTransport:
    """The same, awaited; an `upbit.io.AsyncTransport`."""

    def __init__(self, inside: InsideTransport, sleep: Callable[[float], Awaitable[None]]) -> None:
        self._inside = inside
        self._sleep = sleep

    async def send(self, request: Request, timeout: Timeout | None = None) -> Response:
        """Answer a request. Raises APIConnectionError when a fault takes the answer."""
        steps = self._inside.steps(request, timeout)
        while True:
            try:
                seconds = next(steps)
            except StopIteration as stop:
                response: Response = stop.value
                return response
            await self._sleep(seconds)
