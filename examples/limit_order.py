"""Place a limit order under a name of your own, look it up by that name, cancel it."""

from uuid import uuid4

import upbit.paper

with upbit.paper.running() as exchange, exchange.client() as client:
    chance = client.orders.retrieve_chance("KRW-BTC")
    print(f"minimum total {chance.market.bid.min_total} KRW, fee {chance.bid_fee * 100} percent")

    name = f"example-{uuid4()}"
    client.orders.create(
        market="KRW-BTC", side="bid", ord_type="limit", price=50_000_000, volume="0.01", identifier=name
    )
    print([order.identifier == name for order in client.orders.list_open(market="KRW-BTC")])

    client.orders.cancel(identifier=name)
    order = client.orders.retrieve(identifier=name)
    print(f"{order.state}: {order.executed_volume} of {order.volume} BTC were bought")
