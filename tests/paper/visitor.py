"""Somebody at the gate of a paper exchange: sends signed requests and reads what comes back, with a clock to step."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from itertools import count
from typing import Any, NamedTuple
from uuid import UUID

from upbit.api.operation import Operation
from upbit.paper.clock import SteppedClock
from upbit.paper.exchange import START_FUNDS, Exchange, Key
from upbit.paper.gate import Gate
from upbit.wire.message import Request, Response
from upbit.wire.token import plain_body, plain_query, sign

START = 1_790_000_040_000  # 2026-09-21 13:34 UTC, a Monday


class Answer(NamedTuple):
    """What came back, read."""

    status: int
    result: Any
    headers: Mapping[str, str]
    text: str

    @property
    def remaining(self) -> str:
        return self.headers["Remaining-Req"]

    @property
    def name(self) -> Any:
        """The name of the error."""
        return self.result["error"]["name"]


class Visitor:
    """The holder of the first key of a new exchange."""

    def __init__(
        self,
        profile: str = "current",
        *,
        limited: bool = False,
        seed: int = 3,
        start: int = START,
        funds: Mapping[str, Decimal] = START_FUNDS,
    ) -> None:
        self.clock = SteppedClock(start)
        self.exchange = Exchange(clock=self.clock, seed=seed, profile=profile, funds=funds, check=True)
        self.gate = Gate(self.exchange, limited=limited)
        self.key = self.exchange.first_key
        self._nonces = count(1)

    def nonce(self) -> str:
        return str(UUID(int=next(self._nonces), version=4))

    def token(self, request: Request, key: Key, nonce: str | None = None) -> str:
        """The header that signs a request."""
        kind = request.headers.get("content-type", "application/json")
        plain = plain_query(request.query) or plain_body(request.body, kind)
        return f"Bearer {sign(key.access_key, key.secret, nonce=nonce or self.nonce(), query=plain)}"

    def send(
        self,
        request: Request,
        *,
        key: Key | None = None,
        authorization: str | None = None,
        peer: str = "127.0.0.1",
    ) -> Answer:
        """Send a request, signed unless it brings an authorization."""
        if authorization is None:
            authorization = self.token(request, key or self.key)
        headers = {**request.headers, **({"authorization": authorization} if authorization else {})}
        return read(self.gate.handle(request._replace(headers=headers), peer))

    def call(self, operation: Operation[..., Any], /, *, key: Key | None = None, **arguments: Any) -> Answer:
        """Ask for an operation."""
        return self.send(operation.request(arguments), key=key)

    def ask(self, operation: Operation[..., Any], /, *, key: Key | None = None, **arguments: Any) -> Any:
        """Ask for an operation and give its result, which is no error."""
        answer = self.call(operation, key=key, **arguments)
        assert answer.status < 400, answer.text
        return answer.result

    def refused(
        self, operation: Operation[..., Any], /, *, key: Key | None = None, **arguments: Any
    ) -> tuple[int, str | int]:
        """Ask for an operation and give status and name of the error."""
        answer = self.call(operation, key=key, **arguments)
        return answer.status, answer.name

    def step(self, milliseconds: int) -> None:
        self.clock.step(milliseconds)


def read(response: Response) -> Answer:
    text = response.body.decode()
    return Answer(response.status, json.loads(text, parse_float=Decimal), response.headers, text)
