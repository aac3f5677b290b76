"""The matching engine: orders of users and of the background market, over many markets, with the money that moves.

An order is accepted first (`Engine.accept`: its funds are locked, its state is ``wait``) and matched in a second step
(`Engine.match`). The background market's orders are light: no record, no lock; `MARKET` is their account.
Every operation is told the time and ids come from a source passed in, so that the same calls give the same state.
It does not know keys, requests, rate limits or storage, and asks nobody for the time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Literal

from ..errors import refusal
from .book import SCALE, Book, Fill, Resting, Side
from .ledger import FEE, MARKET, InsufficientFunds, Ledger, Violation, exact
from .orders import (
    AssetChanged,
    Event,
    OrderChanged,
    OrderRecord,
    OrderTrade,
    State,
    Terms,
    Ticket,
    Traded,
    amount,
    check,
    units,
)

_ZERO = Decimal(0)
_FUNDS_SCALE = SCALE * SCALE


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
        self.ledger = ledger
        self.terms = terms
        self._ids = ids
        self._emit = emit
        self._markets = {code: _Market(code) for code in markets}
        self._last_id = 0
        self._orders: dict[str, OrderRecord] = {}
        self._by_account: dict[str, dict[str, OrderRecord]] = {}
        self._identified: dict[tuple[str, str], OrderRecord] = {}
        self._open: dict[str, Resting | None] = {}

    # -- questions -----------------------------------------------------------------------------

    def book(self, market: str) -> Book:
        """The order book of a market, to read; refused for a market that is not listed."""
        return self._market(market).book

    def order(self, account: str, uuid: str) -> OrderRecord | None:
        """An account's own order."""
        return self._by_account.get(account, {}).get(uuid)

    def identified(self, account: str, identifier: str) -> OrderRecord | None:
        """The order for which an account used this identifier up."""
        return self._identified.get((account, identifier))

    def orders(self, account: str) -> list[OrderRecord]:
        """All orders of an account, oldest first."""
        return list(self._by_account.get(account, {}).values())

    def open_orders(self) -> list[OrderRecord]:
        """The orders of all accounts that have not ended, oldest first."""
        return [self._orders[uuid] for uuid in self._open]

    # -- users -----------------------------------------------------------------------------------

    def draft(self, ticket: Ticket, now: int, spare: Decimal = _ZERO) -> OrderRecord:
        """The order this ticket would become, or the exchange's refusal. It is not accepted: nothing changes.

        `spare` counts as free: what an order about to be cancelled gives back.
        """
        market = self._market(ticket.market)
        check(ticket, self.terms, market.book.best_bid)
        account, side = ticket.account, ticket.side
        if ticket.identifier is not None and (account, ticket.identifier) in self._identified:
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
                uuid=self._ids(),
                created=now,
                fee=fee,
                reserved_fee=reserved_fee,
            )
            if self.ledger.holding(account, order.currency).balance + spare < order.locked:
                raise refusal(f"insufficient_funds_{side}", currency=order.currency)
        return order

    def accept(self, ticket: Ticket, now: int) -> OrderRecord:
        """Accept an order: its funds are locked, its identifier is used up for ever. `match` must follow."""
        order = self.draft(ticket, now)
        self._admit(order, now)
        return order

    def match(self, order: OrderRecord, now: int) -> None:
        """Let an accepted order trade; it ends, or what is left rests. An order that ended meanwhile stays as it is.

        A `best` order is a limit order at the best opposite price of this moment; without one it is cancelled.
        FOK counts what it could trade: own orders are left out under ``cancel_maker`` and kill it under the other two.
        """
        if order.state != "wait":
            return
        if self._open[order.uuid] is not None:
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
            self._close(order, "done", now)
        elif order.ord_type == "limit" and order.time_in_force in (None, "post_only") and not blocked:
            resting = Resting(self._next_id(), order.account, side, limit or 0, left.volume or 0, order)
            book.rest(resting)
            self._open[order.uuid] = resting
        else:
            self._close(order, "cancel", now)

    def cancel(self, order: OrderRecord, now: int) -> None:
        """End an open order and give its lock back; ``order_not_found`` when it has ended already."""
        if order.state != "wait":
            raise refusal("order_not_found")
        resting = self._open[order.uuid]
        if resting is not None:
            self._markets[order.market].book.remove(resting)
        self._close(order, "cancel", now)

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
        self._admit(new, now)
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

    def retract(self, market: str, resting: Resting) -> bool:
        """Cancel an order of the background market; False if it is gone already."""
        return self._markets[market].book.remove(resting)

    # -- invariants --------------------------------------------------------------------------------

    def faults(self, pending: Mapping[tuple[str, str], Decimal] | None = None) -> list[str]:
        """What is wrong (nothing, ever). `pending` is what withdrawals under way lock, by account and currency."""
        found = self.ledger.faults()
        locks: dict[tuple[str, str], Decimal] = dict(pending or {})
        with exact():
            for uuid, resting in self._open.items():
                order = self._orders[uuid]
                key = (order.account, order.currency)
                locks[key] = locks.get(key, _ZERO) + order.locked
                if order.state != "wait" or (resting and resting.remaining != units(order.remaining_volume or _ZERO)):
                    found.append(f"{uuid} is not what the book holds of it")
            for order in self._orders.values():
                found.extend(order.faults())
        if {key: locked for key, locked in locks.items() if locked} != self.ledger.locks():
            found.append("the locks of the accounts are not those of their open orders and withdrawals")
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

    def _admit(self, order: OrderRecord, now: int) -> None:
        try:
            self.ledger.lock(order.account, order.currency, order.locked)
        except InsufficientFunds as error:
            raise Violation(f"{order.uuid} was drafted without its funds") from error
        self._orders[order.uuid] = order
        self._by_account.setdefault(order.account, {})[order.uuid] = order
        if order.identifier is not None:
            self._identified[order.account, order.identifier] = order
        self._open[order.uuid] = None
        self._emit(OrderChanged("wait", order.snapshot(), now))
        self._emit(AssetChanged(order.account, (order.currency,), now))

    def _fills_whole(self, order: OrderRecord, book: Book, limit: int | None) -> bool:
        left = _Left(order)
        own = _prevents(order)
        for maker in book.walk(order.side, limit):
            if own is not None and maker.owner == own:
                if order.smp_type != "cancel_maker":
                    return False
                continue
            taken = left.takes(maker)
            left.less(maker.price, taken)
            if left.spent or taken < maker.remaining:
                return True
        return left.funds is not None and left.funds < (limit or 0)

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
        other = _record(maker)
        overlap = left.takes(maker)
        if order.smp_type != "cancel_taker":
            off = maker.remaining if order.smp_type == "cancel_maker" else overlap
            market.book.reduce(maker, off)
            self._take_off(other, off, maker.price * off, now)
            if not maker.remaining:
                self._close(other, "cancel", now)
        if order.smp_type != "cancel_maker":
            volume = overlap if order.smp_type == "reduce" else left.volume or 0
            funds = left.funds or 0 if order.smp_type == "cancel_taker" else overlap * maker.price
            if order.volume is not None:
                funds = volume * (units(order.price) or 0 if order.price else 0)
            self._take_off(order, volume, funds, now)
            left.less(maker.price, volume)
            if order.smp_type == "cancel_taker" or left.spent:
                self._close(order, "cancel", now)
                return False
        return True
