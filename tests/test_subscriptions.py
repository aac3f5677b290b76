from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from upbit.subscriptions import (
    Subscription,
    announcement,
    candle,
    indicator,
    indicator_signal,
    my_asset,
    my_order,
    orderbook,
    ticker,
    trade,
    vouched,
)
from upbit.wire.frames import Indicator, SocketError

RSI = {"type": "rsi", "params": {"period": 14}}
MADE: list[tuple[Subscription, dict[str, Any]]] = [
    (ticker("krw-btc", "KRW-ETH"), {"type": "ticker", "codes": ("KRW-BTC", "KRW-ETH")}),
    (trade("KRW-BTC", only_realtime=True), {"type": "trade", "codes": ("KRW-BTC",), "is_only_realtime": True}),
    (candle("KRW-BTC"), {"type": "candle.1s", "codes": ("KRW-BTC",)}),
    (
        candle("KRW-BTC", interval="240m", only_snapshot=True),
        {"type": "candle.240m", "codes": ("KRW-BTC",), "is_only_snapshot": True},
    ),
    (orderbook("krw-btc"), {"type": "orderbook", "codes": ("KRW-BTC",)}),
    (
        orderbook("KRW-BTC", units=15, level=10_000),
        {"type": "orderbook", "codes": ("KRW-BTC.15",), "level": Decimal(10_000)},
    ),
    (my_order(), {"type": "myOrder"}),
    (my_order("krw-btc"), {"type": "myOrder", "codes": ("KRW-BTC",)}),
    (my_asset(), {"type": "myAsset"}),
    (
        announcement("notice", include_body=True),
        {"type": "announcement", "categories": ("notice",), "include_body": True},
    ),
    (
        indicator("krw-btc", timeframe="5m", indicators=[RSI]),
        {
            "type": "indicator",
            "codes": ("KRW-BTC",),
            "timeframe": "5m",
            "indicators": (Indicator(type="rsi", params={"period": 14}),),
        },
    ),
    (
        indicator_signal("KRW-BTC", timeframe="1d", indicators=[{**RSI, "trigger": "oversold"}]),
        {
            "type": "indicator_signal",
            "codes": ("KRW-BTC",),
            "timeframe": "1d",
            "indicators": (Indicator(type="rsi", params={"period": 14}, trigger="oversold"),),
        },
    ),
]


@pytest.mark.parametrize(("made", "fields"), MADE, ids=[made.type for made, _ in MADE])
def test_each_says_what_is_wanted(made: Subscription, fields: dict[str, Any]) -> None:
    assert Subscription(**fields) == made


REFUSED: list[tuple[type[Exception], str, Callable[..., Subscription], tuple[Any, ...], dict[str, Any]]] = [
    (SocketError, "NO_CODES", ticker, (), {}),
    (SocketError, "NO_CODES", indicator, (), {"timeframe": "5m", "indicators": [RSI]}),
    (SocketError, "INVALID_PARAM", announcement, ("gossip",), {}),
    (SocketError, "INVALID_PARAM", orderbook, ("KRW-BTC",), {"level": -1}),
    (SocketError, "INVALID_PARAM", indicator, ("KRW-BTC",), {"timeframe": "5m", "indicators": []}),
    (SocketError, "INVALID_PARAM", indicator, ("KRW-BTC",), {"timeframe": "7m", "indicators": [RSI]}),
    (ValueError, "params", indicator, ("KRW-BTC",), {"timeframe": "5m", "indicators": [{"type": "rsi", "params": 14}]}),
    (ValueError, "interval='2m'", candle, ("KRW-BTC",), {"interval": "2m"}),
    (ValueError, "twice in KRW-BTC, KRW-BTC", trade, ("KRW-BTC", "krw-btc"), {}),
    (TypeError, r"one by one.*not as \['KRW-BTC'\]", ticker, (["KRW-BTC"],), {}),
    (ValueError, "units=7", orderbook, ("KRW-BTC",), {"units": 7}),
    (TypeError, "not as 5", orderbook, (5,), {}),
]


@pytest.mark.parametrize(("error", "message", "make", "codes", "options"), REFUSED)
def test_what_the_exchange_would_refuse_is_refused_here(
    error: type[Exception],
    message: str,
    make: Callable[..., Subscription],
    codes: tuple[Any, ...],
    options: dict[str, Any],
) -> None:
    with pytest.raises(error, match=message):
        make(*codes, **options)


def test_what_was_made_elsewhere_is_looked_at_too() -> None:
    assert ticker("KRW-BTC") == vouched(Subscription(type="ticker", codes=("KRW-BTC",)))
    with pytest.raises(TypeError, match=r"'KRW-BTC' is no subscription: use upbit\.feed\.ticker"):
        vouched("KRW-BTC")
    with pytest.raises(SocketError, match="there is no type 'nope'"):
        vouched(Subscription(type="nope"))
