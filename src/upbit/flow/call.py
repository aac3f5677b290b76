"""One call, from request to response: pace, sign, send, repeat or not.

It does not judge the response: `result` does. It never sends an order again that may have arrived.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from math import ceil
from typing import NamedTuple, Protocol

import msgspec

from ..api.operation import Permission, Repeat
from ..errors import APIConnectionError, ConfigurationError
from ..wire.message import Request, Response
from ..wire.quota import Group, read_remaining, read_retry_after
from ..wire.token import plain_body, plain_query
from .pace import Blocked, Pace
from .repeat import DEADLINE, may_repeat, pause
from .steps import Flow, Send, Sleep, Timeout

PRIORITIES: Mapping[str, int] = {"DELETE": 0, "POST": 1, "GET": 2}
"""Who goes first where requests wait: cancels, then what makes something, then what only asks."""
LONG_BLOCK = 60.0
"""Seconds of a block (418) that does not say how long it is."""


class Terms(NamedTuple):
    """What the calls of a client have in common."""

    pace: Pace
    clock: Callable[[], float]
    """Seconds, from any start."""
    random: Callable[[], float]
    """From 0 to 1."""
    sign: Callable[[str], str] | None
    """Makes the `Authorization` of the plain text of a request's parameters; None without keys."""
    headers: Mapping[str, str]
    """Sent with every request."""
    timeout: Timeout
    max_retries: int
    wall: Callable[[], float]
    """Seconds since the epoch."""
    identifier: Callable[[], str]
    """Makes an order's own name, new every time."""
    order_deadline: float
    """Seconds in which the outcome of an order is to be known."""


class Rules(Protocol):
    """What an operation says about its calls: `Operation` does."""

    @property
    def name(self) -> str:
        """Full name, for messages."""
        ...

    @property
    def group(self) -> Group:
        """Rate-limit group."""
        ...

    @property
    def repeat(self) -> Repeat:
        """Whether it may be sent again."""
        ...

    @property
    def needs(self) -> Permission | None:
        """Permission; None when it is not signed."""
        ...


def send(rules: Rules, request: Request, terms: Terms) -> Flow[Response]:
    """Send a request under the rules of its operation.

    Raises APIConnectionError when no answer arrived, ConfigurationError when a key is needed and there is none.
    """
    pace, clock = terms.pace, terms.clock
    group = rules.group
    sign = None
    plain = ""
    if rules.needs is not None:
        sign = terms.sign
        if sign is None:
            raise ConfigurationError(
                f"{rules.name} needs an API key: give access_key= and secret_key=, "
                "or set UPBIT_ACCESS_KEY and UPBIT_SECRET_KEY"
            )
        plain = plain_body(request.body) if request.body else plain_query(request.query)
    end = clock() + DEADLINE
    failures = 0
    priority = PRIORITIES.get(request.verb, 1)
    while True:
        try:
            for wait in pace.turn(group, priority, clock):
                yield Sleep(wait)
        except Blocked as block:
            return blocked(block)
        headers = {**terms.headers, **request.headers}
        if sign is not None:
            headers["authorization"] = sign(plain)
        left = clock()
        answer = yield Send(Request(request.verb, request.path, request.query, request.body, headers), terms.timeout)
        assert answer is not None, "a Send is always answered"
        now = clock()
        if isinstance(answer, Response):
            with suppress(APIConnectionError):  # the limiter cannot be told: no reason to fail
                heed(answer, pace, group, left, now)
        failures += 1
        if failures <= terms.max_retries and may_repeat(rules.repeat, answer):
            wait = pause(failures, terms.random)
            if now + wait <= end:
                yield Sleep(wait)
                continue
        if isinstance(answer, APIConnectionError):
            raise answer
        return answer


def heed(answer: Response, pace: Pace, group: str, left: float, now: float) -> None:
    """Tell the limiter what the answer to a request that left at `left` says of its limits."""
    if answer.status == 429:
        pace.refused(group, left, now, read_retry_after(answer.header("Retry-After")))
    else:
        pace.arrived(group, left, now)
        if answer.status == 418:
            pace.penalty(group, read_retry_after(answer.header("Retry-After")) or LONG_BLOCK, now)
    pace.learn(read_remaining(answer.header("Remaining-Req")), group, left, now)


def blocked(block: Blocked) -> Response:
    """Make the answer to what is not even sent, since the exchange takes nothing."""
    body = msgspec.json.encode({"error": {"name": "rate_limit_exceeded_penalty", "message": str(block)}})
    return Response(418, body, {"Retry-After": str(ceil(block.seconds))}, "blocked here")
