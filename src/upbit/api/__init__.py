"""What can be asked of the exchange: the one declaration, in reading order."""

from __future__ import annotations

from typing import Any, cast

from .accounts import Accounts
from .api_keys import ApiKeys
from .candles import Candles
from .deposits import Deposits
from .operation import Namespace, Operation
from .orderbooks import Orderbooks
from .orders import Orders
from .pockets import Pockets
from .tickers import Tickers
from .trades import Trades
from .trading_pairs import TradingPairs
from .travel_rule import TravelRule
from .wallet_status import WalletStatus
from .withdraws import Withdraws

NAMESPACES: tuple[type[Namespace[Any]], ...] = (
    TradingPairs,
    Candles,
    Trades,
    Tickers,
    Orderbooks,
    Accounts,
    Orders,
    Withdraws,
    Deposits,
    TravelRule,
    Pockets,
    WalletStatus,
    ApiKeys,
)

_MEMBERS: list[object] = [member for namespace in NAMESPACES for member in vars(namespace).values()]

OPERATIONS = tuple(
    dict.fromkeys(cast("Operation[..., Any]", member) for member in _MEMBERS if isinstance(member, Operation))
)
"""Every operation, in reading order."""

__all__ = [
    "NAMESPACES",
    "OPERATIONS",
    "Accounts",
    "ApiKeys",
    "Candles",
    "Deposits",
    "Operation",
    "Orderbooks",
    "Orders",
    "Pockets",
    "Tickers",
    "Trades",
    "TradingPairs",
    "TravelRule",
    "WalletStatus",
    "Withdraws",
]
