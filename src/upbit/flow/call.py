"""One call, from request to response: pace, sign, send, repeat or not.

It does not judge the response: `result` does. It never sends an order again that may have arrived.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

from ..api.operation import Permission, Repeat
from ..errors import APIConnectionError, ConfigurationError
from ..wire.message import Request, Response
from ..wire.quota import Group, read_remaining
from ..wire.token import plain_body, plain_query
from .pace import Pace
from .repeat import DEADLINE, may_repeat, pause
from .steps import Flow, Send, Sleep, Timeout


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
    while True:
        wait = pace.reserve(group, clock())
        if wait > 0:
            yield Sleep(wait)
        headers = {**terms.headers, **request.headers}
        if sign is not None:
            headers["authorization"] = sign(plain)
        answer = yield Send(Request(request.verb, request.path, request.query, request.body, headers), terms.timeout)
        assert answer is not None, "a Send is always answered"
        now = clock()
        if isinstance(answer, Response):
            pace.learn(read_remaining(answer.header("Remaining-Req")), group, now)
            if answer.status == 429:
                pace.refused(group, now)
        failures += 1
        if failures <= terms.max_retries and may_repeat(rules.repeat, answer):
            wait = pause(failures, terms.random)
            if now + wait <= end:
                yield Sleep(wait)
                continue
        if isinstance(answer, APIConnectionError):
            raise answer
        return answer
