"""The engine, every order type by example; `test_trading` does everything at once."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.paper.floor import RATE, Floor
from upbit.errors import APIStatusError, DuplicatedIdentifierError, InsufficientFundsError, OrderNotFoundError
from upbit.paper.book import SCALE, Resting
from upbit.paper.ledger import FEE, MARKET, Violation
from upbit.paper.orders import AssetChanged, OrderChanged, OrderRecord, SmpType, TimeInForce, Traded

D = Decimal


@pytest.fixture
def floor() -> Floor:
    return Floor()


def fills(order: OrderRecord) -> list[tuple[str, str]]:
    return [(f"{trade.price.normalize():f}", f"{trade.volume.normalize():f}") for trade in order.trades]


def test_a_market_buy_spends_what_it_can_and_ends_in_cancel(floor: Floor) -> None:
    """Recorded on 2026-03-22 (upbit-api 2.7, 3.3)."""
    floor.quote("ask", 102_945_000, "1")
    order = floor.engine.accept(floor.ticket("bid", "price", 10_000, None), floor.now)
    assert ("wait", D(5), D(5), D(10_005)) == (order.state, order.reserved_fee, order.remaining_fee, order.locked)
    floor.engine.match(order, floor.now)
    assert "cancel" == order.state
    assert [("102945000", "0.00009713")] == fills(order)
    assert (D("9999.04785"), "up", "bid") == (order.trades[0].funds, order.trades[0].trend, order.trades[0].side)
    assert (D("4.999523925"), D("0.000476075")) == (order.paid_fee, order.remaining_fee)
    assert (D("0.952626075"), D("0.00009713")) == (order.locked, order.executed_volume)
    held = floor.ledger.holding("alice", "KRW")
    assert (D(10**9) - D("10004.047373925"), D(0)) == (held.balance, held.locked)
    assert (D("4.999523925"), D("9999.04785")) == (
        floor.ledger.holding(FEE, "KRW").balance,
        floor.ledger.holding(MARKET, "KRW").balance,
    )
    assert ["wait", "trade", "cancel"] == floor.kinds(order)


def test_a_market_sell_is_done(floor: Floor) -> None:
    floor.quote("bid", 102_902_000, "1")
    order = floor.place(floor.ticket("ask", "market", None, "0.00009713"))
    assert ("done", D("4.99743563"), D(0)) == (order.state, order.paid_fee, order.locked)
    assert D("9994.87126") == order.executed_funds
    assert D(10**9) + D("9989.87382437") == floor.ledger.holding("alice", "KRW").balance
    assert "down" == order.trades[0].trend


def test_a_market_buy_that_spends_all_is_done(floor: Floor) -> None:
    floor.quote("ask", 100, "1")
    floor.quote("ask", 200, "1")
    order = floor.place(floor.ticket("bid", "price", 200, None))
    assert ("done", [("100", "1"), ("200", "0.5")]) == (order.state, fills(order))


def test_a_market_order_into_an_empty_book_is_cancelled(floor: Floor) -> None:
    order = floor.place(floor.ticket("bid", "price", 200, None))
    assert ("cancel", D("200.1")) == (order.state, order.locked)
    assert D(10**9) == floor.ledger.holding("alice", "KRW").balance


def test_a_limit_bid_gets_the_better_price_and_the_difference_back_at_its_end(floor: Floor) -> None:
    floor.quote("ask", 7350, "6.78886626")
    order = floor.place(floor.ticket("bid", "limit", 7365, "6.78886626"))
    assert ("done", D("101.88391039695")) == (order.state, order.locked)
    assert {} == floor.ledger.locks()


def test_what_a_limit_order_cannot_take_rests_and_is_hit_at_its_own_price(floor: Floor) -> None:
    floor.quote("ask", 100, "1")
    order = floor.place(floor.ticket("bid", "limit", 110, "3"))
    assert ("wait", D(2), (110 * SCALE)) == (
        order.state,
        order.remaining_volume,
        floor.engine.book("KRW-BTC").best_bid,
    )
    floor.quote("ask", 90, "0.5")
    assert SCALE == floor.engine.sweep("KRW-BTC", "ask", SCALE, floor.now)
    floor.engine.check_invariants()
    assert ("wait", [("100", "1"), ("110", "0.5"), ("110", "1")]) == (order.state, fills(order))
    floor.quote("ask", 110, "7")
    assert "done" == order.state
    assert ["wait", "trade", "trade", "trade", "trade", "done"] == floor.kinds(order)
    assert [False, True, True, True] == [
        e.is_maker for e in floor.events if isinstance(e, OrderChanged) and e.kind == "trade"
    ]


def test_users_trade_with_each_other_and_both_pay(floor: Floor) -> None:
    maker = floor.place(floor.ticket("ask", "limit", 100, "2", account="bob"))
    taker = floor.place(floor.ticket("bid", "limit", 100, "2"))
    assert ("done", "done", maker.trades[0].uuid) == (maker.state, taker.state, taker.trades[0].uuid)
    assert (D("0.1"), D("0.1")) == (maker.paid_fee, taker.paid_fee)
    assert D("0.2") == floor.ledger.holding(FEE, "KRW").balance
    traded = next(e for e in floor.events if isinstance(e, Traded))
    assert (maker.uuid, taker.uuid, "bid") == (traded.maker, traded.taker, traded.side)
    assert ["ask", "bid"] == [maker.trades[0].side, taker.trades[0].side]


def test_without_smp_own_orders_trade(floor: Floor) -> None:
    maker = floor.place(floor.ticket("ask", "limit", 100, "2"))
    taker = floor.place(floor.ticket("bid", "limit", 100, "2", smp_type="none"))
    assert ("done", "done") == (maker.state, taker.state)
    assert D(10**9) - D("0.2") == floor.ledger.holding("alice", "KRW").balance


def test_ioc_cancels_what_it_cannot_take(floor: Floor) -> None:
    floor.quote("ask", 100, "1")
    floor.quote("ask", 111, "1")
    order = floor.place(floor.ticket("bid", "limit", 110, "3", time_in_force="ioc"))
    assert ("cancel", D(1)) == (order.state, order.executed_volume)


@pytest.mark.parametrize(("volume", "state", "executed"), [("2", "done", 2), ("2.1", "cancel", 0)])
def test_fok_takes_all_or_nothing(floor: Floor, volume: str, state: str, executed: int) -> None:
    for price in (100, 105, 111):
        floor.quote("ask", price, "1")
    order = floor.place(floor.ticket("bid", "limit", 110, volume, time_in_force="fok"))
    assert (state, D(executed)) == (order.state, order.executed_volume)


@pytest.mark.parametrize(
    ("total", "time_in_force", "state", "executed"),
    [
        ("99", "fok", "cancel", "0.99"),
        ("98", "fok", "cancel", "0.98"),
        ("300", "fok", "done", "3"),
        ("300.0000001", "fok", "cancel", "3"),
        ("301", "fok", "cancel", "0"),
        ("301", "ioc", "cancel", "3"),
    ],
)
def test_a_best_bid_spends_at_the_best_ask_only(
    floor: Floor, total: str, time_in_force: TimeInForce, state: str, executed: str
) -> None:
    floor.quote("ask", 100, "3")
    floor.quote("ask", 101, "3")
    order = floor.place(floor.ticket("bid", "best", total, None, time_in_force=time_in_force))
    exact_spend = D(total) == D(executed) * 100
    assert ("done" if exact_spend else state, D(executed)) == (order.state, order.executed_volume)


def test_a_best_ask_sells_at_the_best_bid_only(floor: Floor) -> None:
    floor.quote("bid", 100, "3")
    floor.quote("bid", 99, "3")
    order = floor.place(floor.ticket("ask", "best", None, "4", time_in_force="ioc"))
    assert ("cancel", [("100", "3")]) == (order.state, fills(order))
    floor.quote("ask", 200, "1")
    assert "cancel" == floor.place(floor.ticket("ask", "best", None, "4", time_in_force="fok")).state


def test_a_best_order_without_an_opposite_side_is_cancelled(floor: Floor) -> None:
    for time_in_force in ("ioc", "fok"):
        order = floor.ticket("bid", "best", 100, None, time_in_force="ioc" if time_in_force == "ioc" else "fok")
        assert "cancel" == floor.place(order).state


def test_post_only_is_cancelled_instead_of_taking(floor: Floor) -> None:
    floor.quote("ask", 100, "1")
    took = floor.place(floor.ticket("bid", "limit", 100, "1", time_in_force="post_only"))
    rested = floor.place(floor.ticket("bid", "limit", 99, "1", time_in_force="post_only"))
    assert ("cancel", D(0), "wait") == (took.state, took.executed_volume, rested.state)


class TestSelfMatchPrevention:
    """The taker's setting decides (upbit-api 3.7)."""

    def own_then_other(self, floor: Floor) -> OrderRecord:
        own = floor.place(floor.ticket("ask", "limit", 100, "2", smp_type="cancel_taker"))
        floor.quote("ask", 100, "5")
        return own

    def test_cancel_maker_clears_the_way(self, floor: Floor) -> None:
        own = self.own_then_other(floor)
        taker = floor.place(floor.ticket("bid", "limit", 100, "3", smp_type="cancel_maker"))
        assert ("cancel", D(2), D(2), D(0)) == (own.state, own.prevented_volume, own.prevented_locked, own.locked)
        assert ("done", D(3), D(0)) == (taker.state, taker.executed_volume, taker.prevented_volume)
        assert ["wait", "prevented", "cancel"] == floor.kinds(own)

    def test_cancel_taker_ends_the_taker(self, floor: Floor) -> None:
        floor.quote("ask", 99, "1")
        own = self.own_then_other(floor)
        taker = floor.place(floor.ticket("bid", "limit", 101, "3", smp_type="cancel_taker"))
        assert ("wait", D(0)) == (own.state, own.prevented_volume)
        assert ("cancel", D(1), D(2)) == (taker.state, taker.executed_volume, taker.prevented_volume)
        assert D(2 * 101) * (1 + RATE) == taker.prevented_locked
        assert D(2) * (1 + RATE) == taker.locked
        assert ["wait", "trade", "prevented", "cancel"] == floor.kinds(taker)

    def test_reduce_takes_the_overlap_off_both(self, floor: Floor) -> None:
        own = self.own_then_other(floor)
        taker = floor.place(floor.ticket("bid", "limit", 100, "3", smp_type="reduce"))
        assert ("cancel", D(2)) == (own.state, own.prevented_volume)
        assert ("done", D(1), D(2), D(0)) == (
            taker.state,
            taker.executed_volume,
            taker.prevented_volume,
            taker.remaining_volume,
        )
        small = floor.place(floor.ticket("bid", "limit", 90, "3", account="bob"))
        taker = floor.place(floor.ticket("ask", "market", None, "1", account="bob", smp_type="reduce"))
        assert ("wait", D(2), D(90) * (1 + RATE)) == (small.state, small.remaining_volume, small.prevented_locked)
        assert ("cancel", D(1), D(1)) == (taker.state, taker.prevented_volume, taker.prevented_locked)

    @pytest.mark.parametrize(
        ("smp_type", "state", "own_state", "executed", "prevented"),
        [
            ("cancel_maker", "done", "cancel", D(3), D(0)),
            ("cancel_taker", "cancel", "wait", D(0), D(300) * (1 + RATE)),
            ("reduce", "done", "cancel", D(1), D(200) * (1 + RATE)),
        ],
    )
    def test_an_order_by_total_loses_money_instead_of_volume(
        self, floor: Floor, smp_type: SmpType, state: str, own_state: str, executed: Decimal, prevented: Decimal
    ) -> None:
        own = self.own_then_other(floor)
        taker = floor.place(floor.ticket("bid", "price", 300, None, smp_type=smp_type))
        assert (state, own_state) == (taker.state, own.state)
        assert (executed, D(0), prevented) == (taker.executed_volume, taker.prevented_volume, taker.prevented_locked)

    def test_money_that_buys_no_more_meets_nobody(self, floor: Floor) -> None:
        floor.quote("ask", 3, "1")
        own = floor.place(floor.ticket("ask", "limit", 100, "2"))
        taker = floor.place(floor.ticket("bid", "price", "3.00000099", None, smp_type="cancel_taker"))
        assert ("cancel", D(0), "wait") == (taker.state, taker.prevented_locked, own.state)

    @pytest.mark.parametrize(
        ("smp_type", "state"), [("cancel_maker", "done"), ("cancel_taker", "cancel"), ("reduce", "cancel")]
    )
    def test_fok_counts_only_what_it_could_trade(self, floor: Floor, smp_type: SmpType, state: str) -> None:
        self.own_then_other(floor)
        ticket = floor.ticket("bid", "limit", 100, "5", time_in_force="fok", smp_type=smp_type)
        assert state == floor.place(ticket).state
        floor = Floor()
        self.own_then_other(floor)
        ticket = floor.ticket("bid", "limit", 100, "5.1", time_in_force="fok", smp_type=smp_type)
        assert ("cancel", D(0)) == ((order := floor.place(ticket)).state, order.executed_volume)

    def test_fok_is_not_killed_by_an_own_order_it_never_reaches(self, floor: Floor) -> None:
        floor.quote("ask", 100, "5")
        floor.place(floor.ticket("ask", "limit", 100, "2"))
        ticket = floor.ticket("bid", "best", "100.0000001", None, time_in_force="fok", smp_type="cancel_taker")
        assert [("100", "1")] == fills(floor.place(ticket))


def test_cancel_gives_the_lock_back_and_keeps_the_record(floor: Floor) -> None:
    order = floor.place(floor.ticket("bid", "limit", 10_000_000, "0.0005"))
    assert D("5002.5") == floor.ledger.holding("alice", "KRW").locked
    floor.engine.cancel(order, floor.now)
    assert ("cancel", D("5002.5"), D("0.0005")) == (order.state, order.locked, order.remaining_volume)
    assert (D(10**9), None) == (floor.ledger.holding("alice", "KRW").balance, floor.engine.book("KRW-BTC").best_bid)
    with pytest.raises(OrderNotFoundError):
        floor.engine.cancel(order, floor.now)


def test_an_order_cancelled_before_it_is_matched_never_trades(floor: Floor) -> None:
    floor.quote("ask", 100, "1")
    order = floor.engine.accept(floor.ticket("bid", "limit", 100, "1"), floor.now)
    floor.engine.cancel(order, floor.now)
    floor.engine.match(order, floor.now)
    assert ("cancel", ()) == (order.state, order.trades)


def test_matching_an_order_twice_is_a_violation(floor: Floor) -> None:
    order = floor.place(floor.ticket("bid", "limit", 100, "1"))
    with pytest.raises(Violation):
        floor.engine.match(order, floor.now)


def test_an_owner_without_a_record_is_a_violation(floor: Floor) -> None:
    floor.engine.book("KRW-BTC").rest(Resting(1, "alice", "ask", 100 * SCALE, SCALE))
    with pytest.raises(Violation):
        floor.quote("bid", 100, "1")


def test_cancel_and_new_pays_with_what_the_old_order_gives_back(floor: Floor) -> None:
    old = floor.place(floor.ticket("bid", "limit", 900_000, "1000"))
    new = floor.engine.cancel_and_new(old, floor.ticket("bid", "limit", 900_001, "1000"), floor.now)
    floor.engine.match(new, floor.now)
    assert ("cancel", "wait") == (old.state, new.state)
    floor.engine.check_invariants()
    with pytest.raises(OrderNotFoundError):
        floor.engine.cancel_and_new(old, floor.ticket("bid", "limit", 900_001, "1000"), floor.now)


def test_cancel_and_new_that_is_refused_cancels_nothing(floor: Floor) -> None:
    old = floor.place(floor.ticket("bid", "limit", 900_000, "1000", identifier="mine"))
    with pytest.raises(InsufficientFundsError):
        floor.engine.cancel_and_new(old, floor.ticket("bid", "limit", 900_000, "2000"), floor.now)
    with pytest.raises(DuplicatedIdentifierError):
        floor.engine.cancel_and_new(old, floor.ticket("bid", "limit", 900_000, "1", identifier="mine"), floor.now)
    with pytest.raises(Violation):
        floor.engine.cancel_and_new(old, floor.ticket("ask", "limit", 900_000, "1"), floor.now)
    assert "wait" == old.state


def test_insufficient_funds_name_the_missing_currency(floor: Floor) -> None:
    for side, name, currency in (("bid", "insufficient_funds_bid", "KRW"), ("ask", "insufficient_funds_ask", "BTC")):
        with pytest.raises(InsufficientFundsError) as refused:
            floor.engine.accept(floor.ticket("bid" if side == "bid" else "ask", "limit", 10**6, "1000.1"), floor.now)
        assert name == refused.value.name
        assert f"주문가능한 금액({currency})이 부족합니다." == refused.value.message


def test_an_identifier_is_used_up_for_ever_by_an_accepted_order_only(floor: Floor) -> None:
    with pytest.raises(InsufficientFundsError):
        floor.engine.accept(floor.ticket("bid", "limit", 10**9, "1000", identifier="one"), floor.now)
    floor.engine.draft(floor.ticket("bid", "limit", 100, "1", identifier="one"), floor.now)
    order = floor.place(floor.ticket("bid", "limit", 100, "1", identifier="one", time_in_force="ioc"))
    assert "cancel" == order.state
    with pytest.raises(DuplicatedIdentifierError):
        floor.engine.accept(floor.ticket("bid", "limit", 100, "1", identifier="one"), floor.now)
    assert "wait" == floor.place(floor.ticket("bid", "limit", 100, "1", identifier="one", account="bob")).state
    assert floor.engine.register.identified("alice", "one") is order


def test_a_draft_changes_nothing_and_uses_no_id_up(floor: Floor) -> None:
    draft = floor.engine.draft(floor.ticket("bid", "limit", 100, "1"), floor.now)
    assert ("", "wait", D("100.05")) == (draft.uuid, draft.state, draft.locked)
    assert ({}, []) == (floor.ledger.locks(), floor.events)
    assert "id-1" == floor.place(floor.ticket("bid", "limit", 100, "1")).uuid


def test_an_unlisted_market_is_refused(floor: Floor) -> None:
    with pytest.raises(APIStatusError, match="다음 마켓에 없는 종목입니다: KRW-NIX"):
        floor.engine.accept(floor.ticket("bid", "limit", 100, "1", market="KRW-NIX"), floor.now)
    with pytest.raises(APIStatusError):
        floor.engine.book("KRW-NIX")


def test_sequential_ids_start_with_the_time_and_rise(floor: Floor) -> None:
    floor.quote("ask", 100, "5")
    for later in (0, 0, 5, 4):
        floor.engine.sweep("KRW-BTC", "bid", 1, floor.now + later)
    ids = [event.sequential_id - floor.now * 10_000 for event in floor.events if isinstance(event, Traded)]
    assert [0, 1, 50_000, 50_001] == ids


def test_the_background_market_trades_with_itself_without_money(floor: Floor) -> None:
    kept = floor.quote("ask", 100, "5")
    assert 2 * SCALE == floor.quote("bid", 100, "7").remaining
    assert (0, False) == (kept.remaining, floor.engine.withdraw(kept))
    gone = floor.quote("bid", 90, "5")
    assert (True, False) == (floor.engine.withdraw(gone), floor.engine.withdraw(gone))
    assert (D(0), 1) == (floor.ledger.holding(MARKET, "BTC").balance, len(floor.events))
    assert 2 * SCALE == floor.engine.sweep("KRW-BTC", "ask", 9 * SCALE, floor.now)


def test_every_change_of_an_account_is_announced(floor: Floor) -> None:
    floor.place(floor.ticket("ask", "limit", 100, "1", account="bob"))
    floor.place(floor.ticket("bid", "limit", 110, "1"))
    assert [
        ("bob", ("BTC",)),
        ("alice", ("KRW",)),
        ("bob", ("KRW", "BTC")),
        ("alice", ("KRW", "BTC")),
        ("alice", ("KRW",)),
    ] == [(event.account, event.currencies) for event in floor.events if isinstance(event, AssetChanged)]


def test_faults_of_books_and_orders_are_found(floor: Floor) -> None:
    order = floor.place(floor.ticket("bid", "limit", 100, "2"))
    order.paid_fee = D(1)
    next(floor.engine.book("KRW-BTC").walk("ask")).remaining -= 1
    with pytest.raises(Violation) as found:
        floor.engine.check_invariants()
    for complaint in (
        "id-1: paid_fee is wrong",
        "id-1 is not what the book holds of it",
        "the locks of the accounts are not those of their open orders and withdrawals",
        "KRW-BTC: bid 10000000000 has size 200000000, its orders another",
    ):
        assert complaint in str(found.value)
    order.state = "done"
    assert "id-1 is done, the list of open orders says otherwise" in floor.engine.faults()
