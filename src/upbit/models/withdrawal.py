"""Withdrawals and the addresses they may go to."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Literal, TypeAlias

import msgspec

from .account import Account
from .deposit import TransactionType

WithdrawState: TypeAlias = Literal["WAITING", "PROCESSING", "DONE", "FAILED", "CANCELLED", "REJECTED"]


class Withdraw(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A withdrawal (출금)."""

    type: str
    uuid: str
    currency: str
    net_type: str | None = None
    txid: str | None = None
    state: WithdrawState | str
    created_at: datetime
    done_at: datetime | None = None
    amount: Decimal
    fee: Decimal
    krw_amount: Decimal | None = None
    """Worth in KRW; only in the answers of 2023."""
    transaction_type: TransactionType | str
    is_cancelable: bool | None = None


class WithdrawAddress(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An address on the allow-list (출금 허용 주소)."""

    currency: str
    net_type: str
    network_name: str | None = None
    withdraw_address: str
    secondary_address: str | None = None
    beneficiary_name: str | None = None
    beneficiary_company_name: str | None = None
    beneficiary_type: Literal["individual", "corporate"] | str | None = None
    exchange_name: str | None = None
    wallet_type: str | None = None


class MemberLevel(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the account has proved of its owner."""

    security_level: int | None = None
    fee_level: int | None = None
    email_verified: bool | None = None
    identity_auth_verified: bool | None = None
    bank_account_verified: bool | None = None
    two_factor_auth_verified: bool | None = None
    kakao_pay_auth_verified: bool | None = None
    """Only in the answers of 2023."""
    locked: bool | None = None
    wallet_locked: bool | None = None


class WithdrawCurrency(msgspec.Struct, frozen=True, kw_only=True):
    """A currency that can be withdrawn."""

    code: str
    withdraw_fee: Decimal
    is_coin: bool
    wallet_state: str
    wallet_support: list[str]


class WithdrawLimit(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How much can be withdrawn."""

    currency: str
    onetime: Decimal | None = None
    daily: Decimal | None = None
    remaining_daily: Decimal | None = None
    remaining_daily_fiat: Decimal | None = None
    fiat_currency: str | None = None
    minimum: Decimal
    fixed: int
    """Decimals of an amount."""
    withdraw_delayed_fiat: Decimal | None = None
    can_withdraw: bool
    remaining_daily_krw: Decimal | None = None


class WithdrawChance(msgspec.Struct, frozen=True, kw_only=True):
    """What can be withdrawn now (출금 가능 정보)."""

    member_level: MemberLevel
    currency: WithdrawCurrency
    account: Account
    withdraw_limit: WithdrawLimit
