"""Money in and out, with a ledger that is checked after every step."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from itertools import count
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upbit.errors import APIStatusError
from upbit.paper.ledger import Ledger
from upbit.paper.listing import CURRENCIES, Network
from upbit.paper.orders import AssetChanged, Event
from upbit.paper.wallet import (
    ADDRESS_MS,
    BANK_MS,
    KRW_WITHDRAW_FEE,
    LEAVE_MS,
    SETTLE_MS,
    Movement,
    Wallet,
    written_like,
)

D = Decimal
NOW = 1_000_000
THERE = "bc1qthere"


class Vault:
    """A wallet, its ledger and what it told."""

    def __init__(self) -> None:
        numbers = count(1)
        self.ledger = Ledger()
        self.events: list[Event] = []
        self.wallet = Wallet(self.ledger, lambda: f"id-{next(numbers)}", self.events.append)
        self.ledger.deposit("alice", "KRW", D(100_000))
        self.ledger.deposit("alice", "BTC", D(1))
        self.wallet.allow("alice", "BTC", "BTC", THERE)

    def held(self, currency: str) -> tuple[Decimal, Decimal]:
        held = self.ledger.holding("alice", currency)
        return held.balance, held.locked

    def send(self, amount: str = "0.1", *, address: str = THERE, kind: str = "default") -> Movement:
        return self.wallet.withdraw_coin(
            "alice", "BTC", "BTC", D(amount), address=address, secondary=None, transaction_type=kind, now=NOW
        )

    def refusal(self, act: Callable[[], object]) -> str | int | None:
        with pytest.raises(APIStatusError) as refused:
            act()
        return refused.value.name


@pytest.fixture
def vault() -> Vault:
    return Vault()


def test_a_deposit_counts_when_the_bank_is_done(vault: Vault) -> None:
    movement = vault.wallet.deposit_krw("alice", D(5_000), NOW)
    vault.wallet.advance(NOW + BANK_MS - 1)
    assert ("PROCESSING", None, (D(100_000), D(0))) == (movement.state, movement.done, vault.held("KRW"))
    vault.wallet.advance(NOW + BANK_MS)
    assert ("ACCEPTED", NOW + BANK_MS, (D(105_000), D(0))) == (movement.state, movement.done, vault.held("KRW"))
    assert [AssetChanged("alice", ("KRW",), NOW + BANK_MS)] == vault.events
    assert ([movement], []) == (vault.wallet.deposits("alice"), vault.wallet.deposits("bob"))
    assert [] == vault.ledger.faults()


def test_a_coin_comes_in_with_its_network(vault: Vault) -> None:
    movement = vault.wallet.deposit("alice", "BTC", "BTC", D("0.5"), NOW)
    assert ("BTC", "id-2") == (movement.net_type, movement.txid)
    assert "BKD-id-4" == vault.wallet.deposit_krw("alice", D(5_000), NOW).txid


def test_a_withdrawal_waits_leaves_and_arrives(vault: Vault) -> None:
    movement = vault.send()
    total = D("0.1002")
    assert ("WAITING", (1 - total, total)) == (movement.state, vault.held("BTC"))
    assert {("alice", "BTC"): total} == vault.wallet.locks()
    vault.wallet.advance(NOW + LEAVE_MS)
    assert ("PROCESSING", (1 - total, total)) == (movement.state, vault.held("BTC"))
    vault.wallet.advance(NOW + LEAVE_MS + SETTLE_MS)
    assert ("DONE", NOW + LEAVE_MS + SETTLE_MS) == (movement.state, movement.done)
    assert ((1 - total, D(0)), {}) == (vault.held("BTC"), vault.wallet.locks())
    assert [] == vault.ledger.faults()


def test_a_long_silence_lets_every_step_happen_at_its_time(vault: Vault) -> None:
    movement, deposit = vault.send(), vault.wallet.deposit_krw("alice", D(5_000), NOW)
    vault.wallet.advance(NOW + 10**9)
    assert ("DONE", NOW + LEAVE_MS + SETTLE_MS) == (movement.state, movement.done)
    assert ("ACCEPTED", NOW + BANK_MS) == (deposit.state, deposit.done)
    assert [NOW, NOW + BANK_MS, NOW + LEAVE_MS + SETTLE_MS] == [
        event.time for event in vault.events if isinstance(event, AssetChanged)
    ]


def test_an_internal_withdrawal_costs_nothing(vault: Vault) -> None:
    movement = vault.send(kind="internal")
    assert (D(0), "internal", (D("0.9"), D("0.1"))) == (movement.fee, movement.transaction_type, vault.held("BTC"))


def test_a_waiting_withdrawal_can_be_cancelled_once(vault: Vault) -> None:
    movement = vault.send()
    assert movement is vault.wallet.cancel("alice", movement.uuid, NOW + 1)
    assert ("CANCELLED", NOW + 1, (D(1), D(0))) == (movement.state, movement.done, vault.held("BTC"))
    assert "withdraw_not_found" == vault.refusal(lambda: vault.wallet.cancel("alice", movement.uuid, NOW + 2))
    vault.wallet.advance(NOW + 10**9)
    assert ("CANCELLED", {}) == (movement.state, vault.wallet.locks())


def test_what_has_left_or_belongs_to_another_cannot_be_cancelled(vault: Vault) -> None:
    movement = vault.send()
    assert "withdraw_not_found" == vault.refusal(lambda: vault.wallet.cancel("bob", movement.uuid, NOW))
    vault.wallet.advance(NOW + LEAVE_MS)
    assert "withdraw_not_found" == vault.refusal(lambda: vault.wallet.cancel("alice", movement.uuid, NOW + LEAVE_MS))


def test_krw_goes_to_the_bank_at_once_for_a_fee(vault: Vault) -> None:
    movement = vault.wallet.withdraw_krw("alice", D(10_000), NOW)
    assert ("PROCESSING", KRW_WITHDRAW_FEE, None) == (movement.state, movement.fee, movement.net_type)
    vault.wallet.advance(NOW + BANK_MS)
    assert ("DONE", (D(89_000), D(0))) == (movement.state, vault.held("KRW"))
    assert [movement] == vault.wallet.withdrawals("alice")


def test_only_addresses_of_the_allow_list_take_coins(vault: Vault) -> None:
    assert "withdraw_address_not_registered" == vault.refusal(lambda: vault.send(address="bc1qelsewhere"))
    assert [THERE] == [one.address for one in vault.wallet.allowed("alice")]
    assert [] == vault.wallet.allowed("bob")


def test_no_more_leaves_than_is_there_with_the_fee(vault: Vault) -> None:
    assert "withdraw_insufficient_balance" == vault.refusal(lambda: vault.send("1"))
    assert "withdraw_insufficient_balance" == vault.refusal(lambda: vault.wallet.withdraw_krw("alice", D(100_000), NOW))
    vault.send("0.9998")
    assert (D(0), D(1)) == vault.held("BTC")


@pytest.mark.parametrize("amount", ["0", "-1", "0.0004", "0.123456789", "NaN", "Infinity", "1e15", "1e999999"])
def test_a_coin_amount_must_be_one(vault: Vault, amount: str) -> None:
    assert "validation_error" == vault.refusal(lambda: vault.send(amount))


@pytest.mark.parametrize("amount", ["4999", "5000.5", "-5000", "NaN", "Infinity", "1e15"])
def test_a_krw_amount_must_be_whole_and_not_too_small(vault: Vault, amount: str) -> None:
    assert "validation_error" == vault.refusal(lambda: vault.wallet.withdraw_krw("alice", D(amount), NOW))
    assert "validation_error" == vault.refusal(lambda: vault.wallet.deposit_krw("alice", D(amount), NOW))


def test_an_address_takes_its_time_and_stays_the_same(vault: Vault) -> None:
    wallet = vault.wallet
    assert None is wallet.address("alice", "XRP", "XRP")
    assert None is wallet.make_address("alice", "XRP", "XRP", NOW)
    assert None is wallet.make_address("alice", "XRP", "XRP", NOW + ADDRESS_MS - 1)
    made = wallet.make_address("alice", "XRP", "XRP", NOW + ADDRESS_MS)
    assert made is not None
    assert made.secondary_address is not None
    assert ([made], made) == (wallet.addresses("alice"), wallet.address("alice", "XRP", "XRP"))
    assert [] == wallet.addresses("bob")


def test_a_network_must_be_one_of_the_currency(vault: Vault) -> None:
    for currency, net_type in (("BTC", "ETH"), ("KRW", "KRW"), ("NONE", "BTC")):
        assert "validation_error" == vault.refusal(lambda c=currency, n=net_type: vault.wallet.network(c, n))


@given(st.sampled_from([network for one in CURRENCIES.values() for network in one.networks]), st.integers())
def test_an_address_looks_like_its_network(network: Network, seed: int) -> None:
    for pattern in filter(None, (network.address, network.secondary)):
        assert re.fullmatch(pattern, written_like(pattern, Random(seed)))


def test_a_set_without_a_count_is_one_letter() -> None:
    assert re.fullmatch("x[ab]y", written_like("x[ab]y", Random(1)))
