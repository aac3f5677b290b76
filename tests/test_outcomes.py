"""What the benchmark of lost answers says of an order."""

from __future__ import annotations

import pytest

from benchmarks.outcomes import FAULTS, Outcome


@pytest.mark.parametrize(
    ("outcome", "wrong"),
    [
        (Outcome(1, 1, "an order"), False),
        (Outcome(2, 1, "an order"), False),
        (Outcome(1, 0, "NetworkError"), False),
        (Outcome(1, 1, "NetworkError"), True),
        (Outcome(1, 0, "an order"), True),
        (Outcome(3, 3, "an order"), True),
    ],
)
def test_who_is_told_another_thing_than_what_is_was_told_wrongly(outcome: Outcome, wrong: bool) -> None:
    assert wrong == outcome.wrong
    assert wrong == str(outcome).startswith("!!")


def test_each_fault_happens_to_orders_and_ends() -> None:
    assert all((fault.rule.method, fault.rule.path) == ("POST", "/v1/orders") for fault in FAULTS)
    assert all(fault.rule.times for fault in FAULTS)
