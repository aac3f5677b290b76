"""How a request comes in and how its answer leaves, with the faults that it meets on the way.

It stands before the `Gate` at every door. It does not wait and sends nothing: `Entrance.receive` is a generator that
yields how long to wait, in milliseconds of the exchange, and ends in a `Delivery`, which a door carries out.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import suppress
from typing import Literal, NamedTuple
from urllib.parse import parse_qsl

from ..wire.message import Request, Response
from ..wire.token import body_pairs
from . import damage
from .chaos import BODY, REQUEST, Chaos, Moment, Rule
from .chronicle import Chronicle
from .gate import Gate

Manner = Literal[
    "whole", "close", "reset", "silence", "unreachable", "slow_drip", "truncated_body", "bad_chunk", "bad_gzip"
]
"""How an answer leaves: as it should, not at all in one of four ways, or damaged in one of four."""
DRIP = 16
"""Bytes of a piece when a body comes slowly."""
_MARKETS = ("market", "markets", "pairs")
_IDENTIFIERS = ("identifier", "identifiers[]", "new_identifier", "prev_order_identifier")
_INSTEAD = frozenset({"unreachable", "lost_request", "too_many_requests", "penalty", "gateway", "refuse"})
_DAMAGED: Mapping[str, Manner] = {
    "slow_drip": "slow_drip",
    "truncated_body": "truncated_body",
    "bad_chunk": "bad_chunk",
    "bad_gzip": "bad_gzip",
}


class Delivery(NamedTuple):
    """An answer, and how it is to leave."""

    response: Response
    manner: Manner = "whole"
    milliseconds: int = 0
    """Between two pieces of a slow drip."""


class Entrance:
    """Takes requests for a gate."""

    def __init__(self, gate: Gate, chaos: Chaos, chronicle: Chronicle) -> None:
        self.gate = gate
        self.chaos = chaos
        self.chronicle = chronicle

    def receive(self, request: Request, peer: str = "127.0.0.1") -> Generator[int, None, Delivery]:
        """Take a request through the gate; what is yielded is to be waited for."""
        rules: list[Rule] = []
        if self.chaos.expects(REQUEST | BODY):
            rules = self.chaos.choose(self._moment(request), REQUEST | BODY)
        faults = tuple(rule.effect for rule in rules)
        blocked = self.chaos.blocked(peer, self.gate.exchange.advance())
        if blocked:
            delivery = Delivery(damage.penalty(blocked))
        elif not rules:
            delivery = Delivery(self.gate.handle(request, peer))
        else:
            delivery = yield from self._meet(rules, request, peer)
        answered = delivery.manner not in ("close", "reset", "silence", "unreachable")
        self.chronicle.note_request(peer, request, delivery.response if answered else None, faults)
        return delivery

    def _meet(self, rules: list[Rule], request: Request, peer: str) -> Generator[int, None, Delivery]:
        """Let a request meet its faults."""
        before = sum(rule.milliseconds or 0 for rule in rules if rule.effect == "slow_before")
        if before:
            yield before
        instead = next((rule for rule in rules if rule.effect in _INSTEAD), None)
        if instead is None or instead.committed:
            delivery = self._carry_out(rules, request, peer)
        else:
            delivery = Delivery(Response(0, b""))
        if instead is not None:
            delivery = self._replace(instead, request, peer)
        after = sum(rule.milliseconds or 0 for rule in rules if rule.effect == "slow_after")
        if after:
            yield after
        return delivery

    def _carry_out(self, rules: list[Rule], request: Request, peer: str) -> Delivery:
        """Let the exchange answer, and spoil the answer."""
        lag = max((rule.milliseconds or 0 for rule in rules if rule.effect == "stale"), default=0)
        now = self.gate.exchange.advance()
        past = self.chronicle.past(now - lag) if lag and request.verb == "GET" else None
        response = self.gate.handle(request, peer, past)
        delivery = Delivery(response)
        for rule in rules:
            if rule.effect in BODY:
                delivery = delivery._replace(
                    response=delivery.response._replace(body=damage.altered(delivery.response.body, rule))
                )
            elif rule.effect == "skew":
                delivery = delivery._replace(response=damage.skewed(delivery.response, rule.milliseconds or 0))
            elif rule.effect == "lost_answer":
                return delivery._replace(manner=rule.manner)
            elif rule.effect in _DAMAGED:
                delivery = _damaged(rule, delivery)
        return delivery

    def _replace(self, rule: Rule, request: Request, peer: str) -> Delivery:
        """What comes instead of the exchange's answer."""
        match rule.effect:
            case "lost_request":
                return Delivery(Response(0, b""), rule.manner)
            case "unreachable":
                return Delivery(Response(0, b""), "unreachable")
            case "too_many_requests":
                return Delivery(damage.too_many_requests(rule, self._group(request)))
            case "penalty":
                blocked = self.chaos.block(peer, rule.milliseconds or 0, self.gate.exchange.now)
                return Delivery(damage.penalty(blocked))
            case "gateway":
                return Delivery(damage.gateway(rule.status))
            case _:
                return Delivery(damage.refused(rule))

    def _moment(self, request: Request) -> Moment:
        pairs = parse_qsl(request.query, keep_blank_values=True)
        with suppress(ValueError):  # the gate says what is wrong with it
            pairs += body_pairs(request.body, request.headers.get("content-type", "application/json"))
        return Moment(
            now=self.gate.exchange.advance(),
            method=request.verb,
            path=request.path,
            group=self._group(request),
            markets=tuple(code for name, text in pairs if name in _MARKETS for code in text.split(",")),
            identifiers=tuple(text for name, text in pairs if name in _IDENTIFIERS),
        )

    def _group(self, request: Request) -> str:
        operation = self.gate.operation(request)
        return "" if operation is None else operation.group


def _damaged(rule: Rule, delivery: Delivery) -> Delivery:
    response = damage.bad_gzip(delivery.response) if rule.effect == "bad_gzip" else delivery.response
    return Delivery(response, _DAMAGED[rule.effect], rule.milliseconds or 0)
