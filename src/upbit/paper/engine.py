"""The matching engine: orders of users and of the background market, over many markets, with the money that moves.

An order is accepted first (`Engine.accept`: its funds are locked, its state is ``wait``) and matched in a second step
(`Engine.match`). The background market's orders are light: no record, no lock; `MARKET` is their account.
Every operation is told the time and ids come from a source passed in, so that the same calls give the same state.
It does not know keys, requests, rate limits or storage, and asks nobody for the time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal

from ..errors import refusal
from .book import SCALE, Book, Fill, Resting, Side
from .ledger import Ledger, Violation, exact
from .orders import Event, OrderRecord, Terms, Ticket, Traded, check, units
from .register import Register

_ZERO = Decimal(0)


class _Market:
    __slots__ = ("book", "code", "sequential_id")

    def __init__(self, code: str) -> None:
        self.code = code
        self.book = Book()
        self.sequential_id = 0


class _Left:
    """What a taker may still take: a volume (units of 1e-8) or, for a bid by total, funds (units of 1e-16)."""

    __slots__ = ("funds", "volume")

    def __init__(self, order: OrderRecord) -> None:
        self.volume = None if order.volume is None else units(order.volume)
        self.funds = (units(order.price or _ZERO) or 0) * SCALE if order.volume is None else None

    @property
    def spent(self) -> bool:
        return not (self.funds if self.volume is None else self.volume)

    def takes(self, maker: Resting) -> int:
        """The volume it could exchange with a maker."""
        bound = (self.funds or 0) // maker.price if self.volume is None else self.volume
        return min(maker.remaining, bound)

    def less(self, price: int, volume: int) -> None:
        if self.volume is None:
            self.funds = (self.funds or 0) - price * volume
        else:
            self.volume -= volume


class Engine:
    """All order books with the ledger behind them. `emit` receives what happens, in order, as it happens."""

    def __init__(
        self,
        markets: Iterable[str],
        ledger: Ledger,
        terms: Terms,
        *,
        ids: Callable[[], str],
        emit: Callable[[Event], None],
    ) -> None:
        self.register = Register(ledger, ids, emit)
        self.terms = terms
        self._emit = emit
        self._markets = {code: _Market(code) for code in markets}
        self._last_id = 0

    def __getstate__(self) -> dict[str, object]:
        """All but the terms, which are functions: whoever reads this back sets them."""
        return {name: value for name, value in vars(self).items() if name != "terms"}

    # -- questions -----------------------------------------------------------------------------

    def book(self, market: str) -> Book:
        """The order book of a market, to read; refused for a market that is not listed."""
        return self._market(market).book

    # -- users -----------------------------------------------------------------------------------

    def draft(self, ticket: Ticket, now: int, spare: Decimal = _ZERO) -> OrderRecord:
        """The order this ticket would become, or the exchange's refusal. It is not accepted: nothing changes.

        Its uuid is empty, so that what is not accepted uses no id up.
        `spare` counts as free: what an order about to be cancelled gives back.
        """
        market = self._market(ticket.market)
        check(ticket, self.terms, market.book.best_bid)
        account, side = ticket.account, ticket.side
        if ticket.identifier is not None and self.register.identified(account, ticket.identifier):
            raise refusal("duplicated_identifier")
        fee = self.terms.fee(account, ticket.market, side)
        with exact():
            reserved_fee = ticket.total * fee if side == "bid" else _ZERO
            order = OrderRecord(
                account=account,
                market=ticket.market,
                side=side,
                ord_type=ticket.ord_type,
                price=ticket.price,
                volume=ticket.volume,
                identifier=ticket.identifier,
                time_in_force=ticket.time_in_force,
                smp_type=ticket.smp_type,
                uuid="",
                created=now,
                fee=fee,
                reserved_fee=reserved_fee,
            )
            if self.register.ledger.holding(account, order.currency).balance + spare < order.locked:
                raise refusal(f"insufficient_funds_{side}", currency=order.currency)
        return order

    def accept(self, ticket: Ticket, now: int) -> OrderRecord:
        """Accept an order: its funds are locked, its identifier is used up for ever. `match` must follow."""
        order = self.draft(ticket, now)
        self.register.admit(order, now)
        return order

    def match(self, order: OrderRecord, now: int) -> None:
        """Let an accepted order trade; it ends, or what is left rests. An order that ended meanwhile stays as it is.

        A `best` order is a limit order at the best opposite price of this moment; without one it is cancelled.
        FOK counts what it could trade: own orders are left out under ``cancel_maker`` and kill it under the other two.
        """
        if order.state != "wait":
            return
        if self.register.resting(order) is not None:
            raise Violation(f"{order.uuid} was matched before")
        market = self._markets[order.market]
        book, side = market.book, order.side
        limit = units(order.price) if order.ord_type == "limit" and order.price is not None else None
        if order.ord_type == "best":
            limit = book.best_ask if side == "bid" else book.best_bid
        left = _Left(order)
        blocked = (order.time_in_force == "post_only" and next(book.walk(side, limit), None) is not None) or (
            order.time_in_force == "fok" and not self._fills_whole(order, book, limit)
        )
        if not blocked and not self._take(order, market, limit, left, now):
            return
        if left.spent:
            self.register.close(order, "done", now)
        elif order.ord_type == "limit" and order.time_in_force in (None, "post_only") and not blocked:
            resting = Resting(self._next_id(), order.account, side, limit or 0, left.volume or 0, order)
            book.rest(resting)
            self.register.rest(order, resting)
        else:
            self.register.close(order, "cancel", now)

    def cancel(self, order: OrderRecord, now: int) -> None:
        """End an open order and give its lock back; ``order_not_found`` when it has ended already."""
        if order.state != "wait":
            raise refusal("order_not_found")
        resting = self.register.resting(order)
        if resting is not None:
            self.withdraw(resting)
        self.register.close(order, "cancel", now)

    def cancel_and_new(self, order: OrderRecord, ticket: Ticket, now: int) -> OrderRecord:
        """Cancel an order and accept another on the same side in its place, whose lock may come out of the old one.

        When the new one would be refused nothing is cancelled. `match` must follow for the new one.
        """
        if order.state != "wait":
            raise refusal("order_not_found")
        if (order.account, order.market, order.side) != (ticket.account, ticket.market, ticket.side):
            raise Violation(f"{order.uuid} may not become an order elsewhere")
        new = self.draft(ticket, now, order.locked)
        self.cancel(order, now)
        self.register.admit(new, now)
        return new

    # -- the background market -------------------------------------------------------------------

    def quote(self, market: str, side: Side, price: int, volume: int, now: int) -> Resting:
        """A limit order of the background market, units of 1e-8. What does not trade at once rests."""
        place = self._markets[market]
        for fill in place.book.match(side, limit=price, volume=volume):
            volume -= fill.volume
            self._trade(place, fill, side, now, None)
        resting = Resting(self._next_id(), None, side, price, volume)
        if volume:
            place.book.rest(resting)
        return resting

    def sweep(self, market: str, side: Side, volume: int, now: int) -> int:
        """A market order of the background market; the volume that traded."""
        place = self._markets[market]
        swept = 0
        for fill in place.book.match(side, volume=volume):
            swept += fill.volume
            self._trade(place, fill, side, now, None)
        return swept

    def withdraw(self, resting: Resting) -> bool:
        """Cancel an order of the background market; False if it is gone already."""
        return resting.book is not None and resting.book.remove(resting)

    # -- invariants --------------------------------------------------------------------------------

    def faults(self, pending: Mapping[tuple[str, str], Decimal] | None = None) -> list[str]:
        """What is wrong (nothing, ever). `pending` is what withdrawals under way lock, by account and currency."""
        found = self.register.faults(pending or {})
        for market in self._markets.values():
            found.extend(f"{market.code}: {fault}" for fault in market.book.faults())
        return found

    def check_invariants(self, pending: Mapping[tuple[str, str], Decimal] | None = None) -> None:
        """Raise `Violation` when anything is wrong."""
        found = self.faults(pending)
        if found:
            raise Violation("; ".join(found))

    # -- insides -------------------------------------------------------------------------------------

    def _market(self, code: str) -> _Market:
        market = self._markets.get(code)
        if market is None:
            raise refusal("notfoundmarket", market=code)
        return market

    def _next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def _fills_whole(self, order: OrderRecord, book: Book, limit: int | None) -> bool:
        left = _Left(order)
        own = _prevents(order)
        for maker in book.walk(order.side, limit):
            taken = left.takes(maker)
            if not taken:
                return True
            if own is None or maker.owner != own:
                left.less(maker.price, taken)
            elif order.smp_type != "cancel_maker":
                return False
        return left.spent or (left.funds is not None and left.funds < (limit or 0))

    def _take(self, order: OrderRecord, market: _Market, limit: int | None, left: _Left, now: int) -> bool:
        """Trade until nothing is left to take; False if self-match prevention ended the order."""
        book, own = market.book, _prevents(order)
        while True:
            for fill in book.match(order.side, limit=limit, volume=left.volume, funds=left.funds, avoid=own):
                left.less(fill.price, fill.volume)
                self._trade(market, fill, order.side, now, order)
            maker = None if own is None or left.spent else next(book.walk(order.side, limit), None)
            if maker is None or maker.owner != own or not left.takes(maker):
                return True
            if not self._prevent(order, market, maker, left, now):
                return False

    def _prevent(self, order: OrderRecord, market: _Market, maker: Resting, left: _Left, now: int) -> bool:
        """Keep an order from meeting a maker of its own account, as the taker asks; False if that ended the taker."""
        if order.smp_type == "cancel_taker":
            self.register.take_off(order, left.volume or 0, left.funds or 0, now)
            self.register.close(order, "cancel", now)
            return False
        other, overlap = _record(maker), left.takes(maker)
        off = overlap if order.smp_type == "reduce" else maker.remaining
        market.book.reduce(maker, off)
        self.register.take_off(other, off, 0, now)
        if not maker.remaining:
            self.register.close(other, "cancel", now)
        if order.smp_type == "reduce":
            left.less(maker.price, overlap)
            self.register.take_off(order, overlap, overlap * maker.price, now)
            if left.spent:
                self.register.close(order, "cancel", now)
                return False
        return True

    def _trade(self, market: _Market, fill: Fill, side: Side, now: int, taker: OrderRecord | None) -> None:
        """Book a fill that the order book has made: money, records, events."""
        market.sequential_id = max(now * 10_000, market.sequential_id + 1)
        made, price, traded = fill
        maker = None if made.owner is None else _record(made)
        self._emit(
            Traded(
                market.code,
                market.sequential_id,
                now,
                price,
                traded,
                side,
                None if maker is None else maker.uuid,
                None if taker is None else taker.uuid,
            )
        )
        if maker is None and taker is None:
            return
        self.register.settle(maker=maker, taker=taker, side=side, price=price, volume=traded, now=now)
        if maker is not None and not made.remaining:
            self.register.close(maker, "done", now)


def _prevents(order: OrderRecord) -> str | None:
    """The account whose makers a taker must not meet: its own, if it asks for self-match prevention."""
    return None if order.smp_type in (None, "none") else order.account


def _record(resting: Resting) -> OrderRecord:
    if not isinstance(resting.order, OrderRecord):
        raise Violation(f"{resting.id} of {resting.owner} has no record")
    return resting.order
