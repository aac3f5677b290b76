"""pyupbit, as published, on the paper exchange.

It has its address built in. `requests` and `websockets`, which it sends with, are told to go to the local one instead:
a session of `requests` rewrites the address as it sends, and `websockets.connect` as it connects.
"""

from __future__ import annotations

import multiprocessing
from typing import Any

from . import stage


def redirect() -> None:
    """Let whatever would go to the exchange go to the paper exchange."""
    import requests
    import websockets

    send, connect = requests.Session.send, websockets.connect

    def sent(session: Any, request: Any, **options: Any) -> Any:
        request.url = request.url.replace("https://api.upbit.com", stage.BASE_URL, 1)
        return send(session, request, **options)

    def connected(uri: str, **options: Any) -> Any:
        return connect(uri.replace("wss://api.upbit.com/websocket/v1", stage.WS_URL, 1), **options)

    requests.Session.send = sent
    websockets.connect = connected


class Pyupbit(stage.Session):
    def __init__(self) -> None:
        super().__init__()
        redirect()
        import pyupbit

        multiprocessing.set_start_method("fork")  # its socket lives in a process of its own, to be redirected too
        self._library = pyupbit
        self._client = pyupbit.Upbit(stage.ACCESS_KEY, stage.SECRET_KEY)

    def list_markets(self) -> str:
        markets = self._library.get_tickers()
        details = self._library.get_tickers(fiat="KRW", is_details=True)
        assert stage.MARKET in markets
        assert stage.MARKET in [one["market"] for one in details]
        return f"{len(markets)} markets"

    def read_prices(self) -> str:
        self._price = self._library.get_current_price(stage.MARKET)
        prices = self._library.get_current_price([stage.MARKET, "BTC-ETH"])
        book = self._library.get_orderbook(stage.MARKET)
        books = self._library.get_orderbook([stage.MARKET, "KRW-ETH"])
        assert prices.keys() == {stage.MARKET, "BTC-ETH"}
        assert [stage.MARKET, "KRW-ETH"] == [one["market"] for one in books]
        return f"{self._price} KRW, {len(book['orderbook_units'])} levels"

    def read_candles(self) -> str:
        for interval in ("minute1", "minute60", "day", "week", "month"):
            table = self._library.get_ohlcv(stage.MARKET, interval=interval, count=12)
            assert len(table) == 12, (interval, table)
        table = self._library.get_ohlcv(stage.MARKET, interval="minute5", count=450)
        assert len(table) == 450
        assert table.index.is_monotonic_increasing
        assert table.index.is_unique
        since = self._library.get_ohlcv_from(stage.MARKET, interval="day", fromDatetime="2025-01-01", to="2026-01-01")
        assert len(since) == 365, len(since)
        return f"{len(table)} candles of 5 minutes, {len(since)} days"

    def read_balances(self) -> str:
        balances = self._client.get_balances()
        chance = self._client.get_chance(stage.MARKET)
        assert self._client.get_balance("KRW") == float(chance["bid_account"]["balance"])
        assert self._client.get_balance_t(stage.MARKET) >= 1
        assert self._client.get_api_key_list()
        return f"{len(balances)} currencies"

    def place(self) -> str:
        price = self._library.get_tick_size(self._price * 0.8)
        self._limit = self._client.buy_limit_order(stage.MARKET, price, stage.VOLUME)["uuid"]
        self.orders[self._limit] = "bid limit cancelled"
        return self._limit

    def look_up(self) -> str:
        order = self._client.get_order(self._limit)
        waiting = self._client.get_order(stage.MARKET)
        assert order["state"] == self._client.get_individual_order(self._limit)["state"] == "wait"
        assert [self._limit] == [one["uuid"] for one in waiting]
        return order["state"]

    def cancel(self) -> str:
        assert self._client.cancel_order(self._limit)["uuid"] == self._limit
        order = stage.until(lambda: self._closed(self._limit))
        assert order["state"] == "cancel"
        return order["state"]

    def buy_at_market(self) -> str:
        uuid = self._client.buy_market_order(stage.MARKET, stage.TOTAL)["uuid"]
        self.orders[uuid] = "bid price filled"
        order = stage.until(lambda: self._closed(uuid))
        assert float(order["executed_volume"]) > 0
        return f"{order['executed_volume']} BTC, fee {order['paid_fee']}"

    def sell_at_market(self) -> str:
        uuid = self._client.sell_market_order(stage.MARKET, float(stage.VOLUME))["uuid"]
        self.orders[uuid] = "ask market filled"
        order = stage.until(lambda: self._closed(uuid))
        assert float(order["executed_volume"]) == float(stage.VOLUME)
        return f"{order['executed_volume']} BTC, fee {order['paid_fee']}"

    def list_closed(self) -> str:
        closed = [one for state in ("done", "cancel") for one in self._client.get_order(stage.MARKET, state=state)]
        assert {one["uuid"] for one in closed} == self.orders.keys()
        return f"{len(closed)} orders"

    def be_refused(self) -> str:
        from pyupbit.exchange_api import _send_post_request

        data = {"market": stage.MARKET, "side": "bid", "ord_type": "limit", "volume": stage.TOO_MUCH}
        data["price"] = str(stage.below(self._price))
        try:  # as its buy_limit_order does, which prints the name of the error and returns None
            _send_post_request("https://api.upbit.com/v1/orders", self._client._request_headers(data), data)
        except self._library.InsufficientFundsBid as error:
            return type(error).__name__
        raise AssertionError("the order was taken")

    def read_the_public_stream(self) -> str:
        seen = [self._watch(kind) for kind in ("ticker", "trade", "orderbook")]
        return f"{', '.join(one['type'] for one in seen)} of {seen[0]['code']}"

    def _watch(self, kind: str) -> Any:
        stream = self._library.WebSocketManager(kind, [stage.MARKET])
        try:
            messages = [stream.get() for _ in range(2)]
        finally:
            stream.terminate()
        assert all((one["type"], one["stream_type"]) == (kind, "REALTIME") for one in messages), messages
        return messages[0]

    def _closed(self, uuid: str) -> Any:
        order = self._client.get_order(uuid)
        return order if order["state"] in ("done", "cancel") else None


if __name__ == "__main__":
    stage.perform("pyupbit", Pyupbit)
