"""Orders in lists, asked of an exchange that is nothing but its list: windows, limits, borders."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, TypeVar
from urllib.parse import parse_qs

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes import ORDER, FrozenClock
from upbit import Upbit
from upbit.errors import TradingError
from upbit.flow.steps import Timeout
from upbit.models import Sort
from upbit.trading import history
from upbit.wire.message import Request, Response

T = TypeVar("T")
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
DAY = 86_400_000


class Shelf:
    """Closed orders by the millisecond in which they were placed; asked as the exchange is."""

    def __init__(self, placed: Sequence[int]) -> None:
        self._placed = sorted(placed)
        self.asked = 0

    def send(self, request: Request, timeout: Timeout) -> Response:
        self.asked += 1
        query = {name: values[0] for name, values in parse_qs(request.query).items()}
        start, end = (
            round((datetime.fromisoformat(query[name]) - BEGIN).total_seconds() * 1000)
            for name in ("start_time", "end_time")
        )
        assert 0 < end - start <= 7 * DAY
        rows = [(at, number) for number, at in enumerate(self._placed) if start <= at <= end]
        if query["order_by"] == "desc":
            rows.reverse()
        return Response(200, msgspec.json.encode([self._row(*row) for row in rows[: int(query["limit"])]]), {})

    @staticmethod
    def _row(at: int, number: int) -> dict[str, Any]:
        created = (BEGIN + timedelta(seconds=at // 1000)).isoformat()
        return ORDER | {"uuid": str(number), "state": "done", "created_at": created}


def listed(placed: Sequence[int], start: datetime, end: datetime, order_by: Sort) -> tuple[list[int], int]:
    """The orders that are listed, by number, and how often the exchange was asked."""
    shelf, clock = Shelf(placed), FrozenClock()
    client = Upbit("a", "s", transport=shelf, clock=clock, sleep=clock.sleep)
    found = client.carry_out(history.closed(start, end, None, order_by, client._terms))
    return [int(one.uuid) for one in found], shelf.asked


@given(st.lists(st.integers(0, 40 * DAY), max_size=30), st.integers(0, 40 * DAY), st.integers(0, 40 * DAY))
def test_every_order_of_the_stretch_is_told_once(placed: list[int], one: int, other: int) -> None:
    start, end = (BEGIN + timedelta(milliseconds=at) for at in sorted((one, other)))
    seconds = [BEGIN + timedelta(seconds=at // 1000) for at in sorted(placed)]
    expected = [number for number, at in enumerate(seconds) if start.replace(microsecond=0) <= at < end]
    forth, _ = listed(placed, start, end, "asc")
    back, asked = listed(placed, start, end, "desc")
    assert (expected, expected) == (forth, sorted(back))
    assert asked <= (end - start) / timedelta(days=7) + 2


@pytest.mark.parametrize("order_by", ["asc", "desc"])
def test_more_than_a_thousand_in_a_window_are_told(order_by: Sort) -> None:
    random = Random(7)
    placed = sorted(random.choice([random.randrange(DAY), random.randrange(5_000)]) for _ in range(2_500))
    found, asked = listed(placed, BEGIN, BEGIN + timedelta(days=2), order_by)
    assert list(range(2_500)) == sorted(found)
    seconds = [placed[number] // 1000 for number in found]
    assert sorted(seconds, reverse=order_by == "desc") == seconds
    assert 3 == asked


@pytest.mark.parametrize("order_by", ["asc", "desc"])
def test_a_second_with_more_orders_than_can_be_shown_is_an_error(order_by: Sort) -> None:
    with pytest.raises(TradingError, match="more than 1000 orders were placed within a second"):
        listed([5_000] * 1_001, BEGIN, BEGIN + timedelta(days=1), order_by)


def test_moments_have_a_time_zone() -> None:
    with pytest.raises(ValueError, match="end has no time zone"):
        listed([], BEGIN, BEGIN.replace(tzinfo=None), "asc")
