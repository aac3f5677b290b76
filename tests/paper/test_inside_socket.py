"""Sockets without a network, on a loop that runs in the exchange's time."""

from __future__ import annotations

import asyncio
import gc
import json
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from threading import Thread
from typing import Any, Literal

import pytest

from tests.virtual import Stuck, run
from upbit import errors
from upbit.io import AsyncSocket, Closed
from upbit.paper import PaperExchange, Rule
from upbit.paper.broadcast import IDLE, PULSE, Hub
from upbit.paper.chaos import Chaos
from upbit.paper.chronicle import Chronicle
from upbit.paper.clock import Clock, SteppedClock
from upbit.paper.entrance import Entrance
from upbit.paper.exchange import Exchange
from upbit.paper.gate import Gate
from upbit.paper.inside import InsideTransport
from upbit.paper.inside_socket import InsideDial
from upbit.paper.interference import OVERSIZE
from upbit.paper.patience import GRACE, MAX_UNSENT
from upbit.wire.token import sign

START = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
START_MS = int(START.timestamp() * 1000)
URL = "ws://localhost/websocket/v1"
ORDER: dict[str, Any] = {
    "market": "KRW-BTC",
    "side": "bid",
    "ord_type": "limit",
    "price": "90000000",
    "volume": "0.001",
}
NONCES = count(1)
Event = dict[str, Any]


def paper(*rules: Rule, limited: bool = False, pulse: float = PULSE) -> PaperExchange:
    return PaperExchange(start=START, rules=rules, limited=limited, pulse=pulse)


async def dial(exchange: PaperExchange, path: str = "", *, heartbeat: float = 30, signed: bool = True) -> AsyncSocket:
    token = sign(exchange.access_key, exchange.secret_key, nonce=f"nonce-{next(NONCES)}")
    headers = {"Authorization": f"Bearer {token}"} if signed else {}
    return await exchange.dial(f"{URL}{path}", headers, heartbeat)


async def listening(exchange: PaperExchange, *types: str, **options: Any) -> AsyncSocket:
    """A socket that listens to these types."""
    private = types[0].startswith("my")
    socket = await dial(exchange, "/private" if private else "", **options)
    asked = [{"type": kind, **({} if private else {"codes": ["KRW-BTC"]})} for kind in types]
    await socket.send(json.dumps([{"ticket": "t"}, *asked]))
    return socket


async def told(socket: AsyncSocket, seconds: float = 60) -> Event:
    frame = await asyncio.wait_for(socket.receive(), seconds)
    assert not isinstance(frame, Closed), frame
    event: Event = json.loads(frame)
    return event


async def last_words(socket: AsyncSocket) -> Closed:
    """Read to the end."""
    while True:
        frame = await asyncio.wait_for(socket.receive(), 600)
        if isinstance(frame, Closed):
            return frame


def during(exchange: PaperExchange, scene: Callable[[PaperExchange], Coroutine[Any, Any, None]]) -> None:
    run(scene(exchange), exchange)


# -- what is told --------------------------------------------------------------------------------------


def test_a_snapshot_comes_at_once_and_what_happens_as_it_happens() -> None:
    async def scene(exchange: PaperExchange) -> None:
        socket = await listening(exchange, "ticker", "trade", "orderbook")
        first = [await told(socket) for _ in range(3)]
        assert [("ticker", "SNAPSHOT"), ("trade", "SNAPSHOT"), ("orderbook", "SNAPSHOT")] == [
            (event["type"], event["stream_type"]) for event in first
        ]
        assert START_MS == exchange.exchange.now
        later = [await told(socket) for _ in range(50)]
        assert {"ticker", "trade", "orderbook"} == {event["type"] for event in later}
        assert all(0 <= exchange.exchange.now - event["timestamp"] < 60_000 for event in later)
        await socket.close()

    during(paper(), scene)


def test_own_orders_are_told_to_whoever_has_a_good_token() -> None:
    async def scene(exchange: PaperExchange) -> None:
        socket = await listening(exchange, "myOrder")
        placed = await exchange.async_client().orders.create(**ORDER)
        event = await told(socket)
        assert (placed.uuid, "wait") == (event["uuid"], event["state"])
        await socket.close()
        stranger = await dial(exchange, "/private", signed=False)
        assert "INVALID_AUTH" == (await told(stranger))["error"]["name"]
        assert Closed(1000) == await stranger.receive()

    during(paper(), scene)


def test_the_clocks_agree_and_the_exchange_is_looked_at_every_pulse() -> None:
    async def scene(exchange: PaperExchange) -> None:
        loop = asyncio.get_running_loop()
        client = exchange.async_client()
        socket = await listening(exchange, "myOrder")
        for seconds in (0.001, 0.1, 2.5):
            await client.orders.create(**ORDER)
            asked = loop.time()
            event = await told(socket)
            assert event["timestamp"] == round(asked * 1000)
            assert 0 <= loop.time() - asked <= 1.0001
            await asyncio.sleep(seconds)
            assert loop.time() == exchange.exchange.now / 1000
        await socket.close()

    for pulse in (PULSE, 1.0):
        during(paper(pulse=pulse), scene)


def test_a_message_too_many_is_an_error() -> None:
    async def scene(exchange: PaperExchange) -> None:
        socket = await dial(exchange)
        for _ in range(6):
            await socket.send("PING")
        said = [await told(socket) for _ in range(6)]
        assert [{"status": "UP"}] * 5 == said[:5]
        assert "TOO_MANY_REQUEST" == said[5]["error"]["name"]
        assert Closed(1000) == await socket.receive()

    during(paper(limited=True), scene)


# -- how it begins and ends ----------------------------------------------------------------------------


def test_a_refusal_is_what_a_port_would_say() -> None:
    async def scene(exchange: PaperExchange) -> None:
        exchange.chaos.add(Rule(effect="refuse_socket", status=502, times=1))
        with pytest.raises(errors.InternalServerError) as caught:
            await dial(exchange)
        assert 502 == caught.value.status_code
        exchange.chaos.add(Rule(effect="refuse_socket", status=0, times=1))
        with pytest.raises(errors.APIConnectionError, match="reset"):
            await dial(exchange)
        with pytest.raises(errors.NotFoundError):
            await dial(exchange, "/nothing")
        sockets = [await dial(exchange) for _ in range(5)]
        with pytest.raises(errors.RateLimitError) as limit:
            await dial(exchange)
        assert ("too_many_requests", "group=websocket; min=300; sec=0") == (
            limit.value.name,
            limit.value.headers["Remaining-Req"],
        )
        for socket in sockets:
            await socket.close()

    during(paper(limited=True), scene)


def test_who_closes_reads_no_more_and_ends_what_waits() -> None:
    async def scene(exchange: PaperExchange) -> None:
        socket = await listening(exchange, "ticker")
        await socket.close()
        assert [Closed(1000)] * 2 == [await socket.receive(), await socket.receive()]
        with pytest.raises(errors.APIConnectionError) as caught:
            await socket.send("PING")
        assert not caught.value.sent
        await socket.close()
        other = await dial(exchange)
        waiting = asyncio.create_task(other.receive())
        await asyncio.sleep(1)
        await other.close()
        assert Closed(1000) == await waiting

    during(paper(), scene)


def test_nothing_is_left_behind() -> None:
    exchange = paper()

    async def scene(exchange: PaperExchange) -> None:
        sockets = [await listening(exchange, "ticker") for _ in range(3)]
        await asyncio.sleep(1)
        for socket in sockets:
            await socket.close()
        assert {asyncio.current_task()} == asyncio.all_tasks()
        await asyncio.Event().wait()  # nothing is planned any more: the loop says so

    with pytest.raises(Stuck):
        during(exchange, scene)
    gc.collect()
    assert not [one for one in gc.get_objects() if isinstance(one, Hub) and one.exchange is exchange.exchange]


def test_a_loop_that_ended_with_open_sockets_holds_up_nobody() -> None:
    async def scene(exchange: PaperExchange) -> None:
        socket = await listening(exchange, "ticker")
        assert "SNAPSHOT" == (await told(socket))["stream_type"]

    exchange = paper()
    for _ in range(3):
        during(exchange, scene)
    gc.collect()
    hubs = [one for one in gc.get_objects() if isinstance(one, Hub) and one.exchange is exchange.exchange]
    assert 1 == len(hubs)


def test_a_silent_socket_is_cut_unless_it_gives_a_sign_of_life() -> None:
    async def scene(exchange: PaperExchange) -> None:
        began = asyncio.get_running_loop().time()
        quiet, lively = await dial(exchange, heartbeat=1000), await dial(exchange)
        assert Closed(None) == await last_words(quiet)
        assert IDLE / 1000 == pytest.approx(asyncio.get_running_loop().time() - began, abs=2 * PULSE)
        await asyncio.sleep(400)
        await lively.send("PING")
        assert {"status": "UP"} == await told(lively)
        await lively.close()

    during(paper(), scene)


def test_who_does_not_read_is_cut() -> None:
    async def scene(exchange: PaperExchange) -> None:
        socket = await listening(exchange, "trade", "orderbook")
        await asyncio.sleep(60)
        assert Closed(None) == await socket.receive()
        burst = await listening(exchange, "ticker", "orderbook")
        await asyncio.sleep(GRACE / 2)
        assert MAX_UNSENT < OVERSIZE == len(await burst.receive())
        await burst.receive()
        await asyncio.sleep(GRACE)
        assert "type" in await told(burst)
        await burst.close()

    during(paper(Rule(effect="oversize", type="ticker", times=1)), scene)


async def test_a_failing_exchange_ends_its_sockets(caplog: pytest.LogCaptureFixture) -> None:
    def fail(event: object) -> None:
        raise ZeroDivisionError(event)

    exchange = paper()
    sockets = [await listening(exchange, "ticker") for _ in range(2)]
    exchange.exchange.listen(fail)
    clock = exchange.exchange.clock
    assert isinstance(clock, Clock)
    clock.step(60_000)
    assert [Closed(1011)] * 2 == [await last_words(socket) for socket in sockets]
    assert ["the exchange failed; its sockets are closed"] == [record.message for record in caplog.records]


class Forgetful(Exchange):
    """An exchange that fails when it is asked for a price."""

    def price(self, market: str) -> Decimal:
        raise LookupError("the price got lost")


async def test_a_message_that_fails_ends_its_own_socket_only(caplog: pytest.LogCaptureFixture) -> None:
    exchange, chaos = Forgetful(clock=SteppedClock(START_MS)), Chaos()
    door = InsideDial(InsideTransport(Entrance(Gate(exchange), chaos, Chronicle(exchange, chaos))))
    broken, other = await door(URL, {}, 30), await door(URL, {}, 30)
    await broken.send(json.dumps([{"ticket": "t"}, {"type": "orderbook", "codes": ["KRW-BTC"], "level": 10_000}]))
    assert Closed(1011) == await broken.receive()
    await other.send("PING")
    assert {"status": "UP"} == await told(other)
    await other.close()
    assert ["a message failed"] == [record.message for record in caplog.records]


# -- faults --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [1000, 1001, 1006, 1011])
def test_c9_a_socket_is_closed(code: Literal[1000, 1001, 1006, 1011]) -> None:
    async def scene(exchange: PaperExchange) -> None:
        socket = await listening(exchange, "ticker")
        assert "ticker" == (await told(socket))["type"]
        assert Closed(None if code == 1006 else code) == await socket.receive()

    during(paper(Rule(effect="close", code=code, type="ticker")), scene)


def test_c9_frames_are_lost_late_in_pieces_and_damaged() -> None:
    async def scene(exchange: PaperExchange) -> None:
        socket = await listening(exchange, "ticker", "trade", "orderbook", "candle.1s")
        assert b"\xff" in await received(socket)
        assert "candle.1s" == (await told(socket))["type"]
        before = exchange.exchange.now
        late = await told(socket)
        while (late["type"], late.get("stream_type")) != ("trade", "SNAPSHOT"):
            late = await told(socket)
        assert 5_000 <= exchange.exchange.now - before <= 5_000 + 1000 * PULSE
        await socket.close()

    rules = [
        Rule(effect="fragment"),
        Rule(effect="not_utf8", type="ticker", times=1),
        Rule(effect="late", milliseconds=5_000, type="trade", times=1),
        Rule(effect="drop", type="orderbook"),
    ]
    during(paper(*rules), scene)


async def received(socket: AsyncSocket) -> bytes:
    frame = await socket.receive()
    assert isinstance(frame, bytes)
    return frame


def test_c9_a_socket_stalls_and_is_not_idle() -> None:
    async def scene(exchange: PaperExchange) -> None:
        socket = await listening(exchange, "ticker")
        with pytest.raises(TimeoutError):
            await told(socket, 299)
        assert "ticker" == (await told(socket))["type"]
        await socket.close()

    during(paper(Rule(effect="stall", milliseconds=300_000, times=1)), scene)


@pytest.mark.parametrize("manner", ["close", "silence"])
def test_c15_the_feed_is_out_while_requests_are_answered(manner: Literal["close", "silence"]) -> None:
    out, back = START_MS + 2_000, START_MS + 62_000

    async def scene(exchange: PaperExchange) -> None:
        client = exchange.async_client()
        sockets = await listening(exchange, "ticker"), await listening(exchange, "myOrder")
        heard = [asyncio.create_task(record(exchange, socket)) for socket in sockets]
        for _ in range(8):
            await client.orders.create(**ORDER)
            await asyncio.sleep(10)
            if out <= exchange.exchange.now < back:
                with pytest.raises(errors.InternalServerError):
                    await dial(exchange)
        again = await listening(exchange, "ticker")
        assert "SNAPSHOT" == (await told(again))["stream_type"]
        for socket in (*sockets, again):
            await socket.close()
        assert ["outage"] == [fault.effect for fault in exchange.chaos.faults]
        for times in await asyncio.gather(*heard):
            *frames, end = times
            assert [] == [at for at in frames if out <= at < back]
            assert any(at < out for at in frames)
            assert (manner == "silence") == any(at >= back for at in frames)
            assert (out if manner == "close" else exchange.exchange.now) == end

    during(paper(Rule(effect="outage", since=out, until=back, manner=manner)), scene)


async def record(exchange: PaperExchange, socket: AsyncSocket) -> list[int]:
    """When each frame came, and when the end."""
    times: list[int] = []
    while not isinstance(await socket.receive(), Closed):
        times.append(exchange.exchange.now)
    return [*times, exchange.exchange.now]


# -- other loops ---------------------------------------------------------------------------------------


async def test_a_socket_of_a_usual_loop_hears_what_another_thread_lets_happen() -> None:
    exchange = paper()
    socket = await listening(exchange, "myOrder")

    def trade() -> None:
        exchange.client().orders.create(**ORDER)
        exchange.advance(60)

    other = Thread(target=trade)
    other.start()
    assert "wait" == (await told(socket))["state"]
    other.join()
    assert START_MS + 60_000 == exchange.exchange.now
    await socket.close()


async def test_without_a_start_a_socket_lives_in_the_time_of_this_machine() -> None:
    exchange = PaperExchange()
    socket = await listening(exchange, "ticker")
    assert "SNAPSHOT" == (await told(socket))["stream_type"]
    await socket.close()
