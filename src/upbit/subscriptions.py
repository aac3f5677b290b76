"""What can be subscribed to, by name: `ticker("KRW-BTC")`, `orderbook("KRW-BTC", units=15)`, `my_order()`.

Each gives a `Subscription` for `client.feed(...)`. Markets are put into upper case: the exchange is silent about
others. What it would refuse is a ValueError here. Nothing is sent. Source: upbit-api 6.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Literal, TypeAlias, get_args

import msgspec

from .wire.frames import CANDLES, Indicator, Subscription, check, join_code

Interval: TypeAlias = Literal["1s", "1m", "3m", "5m", "10m", "15m", "30m", "60m", "240m"]
Timeframe: TypeAlias = Literal["5m", "15m", "60m", "240m", "1d"]
Units: TypeAlias = Literal[1, 5, 15, 30]

__all__ = [
    "Interval",
    "Subscription",
    "Timeframe",
    "Units",
    "announcement",
    "candle",
    "indicator",
    "indicator_signal",
    "my_asset",
    "my_order",
    "orderbook",
    "ticker",
    "trade",
]


def ticker(*codes: str, only_snapshot: bool = False, only_realtime: bool = False) -> Subscription:
    """Subscribe to the state of markets (현재가), told at every trade."""
    return _public("ticker", codes, only_snapshot, only_realtime)


def trade(*codes: str, only_snapshot: bool = False, only_realtime: bool = False) -> Subscription:
    """Subscribe to trades (체결), each one."""
    return _public("trade", codes, only_snapshot, only_realtime)


def orderbook(
    *codes: str,
    units: Units | None = None,
    level: Decimal | int = 0,
    only_snapshot: bool = False,
    only_realtime: bool = False,
) -> Subscription:
    """Subscribe to whole order books (호가) of so many units, 30 when not given.

    `level` gathers prices into steps of so many KRW, as `orderbooks.list_supported_levels` allows; 0: the tick itself.
    """
    if units is not None and units not in get_args(Units):
        raise ValueError(f"units={units!r} is none of 1, 5, 15, 30")
    named = [join_code(_market(code), units) for code in codes]
    return _checked(
        Subscription(
            type="orderbook",
            codes=tuple(named),
            level=Decimal(level),
            is_only_snapshot=only_snapshot,
            is_only_realtime=only_realtime,
        )
    )


def candle(
    *codes: str, interval: Interval = "1s", only_snapshot: bool = False, only_realtime: bool = False
) -> Subscription:
    """Subscribe to candles (캔들), told at most once a second while they change."""
    if interval not in CANDLES:
        raise ValueError(f"interval={interval!r} is none of {', '.join(CANDLES)}")
    return _public(f"candle.{interval}", codes, only_snapshot, only_realtime)


def my_order(*codes: str) -> Subscription:
    """Subscribe to your own orders and their fills (내 주문 및 체결), of some markets or of all; for `view_orders`."""
    return _checked(Subscription(type="myOrder", codes=tuple(_market(code) for code in codes)))


def my_asset() -> Subscription:
    """Subscribe to changes of your balances (내 자산). Needs `view_account`."""
    return Subscription(type="myAsset")


def announcement(*categories: str, include_body: bool = False) -> Subscription:
    """Subscribe to announcements (공지), of some categories or of all. Needs a key."""
    return _checked(Subscription(type="announcement", categories=categories, include_body=include_body))


def indicator(*codes: str, timeframe: Timeframe, indicators: Iterable[Mapping[str, object]]) -> Subscription:
    """Subscribe to indicators (지표), told when a candle closes; KRW markets only. Needs a key.

    `indicators` as the exchange writes them: `[{"type": "rsi", "params": {"period": 14}}]`.
    """
    return _info("indicator", codes, timeframe, indicators)


def indicator_signal(*codes: str, timeframe: Timeframe, indicators: Iterable[Mapping[str, object]]) -> Subscription:
    """Subscribe to conditions on indicators (지표 시그널), told when they become true. Needs a key.

    As `indicator`, with `trigger` and perhaps `event_params`:
    `[{"type": "rsi", "params": {"period": 14}, "trigger": "oversold", "event_params": {"threshold": 30}}]`.
    """
    return _info("indicator_signal", codes, timeframe, indicators)


def vouched(one: object) -> Subscription:
    """Make sure of a subscription that was made elsewhere. Raises TypeError if it is none, ValueError if refused."""
    if not isinstance(one, Subscription):
        raise TypeError(f"{one!r} is no subscription: use upbit.feed.ticker('KRW-BTC') and its like")
    check(one)
    return one


def _public(type: str, codes: Sequence[str], only_snapshot: bool, only_realtime: bool) -> Subscription:
    named = tuple(_market(code) for code in codes)
    return _checked(
        Subscription(type=type, codes=named, is_only_snapshot=only_snapshot, is_only_realtime=only_realtime)
    )


def _info(
    type: str, codes: Sequence[str], timeframe: Timeframe, indicators: Iterable[Mapping[str, object]]
) -> Subscription:
    wanted = tuple(msgspec.convert(one, Indicator) for one in indicators)
    named = tuple(_market(code) for code in codes)
    return _checked(Subscription(type=type, codes=named, timeframe=timeframe, indicators=wanted))


def _market(code: object) -> str:
    if not isinstance(code, str):  # a list of markets, as other clients take
        raise TypeError(f"markets are given one by one, as ticker('KRW-BTC', 'KRW-ETH'), not as {code!r}")
    return code.upper()


def _checked(subscription: Subscription) -> Subscription:
    check(subscription)
    if len(set(subscription.codes)) < len(subscription.codes):
        raise ValueError(f"a market stands twice in {', '.join(subscription.codes)}")
    return subscription
