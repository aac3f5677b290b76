"""What faults do to the disk under the log: it is full, it fails, or the process dies, at a point that has a name.

The store calls `Disk.point` where it writes; what is raised there it takes for SQLite's own failure.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from .chaos import DISK, Chaos, Moment


class Disk:
    """Meets faults on behalf of a store; `now` gives the time, `crash` ends the process and returns only in tests."""

    def __init__(self, chaos: Chaos, now: Callable[[], int], crash: Callable[[], None]) -> None:
        self._chaos = chaos
        self._now = now
        self._crash = crash

    def point(self, name: str) -> None:
        """Come to a point. Raises sqlite3.OperationalError when the disk is full or fails there."""
        for rule in self._chaos.choose(Moment(self._now(), point=name), DISK):
            if rule.effect == "crash":
                self._crash()
            else:
                full = rule.effect == "disk_full"
                raise sqlite3.OperationalError("database or disk is full" if full else "disk I/O error")
