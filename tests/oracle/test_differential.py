"""The short form of `make oracle`: both engines, the same commands, no difference."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.oracle import naive
from tests.oracle.desk import desk_fight
from tests.oracle.duel import Difference, Duel, EngineDoor, engine_fight
from tests.oracle.naive import Order
from tests.oracle.script import Command, Place, Terms
from upbit.paper.book import Side
from upbit.paper.orders import OrderRecord

D = Decimal

USUAL = {"cancelled", "canceleach", "quote", "limit wait", "limit done", "price cancel", "market done"}
REFUSALS = {
    *("duplicated_identifier", "insufficient_funds_ask", "insufficient_funds_bid", "invalid_post_only"),
    *("invalid_price_bid", "invalid_time_in_force", "invalid_volume_ask", "order_not_found", "over_krw_funds_bid"),
    *("under_min_total_ask", "under_min_total_bid", "under_min_total_market_ask", "create_bid_error"),
}


def test_the_engine_does_what_the_reference_says() -> None:
    agreed = sum((engine_fight(seed, 3_000) for seed in range(1, 6)), start=engine_fight(0, 3_000))
    assert 18_000 == agreed.total()
    assert set() == (USUAL | REFUSALS) - agreed.keys()
    assert (
        set()
        == {f"best {condition} {end}" for condition in ("ioc", "fok") for end in ("done", "cancel")} - agreed.keys()
    )


def test_the_desk_does_too_while_the_market_moves() -> None:
    agreed = desk_fight(0, 2_000)
    assert 2_000 == agreed.total()
    assert set() == {"step", "limit wait", "cancelled", "cancelopen", "canceleach"} - agreed.keys()


def asked(duel: Duel, *orders: tuple[str, Side, Terms]) -> list[str]:
    commands: list[Command] = [Place(account, "KRW-BTC", side, terms) for account, side, terms in orders]
    return [duel.perform(command) for command in commands]


def test_fill_or_kill_stops_looking_once_its_money_buys_no_more() -> None:
    """Found by `make oracle`: an own order behind the last one needed killed it, because of a rest below 1e-8."""
    duel = Duel(EngineDoor(), naive.Exchange())
    resting = Terms("limit", D(1_000_000), D("0.01"), None, None, None)
    assert ["limit wait", "limit wait", "best fok cancel"] == asked(
        duel,
        ("bob", "ask", resting),
        ("alice", "ask", resting),
        ("alice", "bid", Terms("best", D("10000.001"), None, "fok", "reduce", None)),
    )
    bought = list(duel.records.values())[-1]
    assert (D("0.01"), 1) == (bought.executed_volume, len(bought.trades))


class Generous(EngineDoor):
    """An exchange that gives away a little that nobody can see in the orders."""

    def place(self, account: str, market: str, side: Side, terms: Terms) -> OrderRecord:
        record = super().place(account, market, side, terms)
        self.engine.register.ledger.deposit(account, "KRW", D("1e-20"))
        return record


def test_the_smallest_difference_is_noticed() -> None:
    duel = Duel(Generous(), naive.Exchange())
    with pytest.raises(Difference, match="naive: "):
        asked(duel, ("bob", "ask", Terms("limit", D(1_000_000), D("0.01"), None, None, None)))


def test_a_command_that_is_refused_by_one_only_is_noticed() -> None:
    duel = Duel(EngineDoor(), naive.Exchange())
    duel.oracle.identifiers.add(("bob", "used"))
    with pytest.raises(Difference, match="duplicated_identifier"):
        asked(duel, ("bob", "ask", Terms("limit", D(1_000_000), D("0.01"), None, None, "used")))


def test_the_oracle_buys_at_market_as_the_document_says() -> None:
    """upbit-api 3.4: 10,000 KRW at 30,000 buy 0.33333333 for 9,999.9999 and leave 0.0001."""
    exchange = naive.Exchange()
    exchange.deposit("alice", "KRW", D(20_000))
    exchange.quote("KRW-XRP", "ask", D(30_000), D(1))
    order = exchange.place(Order("alice", "KRW-XRP", "bid", "price", D(10_000), None))
    assert ("cancel", D("0.33333333"), D("9999.9999")) == (order.state, order.executed_volume, order.executed_funds)
    assert D("0.0001") * (1 + order.fee) == order.locked


def test_the_oracle_shows_what_was_recorded() -> None:
    """upbit-api 2.7: the recorded market buy of 2026-03-22."""
    exchange = naive.Exchange()
    exchange.deposit("alice", "KRW", D(20_000))
    exchange.quote("KRW-BTC", "ask", D(102_945_000), D(1))
    order = exchange.place(Order("alice", "KRW-BTC", "bid", "price", D(10_000), None))
    assert ("cancel", D(5), D("0.000476075"), D("4.999523925"), D("0.952626075"), D("0.00009713")) == (
        *(order.state, order.reserved_fee, order.remaining_fee, order.paid_fee),
        *(order.locked, order.executed_volume),
    )
