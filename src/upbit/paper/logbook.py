"""What the exchange expects of whoever keeps it on disk. It does not know how that is done: `journal` does.

Nothing is kept here.
"""

from __future__ import annotations

from typing import Protocol


class Journal(Protocol):
    """Where what cannot be computed again is written down, so that a restart finds it."""

    def note(self, command: str, *arguments: object) -> None:
        """Note a command that was carried out just now: its name, and what JSON can write of its arguments."""
        ...

    def spend(self, nonce: bytes) -> None:
        """Note that a nonce is used up."""
        ...

    def commit(self) -> None:
        """Return when all that was noted is safe."""
        ...

    def freeze(self) -> None:
        """Make a snapshot, to be written with what is noted next."""
        ...
