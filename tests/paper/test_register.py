"""The register: what is asked of it, and what it would rather die of than do."""

from __future__ import annotations

from decimal import Decimal

import pytest

from upbit.paper.ledger import Ledger, Violation
from upbit.paper.orders import Event, OrderRecord
from upbit.paper.register import Register

D = Decimal


def order(account: str = "alice", identifier: str | None = None) -> OrderRecord:
    return OrderRecord(
        account=account,
        market="KRW-BTC",
        side="bid",
        ord_type="limit",
        price=D(100),
        volume=D(1),
        identifier=identifier,
        uuid="",
        created=1,
        fee=D("0.1"),
        reserved_fee=D(10),
    )


@pytest.fixture
def events() -> list[Event]:
    return []


@pytest.fixture
def register(events: list[Event]) -> Register:
    ledger = Ledger()
    ledger.deposit("alice", "KRW", D(250))
    ledger.deposit("bob", "KRW", D(250))
    numbers = iter("123456789")
    return Register(ledger, lambda: next(numbers), events.append)


def test_an_account_sees_its_own_orders_only(register: Register) -> None:
    first, second, bobs = order(identifier="mine"), order(), order("bob")
    for one in (first, second, bobs):
        register.admit(one, 1)
    assert [first, second] == register.orders("alice")
    assert first is register.order("alice", "1")
    assert register.order("bob", "1") is None
    assert first is register.identified("alice", "mine")
    assert register.identified("bob", "mine") is None
    register.close(first, "cancel", 2)
    assert ([second], [bobs]) == (register.open_orders("alice"), register.open_orders("bob"))
    assert [first, second] == register.orders("alice")
    assert ([], []) == (register.orders("nobody"), register.open_orders("nobody"))


def test_accepting_what_is_not_there_is_a_violation(register: Register, events: list[Event]) -> None:
    for _ in range(2):
        register.admit(order(), 1)
    seen = len(events)
    with pytest.raises(Violation):
        register.admit(order(), 1)
    assert (seen, 2) == (len(events), len(register.orders("alice")))


def test_locks_of_withdrawals_under_way_count(register: Register) -> None:
    register.admit(order(), 1)
    register.ledger.lock("alice", "KRW", D(40))
    assert [] == register.faults({("alice", "KRW"): D(40)})
    assert ["the locks of the accounts are not those of their open orders and withdrawals"] == register.faults({})


def test_an_end_is_announced_with_the_lock_it_gives_back(register: Register, events: list[Event]) -> None:
    one = order()
    register.admit(one, 1)
    register.close(one, "cancel", 2)
    assert ["OrderChanged", "AssetChanged"] * 2 == [type(event).__name__ for event in events]
    assert (D(250), D(110)) == (register.ledger.holding("alice", "KRW").balance, one.locked)
