"""A look at an order before it leaves: whatever the exchange would refuse, in its own order, and what to change.

    chance = client.orders.retrieve_chance("KRW-BTC")
    for problem in preflight(chance, **order):
        print(problem.message("ko"))
        order |= problem.suggestion

It judges by what the exchange said of the market and the account (`chance`) and by the price grid. It asks nobody and
sends nothing; balances and books move on, so an order without a problem can still be refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Context, Decimal, localcontext
from types import MappingProxyType
from typing import Final, NamedTuple, TypeAlias

import msgspec

from .explain import Language, explain
from .explain.orders import beside
from .models import MarketSide, OrderChance, OrdType, Side, SmpType, TimeInForce
from .rules import (
    TICK_TABLES,
    Instruments,
    Price,
    TickTable,
    exact_amount,
    is_amount,
    round_volume,
    tick_table,
    total_within,
    volume_reaching,
    volume_within,
)

Change: TypeAlias = Mapping[str, Decimal | str | None]
"""Arguments of an order and their better values; None leaves one out."""

LONGEST: Final = 64
"""Characters of an identifier (upbit-api 3.6)."""

_BOUND: Final = Decimal(10) ** 15
_FINEST: Final = TickTable(None, ((Decimal(0), Decimal("1e-8")),))
"""No market has a finer grid."""
_EXACT: Final = Context(prec=100)  # only ever copied
_NOTHING: Final[Change] = MappingProxyType({})


class Problem(NamedTuple):
    """What the exchange would refuse an order for."""

    rule: str
    """The rule that is broken; `upbit.explain.explain` knows it."""
    name: str
    """What the exchange calls the error."""
    details: Mapping[str, object]
    """What its message is made of."""
    suggestion: Change
    """Changes with which the order breaks this rule no more; empty where there are none."""

    def message(self, lang: Language = "en") -> str:
        """Say what is wrong and what would be right, in English or Korean."""
        return str(explain(self.rule, lang, **self.details))


class _Shape(NamedTuple):
    """What goes with a type of order on a side."""

    price: bool
    volume: bool
    conditions: tuple[str | None, ...]


# Source: upbit-api 3.2
_LIMIT: Final = _Shape(True, True, (None, "ioc", "fok", "post_only"))
_SHAPES: Final[Mapping[str, Mapping[str, _Shape]]] = MappingProxyType(
    {
        "bid": {
            "limit": _LIMIT,
            "price": _Shape(True, False, (None,)),
            "best": _Shape(True, False, ("ioc", "fok")),
        },
        "ask": {
            "limit": _LIMIT,
            "market": _Shape(False, True, (None,)),
            "best": _Shape(False, True, ("ioc", "fok")),
        },
    }
)


class _Order(msgspec.Struct, frozen=True, kw_only=True):
    """An order, and what it is judged by."""

    market: str
    side: Side
    ord_type: OrdType
    volume: Decimal | None
    price: Decimal | None
    identifier: str | None
    time_in_force: TimeInForce | None
    smp_type: SmpType | None
    chance: OrderChance
    table: TickTable
    best_bid: Decimal | None
    fee: Decimal

    @property
    def quote(self) -> str:
        return self.market.partition("-")[0]

    @property
    def base(self) -> str:
        return self.market.partition("-")[2]

    @property
    def shape(self) -> _Shape:
        return _SHAPES[self.side][self.ord_type]

    @property
    def terms(self) -> MarketSide:
        return self.chance.market.bid if self.side == "bid" else self.chance.market.ask

    @property
    def rate(self) -> Decimal | None:
        """What a unit of `volume` is worth; None where nobody can tell, or where the order has no volume."""
        return None if self.volume is None else self.best_bid if self.price is None else self.price

    def worth(self, volume: Decimal | None) -> Decimal | None:
        """What it is worth with another volume; None where nobody can tell."""
        if volume is None:
            return self.price
        return None if self.rate is None else self.rate * volume

    def problem(self, rule: str, name: str, suggestion: Change = _NOTHING, /, **details: object) -> Problem:
        own = {"market": self.market, "base": self.base, "side": self.side, "ord_type": self.ord_type}
        return Problem(rule, name.format(self.side), {"currency": self.quote, **own, **details}, suggestion)


def preflight(
    chance: OrderChance,
    *,
    market: str,
    side: Side,
    ord_type: OrdType,
    volume: Price | None = None,
    price: Price | None = None,
    identifier: str | None = None,
    time_in_force: TimeInForce | None = None,
    smp_type: SmpType | None = None,
    instruments: Instruments | None = None,
    best_bid: Price | None = None,
    fee: Price | None = None,
) -> list[Problem]:
    """Return what is wrong with an order, whose arguments are those of `orders.create`; nothing when it may leave.

    `chance` is what `orders.retrieve_chance` answered for the market, `instruments` what the exchange said of its
    grids. What an ask without a price is worth is measured at the `best_bid`, and not at all without one. `fee` takes
    the place of the one in `chance`.

    Each problem is what is left when those before it were mended as they suggest; the list ends where nobody can tell
    what was meant. Raises ValueError for the chance of another market and for amounts that are none.
    """
    if chance.market.id != market:
        raise ValueError(f"the order is for {market} and chance for {chance.market.id}; ask for the one of {market}")
    order = _Order(
        market=market,
        side=side,
        ord_type=ord_type,
        volume=_exact("volume", volume),
        price=_exact("price", price),
        identifier=identifier,
        time_in_force=time_in_force,
        smp_type=smp_type,
        chance=chance,
        table=_table(market, instruments),
        best_bid=_exact("best_bid", best_bid),
        fee=(chance.bid_fee if side == "bid" else chance.ask_fee) if fee is None else exact_amount(fee, "fee"),
    )
    found: list[Problem] = []
    with localcontext(_EXACT):
        for check in _CHECKS:
            problem = check(order)
            if problem is not None:
                found.append(problem)
                if problem.rule in _LAST:
                    break
                order = msgspec.structs.replace(order, **problem.suggestion)
    return found


def _exact(name: str, amount: Price | None) -> Decimal | None:
    return None if amount is None else exact_amount(amount, name)


def _table(market: str, instruments: Instruments | None) -> TickTable:
    if market.partition("-")[0] in TICK_TABLES or (instruments is not None and market in instruments.ticks):
        return tick_table(market, instruments=instruments)
    return _FINEST


def _listed(names: Iterable[str | None]) -> str:
    return ", ".join(name for name in names if name)


def _identifier(order: _Order) -> Problem | None:
    if order.identifier is None or len(order.identifier) <= LONGEST:
        return None
    return order.problem("identifier", "validation_error", length=len(order.identifier), longest=LONGEST)


def _ord_type(order: _Order) -> Problem | None:
    types = _SHAPES[order.side]
    return None if order.ord_type in types else order.problem("ord_type", "create_{}_error", allowed=_listed(types))


def _given_price(order: _Order) -> Problem | None:
    if order.shape.price == (order.price is not None):
        return None
    if not order.shape.price:
        return order.problem("price_superfluous", "create_{}_error", {"price": None})
    return order.problem("price_missing" if order.shape.volume else "total_missing", "create_{}_error")


def _given_volume(order: _Order) -> Problem | None:
    if order.shape.volume == (order.volume is not None):
        return None
    if order.shape.volume:
        return order.problem("volume_missing", "create_{}_error")
    return order.problem("volume_superfluous", "create_{}_error", {"volume": None})


def _time_in_force(order: _Order) -> Problem | None:
    allowed, given = order.shape.conditions, order.time_in_force
    if given in allowed:
        return None
    rule = "time_in_force" if given else "time_in_force_missing"
    change = {"time_in_force": allowed[0]}
    return order.problem(rule, "invalid_time_in_force", change, time_in_force=given, allowed=_listed(allowed))


def _post_only(order: _Order) -> Problem | None:
    if order.time_in_force != "post_only" or order.smp_type in (None, "none"):
        return None
    return order.problem("post_only_smp", "invalid_post_only", {"smp_type": None})


def _state(order: _Order) -> Problem | None:
    state = order.chance.market.state
    return None if state == "active" else order.problem("market_state", "market_offline", state=state)


def _supported(order: _Order) -> Problem | None:
    """Whether the market takes such orders. `post_only` is listed nowhere; a list that is not sent forbids nothing."""
    market = order.chance.market
    kind = f"{order.ord_type}_{order.time_in_force}" if order.time_in_force in ("ioc", "fok") else order.ord_type
    taken = market.bid_types if order.side == "bid" else market.ask_types
    if order.side not in market.order_sides:
        return order.problem("not_supported", "not_supported_ord_type")
    if taken is None or kind in taken:
        return None
    return order.problem("not_supported", "not_supported_ord_type", kind=kind, allowed=_listed(taken))


def _volume(order: _Order) -> Problem | None:
    volume = order.volume
    if volume is None or is_amount(volume):
        return None
    rounded = round_volume(volume)
    if not rounded or volume >= _BOUND:
        return order.problem("volume_range", "invalid_volume_{}", volume=volume)
    change = {"volume": rounded}
    return order.problem(
        "volume_decimals", "invalid_volume_{}", change, volume=volume, rounded=rounded, currency=order.base
    )


def _price(order: _Order) -> Problem | None:
    price, limit = order.price, order.ord_type == "limit"
    if price is None:
        return None
    rounded = round_volume(price)
    if not price or price >= _BOUND or not (limit or rounded):
        return order.problem("price_range", "invalid_price_{}", price=price)
    if limit:
        return None if order.table.round(price) == price else _off_grid(order, price)
    if rounded == price:
        return None
    return order.problem("total_decimals", "invalid_price_{}", {"price": rounded}, price=price, rounded=rounded)


def _off_grid(order: _Order, price: Decimal) -> Problem:
    """A price to the side away from the market is suggested."""
    low, high = order.table.round(price), order.table.round(price, "up")
    change = {"price": low if order.side == "bid" and low else high}
    return order.problem("price_grid", "invalid_price_{}", change, **beside(order.table, price, order.quote))


def _minimum(order: _Order) -> Problem | None:
    minimum, total = order.terms.min_total, order.worth(order.volume)
    if total is None or total >= minimum:
        return None
    details: dict[str, object] = {"total": total, "minimum": minimum, "volume": order.volume}
    if order.rate is None:
        return order.problem("min_total", "under_min_total_{}", {"price": minimum}, **details)
    change = {"volume": volume_reaching(minimum, order.rate)} if order.rate else {}
    details["least"] = change.get("volume")
    if order.price is None:
        return order.problem("min_total_market", "under_min_total_market_ask", change, **details)
    return order.problem("min_total", "under_min_total_{}", change, **details)


def _maximum(order: _Order) -> Problem | None:
    maximum, total = order.chance.market.max_total, order.worth(order.volume)
    if total is None or total <= maximum:
        return None
    details: dict[str, object] = {"total": total, "maximum": maximum}
    if order.rate is None:
        return order.problem("max_total", "over_krw_funds_{}", {"price": maximum}, **details)
    most = volume_within(maximum, order.rate)
    return order.problem("max_total", "over_krw_funds_{}", {"volume": most}, most=most, **details)


def _balance(order: _Order) -> Problem | None:
    return _balance_bid(order) if order.side == "bid" else _balance_ask(order)


def _balance_bid(order: _Order) -> Problem | None:
    free, total = order.chance.bid_account.balance, order.worth(order.volume)
    needed = (total or 0) * (1 + order.fee)
    if needed <= free:
        return None
    details: dict[str, object] = {"needed": needed, "free": free}
    if order.rate is None:
        total = total_within(free, order.fee)
        change: Change = {"price": total} if total >= order.terms.min_total else {}
        return order.problem("balance_bid", "insufficient_funds_{}", change, total=change.get("price"), **details)
    most = volume_within(free, order.rate, fee=order.fee)
    change = {"volume": most} if most * order.rate >= order.terms.min_total else {}
    return order.problem("balance_bid", "insufficient_funds_{}", change, most=change.get("volume"), **details)


def _balance_ask(order: _Order) -> Problem | None:
    free, needed = order.chance.ask_account.balance, order.volume
    if needed is None or needed <= free:
        return None
    most = round_volume(free)
    worth = order.worth(most)
    enough = most and (worth is None or worth >= order.terms.min_total)
    change: Change = {"volume": most} if enough else {}
    details: dict[str, object] = {"needed": needed, "free": free, "most": change.get("volume")}
    return order.problem("balance_ask", "insufficient_funds_{}", change, **details, currency=order.base)


_CHECKS: Final[tuple[Callable[[_Order], Problem | None], ...]] = (
    _identifier,
    _ord_type,
    _given_price,
    _given_volume,
    _time_in_force,
    _post_only,
    _state,
    _supported,
    _volume,
    _price,
    _minimum,
    _maximum,
    _balance,
)
_LAST: Final = frozenset(
    ("ord_type", "price_missing", "total_missing", "volume_missing", "volume_range", "price_range")
)
"""Rules whose breach leaves open what was meant."""
