"""What is to be ordered: the wish as it was spoken, and the order that it comes to.

A wish names its size in exactly one way. Whatever does not fit the exchange's grid is rounded so that never more is
spent or sold than was asked for: bids to a lower price, asks to a higher one, volumes and totals down. Nothing here
asks the exchange; balances and prices that a wish needs are given. Wishes that mean nothing are refused with a
ValueError that says what would be right.
"""

from __future__ import annotations

from decimal import ROUND_DOWN, Context, Decimal, localcontext
from typing import Any, TypeAlias

import msgspec

from .. import rules
from ..models import OrderChance, OrdType, Side, SmpType, TimeInForce

Amount: TypeAlias = rules.Price
"""An amount or price: Decimal, int or text; exact, never a float."""

_DIGITS = 60
_ALL = Decimal(100)


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """An order as it is about to be sent."""

    market: str
    side: Side
    ord_type: OrdType
    volume: Decimal | None = None
    """In the base currency; None for bids by total."""
    price: Decimal | None = None
    """Per unit of a limit order; the total of bids by total; None for asks at the market."""
    time_in_force: TimeInForce | None = None
    smp_type: SmpType | None = None
    identifier: str
    notional: Decimal
    """What it is worth without the fee, in the quote currency; of asks without a price, at the best bid."""

    @property
    def reduces(self) -> bool:
        """Whether it makes the position smaller: an ask does."""
        return self.side == "ask"

    @property
    def arguments(self) -> dict[str, Any]:
        """What `orders.create` takes."""
        return {name: value for name, value in msgspec.structs.asdict(self).items() if name != "notional"}


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants to buy or sell. Raises ValueError when that cannot be told."""

    market: str
    side: Side
    quote: Amount | None = None
    volume: Amount | None = None
    percent: Amount | None = None
    price: Amount | None = None
    best: bool = False
    time_in_force: TimeInForce | None = None
    smp_type: SmpType | None = None

    def __post_init__(self) -> None:
        currency, _, base = self.market.partition("-")
        if not base or self.market != self.market.upper():
            raise ValueError(f"market is {self.market!r}; write the quote currency first, as 'KRW-BTC'")
        sizes = {"quote": self.quote, "volume": self.volume, "percent": self.percent}
        given = [name for name, size in sizes.items() if size is not None]
        if len(given) != 1:
            told = f"{' and '.join(f'{name}=' for name in given)} were given" if given else "none was given"
            raise ValueError(
                f"exactly one of quote= (how much {currency}), volume= (how much {base}) and percent= "
                f"(of the free balance) is needed; {told}"
            )
        for name, amount in {**sizes, "price": self.price}.items():
            if amount is not None and not rules.exact_amount(amount, name):
                raise ValueError(f"{name} is zero; it must be above zero")
        if self.percent is not None and rules.exact_amount(self.percent, "percent") > _ALL:
            raise ValueError(f"percent is {self.percent}; it must be at most 100")
        self._fit(currency, base)

    def _fit(self, currency: str, base: str) -> None:
        """Refuse what no type of order can do."""
        if self.best and self.price is not None:
            raise ValueError("price= makes a limit order, best=True one at the best opposite price; give one of them")
        if self.best and self.time_in_force not in ("ioc", "fok"):
            raise ValueError("best=True needs time_in_force='ioc' or time_in_force='fok'")
        if self.ord_type in ("price", "market") and self.time_in_force is not None:
            raise ValueError(f"a market order has no time_in_force; {self.time_in_force!r} needs price= or best=True")
        if self.time_in_force == "post_only" and self.smp_type not in (None, "none"):
            raise ValueError("a post_only order meets nobody and takes no smp_type")
        if self.price is None and self.side == "bid" and self.volume is not None:
            raise ValueError(
                f"without a limit price, buying is by total: give quote= (how much {currency}) or percent=, "
                f"or price= to buy {self.volume} {base} at that price or lower"
            )
        if self.price is None and self.side == "ask" and self.quote is not None:
            raise ValueError(
                f"without a limit price, selling is by volume: give volume= (how much {base}) or percent=, "
                f"or price= to sell {self.quote} {currency} worth at that price or higher"
            )

    @property
    def ord_type(self) -> OrdType:
        """The type of order it becomes."""
        if self.price is not None:
            return "limit"
        if self.best:
            return "best"
        return "price" if self.side == "bid" else "market"

    @property
    def by_balance(self) -> bool:
        """Whether it depends on what is held."""
        return self.percent is not None

    @property
    def by_market(self) -> bool:
        """Whether only the market tells what it is worth."""
        return self.side == "ask" and self.price is None

    def draft(self, identifier: str, *, chance: OrderChance | None = None, bid: Decimal | None = None) -> Draft:
        """Settle the order. `chance` is needed when it is `by_balance`, the best bid when it is `by_market`.

        Raises ValueError when nothing is left of the wish once it is rounded.
        """
        with localcontext(Context(prec=_DIGITS, rounding=ROUND_DOWN)):
            price = None if self.price is None else limit_price(self.market, self.side, self.price)
            by_total, amount = self._size(chance)
            if by_total and price is not None:
                by_total, amount = False, amount / price
            size = rules.round_volume(amount)
            if not size:
                raise ValueError(f"nothing is left of {self._spoken()}: an amount has at most eight decimals")
            worth = size if by_total else size * (price or bid or 0)
        return Draft(
            market=self.market,
            side=self.side,
            ord_type=self.ord_type,
            volume=None if by_total else size,
            price=size if by_total else price,
            time_in_force=self.time_in_force,
            smp_type=self.smp_type,
            identifier=identifier,
            notional=worth,
        )

    def _size(self, chance: OrderChance | None) -> tuple[bool, Decimal]:
        """Whether the size is a total in the quote currency (else it is a volume), and how much it is."""
        if self.quote is not None:
            return True, rules.exact_amount(self.quote, "quote")
        if self.volume is not None:
            return False, rules.exact_amount(self.volume, "volume")
        assert self.percent is not None, "one of the three is given"
        assert chance is not None, "asked for before"
        share = rules.exact_amount(self.percent, "percent") / _ALL
        if self.side == "ask":
            return False, chance.ask_account.balance * share
        return True, chance.bid_account.balance * share / (1 + chance.bid_fee)

    def _spoken(self) -> str:
        sizes = {"quote": self.quote, "volume": self.volume, "percent": self.percent, "price": self.price}
        return " at ".join(f"{name}={size}" for name, size in sizes.items() if size is not None)


def limit_price(market: str, side: Side, price: Amount) -> Decimal:
    """Move a price onto the grid of its market, a bid's down and an ask's up; where no grid is known it stays.

    Raises ValueError for what is no price.
    """
    if market.partition("-")[0] not in rules.TICK_TABLES:
        return rules.exact_price(price)
    return rules.round_price(market, price, side=side)
