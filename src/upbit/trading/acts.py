"""What a trader can do, written once for both faces.

An order passes the switch, the limits and the journal before it leaves, in this order (`placing`).
"""

from __future__ import annotations

from datetime import UTC, datetime
from operator import attrgetter
from typing import Generic, TypeAlias

import msgspec

from ..api import Orderbooks, Orders
from ..api.operation import Face
from ..errors import APIError, ConfigurationError, OrderNotFoundError, OrderOutcomeUnknown, TradingError
from ..flow.act import Actor, act
from ..flow.intent import ask
from ..flow.steps import Flow
from ..models import CancelledOrder, Order, Side, SmpType, Sort, TimeInForce, TwoFactorType, Withdraw
from ..preflight import preflight
from ..views import Portfolio
from . import clearance, ends, history, recovery
from .draft import Amount, Draft, Wish
from .ends import Live
from .means import Means, Mode
from .placed import Placed
from .placing import Guards, Placing
from .recovery import Recovered
from .withdrawals import Destination

Named: TypeAlias = Placed | Order | str
"""An order, or its uuid."""

IN_FLIGHT = 60.0
"""Seconds that closing waits for orders that are being placed."""


class Replaced(msgspec.Struct, frozen=True):
    """What became of an order that was to be replaced."""

    old: Placed
    """The order before, as it was when its cancel was accepted."""
    new: Placed | None
    """The order in its place; None when the old one was filled first."""


class Trading(Actor[Face], Generic[Face]):
    """What both faces share: everything that can be done."""

    def __init__(self, mode: Mode, means: Means, guards: Guards) -> None:
        super().__init__(means.carry_out)
        self.mode: Mode = mode
        self.journal = guards.journal
        """Where every order is recorded before it leaves."""
        self.risk = guards.risk
        """The limits, which want to be told of losses, stale data and mismatches."""
        self.switch = guards.switch
        """Whether orders may leave."""
        self.recovered: list[Recovered] = []
        """What became of the orders that were under way when the process before this one ended."""
        self._guards = guards
        self._terms = means.terms
        self._placing = Placing(means.terms, guards)
        self.live: Live | None = None
        """What the private stream tells; None without `live=True`."""

    def __repr__(self) -> str:
        return f"<{self.mode} {type(self).__name__}, switch at {self.switch.state}>"

    @property
    def portfolio(self) -> Portfolio | None:
        """Balances, open orders and fills as the private stream tells them; None without `live=True`."""
        return None if self.live is None else self.live.portfolio

    # -- placing -------------------------------------------------------------------------------------

    @act
    def buy(
        self,
        market: str,
        *,
        quote: Amount | None = None,
        volume: Amount | None = None,
        percent: Amount | None = None,
        price: Amount | None = None,
        best: bool = False,
        time_in_force: TimeInForce | None = None,
        smp_type: SmpType | None = None,
        identifier: str | None = None,
    ) -> Flow[Placed]:
        """Buy, at the market, or with `price` at that price or lower, or `best` at the best ask of the moment.

        How much is said in exactly one way: `quote` is the total in the quote currency, to which the fee is added;
        `volume` is in the base currency (only with `price`); `percent` is that share of the free balance, fee included.
        A price off the grid goes down to it, a volume or total with more than eight decimals is cut: never more is
        spent than was asked for. `best` needs `time_in_force` `ioc` or `fok`. `identifier` is the order's own name,
        made when not given.

        Returns the order as accepted: fills follow, see `wait`. Raises ValueError for a wish that is none, Halted and
        RiskRefused when it is not let through, what `orders.create` raises when the exchange refuses, and
        OrderOutcomeUnknown when it may exist: then the journal keeps it, and `recover` finds it.
        """
        return self._place(
            Wish(
                market=market,
                side="bid",
                quote=quote,
                volume=volume,
                percent=percent,
                price=price,
                best=best,
                time_in_force=time_in_force,
                smp_type=smp_type,
            ),
            identifier,
        )

    @act
    def sell(
        self,
        market: str,
        *,
        quote: Amount | None = None,
        volume: Amount | None = None,
        percent: Amount | None = None,
        price: Amount | None = None,
        best: bool = False,
        time_in_force: TimeInForce | None = None,
        smp_type: SmpType | None = None,
        identifier: str | None = None,
    ) -> Flow[Placed]:
        """Sell, at the market, or with `price` at that price or higher, or `best` at the best bid of the moment.

        How much is said in exactly one way: `volume` is in the base currency; `percent` is that share of the free
        balance; `quote` is what the volume is worth at `price`, and needs one. A price off the grid goes up to it, a
        volume with more than eight decimals is cut. Else as `buy`.
        """
        return self._place(
            Wish(
                market=market,
                side="ask",
                quote=quote,
                volume=volume,
                percent=percent,
                price=price,
                best=best,
                time_in_force=time_in_force,
                smp_type=smp_type,
            ),
            identifier,
        )

    @act
    def replace(
        self,
        order: Named | None = None,
        *,
        price: Amount,
        volume: Amount | None = None,
        time_in_force: TimeInForce | None = None,
        smp_type: SmpType | None = None,
        identifier: str | None = None,
    ) -> Flow[Replaced]:
        """Cancel an order and place a limit order on its market and side, at another price.

        `volume` is what is left of the old one when not given. The request is sent once; when its answer is lost, both
        orders are looked up. Rounds and raises as `buy` and `sell` do, and OrderNotFoundError when the order is no
        longer open. `identifier` names the old order when only its own name is known.
        """
        name = _name(order, identifier)
        old = yield from ends.look_up(name, self._terms)
        if old.closed:
            raise OrderNotFoundError(404, "order_not_found", f"order {old.uuid} has ended: {old.status}")
        side: Side = "bid" if old.side == "bid" else "ask"
        draft = Wish(
            market=old.market,
            side=side,
            price=price,
            volume=old.remaining if volume is None else volume,
            time_in_force=time_in_force,
            smp_type=smp_type,
        ).draft(self._terms.identifier())
        arguments = {
            "prev_order_uuid": old.uuid,
            "new_ord_type": "limit",
            "new_price": draft.price,
            "new_volume": "remain_only" if volume is None else draft.volume,
            "new_identifier": draft.identifier,
            "new_time_in_force": time_in_force,
            "new_smp_type": smp_type,
        }
        told = yield from self._placing.order(draft, Orders.cancel_and_new, arguments, new=attrgetter("new_order_uuid"))
        if told.new_order_uuid is None:
            return Replaced(Placed(told), None)
        try:
            new = yield from ends.appear({"uuid": told.new_order_uuid}, self._terms)
        except APIError as error:  # both happened: it must not look as if they had not
            raise OrderOutcomeUnknown(draft.identifier, draft.market, error) from error
        return Replaced(Placed(told), new)

    # -- following -----------------------------------------------------------------------------------

    @act
    def status(self, order: Named | None = None, *, identifier: str | None = None) -> Flow[Placed]:
        """Look an order up, with its fills. Raises OrderNotFoundError when there is none."""
        return self._seen(ends.look_up(_name(order, identifier), self._terms))

    @act
    def wait(
        self, order: Named | None = None, timeout: float | None = None, *, identifier: str | None = None
    ) -> Flow[Placed]:
        """Wait until an order has ended, at most `timeout` seconds; the order with its fills, as it was seen last.

        Its `status` says how it ended, if it did. With `live=True` the private stream tells; else, and while that is
        not connected, the exchange is asked, less and less often.
        """
        return self._seen(ends.end(_name(order, identifier), self._terms, self.live, timeout))

    @act
    def cancel(self, order: Named | None = None, *, identifier: str | None = None) -> Flow[Placed]:
        """Cancel an order; the order as it ended, with its fills. One that has ended already is no error.

        Raises OrderNotFoundError when there was never such an order, OrderOutcomeUnknown when the exchange cannot be
        asked.
        """
        name = _name(order, identifier)
        try:
            yield from ask(Orders.cancel, name, self._terms)
        except OrderNotFoundError:
            yield from ends.look_up(name, self._terms)
        return (yield from self._seen(ends.end(name, self._terms, self.live, self._terms.order_deadline)))

    @act
    def cancel_all(self, market: str | None = None) -> Flow[list[CancelledOrder]]:
        """Cancel all open orders of the account, or those of a market; those that were cancelled.

        It ends when the exchange finds none open. Raises TradingError when that is not so after the client's
        `order_deadline`.
        """
        return clearance.clear(market, self._terms)

    @act
    def open_orders(self, market: str | None = None) -> Flow[list[Placed]]:
        """List the open orders, also those that wait for a trigger, newest first. They come without fills."""
        return history.opened(market, self._terms)

    @act
    def history(
        self, start: datetime, end: datetime | None = None, *, market: str | None = None, order_by: Sort = "desc"
    ) -> Flow[list[Placed]]:
        """List the orders placed from `start` until just before `end` (now, if not given) that have ended.

        Newest first unless `order_by="asc"`; any length of time, a request for each seven days or 1,000 orders. The
        exchange tells when an order was placed to the second. They come without fills. Raises ValueError for moments
        without a time zone.
        """
        if end is None:
            end = datetime.fromtimestamp(self._terms.wall() + 1, UTC)
        return history.closed(start, end, market, order_by, self._terms)

    # -- money that leaves ---------------------------------------------------------------------------

    @act
    def withdraw(
        self, to: Destination, amount: Amount, *, two_factor_type: TwoFactorType | None = None
    ) -> Flow[Withdraw]:
        """Withdraw an amount, without the fee, to a destination that the policy allows; `two_factor_type` is for KRW.

        It is recorded before it leaves and is never sent twice. Raises ConfigurationError without `withdrawals=`,
        Halted and RiskRefused when it is not let through, else what the operation raises. After an APIConnectionError
        that was `sent`, an InternalServerError or a ResponseError nobody knows whether it left: look it up, do not
        repeat it.
        """
        withdrawals = self._guards.withdrawals
        if withdrawals is None:
            raise ConfigurationError("withdrawals are off: give trading() withdrawals=WithdrawalPolicy(...)")
        return withdrawals.withdraw(to, amount, self._terms, two_factor_type=two_factor_type)

    # -- safety --------------------------------------------------------------------------------------

    @act
    def halt(self, reason: str) -> Flow[list[CancelledOrder]]:
        """Stop: no order leaves any more, what is open is cancelled; those that were cancelled.

        First the switch goes to HALT, where it stays, across restarts, until somebody sets it to RUN. Raises
        TradingError when orders may still be open, or the switch holds in this process only.
        """
        failure: OSError | None = None
        try:
            self.switch.set("HALT", reason)
        except OSError as error:
            failure = error
        cancelled = yield from self._placing.stop()
        if failure is not None:
            raise TradingError(f"all is cancelled, but the halt ends with this process: {failure}") from failure
        return cancelled

    @act
    def recover(self) -> Flow[list[Recovered]]:
        """Find out what became of the orders whose outcome the journal does not know; nothing is sent again.

        Entering the trader does this. One that is not there is given up when it can no longer arrive, within the
        client's `order_deadline`.
        """
        end = self._terms.clock() + self._terms.order_deadline
        found: list[Recovered] = []
        for entry in self.journal.open():
            if entry.identifier not in self._placing.under_way:
                found.append((yield from recovery.recover(entry, self.journal, self._terms, end)))
        return found

    @act
    def close(self, *, cancel_open: bool = False, deadline: float = IN_FLIGHT) -> Flow[None]:
        """End: take no more orders, wait for the outcome of those under way, at most `deadline` seconds.

        With `cancel_open` what is open is cancelled then. Leaving the trader does this, without cancelling.
        """
        self._placing.closed = True
        yield from self._placing.idle(self._terms.clock() + deadline)
        try:
            if cancel_open:
                yield from clearance.clear(None, self._terms)
        finally:
            self.journal.close()

    # -- insides -------------------------------------------------------------------------------------

    def _place(self, wish: Wish, identifier: str | None) -> Flow[Placed]:
        chance = bid = None
        if wish.by_balance:
            chance = yield from ask(Orders.retrieve_chance, {"market": wish.market}, self._terms)
        if wish.by_market:
            books = yield from ask(Orderbooks.list, {"markets": wish.market, "count": 1}, self._terms)
            bid = books[0].orderbook_units[0].bid_price
        draft = wish.draft(identifier or self._terms.identifier(), chance=chance, bid=bid)
        order = yield from self._placing.order(
            draft,
            Orders.create,
            draft.arguments,
            new=attrgetter("uuid"),
            check=self._preflight if self._guards.preflight else None,
        )
        return Placed(order)

    def _preflight(self, draft: Draft) -> Flow[None]:
        """Refuse an order that the exchange would refuse."""
        chance = yield from ask(Orders.retrieve_chance, {"market": draft.market}, self._terms)
        problems = preflight(chance, **draft.arguments)
        if problems:
            raise TradingError(f"refused here, nothing was sent: {'; '.join(one.message() for one in problems)}")

    def _seen(self, look: Flow[Placed]) -> Flow[Placed]:
        placed = yield from look
        self._placing.see(placed)
        return placed


def _name(order: Named | None, identifier: str | None) -> dict[str, str]:
    if order is not None and identifier is None:
        return {"uuid": order if isinstance(order, str) else order.uuid}
    if identifier is not None and order is None:
        return {"identifier": identifier}
    raise ValueError("name the order in one way: give it (or its uuid), or identifier=")
