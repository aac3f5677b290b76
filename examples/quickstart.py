"""Prices, balances and one order, in the typed voice.

It runs on a paper exchange of its own. With `upbit.Upbit()` instead, keys in UPBIT_ACCESS_KEY and UPBIT_SECRET_KEY,
the same lines talk to the real exchange.
"""

import upbit.paper

with upbit.paper.running() as exchange, exchange.client() as client:
    for ticker in client.tickers.list(["KRW-BTC", "KRW-ETH"]):
        print(f"{ticker.market} {ticker.trade_price:,.0f} KRW")

    for account in client.accounts.list():
        print(f"{account.currency} {account.balance} free, {account.locked} locked")

    order = client.orders.create(market="KRW-BTC", side="bid", ord_type="limit", price=50_000_000, volume="0.01")
    print(f"{order.state}: {order.volume} BTC at {order.price} KRW, {order.locked} KRW locked")
    client.orders.cancel(uuid=order.uuid)
