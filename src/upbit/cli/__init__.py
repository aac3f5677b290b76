"""The command `upbit-client`: a paper exchange, a demo, every operation of the exchange, a doctor, and a kill switch.

Only this folder knows a terminal. It decides nothing about trading, and takes keys from the environment alone: what
stands on a command line is seen by everybody on the machine.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from io import TextIOWrapper
from typing import NoReturn

import click

from ..errors import UpbitError
from ..pkginfo import package_version
from .call import call
from .demo import demo
from .doctor import doctor
from .grammar import Group, explain, section, told
from .paper import paper
from .switch import switches
from .words import Say, language, speaker

PROGRAM = "upbit-client"


def main(args: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and leave: 0 when it went well, 1 when something failed, 2 when it was not understood.

    What the doctor found is another matter: 1 means warnings, 2 something that does not work.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that cannot show a sign still shows the rest
    given = list(sys.argv[1:] if args is None else args)
    spoken = language(given, os.environ)
    say = speaker(spoken)
    try:
        code = tree(say).main(given, PROGRAM, standalone_mode=False, obj=say)
    except click.UsageError as error:
        click.echo(explain(error, say), err=True)
        sys.exit(2)
    except click.ClickException as error:
        click.echo(say("Error: ", "오류: ") + error.format_message(), err=True)
        sys.exit(1)
    except UpbitError as error:
        click.echo(say("Error: ", "오류: ") + told(error, say), err=True)
        sys.exit(1)
    except click.Abort:
        sys.exit(130)
    sys.exit(code or 0)


def tree(say: Say) -> click.Group:
    """Build all commands, speaking one language."""
    return Group(
        PROGRAM,
        help=say(
            "A client for the Upbit exchange, with a whole paper exchange inside.",
            "업비트 거래소 클라이언트입니다. 모의 거래소가 통째로 들어 있습니다.",
        ),
        epilog=say(
            f"Begin with `{PROGRAM} demo`: it needs no key and no network.",
            f"`{PROGRAM} demo`로 시작해 보세요. 키도 네트워크도 필요 없습니다.",
        ),
        params=[
            click.Option(
                ["--lang"],
                type=click.Choice(["ko", "en"]),
                expose_value=False,
                help=say("Language; otherwise that of the locale.", "언어. 정하지 않으면 로캘을 따릅니다."),
            ),
            click.Option(
                ["--version"],
                is_flag=True,
                is_eager=True,
                expose_value=False,
                callback=_version,
                help=say("Show the version and exit.", "버전을 보여 주고 끝냅니다."),
            ),
        ],
        commands=[demo(say), paper(say), call(say), doctor(say), *switches(say)],
        callback=section,
        invoke_without_command=True,
    )


def _version(context: click.Context, option: click.Parameter, asked: bool) -> None:
    if asked:
        click.echo(f"{PROGRAM} {package_version}")
        context.exit()
