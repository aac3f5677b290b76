"""Trading: orders placed exactly once, under limits and a switch, followed to their end, and found again after a crash.

    with client.trading("paper", limits=Limits(per_order=Decimal(1_000_000))) as trader:
        order = trader.wait(trader.buy("KRW-BTC", quote=100_000), timeout=10)

`Trader` and `AsyncTrader` are made by `Upbit.trading` and `AsyncUpbit.trading`. Importing this does nothing.
"""

from __future__ import annotations

from .acts import Replaced, Trading
from .draft import Draft
from .journal import Journal
from .means import Mode
from .options import TradingOptions
from .placed import Placed, Status
from .recovery import Recovered
from .risk import Limits, Risk
from .switch import Switch
from .trader import AsyncTrader, Trader
from .withdrawals import BANK, Destination, WithdrawalPolicy

__all__ = [
    "BANK",
    "AsyncTrader",
    "Destination",
    "Draft",
    "Journal",
    "Limits",
    "Mode",
    "Placed",
    "Recovered",
    "Replaced",
    "Risk",
    "Status",
    "Switch",
    "Trader",
    "Trading",
    "TradingOptions",
    "WithdrawalPolicy",
]
