"""How movements are chosen and paged."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upbit.errors import InvalidParameterError
from upbit.paper.desk.movements import choose, listed
from upbit.paper.wallet import Movement


def movement(number: int) -> Movement:
    return Movement(
        account="alice",
        uuid=f"uuid-{number}",
        currency="KRW" if number % 2 else "BTC",
        net_type=None,
        txid=f"txid-{number}",
        state="PROCESSING" if number > 6 else "DONE",
        created=number,
        amount=Decimal(1),
        fee=Decimal(0),
        due=0,
    )


TEN = [movement(number) for number in range(10)]
OPEN: dict[str, Any] = dict.fromkeys(
    ("currency", "state", "uuids", "txids", "limit", "page", "order_by", "start", "end")
)


def numbers(**asked: Any) -> list[int]:
    return [one.created for one in listed(TEN, **(OPEN | asked))]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]),
        ({"order_by": "asc"}, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
        ({"currency": "KRW"}, [9, 7, 5, 3, 1]),
        ({"state": "PROCESSING"}, [9, 8, 7]),
        ({"uuids": ["uuid-3", "uuid-5", "none"]}, [5, 3]),
        ({"txids": ["txid-3"]}, [3]),
        ({"limit": 3}, [9, 8, 7]),
        ({"limit": 3, "page": 4}, [0]),
        ({"limit": 3, "page": 5}, []),
        ({"end": "uuid-7", "limit": 2}, [6, 5]),
        ({"start": "uuid-7"}, [9, 8]),
        ({"start": "uuid-3", "end": "uuid-7"}, [6, 5, 4]),
        ({"end": "uuid-7", "order_by": "asc"}, [8, 9]),
        ({"end": "none"}, []),
        ({"start": "none", "limit": 1}, [9]),
    ],
)
def test_a_page_of_movements(asked: dict[str, Any], found: list[int]) -> None:
    assert found == numbers(**asked)


@given(st.integers(1, 12), st.sampled_from(["asc", "desc"]))
def test_whoever_goes_on_from_the_last_uuid_sees_everything_once(limit: int, order: str) -> None:
    seen: list[int] = []
    page = numbers(limit=limit, order_by=order)
    while page:
        seen += page
        page = numbers(limit=limit, order_by=order, end=f"uuid-{page[-1]}")
    assert numbers(order_by=order) == seen


@pytest.mark.parametrize("asked", [{"limit": 0}, {"limit": 101}, {"page": 0}, {"uuids": ["a"], "txids": ["b"]}])
def test_movements_are_not_listed_by_nonsense(asked: dict[str, Any]) -> None:
    with pytest.raises(InvalidParameterError):
        numbers(**asked)


def test_the_latest_that_fits_is_chosen() -> None:
    assert [TEN[9], TEN[8], TEN[3], TEN[4], None] == [
        choose(TEN, None, None, None),
        choose(TEN, None, None, "BTC"),
        choose(TEN, "uuid-3", None, None),
        choose(TEN, None, "txid-4", "BTC"),
        choose(TEN, "uuid-3", None, "BTC"),
    ]
    assert None is choose([], None, None, None)
