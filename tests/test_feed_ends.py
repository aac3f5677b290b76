"""How a feed ends: left, failed, cancelled, interrupted; and what it never gives away."""

from __future__ import annotations

import asyncio
import logging
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.faces import Face, Told, Wire, deal, face
from tests.loopback import closed_port
from tests.virtual import run
from upbit import AsyncUpbit, AuthenticationError, ConfigurationError, Upbit
from upbit.errors import APIConnectionError
from upbit.feed import Feed, SocketStatus, indicator, my_asset, my_order, orderbook, ticker, trade
from upbit.io import AsyncSocket, Closed
from upbit.models import FeedEvent, TickerEvent, TradeEvent
from upbit.paper import PaperExchange, Rule, running
from upbit.wire.frames import SocketError

ACCESS, SECRET = "access-" + "a" * 33, "canary-" + "s" * 33
START = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
RSI = {"type": "rsi", "params": {"period": 14}}


@pytest.fixture(params=[True, False], ids=["awaited", "not awaited"])
def either(request: pytest.FixtureRequest) -> Iterator[Face]:
    with face(PaperExchange(seed=3), awaits=request.param) as shown:
        yield shown


@pytest.fixture(autouse=True)
def nothing_left_behind() -> Iterator[None]:
    """No thread of a feed outlives it; a call that is under way may."""
    yield
    assert "upbit-loop" not in {thread.name for thread in threading.enumerate()}


def ended_by(feed: Told) -> Exception:
    """What a feed raises when it is read to its end."""
    with feed, pytest.raises(Exception) as caught:  # noqa: PT011, which one is the question
        for _ in feed:
            pass
    return caught.value


# -- left ----------------------------------------------------------------------------------------------


def test_a_feed_may_be_left_at_any_time(either: Face) -> None:
    with either.feed(ticker("KRW-BTC")):
        pass
    with either.feed(ticker("KRW-BTC")) as feed:
        next(feed)
    with either.feed(ticker("KRW-BTC")) as feed:
        feed.live()
    left = either.feed(ticker("KRW-BTC"))
    with left:
        next(left)
    left.__exit__(None, None, None)
    for _ in left:
        pass
    assert next(left, None) is None


async def nobody_answers(url: str, headers: Mapping[str, str], heartbeat: float) -> AsyncSocket:
    await asyncio.sleep(3_600)
    raise APIConnectionError(f"{url} took an hour")


def test_a_feed_may_be_left_while_it_connects(either: Face) -> None:
    feed = either.feed(ticker("KRW-BTC"), my_asset(), client={"dial": nobody_answers})
    begin = time.monotonic()
    with feed:
        assert ["waiting", "waiting"] != [one.state for one in feed.status.sockets]
    assert time.monotonic() - begin < 1
    assert ["closed", "closed"] == [one.state for one in feed.status.sockets]


def test_leaving_waits_for_no_look_up(either: Face) -> None:
    rules = [Rule(path="/v1/accounts", effect="slow_before", milliseconds=60_000)]
    with face(PaperExchange(seed=3, rules=rules), awaits=either.awaits) as slow, slow.feed(my_asset()) as feed:
        slow.pause(0.2)
        begin = time.monotonic()
        feed.__exit__(None, None, None)
        assert time.monotonic() - begin < 1


def test_what_waits_is_still_there_when_an_awaited_feed_was_left() -> None:
    async def leave() -> list[type]:
        async with PaperExchange(seed=3).async_client().feed(ticker("KRW-BTC"), orderbook("KRW-BTC")) as feed:
            await anext(feed.frames())
        return [type(event) async for event in feed]

    assert asyncio.run(leave())


def test_a_feed_is_entered_first_and_once(either: Face) -> None:
    feed = either.feed(ticker("KRW-BTC"))
    for use in (feed.live, feed.listed, lambda: next(feed), lambda: next(feed.frames())):
        with pytest.raises(RuntimeError, match="not running"):
            use()
    with pytest.raises(RuntimeError, match="not running"):
        feed.__exit__(None, None, None)
    with feed:
        for _ in range(2):
            with pytest.raises(RuntimeError, match="entered once"):
                feed.__enter__()
    with pytest.raises(RuntimeError, match="entered once"):
        feed.__enter__()
    with pytest.raises(RuntimeError, match="over"):
        feed.add(ticker("KRW-ETH"))


def test_what_is_raised_inside_comes_out_unchanged(either: Face) -> None:
    feed = either.feed(ticker("KRW-BTC"))

    def fail() -> None:
        with feed:
            next(feed)
            raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        fail()
    assert {"closed"} == {one.state for one in feed.status.sockets}


def test_its_name_says_what_it_tells(either: Face) -> None:
    feed = either.feed(ticker("KRW-BTC"), ticker("KRW-ETH"), my_asset())
    assert repr(feed).removeprefix("Async").endswith("Feed(ticker, myAsset)")


async def test_a_cancelled_consumer_leaves_no_task_behind() -> None:
    before = asyncio.all_tasks()
    told = asyncio.Event()

    async def consume() -> None:
        async with PaperExchange(seed=3).async_client().feed(ticker("KRW-BTC"), my_asset()) as feed:
            async for _ in feed:
                told.set()

    consumer = asyncio.create_task(consume())
    await told.wait()
    consumer.cancel()
    with pytest.raises(asyncio.CancelledError):
        await consumer
    assert before == asyncio.all_tasks()


async def test_a_consumer_that_gives_up_waiting_may_come_back() -> None:
    wire = Wire([])
    async with PaperExchange(seed=3).async_client(dial=wire).feed(trade("KRW-BTC")) as feed:
        for _ in range(3):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(anext(feed), 0.01)
        asked = asyncio.create_task(anext(feed))
        await asyncio.sleep(0)
        wire.sockets[0].queue.put_nowait(deal(1))
        assert isinstance(await asked, TradeEvent)


async def test_two_who_read_one_feed_share_its_events() -> None:
    wire = Wire([])
    async with PaperExchange(seed=3).async_client(dial=wire).feed(trade("KRW-BTC")) as feed:
        await feed.live()
        readers = [asyncio.create_task(anext(feed)) for _ in range(2)]
        for number in (1, 2):
            await asyncio.sleep(0.02)
            wire.sockets[0].queue.put_nowait(deal(number))
        events = await asyncio.gather(*readers)
    assert [1, 2] == sorted(event.sequential_id for event in events if isinstance(event, TradeEvent))


def test_what_cannot_be_entered_leaves_no_thread_behind() -> None:
    taken = PaperExchange(seed=3).async_client().feed(ticker("KRW-BTC"))

    async def enter() -> None:
        async with taken:
            pass

    asyncio.run(enter())
    with pytest.raises(RuntimeError, match="entered once"):
        Feed(taken).__enter__()


INTERRUPTED = {
    "not awaited": "with client.feed(ticker('KRW-BTC')) as feed:\n  for event in feed: print('told', flush=True)",
    "awaited": (
        "import asyncio\n"
        "async def main():\n"
        "  async with exchange.async_client().feed(ticker('KRW-BTC')) as feed:\n"
        "    async for event in feed: print('told', flush=True)\n"
        "asyncio.run(main())"
    ),
    "over a socket": (
        "from upbit.paper import running\n"
        "with running() as served, served.client() as other, other.feed(ticker('KRW-BTC'), my_asset()) as feed:\n"
        "  for event in feed: print('told', flush=True)"
    ),
    "while it connects": (
        "async def never(url, headers, heartbeat):\n"
        "  print('told', flush=True)\n"
        "  await __import__('asyncio').sleep(3600)\n"
        "with exchange.client(dial=never).feed(ticker('KRW-BTC')) as feed:\n"
        "  feed.live()"
    ),
}


@pytest.mark.parametrize("body", INTERRUPTED.values(), ids=INTERRUPTED)
def test_control_c_ends_it_at_once_and_quietly(body: str) -> None:
    code = (
        "from upbit.feed import ticker, my_asset\nfrom upbit.paper import PaperExchange\n"
        f"exchange = PaperExchange()\nclient = exchange.client()\n{body}"
    )
    with subprocess.Popen(
        [sys.executable, "-X", "dev", "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert "told\n" == process.stdout.readline()
        begin = time.monotonic()
        process.send_signal(signal.SIGINT)
        said = process.stderr.read()
        process.wait()
        took = time.monotonic() - begin
    assert took < 2
    raised = re.findall(r"^(?:\S*\.)?(\w*(?:Error|Interrupt|Warning|Exception))\b", said, re.MULTILINE)
    assert ["KeyboardInterrupt"] == [name for name in raised if name != "CancelledError"], said
    assert said.endswith("KeyboardInterrupt\n")


# -- failed --------------------------------------------------------------------------------------------


def test_a_refused_subscription_is_raised_where_it_is_read(either: Face) -> None:
    told: list[SocketStatus] = []
    nonsense = indicator("KRW-BTC", timeframe="5m", indicators=[{"type": "rsi", "params": {"period": 9999}}])
    feed = either.feed(ticker("KRW-BTC"), nonsense, on_state=told.append)
    error = ended_by(feed)
    assert isinstance(error, SocketError)
    assert "INVALID_PARAM" == error.name
    assert str(error) == told[-1].reason
    assert {"closed"} == {one.state for one in told[-2:]}


def test_wrong_keys_are_raised_where_they_are_waited_for(either: Face) -> None:
    other = PaperExchange(seed=4)
    with face(other, awaits=either.awaits) as strange:
        feed = strange.feed(my_order(), client={"dial": PaperExchange(seed=3).dial})
        error = ended_by(feed)
    assert isinstance(error, SocketError)
    assert "INVALID_AUTH" == error.name


def test_keys_that_are_refused_with_the_upgrade_are_raised_the_second_time(either: Face) -> None:
    rules = [Rule(effect="refuse_socket", status=401)]
    with face(PaperExchange(seed=3, rules=rules), awaits=either.awaits) as closed:
        assert isinstance(ended_by(closed.feed(my_order())), AuthenticationError)


def test_after_a_failure_everything_says_so_and_nothing_hangs() -> None:
    async def fail() -> list[str]:
        said: list[str] = []
        no = b'{"error":{"name":"WRONG_FORMAT","message":"no"}}'
        wire = Wire([no], [no])
        async with PaperExchange(seed=3).async_client(dial=wire).feed(ticker("KRW-BTC")) as feed:
            with pytest.raises(SocketError):
                [event async for event in feed]
            for ask in (feed.__anext__, feed.live, feed.listed, feed.frames().__anext__):
                try:
                    await ask()
                    said.append("nothing")
                except SocketError as error:
                    said.append(error.name)
            with pytest.raises(RuntimeError, match="over"):
                feed.add(ticker("KRW-ETH"))
        return said

    assert 4 * ["WRONG_FORMAT"] == asyncio.run(fail())


def test_what_a_view_raises_ends_the_feed(either: Face) -> None:
    class Broken:
        def apply(self, event: FeedEvent) -> None:
            raise ZeroDivisionError(event.type)

    feed = either.feed(ticker("KRW-BTC"))
    feed.watch(Broken())
    assert "ticker" == str(ended_by(feed))


async def test_a_list_that_is_not_answered_is_not_waited_for() -> None:
    wire = Wire([])
    async with PaperExchange(seed=3).async_client(dial=wire).feed(ticker("KRW-BTC")) as feed:
        await feed.live()
        asked = asyncio.create_task(feed.listed())
        await asyncio.sleep(0.05)
        wire.sockets[0].queue.put_nowait(Closed(1006))
        assert () == await asked
        asked = asyncio.create_task(feed.listed())
        await asyncio.sleep(0)
    assert () == await asked


WRONG: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"audit": 0}, ConfigurationError, "audit=0"),
    ({"format": "XML"}, ConfigurationError, "format='XML'"),
    ({"policies": {"nope": 1}}, ValueError, "no type 'nope'"),
    ({"adit": 1}, TypeError, "takes no adit"),
]


@pytest.mark.parametrize(("options", "error", "message"), WRONG)
def test_wrong_options_are_refused(either: Face, options: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        either.feed(ticker("KRW-BTC"), **options)


# -- given away ----------------------------------------------------------------------------------------


def test_each_connect_has_a_token_of_its_own_and_the_public_one_none() -> None:
    paper = PaperExchange(seed=3, start=START)
    wire = Wire(*[[Closed(1006)] for _ in range(6)])

    async def connect() -> None:
        async with paper.async_client(dial=wire).feed(ticker("KRW-BTC"), my_asset()):
            await asyncio.sleep(10)

    run(connect(), paper)
    asked = list(zip(wire.urls, [headers.get("Authorization") for headers in wire.headers], strict=True))
    public, private = ([token for url, token in asked if url.endswith("/private") == own] for own in (False, True))
    assert {None} == set(public)
    assert len(private) == len(set(private)) > 2
    assert all(str(token).startswith("Bearer ") for token in private)


@pytest.mark.parametrize("url", ["wss://example.com/websocket/v1", "wss://upbit.com.example.com/websocket/v1"])
def test_nobody_else_gets_a_token(url: str) -> None:
    wire = Wire([])
    client = AsyncUpbit(ACCESS, SECRET, ws_url=url, dial=wire)

    async def connect() -> None:
        async with client.feed(my_asset()) as feed:
            await anext(feed)

    with pytest.raises(ConfigurationError, match=re.escape(f"nothing is signed for {url}")):
        asyncio.run(connect())
    assert [] == wire.headers


def test_nothing_secret_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with running(seed=3) as served, served.client() as client:
        with client.feed(ticker("KRW-BTC"), my_asset()) as feed:
            feed.live()
            next(feed)
        with Upbit("wrong" * 8, SECRET, base_url=served.base_url) as other:
            assert isinstance(ended_by(other.feed(my_asset())), SocketError)
        text = caplog.text
    assert "/websocket/v1/private live" in text
    for secret in (served.secret_key, SECRET, "Bearer", "eyJ"):
        assert secret not in text


def test_no_proxy_is_found_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, closed_port())
    with running(seed=3) as served, served.client() as client, client.feed(ticker("KRW-BTC")) as feed:
        assert isinstance(next(feed), TickerEvent)
