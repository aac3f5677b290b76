"""How one argument is written on the wire, and read back from it.

The annotation of a parameter says both what a caller may give and how it travels. Nothing here knows an operation.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NamedTuple, TypeAlias, Union, get_args, get_origin
from urllib.parse import quote

import msgspec


class Wire(NamedTuple):
    """How an argument travels, when its type alone does not say."""

    form: Literal["number", "comma", "texts", "moment"]
    reads: object = None
    """What the other side makes of it."""


Number: TypeAlias = Annotated[Decimal | int | str, Wire("number", Decimal)]
"""An amount or price: Decimal, int or decimal text. Travels as plain decimal text, never as `1e-05`."""
Markets: TypeAlias = Annotated[Sequence[str] | str, Wire("comma", list[str])]
"""One name or several; travels as one comma-joined text."""
Texts: TypeAlias = Annotated[Sequence[str], Wire("texts", list[str])]
"""Several texts; each travels as a pair of its own, `uuids[]=...`."""
Moment: TypeAlias = Annotated[datetime | str, Wire("moment", str)]
"""A moment: an aware datetime (travels as UTC, `2026-03-22T12:47:08Z`) or text in a form the exchange takes."""


LONGEST = 50
"""Digits before or after the point that an amount can have: `1e999999999` must not be written out."""


def plain(value: object) -> str:
    """Write one plain value: text as it is, booleans in lower case, integers in digits."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case _:
            return str(value)


def number(value: Decimal | int | str) -> str:
    """Write an amount as plain decimal text.

    Text that is no number passes as it is (`remain_only` is a legal volume). A float or boolean is refused: by the
    time it is here, nobody knows which amount was meant.
    """
    if isinstance(value, Decimal):
        amount = value
    elif isinstance(value, str):
        if "e" not in value and "E" not in value:
            return value
        try:
            amount = Decimal(value)
        except InvalidOperation:
            return value
    elif type(value) is int:
        return str(value)
    else:
        raise TypeError(f"{value!r} is a {type(value).__name__}: give an amount as Decimal, int or text, as '{value}'")
    if not amount.is_finite() or abs(amount.adjusted()) > LONGEST:
        raise ValueError(f"{value} is no amount: give a finite number of less than {LONGEST} digits")
    return f"{amount:f}"


def moment(value: datetime | str) -> str:
    """Write a moment; a datetime must be aware."""
    if isinstance(value, str):
        return value
    if value.tzinfo is None:
        raise ValueError(f"{value!r} has no time zone: give an aware datetime, as datetime(..., tzinfo=UTC)")
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def names(value: Sequence[str] | str) -> str:
    """Join names with commas; text may hold several already, with or without blanks after the comma."""
    if isinstance(value, str):
        return ",".join(part.strip() for part in value.split(",")) if "," in value else value
    return ",".join(value)


def escape(text: str) -> str:
    """Percent-encode one name or value of a query, leaving brackets, commas and colons as they are."""
    return text if text.isalnum() and text.isascii() else quote(text, safe="[]:,-_.~")


def read_plain(text: str, kind: Any) -> Any:
    """Read one value back. Raises ValueError when it does not fit."""
    if kind is bool:
        lowered = text.lower()
        if lowered not in ("true", "false"):
            raise ValueError(f"{text!r} is neither true nor false")
        return lowered == "true"
    options = _options(kind)
    if any(get_origin(option) is Literal and text in get_args(option) for option in options):
        return text
    try:
        value = msgspec.convert(text, Decimal if Decimal in options else kind, strict=False)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from None
    if isinstance(value, Decimal) and not (value.is_finite() and text.isascii()):
        raise ValueError(f"{text!r} is no amount")
    return value


def peel(annotation: Any) -> tuple[Any, Wire | None]:
    """Take `| None` and the `Wire` mark off an annotation: `Number | None` gives `Decimal` and its mark.

    Literals beside a mark stay: a volume may be `remain_only`.
    """
    options = _options(annotation)
    for option in options:
        if get_origin(option) is Annotated:
            for mark in get_args(option)[1:]:
                if isinstance(mark, Wire):
                    words = [other for other in options if get_origin(other) is Literal]
                    return Union[(mark.reads, *words)], mark
    if len(options) == 1:
        return options[0], None
    return Union[tuple(options)], None  # noqa: UP007 - built at run time


def _options(annotation: Any) -> list[Any]:
    if get_origin(annotation) in (Union, UnionType):
        return [option for option in get_args(annotation) if option is not NoneType]
    return [annotation]
