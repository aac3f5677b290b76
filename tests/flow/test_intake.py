from __future__ import annotations

from collections.abc import Generator, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from tests.faces import deal
from tests.views.events import ticker as quote
from upbit.flow.heal import Ask, Pause
from upbit.flow.inbox import Inbox
from upbit.flow.intake import BLUR, Check, Intake
from upbit.flow.session import Session
from upbit.models import Account, FeedEvent, Gap, MyAssetEvent, TradeEvent, UnknownEvent
from upbit.models.event import OrderbookEvent
from upbit.subscriptions import (
    Subscription,
    announcement,
    candle,
    indicator,
    my_asset,
    my_order,
    orderbook,
    ticker,
    trade,
)
from upbit.wire.frames import PRIVATE, PUBLIC, TYPES, SocketError

BEGIN = 1_795_471_829.0
ERROR = b'{"error":{"name":"WRONG_FORMAT","message":"no"}}'
LIST = b'{"mthd":"LIST_SUBSCRIPTIONS","rslt":[{"ty":"ticker","cds":["KRW-BTC"]}],"tckt":"t"}'
ASSET = b'{"ty":"myAsset","astuid":"u","ast":[{"cu":"BTC","b":%d,"l":0}],"asttms":%d,"tms":%d,"st":"REALTIME"}'
UUID = "5e0f0f3c-0000-4000-8000-000000000001"
ORDER = (
    b'{"ty":"myOrder","cd":"KRW-BTC","uid":"%s","ab":"BID","ot":"limit","s":"%s","p":1.0,"v":%s,"rv":1.0,"ev":%s,'
    b'"tc":0,"rsf":0,"rmf":0,"pf":0,"l":0,"ef":0,"otms":1795471829000,"tms":1795471829000,"st":"REALTIME"}'
)

GAP = Gap(type="myOrder", start=datetime.fromtimestamp(0, UTC), end=datetime.fromtimestamp(0, UTC), reason="", lost=0)


def book(units: int, stamp: int) -> bytes:
    unit = b'{"ap":2.0,"bp":1.0,"as":1.0,"bs":1.0}'
    return b'{"ty":"orderbook","cd":"KRW-BTC","tms":%d,"tas":1.0,"tbs":1.0,"obu":[%s],"st":"SNAPSHOT","lv":0}' % (
        stamp,
        b",".join([unit] * units),
    )


def bar(second: int) -> bytes:
    return (
        b'{"ty":"candle.1s","cd":"KRW-BTC","cdttmu":"2026-11-23T09:30:%02d","cdttmk":"2026-11-23T18:30:%02d","op":1.0,'
        b'"hp":1.0,"lp":1.0,"tp":1.0,"catv":1.0,"catp":1.0,"tms":1795471829000,"st":"REALTIME"}' % (second, second)
    )


class Desk:
    """An intake, its sessions, a clock and what comes of it all."""

    def __init__(self, *wanted: Subscription) -> None:
        self.now = BEGIN
        self.inbox = Inbox()
        self.intake = Intake(self.inbox, wall=lambda: self.now)
        self.sessions = {
            path: Session(path, ticket=lambda: "ticket", random=lambda: 0.5) for path in sorted(set(TYPES.values()))
        }
        self.want(*wanted)

    def want(self, *wanted: Subscription) -> None:
        by_path = {path: tuple(one for one in wanted if TYPES[one.type] == path) for path in self.sessions}
        for path, session in self.sessions.items():
            session.want(by_path[path])
        self.intake.follow(by_path)

    def open(self, path: str = PUBLIC) -> None:
        session = self.sessions[path]
        session.next(self.now)
        session.opened(self.now)
        session.next(self.now)
        self.intake.opened(session)

    def lose(self, path: str = PUBLIC, reason: str = "it broke") -> None:
        self.sessions[path].lost(reason, self.now)
        self.intake.lost(self.sessions[path], self.now)
        self.now += 60  # the pause is over

    def hear(self, *frames: bytes | str, path: str = PUBLIC) -> list[bool]:
        return [self.intake.hear(self.sessions[path], frame, self.now) for frame in frames]

    def told(self) -> list[FeedEvent]:
        events: list[FeedEvent] = []
        while (event := self.inbox.take()) is not None:
            events.append(event)
        return events

    def checks(self) -> list[Check]:
        checks, self.intake.checks = self.intake.checks, []
        return checks

    def settle(self, check: Check, *answers: object) -> None:
        self.intake.settle(check, carried(check, *answers))


def carried(check: Check, *answers: object) -> list[FeedEvent]:
    """What a check ends in, when REST answers so."""
    steps: Generator[Ask | Pause, Any, list[FeedEvent]] = check.steps
    rest = list(answers)
    try:
        step = next(steps)
        while True:
            step = steps.send(None if isinstance(step, Pause) else rest.pop(0))
    except StopIteration as stop:
        events: list[FeedEvent] = stop.value
        return events


def numbers(events: Sequence[FeedEvent]) -> list[int]:
    return [event.sequential_id for event in events if isinstance(event, TradeEvent)]


def gaps(events: Sequence[FeedEvent]) -> list[tuple[str, tuple[str, ...], str, float, float]]:
    return [
        (one.type, one.codes, one.reason, one.start.timestamp() - BEGIN, one.end.timestamp() - BEGIN)
        for one in events
        if isinstance(one, Gap)
    ]


def test_events_are_lined_up_and_what_is_stale_is_refused() -> None:
    desk = Desk(trade("KRW-BTC"), orderbook("KRW-BTC"), candle("KRW-BTC"))
    desk.open()
    assert 5 * [False] == desk.hear(deal(1), deal(1), book(1, 7), book(1, 6), bar(1))
    assert ["trade", "orderbook", "candle.1s"] == [event.type for event in desk.told()]
    assert (5, 2) == (desk.intake.counts.frames, desk.intake.counts.refused)


def test_tickers_are_lined_up_and_those_that_are_stale_are_refused() -> None:
    desk = Desk(ticker("KRW-BTC"))
    desk.open()
    first, later = quote(1, 1, traded=1), quote(2, 1, traded=2)
    desk.hear(*map(msgspec.json.encode, (first, later, first)))
    assert ([first, later], 1) == (desk.told(), desk.intake.counts.refused)


def test_a_text_frame_is_as_good_as_a_binary_one() -> None:
    desk = Desk(trade("KRW-BTC"))
    desk.open()
    assert [False, False] == desk.hear(deal(1).decode(), deal(2))
    assert [1, 2] == numbers(desk.told())


def test_a_trade_out_of_turn_comes_behind_its_gap_which_is_counted() -> None:
    desk = Desk(trade("KRW-BTC"))
    desk.open()
    desk.hear(deal(1), deal(3), deal(2))
    assert [TradeEvent, TradeEvent, Gap, TradeEvent] == [type(event) for event in desk.told()]
    assert 1 == desk.intake.counts.gaps


def test_what_is_not_wanted_any_more_is_refused_and_begins_anew_when_it_is() -> None:
    desk = Desk(trade("KRW-BTC"), candle("KRW-BTC"), orderbook("KRW-BTC", units=1), my_asset(), my_order())
    desk.open()
    desk.hear(deal(5), bar(5), book(1, 5))
    desk.told()
    desk.want(ticker("KRW-ETH"))
    desk.hear(deal(6), bar(6))
    desk.hear(ASSET % (1, 1, 1), ORDER % (UUID.encode(), b"wait", b"1.0", b"0"), path=PRIVATE)
    assert [] == desk.told()
    desk.want(trade("KRW-BTC"), candle("KRW-BTC"), orderbook("KRW-BTC", units=1))
    desk.hear(deal(4), bar(4), book(1, 4))
    assert ["trade", "candle.1s", "orderbook"] == [event.type for event in desk.told()]


def test_of_what_is_wanted_once_nothing_is_looked_up() -> None:
    desk = Desk(trade("KRW-BTC", only_snapshot=True), candle("KRW-BTC", only_snapshot=True))
    desk.open()
    desk.hear(deal(1), bar(1))
    desk.lose()
    desk.open()
    assert [] == desk.checks() == desk.intake.lines
    assert ["trade", "candle.1s"] == [event.type for event in desk.told()]


def test_after_a_reconnect_lines_are_looked_up_and_the_rest_is_a_gap_from_the_last_sign_of_life() -> None:
    desk = Desk(ticker("KRW-BTC", "KRW-ETH"), orderbook("KRW-BTC", units=1), trade("KRW-BTC"))
    desk.open()
    desk.now += 10
    desk.hear(deal(1), book(1, 1))
    desk.told()
    desk.now += 5
    desk.lose()
    desk.intake.lost(desk.sessions[PUBLIC], desk.now)  # a try that brought nothing
    desk.open()
    expected = [
        ("orderbook", ("KRW-BTC",), "reconnect", 10.0, 75.0),
        ("ticker", ("KRW-BTC", "KRW-ETH"), "reconnect", 10.0, 75.0),
    ]
    told = desk.told()
    assert expected == gaps(told)
    assert {"it broke"} == {event.detail for event in told if isinstance(event, Gap)}
    assert ["reconnect"] == [check.reason for check in desk.checks()]
    desk.hear(book(1, 1))
    assert [OrderbookEvent] == [type(event) for event in desk.told()], "the new connection's first is the newest"


def test_nobody_missed_what_was_not_wanted() -> None:
    desk = Desk(ticker("KRW-BTC"))
    desk.open()
    desk.want()
    desk.lose(reason="nothing is wanted")
    desk.want(ticker("KRW-ETH"))
    desk.open()
    desk.lose()
    desk.want()
    desk.want(ticker("KRW-ETH"))
    desk.open()
    assert [] == desk.told()


def test_our_own_is_looked_up_when_the_socket_opens_or_what_was_added_at_once() -> None:
    desk = Desk(my_order("KRW-BTC"))
    assert [] == desk.checks()
    desk.open(PRIVATE)
    assert ["start"] == [check.reason for check in desk.checks()]
    desk.want(my_order("KRW-BTC"), my_asset())
    assert 1 == len(desk.checks()), "the balances"
    desk.want(my_order("KRW-BTC", "KRW-ETH"), my_asset())
    assert 1 == len(desk.checks()), "the orders of other markets"
    desk.want(my_order(), my_order("KRW-BTC"), my_asset(), announcement())
    assert 1 == len(desk.checks()), "of all markets"
    desk.lose(PRIVATE)
    desk.open(PRIVATE)
    assert ["reconnect", "reconnect"] == [check.reason for check in desk.checks()]
    assert [("announcement", (), "reconnect")] == [one[:3] for one in gaps(desk.told())]


def test_balances_come_in_order_and_are_recovered() -> None:
    desk = Desk(my_asset())
    desk.open(PRIVATE)
    (check,) = desk.checks()
    account = {"currency": "BTC", "balance": "1", "locked": "0", "avg_buy_price": "0", "avg_buy_price_modified": False}
    desk.settle(check, [msgspec.convert(account | {"unit_currency": "KRW"}, Account, strict=False)])
    desk.hear(ASSET % (2, 5, 5), ASSET % (1, 4, 4), path=PRIVATE)
    told = desk.told()
    assert ["SNAPSHOT", "REALTIME"] == [event.stream_type for event in told if isinstance(event, MyAssetEvent)]
    (line,) = desk.intake.lines
    desk.intake.audit(line)
    desk.settle(*desk.checks(), *2 * [[msgspec.convert(account | {"unit_currency": "KRW"}, Account, strict=False)]])
    gap, recovered = desk.told()
    assert isinstance(gap, Gap)
    assert isinstance(recovered, MyAssetEvent)
    assert (1, 1, 1) == (gap.recovered, desk.intake.counts.gaps, desk.intake.counts.recovered)


def opened_orders() -> Desk:
    desk = Desk(my_order())
    desk.open(PRIVATE)
    (check,) = desk.checks()
    desk.settle(check, [], [])
    return desk


def test_an_order_that_lacks_a_fill_is_looked_at_once_at_a_time() -> None:
    desk = opened_orders()
    done = ORDER % (UUID.encode(), b"done", b"1.0", b"1.0")
    assert [True] == desk.hear(done, path=PRIVATE)
    (look,) = desk.checks()
    assert ("fill", UUID) == (look.reason, look.uuid)
    assert [False] == desk.hear(done, path=PRIVATE)
    desk.intake.settle(look, [])
    assert [UUID] == [check.uuid for check in desk.checks()], "it still lacks it"


def test_what_a_check_finds_of_something_unwanted_is_thrown_away() -> None:
    desk = opened_orders()
    desk.hear(ORDER % (UUID.encode(), b"done", b"1.0", b"1.0"), path=PRIVATE)
    (look,) = desk.checks()
    assert desk.intake.wants(look.line)
    desk.want(my_asset())
    assert not desk.intake.wants(look.line)
    desk.checks()
    desk.intake.settle(look, [GAP])
    desk.intake.audit(look.line)
    assert ([], []) == (desk.told(), desk.checks())


def test_all_lines_of_a_socket_can_be_audited() -> None:
    desk = Desk(trade("KRW-BTC"), candle("KRW-BTC"), my_asset())
    desk.intake.reaudit(PUBLIC)
    assert ["audit", "audit"] == [check.reason for check in desk.checks()]
    desk.intake.reaudit(PRIVATE)
    assert ["audit"] == [check.reason for check in desk.checks()]
    desk.intake.reaudit("/websocket/v1/info")
    assert [] == desk.checks()


def test_what_cannot_be_read_is_a_gap_of_everything_that_is_told_there_once_in_a_while() -> None:
    desk = Desk(ticker("KRW-BTC"), trade("KRW-BTC"))
    desk.open()
    assert [True, True] == desk.hear(b"\xff", b"{")
    assert [("ticker", ("KRW-BTC",), "unreadable", 0.0, BLUR)] == gaps(desk.told())
    assert ["unreadable", "unreadable"] == [check.reason for check in desk.checks()]
    desk.now += BLUR
    desk.hear(b"[]x")
    assert [("ticker", ("KRW-BTC",), "unreadable", BLUR, 2 * BLUR)] == gaps(desk.told())
    assert 3 == desk.intake.counts.unreadable


def test_errors_are_the_sessions_and_the_fatal_one_is_raised() -> None:
    desk = Desk(ticker("KRW-BTC"))
    desk.open()
    assert [True] == desk.hear(ERROR)
    desk.lose()
    desk.open()
    with pytest.raises(SocketError, match="WRONG_FORMAT"):
        desk.hear(ERROR)


def test_answers_are_kept_and_signs_of_life_are_nothing() -> None:
    desk = Desk(ticker("KRW-BTC"))
    desk.open()
    assert [False, False] == desk.hear(LIST, b'{"status":"UP"}')
    assert ["ticker"] == [one.type for one in desk.intake.lists[PUBLIC].result]
    assert [] == desk.told()


def test_what_has_no_line_passes() -> None:
    desk = Desk(indicator("KRW-BTC", timeframe="5m", indicators=[{"type": "rsi", "params": {"period": 14}}]))
    desk.open("/websocket/v1/info")
    desk.hear(b'{"type":"sentiment","code":"KRW-BTC","mood":1}', b'{"type":"weather"}', path="/websocket/v1/info")
    assert [UnknownEvent, UnknownEvent] == [type(event) for event in desk.told()]


class Seen:
    def __init__(self) -> None:
        self.events: list[FeedEvent] = []

    def apply(self, event: FeedEvent) -> None:
        self.events.append(event)


def test_views_see_everything_and_late_ones_the_quotes_there_are() -> None:
    desk = Desk(ticker("KRW-BTC"), orderbook("KRW-BTC"), trade("KRW-BTC"))
    early, late = Seen(), Seen()
    desk.intake.watch(early)
    desk.open()
    desk.hear(book(1, 1), book(1, 2), deal(1))
    desk.intake.watch(late)
    desk.hear(deal(3), deal(2))
    told = desk.told()
    assert told == early.events
    assert told[1:2] + told[3:] == late.events


def test_taps_are_told_every_frame_as_it_came() -> None:
    desk = Desk(ticker("KRW-BTC"))
    desk.open()
    heard: list[bytes | str] = []
    desk.intake.taps.append(heard.append)
    desk.hear(b"{", LIST)
    assert [b"{", LIST] == heard
