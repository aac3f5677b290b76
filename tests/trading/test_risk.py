from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from upbit.errors import ConfigurationError, Halted, RiskRefused, TradingError
from upbit.trading.journal import Journal
from upbit.trading.risk import TRIPS, Limits, Risk
from upbit.trading.switch import Switch

from .test_journal import DAY, NOON, TODAY, Wall, draft


class Desk(NamedTuple):
    risk: Risk
    journal: Journal
    switch: Switch
    wall: Wall


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    """Makes the guards of an account; made again, it is as after a restart."""
    wall = Wall()
    opened: list[Journal] = []

    def make(**limits: Any) -> Desk:
        for one in opened:
            one.close()
        journal, switch = Journal(tmp_path / "journal.sqlite", wall), Switch(tmp_path / "switch", wall)
        opened.append(journal)
        return Desk(Risk(Limits(**limits), journal, switch, wall), journal, switch, wall)

    yield make
    opened[-1].close()


def refusal(risk: Risk, **changes: Any) -> tuple[str, object, object] | None:
    """The rule that an order breaks, its limit and what it would be; None when it is let through."""
    try:
        risk.check(draft(**changes))
    except RiskRefused as error:
        return error.rule, error.limit, error.value
    return None


def test_without_limits_everything_is_let_through(desk: Callable[..., Desk]) -> None:
    risk = desk().risk
    for number in range(5):
        risk.begin(draft(str(number), notional=Decimal(10**12)))
    assert None is refusal(risk, market="BTC-ETH", notional=Decimal(0))


def test_one_order_may_be_worth_so_much_whichever_side(desk: Callable[..., Desk]) -> None:
    risk = desk(per_order=Decimal(1000)).risk
    assert None is refusal(risk, notional=Decimal(1000))
    too_much = Decimal("1000.00000001")
    assert ("per_order", 1000, too_much) == refusal(risk, notional=too_much)
    assert ("per_order", 1000, too_much) == refusal(risk, notional=too_much, side="ask")


@pytest.mark.parametrize("limits", [{"per_day": 1000}, {"per_market": {"KRW-BTC": 1000}}])
def test_a_day_may_bring_so_much_and_a_restart_does_not_change_that(
    desk: Callable[..., Desk], limits: Mapping[str, Any]
) -> None:
    desk(**limits).risk.begin(draft("a", notional=Decimal(600)))
    risk, journal, _, wall = desk(**limits)
    rule = next(iter(limits))
    assert (rule, 1000, Decimal(1001)) == refusal(risk, notional=Decimal(401))
    assert None is refusal(risk, notional=Decimal(400))
    assert None is refusal(risk, notional=Decimal(401), side="ask")
    journal.settle("a", "rejected")
    assert None is refusal(risk, notional=Decimal(1000))
    journal.settle("a", "accepted")
    wall.now += DAY / 2
    assert None is refusal(risk, notional=Decimal(1000))


def test_a_market_has_its_own_limit(desk: Callable[..., Desk]) -> None:
    risk = desk(per_market={"KRW-BTC": Decimal(5), "BTC-ETH": Decimal(1)}, per_day=100).risk
    risk.begin(draft("a", notional=Decimal(5)))
    assert ("per_market", 5, 6) == refusal(risk, notional=Decimal(1))
    assert None is refusal(risk, market="KRW-ETH", notional=Decimal(95))
    assert ("per_day", 100, 101) == refusal(risk, market="KRW-ETH", notional=Decimal(96))
    assert None is refusal(risk, market="BTC-ETH", notional=Decimal(1))
    assert ("per_market", 1, 2) == refusal(risk, market="BTC-ETH", notional=Decimal(2))


def test_a_limit_in_krw_does_not_measure_other_currencies(desk: Callable[..., Desk]) -> None:
    risk = desk(per_order=1_000_000).risk
    assert ("currency", "KRW", "USDT-BTC") == refusal(risk, market="USDT-BTC", notional=Decimal(1))
    risk = desk(per_order=1_000, currency="USDT").risk
    assert None is refusal(risk, market="USDT-BTC", notional=Decimal(1000))
    assert ("currency", "USDT", "KRW-BTC") == refusal(risk, notional=Decimal(1))


@pytest.mark.parametrize("worth", ["0", "-1", "NaN", "Infinity", "-Infinity"])
def test_an_order_of_no_known_worth_is_refused(desk: Callable[..., Desk], worth: str) -> None:
    risk, _, switch, _ = desk(per_order=1000)
    found = refusal(risk, notional=Decimal(worth))
    assert found is not None
    assert ("notional", "RUN") == (found[0], switch.state)


def test_too_many_orders_within_a_minute_are_refused_and_move_the_switch(desk: Callable[..., Desk]) -> None:
    desk(orders_per_minute=3).risk.begin(draft("0"))
    risk, _, switch, wall = desk(orders_per_minute=3)
    risk.begin(draft("1"))
    wall.now += 59
    risk.begin(draft("2"))
    assert "RUN" == switch.state
    assert ("orders_per_minute", 3, 4) == refusal(risk)
    assert ("REDUCE", "order_rate: 4 orders within 60 s, the limit is 3") == (switch.state, switch.reason)
    with pytest.raises(Halted):
        risk.check(draft())
    wall.now += 2
    assert None is refusal(risk, side="ask")
    with pytest.raises(Halted):
        desk(orders_per_minute=3).risk.check(draft())


def test_refusals_in_a_row_move_the_switch_over_restarts_and_whoever_resumes_begins_anew(
    desk: Callable[..., Desk],
) -> None:
    risk = desk(rejections_in_a_row=3).risk
    risk.rejected()
    risk.rejected()
    risk.accepted()
    risk.rejected()
    desk(rejections_in_a_row=3).risk.rejected()
    risk, _, switch, _ = desk(rejections_in_a_row=3)
    assert "RUN" == switch.state
    risk.rejected()
    assert ("REDUCE", "rejections: 3 orders in a row were refused, the limit is 3") == (switch.state, switch.reason)
    switch.set("RUN", "looked into")
    risk.rejected()
    risk.rejected()
    assert "RUN" == switch.state
    risk.rejected()
    assert "REDUCE" == switch.state


def test_so_many_orders_may_be_open(desk: Callable[..., Desk]) -> None:
    risk, journal, switch, _ = desk(max_open_orders=2)
    risk.begin(draft("a"))
    risk.begin(draft("b"))
    journal.settle("b", "accepted", "b", "wait")
    assert ("max_open_orders", 2, 3) == refusal(risk)
    journal.see("b", "done")
    assert (None, "RUN") == (refusal(risk), switch.state)


def test_an_outcome_that_is_not_known_for_too_long_halts(desk: Callable[..., Desk]) -> None:
    desk().risk.begin(draft("a"))
    risk, journal, switch, wall = desk()
    wall.now += 180
    assert None is refusal(risk)
    wall.now += 1
    assert ("unknown_after", 180.0, 181.0) == refusal(risk, side="ask")
    assert "HALT" == switch.state
    switch.set("RUN", "")
    risk.overdue()
    assert "HALT" == switch.state
    journal.settle("a", "abandoned")
    switch.set("RUN", "")
    assert (None, None) == (refusal(risk), risk.overdue())


def test_unknown_outcomes_may_be_let_alone(desk: Callable[..., Desk]) -> None:
    risk, _, _, wall = desk(unknown_after=None)
    risk.begin(draft("a"))
    wall.now += 10_000
    assert None is refusal(risk)


@pytest.mark.parametrize(
    ("limits", "tell", "state", "reason"),
    [
        ({"loss_per_day": 1000}, lambda risk: risk.result(Decimal("-999.9")), "RUN", ""),
        ({"loss_per_day": 1000}, lambda risk: risk.result(Decimal(5000)), "RUN", ""),
        ({}, lambda risk: risk.result(Decimal(-(10**9))), "RUN", ""),
        (
            {"loss_per_day": 1000},
            lambda risk: risk.result(Decimal(-1000)),
            "HALT",
            "loss: the day has lost 1000 KRW, the limit is 1000",
        ),
        ({"stale_after": 5}, lambda risk: risk.stale("KRW-BTC", 5.0), "RUN", ""),
        ({}, lambda risk: risk.stale("KRW-BTC", 1e9), "RUN", ""),
        (
            {"stale_after": 5},
            lambda risk: risk.stale("KRW-BTC", 5.5),
            "REDUCE",
            "stale: KRW-BTC is 5.5 s old, the limit is 5.0 s",
        ),
        (
            {"stale_after": 5},
            lambda risk: risk.stale("KRW-BTC", float("nan")),
            "REDUCE",
            "stale: KRW-BTC is nan s old, the limit is 5.0 s",
        ),
        ({}, lambda risk: risk.mismatch("BTC: 1, not 2"), "HALT", "mismatch: BTC: 1, not 2"),
        (
            {"stale_after": 5, "trips": {"stale": "HALT"}},
            lambda risk: risk.stale("KRW-BTC", 6),
            "HALT",
            "stale: KRW-BTC is 6.0 s old, the limit is 5.0 s",
        ),
        ({"trips": {"mismatch": "REDUCE"}}, lambda risk: risk.mismatch("x"), "REDUCE", "mismatch: x"),
    ],
)
def test_what_the_trader_sees_moves_the_switch(
    desk: Callable[..., Desk], limits: Mapping[str, Any], tell: Callable[[Risk], None], state: str, reason: str
) -> None:
    risk, _, switch, _ = desk(**limits)
    tell(risk)
    assert (state, reason) == (switch.state, switch.reason)


def test_the_switch_is_asked_before_the_limits(desk: Callable[..., Desk]) -> None:
    risk, journal, switch, _ = desk(per_order=1)
    switch.set("HALT", "by hand")
    with pytest.raises(Halted, match="by hand"):
        risk.begin(draft())
    assert [] == journal.entries(0, NOON * 2)
    switch.set("REDUCE", "")
    assert None is refusal(risk, side="ask", notional=Decimal(1))


@pytest.mark.parametrize(
    "breakage",
    [
        lambda one: one.journal.close(),
        lambda one: setattr(one.wall, "now", float("nan")),
        lambda one: setattr(one.wall, "now", "no number"),
        lambda one: setattr(one.wall, "now", 1e300),
    ],
)
def test_whatever_goes_wrong_in_a_check_refuses_the_order_and_halts(
    desk: Callable[..., Desk], breakage: Callable[[Desk], None]
) -> None:
    one = desk(per_day=10**9, orders_per_minute=100)
    one.journal.begin(draft("a"), NOON)
    breakage(one)
    switch = Switch(one.switch.path)
    for attempt in (one.risk.check, one.risk.begin):
        with pytest.raises(TradingError):
            attempt(draft("b"))
    assert "HALT" == switch.state
    assert switch.reason.startswith(("exception: ", "unknown: "))


def test_what_cannot_be_recorded_halts_and_raises_nothing(desk: Callable[..., Desk]) -> None:
    for tell in (Risk.accepted, Risk.rejected, Risk.overdue):
        one = desk(rejections_in_a_row=1)
        one.journal.close()
        tell(one.risk)
        assert "HALT" == one.switch.state
        one.switch.set("RUN", "")


def test_a_profit_that_is_no_number_halts(desk: Callable[..., Desk]) -> None:
    one = desk(loss_per_day=1)
    one.risk.result(Decimal("NaN"))
    assert "HALT" == one.switch.state


def test_it_halts_this_process_when_the_switch_cannot_be_written(desk: Callable[..., Desk], tmp_path: Path) -> None:
    journal = desk().journal
    switch = Switch(tmp_path / "gone" / "switch")
    (tmp_path / "gone").rmdir()
    risk = Risk(Limits(), journal, switch)
    risk.mismatch("x")
    (tmp_path / "gone").mkdir()
    assert ("HALT", "mismatch: x") == (switch.state, switch.reason)


def test_threads_do_not_pass_a_limit_together(desk: Callable[..., Desk]) -> None:
    _, journal, switch, _ = desk()

    def slow() -> float:
        time.sleep(0.001)  # others come in the middle of a check
        return NOON

    risk = Risk(Limits(per_day=10), journal, switch, slow)

    def attempt(number: int) -> bool:
        try:
            risk.begin(draft(str(number), notional=Decimal(1)))
        except RiskRefused:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert 10 == sum(pool.map(attempt, range(40)))
    assert (10, Decimal(10)) == (len(journal.open()), journal.spent(TODAY))


@pytest.mark.parametrize(
    "limits",
    [
        {"per_order": 0},
        {"per_order": 1e6},
        {"per_day": Decimal("NaN")},
        {"loss_per_day": Decimal(-5)},
        {"per_market": {"KRW-BTC": "5"}},
        {"per_day": True},
        {"orders_per_minute": 0},
        {"rejections_in_a_row": 1.5},
        {"max_open_orders": True},
        {"stale_after": 0},
        {"unknown_after": float("nan")},
        {"trips": {"loss": "RUN"}},
        {"trips": {"boredom": "HALT"}},
    ],
)
def test_what_is_no_limit_is_refused(limits: Mapping[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        Limits(**limits)


def test_every_trigger_has_its_line_in_the_documentation() -> None:
    import upbit.trading.risk as module

    told = module.__doc__ or ""
    for trigger, stop in TRIPS.items():
        assert [stop] == [line.split()[-1] for line in told.splitlines() if line.split()[:1] == [trigger]]
