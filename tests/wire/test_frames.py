from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Required, TypedDict

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from upbit.wire import frames
from upbit.wire.frames import Indicator, ListSubscriptions, SocketError, Subscribe, Subscription


class Field(TypedDict, total=False):
    name: Required[str]
    simple: Required[str]
    inside: str
    inside_simple: str


class WebSocketContract(TypedDict):
    responses: dict[str, list[Field]]
    ticker_example: list[dict[str, object]]


VECTORS = Path(__file__).parent.parent / "vectors" / "documented.json"
CONTRACT = msgspec.json.decode(VECTORS.read_bytes(), type=dict[str, msgspec.Raw])
WEBSOCKET = msgspec.json.decode(CONTRACT["websocket"], type=WebSocketContract)

words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
numbers = st.decimals(min_value=0, allow_nan=False, allow_infinity=False, places=8) | st.integers(0, 10**9).map(Decimal)
values = words | st.integers(-(2**63), 2**64 - 1) | numbers
codes = st.lists(words, min_size=1, max_size=4).map(tuple)
indicators = st.builds(
    Indicator,
    type=words,
    params=st.dictionaries(words, values, min_size=1, max_size=3),
    trigger=st.none() | words,
    event_params=st.none() | st.dictionaries(words, values, max_size=2),
)


def subscriptions_to(kind: str) -> st.SearchStrategy[Subscription]:
    match frames.TYPES[kind], kind:
        case frames.PUBLIC, _:
            return st.builds(
                Subscription,
                type=st.just(kind),
                codes=codes,
                is_only_snapshot=st.booleans(),
                is_only_realtime=st.booleans(),
                level=numbers,
            )
        case frames.INFO, _:
            return st.builds(
                Subscription,
                type=st.just(kind),
                codes=codes,
                timeframe=st.sampled_from(frames.TIMEFRAMES),
                indicators=st.lists(indicators, min_size=1, max_size=2).map(tuple),
            )
        case _, "announcement":
            categories = st.lists(st.sampled_from(frames.CATEGORIES)).map(tuple)
            return st.builds(Subscription, type=st.just(kind), categories=categories, include_body=st.booleans())
        case _, "myOrder":
            return st.builds(Subscription, type=st.just(kind), codes=st.just(()) | codes)
        case _:
            return st.just(Subscription(type=kind))


formats = st.sampled_from(frames.FORMATS)
requests = st.builds(
    Subscribe,
    ticket=words,
    subscriptions=st.lists(st.sampled_from(sorted(frames.TYPES)).flatmap(subscriptions_to), min_size=1, max_size=4).map(
        tuple
    ),
    format=formats,
) | st.builds(ListSubscriptions, ticket=words, format=formats)


@given(requests)
def test_a_request_is_read_as_it_was_written(request: Subscribe | ListSubscriptions) -> None:
    assert request == frames.read_request(frames.write_request(request))
    assert request == frames.read_request(frames.write_request(request).encode())


def test_a_request_says_only_what_was_given() -> None:
    request = Subscribe(
        ticket="t",
        subscriptions=(
            Subscription(type="ticker", codes=("KRW-BTC",), is_only_realtime=True),
            Subscription(type="orderbook", codes=("KRW-BTC.15",), level=Decimal(10000)),
            Subscription(type="myAsset"),
        ),
        format="SIMPLE",
    )

    assert (
        '[{"ticket":"t"},{"type":"ticker","codes":["KRW-BTC"],"is_only_realtime":true},'
        '{"type":"orderbook","codes":["KRW-BTC.15"],"level":10000},{"type":"myAsset"},{"format":"SIMPLE"}]'
    ) == frames.write_request(request)


def test_the_list_of_subscriptions_is_asked_for_by_method() -> None:
    assert '[{"ticket":"t"},{"method":"LIST_SUBSCRIPTIONS"},{"format":"DEFAULT"}]' == frames.write_request(
        ListSubscriptions(ticket="t")
    )
    assert ListSubscriptions(ticket="t") == frames.read_request('[{"ticket":"t"},{"method":"LIST_SUBSCRIPTIONS"}]')


TICKER = Subscription(type="ticker", codes=("KRW-BTC",))


@pytest.mark.parametrize(
    ("text", "subscriptions", "form"),
    [
        ('[{"ticket":"t"},{"type":"ticker","codes":["KRW-BTC"]}]', [TICKER], "DEFAULT"),
        ('[{"ticket":"t"},{"format":"SIMPLE"},{"type":"ticker","codes":["KRW-BTC"]}]', [TICKER], "SIMPLE"),
        ('[{"type":"ticker","codes":["KRW-BTC"]},{"ticket":"t"}]', [TICKER], "DEFAULT"),
        ('[{"ticket":"t","type":"ticker","codes":["KRW-BTC"],"format":"JSON_LIST"}]', [TICKER], "JSON_LIST"),
        (
            '[{"ticket":"t"},{"type":"ticker","codes":["KRW-BTC"]},{"type":"ticker","codes":["KRW-BTC"]}]',
            [TICKER, TICKER],
            "DEFAULT",
        ),
        (
            '[{"ticket":"t"},{"type":"trade","codes":["KRW-BTC"],"isOnlySnapshot":true,"isOnlyRealtime":false}]',
            [Subscription(type="trade", codes=("KRW-BTC",), is_only_snapshot=True)],
            "DEFAULT",
        ),
        (
            '[{"ticket":"t"},{"type":"ticker","codes":["KRW-BTC"],"isOnlySnapshot":null,"new":1},{"format":null}]',
            [TICKER],
            "DEFAULT",
        ),
        (
            '[{"ticket":"t"},{"type":"orderbook","codes":["KRW-BTC"],"level":"10000"}]',
            [Subscription(type="orderbook", codes=("KRW-BTC",), level=Decimal(10000))],
            "DEFAULT",
        ),
        (
            '[{"ticket":"t"},{"type":"orderbook","codes":["KRW-BTC"],"level":1E+4}]',
            [Subscription(type="orderbook", codes=("KRW-BTC",), level=Decimal(10000))],
            "DEFAULT",
        ),
        ('[{"ticket":"t"},{"type":"myOrder","codes":[]}]', [Subscription(type="myOrder")], "DEFAULT"),
    ],
)
def test_requests_of_clients_in_the_wild_are_understood(
    text: str, subscriptions: list[Subscription], form: frames.Format
) -> None:
    assert Subscribe(ticket="t", subscriptions=tuple(subscriptions), format=form) == frames.read_request(text)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("WRONG_FORMAT", "PONG"),
        ("WRONG_FORMAT", "{}"),
        ("WRONG_FORMAT", '["ticket"]'),
        ("WRONG_FORMAT", '[{"ticket":"t"},{"type":"ticker","codes":' + "[" * 100_000),
        ("WRONG_FORMAT", '[{"ticket":1},{"type":"ticker","codes":["KRW-BTC"]}]'),
        ("WRONG_FORMAT", '[{"ticket":"t"},{"type":1,"codes":["KRW-BTC"]}]'),
        ("WRONG_FORMAT", '[{"ticket":"t"},{"type":"ticker","codes":"KRW-BTC"}]'),
        ("WRONG_FORMAT", '[{"ticket":"t"},{"type":"ticker","codes":["KRW-BTC"],"is_only_snapshot":"yes"}]'),
        ("WRONG_FORMAT", '[{"ticket":"t"},{"type":"orderbook","codes":["KRW-BTC"],"level":"high"}]'),
        ("WRONG_FORMAT", '[{"ticket":"t"},{"type":"myAsset","codes":[]}]'),
        ("WRONG_FORMAT", '[{"ticket":"t"},{"type":"indicator","codes":["KRW-BTC"],"indicators":["rsi"]}]'),
        ("NO_TICKET", "[]"),
        ("NO_TICKET", '[{"type":"ticker","codes":["KRW-BTC"]}]'),
        ("NO_TICKET", '[{"ticket":""},{"type":"ticker","codes":["KRW-BTC"]}]'),
        ("NO_TYPE", '[{"ticket":"t"}]'),
        ("NO_TYPE", '[{"ticket":"t"},{"format":"SIMPLE"}]'),
        ("NO_TYPE", '[{"ticket":"t"},{"codes":["KRW-BTC"]}]'),
        ("NO_TYPE", '[{"ticket":"t"},{"type":null,"codes":["KRW-BTC"]}]'),
        ("NO_CODES", '[{"ticket":"t"},{"type":"ticker"}]'),
        ("NO_CODES", '[{"ticket":"t"},{"type":"candle.1s","codes":[]}]'),
        ("NO_CODES", '[{"ticket":"t"},{"type":"indicator"}]'),
        ("INVALID_PARAM", '[{"ticket":"t"},{"type":"candle.2m","codes":["KRW-BTC"]}]'),
        ("INVALID_PARAM", '[{"ticket":"t"},{"type":"ticker","codes":["KRW-BTC"]},{"format":"XML"}]'),
        ("INVALID_PARAM", '[{"ticket":"t"},{"type":"ticker","codes":["KRW-BTC"]},{"format":["SIMPLE"]}]'),
        ("INVALID_PARAM", '[{"ticket":"t"},{"method":"UNSUBSCRIBE"}]'),
        ("INVALID_PARAM", '[{"ticket":"t"},{"type":"orderbook","codes":["KRW-BTC"],"level":-1}]'),
        ("INVALID_PARAM", '[{"ticket":"t"},{"type":"orderbook","codes":["KRW-BTC"],"level":"Infinity"}]'),
        ("INVALID_PARAM", '[{"ticket":"t"},{"type":"announcement","categories":["weather"]}]'),
        ("INVALID_PARAM", '[{"ticket":"t"},{"type":"indicator","codes":["KRW-BTC"],"timeframe":"5m"}]'),
        (
            "INVALID_PARAM",
            '[{"ticket":"t"},{"type":"indicator","codes":["KRW-BTC"],"timeframe":"5m","indicators":[{"type":"rsi"}]}]',
        ),
        (
            "INVALID_PARAM",
            '[{"ticket":"t"},{"type":"indicator_signal","codes":["KRW-BTC"],"timeframe":"7m",'
            '"indicators":[{"type":"rsi","params":{"period":14}}]}]',
        ),
    ],
)
def test_a_request_that_cannot_be_served_is_named_as_documented(name: str, text: str) -> None:
    with pytest.raises(SocketError) as caught:
        frames.read_request(text)

    assert name == caught.value.name


@pytest.mark.parametrize(
    ("name", "subscription"),
    [
        ("NO_CODES", Subscription(type="trade")),
        ("WRONG_FORMAT", Subscription(type="myAsset", codes=("KRW-BTC",))),
        ("INVALID_PARAM", Subscription(type="tikcer", codes=("KRW-BTC",))),
        ("INVALID_PARAM", Subscription(type="orderbook", codes=("KRW-BTC",), level=Decimal("NaN"))),
    ],
)
def test_a_request_that_would_be_refused_is_not_written(name: str, subscription: Subscription) -> None:
    with pytest.raises(SocketError) as caught:
        frames.write_request(Subscribe(ticket="t", subscriptions=(subscription,)))

    assert name == caught.value.name


@given(st.binary(max_size=80) | st.text(max_size=80).map(str.encode))
def test_no_bytes_bring_a_reader_down(noise: bytes) -> None:
    for wrapped in (noise, b'[{"ticket":' + noise + b'},{"type":"myAsset"}]'):
        try:
            read: object = frames.read_request(wrapped)
        except SocketError as error:
            read = error
        assert isinstance(read, Subscribe | ListSubscriptions | SocketError)
        try:
            events: object = frames.read_events(wrapped)
        except ValueError as error:
            events = error
        assert isinstance(events, list | ValueError)


def test_frames_nested_without_end_are_refused() -> None:
    with pytest.raises(ValueError, match="nested"):
        frames.read_events(b'{"a":' * 100_000)
    with pytest.raises(SocketError, match="WRONG_FORMAT"):
        frames.read_request('[{"ticket":"t"},{"type":' + '{"a":' * 100_000)


def test_an_exponent_that_no_number_can_have_is_refused() -> None:
    with pytest.raises(ValueError, match="exponent"):
        frames.read_events(b'{"type":"ticker","trade_price":1.0e99999999999999999999}')
    with pytest.raises(SocketError, match="WRONG_FORMAT"):
        frames.read_request('[{"ticket":"t"},{"type":"ticker","codes":["KRW-BTC"],"level":1.0e99999999999999999999}]')


@pytest.mark.parametrize("kind", ["ticker", "trade", "orderbook"])
def test_every_documented_field_has_its_documented_short_name(kind: str) -> None:
    for field in WEBSOCKET["responses"][kind]:
        row = frames.INNER_KEYS[field["inside"]] if "inside" in field else frames.KEYS[kind]
        assert field["simple"] == row[field["name"]]
        if "inside" in field:
            assert field.get("inside_simple") == frames.KEYS[kind][field["inside"]]


def test_fields_of_a_ticker_stand_in_wire_order() -> None:
    assert list(WEBSOCKET["ticker_example"][0]) == list(frames.KEYS["ticker"])


@pytest.mark.parametrize("row", [*frames.KEYS.values(), *frames.INNER_KEYS.values()])
def test_no_short_name_means_two_things(row: dict[str, str]) -> None:
    assert len(row) == len(set(row.values()))


def test_every_type_has_names_for_its_fields() -> None:
    for kind in frames.TYPES:
        assert {"type", "timestamp", "stream_type"} <= frames.KEYS[kind.partition(".")[0]].keys()


@st.composite
def events(draw: st.DrawFn) -> dict[str, object]:
    kind = draw(st.sampled_from(sorted([*frames.TYPES, "LIST_SUBSCRIPTIONS"])))
    row = frames.KEYS[kind.partition(".")[0]]
    event: dict[str, object] = {}
    for name in row:
        if name in ("type", "method"):
            event[name] = kind
        elif name in frames.INNER_KEYS:
            inner = st.fixed_dictionaries({}, optional=dict.fromkeys(frames.INNER_KEYS[name], values))
            event[name] = draw(inner if name in ("params", "event_params", "value") else st.lists(inner, max_size=3))
        else:
            event[name] = draw(values | st.none() | st.booleans())
    return event | draw(st.dictionaries(words.map("new_{}".format), values, max_size=2))


@given(events())
def test_restoring_undoes_shortening(event: dict[str, object]) -> None:
    restored = frames.restore(frames.shorten(event))

    assert event == restored
    assert list(event) == list(restored)


@given(events(), formats)
def test_an_event_is_read_as_it_was_written(event: dict[str, object], form: frames.Format) -> None:
    assert [event] == frames.read_events(frames.write_event(event, form))


@pytest.mark.parametrize(
    ("form", "frame"),
    [
        ("DEFAULT", b'{"type":"orderbook","code":"KRW-BTC","orderbook_units":[{"ask_price":1.16539E8}],"level":0}'),
        ("SIMPLE", b'{"ty":"orderbook","cd":"KRW-BTC","obu":[{"ap":1.16539E8}],"lv":0}'),
        ("JSON_LIST", b'[{"type":"orderbook","code":"KRW-BTC","orderbook_units":[{"ask_price":1.16539E8}],"level":0}]'),
        ("SIMPLE_LIST", b'[{"ty":"orderbook","cd":"KRW-BTC","obu":[{"ap":1.16539E8}],"lv":0}]'),
    ],
)
def test_an_event_is_written_in_each_format_with_numbers_as_spelled(form: frames.Format, frame: bytes) -> None:
    units = [{"ask_price": msgspec.Raw(b"1.16539E8")}]
    event = {"type": "orderbook", "code": "KRW-BTC", "orderbook_units": units, "level": Decimal(0)}

    assert frame == frames.write_event(event, form)


def test_numbers_are_read_to_the_last_digit() -> None:
    frame = b'\n{"sequential_id":17877285547970000,"balance":1386929.37231066771348207123,"change_price":0E-8}\n'

    assert [
        {
            "sequential_id": 17877285547970000,
            "balance": Decimal("1386929.37231066771348207123"),
            "change_price": Decimal(0),
        }
    ] == frames.read_events(frame)


def test_names_and_types_that_are_not_known_pass_as_they_are() -> None:
    strange = {"type": "weather", "params": {"period": 1}, "trade_price": 2}

    assert strange == frames.shorten(strange)
    assert {"ty": "weather", "tp": 2} == frames.restore({"ty": "weather", "tp": 2})
    assert {"type": 1, "code": 2} == frames.shorten({"type": 1, "code": 2})
    assert {"ty": "orderbook", "obu": None} == frames.shorten({"type": "orderbook", "orderbook_units": None})
    assert {"ty": "orderbook", "obu": ["?"]} == frames.shorten({"type": "orderbook", "orderbook_units": ["?"]})


def test_an_error_tells_its_name_and_message() -> None:
    error = SocketError("NO_CODES", "ticker needs codes")

    assert b'{"error":{"name":"NO_CODES","message":"ticker needs codes"}}' == frames.write_error(error)
    [event] = frames.read_events(frames.write_error(error))
    told = frames.read_error(event)
    assert told is not None
    assert ("NO_CODES", "ticker needs codes") == (told.name, told.message)
    assert "NO_CODES: ticker needs codes" == str(told)
    assert frames.read_error({"type": "ticker"}) is None
    assert frames.read_error({"error": "broken"}) is None


def test_the_list_of_subscriptions_is_answered_in_both_formats() -> None:
    reply = frames.list_reply(
        "t",
        [
            Subscription(type="ticker", codes=("KRW-BTC",)),
            Subscription(type="orderbook", codes=("KRW-ETH",)),
            Subscription(type="myAsset"),
        ],
    )

    assert (
        b'{"method":"LIST_SUBSCRIPTIONS","result":[{"type":"ticker","codes":["KRW-BTC"]},'
        b'{"type":"orderbook","codes":["KRW-ETH"],"level":0},{"type":"myAsset"}],"ticket":"t"}'
    ) == frames.write_event(reply)
    assert (
        b'{"mthd":"LIST_SUBSCRIPTIONS","rslt":[{"ty":"ticker","cds":["KRW-BTC"]},'
        b'{"ty":"orderbook","cds":["KRW-ETH"],"lv":0},{"ty":"myAsset"}],"tckt":"t"}'
    ) == frames.write_event(reply, "SIMPLE")


@given(st.sampled_from(["KRW-BTC", "USDT-1INCH"]), st.none() | st.integers(0, 9999))
def test_the_number_of_units_is_read_from_the_code(market: str, units: int | None) -> None:
    assert (market, units) == frames.split_code(frames.join_code(market, units))


@pytest.mark.parametrize("code", ["KRW-BTC", "KRW-BTC.", "KRW-BTC.x", "KRW-BTC.-1", "KRW-BTC.٣", "KRW-BTC.12345", ""])
def test_a_code_without_a_number_of_units_stays_whole(code: str) -> None:
    assert (code, None) == frames.split_code(code)


def test_the_sign_of_life_is_known_by_its_content() -> None:
    assert {"status": "UP"} == json.loads(frames.UP)
    assert frames.is_up(frames.UP)
    assert frames.is_up(b'{ "status" : "UP" }\n')
    assert not frames.is_up(b'{"status":"DOWN"}')
    assert not frames.is_up(frames.UP + b" " * 64)
