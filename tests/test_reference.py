"""The reference pages are what the declarations say, in both languages."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import pytest

from tools.reference import DOCS, ENGLISH, KOREAN, PERMISSIONS, Words, main, page
from upbit import errors, models
from upbit.api import OPERATIONS
from upbit.api.operation import Operation
from upbit.documented import NAMESPACES, Documented

PAGES = [pytest.param(ENGLISH, id="english"), pytest.param(KOREAN, id="korean")]


def section(words: Words, operation: Operation[..., Any]) -> str:
    text = (DOCS / words.page).read_text("utf-8")
    _, found, rest = text.partition(f"### `{operation.name}`\n")
    assert found, operation.name
    return re.split(r"^##", rest, maxsplit=1, flags=re.MULTILINE)[0]


def anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    named = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    return named | set(re.findall(r'<a id="([\w-]+)">', text))


def test_the_pages_are_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == main(["--check"]), capsys.readouterr().out


def test_a_page_that_differs_is_named_and_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == main([], folder=tmp_path)
    path = tmp_path / "reference.ko.md"
    path.write_text(path.read_text("utf-8").replace("주문 생성", "주문하기"), "utf-8")
    edited = path.read_text("utf-8")
    assert 1 == main(["--check"], folder=tmp_path)
    assert edited == path.read_text("utf-8")
    said = capsys.readouterr().out
    assert "reference.ko.md is not what the declarations say" in said
    assert "reference.md is not" not in said


@pytest.mark.parametrize("words", PAGES)
def test_every_operation_has_its_verb_path_group_permission_and_repeat_class(words: Words) -> None:
    for operation in OPERATIONS:
        said = section(words, operation)
        assert f"`{operation.verb} {operation.path}` -> {operation.answers}\n" in said
        assert f"`{operation.group}`" in said
        assert words.repeat[operation.repeat] in said
        if operation.needs is None:
            assert words.no_key in said
        elif operation.needs == "any":
            assert words.any_key in said
        else:
            assert f"`{operation.needs}` ({PERMISSIONS[operation.needs]})" in said
        assert (operation.deprecated is not None) == (words.deprecated in said)


@pytest.mark.parametrize("words", PAGES)
def test_every_operation_has_its_parameters_result_and_errors(words: Words) -> None:
    for operation in OPERATIONS:
        said = section(words, operation)
        rows = re.findall(r"^\| `(\w+)`( \(\S+\))? \| `", said, re.MULTILINE)
        assert [(one.name, one.required) for one in operation.parameters] == [(name, bool(mark)) for name, mark in rows]
        assert re.search(rf"^- {words.result}: .*\[`\w+`\]\(#\w+\)(의 리스트)?$", said, re.MULTILINE)
        assert f"- {words.errors}: " in said
        assert ("`AuthenticationError`" in said) == (operation.needs is not None)
        for error in re.findall(r"`(\w+Error)`", operation.__doc__ or ""):
            assert f"`{error}`" in said


@pytest.mark.parametrize("words", PAGES)
def test_every_operation_has_its_korean_title(words: Words) -> None:
    titles = {
        "candles.list_seconds": "초(Second) 캔들 조회",
        "orders.cancel_by_uuids": "id로 주문 목록 취소 접수",
        "orders.create": "주문 생성",
        "withdraws.create_krw_withdrawal": "원화 출금 요청",
    }
    for operation in OPERATIONS:
        first = section(words, operation).lstrip().partition("\n")[0]
        assert titles.get(operation.name, "") in first
        assert re.search("[가-힣]", first), operation.name


@pytest.mark.parametrize("words", PAGES)
def test_documented_names_stand_with_their_operation(words: Words) -> None:
    for namespace in NAMESPACES:
        for name, member in vars(namespace).items():
            if isinstance(member, Documented):
                assert f"`{namespace.__name__}.{name}`" in section(words, member.operation)


@pytest.mark.parametrize("name", ["errors.md", "errors.ko.md"])
def test_the_page_of_errors_names_every_error(name: str) -> None:
    text = (DOCS / name).read_text("utf-8")
    raised = [one.__name__ for one in vars(errors).values() if inspect.isclass(one) and issubclass(one, Exception)]
    assert [] == [one for one in raised if f"`{one}`" not in text and f"`upbit.{one}`" not in text]


def test_a_choice_shows_its_values_and_a_list_the_name_it_travels_under() -> None:
    table = {operation.name: section(ENGLISH, operation) for operation in OPERATIONS}
    assert '| `side` (required) | `"ask"`, `"bid"` | JSON body |' in table["orders.create"]
    assert "| `uuids` | `Texts` | query: `uuids[]` |" in table["orders.list_by_uuids"]
    assert "| `from_` | `str` | query: `from` |" in table["deposits.list"]
    assert '| `new_volume` | `Number`, `"remain_only"` | JSON body |' in table["orders.cancel_and_new"]


@pytest.mark.parametrize("words", PAGES)
def test_every_result_lists_its_fields(words: Words) -> None:
    text = page(words)
    for name in ("Order", "Candle", "Account"):
        body = re.split(r"^##", text.partition(f"### `{name}`\n")[2], maxsplit=1, flags=re.MULTILINE)[0]
        assert list(getattr(models, name).__struct_fields__) == re.findall(r"^\| `(\w+)` \|", body, re.MULTILINE)


@pytest.mark.parametrize("words", PAGES)
def test_every_link_leads_somewhere(words: Words) -> None:
    for target in set(re.findall(r"\]\(([^)]+)\)", page(words))):
        path, _, anchor = target.partition("#")
        file = DOCS / (path or words.page)
        assert file.exists(), target
        assert not anchor or anchor in anchors(file.read_text("utf-8")), target
