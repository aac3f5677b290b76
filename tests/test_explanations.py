"""The tables of errors in the documents are what `upbit.explain` says, in both languages."""

from __future__ import annotations

from pathlib import Path
from shutil import copy

import pytest

from tools.explanations import PAGES, main
from tools.reference import DOCS
from upbit.errors import EXCHANGE_ERRORS
from upbit.explain import Language, explain
from upbit.explain.orders import RULES


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in PAGES:
        copy(DOCS / name, tmp_path)
    return tmp_path


def test_the_tables_are_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == main(["--check"]), capsys.readouterr().out


def test_a_table_that_differs_is_named_and_left_alone_until_it_is_written(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = folder / "errors.md"
    whole = path.read_text("utf-8")
    edited = whole.replace("| `nonce_used` |", "| `nonce` |")
    path.write_text(edited, "utf-8")
    assert 1 == main(["--check"], folder=folder)
    assert edited == path.read_text("utf-8")
    assert "the tables of errors.md are not what upbit.explain says: run `make docs`\n" == capsys.readouterr().out
    assert 0 == main([], folder=folder)
    assert whole == path.read_text("utf-8")


@pytest.mark.parametrize(("page", "lang"), PAGES.items())
def test_every_name_stands_with_its_class_cause_and_cure_and_every_rule_too(page: str, lang: Language) -> None:
    lines = (DOCS / page).read_text("utf-8").splitlines()
    for name, known in EXCHANGE_ERRORS.items():
        cause, cure = explain(name, lang)
        assert f"| `{name}` | `{known.error.__name__}` | {cause} | {cure} |" in lines
    for rule in RULES:
        cause, cure = explain(rule, lang)
        assert f"| `{rule}` | {cause} | {cure} |" in lines
    assert 7 == sum("` | `SocketError` | " in line for line in lines)
