"""The same over real sockets, for a handful of faults: whoever awaits and whoever does not ends with what is true."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Generator
from contextlib import contextmanager
from random import Random
from threading import Lock, Thread

import pytest

from tests.observer import Holder, Record, differences, halt, trading
from upbit.feed import Feed, Times, candle, my_asset, my_order, orderbook, ticker, trade
from upbit.paper import Rule
from upbit.paper.clock import Clock
from upbit.paper.doors import described
from upbit.paper.exchange import Exchange
from upbit.paper.server import Server, threaded

MARKET = "KRW-ETH"
WANTED = (ticker(MARKET), trade(MARKET), orderbook(MARKET, units=5), candle(MARKET), my_order(), my_asset())
IMPATIENT = Times(first_pause=0.05, longest_pause=0.2, quiet=0.3, answer=0.7)
PATIENCE = 200
"""Looks, until a feed has found out everything, or never will."""

CUT = [
    Rule(effect="close", path="/websocket/v1", times=1),
    Rule(effect="close", path="/websocket/v1/private", code=1011, times=1),
    Rule(effect="refuse_socket", times=2),
    Rule(effect="refuse_socket", status=0, times=2),
]
FAULTS = {
    "silent": [Rule(effect="stall", path="/websocket/v1", times=1)],
    "mangled": [
        Rule(effect="fragment", probability=0.3),
        Rule(effect="duplicate", probability=0.2),
        Rule(effect="reorder", probability=0.2),
        Rule(effect="not_utf8", probability=0.1),
        Rule(effect="oversize", times=1),
    ],
}


def exchange() -> Exchange:
    return Exchange(clock=Clock(), seed=2, preset="btc")


@pytest.mark.parametrize("name", FAULTS)
async def test_what_was_told_is_true(name: str) -> None:
    async with Server(exchange(), limited=False) as server, described(server).async_client() as client:
        record, holder = Record(server.exchange), Holder()

        async def read() -> None:
            async for event in feed:
                holder.take(event)

        async with client.feed(*WANTED, audit=1.0, times=IMPATIENT) as feed:
            await feed.live()
            reader = asyncio.create_task(read())
            trader = asyncio.create_task(trading(client, server.exchange, MARKET, Random(3), pause=0.1))
            for rule in FAULTS[name]:
                server.chaos.add(rule)
            await asyncio.sleep(0.8)
            server.chaos.clear()
            trader.cancel()
            halt(server.exchange, MARKET)
            for _ in range(PATIENCE):
                if not differences(record, holder):
                    break
                await asyncio.sleep(0.05)
        await reader
        assert [] == differences(record, holder)
        assert len(record.steps) > 1
        assert {rule.effect for rule in FAULTS[name]} == {fault.effect for fault in server.chaos.faults}


@contextmanager
def reading(feed: Feed, holder: Holder, lock: Lock) -> Generator[None]:
    """Read in a thread, as long as the feed tells anything."""

    def read() -> None:
        for event in feed:
            with lock:
                holder.take(event)

    thread = Thread(target=read)
    with feed:
        feed.live()
        thread.start()
        yield
    thread.join()


def test_what_was_told_is_true_for_who_does_not_await() -> None:
    with threaded(exchange, host="127.0.0.1", port=0, limited=False) as server, described(server).client() as client:
        record, holder, lock = Record(server.exchange), Holder(), Lock()

        def apart() -> list[str]:
            with lock:
                return differences(record, holder)

        with reading(client.feed(*WANTED, audit=1.0, times=IMPATIENT), holder, lock):
            for rule in CUT:
                server.chaos.add(rule)
            for _ in range(6):
                client.orders.create(market=MARKET, side="bid", ord_type="price", price=10_000)
                time.sleep(0.15)
            halt(server.exchange, MARKET)
            for _ in range(PATIENCE):
                if not apart():
                    break
                time.sleep(0.05)
            assert [] == apart()
        assert 6 == len(record.steps)
