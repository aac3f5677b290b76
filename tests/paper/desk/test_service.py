"""Accounts, keys, wallets."""

from __future__ import annotations

from tests.paper.visitor import Visitor
from upbit.api import Accounts, ApiKeys, Orders, WalletStatus
from upbit.paper.listing import CURRENCIES


def test_an_account_shows_every_currency_it_ever_held() -> None:
    visitor = Visitor()
    rows = visitor.ask(Accounts.list)
    assert {
        "currency": "KRW",
        "balance": "10000000",
        "locked": "0",
        "avg_buy_price": "0",
        "avg_buy_price_modified": True,
        "unit_currency": "KRW",
    } == rows[0]
    assert ["KRW", "BTC", "ETH", "USDT"] == [row["currency"] for row in rows]
    visitor.ask(Orders.create, market="KRW-XRP", side="bid", ord_type="price", price=100_000)
    bought = visitor.ask(Accounts.list)[-1]
    assert ("XRP", False) == (bought["currency"], bought["avg_buy_price_modified"])
    assert float(bought["avg_buy_price"]) > 1_000


def test_an_account_of_2023_looks_like_the_example() -> None:
    row = Visitor("2023").ask(Accounts.list)[1]
    assert ("1.0", "0.0", "0") == (row["balance"], row["locked"], row["avg_buy_price"])


def test_keys_are_listed_without_their_secrets() -> None:
    visitor = Visitor()
    second = visitor.exchange.issue_key(visitor.exchange.account, permissions=[])
    rows = visitor.ask(ApiKeys.list, key=second)
    assert [visitor.key.access_key, second.access_key] == [row["access_key"] for row in rows]
    assert ["access_key", "expire_at"] == list(rows[0])
    assert "2027-09-21T23:14:00+09:00" == rows[0]["expire_at"]


def test_wallets_show_a_block_a_minute() -> None:
    visitor = Visitor()
    visitor.step(59_999)
    rows = visitor.ask(WalletStatus.list)
    assert sum(len(currency.networks) for currency in CURRENCIES.values()) == len(rows)
    assert {
        "currency": "BTC",
        "wallet_state": "working",
        "block_state": "normal",
        "block_height": 29_833_334,
        "block_updated_at": "2026-09-21T14:14:00.000+00:00",
        "block_elapsed_minutes": 0,
        "net_type": "BTC",
        "network_name": "Bitcoin",
    } == rows[0]
    visitor.step(1)
    assert rows[0]["block_height"] + 1 == visitor.ask(WalletStatus.list)[0]["block_height"]
    assert "network_name" not in Visitor("2023").ask(WalletStatus.list)[0]
