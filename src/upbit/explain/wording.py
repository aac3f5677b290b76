"""What a text is: a cause and its cure in two languages, with places for details.

A place is written `{price}`, or `{price:은는}` where a Korean particle depends on how the detail sounds.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from string import Formatter
from typing import Literal, NamedTuple, TypeAlias

Language: TypeAlias = Literal["en", "ko"]

_CLOSED = frozenset("013678")
"""Digits whose Korean names end in a consonant; so do those of ten, hundred, thousand and so on."""


class Explanation(NamedTuple):
    """Why something went wrong, and what to do about it."""

    cause: str
    cure: str

    def __str__(self) -> str:
        return f"{self.cause}: {self.cure}"


class Wording(NamedTuple):
    """An explanation in both languages."""

    en: Explanation
    ko: Explanation

    @property
    def places(self) -> frozenset[str]:
        """The details it needs."""
        texts = "".join((*self.en, *self.ko))
        return frozenset(name for _, name, _, _ in Formatter().parse(texts) if name)

    def filled(self, lang: Language, details: Mapping[str, object]) -> Explanation:
        """Put the details in."""
        shown = {name: _Shown(spelled(detail)) for name, detail in details.items()}
        cause, cure = self.ko if lang == "ko" else self.en
        return Explanation(cause.format_map(shown), cure.format_map(shown))


def said(cause: str, cure: str, korean_cause: str, korean_cure: str) -> Wording:
    """Write a wording down."""
    return Wording(Explanation(cause, cure), Explanation(korean_cause, korean_cure))


def spelled(detail: object) -> str:
    """Write a detail: amounts in digits without idle zeros, the rest as it is."""
    if isinstance(detail, Decimal):
        text = f"{detail:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    return str(detail)


class _Shown(str):
    """A detail in a text."""

    __slots__ = ()

    def __format__(self, particles: str) -> str:
        if not particles:
            return str(self)
        closed, open_ = particles[0], particles[1]
        last = self[-1:]
        if "가" <= last <= "힣":
            return f"{self}{closed if (ord(last) - ord('가')) % 28 else open_}"
        if last.isdecimal():
            return f"{self}{closed if last in _CLOSED else open_}"
        return f"{self}{closed}({open_})"
