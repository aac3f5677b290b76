"""The short form of `make soak`; that is the long one."""

from __future__ import annotations

import pytest

from tools.soak import Day, grown, main, run, weigh


def test_a_feed_lives_through_its_days_and_neither_misses_anything_nor_grows() -> None:
    days = run(4, hours=1)
    assert [] == [found for day in days for found in day.differences]
    assert [] == grown(days)
    assert all(day.trades > 20 and day.recovered > 0 and day.orders > 2 for day in days)
    assert days[-1].connects > 6


def test_what_grows_is_said() -> None:
    calm = Day(1, 10, 10, 0, 0, 2, 1, 60_000, 7, 9, [])
    assert [] == grown([calm, calm])
    assert ["tasks grew from 7 to 20"] == grown([calm, calm._replace(tasks=20)])
    assert ["bytes grew from 60,000 to 90,000"] == grown([calm, calm._replace(bytes=90_000)])


def test_what_is_held_is_weighed_whole() -> None:
    held: list[object] = [bytes(1_000), {"a": bytes(2_000)}]
    assert 3_000 < weigh(held) < 4_000
    held.append(lambda: held)
    assert weigh(held) < 4_000


def test_every_day_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == main(["--days", "2", "--hours", "0.5"])
    assert 3 == len(capsys.readouterr().out.splitlines())
