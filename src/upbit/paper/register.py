"""The register of users' orders: every record and identifier, and the money that moves with them.

It carries out what the engine has decided (accept, trade, prevent, end): the ledger, the record and the events change
together. It decides nothing itself and never looks into an order book.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Literal

from .book import SCALE, Resting, Side
from .ledger import MARKET, InsufficientFunds, Ledger, Violation, exact
from .orders import AssetChanged, Event, OrderChanged, OrderRecord, OrderTrade, amount

_ZERO = Decimal(0)
_FUNDS_SCALE = SCALE * SCALE
_TREND: Mapping[Side, Literal["up", "down"]] = {"bid": "up", "ask": "down"}


class Register:
    """All orders that users ever placed here, with the ledger behind them."""

    def __init__(self, ledger: Ledger, ids: Callable[[], str], emit: Callable[[Event], None]) -> None:
        self.ledger = ledger
        self._ids = ids
        self._emit = emit
        self._orders: dict[str, OrderRecord] = {}
        self._by_account: dict[str, dict[str, OrderRecord]] = {}
        self._identified: dict[tuple[str, str], OrderRecord] = {}
        self._open: dict[str, Resting | None] = {}
        self._ended: list[OrderRecord] = []

    def __getstate__(self) -> dict[str, object]:
        """All but the orders that have ended: they change no more, and are kept apart (`ended`, `restore`)."""
        open_orders = {uuid: self._orders[uuid] for uuid in self._open}
        state: dict[str, object] = dict(vars(self))
        state.update(_orders=open_orders, _by_account={}, _identified={}, _ended=[])
        return state

    def restore(self, ended: Iterable[OrderRecord]) -> None:
        """After a copy was made of `__getstate__`: take back the orders that had ended, in the order of their ends."""
        self._ended = list(ended)
        known = sorted([*self._orders.values(), *self._ended], key=lambda order: order.number)
        self._orders = {order.uuid: order for order in known}
        self._identified = {(order.account, order.identifier): order for order in known if order.identifier is not None}
        for account in dict.fromkeys(order.account for order in known):
            self._by_account[account] = {order.uuid: order for order in known if order.account == account}

    def ended(self, since: int = 0) -> list[OrderRecord]:
        """The orders that have ended but for the first `since` of them, in the order of their ends."""
        return self._ended[since:]

    def order(self, account: str, uuid: str) -> OrderRecord | None:
        """An account's own order."""
        return self._by_account.get(account, {}).get(uuid)

    def identified(self, account: str, identifier: str) -> OrderRecord | None:
        """The order for which an account used this identifier up."""
        return self._identified.get((account, identifier))

    def orders(self, account: str) -> list[OrderRecord]:
        """All orders of an account, oldest first."""
        return list(self._by_account.get(account, {}).values())

    def everything(self) -> list[OrderRecord]:
        """All orders of all accounts, oldest first."""
        return list(self._orders.values())

    def open_orders(self, account: str) -> list[OrderRecord]:
        """The orders of an account that have not ended, oldest first."""
        return [order for order in map(self._orders.__getitem__, self._open) if order.account == account]

    def resting(self, order: OrderRecord) -> Resting | None:
        """Where an open order stands in the book; None before it was matched."""
        return self._open[order.uuid]

    def admit(self, order: OrderRecord, now: int) -> None:
        """Accept an order: name it, lock its funds and use its identifier up."""
        order.uuid = self._ids()
        try:
            self.ledger.lock(order.account, order.currency, order.locked)
        except InsufficientFunds as error:
            raise Violation(f"{order.uuid} was drafted without its funds") from error
        order.number = len(self._orders) + 1
        self._orders[order.uuid] = order
        self._by_account.setdefault(order.account, {})[order.uuid] = order
        if order.identifier is not None:
            self._identified[order.account, order.identifier] = order
        self._open[order.uuid] = None
        self._emit(OrderChanged("wait", order.snapshot(), now))
        self._emit(AssetChanged(order.account, (order.currency,), now))

    def rest(self, order: OrderRecord, resting: Resting) -> None:
        """Note where an order stands in the book."""
        self._open[order.uuid] = resting

    def settle(
        self, *, maker: OrderRecord | None, taker: OrderRecord | None, side: Side, price: int, volume: int, now: int
    ) -> None:
        """Carry out a trade of a user with a user or with the background market (None); `side` is the taker's."""
        orders = [order for order in (maker, taker) if order is not None]
        bid, ask = (taker, maker) if side == "bid" else (maker, taker)
        market, quote, base = orders[0].market, orders[0].quote, orders[0].base
        uuid, trend = self._ids(), _TREND[side]
        changes: list[OrderChanged] = []
        with exact():
            traded, paid = amount(volume), amount(price)
            funds = paid * traded
            self.ledger.settle(
                buyer=MARKET if bid is None else bid.account,
                seller=MARKET if ask is None else ask.account,
                base=base,
                quote=quote,
                volume=traded,
                funds=funds,
                bid_fee=_ZERO if bid is None else funds * bid.fee,
                ask_fee=_ZERO if ask is None else funds * ask.fee,
            )
            for order in orders:
                fee = funds * order.fee
                trade = OrderTrade(market, uuid, paid, traded, funds, trend, now, order.side)
                order.executed_volume += traded
                order.executed_funds += funds
                order.paid_fee += fee
                order.trades = (*order.trades, trade)
                changes.append(OrderChanged("trade", order.snapshot(), now, trade, fee, order is maker))
        for change in changes:
            self._emit(change)
        for account in dict.fromkeys(order.account for order in orders):
            self._emit(AssetChanged(account, (quote, base), now))

    def take_off(self, order: OrderRecord, volume: int, funds: int, now: int) -> None:
        """Take a volume (1e-8), or funds (1e-16) if it is an order by total, off an order without a trade."""
        with exact():
            if order.volume is None:
                lock = Decimal(funds) / _FUNDS_SCALE * (1 + order.fee)
            else:
                lock = off = amount(volume)
                order.prevented_volume += off
                if order.side == "bid":
                    lock = off * (order.price or _ZERO) * (1 + order.fee)
            order.prevented_locked += lock
        self.ledger.unlock(order.account, order.currency, lock)
        self._emit(OrderChanged("prevented", order.snapshot(), now))
        self._emit(AssetChanged(order.account, (order.currency,), now))

    def close(self, order: OrderRecord, state: Literal["done", "cancel"], now: int) -> None:
        """End an order: its lock is given back, its record keeps what it shows."""
        order.state = state
        del self._open[order.uuid]
        self._ended.append(order)
        given_back = order.locked
        self._emit(OrderChanged(state, order.snapshot(), now))
        if given_back:
            self.ledger.unlock(order.account, order.currency, given_back)
            self._emit(AssetChanged(order.account, (order.currency,), now))

    def faults(self, pending: Mapping[tuple[str, str], Decimal]) -> list[str]:
        """What is wrong (nothing, ever): the ledger, the formulas of every order, the locks and what the books hold."""
        found = self.ledger.faults()
        locks = dict(pending)
        for order in self._orders.values():
            found.extend(order.faults())
            if (order.state == "wait") != (order.uuid in self._open):
                found.append(f"{order.uuid} is {order.state}, the list of open orders says otherwise")
        for uuid, resting in self._open.items():
            order = self._orders[uuid]
            key = (order.account, order.currency)
            with exact():
                locks[key] = locks.get(key, _ZERO) + order.locked
            if resting is not None and amount(resting.remaining) != order.remaining_volume:
                found.append(f"{uuid} is not what the book holds of it")
        if {key: locked for key, locked in locks.items() if locked} != self.ledger.locks():
            found.append("the locks of the accounts are not those of their open orders and withdrawals")
        return found
