"""An order's life from intent to known outcome: sent, looked up, sent again under the same identifier.

The exchange uses an identifier up with the first order that carries it. So however often a request is sent under one
identifier, at most one order comes of it. What follows upon which answer:

    201 and an order                         accepted
    an error of the exchange (4xx, JSON)     rejected; if an earlier try may have arrived, looked up first
    429                                      refused: the same is sent again when the limiter allows
    418                                      blocked: nothing is sent again, only asked once the block is over
    it never left this machine               the same is sent again
    anything else, or nothing                unknown: looked up after 0.2, 0.5, 1, 2 and 5 s; found: adopted;
                                             not there: the same is sent again; `duplicated_identifier`: looked up

`OrderOutcomeUnknown` is raised when there was neither an order nor a refusal of it until the deadline. Cancelling is
safe to repeat and is looked up afterwards (`cancel`); replacing is sent once and looked up (`replace`). Nothing here
waits, sends or keeps a journal; `note` is told of each step before it is taken, for whoever keeps one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple, TypeAlias, TypeGuard, TypeVar

import msgspec

from ..api import Orders
from ..api.operation import Operation
from ..errors import APIConnectionError, APIError, APIStatusError, OrderOutcomeUnknown, ResponseError
from ..wire.codec import escape
from ..wire.message import Request, Response
from .call import Rules, Terms, send
from .result import status_error, value
from .steps import Flow, Sleep

T = TypeVar("T")

LOOKS = (0.2, 0.5, 1.0, 2.0, 5.0)
"""Seconds before each look; when all found nothing, the same is sent again."""
CLOSED = ("done", "cancel")
ABSENT = "order_not_found"
"""What the exchange says of an order that it does not have, or no longer open."""
GATEWAY = "not_found"
"""What stands before the exchange says this; it does not know what became of a request (upbit-api 11)."""

Step: TypeAlias = Literal["sending", "unknown", "looking", "accepted", "adopted", "rejected", "lost"]
"""What happens to an intent: it is about to be sent or looked up, its outcome is not known, or what became of it."""
Note: TypeAlias = Callable[[Step, str], None]
"""Is told of a step before it is taken, with what is to be known about it."""

DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"
"""Base 32 without letters that look like digits; their order is that of their codes."""
LONGEST_PREFIX = 40
_PAIRS = tuple(one + other for one in DIGITS for other in DIGITS)


def identifier(prefix: str, milliseconds: int, chance: int) -> str:
    """Make an order's name of a program's prefix, the time and 64 random bits: names sort by time.

    The exchange takes at most 64 characters.
    """
    number = milliseconds << 65 | chance
    digits = "".join([_PAIRS[number >> place & 1023] for place in range(110, -1, -10)])
    return f"{prefix}-{digits[1:]}"  # 10 digits of time and 13 of chance


def unnoted(step: Step, detail: str) -> None:
    """Note nothing."""


def conduct(rules: Rules, request: Request, terms: Terms, note: Note = unnoted) -> Flow[Response]:
    """Send a request as its operation's way to repeat demands."""
    match rules.repeat:
        case "until_known" if request.body:  # a foreign document may put an order elsewhere: that is sent as it is
            return place(rules, request, terms, note)
        case "looked_up":
            return cancel(rules, request, terms, note)
        case "sent_once" if request.body:
            return replace(rules, request, terms, note)
        case "safe":
            return send(rules, request, terms)
        case _:
            return _once(rules, request, terms)


def ask(operation: Operation[..., T], arguments: Mapping[str, Any], terms: Terms, note: Note = unnoted) -> Flow[T]:
    """Call an operation, for its typed result. Raises what the typed voice raises."""
    response = yield from conduct(operation, operation.request(arguments), terms, note)
    return value(operation, response)


def place(rules: Rules, request: Request, terms: Terms, note: Note = unnoted) -> Flow[Response]:
    """Place an order; the answer of the exchange, or one made of the order found.

    It gets an identifier, if it has none. Raises OrderOutcomeUnknown, and APIConnectionError when nothing ever left
    this machine.
    """
    request, fields = _named(request, "identifier", terms)
    identifier, market = str(fields["identifier"]), str(fields.get("market", ""))
    end = terms.clock() + terms.order_deadline
    doubt: APIError | None = None  # why there may be an order that nobody told of
    while True:
        heard = yield from _send(rules, request, terms, end, note, identifier, doubted=doubt is not None)
        if isinstance(heard, Response):
            return heard
        answer, refusal = heard
        if refusal is None:
            doubt = _failure(answer)
        found = yield from _look(f"identifier={escape(identifier)}", terms, end, note)
        if isinstance(found, Response):
            note("adopted", identifier)
            return found._replace(status=201, reason="Created")
        if found == "absent" and refusal is not None and refusal.name != "duplicated_identifier":
            return _rejected(answer, note)
        if found == "unreachable" or terms.clock() >= end:
            raise _lost(identifier, market, doubt or _failure(answer), note)


def cancel(rules: Rules, request: Request, terms: Terms, note: Note = unnoted) -> Flow[Response]:
    """Cancel an order; the answer of the exchange, or the order as it was found once it was no longer open.

    Raises OrderOutcomeUnknown when the exchange cannot be asked, and APIConnectionError when nothing ever left.
    """
    end = terms.clock() + terms.order_deadline
    doubt: APIError | None = None  # why it may be cancelled already
    rounds = 0
    while True:
        heard = yield from _send(rules, request, terms, end, note, request.query, doubted=doubt is not None)
        if isinstance(heard, Response):
            return heard
        answer, refusal = heard
        if refusal is None:
            doubt = _failure(answer)
        gone = refusal is not None and refusal.name == ABSENT
        found = yield from _look(request.query, terms, end, note, misses=len(LOOKS) if gone else 1, first=rounds)
        if isinstance(found, Response) and _state(found) in CLOSED:
            note("adopted", request.query)
            return found
        if refusal is not None and (found == "absent" or (isinstance(found, Response) and not gone)):
            return _rejected(answer, note)
        if found == "unreachable" or terms.clock() >= end:
            raise _lost(request.query, "", doubt or _failure(answer), note)
        rounds += 1


def replace(rules: Rules, request: Request, terms: Terms, note: Note = unnoted) -> Flow[Response]:
    """Cancel an order and place a new one, in a request that is sent once.

    When its outcome is unknown both orders are looked up. With the new one there, or the old one filled first, the
    answer is made of what is found; with the old one open and no new one, the failure is given: nothing was replaced.
    Raises OrderOutcomeUnknown when they do not say it, and APIConnectionError when nothing was replaced or left here.
    """
    request, fields = _named(request, "new_identifier", terms)
    identifier = str(fields["new_identifier"])
    end = terms.clock() + terms.order_deadline
    heard = yield from _send(rules, request, terms, end, note, identifier)
    if isinstance(heard, Response):
        return heard
    new = yield from _look(f"identifier={escape(identifier)}", terms, end, note)
    uuid, name = str(fields.get("prev_order_uuid") or ""), str(fields.get("prev_order_identifier") or "")
    query = f"uuid={escape(uuid)}" if uuid else f"identifier={escape(name)}"
    old = yield from _look(query, terms, end, note, misses=1)
    if isinstance(old, Response):
        if new == "absent" and _state(old) not in CLOSED:
            return _rejected(heard.answer, note)
        if isinstance(new, Response) or (new == "absent" and _state(old) == "done"):
            told = msgspec.json.decode(old.body, type=dict[str, object])
            if isinstance(new, Response):
                placed = msgspec.json.decode(new.body, type=dict[str, object])
                told |= {"new_order_uuid": placed["uuid"], "new_order_identifier": identifier}
            note("adopted", identifier)
            return old._replace(body=msgspec.json.encode(told))
    raise _lost(identifier, "", _failure(heard.answer), note)


# -- one try, one look ---------------------------------------------------------------------------------


class _Unclear(NamedTuple):
    """What was heard of a request, when that does not say what became of it."""

    answer: Response | APIConnectionError
    refusal: APIStatusError | None
    """Of the exchange, to a request that was sent before."""


def _once(rules: Rules, request: Request, terms: Terms) -> Flow[Response]:
    """Send what is never repeated, and say so when it is not known what became of it."""
    try:
        response = yield from send(rules, request, terms)
    except APIConnectionError as error:
        if not error.sent:
            raise
        hint = f"{rules.name} may have been carried out all the same: look before it is sent again"
        raise type(error)(f"{error}; {hint}") from error
    return response


def _named(request: Request, field: str, terms: Terms) -> tuple[Request, Mapping[str, object]]:
    """Give a request an identifier in this field, if it has none; and say what its fields are."""
    fields = msgspec.json.decode(request.body, type=dict[str, object])
    if not fields.get(field):
        fields[field] = terms.identifier()
        request = Request(request.verb, request.path, request.query, msgspec.json.encode(fields), request.headers)
    return request, fields


def _try(rules: Rules, request: Request, terms: Terms) -> Flow[Response | APIConnectionError]:
    try:
        response = yield from send(rules, request, terms)
    except APIConnectionError as error:
        return error
    return response


def _send(
    rules: Rules, request: Request, terms: Terms, end: float, note: Note, name: str, *, doubted: bool = False
) -> Flow[Response | _Unclear]:
    """Send a request until the exchange has looked at it; its answer, when that says what became of it.

    When an earlier try may have arrived (`doubted`), a refusal of this one does not.
    """
    while True:
        note("sending", name)
        answer = yield from _try(rules, request, terms)
        if _accepted(answer):
            note("accepted", name)
            return answer
        if not _later(answer) or terms.clock() >= end:
            break
    refusal = _refusal(answer)
    if not doubted and (refusal is not None or _unsent(answer)):
        return _rejected(answer, note)
    note("unknown", str(refusal or _failure(answer)))
    return _Unclear(answer, refusal)


def _look(
    query: str, terms: Terms, end: float, note: Note, *, misses: int = len(LOOKS), first: int = 0
) -> Flow[Response | Literal["absent", "unreachable"]]:
    """Look an order up until it is there, or was not there so many times, or the time is over; once at least.

    The pauses begin with the `first`.
    """
    operation = Orders.retrieve
    request = Request(operation.verb, operation.path, query)
    once = terms._replace(max_retries=0)
    looks, missed = 0, 0
    while missed < misses:
        wait = LOOKS[min(first + looks, len(LOOKS) - 1)]
        if looks and terms.clock() + wait > end:
            break
        yield Sleep(wait)
        note("looking", query)
        answer = yield from _try(operation, request, once)
        if _accepted(answer):
            return answer
        refusal = _refusal(answer)
        missed += refusal is not None and refusal.name == ABSENT
        looks += 1
    return "absent" if missed else "unreachable"


def _rejected(answer: Response | APIConnectionError, note: Note) -> Response:
    note("rejected", str(_failure(answer)))
    if isinstance(answer, APIConnectionError):
        raise answer
    return answer


def _lost(name: str, market: str, cause: APIError, note: Note) -> OrderOutcomeUnknown:
    note("lost", str(cause))
    return OrderOutcomeUnknown(name, market, cause)


# -- what an answer says -------------------------------------------------------------------------------


def _accepted(answer: Response | APIConnectionError) -> TypeGuard[Response]:
    """Say whether an answer shows an order."""
    return isinstance(answer, Response) and 200 <= answer.status < 300 and _order(answer) is not None


class _Shown(msgspec.Struct):
    """What tells an order from anything else; whether all of it fits is for those to find out who read it."""

    uuid: str
    market: str
    state: str


_SHOWN = msgspec.json.Decoder(_Shown)


def _order(response: Response) -> _Shown | None:
    try:
        return _SHOWN.decode(response.body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


def _state(response: Response) -> str:
    order = _order(response)
    return order.state if order is not None else ""


def _later(answer: Response | APIConnectionError) -> bool:
    """Say whether the exchange did not look at the request because there were too many."""
    return isinstance(answer, Response) and answer.status == 429


def _unsent(answer: Response | APIConnectionError) -> bool:
    return isinstance(answer, APIConnectionError) and not answer.sent


def _refusal(answer: Response | APIConnectionError) -> APIStatusError | None:
    """Give the error with which the exchange itself, and nothing in between, refused a request."""
    if not isinstance(answer, Response) or not 400 <= answer.status < 500:
        return None
    error = status_error(answer)
    if answer.status in (418, 429):
        return error
    return error if isinstance(error.name, str) and error.name != GATEWAY else None


def _failure(answer: Response | APIConnectionError) -> APIError:
    """Say why it is not known what came of a request."""
    if isinstance(answer, APIConnectionError):
        return answer
    if answer.status >= 300:
        return status_error(answer)
    return ResponseError("the answer shows no order", answer.status, answer.body)
