"""What travels on the WebSocket: subscription requests, the names of event fields, errors and signs of life.

Both ends use it: the feed writes requests and reads events, the paper exchange reads requests and writes events.
It knows no socket, no market and no clock: whether a market exists, which types a dated version of the protocol
speaks, and how the numbers of an event are spelled are decided elsewhere. Source: upbit-api 6.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import Literal, TypeAlias, cast

import msgspec

from upbit.errors import UpbitError
from upbit.models.shorthand import INNER_KEYS, KEYS

Format: TypeAlias = Literal["DEFAULT", "SIMPLE", "JSON_LIST", "SIMPLE_LIST"]
"""How events are written: with full or short names, each alone or in an array of one."""
Event: TypeAlias = Mapping[str, object]
"""One message of the server: names and values, in wire order."""

FORMATS: tuple[Format, ...] = ("DEFAULT", "SIMPLE", "JSON_LIST", "SIMPLE_LIST")
PING = "PING"
"""The text that asks for a sign of life."""
UP = b'{"status":"UP"}'
"""The answer to `PING`. No blank after the colon: the pattern in the 2023 document needs that."""

PUBLIC = "/websocket/v1"
PRIVATE = "/websocket/v1/private"
INFO = "/websocket/v1/info"
CANDLES = ("1s", "1m", "3m", "5m", "10m", "15m", "30m", "60m", "240m")
TYPES: Mapping[str, str] = MappingProxyType(
    dict.fromkeys(("ticker", "trade", "orderbook", *(f"candle.{unit}" for unit in CANDLES)), PUBLIC)
    | dict.fromkeys(("myOrder", "myAsset", "announcement"), PRIVATE)
    | dict.fromkeys(("indicator", "indicator_signal"), INFO)
)
"""Every type, and the path of the socket that carries it."""
TIMEFRAMES = ("5m", "15m", "60m", "240m", "1d")
CATEGORIES = (
    *("notice", "trade", "wallet", "maintenance", "digital_asset", "nft", "service"),
    *("event", "note", "trading", "airdrop", "feature", "disclosure"),
)

_NAMES = {kind: {short: name for name, short in keys.items()} for kind, keys in KEYS.items()}
_INNER_NAMES = {field: {short: name for name, short in keys.items()} for field, keys in INNER_KEYS.items()}
_SPELLINGS_2023 = {"isOnlySnapshot": "is_only_snapshot", "isOnlyRealtime": "is_only_realtime"}

_ENCODER = msgspec.json.Encoder(decimal_format="number")
_REQUEST = msgspec.json.Decoder(list[dict[str, object]], float_hook=Decimal)
_EVENTS = msgspec.json.Decoder(list[dict[str, object]] | dict[str, object], float_hook=Decimal)


class SocketError(UpbitError, ValueError):
    """What the exchange says on the socket when it cannot do what was asked.

    Names: `INVALID_AUTH`, `WRONG_FORMAT`, `NO_TICKET`, `NO_TYPE`, `NO_CODES`, `INVALID_PARAM`, `TOO_MANY_REQUEST`.
    """

    def __init__(self, name: str, message: str) -> None:
        super().__init__(f"{name}: {message}")
        self.name = name
        self.message = message


class Indicator(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One computed value of the info socket, or one condition on it."""

    type: str = ""
    params: Mapping[str, object] = {}
    """Which of them there are is not looked at here; none without any."""
    trigger: str | None = None
    event_params: Mapping[str, object] | None = None


class Subscription(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One type object of a request. What is not said is not sent."""

    type: str
    codes: tuple[str, ...] = ()
    """Markets in upper case, of an order book perhaps with a number of units, `KRW-BTC.15`. None for `myOrder`: all."""
    is_only_snapshot: bool = False
    is_only_realtime: bool = False
    level: Decimal = Decimal(0)
    """How coarsely an order book is grouped, in KRW; 0: not at all."""
    categories: tuple[str, ...] = ()
    include_body: bool = False
    timeframe: str | None = None
    indicators: tuple[Indicator, ...] = ()


class Subscribe(msgspec.Struct, frozen=True, kw_only=True):
    """A request for events. It replaces whatever the connection had asked for before."""

    ticket: str
    subscriptions: tuple[Subscription, ...]
    format: Format = "DEFAULT"


class ListSubscriptions(msgspec.Struct, frozen=True, kw_only=True):
    """A request for the list of subscriptions. Its format becomes that of the running events."""

    ticket: str
    format: Format = "DEFAULT"


def write_request(request: Subscribe | ListSubscriptions) -> str:
    """Write a request as the text frame to send. Raises SocketError where the exchange would answer with one."""
    parts: list[object] = [{"ticket": request.ticket}]
    if isinstance(request, Subscribe):
        for subscription in request.subscriptions:
            check(subscription)
        parts += request.subscriptions
    else:
        parts.append({"method": "LIST_SUBSCRIPTIONS"})
    parts.append({"format": request.format})
    return _ENCODER.encode(parts).decode()


def read_request(text: str | bytes) -> Subscribe | ListSubscriptions:
    """Read a request, in today's spelling and in that of 2023.

    The objects may stand in any order, a type may come more than once, and null means absent: clients in the wild do
    all of this. Raises SocketError with the name the exchange documents.
    """
    try:
        parts = _REQUEST.decode(text)
    except (ValueError, ArithmeticError, RecursionError):
        raise SocketError("WRONG_FORMAT", "a request is a JSON array of objects") from None
    ticket = _first(parts, "ticket", "")
    if not isinstance(ticket, str):
        raise SocketError("WRONG_FORMAT", "the ticket is not a text")
    if not ticket:
        raise SocketError("NO_TICKET", "the request has no ticket")
    form = _first(parts, "format", "DEFAULT")
    if form not in FORMATS:
        raise SocketError("INVALID_PARAM", f"the format is none of {', '.join(FORMATS)}")
    method = _first(parts, "method", None)
    if method is not None:
        if method != "LIST_SUBSCRIPTIONS":
            raise SocketError("INVALID_PARAM", "the only method is LIST_SUBSCRIPTIONS")
        return ListSubscriptions(ticket=ticket, format=form)
    wanted = [part for part in parts if "type" in part or not part.keys() & {"ticket", "format"}]
    if not wanted:
        raise SocketError("NO_TYPE", "the request has no type")
    return Subscribe(ticket=ticket, subscriptions=tuple(_subscription(part) for part in wanted), format=form)


def _first(parts: list[dict[str, object]], key: str, default: object) -> object:
    return next((part[key] for part in parts if part.get(key) is not None), default)


def _subscription(part: dict[str, object]) -> Subscription:
    fields = {_SPELLINGS_2023.get(key, key): value for key, value in part.items() if value is not None}
    if "type" not in fields:
        raise SocketError("NO_TYPE", "an object of the request has no type")
    try:
        subscription = msgspec.convert(fields, Subscription)
    except ValueError as error:
        raise SocketError("WRONG_FORMAT", str(error)) from None
    if subscription.type == "myAsset" and "codes" in fields:
        raise SocketError("WRONG_FORMAT", "myAsset takes no codes")
    check(subscription)
    return subscription


def check(subscription: Subscription) -> None:
    """Raise the SocketError with which the exchange refuses this subscription, if it does.

    Markets and combinations of indicators are not looked at: that takes the list of markets.
    """
    kind = subscription.type
    path = TYPES.get(kind)
    if path is None:
        raise SocketError("INVALID_PARAM", f"there is no type {kind!r}")
    if path != PRIVATE and not subscription.codes:
        raise SocketError("NO_CODES", f"{kind} needs codes")
    if kind == "myAsset" and subscription.codes:
        raise SocketError("WRONG_FORMAT", "myAsset takes no codes")
    if not subscription.level.is_finite() or subscription.level < 0:
        raise SocketError("INVALID_PARAM", "the level is not a number from 0 on")
    if not set(subscription.categories) <= set(CATEGORIES):
        raise SocketError("INVALID_PARAM", f"the categories are {', '.join(CATEGORIES)}")
    if path == INFO and (subscription.timeframe not in TIMEFRAMES or not subscription.indicators):
        raise SocketError("INVALID_PARAM", f"{kind} needs indicators and a timeframe of {', '.join(TIMEFRAMES)}")
    if not all(indicator.type and indicator.params for indicator in subscription.indicators):
        raise SocketError("INVALID_PARAM", "an indicator needs a type and params")


def join_code(market: str, units: int | None = None) -> str:
    """Name a market's order book, cut to a number of units: `KRW-BTC.15`."""
    return market if units is None else f"{market}.{units}"


def split_code(code: str) -> tuple[str, int | None]:
    """Take `KRW-BTC.15` apart into market and number of units; None when it names no number."""
    market, dot, units = code.rpartition(".")
    return (market, int(units)) if dot and units.isascii() and units.isdecimal() and len(units) < 5 else (code, None)


def shorten(event: Event) -> dict[str, object]:
    """Give an event its SIMPLE names. Fields and types not in the table keep theirs."""
    keys = _row(KEYS, event.get("type", event.get("method")))
    return {
        keys.get(key, key): _renamed(value, INNER_KEYS[key]) if key in keys and key in INNER_KEYS else value
        for key, value in event.items()
    }


def restore(event: Event) -> dict[str, object]:
    """Give an event with SIMPLE names its full ones: the inverse of `shorten`."""
    names = _row(_NAMES, event.get("ty", event.get("mthd")))
    restored: dict[str, object] = {}
    for key, value in event.items():
        name = names.get(key, key)
        restored[name] = _renamed(value, _INNER_NAMES[name]) if key in names and name in _INNER_NAMES else value
    return restored


def _row(table: Mapping[str, Mapping[str, str]], kind: object) -> Mapping[str, str]:
    return table.get(kind.partition(".")[0], {}) if isinstance(kind, str) else {}


def _renamed(value: object, names: Mapping[str, str]) -> object:
    if isinstance(value, Mapping):
        inner = cast("Event", value)
        return {names.get(key, key): field for key, field in inner.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_renamed(one, names) for one in cast("Sequence[object]", value)]
    return value


def write_event(event: Event, form: Format = "DEFAULT") -> bytes:
    """Write an event, given with full names, as the binary frame of a format.

    Decimals become numbers; `msgspec.Raw` passes as it is, for numbers whose spelling matters.
    """
    named = shorten(event) if form in ("SIMPLE", "SIMPLE_LIST") else event
    return _ENCODER.encode([named] if form in ("JSON_LIST", "SIMPLE_LIST") else named)


def read_events(frame: bytes | str) -> list[dict[str, object]]:
    """Read the events of a frame of any format, with full names; numbers with a point or exponent as Decimal.

    Raises ValueError when the frame is not JSON, not UTF-8, or neither an object nor an array of objects.
    """
    try:
        content: list[dict[str, object]] | dict[str, object] = _EVENTS.decode(frame)
    except RecursionError:
        raise ValueError("the frame is nested too deeply") from None
    except ArithmeticError:
        raise ValueError("the frame has a number with too large an exponent") from None
    return [restore(event) for event in (content if isinstance(content, list) else [content])]


def write_error(error: SocketError) -> bytes:
    """Write an error as the server sends it, the same in every format."""
    return _ENCODER.encode({"error": {"name": error.name, "message": error.message}})


def read_error(event: Event) -> SocketError | None:
    """Give the error that an event tells, if it tells one."""
    match event.get("error"):
        case {"name": str(name), "message": str(message)}:
            return SocketError(name, message)
        case _:
            return None


def list_reply(ticket: str, subscriptions: Sequence[Subscription]) -> dict[str, object]:
    """Make the answer to LIST_SUBSCRIPTIONS. An order book always tells its level."""
    result: list[dict[str, object]] = []
    for one in subscriptions:
        entry: dict[str, object] = {"type": one.type, "codes": one.codes} if one.codes else {"type": one.type}
        if one.type == "orderbook":
            entry["level"] = one.level
        result.append(entry)
    return {"method": "LIST_SUBSCRIPTIONS", "result": result, "ticket": ticket}


def is_up(frame: bytes) -> bool:
    """Say whether a frame is the answer to `PING`, whatever blanks stand in it."""
    return len(frame) < 64 and b"".join(frame.split()) == UP
