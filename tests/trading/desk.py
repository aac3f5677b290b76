"""Traders to talk to in one way, whichever face they have and however they reach the exchange."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Self

from tests.virtual import VirtualLoop
from upbit.models import Order
from upbit.paper import PaperExchange, RunningExchange
from upbit.trading import AsyncTrader, Trader

START = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
MARKET = "KRW-BTC"


class Awaited:
    """An `AsyncTrader` that is spoken to as a `Trader` is."""

    def __init__(self, trader: AsyncTrader, run: Callable[[Coroutine[Any, Any, Any]], Any]) -> None:
        self.trader = trader
        self._run = run

    def __enter__(self) -> Self:
        self._run(self.trader.__aenter__())
        return self

    def __exit__(self, *why: Any) -> None:
        self._run(self.trader.__aexit__(*why))

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.trader, name)
        if not inspect.isroutine(found):
            return found

        def call(*args: Any, **kwargs: Any) -> Any:
            return self._run(found(*args, **kwargs))

        return call


class Desk:
    """Traders of one exchange, on one face; their files are in one folder."""

    def __init__(self, exchange: PaperExchange | RunningExchange, folder: Path, stack: ExitStack, awaits: bool) -> None:
        self.exchange = exchange
        self.folder = folder
        self._stack = stack
        self.awaits = awaits
        self._runner: asyncio.Runner | None = None
        if awaits:
            stepped = isinstance(exchange, PaperExchange)
            self._runner = asyncio.Runner(loop_factory=(lambda: VirtualLoop(exchange)) if stepped else None)
            stack.enter_context(self._runner)

    def trader(self, *, client: dict[str, Any] | None = None, **options: Any) -> Any:
        """Make a trader, a `Trader` or something that is spoken to as one."""
        options = {"journal": self.folder / "journal", "switch": self.folder / "switch"} | options
        if self._runner is None:
            made = self._stack.enter_context(self.exchange.client(**(client or {})))
            trader: Trader = made.trading("paper", **options)
            return trader
        other = self.exchange.async_client(**(client or {}))
        self._stack.callback(self._runner.run, other.aclose())
        return Awaited(other.trading("paper", **options), self._runner.run)

    def price(self, percent: int, market: str = MARKET) -> Decimal:
        """A price on the grid, so many percent of the last one."""
        with ExitStack() as stack:
            client = stack.enter_context(self.exchange.client())
            price = client.tickers.list(market)[0].trade_price * percent // 100
            return price - price % 1000

    def orders(self) -> list[Order]:
        """All orders that the exchange has, as another client sees them, newest first."""
        with ExitStack() as stack:
            client = stack.enter_context(self.exchange.client())
            return client.orders.list_open(states=["wait", "watch"]) + client.orders.list_closed(limit=1000)


@contextmanager
def desk(exchange: PaperExchange | RunningExchange, folder: Path, *, awaits: bool) -> Iterator[Desk]:
    """Open a desk."""
    with ExitStack() as stack:
        yield Desk(exchange, folder, stack, awaits)
