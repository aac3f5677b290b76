from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from upbit import errors
from upbit.flow.steps import Flow, Sleep
from upbit.paper import PaperExchange

START = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


def test_a_client_trades_without_a_socket() -> None:
    exchange = PaperExchange(seed=1, start=START)
    client = exchange.client()
    placed = client.orders.create(market="KRW-BTC", side="bid", ord_type="price", price=10_000)
    exchange.advance(1)
    found = client.orders.retrieve(uuid=placed.uuid)
    assert found.trades_count
    held = {account.currency: account.balance for account in client.accounts.list()}
    assert held["BTC"] == 1 + found.executed_volume


async def test_an_async_client_sees_the_same_account() -> None:
    exchange = PaperExchange(seed=1, start=START)
    placed = exchange.client().orders.create(
        market="KRW-BTC", side="bid", ord_type="limit", price=90_000_000, volume="0.001"
    )
    async with exchange.async_client() as client:
        assert [placed.uuid] == [order.uuid for order in await client.orders.list_open()]
        await client.orders.cancel(uuid=placed.uuid)
    assert [] == exchange.client().orders.list_open()


def test_the_same_seed_and_start_give_the_same_keys_and_prices() -> None:
    first, second, other = (PaperExchange(seed=seed, start=START) for seed in (1, 1, 2))
    for exchange in (first, second, other):
        exchange.advance(60)
    assert (first.access_key, first.secret_key) == (second.access_key, second.secret_key)
    assert first.client().trades.list("KRW-BTC", count=50) == second.client().trades.list("KRW-BTC", count=50)
    assert first.secret_key != other.secret_key
    assert first.client().trades.list("KRW-BTC", count=50) != other.client().trades.list("KRW-BTC", count=50)


def test_the_profile_decides_how_it_answers() -> None:
    document = PaperExchange(profile="2023", start=START).client().Order.Order_orderbook(markets=["KRW-BTC"])
    assert 15 == len(document["result"][0]["orderbook_units"])
    assert "http://localhost/v1/orderbook?markets=KRW-BTC" == document["response"]["url"]


@pytest.mark.parametrize(("seconds", "passed"), [(0.0001, 1), (0.0005, 1), (0.29, 290), (1.0201, 1021)])
async def test_a_pause_of_a_client_ends_after_it_and_never_before(seconds: float, passed: int) -> None:
    def pause() -> Flow[None]:
        yield Sleep(seconds)

    exchange = PaperExchange(seed=1, start=START)
    exchange.client().carry_out(pause())
    async with exchange.async_client() as client:
        await client.carry_out(pause())
    assert START + 2 * timedelta(milliseconds=passed) == datetime.fromtimestamp(exchange.exchange.now / 1000, UTC)


def test_time_stands_until_it_is_advanced() -> None:
    exchange = PaperExchange(start=START)
    before = exchange.client().tickers.list("KRW-BTC")[0].timestamp
    exchange.advance(2.5)
    assert before + 2500 == exchange.client().tickers.list("KRW-BTC")[0].timestamp


def test_pauses_of_a_client_step_the_clock() -> None:
    exchange = PaperExchange(start=START)
    client = exchange.client()
    times = [client.tickers.list("KRW-BTC")[0].timestamp for _ in range(25)]
    assert 2 <= len(set(times))
    assert times[-1] - times[0] < 10_000


async def test_pauses_of_an_async_client_step_the_clock() -> None:
    exchange = PaperExchange(start=START)
    client = exchange.async_client()
    times = [(await client.tickers.list("KRW-BTC"))[0].timestamp for _ in range(25)]
    assert 2 <= len(set(times))


def test_limits_bind_unless_switched_off() -> None:
    bound, free = (
        PaperExchange(start=START, limited=limited).client(max_retries=0, clock=lambda: 0.0, sleep=lambda seconds: None)
        for limited in (True, False)
    )
    for _ in range(11):
        free.tickers.list("KRW-BTC")
    for _ in range(10):
        bound.tickers.list("KRW-BTC")
    with pytest.raises(errors.RateLimitError):
        bound.tickers.list("KRW-BTC")


def test_without_a_start_it_runs_on_the_clock_of_this_machine() -> None:
    exchange = PaperExchange()
    shown = exchange.client().tickers.list("KRW-BTC")[0].timestamp
    assert timedelta(seconds=10) > abs(datetime.now(UTC) - datetime.fromtimestamp(shown / 1000, UTC))
    with pytest.raises(RuntimeError, match="runs on the clock of this machine"):
        exchange.advance(1)


def test_a_start_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        PaperExchange(start=datetime(2026, 11, 20))


def test_an_unknown_profile_is_refused() -> None:
    with pytest.raises(ValueError, match="'2O23' is no profile"):
        PaperExchange(profile="2O23")


def test_threads_may_share_a_client() -> None:
    exchange = PaperExchange(start=START, limited=False)
    client = exchange.client()

    def place(number: int) -> str:
        order = client.orders.create(
            market="KRW-BTC", side="bid", ord_type="limit", price=90_000_000 + 1000 * number, volume="0.0001"
        )
        return order.uuid

    with ThreadPoolExecutor(8) as pool:
        placed = list(pool.map(place, range(40)))
    assert 40 == len(set(placed))
    assert set(placed) == {order.uuid for order in client.orders.list_open()}


def test_its_name_shows_no_secret() -> None:
    assert "PaperExchange('current', seed=3)" == repr(PaperExchange(seed=3))
