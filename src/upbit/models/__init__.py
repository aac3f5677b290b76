"""What the exchange answers, as frozen structs, one file a noun.

Amounts are `Decimal`, exact to the last digit on the wire; moments are aware datetimes; fields the exchange adds are
ignored and values it adds to an enumeration pass through as text. Fields that depend on the operation or the date are
None when absent. The documented names of 2023 (`upbit.models.Order`, ...) are those of `upbit.documented`.
"""

from __future__ import annotations

from .account import Account
from .api_key import APIKey
from .candle import Candle
from .deposit import (
    AddressCreation,
    Deposit,
    DepositAddress,
    DepositChance,
    DepositState,
    TransactionType,
    TwoFactorType,
)
from .event import (
    AnnouncementEvent,
    CandleEvent,
    FeedEvent,
    Gap,
    MyAsset,
    MyAssetEvent,
    MyOrderEvent,
    OrderbookEvent,
    OrderbookEventUnit,
    OrderStep,
    SocketEvent,
    TakerSide,
    TickerEvent,
    TradeEvent,
    UnknownEvent,
)
from .indicator import IndicatorCondition, IndicatorEvent, IndicatorParams, IndicatorSignalEvent, IndicatorValue
from .market import Caution, MarketEvent, TradingPair
from .order import (
    BatchCancelResult,
    CancelledOrder,
    CancelledOrders,
    ChanceMarket,
    ClosedState,
    MarketSide,
    OpenState,
    Order,
    OrderChance,
    OrderState,
    OrderTrade,
    OrdType,
    Side,
    SmpType,
    Sort,
    TimeInForce,
)
from .orderbook import Instrument, Orderbook, OrderbookUnit, SupportedLevels
from .pocket import Pocket, PocketKey, PocketKeys, PocketTransfer, TransferDirection, TransferState
from .service import WalletStatus
from .shorthand import StreamType
from .ticker import Change, Ticker
from .trade import Trade
from .travel_rule import Vasp, Verification
from .withdrawal import (
    MemberLevel,
    Withdraw,
    WithdrawAddress,
    WithdrawChance,
    WithdrawCurrency,
    WithdrawLimit,
    WithdrawState,
)

__all__ = [
    "APIKey",
    "Account",
    "AddressCreation",
    "AnnouncementEvent",
    "BatchCancelResult",
    "CancelledOrder",
    "CancelledOrders",
    "Candle",
    "CandleEvent",
    "Caution",
    "ChanceMarket",
    "Change",
    "ClosedState",
    "Deposit",
    "DepositAddress",
    "DepositChance",
    "DepositState",
    "FeedEvent",
    "Gap",
    "IndicatorCondition",
    "IndicatorEvent",
    "IndicatorParams",
    "IndicatorSignalEvent",
    "IndicatorValue",
    "Instrument",
    "MarketEvent",
    "MarketSide",
    "MemberLevel",
    "MyAsset",
    "MyAssetEvent",
    "MyOrderEvent",
    "OpenState",
    "OrdType",
    "Order",
    "OrderChance",
    "OrderState",
    "OrderStep",
    "OrderTrade",
    "Orderbook",
    "OrderbookEvent",
    "OrderbookEventUnit",
    "OrderbookUnit",
    "Pocket",
    "PocketKey",
    "PocketKeys",
    "PocketTransfer",
    "Side",
    "SmpType",
    "SocketEvent",
    "Sort",
    "StreamType",
    "SupportedLevels",
    "TakerSide",
    "Ticker",
    "TickerEvent",
    "TimeInForce",
    "Trade",
    "TradeEvent",
    "TradingPair",
    "TransactionType",
    "TransferDirection",
    "TransferState",
    "TwoFactorType",
    "UnknownEvent",
    "Vasp",
    "Verification",
    "WalletStatus",
    "Withdraw",
    "WithdrawAddress",
    "WithdrawChance",
    "WithdrawCurrency",
    "WithdrawLimit",
    "WithdrawState",
]
