"""The pocket desk."""

from __future__ import annotations

from typing import Any

import pytest

from tests.paper.visitor import START, Visitor
from upbit.api import Accounts, Pockets


class Purse(Visitor):
    """A visitor with a second pocket and its key."""

    def __init__(self) -> None:
        super().__init__()
        self.main = self.exchange.account
        self.second = self.exchange.pockets.add("bots")
        self.second_key = self.exchange.issue_key(
            self.second, permissions=["transfer", "view_account"], allowed_ips=["127.0.0.1"], lifetime=60_000
        )

    def give(self, amount: str = "1000", **more: Any) -> Any:
        asked: dict[str, Any] = {"to": self.second, "currency": "KRW", "amount": amount} | more
        return self.ask(Pockets.universal_transfer, **asked)


@pytest.fixture
def purse() -> Purse:
    return Purse()


def test_pockets_and_their_keys_are_listed(purse: Purse) -> None:
    assert [
        {"uuid": purse.main, "name": "메인 포켓", "type": "main"},
        {"uuid": purse.second, "name": "bots", "type": "user_spot_trading"},
    ] == purse.ask(Pockets.list)
    assert [purse.main, purse.second] == [row["uuid"] for row in purse.ask(Pockets.list_api_keys)]
    only = purse.ask(Pockets.list_api_keys, uuids=[purse.second])
    assert [
        {
            "uuid": purse.second,
            "keys": [
                {
                    "access_key": purse.second_key.access_key,
                    "permissions": ["transfer", "view_account"],
                    "allowed_ips": ["127.0.0.1"],
                    "created_at": "2026-09-21T23:14:00+09:00",
                    "expired_at": "2026-09-21T23:15:00+09:00",
                }
            ],
        }
    ] == only
    purse.step(60_000)
    assert [] == purse.ask(Pockets.list_api_keys, uuids=[purse.second])[0]["keys"]
    assert only == purse.ask(Pockets.list_api_keys, uuids=[purse.second], include_expired=True)


def test_a_transfer_moves_between_pockets_at_once(purse: Purse) -> None:
    answer = purse.call(Pockets.universal_transfer, to=purse.second, currency="KRW", amount="1000.5", identifier="mine")
    assert 201 == answer.status
    assert {
        "uuid": answer.result["uuid"],
        "identifier": "mine",
        "from": purse.main,
        "to": purse.second,
        "currency": "KRW",
        "amount": "1000.5",
        "state": "done",
        "created_at": "2026-09-21T23:14:00+09:00",
    } == answer.result
    held = purse.ask(Pockets.retrieve_balance, uuid=purse.second)
    assert [("KRW", "1000.5")] == [(row["currency"], row["balance"]) for row in held]
    assert held == purse.ask(Accounts.list, key=purse.second_key)
    back = purse.ask(Pockets.transfer, key=purse.second_key, to=purse.main, currency="KRW", amount="0.5")
    assert (purse.second, None) == (back["from"], back["identifier"])
    returned = purse.give("1000", to=purse.main, from_=purse.second)
    assert (purse.second, purse.main) == (returned["from"], returned["to"])
    assert "10000000" == purse.ask(Accounts.list)[0]["balance"]


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"to": "nowhere"}, (404, "pocket_not_found")),
        ({"from_": "nowhere"}, (404, "pocket_not_found")),
        ({"currency": "NONE"}, (404, "currency_not_found")),
        ({"amount": "0"}, (400, "validation_error")),
        ({"amount": "0.000000001"}, (400, "validation_error")),
        ({"amount": "1e20"}, (400, "validation_error")),
        ({"amount": "10000001"}, (400, "insufficient_funds_ask")),
    ],
)
def test_nothing_moves_by_nonsense(purse: Purse, changes: Any, refusal: tuple[int, str]) -> None:
    asked = {"to": purse.second, "currency": "KRW", "amount": "1"} | changes
    assert refusal == purse.refused(Pockets.universal_transfer, **asked)
    assert [] == purse.ask(Pockets.list_universal_transfers)


def test_a_pocket_must_be_known(purse: Purse) -> None:
    assert (404, "pocket_not_found") == purse.refused(Pockets.retrieve_balance, uuid="nowhere")


def test_transfers_are_listed_by_what_they_are(purse: Purse) -> None:
    first, second = purse.give("1", identifier="one"), purse.give("2", currency="USDT")
    third = purse.give("1", to=purse.main, from_=purse.second)

    def listed(**asked: Any) -> list[str]:
        return [row["uuid"] for row in purse.ask(Pockets.list_universal_transfers, **asked)]

    one, two, three = (row["uuid"] for row in (first, second, third))
    assert [three, two, one] == listed()
    assert [one, two, three] == listed(order_by="asc")
    assert [three] == listed(limit=1)
    assert [two, one] == listed(uuids=[one, two])
    assert [one] == listed(identifiers=["one"])
    assert [two] == listed(currency="USDT")
    assert [three, two, one] == listed(states=["done", "failed"])
    assert [] == listed(states=["failed"])
    assert [three] == listed(from_=purse.second)
    assert [two, one] == listed(to=purse.second)
    assert [] == listed(end_time=str(START - 1))
    assert [three, two, one] == listed(start_time=str(START))
    for wrong in ({"limit": 0}, {"limit": 101}, {"start_time": "then"}):
        assert (400, "validation_error") == purse.refused(Pockets.list_universal_transfers, **wrong)


def test_a_pocket_sees_its_own_transfers_by_direction(purse: Purse) -> None:
    given = purse.give()["uuid"]
    purse.exchange.pockets.add("third")
    third = purse.exchange.pockets.all()[2][0]
    purse.give(to=third)
    back = purse.ask(Pockets.transfer, key=purse.second_key, to=purse.main, currency="KRW", amount=1)["uuid"]

    def seen(**asked: Any) -> list[str]:
        return [row["uuid"] for row in purse.ask(Pockets.list_transfers, key=purse.second_key, **asked)]

    assert [back, given] == seen() == seen(direction="all")
    assert [given] == seen(direction="in")
    assert [back] == seen(direction="out")
