"""The state of deposits and withdrawals."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec


class WalletStatus(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Whether a currency moves in and out (입출금 현황)."""

    currency: str
    wallet_state: Literal["working", "withdraw_only", "deposit_only", "paused", "unsupported"] | str
    block_state: Literal["normal", "delayed", "inactive"] | str | None = None
    block_height: int | None = None
    block_updated_at: datetime | None = None
    block_elapsed_minutes: int | None = None
    net_type: str | None = None
    network_name: str | None = None
