"""The ledger: nothing is made, lost or rounded."""

from __future__ import annotations

from contextlib import nullcontext
from decimal import Decimal, Inexact

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from upbit.paper.ledger import FEE, MARKET, Holding, InsufficientFunds, Ledger, Violation, exact

D = Decimal
amounts = st.decimals(min_value=0, max_value=10**9, places=16)
accounts = st.sampled_from(("alice", "bob"))
currencies = st.sampled_from(("KRW", "BTC"))


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(("deposit", "withdraw", "lock", "unlock", "transfer", "settle")),
            accounts,
            accounts,
            currencies,
            amounts,
        ),
        max_size=40,
    )
)
def test_whatever_happens_the_sums_are_what_came_in(
    steps: list[tuple[str, str, str, str, Decimal]],
) -> None:
    ledger = Ledger()
    came_in = {"KRW": D(0), "BTC": D(0)}
    for step, one, other, currency, amount in steps:
        held = ledger.holding(one, currency)
        if step == "deposit":
            ledger.deposit(one, currency, amount)
            came_in[currency] = exactly(came_in[currency], amount)
        elif step == "unlock":
            ledger.unlock(one, currency, min(amount, held.locked))
        elif step == "settle":
            funds = min(amount, ledger.holding(one, "KRW").locked) / 2
            ledger.settle(
                buyer=one,
                seller=MARKET,
                base="BTC",
                quote="KRW",
                volume=D("0.5"),
                funds=funds,
                bid_fee=funds * D("0.5"),
                ask_fee=D(0),
            )
        else:
            with nullcontext() if amount <= held.balance else pytest.raises(InsufficientFunds, match=currency):
                if step == "withdraw":
                    ledger.withdraw(one, currency, amount)
                    came_in[currency] = exactly(came_in[currency], -amount)
                elif step == "lock":
                    ledger.lock(one, currency, amount)
                else:
                    ledger.transfer(one, other, currency, amount)
        assert [] == ledger.faults()
        for name, total in came_in.items():
            parts = [ledger.holding(account, name) for account in ("alice", "bob", FEE, MARKET)]
            assert total == exactly(*(part.balance for part in parts), *(part.locked for part in parts))


def exactly(*parts: Decimal) -> Decimal:
    with exact():
        return sum(parts, D(0))


def test_both_sides_of_a_trade_pay_their_fee() -> None:
    ledger = Ledger()
    ledger.deposit("alice", "KRW", D(1005))
    ledger.deposit("bob", "BTC", D(3))
    ledger.lock("alice", "KRW", D(1005))
    ledger.lock("bob", "BTC", D(3))
    ledger.settle(
        buyer="alice", seller="bob", base="BTC", quote="KRW", volume=D(2), funds=D(1000), bid_fee=D(5), ask_fee=D(4)
    )
    assert Holding(D(2), D(0), D(500)) == ledger.holding("alice", "BTC")
    assert Holding(D(0), D(0)) == ledger.holding("alice", "KRW")
    assert Holding(D(996), D(0)) == ledger.holding("bob", "KRW")
    assert {("bob", "BTC"): D(1)} == ledger.locks()
    assert D(9) == ledger.holding(FEE, "KRW").balance
    assert [] == ledger.faults()


def buy(ledger: Ledger, volume: str, funds: str, quote: str = "KRW") -> Decimal:
    ledger.deposit("alice", quote, D(funds))
    ledger.lock("alice", quote, D(funds))
    ledger.settle(
        buyer="alice",
        seller=MARKET,
        base="ETH",
        quote=quote,
        volume=D(volume),
        funds=D(funds),
        bid_fee=D(0),
        ask_fee=D(0),
    )
    return ledger.holding("alice", "ETH").average


def test_the_average_buy_price_weighs_what_is_held_and_forgets_it_when_all_is_sold() -> None:
    ledger = Ledger()
    ledger.deposit("alice", "ETH", D(1))
    assert D(100) == buy(ledger, "1", "100")
    ledger.lock("alice", "ETH", D(2))
    assert D("66.66666667") == buy(ledger, "1", "0")
    ledger.unlock("alice", "ETH", D(2))
    assert D("66.66666667") == buy(ledger, "1", "5", "BTC")
    for sold, average in (("3", D("66.66666667")), ("1", D(0))):
        ledger.lock("alice", "ETH", D(sold))
        ledger.settle(
            buyer=MARKET,
            seller="alice",
            base="ETH",
            quote="KRW",
            volume=D(sold),
            funds=D(1),
            bid_fee=D(0),
            ask_fee=D(0),
        )
        assert average == ledger.holding("alice", "ETH").average


def test_holdings_come_in_the_order_in_which_they_were_first_held() -> None:
    ledger = Ledger()
    for currency in ("XRP", "BTC", "XRP"):
        ledger.deposit("alice", currency, D(1))
    assert [("XRP", Holding(D(2))), ("BTC", Holding(D(1)))] == list(ledger.holdings("alice"))
    assert [] == list(ledger.holdings("nobody"))
    assert Holding() == ledger.holding("nobody", "BTC")


def test_a_look_changes_nothing() -> None:
    ledger = Ledger()
    ledger.holding("alice", "BTC").balance = D(5)
    assert Holding() == ledger.holding("alice", "BTC")


def test_amounts_below_zero_and_beyond_the_lock_are_violations() -> None:
    ledger = Ledger()
    ledger.deposit("alice", "KRW", D(10))
    ledger.lock("alice", "KRW", D(4))
    for act, amount in ((ledger.deposit, -1), (ledger.withdraw, -1), (ledger.unlock, 5), (ledger.unlock, -1)):
        with pytest.raises(Violation):
            act("alice", "KRW", D(amount))
    assert Holding(D(6), D(4)) == ledger.holding("alice", "KRW")


def test_what_cannot_be_exact_is_an_error() -> None:
    ledger = Ledger()
    ledger.deposit("alice", "KRW", D("1e40"))
    with pytest.raises(Inexact):
        ledger.deposit("alice", "KRW", D("1e-40"))


def test_faults_names_money_out_of_nowhere_and_debts() -> None:
    ledger = Ledger()
    ledger.deposit("alice", "KRW", D(10))
    ledger._accounts["alice"]["KRW"].balance = D(-1)
    ledger._accounts["alice"]["BTC"] = Holding(D(1))
    assert [
        "alice has -1 free and 0 locked KRW",
        "KRW sums to -1, 10 came in",
        "BTC sums to 1, 0 came in",
    ] == ledger.faults()
