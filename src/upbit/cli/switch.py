"""`upbit-client halt`, `resume` and `switch`: the kill switch of an account from outside the program that trades.

A halt blocks first, for which no network is needed, then cancels what is open. What is moved is the file that the
trader of the account reads before each order; it belongs to the access key in the environment.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from ..errors import ConfigurationError, UpbitError
from ..flow.steps import Flow, Sleep
from ..keys import find
from .grammar import Command, told
from .words import Say

if TYPE_CHECKING:
    from ..flow.call import Terms

AGAIN = 1.0
"""Seconds until it is looked again whether anything is open: an order may have been on its way."""


class Outcome(NamedTuple):
    """What came of cancelling."""

    cancelled: int
    left: Sequence[str]
    """Orders that are still open, described."""
    failure: UpbitError | None
    """Why that is not known, or why they are."""


def switches(say: Say) -> list[Command]:
    """Build the three commands."""
    from_file = click.Option(
        ["--file"],
        metavar="FILE",
        type=click.Path(dir_okay=False, path_type=Path),
        help=say("The switch, where the trader was told another.", "트레이더에 따로 지정한 스위치 파일."),
    )

    def halt(reason: str, file: Path | None, wait: float) -> int:
        problems = _block(_reached(file, say), reason or "upbit-client halt", say)
        if _access_key() is None:
            click.echo(
                say(
                    "No complete pair of keys: open orders were not cancelled. Cancel them on the exchange's site.",
                    "키가 없어 미체결 주문을 취소하지 못했습니다. 업비트에서 직접 취소하세요.",
                ),
                err=True,
            )
            return 1
        click.echo(say("Cancelling open orders ...", "미체결 주문을 취소합니다 ..."))
        return _report(_cancel(wait), say) or problems

    def resume(yes: bool, file: Path | None) -> None:
        path = _named(file, say)
        setting = _shown(path, say)
        if setting == "RUN":
            return
        if not yes:
            raise click.UsageError(
                say(
                    "Orders can leave again after this: say --yes if that is meant.",
                    "다시 주문이 나갈 수 있게 됩니다. 그러려면 --yes를 함께 쓰세요.",
                )
            )
        _set(path, "RUN", "upbit-client resume")
        _shown(path, say)

    def show(file: Path | None) -> None:
        _shown(_named(file, say), say)

    return [
        Command(
            "halt",
            callback=halt,
            params=[
                click.Option(["--reason"], default="", metavar="TEXT", help=say("Why; kept.", "이유. 기록됩니다.")),
                click.Option(
                    ["--wait"],
                    type=click.FloatRange(0, min_open=True),
                    default=60.0,
                    metavar="SECONDS",
                    help=say("How long to try to cancel; 60.", "취소를 시도할 시간(초). 기본값 60."),
                ),
                from_file,
            ],
            help=say(
                "Stop trading: block every new order, then cancel all that is open.\n\n"
                "Blocking needs no network and stays until `upbit-client resume --yes`. Which account is meant is said "
                "by the keys in the environment; without keys, every account that was traded from here is blocked, and "
                "nothing is cancelled. It leaves with 1 when an order may still be open.",
                "거래를 멈춥니다. 새 주문을 막은 다음 미체결 주문을 모두 취소합니다.\n\n"
                "막는 데는 네트워크가 필요 없고, `upbit-client resume --yes`까지 유지됩니다. 어느 계좌인지는 환경 "
                "변수의 키가 정합니다. 키가 없으면 이 컴퓨터에서 거래한 모든 계좌를 막고 취소는 하지 않습니다. 미체결 "
                "주문이 남았을 수 있으면 1로 끝납니다.",
            ),
        ),
        Command(
            "resume",
            callback=resume,
            params=[click.Option(["--yes"], is_flag=True, help=say("Meant.", "정말 다시 시작합니다.")), from_file],
            help=say("Let orders leave again after a halt.", "정지를 풀어 다시 주문이 나가게 합니다."),
        ),
        Command(
            "switch",
            callback=show,
            params=[from_file],
            help=say("Show whether orders may leave, and why not.", "주문이 나갈 수 있는지, 왜 아닌지 보여 줍니다."),
        ),
    ]


def _access_key() -> str | None:
    """Find the access key; None without a complete pair of keys."""
    try:
        found = find(None, None, os.environ)
    except ConfigurationError:
        return None
    return None if found is None else found[0]


def _own(file: Path | None) -> Path | None:
    """The switch that is meant by a file or by keys; None without either."""
    from ..trading.home import SWITCH, home

    access_key = _access_key()
    return file or (home(access_key, os.environ) / SWITCH if access_key else None)


def _named(file: Path | None, say: Say) -> Path:
    """The same, which must be there."""
    path = _own(file)
    if path is None:
        raise click.UsageError(
            say(
                "Whose switch? Set UPBIT_ACCESS_KEY and UPBIT_SECRET_KEY, or say --file.",
                "어느 계좌인지 알 수 없습니다. UPBIT_ACCESS_KEY와 UPBIT_SECRET_KEY를 설정하거나 --file을 쓰세요.",
            )
        )
    return path


def _reached(file: Path | None, say: Say) -> list[Path]:
    """The switches to halt: the one that is meant, else those of every account that was traded from here."""
    from ..trading.home import SWITCH, state_folder

    path = _own(file)
    if path is not None:
        return [path]
    folder = state_folder(os.environ, sys.platform)
    accounts = sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
    if not accounts:
        raise click.ClickException(
            say(
                f"There is nothing to halt: no keys in the environment, no account in {folder}.",
                f"멈출 것이 없습니다. 환경 변수에 키가 없고 {folder}에 계좌가 없습니다.",
            )
        )
    return [path / SWITCH for path in accounts]


def _set(path: Path, state: str, reason: str) -> None:
    from ..trading.switch import Switch

    Switch(path).set(state, reason)


def _block(paths: Sequence[Path], reason: str, say: Say) -> int:
    """Halt; 1 when a switch could not be moved."""
    problems = 0
    for path in paths:
        try:
            _set(path, "HALT", reason)
        except (OSError, ConfigurationError) as error:
            click.echo(say(f"NOT blocked: {path}: {error}", f"막지 못함: {path}: {error}"), err=True)
            problems = 1
        else:
            _shown(path, say)
    return problems


def _shown(path: Path, say: Say) -> str:
    """Show where a switch is; its state."""
    from ..trading.switch import RUN, Switch

    # Whoever only looks makes no folder.
    setting = Switch(path).setting if path.parent.is_dir() else RUN
    meaning = {
        "RUN": say("orders may leave", "주문이 나갈 수 있습니다"),
        "REDUCE": say("only orders that make a position smaller may leave", "포지션을 줄이는 주문만 나갈 수 있습니다"),
    }.get(setting.state, say("no order may leave", "주문이 나갈 수 없습니다"))
    click.echo(f"{setting.state}: {meaning} ({path})")
    if setting.since:
        click.echo(say(f"  since {setting.since}", f"  {setting.since}부터"))
    if setting.reason:
        click.echo(say(f"  reason: {setting.reason}", f"  이유: {setting.reason}"))
    return setting.state


def _cancel(wait: float) -> Outcome:
    """Cancel all open orders of the account in the environment, for at most so many seconds."""
    from ..agreement import agree, http
    from ..io import sync

    terms, link = agree(None, None, {"order_deadline": wait, "max_retries": 0}, None, http)
    transport = link.transport
    try:
        return sync.run(empty(terms), transport)
    finally:
        transport.close()


def empty(terms: Terms) -> Flow[Outcome]:
    """Cancel all open orders and be sure of it: look again a little later."""
    from ..trading.clearance import clear
    from ..trading.history import opened

    uuids: set[str] = set()
    try:
        uuids |= {one.uuid for one in (yield from clear(None, terms))}
        yield Sleep(AGAIN)
        if (yield from opened(None, terms)):
            uuids |= {one.uuid for one in (yield from clear(None, terms))}
    except UpbitError as error:
        left: list[str] = []
        with suppress(UpbitError):
            left = [f"{one.market} {one.side} {one.remaining} {one.uuid}" for one in (yield from opened(None, terms))]
        return Outcome(len(uuids), left, error)
    return Outcome(len(uuids), [], None)


def _report(outcome: Outcome, say: Say) -> int:
    """Say what came of cancelling; 1 when something may still be open."""
    click.echo(say(f"{outcome.cancelled} orders were cancelled.", f"주문 {outcome.cancelled}건을 취소했습니다."))
    if outcome.failure is None:
        click.echo(say("No order is open.", "미체결 주문이 없습니다."))
        return 0
    click.echo(say("Error: ", "오류: ") + told(outcome.failure, say), err=True)
    for line in outcome.left:
        click.echo(say(f"still open: {line}", f"미체결: {line}"), err=True)
    click.echo(
        say(
            "New orders are blocked. Run it again, or cancel on the exchange's site.",
            "새 주문은 막혔습니다. 다시 실행하거나 업비트에서 직접 취소하세요.",
        ),
        err=True,
    )
    return 1
