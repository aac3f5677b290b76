"""Whatever a stream drops, doubles, reorders or delays: what is delivered is the record, or a Gap says what is not."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.flow.floor import Floor
from tests.flow.ward import Treatment, Ward, finish, told
from upbit.errors import APIConnectionError
from upbit.flow.heal import AUDIT, SETTLE, Ask, Pause
from upbit.flow.retold import trade_event
from upbit.flow.trades import COUNT, DAYS, Trades
from upbit.models import FeedEvent, Gap, Trade, TradeEvent
from upbit.wire.frames import PUBLIC

MARKET = "KRW-BTC"
START = 1_790_000_010_000
DAY = 86_400_000


def trade(time: int, number: int = 0) -> Trade:
    moment = datetime.fromtimestamp(time / 1000, UTC)
    return Trade(
        market=MARKET,
        trade_date_utc=f"{moment:%Y-%m-%d}",
        trade_time_utc=f"{moment:%H:%M:%S}",
        timestamp=time,
        trade_price=Decimal(100),
        trade_volume=Decimal(1),
        prev_closing_price=Decimal(99),
        change_price=Decimal(1),
        ask_bid="BID",
        sequential_id=time * 10_000 + number,
    )


def sent(one: Trade) -> TradeEvent:
    return replace(trade_event(one), stream_type="REALTIME")


def event(time: int, number: int = 0) -> TradeEvent:
    return sent(trade(time, number))


def at(time: int) -> datetime:
    return datetime.fromtimestamp(time / 1000, UTC)


def numbers(events: Iterable[FeedEvent]) -> list[int]:
    return [one.sequential_id for one in events if isinstance(one, TradeEvent)]


def gaps(events: Iterable[FeedEvent]) -> list[Gap]:
    return [one for one in events if isinstance(one, Gap)]


class Record:
    """All trades there were by now, and what REST says of them."""

    def __init__(self, trades: Iterable[Trade] = (), *, strict: bool = True) -> None:
        self.trades = list(trades)
        self.strict = strict
        """Whether a cursor without a day stays within today, as the page says; or goes on to the days before."""
        self.now = self.trades[-1].timestamp if self.trades else START
        self.lag = 0
        """So many of the newest are not shown yet."""

    def answer(self, ask: Ask) -> list[Trade]:
        wanted: dict[str, Any] = ask.arguments
        assert (MARKET, COUNT) == (wanted["market"], wanted["count"])
        days = wanted["days_ago"]
        assert days is None or 1 <= days <= DAYS
        today = self.now - self.now % DAY
        first = today - (days or (0 if self.strict else DAYS)) * DAY
        last = today - ((days or 0) - 1) * DAY
        shown = self.trades[: len(self.trades) - self.lag]
        end = bisect_left(shown, min(last * 10_000, wanted["cursor"] or 10**19), key=lambda one: one.sequential_id)
        return [one for one in reversed(shown[:end]) if one.timestamp >= first][:COUNT]


def refuse(ask: Ask) -> list[Trade]:
    raise APIConnectionError("not now")


class Listener:
    """Hears a stream with faults, runs checks while it goes on, and keeps what was delivered."""

    def __init__(self, random: Random, *, strict: bool, pages: int, faults: float, failures: float) -> None:
        self.random = random
        self.record = Record(strict=strict)
        self.line = Trades(MARKET, pages=pages)
        self.out: list[FeedEvent] = []
        self.ward = Ward(self.out.extend)
        self.faults = faults
        self.failures = failures
        self.under_way: list[tuple[int, TradeEvent]] = []
        self.down = 0

    def answer(self, ask: Ask) -> list[Trade]:
        return refuse(ask) if self.random.random() < self.failures else self.record.answer(ask)

    def live(self, trades: Iterable[Trade]) -> None:
        random = self.random
        for turn, one in enumerate(trades):
            self.record.trades.append(one)
            self.record.now = one.timestamp
            self.send(turn, sent(one))
            self.arrive(turn)
            if self.down:
                self.down -= 1
                if not self.down:
                    self.ward.admit(self.line.check("reconnect", at(one.timestamp)), self.answer)
            elif random.random() < 0.02:
                self.down = random.randrange(1, 30)
                self.under_way.clear()
            if random.random() < 0.05 and not self.ward.queue:
                self.ward.admit(self.line.check(AUDIT, at(one.timestamp)), self.answer)
            if random.random() < 0.5:
                self.ward.go_on()

    def send(self, turn: int, one: TradeEvent) -> None:
        if self.down or (self.record.trades[1:] and self.random.random() < self.faults):
            fault = "drop" if self.down else self.random.choice(("drop", "twice", "late"))
            if fault == "twice":
                self.under_way += [(turn, one), (turn + self.random.randrange(40), one)]
            elif fault == "late":
                self.under_way.append((turn + self.random.randrange(1, 6), one))
        else:
            self.under_way.append((turn, one))

    def arrive(self, turn: int) -> None:
        due = [one for when, one in self.under_way if when <= turn]
        self.under_way = [(when, one) for when, one in self.under_way if when > turn]
        for one in due:
            self.out += self.line.take(one)

    def end(self) -> None:
        """Let all arrive that is under way, and look once more."""
        self.arrive(10**9)
        if self.down:
            self.ward.admit(self.line.check("reconnect", at(self.record.now)), self.answer)
        self.ward.empty()
        self.failures = 0
        self.ward.admit(self.line.check(AUDIT, at(self.record.now + 1)), self.answer)
        self.ward.empty()


def history(random: Random, count: int, longest: int) -> list[Trade]:
    time, number, made = START, 0, []
    for _ in range(count):
        passed = random.choice((0, 0, 1, random.randrange(longest)))
        number = 0 if passed else number + 1
        time += passed
        made.append(trade(time, number))
    return made


def assert_healed(out: list[FeedEvent], record: list[Trade]) -> None:
    """Nothing twice, nothing invented; out of turn only what a Gap announced; missing only what a Gap says is lost."""
    seen = numbers(out)
    assert len(seen) == len(set(seen))
    begin = seen[0]
    lost = [gap for gap in gaps(out) if gap.lost != 0]
    expected = [one.sequential_id for one in record if one.sequential_id >= begin]
    absent = set(expected) - set(seen)
    excused = {one.sequential_id for one in record for gap in lost if gap.start <= at(one.timestamp) < gap.end}
    assert absent == absent & excused
    assert sorted(set(expected) - absent) == sorted(seen)
    announced: list[Gap] = []
    newest = 0
    for one in out:
        if isinstance(one, Gap):
            assert one.start <= one.end
            announced.append(one)
        elif isinstance(one, TradeEvent):
            if one.sequential_id < newest or one.stream_type == "RECOVERED":
                assert any(gap.start <= one.traded_at < gap.end for gap in announced)
            newest = max(newest, one.sequential_id)


@given(
    seed=st.integers(0, 2**32),
    strict=st.booleans(),
    faults=st.sampled_from((0.0, 0.05, 0.5)),
    failures=st.sampled_from((0.0, 0.3)),
    longest=st.sampled_from((3, 1000, 3_600_000)),
)
@settings(max_examples=100, deadline=None)
def test_what_is_delivered_is_the_record(seed: int, strict: bool, faults: float, failures: float, longest: int) -> None:
    random = Random(seed)
    listener = Listener(random, strict=strict, pages=20, faults=faults, failures=failures)
    listener.live(history(random, 150, longest))
    listener.end()
    assert_healed(listener.out, listener.record.trades)
    days = (listener.record.now - START) / DAY
    if days < DAYS:
        begin = numbers(listener.out)[0]
        assert [one.sequential_id for one in listener.record.trades if one.sequential_id >= begin] == sorted(
            numbers(listener.out)
        )


@given(seed=st.integers(0, 2**32), pages=st.integers(1, 4), strict=st.booleans())
@settings(max_examples=10, deadline=None)
def test_when_the_pages_run_out_a_gap_says_so(seed: int, pages: int, strict: bool) -> None:
    random = Random(seed)
    listener = Listener(random, strict=strict, pages=pages, faults=0.02, failures=0)
    trades = history(random, 3_000, 200)
    listener.live(trades[:50])
    listener.ward.empty()
    listener.record.trades += trades[50:2_950]
    listener.record.now = trades[2_949].timestamp
    listener.ward.admit(listener.line.check("reconnect", at(trades[2_949].timestamp)), listener.answer)
    listener.live(trades[2_950:])
    listener.end()
    assert_healed(listener.out, listener.record.trades)


@given(seed=st.integers(0, 2**32), faults=st.sampled_from((0.0, 0.3)), failures=st.sampled_from((0.0, 0.2)))
@settings(max_examples=3, deadline=None)
def test_what_is_delivered_is_what_the_paper_exchange_traded(seed: int, faults: float, failures: float) -> None:
    start = datetime(2026, 11, 20, 23, 59, 30, tzinfo=UTC)
    wanted = [{"type": "trade", "codes": [MARKET]}]
    floor = Floor(seed, PUBLIC, wanted, start=start, faults=faults, failures=failures)
    line = Trades(MARKET)
    floor.lines = {"trade": (line, line.take)}
    floor.begin()
    for _ in range(40):
        floor.act()
        floor.step(floor.random.choice((0.1, 1, 5)))
    floor.end()
    venue = floor.paper.exchange.venue(MARKET)
    assert venue is not None
    traded = venue.tape.trades((floor.paper.exchange.now + 1) * 10_000, 10**6, since=numbers(floor.out)[0])
    assert [one.sequential_id for one in reversed(traded)] == sorted(numbers(floor.out))
    said = {one.sequential_id: one for one in floor.said if isinstance(one, TradeEvent)}
    quotes = dict.fromkeys(("best_ask_price", "best_ask_size", "best_bid_price", "best_bid_size", "stream_type"))
    for one in floor.out:
        if isinstance(one, TradeEvent):
            assert replace(said[one.sequential_id], **quotes) == replace(one, **quotes)


def test_a_healthy_stream_passes_as_it_is() -> None:
    line = Trades(MARKET)
    events = [event(START + time) for time in range(10)]
    assert events == [one for told in events for one in line.take(told)]
    assert 9 == line.unverified
    record = Record([trade(START + time) for time in range(10)])
    for reason in (AUDIT, "reconnect"):
        assert [] == told(line.check(reason, at(START + 20)), record.answer)
        assert 0 == line.unverified


def test_a_trade_told_twice_is_delivered_once() -> None:
    line = Trades(MARKET)
    for time in (0, 5, 9):
        assert (event(START + time),) == line.take(event(START + time))
    for time in (0, 5, 9):
        assert () == line.take(event(START + time))


def test_a_trade_before_the_first_heard_is_not_of_the_record() -> None:
    line = Trades(MARKET)
    line.take(event(START))
    assert () == line.take(event(START - 1))


def test_a_late_trade_comes_behind_a_gap() -> None:
    line = Trades(MARKET)
    for time in (0, 9):
        line.take(event(START + time))
    gap, late = line.take(event(START + 5))
    assert event(START + 5) == late
    assert Gap(type="trade", codes=(MARKET,), start=at(START + 5), end=at(START + 6), reason="late", lost=0) == gap
    assert () == line.take(event(START + 5))


def test_after_a_reconnect_trades_come_in_order_behind_a_gap() -> None:
    line = Trades(MARKET)
    record = Record([trade(START + time) for time in range(10)])
    line.take(event(START))
    check = line.check("reconnect", at(START + 9))
    for time in (7, 9, 8):
        assert () == line.take(event(START + time))
    gap, *trades = told(check, record.answer)
    assert [one.sequential_id for one in record.trades[1:]] == numbers(trades)
    assert (
        Gap(
            type="trade",
            codes=(MARKET,),
            start=at(START + 1),
            end=at(START + 7),
            reason="reconnect",
            lost=0,
            recovered=6,
        )
        == gap
    )
    assert [*["RECOVERED"] * 6, *["REALTIME"] * 3] == [one.stream_type for one in trades if isinstance(one, TradeEvent)]


def test_what_is_newer_than_the_stream_is_left_to_it() -> None:
    line = Trades(MARKET)
    record = Record([trade(START + time) for time in range(10)])
    line.take(event(START))
    check = line.check("reconnect", at(START + 9))
    line.take(event(START + 1))
    assert [event(START + 1)] == told(check, record.answer)
    assert (event(START + 2),) == line.take(event(START + 2))


def test_an_audit_waits_for_what_is_under_way() -> None:
    line = Trades(MARKET)
    record = Record([trade(START), trade(START + 5)])
    line.take(event(START))
    heal = line.check(AUDIT, at(START + 9))
    ask = next(heal)
    assert isinstance(ask, Ask)
    assert Pause(SETTLE) == heal.send(record.answer(ask))
    assert (event(START + 5),) == line.take(event(START + 5))
    with pytest.raises(StopIteration) as stop:
        heal.send(None)
    assert [] == stop.value.value


def test_an_audit_finds_what_the_stream_left_out_and_holds_nothing_back() -> None:
    line = Trades(MARKET)
    record = Record([trade(START + time) for time in range(5)])
    line.take(event(START))
    treatment = Treatment(line.check(AUDIT, at(START + 9)), record.answer)
    treatment.go_on()
    assert (event(START + 4),) == line.take(event(START + 4))
    while treatment.go_on():
        pass
    gap, *trades = treatment.told or ()
    assert [one.sequential_id for one in record.trades[1:4]] == numbers(trades)
    assert ("audit", 0, 3) == (gap.reason, gap.lost, gap.recovered) if isinstance(gap, Gap) else ()
    assert 1 == len(treatment.asked)


def test_a_silent_stream_is_found_out_by_waiting() -> None:
    line = Trades(MARKET)
    record = Record([trade(START + time) for time in range(5)])
    line.take(event(START))
    treatment = finish(line.check("silence", at(START + 9)), record.answer)
    assert SETTLE == treatment.paused
    assert [one.sequential_id for one in record.trades[1:]] == numbers(treatment.told or ())


def test_when_rest_fails_a_gap_says_so_and_the_next_check_finds_the_rest() -> None:
    line = Trades(MARKET)
    record = Record([trade(START + time) for time in range(10)])
    line.take(event(START))
    assert [] == told(line.check(AUDIT, at(START)), refuse)
    check = line.check("reconnect", at(START + 20))
    line.take(event(START + 8))
    gap, one = told(check, refuse)
    assert event(START + 8) == one
    assert (
        Gap(
            type="trade",
            codes=(MARKET,),
            start=at(START),
            end=at(START + 9),
            reason="reconnect",
            lost=None,
            detail="not now",
        )
        == gap
    )
    assert (event(START + 9),) == line.take(event(START + 9))
    gap, *trades = told(line.check(AUDIT, at(START + 20)), record.answer)
    assert [one.sequential_id for one in record.trades[1:8]] == numbers(trades)
    assert [7] == [gap.recovered for gap in gaps([gap])]


def test_when_rest_fails_and_nothing_was_heard_all_until_now_may_be_missing() -> None:
    line = Trades(MARKET)
    line.take(event(START))
    assert [(at(START), at(START + 50))] == [
        (gap.start, gap.end) for gap in gaps(told(line.check("reconnect", at(START + 50)), refuse))
    ]
    assert [(at(START), at(START))] == [
        (gap.start, gap.end) for gap in gaps(told(line.check("reconnect", at(START - 50)), refuse))
    ]


def test_nothing_is_asked_before_the_first_trade() -> None:
    line = Trades(MARKET)
    assert [] == told(line.check(AUDIT, at(START)), refuse)
    assert [] == told(line.check("reconnect", at(START)), refuse)
    check = line.check("reconnect", at(START))
    for time in (5, 3, 9, 7):
        assert () == line.take(event(START + time))
    assert [event(START + time) for time in (5, 7, 9)] == told(check, refuse)


def test_the_days_that_rest_no_longer_shows_are_lost() -> None:
    line = Trades(MARKET)
    line.take(event(START))
    record = Record([trade(START), trade(START + 9 * DAY), trade(START + 9 * DAY + 1)])
    check = line.check("reconnect", at(record.now))
    line.take(event(record.now))
    treatment = finish(check, record.answer)
    assert DAYS + 1 == len(treatment.asked)
    lost, found = gaps(treatment.told or ())
    midnight = START + 9 * DAY - (START % DAY) - DAYS * DAY
    assert (None, at(START), at(midnight)) == (lost.lost, lost.start, lost.end)
    assert (0, 1) == (found.lost, found.recovered)
    assert [] == told(line.check(AUDIT, at(record.now)), record.answer)


def test_a_market_that_nobody_trades_has_lost_nothing() -> None:
    line = Trades(MARKET)
    line.take(event(START))
    record = Record([trade(START)])
    for days in range(1, 30):
        record.now = START + days * DAY
        assert [] == told(line.check(AUDIT, at(record.now)), record.answer)


def test_pages_without_a_trade_count_as_pages() -> None:
    line = Trades(MARKET, pages=2)
    line.take(event(START))
    record = Record([trade(START)])
    record.now = START + 5 * DAY
    lost = gaps(told(line.check("reconnect", at(record.now)), record.answer))
    assert [(None, at(START), at(record.now))] == [(gap.lost, gap.start, gap.end) for gap in lost]


def test_a_server_that_ignores_the_cursor_is_not_asked_for_ever() -> None:
    line = Trades(MARKET)
    line.take(event(START))
    page = [trade(START + 1 + time) for time in range(COUNT)][::-1]
    treatment = finish(line.check("reconnect", at(START + DAY)), lambda ask: page)
    assert DAYS + 2 == len(treatment.asked)
    assert COUNT == len(numbers(treatment.told or ()))


def test_a_check_may_be_called_while_another_is_under_way() -> None:
    line = Trades(MARKET)
    record = Record([trade(START + time) for time in range(9)])
    line.take(event(START))
    audit = Treatment(line.check(AUDIT, at(START + 9)), record.answer)
    audit.go_on()
    check = line.check("reconnect", at(START + 9))
    line.take(event(START + 4))
    while audit.go_on():
        pass
    assert [1, 2, 3, 5, 6, 7, 8] == [number // 10_000 - START for number in numbers(audit.told or ())]
    assert [4] == [number // 10_000 - START for number in numbers(told(check, record.answer))]
    assert [] == told(line.check("reconnect", at(START + 9)), record.answer)
