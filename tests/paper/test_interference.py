"""Faults of sockets (C9, C10, C14, C15), seen by our own client; time is stepped."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidMessage, InvalidStatus

from upbit.paper import Rule
from upbit.paper.chaos import Chaos
from upbit.paper.clock import Clock
from upbit.paper.doors import described
from upbit.paper.exchange import Exchange
from upbit.paper.orders import Ticket
from upbit.paper.server import Server
from upbit.websocket import Stream, UpbitWebSocket

START = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
START_MS = int(START.timestamp() * 1000)
ORDER = {"market": "KRW-BTC", "side": "bid", "ord_type": "limit", "price": "90000000", "volume": "0.001"}
Options = dict[str, Any]


class Hall:
    """A served exchange whose clock is stepped, and the ways to its sockets."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.place = described(server)
        clock = server.exchange.clock
        assert isinstance(clock, Clock)
        self.clock = clock

    def add(self, effect: str, **options: Any) -> None:
        self.server.chaos.add(Rule(**{"effect": effect, **options}))

    def sell(self) -> None:
        """Sell at the market for the first account, whole and at once: wait, trade, done."""
        exchange = self.server.exchange
        exchange.advance()
        exchange.venue("KRW-BTC")
        account = exchange.account
        ticket = Ticket(account=account, market="KRW-BTC", side="ask", ord_type="market", volume=Decimal("0.001"))
        exchange.match(exchange.engine.accept(ticket, exchange.now))

    def connect(self, *types: str, path: str = "") -> Any:
        """Open a socket of our own client that listens to these types."""
        key = self.server.exchange.first_key
        sock = UpbitWebSocket(f"{self.server.ws_url}{path}", access_key=key.access_key, secret_key=key.secret)
        return sock


@asynccontextmanager
async def hall(*rules: Rule) -> AsyncGenerator[Hall]:
    exchange = Exchange(clock=Clock("stepped", start=START_MS))
    async with Server(exchange, limited=False, chaos=Chaos(rules=rules)) as server:
        yield Hall(server)


@asynccontextmanager
async def listening(hall: Hall, *types: str) -> AsyncGenerator[Stream]:
    """A socket of our own client; a frame of each type comes at once where the type has a first one."""
    async with hall.connect(path="/private" if types[0].startswith("my") else "") as stream:
        asked = [{"type": kind, **({} if kind.startswith("my") else {"codes": ["KRW-BTC"]})} for kind in types]
        await stream.send(json.dumps([{"ticket": "t"}, *asked]))
        if types[0].startswith("my"):
            await stream.send(json.dumps([{"ticket": "t"}, {"method": "LIST_SUBSCRIPTIONS"}]))
            assert b"LIST_SUBSCRIPTIONS" in await told(stream)
        yield stream


async def told(stream: Stream, seconds: float = 5) -> bytes:
    return await asyncio.wait_for(stream.recv(), seconds)


async def states(stream: Stream, count: int) -> list[str]:
    return [json.loads(await told(stream))["state"] for _ in range(count)]


@pytest.mark.parametrize("code", [1000, 1001, 1006, 1011])
async def test_c9_a_socket_is_closed(code: int) -> None:
    async with hall(Rule(effect="close", code=code, type="ticker")) as place, listening(place, "ticker") as stream:
        await told(stream)
        with pytest.raises(ConnectionClosed):
            await told(stream)
        assert code == stream.close_code


@pytest.mark.parametrize(("status", "kind"), [(503, InvalidStatus), (0, (InvalidMessage, OSError, EOFError))])
async def test_c9_a_connect_is_refused(status: int, kind: Any) -> None:
    async with hall(Rule(effect="refuse_socket", path="/websocket/*", status=status, times=1)) as place:
        with pytest.raises(kind):
            async with place.connect():
                raise AssertionError("it was let in")
        async with listening(place, "ticker") as stream:
            assert await told(stream)


@pytest.mark.parametrize("manner", ["close", "silence"])
async def test_c15_the_feed_is_out_while_requests_are_answered(manner: str) -> None:
    async with hall() as place, listening(place, "ticker") as public, listening(place, "myOrder") as private:
        await told(public)
        place.add("outage", milliseconds=60_000, times=1, manner=manner)
        place.sell()
        for stream in (public, private):
            with pytest.raises(ConnectionClosed if manner == "close" else TimeoutError):
                await told(stream, 0.1)
            if manner == "silence":
                await (await stream.ping())
        with pytest.raises(InvalidStatus, match="503"):
            async with place.connect():
                raise AssertionError("it was let in")
        async with place.place.async_client() as client:
            assert await client.tickers.list("KRW-BTC")
        place.clock.step(60_000)
        async with listening(place, "ticker") as again:
            assert await told(again)
        if manner == "silence":
            place.sell()
            assert ["wait", "trade", "done"] == await states(private, 3)
        assert ["outage"] == [fault.effect for fault in place.server.chaos.faults]


async def test_c9_a_socket_stalls_while_it_still_answers_pings() -> None:
    rule = Rule(effect="stall", milliseconds=60_000, times=1)
    async with hall(rule) as place, listening(place, "ticker", "orderbook") as stream:
        with pytest.raises(TimeoutError):
            await told(stream, 0.1)
        await (await stream.ping())
        place.clock.step(60_000)
        assert await told(stream)


async def test_c9_a_subscription_is_silent() -> None:
    async with hall(Rule(effect="drop", type="ticker")) as place, listening(place, "ticker", "trade") as stream:
        kinds = {json.loads(await told(stream))["type"]}
        place.clock.step(20_000)
        assert {"trade"} == kinds | {json.loads(await told(stream))["type"] for _ in range(3)}


async def test_c9_c10_frames_are_lost_doubled_and_overtaken() -> None:
    async with hall() as place, listening(place, "myOrder") as stream:
        for effect, state, seen in (
            ("drop", "trade", ["wait", "done"]),
            ("duplicate", "trade", ["wait", "trade", "trade", "done"]),
            ("reorder", "trade", ["wait", "done", "trade"]),
            ("reorder", "wait", ["trade", "wait", "done"]),
        ):
            place.add(effect, type="myOrder", state=state, times=1)
            place.sell()
            assert seen == await states(stream, len(seen))


async def test_c9_a_frame_is_late() -> None:
    rule = Rule(effect="late", milliseconds=5_000, type="myOrder", state="trade")
    async with hall(rule) as place, listening(place, "myOrder") as stream:
        place.sell()
        assert ["wait", "done"] == await states(stream, 2)
        place.clock.step(5_000)
        assert ["trade"] == await states(stream, 1)


@pytest.mark.parametrize("types", [("ticker",), ("trade",)])
async def test_c9_a_frame_comes_in_pieces(types: tuple[str, ...]) -> None:
    async with hall(Rule(effect="fragment")) as place, listening(place, *types) as stream:
        assert types[0] == json.loads(await told(stream))["type"]


async def test_c9_a_long_frame_comes_in_pieces() -> None:
    async with hall(Rule(effect="fragment")) as place, listening(place, "orderbook") as stream:
        assert 30 == len(json.loads(await told(stream))["orderbook_units"])


async def test_c9_an_oversized_frame_is_not_taken() -> None:
    async with hall(Rule(effect="oversize", times=1)) as place, listening(place, "ticker") as stream:
        with pytest.raises(ConnectionClosed, match="1009"):
            await told(stream)


async def test_c9_a_frame_is_not_utf_8() -> None:
    async with hall(Rule(effect="not_utf8", times=1)) as place, listening(place, "ticker") as stream:
        with pytest.raises(UnicodeDecodeError):
            (await told(stream)).decode()
        assert "open" == stream.state.name.lower()


async def test_c9_an_error_comes_and_the_socket_stays() -> None:
    rule = Rule(effect="error", name="INTERNAL_ERROR", message="잠시 후", type="ticker", times=1)
    async with hall(rule) as place, listening(place, "ticker", "orderbook") as stream:
        assert {"error": {"name": "INTERNAL_ERROR", "message": "잠시 후"}} == json.loads(await told(stream))
        assert "orderbook" == json.loads(await told(stream))["type"]


async def test_c10_a_private_event_comes_before_the_answer_to_its_request() -> None:
    slow = Rule(effect="slow_after", method="POST", milliseconds=1_000)
    async with (
        hall(slow) as place,
        listening(place, "myOrder") as stream,
        place.place.async_client(max_retries=0) as client,
    ):
        asked = asyncio.create_task(client.orders.create(**ORDER))
        event = json.loads(await told(stream))
        assert not asked.done()
        place.clock.step(1_000)
        assert (event["uuid"], "wait") == ((await asked).uuid, event["state"])


async def test_c14_a_frame_changes_too() -> None:
    rules = [Rule(effect="unknown_field", type="ticker"), Rule(effect="swapped_type", field="price", type="myOrder")]
    async with hall(*rules) as place:
        async with listening(place, "ticker") as stream:
            assert "paper_unknown_field" in json.loads(await told(stream))
        async with listening(place, "myOrder") as stream:
            place.sell()
            assert ["wait", "trade", "done"] == await states(stream, 3)
