"""ccxt, as published, on the paper exchange: its sync client, and ccxt.pro with its streams.

Both take `urls` as a setting; a purchase at market is given by its cost.
"""

from __future__ import annotations

import asyncio
from typing import Any

from . import stage

SYMBOL = "BTC/KRW"
SETTINGS = {
    "apiKey": stage.ACCESS_KEY,
    "secret": stage.SECRET_KEY,
    "urls": {"api": {"public": stage.BASE_URL, "private": stage.BASE_URL, "ws": stage.WS_URL}},
}


class Ccxt(stage.Session):
    def __init__(self) -> None:
        super().__init__()
        import ccxt

        self._client = ccxt.upbit(SETTINGS)
        self._refusal = ccxt.InsufficientFunds

    def list_markets(self) -> str:
        markets = self._client.fetch_markets()
        assert SYMBOL in [one["symbol"] for one in markets]
        return f"{len(markets)} markets"

    def read_prices(self) -> str:
        self._price = self._client.fetch_ticker(SYMBOL)["last"]
        tickers = self._client.fetch_tickers()
        some = self._client.fetch_tickers([SYMBOL, "ETH/BTC"])
        book = self._client.fetch_order_book(SYMBOL)
        books = self._client.fetch_order_books([SYMBOL, "ETH/BTC"])
        trades = self._client.fetch_trades(SYMBOL, limit=5)
        assert {SYMBOL, "ETH/BTC"} == some.keys() == books.keys()
        assert tickers.keys() == self._client.markets.keys()
        assert book["bids"][0][0] < book["asks"][0][0]
        assert len(trades) == 5
        return f"{self._price} KRW, {len(book['bids'])} levels, {len(tickers)} tickers"

    def read_candles(self) -> str:
        for frame in ("1s", "1m", "4h", "1d", "1w", "1M", "1y"):
            assert len(self._client.fetch_ohlcv(SYMBOL, frame, limit=3)) == 3, frame
        since = self._client.parse8601("2025-03-01T00:00:00Z")
        candles = self._client.fetch_ohlcv(SYMBOL, "5m", since=since, limit=200)
        assert len(candles) == 200
        assert candles[0][0] == since
        return f"{len(candles)} candles of 5 minutes"

    def read_balances(self) -> str:
        balance = self._client.fetch_balance()
        fee = self._client.fetch_trading_fee(SYMBOL)
        assert balance["BTC"]["free"] >= 1
        assert fee["taker"] == 0.0005
        assert self._client.fetch_deposits() == self._client.fetch_withdrawals() == []
        return f"{len(balance['total'])} currencies"

    def place(self) -> str:
        self._limit = self._client.create_order(
            SYMBOL, "limit", "buy", float(stage.VOLUME), stage.below(self._price), {"clientOrderId": "witness of ccxt"}
        )["id"]
        self.orders[self._limit] = "bid limit cancelled"
        return self._limit

    def look_up(self) -> str:
        order = self._client.fetch_order(self._limit)
        waiting = self._client.fetch_open_orders(SYMBOL)
        assert (order["status"], order["clientOrderId"]) == ("open", "witness of ccxt")
        assert [self._limit] == [one["id"] for one in waiting]
        return order["status"]

    def cancel(self) -> str:
        self._client.cancel_order(self._limit)
        order = stage.until(lambda: self._closed(self._limit))
        assert order["status"] == "canceled"
        return order["status"]

    def buy_at_market(self) -> str:
        uuid = self._client.create_market_buy_order_with_cost(SYMBOL, stage.TOTAL)["id"]
        self.orders[uuid] = "bid price filled"
        order = stage.until(lambda: self._closed(uuid))
        assert order["filled"] > 0
        assert order["trades"]
        return f"{order['filled']} BTC, fee {order['fee']['cost']}"

    def sell_at_market(self) -> str:
        uuid = self._client.create_order(SYMBOL, "market", "sell", float(stage.VOLUME))["id"]
        self.orders[uuid] = "ask market filled"
        order = stage.until(lambda: self._closed(uuid))
        assert order["filled"] == float(stage.VOLUME)
        return f"{order['filled']} BTC, fee {order['fee']['cost']}"

    def list_closed(self) -> str:
        closed = self._client.fetch_closed_orders(SYMBOL) + self._client.fetch_canceled_orders(SYMBOL)
        assert {one["id"] for one in closed} == self.orders.keys()
        return f"{len(closed)} orders"

    def be_refused(self) -> str:
        try:
            self._client.create_order(SYMBOL, "limit", "buy", float(stage.TOO_MUCH), stage.below(self._price))
        except self._refusal as error:
            return type(error).__name__
        raise AssertionError("the order was taken")

    def _closed(self, uuid: str) -> Any:
        order = self._client.fetch_order(uuid)
        return order if order["status"] in ("closed", "canceled") else None


class Pro(stage.Session):
    def __init__(self) -> None:
        super().__init__()
        from ccxt import pro

        self._make = pro.upbit

    async def list_markets(self) -> str:
        self._client = self._make(SETTINGS)
        markets = await self._client.load_markets()
        assert SYMBOL in markets
        return f"{len(markets)} markets"

    async def read_candles(self) -> str:
        return f"{len(await self._client.fetch_ohlcv(SYMBOL, '1d', limit=100))} days"

    async def read_the_public_stream(self) -> str:
        ticker = await self._client.watch_ticker(SYMBOL)
        book = await self._client.watch_order_book(SYMBOL)
        trades = await self._client.watch_trades(SYMBOL)
        candle = await self._client.watch_ohlcv(SYMBOL, "1s")
        both = await self._client.watch_tickers([SYMBOL, "ETH/BTC"])
        assert ticker["last"] > 0
        assert min(len(trades), len(candle), len(both)) > 0
        self._price = ticker["last"]
        return f"ticker {ticker['last']}, {len(book['bids'])} levels"

    async def read_the_private_stream(self) -> str:
        orders = asyncio.ensure_future(self._client.watch_orders())
        balance = asyncio.ensure_future(self._client.watch_balance())
        await asyncio.sleep(1)  # until it listens: nothing of it is told
        made = await self._client.create_order(SYMBOL, "limit", "buy", float(stage.VOLUME), stage.below(self._price))
        self.orders[made["id"]] = "bid limit cancelled"
        seen = (await orders)[-1]
        assert (seen["id"], seen["status"]) == (made["id"], "open")
        assert (await balance)["KRW"]["used"] > 0
        await self._client.cancel_order(made["id"])
        return f"myOrder, myAsset: {seen['status']}"

    async def buy_at_market(self) -> str:
        fills = asyncio.ensure_future(self._client.watch_my_trades())
        made = await self._client.create_market_buy_order_with_cost(SYMBOL, stage.TOTAL)
        self.orders[made["id"]] = "bid price filled"
        fill = (await fills)[-1]
        assert (fill["order"], fill["takerOrMaker"]) == (made["id"], "taker")
        return f"{fill['amount']} BTC, fee {fill['fee']['cost']}"

    async def _leave(self) -> None:
        await self._client.close()


if __name__ == "__main__":
    stage.perform("ccxt", Ccxt)
    stage.perform("ccxt.pro", Pro)
