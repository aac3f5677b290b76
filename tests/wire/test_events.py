"""What the server writes is read as it was meant, in every format; what is broken is a ValueError."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from upbit.models.event import (
    AnnouncementEvent,
    CandleEvent,
    OrderbookEvent,
    OrderbookEventUnit,
    TradeEvent,
    UnknownEvent,
)
from upbit.models.indicator import IndicatorSignalEvent
from upbit.paper.bars import Bar, Trade
from upbit.paper.bulletin import Bulletin, Quote
from upbit.paper.closes import Finding
from upbit.paper.indicators import Study
from upbit.paper.ledger import Holding
from upbit.paper.notices import Announced, Notice
from upbit.paper.orders import OrderChanged, OrderRecord, OrderTrade
from upbit.paper.profile import read_profile
from upbit.paper.tape import Ticker
from upbit.wire import frames
from upbit.wire.events import Listed, Message, Subscriptions, Up, read
from upbit.wire.frames import CANDLES, FORMATS, Event, Format, SocketError, Subscription, write_error, write_event

TODAY, OLD = Bulletin(read_profile("current")), Bulletin(read_profile("2023"))

amounts = st.integers(0, 10**20)
moments = st.integers(1_500_000_000_000, 2_500_000_000_000)
sides = st.sampled_from(["bid", "ask"])
markets = st.sampled_from(["KRW-BTC", "BTC-ETH", "USDT-1INCH"])
streams = st.sampled_from(["SNAPSHOT", "REALTIME"])
decimals = st.decimals(min_value=0, max_value=10**12, places=16, allow_nan=False)
words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
bulletins = st.sampled_from([TODAY, OLD])

tickers = st.builds(
    Ticker,
    **{name: moments if name.endswith(("time", "day")) else amounts for name in Ticker.__struct_fields__}
    | {"ask_bid": sides, "prev_closing_price": st.integers(1, 10**20)},
)
levels = st.lists(st.tuples(amounts, amounts), max_size=3)
bars = st.builds(
    Bar, start=moments, last=moments, **dict.fromkeys(("opening", "high", "low", "close", "volume", "value"), amounts),
    ask_volume=amounts, count=st.just(1),
)  # fmt: skip
fills = st.builds(
    OrderTrade, market=markets, uuid=words, price=decimals, volume=decimals, funds=decimals, trend=st.just("up"),
    created=moments, side=sides,
)  # fmt: skip
orders = st.builds(
    OrderRecord,
    account=st.just("me"),
    market=markets,
    side=sides,
    ord_type=st.sampled_from(["limit", "price", "market", "best"]),
    price=st.none() | decimals,
    volume=st.none() | decimals,
    time_in_force=st.none() | st.just("ioc"),
    identifier=st.none() | words,
    smp_type=st.none() | st.just("reduce"),
    uuid=words,
    created=moments,
    trades=st.lists(fills, max_size=2).map(tuple),
    **dict.fromkeys(("fee", "reserved_fee", "executed_volume", "executed_funds", "paid_fee"), decimals),
)
changes = st.builds(
    OrderChanged,
    kind=st.sampled_from(["wait", "watch", "trade", "done", "cancel", "prevented"]),
    order=orders,
    time=moments,
    trade=st.none() | fills,
    trade_fee=st.none() | decimals,
    is_maker=st.none() | st.booleans(),
)
holdings = st.lists(st.tuples(words, st.builds(Holding, balance=decimals, locked=decimals)), max_size=3)
notices = st.builds(
    Notice, uuid=words, category=words, title=words, url=words, body=st.none() | words, first_listed=moments,
    listed=moments,
)  # fmt: skip
params = st.fixed_dictionaries({}, optional={"type": st.just("EMA"), "period": st.integers(1, 200)})
conditions = st.fixed_dictionaries({}, optional={"threshold": st.integers(1, 100), "multiplier": decimals})
worths = st.dictionaries(st.sampled_from(sorted(frames.INNER_KEYS["value"])), decimals.map(str))
studies = st.builds(
    Study, timeframe=st.just("5m"), indicator=words, params=params.map(lambda given: tuple(given.items())),
    trigger=st.none() | words, event_params=conditions.map(lambda given: tuple(given.items())),
)  # fmt: skip
findings = st.builds(Finding, market=markets, study=studies, bar=bars, time=moments, values=worths)


@st.composite
def told(draw: st.DrawFn) -> Event:
    """Whatever the paper exchange can tell."""
    bulletin, market, stream = draw(bulletins), draw(markets), draw(streams)
    match draw(st.sampled_from(["ticker", "trade", "orderbook", "candle", "order", "assets", "notice", "study"])):
        case "ticker":
            return bulletin.ticker(market, draw(tickers), stream)
        case "trade":
            trade = Trade(draw(moments) * 10_000, draw(amounts), draw(amounts), draw(sides))
            best = Quote((draw(amounts), draw(amounts)), (draw(amounts), draw(amounts)))
            return bulletin.trade(market, trade, draw(amounts), best, stream)
        case "orderbook":
            level, simple = Decimal(draw(st.sampled_from(["0", "0.1", "1E+4"]))), draw(st.booleans())
            return bulletin.orderbook(market, draw(levels), draw(levels), level, draw(moments), stream, simple=simple)
        case "candle":
            return bulletin.candle(f"candle.{draw(st.sampled_from(CANDLES))}", market, draw(bars), stream)
        case "order":
            return bulletin.order(draw(changes))
        case "assets":
            return bulletin.assets(draw(words), draw(holdings), draw(moments))
        case "notice":
            announced = Announced(draw(st.sampled_from(["CREATED", "UPDATED"])), draw(notices), draw(moments))
            return bulletin.announcement(announced, body=draw(st.booleans()))
        case _:
            return bulletin.indicator(draw(findings))


def shown(value: object) -> object:
    """A typed value as plain JSON would tell it: nothing where it tells None."""
    if isinstance(value, msgspec.Struct):
        return {name: shown(field) for name, field in msgspec.structs.asdict(value).items() if field is not None}
    return [shown(one) for one in value] if isinstance(value, list) else value


def meant(name: str, value: object, like: object) -> object:
    """A value of plain JSON as the typed one beside it should be."""
    if isinstance(value, dict) and isinstance(like, dict):
        return {key: meant(key, one, like.get(key)) for key, one in value.items() if one is not None}
    if isinstance(value, list) and isinstance(like, list):
        return [meant(name, one, two) for one, two in zip(value, like, strict=True)]
    if isinstance(like, datetime) and isinstance(value, str):
        return datetime.fromisoformat(value)
    return Decimal(value) if isinstance(like, Decimal) and isinstance(value, str) else value


@given(told())
def test_what_the_paper_exchange_tells_is_read_to_the_last_digit_in_every_format(event: Event) -> None:
    plain = json.loads(write_event(event), parse_float=Decimal)
    (read_back,) = read(write_event(event, "SIMPLE"))
    typed = shown(read_back)
    assert isinstance(typed, dict)
    assert meant("", plain, typed) == typed
    for form in FORMATS:
        assert [read_back] == read(write_event(event, form))
        assert [read_back] == read(write_event(event, form).decode())


numbers = st.sampled_from(["0", "0.0", "0E-8", "7.9276E-4", "1.16539E8", "116539000", "9.101e-05", "-5.00000000"])


@given(st.lists(numbers, min_size=7, max_size=7))
@example(["0"] * 7)
def test_a_number_is_exact_however_it_is_spelled(spelled: list[str]) -> None:
    ask, bid, offered, wanted, asks, bids, level = spelled
    frame = (
        f'{{"ty":"orderbook","cd":"KRW-BTC","tms":5,"tas":{asks},"tbs":{bids},'
        f'"obu":[{{"ap":{ask},"bp":{bid},"as":{offered},"bs":{wanted}}}],"st":"REALTIME","lv":{level}}}'
    )
    assert [
        OrderbookEvent(
            type="orderbook",
            code="KRW-BTC",
            timestamp=5,
            total_ask_size=Decimal(asks),
            total_bid_size=Decimal(bids),
            orderbook_units=[
                OrderbookEventUnit(
                    ask_price=Decimal(ask), bid_price=Decimal(bid), ask_size=Decimal(offered), bid_size=Decimal(wanted)
                )
            ],
            stream_type="REALTIME",
            level=Decimal(level),
        )
    ] == read(frame.encode())


TRADE: dict[str, Any] = {
    "type": "trade",
    "code": "KRW-BTC",
    "timestamp": 1,
    "trade_date": "2026-08-26",
    "trade_time": "07:15:54",
    "trade_timestamp": 2,
    "trade_price": 3,
    "trade_volume": Decimal("0.1"),
    "ask_bid": "ASK",
    "prev_closing_price": 4,
    "change": "RISE",
    "change_price": 5,
    "sequential_id": 17877285547970000,
}
TYPED = msgspec.convert(frames.shorten(TRADE), TradeEvent)
SHORT = write_event(TRADE, "SIMPLE")


@pytest.mark.parametrize("form", FORMATS)
def test_fields_and_values_that_are_new_pass(form: Format) -> None:
    new = {"added": {"later": [1, "어"]}, "change": "SIDEWAYS", "ask_bid": "BOTH", "stream_type": "REPLAY"}
    (event,) = read(write_event(TRADE | new, form))
    assert msgspec.structs.replace(TYPED, change="SIDEWAYS", ask_bid="BOTH", stream_type="REPLAY") == event


@pytest.mark.parametrize("form", FORMATS)
def test_the_order_of_fields_does_not_matter(form: Format) -> None:
    assert [TYPED] == read(write_event(dict(reversed(TRADE.items())), form))
    assert [TYPED] == read(b"\n" + write_event(TRADE, form) + b" \n")


def test_an_array_says_several_things() -> None:
    assert [TYPED, TYPED, Up()] == read(b"[" + SHORT + b"," + write_event(TRADE) + b',{"status":"UP"}]')
    assert [] == read(b"[]")


@pytest.mark.parametrize("name", ["type", "ty"])
def test_a_type_that_is_new_passes_with_all_its_fields(name: str) -> None:
    code = {"type": "code", "ty": "cd"}[name]
    frame = f'{{"{name}":"liquidation","{code}":"KRW-BTC","price":1.50}}'
    said = {name: "liquidation", code: "KRW-BTC", "price": Decimal("1.50")}
    assert [UnknownEvent(type="liquidation", code="KRW-BTC", fields=said)] == read(frame)
    assert [UnknownEvent(type="x", fields={name: "x"})] == read(f'{{"{name}":"x"}}')


@pytest.mark.parametrize("kind", ["trades", "trade.x", "tickers", "announcement2", "indicator_sum", "candles"])
def test_a_type_is_not_taken_for_one_that_begins_alike(kind: str) -> None:
    for form in FORMATS:
        (event,) = read(write_event(TRADE | {"type": kind}, form))
        assert isinstance(event, UnknownEvent)
        assert kind == event.type


def test_a_candle_of_a_new_unit_is_a_candle() -> None:
    bar = Bar(1787728500000, 2, 4, 1, 3, 10, 25, 5, 7, 1787728559000)
    for form in FORMATS:
        (event,) = read(write_event(TODAY.candle("candle.1d", "KRW-BTC", bar, "REALTIME"), form))
        assert isinstance(event, CandleEvent)
        assert ("candle.1d", Decimal("2E-8")) == (event.type, event.opening_price)


def test_a_signal_of_an_indicator_has_its_values_under_full_names() -> None:
    frame = (
        b'{"ty":"indicator_signal","cd":"KRW-ETC","tf":"5m","ind":"volume","p":{"p":10},"tr":"volume_spike",'
        b'"ep":{"mul":2},"v":{"vol":"1.50","av":0.7,"rto":2.1},"cdttmu":"2026-09-21T14:10:00","tms":5,"st":"REALTIME"}'
    )
    (event,) = read(frame)
    assert isinstance(event, IndicatorSignalEvent)
    assert event.event_params is not None
    assert (10, Decimal(2), Decimal("1.5"), Decimal("2.1"), None) == (
        event.params.period,
        event.event_params.multiplier,
        event.value.volume,
        event.value.ratio,
        event.value.rsi,
    )


@pytest.mark.parametrize("form", FORMATS)
def test_an_announcement_knows_when_it_was_listed(form: Format) -> None:
    notice = Notice(
        uuid="u", category="trade", title="점검", url="", body=None, first_listed=1_774_183_628_000, listed=0
    )
    (event,) = read(write_event(TODAY.announcement(Announced("UPDATED", notice, 5), body=True), form))
    assert isinstance(event, AnnouncementEvent)
    assert ("점검", None) == (event.title, event.body)
    assert (datetime(2026, 3, 22, 12, 47, 8, tzinfo=UTC), datetime(1970, 1, 1, tzinfo=UTC)) == (
        event.first_listed_at,
        event.listed_at,
    )


@pytest.mark.parametrize("form", FORMATS)
def test_the_list_of_subscriptions_is_read_in_every_format(form: Format) -> None:
    asked = [Subscription(type="orderbook", codes=("KRW-BTC",), level=Decimal("0.1")), Subscription(type="myOrder")]
    listed = (Listed(type="orderbook", codes=("KRW-BTC",), level=Decimal("0.1")), Listed(type="myOrder"))
    assert [Subscriptions(result=listed, ticket="t")] == read(write_event(frames.list_reply("t", asked), form))


@pytest.mark.parametrize("frame", [frames.UP, b'{"status": "UP"}\n', '{"status":"UP"}'])
def test_a_sign_of_life_is_read(frame: bytes | str) -> None:
    assert [Up()] == read(frame)


def test_an_error_is_handed_over_not_raised() -> None:
    (error,) = read(write_error(SocketError("INVALID_AUTH", "bad token")))
    assert isinstance(error, SocketError)
    assert ("INVALID_AUTH", "bad token") == (error.name, error.message)


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"{",
        b"1",
        b"[1]",
        b"{}",
        b'"PING"',
        b"<html>",
        b'{"ty":"trade"}',
        b'{"ty":1}',
        b'{"type":null}',
        b'{"status":"DOWN"}',
        b'{"method":"LIST"}',
        b'{"method":"LIST_SUBSCRIPTIONS"}',
        b'{"error":"x"}',
        b'{"ty":"trade","cd":"\xff\xfe"}',
        SHORT[:1] + b"\xff\xfe" + SHORT[1:],
        SHORT[:-1] + b',"\xff":1}',
        SHORT[:-1],
        SHORT + SHORT,
        SHORT.replace(b'"tp":3', b'"tp":null'),
        SHORT.replace(b'"tp":3', b'"tp":"much"'),
        SHORT.replace(b'"tp":3', b'"tp":NaN'),
        SHORT.replace(b'"tp":3', b'"tp":1.0e99999999999999999999'),
        write_event(TRADE).replace(b'"trade_price":3', b'"trade_price":1.0e99999999999999999999'),
        SHORT.replace(b'"tms":1', b'"tms":1.5'),
        SHORT[:-1] + b',"new":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"type":' * 100_000,
        "\ud800",
    ],
)
def test_a_broken_frame_is_a_value_error(frame: bytes | str) -> None:
    with pytest.raises(ValueError, match=r".") as raised:
        read(frame)
    assert len(str(raised.value)) < 200


@given(st.binary(max_size=40) | st.binary(max_size=20).map(b'{"ty":"trade","cd":"'.__add__))
def test_no_bytes_break_the_reader(frame: bytes) -> None:
    try:
        said: list[Message] = read(frame)
    except ValueError:
        return
    assert isinstance(said, list)


@given(told(), st.data())
def test_a_frame_cut_short_is_a_value_error(event: Event, data: st.DataObject) -> None:
    frame = write_event(event, "SIMPLE")
    cut = data.draw(st.integers(0, len(frame) - 1))
    with pytest.raises(ValueError, match=re.compile(".", re.DOTALL)):
        read(frame[:cut])
