"""`upbit-client paper serve`: the paper exchange as a process, for any client in any language.

What programs read goes to standard output, one `NAME=value` a line, once the exchange can be used; what people read
goes to standard error. Options of versions to come are refused, never ignored.
"""

from __future__ import annotations

import asyncio
import signal
import tempfile
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from types import FrameType
from typing import NamedTuple

import click

from ..settings import loopback
from .grammar import Command, Group, section
from .words import Say


class Place(NamedTuple):
    """Where a paper exchange is to be served, and how it is to be."""

    host: str
    port: int
    profile: str
    seed: int
    limited: bool
    paranoid: bool
    env_file: Path | None


def paper(say: Say) -> click.Group:
    """Build `paper`."""

    def serve(
        host: str,
        port: int,
        profile: str,
        seed: int,
        data: str | None,
        memory: bool,
        preset: str | None,
        chaos: str,
        env_file: Path | None,
        no_limits: bool,
        paranoid: bool,
    ) -> None:
        if not loopback(host):
            raise click.UsageError(
                say(
                    f"--host {host} is not an address of this machine alone: this version listens on loopback only.",
                    f"--host {host}: 이 컴퓨터 안에서만 쓰는 주소가 아닙니다. 이 버전은 루프백 주소에서만 받습니다.",
                )
            )
        if data is not None:
            raise click.UsageError(
                say(
                    "--data: this version keeps everything in memory and forgets it at the end; nothing is stored.",
                    "--data: 이 버전은 모든 것을 메모리에만 두고 끝나면 잊습니다. 저장하지 않습니다.",
                )
            )
        if chaos != "none":
            raise click.UsageError(
                say(f"--chaos {chaos}: this version makes no faults.", f"--chaos {chaos}: 이 버전에는 장애 주입이 없습니다.")
            )
        if preset is not None:
            raise click.UsageError(
                say(
                    f"--preset {preset}: in this version each market has its own preset.",
                    f"--preset {preset}: 이 버전에서는 마켓마다 정해진 프리셋을 씁니다.",
                )
            )
        # A free port is free for one address: `localhost` may be two.
        host = "127.0.0.1" if host == "localhost" else host
        try:
            asyncio.run(_serve(Place(host, port, profile, seed, not no_limits, paranoid, env_file), say))
        except OSError as error:
            raise click.ClickException(
                say(f"The paper exchange cannot be served: {error}", f"모의 거래소를 열 수 없습니다: {error}")
            ) from None

    return Group(
        "paper",
        help=say("A whole exchange on this machine; the money is not real.", "이 컴퓨터 안의 거래소. 실제 돈이 아닙니다."),
        commands=[
            Command(
                "serve",
                callback=serve,
                params=_options(say),
                help=say(
                    "Serve a paper exchange until SIGTERM or Ctrl-C.\n\n"
                    "When it is ready it prints UPBIT_BASE_URL, UPBIT_WS_URL, UPBIT_ACCESS_KEY and UPBIT_SECRET_KEY, "
                    "one NAME=value a line, for any client in any language. The account has 10,000,000 KRW, 1 BTC, "
                    "10 ETH and 1,000 USDT.",
                    "SIGTERM이나 Ctrl-C를 받을 때까지 모의 거래소를 엽니다.\n\n"
                    "준비되면 UPBIT_BASE_URL, UPBIT_WS_URL, UPBIT_ACCESS_KEY, UPBIT_SECRET_KEY를 한 줄에 하나씩 "
                    "NAME=value로 출력합니다. 어떤 언어의 클라이언트든 쓸 수 있습니다. 계좌에는 10,000,000 KRW, 1 BTC, "
                    "10 ETH, 1,000 USDT가 있습니다.",
                ),
            )
        ],
        callback=section,
        invoke_without_command=True,
    )


def _options(say: Say) -> list[click.Parameter]:
    def profile(context: click.Context, option: click.Parameter, value: str) -> str:
        from ..paper.profile import read_profile  # brings the whole exchange

        try:
            return read_profile(value).name
        except ValueError:
            raise click.BadParameter(
                say(f"{value!r} is neither current nor 2023 nor a date.", f"{value!r}: current, 2023, 날짜 중 하나를 주세요."),
                context,
                option,
            ) from None

    def option(name: str, english: str, korean: str, **attributes: object) -> click.Option:
        return click.Option([name], help=say(english, korean), **attributes)  # pyright: ignore

    return [
        option("--host", "Address of this machine; 127.0.0.1.", "이 컴퓨터의 주소. 127.0.0.1.", default="127.0.0.1"),
    ]
