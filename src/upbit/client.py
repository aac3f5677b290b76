"""`Upbit` and `AsyncUpbit`: two faces, one body.

Each speaks in two voices: the typed one (`client.orders.create(...) -> Order`, raises) and the documented one of 2023
(`client.Order.Order_new(...) -> {"response", "remaining_request", "result"}`, never raises on an error answer).
Nothing goes on the wire before the first call. Keys come from the arguments or the environment,
or from a key file or keyring that one of them names (`upbit.keys`).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, Unpack

from . import documented, settings
from .agreement import HEADERS, agree, aio_dial, aio_http, http
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
from .flow.intent import conduct
from .flow.result import reply, value
from .flow.steps import Flow
from .io import AsyncTransport, Transport
from .link import Link
from .secret import hide
from .settings import AsyncOptions, SyncOptions
from .wire.message import Request, Response

if TYPE_CHECKING:
    from .feed import AsyncFeed, Feed, FeedOptions
    from .feed_options import Ask, Source
    from .trading import AsyncTrader, Mode, Trader, TradingOptions
    from .trading.means import Means
    from .wire.frames import Subscription

T = TypeVar("T")
Shared = TypeVar("Shared")


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
        link: Link[Shared] | None = vars(self).get("_link")  # a traceback may show a client that was refused
        return f"{type(self).__name__}Client({link.place.base_url if link else ''})"

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
            dial=lambda: link.dial or aio_dial(link.proxy),
            token=link.token if terms.sign else None,
            pace=terms.pace,
            ask=ask,
            random=terms.random,
            wall=terms.wall,
        )

    def _means(self) -> Means:
        """What a trader needs of this client."""
        from .trading.means import Means

        return Means(self._terms, self.base_url, self._link.signer, self.carry_out)

    def carry_out(self, flow: Flow[Any]) -> Any:
        """Carry out a flow, each face in its own way: its requests leave over the connections of this client."""
        ...

    def _carry(self, flow: Flow[Response], finish: Callable[[Response], Any]) -> Any:
        """Carry a flow out and make of its response what is wanted."""
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


class Upbit(Client[Sync, Transport]):
    """A client whose calls return their results; threads may share it.

    Keys may also stand in UPBIT_ACCESS_KEY and UPBIT_SECRET_KEY (see `upbit.keys`); quotation needs none.
    `upbit.settings.Options` says what else can be told by name. Raises ConfigurationError for a wrong setting,
    TypeError for an unknown one.
    """

    def __init__(
        self, access_key: str | None = None, secret_key: str | None = None, **options: Unpack[SyncOptions]
    ) -> None:
        from .io import sync

        secret, secret_key = hide(secret_key), None  # before anything can be refused
        settings.check(options, SyncOptions.__optional_keys__)
        given = options.get("transport")
        terms, link = agree(access_key, secret, options, given, http)
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

    def trading(self, mode: Mode, **options: Unpack[TradingOptions]) -> Trader:
        """Make a trader: `with client.trading("paper") as trader: trader.buy("KRW-BTC", quote=10_000)`.

        `mode` is `paper` or `live` and must fit keys and host. `upbit.trading` says what a trader does, and its
        `TradingOptions` what else can be told by name. Raises ConfigurationError when the mode does not fit.
        """
        from .trading.options import guards
        from .trading.trader import Trader

        means = self._means()
        return Trader(mode, means, guards(mode, means, options), self.feed if options.get("live") else None)

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

    def carry_out(self, flow: Flow[T]) -> T:
        """Carry out a flow (`upbit.flow`) over the connections of this client, and return its result."""
        if self._link.unread is not None:
            self._fetch()
        result: T = self._drive(flow, self._link.transport)
        return result

    def _carry(self, flow: Flow[Response], finish: Callable[[Response], Any]) -> Any:
        return finish(self.carry_out(flow))

    def _speak(self, tag: str, name: str, given: dict[str, object]) -> Any:
        if self._link.unread is not None:
            self._fetch()
        return self._spoken(tag, name, given)

    def _fetch(self) -> None:
        host, request = self._link.errand()
        transport = http(host, proxy=self._link.proxy)
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

        secret, secret_key = hide(secret_key), None  # before anything can be refused
        settings.check(options, AsyncOptions.__optional_keys__)
        given = options.get("transport")
        terms, link = agree(access_key, secret, options, given, aio_http)
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

    def trading(self, mode: Mode, **options: Unpack[TradingOptions]) -> AsyncTrader:
        """Make a trader: `async with client.trading("paper") as trader: await trader.buy("KRW-BTC", quote=10_000)`.

        `mode` is `paper` or `live` and must fit keys and host. `upbit.trading` says what a trader does, and its
        `TradingOptions` what else can be told by name. Raises ConfigurationError when the mode does not fit.
        """
        from .trading.options import guards
        from .trading.trader import AsyncTrader

        means = self._means()
        return AsyncTrader(mode, means, guards(mode, means, options), self.feed if options.get("live") else None)

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

    async def carry_out(self, flow: Flow[T]) -> T:
        """Carry out a flow (`upbit.flow`) over the connections of this client, and give its result."""
        if self._link.unread is not None:
            await self._fetch()
        result: T = await self._drive(flow, self._link.transport)
        return result

    async def _carry(self, flow: Flow[Response], finish: Callable[[Response], Any]) -> Any:
        return finish(await self.carry_out(flow))

    async def _speak(self, tag: str, name: str, given: dict[str, object]) -> Any:
        if self._link.unread is not None:
            await self._fetch()
        return await self._spoken(tag, name, given)

    async def _fetch(self) -> None:
        host, request = self._link.errand()
        transport = aio_http(host, proxy=self._link.proxy)
        try:
            self._link.learn(await transport.send(request._replace(headers=HEADERS), self._terms.timeout))
        finally:
            await transport.aclose()
