"""What has happened at a door before anything is asked: movements of money and orders of every state."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, NamedTuple

from .doors import Door

D = Decimal
BTC_THERE, XRP_THERE, XRP_TAG = "bc1qsomewhereelse", "rSomewhereElse", "12345"
FAR = "10000000"
"""A bid for KRW-BTC that nobody takes."""


class Stage(NamedTuple):
    """What stands there."""

    deposits: list[dict[str, Any]]
    """Newest first."""
    withdrawals: list[dict[str, Any]]
    waiting: dict[str, Any]
    bought: dict[str, Any]


def place(door: Door, **changes: Any) -> dict[str, Any]:
    """Place an order that rests."""
    asked = {"market": "KRW-BTC", "side": "bid", "ord_type": "limit", "price": FAR, "volume": "0.001"} | changes
    return door.result("Order.Order_new", **{name: value for name, value in asked.items() if value is not None})


def buy(door: Door, **changes: Any) -> dict[str, Any]:
    """Buy at market."""
    return place(door, ord_type="price", price="100000", volume=None, **changes)


def withdraw(door: Door, **changes: Any) -> dict[str, Any]:
    """Withdraw some BTC to a known address."""
    asked = {"currency": "BTC", "net_type": "BTC", "amount": "0.1", "address": BTC_THERE} | changes
    return door.result("Withdraw.Withdraw_coin", **asked)


def deposit(door: Door, currency: str, amount: str) -> None:
    """Let something come in: in 2023 nobody asked for that over the API."""
    exchange = door.exchange
    if currency == "KRW":
        exchange.wallet.deposit_krw(exchange.account, D(amount), door.now)
    else:
        exchange.wallet.deposit(exchange.account, currency, currency, D(amount), door.now)
    door.step(1)


def begin(door: Door) -> Stage:
    """Let it all happen."""
    wallet, account = door.exchange.wallet, door.exchange.account
    wallet.allow(account, "BTC", "BTC", BTC_THERE)
    wallet.allow(account, "XRP", "XRP", XRP_THERE, XRP_TAG)
    for currency in ("BTC", "XRP"):
        door.result("Deposit.Deposit_generate_coin_address", currency=currency, net_type=currency)
    for currency, amount in (("KRW", "5000"), ("BTC", "0.5"), ("KRW", "10000")):
        deposit(door, currency, amount)
    door.step(60)
    deposit(door, "KRW", "20000")
    withdraw(door)
    door.step(60)
    door.result("Withdraw.Withdraw_krw", amount="5000")
    withdraw(door, amount="0.2")
    bought = buy(door, identifier="bought")
    place(door, price="120000000", identifier="filled")
    waiting = place(door, identifier="waiting")
    for side, price in (("bid", "20000000"), ("ask", "300000000")):
        place(door, side=side, price=price)
    place(door, market="KRW-ETH", price="1000000", volume="0.01")
    door.result("Order.Order_cancel", uuid=place(door, identifier="cancelled")["uuid"])
    return Stage(door.result("Deposit.Deposit_info_all"), door.result("Withdraw.Withdraw_info_all"), waiting, bought)
