"""Named stand-ins: a transport with a script, one that loses answers, a clock that moves only when told."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TypeVar

from upbit.api.operation import Operation
from upbit.client import Upbit
from upbit.errors import APIConnectionError
from upbit.flow.call import send
from upbit.flow.result import value
from upbit.flow.steps import Flow, Timeout
from upbit.wire.message import Request, Response

T = TypeVar("T")

ORDER = {
    "uuid": "cdd92199-2897-4e14-9448-f923320408ad",
    "side": "bid",
    "ord_type": "limit",
    "price": "100.0",
    "state": "wait",
    "market": "KRW-BTC",
    "created_at": "2018-04-10T15:42:23+09:00",
    "volume": "0.01",
    "remaining_volume": "0.01",
    "reserved_fee": "0.0015",
    "remaining_fee": "0.0015",
    "paid_fee": "0.0",
    "locked": "1.0015",
    "executed_volume": "0.0",
    "trades_count": 0,
}
"""The documented answer of an order."""


def answer(
    body: object, status: int = 200, *, reason: str = "OK", headers: Mapping[str, str] | None = None
) -> Response:
    """A response with this JSON, or with these very bytes."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Response(status, raw, headers or {}, reason)


def sent_once(client: Upbit, operation: Operation[..., T], **arguments: object) -> T:
    """Call an operation in one request: what becomes of an order is not looked up."""

    def flow() -> Flow[T]:
        response = yield from send(operation, operation.request(arguments), client._terms)
        return value(operation, response)

    return client.carry_out(flow())


class FrozenClock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    async def sleep_async(self, seconds: float) -> None:
        self.sleep(seconds)


class ScriptedTransport:
    """Answers with what stands in its script, the last line for ever, and remembers what it was asked."""

    def __init__(self, *script: Response | APIConnectionError) -> None:
        self._script = list(script or (answer([]),))
        self.requests: list[Request] = []
        self.timeouts: list[Timeout] = []

    def send(self, request: Request, timeout: Timeout) -> Response:
        self.requests.append(request)
        self.timeouts.append(timeout)
        line = self._script.pop(0) if len(self._script) > 1 else self._script[0]
        if isinstance(line, APIConnectionError):
            raise line
        return line


class AsyncScriptedTransport:
    """The same, awaited."""

    def __init__(self, *script: Response | APIConnectionError) -> None:
        self.inner = ScriptedTransport(*script)

    @property
    def requests(self) -> list[Request]:
        return self.inner.requests

    async def send(self, request: Request, timeout: Timeout) -> Response:
        return self.inner.send(request, timeout)


class LossyTransport:
    """Lets requests through but loses the first answers: the exchange acted, nobody knows."""

    def __init__(self, inner: ScriptedTransport, *, losses: int) -> None:
        self._inner = inner
        self._losses = losses

    def send(self, request: Request, timeout: Timeout) -> Response:
        response = self._inner.send(request, timeout)
        if self._losses:
            self._losses -= 1
            raise APIConnectionError("the answer was lost")
        return response


def authorizations(requests: Iterable[Request]) -> list[str | None]:
    """The tokens that requests carried."""
    return [request.headers.get("authorization") for request in requests]
