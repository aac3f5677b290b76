"""API keys."""

from __future__ import annotations

from datetime import datetime

import msgspec


class APIKey(msgspec.Struct, frozen=True, kw_only=True):
    """An API key of the account (API 키)."""

    access_key: str
    expire_at: datetime
