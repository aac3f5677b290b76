"""Every documented error message, over real sockets; and what a socket is told when the exchange itself fails."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from upbit.paper.clock import SteppedClock
from upbit.paper.exchange import PERMISSIONS, Exchange
from upbit.paper.server import Server
from upbit.wire.token import sign

START = 1_790_000_010_000
RSI = {"type": "rsi", "params": {"period": 14}}


class Hall:
    """A served exchange whose clock is stepped."""

    def __init__(self, server: Server, clock: SteppedClock) -> None:
        self.server = server
        self.clock = clock
        self._nonce = 0

    def connect(self, path: str = "", **claims: Any) -> connect:
        key = self.server.exchange.issue_key(self.server.exchange.account, **claims)
        self._nonce += 1
        token = sign(key.access_key, key.secret, nonce=str(self._nonce))
        return self.plainly(path, additional_headers={"Authorization": f"Bearer {token}"})

    def plainly(self, path: str = "", **options: Any) -> connect:
        return connect(f"{self.server.ws_url}{path}", proxy=None, max_queue=None, ping_interval=None, **options)


@asynccontextmanager
async def opened(
    exchange: Exchange | None = None, *, profile: str = "current", limited: bool = True
) -> AsyncGenerator[Hall]:
    clock = SteppedClock(START)
    async with Server(exchange or Exchange(clock=clock, profile=profile), limited=limited) as server:
        yield Hall(server, clock)


async def told(ws: ClientConnection) -> dict[str, Any]:
    frame = await asyncio.wait_for(ws.recv(), 5)
    assert isinstance(frame, bytes)
    event: dict[str, Any] = json.loads(frame)
    return event


async def error_of(ws: ClientConnection, *messages: str) -> str:
    """Say something, hear the error, see the socket close with 1000."""
    for message in messages:
        await ws.send(message)
    event: dict[str, Any] = {}
    while "error" not in event:
        event = await told(ws)
    assert ["error"] == list(event)
    assert ["name", "message"] == list(event["error"])
    with pytest.raises(ConnectionClosed):
        await asyncio.wait_for(ws.recv(), 5)
    assert 1000 == ws.close_code
    name: str = event["error"]["name"]
    return name


def asked(*types: dict[str, Any], **last: Any) -> str:
    return json.dumps([{"ticket": "t"}, *types, *([last] if last else [])])


@pytest.mark.parametrize(
    ("path", "message", "name"),
    [
        ("", "no JSON", "WRONG_FORMAT"),
        ("", '{"ticket":"t"}', "WRONG_FORMAT"),
        ("", asked({"type": "ticker", "codes": "KRW-BTC"}), "WRONG_FORMAT"),
        ("/private", asked({"type": "myAsset", "codes": ["KRW-BTC"]}), "WRONG_FORMAT"),
        ("", '[{"type":"ticker","codes":["KRW-BTC"]}]', "NO_TICKET"),
        ("", asked({"codes": ["KRW-BTC"]}), "NO_TYPE"),
        ("", asked(), "NO_TYPE"),
        ("", asked({"type": "candle.1m"}), "NO_CODES"),
        ("/info", asked({"type": "indicator", "timeframe": "5m", "indicators": [RSI]}), "NO_CODES"),
        ("", asked({"type": "candle.2m", "codes": ["KRW-BTC"]}), "INVALID_PARAM"),
        ("", asked({"type": "ticker", "codes": ["KRW-BTC"]}, format="XML"), "INVALID_PARAM"),
        ("", asked({"type": "myOrder"}), "INVALID_PARAM"),
        ("", asked({"method": "UNSUBSCRIBE"}), "INVALID_PARAM"),
        ("/private", asked({"type": "announcement", "categories": ["weather"]}), "INVALID_PARAM"),
        ("/private", asked({"type": "ticker", "codes": ["KRW-BTC"]}), "INVALID_PARAM"),
        ("/info", asked({"type": "indicator", "codes": ["KRW-BTC"], "indicators": [RSI]}), "INVALID_PARAM"),
        (
            "/info",
            asked(
                {
                    "type": "indicator_signal",
                    "codes": ["KRW-BTC"],
                    "timeframe": "5m",
                    "indicators": [{**RSI, "trigger": "overbought", "event_params": {"threshold": 75}}],
                }
            ),
            "INVALID_PARAM",
        ),
    ],
)
async def test_what_is_wrong_with_a_request_is_named_and_the_socket_closes(path: str, message: str, name: str) -> None:
    async with opened() as hall, hall.connect(path) as ws:
        assert name == await error_of(ws, message)


async def test_every_way_to_have_no_leave_is_invalid_auth() -> None:
    async with opened(limited=False) as hall:
        for path in ("/private", "/info"):
            for claims in ({"lifetime": 0}, {"allowed_ips": ["9.9.9.9"]}):
                async with hall.connect(path, **claims) as ws:
                    assert "INVALID_AUTH" == await error_of(ws)
            for header in ({}, {"Authorization": "Bearer nonsense"}):
                async with hall.plainly(path, additional_headers=header) as ws:
                    assert "INVALID_AUTH" == await error_of(ws)
        for kind, needed in (("myOrder", "view_orders"), ("myAsset", "view_account")):
            async with hall.connect("/private", permissions=PERMISSIONS - {needed}) as ws:
                assert "INVALID_AUTH" == await error_of(ws, asked({"type": kind}))


async def test_too_many_messages_are_too_many() -> None:
    async with opened() as hall:
        async with hall.plainly() as ws:
            assert "TOO_MANY_REQUEST" == await error_of(ws, *["PING"] * 6)
        async with hall.plainly() as ws:
            question = asked({"method": "LIST_SUBSCRIPTIONS"})
            assert "TOO_MANY_REQUEST" == await error_of(ws, *[question] * 6)
        async with hall.plainly() as ws:
            for _ in range(20):
                for _ in range(5):
                    await ws.send("PING")
                    assert {"status": "UP"} == await told(ws)
                hall.clock.step(1_000)
            assert "TOO_MANY_REQUEST" == await error_of(ws, "PING")


async def test_in_2023_there_is_one_socket_which_speaks_three_types() -> None:
    async with opened(profile="2023", limited=False) as hall:
        for path in ("/private", "/info"):
            with pytest.raises(InvalidStatus, match="404"):
                await hall.connect(path)
        async with hall.plainly() as ws:
            codes = {"codes": ["KRW-BTC"], "isOnlySnapshot": True}
            await ws.send(
                asked(*[{"type": kind, **codes} for kind in ("ticker", "trade", "orderbook")], format="SIMPLE")
            )
            snapshots = [await told(ws) for _ in range(3)]
            assert ["ticker", "trade", "orderbook"] == [event["ty"] for event in snapshots]
        for message, name in (
            (asked({"type": "candle.1m", "codes": ["KRW-BTC"]}), "INVALID_PARAM"),
            (asked({"type": "ticker", "codes": ["KRW-BTC"]}, format="JSON_LIST"), "INVALID_PARAM"),
            (asked({"method": "LIST_SUBSCRIPTIONS"}), "NO_TYPE"),
        ):
            async with hall.plainly() as ws:
                assert name == await error_of(ws, message)


# -- when the exchange fails ---------------------------------------------------------------------------


class Failing(Exchange):
    """An exchange that fails at what it is told to fail at."""

    broken = False
    asked = False

    def advance(self) -> int:
        if self.broken:
            raise ArithmeticError("a number broke")
        return super().advance()

    def price(self, market: str) -> Any:
        if self.asked:
            raise LookupError("the price got lost")
        return super().price(market)


async def test_when_the_exchange_fails_all_sockets_end_the_log_hears_it_once_and_requests_get_500(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with pytest.raises(ArithmeticError, match="a number broke"):
        await ordeal(Failing(clock=SteppedClock(START)), caplog)


async def ordeal(exchange: Failing, caplog: pytest.LogCaptureFixture) -> None:
    async with opened(exchange, limited=False) as hall, aiohttp.ClientSession() as http:
        first, second = await hall.plainly(), await hall.connect("/private")
        exchange.broken = True
        for ws in (first, second):
            await asyncio.wait_for(ws.wait_closed(), 5)
            assert 1011 == ws.close_code
        await asyncio.sleep(0.1)
        assert ["the exchange failed; its sockets are closed"] == [record.message for record in caplog.records]
        async with http.get(f"{hall.server.base_url}/v1/market/all") as answer:
            assert (500, "server_error") == (answer.status, (await answer.json())["error"]["name"])
        with pytest.raises(InvalidStatus, match="500"):
            await hall.plainly()
        exchange.broken = False
        async with http.get(f"{hall.server.base_url}/v1/market/all") as answer:
            assert 200 == answer.status
        async with hall.plainly() as ws:
            await ws.send("PING")
            assert {"status": "UP"} == await told(ws)


async def test_a_message_that_fails_ends_its_own_socket_only(caplog: pytest.LogCaptureFixture) -> None:
    exchange = Failing(clock=SteppedClock(START))
    async with opened(exchange, limited=False) as hall, hall.plainly() as other:
        exchange.asked = True
        async with hall.plainly() as ws:
            await ws.send(asked({"type": "orderbook", "codes": ["KRW-BTC"], "level": 10_000}))
            await asyncio.wait_for(ws.wait_closed(), 5)
            assert 1011 == ws.close_code
        await other.send("PING")
        assert {"status": "UP"} == await told(other)
    assert [(logging.ERROR, "a message failed")] == [
        (record.levelno, record.message) for record in caplog.records if record.name == "upbit.paper"
    ]
