"""The rules of a market on a day: its grid, the totals its orders may have, its fee."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Final, Literal, NamedTuple, Protocol, Self, TypeAlias, TypeVar

from .grid import Price, TickTable, Toward, positive
from .tables import FEES, MAXIMUMS, MINIMUMS, TICK_TABLES, Total

Manner: TypeAlias = Literal["passive", "aggressive"]
"""Which way an off-grid price moves, by the side: passive is a bid down and an ask up, aggressive the reverse."""

_LOWER: Final = {("passive", "bid"), ("aggressive", "ask")}

_Rule = TypeVar("_Rule", TickTable, Total)


class Told(Protocol):
    """What ``/orderbook/instruments`` tells of a market; `upbit.models.Instrument` is one."""

    @property
    def market(self) -> str:
        """Its code."""
        ...

    @property
    def tick_size(self) -> Decimal:
        """The step at the price of this moment."""
        ...


class Instruments(NamedTuple):
    """What the exchange itself said of its grids. Where it differs from the tables written here, it is right."""

    ticks: Mapping[str, Decimal]
    """The step at the price of that moment, by market."""
    prices: Mapping[str, Decimal]
    """Prices of that moment, by market, as far as known: they tell which band a step belongs to."""

    @classmethod
    def read(cls, told: Iterable[Told], prices: Mapping[str, Price] | None = None) -> Self:
        """Take what ``orderbooks.list_instruments`` answered, best with a last trade price of each market.

        The exchange does not say for which prices its step holds. Without a price the step counts only if the table
        has it nowhere, and then for all prices.
        """
        known = {market: positive(price) for market, price in (prices or {}).items()}
        return cls({one.market: one.tick_size for one in told}, known)

    def tick_table(self, market: str, *, on: date | None = None) -> TickTable:
        """Return the corrected price grid of a market; of one that was not told, the written one.

        Raises ValueError like `tick_table` where there is neither.
        """
        tick = self.ticks.get(market)
        if tick is None:
            return tick_table(market, on=on)
        if market.partition("-")[0] not in TICK_TABLES:
            return TickTable(None, ((Decimal(0), tick),))
        return tick_table(market, on=on).corrected(tick, self.prices.get(market))


def tick_table(market: str, *, on: date | None = None, instruments: Instruments | None = None) -> TickTable:
    """Return the price grid of ``market`` (such as ``"KRW-BTC"``) on a day, corrected by what the exchange said.

    Raises ValueError for a market that is misspelled or whose quote currency has no table here.
    """
    if instruments is not None:
        return instruments.tick_table(market, on=on)
    return _in_force(TICK_TABLES[_quote(market)], on)


def tick_size(market: str, price: Price, *, on: date | None = None, instruments: Instruments | None = None) -> Decimal:
    """Return the step between valid prices at ``price``, in the quote currency (호가 단위).

    Raises ValueError for a price that is zero, negative, no number, or beyond any market.
    """
    return tick_table(market, on=on, instruments=instruments).step(positive(price))


def round_price(
    market: str,
    price: Price,
    *,
    side: Literal["ask", "bid"] | None = None,
    toward: Toward | Manner | None = None,
    on: date | None = None,
    instruments: Instruments | None = None,
) -> Decimal:
    """Return ``price`` moved onto the grid of its market; a price already on the grid is returned unchanged.

    With a ``side`` it moves away from the market (``"passive"``: a bid down, an ask up), or into it
    (``"aggressive"``), or as ``toward`` says; without one, down.

    Raises ValueError like ``tick_size``, when rounding would leave nothing of the price, and for a manner without a
    side.
    """
    exact, table = positive(price), tick_table(market, on=on, instruments=instruments)
    rounded = table.round(exact, _direction(side, toward))
    if not rounded:
        step = table.step(exact)
        raise ValueError(f"price {exact} of {market} rounds to zero; the lowest valid price is {step:f}")
    return rounded


def on_grid(market: str, price: Price, *, on: date | None = None, instruments: Instruments | None = None) -> bool:
    """Return whether the exchange would take ``price`` as a limit price. Raises ValueError like ``tick_size``."""
    exact = positive(price)
    return tick_table(market, on=on, instruments=instruments).round(exact) == exact


def minimum_total(market: str, *, on: date | None = None) -> Decimal:
    """Return the least an order may be worth, in the quote currency (최소 주문 금액).

    A limit order is worth price times volume; a market sell is worth volume times the best bid.
    Raises ValueError where no minimum is known (SGD): ask ``/orders/chance``.
    """
    quote = _quote(market)
    if quote not in MINIMUMS:
        raise ValueError(f"no minimum total is known for {quote} markets; /orders/chance tells the one of {market}")
    return _in_force(MINIMUMS[quote], on).amount


def maximum_total(market: str, *, on: date | None = None) -> Decimal | None:
    """Return the most an order may be worth, in the quote currency, or None where no maximum is documented."""
    rows = MAXIMUMS.get(_quote(market))
    return _in_force(rows, on).amount if rows else None


def fee(market: str) -> Decimal:
    """Return the ordinary fee of ``market`` as a fraction of the traded funds (0.0005 is 0.05 %).

    It can differ by account, pair and season: ``/orders/chance`` tells what an order will really pay.
    """
    return FEES[_quote(market)]


def _direction(side: str | None, toward: Toward | Manner | None) -> Toward:
    if toward is None:
        if side is None:
            return "down"
        toward = "passive"
    if toward != "passive" and toward != "aggressive":
        return toward
    if side not in ("ask", "bid"):
        raise ValueError(f"toward={toward!r} needs side='bid' or side='ask'; side is {side!r}")
    return "down" if (toward, side) in _LOWER else "up"


def _quote(market: str) -> str:
    quote, _, base = market.partition("-")
    if not (quote and base and market == market.upper()) or base in ("KRW", "SGD"):
        raise ValueError(f"market is {market!r}; write the quote currency first, in capitals, such as 'KRW-BTC'")
    if quote not in TICK_TABLES:
        known = ", ".join(TICK_TABLES)
        raise ValueError(f"no rules are known for {quote} markets ({market!r}), only for {known}")
    return quote


def _in_force(rows: tuple[_Rule, ...], on: date | None) -> _Rule:
    if isinstance(on, datetime):
        raise ValueError(f"on is {on!r}, a moment; write a day: date({on.year}, {on.month}, {on.day})")
    return next((row for row in rows if on is None or row.since is None or row.since <= on), rows[-1])
