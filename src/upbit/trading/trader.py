"""Trading: orders placed exactly once, under limits and a switch, followed to their end, and found again after a crash.

    with upbit.paper.PaperExchange().client().trading("paper") as trader:
        order = trader.buy("KRW-BTC", quote=100_000)
        order = trader.wait(order, timeout=10)
        print(order.status, order.average_price, order.fee)

`Trader` returns results, `AsyncTrader` is awaited; what they can do is in `acts`. A trader has no strategy, transfers
nothing between pockets, and withdraws only what a policy allows.
"""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

from ..api.operation import Async, Sync
from ..subscriptions import my_asset, my_order
from .acts import Trading
from .ends import Live
from .means import Means, Mode
from .placing import Guards

if TYPE_CHECKING:
    from ..feed import AsyncFeed, Feed

Opened = TypeVar("Opened")


def listen(feed: Callable[..., Opened], live: Live) -> Opened:
    """Make a feed of one's own orders and balances. Nobody reads its events one by one, so none are kept."""
    return feed(my_order(), my_asset(), policies={"myOrder": 1, "myAsset": 1}, on_state=live.told)


class Trader(Trading[Sync]):
    """A trader whose acts return their results; threads may share it. Made by `Upbit.trading`, to be entered."""

    def __init__(self, mode: Mode, means: Means, guards: Guards, feed: Callable[..., Feed] | None = None) -> None:
        super().__init__(mode, means, guards)
        self._open = feed
        self._feed: Feed | None = None

    def __enter__(self) -> Self:
        """Find out what became of the orders of the process before, and begin to listen."""
        self.recovered = self.recover()
        if self._open is not None:
            self.live = Live()
            self._feed = listen(self._open, self.live).__enter__()
            self._feed.watch(self.live)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close: no more orders; those under way are waited for, those that are open stay open."""
        try:
            self.close()
        finally:
            if self._feed is not None:
                self._feed.__exit__(kind, error, trace)


class AsyncTrader(Trading[Async]):
    """A trader whose acts are awaited; for the tasks of one event loop. Made by `AsyncUpbit.trading`, to be entered."""

    def __init__(self, mode: Mode, means: Means, guards: Guards, feed: Callable[..., AsyncFeed] | None = None) -> None:
        super().__init__(mode, means, guards)
        self._open = feed
        self._feed: AsyncFeed | None = None

    async def __aenter__(self) -> Self:
        """Find out what became of the orders of the process before, and begin to listen."""
        self.recovered = await self.recover()
        if self._open is not None:
            self.live = Live()
            self._feed = await listen(self._open, self.live).__aenter__()
            self._feed.watch(self.live)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close: no more orders; those under way are waited for, those that are open stay open."""
        try:
            await self.close()
        finally:
            if self._feed is not None:
                await self._feed.__aexit__(kind, error, trace)
