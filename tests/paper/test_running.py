from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import urllib.request
from contextlib import ExitStack

import pytest

from upbit import paper
from upbit.websocket import UpbitWebSocket


def test_a_client_trades_over_the_socket() -> None:
    with paper.running() as exchange, exchange.client() as client:
        order = client.orders.create(market="KRW-BTC", side="bid", ord_type="limit", price=90_000_000, volume="0.001")
        assert [order.uuid] == [found.uuid for found in client.orders.list_open()]
        client.orders.cancel(uuid=order.uuid)
        assert "KRW-BTC" in {pair.market for pair in client.trading_pairs.list()}


async def test_it_serves_the_loop_that_runs() -> None:
    async with paper.serving(profile="2023", limited=False) as exchange, exchange.async_client() as client:
        assert {"KRW", "BTC", "ETH", "USDT"} == {account.currency for account in await client.accounts.list()}
        sock = UpbitWebSocket(exchange.ws_url)
        async with sock as stream:
            await stream.send(sock.generate_payload([sock.generate_type_field("orderbook", ["KRW-BTC.3"])]))
            assert (await stream.recv()).count(b"ask_price") == 3
            assert {"status": "UP"} == await sock.ping()


def test_its_environment_is_what_clients_look_for(monkeypatch: pytest.MonkeyPatch) -> None:
    from upbit.client import Upbit

    with paper.running(funds={"KRW": paper.START_FUNDS["KRW"]}) as exchange:
        for name, value in exchange.env.items():
            monkeypatch.setenv(name, value)
        with Upbit() as client:
            assert (exchange.base_url, exchange.ws_url) == (client.base_url, client.ws_url)
            assert ["KRW"] == [account.currency for account in client.accounts.list()]
    names = ["BASE_URL", "WS_URL", "ACCESS_KEY", "SECRET_KEY", "PAPER_CONTROL_URL", "PAPER_CONTROL_TOKEN"]
    assert [f"UPBIT_{name}" for name in names] == list(exchange.env)


def test_it_stops_and_leaves_neither_thread_nor_port() -> None:
    before = threading.enumerate()
    with paper.running() as exchange, urllib.request.urlopen(f"{exchange.base_url}/v1/market/all", timeout=5) as answer:
        assert 200 == answer.status
    assert before == threading.enumerate()
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(f"{exchange.base_url}/v1/market/all", timeout=5)


def test_it_stops_while_a_socket_listens() -> None:
    async def listen(uri: str, stack: ExitStack) -> int | None:
        async with UpbitWebSocket(uri) as stream:
            await stream.send('[{"ticket":"t"},{"type":"ticker","codes":["KRW-BTC"]}]')
            await stream.recv()
            await asyncio.to_thread(stack.close)
            await stream.wait_closed()
            return stream.close_code

    with ExitStack() as stack:
        exchange = stack.enter_context(paper.running())
        assert 1001 == asyncio.run(listen(exchange.ws_url, stack))


def test_keys_are_new_each_time_and_not_shown() -> None:
    with paper.running() as first, paper.running() as second:
        assert first.base_url != second.base_url
        assert first.secret_key != second.secret_key
        assert f"RunningExchange('{first.base_url}')" == repr(first)
        assert first.access_key.startswith("PAPER")


def test_what_cannot_be_served_is_said_at_once() -> None:
    with paper.running() as exchange:
        port = int(exchange.base_url.rpartition(":")[2])
        with pytest.raises(OSError, match="address already in use"), paper.running(port=port):
            pass
    with pytest.raises(ValueError, match="'tomorrow' is no profile"), paper.running(profile="tomorrow"):
        pass


def test_an_error_in_the_body_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError), paper.running():
        raise ZeroDivisionError


def test_importing_it_brings_no_server_along() -> None:
    code = (
        "import sys, upbit.paper; print([name for name in ('aiohttp', 'urllib3', 'websockets') if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "[]\n" == ran.stdout
