"""A candle chart in letters: one column a candle, two steps of price a letter.

It draws what it is given and asks nobody for anything. Prices are placed with integers: nothing is rounded on the way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Literal, TypeAlias

from rich.text import Text

from ..models import Candle
from .words import amount

Half: TypeAlias = Literal["", "wick", "body"]

SIGNS: Mapping[tuple[Half, Half], str] = {
    ("", ""): " ",
    ("", "wick"): "╷",
    ("", "body"): "╻",
    ("wick", ""): "╵",
    ("wick", "wick"): "│",
    ("wick", "body"): "╽",
    ("body", ""): "╹",
    ("body", "wick"): "╿",
    ("body", "body"): "┃",
}
"""A letter by its upper and its lower half."""
PLAIN: Mapping[tuple[Half, Half], str] = {
    halves: " " if halves == ("", "") else "#" if "body" in halves else "|" for halves in SIGNS
}
"""The same for terminals without these letters."""


def chart(candles: Sequence[Candle], *, rows: int, rise: str, fall: str, plain: bool = False) -> Text:
    """Draw candles, oldest first: the chart, prices at its right, times below.

    `rise` and `fall` are styles; `plain` keeps to ASCII. Raises ValueError without candles.
    """
    if not candles:
        raise ValueError("there is no candle to draw")
    signs = PLAIN if plain else SIGNS
    low = min(candle.low_price for candle in candles)
    high = max(candle.high_price for candle in candles)
    steps = rows * 2

    def step(price: Decimal) -> int:
        """The step a price lies in, from 0 at the top."""
        return steps - 1 - int((price - low) * (steps - 1) / (high - low)) if high > low else steps // 2

    columns = [_halves(candle, step) for candle in candles]
    last = step(candles[-1].trade_price) // 2
    labels = {0: high, rows - 1: low, last: candles[-1].trade_price}
    edge = "|" if plain else "│"
    drawn = Text(no_wrap=True)
    for row in range(rows):
        for candle, halves in zip(candles, columns, strict=True):
            sign = signs[halves.get(2 * row, ""), halves.get(2 * row + 1, "")]
            drawn.append(sign, rise if candle.trade_price >= candle.opening_price else fall)
        drawn.append(f" {edge} ", "dim")
        drawn.append(f"{amount(labels[row]) if row in labels else ''}\n", "bold" if row == last else "dim")
    drawn.append(_times(candles), "dim")
    return drawn


def _halves(candle: Candle, step: Callable[[Decimal], int]) -> dict[int, Half]:
    """What a candle fills: step -> wick or body."""
    drawn: dict[int, Half] = dict.fromkeys(range(step(candle.high_price), step(candle.low_price) + 1), "wick")
    ends = sorted((step(candle.opening_price), step(candle.trade_price)))
    drawn.update(dict.fromkeys(range(ends[0], ends[1] + 1), "body"))
    return drawn


def _times(candles: Sequence[Candle]) -> str:
    """The times of the first candle and the last, under them."""
    first, last = ((one.candle_date_time_kst or one.candle_date_time_utc)[11:16] for one in (candles[0], candles[-1]))
    return f"{first}{last:>{max(len(candles) - len(first), len(last) + 1)}}"
