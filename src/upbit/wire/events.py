"""Frames of the server as typed values.

A `SIMPLE` frame, which is what a feed asks for, is decoded in one step: its first field says which struct it is. Every
other frame, whatever its format and the order of its fields, takes a slower path to the same values. Nothing here
knows a socket, a subscription or a clock, and no number passes through a float.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import TypeAlias

import msgspec

from upbit.models.event import (
    AnnouncementEvent,
    CandleEvent,
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

from .frames import TYPES, Event, SocketError, read_error, read_events, shorten


class Up(msgspec.Struct, frozen=True):
    """The answer to `PING`."""


class Listed(msgspec.Struct, frozen=True, kw_only=True, rename=INNER_KEYS["result"]):
    """One subscription, as the server lists it."""

    type: str
    codes: tuple[str, ...] = ()
    """Markets; none: all, or the type has none."""
    level: Decimal | None = None
    """Of an order book."""


class Subscriptions(msgspec.Struct, frozen=True, kw_only=True, rename=KEYS["LIST_SUBSCRIPTIONS"]):
    """The answer to `LIST_SUBSCRIPTIONS`."""

    result: tuple[Listed, ...]
    ticket: str = ""


Message: TypeAlias = SocketEvent | SocketError | Up | Subscriptions
"""What the server can say. An error is a value here: who reads decides whether it is one for them."""

_EVENTS: Mapping[str, type[SocketEvent]] = MappingProxyType(
    {
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
)
HEAD = 20
"""`{"ty":"trade","cd":"`: so many bytes say what a `SIMPLE` frame is. Where they do not, the slower path does."""


def _reader(struct: type[SocketEvent]) -> Callable[[bytes], SocketEvent]:
    decode = msgspec.json.Decoder(struct).decode

    def read(frame: bytes) -> SocketEvent:
        if not frame.isascii():
            frame.decode()  # where a field is skipped, nobody else looks
        try:
            return decode(frame)
        except RecursionError:
            raise ValueError("the frame is nested too deeply") from None

    return read


READERS: Mapping[bytes | str, tuple[type[SocketEvent], Callable[[bytes], SocketEvent]]] = MappingProxyType(
    {
        f'{{"ty":"{kind}","{struct.__struct_encode_fields__[1]}":"'.encode()[:HEAD]: (struct, _reader(struct))
        for kind, struct in ((kind, _EVENTS[kind.partition(".")[0]]) for kind in TYPES)
        if len(f'{{"ty":"{kind}"') <= HEAD
    }
)
"""By the first `HEAD` bytes of a `SIMPLE` frame as the exchange sends it: what it is, and who reads it, as `read`."""


def read(frame: bytes | str) -> list[Message]:
    """Read what a frame says; an array may say several things.

    Raises ValueError when it is not UTF-8, not JSON, or lacks what its type always has.
    """
    if isinstance(frame, str):
        frame = frame.encode()
    simple = READERS.get(frame[:HEAD])
    return [_message(one) for one in read_events(frame)] if simple is None else [simple[1](frame)]


def _message(event: Event) -> Message:
    """Give an event its struct. It has full names, if it is of a type that has a table of them."""
    kind = event.get("type", event.get("ty"))
    if isinstance(kind, str):
        known = _EVENTS.get("candle" if kind.startswith("candle.") else kind)
        if known is not None:
            return msgspec.convert(shorten(event), known)
        code = event.get("code", event.get("cd"))
        return UnknownEvent(type=kind, code=code if isinstance(code, str) else None, fields=event)
    if event.get("method") == "LIST_SUBSCRIPTIONS":
        return msgspec.convert(shorten(event), Subscriptions)
    if event.get("status") == "UP":
        return Up()
    error = read_error(event)
    if error is None:
        raise ValueError(f"the frame is neither an event nor an answer: it has {', '.join(event)[:80] or 'no fields'}")
    return error
