"""Whatever happens to its sockets, a feed tells what the exchange knows: each fault alone, and many at random times."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from random import Random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.observer import Holder, Record, differences, halt, trading
from tests.virtual import run
from upbit.feed import AsyncFeed, candle, my_asset, my_order, orderbook, ticker, trade
from upbit.feed_options import FeedStatus
from upbit.paper import PaperExchange, Rule
from upbit.paper.chaos import FrameEffect, RequestEffect

START = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
MARKET = "KRW-ETH"
PUBLIC, PRIVATE = "/websocket/v1", "/websocket/v1/private"
CALM, ROUGH, HEAL = 5, 25, 40
"""Seconds before the faults, with them, and after them: the last is how long the feed has to find out everything."""
AUDIT = 15.0
STILL = 6.0
"""Seconds in which nothing happens any more, so that everything was told."""


def at(seconds: float) -> int:
    return int((START.timestamp() + seconds) * 1000)


FIRST, LAST = at(CALM), at(CALM + ROUGH)


class Scene:
    """A feed on an exchange with faults and an account that trades, until all is told."""

    def __init__(self, rules: Iterable[Rule], *, seed: int = 1) -> None:
        self.paper = PaperExchange(start=START, seed=seed, rules=rules, pulse=0.2)
        self.record = Record(self.paper.exchange)
        self.holder = Holder()
        self.status: FeedStatus
        self._random = Random(seed)

    def play(self, busy: float = CALM + ROUGH, quiet: float = HEAL, still: float = STILL) -> None:
        """Let the account trade, then be quiet, then let the market stand still, for so many seconds each."""
        run(self._play(busy, quiet, still), self.paper)

    async def _play(self, busy: float, quiet: float, still: float) -> None:
        client, exchange = self.paper.async_client(random=self._random.random), self.paper.exchange
        wanted = [
            ticker(MARKET),
            trade(MARKET),
            orderbook(MARKET, units=15),
            candle(MARKET, interval="1s"),
            candle(MARKET, interval="1m"),
            my_order(),
            my_asset(),
        ]
        async with client.feed(*wanted, audit=AUDIT) as feed:
            consumer = asyncio.create_task(self._consume(feed))
            trader = asyncio.create_task(trading(self.paper.async_client(), exchange, MARKET, self._random))
            await asyncio.sleep(busy)
            trader.cancel()
            await asyncio.sleep(quiet)
            halt(exchange, MARKET)
            await asyncio.sleep(still)
            self.status = feed.status
        await consumer

    async def _consume(self, feed: AsyncFeed) -> None:
        async for event in feed:
            self.holder.take(event)

    @property
    def differences(self) -> list[str]:
        return differences(self.record, self.holder)

    @property
    def losses(self) -> list[str]:
        """What is missing, as the gaps say; tickers and books are replaced by the next one."""
        return [gap.type for gap in self.holder.gaps if gap.lost != 0 and gap.type not in ("ticker", "orderbook")]


# -- one fault alone -----------------------------------------------------------------------------------


def on_both(rule: Rule) -> list[Rule]:
    """Let the rule happen on either socket."""
    return [msgspec.structs.replace(rule, path=path) for path in (PUBLIC, PRIVATE)]


def often(effect: FrameEffect, milliseconds: int | None = None) -> list[Rule]:
    return [Rule(effect=effect, milliseconds=milliseconds, probability=0.3, since=FIRST, until=LAST)]


def own(effect: FrameEffect, state: str, probability: float = 0.5) -> list[Rule]:
    return [Rule(effect=effect, type="myOrder", state=state, probability=probability, since=FIRST, until=LAST)]


CLOSE = Rule(effect="close", since=FIRST, times=1)
FAULTS: Mapping[str, list[Rule]] = {
    "close 1000": on_both(Rule(effect="close", code=1000, since=FIRST, times=1)),
    "close 1001": on_both(Rule(effect="close", code=1001, since=FIRST, times=1)),
    "close 1006": on_both(Rule(effect="close", code=1006, since=FIRST, times=1)),
    "close 1011": on_both(Rule(effect="close", code=1011, since=FIRST, times=1)),
    "connects refused": [*on_both(CLOSE), Rule(effect="refuse_socket", since=FIRST, times=8)],
    "connects reset": [*on_both(CLOSE), Rule(effect="refuse_socket", status=0, since=FIRST, times=8)],
    "too many connects": [*on_both(CLOSE), Rule(effect="refuse_socket", status=429, since=FIRST, times=4)],
    "stall, for ever": on_both(Rule(effect="stall", since=FIRST, times=1)),
    "stall, for a while": on_both(Rule(effect="stall", milliseconds=20_000, since=FIRST, times=1)),
    "silent trades": [Rule(effect="drop", type="trade", since=FIRST, until=LAST)],
    "silent books": [Rule(effect="drop", type="orderbook", since=FIRST, until=LAST)],
    "silent account": [Rule(effect="drop", path=PRIVATE, since=FIRST, until=LAST)],
    "drop": often("drop"),
    "duplicate": often("duplicate"),
    "reorder": often("reorder"),
    "late": often("late", 3_000),
    "very late": often("late", 30_000),
    "fragment": often("fragment"),
    "oversize": [Rule(effect="oversize", since=FIRST, until=LAST, times=3)],
    "not utf-8": often("not_utf8"),
    "error": on_both(Rule(effect="error", name="INTERNAL_ERROR", since=FIRST, times=2)),
    "too many requests": on_both(Rule(effect="error", name="TOO_MANY_REQUEST", since=FIRST, times=2)),
    "outage, closed": [Rule(effect="outage", milliseconds=20_000, since=FIRST, times=1)],
    "outage, silent": [Rule(effect="outage", manner="silence", milliseconds=20_000, since=FIRST, times=1)],
    "own orders never heard of": own("drop", "wait"),
    "fills lost": own("drop", "trade"),
    "ends lost": [*own("drop", "done"), *own("drop", "cancel")],
    "done before its trade": own("reorder", "trade", 1.0),
    "assets lost": [Rule(effect="drop", type="myAsset", probability=0.5, since=FIRST, until=LAST)],
    "fills before the answer": [
        Rule(effect="slow_after", method="POST", path="/v1/orders", milliseconds=1_500, since=FIRST, until=LAST)
    ],
    "slow look-ups": [
        *on_both(Rule(effect="close", probability=0.05, since=FIRST, until=LAST)),
        Rule(effect="slow_after", method="GET", milliseconds=1_500, since=FIRST, until=LAST),
    ],
    "stale reads": [
        Rule(effect="stale", method="GET", milliseconds=5_000, since=FIRST, until=LAST + 10_000),
        *own("drop", "trade"),
        Rule(effect="close", path=PRIVATE, probability=0.2, since=FIRST, until=LAST),
    ],
}


@pytest.mark.parametrize("name", FAULTS)
def test_after_a_fault_all_that_was_told_is_what_the_exchange_knows(name: str) -> None:
    scene = Scene(FAULTS[name])
    scene.play()
    assert {rule.effect for rule in FAULTS[name]} == {fault.effect for fault in scene.paper.chaos.faults}
    assert [] == scene.differences
    assert [] == scene.losses
    assert ["live", "live"] == [socket.state for socket in scene.status.sockets]


@pytest.mark.parametrize(
    ("rules", "reasons"),
    [
        (FAULTS["stall, for ever"], ["silence", "silence"]),
        (FAULTS["silent trades"], ["silent subscription", ""]),
        (FAULTS["silent books"], ["silent subscription", ""]),
        ([Rule(effect="drop", path=PRIVATE, since=FIRST)], ["", "silence"]),
    ],
)
def test_a_connection_that_says_nothing_is_given_up(rules: list[Rule], reasons: list[str]) -> None:
    scene = Scene(rules)
    scene.play(CALM + ROUGH, HEAL, 0)
    assert reasons == [socket.reason for socket in scene.status.sockets]


def test_what_was_lost_just_before_a_market_fell_silent_is_found() -> None:
    scene = Scene([Rule(effect="drop", path=PUBLIC, since=at(20), until=at(24))])
    scene.play(20, 2, 60)
    assert scene.paper.chaos.faults
    assert [] == scene.differences
    assert [] == scene.losses


def test_what_nobody_can_tell_any_more_is_said_to_be_lost() -> None:
    """Without sockets for a while, and without REST from then on."""
    deaf = Rule(effect="outage", milliseconds=20_000, since=FIRST, times=1)
    scene = Scene([deaf, Rule(effect="gateway", method="GET", since=FIRST)])
    scene.play()
    assert [] == scene.differences
    assert {"trade", "candle.1s", "candle.1m", "myOrder", "myAsset"} == set(scene.losses)
    scene.holder.gaps.clear()
    assert any(f"trades of {MARKET} are missing" in found for found in scene.differences)


# -- many at random times ------------------------------------------------------------------------------


FRAME_FAULTS: list[FrameEffect] = [
    "close",
    "drop",
    "duplicate",
    "reorder",
    "late",
    "fragment",
    "not_utf8",
    "error",
]
REQUEST_FAULTS: list[RequestEffect] = [
    "slow_after",
    "gateway",
    "stale",
    "unreachable",
    "too_many_requests",
    "truncated_body",
]


@st.composite
def frame_faults(draw: st.DrawFn) -> Rule:
    """Something that happens to frames of a type, or of a socket, for a while."""
    since = at(CALM + draw(st.floats(0, ROUGH)))
    type = draw(st.sampled_from([None, "trade", "orderbook", "candle.1s", "candle.1m", "myOrder", "myAsset"]))
    return Rule(
        effect=draw(st.sampled_from(FRAME_FAULTS)),
        type=type,
        path=draw(st.sampled_from([None, PUBLIC, PRIVATE])) if type is None else None,
        probability=draw(st.sampled_from([1.0, 0.5, 0.2, 0.05])),
        since=since,
        until=since + draw(st.integers(100, 25_000)),
        milliseconds=draw(st.sampled_from([50, 1_500, 8_000, 30_000])),
        name=draw(st.sampled_from(["INTERNAL_ERROR", "TOO_MANY_REQUEST", "WRONG_FORMAT"])),
        code=draw(st.sampled_from([1000, 1001, 1006, 1011])),
    )


@st.composite
def socket_faults(draw: st.DrawFn) -> Rule:
    """Something that happens to whole sockets."""
    return Rule(
        effect=draw(st.sampled_from(["stall", "outage", "refuse_socket", "oversize"])),
        path=draw(st.sampled_from([None, PUBLIC, PRIVATE])),
        since=at(CALM + draw(st.floats(0, ROUGH))),
        until=LAST,
        times=draw(st.integers(1, 3)),
        milliseconds=draw(st.sampled_from([500, 8_000, 16_000])),
        manner=draw(st.sampled_from(["close", "silence"])),
        status=draw(st.sampled_from([0, 429, 503])),
        code=draw(st.sampled_from([1000, 1001, 1006, 1011])),
    )


@st.composite
def request_faults(draw: st.DrawFn) -> Rule:
    """Something that happens to look-ups for a while."""
    since = at(CALM + draw(st.floats(0, ROUGH)))
    return Rule(
        effect=draw(st.sampled_from(REQUEST_FAULTS)),
        method="GET",
        probability=draw(st.sampled_from([1.0, 0.4])),
        since=since,
        until=since + draw(st.integers(100, 25_000)),
        milliseconds=draw(st.sampled_from([300, 4_000])),
    )


FAULT = st.one_of(frame_faults(), frame_faults(), socket_faults(), request_faults())


@given(rules=st.lists(FAULT, min_size=1, max_size=5), seed=st.integers(0, 9))
@settings(max_examples=10, derandomize=True, database=None)
def test_after_any_faults_what_is_missing_is_what_was_said_to_be_lost(rules: list[Rule], seed: int) -> None:
    scene = Scene(rules, seed=seed)
    scene.play()
    assert [] == scene.differences
