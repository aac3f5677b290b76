"""Who drives a session: connects, says and drops as it says, and leaves nothing behind."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import NoReturn

import pytest
from aiohttp import web

from tests.io.host import Script, abort, closing, host
from tests.io.ride import Exchange, Pretended, Ride, ride
from upbit import paper
from upbit.errors import APIConnectionError, APIStatusError
from upbit.flow.call import LONG_BLOCK
from upbit.flow.pace import Blocked
from upbit.flow.session import Times, Wait
from upbit.io import STRIDE, aio_socket
from upbit.wire.frames import PRIVATE, PUBLIC, Subscription
from upbit.wire.quota import Limit
from upbit.wire.token import sign

pytestmark = pytest.mark.usefixtures("alone")

TRADES = Subscription(type="trade", codes=("KRW-BTC",))
PLACE = f"ws://127.0.0.1{PUBLIC}"


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (closing(1000), "closed with 1000"),
        (closing(1001, b"maintenance"), "closed with 1001: maintenance"),
        (closing(1011, b"unexpected"), "closed with 1011: unexpected"),
        (None, "the connection was lost"),
    ],
)
async def test_whatever_ends_a_connection_another_follows(script: Script | None, reason: str) -> None:
    async def hear_and_end(request: web.Request, ws: web.WebSocketResponse) -> None:
        server.heard.append(await ws.receive_str())
        await (script(request, ws) if script else asyncio.sleep(0))
        if script is None:
            abort(request)

    async with host(hear_and_end) as server, ride(server.url, TRADES) as ridden:
        await ridden.until(lambda: ridden.session.connects == 3)
        assert reason == ridden.session.reason
    assert ["live", "waiting", "live", "waiting", "live"] == ridden.told[:5]
    assert [f'[{{"ticket":"t{n}"}},' for n in (1, 2)] == [text[:17] for text in server.heard[:2]]


async def test_every_connection_has_a_token_of_its_own() -> None:
    numbers = count(1)
    dial = Exchange(Pretended(), APIConnectionError("gone"), Pretended())
    async with ride(
        f"ws://127.0.0.1{PRIVATE}", Subscription(type="myOrder"), dial=dial, token=lambda: f"Bearer {next(numbers)}"
    ) as ridden:
        await ridden.until(lambda: ridden.session.connects == 1)
        ridden.want()
        await ridden.until(lambda: ridden.session.state == "idle")
        ridden.want(Subscription(type="myAsset"))
        await ridden.until(lambda: ridden.session.connects == 2)
    assert [{"Authorization": f"Bearer {n}"} for n in (1, 2, 3)] == dial.headers


async def test_what_makes_no_token_ends_it() -> None:
    def refuse() -> NoReturn:
        raise LookupError("no key")

    async with ride(PLACE, TRADES, dial=Exchange(Pretended()), token=refuse) as ridden:
        with pytest.raises(LookupError, match="no key"):
            await ridden.task


@pytest.mark.parametrize(
    ("status", "header", "least", "most"),
    [(429, "7", 7, 8), (418, "7", 7, 8), (503, "7", 7, 8), (503, "soon", 0, 1), (401, None, 0, 1)],
)
async def test_a_refusal_is_the_business_of_the_session(
    status: int, header: str | None, least: float, most: float
) -> None:
    refusal = web.Response(status=status, headers={} if header is None else {"retry-after": header})
    async with host(refusal=refusal) as server, ride(server.url, TRADES, times=Times(first_pause=0.6)) as ridden:
        await ridden.until(lambda: bool(ridden.told))
        step = ridden.session.next(asyncio.get_running_loop().time())
        assert f"{status}: no message" == ridden.session.reason
    assert ["waiting"] == ridden.told
    assert isinstance(step, Wait)
    assert least <= step.seconds <= most


async def test_too_many_connections_are_too_many_for_all() -> None:
    async with host(refusal=web.Response(status=429)) as server, ride(server.url, TRADES) as ridden:
        await ridden.until(lambda: bool(ridden.told))
        pace = ridden.pace.keyless
        assert pace.ask(pace.enter("websocket"), asyncio.get_running_loop().time) > 0.5


@pytest.mark.parametrize(("headers", "least", "most"), [({"Retry-After": "9"}, 8, 9), ({}, LONG_BLOCK - 1, LONG_BLOCK)])
async def test_a_block_binds_all_that_is_counted_with_the_connection(
    headers: dict[str, str], least: float, most: float
) -> None:
    clock = asyncio.get_running_loop().time
    dial = Exchange(APIStatusError(418, None, "", b"", headers))
    async with ride(PLACE, TRADES, dial=dial, times=Times(first_pause=0.0)) as ridden:
        await ridden.until(lambda: bool(ridden.told))
        with pytest.raises(Blocked) as block:
            ridden.pace.ask(ridden.pace.enter("candle"), clock)
        assert least <= block.value.seconds <= most
        assert 0 == ridden.pace.ask(ridden.pace.enter("websocket"), clock)


async def test_who_is_blocked_does_not_dial_until_it_is_over() -> None:
    dial = Exchange(Pretended())
    clock = asyncio.get_running_loop().time
    async with ride(PLACE, TRADES, dial=dial) as ridden:
        ridden.pace.keyless.penalty("websocket", 0.3, clock())
        await ridden.until(lambda: ridden.session.connects == 1)
        assert ["waiting", "live"] == ridden.told[:2]
    assert 1 == len(dial.dialed)


async def test_a_block_of_an_account_is_none_of_the_address() -> None:
    clock = asyncio.get_running_loop().time
    refused = APIStatusError(418, None, "", b"", {"Retry-After": "9"})
    async with ride(PLACE, TRADES, dial=Exchange(refused), token=lambda: "Bearer 1") as ridden:
        await ridden.until(lambda: bool(ridden.told))
        assert 0 == ridden.pace.ask(ridden.pace.enter("candle"), clock)
        with pytest.raises(Blocked):
            ridden.pace.ask(ridden.pace.enter("order"), clock)


async def test_connections_keep_to_their_pace() -> None:
    dial = Exchange(APIConnectionError("gone"))
    async with ride(PLACE, TRADES, dial=dial, times=Times(first_pause=0.0), limit=Limit(2, 0.1)) as ridden:
        await ridden.until(lambda: len(ridden.told) >= 5)
    assert dial.dialed[4] - dial.dialed[0] >= 0.2


async def test_a_connection_that_is_as_good_as_dead_is_dropped() -> None:
    times = Times(first_pause=0.001, quiet=0.02, answer=0.02)
    async with host() as server, ride(server.url, TRADES, times=times) as ridden:
        await ridden.until(lambda: ridden.session.connects == 2)
        assert "silence" == ridden.session.reason
    assert "LIST_SUBSCRIPTIONS" in server.heard[1]
    assert [1000, 1000] == server.closes


async def test_who_does_not_read_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aio_socket, "SEND_TIMEOUT", 0.01)
    async with ride(PLACE, TRADES, dial=Exchange(Pretended(deaf=True), Pretended())) as ridden:
        await ridden.until(lambda: ridden.session.connects == 2)
        assert "nothing can be said: the other side does not read" == ridden.session.reason


async def test_what_cannot_be_said_costs_the_connection() -> None:
    gone = Pretended(b"last")
    await gone.close()
    async with ride(PLACE, TRADES, dial=Exchange(gone, Pretended())) as ridden:
        await ridden.until(lambda: ridden.session.connects == 2)
        assert "it is closed" == ridden.session.reason


async def test_what_hear_raises_ends_it_and_closes_the_socket() -> None:
    async def talk(_: web.Request, ws: web.WebSocketResponse) -> None:
        await ws.send_bytes(b"strange")

    def choke(frame: bytes | str) -> NoReturn:
        raise LookupError(frame)

    async with host(talk) as server, ride(server.url, TRADES, hear=choke) as ridden:
        with pytest.raises(LookupError, match="strange"):
            await ridden.task
    assert [1000] == server.closes


async def test_cancelling_closes_the_socket() -> None:
    async with host() as server, ride(server.url, TRADES) as ridden:
        await ridden.until(lambda: ridden.session.state == "live")
    assert ridden.task.cancelled()
    assert [1000] == server.closes


async def test_cancelling_hides_no_failure_of_hear() -> None:
    """Nor does the event loop complain that nobody looked at it."""

    def choke(frame: bytes | str) -> NoReturn:
        ridden.task.cancel()
        raise LookupError(frame)

    async with ride(PLACE, TRADES, dial=Exchange(Pretended(b"strange")), hear=choke) as ridden:
        await asyncio.wait([ridden.task])
    assert ridden.task.cancelled()


async def test_a_closed_session_ends_it() -> None:
    async with host() as server, ride(server.url, TRADES) as ridden:
        await ridden.until(lambda: ridden.session.state == "live")
        ridden.close()
        await ridden.task
    assert [1000] == server.closes
    assert ["live", "closed"] == ridden.told


async def test_a_session_that_is_closed_before_it_began_ends_it() -> None:
    async with ride(PLACE) as ridden:
        ridden.close()
        await ridden.task
    assert [] == ridden.told


async def test_without_wishes_there_is_no_connection() -> None:
    async with host() as server, ride(server.url) as ridden:
        await asyncio.sleep(0.01)
        assert [] == server.requests
        ridden.want(TRADES)
        await ridden.until(lambda: ridden.session.state == "live")
        ridden.want()
        await ridden.until(lambda: ridden.session.state == "idle")
        assert [1000] == server.closes


async def test_others_have_their_turn_however_much_there_is_to_read() -> None:
    turns = 0

    def wait(frame: bytes | str) -> None:
        behind.append(turns)

    behind: list[int] = []
    size = 20 * STRIDE
    async with ride(PLACE, TRADES, dial=Exchange(Pretended(*[b"x"] * size)), hear=wait) as ridden:
        while len(ridden.frames) < size:
            turns += 1
            await asyncio.sleep(0)
    assert 15 < len(set(behind)) < 30


# -- the paper exchange ----------------------------------------------------------------------------


async def test_a_paper_exchange_is_heard_until_it_goes() -> None:
    async with paper.serving(seed=1) as exchange:
        ticker = Subscription(type="ticker", codes=("KRW-BTC", "KRW-ETH"))
        async with ride(exchange.ws_url, TRADES, ticker) as ridden:
            await ridden.until(lambda: len(ridden.frames) >= 3)
    kinds = {bytes(frame)[:14] for frame in ridden.frames if isinstance(frame, bytes)}
    assert {b'{"ty":"ticker"', b'{"ty":"trade",'} == kinds


async def test_an_exchange_that_goes_away_is_dialed_again() -> None:
    async with paper.serving(seed=1) as exchange:
        ridden = Ride(exchange.ws_url)
        ridden.want(TRADES)
        await ridden.until(lambda: bool(ridden.frames))
    await ridden.until(lambda: ridden.session.attempts > 1)
    assert "could not be reached" in ridden.session.reason
    assert ["live", "waiting", "waiting"] == ridden.told[:3]
    ridden.close()
    await ridden.task


async def test_a_private_socket_knows_who_asks() -> None:
    numbers = count(1)
    async with paper.serving(seed=1) as exchange:

        def token() -> str:
            return f"Bearer {sign(exchange.access_key, exchange.secret_key, nonce=f'n{next(numbers)}')}"

        async with ride(f"{exchange.ws_url}/private", Subscription(type="myOrder"), token=token) as ridden:
            await ridden.until(lambda: ridden.session.state == "live")
            ridden.ask_list()
            await ridden.until(lambda: bool(ridden.frames))
    [listed] = ridden.frames
    assert b'"rslt":[{"ty":"myOrder"' in bytes(str(listed), "utf-8") if isinstance(listed, str) else listed
