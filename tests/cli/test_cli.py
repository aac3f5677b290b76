from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.cli.terminal import Terminal
from upbit.pkginfo import package_version


def test_the_version_is_that_of_the_package(terminal: Terminal) -> None:
    assert (0, f"upbit-client {package_version}\n", "") == terminal.type("--version")


def test_python_m_upbit_is_the_same_command() -> None:
    ran = subprocess.run([sys.executable, "-m", "upbit", "--version"], capture_output=True, text=True, timeout=60)
    assert (0, f"upbit-client {package_version}\n", "") == (ran.returncode, ran.stdout, ran.stderr)


@pytest.mark.parametrize(("locale", "beginning"), [("ko_KR.UTF-8", "사용법: "), ("en_US.UTF-8", "Usage: ")])
def test_the_locale_chooses_the_language(terminal: Terminal, locale: str, beginning: str) -> None:
    terminal.set(LC_ALL=locale)
    assert terminal.type("--help").out.startswith(beginning)


def test_an_unknown_language_is_refused(terminal: Terminal) -> None:
    said = terminal.type("--lang fr demo")
    assert 2 == said.code
    assert "--lang: 'fr' is not one of" in said.err


def test_a_terminal_without_korean_letters_still_shows_the_rest() -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    ran = subprocess.run(
        [sys.executable, "-m", "upbit", "--lang", "ko"], capture_output=True, text=True, timeout=60, env=environment
    )
    assert (0, "") == (ran.returncode, ran.stderr)
    assert "upbit-client demo" in ran.stdout
