"""Invariant 8: an order rebuilt from its events is the order."""

from __future__ import annotations

from decimal import Decimal

from upbit.paper.orders import OrderChanged, OrderRecord

D = Decimal


class Told:
    """An order as its events tell it: every fill and every end, nothing taken from the sums they carry."""

    def __init__(self, event: OrderChanged) -> None:
        order = event.order
        self.bid = order.side == "bid"
        self.total, self.volume, self.reserved_fee = order.total, order.volume, order.reserved_fee
        self.state = "wait"
        self.executed_volume = self.executed_funds = self.paid_fee = D(0)
        self.prevented_volume = self.prevented_locked = D(0)
        self.trades: list[object] = []
        self.story: list[str] = []

    def hear(self, event: OrderChanged) -> None:
        self.story.append(event.kind)
        if event.kind in ("done", "cancel"):
            self.state = event.kind
        elif event.kind == "prevented":
            self.prevented_volume, self.prevented_locked = event.order.prevented_volume, event.order.prevented_locked
        elif event.trade is not None and event.trade_fee is not None:
            self.executed_volume += event.trade.volume
            self.executed_funds += event.trade.funds
            self.paid_fee += event.trade_fee
            self.trades.append(event.trade)

    def differs(self, order: OrderRecord) -> bool:
        if self.bid:
            locked = self.total + self.reserved_fee - self.executed_funds - self.paid_fee - self.prevented_locked
        else:
            locked = (self.volume or D(0)) - self.executed_volume - self.prevented_volume
        rest = None if self.volume is None else self.volume - self.executed_volume - self.prevented_volume
        return (
            *(self.state, self.executed_volume, self.executed_funds, self.paid_fee, self.prevented_volume),
            *(self.prevented_locked, tuple(self.trades), locked, rest, self.reserved_fee),
        ) != (
            *(order.state, order.executed_volume, order.executed_funds, order.paid_fee, order.prevented_volume),
            *(order.prevented_locked, order.trades, order.locked, order.remaining_volume, order.reserved_fee),
        )
