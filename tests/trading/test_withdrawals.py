from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

from tests.fakes import FrozenClock, ScriptedTransport, answer
from upbit.client import Upbit
from upbit.errors import (
    APIConnectionError,
    APIStatusError,
    BadRequestError,
    ConfigurationError,
    Halted,
    JournalError,
    ResponseError,
    RiskRefused,
    TradingError,
)
from upbit.models import Withdraw
from upbit.trading.journal import Journal
from upbit.trading.switch import Switch
from upbit.trading.withdrawals import BANK, Destination, WithdrawalPolicy, Withdrawals
from upbit.wire.message import Response

from .test_journal import DAY, TODAY, Wall

COLD = Destination("BTC", "BTC", "3NVw2seiTQddGQwc1apqudKxuTqebpyL3s")
TAGGED = Destination("XRP", "XRP", "rw2ciyaNshpHe7bCHo4bRWq6pqqynnWKQg", "12345")
POLICY = WithdrawalPolicy(
    destinations={COLD, TAGGED, BANK},
    per_withdrawal={"BTC": Decimal("0.5"), "XRP": 100, "KRW": 1_000_000},
    per_day={"BTC": Decimal(1), "XRP": 100, "KRW": 1_500_000},
)
DONE = answer(
    {
        "type": "withdraw",
        "uuid": "9f432943-54e0-40b7-825f-b6fec8b42b79",
        "currency": "BTC",
        "net_type": "BTC",
        "txid": None,
        "state": "PROCESSING",
        "created_at": "2018-04-13T11:24:01+09:00",
        "amount": "0.01",
        "fee": "0.0",
        "transaction_type": "default",
    },
    201,
)


def error(status: int, name: str) -> Response:
    return answer({"error": {"name": name, "message": ""}}, status)


class Desk(NamedTuple):
    withdraw: Callable[..., Withdraw]
    journal: Journal
    switch: Switch
    wall: Wall
    transport: ScriptedTransport


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    opened: list[Journal] = []

    def make(*script: Response | APIConnectionError) -> Desk:
        for one in opened:
            one.close()
        wall, clock, transport = Wall(), FrozenClock(), ScriptedTransport(*(script or (DONE,)))
        journal, switch = Journal(tmp_path / "journal.sqlite", wall), Switch(tmp_path / "switch", wall)
        opened.append(journal)
        withdrawals = Withdrawals(POLICY, journal, switch, wall)
        client = Upbit(
            "a key", "a secret", transport=transport, clock=clock, sleep=clock.sleep, base_url="http://127.0.0.1:1"
        )

        def withdraw(to: Destination, amount: Any, **options: Any) -> Withdraw:
            return client.carry_out(withdrawals.withdraw(to, amount, client._means().terms, **options))

        return Desk(withdraw, journal, switch, wall, transport)

    yield make
    opened[-1].close()


def test_what_the_policy_allows_is_sent_once_and_counted(desk: Callable[..., Desk]) -> None:
    withdraw, journal, _, _, transport = desk()
    assert "PROCESSING" == withdraw(COLD, "0.01").state
    sent = [(one.path, msgspec.json.decode(one.body)) for one in transport.requests]
    told = {"currency": "BTC", "net_type": "BTC", "amount": "0.01", "address": COLD.address}
    assert [("/v1/withdraws/coin", told)] == sent
    assert ([], Decimal("0.01")) == (journal.open_withdrawals(), journal.withdrawn(TODAY, "BTC"))


def test_tags_and_the_bank_account(desk: Callable[..., Desk]) -> None:
    withdraw, journal, _, _, transport = desk()
    withdraw(TAGGED, 100)
    withdraw(BANK, 5000, two_factor_type="naver")
    assert ["12345", None] == [msgspec.json.decode(one.body).get("secondary_address") for one in transport.requests]
    assert "/v1/withdraws/krw" == transport.requests[1].path
    assert {"amount": "5000", "two_factor_type": "naver"} == msgspec.json.decode(transport.requests[1].body)
    assert [100, 5000] == [journal.withdrawn(TODAY, currency) for currency in ("XRP", "KRW")]


@pytest.mark.parametrize(
    ("to", "amount", "rule"),
    [
        (msgspec.structs.replace(COLD, address=COLD.address.lower()), "0.01", "destination"),
        (msgspec.structs.replace(COLD, net_type="LIGHTNING"), "0.01", "destination"),
        (msgspec.structs.replace(COLD, secondary_address="1"), "0.01", "destination"),
        (msgspec.structs.replace(TAGGED, secondary_address=None), "1", "destination"),
        (msgspec.structs.replace(COLD, currency="ETH"), "0.01", "destination"),
        (COLD, "0.50000001", "per_withdrawal"),
        (COLD, "0", "amount"),
    ],
)
def test_what_the_policy_does_not_allow_is_not_sent(
    desk: Callable[..., Desk], to: Destination, amount: str, rule: str
) -> None:
    withdraw, journal, switch, _, transport = desk()
    with pytest.raises(RiskRefused) as told:
        withdraw(to, amount)
    assert (rule, [], [], "RUN") == (
        told.value.rule,
        transport.requests,
        journal.open_withdrawals(),
        switch.state,
    )


def test_a_day_has_its_ceiling_over_restarts(desk: Callable[..., Desk]) -> None:
    for _ in range(2):
        desk().withdraw(COLD, "0.4")
    withdraw, _, _, wall, transport = desk()
    with pytest.raises(RiskRefused) as told:
        withdraw(COLD, "0.21")
    assert ("per_day", 1, Decimal("1.01"), []) == (
        told.value.rule,
        told.value.limit,
        told.value.value,
        transport.requests,
    )
    withdraw(COLD, "0.2")
    wall.now += DAY
    withdraw(COLD, "0.5")


@pytest.mark.parametrize(
    ("answered", "raised", "counted"),
    [
        (error(400, "withdraw_address_not_registered"), BadRequestError, False),
        (error(403, "open_api_withdraw_locked"), APIStatusError, False),
        (APIConnectionError("refused", sent=False), APIConnectionError, False),
        (APIConnectionError("lost"), APIConnectionError, True),
        (error(500, "internal"), APIStatusError, True),
        (answer(b"<html>", 404), APIStatusError, True),
        (error(404, "not_found"), APIStatusError, True),
        (answer(b"<html>", 201), ResponseError, True),
    ],
)
def test_what_may_have_left_is_counted_and_never_sent_again(
    desk: Callable[..., Desk], answered: Response | APIConnectionError, raised: type[Exception], counted: bool
) -> None:
    withdraw, journal, _, _, transport = desk(answered)
    with pytest.raises(raised):
        withdraw(COLD, "0.5")
    left = [one for one in transport.requests if not isinstance(answered, APIConnectionError) or answered.sent]
    assert (0 if raised is APIConnectionError and not counted else 1, Decimal("0.5") * counted, int(counted)) == (
        len(left),
        journal.withdrawn(TODAY, "BTC"),
        len(journal.open_withdrawals()),
    )


@pytest.mark.parametrize("state", ["REDUCE", "HALT"])
def test_nothing_is_withdrawn_unless_the_switch_is_at_run(desk: Callable[..., Desk], state: str) -> None:
    withdraw, journal, switch, _, transport = desk()
    switch.set(state, "")
    with pytest.raises(Halted):
        withdraw(COLD, "0.1")
    assert ([], 0) == (transport.requests, journal.withdrawn(TODAY, "BTC"))


def test_whatever_goes_wrong_before_it_is_recorded_refuses_it(desk: Callable[..., Desk]) -> None:
    withdraw, journal, _, wall, transport = desk()
    with pytest.raises(ValueError, match="float"):
        withdraw(COLD, 0.1)
    wall.now = float("nan")
    with pytest.raises(TradingError, match="the check of the withdrawal failed"):
        withdraw(COLD, "0.1")
    wall.now = 0.0
    journal.close()
    with pytest.raises(JournalError):
        withdraw(COLD, "0.1")
    assert [] == transport.requests


def test_an_outcome_that_cannot_be_recorded_is_told_all_the_same(
    desk: Callable[..., Desk], caplog: pytest.LogCaptureFixture
) -> None:
    one = desk()

    class Closing(ScriptedTransport):
        def send(self, *request: Any) -> Response:
            one.journal.close()
            return super().send(*request)

    transport = Closing(DONE)
    client = Upbit("a key", "a secret", transport=transport, base_url="http://127.0.0.1:1")
    withdrawals = Withdrawals(POLICY, one.journal, one.switch, one.wall)
    assert "PROCESSING" == client.carry_out(withdrawals.withdraw(COLD, "0.1", client._means().terms)).state
    assert "could not be recorded" in caplog.text


@pytest.mark.parametrize("missing", ["per_withdrawal", "per_day"])
@pytest.mark.parametrize("ceilings", [{}, {"BTC": 0}, {"BTC": 0.5}, {"BTC": Decimal("Infinity")}])
def test_a_policy_has_a_ceiling_for_each_currency(missing: str, ceilings: Any) -> None:
    both: dict[str, Any] = {"per_withdrawal": {"BTC": 1}, "per_day": {"BTC": 1}, missing: ceilings}
    with pytest.raises(ConfigurationError, match=missing):
        WithdrawalPolicy(destinations=[COLD], **both)
