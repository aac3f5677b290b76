"""What is inside a bar adds up to it, whatever the bar."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.paper.past import past, tick
from upbit.paper.bars import DAY, Bar, join, summarise
from upbit.paper.descent import DAY_MARGIN, FEW, LEAST, LEVELS, divide, draws, trades, whole


@st.composite
def days(draw: st.DrawFn) -> Bar:
    """A day of any shape on the grid: flat to twentyfold, any open and close, any volumes, whenever it ends."""
    low = draw(st.integers(1, 10**17))
    low -= low % tick(low)
    high = low + draw(st.one_of(st.integers(1, 9).map(lambda steps: steps * tick(low)), st.integers(0, 19 * low)))
    high = max(high - high % tick(high), low + tick(low))
    first, close = (
        price - price % tick(price) for price in (draw(st.integers(low, high)), draw(st.integers(low, high)))
    )
    count = draw(st.integers(LEAST, 20_000))
    volume = count * (1 << 16) + draw(st.integers(0, 10**20))
    gap = (high - low) * volume
    rim = gap // DAY_MARGIN + tick(low)
    value = low * volume + draw(st.integers(rim, gap - rim)) // tick(low) * tick(low)
    asks = volume * draw(st.integers(43, 57)) // 100
    return Bar(0, first, high, low, close, volume, value, asks, count, draw(st.integers(count, DAY - 1)))


@settings(max_examples=60)
@given(days(), st.binary(min_size=1, max_size=8), st.data())
def test_a_way_down_adds_up_at_every_level(bar: Bar, key: bytes, data: st.DataObject) -> None:
    level = 0
    while not whole(bar, level):
        children = divide(bar, level, key, tick)
        assert bar == join(bar.start, reversed(children))
        for child in children:
            end = child.start + LEVELS[level + 1]
            assert bar.start <= child.start == child.start // LEVELS[level + 1] * LEVELS[level + 1] <= child.last < end
            assert child.low < child.high
            assert child.count >= LEAST
        assert all(before.start < after.start for before, after in pairwise(children))
        bar = data.draw(st.sampled_from(children))
        level += 1
    inside = trades(bar, level, key, tick)
    assert bar == summarise(bar.start, inside)
    assert all(trade.volume > 0 == trade.price % tick(trade.price) for trade in inside)
    assert all(before.sequential_id < after.sequential_id for before, after in pairwise(inside))
    assert bar.start <= inside[0].time


def test_draws_are_the_same_integers_everywhere() -> None:
    assert (7040354604201766391, 11168909305457197953) == draws(b"key", 1, 2, 2)
    assert draws(b"key", 1, 2, 9)[:2] == draws(b"key", 1, 2, 2)
    assert 4 == len({draws(b"key", 1, 2, 1), draws(b"yek", 1, 2, 1), draws(b"key", 2, 2, 1), draws(b"key", 1, 3, 1)})


def test_a_day_of_few_trades_is_not_divided() -> None:
    day = past(trades=FEW // 2).candles("day", DAY * 20_000, 1)[0]
    assert day.count <= FEW
    assert whole(day, 0)
