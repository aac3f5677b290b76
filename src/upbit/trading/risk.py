"""Limits on what a program may order, and what moves the kill switch by itself.

What is measured comes from the journal, so that a restart forgets nothing. Whatever goes wrong in a check refuses the
order: limits fail closed. What moves the switch, and how far (`TRIPS`; `Limits.trips` says otherwise):

    by themselves, in `check` and `begin`
        order_rate   more orders within 60 s than `orders_per_minute`                               REDUCE
        unknown      an order's outcome has not been known for `unknown_after` seconds              HALT
        exception    anything went wrong in a check, or in one of the methods below                 HALT
    by themselves, where the trader tells every outcome (`accepted`, `rejected`)
        rejections   `rejections_in_a_row` orders were refused, none taken between them             REDUCE
    only when the trader says what it sees
        loss         `result`: the loss of the day has come to `loss_per_day`                       HALT
        stale        `stale`: live data is older than `stale_after` seconds                         REDUCE
        mismatch     `mismatch`: the exchange and this program do not agree about orders or funds   HALT

Nothing here resumes, cancels or asks the exchange. Days are UTC days.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from types import MappingProxyType
from typing import Literal, TypeAlias, get_args

import msgspec

from ..errors import ConfigurationError, Halted, RiskRefused, TradingError
from .draft import Draft
from .journal import Journal, day_of
from .switch import Stop, Switch

Trigger: TypeAlias = Literal["order_rate", "unknown", "exception", "rejections", "loss", "stale", "mismatch"]
"""What moves the switch."""

TRIPS: Mapping[Trigger, Stop] = MappingProxyType(
    {
        "order_rate": "REDUCE",
        "unknown": "HALT",
        "exception": "HALT",
        "rejections": "REDUCE",
        "loss": "HALT",
        "stale": "REDUCE",
        "mismatch": "HALT",
    }
)
"""How far each moves the switch when nothing else is said."""

MINUTE = 60.0


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What a program may do; what is not given is not limited. Raises ConfigurationError for what is no limit."""

    currency: str = "KRW"
    """What `per_order`, `per_day` and `loss_per_day` are in. With the first two, orders on markets with another quote
    currency are refused unless `per_market` names the market."""
    per_order: Decimal | int | None = None
    """Worth of one order, without the fee."""
    per_day: Decimal | int | None = None
    """Worth of the orders of a UTC day that do not make a position smaller; cancelled ones count in full."""
    per_market: Mapping[str, Decimal | int] = {}
    """The same, by market, in its quote currency."""
    orders_per_minute: int | None = None
    """Orders within any 60 s."""
    rejections_in_a_row: int | None = None
    """Orders that the exchange refuses without taking one between them."""
    max_open_orders: int | None = None
    """Orders on the book and under way together, as the journal knows them (`Journal.see`)."""
    loss_per_day: Decimal | int | None = None
    """A loss, above 0."""
    stale_after: float | None = None
    """Seconds."""
    unknown_after: float | None = 180.0
    """Seconds since an order was begun whose outcome is not known."""
    trips: Mapping[Trigger, Stop] = {}
    """How far a trigger moves the switch, if not as in `TRIPS`."""

    def __post_init__(self) -> None:
        amounts = {"per_order": self.per_order, "per_day": self.per_day, "loss_per_day": self.loss_per_day}
        for name, amount in (*amounts.items(), *((f"per_market {one}", it) for one, it in self.per_market.items())):
            if amount is not None:
                above_zero(name, amount)
        for name in ("orders_per_minute", "rejections_in_a_row", "max_open_orders"):
            count: object = getattr(self, name)
            if count is not None and (type(count) is not int or count < 1):
                raise ConfigurationError(f"{name}={count!r} is not a whole number from 1 on")
        for name in ("stale_after", "unknown_after"):
            seconds: object = getattr(self, name)
            if seconds is not None and (not isinstance(seconds, int | float) or not 0 < seconds):
                raise ConfigurationError(f"{name}={seconds!r} is no number of seconds above 0")
        for trigger, stop in self.trips.items():
            if trigger not in TRIPS or stop not in get_args(Stop):
                raise ConfigurationError(
                    f"trips: {trigger!r} to {stop!r}; {', '.join(TRIPS)} go to {' or '.join(get_args(Stop))}"
                )


def above_zero(name: str, amount: Decimal | int) -> None:
    """Refuse as a limit what is not an exact amount above zero."""
    if type(amount) not in (Decimal, int) or not Decimal(amount).is_finite() or Decimal(amount) <= 0:
        raise ConfigurationError(f"{name}={amount!r} is not a Decimal or int above 0")


class Risk:
    """The limits of one account at work."""

    def __init__(self, limits: Limits, journal: Journal, switch: Switch, wall: Callable[[], float] = time.time) -> None:
        self.limits = limits
        self._journal = journal
        self._switch = switch
        self._wall = wall
        self._log = logging.getLogger("upbit.trading")

    def check(self, draft: Draft) -> None:
        """Refuse an order that the switch or a limit does not let through.

        Raises Halted and RiskRefused, TradingError when the check itself went wrong.
        It holds for this moment: `begin` is what leaves no moment between the check and the journal.
        """
        with self._refusing(), self._journal.lock:
            self._switch.admit(reduces=draft.reduces)
            self._check_pace()
            self._check_worth(draft)

    def begin(self, draft: Draft) -> None:
        """Check an order and begin it in the journal, with no other order between; nothing is begun when it raises.

        Raises what `check` raises, and JournalError.
        """
        with self._journal.lock:
            self.check(draft)
            self._journal.begin(draft, self._wall())

    def accepted(self) -> None:
        """Learn that the exchange took an order."""
        with self._watching():
            if self._journal.rejections:
                self._journal.forget_rejections()

    def rejected(self) -> None:
        """Learn that the exchange refused an order."""
        with self._watching():
            limit = self.limits.rejections_in_a_row
            count = self._journal.count_rejection()
            if limit is not None and count >= limit:
                self._trip("rejections", f"{count} orders in a row were refused, the limit is {limit}")
                self._journal.forget_rejections()  # whoever resumes begins anew

    def result(self, profit: Decimal) -> None:
        """Learn what the UTC day has brought so far, in `Limits.currency`; below zero it is a loss."""
        with self._watching():
            limit = self.limits.loss_per_day
            if limit is not None and not profit > -limit:
                self._trip("loss", f"the day has lost {-profit} {self.limits.currency}, the limit is {limit}")

    def stale(self, what: str, age: float) -> None:
        """Learn how many seconds old the newest of some live data is."""
        with self._watching():
            limit = self.limits.stale_after
            if limit is not None and not age <= limit:
                self._trip("stale", f"{what} is {age:.1f} s old, the limit is {limit:.1f} s")

    def mismatch(self, what: str) -> None:
        """Learn that the exchange and this program do not agree about orders or funds."""
        self._trip("mismatch", what)

    def overdue(self) -> None:
        """Look whether an outcome has not been known for too long; each check does so too."""
        with self._watching():
            self._overdue()

    # -- the checks ------------------------------------------------------------------------------------

    def _check_pace(self) -> None:
        limits, journal = self.limits, self._journal
        if (age := self._overdue()) is not None:
            raise RiskRefused("unknown_after", limits.unknown_after, age)
        if limits.orders_per_minute is not None:
            orders = journal.begun_since(self._wall() - MINUTE) + 1
            if orders > limits.orders_per_minute:
                self._trip("order_rate", f"{orders} orders within 60 s, the limit is {limits.orders_per_minute}")
                raise RiskRefused("orders_per_minute", limits.orders_per_minute, orders)
        if limits.max_open_orders is not None:
            orders = journal.count_live() + 1
            if orders > limits.max_open_orders:
                raise RiskRefused("max_open_orders", limits.max_open_orders, orders)

    def _check_worth(self, draft: Draft) -> None:
        limits, worth = self.limits, draft.notional
        own = limits.per_market.get(draft.market)
        if own is limits.per_order is limits.per_day is None:
            return
        if not (worth.is_finite() and worth > 0):
            raise RiskRefused("notional", "an amount above 0", worth)
        today = day_of(self._wall())
        if own is not None and not draft.reduces:
            _within("per_market", own, self._journal.spent(today, draft.market) + worth)
        if limits.per_order is limits.per_day is None:
            return
        if draft.market.partition("-")[0] != limits.currency:
            if own is None:
                raise RiskRefused("currency", limits.currency, draft.market)
            return
        if limits.per_order is not None:
            _within("per_order", limits.per_order, worth)
        if limits.per_day is not None and not draft.reduces:
            _within("per_day", limits.per_day, self._journal.spent(today, currency=limits.currency) + worth)

    def _overdue(self) -> float | None:
        """Trip when an outcome has not been known for too long, and say how long that is."""
        limit, begun = self.limits.unknown_after, self._journal.oldest_open()
        if limit is None or begun is None:
            return None
        age = self._wall() - begun
        if age <= limit:
            return None
        self._trip("unknown", f"an order's outcome has not been known for {age:.0f} s, the limit is {limit:.0f} s")
        return age

    # -- closing ---------------------------------------------------------------------------------------

    @contextmanager
    def _refusing(self) -> Generator[None]:
        """Make a refusal of whatever goes wrong."""
        try:
            yield
        except (RiskRefused, Halted):
            raise
        except Exception as error:
            self._trip("exception", f"a check went wrong: {error!r}")
            raise TradingError(f"refused here, nothing was sent: the check of the order failed: {error!r}") from error

    @contextmanager
    def _watching(self) -> Generator[None]:
        """Trip when something goes wrong while learning what has happened; that it happened stays true."""
        try:
            yield
        except Exception as error:
            self._trip("exception", f"the limits could not be told of something: {error!r}")

    def _trip(self, trigger: Trigger, reason: str) -> None:
        state = self.limits.trips.get(trigger, TRIPS[trigger])
        self._log.error("%s: %s: %s", state, trigger, reason)
        try:
            self._switch.trip(state, f"{trigger}: {reason}")
        except Exception as error:  # it holds in this process all the same
            self._log.error("the switch could not be written: %r", error)


def _within(rule: str, limit: Decimal | int, value: Decimal) -> None:
    if not value <= limit:
        raise RiskRefused(rule, limit, value)
