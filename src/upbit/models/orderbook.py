"""Order books and what the exchange says about their grid."""

from __future__ import annotations

from decimal import Decimal

import msgspec


class OrderbookUnit(msgspec.Struct, frozen=True, kw_only=True):
    """One level of both sides."""

    ask_price: Decimal
    bid_price: Decimal
    ask_size: Decimal
    bid_size: Decimal


class Orderbook(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The order book of a market (호가)."""

    market: str
    timestamp: int
    """Milliseconds since the epoch."""
    total_ask_size: Decimal
    total_bid_size: Decimal
    orderbook_units: list[OrderbookUnit]
    """Best prices first."""
    level: Decimal | None = None
    """Width of a level in the quote currency; 0 is the tick itself."""


class Instrument(msgspec.Struct, frozen=True, kw_only=True):
    """The price grid of a market (호가 정책)."""

    market: str
    quote_currency: str
    tick_size: Decimal
    """Tick size at the price now."""
    supported_levels: list[Decimal]


class SupportedLevels(msgspec.Struct, frozen=True, kw_only=True):
    """The levels an order book can be gathered by."""

    market: str
    supported_levels: list[Decimal]
