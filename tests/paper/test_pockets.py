"""Pockets and what moves between them."""

from __future__ import annotations

from decimal import Decimal
from itertools import count

import pytest

from upbit.paper.ledger import InsufficientFunds, Ledger
from upbit.paper.orders import AssetChanged, Event
from upbit.paper.pockets import Pockets, Transfer

D = Decimal


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture
def events() -> list[Event]:
    return []


@pytest.fixture
def pockets(ledger: Ledger, events: list[Event]) -> Pockets:
    numbers = count(1)
    return Pockets(ledger, lambda: f"id-{next(numbers)}", events.append)


def test_the_first_pocket_is_the_main_one(pockets: Pockets) -> None:
    main, other = pockets.add("main"), pockets.add("bots")
    assert [(main, "main", "main"), (other, "bots", "user_spot_trading")] == pockets.all()


def test_a_transfer_moves_a_free_amount_and_tells_both(pockets: Pockets, ledger: Ledger, events: list[Event]) -> None:
    main, other = pockets.add("main"), pockets.add("bots")
    ledger.deposit(main, "KRW", D(1_000))
    transfer = pockets.transfer(main, other, "KRW", D(300), "mine", 7)
    assert Transfer("id-3", "mine", main, other, "KRW", D(300), 7) == transfer
    assert (D(700), D(300)) == (ledger.holding(main, "KRW").balance, ledger.holding(other, "KRW").balance)
    assert [AssetChanged(main, ("KRW",), 7), AssetChanged(other, ("KRW",), 7)] == events
    assert ([transfer], []) == (pockets.transfers, ledger.faults())


def test_what_is_not_there_does_not_move(pockets: Pockets, ledger: Ledger, events: list[Event]) -> None:
    main, other = pockets.add("main"), pockets.add("bots")
    with pytest.raises(InsufficientFunds):
        pockets.transfer(main, other, "KRW", D(1), None, 7)
    assert ([], [], D(0)) == (pockets.transfers, events, ledger.holding(other, "KRW").balance)
