"""The table is complete: every operation is served, can be asked for, and has a place in the words about it."""

from __future__ import annotations

import json
import re
from pathlib import Path

from upbit.api import OPERATIONS
from upbit.api.operation import Operation
from upbit.documented import Documented
from upbit.paper.desk import HANDLERS
from upbit.wire.quota import limits

ROOT = Path(__file__).parent.parent
CONTRACT = json.loads((ROOT / "tests" / "vectors" / "documented.json").read_text("utf-8"))


def test_every_operation_is_served() -> None:
    assert set(OPERATIONS) == set(HANDLERS)


def test_there_are_the_fifty_operations_of_today_and_two_older_ones() -> None:
    assert 52 == len(OPERATIONS)
    assert ["orderbooks.list_supported_levels", "orders.list"] == sorted(
        operation.name for operation in OPERATIONS if operation.deprecated
    )


def test_no_two_operations_share_a_path() -> None:
    routes = [(operation.verb, operation.path) for operation in OPERATIONS]
    assert len(routes) == len(set(routes))


def test_every_group_has_a_limit() -> None:
    assert {operation.group for operation in OPERATIONS} == set(limits()) - {"websocket"}


def test_what_needs_no_key_is_a_read() -> None:
    assert {"GET"} == {operation.verb for operation in OPERATIONS if operation.needs is None}


def test_only_reads_and_the_test_order_may_be_repeated() -> None:
    safe = {operation.name for operation in OPERATIONS if operation.repeat == "safe" and operation.verb != "GET"}
    assert {"orders.test_create"} == safe
    assert {"orders.create"} == {operation.name for operation in OPERATIONS if operation.repeat == "until_known"}


def operation_of(code: str) -> Operation[..., object]:
    from upbit import documented

    namespace, _, name = code.partition(".")
    member = vars(vars(documented)[namespace])[name]
    assert isinstance(member, Documented)
    return member.operation


def test_every_documented_operation_is_declared_with_its_verb_and_path() -> None:
    for entry in CONTRACT["operations"]:
        operation = operation_of(entry["code"])
        # The 2023 document prints POST for the list of withdrawal addresses; its mapper and the exchange say GET.
        verb = "GET" if entry["path"] == "/v1/withdraws/coin_addresses" else entry["method"]
        assert (verb, entry["path"]) == (operation.verb, operation.path)


def test_the_reference_names_every_operation() -> None:
    for page in ("reference.md", "reference.ko.md"):
        text = (ROOT / "docs" / page).read_text("utf-8")
        missing = [operation.name for operation in OPERATIONS if f"`{operation.name}`" not in text]
        assert [] == missing, page


def test_the_examples_call_only_what_is_declared() -> None:
    names = {name for operation in OPERATIONS for name in operation.names}
    for path in sorted((ROOT / "examples").glob("*.py")):
        called = re.findall(r"client\.(\w+)\.(\w+)\(", path.read_text("utf-8"))
        known = {group for operation in OPERATIONS for group in [operation.name.partition(".")[0]]}
        for group, name in called:
            if group in known:
                assert name in names, f"{path.name}: {group}.{name}"
