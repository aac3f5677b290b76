"""Pasts of markets for tests: any price band, from a few trades a day to many."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable

from hypothesis import strategies as st

from upbit.paper.bars import DAY
from upbit.paper.book import SCALE
from upbit.paper.history import History
from upbit.rules import KRW_SINCE_2025_07

START = 1_790_000_040_000  # 2026-09-21 13:34 UTC, a Monday

_BANDS = sorted((int(bound * SCALE), int(step * SCALE)) for bound, step in KRW_SINCE_2025_07.bands)
_BOUNDS = [bound for bound, _ in _BANDS]


def tick(price: int) -> int:
    return _BANDS[bisect_right(_BOUNDS, price) - 1][1]


def past(
    *,
    seed: int = 1,
    market: str = "KRW-BTC",
    start: int = START,
    price: int = 150_000_000 * SCALE,
    years: int = 8,
    volatility: int = 25_000,
    turnover: int = 10**8,
    trades: int = 700,
    grid: Callable[[int], int] = tick,
) -> History:
    return History(
        seed=seed,
        market=market,
        start=start,
        price=price,
        listed=start - max(1, years * 366 * DAY),
        tick=grid,
        volatility=volatility,
        turnover=turnover * SCALE,
        trades=trades,
    )


pasts = st.builds(
    past,
    seed=st.integers(0, 2**63),
    market=st.sampled_from(["KRW-BTC", "KRW-ETH"]),
    start=st.integers(START // 60_000, START // 60_000 + 3000).map(lambda minute: minute * 60_000),
    price=st.sampled_from(
        [3_000, 12_300_000, 99 * SCALE, 1_400 * SCALE, 5_000 * SCALE, 60_000 * SCALE, 150_000_000 * SCALE]
    ),
    volatility=st.sampled_from([1_000, 25_000, 90_000]),
    turnover=st.integers(4, 11).map(lambda digits: 10**digits),
    trades=st.integers(1, 1_500),
)
