"""The withdrawal desk."""

from __future__ import annotations

from typing import Any

import pytest

from tests.paper.visitor import Visitor
from upbit.api import Accounts, Withdraws

THERE, TAG = "rThere", "777"
COIN = {"currency": "BTC", "net_type": "BTC", "amount": "0.1", "address": "bc1qthere"}


@pytest.fixture
def visitor() -> Visitor:
    return allowing(Visitor())


def allowing(visitor: Visitor) -> Visitor:
    wallet, account = visitor.exchange.wallet, visitor.exchange.account
    wallet.allow(account, "BTC", "BTC", COIN["address"])
    wallet.allow(account, "XRP", "XRP", THERE, TAG)
    return visitor


def test_a_coin_waits_leaves_and_arrives(visitor: Visitor) -> None:
    begun = visitor.call(Withdraws.create_withdrawal, **COIN)
    assert 201 == begun.status
    assert {
        "type": "withdraw",
        "uuid": begun.result["uuid"],
        "currency": "BTC",
        "net_type": "BTC",
        "txid": begun.result["txid"],
        "state": "WAITING",
        "created_at": "2026-09-21T23:14:00+09:00",
        "amount": "0.1",
        "fee": "0.0002",
        "transaction_type": "default",
        "is_cancelable": True,
    } == begun.result
    assert ("0.8998", "0.1002") == tuple(visitor.ask(Accounts.list)[1][name] for name in ("balance", "locked"))
    visitor.step(5_000)
    assert ("PROCESSING", False) == state(visitor)
    visitor.step(30_000)
    assert ("DONE", False) == state(visitor)
    assert "2026-09-21T23:14:35+09:00" == visitor.ask(Withdraws.retrieve)["done_at"]


def state(visitor: Visitor) -> tuple[str, bool]:
    row = visitor.ask(Withdraws.retrieve)
    return row["state"], row["is_cancelable"]


def test_a_withdrawal_is_cancelled_while_it_waits(visitor: Visitor) -> None:
    uuid = visitor.ask(Withdraws.create_withdrawal, **COIN)["uuid"]
    assert "CANCELLED" == visitor.ask(Withdraws.cancel_withdrawal, uuid=uuid)["state"]
    assert (404, "withdraw_not_found") == visitor.refused(Withdraws.cancel_withdrawal, uuid=uuid)
    assert "1" == visitor.ask(Accounts.list)[1]["balance"]


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"address": "bc1qelsewhere"}, "withdraw_address_not_registered"),
        ({"secondary_address": TAG}, "withdraw_address_not_registered"),
        ({"net_type": "ETH"}, "validation_error"),
        ({"amount": "0.0001"}, "validation_error"),
        ({"amount": "0.123456789"}, "validation_error"),
        ({"amount": "1"}, "withdraw_insufficient_balance"),
        ({"transaction_type": "fast"}, "validation_error"),
    ],
)
def test_a_coin_does_not_leave_by_nonsense(visitor: Visitor, changes: Any, name: str) -> None:
    assert (400, name) == visitor.refused(Withdraws.create_withdrawal, **(COIN | changes))


def test_a_second_address_that_is_none_in_words_is_none(visitor: Visitor) -> None:
    """As pyupbit writes it."""
    row = visitor.ask(Withdraws.create_withdrawal, **COIN, secondary_address="None", transaction_type="internal")
    assert ("0", "internal") == (row["fee"], row["transaction_type"])


def test_krw_leaves_with_a_second_factor(visitor: Visitor) -> None:
    assert (400, "validation_error") == visitor.refused(Withdraws.create_krw_withdrawal, amount=5_000)
    row = visitor.ask(Withdraws.create_krw_withdrawal, amount=5_000, two_factor_type="hana")
    assert ("KRW", "PROCESSING", "1000", False) == tuple(
        row[name] for name in ("currency", "state", "fee", "is_cancelable")
    )
    assert "net_type" not in row


def test_withdrawals_are_found_and_listed(visitor: Visitor) -> None:
    assert (404, "withdraw_not_found") == visitor.refused(Withdraws.retrieve)
    first = visitor.ask(Withdraws.create_withdrawal, **COIN)
    second = visitor.ask(Withdraws.create_krw_withdrawal, amount=5_000, two_factor_type="kakao")
    assert [second, first] == visitor.ask(Withdraws.list)
    assert first == visitor.ask(Withdraws.retrieve, currency="BTC")
    assert second == visitor.ask(Withdraws.retrieve)


def test_a_withdrawal_of_2023_says_what_it_is_worth_when_it_is_made() -> None:
    visitor = allowing(Visitor("2023"))
    row = visitor.ask(Withdraws.create_withdrawal, **COIN)
    assert float(row["krw_amount"]) > 1_000_000
    assert (None, False) == (row["done_at"], "is_cancelable" in row)
    assert "krw_amount" not in visitor.ask(Withdraws.retrieve)
    made = visitor.ask(Withdraws.create_krw_withdrawal, amount=5_000)
    assert not {"net_type", "krw_amount"} & made.keys()
    assert "KRW" == visitor.ask(Withdraws.retrieve)["net_type"]


def test_the_allow_list_is_shown(visitor: Visitor) -> None:
    assert [
        {
            "currency": "BTC",
            "net_type": "BTC",
            "network_name": "Bitcoin",
            "withdraw_address": "bc1qthere",
        },
        {
            "currency": "XRP",
            "net_type": "XRP",
            "network_name": "XRP Ledger",
            "withdraw_address": THERE,
            "secondary_address": TAG,
        },
    ] == visitor.ask(Withdraws.list_coin_addresses)
    old = allowing(Visitor("2023")).ask(Withdraws.list_coin_addresses)[0]
    assert (None, False) == (old["secondary_address"], "network_name" in old)


def test_what_can_be_withdrawn(visitor: Visitor) -> None:
    chance = visitor.ask(Withdraws.retrieve_chance, currency="BTC", net_type="BTC")
    assert ("BTC", "0.0002", True) == tuple(chance["currency"][name] for name in ("code", "withdraw_fee", "is_coin"))
    assert ("0.0005", 8, "0") == tuple(
        chance["withdraw_limit"][name] for name in ("minimum", "fixed", "withdraw_delayed_fiat")
    )
    assert (True, False) == (
        chance["member_level"]["two_factor_auth_verified"],
        "kakao_pay_auth_verified" in chance["member_level"],
    )
    krw = visitor.ask(Withdraws.retrieve_chance, currency="KRW")
    assert ("1000", False, "5000", 0) == (
        krw["currency"]["withdraw_fee"],
        krw["currency"]["is_coin"],
        krw["withdraw_limit"]["minimum"],
        krw["withdraw_limit"]["fixed"],
    )
    for asked in ({"currency": "NONE", "net_type": "BTC"}, {"currency": "BTC"}, {"currency": "BTC", "net_type": "X"}):
        assert (400, "validation_error") == visitor.refused(Withdraws.retrieve_chance, **asked)


def test_what_could_be_withdrawn_in_2023() -> None:
    chance = Visitor("2023").ask(Withdraws.retrieve_chance, currency="BTC", net_type="BTC")
    assert chance["member_level"]["kakao_pay_auth_verified"]
    limit = chance["withdraw_limit"]
    assert (None, "0.0", "1000000000.0", False) == (
        limit["daily"],
        limit["remaining_daily"],
        limit["remaining_daily_krw"],
        "withdraw_delayed_fiat" in limit,
    )
