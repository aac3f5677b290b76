"""Whatever candles a stream leaves out: the last telling of each is the record's, or a Gap says it may not be."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.flow.floor import Floor
from tests.flow.ward import Treatment, Ward, finish, told
from upbit.api import Candles as Quotation
from upbit.errors import APIConnectionError
from upbit.flow.candles import COUNT, Candles
from upbit.flow.heal import AUDIT, SETTLE, Ask
from upbit.flow.retold import candle_event
from upbit.models import Candle, CandleEvent, FeedEvent, Gap
from upbit.wire.frames import PUBLIC

MARKET = "KRW-BTC"
START = datetime(2026, 9, 21, 14, 13, 30, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def candle(second: int, volume: int) -> Candle:
    start = START + second * SECOND
    return Candle(
        market=MARKET,
        candle_date_time_utc=f"{start:%Y-%m-%dT%H:%M:%S}",
        opening_price=Decimal(100),
        high_price=Decimal(100 + volume),
        low_price=Decimal(99),
        trade_price=Decimal(100),
        timestamp=int(start.timestamp() * 1000) + volume,
        candle_acc_trade_price=Decimal(100 * volume),
        candle_acc_trade_volume=Decimal(volume),
    )


def event(second: int, volume: int = 1) -> CandleEvent:
    return replace(candle_event("candle.1s", candle(second, volume)), stream_type="REALTIME")


def shown(events: Iterable[FeedEvent]) -> list[tuple[int, int]]:
    """Second and volume of candles."""
    return [
        ((one.time - START) // SECOND, int(one.candle_acc_trade_volume))
        for one in events
        if isinstance(one, CandleEvent)
    ]


def gaps(events: Iterable[FeedEvent]) -> list[Gap]:
    return [one for one in events if isinstance(one, Gap)]


class Record:
    """All candles there are, by second, and what REST says of them."""

    def __init__(self, volumes: dict[int, int]) -> None:
        self.volumes = volumes

    def answer(self, ask: Ask) -> list[Candle]:
        assert Quotation.list_seconds is ask.operation
        to = ask.arguments["to"]
        seconds = sorted((one for one in self.volumes if to is None or START + one * SECOND < to), reverse=True)
        return [candle(second, self.volumes[second]) for second in seconds[: ask.arguments["count"]]]


def refuse(ask: Ask) -> list[Candle]:
    raise APIConnectionError("not now")


@given(seed=st.integers(0, 2**32), faults=st.sampled_from((0.0, 0.1, 0.6)), failures=st.sampled_from((0.0, 0.3)))
@settings(max_examples=50, deadline=None)
def test_the_last_telling_of_each_candle_is_the_record(seed: int, faults: float, failures: float) -> None:
    random = Random(seed)
    record = Record({})
    line = Candles("candle.1s", MARKET)
    out: list[FeedEvent] = []
    ward = Ward(out.extend)
    under_way: list[tuple[int, CandleEvent]] = []
    down = 0

    def answer(ask: Ask) -> list[Candle]:
        return refuse(ask) if random.random() < failures else record.answer(ask)

    for turn in range(120):
        second = turn // 3
        if random.random() < 0.6:
            record.volumes[second] = record.volumes.get(second, 0) + 1
            copies = random.choice((0, 1, 2)) if random.random() < faults else 1
            for _ in range(0 if down else copies):
                delay = random.randrange(4) if random.random() < faults else 0
                under_way.append((turn + delay, event(second, record.volumes[second])))
        for when, one in list(under_way):
            if when <= turn:
                under_way.remove((when, one))
                out += line.take(one)
        if down:
            down -= 1
            if not down:
                ward.admit(line.check("reconnect", START + second * SECOND), answer)
        elif random.random() < 0.04:
            down = random.randrange(1, 15)
            under_way.clear()
        if random.random() < 0.1 and not ward.queue:
            ward.admit(line.check(AUDIT, START + second * SECOND), answer)
        if random.random() < 0.5:
            ward.go_on()
    ward.empty()
    for _, one in under_way:
        out += line.take(one)
    failures = 0
    ward.admit(line.check(AUDIT, START + 100 * SECOND), answer)
    ward.empty()
    seen = shown(out)
    assert len(seen) == len(set(seen))
    last: dict[int, int] = {}
    for second, volume in seen:
        assert last.get(second, 0) < volume
        last[second] = volume
    begin = seen[0][0] if seen else 1000
    assert {second: volume for second, volume in record.volumes.items() if second >= begin} == last
    announced: list[Gap] = []
    for one in out:
        if isinstance(one, Gap):
            announced.append(one)
        elif isinstance(one, CandleEvent) and one.stream_type == "RECOVERED":
            assert any(gap.start <= one.time < gap.end for gap in announced)


@given(seed=st.integers(0, 2**32), faults=st.sampled_from((0.0, 0.3)), failures=st.sampled_from((0.0, 0.2)))
@settings(max_examples=3, deadline=None)
def test_the_last_telling_is_what_the_paper_exchange_shows(seed: int, faults: float, failures: float) -> None:
    types = ("candle.1s", "candle.1m")
    wanted = [{"type": type, "codes": [MARKET]} for type in types]
    floor = Floor(seed, PUBLIC, wanted, start=START, faults=faults, failures=failures)
    lines = {type: Candles(type, MARKET) for type in types}
    floor.lines = {type: (line, line.take) for type, line in lines.items()}
    floor.begin()
    for _ in range(40):
        floor.act()
        floor.step(floor.random.choice((0.5, 1, 5)))
    floor.end()
    candles = floor.client.candles
    shown_there = {
        "candle.1s": candles.list_seconds(market=MARKET, count=200),
        "candle.1m": candles.list_minutes(1, market=MARKET, count=200),
    }
    for type, rows in shown_there.items():
        told = [one for one in floor.out if isinstance(one, CandleEvent) and one.type == type]
        last = {one.candle_date_time_utc: replace(one, stream_type="RECOVERED") for one in told}
        record = {row.candle_date_time_utc: candle_event(type, row) for row in rows}
        begin = max(min(last), min(record))
        assert {start: one for start, one in record.items() if start >= begin} == {
            start: one for start, one in last.items() if start >= begin
        }


def test_only_what_is_newer_passes() -> None:
    line = Candles("candle.1s", MARKET)
    events = [event(5), event(5, 2), event(5, 2), event(5, 1), event(4, 9), event(7), event(5, 3), event(7)]
    passed = [one for sent in events for one in line.take(sent)]
    assert [(5, 1), (5, 2), (7, 1), (5, 3)] == shown(passed)


def test_a_reconnect_brings_what_was_missed_in_order_behind_a_gap() -> None:
    line = Candles("candle.1s", MARKET)
    line.take(event(0))
    line.take(event(1))
    record = Record({0: 1, 1: 3, 2: 4, 3: 5, 4: 7})
    check = line.check("reconnect", START)
    assert () == line.take(event(3, 5))
    assert () == line.take(event(4, 6))
    out = told(check, record.answer)
    assert [(1, 3), (2, 4), (3, 5), (4, 6)] == shown(out)
    assert [
        Gap(
            type="candle.1s",
            codes=(MARKET,),
            start=START + SECOND,
            end=START + 3 * SECOND,
            reason="reconnect",
            lost=0,
            recovered=2,
        )
    ] == gaps(out)
    assert out[0] == gaps(out)[0]
    assert [(4, 7)] == shown(line.take(event(4, 7)))


def test_an_audit_waits_for_what_is_under_way() -> None:
    line = Candles("candle.1s", MARKET)
    line.take(event(0))
    treatment = Treatment(line.check(AUDIT, START), Record({0: 2}).answer)
    treatment.go_on()
    treatment.go_on()
    assert [(0, 2)] == shown(line.take(event(0, 2)))
    assert not treatment.go_on()
    assert ([], SETTLE) == (treatment.told, treatment.paused)


def test_when_rest_fails_a_gap_says_so_and_the_next_check_finds_the_rest() -> None:
    line = Candles("candle.1s", MARKET)
    line.take(event(0))
    assert [] == told(line.check(AUDIT, START), refuse)
    assert [(None, START, START + 9 * SECOND)] == [
        (gap.lost, gap.start, gap.end) for gap in gaps(told(line.check("reconnect", START + 9 * SECOND), refuse))
    ]
    check = line.check("reconnect", START + 9 * SECOND)
    line.take(event(8))
    out = told(check, refuse)
    assert [(None, START, START + 8 * SECOND)] == [(gap.lost, gap.start, gap.end) for gap in gaps(out)]
    assert [(8, 1)] == shown(out)
    assert [(4, 2)] == shown(told(line.check(AUDIT, START), Record({0: 1, 4: 2, 8: 1}).answer))


def test_nothing_is_asked_before_the_first_candle() -> None:
    line = Candles("candle.1s", MARKET)
    assert [] == told(line.check(AUDIT, START), refuse)
    check = line.check("reconnect", START)
    assert () == line.take(event(3))
    assert [(3, 1)] == shown(told(check, refuse))


def test_a_check_may_be_called_while_another_is_under_way() -> None:
    line = Candles("candle.1s", MARKET)
    line.take(event(0))
    record = Record({0: 1, 1: 2, 2: 1})
    audit = Treatment(line.check(AUDIT, START), record.answer)
    audit.go_on()
    check = line.check("reconnect", START)
    line.take(event(1, 2))
    while audit.go_on():
        pass
    assert [(2, 1)] == shown(audit.told or ())
    assert [(1, 2)] == shown(told(check, record.answer))


def test_what_lies_beyond_the_pages_is_lost() -> None:
    line = Candles("candle.1s", MARKET, pages=2)
    line.take(event(0))
    record = Record(dict.fromkeys(range(1000), 1))
    treatment = finish(line.check(AUDIT, START + 1000 * SECOND), record.answer)
    lost, found = gaps(treatment.told or ())
    assert (None, START, START + (1000 - 2 * COUNT) * SECOND) == (lost.lost, lost.start, lost.end)
    assert (0, 2 * COUNT) == (found.lost, found.recovered)
    assert [] == told(line.check(AUDIT, START + 1000 * SECOND), record.answer)


@pytest.mark.parametrize("minutes", [1, 3, 5, 10, 15, 30, 60, 240])
def test_candles_of_minutes_are_asked_for_by_their_unit(minutes: int) -> None:
    line = Candles(f"candle.{minutes}m", MARKET)
    line.take(event(0))
    treatment = finish(line.check("reconnect", START), lambda ask: [candle(0, 4)])
    assert [Ask(Quotation.list_minutes, {"unit": minutes, "market": MARKET, "to": None, "count": COUNT})] == (
        treatment.asked
    )
    assert [(START, START + minutes * timedelta(minutes=1))] == [
        (gap.start, gap.end) for gap in gaps(treatment.told or ())
    ]
    assert [f"candle.{minutes}m"] == [one.type for one in treatment.told or () if isinstance(one, CandleEvent)]
