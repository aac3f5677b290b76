"""A second matching engine, as simple as can be: what the protocol reference says, and nothing else.

It keeps lists, sorts them each time, holds an order as what was asked for and what was filled or prevented, and
computes every other amount by the reference's formulas; locks are never kept but summed over the open orders. It is
slow on purpose and shares no line with the engine it judges. It refuses what the reference refuses, by the same names.

Where the reference is silent:

- of several reasons to refuse, the first of these counts: the order replaced has ended, fields, time in force, volume,
  price, total, identifier, funds; amounts have at most 8 decimals, totals to spend as well (`invalid_price_bid`);
- the maximum total holds for all orders, and is measured as the minimum is;
- `none` is no self-match prevention: `post_only` may say it;
- a `best` order is a limit order at the best opposite price at match time, cancelled when there is none; by a total it
  buys the total by that price, truncated to 8 decimals, and ends as a market buy does;
- a market or best sale without any bid is worth nothing: `under_min_total_market_ask`;
- self-match prevention puts the whole rest of the order it cancels into `prevented_*`; what was prevented lowers
  `remaining_volume` and `locked`, but no fee; an order ends in `done` if the last of it was traded, although some was
  prevented before, and in `cancel` if the last of it was prevented;
- fill-or-kill looks first: under `cancel_maker` it counts past its own orders and cancels those it passes only if it
  fills; under `cancel_taker` and `reduce` an own order in its way kills it, and nothing counts as prevented;
- `cancel_and_new` is refused before anything is cancelled; what the old order locks counts as free;
- an order that has ended is not found any more by those who cancel;
- an identifier is used up when its order is accepted, whatever becomes of the order;
- the background market has money without end, pays no fee, and its crossing quotes trade before they rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_DOWN, Context, Decimal, Inexact, localcontext

D = Decimal
ZERO, ONE = D(0), D(1)
STEP = D("0.00000001")
BACKGROUND = ""
EXACT = Context(prec=60, traps=[Inexact])

FEES = {"KRW": D("0.0005"), "BTC": D("0.0025"), "USDT": D("0.0025")}
MIN_TOTALS = {"KRW": D(5000), "BTC": D("0.00005"), "USDT": D("0.5")}
MAX_TOTALS = {"KRW": D(1_000_000_000)}
TICKS = {
    "KRW": (
        *((D(1_000_000), D(1000)), (D(500_000), D(500)), (D(100_000), D(100)), (D(50_000), D(50)), (D(10_000), D(10))),
        *((D(5_000), D(5)), (D(100), D(1)), (D(10), D("0.1")), (D(1), D("0.01")), (D("0.1"), D("0.001"))),
        *((D("0.01"), D("0.0001")), (D("0.001"), D("0.00001")), (D("0.0001"), D("0.000001"))),
        *((D("0.00001"), D("0.0000001")), (ZERO, STEP)),
    ),
    "BTC": ((ZERO, STEP),),
    "USDT": (
        *((D(10), D("0.01")), (D(1), D("0.001")), (D("0.1"), D("0.0001")), (D("0.01"), D("0.00001"))),
        *((D("0.001"), D("0.000001")), (D("0.0001"), D("0.0000001")), (ZERO, STEP)),
    ),
}
SIGNS = {"bid": -1, "ask": 1}
FIELDS = {
    ("limit", "bid"): (True, True),
    ("limit", "ask"): (True, True),
    ("price", "bid"): (True, False),
    ("market", "ask"): (False, True),
    ("best", "bid"): (True, False),
    ("best", "ask"): (False, True),
}
"""Whether an order has a price and a volume."""
CONDITIONS = {"limit": (None, "ioc", "fok", "post_only"), "price": (None,), "market": (None,), "best": ("ioc", "fok")}


def tick_size(quote: str, price: Decimal) -> Decimal:
    return next(step for floor, step in TICKS[quote] if price >= floor)


class Refusal(Exception):
    """The exchange says no, by this name."""


@dataclass(eq=False)
class Order:
    """What was asked for, and what has become of it."""

    account: str
    market: str
    side: str
    ord_type: str
    price: Decimal | None
    volume: Decimal | None
    time_in_force: str | None = None
    smp_type: str | None = None
    identifier: str | None = None
    number: int = 0
    """Which of all orders it is."""
    state: str = "wait"
    executed_volume: Decimal = ZERO
    executed_funds: Decimal = ZERO
    prevented_volume: Decimal = ZERO
    prevented_funds: Decimal = ZERO
    trades: list[Trade] = field(default_factory=list)
    story: list[str] = field(default_factory=list)
    """What its owner is told of it, by the states of `myOrder`."""

    @property
    def fee(self) -> Decimal:
        return FEES[self.market.split("-")[0]]

    @property
    def by_total(self) -> bool:
        return self.side == "bid" and self.ord_type in ("price", "best")

    @property
    def total(self) -> Decimal:
        assert self.price is not None
        if self.by_total:
            return self.price
        assert self.volume is not None
        return self.price * self.volume

    @property
    def reserved_fee(self) -> Decimal:
        return self.total * self.fee if self.side == "bid" else ZERO

    @property
    def paid_fee(self) -> Decimal:
        return self.executed_funds * self.fee

    @property
    def remaining_fee(self) -> Decimal:
        return self.reserved_fee - self.paid_fee if self.side == "bid" else ZERO

    @property
    def prevented_locked(self) -> Decimal:
        return self.prevented_funds * (1 + self.fee) if self.side == "bid" else self.prevented_volume

    @property
    def locked(self) -> Decimal:
        if self.side == "bid":
            return self.total + self.reserved_fee - self.executed_funds - self.paid_fee - self.prevented_locked
        return self.rest

    @property
    def rest(self) -> Decimal:
        """The volume still to be traded."""
        assert self.volume is not None
        return self.volume - self.executed_volume - self.prevented_volume

    def rest_at(self, price: Decimal) -> Decimal:
        """The volume still to be traded at this price."""
        if not self.by_total:
            return self.rest
        left = self.total - self.executed_funds - self.prevented_funds
        with localcontext(EXACT) as context:
            context.traps[Inexact] = False
            return (left / price).quantize(STEP, ROUND_DOWN)

    def prevent(self, volume: Decimal, price: Decimal) -> None:
        self.prevented_funds += volume * (price if self.by_total or self.price is None else self.price)
        self.prevented_volume += ZERO if self.by_total else volume
        self.story.append("prevented")


@dataclass(frozen=True, eq=False)
class Trade:
    market: str
    price: Decimal
    volume: Decimal
    side: str
    bid: Order
    ask: Order


class Exchange:
    """Every order ever, what everyone has, and every trade."""

    def __init__(self, smp_default: str | None = None) -> None:
        self.smp_default = smp_default
        """What an order that names no `smp_type` gets, unless it is `post_only`: `cancel_maker` since 2026-11-09."""
        self.orders: list[Order] = []
        self.open: list[Order] = []
        self.holdings: dict[tuple[str, str], Decimal] = {}
        self.trades: list[Trade] = []
        self.identifiers: set[tuple[str, str]] = set()

    # -- what may be looked at

    def held(self, account: str, currency: str) -> tuple[Decimal, Decimal]:
        """What is free, and what open orders lock."""
        locked = ZERO
        for order in self.open:
            if order.account == account and order.market.split("-")[order.side == "ask"] == currency:
                locked += order.locked
        return self.holdings.get((account, currency), ZERO) - locked, locked

    def book(self, market: str, side: str) -> list[Order]:
        """The open orders of one side, best first, older before younger."""
        found = [one for one in self.open if one.market == market and one.side == side and one.ord_type == "limit"]
        return sorted(found, key=lambda one: ((one.price or ZERO) * SIGNS[side], one.number))

    def levels(self, market: str, side: str) -> list[tuple[Decimal, Decimal]]:
        sizes: dict[Decimal, Decimal] = {}
        for order in self.book(market, side):
            assert order.price is not None
            sizes[order.price] = sizes.get(order.price, ZERO) + order.rest
        return list(sizes.items())

    # -- what may be asked for

    def deposit(self, account: str, currency: str, amount: Decimal) -> None:
        self.holdings[account, currency] = self.holdings.get((account, currency), ZERO) + amount

    def place(self, order: Order, *, instead: Order | None = None) -> Order:
        if order.smp_type is None and self.smp_default is not None:
            order.smp_type = "none" if order.time_in_force == "post_only" else self.smp_default
        with localcontext(EXACT):
            self._judge(order, instead)
            if instead is not None:
                self._end(instead, "cancel")
            order.story.append("wait")
            if order.identifier is not None:
                self.identifiers.add((order.account, order.identifier))
            return self._enter(order)

    def cancel(self, order: Order) -> None:
        if order.state != "wait":
            raise Refusal("order_not_found")
        self._end(order, "cancel")

    def cancel_each(self, orders: Iterable[Order]) -> tuple[list[Order], list[Order]]:
        done: list[Order] = []
        failed: list[Order] = []
        for order in orders:
            try:
                self.cancel(order)
                done.append(order)
            except Refusal:
                failed.append(order)
        return done, failed

    def cancel_open(
        self,
        account: str,
        side: str,
        pairs: Sequence[str],
        quotes: Sequence[str],
        excluded: Sequence[str],
        count: int,
        order_by: str,
    ) -> list[Order]:
        found = [
            one
            for one in sorted(self.open, key=lambda one: one.number if order_by == "asc" else -one.number)
            if one.account == account
            and side in ("all", one.side)
            and (one.market in pairs or one.market.split("-")[0] in quotes or not (pairs or quotes))
            and one.market not in excluded
        ]
        return self.cancel_each(found[:count])[0]

    def quote(self, market: str, side: str, price: Decimal, volume: Decimal) -> Order:
        """The background offers or wants this."""
        return self._enter(Order(BACKGROUND, market, side, "limit", price, volume))

    def sweep(self, market: str, side: str, volume: Decimal) -> Order:
        """The background takes up to this volume at any price."""
        far = D(10) ** 12 if side == "bid" else ZERO
        return self._enter(Order(BACKGROUND, market, side, "limit", far, volume, "ioc"))

    # -- how it goes

    def _enter(self, order: Order) -> Order:
        order.number = len(self.orders)
        self.orders.append(order)
        self.open.append(order)
        with localcontext(EXACT):
            self._match(order)
        return order

    def _judge(self, order: Order, instead: Order | None) -> None:
        side, market, price, volume = order.side, order.market, order.price, order.volume
        quote = market.split("-")[0]
        if instead is not None and instead.state != "wait":
            raise Refusal("order_not_found")
        if (price is not None, volume is not None) != FIELDS.get((order.ord_type, side)):
            raise Refusal(f"create_{side}_error")
        if order.time_in_force not in CONDITIONS[order.ord_type]:
            raise Refusal("invalid_time_in_force")
        if order.time_in_force == "post_only" and order.smp_type not in (None, "none"):
            raise Refusal("invalid_post_only")
        if volume is not None and (volume <= 0 or volume % STEP):
            raise Refusal(f"invalid_volume_{side}")
        if price is not None and (
            price <= 0 or price % (tick_size(quote, price) if order.ord_type == "limit" else STEP)
        ):
            raise Refusal(f"invalid_price_{side}")
        total = order.total if price is not None else self._worth(market, volume or ZERO)
        if total < MIN_TOTALS[quote]:
            raise Refusal("under_min_total_market_ask" if price is None else f"under_min_total_{side}")
        if total > MAX_TOTALS.get(quote, total):
            raise Refusal(f"over_krw_funds_{side}")
        if order.identifier is not None and (order.account, order.identifier) in self.identifiers:
            raise Refusal("duplicated_identifier")
        free = self.held(order.account, market.split("-")[side == "ask"])[0]
        if free + (instead.locked if instead else 0) < order.locked:
            raise Refusal(f"insufficient_funds_{side}")

    def _worth(self, market: str, volume: Decimal) -> Decimal:
        """A volume at the best bid."""
        bids = self.levels(market, "bid")
        return bids[0][0] * volume if bids else ZERO

    def _match(self, taker: Order) -> None:
        makers = self._makers(taker, taker.price if taker.ord_type == "limit" else None)
        limit = taker.price if taker.ord_type == "limit" else None
        if taker.ord_type == "best" and makers:
            limit = makers[0].price
        if (taker.time_in_force == "post_only" and makers) or (
            taker.time_in_force == "fok" and not self._fills(taker, self._makers(taker, limit))
        ):
            return self._end(taker, "cancel")
        while taker.state == "wait":
            makers = self._makers(taker, limit)
            if not makers or not taker.rest_at(makers[0].price or ZERO):
                break
            self._meet(taker, makers[0])
        if taker.state == "wait" and (taker.ord_type != "limit" or taker.time_in_force in ("ioc", "fok")):
            self._end(taker, "cancel")
        return None

    def _makers(self, taker: Order, limit: Decimal | None) -> list[Order]:
        """Those whom the taker may trade with, in their order."""
        book = self.book(taker.market, "ask" if taker.side == "bid" else "bid")
        if limit is None:
            return book
        return [one for one in book if one.price is not None and (one.price - limit) * SIGNS[taker.side] >= 0]

    def _prevents(self, taker: Order, maker: Order) -> bool:
        return taker.smp_type not in (None, "none") and taker.account == maker.account != BACKGROUND

    def _fills(self, taker: Order, makers: list[Order]) -> bool:
        if not makers:
            return False
        wanted = taker.rest_at(makers[0].price or ZERO)
        for maker in makers:
            if wanted > 0 and not self._prevents(taker, maker):
                wanted -= maker.rest
            elif wanted > 0 and taker.smp_type != "cancel_maker":
                return False
        return wanted <= 0

    def _meet(self, taker: Order, maker: Order) -> None:
        assert maker.price is not None
        volume = min(taker.rest_at(maker.price), maker.rest)
        if not self._prevents(taker, maker):
            return self._trade(taker, maker, volume)
        if taker.smp_type == "cancel_maker":
            maker.prevent(maker.rest, maker.price)
            return self._end(maker, "cancel")
        if taker.smp_type == "cancel_taker":
            if taker.by_total:
                taker.prevent(taker.total - taker.executed_funds - taker.prevented_funds, ONE)
            else:
                taker.prevent(taker.rest, maker.price)
            return self._end(taker, "cancel")
        for order in (taker, maker):
            order.prevent(volume, maker.price)
            if self._empty(order):
                self._end(order, "cancel")
        return None

    def _trade(self, taker: Order, maker: Order, volume: Decimal) -> None:
        price = maker.price
        assert price is not None
        bid, ask = (taker, maker) if taker.side == "bid" else (maker, taker)
        quote, base = taker.market.split("-")
        funds = price * volume
        trade = Trade(taker.market, price, volume, taker.side, bid, ask)
        self.trades.append(trade)
        if bid.account != BACKGROUND:
            self.deposit(bid.account, quote, -funds * (1 + bid.fee))
            self.deposit(bid.account, base, volume)
        if ask.account != BACKGROUND:
            self.deposit(ask.account, quote, funds * (1 - ask.fee))
            self.deposit(ask.account, base, -volume)
        for order in (taker, maker):
            order.executed_volume += volume
            order.executed_funds += funds
            order.trades.append(trade)
            order.story.append("trade")
            if self._empty(order):
                self._end(order, "done")

    def _empty(self, order: Order) -> bool:
        if order.by_total:
            return order.executed_funds + order.prevented_funds == order.total
        return order.rest == 0

    def _end(self, order: Order, state: str) -> None:
        order.state = state
        order.story.append(state)
        self.open.remove(order)
