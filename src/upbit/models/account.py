"""Balances."""

from __future__ import annotations

from decimal import Decimal

import msgspec


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """The balance of one currency in the pocket that the key belongs to (계좌)."""

    currency: str
    balance: Decimal
    """What can be ordered or withdrawn, in the currency."""
    locked: Decimal
    """What open orders and pending withdrawals hold."""
    avg_buy_price: Decimal
    """Average buy price, in `unit_currency`."""
    avg_buy_price_modified: bool
    """True when the user edited the average."""
    unit_currency: str
