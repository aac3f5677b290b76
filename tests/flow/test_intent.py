"""An order's life, row by row: what is heard, what is sent upon it, and what is told in the end."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes import ORDER, FrozenClock, answer, authorizations
from upbit.api import Orders, Tickers, Withdraws
from upbit.api.operation import Operation
from upbit.errors import APIConnectionError, APIError, APITimeoutError, OrderOutcomeUnknown
from upbit.flow.call import Terms
from upbit.flow.intent import LONGEST_PREFIX, LOOKS, Note, ask, conduct, identifier, unnoted
from upbit.flow.pace import Lanes, Pace
from upbit.flow.result import value
from upbit.flow.steps import Timeout
from upbit.io.sync import run
from upbit.wire.message import Request, Response

NEW = {"market": "KRW-BTC", "side": "bid", "ord_type": "limit", "volume": "0.01", "price": "100.0"}
OLD, OTHER = "cdd92199-2897-4e14-9448-f923320408ad", "00000000-0000-4000-8000-000000000002"
Line = Response | APIConnectionError
ByVerb = Mapping[str, Line]


def error(status: int, name: str, **headers: str) -> Response:
    return answer({"error": {"name": name, "message": name}}, status, headers=headers)


CREATED = answer(ORDER, 201)
SHOWN = answer(ORDER | {"trades": list[str]()})
CANCELLED = answer(ORDER | {"state": "cancel"})
FILLED = answer(ORDER | {"state": "done"})
PLACED = answer(ORDER | {"uuid": OTHER})
REPLACED = answer(ORDER | {"new_order_uuid": OTHER, "new_order_identifier": "test-1"})
MISSING = error(404, "order_not_found")
POOR = error(400, "insufficient_funds_bid")
FORBIDDEN = error(401, "out_of_scope")
BURNT = error(400, "duplicated_identifier")
MANY = error(429, "too_many_requests")
MANY_TEXT = answer(b"Too many API requests.", 429)
BLOCKED = error(418, "rate_limit_exceeded_penalty", **{"Retry-After": "12"})
BUSY = error(503, "order_stabilization")
GATEWAY = answer(b"<html>504 Gateway Time-out</html>", 504)
NO_ROUTE = error(404, "not_found")
PAGE = answer(b"<html>403 Forbidden</html>", 403)
NUMBERED = answer({"name": 400, "message": "?"}, 400)
MOVED = answer(b"", 302)
TORN = answer(b'{"uuid": "cdd9', 201)
EMPTY = answer({}, 201)
UNSENT = APIConnectionError("nobody listens", sent=False)
LOST = APIConnectionError("the answer was lost")
LATE = APITimeoutError("no answer in time")


class Wire:
    """Answers with what stands in its script, the last line for ever; a line may depend on the verb."""

    def __init__(self, *script: Line | ByVerb) -> None:
        self._script = list(script)
        self.requests: list[Request] = []

    def send(self, request: Request, timeout: Timeout) -> Response:
        self.requests.append(request)
        line = self._script.pop(0) if len(self._script) > 1 else self._script[0]
        if isinstance(line, Mapping):
            line = line[request.verb]
        if isinstance(line, APIConnectionError):
            raise line
        return line


class Desk:
    """A client with a script, on a clock that stands still; it keeps what was noted, and how much was sent by then."""

    def __init__(self, *script: Line | ByVerb, **terms: Any) -> None:
        self.transport = Wire(*script)
        self.clock = FrozenClock()
        self.notes: list[tuple[str, int]] = []
        nonces = iter(range(1000))

        def sign(plain: str) -> str:
            return f"{next(nonces)} {plain}"

        names = iter(range(1, 1000))
        self.terms = Terms(
            pace=Pace(Lanes(nullcontext())),
            clock=self.clock,
            random=lambda: 0.5,
            sign=sign,
            headers={},
            timeout=(5.0, 10.0),
            max_retries=2,
            wall=lambda: 1_790_000_000.0,
            identifier=lambda: f"test-{next(names)}",
            order_deadline=60.0,
        )._replace(**terms)

    def note(self, step: str, detail: str) -> None:
        self.notes.append((step, len(self.transport.requests)))

    def conduct(self, operation: Operation[..., Any], arguments: dict[str, Any], note: Note | None = None) -> Response:
        flow = conduct(operation, operation.request(arguments), self.terms, note or self.note)
        return run(flow, self.transport, self.clock.sleep)

    def told(self, operation: Operation[..., Any], arguments: dict[str, Any]) -> str:
        """What comes of a call, in a word or two."""
        try:
            order = value(operation, self.conduct(operation, arguments))
        except APIError as failure:
            return f"{type(failure).__name__}: {getattr(failure, 'cause', failure)}"
        return " ".join(filter(None, (order.state, order.new_order_uuid and f"and {order.new_order_uuid}")))

    @property
    def sent(self) -> str:
        return "".join(request.verb[0] for request in self.transport.requests)

    @property
    def waited(self) -> float:
        return round(self.clock.now - 1000, 2)


class Row(NamedTuple):
    """What is heard, the last for ever; what is sent upon it, by first letters; the last step, what is told, when."""

    heard: list[Line | ByVerb]
    sent: str
    step: str
    told: str = "wait"
    after: float | None = None


POOR_TOLD = "InsufficientFundsError: 400 insufficient_funds_bid: insufficient_funds_bid"
BLOCKED_TOLD = "RateLimitPenaltyError: 418 rate_limit_exceeded_penalty: rate_limit_exceeded_penalty"
UNKNOWN = "OrderOutcomeUnknown"
PLACE = {
    "accepted": Row([CREATED], "P", "accepted", after=0),
    "accepted, and said with 200": Row([SHOWN], "P", "accepted"),
    "rejected": Row([POOR], "P", "rejected", POOR_TOLD, 0),
    "rejected for its name": Row(
        [BURNT], "P", "rejected", "DuplicatedIdentifierError: 400 duplicated_identifier: duplicated_identifier", 0
    ),
    "rejected for its key": Row([FORBIDDEN], "P", "rejected", "OutOfScopeError: 401 out_of_scope: out_of_scope"),
    "too many, then accepted": Row([MANY, MANY_TEXT, CREATED], "PPP", "accepted", after=3.06),
    "too many, then rejected": Row([MANY, POOR], "PP", "rejected", POOR_TOLD),
    "too many to the end": Row([MANY], "P{8}", "rejected", "RateLimitError: 429 too_many_requests: too_many_requests"),
    "blocked": Row([BLOCKED], "P", "rejected", BLOCKED_TOLD, 0),
    "never left, then accepted": Row([UNSENT, UNSENT, CREATED], "PPP", "accepted"),
    "never left at all": Row([UNSENT], "PPP", "rejected", "APIConnectionError: nobody listens"),
    "lost, and there": Row([LOST, SHOWN], "PG", "adopted", after=0.2),
    "late, and there at the third look": Row([LATE, MISSING, MISSING, SHOWN], "PGGG", "adopted", after=1.7),
    "a gateway's failure, and there": Row([GATEWAY, SHOWN], "PG", "adopted"),
    "the exchange's failure, and there": Row([BUSY, SHOWN], "PG", "adopted"),
    "a gateway that knows no path": Row([NO_ROUTE, SHOWN], "PG", "adopted"),
    "a gateway that forbids": Row([PAGE, SHOWN], "PG", "adopted"),
    "an error without a name": Row([NUMBERED, SHOWN], "PG", "adopted"),
    "sent elsewhere": Row([MOVED, SHOWN], "PG", "adopted"),
    "half an answer": Row([TORN, SHOWN], "PG", "adopted"),
    "an answer without an order": Row([EMPTY, SHOWN], "PG", "adopted"),
    "lost, not there, sent again": Row([LOST, *[MISSING] * 5, CREATED], "PGGGGGP", "accepted", after=8.7),
    "lost, not there, too many, sent again": Row([LOST, *[MISSING] * 5, MANY, CREATED], "PGGGGGPP", "accepted"),
    "lost, not there, rejected, not there": Row(
        [LOST, *[MISSING] * 5, POOR, *[MISSING] * 5], "PGGGGGPGGGGG", "rejected", POOR_TOLD, 17.4
    ),
    "lost, not there, rejected, but there": Row([LOST, *[MISSING] * 5, POOR, SHOWN], "PGGGGGPG", "adopted"),
    "lost, not there, its name used up, there": Row(
        [LOST, *[MISSING] * 5, BURNT, MISSING, SHOWN], "PGGGGGPGG", "adopted", after=9.4
    ),
    "lost, not there, its name used up, never there": Row(
        [LOST, {"GET": MISSING, "POST": BURNT}], "(PG{5}){6}(PG+)*", "lost", f"{UNKNOWN}: the answer was lost", 60
    ),
    "lost, not there, blocked, not there": Row(
        [LOST, *[MISSING] * 5, BLOCKED, *[MISSING] * 5], "PGGGGGPGGGGG", "rejected", BLOCKED_TOLD
    ),
    "lost, not there, lost again, there": Row([LOST, *[MISSING] * 5, LATE, SHOWN], "PGGGGGPG", "adopted"),
    "lost, not there, never left, there": Row([LOST, *[MISSING] * 5, *[UNSENT] * 3, SHOWN], "PGGGGGPPPG", "adopted"),
    "lost, and looks that say nothing": Row(
        [LOST, GATEWAY, NO_ROUTE, LATE, MANY, BLOCKED, TORN, FORBIDDEN, SHOWN], "PGGGGGGGG", "adopted"
    ),
    "looks that say nothing do not count": Row(
        [LOST, MISSING, *[LATE] * 4, *[MISSING] * 4, CREATED], "PGGGGGGGGGP", "accepted", after=28.7
    ),
    "lost, and unreachable to the end": Row([LOST], "PG{15}", "lost", f"{UNKNOWN}: the answer was lost", 58.7),
    "the exchange's failure to the end": Row(
        [{"GET": MISSING, "POST": BUSY}],
        "(PG{5}){6}(PG+)*",
        "lost",
        f"{UNKNOWN}: 503 order_stabilization: order_stabilization",
        60,
    ),
}
UUID = {"uuid": OLD}
CANCEL = {
    "accepted": Row([SHOWN], "D", "accepted", after=0),
    "rejected": Row([MISSING], "D", "rejected", "OrderNotFoundError: 404 order_not_found: order_not_found", 0),
    "too many, then accepted": Row([MANY, SHOWN], "DD", "accepted"),
    "too many to the end": Row([MANY], "D{8}", "rejected", "RateLimitError: 429 too_many_requests: too_many_requests"),
    "blocked": Row([BLOCKED], "D", "rejected", BLOCKED_TOLD, 0),
    "never left": Row([UNSENT], "DDD", "rejected", "APIConnectionError: nobody listens"),
    "lost, and cancelled": Row([LOST, CANCELLED], "DG", "adopted", "cancel", 0.2),
    "lost, and filled first": Row([GATEWAY, FILLED], "DG", "adopted", "done"),
    "lost, still open, sent again": Row([LOST, SHOWN, SHOWN], "DGD", "accepted", "wait"),
    "lost, not there, sent again": Row([LOST, MISSING, SHOWN], "DGD", "accepted", "wait"),
    "lost, open, gone, cancelled": Row([LOST, SHOWN, MISSING, MISSING, CANCELLED], "DGDGG", "adopted", "cancel", 1.7),
    "lost, open, gone, open, gone, cancelled": Row(
        [LOST, SHOWN, MISSING, SHOWN, MISSING, CANCELLED], "DGDGDG", "adopted", "cancel", 1.7
    ),
    "lost, never there": Row(
        [LOST, MISSING, MISSING, *[MISSING] * 5],
        "DGDGGGGG",
        "rejected",
        "OrderNotFoundError: 404 order_not_found: order_not_found",
    ),
    "lost, open, forbidden, open": Row(
        [LOST, SHOWN, FORBIDDEN, SHOWN], "DGDG", "rejected", "OutOfScopeError: 401 out_of_scope: out_of_scope"
    ),
    "lost, open, forbidden, not there": Row(
        [LOST, SHOWN, FORBIDDEN, MISSING], "DGDG", "rejected", "OutOfScopeError: 401 out_of_scope: out_of_scope"
    ),
    "lost, open, blocked, open": Row([LOST, SHOWN, BLOCKED, SHOWN], "DGDG", "rejected", BLOCKED_TOLD),
    "lost, open, blocked, cancelled": Row([LOST, SHOWN, BLOCKED, CANCELLED], "DGDG", "adopted", "cancel"),
    "lost, and unreachable to the end": Row([LOST], "DG{15}", "lost", f"{UNKNOWN}: the answer was lost", 58.7),
    "lost, and open to the end": Row([LOST, SHOWN] * 20, "(DG){16}", "lost", f"{UNKNOWN}: the answer was lost", 63.7),
}
CHANGE = {"prev_order_uuid": OLD, "new_ord_type": "limit", "new_price": "101", "new_volume": "1"}
REPLACE = {
    "accepted": Row([REPLACED], "P", "accepted", f"wait and {OTHER}", 0),
    "rejected": Row([MISSING], "P", "rejected", "OrderNotFoundError: 404 order_not_found: order_not_found", 0),
    "too many, then accepted": Row([MANY, REPLACED], "PP", "accepted", f"wait and {OTHER}"),
    "too many to the end": Row([MANY], "P{8}", "rejected", "RateLimitError: 429 too_many_requests: too_many_requests"),
    "blocked": Row([BLOCKED], "P", "rejected", BLOCKED_TOLD, 0),
    "never left": Row([UNSENT], "PPP", "rejected", "APIConnectionError: nobody listens"),
    "lost, the new one there": Row([LOST, PLACED, CANCELLED], "PGG", "adopted", f"cancel and {OTHER}", 0.4),
    "half an answer, the new one there later": Row(
        [TORN, MISSING, PLACED, CANCELLED], "PGGG", "adopted", f"cancel and {OTHER}"
    ),
    "lost, the old one filled first": Row([LOST, *[MISSING] * 5, FILLED], "PGGGGGG", "adopted", "done"),
    "lost, nothing replaced": Row(
        [LOST, *[MISSING] * 5, SHOWN], "PGGGGGG", "rejected", "APIConnectionError: the answer was lost", 8.9
    ),
    "a gateway's failure, nothing replaced": Row(
        [GATEWAY, *[MISSING] * 5, SHOWN],
        "PGGGGGG",
        "rejected",
        "InternalServerError: 504: <html>504 Gateway Time-out</html>",
    ),
    "lost, the old one gone, no new one": Row(
        [LOST, *[MISSING] * 5, CANCELLED], "PGGGGGG", "lost", f"{UNKNOWN}: the answer was lost"
    ),
    "lost, neither there": Row([LOST, MISSING], "PGGGGGG", "lost", f"{UNKNOWN}: the answer was lost"),
    "lost, and unreachable to the end": Row([LOST], "PG{17}", "lost", f"{UNKNOWN}: the answer was lost"),
    "lost, the new one unreachable, the old one open": Row(
        [LOST, *[LATE] * 15, SHOWN], "PG{16}", "lost", f"{UNKNOWN}: the answer was lost"
    ),
}
CALLS: dict[str, tuple[Operation[..., Any], dict[str, Any], dict[str, Row]]] = {
    "place": (Orders.create, NEW, PLACE),
    "cancel": (Orders.cancel, UUID, CANCEL),
    "replace": (Orders.cancel_and_new, CHANGE, REPLACE),
}
ROWS = [pytest.param(intent, row, id=f"{intent}: {row}") for intent, (_, _, rows) in CALLS.items() for row in rows]


@pytest.mark.parametrize(("intent", "row"), ROWS)
def test_what_is_heard_decides_what_is_sent_and_told(intent: str, row: str) -> None:
    operation, arguments, rows = CALLS[intent]
    heard, sent, step, told, after = rows[row]
    desk = Desk(*heard)
    assert told == desk.told(operation, arguments)
    assert re.fullmatch(sent, desk.sent), desk.sent
    assert step == desk.notes[-1][0]
    assert after is None or after == desk.waited


@pytest.mark.parametrize(("intent", "row"), ROWS)
def test_each_step_is_noted_before_it_is_taken(intent: str, row: str) -> None:
    operation, arguments, rows = CALLS[intent]
    desk = Desk(*rows[row].heard, max_retries=0)  # a repeat of what never left is no step of its own
    desk.told(operation, arguments)
    steps = {"G": "looking", "P": "sending", "D": "sending"}
    expected = [(steps[verb], number) for number, verb in enumerate(desk.sent)]
    noted = dict.fromkeys(note for note in desk.notes if note[0] in steps.values())  # in a block, looks do not leave
    assert expected == list(noted)
    assert len(desk.sent) == desk.notes[-1][1]
    assert desk.notes[-1][0] in ("accepted", "adopted", "rejected", "lost")


@pytest.mark.parametrize(("intent", "row"), ROWS)
def test_whatever_is_sent_again_is_the_same_under_a_fresh_signature(intent: str, row: str) -> None:
    operation, arguments, rows = CALLS[intent]
    desk = Desk(*rows[row].heard)
    desk.told(operation, arguments)
    sent = [request for request in desk.transport.requests if request.verb != "GET"]
    assert 1 == len({(request.path, request.query, request.body) for request in sent})
    tokens = authorizations(desk.transport.requests)
    assert len(tokens) == len(set(tokens))


@pytest.mark.parametrize("steps", range(1, 13))
def test_a_note_that_fails_stops_the_order_there(steps: int) -> None:
    desk = Desk(*PLACE["lost, not there, rejected, not there"].heard)

    class Full(Exception):
        pass

    def note(step: str, detail: str) -> None:
        if step in ("sending", "looking") and len(desk.sent) == steps - 1:
            raise Full

    with pytest.raises(Full):
        desk.conduct(Orders.create, NEW, note)
    assert steps - 1 == len(desk.sent)


def test_an_order_is_looked_up_by_its_identifier() -> None:
    desk = Desk(LOST, SHOWN)
    response = desk.conduct(Orders.create, NEW | {"identifier": "한 번/만"})
    posted, looked = desk.transport.requests
    assert "한 번/만" == json.loads(posted.body)["identifier"]
    assert ("GET", "/v1/order", "identifier=%ED%95%9C%20%EB%B2%88%2F%EB%A7%8C") == looked[:3]
    assert (201, SHOWN.body) == (response.status, response.body)


def test_an_order_that_was_found_is_answered_like_one_that_was_made() -> None:
    response = Desk(LOST, SHOWN).conduct(Orders.create, NEW)
    assert (201, "Created", SHOWN.body) == (response.status, response.reason, response.body)


def test_a_replacement_that_was_found_is_answered_like_one_that_was_told() -> None:
    desk = Desk(LOST, PLACED, CANCELLED)
    told = value(Orders.cancel_and_new, desk.conduct(Orders.cancel_and_new, CHANGE))
    assert ("cancel", OTHER, "test-1") == (told.state, told.new_order_uuid, told.new_order_identifier)


@pytest.mark.parametrize(
    ("heard", "why"),
    [
        (LOST, "the answer was lost"),
        (EMPTY, "the answer shows no order"),
        (answer(ORDER, 300), "300"),
        (BUSY, "order_stabilization"),
        (BURNT, "duplicated_identifier"),
    ],
)
def test_it_is_noted_why_an_outcome_is_unknown_and_what_became_of_it(heard: Line, why: str) -> None:
    notes = list[tuple[str, str]]()
    desk = Desk(LOST, SHOWN) if heard is LOST else Desk(heard, SHOWN)
    if heard is BURNT:
        desk = Desk(LOST, *[MISSING] * 5, BURNT, SHOWN)
    desk.conduct(Orders.create, NEW, lambda step, detail: notes.append((step, detail)))
    unknown = [detail for step, detail in notes if step == "unknown"][-1]
    assert why in unknown
    assert [("sending", "test-1"), ("adopted", "test-1")] == [notes[0], notes[-1]]
    assert {("looking", "identifier=test-1")} == {note for note in notes if note[0] == "looking"}


def test_an_answer_that_never_shows_an_order_is_the_cause_of_not_knowing() -> None:
    with pytest.raises(OrderOutcomeUnknown) as caught:
        Desk({"POST": EMPTY, "GET": GATEWAY}).conduct(Orders.create, NEW)
    assert "the answer shows no order" in str(caught.value.cause)


@pytest.mark.parametrize("deadline", [0.2, 0.7, 1.7, 3.7, 8.7])
def test_a_look_that_is_due_at_the_deadline_is_still_taken(deadline: float) -> None:
    desk = Desk({"POST": LOST, "GET": MISSING}, order_deadline=deadline)
    with pytest.raises(OrderOutcomeUnknown):
        desk.conduct(Orders.create, NEW)
    looks = [0.2, 0.7, 1.7, 3.7, 8.7].index(deadline) + 1
    assert ("P" + "G" * looks, deadline) == (desk.sent, desk.waited)


def test_a_cancel_is_looked_up_by_what_named_the_order() -> None:
    desk = Desk(LOST, CANCELLED)
    desk.conduct(Orders.cancel, {"identifier": "mine"})
    assert [("DELETE", "/v1/order", "identifier=mine"), ("GET", "/v1/order", "identifier=mine")] == [
        request[:3] for request in desk.transport.requests
    ]


@pytest.mark.parametrize(
    ("old", "query"),
    [({"prev_order_uuid": OLD}, f"uuid={OLD}"), ({"prev_order_identifier": "a b"}, "identifier=a%20b")],
)
def test_a_replacement_is_looked_up_by_its_new_name_and_its_old_order(old: dict[str, str], query: str) -> None:
    desk = Desk(LOST, PLACED, CANCELLED)
    desk.conduct(Orders.cancel_and_new, {"new_ord_type": "limit", "new_price": "101", "new_volume": "1"} | old)
    assert ["", "identifier=test-1", query] == [request.query for request in desk.transport.requests]


def test_an_identifier_is_added_only_where_there_is_none() -> None:
    desk = Desk(CREATED)
    for more in ({}, {"identifier": "mine"}, {"identifier": ""}):
        desk.conduct(Orders.create, NEW | more)
    desk.conduct(Orders.cancel_and_new, CHANGE)
    desk.conduct(Orders.cancel_and_new, CHANGE | {"new_identifier": "new"})
    bodies = [json.loads(request.body) for request in desk.transport.requests]
    assert [NEW | {"identifier": name} for name in ("test-1", "mine", "test-2")] == bodies[:3]
    assert [CHANGE | {"new_identifier": name} for name in ("test-3", "new")] == bodies[3:]


def test_who_does_not_know_the_outcome_is_told_the_name_and_why() -> None:
    for operation, arguments, name, market in (
        (Orders.create, NEW, "test-1", "KRW-BTC"),
        (Orders.cancel, UUID, f"uuid={OLD}", ""),
        (Orders.cancel_and_new, CHANGE, "test-1", ""),
    ):
        with pytest.raises(OrderOutcomeUnknown, match="Look it up") as caught:
            Desk(LATE).conduct(operation, arguments)
        assert (name, market, LATE) == (caught.value.identifier, caught.value.market, caught.value.cause)


@pytest.mark.parametrize("deadline", [0.0, 1.0, 8.7, 30.0])
def test_a_deadline_ends_the_search(deadline: float) -> None:
    silence: ByVerb = {"POST": LOST, "GET": MISSING}
    for heard in (LOST, silence):
        desk = Desk(heard, order_deadline=deadline)
        with pytest.raises(OrderOutcomeUnknown):
            desk.conduct(Orders.create, NEW)
        assert "G" in desk.sent
        assert desk.waited <= max(deadline, LOOKS[0]) + sum(LOOKS)


def test_a_block_ends_before_an_order_is_looked_up() -> None:
    desk = Desk(LOST, *[MISSING] * 5, BLOCKED, SHOWN)
    desk.conduct(Orders.create, NEW)
    assert "PGGGGGPG" == desk.sent
    assert desk.waited >= 8.7 + 12


def test_a_read_is_repeated_and_a_withdrawal_is_not() -> None:
    desk = Desk(LOST, answer([]))
    desk.conduct(Tickers.list, {"markets": ["KRW-BTC"]})
    assert ("GG", []) == (desk.sent, desk.notes)


WITHDRAWAL = {"currency": "BTC", "net_type": "BTC", "amount": "1", "address": "bc1"}


@pytest.mark.parametrize("failure", [LOST, LATE])
def test_what_is_never_repeated_says_that_it_may_have_happened(failure: APIConnectionError) -> None:
    desk = Desk(failure)
    with pytest.raises(type(failure), match=f"{failure}; withdraws.*may have been carried out.*look before") as caught:
        desk.conduct(Withdraws.create_withdrawal, WITHDRAWAL)
    assert ("P", True, failure) == (desk.sent, caught.value.sent, caught.value.__cause__)


def test_what_is_never_repeated_is_repeated_when_it_never_left() -> None:
    desk = Desk(UNSENT)
    with pytest.raises(APIConnectionError, match=r"^nobody listens$") as caught:
        desk.conduct(Withdraws.create_withdrawal, WITHDRAWAL)
    assert ("PPP", False) == (desk.sent, caught.value.sent)
    desk = Desk(CREATED)
    assert 201 == desk.conduct(Withdraws.create_withdrawal, WITHDRAWAL).status


@pytest.mark.parametrize("operation", [Orders.create, Orders.cancel_and_new])
def test_an_order_that_is_not_in_a_body_is_sent_as_it_is(operation: Operation[..., Any]) -> None:
    desk = Desk(LOST)
    request = Request("POST", operation.path, "market=KRW-BTC")
    with pytest.raises(APIConnectionError, match="may have been carried out"):
        run(conduct(operation, request, desk.terms), desk.transport, desk.clock.sleep)
    assert [request] == [sent._replace(headers={}) for sent in desk.transport.requests]


def test_a_flow_asks_for_a_typed_result() -> None:
    desk = Desk(LOST, SHOWN, POOR)
    order = run(ask(Orders.create, NEW, desk.terms, unnoted), desk.transport, desk.clock.sleep)
    assert OLD == order.uuid
    with pytest.raises(APIError, match="insufficient_funds_bid"):
        run(ask(Orders.create, NEW, desk.terms), desk.transport, desk.clock.sleep)


@given(
    times=st.lists(st.integers(0, 2**50 - 1), min_size=2, max_size=2, unique=True).map(sorted),
    chances=st.tuples(*[st.integers(0, 2**64 - 1)] * 2),
)
def test_names_sort_by_time_and_fit(times: list[int], chances: tuple[int, int]) -> None:
    earlier, later = (identifier("bot", moment, chance) for moment, chance in zip(times, chances, strict=True))
    assert earlier < later
    longest = identifier("x" * LONGEST_PREFIX, times[1], chances[1])
    assert len(longest) <= 64
    assert set(longest[LONGEST_PREFIX + 1 :]) <= set("0123456789abcdefghjkmnpqrstvwxyz")


@given(st.integers(0, 2**50 - 1), st.integers(0, 2**64 - 1))
def test_a_name_holds_the_time_and_the_chance(moment: int, chance: int) -> None:
    digits = identifier("bot", moment, chance).removeprefix("bot-")
    assert 23 == len(digits)
    number = 0
    for digit in digits:
        number = number << 5 | "0123456789abcdefghjkmnpqrstvwxyz".index(digit)
    assert (moment, chance) == (number >> 65, number & (2**65 - 1))


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1))
def test_two_chances_are_two_names(one: int, another: int) -> None:
    names = {identifier("bot", 1_790_000_000_000, chance) for chance in (one, another)}
    assert len({one, another}) == len(names)
