"""A terminal to type commands into, in this process."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from upbit.cli import main


class Said(NamedTuple):
    """What a command left behind."""

    code: object
    out: str
    err: str


class Terminal:
    """Runs commands at 80 columns and keeps what they print."""

    def __init__(self, capsys: pytest.CaptureFixture[str], environment: pytest.MonkeyPatch) -> None:
        self._capsys = capsys
        self._environment = environment
        self.set(COLUMNS="80", LC_ALL="en_US.UTF-8")

    def set(self, **variables: str) -> None:
        for name, value in variables.items():
            self._environment.setenv(name, value)

    def type(self, command: str) -> Said:
        with pytest.raises(SystemExit) as left:
            main(command.split())
        printed = self._capsys.readouterr()
        return Said(left.value.code, printed.out, printed.err)
