"""Pockets and the transfers between them: every pocket is an account of the ledger."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from msgspec import Struct

from .ledger import Ledger
from .orders import AssetChanged, Event


class Transfer(Struct, frozen=True):
    """An amount that went from one pocket to another, at once."""

    uuid: str
    identifier: str | None
    giver: str
    taker: str
    currency: str
    amount: Decimal
    created: int
    """Milliseconds since the epoch."""


class Pockets:
    """The pockets of the one account holder."""

    def __init__(self, ledger: Ledger, ids: Callable[[], str], emit: Callable[[Event], None]) -> None:
        self._ledger = ledger
        self._ids = ids
        self._emit = emit
        self._names: dict[str, tuple[str, str]] = {}
        self.transfers: list[Transfer] = []
        """All transfers, oldest first."""

    def add(self, name: str) -> str:
        """Make a pocket and say its uuid; the first one is the main pocket."""
        uuid = self._ids()
        self._names[uuid] = name, "user_spot_trading" if self._names else "main"
        return uuid

    def all(self) -> list[tuple[str, str, str]]:
        """Uuid, name and type of every pocket, the main one first."""
        return [(uuid, name, kind) for uuid, (name, kind) in self._names.items()]

    def transfer(
        self, giver: str, taker: str, currency: str, amount: Decimal, identifier: str | None, now: int
    ) -> Transfer:
        """Move a free amount; raises `InsufficientFunds`."""
        self._ledger.transfer(giver, taker, currency, amount)
        transfer = Transfer(self._ids(), identifier, giver, taker, currency, amount, now)
        self.transfers.append(transfer)
        for account in (giver, taker):
            self._emit(AssetChanged(account, (currency,), now))
        return transfer
