"""Who owns what: double-entry accounts, exact to the last digit.

Every amount that leaves one account enters another; only `Ledger.deposit` and `Ledger.withdraw` change what a currency
sums to. Arithmetic is `Decimal` with the ``Inexact`` trap on: a rounded amount is an error, not a result. Averages for
display are the one exception. The ledger knows no orders and no prices beyond the trade it settles.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from decimal import ROUND_HALF_UP, Context, Decimal, DivisionByZero, Inexact, InvalidOperation, Overflow, localcontext
from typing import Final

from msgspec import Struct

MARKET = "(market)"
"""The other side of a user's trade with the background market. It owes without bound: its balances may be negative."""
FEE = "(fee)"
"""Where fees go."""

_ZERO = Decimal(0)
_DIGITS = 60
_EXACT: Final = Context(prec=_DIGITS, traps=[Inexact, InvalidOperation, DivisionByZero, Overflow])  # only ever copied
_AVERAGE_STEP = Decimal("1e-8")


def exact() -> AbstractContextManager[Context]:
    """A decimal context in which nothing is rounded: 60 digits, and an error beyond."""
    return localcontext(_EXACT)


class Violation(AssertionError):
    """The books do not balance: a defect of the paper exchange, never of its user."""


class InsufficientFunds(Exception):
    """There is less than was asked for."""

    def __init__(self, account: str, currency: str) -> None:
        super().__init__(account, currency)
        self.account = account
        self.currency = currency


class Holding(Struct):
    """What one account has of one currency."""

    balance: Decimal = _ZERO
    """Free to use; what is locked is not part of it."""
    locked: Decimal = _ZERO
    """Held by open orders and pending withdrawals."""
    average: Decimal = _ZERO
    """Average buy price for display, 8 decimals; 0 when nothing was bought."""


class Ledger:
    """The accounts of all users, of the fee collector and of the background market."""

    def __init__(self, unit: str = "KRW") -> None:
        self.unit = unit
        """The currency of average buy prices; buying with another currency leaves them alone."""
        self._accounts: dict[str, dict[str, Holding]] = {}
        self._issued: dict[str, Decimal] = {}

    def holding(self, account: str, currency: str) -> Holding:
        """A copy of what an account has of a currency: zeros for one it never held."""
        held = self._accounts.get(account, {}).get(currency)
        return Holding() if held is None else Holding(held.balance, held.locked, held.average)

    def accounts(self) -> list[str]:
        """Everybody who ever held anything, in the order in which they came."""
        return list(self._accounts)

    def holdings(self, account: str) -> Iterator[tuple[str, Holding]]:
        """Every currency the account ever held, in the order in which they came."""
        return ((currency, self.holding(account, currency)) for currency in list(self._accounts.get(account, ())))

    def locks(self) -> dict[tuple[str, str], Decimal]:
        """Everything locked, by account and currency."""
        return {
            (account, currency): held.locked
            for account, holdings in self._accounts.items()
            for currency, held in holdings.items()
            if held.locked
        }

    def deposit(self, account: str, currency: str, amount: Decimal) -> None:
        """Let an amount enter the exchange."""
        with exact():
            self._add(account, currency, amount)
            self._issued[currency] = self._issued.get(currency, _ZERO) + amount

    def withdraw(self, account: str, currency: str, amount: Decimal) -> None:
        """Let an amount leave the exchange; raises `InsufficientFunds`."""
        with exact():
            self._take(account, currency, amount)
            self._issued[currency] = self._issued.get(currency, _ZERO) - amount

    def transfer(self, payer: str, receiver: str, currency: str, amount: Decimal) -> None:
        """Move a free amount from one account to another; raises `InsufficientFunds`."""
        with exact():
            self._take(payer, currency, amount)
            self._add(receiver, currency, amount)

    def lock(self, account: str, currency: str, amount: Decimal) -> None:
        """Set a free amount aside; raises `InsufficientFunds`."""
        with exact():
            self._take(account, currency, amount)
            self._held(account, currency).locked += amount

    def unlock(self, account: str, currency: str, amount: Decimal) -> None:
        """Give an amount set aside back."""
        with exact():
            self._spend(account, currency, amount)
            self._add(account, currency, amount)

    def settle(
        self,
        *,
        buyer: str,
        seller: str,
        base: str,
        quote: str,
        volume: Decimal,
        funds: Decimal,
        bid_fee: Decimal,
        ask_fee: Decimal,
    ) -> None:
        """Carry out a trade: what is exchanged comes out of the locks of both, the seller's fee out of the proceeds."""
        with exact():
            self._average(buyer, base, quote, volume, funds)
            self._spend(buyer, quote, funds + bid_fee)
            self._spend(seller, base, volume)
            self._add(buyer, base, volume)
            self._add(seller, quote, funds - ask_fee)
            if bid_fee or ask_fee:
                self._add(FEE, quote, bid_fee + ask_fee)
            sold = self._held(seller, base)
            if not sold.balance and not sold.locked:
                sold.average = _ZERO

    def faults(self) -> list[str]:
        """What is wrong (nothing, ever): money made or lost, an amount below zero."""
        found: list[str] = []
        sums: dict[str, Decimal] = {}
        with exact():
            for account, holdings in self._accounts.items():
                for currency, held in holdings.items():
                    sums[currency] = sums.get(currency, _ZERO) + held.balance + held.locked
                    if held.locked < 0 or (held.balance < 0 and account != MARKET):
                        found.append(f"{account} has {held.balance} free and {held.locked} locked {currency}")
        for currency, total in sums.items():
            if total != self._issued.get(currency, _ZERO):
                found.append(f"{currency} sums to {total}, {self._issued.get(currency, _ZERO)} came in")
        return found

    def _held(self, account: str, currency: str) -> Holding:
        return self._accounts.setdefault(account, {}).setdefault(currency, Holding())

    def _add(self, account: str, currency: str, amount: Decimal) -> None:
        if amount < 0:
            raise Violation(f"{amount} {currency} for {account}")
        self._held(account, currency).balance += amount

    def _take(self, account: str, currency: str, amount: Decimal) -> None:
        if amount < 0:
            raise Violation(f"{amount} {currency} from {account}")
        if self.holding(account, currency).balance < amount:
            raise InsufficientFunds(account, currency)
        self._held(account, currency).balance -= amount

    def _spend(self, account: str, currency: str, amount: Decimal) -> None:
        """Take from the lock; the background market pays from a balance without bottom."""
        held = self._held(account, currency)
        if account == MARKET:
            held.balance -= amount
        elif 0 <= amount <= held.locked:
            held.locked -= amount
        else:
            raise Violation(f"{amount} {currency} from {held.locked} locked by {account}")

    def _average(self, buyer: str, base: str, quote: str, volume: Decimal, funds: Decimal) -> None:
        """Join a buy to the average: what was not bought with `unit` counts as bought at the average so far."""
        if quote != self.unit or buyer == MARKET:
            return
        held = self._held(buyer, base)
        with localcontext(Context(prec=_DIGITS, rounding=ROUND_HALF_UP)):
            before = held.balance + held.locked if held.average else _ZERO
            average = (before * held.average + funds) / (before + volume)
            held.average = average.quantize(_AVERAGE_STEP)
