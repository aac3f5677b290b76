"""Four ways to the same exchange: over HTTP or in process, with the sync or the async client.

Each door has an exchange of its own that speaks as documented in 2023, on a clock that a test steps, and asks it in
the documented voice. Before every question a second goes by, so that no limit is met by chance.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from decimal import Decimal
from itertools import count
from typing import Any

from websockets.exceptions import InvalidStatus

from tests.paper.visitor import START
from upbit.client import AsyncUpbit, Upbit
from upbit.documented import Envelope
from upbit.flow.steps import Timeout
from upbit.io import AsyncTransport, Transport
from upbit.io.aio_http import AsyncHTTPTransport
from upbit.io.http import HTTPTransport
from upbit.paper.broadcast import Hub
from upbit.paper.chaos import Chaos
from upbit.paper.chronicle import Chronicle
from upbit.paper.clock import SteppedClock
from upbit.paper.entrance import Entrance
from upbit.paper.exchange import Exchange, Key
from upbit.paper.gate import Gate
from upbit.paper.handshake import Admission, Handshake
from upbit.paper.inside import BASE_URL, AsyncInsideTransport, InsideTransport
from upbit.paper.server import threaded
from upbit.settings import AsyncOptions, SyncOptions
from upbit.websocket import UpbitWebSocket
from upbit.wire.frames import PUBLIC
from upbit.wire.message import Request, Response

FUNDS: Mapping[str, Decimal] = {
    "KRW": Decimal(1_000_000_000),
    "BTC": Decimal(100),
    "ETH": Decimal(100),
    "USDT": Decimal(100_000),
    "XRP": Decimal(100_000),
}
NAMES = ("http-sync", "http-async", "inside-sync", "inside-async")

Meddle = Callable[[Request], Request]


class Wiretap:
    """Hands requests on, remembers them, and changes them if told to."""

    def __init__(self, inner: Transport, heard: list[Request], meddle: Meddle) -> None:
        self._inner = inner
        self._heard = heard
        self._meddle = meddle

    def send(self, request: Request, timeout: Timeout) -> Response:
        self._heard.append(request)
        return self._inner.send(self._meddle(request), timeout)


class AsyncWiretap:
    """The same, awaited."""

    def __init__(self, inner: AsyncTransport, heard: list[Request], meddle: Meddle) -> None:
        self._inner = inner
        self._heard = heard
        self._meddle = meddle

    async def send(self, request: Request, timeout: Timeout) -> Response:
        self._heard.append(request)
        return await self._inner.send(self._meddle(request), timeout)


class Door(ABC):
    """One of the four ways."""

    def __init__(self, name: str, exchange: Exchange, clock: SteppedClock) -> None:
        self.name = name
        self.exchange = exchange
        self.clock = clock
        self.base_url = BASE_URL
        self.heard: list[Request] = []
        """What the clients sent."""
        self._numbers = count(1)
        self._clients: dict[str, Upbit | AsyncUpbit] = {}

    def __repr__(self) -> str:
        return self.name

    @property
    def now(self) -> int:
        return self.clock()

    def step(self, seconds: float) -> None:
        """Let time go by."""
        self.clock.step(round(seconds * 1000))
        self._arrive()

    def word(self) -> str:
        """A word that was not used before."""
        return f"{self.name}-{next(self._numbers)}"

    def ask(self, code: str, /, **arguments: Any) -> Envelope:
        """Ask in the documented voice, a second after the question before."""
        self.clock.step(1_000)
        return self.speak(self.client(), code, **arguments)

    def result(self, code: str, /, **arguments: Any) -> Any:
        """Ask, and give a result that is no error."""
        envelope = self.ask(code, **arguments)
        assert envelope["response"]["ok"], envelope["result"]
        return envelope["result"]

    def error(self, code: str, /, **arguments: Any) -> tuple[int, str]:
        """Ask, and give status and name of the error."""
        envelope = self.ask(code, **arguments)
        return envelope["response"]["status_code"], envelope["result"]["error"]["name"]

    def client(self, key: Key | None = None) -> Upbit | AsyncUpbit:
        """The client with a key, the first one by default."""
        key = key or self.exchange.first_key
        if key.access_key not in self._clients:
            self._clients[key.access_key] = self.make(key.access_key, key.secret)
        return self._clients[key.access_key]

    @abstractmethod
    def make(
        self, access_key: str | None, secret: str | None, *, meddle: Meddle = lambda request: request, **more: Any
    ) -> Upbit | AsyncUpbit:
        """Make a client, perhaps with somebody in the middle."""

    @abstractmethod
    def speak(self, client: Upbit | AsyncUpbit, code: str, /, **arguments: Any) -> Envelope:
        """Let a client ask at once."""

    @abstractmethod
    def listen(self, payload: str, frames: int, seconds: float = 0) -> list[bytes]:
        """Say something on a new socket and take so many frames; for those to come let up to some time go by."""

    @abstractmethod
    def connects(self) -> bool:
        """Whether a socket may be opened now."""

    def _arrive(self) -> None:  # noqa: B027 - only the doors inside have something to do
        """Wait until the exchange has noticed what time it is."""

    def _named(self, client: Upbit | AsyncUpbit, code: str) -> Any:
        namespace, _, name = code.partition(".")
        return getattr(getattr(client, namespace), name)


class SyncDoor(Door):
    """A door for the sync client."""

    @abstractmethod
    def transport(self) -> Transport:
        """What carries requests."""

    def make(
        self, access_key: str | None, secret: str | None, *, meddle: Meddle = lambda request: request, **more: Any
    ) -> Upbit:
        options: SyncOptions = {
            "base_url": self.base_url,
            "transport": Wiretap(self.transport(), self.heard, meddle),
            "clock": lambda: self.clock() / 1000,
            "sleep": self.step,
            "max_retries": 0,
        }
        return Upbit(access_key, secret, **(options | more))

    def speak(self, client: Upbit | AsyncUpbit, code: str, /, **arguments: Any) -> Envelope:
        answer: Envelope = self._named(client, code)(**arguments)
        return answer


class AsyncDoor(Door):
    """A door for the async client."""

    def __init__(self, name: str, exchange: Exchange, clock: SteppedClock, runner: asyncio.Runner) -> None:
        super().__init__(name, exchange, clock)
        self.runner = runner

    @abstractmethod
    def transport(self) -> AsyncTransport:
        """What carries requests."""

    def make(
        self, access_key: str | None, secret: str | None, *, meddle: Meddle = lambda request: request, **more: Any
    ) -> AsyncUpbit:
        async def sleep(seconds: float) -> None:
            self.step(seconds)

        options: AsyncOptions = {
            "base_url": self.base_url,
            "transport": AsyncWiretap(self.transport(), self.heard, meddle),
            "clock": lambda: self.clock() / 1000,
            "sleep": sleep,
            "max_retries": 0,
        }
        return AsyncUpbit(access_key, secret, **(options | more))

    def speak(self, client: Upbit | AsyncUpbit, code: str, /, **arguments: Any) -> Envelope:
        return self.runner.run(self._named(client, code)(**arguments))


class Inside(Door):
    """What both doors in process share."""

    def join(self) -> None:
        gate = Gate(self.exchange)
        chaos = Chaos(0)
        self.inside = InsideTransport(Entrance(gate, chaos, Chronicle(self.exchange, chaos)))
        self.hub = Hub(self.exchange)
        self.handshake = Handshake(self.exchange, gate.turnstile, chaos)

    def connects(self) -> bool:
        admitted = self.handshake.admit(Request("GET", PUBLIC), PUBLIC, "127.0.0.1", self.now)
        return isinstance(admitted, Admission)

    def _arrive(self) -> None:
        self.exchange.advance()

    def listen(self, payload: str, frames: int, seconds: float = 0) -> list[bytes]:
        session = self.hub.open(PUBLIC, None, self.exchange.advance())
        heard = session.receive(payload, self.exchange.now)
        while len(heard) < frames and seconds > 0:
            self.step(0.5)
            seconds -= 0.5
            self.hub.look(self.exchange.now)
            heard += session.pulse(self.exchange.now)
        session.close()
        return heard[:frames]


class Http(Door):
    """What both doors with a socket share."""

    def connect(self, base_url: str, ws_url: str) -> None:
        self.base_url = base_url
        self.ws_url = ws_url

    @asynccontextmanager
    async def socket(self) -> AsyncIterator[Any]:
        async with UpbitWebSocket(self.ws_url) as connection:
            yield connection

    async def opens(self) -> bool:
        try:
            async with self.socket():
                return True
        except InvalidStatus as refused:
            return refused.response.status_code != 429

    async def converse(self, payload: str, frames: int, seconds: float) -> list[bytes]:
        async with asyncio.timeout(5), self.socket() as connection:
            await connection.send(payload)
            heard: list[bytes] = []
            while len(heard) < frames:
                try:
                    async with asyncio.timeout(0.1 if seconds > 0 else None):
                        heard.append(await connection.recv())
                except TimeoutError:
                    self.clock.step(500)
                    seconds -= 0.5
            return heard


class HttpSync(Http, SyncDoor):
    """HTTP and the sync client."""

    def transport(self) -> Transport:
        return self.pool

    def listen(self, payload: str, frames: int, seconds: float = 0) -> list[bytes]:
        return asyncio.run(self.converse(payload, frames, seconds))

    def connects(self) -> bool:
        return asyncio.run(self.opens())


class HttpAsync(Http, AsyncDoor):
    """HTTP and the async client."""

    def transport(self) -> AsyncTransport:
        return self.pool

    def listen(self, payload: str, frames: int, seconds: float = 0) -> list[bytes]:
        return self.runner.run(self.converse(payload, frames, seconds))

    def connects(self) -> bool:
        return self.runner.run(self.opens())


class InsideSync(Inside, SyncDoor):
    """In process, the sync client."""

    def transport(self) -> Transport:
        return self.inside


class InsideAsync(Inside, AsyncDoor):
    """In process, the async client."""

    def transport(self) -> AsyncTransport:
        return AsyncInsideTransport(self.inside, asyncio.sleep)


@contextmanager
def opened(name: str) -> Generator[Door]:
    """Open one of the four doors to a new exchange."""
    clock = SteppedClock(START)

    def exchange() -> Exchange:
        return Exchange(clock=clock, seed=5, profile="2023", funds=FUNDS)

    match name:
        case "inside-sync":
            within = InsideSync(name, exchange(), clock)
            within.join()
            yield within
        case "inside-async":
            with asyncio.Runner() as runner:
                awaited = InsideAsync(name, exchange(), clock, runner)
                awaited.join()
                yield awaited
        case "http-sync":
            with threaded(exchange, host="127.0.0.1", port=0, limited=True) as server:
                door = HttpSync(name, server.exchange, clock)
                door.connect(server.base_url, server.ws_url)
                door.pool = HTTPTransport(server.base_url)
                try:
                    yield door
                finally:
                    door.pool.close()
        case _:
            with (
                threaded(exchange, host="127.0.0.1", port=0, limited=True) as server,
                asyncio.Runner() as runner,
            ):
                other = HttpAsync(name, server.exchange, clock, runner)
                other.connect(server.base_url, server.ws_url)
                other.pool = AsyncHTTPTransport(server.base_url)
                try:
                    yield other
                finally:
                    runner.run(other.pool.aclose())
