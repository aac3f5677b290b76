"""Buy bitcoin for 100,000 KRW at market, and see what was paid."""

import upbit.paper

with upbit.paper.running() as exchange, exchange.client() as client:
    placed = client.orders.create(market="KRW-BTC", side="bid", ord_type="price", price=100_000)
    order = client.orders.retrieve(uuid=placed.uuid)

    # A market buy ends in `cancel` when a rest too small to buy anything is given back.
    print(f"{order.state}: {order.executed_volume} BTC, fee {order.paid_fee} KRW")
    for trade in order.trades or []:
        print(f"  {trade.volume} at {trade.price:,.0f} = {trade.funds} KRW")

    balances = {account.currency: account for account in client.accounts.list()}
    print(f"{balances['BTC'].balance} BTC and {balances['KRW'].balance} KRW are left")
