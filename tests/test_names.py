"""Names: one vocabulary, plain verbs and nouns, and a sentence with everything that is public."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from upbit import documented, models
from upbit.api import NAMESPACES, OPERATIONS
from upbit.api.operation import Operation
from upbit.documented import Documented

SRC = Path(__file__).parent.parent / "src" / "upbit"
FILES = sorted(SRC.rglob("*.py"))
FORBIDDEN = re.compile(r"(Manager|Helper|Utils?|^Base[A-Z])")

OFFICIAL = {
    "accounts": "list",
    "api_keys": "list",
    "wallet_status": "list",
    "trading_pairs": "list",
    "candles": "list_seconds list_minutes list_days list_weeks list_months list_years",
    "trades": "list",
    "tickers": "list_by_trading_pairs list_by_quote_currencies",
    "orderbooks": "list list_instruments list_supported_levels",
    "orders": "create test_create retrieve cancel cancel_and_new cancel_by_uuids cancel_open list_by_uuids list_open "
    "list_closed list retrieve_chance",
    "deposits": "retrieve list create_coin_address deposit_krw list_coin_addresses retrieve_chance "
    "retrieve_coin_address",
    "withdraws": "retrieve list create_withdrawal create_krw_withdrawal cancel_withdrawal list_coin_addresses "
    "retrieve_chance",
    "pockets": "list list_api_keys retrieve_balance transfer list_transfers universal_transfer "
    "list_universal_transfers",
    "travel_rule": "list_vasps verify_deposit_by_uuid verify_deposit_by_txid",
}
"""The names of the official SDK, and those of the two older operations."""


def test_operations_are_called_as_in_the_official_sdk() -> None:
    expected = {f"{group}.{name}" for group, names in OFFICIAL.items() for name in names.split()}
    assert expected == {operation.name for operation in OPERATIONS}


def documented_namespaces() -> list[type]:
    return [
        value
        for value in vars(documented).values()
        if inspect.isclass(value) and any(isinstance(member, Documented) for member in vars(value).values())
    ]


def test_documented_names_begin_with_their_group() -> None:
    for namespace in documented_namespaces():
        for name, member in vars(namespace).items():
            if isinstance(member, Documented):
                assert name.startswith(f"{namespace.__name__}_")


def test_every_operation_says_what_it_does_in_both_languages() -> None:
    for operation in OPERATIONS:
        first = (operation.__doc__ or "").partition("\n")[0]
        assert re.search(r"\([^)]*[가-힣][^)]*\)", first), f"{operation.name}: {first}"


def definitions(path: Path) -> Iterator[ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]:
    """What a file defines at its top and in its classes."""
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from (one for one in node.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SRC)))
def test_names_are_plain(path: Path) -> None:
    for node in definitions(path):
        assert not FORBIDDEN.search(node.name), node.name
        of_click = path.parent.name == "cli" and isinstance(node, ast.FunctionDef)  # click's own methods
        assert of_click or not node.name.startswith("get_"), node.name


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SRC)))
def test_everything_public_has_a_docstring(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    assert ast.get_docstring(tree), "the module"
    for node in definitions(path):
        overloaded = any(isinstance(one, ast.Name) and one.id == "overload" for one in node.decorator_list)
        if not node.name.startswith("_") and not overloaded:
            assert ast.get_docstring(node), node.name


def test_models_have_no_floats() -> None:
    for name in models.__all__:
        value = getattr(models, name)
        if inspect.isclass(value):
            hints = inspect.get_annotations(value, eval_str=False)
            assert not [field for field, hint in hints.items() if re.search(r"\bfloat\b", str(hint))], name


def test_namespaces_hold_nothing_but_operations() -> None:
    for namespace in NAMESPACES:
        public = [member for name, member in vars(namespace).items() if not name.startswith("_")]
        assert all(isinstance(member, Operation) for member in public), namespace.__name__
