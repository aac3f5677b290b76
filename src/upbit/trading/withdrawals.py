"""Withdrawals: only where a policy allows the very address, under ceilings, and counted before anything is sent.

A withdrawal is in the journal before it leaves, and counts in full against the ceiling of its UTC day unless the
exchange is known to have refused it. None is ever sent twice: one whose outcome is not known stays open in the journal
(`Journal.open_withdrawals`) and has to be looked up by a person. The switch must be at RUN. Nothing here widens a
policy, and the exchange's own list of addresses is asked for by nobody but the exchange.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Mapping
from decimal import Decimal

import msgspec

from .. import rules
from ..api import Withdraws
from ..errors import (
    APIConnectionError,
    APIStatusError,
    ConfigurationError,
    Halted,
    JournalError,
    RiskRefused,
    TradingError,
)
from ..flow.call import Terms
from ..flow.intent import GATEWAY, ask
from ..flow.steps import Flow
from ..models import TwoFactorType, Withdraw
from .draft import Amount
from .journal import Journal, Outcome, day_of
from .risk import above_zero
from .switch import Switch


class Destination(msgspec.Struct, frozen=True):
    """Where digital assets may go; each part must be the same to the letter."""

    currency: str
    net_type: str
    address: str
    secondary_address: str | None = None
    """Tag, memo or the like."""


BANK = Destination("KRW", "", "")
"""The registered bank account."""


class WithdrawalPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """What may be withdrawn. Raises ConfigurationError when a currency lacks a ceiling."""

    destinations: Collection[Destination]
    per_withdrawal: Mapping[str, Decimal | int]
    """The most in one withdrawal, by currency, in that currency, without the fee."""
    per_day: Mapping[str, Decimal | int]
    """The most on a UTC day, likewise."""

    def __post_init__(self) -> None:
        for currency in {one.currency for one in self.destinations}:
            for name, ceilings in (("per_withdrawal", self.per_withdrawal), ("per_day", self.per_day)):
                if currency not in ceilings:
                    raise ConfigurationError(f"{name} says nothing of {currency}, which has a destination")
                above_zero(f"{name} {currency}", ceilings[currency])

    def check(self, to: Destination, amount: Decimal, withdrawn: Decimal) -> None:
        """Raise RiskRefused unless this may be withdrawn, after so much on the same day."""
        if to not in self.destinations:
            raise RiskRefused("destination", "the destinations of the policy", to)
        if not (amount.is_finite() and amount > 0):
            raise RiskRefused("amount", "an amount above 0", amount)
        for rule, ceilings, value in (
            ("per_withdrawal", self.per_withdrawal, amount),
            ("per_day", self.per_day, withdrawn + amount),
        ):
            if not value <= ceilings[to.currency]:
                raise RiskRefused(rule, ceilings[to.currency], value)


class Withdrawals:
    """Withdraws for one account, under a policy."""

    def __init__(
        self, policy: WithdrawalPolicy, journal: Journal, switch: Switch, wall: Callable[[], float] = time.time
    ) -> None:
        self.policy = policy
        self._journal = journal
        self._switch = switch
        self._wall = wall
        self._log = logging.getLogger("upbit.trading")

    def withdraw(
        self, to: Destination, amount: Amount, terms: Terms, *, two_factor_type: TwoFactorType | None = None
    ) -> Flow[Withdraw]:
        """Withdraw an amount, without the fee; `two_factor_type` is for KRW.

        Raises Halted, RiskRefused or another TradingError when nothing was sent, else what the operation raises.
        After an APIConnectionError that was `sent`, an InternalServerError or a ResponseError, nobody knows whether
        it left: look it up, do not repeat it.
        """
        exact = rules.exact_price(amount)
        number = self._begin(to, exact)
        try:
            if to == BANK:
                arguments = {"amount": exact, "two_factor_type": two_factor_type}
                withdrawal = yield from ask(Withdraws.create_krw_withdrawal, arguments, terms)
            else:
                coin = {**msgspec.structs.asdict(to), "amount": exact}
                withdrawal = yield from ask(Withdraws.create_withdrawal, coin, terms)
        except APIStatusError as error:
            if 400 <= error.status_code < 500 and isinstance(error.name, str) and error.name != GATEWAY:
                self._settle(number, "rejected")
            raise
        except APIConnectionError as error:
            if not error.sent:
                self._settle(number, "abandoned")
            raise
        self._settle(number, "accepted", withdrawal.uuid)
        return withdrawal

    def _begin(self, to: Destination, amount: Decimal) -> int:
        """Check a withdrawal and record it, with nothing between; whatever goes wrong refuses it."""
        try:
            with self._journal.lock:
                self._switch.admit(reduces=False)
                now = self._wall()
                self.policy.check(to, amount, self._journal.withdrawn(day_of(now), to.currency))
                return self._journal.begin_withdrawal(
                    to.currency, to.net_type, to.address, to.secondary_address, amount, now
                )
        except (RiskRefused, Halted, JournalError):
            raise
        except Exception as error:
            raise TradingError(
                f"refused here, nothing was sent: the check of the withdrawal failed: {error!r}"
            ) from error

    def _settle(self, number: int, outcome: Outcome, uuid: str | None = None) -> None:
        """Record an outcome. That it cannot be recorded does not undo it: the withdrawal stays counted."""
        try:
            self._journal.settle_withdrawal(number, outcome, uuid)
        except JournalError as error:
            self._log.error("the outcome of withdrawal %d could not be recorded: %s", number, error)
