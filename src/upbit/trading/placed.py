"""An order as the exchange shows it, and what that means: how far it is filled, at which price, for which fee.

The exchange knows four states; what a trader asks for is derived from them and from the amounts. Nothing is added up
that the exchange does not tell.
"""

from __future__ import annotations

from decimal import Context, Decimal, localcontext
from typing import Literal, TypeAlias

import msgspec

from ..models import Order, OrderTrade
from ..rules.grid import exactly

Status: TypeAlias = Literal[
    "accepted", "partially_filled", "filled", "cancelled", "partially_filled_cancelled", "prevented", "unknown"
]
"""`accepted`: open, nothing filled. `partially_filled`: open. `filled`: ended, whole; also a market buy that left less
than the smallest volume can cost. `cancelled`: ended, nothing filled. `partially_filled_cancelled`: ended, not whole.
`prevented`: ended by self-match prevention. `unknown`: the exchange says a state that is not known here."""

CLOSED = ("done", "cancel")
_DUST = Decimal("2e-8")
"""Twice the smallest volume: what is left of a market buy has met a price a little above the average."""


class Placed(msgspec.Struct, frozen=True):
    """An order that the exchange has accepted, as it was when it was last looked at."""

    order: Order
    """As the exchange shows it."""

    @property
    def uuid(self) -> str:
        """The exchange's name for it."""
        return self.order.uuid

    @property
    def identifier(self) -> str | None:
        """Our own name for it."""
        return self.order.identifier

    @property
    def market(self) -> str:
        """Market, `KRW-BTC`."""
        return self.order.market

    @property
    def side(self) -> str:
        """`bid` or `ask`."""
        return self.order.side

    @property
    def state(self) -> str:
        """What the exchange says: `wait`, `watch`, `done` or `cancel`."""
        return self.order.state

    @property
    def closed(self) -> bool:
        """Whether it has ended: nothing will change any more."""
        return self.order.state in CLOSED

    @property
    def status(self) -> Status:
        """What the state and the amounts mean together."""
        order = self.order
        match order.state:
            case "wait" | "watch":
                return "partially_filled" if order.executed_volume else "accepted"
            case "done":
                return "filled"
            case "cancel" if order.prevented_locked and not order.remaining_volume:
                return "prevented"
            case "cancel" if not order.executed_volume:
                return "cancelled"
            case "cancel":
                return "filled" if self._dust() else "partially_filled_cancelled"
            case _:
                return "unknown"

    @property
    def fills(self) -> tuple[OrderTrade, ...]:
        """The fills, if the order was looked up alone: not in lists, nor in the answers to placing and cancelling."""
        return tuple(self.order.trades or ())

    @property
    def executed_volume(self) -> Decimal:
        """Volume filled, in the base currency."""
        return self.order.executed_volume

    @property
    def executed_funds(self) -> Decimal | None:
        """What the fills were worth without the fee, in the quote currency; None when the exchange did not tell."""
        order = self.order
        if order.executed_funds is not None or not order.executed_volume:
            return order.executed_funds or Decimal(0)
        if order.trades is None:
            return None
        with exactly():
            return sum((trade.funds for trade in order.trades), Decimal(0))

    @property
    def average_price(self) -> Decimal | None:
        """Average price of the fills, to 28 digits; None without fills or when the exchange did not tell."""
        funds = self.executed_funds
        if not funds or not self.order.executed_volume:
            return None
        with localcontext(Context(prec=28)):
            return funds / self.order.executed_volume + Decimal(0)  # not 1.1E+8

    @property
    def fee(self) -> Decimal:
        """What was paid so far, in the quote currency."""
        return self.order.paid_fee

    @property
    def remaining(self) -> Decimal | None:
        """Volume not filled, in the base currency; of bids by total None."""
        return self.order.remaining_volume

    def _dust(self) -> bool:
        """Whether what a bid by total did not spend was too little to buy anything."""
        order, funds, average = self.order, self.executed_funds, self.average_price
        if order.volume is not None or order.price is None or funds is None or average is None:
            return False
        with exactly():
            return order.price - funds < average * _DUST
