"""`upbit-client doctor`: says whether everything is well here, and what to do where it is not."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from typing import TYPE_CHECKING

import click
import msgspec

from .grammar import Command, wrap
from .words import Language, Say, speaker

if TYPE_CHECKING:
    from ..checkup import Check, Finding, Level

CODES: Mapping[Level, int] = {"ok": 0, "skipped": 0, "warning": 1, "failure": 2}
"""What the command leaves with: that of its worst finding."""
COLORS: Mapping[Level, str] = {"ok": "green", "skipped": "bright_black", "warning": "yellow", "failure": "red"}


def doctor(say: Say) -> Command:
    """Build `doctor`."""

    def run(lang: Language | None, as_json: bool) -> int:
        from ..checkup import Visit, examine  # brings nearly everything

        spoken = say if lang is None else speaker(lang)
        found: list[tuple[Check, Finding]] = []
        if not as_json:
            _print(
                spoken(
                    "No order is placed: one is tested with orders/test. No key is shown whole, no secret at all.",
                    "주문을 넣지 않습니다. orders/test로 시험만 합니다. 키는 일부만 보이고 비밀 키는 보이지 않습니다.",
                )
            )
        for check, finding in examine(Visit()):
            found.append((check, finding))
            if not as_json:
                _show(check, finding, spoken)
        code = max(CODES[finding.level] for _, finding in found)
        if as_json:
            click.echo(_json(found, code, spoken))
        else:
            click.echo()
            _print(_verdict(code, spoken))
        return code

    return Command(
        "doctor",
        callback=run,
        params=[
            click.Option(
                ["--lang"],
                type=click.Choice(["ko", "en"]),
                help=say("Language; otherwise as before the command.", "언어. 없으면 명령 앞의 것을 따릅니다."),
            ),
            click.Option(["--json", "as_json"], is_flag=True, help=say("For programs.", "프로그램이 읽을 JSON.")),
        ],
        help=say(
            "Examine everything a client needs here, from packages and keys to WebSockets and quota.\n\n"
            "It reads the environment, places no order (one is tested with orders/test) and changes nothing. It leaves "
            "with 0 when all is well, 1 with warnings, 2 when something does not work.",
            "패키지와 키부터 WebSocket과 요청 한도까지, 클라이언트에 필요한 것을 모두 점검합니다.\n\n"
            "환경 변수를 읽으며, 주문을 넣지 않고(orders/test로 시험만 합니다) 아무것도 바꾸지 않습니다. 모두 정상이면 "
            "0, 경고가 있으면 1, 안 되는 것이 있으면 2로 끝납니다.",
        ),
    )


def _show(check: Check, finding: Finding, say: Say) -> None:
    labels: Mapping[Level, str] = {
        "ok": say("ok", "정상"),
        "skipped": say("skipped", "건너뜀"),
        "warning": say("WARNING", "경고"),
        "failure": say("FAILURE", "실패"),
    }
    label = click.style(labels[finding.level], fg=COLORS[finding.level], bold=CODES[finding.level] > 0)
    click.echo(f"\n{label}  {say(*check.title)} ({check.name})")
    _print(say(*finding.cause), "  ")
    if finding.cure is not None:
        _print(f"→ {say(*finding.cure)}", "  ")


def _print(text: str, indent: str = "") -> None:
    width = shutil.get_terminal_size().columns - len(indent) - 1
    for line in wrap(text, width):
        click.echo(indent + line)


def _verdict(code: int, say: Say) -> str:
    return (
        say("All is well.", "모두 정상입니다."),
        say("It works, with warnings.", "작동하지만 경고가 있습니다."),
        say("Something does not work; begin with the first failure.", "안 되는 것이 있습니다. 첫 실패부터 해결하세요."),
    )[code]


def _json(found: list[tuple[Check, Finding]], code: int, say: Say) -> str:
    checks = [
        {
            "check": check.name,
            "level": finding.level,
            "cause": say(*finding.cause),
            "cure": None if finding.cure is None else say(*finding.cure),
        }
        for check, finding in found
    ]
    return msgspec.json.format(msgspec.json.encode({"code": code, "checks": checks}), indent=2).decode()
