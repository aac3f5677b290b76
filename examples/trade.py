"""Trading with a trader: buy for an amount of money, wait until it is filled, sell a share of what is held.

Orders are recorded before they leave, in UPBIT_STATE_DIR or where the system keeps what programs remember.
"""

import upbit.paper
from upbit.trading import Limits

LIMITS = Limits(per_order=1_000_000, per_day=3_000_000, orders_per_minute=20)

with (
    upbit.paper.running() as exchange,
    exchange.client() as client,
    client.trading("paper", limits=LIMITS) as trader,
):
    bought = trader.wait(trader.buy("KRW-ETH", quote=100_000), timeout=10)
    print(f"bought {bought.executed_volume} ETH at {bought.average_price:,.0f} KRW, fee {bought.fee}: {bought.status}")

    sold = trader.wait(trader.sell("KRW-ETH", percent=1), timeout=10)
    print(f"sold   {sold.executed_volume} ETH at {sold.average_price:,.0f} KRW, fee {sold.fee}: {sold.status}")

    try:
        trader.buy("KRW-ETH", quote=5_000_000)
    except upbit.RiskRefused as error:
        print(error)
