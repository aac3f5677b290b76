"""The list of checks as a whole: its order, its languages, and the pages that explain it."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from tests.loopback import closed_port
from upbit import checkup
from upbit.checkup import CHECKS, Visit, examine

DOCS = Path(__file__).parents[2] / "docs"
KOREAN = re.compile("[가-힣]")


def test_a_check_needs_only_what_was_looked_at_before() -> None:
    seen: set[str] = set()
    for check in CHECKS:
        assert seen.issuperset(check.needs), check.name
        seen.add(check.name)
    assert len(CHECKS) == len(seen)


def test_what_asks_or_signs_is_marked() -> None:
    for check in CHECKS:
        source = inspect.getsource(check.look)
        assert check.asks == bool(re.search(r"visit\.(ask|look)\(|spoken\(|use\(visit\)", source)), check.name


@pytest.mark.parametrize("page", ["doctor.md", "doctor.ko.md"])
def test_the_page_explains_every_check_in_its_order(page: str) -> None:
    text = (DOCS / page).read_text("utf-8")
    assert [check.name for check in CHECKS] == re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)


@pytest.mark.parametrize(("page", "language"), [("doctor.md", 0), ("doctor.ko.md", 1)])
def test_the_page_calls_every_check_as_the_doctor_does(page: str, language: int) -> None:
    text = (DOCS / page).read_text("utf-8")
    assert [check.title[language] for check in CHECKS] == re.findall(r"^\| `\w+` \| ([^|]+) \|", text, re.MULTILINE)


def test_what_is_wrong_is_said_in_both_languages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UPBIT_BASE_URL", closed_port())
    for check, finding in examine(Visit()):
        if finding.level in ("warning", "failure"):
            assert finding.cure is not None, check.name
            assert all(map(KOREAN.search, (finding.cause.korean, finding.cure.korean))), check.name
            assert not any(map(KOREAN.search, (finding.cause.english, finding.cure.english))), check.name


def test_its_names_are_public() -> None:
    assert all(hasattr(checkup, name) for name in checkup.__all__)
