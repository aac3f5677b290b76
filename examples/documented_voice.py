"""The names and answers of upbit-client 1.x: nothing raises on an error answer, results are plain JSON."""

import upbit.paper

with upbit.paper.running() as exchange, exchange.client() as client:
    markets = client.Market.Market_info_all(isDetails=True)
    print(len(markets["result"]), "markets, still allowed:", markets["remaining_request"])

    placed = client.Order.Order_new(market="KRW-BTC", side="bid", ord_type="limit", price="50000000", volume="0.01")
    print(placed["response"]["status_code"], placed["result"]["state"], placed["result"]["locked"])

    cancelled = client.Order.Order_cancel(uuid=placed["result"]["uuid"])
    print(cancelled["response"]["ok"])

    refused = client.Order.Order_info(uuid="00000000-0000-0000-0000-000000000000")
    print(refused["response"]["status_code"], refused["result"]["error"]["name"])
