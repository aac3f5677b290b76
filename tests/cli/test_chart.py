from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upbit.cli.chart import chart
from upbit.models import Candle

prices = st.integers(1, 10**9)


def candle(opening: int, high: int, low: int, close: int, time: str = "09:00") -> Candle:
    return Candle(
        market="KRW-BTC",
        candle_date_time_utc=f"2026-01-01T{time}:00",
        opening_price=Decimal(opening),
        high_price=Decimal(high),
        low_price=Decimal(low),
        trade_price=Decimal(close),
        timestamp=0,
        candle_acc_trade_price=Decimal(0),
        candle_acc_trade_volume=Decimal(0),
    )


def drawn(candles: list[Candle], rows: int, *, plain: bool = False) -> list[str]:
    text = chart(candles, rows=rows, rise="green", fall="red", plain=plain).plain
    return [line.rstrip() for line in text.split("\n")]


def test_candles_stand_side_by_side_with_prices_at_their_right_and_times_below() -> None:
    candles = [
        candle(1000, 2000, 1000, 2000),
        candle(2000, 8000, 1000, 7000, "09:01"),
        candle(8000, 8000, 5000, 5000, "09:02"),
    ]
    assert [
        " ╽┃ │ 8,000",
        " ┃┃ │ 5,000",
        " ┃  │",
        "┃╿  │ 1,000",
        "09:00 09:02",
    ] == drawn(candles, 4)


def test_a_terminal_with_ascii_alone_gets_ascii() -> None:
    candles = [candle(1, 8, 1, 3), candle(8, 8, 1, 2)]
    assert ["|# | 8", "## | 2", "09:00 09:00"] == drawn(candles, 2, plain=True)


def test_a_rise_and_a_fall_have_their_styles() -> None:
    styles = {span.style for span in chart([candle(1, 9, 1, 9), candle(9, 9, 1, 1)], rows=3, rise="u", fall="d").spans}
    assert {"u", "d"} <= styles


def test_candles_of_one_price_are_drawn() -> None:
    assert ["╻ │ 5", "09:00 09:00"] == drawn([candle(5, 5, 5, 5)], 1)


def test_no_candles_are_refused() -> None:
    with pytest.raises(ValueError, match="no candle"):
        chart([], rows=3, rise="", fall="")


@given(st.lists(st.lists(prices, min_size=4, max_size=4).map(sorted), min_size=1, max_size=30), st.integers(2, 20))
def test_every_candle_has_ink_and_no_line_is_too_long(rows: list[list[int]], height: int) -> None:
    candles = [candle(opening, high, low, close) for low, opening, close, high in rows]
    lines = drawn(candles, height)
    assert height + 1 == len(lines)
    for column in range(len(candles)):
        assert any(line[column : column + 1].strip() for line in lines[:-1])
    assert max(map(len, lines[:-1])) <= len(candles) + 3 + len("1,000,000,000")
