"""A feed whose connection is lost: it comes back by itself, and says what was missed and what was recovered."""

import asyncio
from time import time

import upbit.paper
from upbit.feed import candle, ticker, trade
from upbit.models import Gap, TickerEvent, TradeEvent
from upbit.paper import Rule

MARKETS = ("KRW-BTC", "KRW-ETH", "KRW-XRP")


async def main() -> None:
    # In half a second all WebSockets are closed, and for two seconds none can be opened.
    outage = Rule(effect="outage", since=int(time() * 1000) + 500, milliseconds=2_000, times=1)
    async with (
        upbit.paper.serving(rules=[outage]) as exchange,
        exchange.async_client() as client,
        client.feed(
            ticker(*MARKETS), trade(*MARKETS), candle("KRW-BTC"), on_state=lambda socket: print(f"[{socket.state}]")
        ) as feed,
    ):
        tickers = 0
        async for event in feed:
            if isinstance(event, Gap) and event.lost == 0:
                print(f"{event.type} {event.codes[0]}: {event.recovered} recovered")
            elif isinstance(event, Gap):
                print(f"{event.type} {event.codes}: not known from {event.start:%X} to {event.end:%X}")
            elif isinstance(event, TradeEvent) and event.stream_type == "RECOVERED":
                print(f"  {event.traded_at:%X} {event.trade_price:,.0f} KRW")
            elif isinstance(event, TickerEvent) and feed.status.sockets[0].connects > 1:
                tickers += 1
                if tickers == 10:
                    break


asyncio.run(main())
