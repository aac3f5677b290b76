from __future__ import annotations

import re

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tests.cli.terminal import Terminal
from upbit.cli import PROGRAM, tree
from upbit.cli.grammar import Context, told, wrap
from upbit.cli.words import Language, speaker
from upbit.errors import EXCHANGE_ERRORS, UpbitError, refusal

COMPLAINTS = [
    ("bogus", "There is no command 'bogus'.", "'bogus' 명령은 없습니다."),
    ("call orders bogus", "There is no command 'bogus'.", "'bogus' 명령은 없습니다."),
    ("call bogus.create", "There is no command 'bogus.create'.", "'bogus.create' 명령은 없습니다."),
    ("demo --bogus", "There is no option --bogus.", "--bogus 옵션은 없습니다."),
    ("call trades list", "--market is missing.", "--market 옵션이 빠졌습니다."),
    ("paper serve --seed x", "--seed: 'x' is not a valid integer.", "--seed 값이 맞지 않습니다."),
    ("demo now", "Got unexpected extra argument (now)", "Got unexpected extra argument (now)"),
]


@pytest.mark.parametrize(("command", "english", "korean"), COMPLAINTS)
def test_what_is_not_understood_is_said_in_both_languages(
    terminal: Terminal, command: str, english: str, korean: str
) -> None:
    said = [terminal.type(f"--lang {spoken} {command}") for spoken in ("en", "ko")]
    assert [2, 2] == [one.code for one in said]
    assert ["", ""] == [one.out for one in said]
    assert said[0].err.startswith(f"Error: {english}")
    assert said[1].err.startswith(f"오류: {korean}")
    assert "--help`" in said[0].err.splitlines()[1]
    assert "--help`" in said[1].err.splitlines()[1]


@pytest.mark.parametrize("name", [*EXCHANGE_ERRORS, None])
def test_every_error_is_said_with_its_cause_and_its_cure_in_both_languages(name: str | None) -> None:
    error = UpbitError("of no kind") if name is None else refusal(name)
    own, cause, cure = told(error, speaker("en")).splitlines()
    assert str(error) == own
    assert cure.startswith("→ ")
    assert not re.search("[가-힣]", cause + cure)
    own, cause, cure = told(error, speaker("ko")).splitlines()
    assert str(error) == own
    assert re.search("[가-힣]", cause)
    assert cure.startswith("→ ")


def helps(spoken: Language) -> dict[str, str]:
    """The help of every command, by its path."""
    say = speaker(spoken)

    def walk(command: click.Command, parent: click.Context | None) -> None:
        context = Context(command, parent, command.name, obj=say, terminal_width=80, max_content_width=80)
        found[context.command_path] = command.get_help(context)
        if isinstance(command, click.Group):
            for inner in command.commands.values():
                walk(inner, context)

    found: dict[str, str] = {}
    walk(tree(say), None)
    return found


def test_every_help_exists_in_both_languages_and_fits_80_columns() -> None:
    english, korean = helps("en"), helps("ko")
    assert english.keys() == korean.keys()
    assert len(english) > 60
    for path in english:
        assert english[path].startswith("Usage: ")
        assert korean[path].startswith("사용법: ")
        assert not any("가" <= letter <= "힣" for letter in english[path]), path
        for line in [*english[path].splitlines(), *korean[path].splitlines()]:
            assert cell_len(line) <= 80, line


def test_korean_helps_have_no_texts_of_click() -> None:
    for path, text in helps("ko").items():
        assert not any(said in text for said in ("Options:", "Commands:", "Show this", "required")), path


@pytest.mark.parametrize("command", ["", "paper", "call", "call orders"])
def test_a_group_alone_shows_its_help(terminal: Terminal, command: str) -> None:
    said = terminal.type(command)
    assert 0 == said.code
    assert said.out.startswith(f"Usage: {PROGRAM} {command}".rstrip())
    assert said == terminal.type(f"{command} --help")


def test_a_list_in_a_help_has_a_line_an_item(terminal: Terminal) -> None:
    lines = terminal.type("call orders create --help").out.splitlines()
    assert "  - price (market buy): price is the total in the quote currency, no volume." in lines


@given(st.text("가나 ab", max_size=200), st.integers(10, 80))
def test_lines_are_broken_between_words_and_counted_in_columns(text: str, width: int) -> None:
    lines = list(wrap(text, width))
    assert text.split() == " ".join(lines).split()
    assert all(cell_len(line) <= width or " " not in line for line in lines)
