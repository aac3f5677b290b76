from __future__ import annotations

import random
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tests.paper.studio import TICKER, TRADE, request
from tests.views.events import DAY, MIDNIGHT, gap, moment, orderbook, ticker, trade
from upbit.models import TickerEvent, TradeEvent
from upbit.paper.broadcast import Hub
from upbit.paper.clock import SteppedClock
from upbit.paper.exchange import Exchange
from upbit.views import TradeStrength
from upbit.wire.events import read
from upbit.wire.frames import PUBLIC

D = Decimal
MS = 10_000
"""In sequential ids."""


def strength(*events: TickerEvent | TradeEvent) -> TradeStrength:
    one = TradeStrength("KRW-BTC")
    for event in events:
        one.apply(event)
    return one


def test_nothing_is_known_of_what_was_not_heard() -> None:
    one = strength()
    assert (None, None, None, False) == (one.value, one.since, one.time, one.whole_day)


def test_a_ticker_says_it_for_the_whole_day() -> None:
    one = strength(ticker(3, 2, traded=500, time=600))
    assert (D(150), True, moment(MIDNIGHT)) == (one.value, one.whole_day, one.since)
    assert moment(MIDNIGHT + 600) == one.time


def test_there_is_no_value_while_nothing_was_sold() -> None:
    one = strength(ticker(3, 0, traded=500))
    assert (None, D(3), D(0)) == (one.value, one.bought, one.sold)


def test_later_trades_are_added_once() -> None:
    one = strength(ticker(3, 2, traded=500))
    for event in (trade(501 * MS, "BID", 2), trade(502 * MS, "ASK", "0.5"), trade(501 * MS, "BID", 2)):
        one.apply(event)
    assert (D(5), D("2.5"), D(200), moment(MIDNIGHT + 502)) == (one.bought, one.sold, one.value, one.time)


def test_trades_that_the_ticker_holds_are_not_added() -> None:
    one = strength(ticker(3, 2, traded=500), trade(499 * MS), trade(500 * MS))
    assert D(3) == one.bought


def test_a_late_ticker_is_joined_by_the_trades_after_it() -> None:
    one = strength(trade(500 * MS, "BID", 1), trade(501 * MS, "ASK", 4), ticker(3, 2, traded=500))
    assert (D(3), D(6), True) == (one.bought, one.sold, one.whole_day)


def test_an_older_ticker_is_refused() -> None:
    assert D(3) == strength(ticker(3, 2, traded=500), ticker(2, 2, traded=400)).bought


def test_trades_alone_count_from_the_first_that_was_heard() -> None:
    one = strength(trade(500 * MS, "BID", 3), trade(700 * MS, "ASK", 2))
    assert (D(150), moment(MIDNIGHT + 500), False) == (one.value, one.since, one.whole_day)


def test_both_sums_begin_anew_at_midnight() -> None:
    one = strength(ticker(3, 2, traded=-500))
    assert moment(MIDNIGHT - DAY) == one.since
    one.apply(trade(0, "BID", 5))
    assert (D(5), D(0), moment(MIDNIGHT), True) == (one.bought, one.sold, one.since, one.whole_day)
    one.apply(trade(-400 * MS, "ASK", 5))
    one.apply(ticker(3, 2, traded=-500, time=-1))
    assert (D(5), D(0)) == (one.bought, one.sold)


def test_trades_alone_cover_the_whole_of_their_second_day() -> None:
    one = strength(trade(-1, "BID", 3), trade(300 * MS, "ASK", 2), trade(301 * MS, "BID", 2))
    assert (D(100), True) == (one.value, one.whole_day)


def test_a_ticker_of_a_day_without_trades_begins_it_with_nothing() -> None:
    one = strength(trade(-1, "ASK", 3), ticker(3, 2, traded=-1, time=100))
    assert (D(0), D(0), moment(MIDNIGHT), True) == (one.bought, one.sold, one.since, one.whole_day)
    one.apply(trade(50 * MS, "ASK", 2))
    assert D(2) == one.sold


def test_lost_trades_are_said_until_a_ticker_brings_them() -> None:
    one = strength(ticker(3, 2, traded=500))
    one.apply(gap("trade", "KRW-ETH", end=MIDNIGHT + 900))
    one.apply(gap("ticker", end=MIDNIGHT + 900))
    one.apply(gap("trade", end=MIDNIGHT + 900, lost=0))
    assert one.whole_day
    one.apply(gap("trade", "KRW-BTC", end=MIDNIGHT + 900, lost=7))
    assert (False, moment(MIDNIGHT + 900), D(150)) == (one.whole_day, one.since, one.value)
    one.apply(ticker(4, 2, traded=700))
    assert (False, D(200)) == (one.whole_day, one.value)
    one.apply(ticker(5, 2, traded=700, time=900))
    assert (True, D(250)) == (one.whole_day, one.value)


def test_what_was_lost_before_the_first_trade_does_not_count_as_heard() -> None:
    one = TradeStrength("KRW-BTC")
    one.apply(gap("trade", end=MIDNIGHT + 900))
    assert one.since is None
    one.apply(trade(500 * MS))
    assert moment(MIDNIGHT + 900) == one.since


def test_other_markets_and_events_say_nothing() -> None:
    one = strength(ticker(3, 2, traded=500, code="KRW-ETH"), trade(1, code="KRW-ETH"))
    one.apply(orderbook())
    assert one.time is None


def test_many_trades_take_no_more_room_and_repeated_old_ones_are_still_told() -> None:
    one = strength(*(trade(number * MS) for number in range(5000)))
    one.apply(trade(3 * MS))
    one.apply(trade(4_999 * MS))
    one.apply(ticker(7, 7, traded=3, time=5000))
    assert D(5000) == one.bought
    assert len(one._trades) <= 2000
    one.apply(ticker(7, 7, traded=4_990, time=5000))
    assert D(16) == one.bought


@given(
    sides=st.lists(st.sampled_from(("BID", "ASK")), min_size=1, max_size=30),
    cut=st.integers(0, 29),
    seed=st.integers(0, 99),
)
def test_order_and_repetition_change_nothing(sides: list[str], cut: int, seed: int) -> None:
    trades = [trade(number * MS, side, number + 1) for number, side in enumerate(sides)]
    sums = {
        side: [sum((one.trade_volume for one in trades[:end] if one.ask_bid == side), D(0)) for end in range(31)]
        for side in ("BID", "ASK")
    }
    cut = min(cut, len(trades) - 1)
    base = ticker(sums["BID"][cut + 1], sums["ASK"][cut + 1], traded=cut)
    events: list[TickerEvent | TradeEvent] = [base, *trades, *trades]
    random.Random(seed).shuffle(events)
    one = strength(*events)
    assert (sums["BID"][30], sums["ASK"][30], True) == (one.bought, one.sold, one.whole_day)


def test_it_says_what_the_exchange_says_across_midnight() -> None:
    clock = SteppedClock(MIDNIGHT - 300_000)
    exchange = Exchange(clock=clock, profile="current", seed=3)
    hub = Hub(exchange, limited=False)
    session = hub.open(PUBLIC, None, exchange.now)
    told = [read(frame)[0] for frame in session.receive(request(TICKER, TRADE, format="SIMPLE"), exchange.now)]
    for _ in range(40):
        clock.step(15_000)
        hub.look(exchange.advance())
        told += [read(frame)[0] for frame in session.pulse(exchange.now)]
    events = [event for event in told if isinstance(event, TickerEvent | TradeEvent)]
    first, last = events[0], next(event for event in reversed(events) if isinstance(event, TickerEvent))
    both = strength(*events)
    tickers = strength(*(event for event in events if isinstance(event, TickerEvent)))
    trades = strength(*(event for event in events if event is first or isinstance(event, TradeEvent)))
    assert last.time > moment(MIDNIGHT) > first.time
    for one in (both, tickers, trades):
        assert (last.acc_bid_volume, last.acc_ask_volume, True) == (one.bought, one.sold, one.whole_day)
