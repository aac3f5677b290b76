from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from tests.virtual import Stuck, run
from upbit.paper import PaperExchange, Rule

START = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
BEGIN = START.timestamp()


def test_a_month_of_sleep_takes_no_time_and_the_exchange_has_lived_it() -> None:
    exchange = PaperExchange(start=START)

    async def sleep() -> float:
        await asyncio.sleep(30 * 86_400)
        return asyncio.get_running_loop().time()

    assert BEGIN + 30 * 86_400 == run(sleep(), exchange) == exchange.exchange.now / 1000


def test_sleepers_wake_in_order_each_at_his_time() -> None:
    async def doze(seconds: float, woken: list[tuple[float, float]]) -> None:
        await asyncio.sleep(seconds)
        woken.append((seconds, round(asyncio.get_running_loop().time() - BEGIN, 6)))

    async def all_of_them() -> list[tuple[float, float]]:
        woken: list[tuple[float, float]] = []
        await asyncio.gather(*[doze(seconds, woken) for seconds in (3, 0.025, 0.0004, 1.5, 0.001)])
        return woken

    expected = [(0.0004, 0.001), (0.001, 0.001), (0.025, 0.025), (1.5, 1.5), (3, 3)]
    assert expected == run(all_of_them(), PaperExchange(start=START))


def test_nothing_wakes_before_its_time() -> None:
    async def tick() -> None:
        loop = asyncio.get_running_loop()
        for count in range(2_000):
            due = loop.time() + 0.001 * (count % 37)
            await asyncio.sleep(0.001 * (count % 37))
            assert due == pytest.approx(loop.time(), abs=1e-6)

    run(tick(), PaperExchange(start=START))


def test_a_timeout_is_one_of_the_exchange() -> None:
    async def wait() -> float:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(90):
                await asyncio.Event().wait()
        return asyncio.get_running_loop().time()

    assert BEGIN + 90 == run(wait(), PaperExchange(start=START))


def test_a_wait_that_nothing_can_end_is_an_error() -> None:
    async def wait() -> None:
        await asyncio.Event().wait()

    with pytest.raises(Stuck):
        run(wait(), PaperExchange(start=START))


def test_a_client_waits_together_with_everybody_else() -> None:
    exchange = PaperExchange(start=START, rules=[Rule(effect="slow_after", milliseconds=2_000)])

    async def both() -> tuple[int, float]:
        ticks = 0

        async def tick() -> None:
            nonlocal ticks
            while True:
                await asyncio.sleep(0.1)
                ticks += 1

        ticking = asyncio.create_task(tick())
        await exchange.async_client().tickers.list("KRW-BTC")
        ticking.cancel()
        return ticks, asyncio.get_running_loop().time()

    ticks, time = run(both(), exchange)
    assert (True, BEGIN + 2) == (ticks in (19, 20), time)
