"""Live trades, each beside the best prices of the order book: a feed, and a view of it."""

import upbit.paper
from upbit.feed import orderbook, trade
from upbit.models import Gap, TradeEvent
from upbit.views import Book

with upbit.paper.running() as exchange, exchange.client() as client:
    book = Book("KRW-BTC")
    told = 0
    with client.feed(trade("KRW-BTC"), orderbook("KRW-BTC")) as feed:
        for event in feed:
            book.apply(event)
            if isinstance(event, Gap):
                print(f"missed {event.type} since {event.start:%X}")
            elif isinstance(event, TradeEvent) and book.best_bid and book.best_ask:
                side = "bought" if event.ask_bid == "BID" else "sold"
                print(f"{event.trade_volume:.8f} BTC {side} at {event.trade_price:,.0f} KRW")
                print(f"  best bid {book.best_bid.price:,.0f}, best ask {book.best_ask.price:,.0f}")
                told += 1
            if told == 3:
                break
    print(f"{feed.status.delivered} events, {feed.status.sockets[0].connects} connection")
