from __future__ import annotations

import json
from collections.abc import Iterable
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from upbit.paper.broadcast import CUT, NORMAL_CLOSURE, Hub, Session
from upbit.paper.clock import SteppedClock
from upbit.paper.exchange import PERMISSIONS, Exchange, Key
from upbit.paper.orders import Ticket
from upbit.wire.frames import CANDLES, FORMATS, INFO, PRIVATE, PUBLIC, read_events

START = 1_790_000_010_000
UP = b'{"status":"UP"}'


class Studio:
    """A hub of an exchange whose clock is stepped."""

    def __init__(self, profile: str = "current", *, limited: bool = False) -> None:
        self.clock = SteppedClock(START)
        self.exchange = Exchange(clock=self.clock, profile=profile)
        self.hub = Hub(self.exchange, limited=limited)

    def session(self, path: str = PUBLIC, key: Key | None = None) -> Session:
        return self.hub.open(path, key, self.exchange.now)

    def private(self, permissions: Iterable[str] = PERMISSIONS) -> Session:
        return self.session(PRIVATE, self.exchange.issue_key(self.exchange.account, permissions=permissions))

    def step(self, milliseconds: int) -> int:
        self.clock.step(milliseconds)
        now = self.exchange.advance()
        self.hub.look(now)
        return now

    def ask(self, session: Session, *types: dict[str, Any], format: str | None = None) -> list[dict[str, Any]]:
        return events(session.receive(request(*types, format=format), self.exchange.now))

    def pulse(self, session: Session) -> list[dict[str, Any]]:
        return events(session.pulse(self.exchange.now))

    def order(self, price: int, side: str = "bid", market: str = "KRW-BTC") -> None:
        self.exchange.venue(market)
        ticket = Ticket(
            account=self.exchange.account,
            market=market,
            side="bid" if side == "bid" else "ask",
            ord_type="limit",
            price=Decimal(price),
            volume=Decimal("0.001"),
        )
        accepted = self.exchange.engine.accept(ticket, self.exchange.now)
        self.exchange.engine.match(accepted, self.exchange.now)


def request(*types: dict[str, Any], format: str | None = None) -> str:
    return json.dumps([{"ticket": "t"}, *types, *([{"format": format}] if format else [])])


def events(frames: Iterable[bytes]) -> list[dict[str, Any]]:
    return [event for frame in frames for event in read_events(frame)]


def kinds(events: Iterable[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(event["type"], event["stream_type"]) for event in events]


TICKER: dict[str, Any] = {"type": "ticker", "codes": ["KRW-BTC"]}
TRADE: dict[str, Any] = {"type": "trade", "codes": ["KRW-BTC"]}
BOOK: dict[str, Any] = {"type": "orderbook", "codes": ["KRW-BTC"]}


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


def test_types_of_later_years_are_refused_in_2023() -> None:
    studio = Studio("2023")
    (error,) = studio.ask(studio.session(), {"type": "candle.1s", "codes": ["KRW-BTC"]})
    assert "INVALID_PARAM" == error["error"]["name"]


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


def test_a_candle_is_told_at_most_once_a_second_and_only_when_it_changed() -> None:
    studio = Studio()
    session = studio.session()
    (before,) = studio.ask(session, {"type": "candle.1m", "codes": ["KRW-BTC"]})
    rows = [before]
    for tick in range(1, 401):
        studio.step(50)
        told = studio.pulse(session)
        assert len(told) <= 1
        assert not told or tick * 50 >= 1000 * len(rows)
        rows += told
    volumes = [(row["candle_date_time_utc"], row["candle_acc_trade_volume"]) for row in rows]
    assert 3 < len(volumes) == len(set(volumes))


# -- the private socket ------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [PRIVATE, INFO])
def test_without_a_good_token_a_private_socket_ends_at_once(path: str) -> None:
    session = Studio().session(path)
    (error,) = events(session.pulse(START))
    assert ("INVALID_AUTH", NORMAL_CLOSURE) == (error["error"]["name"], session.ended)


def test_orders_and_assets_are_told_to_their_account_as_they_change() -> None:
    studio = Studio()
    mine, all_mine, other, public = studio.private(), studio.private(), studio.private(), studio.session()
    stranger = studio.session(PRIVATE, studio.exchange.issue_key("somebody"))
    studio.ask(mine, {"type": "myOrder", "codes": ["KRW-BTC"]}, {"type": "myAsset"})
    studio.ask(all_mine, {"type": "myOrder"})
    studio.ask(other, {"type": "myOrder", "codes": ["KRW-ETH"]})
    studio.ask(stranger, {"type": "myOrder"}, {"type": "myAsset"})
    studio.ask(public, TICKER)
    studio.order(90_000_000)
    order, asset = studio.pulse(mine)
    assert ("myOrder", "wait", "KRW-BTC", 90_000_000) == (
        order["type"],
        order["state"],
        order["code"],
        order["price"],
    )
    held = studio.exchange.ledger.holding(studio.exchange.account, "KRW")
    assert [{"currency": "KRW", "balance": held.balance, "locked": held.locked}] == asset["assets"]
    assert [order] == studio.pulse(all_mine)
    assert [] == studio.pulse(other) == studio.pulse(stranger) == studio.pulse(public)


def test_an_order_that_meets_another_is_told_as_trade_and_then_done() -> None:
    studio = Studio()
    session = studio.private()
    studio.ask(session, {"type": "myOrder"})
    studio.order(120_000_000)
    assert ["wait", "trade", "done"] == list(dict.fromkeys(event["state"] for event in studio.pulse(session)))


@pytest.mark.parametrize(("kind", "needed"), [("myOrder", "view_orders"), ("myAsset", "view_account")])
def test_a_key_without_the_permission_is_refused(kind: str, needed: str) -> None:
    studio = Studio()
    (error,) = studio.ask(studio.private(PERMISSIONS - {needed}), {"type": kind})
    assert "INVALID_AUTH" == error["error"]["name"]


def test_types_belong_to_their_socket() -> None:
    studio = Studio()
    (error,) = studio.ask(studio.private(), TICKER)
    assert "INVALID_PARAM" == error["error"]["name"]


def test_announcements_are_accepted_and_never_come() -> None:
    studio = Studio()
    session = studio.private()
    assert [] == studio.ask(session, {"type": "announcement"})
    studio.step(1000)
    assert ([], None) == (studio.pulse(session), session.ended)


# -- keep-alive, lists, limits -------------------------------------------------------------------------


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
