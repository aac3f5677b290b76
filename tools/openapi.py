"""The OpenAPI document, written from the declarations: for people who work in other languages.

    python -m tools.openapi            write docs/openapi.json
    python -m tools.openapi --check    write nothing; 1 if the file is not what would be written

Everything in it is read from `upbit.api` and `upbit.models`; nothing is kept by hand. It says how today's protocol
travels: amounts of the exchange API as decimal text, those of the quotation API as JSON numbers, lists in a query as
`name[]=` or joined by commas. What OpenAPI has no words for stands in `x-` fields: the Korean title, the rate group,
the permission, whether a call may be repeated, and the known values of fields to which the exchange may add others.
"""

from __future__ import annotations

import argparse
import inspect
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import unified_diff
from pathlib import Path
from typing import Any, TypeAlias, Union, cast, get_args, get_origin

import msgspec
from msgspec import inspect as kinds

from upbit import __version__, errors, models
from upbit.api import NAMESPACES, OPERATIONS
from upbit.api.operation import Operation, Parameter
from upbit.paper.spelling import NUMBERS
from upbit.wire.quota import SPELLINGS, limits

from .reference import DOCS, PERMISSIONS, TITLE, fields, namespace_name, prose

Json: TypeAlias = dict[str, Any]

FILE = "openapi.json"
REFUSALS: Mapping[str, str] = {
    "400": "Something about the request is wrong.",
    "401": "The token is missing or wrong, or the key lacks a permission.",
    "403": "The token is good, the act is not allowed.",
    "404": "There is no such thing.",
    "418": "Blocked for a while after repeated 429s.",
    "429": "The limit of the rate group is used up.",
}
DECIMAL: Mapping[str, str] = {"type": "string", "format": "decimal", "pattern": r"^-?[0-9]+(\.[0-9]+)?$"}
PYTHON = re.compile(r"\bRaises `.*?(?=\n\n|\Z)|; `\w+` gives it as a datetime", re.DOTALL)
"""What a docstring says of our own errors and properties; the document names the exchange's errors."""
TOKEN = """A JWT in `Authorization: Bearer`, signed with HS512 or HS256 and the secret key as raw UTF-8. Payload:
`access_key`; `nonce`, a new UUID for every request; and, when the request has parameters, `query_hash`, the SHA-512 in
lower-case hexadecimal of the query string as it is sent but not percent-encoded, or of the pairs of the JSON body
written as `k=v&k=v` in their order, with `query_hash_alg` `SHA512`."""


def schema(kind: kinds.Type, *, numbers: bool = False) -> Json:
    """Say how a type travels; `numbers` says that its decimals are JSON numbers."""
    match kind:
        case kinds.StrType():
            return {"type": "string"}
        case kinds.BoolType():
            return {"type": "boolean"}
        case kinds.IntType():
            return {"type": "integer"}
        case kinds.DecimalType():
            return {"type": "number"} if numbers else dict(DECIMAL)
        case kinds.DateTimeType():
            return {"type": "string", "format": "date-time"}
        case kinds.LiteralType(values=values):
            return {"type": "string" if isinstance(values[0], str) else "integer", "enum": sorted(values)}
        case kinds.ListType(item_type=item):
            return {"type": "array", "items": schema(item, numbers=numbers)}
        case kinds.StructType(cls=struct):
            return {"$ref": f"#/components/schemas/{struct.__name__}"}
        case kinds.UnionType(types=types):
            return _either([schema(one, numbers=numbers) for one in types if not isinstance(one, kinds.NoneType)])
        case _:
            raise TypeError(f"{kind} has no schema")


def _either(options: Sequence[Json]) -> Json:
    """Join what a value may be; values of an enumeration beside any text are only the known ones."""
    if len(options) == 1:
        return options[0]
    known = [value for one in options for value in one.get("enum", ())]
    if {"type": "string"} in options:
        return {"type": "string", "x-known-values": known}
    return {"anyOf": list(options)}


def component(struct: type[msgspec.Struct]) -> Json:
    """Write a model down. Fields that may be missing may also be null."""
    said = {field.name: field.said for field in fields(struct)}
    info = cast("kinds.StructType", kinds.type_info(struct))
    properties: Json = {}
    for field in info.fields:
        written = schema(field.type, numbers=struct in NUMBERS)
        if not field.required and field.default is None:
            written = _nullable(written)
        if said[field.name]:
            written["description"] = plain(said[field.name])
        properties[field.encode_name] = written
    return {
        "type": "object",
        "description": plain(struct.__doc__),
        "properties": properties,
        "required": [field.encode_name for field in info.fields if field.required],
    }


def _nullable(written: Json) -> Json:
    if "type" not in written:
        return {"anyOf": [written, {"type": "null"}]}
    nullable = written | {"type": [written["type"], "null"]}
    return nullable | {"enum": [*written["enum"], None]} if "enum" in written else nullable


def plain(docstring: str | None) -> str:
    """A docstring without Python, and without its Korean title, which has a place of its own."""
    told = PYTHON.sub("", TITLE.sub("", inspect.cleandoc(docstring or ""), count=1))
    return re.sub(r"\bNone\b", "null", told)


def parameter_schema(parameter: Parameter) -> Json:
    """Say how one argument travels."""
    if parameter.form == "moment":
        return {"type": "string", "description": "A moment, as `2026-03-22T12:47:08Z`."}
    options = get_args(parameter.reads) if get_origin(parameter.reads) is Union else (parameter.reads,)
    return _either([schema(kinds.type_info(one)) for one in options])


def parameters(operation: Operation[..., Any]) -> Iterator[Json]:
    """Write the arguments that travel in path and query."""
    for one in operation.parameters:
        if one.where == "body":
            continue
        written: Json = {
            "name": f"{one.wire}[]" if one.form == "texts" else one.wire,
            "in": one.where,
            "required": one.required,
            "schema": parameter_schema(one),
        }
        if one.form in ("texts", "comma"):
            written |= {"style": "form", "explode": one.form == "texts"}
        yield written


def body(operation: Operation[..., Any]) -> Json:
    """Write the arguments that travel in a JSON body."""
    given = [one for one in operation.parameters if one.where == "body"]
    required = [one.wire for one in given if one.required]
    written: Json = {"type": "object", "properties": {one.wire: parameter_schema(one) for one in given}}
    if required:
        written["required"] = required
    return {"required": bool(required), "content": {"application/json": {"schema": written}}}


def described(operation: Operation[..., Any]) -> Json:
    """Write one operation."""
    said, _, more = plain(operation.__doc__).partition("\n")
    limit = limits()[operation.group]
    group: Json = {
        "name": operation.group,
        "header": SPELLINGS.get(operation.group, operation.group),
        "requests": limit.per_window,
        "seconds": limit.window,
        "counted-per": "IP address" if operation.needs is None else "pocket",
    }
    written: Json = {
        "operationId": operation.name.replace(".", "_"),
        "tags": [operation.name.partition(".")[0]],
        "summary": said,
        "x-title-ko": prose(operation.__doc__).title,
        "x-rate-group": group,
        "x-repeat": operation.repeat,
    }
    if more.strip():
        written["description"] = more.strip()
    named = {getattr(errors, one) for one in prose(operation.__doc__).errors}
    if names := [name for name, known in errors.EXCHANGE_ERRORS.items() if known.error in named]:
        written["x-errors"] = names
    if operation.deprecated:
        written |= {"deprecated": True, "x-deprecated-since": operation.deprecated}
    if operation.needs is None:
        written["security"] = []
    else:
        korean = PERMISSIONS.get(operation.needs)
        written["x-permission"] = {"name": operation.needs, "ko": korean} if korean else {"name": operation.needs}
    if found := list(parameters(operation)):
        written["parameters"] = found
    if any(one.where == "body" for one in operation.parameters):
        written["requestBody"] = body(operation)
    written["responses"] = responses(operation)
    return written


def responses(operation: Operation[..., Any]) -> Json:
    """Write what an operation answers."""
    headers = {"Remaining-Req": {"$ref": "#/components/headers/RemainingReq"}}
    success: Json = {
        "description": "Success.",
        "headers": headers,
        "content": {"application/json": {"schema": schema(kinds.type_info(operation.returns))}},
    }
    refused = [status for status in REFUSALS if operation.needs is not None or status not in ("401", "403")]
    return {str(operation.answers): success} | {
        status: {"$ref": f"#/components/responses/Refused{status}"} for status in refused
    }


def refused(status: str, meaning: str) -> Json:
    """Write an answer that refuses."""
    headers: Json = {"Remaining-Req": {"$ref": "#/components/headers/RemainingReq"}}
    if status == "418":
        headers["Retry-After"] = {"description": "Seconds until the block ends.", "schema": {"type": "integer"}}
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Refusal"}}}
    return {"description": meaning, "headers": headers, "content": content}


REFUSAL: Json = {
    "type": "object",
    "description": "Why the exchange refused.",
    "properties": {
        "error": {
            "type": "object",
            "properties": {
                "name": {
                    "type": ["string", "integer"],
                    "description": "The exchange API's name of the error; the status as a number in the quotation API.",
                },
                "message": {"type": "string", "description": "Mostly Korean; may be missing."},
            },
            "required": ["name"],
        }
    },
    "required": ["error"],
}
REMAINING: Json = {
    "description": "What is left of the rate group: `sec` in this second, 0 means wait; `min` is a constant.",
    "schema": {"type": "string", "pattern": "^group=[a-z-]+; min=[0-9]+; sec=[0-9]+$"},
}


def document() -> Json:
    """Write the whole document."""
    paths: dict[str, Json] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.verb.lower()] = described(operation)
    tags = [
        {
            "name": namespace_name(one),
            "description": plain(one.__doc__).partition(".")[0] + ".",
            "x-title-ko": prose(one.__doc__).title,
        }
        for one in NAMESPACES
    ]
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Upbit Open API",
            "version": __version__,
            "description": "Written from the declarations of upbit-client by `make docs`; not by the exchange.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "https://api.upbit.com"}],
        "security": [{"token": []}],
        "tags": tags,
        "paths": paths,
        "components": {
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": " ".join(TOKEN.split()),
                }
            },
            "headers": {"RemainingReq": REMAINING},
            "responses": {f"Refused{status}": refused(status, meaning) for status, meaning in REFUSALS.items()},
            "schemas": {"Refusal": REFUSAL} | {struct.__name__: component(struct) for struct in structs()},
        },
    }


def strict(written: Any) -> Any:
    """The document as the paper exchange is held to it: objects have no other fields, values are the known ones."""
    if isinstance(written, list):
        return [strict(one) for one in cast("list[object]", written)]
    if not isinstance(written, dict):
        return written
    held = {name: strict(one) for name, one in cast("Json", written).items()}
    if isinstance(held.get("properties"), dict) and "type" in held:
        held["additionalProperties"] = False
    if "x-known-values" in held:
        known = held.pop("x-known-values")
        held["enum"] = [*known, None] if "null" in held["type"] else known
    return held


SOCKETS = frozenset({"upbit.models.event", "upbit.models.indicator"})


def structs() -> Iterable[type[msgspec.Struct]]:
    """Every model that an operation can show, by name; what only a socket tells is no part of this document."""
    for name in models.__all__:
        value = getattr(models, name)
        if inspect.isclass(value) and issubclass(value, msgspec.Struct) and value.__module__ not in SOCKETS:
            yield value


def main(arguments: Sequence[str] | None = None, *, folder: Path = DOCS) -> int:
    """Write the document, or say whether it is as it would be written."""
    parser = argparse.ArgumentParser(prog="python -m tools.openapi", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing; 1 if the file differs")
    check = parser.parse_args(arguments).check
    path, wanted = folder / FILE, json.dumps(document(), ensure_ascii=False, indent=2) + "\n"
    if not check:
        path.write_text(wanted, "utf-8")
        return 0
    found = path.read_text("utf-8") if path.exists() else ""
    changes = list(unified_diff(found.splitlines(), wanted.splitlines(), FILE, "declarations", lineterm="", n=0))
    if changes:
        print("\n".join(changes[:20]))
        print(f"{FILE} is not what the declarations say: run `make docs`")
    return 1 if changes else 0


if __name__ == "__main__":
    raise SystemExit(main())
