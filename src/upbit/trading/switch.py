"""The kill switch of an account: RUN, REDUCE (only orders that make a position smaller), or HALT.

It is a file, so that it stays across restarts and any process, or a person with an editor, can move it. No file: RUN.
A file whose first line is REDUCE or HALT says so; then come the time and the reason. Any other file, one that cannot
be read, and a missing folder are HALT: `touch` halts, taking the file away resumes. Files are put there whole and are
on disk when a call returns. It stops orders and cancels none; a trader does that.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Literal, NamedTuple, TypeAlias, cast, get_args

from ..errors import ConfigurationError, Halted
from ..io.private import add, make_folder, remove, replace

State: TypeAlias = Literal["RUN", "REDUCE", "HALT"]
Stop: TypeAlias = Literal["REDUCE", "HALT"]

SEVERITY: tuple[State, ...] = ("RUN", "REDUCE", "HALT")
LONGEST = 4096
"""Bytes that are read of a file."""


class Setting(NamedTuple):
    """Where the switch is, and why."""

    state: State
    reason: str = ""
    since: str = ""
    """ISO 8601, UTC; empty when nobody wrote it down."""


RUN = Setting("RUN")


class Switch:
    """The switch in a file. Reading it costs microseconds: the file is read again only when it has changed."""

    def __init__(self, path: str | Path, wall: Callable[[], float] = time.time) -> None:
        self.path = Path(path)
        self._wall = wall
        self._seen: tuple[tuple[int, ...], Setting] = (), RUN
        self._held = RUN
        """What is not in the file yet: it holds until it is, also when it cannot be written."""
        self._latest = RUN
        try:
            make_folder(self.path.parent)
        except OSError as error:
            raise ConfigurationError(f"there can be no switch at {self.path}: {error}") from None

    @property
    def setting(self) -> Setting:
        """Where the switch is now, and why."""
        told = self._told()
        held = self._held
        return held if SEVERITY.index(held.state) > SEVERITY.index(told.state) else told

    @property
    def state(self) -> State:
        """Where the switch is now."""
        return self.setting.state

    @property
    def reason(self) -> str:
        """Why it is there."""
        return self.setting.reason

    def admit(self, *, reduces: bool) -> None:
        """Raise Halted unless an order may leave; `reduces` says that it makes a position smaller."""
        setting = self.setting
        if setting.state == "HALT" or (setting.state == "REDUCE" and not reduces):
            raise Halted(setting.state, setting.reason)

    def set(self, state: str, reason: str) -> None:
        """Move the switch, for this process at once and for all others and those to come.

        When the file cannot be written OSError is raised, and REDUCE or HALT holds in this process.
        """
        if state not in get_args(State):
            raise ValueError(f"state {state!r} is none of {', '.join(get_args(State))}")
        setting = self._made(cast("State", state), reason)
        self._held = self._latest = setting
        try:
            while True:
                self._write(setting)
                if self._latest is setting:
                    break
                setting = self._latest  # a signal or another thread came between: what came last stays
        except OSError:
            self._held = setting
            raise
        if self._held is setting:
            self._held = RUN

    def trip(self, state: Stop, reason: str) -> None:
        """Move the switch if it is not as far already: REDUCE never takes the place of a HALT, whoever sets it when.

        When the file cannot be written OSError is raised, and the state holds in this process.
        """
        if state == "HALT":
            if self._told().state != "HALT" or not self.path.exists():
                self.set(state, reason)
            return
        setting = self._made(state, reason)
        if self._held.state != "HALT":
            self._held = setting
        add(self.path, _spelled(setting))
        if self._held is setting:
            self._held = RUN

    def heed(self, *signals: signal.Signals) -> None:
        """Halt when this process gets one of these signals. To be called in its main thread."""
        for one in signals:
            signal.signal(one, self._signalled)

    def _signalled(self, number: int, frame: FrameType | None) -> None:
        with suppress(OSError):  # it holds in this process all the same
            self.set("HALT", f"signal {signal.Signals(number).name}")

    def _made(self, state: State, reason: str) -> Setting:
        try:
            since = datetime.fromtimestamp(self._wall(), UTC).isoformat()
        except Exception:  # a clock that is broken stops no halt
            since = ""
        return Setting(state, " ".join(reason.split()), since)

    def _write(self, setting: Setting) -> None:
        if setting.state == "RUN":
            remove(self.path)
        else:
            replace(self.path, _spelled(setting))

    def _told(self) -> Setting:
        """What the file says."""
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return RUN if self.path.parent.is_dir() else Setting("HALT", f"the folder of {self.path} is gone")
        except OSError as error:
            return Setting("HALT", f"the switch cannot be read: {error}")
        mark = found.st_ino, found.st_mtime_ns, found.st_ctime_ns, found.st_size
        before, setting = self._seen
        if mark != before:
            setting = self._content()
            self._seen = mark, setting
        return setting

    def _content(self) -> Setting:
        try:
            with self.path.open("rb") as file:
                state, since, reason = (file.read(LONGEST).decode() + "\n\n\n").split("\n")[:3]
        except (OSError, UnicodeDecodeError) as error:
            return Setting("HALT", f"the switch cannot be read: {error}")
        match state.strip():
            case "REDUCE" | "HALT" as stop:
                return Setting(stop, reason, since)
            case _:
                return Setting("HALT", f"the switch is damaged: {self.path} begins with neither REDUCE nor HALT")


def _spelled(setting: Setting) -> bytes:
    return f"{setting.state}\n{setting.since}\n{setting.reason}\n".encode(errors="backslashreplace")
