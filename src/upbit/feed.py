"""Live data that heals itself: `async with client.feed(trade("KRW-BTC")) as feed: async for event in feed: ...`.

A feed opens the sockets that its subscriptions need and never ends by itself: it reconnects for ever, notices silence,
looks up by REST what was missed, and tells with a `Gap` what it could not. Events come in order and once, each as a
struct of `upbit.models`. A consumer that is too slow loses quotes (told by a `Gap` where each one counts), never an
event of its own account, and holds up nobody. Only what can never work is raised: a subscription that the exchange
refuses, keys that are wrong. It does not place orders and keeps nothing on disk.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar, Unpack

import msgspec

from .errors import ConfigurationError
from .feed_options import FeedOptions, FeedStatus, SocketStatus, Source, status
from .flow.inbox import Inbox, Policy
from .flow.intake import Intake, View
from .flow.session import Session, Times
from .models import FeedEvent, Gap
from .secret import new_nonce
from .subscriptions import (
    Subscription,
    announcement,
    candle,
    indicator,
    indicator_signal,
    my_asset,
    my_order,
    orderbook,
    ticker,
    trade,
    vouched,
)
from .wire.events import Listed
from .wire.frames import FORMATS, INFO, PRIVATE, PUBLIC, TYPES, Format

if TYPE_CHECKING:
    from .io.aio_feed import Crew
    from .io.sync_socket import Background, Batches

__all__ = [
    "AsyncFeed",
    "Feed",
    "FeedOptions",
    "FeedStatus",
    "Gap",
    "Policy",
    "SocketStatus",
    "Subscription",
    "Times",
    "announcement",
    "candle",
    "indicator",
    "indicator_signal",
    "my_asset",
    "my_order",
    "orderbook",
    "ticker",
    "trade",
]

T = TypeVar("T")
V = TypeVar("V", bound=View)

AUDIT = 60.0
"""Seconds in which every market's trades and candles, and the own orders and balances, are compared with REST once."""
FRAMES = 10_000
"""Frames that wait for who reads them raw."""
NOT_RUNNING = "the feed is not running: enter it, `with client.feed(...) as feed` (or `async with`)"
OVER = "the feed is over: make a new one"
TURN = 0.01
"""Seconds in which a consumer takes what is there before the sockets have their turn, if it awaits nothing else."""


class AsyncFeed:
    """Live data for the tasks of one event loop; made by `AsyncUpbit.feed`."""

    def __init__(self, source: Source, subscriptions: Sequence[Subscription], **options: Unpack[FeedOptions]) -> None:
        if not options.keys() <= FeedOptions.__optional_keys__:
            unknown = ", ".join(sorted(options.keys() - FeedOptions.__optional_keys__))
            known = ", ".join(sorted(FeedOptions.__optional_keys__))
            raise TypeError(f"a feed takes no {unknown}; it takes {known}")
        self._source = source
        self._format: Format = options.get("format", "SIMPLE")
        if self._format not in FORMATS:
            raise ConfigurationError(f"format={self._format!r} is none of {', '.join(FORMATS)}")
        self._times = options.get("times", Times())
        self._audit = options.get("audit", AUDIT)
        if self._audit is not None and self._audit <= 0:
            raise ConfigurationError(f"audit={self._audit} is no number of seconds above 0; None switches it off")
        self._on_state = options.get("on_state")
        self._inbox = Inbox(options.get("policies", {}))
        self._take = self._inbox.take
        self._intake = Intake(self._inbox, wall=source.wall)
        self._sessions: dict[str, Session] = {}
        self._wanted: tuple[Subscription, ...] = ()
        self._crew: Crew | None = None
        self._clock: Callable[[], float] = float
        self._until = 0.0
        self._log = logging.getLogger("upbit.feed")
        self.add(*subscriptions)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(dict.fromkeys(one.type for one in self._wanted))})"

    async def __aenter__(self) -> Self:
        """Begin. It does not wait for the first connection: see `live`."""
        from .io.aio_feed import Crew, Place  # brings aiohttp

        if self._crew is not None:
            raise RuntimeError("a feed is entered once: make a new one")
        source = self._source
        place = Place(source.ws_url, source.dial(), source.token, source.pace, source.ask)
        self._crew = Crew(self._intake, place, audit=self._audit, told=self._told)
        self._clock = self._crew.clock
        for session in self._sessions.values():
            self._crew.man(session)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the sockets. What waits can still be read."""
        await self._running().leave()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> FeedEvent:
        """Wait for the next event. Raises what ended the feed, if it did not end by leaving it."""
        if self._clock() < self._until:
            event = self._take()
            if event is not None:
                return event
        return await self._next()

    async def live(self) -> None:
        """Wait until all is subscribed to, and own orders and balances were read once. Raises what ended the feed.

        The exchange does not say when it has taken a subscription up: `listed` does.
        """
        await self._running().settle(self._sessions.values())

    # -- what is wanted ------------------------------------------------------------------------------

    @property
    def subscriptions(self) -> tuple[Subscription, ...]:
        """What is subscribed to."""
        return self._wanted

    def add(self, *subscriptions: Subscription) -> None:
        """Subscribe to more, now or while it runs. What is there already stays as it is.

        Raises ValueError for what the exchange would refuse, ConfigurationError without the keys it takes.
        """
        wanted = list(self._wanted)
        for one in map(vouched, subscriptions):
            known = {code for other in wanted if _bare(other) == _bare(one) for code in other.codes}
            fresh = tuple(code for code in one.codes if code not in known)
            if fresh or (not one.codes and one not in wanted):
                wanted.append(msgspec.structs.replace(one, codes=fresh))
        self._want(tuple(wanted))

    def remove(self, *subscriptions: Subscription) -> None:
        """Unsubscribe: from the markets of each, where one like it but for the markets is subscribed to.

        What is under way still comes. Raises ValueError when there is nothing like it.
        """
        wanted = list(self._wanted)
        for gone in subscriptions:
            alike = [
                one for one in wanted if _bare(one) == _bare(gone) and (one == gone or set(one.codes) & set(gone.codes))
            ]
            if not alike:
                raise ValueError(f"nothing like {gone} is subscribed to")
            for one in alike:
                left = tuple(code for code in one.codes if code not in gone.codes)
                place = wanted.index(one)
                wanted[place : place + 1] = [msgspec.structs.replace(one, codes=left)] if left else []
        self._want(tuple(wanted))

    async def listed(self) -> tuple[Listed, ...]:
        """Ask the exchange what it is telling now, on every open socket (LIST_SUBSCRIPTIONS).

        Waits for the answers; a socket whose connection ends before it answered is left out.
        """
        crew, lists = self._running(), self._intake.lists
        crew.check()
        asked = {session: session.connects for session in self._sessions.values() if session.state == "live"}
        for session in asked:
            lists.pop(session.path, None)
            session.ask_list()
        crew.stir()

        def done(session: Session) -> bool:
            return session.path in lists or session.state != "live" or session.connects != asked[session]

        await crew.until(lambda: all(map(done, asked)))
        return tuple(one for session in asked if session.path in lists for one in lists[session.path].result)

    # -- other ways to look at it ----------------------------------------------------------------------

    def watch(self, view: V) -> V:
        """Keep a view up to date, however slowly events are read; gives it back. It misses earlier trades, orders."""
        self._intake.watch(view)
        return view

    async def frames(self) -> AsyncIterator[bytes]:
        """Give the frames as they come, in the `format` that was asked for, beside the events.

        From the first `anext` on; who is more than 10,000 frames behind misses some.
        """
        crew = self._running()
        waiting: deque[bytes] = deque(maxlen=FRAMES)

        def tap(frame: bytes | str) -> None:
            waiting.append(frame if isinstance(frame, bytes) else frame.encode())

        self._intake.taps.append(tap)
        try:
            while True:
                await crew.until(lambda: waiting)
                if not waiting:
                    return
                while waiting:
                    yield waiting.popleft()
        finally:
            self._intake.taps.remove(tap)

    @property
    def status(self) -> FeedStatus:
        """How it is now."""
        inbox = self._inbox
        return FeedStatus(
            sockets=tuple(status(session) for session in self._sessions.values()),
            waiting=len(inbox),
            delivered=inbox.counts.taken,
            conflated=inbox.counts.conflated,
            dropped=inbox.counts.dropped,
            counts=self._intake.counts,
        )

    # -- insides -------------------------------------------------------------------------------------

    def _running(self) -> Crew:
        if self._crew is None:
            raise RuntimeError(NOT_RUNNING)
        return self._crew

    async def _next(self) -> FeedEvent:
        """Take the next event when the sockets have had their turn."""
        crew = self._running()
        waits = self._inbox.__len__
        while True:
            await (crew.pause() if waits() else crew.until(waits))
            self._until = self._clock() + TURN
            event = self._take()
            if event is not None:
                return event
            if crew.over:
                raise StopAsyncIteration

    def _want(self, wanted: tuple[Subscription, ...]) -> None:
        if self._crew is not None and self._crew.over:
            raise RuntimeError(OVER)
        by_path = {path: tuple(one for one in wanted if TYPES[one.type] == path) for path in (PUBLIC, PRIVATE, INFO)}
        if self._source.token is None and (by_path[PRIVATE] or by_path[INFO]):
            raise ConfigurationError(
                "myOrder, myAsset, announcement and indicators need an API key: give access_key= and secret_key=, "
                "or set UPBIT_ACCESS_KEY and UPBIT_SECRET_KEY"
            )
        for path, subscriptions in by_path.items():
            session = self._sessions.get(path)
            if session is not None:
                session.want(subscriptions)
            elif subscriptions:
                session = self._session(path)
                session.want(subscriptions)
                self._sessions[path] = session
                if self._crew is not None:
                    self._crew.man(session)
        self._wanted = wanted
        self._intake.follow(by_path)
        if self._crew is not None:
            self._crew.stir()

    def _session(self, path: str) -> Session:
        return Session(path, format=self._format, ticket=new_nonce, random=self._source.random, times=self._times)

    def _told(self, session: Session) -> None:
        now = status(session)
        self._log.info("%s %s %s", now.path, now.state, now.reason)
        if self._on_state is not None:
            self._on_state(now)


def _bare(subscription: Subscription) -> Subscription:
    return msgspec.structs.replace(subscription, codes=())


class Feed:
    """Live data for who does not await; made by `Upbit.feed`.

    The sockets live in a thread of their own, so they are kept alive whatever the consumer does.
    """

    def __init__(self, feed: AsyncFeed) -> None:
        self._feed = feed
        self._loop: Background | None = None
        self._batches: Batches[FeedEvent] | None = None

    def __repr__(self) -> str:
        return repr(self._feed).removeprefix("Async")

    def __enter__(self) -> Self:
        """Begin. It does not wait for the first connection: see `live`."""
        from .io.sync_socket import Background  # brings asyncio

        if self._loop is not None:
            raise RuntimeError("a feed is entered once: make a new one")
        loop = self._loop = Background().__enter__()
        try:
            loop.run(self._feed.__aenter__())
            self._batches = loop.iterate(self._feed)
        except BaseException as error:
            loop.__exit__(type(error), error, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the sockets and end the thread. What was not taken is gone."""
        loop = self._running()
        if loop.alive:
            try:
                loop.run(self._feed.__aexit__(kind, error, trace))
            finally:
                loop.__exit__(kind, error, trace)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> FeedEvent:
        """Wait for the next event. Raises what ended the feed, if it did not end by leaving it."""
        if self._batches is None:
            raise RuntimeError(NOT_RUNNING)
        return next(self._batches)

    def live(self) -> None:
        """Wait until every socket is connected. Raises what ended the feed."""
        self._running().run(self._feed.live())

    @property
    def subscriptions(self) -> tuple[Subscription, ...]:
        """What is subscribed to."""
        return self._feed.subscriptions

    def add(self, *subscriptions: Subscription) -> None:
        """Subscribe to more, now or while it runs; as `AsyncFeed.add`."""
        self._there(lambda: self._feed.add(*subscriptions))

    def remove(self, *subscriptions: Subscription) -> None:
        """Unsubscribe; as `AsyncFeed.remove`."""
        self._there(lambda: self._feed.remove(*subscriptions))

    def listed(self) -> tuple[Listed, ...]:
        """Ask the exchange what it is telling now (LIST_SUBSCRIPTIONS), and wait for its answers."""
        return self._running().run(self._feed.listed())

    def watch(self, view: V) -> V:
        """Keep a view up to date, in the thread of the sockets; else as `AsyncFeed.watch`."""
        return self._there(lambda: self._feed.watch(view))

    def frames(self) -> Iterator[bytes]:
        """Give the frames as they come; as `AsyncFeed.frames`."""
        return self._running().iterate(self._feed.frames())

    @property
    def status(self) -> FeedStatus:
        """How it is now."""
        return self._there(lambda: self._feed.status)

    def _there(self, work: Callable[[], T]) -> T:
        """Do something in the thread of the sockets, if they live."""
        return work() if self._loop is None else self._loop.call(work)

    def _running(self) -> Background:
        if self._loop is None:
            raise RuntimeError(NOT_RUNNING)
        return self._loop
