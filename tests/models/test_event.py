"""Events: the fields of the table, nothing else; exact, aware of time, tolerant of what is new."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from types import NoneType
from typing import get_args, get_type_hints

import msgspec
import pytest

from upbit.models import event, indicator
from upbit.models.event import (
    AnnouncementEvent,
    CandleEvent,
    FeedEvent,
    Gap,
    MyAssetEvent,
    MyOrderEvent,
    OrderbookEvent,
    SocketEvent,
    TickerEvent,
    TradeEvent,
    UnknownEvent,
)
from upbit.models.indicator import IndicatorEvent, IndicatorSignalEvent
from upbit.models.shorthand import INNER_KEYS, KEYS

STRUCTS: dict[str, type[msgspec.Struct]] = {
    "ticker": TickerEvent,
    "trade": TradeEvent,
    "orderbook": OrderbookEvent,
    "candle": CandleEvent,
    "myOrder": MyOrderEvent,
    "myAsset": MyAssetEvent,
    "announcement": AnnouncementEvent,
    "indicator": IndicatorEvent,
    "indicator_signal": IndicatorSignalEvent,
}
INNER: dict[str, type[msgspec.Struct]] = {
    "orderbook_units": event.OrderbookEventUnit,
    "assets": event.MyAsset,
    "params": indicator.IndicatorParams,
    "event_params": indicator.IndicatorCondition,
    "value": indicator.IndicatorValue,
}
MOMENT = 1_774_183_628_123
AT = datetime(2026, 3, 22, 12, 47, 8, 123_000, UTC)


def fields(struct: type[msgspec.Struct]) -> list[tuple[str, str]]:
    return list(zip(struct.__struct_fields__, struct.__struct_encode_fields__, strict=True))


@pytest.mark.parametrize("kind", STRUCTS)
def test_an_event_has_the_fields_of_the_table_in_its_order_under_its_names(kind: str) -> None:
    assert list(KEYS[kind].items()) == fields(STRUCTS[kind])


@pytest.mark.parametrize("field", INNER)
def test_what_stands_inside_an_event_has_the_fields_of_the_table(field: str) -> None:
    assert list(INNER_KEYS[field].items()) == fields(INNER[field])


def test_the_table_has_no_row_that_no_struct_reads() -> None:
    assert KEYS.keys() == STRUCTS.keys() | {"LIST_SUBSCRIPTIONS"}
    assert INNER_KEYS.keys() == INNER.keys() | {"result"}
    assert {*STRUCTS.values(), UnknownEvent} == set(get_args(SocketEvent))
    assert {*get_args(SocketEvent), Gap} == set(get_args(FeedEvent))


@pytest.mark.parametrize("struct", [*STRUCTS.values(), *INNER.values()])
def test_what_may_be_absent_is_none_and_what_may_be_none_may_be_absent(struct: type[msgspec.Struct]) -> None:
    hints = get_type_hints(struct)
    for field in msgspec.structs.fields(struct):
        assert (field.default is None) == (NoneType in get_args(hints[field.name])), field.name


@pytest.mark.parametrize("field", ["tms", "tp", "sid"])
def test_what_must_be_there_is_missed_loudly(field: str) -> None:
    short = {"ty": "trade", "cd": "KRW-BTC", "tms": 1, "td": "", "ttm": "", "ttms": 2, "tp": 3, "tv": 4, "ab": "ASK"}
    short |= {"pcp": 5, "c": "EVEN", "cp": 0, "sid": 6}
    assert msgspec.convert(short, TradeEvent).best_ask_price is None
    del short[field]
    with pytest.raises(msgspec.ValidationError, match=f"`{field}`"):
        msgspec.convert(short, TradeEvent)


@pytest.mark.parametrize("kind", STRUCTS)
def test_every_event_knows_its_time(kind: str) -> None:
    made = filled(STRUCTS[kind])
    start = datetime(2026, 3, 22, 12, 45, tzinfo=UTC)
    assert (start if kind == "candle" else AT) == getattr(made, "time")  # noqa: B009 - of whichever struct it is
    if kind in ("ticker", "trade", "myOrder"):
        assert AT == getattr(made, "traded_at")  # noqa: B009


def filled(struct: type[msgspec.Struct]) -> msgspec.Struct:
    """An event all of whose required fields are there, every moment of it the same."""
    values: dict[str, object] = {}
    for name, short in fields(struct):
        if name.endswith("timestamp"):
            values[short] = MOMENT
        elif name in ("orderbook_units", "assets"):
            values[short] = []
        elif name in ("params", "value"):
            values[short] = {}
        elif name == "candle_date_time_utc":
            values[short] = "2026-03-22T12:45:00"
        elif not (hint := get_args(get_type_hints(struct)[name])) or NoneType not in hint:
            values[short] = 0 if get_type_hints(struct)[name] in (Decimal, int) else "x"
    return msgspec.convert(values, struct)


def test_an_order_that_did_not_trade_has_no_time_of_a_trade() -> None:
    made = msgspec.structs.replace(filled(MyOrderEvent), trade_timestamp=None, order_timestamp=1_000)
    assert isinstance(made, MyOrderEvent)
    assert made.traded_at is None
    assert datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC) == made.ordered_at


def test_a_gap_that_tells_no_codes_is_about_all() -> None:
    gap = Gap(type="trade", start=AT, end=AT, reason="reconnect", lost=None)
    assert ((), 0, "") == (gap.codes, gap.recovered, gap.detail)
    with pytest.raises(AttributeError):
        setattr(gap, "lost", 0)  # noqa: B010 - frozen for type checkers, too
