"""The last 500 minutes as a list, oldest first: pages of 200, each ending where the one before began."""

import upbit.paper
from upbit.models import Candle

with upbit.paper.running() as exchange, exchange.client() as client:
    candles: list[Candle] = []
    while len(candles) < 500:
        before = candles[-1].time if candles else None
        candles += client.candles.list_minutes(1, market="KRW-BTC", to=before, count=min(200, 500 - len(candles)))
    candles.reverse()

    print(f"{len(candles)} candles from {candles[0].time} to {candles[-1].time}")
    for candle in candles[-3:]:
        print(f"{candle.time:%H:%M} {candle.opening_price:,.0f} -> {candle.trade_price:,.0f} KRW")
