"""A whole Upbit in a process: the paper exchange.

    with upbit.paper.running() as exchange:         # on a free port of this machine, for any client
        exchange.client().orders.create(market="KRW-BTC", side="bid", ord_type="price", price=10_000)

    exchange = upbit.paper.PaperExchange(seed=7)    # in this process, without a socket
    exchange.client().tickers.list("KRW-BTC")

The money is not real, and no request leaves this machine. Importing this starts nothing and brings no server along.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from decimal import Decimal
from secrets import token_hex
from typing import TYPE_CHECKING, Unpack

from .clock import SteppedClock, wall
from .exchange import START_FUNDS, Exchange
from .gate import Gate
from .inside import BASE_URL, AsyncInsideTransport, InsideTransport

if TYPE_CHECKING:
    from ..client import AsyncUpbit, Upbit
    from ..settings import AsyncOptions, SyncOptions

__all__ = ["START_FUNDS", "PaperExchange", "RunningExchange", "running", "serving"]


class PaperExchange:
    """A paper exchange joined to its clients without a socket.

    `profile` is `current`, `2023` or a date, the version of the protocol that is spoken; `seed` decides prices, ids
    and keys; `funds` is what the account has at first; `limited=False` switches the rate limits off. With `start`
    (aware) time stands still but for `advance`, also for the pauses of its clients; without it, it is that of this
    machine. Raises ValueError for an unknown profile or a naive start.
    """

    def __init__(
        self,
        *,
        profile: str = "current",
        seed: int = 0,
        start: datetime | None = None,
        funds: Mapping[str, Decimal] = START_FUNDS,
        limited: bool = True,
    ) -> None:
        if start is not None and start.tzinfo is None:
            raise ValueError("start has no time zone: give one, as datetime(2026, 1, 1, tzinfo=UTC)")
        self._clock = None if start is None else SteppedClock(int(start.timestamp() * 1000))
        self.exchange = Exchange(clock=self._clock or wall, seed=seed, profile=profile, funds=funds)
        """The exchange behind the gate; not to be touched while another thread uses a client."""
        self._transport = InsideTransport(Gate(self.exchange, limited=limited))

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
        if self._clock is None:
            raise RuntimeError("this exchange runs on the clock of this machine: give it a start to step it")
        with self._transport.lock:
            self._clock.step(round(seconds * 1000))
            self.exchange.advance()

    def client(self, **options: Unpack[SyncOptions]) -> Upbit:
        """Make a client of this exchange; it takes what `Upbit` takes."""
        from ..client import Upbit

        joined: SyncOptions = {"base_url": BASE_URL, "transport": self._transport}
        if self._clock is not None:
            joined |= {"clock": self._seconds, "sleep": self.advance}
        return Upbit(self.access_key, self.secret_key, **(joined | options))

    def async_client(self, **options: Unpack[AsyncOptions]) -> AsyncUpbit:
        """Make a client whose calls are awaited; it takes what `AsyncUpbit` takes."""
        from ..client import AsyncUpbit

        joined: AsyncOptions = {"base_url": BASE_URL, "transport": AsyncInsideTransport(self._transport)}
        if self._clock is not None:
            joined |= {"clock": self._seconds, "sleep": self._sleep}
        return AsyncUpbit(self.access_key, self.secret_key, **(joined | options))

    def _seconds(self) -> float:
        return self.exchange.now / 1000

    async def _sleep(self, seconds: float) -> None:
        self.advance(seconds)


class RunningExchange:
    """Where a served paper exchange is, and the key of its account."""

    def __init__(self, *, base_url: str, ws_url: str, access_key: str, secret_key: str) -> None:
        self.base_url = base_url
        self.ws_url = ws_url
        """The public WebSocket."""
        self.access_key = access_key
        self.secret_key = secret_key

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
    host: str = "127.0.0.1",
    port: int = 0,
    funds: Mapping[str, Decimal] = START_FUNDS,
    limited: bool = True,
) -> Generator[RunningExchange]:
    """Serve a paper exchange from a thread of its own, by default on a free port of this machine.

    It runs on the clock of this machine; its keys are random and end with it. The rest is as in `PaperExchange`.
    Raises OSError when the port is taken.
    """
    from .server import threaded

    with threaded(lambda: _exchange(profile, seed, funds), host=host, port=port, limited=limited) as server:
        yield _running(server.base_url, server.ws_url, server.exchange)


@asynccontextmanager
async def serving(
    *,
    profile: str = "current",
    seed: int = 0,
    host: str = "127.0.0.1",
    port: int = 0,
    funds: Mapping[str, Decimal] = START_FUNDS,
    limited: bool = True,
) -> AsyncGenerator[RunningExchange]:
    """Serve a paper exchange from the event loop that runs; else as `running`."""
    from .server import Server

    async with Server(_exchange(profile, seed, funds), host=host, port=port, limited=limited) as server:
        yield _running(server.base_url, server.ws_url, server.exchange)


def _exchange(profile: str, seed: int, funds: Mapping[str, Decimal]) -> Exchange:
    return Exchange(clock=wall, seed=seed, profile=profile, funds=funds, secret=lambda: token_hex(20))


def _running(base_url: str, ws_url: str, exchange: Exchange) -> RunningExchange:
    key = exchange.first_key
    return RunningExchange(base_url=base_url, ws_url=ws_url, access_key=key.access_key, secret_key=key.secret)
