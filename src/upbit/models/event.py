"""What the socket tells, as frozen structs, and `Gap`: what it could not tell.

An event is decoded by its short names (format `SIMPLE`) in one step; attributes have the full names. Their order is
that of the wire. Amounts are `Decimal`, moments whole milliseconds since the epoch with aware datetimes beside them.
Fields the exchange adds are ignored, values it adds to an enumeration pass as text, what is deprecated or was not
always sent is None when absent. Nothing here reads a frame. Source: upbit-api 6.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Literal, TypeAlias

import msgspec

from .indicator import IndicatorEvent, IndicatorSignalEvent
from .moments import moment
from .order import OrdType, SmpType, TimeInForce
from .shorthand import INNER_KEYS, KEYS, StreamType
from .ticker import Change

TakerSide: TypeAlias = Literal["ASK", "BID"]
OrderStep: TypeAlias = Literal["wait", "watch", "trade", "done", "cancel", "prevented"]


class TickerEvent(msgspec.Struct, frozen=True, kw_only=True, gc=False, rename=KEYS["ticker"]):
    """The state of a market (현재가). Days begin at 00:00 UTC."""

    type: str
    code: str
    """Market, `KRW-BTC`."""
    opening_price: Decimal
    high_price: Decimal
    low_price: Decimal
    trade_price: Decimal
    """Price of the last trade."""
    prev_closing_price: Decimal
    acc_trade_price: Decimal
    """Turnover since 00:00 UTC, in the quote currency."""
    change: Change | str
    change_price: Decimal
    """Absolute change from the day before."""
    signed_change_price: Decimal
    change_rate: Decimal
    """Absolute change from the day before, 0.01 is one percent."""
    signed_change_rate: Decimal
    ask_bid: TakerSide | str
    """Side of the taker in the last trade."""
    trade_volume: Decimal
    """Volume of the last trade."""
    acc_trade_volume: Decimal
    trade_date: str
    """Day of the last trade, UTC, `yyyyMMdd`."""
    trade_time: str
    """Time of the last trade, UTC, `HHmmss`."""
    trade_timestamp: int
    """Time of the last trade, milliseconds since the epoch."""
    acc_ask_volume: Decimal
    """What takers sold since 00:00 UTC."""
    acc_bid_volume: Decimal
    """What takers bought since 00:00 UTC."""
    highest_52_week_price: Decimal
    highest_52_week_date: str
    lowest_52_week_price: Decimal
    lowest_52_week_date: str
    trade_status: str | None = None
    """Of 2023."""
    market_state: Literal["PREVIEW", "ACTIVE", "DELISTED"] | str | None = None
    market_state_for_ios: str | None = None
    """Of 2023."""
    is_trading_suspended: bool | None = None
    """Deprecated."""
    delisting_date: Mapping[str, object] | str | None = None
    """Year, month and day."""
    market_warning: Literal["NONE", "CAUTION"] | str | None = None
    """Deprecated."""
    timestamp: int
    """Milliseconds since the epoch."""
    acc_trade_price_24h: Decimal
    acc_trade_volume_24h: Decimal
    stream_type: StreamType | str | None = None

    @property
    def time(self) -> datetime:
        """When the exchange made the event."""
        return moment(self.timestamp)

    @property
    def traded_at(self) -> datetime:
        """Time of the last trade."""
        return moment(self.trade_timestamp)


class TradeEvent(msgspec.Struct, frozen=True, kw_only=True, gc=False, rename=KEYS["trade"]):
    """One trade (체결)."""

    type: str
    code: str
    """Market, `KRW-BTC`."""
    timestamp: int
    """Milliseconds since the epoch."""
    trade_date: str
    """UTC, `yyyy-MM-dd`."""
    trade_time: str
    """UTC, `HH:mm:ss`."""
    trade_timestamp: int
    """Time of the trade, milliseconds since the epoch."""
    trade_price: Decimal
    trade_volume: Decimal
    ask_bid: TakerSide | str
    """Side of the taker."""
    prev_closing_price: Decimal
    change: Change | str
    change_price: Decimal
    """Absolute change from the day before; `Trade.change_price` is signed."""
    sequential_id: int
    """Unique and ascending; also the cursor of `trades.list`."""
    best_ask_price: Decimal | None = None
    best_ask_size: Decimal | None = None
    best_bid_price: Decimal | None = None
    best_bid_size: Decimal | None = None
    stream_type: StreamType | str | None = None

    @property
    def time(self) -> datetime:
        """When the exchange made the event."""
        return moment(self.timestamp)

    @property
    def traded_at(self) -> datetime:
        """Time of the trade."""
        return moment(self.trade_timestamp)


class OrderbookEventUnit(msgspec.Struct, frozen=True, kw_only=True, gc=False, rename=INNER_KEYS["orderbook_units"]):
    """One level of both sides."""

    ask_price: Decimal
    bid_price: Decimal
    ask_size: Decimal
    bid_size: Decimal


class OrderbookEvent(msgspec.Struct, frozen=True, kw_only=True, gc=False, rename=KEYS["orderbook"]):
    """The order book of a market, whole, never a change to it (호가)."""

    type: str
    code: str
    """Market, `KRW-BTC`, without the number of units that was asked for."""
    timestamp: int
    """Milliseconds since the epoch."""
    total_ask_size: Decimal
    total_bid_size: Decimal
    orderbook_units: list[OrderbookEventUnit]
    """Best prices first."""
    stream_type: StreamType | str | None = None
    level: Decimal | None = None
    """Width of a level in the quote currency; 0 is the tick itself; not told in 2023."""

    @property
    def time(self) -> datetime:
        """When the exchange made the event."""
        return moment(self.timestamp)


class CandleEvent(msgspec.Struct, frozen=True, kw_only=True, gc=False, rename=KEYS["candle"]):
    """A candle so far (캔들). Told again whenever it changed, at most once a second; the last one counts."""

    type: str
    """`candle.1s` to `candle.240m`."""
    code: str
    """Market, `KRW-BTC`."""
    candle_date_time_utc: str
    """Start of the interval, UTC, as `2025-06-30T00:00:00`; `time` gives it as a datetime."""
    candle_date_time_kst: str | None = None
    """Start of the interval, Korean time; Korea only."""
    opening_price: Decimal
    high_price: Decimal
    low_price: Decimal
    trade_price: Decimal
    """Closing price so far."""
    candle_acc_trade_volume: Decimal
    """Sum of the trades, in the base currency."""
    candle_acc_trade_price: Decimal
    """Sum of the trades, in the quote currency."""
    timestamp: int
    """When the last trade in it was stored, milliseconds since the epoch."""
    stream_type: StreamType | str | None = None

    @property
    def time(self) -> datetime:
        """Start of the interval, as in `Candle`."""
        return datetime.fromisoformat(self.candle_date_time_utc).replace(tzinfo=UTC)


class MyOrderEvent(msgspec.Struct, frozen=True, kw_only=True, gc=False, rename=KEYS["myOrder"]):
    """What happened to one of our orders (내 주문 및 체결)."""

    type: str
    code: str
    """Market, `KRW-BTC`."""
    uuid: str
    ask_bid: TakerSide | str
    """Side of the order."""
    order_type: OrdType | str
    state: OrderStep | str
    trade_uuid: str | None = None
    """The fill, when the state is `trade`."""
    price: Decimal | None = None
    """Of the order; of the fill when the state is `trade`."""
    avg_price: Decimal | None = None
    """Average price of all fills, rounded by the exchange."""
    volume: Decimal | None = None
    """Of the order; of the fill when the state is `trade`."""
    remaining_volume: Decimal | None = None
    executed_volume: Decimal
    """Of all fills so far."""
    trades_count: int
    reserved_fee: Decimal
    remaining_fee: Decimal
    paid_fee: Decimal
    """Of all fills so far."""
    locked: Decimal
    executed_funds: Decimal | None = None
    """Of all fills so far, in the quote currency."""
    time_in_force: TimeInForce | str | None = None
    trade_fee: Decimal | None = None
    """Of the fill, when the state is `trade`."""
    is_maker: bool | None = None
    """Whether the fill was made, when the state is `trade`."""
    identifier: str | None = None
    smp_type: SmpType | str | None = None
    prevented_volume: Decimal | None = None
    """Taken off by self-match prevention."""
    prevented_locked: Decimal | None = None
    trade_timestamp: int | None = None
    """Time of the fill, milliseconds since the epoch, when the state is `trade`."""
    order_timestamp: int
    """When the order was placed, to the second, milliseconds since the epoch."""
    timestamp: int
    """Milliseconds since the epoch."""
    stream_type: StreamType | str | None = None

    @property
    def time(self) -> datetime:
        """When the exchange made the event."""
        return moment(self.timestamp)

    @property
    def traded_at(self) -> datetime | None:
        """Time of the fill, if it is one."""
        return None if self.trade_timestamp is None else moment(self.trade_timestamp)

    @property
    def ordered_at(self) -> datetime:
        """When the order was placed, to the second."""
        return moment(self.order_timestamp)


class MyAsset(msgspec.Struct, frozen=True, kw_only=True, gc=False, rename=INNER_KEYS["assets"]):
    """What we have of one currency."""

    currency: str
    balance: Decimal
    """Free to use."""
    locked: Decimal
    """In orders and withdrawals under way."""


class MyAssetEvent(msgspec.Struct, frozen=True, kw_only=True, gc=False, rename=KEYS["myAsset"]):
    """What we have of the currencies that changed (내 자산)."""

    type: str
    asset_uuid: str | None = None
    assets: list[MyAsset]
    asset_timestamp: int
    """When it changed, milliseconds since the epoch."""
    timestamp: int
    """Milliseconds since the epoch."""
    stream_type: StreamType | str | None = None

    @property
    def time(self) -> datetime:
        """When the exchange made the event."""
        return moment(self.timestamp)


class AnnouncementEvent(msgspec.Struct, frozen=True, kw_only=True, gc=False, rename=KEYS["announcement"]):
    """An announcement of the exchange (공지사항)."""

    type: str
    uuid: str
    event_type: Literal["CREATED", "UPDATED"] | str
    category: str
    title: str
    url: str | None = None
    body: str | None = None
    """Markdown, if `include_body` was asked for and there is one."""
    first_listed_at: datetime | None = None
    listed_at: datetime | None = None
    timestamp: int
    """Milliseconds since the epoch."""
    stream_type: StreamType | str | None = None

    @property
    def time(self) -> datetime:
        """When the exchange made the event."""
        return moment(self.timestamp)


class UnknownEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event of a type that this version does not know."""

    type: str
    code: str | None = None
    fields: Mapping[str, object]
    """Everything it says, under the names of the wire; numbers with a point or exponent as Decimal."""


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """Events between two moments may be missing. It stands before those that were learned afterwards."""

    type: str
    """Type of the events, as `trade`."""
    codes: tuple[str, ...] = ()
    """Markets; none: all of the subscription."""
    start: datetime
    """From here on, UTC."""
    end: datetime
    """Before here, UTC."""
    reason: Literal["reconnect", "silence", "audit", "slow consumer", "unreadable"] | str
    lost: int | None
    """How many are missing for good; 0: all were recovered; None: unknown."""
    recovered: int = 0
    """How many were learned by REST; they follow."""
    detail: str = ""


SocketEvent: TypeAlias = (
    TickerEvent
    | TradeEvent
    | OrderbookEvent
    | CandleEvent
    | MyOrderEvent
    | MyAssetEvent
    | AnnouncementEvent
    | IndicatorEvent
    | IndicatorSignalEvent
    | UnknownEvent
)
"""What the exchange tells."""
FeedEvent: TypeAlias = SocketEvent | Gap
"""What a feed gives."""
