"""How commands explain themselves: help and complaints in both languages, in columns that fit Korean letters.

click does the parsing; its own texts are replaced here, since it has no Korean ones and counts letters, not columns.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import click
from rich.cells import cell_len

from ..errors import UpbitError
from .words import Say, speaker, spoken


class Formatter(click.HelpFormatter):
    """Writes help."""

    def __init__(self, say: Say, width: int | None, max_width: int | None) -> None:
        super().__init__(width=width, max_width=max_width)
        self._say = say

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Write the line of usage."""
        super().write_usage(prog, args, prefix or self._say("Usage: ", "사용법: "))

    def write_heading(self, heading: str) -> None:
        """Write a heading."""
        korean = {"Options": "옵션", "Commands": "명령"}
        super().write_heading(self._say(heading, korean.get(heading, heading)))

    def write_text(self, text: str) -> None:
        """Write paragraphs."""
        indent = " " * self.current_indent
        for number, paragraph in enumerate(text.split("\n\n")):
            self.write("\n" if number else "")
            for item in re.split(r"\n(?=- )", paragraph):
                hang = ""
                for line in wrap(item, self.width - len(indent) - 2):
                    self.write(f"{indent}{hang}{line}\n")
                    hang = "  " if item.startswith("- ") else ""

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Write a list of names and what they mean."""
        indent = " " * self.current_indent
        rows = list(rows)
        first = min(max(len(name) for name, _ in rows), col_max) + col_spacing
        for name, meaning in rows:
            meaning = meaning.replace("[required]", self._say("[required]", "[필수]"))
            lines = list(wrap(meaning, self.width - first - len(indent)))
            if len(name) + col_spacing > first:
                lines.insert(0, "")
            for number, line in enumerate(lines or [""]):
                self.write(f"{indent}{'' if number else name:{first}}{line}".rstrip() + "\n")


class Context(click.Context):
    """A call of a command; its `obj` is the `Say`."""

    def make_formatter(self) -> click.HelpFormatter:
        """Make what writes the help."""
        return Formatter(self.obj or speaker("en"), self.terminal_width, self.max_content_width)


class Command(click.Command):
    """A command that speaks both languages; in a list it is said what its help says first."""

    context_class = Context

    def get_short_help_str(self, limit: int = 45) -> str:
        """Give the first paragraph of the help, whole."""
        return _first(self)

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """Make `--help`."""
        return _spoken(super().get_help_option(ctx), ctx)


class Group(click.Group):
    """Commands under one name; alone, it shows its help."""

    context_class = Context

    def get_short_help_str(self, limit: int = 45) -> str:
        """Give the first paragraph of the help, whole."""
        return _first(self)

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """Make `--help`."""
        return _spoken(super().get_help_option(ctx), ctx)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is meant; a name with dots, as `orders.create`, goes down as many groups."""
        names = args[0].split(".")
        found = self.get_command(ctx, names[0])
        if found is None:
            say: Say = ctx.obj
            ctx.fail(say(f"There is no command {args[0]!r}.", f"{args[0]!r} 명령은 없습니다."))
        return names[0], found, [*names[1:], *args[1:]]


def section() -> None:
    """What a group does when none of its commands is given: show its help."""
    context = click.get_current_context()
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


def _first(command: click.Command) -> str:
    return (command.help or "").partition("\n\n")[0]


def _spoken(option: click.Option | None, context: click.Context) -> click.Option | None:
    if option is not None:
        say: Say = context.obj or speaker("en")
        option.help = say("Show this help and exit.", "이 도움말을 보여 주고 끝냅니다.")
    return option


def explain(error: click.UsageError, say: Say) -> str:
    """Say what was not understood, and where help is."""
    match error:
        case click.NoSuchOption():
            what = say(f"There is no option {error.option_name}.", f"{error.option_name} 옵션은 없습니다.")
        case click.MissingParameter(param=click.Parameter() as missing):
            what = say(f"{missing.opts[0]} is missing.", f"{missing.opts[0]} 옵션이 빠졌습니다.")
        case click.BadParameter(param=click.Parameter() as bad):
            what = say(f"{bad.opts[0]}: {error.message}", f"{bad.opts[0]} 값이 맞지 않습니다. {error.message}")
        case _:
            what = error.format_message()
    lines = [say("Error: ", "오류: ") + what]
    if error.ctx is not None:
        command = f"{error.ctx.command_path} --help"
        lines.append(say(f"`{command}` says how it goes.", f"`{command}`에 설명이 있습니다."))
    return "\n".join(lines)


def told(error: UpbitError, say: Say, **details: object) -> str:
    """Say what went wrong: the error's own words, what they mean, and what to do; `details` as `explain` takes them."""
    from ..explain import explain  # brings all the texts

    meaning = explain(error, spoken(say), **details)
    return f"{error}\n{meaning.cause}\n→ {meaning.cure}"


def wrap(text: str, width: int) -> Iterator[str]:
    """Break a text into lines of at most `width` columns; a word that is wider stands alone."""
    line = ""
    for word in text.split():
        longer = f"{line} {word}" if line else word
        if line and cell_len(longer) > width:
            yield line
            longer = word
        line = longer
    if line:
        yield line
