"""What a check finds, said in both languages."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

from ..errors import UpbitError
from ..explain import explain

Level: TypeAlias = Literal["ok", "warning", "failure", "skipped"]
"""How it is; `skipped`: it could not be looked at."""


LONGEST = 200
"""Characters of what an error says itself."""


class Words(NamedTuple):
    """A text in both languages."""

    english: str
    korean: str


class Finding(NamedTuple):
    """What a check found."""

    level: Level
    cause: Words
    """What is the case."""
    cure: Words | None = None
    """What to do about it; None when nothing is to be done."""


def ok(english: str, korean: str) -> Finding:
    """Find that all is well."""
    return Finding("ok", Words(english, korean))


def skipped(english: str, korean: str) -> Finding:
    """Say why nothing could be found."""
    return Finding("skipped", Words(english, korean))


def warning(cause: Words, cure: Words) -> Finding:
    """Find what may become trouble, or is missing for some uses."""
    return Finding("warning", cause, cure)


def failure(cause: Words, cure: Words) -> Finding:
    """Find what does not work."""
    return Finding("failure", cause, cure)


def refused(error: UpbitError) -> Finding:
    """Find what an error tells, in its own words, too."""
    english, korean = explain(error, "en"), explain(error, "ko")
    own = " ".join(str(error).split())[:LONGEST]
    return failure(
        Words(f"{english.cause} ({own})", f"{korean.cause}({own})"),
        Words(english.cure, korean.cure),
    )
