"""The way in: route, verify, permit, pace, answer. A `Request` goes in, a `Response` comes out; no socket, no waiting.

Every check that the exchange makes of a request before its own business stands here, in the exchange's order: is there
such a path, who asks, is the token good, may it do that, has it asked too often, can the parameters be read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from email.utils import formatdate
from hashlib import md5
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl
from zlib import crc32

from ..api import OPERATIONS
from ..api.operation import Operation
from ..errors import APIStatusError, quotation_refusal, refusal
from ..wire.message import Request, Response
from ..wire.token import body_pairs, plain_body, plain_query
from .access import verify
from .desk import HANDLERS
from .exchange import Caller, Exchange, Key, Records
from .spelling import Speller, error_body
from .turnstile import Passage, Turnstile

OLD_SPELLINGS: Mapping[str, str] = {
    "isDetails": "is_details",
    "daysAgo": "days_ago",
    "convertingPriceUnit": "converting_price_unit",
}
"""Parameters that the 2023 document calls by another name; both are read."""

_SHOWN: Mapping[str, str] = {"candles.list_days": "converting_price_unit"}
"""Operations with a parameter that makes a field appear even when it is null."""

_EXCHANGE_HEADERS = {
    "Content-Type": "application/json;charset=UTF-8",
    "Cache-Control": "no-cache, no-store, max-age=0, must-revalidate",
    "Vary": "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
}
_QUOTATION_HEADERS = {
    "Content-Type": "application/json;charset=UTF-8",
    "Cache-Control": "no-cache, no-store, max-age=0, must-revalidate",
    "Expires": "0",
    "Pragma": "no-cache",
    "Limit-By-Ip": "Yes",
    "Vary": "origin,access-control-request-method,access-control-request-headers,accept-encoding",
}


class Gate:
    """Answers requests on behalf of an exchange. `peer` is the caller's IP address."""

    def __init__(self, exchange: Exchange, *, limited: bool = True) -> None:
        self._exchange = exchange
        self.turnstile = Turnstile(exchange.profile, exchange.account, limited=limited)
        """Counts the requests; for whoever lets in by another way."""
        self._speller = Speller(exchange.profile)
        self._routes = [
            (operation, re.compile(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", operation.path))) for operation in OPERATIONS
        ]

    @property
    def exchange(self) -> Exchange:
        """The exchange behind."""
        return self._exchange

    def operation(self, request: Request) -> Operation[..., Any] | None:
        """What a request asks for; None when there is no such path."""
        found = self._route(request)
        return None if found is None else found[0]

    def handle(self, request: Request, peer: str = "127.0.0.1", past: Records | None = None) -> Response:
        """Answer one request. A read that lags behind sees the orders of the `past`."""
        now = self._exchange.advance()
        date = formatdate(now / 1000, usegmt=True)
        found = self._route(request)
        if found is None:
            body = error_body(refusal("not_found"), self._exchange.profile)
            return self._respond(404, body, {"Content-Type": "application/json", "Date": date})
        operation, in_path = found
        headers = dict(_QUOTATION_HEADERS if operation.needs is None else _EXCHANGE_HEADERS, Date=date)
        try:
            key = None if operation.needs is None else self._verify(request, operation, peer, now)
            passage = self._pace(operation, request, key, peer, now)
            headers.update(passage.headers)
            if passage.refusal is not None:
                raise refusal(passage.refusal)
            arguments = self._arguments(operation, in_path, request)
            status, body = self.perform(operation, key, arguments, now, past)
            if operation.repeat != "safe" and key is not None and self._exchange.journal is not None:
                texts = operation.texts(arguments)
                self._exchange.journal.note(operation.name, key.access_key, texts, crc32(body))
        except APIStatusError as error:
            status = self._exchange.profile.error_status(error.name, error.status_code)
            body = error_body(error, self._exchange.profile)
        if operation.needs is None:
            headers["ETag"] = f'W/"0{md5(body, usedforsecurity=False).hexdigest()}"'
        return self._respond(status, body, headers)

    def perform(
        self,
        operation: Operation[..., Any],
        key: Key | None,
        arguments: Mapping[str, Any],
        now: int,
        past: Records | None = None,
    ) -> tuple[int, bytes]:
        """Carry out an operation, unasked for a token: the status and the body of its answer. Raises its refusal."""
        shown = _SHOWN.get(operation.name) in arguments
        account = "" if key is None else key.account
        result = HANDLERS[operation](Caller(self._exchange, account, key, now, past), **arguments)
        body = self._speller.write(result, frozenset({"converted_trade_price"} if shown else ()))
        return self._exchange.profile.status(operation.answers, result), body

    def _route(self, request: Request) -> tuple[Operation[..., Any], dict[str, str]] | None:
        path = re.sub(r"/+", "/", request.path)
        path = path.rstrip("/") or "/"
        for operation, pattern in self._routes:
            matched = pattern.fullmatch(path) if operation.verb == request.verb else None
            if matched:
                return operation, matched.groupdict()
        return None

    # -- who asks --------------------------------------------------------------------------------

    def _verify(self, request: Request, operation: Operation[..., Any], peer: str, now: int) -> Key:
        authorization = request.headers.get("authorization", "")
        key = verify(self._exchange, authorization, peer, now, lambda: self._signed_texts(request))
        if operation.needs != "any" and operation.needs not in key.permissions:
            raise refusal("out_of_scope")
        return key

    def _signed_texts(self, request: Request) -> list[str]:
        """Say what the query hash may have been made over: the query, the body, or the same pairs in both.

        The documented recipe, and the official SDK, hash a space of the body as `+`; other clients hash the space.
        """
        try:
            body = plain_body(request.body, request.headers.get("content-type", "application/json"))
        except ValueError:
            raise refusal("validation_error", detail="the body cannot be read") from None
        return [plain_query(request.query), body, body.replace(" ", "+")]

    # -- how often -------------------------------------------------------------------------------

    def _pace(self, operation: Operation[..., Any], request: Request, key: Key | None, peer: str, now: int) -> Passage:
        group = "origin" if key is None and "origin" in request.headers else operation.group
        return self.turnstile.take(group, self.turnstile.scope(key, peer), now / 1000)

    # -- what is asked ---------------------------------------------------------------------------

    def _arguments(
        self, operation: Operation[..., Any], in_path: Mapping[str, str], request: Request
    ) -> dict[str, Any]:
        pairs = parse_qsl(request.query, keep_blank_values=True)
        if request.body and operation.needs is not None:
            pairs_of_body = body_pairs(request.body, request.headers.get("content-type", "application/json"))
            if operation.verb == "DELETE" and pairs:
                raise refusal("QUERY_PARAMETER_NOT_SUPPORTED")
            pairs = pairs_of_body or pairs
        try:
            return operation.arguments(in_path, _respelled(pairs))
        except KeyError as error:
            if operation.needs is None:
                message = "Missing request parameter error. Check the required parameters!"
                raise quotation_refusal(400, message) from None
            raise refusal("validation_error", detail=f"{error.args[0]} is missing") from None
        except ValueError as error:
            if operation.needs is None:
                raise quotation_refusal(400, "Type mismatch error. Check the parameters type!") from None
            raise refusal("validation_error", detail=f"{error.args[0]} does not have a valid value") from None

    # -- the answer ------------------------------------------------------------------------------

    def _respond(self, status: int, body: bytes, headers: Mapping[str, str]) -> Response:
        return Response(status, body, headers, HTTPStatus(status).phrase)


def _respelled(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(OLD_SPELLINGS.get(name, name), text) for name, text in pairs if text != ""]
