from __future__ import annotations

import pytest

from tests.paper.studio import BOOK, START, TICKER, Studio, events, request
from upbit.paper.broadcast import CUT, NORMAL_CLOSURE

UP = b'{"status":"UP"}'


@pytest.mark.parametrize(
    ("message", "name"),
    [
        ("hello", "WRONG_FORMAT"),
        (b"\xff", "WRONG_FORMAT"),
        ("[" * 100_000, "WRONG_FORMAT"),
        ('[{"type":"ticker","codes":["KRW-BTC"]}]', "NO_TICKET"),
        ('[{"ticket":"t"}]', "NO_TYPE"),
        ('[{"ticket":"t"},{"type":"ticker"}]', "NO_CODES"),
        ('[{"ticket":"t"},{"type":"ticker","codes":"KRW-BTC"}]', "WRONG_FORMAT"),
        ('[{"ticket":"t"},{"type":"tickers","codes":["KRW-BTC"]}]', "INVALID_PARAM"),
        ('[{"ticket":"t"},{"type":"myOrder"}]', "INVALID_PARAM"),
        ('[{"ticket":"t"},{"type":"ticker","codes":["KRW-BTC"]},{"format":"XML"}]', "INVALID_PARAM"),
        (request({**TICKER, "codes": ["KRW-BTC"] * 201}), "INVALID_PARAM"),
    ],
)
def test_a_bad_request_is_told_so_and_ends_the_socket(message: str | bytes, name: str) -> None:
    studio = Studio()
    session = studio.session()
    studio.ask(session, TICKER)
    (error,) = events(session.receive(message, START))
    assert (name, NORMAL_CLOSURE) == (error["error"]["name"], session.ended)
    assert error["error"]["message"]
    studio.step(10_000)
    assert [] == studio.pulse(session)
    assert [] == session.receive(request(TICKER), START)


@pytest.mark.parametrize("ping", ["PING", b"PING", "PING\n"])
def test_a_ping_is_answered_at_once_and_every_ten_seconds(ping: str | bytes) -> None:
    studio = Studio()
    session = studio.session()
    assert [UP] == session.receive(ping, START)
    assert [] == session.pulse(START + 9_999)
    assert [UP] == session.pulse(START + 10_000)
    assert [] == session.pulse(START + 19_999)
    assert [UP] == session.pulse(START + 20_000)


def test_an_idle_socket_is_cut_after_two_minutes() -> None:
    studio = Studio()
    session = studio.session()
    assert ([], None) == (session.pulse(START + 119_999), session.ended)
    assert ([], CUT) == (session.pulse(START + 120_000), session.ended)


def test_signs_of_life_and_data_keep_a_socket() -> None:
    studio = Studio()
    session = studio.session()
    session.touch(START + 100_000)
    session.receive(request({**TICKER, "is_only_snapshot": True}), START + 200_000)
    session.pulse(START + 319_999)
    assert session.ended is None
    assert [UP] == session.receive("PING", START + 319_999)
    for seconds in range(320, 700, 5):
        session.pulse(START + seconds * 1000)
    assert session.ended is None


def test_subscriptions_are_listed_and_take_the_format_of_the_question() -> None:
    studio = Studio()
    session = studio.session()
    studio.ask(session, TICKER, {**BOOK, "codes": ["KRW-ETH.5"]})
    question = '[{"ticket":"q"},{"method":"LIST_SUBSCRIPTIONS"},{"format":"SIMPLE_LIST"}]'
    assert [
        b'[{"mthd":"LIST_SUBSCRIPTIONS","rslt":[{"ty":"ticker","cds":["KRW-BTC"]},'
        b'{"ty":"orderbook","cds":["KRW-ETH.5"],"lv":0}],"tckt":"q"}]'
    ] == session.receive(question, START)
    studio.step(10_000)
    frames = session.pulse(studio.exchange.now)
    assert frames
    assert all(frame.startswith(b'[{"ty":') for frame in frames)


CANDLES = {"type": "candle.1s", "codes": ["KRW-BTC"]}


@pytest.mark.parametrize(
    ("question", "answers"),
    [
        ('[{"ticket":"q"},{"method":"LIST_SUBSCRIPTIONS"},{"format":"DEFAULT"}]', 1),
        ('[{"ticket":"q"},{"method":"LIST_SUBSCRIPTIONS"},{"format":"SIMPLE"}]', 1),
        (request(CANDLES), 0),
        (request(CANDLES, TICKER), 1),
    ],
)
def test_who_asks_what_is_subscribed_to_or_subscribes_anew_misses_no_candle(question: str, answers: int) -> None:
    asking, quiet = Studio(), Studio()
    told: list[list[str]] = []
    for studio in (asking, quiet):
        session = studio.session()
        studio.ask(session, CANDLES)
        studio.clock.step(20_000)
        now = studio.exchange.advance()
        frames = session.receive(question, now) if studio is asking else []
        studio.hub.look(now)
        rows = events([*frames, *session.pulse(now)])
        starts = [row.get("candle_date_time_utc") or row.get("cdttmu") for row in rows]
        told.append([start for start in starts if start])
        assert answers == starts.count(None) or studio is quiet
    assert told[1] == list(dict.fromkeys(told[0]))
    assert 3 < len(told[1])


def test_the_sixth_message_of_a_second_is_too_many() -> None:
    session = Studio(limited=True).session()
    for _ in range(5):
        session.receive("PING", START)
    (error,) = events(session.receive("PING", START))
    assert ("TOO_MANY_REQUEST", NORMAL_CLOSURE) == (error["error"]["name"], session.ended)


def test_the_hundred_and_first_message_of_a_minute_is_too_many() -> None:
    session = Studio(limited=True).session()
    for index in range(100):
        session.receive("PING", START + 300 * index)
    assert session.ended is None
    session.receive("PING", START + 30_000)
    assert NORMAL_CLOSURE == session.ended
