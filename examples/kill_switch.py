"""The kill switch: all orders are cancelled and none leaves any more, not after a restart, until somebody resumes."""

import upbit.paper

with upbit.paper.running() as exchange, exchange.client() as client:
    with client.trading("paper") as trader:
        for percent in (80, 85, 90):
            trader.buy("KRW-BTC", quote=10_000, price=client.tickers.list("KRW-BTC")[0].trade_price * percent / 100)
        print(f"{len(trader.open_orders())} open, switch at {trader.switch.state}")

        cancelled = trader.halt("prices look wrong")
        print(f"{len(cancelled)} cancelled, {len(trader.open_orders())} open, switch at {trader.switch.state}")

    with client.trading("paper") as trader:  # the program starts again
        try:
            trader.buy("KRW-BTC", quote=10_000)
        except upbit.Halted as error:
            print(error)

        trader.switch.set("REDUCE", "only selling for now")
        print("sold:", trader.wait(trader.sell("KRW-BTC", volume="0.001"), timeout=10).status)

        trader.switch.set("RUN", "looked into it")
        print("bought:", trader.wait(trader.buy("KRW-BTC", quote=10_000), timeout=10).status)
