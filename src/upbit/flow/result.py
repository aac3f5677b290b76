"""What a response means: the typed result of an operation, or the error it stands for.

Every error keeps the body it came in. A header that is missing never fails a call.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec

from ..api.operation import Operation, Reply
from ..errors import APIStatusError, ResponseError, error_class
from ..wire.message import Response
from ..wire.quota import read_remaining

T = TypeVar("T")


def value(operation: Operation[..., T], response: Response) -> T:
    """Read the result. Raises APIStatusError for an error answer, ResponseError for one that does not fit."""
    if not 200 <= response.status < 300:
        raise status_error(response)
    return typed(operation, response)


def typed(operation: Operation[..., T], response: Response) -> T:
    """Read a body as the operation declares it. Raises ResponseError, naming operation and field."""
    try:
        return operation.decoder.decode(response.body)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ResponseError(
            f"{operation.name}: the answer does not fit: {error}", response.status, response.body
        ) from None


def reply(operation: Operation[..., T], response: Response) -> Reply[T]:
    """Read the result, with what came along."""
    return Reply(value(operation, response), response, read_remaining(response.header("Remaining-Req")))


class Said(msgspec.Struct):
    """What an error answer says."""

    name: str | int | None = None
    message: str | None = None


class ErrorBody(Said):
    """An error answer: documented with `error` around it, seen without."""

    error: Said | str | None = None


_ERROR = msgspec.json.Decoder(ErrorBody)


def status_error(response: Response) -> APIStatusError:
    """Make the error that an answer stands for; a body in no known form becomes its message."""
    said: Said | str
    try:
        body = _ERROR.decode(response.body)
        said = body.error or body
    except (msgspec.MsgspecError, UnicodeDecodeError):
        said = response.body.decode(errors="replace")
    if isinstance(said, str):
        said = Said(None, said)
    kind = error_class(response.status, said.name)
    return kind(response.status, said.name, said.message or "", response.body, response.headers)
