"""Order books gathered by a price width (호가 모아보기)."""

from __future__ import annotations

from decimal import Decimal
from itertools import groupby

from ..book import Book, Side

DEEPEST = 2_000
"""Prices looked at when gathering."""


def supported(quote: str, price: Decimal) -> list[Decimal]:
    """The widths a book can be gathered by at a price: 0, and for KRW markets powers of ten between 1e-4 and 1 of it.

    KRW-BTC at 1.5e8 has 0, 10000 ... 100000000 and KRW-ETH at 5e6 has 0, 10000, 100000, 1000000 (upbit-api 4.5).
    """
    if quote != "KRW":
        return [Decimal(0)]
    top = price.adjusted()
    return [Decimal(0)] + [Decimal(1).scaleb(power) for power in range(min(max(top - 4, 4), top), top + 1)]


def gathered(book: Book, side: Side, count: int, width: int) -> list[tuple[int, int]]:
    """The best levels of one side, prices gathered into steps of `width`: bids downwards, asks upwards."""
    if not width:
        return book.levels(side, count)
    up = width - 1 if side == "ask" else 0
    steps = groupby(book.levels(side, DEEPEST), key=lambda level: (level[0] + up) // width * width)
    return [(price, sum(size for _, size in level)) for price, level in steps][:count]
