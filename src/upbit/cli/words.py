"""Two languages and one way to write an amount. Both wordings of a text stand together, where it is said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Literal, Protocol, TypeAlias

Language: TypeAlias = Literal["ko", "en"]


class Say(Protocol):
    """Chooses between the wordings of a text."""

    def __call__(self, english: str, korean: str, /) -> str:
        """Give the wording that is spoken."""
        ...


def speaker(spoken: Language) -> Say:
    """Make what chooses wordings of a language."""
    return _korean if spoken == "ko" else _english


def spoken(say: Say) -> Language:
    """Tell which language is chosen."""
    return "ko" if say("", "ko") else "en"


def _english(english: str, korean: str, /) -> str:
    return english


def _korean(english: str, korean: str, /) -> str:
    return korean


def language(args: Sequence[str], environ: Mapping[str, str]) -> Language:
    """Find the language: `--lang` before the command, else the locale as POSIX orders its variables, else English."""
    wanted = next((environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environ.get(name)), "en")
    rest = iter(args)
    for arg in rest:
        if not arg.startswith("-"):
            break
        name, _, value = arg.partition("=")
        if name == "--lang":
            wanted = value or next(rest, wanted)
    return "ko" if wanted.lower().startswith("ko") else "en"


def amount(value: Decimal) -> str:
    """Write an amount to its last digit, with separators and without idle zeros: `110,007,000`, `0.00909033`."""
    text = f"{value:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def signed(value: Decimal) -> str:
    """Write a change of an amount with its sign; none for zero."""
    return f"+{amount(value)}" if value > 0 else amount(abs(value) if value == 0 else value)


def percent(rate: Decimal) -> str:
    """Write a rate of change as percent to two decimals, with its sign."""
    return f"{rate * 100:+.2f}%"
