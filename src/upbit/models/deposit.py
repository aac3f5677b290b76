"""Deposits and their addresses."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Literal, TypeAlias

import msgspec

DepositState: TypeAlias = Literal[
    "PROCESSING", "ACCEPTED", "CANCELLED", "REJECTED", "TRAVEL_RULE_SUSPECTED", "REFUNDING", "REFUNDED"
]
TransactionType: TypeAlias = Literal["default", "internal"]
TwoFactorType: TypeAlias = Literal["kakao", "naver", "hana"]


class Deposit(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A deposit (입금)."""

    type: str
    uuid: str
    currency: str
    net_type: str | None = None
    txid: str | None = None
    state: DepositState | str
    created_at: datetime
    done_at: datetime | None = None
    amount: Decimal
    fee: Decimal
    transaction_type: TransactionType | str


class DepositAddress(msgspec.Struct, frozen=True, kw_only=True):
    """An address that takes deposits (입금 주소)."""

    currency: str
    net_type: str
    deposit_address: str | None = None
    """None while it is being made."""
    secondary_address: str | None = None
    """Destination tag or memo, where the currency needs one."""


class AddressCreation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The answer to a request for an address: either that it is being made, or the address itself."""

    success: bool | None = None
    message: str | None = None
    currency: str | None = None
    net_type: str | None = None
    deposit_address: str | None = None
    secondary_address: str | None = None


class DepositChance(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a currency can be deposited (디지털 자산 입금 가능 정보)."""

    currency: str
    net_type: str
    is_deposit_possible: bool
    deposit_impossible_reason: str | None = None
    minimum_deposit_amount: Decimal
    minimum_deposit_confirmations: int
    decimal_precision: int
