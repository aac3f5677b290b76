"""Every fault of requests, met while an order is placed, cancelled, replaced and looked up: what comes of it.

Each row of `MATRIX` is a fault before or after the exchange has carried the request out; its four words say what the
caller is told of a placing, a cancel, a replacement and a query (with `!` it happened all the same). Whatever is told,
the exchange's own record shows what that means: at most one order for each intent, cancelled at most once. Both faces
and both voices are told the same, in the process and over a port. Private streams (C10) and disks (C13) follow.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Generator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal, NamedTuple, TypeAlias, cast
from urllib.parse import urlsplit

import pytest
from msgspec import convert, structs

from upbit import AsyncUpbit, Upbit
from upbit.errors import APIError, error_class
from upbit.models import Order
from upbit.paper import PaperExchange, Rule
from upbit.paper.chaos import Chaos
from upbit.paper.chronicle import Chronicle
from upbit.paper.clock import Clock
from upbit.paper.exchange import Exchange
from upbit.paper.orders import OrderRecord
from upbit.paper.server import threaded

START = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
FUNDS = {"KRW": Decimal(10) ** 12}
HASTE = 50
"""How much faster than ours the clock of clients goes whose exchange runs on the clock of this machine."""
PATIENCE = 5.0
"""Seconds in which an answer arrives that arrives at all ..."""
HURRY = 0.15
"""... and how long somebody waits for one that will not."""

Intent = Literal["place", "cancel", "replace", "query"]
Options: TypeAlias = Mapping[str, Any]
REQUESTS: Mapping[Intent, tuple[str, str]] = {
    "place": ("POST", "/v1/orders"),
    "cancel": ("DELETE", "/v1/order"),
    "replace": ("POST", "/v1/orders/cancel_and_new"),
    "query": ("GET", "/v1/order"),
}


class Fault(NamedTuple):
    """A fault, and what is told of a placing, a cancel, a replacement and a query."""

    told: str
    first: Options | None = None
    """What happens to the request itself, the first time."""
    then: Options | None = None
    """What happens to the next: a look, or the same again if nothing was looked up."""
    again: Options | None = None
    """What happens to the same again."""
    reads: Options | None = None
    """What happens to all reads."""
    timeout: float = PATIENCE
    deadline: float = 60.0
    jump: float = 0
    """Seconds by which the clock of the exchange jumps before."""
    only: Literal["both", "inside", "port"] = "both"
    """Where that can be done, or does not take too long."""


def lost(manner: str) -> Options:
    return {"effect": "lost_answer", "manner": manner}


def missed(manner: str) -> Options:
    return {"effect": "lost_request", "manner": manner}


def garbled(effect: str, field: str | None) -> Options:
    return {"effect": effect, "field": field}


LOST, MISSED = lost("reset"), missed("reset")
CALM = "accepted accepted accepted value"
FOUND = "adopted adopted adopted value"
NOT_SENT_TWICE = "accepted accepted {} value"
MATRIX = {
    # C1: latency
    "C1 a little late, before": Fault(CALM, {"effect": "slow_before", "milliseconds": 20}),
    "C1 a little late, after": Fault(CALM, {"effect": "slow_after", "milliseconds": 20}),
    "C1 too late, before": Fault(FOUND, {"effect": "slow_before", "milliseconds": 200}, timeout=HURRY, only="inside"),
    "C1 too late for a look, before": Fault(
        "adopted accepted adopted value",
        {"effect": "slow_before", "milliseconds": 400},
        timeout=HURRY,
        only="inside",
    ),
    "C1 later than all looks, before": Fault(
        "accepted accepted APITimeoutError! value",  # what looks do not find out
        {"effect": "slow_before", "milliseconds": 900},
        timeout=HURRY,
        only="port",
    ),
    "C1 too late, after": Fault(FOUND, {"effect": "slow_after", "milliseconds": 500}, timeout=HURRY),
    # C2, C3, C8: what is lost
    "C2 answer lost, close": Fault(FOUND, lost("close")),
    "C2 answer lost, reset": Fault(FOUND, lost("reset")),
    "C2 answer lost, silence": Fault(FOUND, lost("silence"), timeout=HURRY),
    "C2 answer lost, and the look": Fault("adopted adopted adopted value", LOST, LOST),
    "C2 all answers lost": Fault(
        "OrderOutcomeUnknown! OrderOutcomeUnknown! OrderOutcomeUnknown! APIConnectionError",
        LOST,
        reads=LOST,
        deadline=10,
    ),
    "C3 request lost, close": Fault(NOT_SENT_TWICE.format("APIConnectionError"), missed("close")),
    "C3 request lost, reset": Fault(NOT_SENT_TWICE.format("APIConnectionError"), missed("reset")),
    "C3 request lost, silence": Fault(NOT_SENT_TWICE.format("APITimeoutError"), missed("silence"), timeout=HURRY),
    "C3 request lost, then the answer": Fault("adopted adopted APIConnectionError value", MISSED, again=LOST),
    "C3 nobody reached": Fault(CALM, {"effect": "unreachable"}, only="inside"),
    "C8 body that drips, before the end": Fault(CALM, {"effect": "slow_drip", "milliseconds": 1}),
    "C8 body that breaks off, after": Fault(FOUND, {"effect": "truncated_body"}),
    "C8 chunk of no length, after": Fault(FOUND, {"effect": "bad_chunk"}),
    "C8 damaged gzip, after": Fault(FOUND, {"effect": "bad_gzip"}),
    "C8 damaged looks": Fault(FOUND, LOST, {"effect": "truncated_body"}),
    # C4, C5: limits
    **{
        f"C4 429 {form}, {when}": fault
        for form in ("json", "text", "empty", "bare")
        for when, fault in (
            ("before", Fault(CALM, {"effect": "too_many_requests", "form": form})),
            ("after", Fault(FOUND, LOST, {"effect": "too_many_requests", "form": form})),
        )
    },
    "C5 418, before": Fault(" ".join(["RateLimitPenaltyError"] * 4), {"effect": "penalty", "milliseconds": 5}),
    "C5 418, after": Fault(
        "adopted adopted adopted RateLimitPenaltyError", LOST, {"effect": "penalty", "milliseconds": 5}
    ),
    # C6: what stands before the exchange
    **{
        f"C6 {status}, {when}": fault
        for status in (500, 502, 503, 504)
        for when, fault in (
            ("before", Fault(NOT_SENT_TWICE.format("InternalServerError"), {"effect": "gateway", "status": status})),
            ("after", Fault(FOUND, {"effect": "gateway", "status": status, "committed": True})),
            ("after, and at the look", Fault(FOUND, LOST, {"effect": "gateway", "status": status})),
        )
    },
    "C6 404, before": Fault("accepted accepted NotFoundError NotFoundError", {"effect": "gateway", "status": 404}),
    "C6 404, after": Fault(
        "adopted adopted adopted NotFoundError", {"effect": "gateway", "status": 404, "committed": True}
    ),
    "C6 404, after, and at the look": Fault(
        "adopted adopted adopted NotFoundError", LOST, {"effect": "gateway", "status": 404}
    ),
    # C7: refusals
    **{
        f"C7 {name}, {when}": fault
        for name, error in (
            ("market_offline", "MarketOfflineError"),
            ("expired_access_key", "KeyExpiredError"),
            ("no_authorization_ip", "IPNotAllowedError"),
            ("out_of_scope", "OutOfScopeError"),
        )
        for when, fault in (
            ("before", Fault(" ".join([error] * 4), {"effect": "refuse", "name": name})),
            ("after, at the look", Fault(f"adopted adopted adopted {error}", LOST, {"effect": "refuse", "name": name})),
            (
                "before, after a lost one",
                Fault(f"{error} {error} APIConnectionError {error}", MISSED, again={"effect": "refuse", "name": name}),
            ),
        )
    },
    "C7 order_stabilization, before": Fault(
        NOT_SENT_TWICE.format("InternalServerError"),
        {"effect": "refuse", "name": "order_stabilization", "status": 503, "message": "잠시 후 다시 시도해 주세요."},
    ),
    "C7 order_stabilization, after, at the look": Fault(
        FOUND, LOST, {"effect": "refuse", "name": "order_stabilization", "status": 503, "message": "잠시 후"}
    ),
    # C11: reads that lag behind
    "C11 lagging reads": Fault(CALM, reads={"effect": "stale", "milliseconds": 700}),
    "C11 lagging reads, before": Fault(
        NOT_SENT_TWICE.format("APIConnectionError"), MISSED, reads={"effect": "stale", "milliseconds": 700}
    ),
    "C11 lagging reads, after": Fault(FOUND, LOST, reads={"effect": "stale", "milliseconds": 700}),
    "C11 reads that lag almost as long as looks go on, after": Fault(
        FOUND, LOST, reads={"effect": "stale", "milliseconds": 8_500}, only="inside"
    ),
    "C11 reads that lag for longer, after": Fault(
        "adopted adopted APIConnectionError! value",  # what looks do not find out
        LOST,
        reads={"effect": "stale", "milliseconds": 20_000},
        only="inside",
    ),
    # C12: clocks
    "C12 an hour slow": Fault(CALM, {"effect": "skew", "milliseconds": -3_600_000}),
    "C12 an hour fast": Fault(CALM, {"effect": "skew", "milliseconds": 3_600_000}),
    "C12 an hour fast, after": Fault(FOUND, LOST, {"effect": "skew", "milliseconds": 3_600_000}),
    "C12 a jump, before": Fault(NOT_SENT_TWICE.format("APIConnectionError"), MISSED, jump=60, only="port"),
    "C12 a jump, after": Fault(FOUND, LOST, jump=60, only="port"),
    # C14: answers that are not as documented
    "C14 new field": Fault(CALM, garbled("unknown_field", None)),
    "C14 new value": Fault(CALM, garbled("new_enum", "state")),
    "C14 number for a text": Fault(CALM, garbled("swapped_type", "volume")),
    "C14 null, after": Fault("adopted adopted adopted ResponseError", garbled("null_field", "uuid")),
    "C14 new field at the look": Fault(FOUND, LOST, garbled("unknown_field", None)),
    "C14 new value at the look": Fault(FOUND, LOST, garbled("new_enum", "state")),
    "C14 number for a text at the look": Fault(FOUND, LOST, garbled("swapped_type", "volume")),
    "C14 null at the look": Fault("adopted adopted adopted ResponseError", LOST, garbled("null_field", "uuid")),
}


class Stage:
    """An exchange, its faults, and clients of both faces that find it."""

    def __init__(
        self, exchange: Exchange, chaos: Chaos, chronicle: Chronicle, runner: asyncio.Runner, paper: PaperExchange | str
    ) -> None:
        self.exchange = exchange
        self.chaos = chaos
        self._chronicle = chronicle
        self._runner = runner
        self._paper = paper
        self.haste = 1 if isinstance(paper, PaperExchange) else HASTE

    def client(self, **options: Any) -> Upbit:
        if isinstance(self._paper, PaperExchange):
            return self._paper.client(**options)
        key = self.exchange.first_key
        return Upbit(key.access_key, key.secret, base_url=self._paper, clock=clock, sleep=sleep, **options)

    def async_client(self, **options: Any) -> AsyncUpbit:
        if isinstance(self._paper, PaperExchange):
            return self._paper.async_client(**options)
        key = self.exchange.first_key
        return AsyncUpbit(key.access_key, key.secret, base_url=self._paper, clock=clock, sleep=sleep_async, **options)

    def call(self, voice: Voice, intent: Intent, arguments: dict[str, Any], awaits: bool, **options: Any) -> Any:
        """Call an operation by a client of its own: a `Reply`, or what the documented voice answers."""
        if not awaits:
            with self.client(**options) as client:
                return getattr(client.Order if voice == "documented" else client.replies.orders, NAMES[voice][intent])(
                    **arguments
                )

        async def go() -> Any:
            async with self.async_client(**options) as client:
                return await getattr(
                    client.Order if voice == "documented" else client.replies.orders, NAMES[voice][intent]
                )(**arguments)

        return self._runner.run(go())

    def pass_time(self, seconds: float) -> None:
        if isinstance(self._paper, PaperExchange):
            self._paper.advance(seconds)
        else:
            time.sleep(seconds)

    def jump(self, seconds: float) -> None:
        assert isinstance(self.exchange.clock, Clock)
        self.exchange.clock.step(round(seconds * 1000))

    @property
    def orders(self) -> list[OrderRecord]:
        return self.exchange.engine.register.orders(self.exchange.account)

    def cancels(self, uuid: str) -> int:
        """How often an order was cancelled."""
        return sum(change.order.state == "cancel" for change in self._chronicle.changes(uuid))


def clock() -> float:
    return time.monotonic() * HASTE


def sleep(seconds: float) -> None:
    time.sleep(seconds / HASTE)


async def sleep_async(seconds: float) -> None:
    await asyncio.sleep(seconds / HASTE)


Voice: TypeAlias = Literal["typed", "documented"]
NAMES: Mapping[Voice, Mapping[Intent, str]] = {
    "typed": {"place": "create", "cancel": "cancel", "replace": "cancel_and_new", "query": "retrieve"},
    "documented": {"place": "Order_new", "cancel": "Order_cancel", "query": "Order_info"},
}
NEW = {"market": "KRW-BTC", "side": "bid", "ord_type": "limit", "price": "1000000", "volume": "0.01"}


@pytest.fixture(scope="module")
def stage(request: pytest.FixtureRequest) -> Generator[Stage]:
    with asyncio.Runner() as runner:
        if request.param == "inside":
            paper = PaperExchange(start=START, funds=FUNDS, limited=False)
            yield Stage(paper.exchange, paper.chaos, paper.control.chronicle, runner, paper)
            assert [] == paper.exchange.engine.faults(paper.exchange.wallet.locks())
            return
        with threaded(lambda: Exchange(clock=Clock(), funds=FUNDS), host="127.0.0.1", port=0, limited=False) as server:
            yield Stage(server.exchange, server.chaos, server.control.chronicle, runner, server.base_url)


def word(voice: Voice, intent: Intent, came: Any) -> tuple[str, str]:
    """What was told of an intent, in a word; and the uuid of the order that was told of, or made."""
    if voice == "documented":
        response, result = came["response"], cast("dict[str, Any]", came["result"])
        if not response["ok"]:
            return error_class(response["status_code"], result["error"]["name"]).__name__, ""
        url, uuid, state = response["url"], result["uuid"] or "", result["state"]
    else:
        order: Order = came.value
        url, state = came.response.url, order.state
        uuid = order.new_order_uuid or "" if intent == "replace" else order.uuid
    if intent == "query":
        return "value", uuid
    if intent == "cancel":
        return "adopted" if state == "cancel" else "accepted", uuid
    return "accepted" if urlsplit(str(url)).path == REQUESTS[intent][1] else "adopted", uuid


def rules(fault: Fault, intent: Intent, haste: int) -> list[Rule]:
    """The rules by which a fault meets an intent."""
    method, path = REQUESTS[intent]
    here = {"method": method, "path": path}
    there = {"method": "GET", "path": "/v1/order"}
    made: list[Rule] = []
    for options, where in (
        (fault.first, {**here, "nth": 1}),
        (fault.then, {**there, "nth": 2 if intent == "query" else 1}),
        (fault.again, {**here, "nth": 2}),
        (fault.reads, there),
    ):
        if options is not None:
            rule = convert({**options, **where}, Rule)
            lag = (rule.milliseconds or 0) // haste if rule.effect == "stale" else rule.milliseconds
            made.append(structs.replace(rule, milliseconds=lag))
    return made


CELLS = [
    pytest.param(door, name, intent, awaits, voice, id=f"{name}: {intent}, {voice}{', awaited' * awaits}, {door}")
    for door in ("inside", "port")
    for name, fault in MATRIX.items()
    for intent in REQUESTS
    for awaits in (False, True)
    for voice in NAMES
    if intent in NAMES[voice] and fault.only in ("both", door) and (voice, door) != ("documented", "port")
]


@pytest.mark.parametrize(("stage", "name", "intent", "awaits", "voice"), CELLS, indirect=["stage"])
def test_a_fault_meets_an_intent(stage: Stage, name: str, intent: Intent, awaits: bool, voice: Voice) -> None:
    fault = MATRIX[name]
    order = stage.call("typed", "place", NEW, awaits=False).value
    before = {record.uuid for record in stage.orders}
    arguments: dict[Intent, dict[str, Any]] = {
        "place": NEW,
        "cancel": {"uuid": order.uuid},
        "replace": {
            "prev_order_uuid": order.uuid,
            "new_ord_type": "limit",
            "new_price": "990000",
            "new_volume": "0.01",
        },
        "query": {"uuid": order.uuid},
    }
    lag = (fault.reads or {}).get("milliseconds", 0) / 1000 / stage.haste
    stage.pass_time(lag and lag + 0.01)
    stage.jump(fault.jump)
    for rule in rules(fault, intent, stage.haste):
        stage.chaos.add(rule)
    try:
        came = stage.call(
            voice, intent, arguments[intent], awaits, timeout=fault.timeout, order_deadline=fault.deadline
        )
    except APIError as error:
        told, uuid = type(error).__name__, ""
    else:
        told, uuid = word(voice, intent, came)
    stage.chaos.clear()
    first = fault.first or {}
    if str(first.get("effect")).startswith("slow"):
        stage.pass_time(first["milliseconds"] / 1000)  # what was given up happens after all
    expected = fault.told.split()[list(REQUESTS).index(intent)]
    if voice == "documented" and expected == "ResponseError":
        expected = "value"  # this voice gives JSON as it came
    assert expected.rstrip("!") == told

    made = [record.uuid for record in stage.orders if record.uuid not in before]
    state = next(record.state for record in stage.orders if record.uuid == order.uuid)
    happened = int(told in ("accepted", "adopted") or expected.endswith("!"))
    assert {"place": happened, "replace": happened}.get(intent, 0) == len(made)
    assert {"cancel": happened, "replace": happened}.get(intent, 0) == stage.cancels(order.uuid)
    assert ("cancel" if stage.cancels(order.uuid) else "wait") == state
    assert uuid in ("", *(made or [order.uuid]))
