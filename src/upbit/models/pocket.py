"""Pockets: separate balances within one account."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Literal, TypeAlias

import msgspec

TransferState: TypeAlias = Literal["submitted", "processing", "done", "failed"]
TransferDirection: TypeAlias = Literal["in", "out", "all"]


class Pocket(msgspec.Struct, frozen=True, kw_only=True):
    """A pocket (포켓)."""

    uuid: str
    name: str
    type: Literal["main", "user_spot_trading"] | str


class PocketKey(msgspec.Struct, frozen=True, kw_only=True):
    """An API key of a pocket."""

    access_key: str
    permissions: list[str]
    allowed_ips: list[str]
    created_at: datetime
    expired_at: datetime


class PocketKeys(msgspec.Struct, frozen=True, kw_only=True):
    """The API keys of one pocket."""

    uuid: str
    keys: list[PocketKey]


class PocketTransfer(msgspec.Struct, frozen=True, kw_only=True):
    """A transfer between pockets (자산 이전)."""

    uuid: str
    identifier: str | None = None
    from_: str = msgspec.field(name="from")
    """Pocket that gives."""
    to: str
    """Pocket that takes."""
    currency: str
    amount: Decimal
    state: TransferState | str
    created_at: datetime
