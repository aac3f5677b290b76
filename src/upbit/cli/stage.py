"""Where the demo is shown: headings, lines of code, words, tables. It knows nothing about an exchange."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable, Sequence
from decimal import Decimal

from rich import box
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from .words import Say

BAR = "▌ "
"""What stands before code."""
WIDTH = 100
"""Columns used at most: longer lines are hard to read."""


class Stage:
    """Shows a play in steps, in one language."""

    def __init__(self, console: Console, say: Say) -> None:
        console.width = min(console.width, WIDTH)
        self._console = console
        self._steps = 0
        self.say = say
        self.plain = console.options.ascii_only
        """Whether the terminal has nothing but ASCII."""
        # Korean charts rise in red and fall in blue.
        self.rise = say("green", "red")
        self.fall = say("red", "blue")

    def mood(self, change: Decimal) -> str:
        """The style of a change."""
        return self.rise if change > 0 else self.fall if change < 0 else ""

    def step(self, title: str) -> None:
        """Begin a step."""
        self._steps += 1
        rule = Rule(
            Text(f"{self._steps}. {title}", "bold"), align="left", characters="-" if self.plain else "─", style="dim"
        )
        self._console.print(rule)
        self.gap()

    def gap(self) -> None:
        """Leave a line free."""
        self._console.print()

    def lines(self, *functions: tuple[str, Callable[..., object]]) -> None:
        """Show what is in functions, below their docstrings; what they return stands under the name given."""
        bodies: list[str] = []
        for name, function in functions:
            _, _, body = inspect.getsource(function).split('"""')
            bodies.append(textwrap.dedent(body).strip().replace("return ", f"{name} = ", 1))
        self.code("\n".join(bodies))

    def code(self, text: str, language: str = "python") -> None:
        """Show lines of code."""
        width = self._console.width - len(BAR)
        broken = "\n".join(part for line in text.split("\n") for part in _broken(line, width))
        lines = Syntax("", language, theme="ansi_dark", background_color="default").highlight(broken)
        for line in lines.split():
            self._console.print(Text("> " if self.plain else BAR, "cyan") + line)
        self.gap()

    def tell(self, text: str) -> None:
        """Say something."""
        self.show(Text(text))

    def table(self, words: Sequence[str], figures: Sequence[str]) -> Table:
        """Make a table: columns of words, then of figures."""
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0), header_style="dim")
        for heading in words:
            table.add_column(heading)
        for heading in figures:
            table.add_column(heading, justify="right")
        return table

    def show(self, what: RenderableType, *, apart: bool = True) -> None:
        """Show something, apart from what follows."""
        self._console.print(Padding(what, (0, 0, 0, len(BAR))))
        if apart:
            self.gap()


def _broken(line: str, width: int) -> list[str]:
    """Break a line of code after commas, where Python lets it go on."""
    indent = " " * (len(line) - len(line.lstrip()) + 4)
    if len(line) <= width:
        return [line]
    return textwrap.wrap(line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
