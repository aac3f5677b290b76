"""The package's own facts, and the question after a newer release asked of a named fake in place of an installer."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version

from upbit import pkginfo
from upbit.pkginfo import CURRENT_VERSION, Release, cache_file, check_release, run_program

NOON = 1_780_000_000.0
DAY = 86_400.0


def report(version: object) -> str:
    return json.dumps({"version": "1", "install": [{"metadata": {"name": "upbit-client", "version": version}}]})


class Installers:
    """Answers as pip and uv would, and keeps what it was asked."""

    def __init__(self, pip: str | None = None, uv: str | None = None) -> None:
        self.pip, self.uv = pip, uv
        self.asked: list[tuple[list[str], str]] = []

    def __call__(self, command: Sequence[str], text: str) -> str | None:
        self.asked.append((list(command), text))
        return self.uv if command[0] == "uv" else self.pip


class Clock:
    def __init__(self, now: float = NOON) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "not there yet" / "release.json"


# Facts


def test_the_version_is_one_line_that_the_build_can_read() -> None:
    lines = re.findall(r'^package_version = "(.+)"$', Path(pkginfo.__file__).read_text("utf-8"), re.MULTILINE)
    assert [CURRENT_VERSION] == lines
    assert "upbit-client" == pkginfo.PACKAGE_NAME
    assert re.fullmatch(r"\d+\.\d+\.\d+", pkginfo.OPEN_API_VERSION)


def test_importing_asks_nobody_and_loads_no_way_to_do_so() -> None:
    code = (
        "import sys, upbit.pkginfo; print([name for name in ('subprocess', 'socket', 'json') if name in sys.modules])"
    )
    assert "[]\n" == run_program([sys.executable, "-c", code], "")


# Asking


def test_pip_is_asked_what_it_would_install(cache: Path) -> None:
    installers = Installers(pip=report("2.1.0"))
    assert Release(CURRENT_VERSION, "2.1.0") == check_release(run=installers, now=Clock(), cache=cache)
    command = "-m pip install --dry-run --no-deps --ignore-installed -q --report - upbit-client"
    assert [([sys.executable, "-P", *command.split()], "")] == installers.asked


@pytest.mark.parametrize(
    "pip", [None, "", "No module named pip", "[]", "{}", '{"install": []}', '{"install": [{"metadata": 1}]}']
)
def test_uv_is_asked_where_pip_does_not_answer(pip: str | None, cache: Path) -> None:
    installers = Installers(pip=pip, uv="upbit-client==2.0.1\n")
    assert Release(CURRENT_VERSION, "2.0.1") == check_release(run=installers, now=Clock(), cache=cache)
    command, text = installers.asked[1]
    assert ["uv", "pip", "compile"] == command[:3]
    assert "upbit-client\n" == text


@pytest.mark.parametrize(
    ("pip", "uv"), [(None, None), (None, ""), (None, "other==1.0\n"), (report("newest"), None), (report(None), None)]
)
def test_none_is_the_answer_where_it_cannot_be_told(pip: str | None, uv: str | None, cache: Path) -> None:
    assert check_release(run=Installers(pip, uv), now=Clock(), cache=cache) is None
    assert not cache.exists(), "not knowing is not worth remembering"


# Remembering


def test_an_answer_is_believed_for_a_day(cache: Path) -> None:
    installers, clock = Installers(pip=report("2.1.0")), Clock()
    check_release(run=installers, now=clock, cache=cache)
    clock.now += DAY - 1
    assert Release(CURRENT_VERSION, "2.1.0") == check_release(run=installers, now=clock, cache=cache)
    assert 1 == len(installers.asked)
    clock.now += 1
    installers.pip = report("2.2.0")
    assert Release(CURRENT_VERSION, "2.2.0") == check_release(run=installers, now=clock, cache=cache)
    assert [cache] == list(cache.parent.iterdir()), "no half-written file is left behind"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff",
        b"[]",
        b"{}",
        b'{"latest": "2.1.0", "asked": "noon"}',
        b'{"latest": "newest", "asked": 1780000000}',
        b'{"latest": "9.9.9", "asked": 1780000001}',
    ],
)
def test_a_cache_that_is_damaged_or_from_the_future_is_asked_anew(content: bytes, cache: Path) -> None:
    cache.parent.mkdir()
    cache.write_bytes(content)
    installers = Installers(pip=report("2.1.0"))
    assert Release(CURRENT_VERSION, "2.1.0") == check_release(run=installers, now=Clock(), cache=cache)
    assert 1 == len(installers.asked)


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a file where a folder should be")
    release = check_release(run=Installers(pip=report("2.1.0")), now=Clock(), cache=tmp_path / "file" / "release.json")
    assert Release(CURRENT_VERSION, "2.1.0") == release


def test_the_latest_version_is_a_name_that_asks_when_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(tmp_path))
    check_release(run=Installers(pip=report("7.6.5")), now=time.time)
    assert "7.6.5" == pkginfo.LATEST_VERSION
    assert [tmp_path / "upbit-client" / "release.json"] == list(tmp_path.rglob("*.json"))


def test_a_name_that_is_none_is_an_ordinary_attribute_error() -> None:
    with pytest.raises(AttributeError, match=r"'upbit\.pkginfo' has no attribute 'RELEASED_VERSION'"):
        getattr(pkginfo, "RELEASED_VERSION")  # noqa: B009 - checkers know that it does not exist


@pytest.mark.parametrize(
    ("platform", "environ", "ends"),
    [
        ("linux", {"XDG_CACHE_HOME": "/c"}, "/c/upbit-client/release.json"),
        ("linux", {}, "/.cache/upbit-client/release.json"),
        ("linux", {"XDG_CACHE_HOME": ""}, "/.cache/upbit-client/release.json"),
        ("darwin", {}, "/Library/Caches/upbit-client/release.json"),
        ("win32", {"LOCALAPPDATA": "/l"}, "/l/upbit-client/release.json"),
        ("win32", {}, "/AppData/Local/upbit-client/release.json"),
    ],
)
def test_the_cache_lies_where_each_platform_keeps_such_files(platform: str, environ: dict[str, str], ends: str) -> None:
    assert cache_file(platform, environ).as_posix().endswith(ends)


# Running


def test_a_program_is_given_its_input_and_its_output_is_returned() -> None:
    assert "ABC" == run_program([sys.executable, "-c", "print(input().upper(), end='')"], "abc\n")


@pytest.mark.parametrize(
    "command",
    [
        ["upbit-client-no-such-program"],
        [sys.executable, "-c", "raise SystemExit(1)"],
        [sys.executable, "-c", "import time; time.sleep(60)"],
    ],
    ids=["missing", "failing", "too slow"],
)
def test_a_program_without_an_answer_gives_none(command: list[str]) -> None:
    assert run_program(command, "", timeout=0.5) is None


def test_a_file_in_the_working_directory_is_not_run_in_place_of_pip(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pip.py").write_text(f"print({report('6.6.6')!r})")
    monkeypatch.chdir(tmp_path)

    def run_without_index(command: Sequence[str], text: str) -> str | None:
        """Start pip just as asked, but with a question that needs no index."""
        return None if command[0] == "uv" else run_program([*command[: command.index("pip") + 1], "--version"], text)

    assert check_release(run=run_without_index, now=Clock(), cache=cache) is None


# Comparing


versions = st.tuples(
    st.lists(st.integers(0, 3).map(str), min_size=1, max_size=4).map(".".join),
    st.sampled_from(["", "a0", "a1", "b1", "rc1", "rc2"]),
    st.sampled_from(["", ".post0", ".post1"]),
    st.sampled_from(["", ".dev0", ".dev1"]),
).map("".join)


@given(versions, versions)
def test_versions_are_ordered_as_installers_order_them(current: str, latest: str) -> None:
    assert (Version(latest) > Version(current)) == Release(current, latest).newer


def test_the_released_client_of_2023_is_not_newer_than_this_one() -> None:
    assert not Release(CURRENT_VERSION, "1.3.4.1").newer
    assert Release(CURRENT_VERSION, "2.0.0").newer


def test_a_version_of_another_form_is_refused() -> None:
    with pytest.raises(ValueError, match="version 'newest' is not of the form"):
        assert Release(CURRENT_VERSION, "newest").newer
