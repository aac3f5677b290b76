"""The promises that concern the repository as a whole, read from its files.

A file counts if .gitignore does not name it or a folder above it; git itself is not asked, so that the suite also runs
from an unpacked archive.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# Modules of src/upbit past 400 lines, each with the reason why it is one thing.
LONG_MODULES: dict[str, str] = {}

# Written in pieces, so that this file holds none of them.
REGISTRY_HOSTS = [
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("debian", "org"),
        ("crates", "io"),
    )
]
MACHINE_PATH = re.compile(r"(?<![\w.-])/(?:" + "|".join(("root", "home", "Users", "work", "tmp/w")) + r")/\w")


def ignored() -> list[str]:
    lines = (ROOT / ".gitignore").read_text("utf-8").splitlines()
    return [".git", *(line.strip("/") for line in lines if line and not line.startswith("#"))]


def files(folder: Path, patterns: list[str]) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if any(fnmatch(path.name, pattern) for pattern in patterns):
            continue
        if path.is_dir():
            yield from files(path, patterns)
        else:
            yield path


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    """Every file of the repository: its path from the root -> its text."""
    return {
        path.relative_to(ROOT).as_posix(): path.read_text("utf-8", errors="replace") for path in files(ROOT, ignored())
    }


def versions(lock: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", lock, re.MULTILINE))


def test_no_file_names_the_host_of_a_package_registry(texts: dict[str, str]) -> None:
    assert [] == [(path, host) for path, text in texts.items() for host in REGISTRY_HOSTS if host in text]


def test_no_file_names_a_path_of_somebodys_machine(texts: dict[str, str]) -> None:
    assert [] == [(path, found[0]) for path, text in texts.items() for found in MACHINE_PATH.finditer(text)]


def test_long_modules_are_exactly_those_with_a_reason(texts: dict[str, str]) -> None:
    lines = {path: text.count("\n") for path, text in texts.items() if re.fullmatch(r"src/upbit/.+\.py", path)}
    assert set(LONG_MODULES) == {path for path, count in lines.items() if count > 400}


@pytest.mark.parametrize("name", ["core", "dev"])
def test_a_lock_holds_pinned_names_with_hashes_and_nothing_else(texts: dict[str, str], name: str) -> None:
    lock = texts[f"requirements/{name}.txt"]
    entry = r"[a-z0-9-]+==\S+( ; [^\\\n]+)?( \\\n    --hash=sha256:[0-9a-f]{64})+\n"
    assert re.fullmatch(f"({entry})+", lock)


def test_the_core_lock_holds_every_dependency_and_agrees_with_the_dev_lock(texts: dict[str, str]) -> None:
    core, dev = versions(texts["requirements/core.txt"]), versions(texts["requirements/dev.txt"])
    assert core.items() <= dev.items()
    dependencies = tomllib.loads(texts["pyproject.toml"])["project"]["dependencies"]
    assert {re.split("[><=]", one)[0] for one in dependencies} <= core.keys()


def test_dependencies_have_a_floor_and_no_ceiling(texts: dict[str, str]) -> None:
    dependencies = tomllib.loads(texts["pyproject.toml"])["project"]["dependencies"]
    assert [] == [one for one in dependencies if not re.fullmatch(r"[a-z0-9-]+>=[\d.]+", one)]


def test_every_make_target_has_a_line_of_help(texts: dict[str, str]) -> None:
    phony = re.findall(r"^\.PHONY: (.+)$", texts["Makefile"], re.MULTILINE)
    helped = re.findall(r"^([a-z]+):.*## \S", texts["Makefile"], re.MULTILINE)
    assert phony == [" ".join(helped)]


def test_ci_runs_make_check_and_nothing_else(texts: dict[str, str]) -> None:
    commands = [line for line in texts[".ci/run"].splitlines() if line and not line.startswith("#")]
    assert ['cd "$(dirname "$0")/.." && exec make check'] == commands


def test_the_package_says_that_it_is_typed(texts: dict[str, str]) -> None:
    assert "src/upbit/py.typed" in texts
