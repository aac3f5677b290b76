"""Forbidden uses: every line marked `# E` must be reported by mypy and by pyright; never run."""

from __future__ import annotations

from datetime import datetime

from upbit import AsyncUpbit, Upbit
from upbit.api.orders import Orders
from upbit.feed import candle, orderbook, ticker
from upbit.models import Account, Order
from upbit.paper.desk.handler import serves
from upbit.paper.exchange import Caller


def construct() -> None:
    Upbit(acces_key="a")  # E
    Upbit(timeout="3")  # E
    Upbit(algorithm="none")  # E
    Upbit(region="us")  # E
    Upbit(config={"hosts": "http://127.0.0.1"})  # E
    Upbit(1, 2)  # E


def typed(client: Upbit) -> None:
    client.orders.create(market="KRW-BTC", side="buy", ord_type="limit")  # E
    client.orders.create(market="KRW-BTC", ord_type="limit")  # E
    client.orders.create(market="KRW-BTC", side="bid", ord_type="limit", vol="1")  # E
    client.orders.create(market="KRW-BTC", side="bid", ord_type="limit", volume=0.1)  # E
    client.orders.create("KRW-BTC", "bid", "limit")  # E
    client.orders.create(market="KRW-BTC", side="bid", ord_type="limit", time_in_force="gtc")  # E
    client.candles.list_minutes(2, market="KRW-BTC")  # E
    client.candles.list_minutes(market="KRW-BTC")  # E
    client.candles.list_days(market="KRW-BTC", to=datetime)  # E
    client.tickers.list()  # E
    client.tickers.list(1)  # E
    client.accounts.list(1)  # E
    print(client.accounts.list()[0].balances)  # E
    client.accounts.list()["KRW"]  # E
    client.orders.nope()  # E
    client.nope.list()  # E
    number: float = client.accounts.list()[0].balance  # E
    account: Account = client.orders.retrieve(uuid="a")  # E
    client.accounts.list()[0].balance = number  # E
    client.replies.accounts.list()[0]  # E
    client.withdraws.create_withdrawal(currency="BTC", net_type="BTC", amount="1")  # E
    client.deposits.deposit_krw(amount="1", two_factor_type="sms")  # E
    print(account)


async def awaited(client: AsyncUpbit) -> None:
    client.accounts.list()[0]  # E
    order: Order = client.orders.retrieve(uuid="a")  # E
    await client.orders.create(market="KRW-BTC", side="buy", ord_type="limit")  # E
    await client.orders.nope()  # E
    with client:  # E
        print(order)


def trading(client: Upbit) -> None:
    client.trading()  # E
    client.trading("real")  # E
    client.trading("paper", limit=1)  # E
    with client.trading("paper") as trader:
        trader.buy("KRW-BTC", quote=0.1)  # E
        trader.buy(quote=1)  # E
        trader.buy("KRW-BTC", quotes=1)  # E
        trader.buy("KRW-BTC", quote=1, time_in_force="gtc")  # E
        print(trader.buy("KRW-BTC", quote=1).statuses)  # E
        trader.wait(1)  # E
        trader.replace("uuid")  # E
        trader.withdraw()  # E


async def trading_awaited(client: AsyncUpbit) -> None:
    async with client.trading("paper") as trader:
        print(trader.buy("KRW-BTC", quote=1).status)  # E
        await trader.sell("KRW-BTC", volume=0.1)  # E
    with client.trading("paper"):  # E
        pass


def documented(client: Upbit) -> None:
    client.Order.Order_new(market="KRW-BTC", side="buy", ord_type="limit")  # E
    client.Order.Order_new(market="KRW-BTC", side="bid")  # E
    client.Order.Order_new(market="KRW-BTC", side="bid", ord_type="limit", vol="1")  # E
    client.Order.Order_nope()  # E
    client.Market.Market_info_all(details=True)  # E
    client.Order.Order_chance(market="KRW-BTC")["remaining"]  # E
    client.Order.Order_chance(market="KRW-BTC")["response"]["status_code"].upper()  # E


def feed(client: Upbit, other: AsyncUpbit) -> None:
    client.feed("KRW-BTC")  # E
    client.feed(["KRW-BTC"])  # E
    client.feed(ticker("KRW-BTC"), adit=5)  # E
    client.feed(ticker("KRW-BTC"), format="XML")  # E
    client.feed(ticker("KRW-BTC"), policies={"trade": "newest"})  # E
    ticker(["KRW-BTC"])  # E
    candle("KRW-BTC", interval="2m")  # E
    orderbook("KRW-BTC", units=7)  # E
    for event in client.feed(ticker("KRW-BTC")):
        print(event.trade_price)  # E
    for _event in other.feed(ticker("KRW-BTC")):  # E
        pass
    with other.feed(ticker("KRW-BTC")):  # E
        pass


@serves(Orders.cancel)  # E
def missing_argument(caller: Caller, *, uuid: str | None = None) -> Order:
    raise LookupError(caller, uuid)


@serves(Orders.cancel)  # E
def wrong_type(caller: Caller, *, uuid: int | None = None, identifier: str | None = None) -> Order:
    raise LookupError(caller, uuid, identifier)


@serves(Orders.cancel)  # E
def wrong_result(caller: Caller, *, uuid: str | None = None, identifier: str | None = None) -> list[Order]:
    raise LookupError(caller, uuid, identifier)


@serves(Orders.cancel)  # E
def argument_too_many(caller: Caller, *, uuid: str, identifier: str | None = None, market: str) -> Order:
    raise LookupError(caller, uuid, identifier, market)
