"""The faces of a client's feed, asked the same questions in the same words: awaited or not, over a socket or inside."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

from upbit import AsyncUpbit, Upbit
from upbit.errors import APIConnectionError
from upbit.feed import AsyncFeed, Feed, FeedStatus, Subscription
from upbit.flow.intake import View
from upbit.io import AsyncSocket, Closed
from upbit.models import FeedEvent, Order
from upbit.paper import PaperExchange, RunningExchange
from upbit.wire.events import Listed

T = TypeVar("T")
V = TypeVar("V", bound=View)
PATIENCE = 10.0
"""Seconds in which everything here has happened, or never will."""


class Told(Protocol):
    """A feed, whichever."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
    def __iter__(self) -> Iterator[FeedEvent]: ...
    def __next__(self) -> FeedEvent: ...
    def watch(self, view: V) -> V: ...
    def live(self) -> None: ...
    def listed(self) -> tuple[Listed, ...]: ...
    def add(self, *subscriptions: Subscription) -> None: ...
    def remove(self, *subscriptions: Subscription) -> None: ...
    def frames(self) -> Iterator[bytes]: ...
    @property
    def subscriptions(self) -> tuple[Subscription, ...]: ...
    @property
    def status(self) -> FeedStatus: ...


class Awaited:
    """An `AsyncFeed` whose loop runs only while somebody waits for something."""

    def __init__(self, feed: AsyncFeed, run: Callable[[Coroutine[Any, Any, Any]], Any]) -> None:
        self.feed = feed
        self._run = run

    def __repr__(self) -> str:
        return repr(self.feed)

    def __enter__(self) -> Self:
        self._run(self.feed.__aenter__())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._run(self.feed.__aexit__(kind, error, trace))

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> FeedEvent:
        return _next(self._run, self.feed)

    def watch(self, view: V) -> V:
        return self.feed.watch(view)

    def live(self) -> None:
        self._run(self.feed.live())

    def listed(self) -> tuple[Listed, ...]:
        answer: tuple[Listed, ...] = self._run(self.feed.listed())
        return answer

    def add(self, *subscriptions: Subscription) -> None:
        self._do(lambda: self.feed.add(*subscriptions))

    def remove(self, *subscriptions: Subscription) -> None:
        self._do(lambda: self.feed.remove(*subscriptions))

    def _do(self, change: Callable[[], None]) -> None:
        """Change something in the loop."""

        async def there() -> None:
            change()

        self._run(there())

    def frames(self) -> Iterator[bytes]:
        frames = self.feed.frames()
        while True:
            try:
                yield _next(self._run, frames)
            except StopIteration:
                return

    @property
    def subscriptions(self) -> tuple[Subscription, ...]:
        return self.feed.subscriptions

    @property
    def status(self) -> FeedStatus:
        return self.feed.status


def _next(run: Callable[[Coroutine[Any, Any, Any]], Any], iterator: AsyncIterator[T]) -> T:
    async def following() -> list[T]:
        try:
            return [await anext(iterator)]
        except StopAsyncIteration:  # a coroutine cannot raise StopIteration
            return []

    got: list[T] = run(following())
    if not got:
        raise StopIteration
    return got[0]


class Face:
    """A client and its feeds."""

    def __init__(self, exchange: PaperExchange | RunningExchange, stack: ExitStack, awaits: bool) -> None:
        self.exchange = exchange
        self._stack = stack
        self.awaits = awaits
        self._runner = stack.enter_context(asyncio.Runner()) if awaits else None

    def feed(self, *subscriptions: Subscription, client: Mapping[str, Any] | None = None, **options: Any) -> Told:
        """Make a feed of a client with these options."""
        made = self.client(**(client or {}))
        if isinstance(made, Upbit):
            feed: Feed = made.feed(*subscriptions, **options)
            return feed
        return Awaited(made.feed(*subscriptions, **options), self.run)

    def client(self, **options: Any) -> Upbit | AsyncUpbit:
        """Make a client that is closed in the end."""
        if not self.awaits:
            return self._stack.enter_context(self.exchange.client(**options))
        client = self.exchange.async_client(**options)
        self._stack.callback(lambda: self.run(client.aclose()))
        return client

    def order(self, **arguments: Any) -> Order:
        """Place an order."""
        with ExitStack() as stack:
            return stack.enter_context(self.exchange.client()).orders.create(**arguments)

    def pause(self, seconds: float) -> None:
        """Let the sockets live for a while."""
        if self.awaits:
            self.run(asyncio.sleep(seconds))
        else:
            time.sleep(seconds)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Await something."""
        assert self._runner is not None, "this face does not await"
        return self._runner.run(asyncio.wait_for(work, PATIENCE))


@contextmanager
def face(exchange: PaperExchange | RunningExchange, *, awaits: bool) -> Iterator[Face]:
    """Show a face of an exchange."""
    with ExitStack() as stack:
        yield Face(exchange, stack, awaits)


def deal(number: int) -> bytes:
    """The frame of a trade."""
    return (
        b'{"ty":"trade","cd":"KRW-BTC","tms":1795471829753,"td":"2026-11-23","ttm":"09:30:29","ttms":%d,"tp":100.0,'
        b'"tv":0.1,"ab":"BID","pcp":99.0,"c":"RISE","cp":1.0,"sid":%d,"st":"REALTIME"}' % (number, number)
    )


class Wire:
    """Sockets with a script: each hears what is said, and tells what it is told to. An `upbit.io.Dial`."""

    def __init__(self, *scripts: Sequence[bytes | Closed]) -> None:
        self._scripts = list(scripts)
        self.sockets: list[WireSocket] = []
        self.headers: list[Mapping[str, str]] = []
        self.urls: list[str] = []
        self.times: list[float] = []

    async def __call__(self, url: str, headers: Mapping[str, str], heartbeat: float) -> AsyncSocket:
        self.urls.append(url)
        self.headers.append(headers)
        self.times.append(asyncio.get_running_loop().time())
        if len(self.sockets) == len(self._scripts):
            raise APIConnectionError("nobody is there", sent=False)
        self.sockets.append(WireSocket(self._scripts[len(self.sockets)]))
        return self.sockets[-1]


class WireSocket(AsyncSocket):
    """One of them: after its script it is silent."""

    def __init__(self, script: Sequence[bytes | Closed]) -> None:
        self.queue: asyncio.Queue[bytes | Closed] = asyncio.Queue()
        for line in script:
            self.queue.put_nowait(line)
        self.said: list[str] = []

    async def send(self, text: str) -> None:
        self.said.append(text)

    async def receive(self) -> bytes | str | Closed:
        return await self.queue.get()

    async def close(self) -> None:
        self.queue.put_nowait(Closed(1000))
