"""`Upbit` and `AsyncUpbit`: two faces, one body.

Each speaks in two voices: the typed one (`client.orders.create(...) -> Order`, raises) and the documented one of 2023
(`client.Order.Order_new(...) -> {"response", "remaining_request", "result"}`, never raises on an error answer).
Nothing goes on the wire before the first call. Keys come from the arguments or the environment, never from a file.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Mapping
from functools import cached_property, partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, Unpack

from . import documented, settings
from .api import (
    Accounts,
    ApiKeys,
    Candles,
    Deposits,
    Orderbooks,
    Orders,
    Pockets,
    Tickers,
    Trades,
    TradingPairs,
    TravelRule,
    WalletStatus,
    Withdraws,
)
from .api.operation import Async, AsyncReply, Face, Operation, Performs, Sync, SyncReply
from .documented import Envelope, envelope
from .flow.call import Rules, Terms
from .flow.intent import conduct, identifier
from .flow.repeat import MAX_RETRIES
from .flow.result import reply, value
from .flow.steps import Flow
from .io import AsyncTransport, Dial, Transport
from .limiter import Limiter, common
from .link import Connect, Link
from .pkginfo import package_version
from .secret import Signer, new_nonce
from .settings import AsyncOptions, Options, SyncOptions
from .wire.message import Request, Response

if TYPE_CHECKING:
    from .feed import AsyncFeed, Feed, FeedOptions
    from .feed_options import Ask, Source
    from .io.aio_http import AsyncHTTPTransport
    from .io.http import HTTPTransport
    from .wire.frames import Subscription

Shared = TypeVar("Shared")

HEADERS: Mapping[str, str] = {"accept": "application/json", "user-agent": f"upbit-client/{package_version}"}


class Namespaces(Generic[Face]):
    """The typed voice: every operation, by namespace."""

    def __init__(self, performer: Performs) -> None:
        self.trading_pairs: TradingPairs[Face] = TradingPairs(performer)
        self.candles: Candles[Face] = Candles(performer)
        self.trades: Trades[Face] = Trades(performer)
        self.tickers: Tickers[Face] = Tickers(performer)
        self.orderbooks: Orderbooks[Face] = Orderbooks(performer)
        self.accounts: Accounts[Face] = Accounts(performer)
        self.orders: Orders[Face] = Orders(performer)
        self.withdraws: Withdraws[Face] = Withdraws(performer)
        self.deposits: Deposits[Face] = Deposits(performer)
        self.travel_rule: TravelRule[Face] = TravelRule(performer)
        self.pockets: Pockets[Face] = Pockets(performer)
        self.wallet_status: WalletStatus[Face] = WalletStatus(performer)
        self.api_keys: ApiKeys[Face] = ApiKeys(performer)


class Client(Namespaces[Face], Generic[Face, Shared]):
    """What both faces share: their voices and their settings."""

    def _begin(self, terms: Terms, link: Link[Shared], drive: Callable[..., Any], owner: bool) -> None:
        super().__init__(self)
        self._terms = terms
        self._link = link
        self._drive = drive
        self._owner = owner
        if link.spec is None and link.unread is None:  # else the document's tags, found by __getattr__
            self.APIKey: documented.APIKey[Face] = documented.APIKey(self)
            self.Account: documented.Account[Face] = documented.Account(self)
            self.Market: documented.Market[Face] = documented.Market(self)
            self.Order: documented.Order[Face] = documented.Order(self)
            self.Deposit: documented.Deposit[Face] = documented.Deposit(self)
            self.Withdraw: documented.Withdraw[Face] = documented.Withdraw(self)
            self.Candle: documented.Candle[Face] = documented.Candle(self)
            self.Trade: documented.Trade[Face] = documented.Trade(self)

    @property
    def base_url(self) -> str:
        """Where requests go."""
        return self._link.place.base_url

    @property
    def ws_url(self) -> str:
        """The public WebSocket that belongs to it."""
        return self._link.place.ws_url

    def __repr__(self) -> str:
        return f"{type(self).__name__}Client({self.base_url})"

    def __reduce__(self) -> str:
        raise TypeError("a client is not copied or pickled: make it anew where it is needed")

    def with_options(
        self, *, timeout: float | tuple[float, float] | None = None, max_retries: int | None = None
    ) -> Self:
        """Make a client with other settings that shares connections and limiter with this one; this one closes them."""
        terms = self._terms
        if timeout is not None:
            terms = terms._replace(timeout=settings.timeout(timeout))
        if max_retries is not None:
            terms = terms._replace(max_retries=settings.retries(max_retries))
        other = object.__new__(type(self))
        other._begin(terms, self._link, self._drive, owner=False)
        return other

    def perform(self, operation: Operation[..., Any], arguments: dict[str, Any]) -> Any:
        """Carry out a typed call."""
        flow = conduct(operation, operation.request(arguments), self._terms)
        return self._carry(flow, partial(value, operation))

    def envelop(self, operation: Operation[..., Any], arguments: dict[str, Any]) -> Any:
        """Carry out a documented call."""
        return self._answer(operation, operation.request(arguments), operation)

    def _answer(self, rules: Rules, request: Request, operation: Operation[..., Any] | None) -> Any:
        def finish(response: Response) -> Envelope:
            return envelope(response, f"{self.base_url}{request.target}", operation, self._link.reading)

        return self._carry(conduct(rules, request, self._terms), finish)

    def _spoken(self, tag: str, name: str, given: dict[str, object]) -> Any:
        """Carry out a call of the document of `spec_uri`. What only it knows is signed if there are keys."""
        spec = self._link.spec
        assert spec is not None, "read before"
        entry = spec.find(tag, name)
        operation = spec.twin(entry)
        if operation is None and self._terms.sign is None:
            entry = entry._replace(needs=None)
        return self._answer(entry, entry.request(given), operation)

    def _source(self, ask: Ask) -> Source:
        """What a feed needs of this client."""
        from .feed_options import Source

        terms, link = self._terms, self._link
        return Source(
            ws_url=link.place.ws_url,
            dial=lambda: link.dial or _aio_dial(link.proxy),
            token=link.token if terms.sign else None,
            pace=terms.pace,
            ask=ask,
            random=terms.random,
            wall=terms.wall,
        )

    def _carry(self, flow: Flow[Response], finish: Callable[[Response], Any]) -> Any:
        """Carry a flow out and make of its response what is wanted; each face in its own way."""
        ...

    def _speak(self, tag: str, name: str, given: dict[str, object]) -> Any:
        """Call an operation of the document of `spec_uri`, which may have to be fetched first."""
        ...

    if not TYPE_CHECKING:  # checkers keep reporting names that do not exist

        def __getattr__(self, name: str) -> object:
            link = vars(self).get("_link")
            if link is None or name.startswith("_") or (link.spec is None and link.unread is None):
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
            if link.spec is not None and name not in link.spec.entries:
                link.spec.find(name, "")
            from .spec import Tag  # seldom needed

            return Tag(name, self._speak, link.spec)


class Replies:
    """Carries out typed calls whose results come in a `Reply`."""

    def __init__(self, terms: Terms, carry: Callable[[Flow[Response], Callable[[Response], Any]], Any]) -> None:
        self._terms = terms
        self._carry = carry

    def perform(self, operation: Operation[..., Any], arguments: dict[str, Any]) -> Any:
        """Carry out a call."""
        flow = conduct(operation, operation.request(arguments), self._terms)
        return self._carry(flow, partial(reply, operation))


def _agree(
    access_key: str | None, secret_key: str | None, options: Options, given: Shared | None, connect: Connect[Shared]
) -> tuple[Terms, Link[Shared]]:
    """Make of what a client was told what its calls need."""
    found = settings.keys(access_key, secret_key, os.environ)
    signer = None
    if found is not None:
        nonce, algorithm = options.get("nonce", new_nonce), options.get("algorithm", "HS512")
        signer = Signer(*found, nonce=nonce, algorithm=algorithm)
    link = Link(options, given, connect, signer, os.environ)
    link.limiter = _limiter(options, given is None, link.place.base_url)
    wall = options.get("wall", time.time)
    prefix = settings.prefix(options.get("identifier_prefix", "upbit"))
    terms = Terms(
        pace=link.limiter.pace(link.place.base_url, found[0] if found else ""),
        clock=options.get("clock", time.monotonic),
        random=options.get("random", random.random),
        sign=link.sign if signer else None,
        headers=HEADERS,
        timeout=settings.timeout(options.get("timeout", settings.PATIENCE)),
        max_retries=settings.retries(options.get("max_retries", MAX_RETRIES)),
        wall=wall,
        identifier=lambda: identifier(prefix, int(wall() * 1000), random.getrandbits(64)),
        order_deadline=settings.deadline(options.get("order_deadline", settings.DEADLINE)),
    )
    return terms, link


def _limiter(options: Options, networked: bool, host: str) -> Limiter:
    """Who counts what a client sends: by default it counts together with others only what goes over the network."""
    if "limiter" in options:
        return options["limiter"]
    return common(host) if networked and "clock" not in options else Limiter()


def _http(base_url: str, *, proxy: str | None = None) -> HTTPTransport:
    from .io.http import HTTPTransport  # brings urllib3

    return HTTPTransport(base_url, proxy=proxy)


def _aio_http(base_url: str, *, proxy: str | None = None) -> AsyncHTTPTransport:
    from .io.aio_http import AsyncHTTPTransport  # brings aiohttp

    return AsyncHTTPTransport(base_url, proxy=proxy)


def _aio_dial(proxy: str | None) -> Dial:
    from .io.aio_socket import AioDial  # brings aiohttp

    return AioDial(proxy=proxy, headers={"user-agent": HEADERS["user-agent"]})


class Upbit(Client[Sync, Transport]):
    """A client whose calls return their results; threads may share it.

    Keys may also stand in UPBIT_ACCESS_KEY and UPBIT_SECRET_KEY; quotation needs none. `upbit.settings.Options` says
    what else can be told by name. Raises ConfigurationError for a wrong setting, TypeError for an unknown one.
    """

    def __init__(
        self, access_key: str | None = None, secret_key: str | None = None, **options: Unpack[SyncOptions]
    ) -> None:
        from .io import sync

        settings.check(options, SyncOptions.__optional_keys__)
        given = options.get("transport")
        terms, link = _agree(access_key, secret_key, options, given, _http)
        drive = partial(sync.run, sleep=options["sleep"]) if "sleep" in options else sync.run
        self._begin(terms, link, drive, owner=given is None)

    @cached_property
    def replies(self) -> Namespaces[SyncReply]:
        """The typed voice with results in a `Reply`: value, response, what is left of the rate-limit group."""
        return Namespaces(Replies(self._terms, self._carry))

    def feed(self, *subscriptions: Subscription, **options: Unpack[FeedOptions]) -> Feed:
        """Make live data that heals itself: `with client.feed(upbit.feed.ticker("KRW-BTC")) as feed`.

        `upbit.feed` has what can be subscribed to, and its `FeedOptions` what else can be told by name. Raises
        ValueError for what the exchange would refuse, ConfigurationError without the keys it takes.
        """
        from .feed import AsyncFeed, Feed
        from .io.sync_socket import elsewhere

        return Feed(AsyncFeed(self._source(elsewhere(self.perform)), subscriptions, **options))

    def close(self) -> None:
        """Close the connections, if this client made them; it is not to be used again."""
        if self._owner and self._link.connected:
            from .io.http import HTTPTransport

            if isinstance(self._link.transport, HTTPTransport):
                self._link.transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _carry(self, flow: Flow[Response], finish: Callable[[Response], Any]) -> Any:
        if self._link.unread is not None:
            self._fetch()
        return finish(self._drive(flow, self._link.transport))

    def _speak(self, tag: str, name: str, given: dict[str, object]) -> Any:
        if self._link.unread is not None:
            self._fetch()
        return self._spoken(tag, name, given)

    def _fetch(self) -> None:
        host, request = self._link.errand()
        transport = _http(host, proxy=self._link.proxy)
        try:
            self._link.learn(transport.send(request._replace(headers=HEADERS), self._terms.timeout))
        finally:
            transport.close()


class AsyncUpbit(Client[Async, AsyncTransport]):
    """A client whose calls are awaited; for the tasks of one event loop.

    It takes what `Upbit` takes. Connections are made in the loop that runs at the first call.
    """

    def __init__(
        self, access_key: str | None = None, secret_key: str | None = None, **options: Unpack[AsyncOptions]
    ) -> None:
        from .io import aio  # brings asyncio

        settings.check(options, AsyncOptions.__optional_keys__)
        given = options.get("transport")
        terms, link = _agree(access_key, secret_key, options, given, _aio_http)
        drive = partial(aio.run, sleep=options["sleep"]) if "sleep" in options else aio.run
        self._begin(terms, link, drive, owner=given is None)

    @cached_property
    def replies(self) -> Namespaces[AsyncReply]:
        """The typed voice with results in a `Reply`: value, response, what is left of the rate-limit group."""
        return Namespaces(Replies(self._terms, self._carry))

    def feed(self, *subscriptions: Subscription, **options: Unpack[FeedOptions]) -> AsyncFeed:
        """Make live data that heals itself: `async with client.feed(upbit.feed.ticker("KRW-BTC")) as feed`.

        `upbit.feed` has what can be subscribed to, and its `FeedOptions` what else can be told by name. Raises
        ValueError for what the exchange would refuse, ConfigurationError without the keys it takes.
        """
        from .feed import AsyncFeed

        return AsyncFeed(self._source(self.perform), subscriptions, **options)

    async def aclose(self) -> None:
        """Close the connections, if this client made them; it is not to be used again."""
        if self._owner and self._link.connected:
            from .io.aio_http import AsyncHTTPTransport

            if isinstance(self._link.transport, AsyncHTTPTransport):
                await self._link.transport.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def _carry(self, flow: Flow[Response], finish: Callable[[Response], Any]) -> Any:
        if self._link.unread is not None:
            await self._fetch()
        return finish(await self._drive(flow, self._link.transport))

    async def _speak(self, tag: str, name: str, given: dict[str, object]) -> Any:
        if self._link.unread is not None:
            await self._fetch()
        return await self._spoken(tag, name, given)

    async def _fetch(self) -> None:
        host, request = self._link.errand()
        transport = _aio_http(host, proxy=self._link.proxy)
        try:
            self._link.learn(await transport.send(request._replace(headers=HEADERS), self._terms.timeout))
        finally:
            await transport.aclose()
