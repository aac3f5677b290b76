"""How an answer is spelled: which keys, in which order, how numbers look, which nulls are shown.

The values come from the desk as models; the spelling depends on the profile (upbit-api 2.0, 2.7, 11). The exchange API
writes decimals as text, the quotation API as numbers. Nothing here decides what the values are.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import cast

import msgspec

from ..errors import APIStatusError
from ..models import (
    AddressCreation,
    APIKey,
    Candle,
    Deposit,
    DepositAddress,
    MarketSide,
    Order,
    Orderbook,
    OrderbookUnit,
    PocketTransfer,
    SupportedLevels,
    Ticker,
    Trade,
    WalletStatus,
    Withdraw,
    WithdrawAddress,
    WithdrawLimit,
)
from .profile import Profile

KST = timezone(timedelta(hours=9))

NUMBERS = (Candle, Ticker, Trade, Orderbook, OrderbookUnit, SupportedLevels)
"""Models whose decimals are JSON numbers."""

_SHOWN_NULLS: dict[type, frozenset[str]] = {
    DepositAddress: frozenset({"deposit_address", "secondary_address"}),
    WalletStatus: frozenset({"block_state", "block_height", "block_updated_at", "block_elapsed_minutes"}),
    PocketTransfer: frozenset({"identifier"}),
    WithdrawLimit: frozenset({"remaining_daily"}),
}
_SHOWN_NULLS_2023: dict[type, frozenset[str]] = {
    Deposit: frozenset({"txid", "done_at"}),
    Withdraw: frozenset({"txid", "done_at"}),
    WithdrawAddress: frozenset({"secondary_address"}),
    MarketSide: frozenset({"price_unit"}),
    WithdrawLimit: frozenset({"daily", "remaining_daily"}),
}
_PLACES = {"acc_trade_price": 16, "change_rate": 10, "signed_change_rate": 10}
"""Decimals of a quotation number where they are not eight."""
_CHANGES = frozenset({"change_price", "change_rate", "signed_change_price", "signed_change_rate"})
_EXACT = frozenset({"candle_acc_trade_price", "acc_trade_price_24h"})
"""At least eight decimals, more where the value has them."""


class Speller:
    """Writes answers as JSON in the spelling of one profile."""

    def __init__(self, profile: Profile) -> None:
        self._old = profile.as_documented_2023
        self._fields: dict[type[msgspec.Struct], tuple[tuple[str, str, bool], ...]] = {}

    def write(self, value: object, shown: Iterable[str] = ()) -> bytes:
        """Write a value; fields named in `shown` are written even when they are None."""
        return self._text(value, "", None, frozenset(shown)).encode()

    def _text(self, value: object, key: str, owner: type | None, shown: frozenset[str]) -> str:
        match value:
            case None:
                return "null"
            case str():
                return json.dumps(value, ensure_ascii=False)
            case bool():
                return "true" if value else "false"
            case int():
                return str(value)
            case Decimal():
                return self._number(value, key, owner)
            case datetime():
                return f'"{self._moment(value, owner)}"'
            case msgspec.Struct():
                return self._object(value, shown)
            case list():
                items = cast("list[object]", value)
                return f"[{','.join([self._text(item, key, owner, shown) for item in items])}]"
            case _:
                raise TypeError(f"{type(value).__name__} cannot be spelled")

    def _object(self, value: msgspec.Struct, shown: frozenset[str]) -> str:
        kind = type(value)
        if isinstance(value, AddressCreation) and value.success is None:
            shown |= {"secondary_address"}
        written: list[str] = []
        for name, key, show_null in self._fields.get(kind) or self._layout(kind):
            field: object = getattr(value, name)
            if field is None and not show_null and name not in shown:
                continue
            written.append(f'"{key}":{self._text(field, key, kind, shown)}')
        return f"{{{','.join(written)}}}"

    def _layout(self, kind: type[msgspec.Struct]) -> tuple[tuple[str, str, bool], ...]:
        """Say of each field of a model, in order: its name, its key, whether it is shown when None."""
        shown = _SHOWN_NULLS.get(kind, frozenset())
        if self._old:
            shown |= _SHOWN_NULLS_2023.get(kind, frozenset())
        keys = dict(zip(kind.__struct_fields__, kind.__struct_encode_fields__, strict=True))
        order = list(kind.__struct_fields__)
        if kind is OrderbookUnit and not self._old:
            order = ["bid_price", "bid_size", "ask_price", "ask_size"]
        layout = [(name, keys[name], name in shown) for name in order]
        if kind is Order and self._old:
            # The tables of the 2023 document say trade_count, its examples trades_count.
            layout.insert(order.index("trades_count") + 1, ("trades_count", "trade_count", False))
        self._fields[kind] = tuple(layout)
        return self._fields[kind]

    def _number(self, value: Decimal, key: str, owner: type | None) -> str:
        if owner in NUMBERS:
            return self._quotation(value, key, owner)
        if owner is MarketSide and self._old:
            return minimal(value)
        one_decimal = self._old and not key.startswith("avg_buy")
        return f'"{with_decimal(minimal(value)) if one_decimal else minimal(value)}"'

    def _quotation(self, value: Decimal, key: str, owner: type | None) -> str:
        if key in ("level", "supported_levels"):
            return minimal(value)
        if self._old:
            return with_decimal(minimal(value))
        if owner is OrderbookUnit and key.endswith("price"):
            return minimal(value)
        if key in _CHANGES and owner is Ticker and not value:
            return "0"
        places = _PLACES.get(key, 8)
        spelled = f"{value:.{places}f}"
        if key in _EXACT and Decimal(spelled) != value:
            return minimal(value)
        return spelled

    def _moment(self, value: datetime, owner: type | None) -> str:
        if owner is APIKey and self._old:
            return value.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")  # noqa: UP017
        if owner is WalletStatus:
            return value.isoformat(timespec="milliseconds")
        return value.astimezone(KST).isoformat(timespec="seconds")


def error_body(error: APIStatusError, profile: Profile) -> bytes:
    """Write a refusal: its name as the profile spells it, and its message if it has one."""
    name = profile.error_name(error.name) if isinstance(error.name, str) else error.name
    fields: dict[str, str | int | None] = {"name": name}
    if error.message:
        fields["message"] = error.message
    return json.dumps({"error": fields}, ensure_ascii=False, separators=(",", ":")).encode()


def minimal(value: Decimal) -> str:
    """Write a decimal plainly, without trailing zeros."""
    text = f"{value:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def with_decimal(text: str) -> str:
    """Give a whole number one decimal, as the 2023 document writes them."""
    return text if "." in text else f"{text}.0"
