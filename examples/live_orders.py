"""Our own orders, fills and balances as they happen, and the portfolio they add up to."""

import upbit.paper
from upbit.feed import my_asset, my_order
from upbit.models import MyOrderEvent
from upbit.views import Portfolio

with upbit.paper.running() as exchange, exchange.client() as client:
    portfolio = Portfolio(client.accounts.list())
    with client.feed(my_order(), my_asset()) as feed:
        feed.live()
        feed.listed()  # from here on the exchange tells us of our orders
        waiting = client.orders.create(market="KRW-BTC", side="bid", ord_type="limit", price=50_000_000, volume="0.01")
        bought = client.orders.create(market="KRW-BTC", side="bid", ord_type="price", price=100_000)
        for event in feed:
            portfolio.apply(event)
            if isinstance(event, MyOrderEvent):
                print(f"{event.order_type:5} {event.state:6} {event.executed_volume} BTC, {event.locked} KRW locked")
                if event.uuid == bought.uuid and event.state in ("done", "cancel"):
                    client.orders.cancel(uuid=waiting.uuid)
            if portfolio.fills and not portfolio.orders and not portfolio.balances["KRW"].locked:
                break

    fills = portfolio.fills
    print(f"{len(fills)} fills, fees {sum(fill.trade_fee or 0 for fill in fills)} KRW")
    print(f"{portfolio.balances['BTC'].balance} BTC, bought at {portfolio.avg_buy_price('BTC'):,.0f} KRW on average")
