"""An exchange with one user, and what a portfolio should be once it was told everything."""

from __future__ import annotations

from decimal import Decimal
from itertools import count

from tests.paper.floor import FREE
from tests.views.events import MIDNIGHT
from upbit.errors import BadRequestError
from upbit.models import Account, MyAssetEvent, MyOrderEvent, Order
from upbit.paper.book import Side
from upbit.paper.bulletin import Bulletin
from upbit.paper.desk.shown import order_model
from upbit.paper.engine import Engine
from upbit.paper.ledger import Ledger
from upbit.paper.orders import AssetChanged, Event, OrderChanged, OrdType, SmpType, Ticket
from upbit.paper.profile import read_profile
from upbit.views import Portfolio
from upbit.wire.events import read
from upbit.wire.frames import write_event

D = Decimal
ME = "me"
Told = MyOrderEvent | MyAssetEvent


class Exchange:
    """The engine of the paper exchange, and what its private stream tells one of its users."""

    def __init__(self, profile: str = "current", **held: int) -> None:
        numbers = count(1)
        self.profile = read_profile(profile)
        self.bulletin = Bulletin(self.profile)
        self.now = MIDNIGHT
        self.told: list[Told] = []
        self.ledger = Ledger()
        self.engine = Engine(
            ["KRW-BTC", "KRW-XRP", "BTC-XRP"], self.ledger, FREE, ids=lambda: f"id-{next(numbers)}", emit=self.hear
        )
        for currency, amount in held.items():
            self.ledger.deposit(ME, currency, D(amount))
        for currency in ("KRW", "BTC", "XRP"):
            self.ledger.deposit("other", currency, D(10**9))

    def hear(self, event: Event) -> None:
        match event:
            case OrderChanged(order=order) if order.account == ME:
                told = self.bulletin.order(event)
            case AssetChanged(account=account, currencies=currencies, time=time) if account == ME:
                told = self.bulletin.assets(ME, [(one, self.ledger.holding(ME, one)) for one in currencies], time)
            case _:
                return
        (message,) = read(write_event(told, "SIMPLE"))
        assert isinstance(message, MyOrderEvent | MyAssetEvent)
        self.told.append(message)

    def place(
        self,
        side: Side,
        price: int | str | None,
        volume: int | str | None,
        ord_type: OrdType = "limit",
        *,
        market: str = "KRW-BTC",
        account: str = ME,
        smp_type: SmpType | None = None,
    ) -> str:
        """Place an order a millisecond later; its uuid, or nothing if it is refused."""
        self.now += 1
        ticket = Ticket(
            account=account,
            market=market,
            side=side,
            ord_type=ord_type,
            price=None if price is None else D(price),
            volume=None if volume is None else D(volume),
            smp_type=smp_type,
        )
        try:
            order = self.engine.accept(ticket, self.now)
        except BadRequestError:
            return ""
        self.engine.match(order, self.now)
        return order.uuid

    def cancel(self, choice: int) -> None:
        self.now += 1
        orders = self.engine.register.open_orders(ME)
        if orders:
            self.engine.cancel(orders[choice % len(orders)], self.now)

    def deposit(self, currency: str, amount: int) -> None:
        self.now += 1
        self.ledger.deposit(ME, currency, D(amount))
        self.hear(AssetChanged(ME, (currency,), self.now))

    def accounts(self) -> list[Account]:
        return [
            Account(
                currency=currency,
                balance=held.balance,
                locked=held.locked,
                avg_buy_price=held.average,
                avg_buy_price_modified=False,
                unit_currency="KRW",
            )
            for currency, held in self.ledger.holdings(ME)
        ]

    def open_orders(self) -> dict[str, Order]:
        orders = self.engine.register.open_orders(ME)
        return {order.uuid: order_model(order, self.profile, funds=True) for order in orders}

    def fills(self) -> set[tuple[str, str]]:
        return {(order.uuid, fill.uuid) for order in self.engine.register.orders(ME) for fill in order.trades}


def portfolio(events: list[Told], accounts: list[Account] | None = None, history: int = 1000) -> Portfolio:
    one = Portfolio(accounts or (), history=history)
    for event in events:
        one.apply(event)
    return one


def same(one: Portfolio, exchange: Exchange) -> None:
    """Hold a portfolio against the exchange's accounts, orders and fills."""
    for account in exchange.accounts():
        held = one.balances[account.currency]
        assert (account.balance, account.locked) == (held.balance, held.locked), account.currency
        assert account.avg_buy_price == (one.avg_buy_price(account.currency) or 0), account.currency
    assert exchange.open_orders() == one.orders
    assert exchange.fills() == {(fill.uuid, fill.trade_uuid) for fill in one.fills}
