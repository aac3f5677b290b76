"""The same operations, awaited: three questions at the same time."""

import asyncio

import upbit.paper


async def main() -> None:
    async with upbit.paper.serving() as exchange, exchange.async_client() as client:
        tickers, books, accounts = await asyncio.gather(
            client.tickers.list("KRW-BTC"),
            client.orderbooks.list("KRW-BTC", count=1),
            client.accounts.list(),
        )
        best = books[0].orderbook_units[0]
        print(f"last {tickers[0].trade_price:,.0f}, bid {best.bid_price:,.0f}, ask {best.ask_price:,.0f}")
        print(f"{len(accounts)} balances")


asyncio.run(main())
