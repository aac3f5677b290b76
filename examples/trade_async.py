"""The same trader in an event loop, with a private stream: it tells when an order ends, and what is held."""

import asyncio

import upbit.paper


async def main() -> None:
    async with (
        upbit.paper.serving() as exchange,
        exchange.async_client() as client,
        client.trading("paper", live=True) as trader,
    ):
        best = (await client.orderbooks.list("KRW-BTC", count=1))[0].orderbook_units[0]
        waiting = await trader.buy("KRW-BTC", quote=100_000, price=best.bid_price * 9 / 10)
        print(f"{waiting.status}: {waiting.remaining} BTC at {waiting.order.price:,.0f} KRW")

        changed = await trader.replace(waiting, price=best.ask_price * 101 / 100)
        if changed.new is not None:
            filled = await trader.wait(changed.new, timeout=10)
            print(f"{filled.status}: {filled.executed_volume} BTC, fee {filled.fee} KRW")

        cancelled = await trader.cancel_all()
        print(f"{len(cancelled)} cancelled, {len(await trader.open_orders())} open")


asyncio.run(main())
