"""`upbit-client paper serve`: the paper exchange as a process, for any client in any language.

What programs read goes to standard output, one `NAME=value` a line, once the exchange can be used; what people read
goes to standard error. It is served to this machine alone unless `--listen-public` is said.
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
from typing import TYPE_CHECKING, NamedTuple

import click

from ..settings import loopback
from .grammar import Command, Group, section
from .words import Say

if TYPE_CHECKING:
    from ..paper.chaos import Profile
    from ..paper.exchange import Exchange
    from ..paper.market import Preset
    from ..paper.store import Durability


class Place(NamedTuple):
    """Where a paper exchange is to be served, and how it is to be."""

    host: str
    port: int
    profile: str | None
    seed: int | None
    data: Path | None
    durability: Durability
    limited: bool
    paranoid: bool
    chaos: Profile
    preset: Preset | None
    env_file: Path | None


def paper(say: Say) -> click.Group:
    """Build `paper`."""

    def serve(
        host: str,
        port: int,
        profile: str | None,
        seed: int | None,
        data: Path | None,
        memory: bool,
        durability: Durability,
        preset: Preset | None,
        listen_public: bool,
        chaos: Profile,
        env_file: Path | None,
        no_limits: bool,
        paranoid: bool,
    ) -> None:
        if not (loopback(host) or listen_public):
            raise click.UsageError(
                say(
                    f"--host {host} can be reached from other machines: say --listen-public if that is meant.",
                    f"--host {host}: 다른 컴퓨터에서도 접속할 수 있습니다. 그러려면 --listen-public을 함께 쓰세요.",
                )
            )
        if data is not None and memory:
            raise click.UsageError(
                say("--data and --memory exclude each other.", "--data와 --memory는 함께 쓸 수 없습니다.")
            )
        # A free port is free for one address: `localhost` may be two.
        host = "127.0.0.1" if host == "localhost" else host
        try:
            asyncio.run(
                _serve(
                    Place(
                        host, port, profile, seed, data, durability, not no_limits, paranoid, chaos, preset, env_file
                    ),
                    say,
                )
            )
        except OSError as error:
            raise click.ClickException(
                say(f"The paper exchange cannot be served: {error}", f"모의 거래소를 열 수 없습니다: {error}")
            ) from None

    def reset(data: Path, yes: bool) -> None:
        from ..paper.store import StoreError, erase

        if not yes:
            raise click.UsageError(
                say(
                    f"Everything in {data} would be lost for good: say --yes if that is meant.",
                    f"{data}에 저장된 것이 모두 지워집니다. 그러려면 --yes를 함께 쓰세요.",
                )
            )
        try:
            erase(data, yes=True)
        except StoreError as error:
            raise click.ClickException(str(error)) from None

    return Group(
        "paper",
        help=say(
            "A whole exchange on this machine; the money is not real.", "이 컴퓨터 안의 거래소. 실제 돈이 아닙니다."
        ),
        commands=[
            Command(
                "serve",
                callback=serve,
                params=_options(say),
                help=say(
                    "Serve a paper exchange until SIGTERM or Ctrl-C.\n\n"
                    "When it is ready it prints UPBIT_BASE_URL, UPBIT_WS_URL, UPBIT_ACCESS_KEY, UPBIT_SECRET_KEY, "
                    "UPBIT_PAPER_CONTROL_URL and UPBIT_PAPER_CONTROL_TOKEN, "
                    "one NAME=value a line, for any client in any language. The account has 10,000,000 KRW, 1 BTC, "
                    "10 ETH and 1,000 USDT.",
                    "SIGTERM이나 Ctrl-C를 받을 때까지 모의 거래소를 엽니다.\n\n"
                    "준비되면 UPBIT_BASE_URL, UPBIT_WS_URL, UPBIT_ACCESS_KEY, UPBIT_SECRET_KEY, "
                    "UPBIT_PAPER_CONTROL_URL, UPBIT_PAPER_CONTROL_TOKEN을 한 줄에 하나씩 "
                    "NAME=value로 출력합니다. 어떤 언어의 클라이언트든 쓸 수 있습니다. 계좌에는 10,000,000 KRW, 1 BTC, "
                    "10 ETH, 1,000 USDT가 있습니다.",
                ),
            ),
            Command(
                "reset",
                callback=reset,
                params=[
                    click.Option(
                        ["--data"],
                        metavar="DIR",
                        required=True,
                        type=click.Path(file_okay=False, path_type=Path),
                        help=say("The folder everything is kept in.", "모든 것을 저장한 폴더."),
                    ),
                    click.Option(["--yes"], is_flag=True, help=say("Meant: it is gone for good.", "정말 지웁니다.")),
                ],
                help=say(
                    "Remove what an exchange keeps in a folder, for good.", "거래소가 폴더에 저장한 것을 모두 지웁니다."
                ),
            ),
        ],
        callback=section,
        invoke_without_command=True,
    )


def _options(say: Say) -> list[click.Parameter]:
    def profile(context: click.Context, option: click.Parameter, value: str | None) -> str | None:
        from ..paper.profile import read_profile  # brings the whole exchange

        if value is None:
            return None
        try:
            return read_profile(value).name
        except ValueError:
            raise click.BadParameter(
                say(
                    f"{value!r} is neither current nor 2023 nor a date.",
                    f"{value!r}: current, 2023, 날짜 가운데 하나를 주세요.",
                )
            ) from None

    return [
        click.Option(
            ["--host"],
            default="127.0.0.1",
            help=say("Address to listen on; 127.0.0.1.", "받을 주소. 기본값 127.0.0.1."),
        ),
        click.Option(
            ["--port"],
            type=click.IntRange(0, 65535),
            default=0,
            help=say("Port; 0 takes a free one.", "포트. 기본값 0은 빈 포트를 고릅니다."),
        ),
        click.Option(
            ["--profile"],
            metavar="current|2023|YYYY-MM-DD",
            callback=profile,
            help=say("The day whose protocol is spoken; current.", "어느 날의 프로토콜을 쓸지. 기본값 current."),
        ),
        click.Option(
            ["--seed"],
            type=int,
            help=say("Decides prices and ids; 0.", "가격과 식별자를 정하는 시드. 기본값 0."),
        ),
        click.Option(
            ["--data"],
            metavar="DIR",
            type=click.Path(file_okay=False, path_type=Path),
            help=say(
                "Folder to keep everything in: the next start goes on where this one ends, however it ends.",
                "모든 것을 저장할 폴더. 어떻게 끝나든 다음에 이어서 시작합니다.",
            ),
        ),
        click.Option(
            ["--durability"],
            type=click.Choice(["full", "normal", "memory"]),
            default="full",
            help=say(
                "What an answer survives under --data: a power cut (full), the end of the process (normal), only an "
                "orderly end (memory).",
                "--data를 쓸 때 응답한 것이 견디는 것: 정전(full), 프로세스 종료(normal), 정상 종료만(memory).",
            ),
        ),
        click.Option(
            ["--memory"],
            is_flag=True,
            help=say(
                "Keep everything in memory, as without --data.", "메모리에만 둡니다. --data가 없을 때와 같습니다."
            ),
        ),
        click.Option(
            ["--preset"],
            type=click.Choice(["btc", "alt-liquid", "alt-thin", "meme", "stable"]),
            help=say("Character of all markets; each has its own.", "모든 마켓의 성격. 기본값은 마켓마다 다릅니다."),
        ),
        click.Option(
            ["--listen-public"],
            is_flag=True,
            help=say(
                "Allow a --host that other machines reach.", "다른 컴퓨터에서 접속할 수 있는 --host를 허용합니다."
            ),
        ),
        click.Option(
            ["--chaos"],
            type=click.Choice(["none", "mild", "harsh"]),
            default="none",
            help=say("Faults to make, by chance from the seed; none.", "시드에 따라 우연히 일으킬 장애. 기본값 none."),
        ),
        click.Option(
            ["--env-file"],
            type=click.Path(dir_okay=False, path_type=Path),
            help=say(
                "Write the printed lines to this file, too, mode 0600; removed at the end.",
                "출력하는 줄을 이 파일에도 씁니다(권한 0600). 끝나면 지웁니다.",
            ),
        ),
        click.Option(["--no-limits"], is_flag=True, help=say("Switch the rate limits off.", "요청 수 제한을 끕니다.")),
        click.Option(
            ["--paranoid"],
            is_flag=True,
            help=say("Check every invariant at every step.", "모든 불변식을 매 단계 검사합니다."),
        ),
    ]


def _exchange(place: Place) -> Exchange:
    from ..paper.clock import Clock
    from ..paper.exchange import Exchange
    from ..paper.journal import open_journal

    def secret() -> str:
        return token_hex(20)

    if place.data is not None:
        exchange = open_journal(
            place.data,
            clock=Clock(),
            secret=secret,
            seed=place.seed,
            profile=place.profile,
            preset=place.preset,
            durability=place.durability,
        ).exchange
        exchange.check = place.paranoid
        return exchange
    return Exchange(
        clock=Clock(),
        seed=place.seed or 0,
        profile=place.profile or "current",
        preset=place.preset,
        secret=secret,
        check=place.paranoid,
    )


async def _serve(place: Place, say: Say) -> None:
    from ..paper.chaos import Chaos  # these bring a web server
    from ..paper.doors import described
    from ..paper.server import Server
    from ..paper.store import StoreError

    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    try:
        exchange = _exchange(place)
    except StoreError as error:
        raise click.ClickException(str(error)) from None
    profile, seed = exchange.profile.name, exchange.seed
    with _told_to_stop(lambda: loop.call_soon_threadsafe(stop.set)):
        async with Server(
            exchange,
            host=place.host,
            port=place.port,
            limited=place.limited,
            chaos=Chaos(seed, profile=place.chaos),
            control_token=token_hex(20),
        ) as server:
            lines = "".join(f"{name}={value}\n" for name, value in described(server).env.items())
            with kept(place.env_file, lines):
                click.echo(lines, nl=False)
                click.echo(
                    say(
                        f"The paper exchange is ready (profile {profile}, seed {seed}). The money is not real, and "
                        f"{f'all is kept in {place.data}' if place.data else 'nothing is kept after the end'}. "
                        "Ctrl-C stops it.",
                        f"모의 거래소가 준비되었습니다(프로필 {profile}, 시드 {seed}). 실제 돈이 아니며, "
                        f"{f'모두 {place.data}에 저장됩니다' if place.data else '끝나면 아무것도 남지 않습니다'}. "
                        "Ctrl-C로 멈춥니다.",
                    ),
                    err=True,
                )
                await stop.wait()
    click.echo(say("The paper exchange has stopped.", "모의 거래소를 닫았습니다."), err=True)


@contextmanager
def _told_to_stop(stop: Callable[[], object]) -> Generator[None]:
    """Hear SIGTERM and SIGINT."""

    def heard(number: int, frame: FrameType | None) -> None:
        stop()

    before = {number: signal.signal(number, heard) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def kept(path: Path | None, lines: str) -> Generator[None]:
    """Keep the lines in a file that only its owner reads, while they are true: it appears whole and goes at the end."""
    if path is None:
        yield
        return
    # mkstemp makes it 0600; a rename puts it in place whole.
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=f".{path.name}.", delete=False) as draft:
        draft.write(lines)
    Path(draft.name).replace(path)
    try:
        yield
    finally:
        if path.exists() and path.read_text() == lines:  # another exchange may have written it since
            path.unlink()
