"""A real cause for every error that the 2023 document names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from upbit.documented import Envelope
from upbit.paper.exchange import PERMISSIONS
from upbit.wire.message import Request

from .doors import Door


def _order(**changes: Any) -> Callable[[Door], Envelope]:
    asked = {"market": "KRW-BTC", "side": "bid", "ord_type": "limit", "price": "10000000", "volume": "0.001"} | changes
    given = {name: value for name, value in asked.items() if value is not None}
    return lambda door: door.ask("Order.Order_new", **given)


def _withdraw_elsewhere(door: Door) -> Envelope:
    return door.ask("Withdraw.Withdraw_coin", currency="BTC", net_type="BTC", amount="0.1", address="bc1qunknown")


def _someone_in_the_middle(door: Door) -> Envelope:
    def meddle(request: Request) -> Request:
        return request._replace(query="market=KRW-ETH")

    key = door.exchange.first_key
    return door.speak(door.make(key.access_key, key.secret, meddle=meddle), "Order.Order_chance", market="KRW-BTC")


def _wrong_secret(door: Door) -> Envelope:
    return door.speak(door.make(door.exchange.first_key.access_key, "x" * 40), "Account.Account_info")


def _old_key(door: Door) -> Envelope:
    key = door.exchange.issue_key(door.exchange.account, lifetime=1_000)
    door.step(5)
    return door.speak(door.client(key), "Account.Account_info")


def _nonce_again(door: Door) -> Envelope:
    key, word = door.exchange.first_key, door.word()
    client = door.make(key.access_key, key.secret, nonce=lambda: word)
    assert door.speak(client, "Account.Account_info")["response"]["ok"]
    return door.speak(client, "Account.Account_info")


def _elsewhere(door: Door) -> Envelope:
    key = door.exchange.issue_key(door.exchange.account, allowed_ips=["10.1.2.3"])
    return door.speak(door.client(key), "Account.Account_info")


def _not_allowed(door: Door) -> Envelope:
    key = door.exchange.issue_key(door.exchange.account, permissions=PERMISSIONS - {"make_orders"})
    return door.speak(door.client(key), "Order.Order_cancel", uuid="any")


CAUSES: Mapping[str, Callable[[Door], Envelope]] = {
    "create_ask_error": _order(side="ask", ord_type="market"),
    "create_bid_error": _order(ord_type="price"),
    "insufficient_funds_ask": _order(market="KRW-ADA", side="ask", price="5000", volume="10"),
    "insufficient_funds_bid": _order(market="USDT-BTC", price="10000", volume="50"),
    "under_min_total_ask": _order(side="ask", price="300000000", volume="0.00001"),
    "under_min_total_bid": _order(volume="0.0001"),
    "withdraw_address_not_registerd": _withdraw_elsewhere,
    "validation_error": lambda door: door.ask("Order.Order_info"),
    "invalid_query_payload": _someone_in_the_middle,
    "jwt_verification": _wrong_secret,
    "expired_access_key": _old_key,
    "nonce_used": _nonce_again,
    "no_authorization_i_p": _elsewhere,
    "out_of_scope": _not_allowed,
}
"""What to do for each error."""
