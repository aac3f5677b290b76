"""The tool that changes code: what it changes, what it leaves alone, and that somebody answers for every part."""

from __future__ import annotations

import ast

import pytest

from tools.mutants import PARTS, ROOT, SOURCES, changes, main, mutants, places


def changed(source: str) -> list[str]:
    return [
        what for parent, field, index in places(ast.parse(source)) for what, _ in changes(_at(parent, field, index))
    ]


def _at(parent: ast.AST, field: str, index: int | None) -> ast.AST:
    value = getattr(parent, field)
    node = value if index is None else value[index]
    assert isinstance(node, ast.AST)
    return node


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x = a < b", ["Lt -> LtE"]),
        ("x = a + 1", ["Add -> Sub", "1 -> 2"]),
        ("x = a and not b", ["And -> Or", "not x -> x"]),
        ("if x:\n    y.go()", ["if x -> if not x", "without `y.go()`"]),
        ("def f():\n    return True", ["return x -> return None", "True -> False"]),
        ("x = 'name'", ["'name' -> 'namex'"]),
    ],
)
def test_operators_numbers_names_and_statements_are_changed(source: str, expected: list[str]) -> None:
    assert expected == changed(source)


@pytest.mark.parametrize(
    "source",
    [
        '"""A module."""',
        "from a import b",
        "def f(x: 'int | None') -> 'str': ...",
        "raise ValueError('a message')",
        "__slots__ = ('a',)",
        "x = f'{a} of 3'",
    ],
)
def test_what_people_and_checkers_read_is_left_alone(source: str) -> None:
    assert [] == changed(source)


@pytest.mark.parametrize("name", PARTS)
def test_each_part_has_tests(name: str) -> None:
    assert all((ROOT / test).exists() for test in PARTS[name].tests)
    assert all((SOURCES / "upbit" / file).exists() for file in PARTS[name].files)


def test_each_change_is_one_of_its_own_and_can_be_read() -> None:
    source = ast.unparse(ast.parse((SOURCES / "upbit" / "secret.py").read_text("utf-8")))
    found = list(mutants("secret.py"))
    assert len(found) == len({mutant.code for mutant in found} - {source})
    assert all(ast.parse(mutant.code) for mutant in found)


def test_a_part_that_does_not_exist_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["nobody"])
    assert "there is no nobody" in capsys.readouterr().err
