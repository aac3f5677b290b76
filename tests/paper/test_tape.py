"""The tape: what it serves is what recomputing everything from all trades gives."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.paper.past import START, past, pasts
from upbit.paper.bars import DAY, HOUR, MINUTE, Bar, Trade, Unit, cut, gather, opening, piece, summarise
from upbit.paper.book import SCALE, Side
from upbit.paper.history import History
from upbit.paper.tape import MINUTE_DAYS, TRADE_DAYS, Tape

UNITS: tuple[Unit, ...] = get_args(Unit)
sides = st.sampled_from(["ask", "bid"])
gaps = st.one_of(st.integers(1, 20), st.integers(1, 10 * MINUTE).map(lambda ms: ms * 10_000))
rows = st.lists(st.tuples(gaps, st.integers(1, 10**17), st.integers(1, 10**22), sides), min_size=0, max_size=60)
Row = tuple[int, int, int, Side]


def play(tape: Tape, rows: list[Row]) -> list[Trade]:
    """Add trades; give back what was added, the newest first."""
    added: list[Trade] = []
    sequential_id = tape.history.start * 10_000 - 1
    for gap, price, volume, side in rows:
        sequential_id += gap
        tape.add(price, volume, side, sequential_id)
        added.insert(0, Trade(sequential_id, price, volume, side))
    return added


def everything(history: History, live: list[Trade], since: int) -> list[Trade]:
    """All trades from a moment on, the newest first."""
    past = history.bar(since, history.start)
    found = live + history.trades(history.start * 10_000, past.count if past else 0)
    return [trade for trade in found if trade.time >= since]


@settings(max_examples=20)
@given(pasts, rows, st.sampled_from(UNITS[:9]))
def test_candles_are_the_sums_of_all_trades_past_and_present(history: History, rows: list[Row], unit: Unit) -> None:
    tape = Tape(history)
    trades = everything(history, play(tape, rows), opening(unit, history.start - DAY))
    bars = list(gather(unit, cut(piece(unit), trades)))
    now = trades[0].time
    assert bars == tape.candles(unit, now + 1, len(bars))
    middle = bars[len(bars) // 2].start
    older = [bar for bar in bars if bar.start < middle]
    assert older == tape.candles(unit, middle, len(older))


@settings(max_examples=15)
@given(pasts, rows, st.sampled_from(["day", "week", "month", "year"]))
def test_long_candles_join_past_and_present(history: History, rows: list[Row], unit: Unit) -> None:
    tape = Tape(history)
    live = play(tape, rows)
    now = live[0].time if live else history.start
    start = opening(unit, now)
    before = history.bar(start, history.start)
    new = [trade for trade in reversed(live) if trade.time >= start]
    parts = [part for part in (before, summarise(start, new) if new else None) if part]
    bar = tape.candles(unit, now + 1, 1)[0]
    if parts:
        assert (
            Bar(
                start,
                parts[0].opening,
                max(part.high for part in parts),
                min(part.low for part in parts),
                parts[-1].close,
                sum(part.volume for part in parts),
                sum(part.value for part in parts),
                sum(part.ask_volume for part in parts),
                sum(part.count for part in parts),
                parts[-1].last,
            )
            == bar
        )
    else:
        assert start > bar.start


@settings(max_examples=15)
@given(pasts, st.lists(rows, min_size=1, max_size=3), st.integers(0, 2 * DAY))
def test_a_ticker_is_recomputed_from_all_trades(history: History, batches: list[list[Row]], later: int) -> None:
    tape = Tape(history)
    flat: list[Row] = []
    for batch in batches:
        flat += batch
        fresh = Tape(history)
        live = play(fresh, flat)
        for trade in reversed(live[: len(batch)]):
            tape.add(trade.price, trade.volume, trade.side, trade.sequential_id)
        now = live[0].time if live else history.start
        assert_ticker(tape, live, now)
        assert fresh.ticker(now) == tape.ticker(now)
    assert_ticker(tape, live, now + later)
    assert_ticker(tape, live, now)


def assert_ticker(tape: Tape, live: list[Trade], now: int) -> None:
    today = now // DAY * DAY
    history = tape.history
    trades = everything(history, live, today - 2 * DAY)
    ticker = tape.ticker(now)
    last = live[0] if live else history.trades(2**62, 1)[0]
    assert (last.price, last.volume, last.side, last.time) == (
        ticker.trade_price,
        ticker.trade_volume,
        ticker.ask_bid,
        ticker.trade_time,
    )
    fresh = [trade for trade in trades if trade.time >= today]
    prices = [trade.price for trade in fresh] or [last.price]
    assert (prices[-1], max(prices), min(prices)) == (ticker.opening_price, ticker.high_price, ticker.low_price)
    assert sum(trade.volume for trade in fresh) == ticker.acc_trade_volume
    assert sum(trade.volume * trade.price for trade in fresh) == ticker.acc_trade_value
    assert sum(trade.volume for trade in fresh if trade.side == "ask") == ticker.acc_ask_volume
    assert sum(trade.volume for trade in fresh if trade.side == "bid") == ticker.acc_bid_volume
    recent = [trade for trade in trades if now - DAY < trade.time <= now]
    assert sum(trade.volume for trade in recent) == ticker.acc_trade_volume_24h
    assert sum(trade.volume * trade.price for trade in recent) == ticker.acc_trade_value_24h
    days = [day for day in tape.candles("day", now + 1, 364) if day.start > today - 364 * DAY]
    assert max((day.high, day.start) for day in days) == (ticker.highest_52_week_price, ticker.highest_52_week_day)
    assert min((day.low, -day.start) for day in days) == (ticker.lowest_52_week_price, -ticker.lowest_52_week_day)
    assert ticker.prev_closing_price == tape.prev_closing(now) == next(d.close for d in days if d.start < today)


def test_a_ticker_asked_for_an_earlier_moment_takes_back_what_had_left() -> None:
    tape = Tape(past())
    tape.add(SCALE, 5 * SCALE, "bid", START * 10_000)
    early, late = tape.ticker(START), tape.ticker(START + DAY)
    assert 0 == late.acc_trade_volume_24h == late.acc_trade_value_24h
    assert 5 * SCALE < early.acc_trade_volume_24h
    assert early == tape.ticker(START)


def test_a_day_without_a_trade_shows_the_last_price_and_empty_sums() -> None:
    tape = Tape(past())
    ticker = tape.ticker(START + 2 * DAY)
    price = tape.history.price
    assert [price] * 5 == [
        ticker.opening_price,
        ticker.high_price,
        ticker.low_price,
        ticker.trade_price,
        ticker.prev_closing_price,
    ]
    assert (0, 0, 0, 0) == (
        ticker.acc_trade_volume,
        ticker.acc_trade_value_24h,
        ticker.acc_ask_volume,
        ticker.acc_bid_volume,
    )
    assert ("EVEN", 0, 0) == (ticker.change, ticker.signed_change_price, ticker.signed_change_rate)


@pytest.mark.parametrize(("price", "change"), [(200_000_000, "RISE"), (100_000_000, "FALL"), (1, "FALL")])
def test_a_change_has_a_direction_and_a_rate_of_ten_decimals(price: int, change: str) -> None:
    tape = Tape(past(volatility=2_000))
    tape.add(price * SCALE, 1, "bid", START * 10_000)
    ticker = tape.ticker(START)
    close = ticker.prev_closing_price
    moved = price * SCALE - close
    assert (change, moved) == (ticker.change, ticker.signed_change_price)
    assert 2 * abs(ticker.signed_change_rate * close - moved * 10**10) <= close


def test_the_first_day_of_a_market_closed_where_it_opened() -> None:
    tape = Tape(past(years=0))
    assert tape.prev_closing(START) is None
    ticker = tape.ticker(START)
    assert ticker.opening_price == ticker.prev_closing_price
    assert START // DAY * DAY == ticker.highest_52_week_day == ticker.lowest_52_week_day


def test_the_extremes_of_52_weeks_leave_with_their_day() -> None:
    tape = Tape(past())
    tape.add(10**12 * SCALE, 1, "bid", START * 10_000)
    tape.add(1, 1, "ask", (START + 1) * 10_000)
    day = START // DAY * DAY
    for later in (0, DAY, 363 * DAY):
        ticker = tape.ticker(START + 1 + later)
        assert (10**12 * SCALE, day) == (ticker.highest_52_week_price, ticker.highest_52_week_day)
        assert (1, day) == (ticker.lowest_52_week_price, ticker.lowest_52_week_day)
    ticker = tape.ticker(START + 1 + 364 * DAY)
    assert (1, day, 1, day) == (
        ticker.highest_52_week_price,
        ticker.highest_52_week_day,
        ticker.lowest_52_week_price,
        ticker.lowest_52_week_day,
    )


@settings(max_examples=15)
@given(pasts, rows, st.lists(st.integers(1, 50), min_size=1, max_size=5))
def test_paging_visits_every_trade_once(history: History, rows: list[Row], sizes: list[int]) -> None:
    tape = Tape(history)
    live = play(tape, rows)
    expected = (live + history.trades(history.start * 10_000, sum(sizes)))[: sum(sizes)]
    before = 2**62
    paged: list[Trade] = []
    for size in sizes:
        paged += tape.trades(before, size)
        before = paged[-1].sequential_id
    assert expected == paged


def test_trades_of_one_day_stop_at_its_midnight() -> None:
    tape = Tape(past())
    midnight = START // DAY * DAY
    found = tape.trades(START * 10_000, 5_000, since=midnight * 10_000)
    assert midnight <= found[-1].time
    assert tape.candles("day", START, 1)[0].count == len(found)


def test_ids_rise_and_begin_with_the_start() -> None:
    tape = Tape(past())
    with pytest.raises(ValueError, match="does not rise"):
        tape.add(1, 1, "bid", START * 10_000 - 1)
    tape.add(1, 1, "bid", START * 10_000)
    with pytest.raises(ValueError, match="does not rise"):
        tape.add(1, 1, "bid", START * 10_000)


def test_old_trades_and_minutes_are_forgotten_and_hours_are_not() -> None:
    tape = Tape(past(trades=60))
    days = MINUTE_DAYS + 9
    for hour in range(24 * days):
        tape.add(SCALE + hour, SCALE, "bid", (START + hour * HOUR) * 10_000)
    now = START + 24 * days * HOUR
    today = (now - HOUR) // DAY * DAY
    live = [trade for trade in tape.trades(2**62, 24 * days) if trade.time >= START]
    assert today - TRADE_DAYS * DAY <= live[-1].time < today - TRADE_DAYS * DAY + HOUR
    minutes = [bar.start for bar in tape.candles("m1", now, 24 * days) if bar.start >= START]
    assert today - MINUTE_DAYS * DAY <= minutes[-1] < today - MINUTE_DAYS * DAY + HOUR
    hours = tape.candles("m60", now, 24 * days)
    assert list(range(SCALE + 24 * days - 1, SCALE - 1, -1)) == [bar.close for bar in hours]
    assert 24 * SCALE == tape.ticker(now - 1).acc_trade_volume_24h
    assert days + 1 == sum(bar.start >= START // DAY * DAY for bar in tape.candles("day", now, 100))
