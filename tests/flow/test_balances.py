"""Balances: nothing twice, nothing older than known, and what REST says where the socket was silent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tests.flow.ward import Treatment, finish, told
from upbit.errors import APIConnectionError
from upbit.flow.balances import Balances
from upbit.flow.heal import AUDIT, SETTLE, Ask
from upbit.models import Account, FeedEvent, Gap, MyAsset, MyAssetEvent

NOW = datetime(2026, 9, 21, 14, 13, 30, tzinfo=UTC)


def event(time: int, **balances: int | str) -> MyAssetEvent:
    """Balances by currency; nothing is locked."""
    assets = [
        MyAsset(currency=currency, balance=Decimal(balance), locked=Decimal(0))
        for currency, balance in balances.items()
    ]
    return MyAssetEvent(type="myAsset", asset_uuid="a", assets=assets, asset_timestamp=time, timestamp=time)


def rest(**balances: int | str) -> Callable[[Ask], list[Account]]:
    return lambda ask: [
        Account(
            currency=currency,
            balance=Decimal(balance),
            locked=Decimal(0),
            avg_buy_price=Decimal(0),
            avg_buy_price_modified=False,
            unit_currency="KRW",
        )
        for currency, balance in balances.items()
    ]


def refuse(ask: Ask) -> list[Account]:
    raise APIConnectionError("not now")


def shown(events: list[FeedEvent]) -> list[dict[str, str]]:
    return [
        {asset.currency: str(asset.balance) for asset in one.assets} for one in events if isinstance(one, MyAssetEvent)
    ]


def started(**balances: int | str) -> Balances:
    line = Balances()
    told(line.check("start", NOW), rest(**balances))
    return line


def test_what_changes_passes_and_what_repeats_does_not() -> None:
    line = Balances()
    assert (event(1, KRW=5, BTC=1),) == line.take(event(1, KRW=5, BTC=1))
    assert () == line.take(event(1, KRW=5, BTC=1))
    assert () == line.take(event(2, KRW=5))
    assert (event(2, KRW=6),) == line.take(event(2, KRW=6))


def test_what_is_older_than_known_is_taken_out() -> None:
    line = Balances()
    line.take(event(5, KRW=5))
    assert (event(4, BTC=1),) == line.take(event(4, KRW=9, BTC=1))
    assert () == line.take(event(4, KRW=8))


def test_the_first_check_is_a_snapshot_of_what_was_not_told_meanwhile() -> None:
    line = Balances()
    treatment = Treatment(line.check("start", NOW), rest(KRW=9, BTC=1))
    treatment.go_on()
    assert (event(1, KRW=5),) == line.take(event(1, KRW=5))
    assert not treatment.go_on()
    assert [{"BTC": "1"}] == shown(treatment.told or [])
    assert ["SNAPSHOT"] == [one.stream_type for one in treatment.told or [] if isinstance(one, MyAssetEvent)]


def test_a_healthy_account_is_left_alone() -> None:
    line = started(KRW=9, BTC=1, ETH=0)
    line.take(event(1, KRW="8.000000001"))
    for reason in (AUDIT, "reconnect"):
        assert [] == told(line.check(reason, NOW), rest(KRW=8, BTC=1))


def test_what_differs_comes_behind_a_gap() -> None:
    line = started(KRW=9, BTC=1)
    line.take(event(1, KRW=8))
    later = NOW + timedelta(seconds=9)
    gap, *events = told(line.check("reconnect", later), rest(KRW=7, BTC=1, ETH=3))
    assert Gap(type="myAsset", start=NOW, end=later, reason="reconnect", lost=0, recovered=1) == gap
    assert [{"KRW": "7", "ETH": "3"}] == shown(events)
    assert ["RECOVERED"] == [one.stream_type for one in events if isinstance(one, MyAssetEvent)]
    assert [] == told(line.check(AUDIT, later), rest(KRW=7, BTC=1, ETH=3))


def test_what_rest_no_longer_lists_is_nothing() -> None:
    line = started(KRW=9, BTC=1)
    assert [{"BTC": "0"}] == shown(told(line.check("reconnect", NOW), rest(KRW=9)))


def test_what_the_socket_tells_meanwhile_counts_more() -> None:
    line = started(KRW=9, BTC=1)
    treatment = Treatment(line.check("reconnect", NOW), rest(KRW=7, BTC=2))
    treatment.go_on()
    line.take(event(1, KRW=6))
    assert not treatment.go_on()
    assert [{"BTC": "2"}] == shown(treatment.told or [])


def test_an_audit_waits_for_what_is_under_way() -> None:
    line = started(KRW=9, BTC=1)
    treatment = Treatment(line.check(AUDIT, NOW), rest(KRW=7, BTC=1))
    treatment.go_on()
    treatment.go_on()
    line.take(event(1, KRW=7))
    assert not treatment.go_on()
    assert ([], SETTLE) == (treatment.told, treatment.paused)
    assert [{"KRW": "5"}] == shown(told(line.check(AUDIT, NOW), rest(KRW=5, BTC=1)))


def test_when_rest_fails_a_gap_says_so_unless_it_was_an_audit() -> None:
    line = started(KRW=9)
    assert [] == told(line.check(AUDIT, NOW), refuse)
    later = NOW + timedelta(seconds=9)
    assert [Gap(type="myAsset", start=NOW, end=later, reason="reconnect", lost=None, detail="not now")] == told(
        line.check("reconnect", later), refuse
    )
    line = Balances()
    assert [Gap(type="myAsset", start=NOW, end=NOW, reason="start", lost=None, detail="not now")] == told(
        line.check("start", NOW), refuse
    )
    assert [{"KRW": "9"}] == shown(told(line.check(AUDIT, NOW), rest(KRW=9)))


CHANGES = st.lists(
    st.tuples(st.sampled_from(("KRW", "BTC", "ETH")), st.integers(0, 5), st.sampled_from(("told", "twice", "dropped"))),
    max_size=30,
)


@given(changes=CHANGES, reason=st.sampled_from((AUDIT, "reconnect")))
def test_after_a_check_what_is_known_is_what_there_is(changes: list[tuple[str, int, str]], reason: str) -> None:
    line = Balances()
    there = {"KRW": 100, "BTC": 100}
    seen: list[FeedEvent] = [*told(line.check("start", NOW), rest(**there))]
    for time, (currency, balance, fate) in enumerate(changes):
        there[currency] = balance
        for _ in range({"told": 1, "twice": 2, "dropped": 0}[fate]):
            seen += line.take(event(time, **{currency: balance}))
    treatment = finish(line.check(reason, NOW), rest(**there))
    seen += treatment.told or []
    known: dict[str, str] = {}
    for one in shown(seen):
        known |= one
    assert {currency: str(balance) for currency, balance in there.items() if balance} == {
        currency: balance for currency, balance in known.items() if balance != "0"
    }
    if all(fate != "dropped" for _, _, fate in changes):
        assert [] == treatment.told
