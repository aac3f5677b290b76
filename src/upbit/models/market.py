"""Markets."""

from __future__ import annotations

import msgspec


class Caution(msgspec.Struct, frozen=True, kw_only=True, rename="upper"):
    """Why the exchange advises caution (투자유의)."""

    price_fluctuations: bool
    trading_volume_soaring: bool
    deposit_amount_soaring: bool
    global_price_differences: bool
    concentration_of_small_accounts: bool


class MarketEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Warnings about a market."""

    warning: bool
    caution: Caution


class TradingPair(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A market that the exchange lists (마켓)."""

    market: str
    """Code, quote currency first: `KRW-BTC`."""
    korean_name: str
    english_name: str
    market_warning: str | None = None
    """`NONE` or `CAUTION`; with details, until 2024-11-20."""
    market_event: MarketEvent | None = None
    """With details, since 2024-11-20."""
