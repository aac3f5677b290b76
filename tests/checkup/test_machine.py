from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from upbit.checkup import Visit
from upbit.checkup.machine import claimants, compared, dependencies, key_pair, name, python
from upbit.pkginfo import package_version

Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Lays a distribution where Python looks for them."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def lay(called: str, version: str, **files: str) -> None:
        folder = tmp_path / f"{called.replace('-', '_')}-{version}.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {called}\nVersion: {version}\n")
        for file, text in files.items():
            (folder / file.replace("__", ".")).write_text(text)

    return lay


def test_python_and_client_are_named() -> None:
    finding = python(Visit())
    assert "ok" == finding.level
    assert f"Python {sys.version.split()[0]}, upbit-client {package_version}" == finding.cause.english


def test_here_nothing_is_missing_and_nothing_else_has_the_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert ("ok", "ok") == (dependencies(Visit()).level, name(Visit()).level)


@pytest.mark.parametrize(
    ("wanted", "found", "level", "said"),
    [
        ({"aiohttp": "3.12"}, {"aiohttp": "3.12.1"}, "ok", "aiohttp 3.12.1"),
        ({"aiohttp": "3.12"}, {"aiohttp": "3.12"}, "ok", "aiohttp 3.12"),
        ({"aiohttp": "3.12"}, {"aiohttp": "4.0b1"}, "ok", "aiohttp 4.0b1"),
        ({"aiohttp": "3.12"}, {"aiohttp": "3.9"}, "failure", "missing or too old: aiohttp 3.9 < 3.12"),
        ({"aiohttp": "3.12", "rich": "13"}, {"aiohttp": None, "rich": "12.9"}, "failure", "aiohttp, rich 12.9 < 13"),
    ],
)
def test_versions_are_compared_by_their_numbers(
    wanted: Mapping[str, str], found: Mapping[str, str | None], level: str, said: str
) -> None:
    finding = compared(wanted, found)
    assert level == finding.level
    assert finding.cause.english.endswith(said)
    assert finding.cause.korean.endswith(said.removeprefix("missing or too old: "))


def test_what_is_needed_and_not_there_is_named(install: Install) -> None:
    needs = "Metadata-Version: 2.1\nName: needy\nVersion: 1\nRequires-Dist: aiohttp>=999\nRequires-Dist: nowhere>=1\n"
    install("needy", "1", METADATA=needs)
    finding = dependencies(Visit(), "needy")
    assert "failure" == finding.level
    assert finding.cause.english.startswith("missing or too old: nowhere, aiohttp ")


def test_what_runs_from_its_source_has_no_versions_to_compare() -> None:
    finding = dependencies(Visit(), "never-installed")
    assert "ok" == finding.level
    assert "is not installed" in finding.cause.english


@pytest.mark.parametrize(
    ("called", "version", "files"),
    [
        ("upbit-sdk", "1.1.0", {"RECORD": "upbit/__init__.py,,\nupbit/client.py,,\n"}),
        ("upbit-client", "1.3.4", {"RECORD": "upbit/client.py,,\n"}),
        ("upbit-client", "1.0.0", {"top_level__txt": "upbit\n"}),
    ],
)
def test_who_else_brings_a_package_of_this_name_is_named(
    install: Install, called: str, version: str, files: dict[str, str]
) -> None:
    install(called, version, **files)
    assert (called, version) in [(one.name, one.version) for one in claimants()]
    finding = name(Visit())
    assert "failure" == finding.level
    assert all(f"{called} {version}" in said for said in finding.cause)
    assert finding.cure is not None


def test_a_name_that_only_resembles_it_is_no_collision(
    install: Install, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    install("pyupbit", "0.2.34", RECORD="pyupbit/__init__.py,,\n", top_level__txt="pyupbit\n")
    monkeypatch.chdir(tmp_path)
    assert "ok" == name(Visit()).level


@pytest.mark.parametrize("shadow", ["upbit.py", "upbit/__init__.py"])
def test_a_file_that_hides_the_package_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, shadow: str) -> None:
    (tmp_path / shadow).parent.mkdir(exist_ok=True)
    (tmp_path / shadow).touch()
    monkeypatch.chdir(tmp_path)
    finding = name(Visit())
    assert "warning" == finding.level
    assert shadow in finding.cause.korean


def test_the_package_itself_hides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parents[2] / "src")
    assert "ok" == name(Visit()).level


def test_the_second_pair_of_variables_is_named_when_it_is_the_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UPBIT_OPEN_API_ACCESS_KEY", "a" * 40)
    monkeypatch.setenv("UPBIT_OPEN_API_SECRET_KEY", "b" * 40)
    assert "the key aaaaaaaa…, from UPBIT_OPEN_API_ACCESS_KEY" == key_pair(Visit()).cause.english
