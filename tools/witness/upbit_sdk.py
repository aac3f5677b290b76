"""upbit-sdk, the exchange's own, as published, on the paper exchange: its sync and its async client.

It reads UPBIT_BASE_URL, UPBIT_ACCESS_KEY and UPBIT_SECRET_KEY by itself; only `websocket_base_url` has to be said.
"""

from __future__ import annotations

import asyncio
from typing import Any

from . import stage

SOCKETS = stage.WS_URL.removesuffix("/websocket/v1")


class Sync(stage.Session):
    def __init__(self) -> None:
        super().__init__()
        from upbit import BadRequestError, Upbit

        self._client = Upbit(websocket_base_url=SOCKETS)
        self._refusal = BadRequestError

    def list_markets(self) -> str:
        markets = self._client.trading_pairs.list(is_details=True)
        assert stage.MARKET in [one.market for one in markets]
        return f"{len(markets)} markets"

    def read_prices(self) -> str:
        tickers = self._client.tickers.list_by_trading_pairs(markets=f"{stage.MARKET},BTC-ETH")
        quotes = self._client.tickers.list_by_quote_currencies(quote_currencies="KRW,BTC")
        books = self._client.orderbooks.list(markets=f"{stage.MARKET},BTC-ETH", count=5)
        grids = self._client.orderbooks.list_instruments(markets=f"{stage.MARKET},BTC-ETH")
        trades = self._client.trades.list(market=stage.MARKET, count=5)
        assert [stage.MARKET, "BTC-ETH"] == [one.market for one in tickers] == [one.market for one in books]
        assert [stage.MARKET, "BTC-ETH"] == [one.market for one in grids]
        assert {"KRW", "BTC"} == {one.market.split("-")[0] for one in quotes}
        assert (len(books[0].orderbook_units), len(trades)) == (5, 5)
        self._price = tickers[0].trade_price
        return f"{self._price} KRW, {len(books[0].orderbook_units)} levels"

    def read_candles(self) -> str:
        candles = self._client.candles
        minutes = candles.list_minutes(5, market=stage.MARKET, count=200)
        days = candles.list_days(market="BTC-ETH", count=3, to="2025-06-24T13:00:00+09:00", converting_price_unit="KRW")
        assert (len(minutes), len(days)) == (200, 3)
        assert days[0].candle_date_time_utc == "2025-06-24T00:00:00"
        for listed in (candles.list_seconds, candles.list_weeks, candles.list_months, candles.list_years):
            assert len(listed(market=stage.MARKET, count=2)) == 2, listed
        return f"{len(minutes)} candles of 5 minutes"

    def read_balances(self) -> str:
        accounts = self._client.accounts.list()
        chance = self._client.orders.retrieve_chance(market=stage.MARKET)
        assert chance.bid_account.currency == "KRW"
        assert stage.ACCESS_KEY in [one.access_key for one in self._client.api_keys.list()]
        assert self._client.wallet_status.list()
        assert list(self._client.deposits.list()) == list(self._client.withdraws.list()) == []
        return f"{len(accounts)} currencies"

    def place(self) -> str:
        self._fields = {"market": stage.MARKET, "side": "bid", "ord_type": "limit", "volume": stage.VOLUME}
        self._fields["price"] = str(stage.below(self._price))
        tested = self._client.orders.test_create(**self._fields)
        order = self._client.orders.create(**self._fields, identifier="witness of the sdk", time_in_force="post_only")
        assert tested.uuid != order.uuid
        self._limit = order.uuid
        self.orders[order.uuid] = "bid limit cancelled"
        return order.uuid

    def look_up(self) -> str:
        order = self._client.orders.retrieve(identifier="witness of the sdk")
        waiting = list(self._client.orders.list_open(states=["wait", "watch"]))
        both = self._client.orders.list_by_uuids(uuids=[self._limit, self._limit[::-1]], market=stage.MARKET)
        assert (order.uuid, order.state) == (self._limit, "wait")
        assert [self._limit] == [one.uuid for one in waiting] == [one.uuid for one in both]
        return order.state

    def cancel(self) -> str:
        self._client.orders.cancel(uuid=self._limit)
        order = stage.until(lambda: self._closed(self._limit))
        assert order.state == "cancel"
        return order.state

    def buy_at_market(self) -> str:
        bought = self._client.orders.create(market=stage.MARKET, side="bid", ord_type="price", price=str(stage.TOTAL))
        self.orders[bought.uuid] = "bid price filled"
        order = stage.until(lambda: self._closed(bought.uuid))
        assert float(order.executed_volume) > 0
        assert order.trades
        return f"{order.executed_volume} BTC, fee {order.paid_fee}"

    def sell_at_market(self) -> str:
        sold = self._client.orders.create(
            market=stage.MARKET, side="ask", ord_type="best", volume=stage.VOLUME, time_in_force="ioc"
        )
        self.orders[sold.uuid] = "ask best filled"
        order = stage.until(lambda: self._closed(sold.uuid))
        assert float(order.executed_volume) > 0
        return f"{order.executed_volume} BTC, fee {order.paid_fee}"

    def list_closed(self) -> str:
        closed = self._client.orders.list_closed(states=["done", "cancel"], order_by="asc")
        assert [one.uuid for one in closed] == list(self.orders)
        return f"{len(closed)} orders"

    def be_refused(self) -> str:
        name = "none"
        try:
            self._client.orders.create(**(self._fields | {"volume": stage.TOO_MUCH}))
        except self._refusal as error:
            name = error.name
        assert name == "insufficient_funds_bid", name
        return name

    def read_the_public_stream(self) -> str:
        kinds = {"ticker", "trade", "orderbook", "candle.1s"}
        wanted = {kind: [stage.MARKET] for kind in ("ticker", "trade", "orderbook")}
        seen: dict[str, Any] = {}
        with self._client.ws_stream.subscribe(**wanted, candle={"1s": [stage.MARKET]}) as stream:
            listed = stream.list_subscriptions()
            for event in stream:
                seen[event.type] = event
                if seen.keys() == kinds:
                    break
        assert kinds == {one.type for one in listed.result}
        with self._client.ws_stream.ticker([stage.MARKET], format="SIMPLE_LIST") as stream:
            simple = stream.recv()
        return f"{', '.join(sorted(seen))}; {type(simple[0]).__name__} in a list"

    def read_the_private_stream(self) -> str:
        with self._client.ws_stream.subscribe_private(my_order=[stage.MARKET], my_asset=True) as stream:
            kinds = {one.type for one in stream.list_subscriptions().result}  # it listens now
            order = self._client.orders.create(**self._fields)
            self.orders[order.uuid] = "bid limit cancelled"
            self._client.orders.cancel(uuid=order.uuid)
            told = []
            for event in stream:
                told.append(event.state if event.type == "myOrder" else event.assets[0].currency)
                if {"cancel", "KRW"} <= set(told):
                    break
        assert kinds == {"myOrder", "myAsset"}
        return f"myOrder, myAsset: {', '.join(told)}"

    def _closed(self, uuid: str) -> Any:
        order = self._client.orders.retrieve(uuid=uuid)
        return order if order.state in ("done", "cancel") else None


class Async(stage.Session):
    def __init__(self) -> None:
        super().__init__()
        from upbit import AsyncUpbit

        self._client = AsyncUpbit(websocket_base_url=SOCKETS)

    async def list_markets(self) -> str:
        markets = await self._client.trading_pairs.list()
        assert stage.MARKET in [one.market for one in markets]
        return f"{len(markets)} markets"

    async def read_prices(self) -> str:
        tickers = await self._client.tickers.list_by_trading_pairs(markets=stage.MARKET)
        self._price = tickers[0].trade_price
        return f"{self._price} KRW"

    async def read_candles(self) -> str:
        answers = await asyncio.gather(
            self._client.candles.list_minutes(1, market=stage.MARKET, count=200),
            self._client.candles.list_days(market=stage.MARKET, count=100),
        )
        assert [200, 100] == [len(one) for one in answers]
        return "200 candles of a minute, 100 days"

    async def read_balances(self) -> str:
        return f"{len(await self._client.accounts.list())} currencies"

    async def place(self) -> str:
        self._fields = {"market": stage.MARKET, "side": "bid", "ord_type": "limit", "volume": stage.VOLUME}
        self._fields["price"] = str(stage.below(self._price))
        order = await self._client.orders.create(**self._fields)
        self._limit = order.uuid
        self.orders[order.uuid] = "bid limit cancelled"
        return order.uuid

    async def look_up(self) -> str:
        waiting = [one.uuid async for one in self._client.orders.list_open()]
        assert [self._limit] == waiting
        return (await self._client.orders.retrieve(uuid=self._limit)).state

    async def cancel(self) -> str:
        await self._client.orders.cancel(uuid=self._limit)
        return (await self._closed(self._limit, "cancel")).state

    async def buy_at_market(self) -> str:
        bought = await self._client.orders.create(
            market=stage.MARKET, side="bid", ord_type="price", price=str(stage.TOTAL)
        )
        self.orders[bought.uuid] = "bid price filled"
        order = await self._closed(bought.uuid, "done", "cancel")
        return f"{order.executed_volume} BTC, fee {order.paid_fee}"

    async def read_the_public_stream(self) -> str:
        async with self._client.ws_stream.ticker([stage.MARKET]) as stream:
            return (await stream.recv()).trade_price

    async def read_the_private_stream(self) -> str:
        async with self._client.ws_stream.my_order([]) as stream:
            await stream.list_subscriptions()
            order = await self._client.orders.create(**self._fields)
            self.orders[order.uuid] = "bid limit cancelled"
            await self._client.orders.cancel(uuid=order.uuid)
            states = [(await stream.recv()).state for _ in range(2)]
        assert states == ["wait", "cancel"], states
        return f"myOrder: {', '.join(states)}"

    async def _closed(self, uuid: str, *states: str) -> Any:
        for _ in range(50):
            order = await self._client.orders.retrieve(uuid=uuid)
            if order.state in states:
                return order
            await asyncio.sleep(0.1)
        raise AssertionError(f"{uuid} is still {order.state}")

    async def _leave(self) -> None:
        await self._client.close()


if __name__ == "__main__":
    stage.perform("upbit-sdk", Sync)
    stage.perform("upbit-sdk async", Async)
