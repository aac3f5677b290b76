"""upbit-client 1.3.4.1, as published, on the paper exchange.

Pointed with `spec_uri`: a mapper of our own that names the local address (its `config={"host": ...}` moves nothing).
Importing it asks a package registry for the released versions; `requests.get` gives a local answer to that one.
Its WebSocket client takes the address as an argument.
"""

from __future__ import annotations

import json
from typing import Any

from . import stage


class UpbitClient(stage.Session):
    def __init__(self) -> None:
        super().__init__()
        import requests

        answer = requests.Response()
        answer.status_code = 200
        answer._content = b'{"releases": {"1.3.4.1": []}}'
        get = requests.get
        requests.get = lambda url, **options: answer  # only while it is imported
        try:
            from upbit.client import Upbit
            from upbit.websocket import UpbitWebSocket
        finally:
            requests.get = get
        config = {
            "host": stage.BASE_URL,
            "also_return_response": False,
            "validate_responses": False,
            "use_models": False,
        }
        self._client = Upbit(stage.ACCESS_KEY, stage.SECRET_KEY, config=config, spec_uri=stage.MAPPER_URL)
        self._socket = UpbitWebSocket

    def list_markets(self) -> str:
        markets = _result(self._client.Market.Market_info_all(isDetails=True))
        assert stage.MARKET in [one["market"] for one in markets]
        return f"{len(markets)} markets"

    def read_prices(self) -> str:
        ticker = _result(self._client.Trade.Trade_ticker(markets=f"{stage.MARKET}, BTC-ETH"))
        book = _result(self._client.Order.Order_orderbook(markets=[stage.MARKET, "BTC-ETH"]))
        trades = _result(self._client.Trade.Trade_ticks(market=stage.MARKET, count=5, daysAgo=1))
        assert [stage.MARKET, "BTC-ETH"] == [one["market"] for one in ticker] == [one["market"] for one in book]
        assert len(trades) == 5
        self._price = ticker[0]["trade_price"]
        return f"{self._price} KRW, {len(book[0]['orderbook_units'])} levels"

    def read_candles(self) -> str:
        minutes = _result(self._client.Candle.Candle_minutes(unit=5, market=stage.MARKET, count=200))
        first = {"market": "BTC-ETH", "count": 3, "to": "2023-01-05 00:00:00", "convertingPriceUnit": "KRW"}
        days = _result(self._client.Candle.Candle_days(**first))
        weeks = _result(self._client.Candle.Candle_weeks(market=stage.MARKET, count=2))
        months = _result(self._client.Candle.Candle_month(market=stage.MARKET, count=2))
        assert (len(minutes), len(days), len(weeks), len(months)) == (200, 3, 2, 2)
        assert days[0]["candle_date_time_utc"] == "2023-01-04T00:00:00"
        assert days[0]["converted_trade_price"] > days[0]["trade_price"]
        return f"{len(minutes)} candles of 5 minutes"

    def read_balances(self) -> str:
        accounts = _result(self._client.Account.Account_info())
        chance = _result(self._client.Order.Order_chance(market=stage.MARKET))
        keys = _result(self._client.APIKey.APIKey_info())
        wallets = _result(self._client.Account.Account_wallet())
        assert chance["bid_account"]["currency"] == "KRW"
        assert stage.ACCESS_KEY in [one["access_key"] for one in keys]
        assert wallets
        return f"{len(accounts)} currencies"

    def place(self) -> str:
        self._limit = self._order(price=str(stage.below(self._price)), volume=stage.VOLUME, ord_type="limit")
        self.orders[self._limit] = "bid limit cancelled"
        return self._limit

    def look_up(self) -> str:
        order = _result(self._client.Order.Order_info(uuid=self._limit))
        waiting = _result(self._client.Order.Order_info_all(states=["wait", "watch"]))
        both = _result(self._client.Order.Order_info_all(market=stage.MARKET, uuids=[self._limit], page=1, limit=10))
        assert order["state"] == "wait"
        assert [self._limit] == [one["uuid"] for one in waiting] == [one["uuid"] for one in both]
        return order["state"]

    def cancel(self) -> str:
        _result(self._client.Order.Order_cancel(uuid=self._limit))
        order = stage.until(lambda: self._closed(self._limit))
        assert order["state"] == "cancel"
        return order["state"]

    def buy_at_market(self) -> str:
        uuid = self._order(price=str(stage.TOTAL), ord_type="price")
        self.orders[uuid] = "bid price filled"
        order = stage.until(lambda: self._closed(uuid))
        assert float(order["executed_volume"]) > 0
        return f"{order['executed_volume']} BTC, fee {order['paid_fee']}"

    def sell_at_market(self) -> str:
        uuid = self._order(side="ask", volume=stage.VOLUME, ord_type="market")
        self.orders[uuid] = "ask market filled"
        order = stage.until(lambda: self._closed(uuid))
        assert float(order["executed_volume"]) == float(stage.VOLUME)
        return f"{order['executed_volume']} BTC, fee {order['paid_fee']}"

    def list_closed(self) -> str:
        closed = _result(self._client.Order.Order_info_all(states=["done", "cancel"], order_by="asc"))
        assert [one["uuid"] for one in closed] == list(self.orders)
        return f"{len(closed)} orders"

    def be_refused(self) -> str:
        order = {"market": stage.MARKET, "side": "bid", "ord_type": "limit", "volume": stage.TOO_MUCH}
        answer = self._client.Order.Order_new(**order, price=str(stage.below(self._price)))
        assert answer["result"]["error"]["name"] == "insufficient_funds_bid", answer["result"]
        return answer["result"]["error"]["name"]

    async def read_the_public_stream(self) -> str:
        socket = self._socket(uri=stage.WS_URL)
        fields = [
            socket.generate_type_field("ticker", [stage.MARKET]),
            socket.generate_type_field("trade", [stage.MARKET], isOnlyRealtime=True),
            socket.generate_type_field("orderbook", socket.generate_orderbook_codes([stage.MARKET], [3])),
        ]
        seen: dict[str, Any] = {}
        async with socket as connection:
            await connection.send(socket.generate_payload(fields, format="SIMPLE"))
            while seen.keys() != {"ticker", "trade", "orderbook"}:
                message = json.loads((await connection.recv()).decode("utf8"))
                seen[message["ty"]] = message
        assert (seen["ticker"]["cd"], seen["trade"]["st"]) == (stage.MARKET, "REALTIME")
        assert (await self._socket(uri=stage.WS_URL).ping())["status"] == "UP"
        return f"ticker {seen['ticker']['tp']}, {len(seen['orderbook']['obu'])} levels, pong"

    def _order(self, side: str = "bid", **fields: str) -> str:
        answer = self._client.Order.Order_new(market=stage.MARKET, side=side, **fields)
        assert answer["remaining_request"]["group"] == "order", answer["remaining_request"]
        return _result(answer)["uuid"]

    def _closed(self, uuid: str) -> Any:
        order = _result(self._client.Order.Order_info(uuid=uuid))
        return order if order["state"] in ("done", "cancel") else None


def _result(answer: Any) -> Any:
    assert answer["response"]["ok"], answer["result"]
    return answer["result"]


if __name__ == "__main__":
    stage.perform("upbit-client", UpbitClient)
