"""The life of one WebSocket."""

from __future__ import annotations

from itertools import pairwise
from math import inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.flow.wire import BAD, BTC, ETH, HOUR, TIMES, TOO_MANY, TRADES, Wire, live, make
from upbit.flow.session import (
    BURST,
    DAY,
    HELD,
    INTERVAL,
    SPACING,
    Connect,
    Drop,
    Say,
    Session,
    Wait,
)
from upbit.wire.frames import (
    PUBLIC,
    SocketError,
    Subscribe,
    Subscription,
)

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


def test_an_error_that_is_not_about_the_list_is_never_fatal() -> None:
    wire = Wire(make(TRADES))
    wire.error = SocketError("INTERNAL_ERROR", "")
    wire.run(500)
    assert (False, "INTERNAL_ERROR") == (wire.fatal, wire.session.reason)
    assert len(wire.connects) > 10


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
