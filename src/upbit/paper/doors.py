"""The doors of the paper exchange: joined to its clients in the process, or served from a thread or an event loop.

`upbit.paper` has these names. Importing this starts nothing and brings no server along.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator, Iterable, Mapping
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from math import ceil
from pathlib import Path
from secrets import token_hex
from time import sleep
from typing import TYPE_CHECKING, Unpack

from . import chaos as faults
from .broadcast import PULSE
from .chronicle import Chronicle
from .clock import Clock
from .control import Control
from .entrance import Entrance
from .exchange import START_FUNDS, Exchange
from .gate import Gate
from .inside import BASE_URL, AsyncInsideTransport, InsideTransport
from .journal import open_journal
from .market import Preset
from .store import Durability

if TYPE_CHECKING:
    from ..client import AsyncUpbit, Upbit
    from ..io import AsyncSocket
    from ..settings import AsyncOptions, SyncOptions
    from .inside_socket import InsideDial
    from .server import Server


class PaperExchange:
    """A paper exchange joined to its clients without a network, their WebSockets too.

    `profile` is `current`, `2023` or a date, the version of the protocol that is spoken; `seed` decides prices, ids
    and keys; `preset` gives all markets one character (`btc`, `alt-liquid`, `alt-thin`, `meme`, `stable`); `funds` is
    what the account has at first; `limited=False` switches the rate limits off. With `start` (aware) time stands still
    but for `advance`, also for the pauses of its clients; without it, it is that of this machine. `chaos` and `rules`
    make faults (see `upbit.paper.chaos`). While a WebSocket is open, its event loop looks at the exchange every
    `pulse` seconds. Raises ValueError for an unknown profile or a naive start.
    """

    def __init__(
        self,
        *,
        profile: str = "current",
        seed: int = 0,
        preset: Preset | None = None,
        start: datetime | None = None,
        funds: Mapping[str, Decimal] = START_FUNDS,
        limited: bool = True,
        chaos: faults.Profile = "none",
        rules: Iterable[faults.Rule] = (),
        pulse: float = PULSE,
    ) -> None:
        if start is not None and start.tzinfo is None:
            raise ValueError("start has no time zone: give one, as datetime(2026, 1, 1, tzinfo=UTC)")
        self._clock = Clock() if start is None else Clock("stepped", start=int(start.timestamp() * 1000))
        self.exchange = Exchange(clock=self._clock, seed=seed, profile=profile, preset=preset, funds=funds)
        """The exchange behind the gate; not to be touched while another thread uses a client."""
        self.chaos = faults.Chaos(seed, profile=chaos, rules=rules)
        """Which faults happen, and which did."""
        chronicle = Chronicle(self.exchange, self.chaos)
        self.control = Control(self.exchange, self.chaos, chronicle)
        """What a test can do to the exchange; as `exchange`, not to be touched while another thread uses a client."""
        entrance = Entrance(Gate(self.exchange, limited=limited), self.chaos, chronicle)
        self._transport = InsideTransport(entrance, self._wait)
        self._limited = limited
        self._pulse = pulse

    def __repr__(self) -> str:
        return f"PaperExchange({self.exchange.profile.name!r}, seed={self.exchange.seed})"

    @property
    def access_key(self) -> str:
        """The key of the account that is there from the start."""
        return self.exchange.first_key.access_key

    @property
    def secret_key(self) -> str:
        """Its secret."""
        return self.exchange.first_key.secret

    def advance(self, seconds: float) -> None:
        """Let time go on. Raises RuntimeError when the exchange runs on the clock of this machine."""
        if self._clock.mode in ("real", "scaled"):
            raise RuntimeError("this exchange runs on the clock of this machine: give it a start to step it")
        with self._transport.lock:
            self._clock.step(round(seconds * 1000))
            self.exchange.advance()
            self._transport.catch_up()

    def client(self, **options: Unpack[SyncOptions]) -> Upbit:
        """Make a client of this exchange; it takes what `Upbit` takes."""
        from ..client import Upbit

        joined: SyncOptions = {"base_url": BASE_URL, "transport": self._transport, "dial": self.dial}
        if self._clock.mode == "stepped":
            joined |= {"clock": self._seconds, "wall": self._seconds, "sleep": self._wait}
        return Upbit(self.access_key, self.secret_key, **(joined | options))

    def async_client(self, **options: Unpack[AsyncOptions]) -> AsyncUpbit:
        """Make a client whose calls are awaited; it takes what `AsyncUpbit` takes."""
        from ..client import AsyncUpbit

        transport = AsyncInsideTransport(self._transport, self._sleep)
        joined: AsyncOptions = {"base_url": BASE_URL, "transport": transport, "dial": self.dial}
        if self._clock.mode == "stepped":
            joined |= {"clock": self._seconds, "wall": self._seconds, "sleep": self._sleep}
        return AsyncUpbit(self.access_key, self.secret_key, **(joined | options))

    async def dial(self, url: str, headers: Mapping[str, str], heartbeat: float) -> AsyncSocket:
        """Open a WebSocket that skips the network; an `upbit.io.Dial`, which its clients take."""
        return await self._sockets(url, headers, heartbeat)

    @cached_property
    def _sockets(self) -> InsideDial:
        from .inside_socket import InsideDial  # whoever awaits has what this brings

        return InsideDial(self._transport, limited=self._limited, pulse=self._pulse)

    def _seconds(self) -> float:
        return self.exchange.now / 1000

    def _wait(self, seconds: float) -> None:
        if self._clock.mode in ("real", "scaled"):
            sleep(seconds / self._clock.speed)
        else:
            self.advance(_whole(seconds))

    async def _sleep(self, seconds: float) -> None:
        import asyncio  # whoever awaits this has it

        if self._clock.mode in ("real", "scaled"):
            await asyncio.sleep(seconds / self._clock.speed)
        elif asyncio.get_running_loop().time() == self._seconds():  # a loop that runs on this clock lets it go on
            await asyncio.sleep(seconds)
        else:
            self.advance(_whole(seconds))


def _whole(seconds: float) -> float:
    """Up to the next whole millisecond: who waits for less than one would wait for ever where time stands still."""
    return ceil(seconds * 1000 - 1e-6) / 1000


class RunningExchange:
    """Where a served paper exchange is, the key of its account, and where it is controlled."""

    def __init__(
        self, *, base_url: str, ws_url: str, access_key: str, secret_key: str, control_url: str, control_token: str
    ) -> None:
        self.base_url = base_url
        self.ws_url = ws_url
        """The public WebSocket."""
        self.access_key = access_key
        self.secret_key = secret_key
        self.control_url = control_url
        """Where the control API is, with its prefix (see `upbit.paper.control`)."""
        self.control_token = control_token

    def __repr__(self) -> str:
        return f"RunningExchange({self.base_url!r})"

    @property
    def env(self) -> dict[str, str]:
        """The environment in which clients find it by themselves."""
        return {
            "UPBIT_BASE_URL": self.base_url,
            "UPBIT_WS_URL": self.ws_url,
            "UPBIT_ACCESS_KEY": self.access_key,
            "UPBIT_SECRET_KEY": self.secret_key,
            "UPBIT_PAPER_CONTROL_URL": self.control_url,
            "UPBIT_PAPER_CONTROL_TOKEN": self.control_token,
        }

    def client(self, **options: Unpack[SyncOptions]) -> Upbit:
        """Make a client of it, over the socket; it takes what `Upbit` takes and is to be closed."""
        from ..client import Upbit

        place: SyncOptions = {"base_url": self.base_url, "ws_url": self.ws_url}
        return Upbit(self.access_key, self.secret_key, **(place | options))

    def async_client(self, **options: Unpack[AsyncOptions]) -> AsyncUpbit:
        """Make a client whose calls are awaited; it takes what `AsyncUpbit` takes and is to be closed."""
        from ..client import AsyncUpbit

        place: AsyncOptions = {"base_url": self.base_url, "ws_url": self.ws_url}
        return AsyncUpbit(self.access_key, self.secret_key, **(place | options))


@contextmanager
def running(
    *,
    profile: str = "current",
    seed: int = 0,
    preset: Preset | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
    funds: Mapping[str, Decimal] = START_FUNDS,
    limited: bool = True,
    data: Path | None = None,
    durability: Durability = "full",
    chaos: faults.Profile = "none",
    rules: Iterable[faults.Rule] = (),
) -> Generator[RunningExchange]:
    """Serve a paper exchange from a thread of its own, by default on a free port of this machine.

    It runs on the clock of this machine; its keys are random and end with it, unless it is kept in the folder `data`:
    then the next one goes on where this one ended, and nothing it has answered is lost, even when it is killed. How
    much the machine may be trusted is the `durability`: `full` survives a power cut, `normal` the end of the process,
    `memory` only an orderly end. The rest is as in `PaperExchange`. Raises OSError when the port is taken, StoreError
    when the folder cannot be used.
    """
    from .server import threaded

    with threaded(
        lambda: _exchange(profile, seed, preset, funds, data, durability),
        host=host,
        port=port,
        limited=limited,
        chaos=faults.Chaos(seed, profile=chaos, rules=rules),
        control_token=_secret(),
    ) as server:
        yield described(server)


@asynccontextmanager
async def serving(
    *,
    profile: str = "current",
    seed: int = 0,
    preset: Preset | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
    funds: Mapping[str, Decimal] = START_FUNDS,
    limited: bool = True,
    data: Path | None = None,
    durability: Durability = "full",
    chaos: faults.Profile = "none",
    rules: Iterable[faults.Rule] = (),
) -> AsyncGenerator[RunningExchange]:
    """Serve a paper exchange from the event loop that runs; else as `running`."""
    from .server import Server

    exchange = _exchange(profile, seed, preset, funds, data, durability)
    weather = faults.Chaos(seed, profile=chaos, rules=rules)
    async with Server(
        exchange, host=host, port=port, limited=limited, chaos=weather, control_token=_secret()
    ) as server:
        yield described(server)


def _exchange(
    profile: str,
    seed: int,
    preset: Preset | None,
    funds: Mapping[str, Decimal],
    data: Path | None,
    durability: Durability,
) -> Exchange:
    if data is None:
        return Exchange(clock=Clock(), seed=seed, profile=profile, preset=preset, funds=funds, secret=_secret)
    return open_journal(
        data,
        clock=Clock(),
        secret=_secret,
        seed=seed,
        profile=profile,
        preset=preset,
        funds=funds,
        durability=durability,
    ).exchange


def _secret() -> str:
    return token_hex(20)


def described(server: Server) -> RunningExchange:
    """Say where a server is."""
    key = server.exchange.first_key
    return RunningExchange(
        base_url=server.base_url,
        ws_url=server.ws_url,
        access_key=key.access_key,
        secret_key=key.secret,
        control_url=server.control_url,
        control_token=server.control.token,
    )
