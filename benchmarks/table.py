"""One line of the table: what was measured, of whom, and whether the goal was met."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median
from typing import NamedTuple

HEAD = ("what", "ours", "peer", "ratio", "goal", "met")


class Goal(NamedTuple):
    """A bound: `Goal("<=", 1.25, "x")` is of the ratio to the peer, any other unit is of our own figure."""

    sign: str
    bound: float
    unit: str = "x"

    def met(self, figure: float) -> bool:
        """Say whether a figure keeps to it."""
        return figure <= self.bound if self.sign == "<=" else figure >= self.bound

    def __str__(self) -> str:
        return f"{self.sign} {self.bound:,g}{'' if self.unit == 'x' else ' '}{self.unit}"


class Row(NamedTuple):
    """One line."""

    what: str
    ours: str
    peer: str = ""
    ratio: str = ""
    goal: str = ""
    met: str = ""


def compared(
    what: str, ours: Sequence[float], name: str, peer: Sequence[float] | None, unit: str, goal: Goal | None = None
) -> Row:
    """Compare figures of the same rounds with a peer's; None for a peer that is not here."""
    own = median(ours)
    if peer is None:
        return Row(what, spelled(own, unit), f"{name}: not measured, run make witnesses", "", str(goal or ""), "?")
    ratio = median(one / other for one, other in zip(ours, peer, strict=True))
    met = "" if goal is None else "yes" if goal.met(ratio if goal.unit == "x" else own) else "NO"
    return Row(what, spelled(own, unit), f"{name} {spelled(median(peer), unit)}", f"{ratio:.2f}x", str(goal or ""), met)


def alone(what: str, ours: Sequence[float], unit: str, goal: Goal) -> Row:
    """Hold figures against a bound of their own: the peer is the goal."""
    own = median(ours)
    met = "yes" if goal.met(own) else "NO"
    return Row(what, spelled(own, unit), "the goal", f"{own / goal.bound:.2f}x", str(goal), met)


def spelled(figure: float, unit: str) -> str:
    """Write a figure with three digits."""
    digits = 0 if figure >= 100 else 1 if figure >= 10 else 2
    return f"{figure:,.{digits}f} {unit}"


def lines(rows: Iterable[Row]) -> list[str]:
    """Lay rows out in columns."""
    return columns([HEAD, *rows])


def columns(table: Sequence[Sequence[str]]) -> list[str]:
    """Lay a table out; its first row is its head."""
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    written = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table]
    written.insert(1, "  ".join("-" * width for width in widths))
    return written
