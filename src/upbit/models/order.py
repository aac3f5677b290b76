"""Orders."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Literal, TypeAlias

import msgspec

from .account import Account

Side: TypeAlias = Literal["ask", "bid"]
"""`bid` buys, `ask` sells."""
OrdType: TypeAlias = Literal["limit", "price", "market", "best"]
"""`price` is a market buy by total, `market` a market sell by volume, `best` a limit at the best opposite price."""
TimeInForce: TypeAlias = Literal["ioc", "fok", "post_only"]
SmpType: TypeAlias = Literal["cancel_maker", "cancel_taker", "reduce", "none"]
"""Self-match prevention; the taker's setting decides. `none` and the default `cancel_maker` since 2026-11-09."""
OrderState: TypeAlias = Literal["wait", "watch", "done", "cancel"]
OpenState: TypeAlias = Literal["wait", "watch"]
ClosedState: TypeAlias = Literal["done", "cancel"]
Sort: TypeAlias = Literal["asc", "desc"]


class OrderTrade(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One fill of an order (체결)."""

    market: str
    uuid: str
    price: Decimal
    volume: Decimal
    funds: Decimal
    """`price * volume`, in the quote currency."""
    trend: Literal["up", "down"] | str | None = None
    created_at: datetime | None = None
    side: Side | str


class Order(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An order (주문). Amounts keep what they were when the order closed: nothing is set to zero."""

    uuid: str
    side: Side | str
    ord_type: OrdType | str
    price: Decimal | None = None
    """Unit price of a limit order; the total of `price` and `best` buys; absent otherwise."""
    avg_price: Decimal | None = None
    """Average fill price; only in the answers of 2023."""
    state: OrderState | str
    market: str
    created_at: datetime
    volume: Decimal | None = None
    """In the base currency; absent for orders by total."""
    remaining_volume: Decimal | None = None
    prevented_volume: Decimal | None = None
    """Taken off by self-match prevention."""
    reserved_fee: Decimal
    remaining_fee: Decimal
    paid_fee: Decimal
    locked: Decimal
    prevented_locked: Decimal | None = None
    executed_volume: Decimal
    executed_funds: Decimal | None = None
    """In the quote currency; only in lists."""
    trades_count: int
    trades: list[OrderTrade] | None = None
    """Only when one order is looked up."""
    time_in_force: TimeInForce | str | None = None
    identifier: str | None = None
    smp_type: SmpType | str | None = None
    new_order_uuid: str | None = None
    """Only in the answer of `cancel_and_new`."""
    new_order_identifier: str | None = None


class CancelledOrder(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One order of a batch."""

    uuid: str
    market: str
    identifier: str | None = None


class CancelledOrders(msgspec.Struct, frozen=True, kw_only=True):
    """One half of a batch's outcome."""

    count: int
    orders: list[CancelledOrder]


class BatchCancelResult(msgspec.Struct, frozen=True, kw_only=True):
    """Which cancels of a batch were accepted, and which were not."""

    success: CancelledOrders
    failed: CancelledOrders


class MarketSide(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one side of a market asks of an order."""

    currency: str
    price_unit: Decimal | None = None
    """Null in 2023, gone since."""
    min_total: Decimal
    """Minimum total, in the quote currency."""


class ChanceMarket(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a market takes."""

    id: str
    name: str
    """Base currency first: `BTC/KRW`."""
    order_types: list[str] = msgspec.field(default_factory=list[str])
    """Deprecated since 2022-10-14."""
    order_sides: list[str]
    bid_types: list[str] | None = None
    ask_types: list[str] | None = None
    bid: MarketSide
    ask: MarketSide
    max_total: Decimal
    """Maximum total, in the quote currency."""
    state: str


class OrderChance(msgspec.Struct, frozen=True, kw_only=True):
    """What can be ordered on a market now (주문 가능 정보)."""

    bid_fee: Decimal
    """0.0005 is 0.05 percent."""
    ask_fee: Decimal
    maker_bid_fee: Decimal
    maker_ask_fee: Decimal
    market: ChanceMarket
    bid_account: Account
    ask_account: Account
