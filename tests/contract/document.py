"""The 2023 document as data: what it lists, and whether an answer is as it says."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

DOCUMENT: Mapping[str, Any] = json.loads(
    (Path(__file__).parents[1] / "vectors" / "documented.json").read_text(encoding="utf-8")
)
OPERATIONS: Mapping[str, Mapping[str, Any]] = {one["code"]: one for one in DOCUMENT["operations"]}
ERRORS: Mapping[str, int] = {one["name"]: one["status"] for one in DOCUMENT["errors"]}

UNDOCUMENTED: Mapping[str, frozenset[str]] = {
    "Order.Order_info": frozenset({"trades_count", "identifier", "time_in_force"}),
    "Order.Order_info_all": frozenset({"trades_count"}),
    "Order.Order_new": frozenset({"trades_count"}),
    "Order.Order_cancel": frozenset({"trades_count"}),
    "Order.Order_chance": frozenset({"market.bid_types", "market.ask_types"}),
}
"""Fields served though no table lists them: the examples say trades_count, and bid_types is there since 2022-10."""

PARAMETERS = frozenset((code, one["name"]) for code, operation in OPERATIONS.items() for one in operation["request"])


def kind(value: object) -> str:
    """What JSON calls the type of a value."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"


def paths(value: object, prefix: str = "") -> Iterator[tuple[str, object]]:
    """Every field of a result with its documented path, those of lists as often as they stand there."""
    match value:
        case dict():
            for name, field in value.items():
                yield f"{prefix}{name}", field
                yield from paths(field, f"{prefix}{name}.")
        case list():
            for one in value:
                yield from paths(one, prefix)
        case _:
            return


def faults(code: str, response: int, result: object) -> list[str]:
    """What about a result is not as documented (nothing, ever)."""
    operation = OPERATIONS[code]
    found: list[str] = []
    lists = {"array"} if operation["list"] else {"object"}
    if operation.get("list_also"):
        lists.add("array")
    if kind(result) not in lists:
        found.append(f"the result is {kind(result)}")
    values: dict[str, list[object]] = {}
    for path, value in paths(result):
        values.setdefault(path, []).append(value)
    for field in operation["responses"][response]:
        name = field["name"]
        for spelling in (name, field.get("alias", name)):
            if spelling not in values:
                found.append(f"{spelling} is missing")
        for value in values.get(name, []):
            if kind(value) not in field["types"]:
                found.append(f"{name} is {kind(value)} and not {' or '.join(field['types'])}: {value!r}")
    known = {field["name"] for field in operation["responses"][response]} | UNDOCUMENTED.get(code, frozenset())
    found += [f"{path} is not documented" for path in values if path not in known]
    return found
