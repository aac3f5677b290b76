"""One call: paced, signed, sent, repeated or not."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import pytest

from tests.fakes import ORDER, FrozenClock, LossyTransport, ScriptedTransport, answer, authorizations
from upbit.api import Accounts, Orders, Tickers, Withdraws
from upbit.api.operation import Operation
from upbit.errors import APIConnectionError, APITimeoutError, ConfigurationError, RateLimitPenaltyError
from upbit.flow.call import LONG_BLOCK, Terms, send
from upbit.flow.pace import Lanes, Marks, Pace
from upbit.flow.repeat import DEADLINE
from upbit.flow.result import status_error
from upbit.flow.steps import Flow, Send, Sleep
from upbit.io import Transport
from upbit.io.sync import run
from upbit.wire.message import Response

NEW = {"market": "KRW-BTC", "side": "bid", "ord_type": "limit", "volume": "0.01", "price": "100.0"}
REFUSED = APIConnectionError("refused", sent=False)
LATE = APITimeoutError("late")


class Desk:
    """Calls operations over a transport, on a clock that stands still."""

    def __init__(self, transport: Transport, *, keys: bool = True, **terms: Any) -> None:
        self.clock = FrozenClock()
        self.nonces = iter(range(100))
        sign: Callable[[str], str] | None = (lambda plain: f"{next(self.nonces)} {plain}") if keys else None
        self.terms = Terms(
            Pace(Lanes(nullcontext()), "one"),
            self.clock,
            lambda: 0.5,
            sign,
            {"user-agent": "test"},
            (5.0, 10.0),
            2,
            lambda: 1_790_000_000.0,
            lambda: "test-1",
            60.0,
        )._replace(**terms)
        self.transport = transport

    def flow(self, operation: Operation[..., Any], **arguments: object) -> Flow[Response]:
        return send(operation, operation.request(arguments), self.terms)

    def call(self, operation: Operation[..., Any], **arguments: object) -> Response:
        return run(self.flow(operation, **arguments), self.transport, self.clock.sleep)


def test_a_private_call_is_signed_over_its_plain_text() -> None:
    transport = ScriptedTransport()
    desk = Desk(transport)
    desk.call(Orders.list_by_uuids, uuids=["a", "b"], market="KRW-BTC")
    desk.call(Orders.create, **NEW)
    desk.call(Accounts.list)
    assert [
        "0 uuids[]=a&uuids[]=b&market=KRW-BTC",
        "1 market=KRW-BTC&side=bid&ord_type=limit&volume=0.01&price=100.0",
        "2 ",
    ] == authorizations(transport.requests)
    assert {"test"} == {request.headers["user-agent"] for request in transport.requests}
    assert [(5.0, 10.0)] * 3 == transport.timeouts


def test_quotation_carries_no_token_even_with_keys() -> None:
    transport = ScriptedTransport()
    Desk(transport).call(Tickers.list, markets="KRW-BTC")
    assert [None] == authorizations(transport.requests)


def test_a_private_call_without_keys_says_what_to_give_and_sends_nothing() -> None:
    transport = ScriptedTransport()
    with pytest.raises(ConfigurationError, match=r"accounts\.list needs an API key.*UPBIT_ACCESS_KEY"):
        Desk(transport, keys=False).call(Accounts.list)
    assert [] == transport.requests


@pytest.mark.parametrize("failure", [answer([], 429), answer([], 500), LATE, REFUSED])
def test_a_read_is_tried_three_times_each_with_a_token_of_its_own(failure: Response | APIConnectionError) -> None:
    transport = ScriptedTransport(failure, failure, answer([]))
    desk = Desk(transport)
    assert 200 == desk.call(Accounts.list).status
    assert ["0 ", "1 ", "2 "] == authorizations(transport.requests)


def test_after_three_tries_the_last_failure_stands() -> None:
    transport = ScriptedTransport(answer([], 503))
    assert 503 == Desk(transport).call(Accounts.list).status
    assert 3 == len(transport.requests)
    with pytest.raises(APITimeoutError):
        Desk(ScriptedTransport(LATE)).call(Accounts.list)


def test_pauses_grow_with_jitter() -> None:
    desk = Desk(ScriptedTransport(LATE, LATE, answer([])))
    desk.call(Accounts.list)
    assert [0.125, 0.25] == desk.clock.slept


def test_a_refused_read_waits_for_the_next_window() -> None:
    desk = Desk(ScriptedTransport(answer([], 429), answer([])))
    desk.call(Accounts.list)
    assert 1 <= sum(desk.clock.slept) < 1.5


def test_no_repeat_begins_after_the_deadline() -> None:
    class SlowTransport(ScriptedTransport):
        def send(self, request: Any, timeout: Any) -> Response:
            desk.clock.now += DEADLINE
            return super().send(request, timeout)

    transport = SlowTransport(LATE)
    desk = Desk(transport)
    with pytest.raises(APITimeoutError):
        desk.call(Accounts.list)
    assert 1 == len(transport.requests)


def test_a_penalty_is_never_answered_with_another_request() -> None:
    transport = ScriptedTransport(answer({"error": {"name": "rate_limit_exceeded_penalty"}}, 418))
    assert 418 == Desk(transport).call(Accounts.list).status
    assert 1 == len(transport.requests)


@pytest.mark.parametrize("failure", [answer([], 429), answer([], 500), answer(b"<html>", 502), LATE])
@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        (Orders.create, NEW),
        (Orders.cancel, {"uuid": "a"}),
        (Orders.cancel_open, {}),
        (Withdraws.create_krw_withdrawal, {"amount": 10_000}),
    ],
)
def test_what_changes_something_is_sent_once(
    operation: Operation[..., Any], arguments: dict[str, Any], failure: Response | APIConnectionError
) -> None:
    transport = ScriptedTransport(failure)
    desk = Desk(transport)
    if isinstance(failure, APIConnectionError):
        with pytest.raises(APIConnectionError):
            desk.call(operation, **arguments)
    else:
        assert failure.status == desk.call(operation, **arguments).status
    assert 1 == len(transport.requests)


def test_an_order_whose_answer_was_lost_is_not_placed_again() -> None:
    inner = ScriptedTransport(answer(ORDER, 201))
    with pytest.raises(APIConnectionError) as lost:
        Desk(LossyTransport(inner, losses=1)).call(Orders.create, **NEW)
    assert lost.value.sent
    assert 1 == len(inner.requests)


def test_an_order_that_never_left_is_tried_again() -> None:
    transport = ScriptedTransport(REFUSED, answer(ORDER, 201))
    assert 201 == Desk(transport).call(Orders.create, **NEW).status
    assert 2 == len(transport.requests)


def test_without_retries_every_failure_stands() -> None:
    transport = ScriptedTransport(answer([], 500))
    assert 500 == Desk(transport, max_retries=0).call(Accounts.list).status
    assert 1 == len(transport.requests)


def test_calls_wait_before_they_leave() -> None:
    transport = ScriptedTransport()
    desk = Desk(transport)
    for _ in range(25):
        desk.call(Tickers.list, markets="KRW-BTC")
    assert 2 <= sum(desk.clock.slept) < 2.1


def test_the_limiter_learns_from_the_header_of_any_answer() -> None:
    header = {"Remaining-Req": "group=ticker; min=600; sec=0"}
    desk = Desk(ScriptedTransport(answer([], 404, headers=header)))
    desk.call(Tickers.list, markets="KRW-BTC")
    desk.call(Tickers.list, markets="KRW-BTC")
    assert 1 <= sum(desk.clock.slept)


PENALTY = answer({"error": {"name": "rate_limit_exceeded_penalty"}}, 418)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [({"retry-after": "7"}, 7), ({}, LONG_BLOCK), ({"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, LONG_BLOCK)],
)
def test_while_the_exchange_blocks_us_nothing_is_sent_and_the_caller_is_told_for_how_long(
    headers: dict[str, str], seconds: float
) -> None:
    transport = ScriptedTransport(PENALTY._replace(headers=headers), answer([]))
    desk = Desk(transport)
    desk.call(Accounts.list)
    desk.clock.now += seconds - 1.5
    for operation, arguments in ((Accounts.list, {}), (Orders.create, NEW), (Orders.cancel, {"uuid": "a"})):
        refused = desk.call(operation, **arguments)
        error = status_error(refused)
        assert (418, "2") == (refused.status, refused.header("Retry-After"))
        assert isinstance(error, RateLimitPenaltyError)
        assert "the exchange takes nothing for another 1.5 s: nothing was sent" == error.message
    assert 1 == len(transport.requests)
    assert [] == desk.clock.slept
    assert 200 == desk.call(Tickers.list, markets="KRW-BTC").status
    desk.clock.now += 1.5
    assert 200 == desk.call(Accounts.list).status


def test_who_waits_when_a_block_begins_is_told_instead_of_sent() -> None:
    transport = ScriptedTransport(answer([]))
    desk = Desk(transport)
    for _ in range(30):
        desk.call(Accounts.list)
    waiting = desk.flow(Accounts.list)
    assert isinstance(next(waiting), Sleep)
    desk.terms.pace.penalty("order", 5.0, desk.clock())
    with pytest.raises(StopIteration) as end:
        waiting.send(None)
    assert 418 == end.value.value.status
    assert 30 == len(transport.requests)


@pytest.mark.parametrize(("headers", "seconds"), [({}, 1.02), ({"Retry-After": "5"}, 5)])
def test_after_too_many_requests_the_group_is_closed_and_no_other(headers: dict[str, str], seconds: float) -> None:
    desk = Desk(ScriptedTransport(answer([], 429, headers=headers), answer(ORDER, 201)))
    assert 429 == desk.call(Orders.create, **NEW).status
    desk.call(Accounts.list)
    assert [] == desk.clock.slept
    desk.call(Orders.create, **NEW)
    assert pytest.approx(seconds) == sum(desk.clock.slept)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "group=order; min=480; sec=11",
        "group=default",
        "group=default; min=x; sec=y",
        "\x00",
        "group=; min=1; sec=1",
    ],
)
def test_no_header_fails_a_call_or_slows_the_next(header: str) -> None:
    desk = Desk(ScriptedTransport(answer([], headers={"Remaining-Req": header})))
    for _ in range(2):
        assert 200 == desk.call(Accounts.list).status
    assert [] == desk.clock.slept


class BrokenStore:
    """Works a few times, then never again."""

    def __init__(self, times: int) -> None:
        self._times = times

    def marks(self, lane: str) -> Marks:
        if not self._times:
            raise APIConnectionError("the store is gone", sent=False)
        self._times -= 1
        return Marks()


@pytest.mark.parametrize("status", [201, 418, 429])
def test_a_limiter_that_cannot_be_told_takes_no_answer_away(status: int) -> None:
    pace = Pace(Lanes(nullcontext(), store=BrokenStore(1)))
    transport = ScriptedTransport(answer(ORDER, status, headers={"Remaining-Req": "group=order; min=480; sec=11"}))
    assert status == Desk(transport, pace=pace).call(Orders.create, **NEW).status


def test_nothing_leaves_without_the_limiter() -> None:
    transport = ScriptedTransport()
    with pytest.raises(APIConnectionError, match="the store is gone") as error:
        Desk(transport, pace=Pace(Lanes(nullcontext(), store=BrokenStore(0)))).call(Orders.create, **NEW)
    assert not error.value.sent
    assert [] == transport.requests


def test_a_cancel_leaves_before_fifty_queries_that_wait() -> None:
    desk = Desk(ScriptedTransport(answer([])))
    for _ in range(30):
        desk.call(Accounts.list)
    queries = [desk.flow(Accounts.list) for _ in range(50)]
    steps = [next(query) for query in queries]
    cancel = desk.flow(Orders.cancel, uuid="a")
    first = next(cancel)
    assert isinstance(first, Sleep)
    desk.clock.now += first.seconds
    assert all(isinstance(step, Sleep) for step in (*steps, *(query.send(None) for query in queries)))
    assert isinstance(cancel.send(None), Send)


def test_an_argument_that_cannot_be_written_sends_nothing() -> None:
    transport = ScriptedTransport()
    with pytest.raises(TypeError, match="give an amount as Decimal"):
        Desk(transport).call(Orders.create, **(NEW | {"volume": 0.01}))
    assert [] == transport.requests
