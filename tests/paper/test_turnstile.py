"""How often: whoever is counted, what the answers carry, when repeated refusals block, and what is forgotten."""

from __future__ import annotations

import pytest

from tests.paper.visitor import Visitor
from upbit.api import ApiKeys, TradingPairs
from upbit.paper.exchange import Key
from upbit.paper.profile import read_profile
from upbit.paper.turnstile import FIRST_BLOCK, LONGEST_BLOCK, MEMORY, ROOM, STRIKES, Passage, Turnstile
from upbit.wire.message import Request

NOW = 1_790_000_000.0
KEY = Key(access_key="PAPERkey", secret="s", account="pocket", permissions=frozenset(), created=0, expires=0)


def made(profile: str = "current", *, limited: bool = True) -> Turnstile:
    return Turnstile(read_profile(profile), "main", limited=limited)


def tries(turnstile: Turnstile, times: int, now: float = NOW, *, group: str = "order", scope: str = "a") -> list[int]:
    """Try to pass some times; the statuses."""
    statuses = {None: 200, "too_many_requests": 429, "rate_limit_exceeded_penalty": 418}
    return [statuses[turnstile.take(group, scope, now).refusal] for _ in range(times)]


@pytest.mark.parametrize(
    ("profile", "scope"),
    [
        ("2023", "PAPERkey"),
        ("2023-10-23", "PAPERkey"),
        ("2023-10-24", "main"),
        ("2026-06-24", "main"),
        ("2026-06-25", "pocket"),
        ("current", "pocket"),
    ],
)
def test_requests_with_a_key_are_counted_by_key_then_by_account_then_by_pocket(profile: str, scope: str) -> None:
    assert (scope, "1.2.3.4") == (made(profile).scope(KEY, "1.2.3.4"), made(profile).scope(None, "1.2.3.4"))


def test_groups_and_scopes_do_not_share_their_limit() -> None:
    turnstile = made()
    assert [200] * 12 + [429] == tries(turnstile, 13)
    assert [200] * 12 == tries(turnstile, 12, scope="b")
    assert [200] == tries(turnstile, 1, group="default")


def test_a_refusal_tells_that_nothing_is_left() -> None:
    turnstile = made()
    tries(turnstile, 12)
    assert Passage({"Remaining-Req": "group=order; min=720; sec=0"}, "too_many_requests") == turnstile.take(
        "order", "a", NOW
    )


def test_repeated_refusals_block_the_scope_in_all_groups_and_the_answer_tells_how_long() -> None:
    turnstile = made()
    assert [200] * 12 + [429] * (STRIKES - 1) + [418] == tries(turnstile, 12 + STRIKES)
    blocked = turnstile.take("default", "a", NOW + 0.5)
    assert ("rate_limit_exceeded_penalty", "10") == (blocked.refusal, blocked.headers["Retry-After"])
    assert "group=default; min=1800; sec=0" == blocked.headers["Remaining-Req"]
    assert [200] == tries(turnstile, 1, scope="b")
    assert [418] == tries(turnstile, 1, NOW + FIRST_BLOCK - 0.001)
    assert [200] * 12 + [429] == tries(turnstile, 13, NOW + FIRST_BLOCK)


def test_who_goes_on_is_blocked_twice_as_long_each_time_but_not_for_ever() -> None:
    turnstile = made()
    tries(turnstile, 12)
    lengths: list[float] = []
    for _ in range(12):
        passage = [turnstile.take("order", "a", NOW) for _ in range(STRIKES)][-1]
        lengths.append(float(passage.headers["Retry-After"]))
    assert [min(FIRST_BLOCK * 2**times, LONGEST_BLOCK) for times in range(12)] == lengths


def test_who_keeps_quiet_is_forgiven() -> None:
    turnstile = made()
    tries(turnstile, 12 + STRIKES)
    later = NOW + FIRST_BLOCK + MEMORY
    assert [200] * 12 + [429] * (STRIKES - 1) + [418] == tries(turnstile, 12 + STRIKES, later)
    assert "10" == turnstile.take("order", "a", later).headers["Retry-After"]


def test_a_refusal_now_and_then_never_blocks() -> None:
    turnstile = made()
    for minute in range(3 * STRIKES):
        assert [200] * 12 + [429] == tries(turnstile, 13, NOW + minute * MEMORY)


def test_refused_requests_do_not_count() -> None:
    turnstile = made()
    tries(turnstile, 15)
    assert [200] * 12 + [429] == tries(turnstile, 13, NOW + 1)


def test_without_limits_all_pass() -> None:
    assert [200] * 100 == tries(made(limited=False), 100)


def remembered(turnstile: Turnstile) -> int:
    return len(turnstile._gauges) + len(turnstile._strikes)


def test_a_crowd_is_forgotten_as_it_passes_by() -> None:
    turnstile = made()
    for number in range(20 * ROOM):  # 1,000 a second, each seen once
        turnstile.take("market", str(number), NOW + number / 1_000)
    assert remembered(turnstile) <= 2 * ROOM
    turnstile.take("market", "late", NOW + 21 + MEMORY)
    assert 1 == remembered(turnstile)


def test_who_is_blocked_is_not_forgotten() -> None:
    turnstile = made()
    tries(turnstile, 12 + 4 * STRIKES, scope="blocked")
    for number in range(79):
        turnstile.take("market", str(number), NOW + number)
    assert [418, 200] == [tries(turnstile, 1, NOW + later, scope="blocked")[0] for later in (79, 80)]


# -- at the gate ---------------------------------------------------------------------------------------


def test_the_gate_answers_418_with_the_time_of_the_block_on_quotation_and_exchange() -> None:
    for operation in (TradingPairs.list, ApiKeys.list):
        visitor = Visitor(limited=True)
        answers = [visitor.call(operation) for _ in range(30 + STRIKES)]
        blocked = next(answer for answer in answers if answer.status == 418)
        body = '{"error":{"name":"rate_limit_exceeded_penalty","message":"You have been temporarily blocked"}}'
        assert (418, body, "10") == (blocked.status, blocked.text, blocked.headers["Retry-After"])
        visitor.step(40_000)
        assert 200 == visitor.call(operation).status


def test_an_address_that_is_blocked_may_still_use_its_key() -> None:
    visitor = Visitor(limited=True)
    for _ in range(10 + STRIKES):
        answer = visitor.send(Request("GET", "/v1/market/all"), authorization="")
    assert 418 == answer.status
    assert 200 == visitor.call(ApiKeys.list).status


@pytest.mark.parametrize(("profile", "status"), [("2023", 200), ("2026-01-01", 429), ("current", 200)])
def test_another_pocket_shares_the_limit_only_while_accounts_were_counted(profile: str, status: int) -> None:
    visitor = Visitor(profile, limited=True)
    other = visitor.exchange.issue_key(visitor.exchange.pockets.add("둘째"))
    for _ in range(30):
        visitor.call(ApiKeys.list)
    assert 429 == visitor.call(ApiKeys.list).status
    assert status == visitor.call(ApiKeys.list, key=other).status
