"""The deposit desk and the travel rule's."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.paper.visitor import Visitor
from upbit.api import Accounts, Deposits, TravelRule
from upbit.paper.desk.deposits import VASPS

VASP = VASPS[0][0]


@pytest.fixture
def visitor() -> Visitor:
    return Visitor()


def come(visitor: Visitor, amount: int = 5_000) -> Any:
    return visitor.ask(Deposits.deposit_krw, amount=amount, two_factor_type="kakao")


def coin(visitor: Visitor) -> str:
    wallet, account = visitor.exchange.wallet, visitor.exchange.account
    return wallet.deposit(account, "BTC", "BTC", Decimal("0.5"), visitor.clock()).txid


def test_krw_comes_in_after_a_while(visitor: Visitor) -> None:
    begun = visitor.call(Deposits.deposit_krw, amount=5_000, two_factor_type="naver")
    assert 201 == begun.status
    assert ["type", "uuid", "currency", "txid", "state", "created_at", "amount", "fee", "transaction_type"] == list(
        begun.result
    )
    assert ("deposit", "PROCESSING", "5000") == tuple(begun.result[name] for name in ("type", "state", "amount"))
    visitor.step(5_000)
    done = visitor.ask(Deposits.retrieve)
    assert ("ACCEPTED", "2026-09-21T23:14:05+09:00") == (done["state"], done["done_at"])
    assert "10005000" == visitor.ask(Accounts.list)[0]["balance"]


@pytest.mark.parametrize(
    "arguments",
    [
        {"amount": 4_999, "two_factor_type": "kakao"},
        {"amount": "5000.5", "two_factor_type": "kakao"},
        {"amount": 5_000, "two_factor_type": "sms"},
    ],
)
def test_krw_does_not_come_in_by_nonsense(visitor: Visitor, arguments: Any) -> None:
    assert (400, "validation_error") == visitor.refused(Deposits.deposit_krw, **arguments)


def test_a_deposit_is_found_by_its_names_or_is_the_latest(visitor: Visitor) -> None:
    assert (404, "deposit_not_found") == visitor.refused(Deposits.retrieve)
    first, second = come(visitor), come(visitor, 6_000)
    txid = coin(visitor)
    assert first == visitor.ask(Deposits.retrieve, uuid=first["uuid"])
    assert "BTC" == visitor.ask(Deposits.retrieve, txid=txid)["net_type"]
    assert second == visitor.ask(Deposits.retrieve, currency="KRW")
    assert (404, "deposit_not_found") == visitor.refused(Deposits.retrieve, uuid=first["uuid"], currency="BTC")
    assert ["BTC", "KRW", "KRW"] == [row["currency"] for row in visitor.ask(Deposits.list)]


def test_a_deposit_of_2023_says_where_it_went_and_that_it_is_not_done() -> None:
    visitor = Visitor("2023")
    row = come(visitor)
    assert ("KRW", None, "5000.0") == (row["net_type"], row["done_at"], row["amount"])


@pytest.mark.parametrize(("profile", "status"), [("2023", 200), ("current", 201)])
def test_an_address_is_being_made_and_then_is_there(profile: str, status: int) -> None:
    visitor = Visitor(profile)
    asked = {"currency": "XRP", "net_type": "XRP"}
    assert (404, "deposit_not_found") == visitor.refused(Deposits.retrieve_coin_address, **asked)
    begun = visitor.call(Deposits.create_coin_address, **asked)
    assert (201, {"success": True, "message": "XRP 입금주소를 생성중입니다."}) == (begun.status, begun.result)
    making = asked | {"deposit_address": None, "secondary_address": None}
    assert making == visitor.ask(Deposits.retrieve_coin_address, **asked)
    visitor.step(2_000)
    made = visitor.call(Deposits.create_coin_address, **asked)
    assert (status, "r") == (made.status, made.result["deposit_address"][0])
    assert made.result["secondary_address"].isdigit()
    assert made.result == visitor.ask(Deposits.retrieve_coin_address, **asked)
    assert [made.result] == visitor.ask(Deposits.list_coin_addresses)


def test_an_address_is_one_of_a_known_network(visitor: Visitor) -> None:
    for operation in (Deposits.create_coin_address, Deposits.retrieve_coin_address, Deposits.retrieve_chance):
        assert (400, "validation_error") == visitor.refused(operation, currency="BTC", net_type="ETH")


def test_what_can_be_deposited(visitor: Visitor) -> None:
    assert {
        "currency": "USDT",
        "net_type": "TRX",
        "is_deposit_possible": True,
        "deposit_impossible_reason": "",
        "minimum_deposit_amount": "2",
        "minimum_deposit_confirmations": 20,
        "decimal_precision": 6,
    } == visitor.ask(Deposits.retrieve_chance, currency="USDT", net_type="TRX")


def test_a_deposit_under_way_is_verified_once_in_ten_minutes(visitor: Visitor) -> None:
    names = visitor.ask(TravelRule.list_vasps)
    assert (VASP, True) == (names[0]["vasp_uuid"], names[0]["depositable"])
    txid = coin(visitor)
    uuid = visitor.ask(Deposits.retrieve)["uuid"]
    said = {"deposit_uuid": uuid, "verification_result": "verified", "deposit_state": "PROCESSING"}
    assert said == visitor.ask(TravelRule.verify_deposit_by_uuid, deposit_uuid=uuid, vasp_uuid=VASP)
    how = {"txid": txid, "vasp_uuid": VASP, "currency": "BTC", "net_type": "BTC"}
    assert (429, "too_many_requests") == visitor.refused(TravelRule.verify_deposit_by_txid, **how)
    visitor.exchange.wallet.deposits(visitor.exchange.account)[-1].verified = visitor.exchange.now - 600_000
    assert said == visitor.ask(TravelRule.verify_deposit_by_txid, **how)
    visitor.step(5_000)
    assert (400, "already_have_deposit_transaction") == visitor.refused(TravelRule.verify_deposit_by_txid, **how)


def test_nothing_else_is_verified(visitor: Visitor) -> None:
    ask = TravelRule.verify_deposit_by_uuid
    assert (404, "deposit_not_found") == visitor.refused(ask, deposit_uuid="none", vasp_uuid=VASP)
    assert (400, "validation_error") == visitor.refused(ask, deposit_uuid="none", vasp_uuid="nobody")
