"""What an order is: its ticket, the rules it must pass, its record with the exchange's formulas, its events.

Nothing here moves money or matches. The formulas are those of the exchange's order object in every state; nothing is
set to zero when an order closes (recorded answers of 2019 to 2026-03).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from decimal import Decimal
from typing import Literal

from msgspec import Struct

from ..errors import refusal
from .book import SCALE, Side
from .ledger import exact
from .notices import Announced

OrdType = Literal["limit", "price", "market", "best"]
TimeInForce = Literal["ioc", "fok", "post_only"]
SmpType = Literal["cancel_maker", "cancel_taker", "reduce", "none"]
State = Literal["wait", "done", "cancel"]
Kind = Literal["wait", "trade", "done", "cancel", "prevented"]

_ZERO = Decimal(0)


def units(amount: Decimal) -> int | None:
    """An amount in units of 1e-8; None if it is not positive, not whole in them, or beyond 15 digits."""
    if not amount.is_finite() or amount <= 0 or not -8 <= amount.adjusted() < 15:
        return None
    numerator, denominator = amount.as_integer_ratio()
    whole, rest = divmod(numerator * SCALE, denominator)
    return None if rest else whole


def amount(units: int) -> Decimal:
    """The amount that so many units of 1e-8 are."""
    with exact():
        return Decimal(units).scaleb(-8)


class Ticket(Struct, kw_only=True, array_like=True):
    """An order as asked for."""

    account: str
    market: str
    side: Side
    ord_type: OrdType
    price: Decimal | None = None
    """Unit price; for `price` and a `best` bid the total to spend, without fee."""
    volume: Decimal | None = None
    identifier: str | None = None
    time_in_force: TimeInForce | None = None
    smp_type: SmpType | None = None

    @property
    def quote(self) -> str:
        """What is paid with: KRW in KRW-BTC."""
        return self.market.partition("-")[0]

    @property
    def base(self) -> str:
        """What is bought: BTC in KRW-BTC."""
        return self.market.partition("-")[2]

    @property
    def currency(self) -> str:
        """What the order locks."""
        return self.quote if self.side == "bid" else self.base

    @property
    def total(self) -> Decimal:
        """What a bid may spend without fee, what an ask sells at its limit; 0 for an ask without a price."""
        with exact():
            return self._total()

    def _total(self) -> Decimal:
        return (self.price or _ZERO) * (1 if self.volume is None else self.volume)


class OrderTrade(Struct, frozen=True, array_like=True):
    """One fill as an order shows it."""

    market: str
    uuid: str
    price: Decimal
    volume: Decimal
    funds: Decimal
    trend: Literal["up", "down"]
    """Up when the taker bought."""
    created: int
    """Milliseconds since the epoch."""
    side: Side
    """The order's own."""


class OrderRecord(Ticket, kw_only=True):
    """An accepted order and what became of it."""

    uuid: str
    created: int
    """Milliseconds since the epoch."""
    fee: Decimal
    """The rate in force when it was accepted."""
    reserved_fee: Decimal
    state: State = "wait"
    executed_volume: Decimal = _ZERO
    executed_funds: Decimal = _ZERO
    paid_fee: Decimal = _ZERO
    prevented_volume: Decimal = _ZERO
    """Taken off by self-match prevention."""
    prevented_locked: Decimal = _ZERO
    """The lock that went with it: a bid's with its fee."""
    trades: tuple[OrderTrade, ...] = ()
    number: int = 0
    """Which of all accepted orders it is, from 1."""

    @property
    def remaining_fee(self) -> Decimal:
        """What is left of the reserved fee; 0 for an ask, whose fee comes out of the proceeds."""
        with exact():
            return self.reserved_fee - self.paid_fee if self.side == "bid" else _ZERO

    @property
    def remaining_volume(self) -> Decimal | None:
        """None for an order by total."""
        if self.volume is None:
            return None
        with exact():
            return self.volume - self.executed_volume - self.prevented_volume

    @property
    def locked(self) -> Decimal:
        """What the order still holds; after its end, what was given back."""
        with exact():
            if self.side == "ask":
                return (self.volume or _ZERO) - self.executed_volume - self.prevented_locked
            return self._total() + self.reserved_fee - self.executed_funds - self.paid_fee - self.prevented_locked

    def faults(self) -> list[str]:
        """What is wrong with the record (nothing, ever): sums, formulas, a price worse than its limit."""
        with exact():
            funds = sum((trade.funds for trade in self.trades), _ZERO)
            total = self.total * self.fee if self.side == "bid" else _ZERO
            tests = {
                "reserved_fee": self.reserved_fee == total,
                "executed_volume": self.executed_volume == sum((trade.volume for trade in self.trades), _ZERO),
                "executed_funds": self.executed_funds == funds,
                "funds": all(trade.funds == trade.price * trade.volume for trade in self.trades),
                "paid_fee": self.paid_fee == funds * self.fee,
                "remaining_fee": self.remaining_fee >= 0,
                "remaining_volume": self.remaining_volume is None or self.remaining_volume >= 0,
                "locked": self.locked >= 0,
                "limit": all(self._allows(trade.price) for trade in self.trades),
            }
        return [f"{self.uuid}: {name} is wrong" for name, good in tests.items() if not good]

    def _allows(self, price: Decimal) -> bool:
        if self.ord_type != "limit" or self.price is None:
            return True
        return price <= self.price if self.side == "bid" else price >= self.price

    def snapshot(self) -> OrderRecord:
        """The record as it is now; later events do not change it."""
        return copy(self)


class Traded(Struct, frozen=True):
    """A trade as the public sees it. Price and volume are in units of 1e-8."""

    market: str
    sequential_id: int
    """The time followed by four digits; rises strictly in a market."""
    time: int
    """Milliseconds since the epoch."""
    price: int
    volume: int
    side: Side
    """The taker's."""
    maker: str | None = None
    """The order's uuid, or None for the background market."""
    taker: str | None = None


class OrderChanged(Struct, frozen=True):
    """Something happened to a user's order."""

    kind: Kind
    order: OrderRecord
    """As it was right after."""
    time: int
    trade: OrderTrade | None = None
    trade_fee: Decimal | None = None
    is_maker: bool | None = None


class AssetChanged(Struct, frozen=True):
    """What an account has of these currencies changed."""

    account: str
    currencies: tuple[str, ...]
    time: int


Event = Traded | OrderChanged | AssetChanged | Announced


class Terms(Struct, frozen=True, kw_only=True):
    """On what terms a market trades; functions, because they depend on the market and on the date."""

    fee: Callable[[str, str, Side], Decimal]
    """Account, market, side -> rate; the same for makers and takers."""
    tick_size: Callable[[str, Decimal], Decimal]
    """Market, price -> step."""
    min_total: Callable[[str], Decimal]
    max_total: Callable[[str], Decimal | None]


_SHAPES: Mapping[tuple[str, str], tuple[bool, bool, frozenset[str | None]]] = {
    ("limit", "bid"): (True, True, frozenset({None, "ioc", "fok", "post_only"})),
    ("limit", "ask"): (True, True, frozenset({None, "ioc", "fok", "post_only"})),
    ("price", "bid"): (True, False, frozenset({None})),
    ("market", "ask"): (False, True, frozenset({None})),
    ("best", "bid"): (True, False, frozenset({"ioc", "fok"})),
    ("best", "ask"): (False, True, frozenset({"ioc", "fok"})),
}


def check(ticket: Ticket, terms: Terms, best_bid: int | None) -> None:
    """Refuse a ticket that no order can be made of, by the exchange's error names; funds are not looked at.

    An ask without a price is measured by the best bid, as the exchange says of market sells.
    """
    side = ticket.side
    shape = _SHAPES.get((ticket.ord_type, side))
    if shape is None or shape[:2] != (ticket.price is not None, ticket.volume is not None):
        raise refusal(f"create_{side}_error")
    if ticket.time_in_force not in shape[2]:
        raise refusal("invalid_time_in_force")
    if ticket.time_in_force == "post_only" and ticket.smp_type not in (None, "none"):
        raise refusal("invalid_post_only")
    if ticket.volume is not None and units(ticket.volume) is None:
        raise refusal(f"invalid_volume_{side}")
    if ticket.price is not None:
        price = units(ticket.price)
        tick = units(terms.tick_size(ticket.market, ticket.price)) if price and ticket.ord_type == "limit" else 1
        if price is None or tick is None or price % tick:
            raise refusal(f"invalid_price_{side}")
    minimum, maximum = terms.min_total(ticket.market), terms.max_total(ticket.market)
    with exact():
        at_market = ticket.price is None
        total = amount(best_bid or 0) * (ticket.volume or _ZERO) if at_market else ticket.total
    if total < minimum:
        name = "under_min_total_market_ask" if at_market else f"under_min_total_{side}"
        raise refusal(name, minimum=f"{minimum.normalize():f}", currency=ticket.quote)
    if maximum is not None and total > maximum:
        raise refusal(f"over_krw_funds_{side}", maximum=f"{maximum.normalize():f}", currency=ticket.quote)
