from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from tests.paper.studio import BOOK, START, TICKER, TRADE, Studio, events, kinds, request
from upbit.wire.frames import CANDLES, FORMATS


@pytest.mark.parametrize("wanted", [TICKER, TRADE, BOOK, {"type": "candle.1s", "codes": ["KRW-BTC"]}])
def test_a_snapshot_comes_at_once_and_then_what_happens(wanted: dict[str, Any]) -> None:
    studio = Studio()
    session = studio.session()
    assert [(wanted["type"], "SNAPSHOT")] == kinds(studio.ask(session, wanted))
    studio.step(10_000)
    assert {(wanted["type"], "REALTIME")} == set(kinds(studio.pulse(session)))
    assert [] == session.pulse(studio.exchange.now)


@pytest.mark.parametrize("spelling", ["is_only_snapshot", "isOnlySnapshot"])
def test_who_wants_only_the_snapshot_gets_no_more(spelling: str) -> None:
    studio = Studio()
    session = studio.session()
    types = [{**wanted, spelling: True} for wanted in (TICKER, TRADE, BOOK)]
    assert 3 == len(studio.ask(session, *types))
    studio.step(10_000)
    assert [] == studio.pulse(session)


@pytest.mark.parametrize("spelling", ["is_only_realtime", "isOnlyRealtime"])
def test_who_wants_only_what_happens_gets_no_snapshot(spelling: str) -> None:
    studio = Studio()
    session = studio.session()
    types = [{**wanted, spelling: True} for wanted in (TICKER, TRADE, BOOK)]
    assert [] == studio.ask(session, *types)
    studio.step(10_000)
    told = kinds(studio.pulse(session))
    assert {("ticker", "REALTIME"), ("trade", "REALTIME"), ("orderbook", "REALTIME")} == set(told)


def test_the_trades_told_are_the_trades_of_the_tape_and_each_moves_the_ticker() -> None:
    studio = Studio()
    session = studio.session()
    venue = studio.exchange.venue("KRW-BTC")
    assert venue is not None
    studio.ask(session, {**TRADE, "is_only_realtime": True}, {**TICKER, "is_only_realtime": True})
    told: list[dict[str, Any]] = []
    for _ in range(40):
        studio.step(1_000)
        told += studio.pulse(session)
    tape = venue.tape.trades(studio.exchange.now * 10_000, 10**6, since=START * 10_000)[::-1]
    trades = [event for event in told if event["type"] == "trade"]
    assert len(tape) > 10
    assert [trade.sequential_id for trade in tape] == [event["sequential_id"] for event in trades]
    assert [trade.price for trade in tape] == [event["trade_price"] * 10**8 for event in trades]
    tickers = [event for event in told if event["type"] == "ticker"]
    assert [event["trade_price"] for event in trades] == [event["trade_price"] for event in tickers]
    assert [event["change_price"] for event in trades] == [event["change_price"] for event in tickers]


def test_a_new_request_replaces_all_that_was_asked_for() -> None:
    studio = Studio()
    session = studio.session()
    studio.ask(session, TICKER, TRADE)
    studio.ask(session, {**BOOK, "codes": ["KRW-ETH"]}, format="SIMPLE")
    studio.step(10_000)
    assert {("orderbook", "KRW-ETH")} == {(event["type"], event["code"]) for event in studio.pulse(session)}


@pytest.mark.parametrize("code", ["krw-btc", "KRW-NOPE", "KRW-BTC.5", ""])
def test_unknown_codes_are_passed_over_in_silence(code: str) -> None:
    studio = Studio()
    session = studio.session()
    assert [] == studio.ask(session, {**TICKER, "codes": [code]})
    assert [] == studio.ask(session, {**BOOK, "codes": [code.lower()]})
    assert (None, ["KRW-BTC"]) == (
        session.ended,
        [event["code"] for event in studio.ask(session, {**TRADE, "codes": [code, "KRW-BTC"]})],
    )


@pytest.mark.parametrize("form", FORMATS)
def test_each_format_says_the_same(form: str) -> None:
    studio = Studio()
    plain, other = studio.session(), studio.session()
    expected = studio.ask(plain, TICKER, TRADE, BOOK)
    frames = other.receive(request(TICKER, TRADE, BOOK, format=form), START)
    assert expected == events(frames)
    assert {b"[" if form.endswith("LIST") else b"{"} == {frame[:1] for frame in frames}
    assert form.startswith("SIMPLE") == (b'"ty":"ticker"' in frames[0])


def test_everybody_gets_the_very_same_bytes() -> None:
    studio = Studio()
    first, second, third = studio.session(), studio.session(), studio.session()
    for session in (first, second):
        studio.ask(session, TICKER, BOOK)
    studio.ask(third, TICKER, BOOK, format="SIMPLE")
    studio.step(10_000)
    told, same, short = (session.pulse(studio.exchange.now) for session in (first, second, third))
    assert len(told) > 1
    assert [id(frame) for frame in told] == [id(frame) for frame in same]
    assert events(told) == events(short)


# -- books and candles -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("profile", "code", "units"),
    [
        ("current", "KRW-BTC", 30),
        ("current", "KRW-BTC.1", 1),
        ("current", "KRW-BTC.15", 15),
        ("current", "KRW-BTC.7", 30),
        ("current", "KRW-BTC.0", 30),
        ("2023", "KRW-BTC", 15),
        ("2023", "KRW-BTC.3", 3),
        ("2023", "KRW-BTC.99", 15),
        ("2023", "KRW-BTC.0", 1),
    ],
)
def test_a_book_has_as_many_units_as_its_day_allows(profile: str, code: str, units: int) -> None:
    studio = Studio(profile)
    (book,) = studio.ask(studio.session(), {**BOOK, "codes": [code]})
    assert ("KRW-BTC", units) == (book["code"], len(book["orderbook_units"]))
    assert book["total_ask_size"] == sum(unit["ask_size"] for unit in book["orderbook_units"])


def test_a_book_is_told_at_most_every_100_ms_and_only_when_it_changed() -> None:
    studio = Studio()
    session = studio.session()
    (before,) = studio.ask(session, BOOK)
    seen: list[dict[str, Any]] = []
    for _ in range(400):
        studio.step(25)
        seen += studio.pulse(session)
    times = [book["timestamp"] for book in seen]
    assert 10 < len(times) <= 100
    assert all(second - first >= 100 for first, second in pairwise(times))
    books = [book["orderbook_units"] for book in (before, *seen)]
    assert all(first != second for first, second in pairwise(books))
    assert all(30 == len(units) for units in books)


def test_a_book_is_gathered_by_a_level_it_supports_and_silent_at_others() -> None:
    studio = Studio()
    (book,) = studio.ask(studio.session(), {**BOOK, "level": 10_000})
    assert 10_000 == book["level"]
    prices = [unit["ask_price"] for unit in book["orderbook_units"]]
    assert all(price % 10_000 == 0 for price in prices)
    assert [] == studio.ask(studio.session(), {**BOOK, "level": 3})
    assert [] == studio.ask(studio.session(), {"type": "orderbook", "codes": ["USDT-BTC"], "level": 10_000})


def test_two_levels_of_a_book_can_be_followed_at_once() -> None:
    studio = Studio()
    session = studio.session()
    studio.ask(session, BOOK, {**BOOK, "level": 10_000})
    studio.step(10_000)
    assert [0, 10_000] == sorted(event["level"] for event in studio.pulse(session))


@pytest.mark.parametrize("unit", CANDLES)
def test_every_candle_of_the_socket_is_that_of_the_tape(unit: str) -> None:
    studio = Studio()
    (candle,) = studio.ask(studio.session(), {"type": f"candle.{unit}", "codes": ["KRW-BTC"]})
    assert (f"candle.{unit}", "SNAPSHOT") == (candle["type"], candle["stream_type"])
    (trade,) = studio.ask(studio.session(), TRADE)
    assert (trade["trade_price"], trade["trade_timestamp"]) == (candle["trade_price"], candle["timestamp"])


@pytest.mark.parametrize("unit", ["1s", "1m"])
def test_a_candle_is_told_at_most_once_a_second_and_only_when_it_changed(unit: str) -> None:
    studio = Studio()
    session = studio.session()
    (before,) = studio.ask(session, {"type": f"candle.{unit}", "codes": ["KRW-BTC"]})
    told: dict[str, list[tuple[int, dict[str, Any]]]] = {before["candle_date_time_utc"]: [(0, before)]}
    for tick in range(1, 401):
        studio.step(50)
        for row in studio.pulse(session):
            told.setdefault(row["candle_date_time_utc"], []).append((tick * 50, row))
    assert len(told) > {"1s": 8, "1m": 0}[unit]
    for rows in told.values():
        assert all(second - first >= 1000 for (first, _), (second, _) in pairwise(rows))
        volumes = [row["candle_acc_trade_volume"] for _, row in rows]
        assert len(volumes) == len(set(volumes))


@pytest.mark.parametrize(("unit", "of_tape"), [("1s", "s"), ("1m", "m1")])
def test_the_last_that_is_told_of_a_candle_is_how_it_ended(unit: str, of_tape: Any) -> None:
    studio = Studio()
    session = studio.session()
    studio.ask(session, {"type": f"candle.{unit}", "codes": ["KRW-BTC"]})
    last: dict[int, Any] = {}
    for _ in range(300):
        studio.step(500)
        for row in studio.pulse(session):
            last[row["timestamp"] // {"1s": 1000, "1m": 60_000}[unit]] = row["candle_acc_trade_volume"]
    studio.step(100_000)
    studio.pulse(session)
    venue = studio.exchange.venue("KRW-BTC")
    assert venue is not None
    begin, *_ = last
    length = {"1s": 1000, "1m": 60_000}[unit]
    ended = [bar for bar in venue.tape.candles(of_tape, START + 149_000, 200) if bar.start >= begin * length]
    assert len(ended) > {"1s": 50, "1m": 1}[unit]
    assert {bar.start // length: bar.volume for bar in ended} == {
        start: volume * 10**8 for start, volume in last.items() if start <= ended[0].start // length
    }


def test_after_a_leap_of_the_clock_the_candles_in_between_are_told_too() -> None:
    studio = Studio()
    session = studio.session()
    (before,) = studio.ask(session, {"type": "candle.1m", "codes": ["KRW-BTC"]})
    studio.step(300_000)
    times = [row["candle_date_time_utc"] for row in studio.pulse(session)]
    assert sorted(set(times)) == times
    assert 5 <= len(times) <= 6
    assert before["candle_date_time_utc"] <= times[0]


def test_who_leaves_does_not_take_the_others_along() -> None:
    studio = Studio()
    first, second, third = studio.session(), studio.session(), studio.session()
    studio.ask(first, BOOK)
    studio.ask(second, BOOK)
    studio.ask(third, BOOK, format="SIMPLE")
    first.close()
    second.close()
    studio.step(10_000)
    assert ([], [], 1) == (first.outbox, second.outbox, len(studio.pulse(third)))


def test_a_closed_session_is_told_no_more() -> None:
    studio = Studio()
    session = studio.session()
    studio.ask(session, TICKER, TRADE, BOOK)
    session.close()
    studio.step(10_000)
    assert [] == session.outbox


def test_a_closed_hub_hears_no_more() -> None:
    studio = Studio()
    session = studio.session()
    studio.ask(session, TICKER, TRADE)
    studio.hub.close()
    studio.step(10_000)
    assert [] == session.outbox
