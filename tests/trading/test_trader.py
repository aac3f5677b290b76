"""Both faces of a trader: orders from the first word to the last fill."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.trading.desk import MARKET, START, Desk
from tests.virtual import run
from upbit import AsyncUpbit, ConfigurationError, Halted, OrderNotFoundError, Upbit
from upbit.errors import (
    APIConnectionError,
    InsufficientFundsError,
    JournalError,
    OrderOutcomeUnknown,
    RiskRefused,
    TradingError,
)
from upbit.paper import PaperExchange, Rule
from upbit.paper.admin import Fill
from upbit.trading import BANK, Journal, Limits, Switch, WithdrawalPolicy
from upbit.trading.switch import Setting

Open = Callable[..., Desk]

POST = {"method": "POST", "path": "/v1/orders"}


def seconds(number: float) -> int:
    return round((START.timestamp() + number) * 1000)


# -- placing and following -----------------------------------------------------------------------------


def test_a_market_buy_is_followed_to_its_last_fill(inside: Open) -> None:
    with inside().trader() as trader:
        order = trader.buy(MARKET, quote=100_000)
        assert ("accepted", False) == (order.status, order.closed)
        ended = trader.wait(order)
    assert ("filled", True, "cancel") == (ended.status, ended.closed, ended.state)
    assert Decimal(99_999) < ended.executed_funds <= 100_000
    assert ended.executed_funds == sum(fill.funds for fill in ended.fills)
    assert ended.executed_funds * Decimal("0.0005") == ended.fee
    assert min(fill.price for fill in ended.fills) <= ended.average_price <= max(fill.price for fill in ended.fills)


def test_all_of_a_balance_can_be_spent_and_sold(inside: Open) -> None:
    with inside(funds={"KRW": Decimal(1_000_000)}).trader() as trader:
        bought = trader.wait(trader.buy(MARKET, percent=100))
        assert Decimal(999_000) < bought.executed_funds + bought.fee <= 1_000_000
        sold = trader.wait(trader.sell(MARKET, percent=100))
    assert ("filled", bought.executed_volume) == (sold.status, sold.executed_volume)


def test_a_limit_price_goes_to_the_side_that_does_not_cost_more(inside: Open) -> None:
    desk = inside()
    low, high = desk.price(80), desk.price(120)
    with desk.trader() as trader:
        bid = trader.buy(MARKET, price=low + 999, volume="0.0100000019")
        ask = trader.sell(MARKET, price=high + 1, volume="0.01")
        best = trader.wait(trader.buy(MARKET, quote=10_000, best=True, time_in_force="ioc"))
    assert (low, Decimal("0.01")) == (bid.order.price, bid.order.volume)
    assert high + 1000 == ask.order.price
    assert ("best", "filled") == (best.order.ord_type, best.status)


def test_a_wish_that_is_none_is_refused_before_anything_is_sent(inside: Open) -> None:
    desk = inside()
    with desk.trader() as trader:
        with pytest.raises(ValueError, match="exactly one of quote="):
            trader.buy(MARKET)
        with pytest.raises(ValueError, match="buying is by total"):
            trader.buy(MARKET, volume=1)
    assert [] == desk.orders()


def test_an_order_that_does_not_end_is_given_back_when_the_time_is_over(inside: Open) -> None:
    desk = inside()
    with desk.trader() as trader:
        order = trader.buy(MARKET, price=desk.price(80), quote=10_000)
        before = desk.exchange.exchange.now
        assert "accepted" == trader.wait(order, 30).status
        assert 30_000 <= desk.exchange.exchange.now - before <= 31_000
        assert order.uuid == trader.status(identifier=order.identifier).uuid


def test_cancelling_gives_the_order_as_it_ended(inside: Open) -> None:
    desk = inside()
    with desk.trader() as trader:
        resting = trader.buy(MARKET, price=desk.price(80), quote=10_000)
        assert ("cancelled", Decimal(0)) == (trader.cancel(resting).status, resting.executed_volume)
        assert "cancelled" == trader.cancel(identifier=resting.identifier).status
        filled = trader.wait(trader.buy(MARKET, quote=10_000))
        assert "filled" == trader.cancel(filled.uuid).status
        with pytest.raises(OrderNotFoundError):
            trader.cancel("00000000-0000-0000-0000-000000000000")


def test_an_order_is_named_in_one_way(inside: Open) -> None:
    with inside().trader() as trader:
        for names in ({}, {"order": "a", "identifier": "b"}):
            with pytest.raises(ValueError, match="in one way"):
                trader.status(**names)


def test_an_order_moves_to_another_price(inside: Open) -> None:
    desk = inside()
    with desk.trader() as trader:
        order = trader.sell(MARKET, price=desk.price(120), volume="0.3")
        moved = trader.replace(order, price=desk.price(130) - 1)
        assert (order.uuid, "cancelled") == (moved.old.uuid, trader.status(moved.old).status)
        assert (desk.price(130), Decimal("0.3")) == (moved.new.order.price, moved.new.order.volume)
        smaller = trader.replace(moved.new, price=desk.price(130), volume="0.1").new
        assert Decimal("0.1") == smaller.order.volume
        assert [smaller.uuid] == [one.uuid for one in trader.open_orders()]
        with pytest.raises(OrderNotFoundError, match="has ended: cancelled"):
            trader.replace(order, price=desk.price(140))
        assert [] == trader.journal.open()


def test_an_order_that_fills_before_it_is_replaced_brings_no_new_one(inside: Open) -> None:
    desk = inside(rules=[Rule(effect="lost_request", path="/v1/orders/cancel_and_new")])
    with desk.trader() as trader:
        order = trader.buy(MARKET, price=desk.price(80), quote=100_000)
        note = trader.journal.note

        def filling(identifier: str, step: str, detail: str = "") -> None:
            note(identifier, step, detail)
            if step == "unknown":
                desk.exchange.control.carry_out(Fill(uuid=order.uuid))

        trader.journal.note = filling
        told = trader.replace(order, price=desk.price(90))
        assert (order.uuid, "filled", None) == (told.old.uuid, told.old.status, told.new)
        assert [] == trader.journal.open()
    assert 1 == len(desk.orders())


def test_a_new_order_that_reads_do_not_show_yet_is_waited_for(inside: Open) -> None:
    desk = inside(rules=[Rule(effect="stale", method="GET", path="/v1/order", milliseconds=2_000)])
    with desk.trader() as trader:
        order = trader.sell(MARKET, price=desk.price(120), volume="0.3")
        desk.exchange.advance(2)
        assert desk.price(130) == trader.replace(order, price=desk.price(130)).new.order.price
        with pytest.raises(OrderNotFoundError):
            trader.cancel(identifier="nobody's")


def test_a_replaced_order_is_told_though_the_exchange_cannot_be_asked_for_a_while(inside: Open) -> None:
    desk = inside(rules=[Rule(effect="lost_request", path="/v1/order", nth=number) for number in range(2, 8)])
    with desk.trader() as trader:
        order = trader.sell(MARKET, price=desk.price(120), volume="0.3")
        told = trader.replace(order, price=desk.price(130))
    assert [told.new.uuid] == [one.uuid for one in desk.orders() if one.state == "wait"]


def test_a_new_order_that_is_never_shown_is_an_error(inside: Open) -> None:
    hidden = Rule(effect="refuse", name="order_not_found", path="/v1/order", since=seconds(1))
    desk = inside(rules=[hidden])
    with desk.trader() as trader:
        order = trader.sell(MARKET, price=desk.price(120), volume="0.3")
        note = trader.journal.note

        def late(identifier: str, step: str, detail: str = "") -> None:
            note(identifier, step, detail)
            desk.exchange.advance(1)

        trader.journal.note = late
        with pytest.raises(OrderOutcomeUnknown) as raised:
            trader.replace(order, price=desk.price(130))
        assert isinstance(raised.value.cause, OrderNotFoundError)
        [new] = [one for one in desk.orders() if one.state == "wait"]
        assert new.identifier == raised.value.identifier
        assert [] == trader.journal.open()


def test_everything_is_cancelled_and_verified(inside: Open) -> None:
    desk = inside(limited=False)
    with desk.trader() as trader:
        placed = [trader.buy(MARKET, price=desk.price(70), quote=6_000).uuid for _ in range(302)]
        other = trader.buy("KRW-ETH", price=desk.price(70, "KRW-ETH"), quote=6_000).uuid
        assert [other] == [one.uuid for one in trader.cancel_all("KRW-ETH")]
        assert len(placed) == len(trader.open_orders(MARKET)) == len(trader.open_orders())
        assert sorted(placed) == sorted(one.uuid for one in trader.cancel_all())
        assert [] == trader.open_orders()


def test_cancelling_everything_goes_on_through_faults(inside: Open) -> None:
    desk = inside(
        rules=[
            Rule(effect="lost_answer", method="DELETE", path="/v1/orders/open", times=2),
            Rule(effect="gateway", method="DELETE", path="/v1/orders/uuids", times=1),
        ]
    )
    with desk.trader() as trader:
        for _ in range(3):
            trader.buy(MARKET, price=desk.price(70), quote=6_000)
        trader.cancel_all()
        assert [] == trader.open_orders()


def test_what_cannot_be_cancelled_is_said(inside: Open) -> None:
    desk = inside(rules=[Rule(effect="unreachable", method="DELETE")])
    with desk.trader() as trader:
        trader.buy(MARKET, price=desk.price(70), quote=6_000)
        with pytest.raises(TradingError, match="not all orders could be cancelled in 60 s"):
            trader.cancel_all()


# -- over sockets --------------------------------------------------------------------------------------


def test_it_is_the_same_over_sockets(served: Open) -> None:
    desk = served()
    with desk.trader() as trader:
        bought = trader.wait(trader.buy(MARKET, quote=100_000), 10)
        resting = trader.sell(MARKET, price=desk.price(150), percent=1)
        moved = trader.replace(resting, price=desk.price(160)).new
        assert ("filled", "cancelled") == (bought.status, trader.cancel(moved).status)
        assert 3 == len(trader.history(bought.order.created_at))


@pytest.mark.parametrize("live", [True, False])
def test_the_private_stream_tells_when_an_order_ends(served: Open, live: bool) -> None:
    with served().trader(live=live) as trader:
        assert "filled" == trader.wait(trader.buy(MARKET, quote=100_000), 10).status
        assert live == (trader.portfolio is not None)


# -- guards --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("client", [Upbit, AsyncUpbit])
@pytest.mark.parametrize(
    ("mode", "keys", "url", "said"),
    [
        ("paper", ("PAPERkey", "s"), "https://api.upbit.com", "mode='paper', but requests go to https://api.upbit.com"),
        ("paper", ("key", "s"), "http://127.0.0.1:1", "the key is not one of a paper exchange"),
        ("live", ("key", "s"), "http://127.0.0.1:1", "which is this machine: say mode='paper'"),
        ("live", ("PAPERkey", "s"), "https://api.upbit.com", "the key is one of a paper exchange"),
        ("live", (None, None), "https://api.upbit.com", "trading needs an API key"),
        ("real", ("key", "s"), "https://api.upbit.com", "neither 'paper' nor 'live'"),
    ],
)
def test_a_mode_fits_keys_and_host(
    client: type[Upbit | AsyncUpbit], mode: Any, keys: tuple[str | None, str | None], url: str, said: str
) -> None:
    with pytest.raises(ConfigurationError, match=said):
        client(*keys, base_url=url).trading(mode)


def test_an_unknown_option_is_refused() -> None:
    with pytest.raises(TypeError, match="a trader takes no limit; it takes journal, limits, live, preflight"):
        PaperExchange().client().trading("paper", limit=1)


def test_files_are_in_the_folder_of_the_account(inside: Open, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setenv("UPBIT_STATE_DIR", str(tmp_path / "state"))
    exchange = PaperExchange(start=START)
    with exchange.client().trading("paper") as trader:
        trader.buy(MARKET, quote=10_000)
        [folder] = (tmp_path / "state").iterdir()
        assert {"journal.sqlite"} <= {path.name for path in folder.iterdir()}
        assert exchange.access_key not in str(folder)


def test_a_limit_refuses_and_nothing_is_sent_or_begun(inside: Open) -> None:
    desk = inside()
    with desk.trader(limits=Limits(per_order=Decimal(50_000))) as trader:
        with pytest.raises(RiskRefused) as refused:
            trader.sell(MARKET, volume="0.01")
        assert "per_order" == refused.value.rule
        with pytest.raises(RiskRefused):
            trader.buy(MARKET, quote=50_001)
        assert "accepted" == trader.buy(MARKET, quote=50_000).status
        assert [] == trader.journal.open()
    assert 1 == len(desk.orders())


def test_what_the_exchange_would_refuse_is_not_sent_after_a_preflight(inside: Open) -> None:
    desk = inside(rules=[Rule(effect="unreachable", **POST)])
    with desk.trader(preflight=True) as trader:
        with pytest.raises(TradingError, match=r"nothing was sent: .*5,?000"):
            trader.buy(MARKET, quote=100, identifier="small")
        assert None is trader.journal.entry("small")
        with pytest.raises(APIConnectionError):
            trader.buy(MARKET, quote=10_000)


def test_money_leaves_only_by_a_policy(inside: Open) -> None:
    desk = inside()
    with desk.trader() as trader, pytest.raises(ConfigurationError, match="withdrawals are off"):
        trader.withdraw(BANK, 10_000)
    policy = WithdrawalPolicy(destinations=[BANK], per_withdrawal={"KRW": 10_000}, per_day={"KRW": 10_000})
    with desk.trader(withdrawals=policy) as trader:
        assert 10_000 == trader.withdraw(BANK, 10_000, two_factor_type="kakao").amount
        with pytest.raises(RiskRefused, match="per_day"):
            trader.withdraw(BANK, 5_000, two_factor_type="kakao")


def test_orders_that_have_ended_make_room_for_others(inside: Open) -> None:
    desk = inside()
    with desk.trader(limits=Limits(max_open_orders=2)) as trader:
        for _ in range(4):
            trader.buy(MARKET, quote=10_000)
            desk.exchange.advance(1)
        for _ in range(2):
            trader.buy(MARKET, price=desk.price(70), quote=10_000)
        with pytest.raises(RiskRefused, match="max_open_orders would be 3"):
            trader.buy(MARKET, quote=10_000)


def test_reduce_lets_only_sales_through(inside: Open) -> None:
    desk = inside()
    with desk.trader() as trader:
        resting = trader.buy(MARKET, price=desk.price(70), quote=10_000)
        trader.switch.set("REDUCE", "a test")
        with pytest.raises(Halted, match="REDUCE: a test"):
            trader.buy(MARKET, quote=10_000)
        with pytest.raises(Halted, match="REDUCE"):
            trader.replace(resting, price=desk.price(75))
        assert "filled" == trader.wait(trader.sell(MARKET, volume="0.01")).status
        assert [resting.uuid] == [one.uuid for one in trader.open_orders()]


def test_a_halt_cancels_everything_and_stays_across_restarts(inside: Open) -> None:
    desk = inside()
    with desk.trader() as trader:
        resting = trader.buy(MARKET, price=desk.price(70), quote=10_000)
        assert [resting.uuid] == [one.uuid for one in trader.halt("enough")]
        with pytest.raises(Halted, match="HALT: enough"):
            trader.sell(MARKET, volume="0.01")
    with desk.trader() as trader:
        with pytest.raises(Halted, match="HALT: enough"):
            trader.buy(MARKET, quote=10_000)
        trader.switch.set("RUN", "")
        assert "accepted" == trader.buy(MARKET, quote=10_000).status


def test_a_halt_cancels_at_once_and_then_what_was_being_placed(tmp_path: Path) -> None:
    lost = Rule(effect="lost_request", times=1, **POST)
    exchange = PaperExchange(start=START, rules=[lost])

    async def trade() -> tuple[float, list[str]]:
        client = exchange.async_client()
        trader = client.trading("paper", journal=tmp_path / "journal", switch=tmp_path / "switch")
        price = (await client.tickers.list(MARKET))[0].trade_price // 2000 * 1000
        buying = asyncio.create_task(trader.buy(MARKET, price=price, quote=10_000))
        await asyncio.sleep(1)
        begin = exchange.exchange.now
        await trader.halt("enough")
        with pytest.raises(OrderOutcomeUnknown):
            await buying
        await trader.close()
        return (exchange.exchange.now - begin) / 1000, [one.state for one in await client.orders.list_open()]

    seconds, states = run(trade(), exchange)
    assert [] == states
    assert seconds < 30


class Stuck(Switch):
    """A switch whose file cannot be written."""

    def set(self, state: str, reason: str) -> None:
        self._held = Setting("HALT", reason)
        raise OSError("read-only file system")


def test_a_halt_that_cannot_be_written_holds_and_is_said(inside: Open) -> None:
    desk = inside()
    with desk.trader(switch=Stuck(desk.folder / "switch")) as trader:
        trader.buy(MARKET, price=desk.price(70), quote=10_000)
        with pytest.raises(TradingError, match="the halt ends with this process: read-only file system"):
            trader.halt("enough")
        with pytest.raises(Halted, match="enough"):
            trader.buy(MARKET, quote=10_000)
    assert ["cancel"] == [order.state for order in desk.orders()]


def test_a_halt_that_could_not_cancel_tries_again(inside: Open) -> None:
    desk = inside(rules=[Rule(effect="unreachable", method="DELETE", until=seconds(100))])
    with desk.trader() as trader:
        trader.buy(MARKET, price=desk.price(70), quote=10_000)
        trader.switch.set("HALT", "enough")
        for state in ("wait", "cancel"):
            with pytest.raises(Halted):
                trader.buy(MARKET, quote=10_000)
            assert [state] == [order.state for order in desk.orders()]
            desk.exchange.advance(60)


def test_who_finds_the_switch_at_halt_cancels_everything_once(inside: Open) -> None:
    desk = inside()
    with desk.trader() as trader:
        trader.buy(MARKET, price=desk.price(70), quote=10_000)
        (desk.folder / "switch").write_text("HALT")
        for _ in range(2):
            with pytest.raises(Halted):
                trader.buy(MARKET, quote=10_000)
    assert ["cancel"] == [order.state for order in desk.orders()]


class Forgetful(Journal):
    """A journal that cannot say what was spent."""

    def spent(self, *what: Any, **more: Any) -> Decimal:
        raise ZeroDivisionError


class Full(Journal):
    """A journal on a disk that is full from some moment on."""

    full = False

    def begin(self, *what: Any) -> None:
        if self.full:
            raise JournalError("no space left on device")
        super().begin(*what)

    def note(self, *what: Any) -> None:
        if self.full:
            raise JournalError("no space left on device")
        super().note(*what)

    def settle(self, *what: Any) -> None:
        if self.full:
            raise JournalError("no space left on device")
        super().settle(*what)


def test_an_exception_inside_a_check_refuses_and_halts(inside: Open) -> None:
    desk = inside()
    limits = Limits(per_day=Decimal(10**9))
    with desk.trader(journal=Forgetful(desk.folder / "journal"), limits=limits) as trader:
        for why in ("ZeroDivisionError", "HALT"):
            with pytest.raises(TradingError, match=why):
                trader.buy(MARKET, quote=10_000)
    assert [] == desk.orders()


def test_an_order_that_cannot_be_recorded_is_not_sent(inside: Open) -> None:
    desk = inside()
    journal = Full(desk.folder / "journal")
    with desk.trader(journal=journal) as trader:
        journal.full = True
        with pytest.raises(TradingError, match="no space left on device"):
            trader.buy(MARKET, quote=10_000)
        journal.full = False
    assert [] == desk.orders()


def test_an_order_whose_outcome_cannot_be_recorded_is_given_back_all_the_same(inside: Open) -> None:
    desk = inside()
    journal = Full(desk.folder / "journal")
    with desk.trader(journal=journal) as trader:
        note = journal.note

        def filling(*what: Any) -> None:
            note(*what)
            journal.full = True

        journal.note = filling
        order = trader.buy(MARKET, quote=10_000)
        journal.full, journal.note = False, note
        assert [order.uuid] == [found.placed.uuid for found in trader.recover()]


# -- the outcome ---------------------------------------------------------------------------------------


def test_a_refusal_is_recorded(inside: Open) -> None:
    with inside().trader() as trader:
        with pytest.raises(InsufficientFundsError):
            trader.buy(MARKET, quote=100_000_000, identifier="much")
        assert ("rejected", []) == (trader.journal.entry("much").outcome, trader.journal.open())
        assert 1 == trader.journal.rejections


def test_what_never_left_is_abandoned(inside: Open) -> None:
    desk = inside(rules=[Rule(effect="unreachable", **POST)])
    with desk.trader() as trader:
        with pytest.raises(APIConnectionError):
            trader.buy(MARKET, quote=10_000, identifier="stayed")
        assert "abandoned" == trader.journal.entry("stayed").outcome
    assert [] == desk.orders()


@pytest.mark.parametrize("effect", ["lost_answer", "lost_request"])
def test_a_lost_order_is_found_or_sent_again(inside: Open, effect: Any) -> None:
    desk = inside(rules=[Rule(effect=effect, times=1, **POST)])
    with desk.trader() as trader:
        order = trader.buy(MARKET, quote=10_000, identifier="once")
        entry = trader.journal.entry("once")
    assert [order.uuid] == [one.uuid for one in desk.orders()]
    assert ("accepted", order.uuid) == (entry.outcome, entry.uuid)


def test_a_halt_stops_sending_again(inside: Open) -> None:
    desk = inside(rules=[Rule(effect="lost_request", times=1, **POST)])
    with desk.trader() as trader:
        journal, switch = trader.journal, trader.switch
        noted: list[str] = []
        note = journal.note

        def halting(identifier: str, step: str, detail: str = "") -> None:
            note(identifier, step, detail)
            noted.append(step)
            if step == "looking":
                switch.set("HALT", "meanwhile")

        journal.note = halting
        with pytest.raises(OrderOutcomeUnknown, match="HALT: meanwhile"):
            trader.buy(MARKET, quote=10_000, identifier="doubtful")
        assert 1 == noted.count("sending")
        assert ["doubtful"] == [entry.identifier for entry in journal.open()]
        assert ["abandoned"] == [found.outcome for found in trader.recover()]
    assert [] == desk.orders()


# -- after a crash -------------------------------------------------------------------------------------


@pytest.mark.parametrize("effect", ["lost_answer", "lost_request"])
def test_what_was_under_way_is_found_out_when_the_next_one_begins(inside: Open, effect: Any) -> None:
    desk = inside(
        rules=[
            Rule(effect=effect, times=1, **POST),
            Rule(effect="unreachable", path="/v1/order", until=seconds(100)),
        ]
    )
    with desk.trader() as trader, pytest.raises(OrderOutcomeUnknown):
        trader.buy(MARKET, quote=10_000, identifier="under way")
    desk.exchange.advance(60)
    with desk.trader() as trader:
        [found] = trader.recovered
        assert [] == trader.journal.open()
    arrived = effect == "lost_answer"
    assert ("adopted" if arrived else "abandoned", arrived) == (found.outcome, found.placed is not None)
    assert int(arrived) == len(desk.orders())


def test_what_may_still_arrive_is_waited_for(inside: Open) -> None:
    """The answer was given up after 10 s, the exchange carries the order out after 25."""
    desk = inside(rules=[Rule(effect="slow_before", milliseconds=25_000, times=1, **POST)])
    with desk.trader(client={"order_deadline": 1}) as trader, pytest.raises(OrderOutcomeUnknown):
        trader.buy(MARKET, quote=10_000, identifier="late")
    with desk.trader() as trader:
        assert ["adopted"] == [found.outcome for found in trader.recovered]
    assert ["late"] == [order.identifier for order in desk.orders()]


def test_what_left_long_after_it_was_noted_is_not_given_up_before_it_is_shown(inside: Open) -> None:
    """It waited for its turn for so long that the deadline since the note is over; reads lag behind."""
    desk = inside(rules=[Rule(effect="stale", path="/v1/order", milliseconds=5_000)])
    trader = desk.trader()
    note = trader.journal.note

    class Crash(BaseException):
        pass

    def waiting(identifier: str, step: str, detail: str = "") -> None:
        if step == "accepted":
            raise Crash
        note(identifier, step, detail)
        desk.exchange.advance(90)

    trader.journal.note = waiting
    with pytest.raises(Crash):
        trader.buy(MARKET, quote=10_000, identifier="queued")
    trader.journal.close()
    with desk.trader() as trader:
        assert ["adopted"] == [found.outcome for found in trader.recovered]


def test_what_cannot_be_asked_stays_open(inside: Open) -> None:
    desk = inside(rules=[Rule(effect="lost_answer", times=1, **POST), Rule(effect="unreachable", path="/v1/order")])
    with desk.trader() as trader, pytest.raises(OrderOutcomeUnknown):
        trader.buy(MARKET, quote=10_000)
    with desk.trader() as trader:
        [found] = trader.recovered
        assert ("unknown", 1) == (found.outcome, len(trader.journal.open()))
        assert "could not be reached" in found.reason


def test_a_key_that_may_not_look_leaves_the_journal_open(inside: Open) -> None:
    desk = inside(
        rules=[
            Rule(effect="lost_answer", times=1, **POST),
            Rule(effect="refuse", name="out_of_scope", path="/v1/order"),
        ]
    )
    with desk.trader() as trader, pytest.raises(OrderOutcomeUnknown):
        trader.buy(MARKET, quote=10_000)
    before = desk.exchange.exchange.now
    with desk.trader() as trader:
        assert ["unknown"] == [found.outcome for found in trader.recovered]
        assert 1 == len(trader.journal.open())
    assert desk.exchange.exchange.now - before < 1_000


# -- the end -------------------------------------------------------------------------------------------


def test_a_closed_trader_takes_no_orders(inside: Open) -> None:
    desk = inside()
    trader = desk.trader()
    resting = trader.buy(MARKET, price=desk.price(70), quote=10_000)
    trader.close(cancel_open=True)
    with pytest.raises(Halted, match="this trader is closed"):
        trader.buy(MARKET, quote=10_000)
    assert [(resting.uuid, "cancel")] == [(one.uuid, one.state) for one in desk.orders()]


def test_leaving_lets_open_orders_be(inside: Open) -> None:
    desk = inside()
    with desk.trader() as trader:
        trader.buy(MARKET, price=desk.price(70), quote=10_000)
    assert ["wait"] == [one.state for one in desk.orders()]
