"""200 candles of one answer, from bytes to values a program can use."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

from .children import OURS, figures, in_turn
from .table import Goal, Row, compared

ROUNDS = 11
COUNT = 100
BARE = "msgspec alone"


def rows() -> Iterable[Row]:
    """Time of the processor for one body."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "candles.json")
        path.write_bytes(body())
        contestants = {
            OURS: ["decode_upbit", str(path)],
            BARE: ["decode_msgspec", str(path)],
            "upbit-sdk": ["decode_sdk", str(path)],
        }
        took = in_turn(contestants, rounds=ROUNDS, count=COUNT)
    ours = figures(took, OURS, "cpu", 1e6) or []
    for peer, bound in ((BARE, 1.1), ("upbit-sdk", 0.5)):
        yield compared("200 candles, decoded", ours, peer, figures(took, peer, "cpu", 1e6), "us", Goal("<=", bound))


def body() -> bytes:
    """Write 200 minute candles as the exchange does."""
    candles = [
        {
            "market": "KRW-BTC",
            "candle_date_time_utc": f"2025-07-01T{minute // 60:02}:{minute % 60:02}:00",
            "candle_date_time_kst": f"2025-07-01T{minute // 60 + 9:02}:{minute % 60:02}:00",
            "opening_price": 145_794_000.0 + minute * 1000,
            "high_price": 145_831_000.0 + minute * 1000,
            "low_price": 145_752_000.0 + minute * 1000,
            "trade_price": 145_759_000.0 + minute * 1000,
            "timestamp": 1_751_327_999_833 + minute * 60_000,
            "candle_acc_trade_price": 4_022_470_467.03403 + minute,
            "candle_acc_trade_volume": 27.59040434 + minute / 64,
            "unit": 1,
        }
        for minute in range(200)
    ]
    return json.dumps(candles, separators=(",", ":")).encode()
