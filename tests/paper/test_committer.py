from __future__ import annotations

import asyncio
import resource
from collections.abc import Generator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import pytest

from tests.paper.keeper import Keeper
from upbit import Upbit
from upbit.errors import InternalServerError, OrderOutcomeUnknown
from upbit.paper import running, serving
from upbit.paper.committer import Committer
from upbit.paper.store import Durability, StoreError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


@contextmanager
def full_disk() -> Generator[None]:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.mark.parametrize("durability", ["full", "normal"])
async def test_what_is_settled_is_there_after_a_kill(folder: Path, durability: Durability) -> None:
    keeper = Keeper(folder, durability=durability)
    async with Committer(keeper.journal) as committer:
        for number in range(3):
            keeper.journal.note("key", {"number": number})
            await committer.settled()
            assert keeper.journal.last == keeper.journal.written
        assert keeper.journal.safe(3, keeper.exchange.now)


async def test_many_commands_share_a_commit(folder: Path) -> None:
    keeper = Keeper(folder)
    batches: list[int] = []

    async with Committer(keeper.journal) as committer:

        async def command() -> None:
            keeper.journal.note("pause", keeper.exchange.now)
            await committer.settled()
            batches.append(keeper.journal.written)

        await asyncio.gather(*[command() for _ in range(100)])
    assert 100 == len(batches)
    assert len(set(batches)) <= 2


async def test_in_memory_nobody_waits_and_an_orderly_end_keeps_all(folder: Path) -> None:
    keeper = Keeper(folder, durability="memory")
    async with Committer(keeper.journal) as committer:
        keeper.journal.note("pause", keeper.exchange.now)
        await committer.settled()
        assert 0 == keeper.journal.written
    assert 1 == keeper.journal.written


async def test_when_the_disk_fails_nothing_is_settled_any_more(folder: Path) -> None:
    keeper = Keeper(folder)
    committer = await Committer(keeper.journal).__aenter__()
    with full_disk():
        keeper.journal.note("pause", keeper.exchange.now)
        waiting = [asyncio.create_task(committer.settled()) for _ in range(3)]
        failed = await asyncio.gather(*waiting, return_exceptions=True)
    assert [StoreError] * 3 == [type(one) for one in failed]
    with pytest.raises(StoreError, match="could not be written"):
        await committer.settled()
    with pytest.raises(StoreError, match="could not be written"):
        await committer.__aexit__(None, None, None)


async def test_a_served_exchange_goes_on_where_it_ended(folder: Path) -> None:
    async with serving(data=folder, limited=False) as exchange:
        async with exchange.async_client() as client:
            order = await client.orders.create(
                market="KRW-BTC", side="bid", ord_type="limit", price=50_000_000, volume=Decimal("0.001")
            )
        key = exchange.access_key
    async with serving(data=folder, limited=False) as exchange, exchange.async_client() as client:
        assert key == exchange.access_key
        assert order.uuid == (await client.orders.list_open())[0].uuid


def test_two_cannot_serve_the_same_folder(folder: Path) -> None:
    with running(data=folder), pytest.raises(StoreError, match="is in use by another process"), running(data=folder):
        pass


def test_an_answer_that_cannot_be_kept_is_not_given(folder: Path) -> None:
    kept: list[str] = []

    def order(client: Upbit) -> str:
        volume = Decimal("0.001")
        placed = client.orders.create(market="KRW-BTC", side="bid", ord_type="limit", price=50_000_000, volume=volume)
        return placed.uuid

    def serve() -> None:
        with (
            running(data=folder, limited=False) as exchange,
            exchange.client(max_retries=0, order_deadline=0.5) as client,
        ):
            kept.append(order(client))
            with full_disk(), pytest.raises(OrderOutcomeUnknown, match="could not be written"):
                order(client)
            with pytest.raises(InternalServerError, match="could not be written"):
                client.orders.list_open()

    with pytest.raises(StoreError, match="could not be written"):
        serve()
    with running(data=folder, limited=False) as exchange, exchange.client() as client:
        assert kept == [one.uuid for one in client.orders.list_open()]
