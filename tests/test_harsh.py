"""The short form of `make harsh`; that is the long one."""

from __future__ import annotations

from tools.harsh import run


def test_each_order_is_one_however_harsh_the_day() -> None:
    report = run(10_000)
    assert [] == report.wrong
    assert (0, 0, 0, 0) == (report.unknown, report.still_unknown, report.own_429, report.own_418)
    assert report.told == report.made
    assert 10_000 == report.told + sum(report.refused.values())
    assert report.told > 9_500
    assert {"lost_answer", "lost_request", "gateway", "truncated_body", "penalty", "stale"} <= report.faults.keys()
    assert report.fine
