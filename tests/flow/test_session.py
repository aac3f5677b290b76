"""The life of one WebSocket."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count, pairwise
from math import inf

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from upbit.flow.session import (
    BURST,
    DAY,
    GRAIN,
    HELD,
    INTERVAL,
    LATE,
    LENIENT,
    SPACING,
    Connect,
    Drop,
    Say,
    Session,
    Times,
    Wait,
)
from upbit.wire.frames import (
    INFO,
    PRIVATE,
    PUBLIC,
    Indicator,
    ListSubscriptions,
    SocketError,
    Subscribe,
    Subscription,
    read_request,
)
from upbit.wire.quota import Limit, Meter

Key = tuple[str, str]
BTC, ETH = ("trade", "KRW-BTC"), ("trade", "KRW-ETH")
TRADES = Subscription(type="trade", codes=("KRW-BTC", "KRW-ETH"))
TIMES = Times()
HOUR = 3600.0
BAD = SocketError("INVALID_PARAM", "no")
TOO_MANY = SocketError("TOO_MANY_REQUEST", "slow down")


def make(*subscriptions: Subscription, path: str = PUBLIC, random: float = 0.5) -> Session:
    numbers = count()
    session = Session(path, ticket=lambda: f"ticket {next(numbers)}", random=lambda: random)
    session.want(subscriptions)
    return session


class Wire:
    """The other side of a session and whoever carries it out, in simulated time. `every`: seconds between events."""

    def __init__(self, session: Session, every: Mapping[Key, float] | None = None) -> None:
        self.session = session
        self.every = dict(every or {})
        self.now = 1_000.0
        self.steps = 0
        self.said: list[tuple[float, Subscribe | ListSubscriptions]] = []
        self.connects: list[float] = []
        self.drops: list[tuple[float, str]] = []
        self.refuses = False
        self.after = 0.0
        self.stalled = False
        """Nothing comes; what was said is read when it is over."""
        self.gone = False
        """The other side is no more, though nobody said so. A new connection reaches it again."""
        self.mute: set[Key] = set()
        self.error: SocketError | None = None
        """The answer to every list."""
        self.fatal = False
        self.unread: list[Subscribe | ListSubscriptions] = []
        self.told: dict[Key, float] = {}  # and when next
        self.heard: dict[Key, float] = {}
        self.list: Subscribe | None = None
        self.wake = self.now

    @property
    def asked(self) -> list[float]:
        """When the list was said."""
        return [at for at, request in self.said if isinstance(request, Subscribe)]

    @property
    def probed(self) -> list[float]:
        return [at for at, request in self.said if isinstance(request, ListSubscriptions)]

    def run(self, seconds: float) -> None:
        end = self.now + seconds
        self.wake = self.now
        while True:
            due = min(self.told.values(), default=inf)
            at = max(self.now, min(due, self.wake))
            if at > end:
                self.now = end
                return
            self.now = at
            if due <= at:
                self._tell(min(self.told, key=self.told.__getitem__))
            else:
                self.step()

    def leap(self, seconds: float) -> None:
        """Nobody does anything for a while; what would have come is not there."""
        self.now += seconds
        self.told = {key: max(due, self.now) for key, due in self.told.items()}

    def stall(self, stalled: bool) -> None:
        self.stalled = stalled
        while self.unread and not stalled:
            self._answer(self.unread.pop(0))

    def step(self) -> None:
        """Do one thing that the session says."""
        self.steps += 1
        step = self.session.next(self.now)
        match step:
            case Connect():
                self.connects.append(self.now)
                if self.refuses:
                    self.session.refused("refused", self.now, after=self.after)
                else:
                    self.open()
            case Say(text):
                assert self.meter.take(self.now) is not None, "more messages than the exchange takes"
                request = read_request(text)
                self.said.append((self.now, request))
                if self.stalled or self.gone:
                    self.unread.append(request)
                else:
                    self._answer(request)
            case Drop(reason):
                self.drops.append((self.now, reason))
                self.lose(reason)
            case Wait(seconds):
                assert seconds >= GRAIN
                self.wake = self.now + seconds

    def open(self) -> None:
        self.session.opened(self.now)
        self.gone = False
        self.meter = Meter("websocket-message", Limit(5, per_minute=100))
        self.lose_data()

    def lose(self, reason: str = "1006") -> None:
        self.session.lost(reason, self.now)
        self.lose_data()
        self.wake = self.now

    def lose_data(self) -> None:
        self.unread, self.told, self.list = [], {}, None

    def _answer(self, request: Subscribe | ListSubscriptions) -> None:
        if isinstance(request, ListSubscriptions):
            self.session.listed(self.now)
            return
        self.list = request
        if self.error is not None:
            self.fatal = self.session.error(self.error, self.now)
            return
        self.told = {}
        for one in request.subscriptions:
            for code in one.codes:
                key = one.type, code
                if key not in self.mute and not one.is_only_realtime:
                    self._hear(key, snapshot=True)
                if key in self.every and not one.is_only_snapshot:
                    self.told[key] = self.now + self.every[key]

    def _tell(self, key: Key) -> None:
        self.told[key] = self.now + self.every[key]
        if not (self.stalled or self.gone or key in self.mute):
            self._hear(key)

    def _hear(self, key: Key, *, snapshot: bool = False) -> None:
        self.heard[key] = self.now
        self.session.heard(*key, self.now, snapshot=snapshot)


def live(*subscriptions: Subscription, every: Mapping[Key, float] | None = None, random: float = 0.5) -> Wire:
    wire = Wire(make(*subscriptions, random=random), every)
    wire.run(1)
    assert "live" == wire.session.state
    return wire


# -- from the first wish to the last --------------------------------------------------------------------


def test_nothing_happens_before_something_is_wanted() -> None:
    session = make()
    assert ("idle", Wait(inf)) == (session.state, session.next(0))
    session.want([TRADES])
    assert ("waiting", Connect(), "connecting") == (session.state, session.next(0), session.state)
    assert Wait(inf) == session.next(1)
    session.opened(2)
    assert ("live", 1, 2) == (session.state, session.connects, session.since)


def test_what_is_said_is_the_list_in_the_wanted_format_with_a_new_ticket_each_time() -> None:
    wire = live(TRADES)
    wire.session.resync()
    wire.run(15)
    first, second = (request for _, request in wire.said if isinstance(request, Subscribe))
    assert Subscribe(ticket="ticket 0", subscriptions=(TRADES,), format="SIMPLE") == first
    assert ((TRADES,), True) == (second.subscriptions, first.ticket != second.ticket)


def test_a_list_that_changes_is_said_again_whole_and_at_once() -> None:
    wire = live(TRADES)
    both = (TRADES, Subscription(type="ticker", codes=("KRW-BTC",)))
    wire.session.want(both)
    wire.step()
    assert wire.list is not None
    assert (both, wire.now) == (wire.list.subscriptions, wire.asked[-1])


def test_a_list_that_stays_the_same_is_not_said_again() -> None:
    wire = live(TRADES)
    wire.session.want([TRADES])
    wire.run(1)
    assert 1 == len(wire.asked)


def test_changes_while_connecting_are_in_the_first_message() -> None:
    session = make(TRADES)
    session.next(0)
    session.want([Subscription(type="ticker", codes=("KRW-XRP",))])
    session.opened(1)
    step = session.next(1)
    assert isinstance(step, Say)
    assert "KRW-XRP" in step.text
    assert "KRW-BTC" not in step.text


def test_many_changes_are_said_together() -> None:
    wire = live(TRADES)
    for number in range(50):
        wire.session.want([TRADES, Subscription(type="ticker", codes=(f"KRW-{number}",))])
        wire.run(0.01)
    wire.run(1)
    assert len(wire.asked) <= 4
    assert wire.list is not None
    assert "KRW-49" == wire.list.subscriptions[-1].codes[0]


def test_without_anything_wanted_the_connection_ends_and_the_next_one_need_not_wait() -> None:
    wire = live(TRADES)
    wire.session.want(())
    wire.run(10)
    assert ("idle", "nothing is wanted", 0) == (wire.session.state, wire.drops[0][1], wire.session.attempts)
    wire.session.want([TRADES])
    wire.step()
    assert wire.now == wire.connects[-1]


def test_who_wants_nothing_any_more_while_connecting_hangs_up() -> None:
    session = make(TRADES)
    session.next(0)
    session.want(())
    session.opened(1)
    assert Drop("nothing is wanted") == session.next(1)


def test_changing_wishes_do_not_shorten_a_pause() -> None:
    session = make(TRADES)
    session.next(0)
    session.want(())
    session.refused("418", 0, after=100)
    session.want([TRADES])
    assert Wait(100.125) == session.next(0)


def test_what_the_exchange_would_refuse_is_refused_here_and_the_list_stays() -> None:
    wire = live(TRADES)
    with pytest.raises(SocketError, match="NO_CODES"):
        wire.session.want([Subscription(type="ticker")])
    with pytest.raises(ValueError, match="myAsset is not told on /websocket/v1"):
        wire.session.want([Subscription(type="myAsset")])
    wire.lose()
    wire.run(2)
    assert wire.list is not None
    assert (TRADES,) == wire.list.subscriptions


@pytest.mark.parametrize("when", ["idle", "waiting", "connecting", "live"])
def test_it_can_be_closed_at_any_time(when: str) -> None:
    session = make(*([] if when == "idle" else [TRADES]))
    if when in ("connecting", "live"):
        session.next(0)
    if when == "live":
        session.opened(0)
    assert when == session.state
    session.close()
    assert "closed" == session.state
    if when == "connecting":
        session.opened(1)
    if when in ("connecting", "live"):
        assert [Drop("closed"), Drop("closed")] == [session.next(1), session.next(1)]
        session.lost("closed", 1)
        session.lost("and once more", 1)
    session.want([])
    assert [Wait(inf), "closed", 0] == [session.next(2), session.state, session.attempts]


def test_a_try_that_is_refused_after_closing_is_the_last() -> None:
    session = make(TRADES)
    session.next(0)
    session.close()
    session.refused("503", 1)
    assert Wait(inf) == session.next(100)


# -- pauses ---------------------------------------------------------------------------------------------


@settings(max_examples=30)
@given(st.lists(st.floats(0.01, 1, exclude_max=True), min_size=1, max_size=20))
def test_each_pause_is_below_a_bound_that_doubles(draws: list[float]) -> None:
    source = iter(draws)
    session = Session(PUBLIC, ticket=lambda: "t", random=lambda: next(source))
    session.want([TRADES])
    now = 0.0
    for failures, drawn in enumerate(draws):
        while isinstance(step := session.next(now), Wait):
            now += step.seconds
        session.refused("503", now)
        assert (failures + 1, "503") == (session.attempts, session.reason)
        bound = min(TIMES.longest_pause, TIMES.first_pause * 2**failures)
        step = session.next(now)
        assert isinstance(step, Wait)
        assert pytest.approx(drawn * bound) == step.seconds


def test_it_never_gives_up() -> None:
    wire = Wire(make(TRADES))
    wire.refuses = True
    wire.run(30 * 1_200)
    assert 1_200 < len(wire.connects)
    wire.refuses = False
    wire.run(30)
    assert (TRADES.codes, 1) == (wire.list and wire.list.subscriptions[0].codes, wire.session.connects)


def test_the_bound_is_short_again_after_a_minute_of_good_data() -> None:
    wire = Wire(make(TRADES, random=1.0), {BTC: 1.0})
    wire.refuses = True
    wire.run(100)
    wire.refuses = False
    wire.run(120)
    assert ("live", 0) == (wire.session.state, wire.session.attempts)
    wire.lose()
    assert 1 == wire.session.attempts
    wire.step()
    assert wire.now + TIMES.first_pause == wire.wake


def test_connections_that_die_young_make_the_pauses_longer() -> None:
    wire = live(TRADES, every={BTC: 1.0}, random=1.0)
    for lives, bound in enumerate([0.25, 0.5, 1, 2, 4, 8, 16, 30, 30], 1):
        wire.run(50)
        wire.lose()
        assert lives == wire.session.attempts
        wire.step()
        assert pytest.approx(bound) == wire.wake - wire.now
        wire.run(bound)
    assert "live" == wire.session.state


def test_a_connection_that_was_good_is_so_though_nobody_asked_meanwhile() -> None:
    session = make(TRADES)
    session.next(0)
    session.refused("503", 0)
    assert Connect() == session.next(1)
    session.opened(1)
    session.next(1)
    session.heard(*BTC, 100)
    session.lost("1001", 101)
    assert (1, "1001") == (session.attempts, session.reason)
    assert Wait(0.125) == session.next(101)


@pytest.mark.parametrize(("after", "wait"), [(-5, 0.125), (0, 0.125), (40, 40.125), (1e12, DAY + 0.125)])
def test_a_refusal_says_how_long_to_stay_away(after: float, wait: float) -> None:
    session = make(TRADES)
    session.next(0)
    session.refused("429", 0, after=after)
    assert ("waiting", Wait(wait)) == (session.state, session.next(0))
    assert Connect() == session.next(wait)


def test_who_wakes_after_hours_in_a_pause_connects_at_once() -> None:
    session = make(TRADES)
    session.next(0)
    session.refused("503", 0)
    session.next(0)
    assert Connect() == session.next(5 * HOUR)


def test_a_connection_ends_once() -> None:
    wire = live(TRADES)
    wire.lose("1006")
    wire.session.lost("again", wire.now)
    assert (1, "1006") == (wire.session.attempts, wire.session.reason)


def test_a_connection_that_is_lost_before_it_could_say_anything_is_followed_by_one_that_says_all() -> None:
    wire = live(TRADES)
    wanted: tuple[Subscription, ...] = (TRADES,)
    while wire.list is not None and wanted == wire.list.subscriptions:  # until the last must wait
        wanted = (TRADES, Subscription(type="ticker", codes=(f"KRW-{len(wire.said)}",)))
        wire.session.want(wanted)
        wire.run(SPACING + 0.01)
    assert BURST < len(wire.said)
    wire.lose()
    wire.run(1)
    assert wire.list is not None
    assert wanted == wire.list.subscriptions


# -- limits ---------------------------------------------------------------------------------------------


@settings(max_examples=30)
@given(st.lists(st.tuples(st.sampled_from(["want", "list", "resync", "next", "lose"]), st.floats(0, 5)), max_size=150))
def test_there_are_never_more_messages_than_the_exchange_takes(acts: list[tuple[str, float]]) -> None:
    wire = live(TRADES)
    for number, (act, seconds) in enumerate(acts):
        match act:
            case "want":
                wire.session.want([TRADES, Subscription(type="ticker", codes=(f"KRW-{number}",))])
            case "list":
                wire.session.ask_list()
            case "resync":
                wire.session.resync()
            case "lose":
                wire.lose()
            case _:
                pass
        wire.run(seconds)


def test_the_busiest_minute_stays_below_the_limit() -> None:
    wire = live(TRADES)
    for _ in range(2_500):
        wire.session.ask_list()
        wire.run(0.05)
    times = [at for at, _ in wire.said]
    busiest = max(sum(at <= one < at + 60 for one in times) for at in times)
    assert 60 / INTERVAL <= busiest <= 95
    assert all(later - at > SPACING - 1e-9 for at, later in pairwise(times))


# -- errors ---------------------------------------------------------------------------------------------


def test_a_list_that_is_refused_twice_before_it_ever_worked_is_fatal() -> None:
    wire = Wire(make(TRADES))
    wire.error = BAD
    wire.run(0.05)
    assert ([False], "INVALID_PARAM") == ([wire.fatal], wire.session.reason)
    wire.run(1)
    assert (True, False) == (wire.fatal, wire.session.proved)


def test_an_error_that_comes_once_costs_a_connection_only() -> None:
    wire = Wire(make(TRADES), {BTC: 1.0})
    wire.error = BAD
    wire.run(0.05)
    wire.error = None
    wire.run(20)
    assert ("live", True) == (wire.session.state, wire.session.proved)
    assert not wire.session.error(BAD, wire.now)
    wire.run(1)
    assert ("live", "INVALID_PARAM", 3) == (wire.session.state, wire.session.reason, len(wire.connects))


def test_what_worked_once_is_tried_for_ever() -> None:
    wire = live(TRADES, every={BTC: 1.0})
    wire.run(10)
    wire.error = BAD
    wire.lose()
    wire.run(500)
    assert not wire.fatal
    assert 10 < len(wire.connects) < 100
    wire.error = None
    wire.run(31)
    assert wire.list is not None
    assert wire.heard[BTC] > wire.now - 2


def test_a_wrong_subscription_that_is_added_later_is_fatal_though_the_others_still_come() -> None:
    wire = live(TRADES, every={BTC: 0.1})
    wire.run(HOUR)
    assert wire.session.proved
    wire.error = BAD
    wire.session.want([TRADES, Subscription(type="orderbook", codes=("KRW-BTC",))])
    wire.run(0.01)
    assert not wire.fatal
    wire.run(2)
    assert wire.fatal


def test_too_many_requests_are_followed_by_a_rest_and_the_list_again() -> None:
    wire = Wire(make(TRADES), {BTC: 1.0, ETH: 1.0})
    wire.error = TOO_MANY
    wire.run(1)
    wire.error = None
    wire.run(60)
    assert (1, [1_000.0, 1_000 + HELD]) == (len(wire.connects), wire.asked)


def test_an_answer_that_was_pushed_aside_by_too_many_requests_is_not_waited_for() -> None:
    wire = live(TRADES, every={BTC: 1.0})
    wire.stalled = True
    wire.session.ask_list()
    wire.run(1)
    wire.session.error(TOO_MANY, wire.now)
    wire.stall(False)
    wire.run(30)
    assert [] == wire.drops


def test_too_many_requests_again_cost_the_connection() -> None:
    wire = Wire(make(TRADES), {BTC: 1.0})
    wire.error = TOO_MANY
    wire.run(HELD + 5)
    assert ([(1_000 + HELD, "TOO_MANY_REQUEST")], False) == (wire.drops[:1], wire.fatal)


def test_too_many_requests_once_an_hour_cost_nothing() -> None:
    wire = live(TRADES, every={BTC: 1.0})
    for _ in range(5):
        wire.session.error(TOO_MANY, wire.now)
        wire.run(HOUR)
    assert [] == wire.drops
    assert wire.heard[BTC] > wire.now - 2


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
