"""What faults make of an answer: other statuses, other bodies, other JSON. Values in, values out; nothing is sent.

Texts of the exchange are as recorded or documented (upbit-api 5.4, 7.1); what stands before the exchange answers in
HTML of our own making, because how the real one does is unknown.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from email.utils import format_datetime, parsedate_to_datetime
from http import HTTPStatus
from typing import cast

from ..errors import EXCHANGE_ERRORS
from ..wire.message import Response
from ..wire.quota import Remaining
from .chaos import Rule

_ENUMS = frozenset(
    {"state", "ord_type", "side", "ask_bid", "change", "order_type", "type", "market_state", "transaction_type"}
)
"""Fields whose values the documents list."""
STRANGE = "paper_new_value"
"""A value that no document lists."""


# -- answers instead of the right one ----------------------------------------------------------------


def too_many_requests(rule: Rule, group: str) -> Response:
    """A 429 in the form that the rule asks for."""
    headers = {} if rule.form == "bare" else {"Remaining-Req": Remaining(group or "default", 0, 0).header()}
    if rule.form == "text":
        return _response(429, b"Too many API requests.", headers | {"Content-Type": "text/plain;charset=UTF-8"})
    if rule.form == "empty":
        return _response(429, b"", headers)
    return error(429, "too_many_requests", "", headers)


def penalty(milliseconds: int) -> Response:
    """A 418; how long it lasts stands in `Retry-After`, in whole seconds."""
    name = "rate_limit_exceeded_penalty"
    headers = {"Retry-After": str(-(-milliseconds // 1000))}
    return error(418, name, EXCHANGE_ERRORS[name].message, headers)


def gateway(status: int) -> Response:
    """What stands before the exchange says: in HTML; in JSON of a path that it does not know, and of a 500."""
    if status == 404:
        return error(404, "not_found", EXCHANGE_ERRORS["not_found"].message)
    if status == 500:
        return error(500, "internal_server_error", EXCHANGE_ERRORS["internal_server_error"].message)
    title = f"{status} {HTTPStatus(status).phrase}"
    page = f"<html>\r\n<head><title>{title}</title></head>\r\n<body><h1>{title}</h1></body>\r\n</html>\r\n"
    return _response(status, page.encode(), {"Content-Type": "text/html"})


def refused(rule: Rule) -> Response:
    """The exchange's refusal of the rule's name, or one of its own."""
    known = EXCHANGE_ERRORS.get(rule.name)
    if known is None:
        return error(rule.status, rule.name, rule.message or "")
    return error(known.status, rule.name, known.message if rule.message is None else rule.message)


def error(status: int, name: str, message: str, headers: Mapping[str, str] | None = None) -> Response:
    """An error answer of the usual form."""
    fields = {"name": name, "message": message} if message else {"name": name}
    body = json.dumps({"error": fields}, ensure_ascii=False, separators=(",", ":")).encode()
    return _response(status, body, {"Content-Type": "application/json;charset=UTF-8", **(headers or {})})


def _response(status: int, body: bytes, headers: Mapping[str, str]) -> Response:
    return Response(status, body, headers, HTTPStatus(status).phrase)


# -- the right one, changed --------------------------------------------------------------------------


def skewed(response: Response, milliseconds: int) -> Response:
    """The answer of a clock that is off."""
    shown = response.header("Date")
    if shown is None:
        return response
    off = parsedate_to_datetime(shown) + timedelta(milliseconds=milliseconds)
    return response._replace(headers={**response.headers, "Date": format_datetime(off, usegmt=True)})


def bad_gzip(response: Response) -> Response:
    """The answer compressed, and damaged behind its head."""
    headers = {name: value for name, value in response.headers.items() if name != "Vary"}
    packed = gzip.compress(response.body, mtime=0)
    return response._replace(
        body=packed[:10] + bytes(byte ^ 0xFF for byte in packed[10:]), headers={**headers, "Content-Encoding": "gzip"}
    )


def altered(body: bytes, rule: Rule) -> bytes:
    """The JSON of an answer or a frame, with a field that is new, null, of another type or of an unknown value.

    A body in which there is nothing to change stays as it is.
    """
    try:
        document: object = json.loads(body, parse_float=_Exact, parse_int=_Exact)
    except ValueError:
        return body
    for fields in _objects(document):
        if rule.effect == "unknown_field":
            fields[rule.field or "paper_unknown_field"] = {"since": "today"}
        else:
            for name in [rule.field] if rule.field else list(fields):
                if name in fields and _alter(fields, name, rule):
                    break
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"), default=str)
    return _unquoted(text).encode()


class _Exact(str):
    """A number, digit by digit as it was written."""

    __slots__ = ()

    def __new__(cls, digits: str) -> _Exact:
        return super().__new__(cls, f"{_MARK}{digits}{_MARK}")


_MARK = "\ue000"
"""Stands around numbers while their document is changed; a character that no exchange uses."""


def _unquoted(text: str) -> str:
    return text.replace(f'"{_MARK}', "").replace(f'{_MARK}"', "")


def _alter(fields: dict[str, object], name: str, rule: Rule) -> bool:
    """Change a field if it suits; say so."""
    value = fields[name]
    if rule.effect == "null_field":
        fields[name] = None
        return True
    if rule.effect == "new_enum":
        if isinstance(value, str) and (rule.field or name in _ENUMS):
            fields[name] = STRANGE
            return True
        return False
    if isinstance(value, _Exact):
        fields[name] = value.strip(_MARK)
        return True
    if isinstance(value, str) and _is_number(value):
        fields[name] = _Exact(value)
        return True
    return False


def _is_number(text: str) -> bool:
    try:
        return type(json.loads(text)) in (int, float)
    except ValueError:
        return False


def _objects(document: object) -> Iterator[dict[str, object]]:
    """The object that a document is, or the objects of its list."""
    if isinstance(document, dict):
        yield cast("dict[str, object]", document)
    elif isinstance(document, list):
        yield from (one for one in cast("list[object]", document) if isinstance(one, dict))
