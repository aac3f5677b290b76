"""Money in and out: deposits, withdrawals, their addresses, and how they progress over exchange time.

Nothing moves here but through the ledger, and every step happens at a time that `advance` is told. It knows no bank,
no chain and no second factor: what the real exchange leaves to them is granted after a while.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from random import Random

from msgspec import Struct

from ..errors import refusal
from .ledger import Ledger, exact
from .listing import CURRENCIES, Network
from .orders import AssetChanged, Event, units

ADDRESS_MS = 2_000
"""How long an address takes to be made."""
LEAVE_MS = 5_000
"""How long a withdrawal waits, and can be cancelled, before it leaves."""
SETTLE_MS = 30_000
"""How long it then takes to arrive."""
BANK_MS = 5_000
"""How long the bank takes."""
KRW_WITHDRAW_FEE = Decimal(1_000)
KRW_MINIMUM = Decimal(5_000)


class Address(Struct, frozen=True):
    """A deposit address of an account."""

    currency: str
    net_type: str
    deposit_address: str
    secondary_address: str | None
    ready: int
    """When it can be seen."""


class Allowed(Struct, frozen=True):
    """An address that an account may withdraw to."""

    currency: str
    network: Network
    address: str
    secondary: str | None = None


class Movement(Struct, kw_only=True):
    """A deposit or a withdrawal."""

    account: str
    uuid: str
    currency: str
    net_type: str | None
    txid: str
    state: str
    created: int
    done: int | None = None
    amount: Decimal
    fee: Decimal
    transaction_type: str = "default"
    due: int
    """When its next step is."""
    verified: int | None = None
    """When its owner was last checked by the travel rule."""


class Wallet:
    """Deposits and withdrawals of all accounts."""

    def __init__(self, ledger: Ledger, ids: Callable[[], str], emit: Callable[[Event], None]) -> None:
        self._ledger = ledger
        self._ids = ids
        self._emit = emit
        self._addresses: dict[tuple[str, str, str], Address] = {}
        self._allowed: dict[str, list[Allowed]] = {}
        self._deposits: list[Movement] = []
        self._withdrawals: list[Movement] = []
        self._moving: list[Movement] = []

    def advance(self, now: int) -> None:
        """Take every step that is due, the earliest first."""
        while self._moving:
            movement = min(self._moving, key=lambda one: one.due)
            if movement.due > now:
                return
            self._step(movement)

    def locks(self) -> Mapping[tuple[str, str], Decimal]:
        """What withdrawals under way lock, by account and currency."""
        locks: dict[tuple[str, str], Decimal] = {}
        with exact():
            for one in self._withdrawals:
                if one.done is None:
                    key = one.account, one.currency
                    locks[key] = locks.get(key, Decimal(0)) + one.amount + one.fee
        return locks

    # -- addresses ---------------------------------------------------------------------------------

    def network(self, currency: str, net_type: str) -> Network:
        """The network of a currency; refused when there is none of that name."""
        known = CURRENCIES.get(currency)
        found = None if known is None else next((one for one in known.networks if one.net_type == net_type), None)
        if found is None:
            raise refusal("validation_error", detail="net_type is missing, net_type does not have a valid value")
        return found

    def make_address(self, account: str, currency: str, net_type: str, now: int) -> Address | None:
        """The address when it is there; None while it is being made, which this begins."""
        network = self.network(currency, net_type)
        key = account, currency, net_type
        found = self._addresses.get(key)
        if found is None:
            digits = Random(f"{account}:{currency}:{net_type}")
            found = self._addresses[key] = Address(
                currency,
                net_type,
                written_like(network.address, digits),
                None if network.secondary is None else written_like(network.secondary, digits),
                now + ADDRESS_MS,
            )
        return found if found.ready <= now else None

    def address(self, account: str, currency: str, net_type: str) -> Address | None:
        """The address that was asked for, made or not."""
        return self._addresses.get((account, currency, net_type))

    def addresses(self, account: str) -> list[Address]:
        """All addresses that an account asked for, made or not."""
        return [one for (owner, _, _), one in self._addresses.items() if owner == account]

    def allow(self, account: str, currency: str, net_type: str, address: str, secondary: str | None = None) -> None:
        """Put an address on the account's allow-list, as a person does on the exchange's site."""
        allowed = Allowed(currency, self.network(currency, net_type), address, secondary)
        self._allowed.setdefault(account, []).append(allowed)

    def allowed(self, account: str) -> list[Allowed]:
        """The allow-list of an account."""
        return list(self._allowed.get(account, ()))

    # -- in ----------------------------------------------------------------------------------------

    def deposit_krw(self, account: str, amount: Decimal, now: int) -> Movement:
        """Let KRW come in from the bank; refused when it is too little or not whole."""
        measure(amount, KRW_MINIMUM, 0)
        return self.deposit(account, "KRW", None, amount, now)

    def deposit(self, account: str, currency: str, net_type: str | None, amount: Decimal, now: int) -> Movement:
        """Let an amount come in; it counts after a while."""
        movement = Movement(
            account=account,
            uuid=self._ids(),
            currency=currency,
            net_type=net_type,
            txid=self._ids() if net_type is not None else f"BKD-{self._ids()}",
            state="PROCESSING",
            created=now,
            amount=amount,
            fee=Decimal(0),
            due=now + BANK_MS,
        )
        self._deposits.append(movement)
        self._moving.append(movement)
        return movement

    def deposits(self, account: str) -> list[Movement]:
        """All deposits of an account, oldest first."""
        return [one for one in self._deposits if one.account == account]

    # -- out ---------------------------------------------------------------------------------------

    def withdraw_coin(
        self,
        account: str,
        currency: str,
        net_type: str,
        amount: Decimal,
        *,
        address: str,
        secondary: str | None,
        transaction_type: str,
        now: int,
    ) -> Movement:
        """Send an amount to an address of the allow-list."""
        network = self.network(currency, net_type)
        if Allowed(currency, network, address, secondary) not in self.allowed(account):
            raise refusal("withdraw_address_not_registered")
        measure(amount, network.minimum, CURRENCIES[currency].decimals)
        fee = Decimal(0) if transaction_type == "internal" else network.withdraw_fee
        return self._withdraw(account, currency, net_type, amount, fee, transaction_type, "WAITING", now)

    def withdraw_krw(self, account: str, amount: Decimal, now: int) -> Movement:
        """Send KRW to the bank account."""
        measure(amount, KRW_MINIMUM, 0)
        return self._withdraw(account, "KRW", None, amount, KRW_WITHDRAW_FEE, "default", "PROCESSING", now)

    def cancel(self, account: str, uuid: str, now: int) -> Movement:
        """Cancel a withdrawal that has not left; refused otherwise."""
        found = next((one for one in self.withdrawals(account) if one.uuid == uuid), None)
        if found is None or found.state != "WAITING":
            raise refusal("withdraw_not_found")
        self._finish(found, "CANCELLED", now)
        with exact():
            self._ledger.unlock(account, found.currency, found.amount + found.fee)
        self._changed(found, now)
        return found

    def withdrawals(self, account: str) -> list[Movement]:
        """All withdrawals of an account, oldest first."""
        return [one for one in self._withdrawals if one.account == account]

    def _withdraw(
        self,
        account: str,
        currency: str,
        net_type: str | None,
        amount: Decimal,
        fee: Decimal,
        transaction_type: str,
        state: str,
        now: int,
    ) -> Movement:
        with exact():
            total = amount + fee
        if self._ledger.holding(account, currency).balance < total:
            raise refusal("withdraw_insufficient_balance", currency=currency)
        self._ledger.lock(account, currency, total)
        movement = Movement(
            account=account,
            uuid=self._ids(),
            currency=currency,
            net_type=net_type,
            txid=self._ids(),
            state=state,
            created=now,
            amount=amount,
            fee=fee,
            transaction_type=transaction_type,
            due=now + (LEAVE_MS if state == "WAITING" else BANK_MS),
        )
        self._withdrawals.append(movement)
        self._moving.append(movement)
        self._changed(movement, now)
        return movement

    # -- steps -------------------------------------------------------------------------------------

    def _step(self, movement: Movement) -> None:
        at = movement.due
        if movement.state == "WAITING":
            movement.state, movement.due = "PROCESSING", at + SETTLE_MS
            return
        if movement in self._deposits:
            self._ledger.deposit(movement.account, movement.currency, movement.amount)
            self._finish(movement, "ACCEPTED", at)
        else:
            with exact():
                total = movement.amount + movement.fee
            self._ledger.unlock(movement.account, movement.currency, total)
            self._ledger.withdraw(movement.account, movement.currency, total)
            self._finish(movement, "DONE", at)
        self._changed(movement, at)

    def _finish(self, movement: Movement, state: str, now: int) -> None:
        movement.state, movement.done = state, now
        self._moving.remove(movement)

    def _changed(self, movement: Movement, now: int) -> None:
        self._emit(AssetChanged(movement.account, (movement.currency,), now))


def measure(amount: Decimal, minimum: Decimal, decimals: int) -> None:
    """Refuse an amount below the minimum, finer than so many decimals (8 at most), or beyond 15 digits."""
    whole = units(amount)
    if whole is None or whole % 10 ** (8 - decimals) or amount < minimum:
        raise refusal("validation_error", detail="amount does not have a valid value")


_PIECE = re.compile(r"\[([^\]]+)\](?:\{(\d+)(?:,\d+)?\})?|(.)")


def written_like(pattern: str, digits: Random) -> str:
    """Write a text that the pattern of an address matches: literals, and sets with a count."""
    text = ""
    for among, count, literal in _PIECE.findall(pattern):
        if literal:
            text += literal
            continue
        ranges = re.sub(r"(.)-(.)", lambda m: "".join(map(chr, range(ord(m[1]), ord(m[2]) + 1))), among)
        text += "".join(ranges[digits.getrandbits(30) % len(ranges)] for _ in range(int(count or 1)))
    return text
