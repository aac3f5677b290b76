"""How a session notices silence, and that it is well again after whatever happened."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from tests.flow.wire import BAD, BTC, ETH, HOUR, TIMES, TOO_MANY, TRADES, Key, Wire, live, make
from upbit.flow.session import (
    DAY,
    HELD,
    LATE,
    LENIENT,
    SPACING,
    Drop,
    Say,
    Wait,
)
from upbit.wire.frames import (
    INFO,
    PRIVATE,
    Indicator,
    SocketError,
    Subscription,
)

# -- silence --------------------------------------------------------------------------------------------


def test_a_stall_is_noticed_within_twenty_seconds_of_a_busy_socket() -> None:
    wire = live(TRADES, every={BTC: 0.1, ETH: 0.5})
    wire.run(600)
    assert {} == wire.session.silent
    wire.stalled, began = True, wire.now
    wire.run(17)
    assert {BTC, ETH} & set(wire.session.silent)
    wire.run(10)
    assert "silence" == wire.drops[0][1]
    assert TIMES.least_silence < wire.drops[0][0] - began < TIMES.least_silence + TIMES.answer + 1


def test_a_stall_from_the_beginning_is_noticed_too() -> None:
    wire = Wire(make(TRADES), {BTC: 1.0})
    wire.stalled = True
    wire.run(21)
    assert ["silence"] == [reason for _, reason in wire.drops]


def test_a_stall_of_a_quiet_socket_is_noticed_by_asking_for_the_list() -> None:
    wire = live(TRADES, every={BTC: HOUR})
    wire.run(5 * HOUR)
    assert [] == wire.drops
    wire.stalled, began = True, wire.now
    wire.run(40)
    assert "silence" == wire.drops[0][1]
    assert wire.drops[0][0] - began <= TIMES.quiet + TIMES.answer


def test_a_market_that_trades_once_an_hour_makes_no_reconnect_and_few_questions() -> None:
    wire = live(TRADES, every={BTC: HOUR, ETH: 7 * HOUR})
    wire.run(DAY)
    wire.said.clear()
    wire.run(DAY)
    assert (1, {}) == (len(wire.connects), wire.session.silent)
    assert len(wire.asked) <= DAY / TIMES.most_silence + 10
    assert len(wire.probed) <= DAY / TIMES.quiet


def test_two_hundred_markets_of_all_rates_do_not_disturb_each_other() -> None:
    codes = tuple(f"KRW-{number}" for number in range(200))
    every = {("trade", code): 10.0 * 1.04**number for number, code in enumerate(codes)}
    wire = live(Subscription(type="trade", codes=codes), every=every)
    wire.run(HOUR)
    wire.said.clear()
    wire.run(HOUR)
    assert (1, {}) == (len(wire.connects), wire.session.silent)
    assert len(wire.asked) < 15


def test_a_topic_that_falls_silent_alone_is_noticed_once() -> None:
    wire = live(TRADES, every={BTC: 0.5, ETH: 0.5})
    wire.run(600)
    wire.mute, began = {BTC}, wire.now
    wire.run(30)
    assert "silent subscription" == wire.drops[0][1]
    assert wire.drops[0][0] - began < TIMES.least_silence + TIMES.answer + 1
    wire.every = {BTC: 5.0, ETH: 5.0}
    wire.run(DAY)
    assert (1, {BTC}) == (len(wire.drops), set(wire.session.silent))
    assert 1_000 < wire.session.silent[BTC] < wire.now - DAY / 2
    assert len(wire.asked) < 20
    wire.mute = set()
    wire.run(5)
    assert {} == wire.session.silent
    wire.mute, began = {BTC}, wire.now
    wire.run(TIMES.most_silence + 30)
    assert 2 == len(wire.drops)


def test_a_topic_that_comes_back_with_the_next_connection_only_is_healed() -> None:
    wire = live(TRADES, every={BTC: 0.5, ETH: 0.5})
    wire.run(60)
    wire.mute = {BTC}
    wire.run(19)
    wire.mute = set()
    wire.lose_data()
    wire.run(30)
    assert ({}, 2) == (wire.session.silent, len(wire.connects))
    assert wire.heard[BTC] > wire.now - 1


def test_a_topic_that_shows_itself_only_when_a_connection_begins_makes_few_reconnects() -> None:
    wire = live(TRADES, every={BTC: 5.0})
    for _ in range(1_000):
        wire.run(DAY / 1_000)
        wire.mute = {ETH} if wire.list is not None else set()
        if wire.session.state != "live":
            wire.mute = set()
    assert len(wire.connects) < DAY / TIMES.most_silence + 20


def test_a_code_that_the_exchange_does_not_know_costs_one_reconnect_and_a_few_questions() -> None:
    wire = Wire(make(TRADES))
    wire.mute = {ETH}
    wire.every = {BTC: 10.0}
    wire.run(DAY)
    assert (2, {ETH}) == (len(wire.connects), set(wire.session.silent))
    assert len(wire.asked) < 15
    wire.said.clear()
    wire.run(3 * DAY)
    assert len(wire.asked) <= 3


def test_only_codes_that_the_exchange_does_not_know_make_few_reconnects() -> None:
    wire = Wire(make(TRADES))
    wire.mute = {BTC, ETH}
    wire.run(DAY)
    assert len(wire.connects) < DAY / TIMES.most_silence + 10


def test_snapshots_that_still_come_put_off_the_verdict() -> None:
    wire = live(TRADES, every={BTC: 1.0})
    wire.mute = {ETH}
    wire.run(15)
    asked = wire.asked[-1]
    while not wire.drops:
        wire.session.heard("trade", "KRW-BTC", wire.now, snapshot=True)
        wire.run(1)
    assert 25 < wire.drops[0][0] - asked < 31


def test_topics_without_snapshots_are_not_asked_but_their_socket_is() -> None:
    session = make(
        Subscription(type="myOrder"),
        Subscription(type="myAsset"),
        path=PRIVATE,
    )
    wire = Wire(session)
    wire.run(DAY)
    assert (1, 1, DAY / TIMES.quiet) == (len(wire.connects), len(wire.asked), len(wire.probed))
    wire.session.heard("myAsset", "", wire.now)
    wire.stalled = True
    wire.run(TIMES.quiet + TIMES.answer)
    assert ["silence"] == [reason for _, reason in wire.drops]


@pytest.mark.parametrize(
    "subscription",
    [
        Subscription(type="trade", codes=("KRW-BTC",), is_only_realtime=True),
        Subscription(type="trade", codes=("KRW-BTC",), is_only_snapshot=True),
    ],
)
def test_a_topic_that_need_not_answer_or_go_on_is_not_suspected(subscription: Subscription) -> None:
    wire = live(subscription)
    wire.run(HOUR)
    assert (1, 1) == (len(wire.connects), len(wire.asked))


def test_the_info_socket_lives_by_its_list() -> None:
    rsi = Indicator(type="rsi", params={"period": 14})
    wanted = Subscription(type="indicator", codes=("KRW-BTC",), timeframe="5m", indicators=(rsi,))
    wire = Wire(make(wanted, path=INFO))
    wire.run(HOUR)
    assert (1, 1) == (len(wire.connects), len(wire.asked))


def test_order_books_are_told_without_the_number_of_units_that_was_asked_for() -> None:
    session = make(Subscription(type="orderbook", codes=("KRW-BTC.15",)))
    session.next(0)
    session.opened(0)
    for second in range(60):
        step = session.next(second)
        assert not isinstance(step, Drop)
        session.heard("orderbook", "KRW-BTC", second)
    assert {} == session.silent


def test_it_knows_when_the_latest_sign_of_life_came() -> None:
    wire = live(TRADES, every={BTC: 1.0, ETH: 7.0})
    wire.run(30)
    wire.lose()
    assert wire.heard[BTC] == wire.session.alive


def test_a_list_that_is_asked_for_is_asked_for_once() -> None:
    wire = live(TRADES, every={BTC: 1.0})
    wire.session.ask_list()
    wire.run(20)
    assert ([1_001.0], []) == (wire.probed, wire.drops)


def test_a_list_that_is_not_answered_is_no_matter_while_something_else_comes() -> None:
    wire = live(TRADES, every={BTC: 1.0, ETH: 1.0})
    wire.session.ask_list()
    assert isinstance(wire.session.next(wire.now), Say)
    wire.run(20)
    assert [] == wire.drops


def test_fresh_snapshots_on_request_come_at_once_but_not_all_the_time() -> None:
    wire = live(TRADES, every={BTC: 1.0, ETH: 1.0})
    wire.run(99)
    for _ in range(600):
        wire.session.resync()
        wire.run(0.1)
    assert [1_000.0, 1_100, 1_115, 1_130, 1_145] == [pytest.approx(at, abs=0.2) for at in wire.asked]


def test_a_topic_that_is_not_wanted_any_more_is_not_missed() -> None:
    wire = live(TRADES, every={BTC: 0.5, ETH: 0.5})
    wire.run(60)
    wire.mute = {BTC}
    wire.run(16)
    assert {BTC} == set(wire.session.silent)
    wire.session.want([Subscription(type="trade", codes=("KRW-ETH",))])
    wire.run(HOUR)
    assert ([], {}) == (wire.drops, wire.session.silent)


# -- leaps of time --------------------------------------------------------------------------------------


@pytest.mark.parametrize("every", [{BTC: 0.5, ETH: 40.0}, {}])
def test_after_a_leap_of_hours_a_dead_connection_is_noticed_in_seconds(every: dict[Key, float]) -> None:
    wire = live(TRADES, every=every)
    wire.run(HOUR)
    wire.leap(5 * HOUR)
    wire.gone, woke = True, wire.now
    wire.run(10)
    assert ["silence"] == [reason for _, reason in wire.drops]
    assert wire.drops[0][0] - woke < TIMES.answer + 1
    assert (2, "live") == (wire.session.connects, wire.session.state)


@pytest.mark.parametrize("every", [{BTC: 0.5, ETH: 40.0}, {}])
def test_after_a_leap_of_hours_a_connection_that_lives_is_kept(every: dict[Key, float]) -> None:
    wire = live(TRADES, every=every)
    wire.run(HOUR)
    wire.leap(5 * HOUR)
    wire.run(HOUR)
    assert (1, []) == (len(wire.connects), wire.drops)


def held_up(wire: Wire, seconds: float) -> None:
    """Somebody computes for so long; then the session is asked before what came meanwhile is read."""
    wire.now += seconds
    wire.wake = wire.now
    wire.step()


@pytest.mark.parametrize("every", [{BTC: 1.0, ETH: 1.0}, {BTC: HOUR}])
def test_who_was_held_up_reads_the_answers_before_anybody_is_condemned(every: dict[Key, float]) -> None:
    wire = live(TRADES, every=every)
    wire.run(HOUR)
    wire.stalled = True
    before = len(wire.said)
    while len(wire.said) == before:
        wire.step() if wire.now >= wire.wake else wire.leap(wire.wake - wire.now)
    held_up(wire, 20.0)
    assert [] == wire.drops
    wire.stall(False)
    wire.run(HOUR)
    assert [] == wire.drops


def test_who_is_held_up_all_the_time_notices_silence_nevertheless() -> None:
    wire = live(TRADES, every={BTC: 1.0, ETH: 1.0})
    wire.run(60)
    wire.stalled, began = True, wire.now
    while not wire.drops:
        held_up(wire, LATE + 3)
    assert wire.drops[0][0] - began < TIMES.least_silence + TIMES.answer + LENIENT


# -- whatever happens -----------------------------------------------------------------------------------


class Life(RuleBasedStateMachine):
    """Anything may happen, in any order. Once the other side behaves, the session is well within `BOUND` seconds."""

    BOUND = TIMES.quiet + 3 * TIMES.answer + 2 * TIMES.longest_pause + HELD + SPACING + 1

    @initialize(random=st.sampled_from([0.02, 0.3, 0.999]), every=st.sampled_from([0.5, 20.0, 5_000.0]))
    def begin(self, random: float, every: float) -> None:
        codes: Iterator[str] = (f"KRW-{number}" for number in range(4))
        self.keys = [("ticker", code) for code in codes]
        self.wire = Wire(make(random=random), {key: every * (1 + i) for i, key in enumerate(self.keys)})
        self.want({0, 1})

    @rule(which=st.sets(st.integers(0, 3)))
    def want(self, which: set[int]) -> None:
        codes = tuple(f"KRW-{number}" for number in sorted(which))
        self.wanted = (Subscription(type="ticker", codes=codes),) if codes else ()
        self.wire.session.want(self.wanted)

    @rule(seconds=st.sampled_from([0.0, 0.1, 1.0, 6.0, 17.0, 36.0, 200.0]))
    def live_on(self, seconds: float) -> None:
        self.wire.run(seconds)

    @rule(seconds=st.sampled_from([2.0, 30.0, 10_000.0]), dead=st.booleans())
    def sleep(self, seconds: float, dead: bool) -> None:
        self.wire.leap(seconds)
        self.wire.gone = dead or self.wire.gone

    @precondition(lambda self: self.wire.session.state == "live")
    @rule()
    def close(self) -> None:
        self.wire.lose()

    @rule(refuses=st.booleans(), after=st.sampled_from([0.0, 25.0]))
    def refuse(self, refuses: bool, after: float) -> None:
        self.wire.refuses, self.wire.after = refuses, after

    @rule(stalled=st.booleans())
    def stall(self, stalled: bool) -> None:
        self.wire.stall(stalled)

    @rule()
    def vanish(self) -> None:
        self.wire.gone = True

    @rule(which=st.sets(st.integers(0, 3)))
    def silence(self, which: set[int]) -> None:
        self.wire.mute = {self.keys[number] for number in which}

    @rule(error=st.sampled_from([None, BAD, TOO_MANY]))
    def answer(self, error: SocketError | None) -> None:
        self.wire.error = error

    @precondition(lambda self: self.wire.session.state == "live")
    @rule(error=st.sampled_from([BAD, TOO_MANY]))
    def complain(self, error: SocketError) -> None:
        self.wire.session.error(error, self.wire.now)

    @rule()
    def ask(self) -> None:
        self.wire.session.ask_list()
        self.wire.session.resync()

    def teardown(self) -> None:
        if not hasattr(self, "wire"):
            return
        wire = self.wire
        self.want({0, 2})
        wire.refuses, wire.error, wire.mute = False, None, set()
        wire.stall(False)
        if wire.list is not None:  # what it was told about, is told again
            wire.told = {key: max(due, wire.now) for key, due in wire.told.items()}
        wire.run(self.BOUND)
        assert "live" == wire.session.state
        assert wire.list is not None
        assert self.wanted == wire.list.subscriptions
        steps, drops = wire.steps, len(wire.drops)
        wire.run(100)
        assert drops == len(wire.drops), "it does not come to rest"
        assert wire.steps - steps < 100, "it is busy with nothing"
        wire.session.close()
        wire.run(1)
        assert ("closed", Wait(inf)) == (wire.session.state, wire.session.next(wire.now))


TestLife = Life.TestCase
TestLife.settings = settings(
    max_examples=60, stateful_step_count=20, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
