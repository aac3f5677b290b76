"""What a feed adds up to: the book, one's own portfolio, the strength of trades, the value of USDT prices in KRW.

A view is fed events, `view.apply(event)`, and may be read at any time. It takes those it is about and ignores the rest,
so one loop can feed several from one feed. Duplicated, late and reordered events do no harm. Views ask nobody: no
socket, no REST, no clock; what they know is what they were told, and a `Gap` in it is shown, not hidden.

    book = Book("KRW-BTC")
    for event in feed:
        book.apply(event)
        print(book.mid, book.vwap("bid", quote=Decimal(1_000_000)))
"""

from __future__ import annotations

from .book import Book, Level
from .krw import KRWValue
from .portfolio import Portfolio
from .strength import TradeStrength

__all__ = ["Book", "KRWValue", "Level", "Portfolio", "TradeStrength"]
