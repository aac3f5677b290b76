"""One's own balances, open orders, fills and average buy prices, as the private stream tells them.

It asks nobody and books nothing itself: a balance is what the exchange last said, never the sum of the fills. What it
was not told it does not know: orders and balances from before the stream come in by the events with which a feed
begins, or, the balances, as the `accounts` it is made with.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Final, TypeVar

import msgspec

from ..models import Account, FeedEvent, Gap, MyAsset, MyAssetEvent, MyOrderEvent, Order
from ..rules.grid import exactly
from .holding import Holding

_Key = TypeVar("_Key")
_ZERO: Final = Decimal(0)
_REMEMBERED: Final = 10_000
"""So many fills and ended orders are remembered, to tell repeated events."""


class Portfolio:
    """Balances, open orders, fills and average buy prices, from `MyOrderEvent`, `MyAssetEvent` and `Gap`.

    Each fill counts once, by its order and trade uuid; the executed volume of an order never falls; an order that ended
    stays ended. Of balances and orders the newest counts by the exchange's time, and by arrival within a millisecond;
    balances learned by REST (`SNAPSHOT`, `RECOVERED`) have no such time and count as they come.
    """

    def __init__(self, accounts: Iterable[Account] = (), *, history: int = 1000) -> None:
        """`accounts` is what `accounts.list()` gave when the stream began; `history` is how many fills are kept."""
        self._assets: dict[str, MyAsset] = {}
        self._holdings: dict[str, Holding] = {}
        self._unit = "KRW"
        for account in accounts:
            self._unit = account.unit_currency
            with exactly():
                total = account.balance + account.locked
            self._holdings[account.currency] = Holding(total, account.avg_buy_price)
            self._assets[account.currency] = MyAsset(
                currency=account.currency, balance=account.balance, locked=account.locked
            )
        self._orders: dict[str, Order] = {}
        self._newest: dict[str, tuple[Decimal, Decimal, int]] = {}
        self._ended: dict[str, None] = {}
        self._applied: dict[tuple[str, str | Decimal], None] = {}
        self._fills: list[MyOrderEvent] = []
        self._history = history
        self._stale: dict[str, datetime] = {}

    def apply(self, event: FeedEvent) -> None:
        """Take what happened to an order or to balances, or a gap in that."""
        if isinstance(event, MyOrderEvent):
            if event.state == "trade":
                self._fill(event)
            self._follow(event)
        elif isinstance(event, MyAssetEvent):
            asked = event.stream_type in ("SNAPSHOT", "RECOVERED")
            for asset in event.assets:
                if self._holding(asset.currency).tell(asset, event.asset_timestamp, asked=asked):
                    self._assets[asset.currency] = asset
        elif isinstance(event, Gap) and event.type in ("myOrder", "myAsset"):
            since = self._stale.get(event.type, event.start)
            if event.lost != 0:
                self._stale[event.type] = min(since, event.start)
            elif event.start <= since:
                self._stale.pop(event.type, None)

    @property
    def stale_since(self) -> datetime | None:
        """Since when something may be missing here: the start of a `Gap` that was not recovered.

        None again after a gap that reaches back as far and was recovered whole. Else begin a new portfolio with what
        `accounts.list()` says.
        """
        return min(self._stale.values(), default=None)

    @property
    def balances(self) -> dict[str, MyAsset]:
        """Free and locked amount of each currency that was heard of."""
        return dict(self._assets)

    @property
    def orders(self) -> dict[str, Order]:
        """Open orders by uuid, as `orders.list_open()` shows them.

        The price of an order is None as long as nothing but fills was heard of it.
        """
        return dict(self._orders)

    @property
    def fills(self) -> list[MyOrderEvent]:
        """The fills, newest last: events whose state is `trade`; price, volume, fee and time are those of the fill."""
        return list(self._fills)

    def avg_buy_price(self, currency: str) -> Decimal | None:
        """Average buy price of a currency, to 8 decimals; None when it is not known.

        Fees are not part of it. A buy joins it weighted by what was held, a sale leaves it alone, the sale of all ends
        it. Buys with other than the unit currency (KRW) count as bought at the average so far. It begins with that of
        `accounts`; without, it is the average of what was bought since.
        """
        held = self._holdings.get(currency)
        return None if held is None else held.average or None

    def _holding(self, currency: str) -> Holding:
        return self._holdings.setdefault(currency, Holding())

    def _fill(self, event: MyOrderEvent) -> None:
        # Before 2024-05-29 fills had no uuid; the executed volume rises with each.
        key = (event.uuid, event.trade_uuid or event.executed_volume)
        if key in self._applied or event.volume is None or event.price is None:
            return
        _remember(self._applied, key)
        insort(self._fills, event, key=_traded)
        del self._fills[: max(len(self._fills) - self._history, 0)]
        quote, _, base = event.code.partition("-")
        time = _traded(event)
        with exactly():
            funds = event.price * event.volume
            sign = 1 if event.ask_bid == "BID" else -1
            paid = funds * sign + (event.trade_fee or _ZERO)
        counted = sign == 1 and quote == self._unit
        self._holding(base).move(time, event.volume * sign, funds if counted else None, event.trade_uuid)
        if quote != self._unit:
            self._holding(quote).move(time, -paid)

    def _follow(self, event: MyOrderEvent) -> None:
        if event.uuid in self._ended:
            return
        if event.state in ("done", "cancel"):
            _remember(self._ended, event.uuid)
            self._orders.pop(event.uuid, None)
            self._newest.pop(event.uuid, None)
            return
        rank = (event.executed_volume, event.prevented_locked or _ZERO, event.timestamp)
        known = self._orders.get(event.uuid)
        if known is None or rank >= self._newest[event.uuid]:
            self._newest[event.uuid] = rank
            self._orders[event.uuid] = _order(event, known)
        elif known.price is None and event.state != "trade":
            self._orders[event.uuid] = msgspec.structs.replace(known, price=event.price, volume=event.volume)


def _traded(event: MyOrderEvent) -> int:
    return event.timestamp if event.trade_timestamp is None else event.trade_timestamp


def _order(event: MyOrderEvent, known: Order | None) -> Order:
    """Make the order of an event. That of a fill tells neither its price nor its volume."""
    price, volume = event.price, event.volume
    if event.state == "trade":
        price, volume = (None, None) if known is None else (known.price, known.volume)
    if volume is None and event.remaining_volume is not None:
        with exactly():
            volume = event.remaining_volume + event.executed_volume + (event.prevented_volume or _ZERO)
    return Order(
        uuid=event.uuid,
        side=event.ask_bid.lower(),
        ord_type=event.order_type,
        price=price,
        state="wait" if event.state in ("trade", "prevented") else event.state,
        market=event.code,
        created_at=event.ordered_at,
        volume=volume,
        remaining_volume=event.remaining_volume,
        prevented_volume=event.prevented_volume,
        reserved_fee=event.reserved_fee,
        remaining_fee=event.remaining_fee,
        paid_fee=event.paid_fee,
        locked=event.locked,
        prevented_locked=event.prevented_locked,
        executed_volume=event.executed_volume,
        executed_funds=event.executed_funds,
        trades_count=event.trades_count,
        time_in_force=event.time_in_force,
        identifier=event.identifier,
        smp_type=event.smp_type,
    )


def _remember(known: dict[_Key, None], key: _Key) -> None:
    """Add a key; forget the oldest of many."""
    known[key] = None
    if len(known) > _REMEMBERED:
        del known[next(iter(known))]
