"""The short form of `make crash`; that is the long one."""

from __future__ import annotations

from tools.crash import run


def test_nothing_is_lost_when_the_exchange_is_killed_in_the_middle_of_orders() -> None:
    report = run(10, seconds=0.1)
    assert 10 == report.kills
    assert report.answered > 0
    assert max(report.opens) < 2
