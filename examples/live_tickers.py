"""Four live ticker messages over the WebSocket."""

import asyncio
import json

import upbit.paper


async def main() -> None:
    with upbit.paper.running() as exchange:
        socket = upbit.UpbitWebSocket(exchange.ws_url)
        async with socket as connection:
            tickers = socket.generate_type_field("ticker", ["KRW-BTC", "KRW-ETH", "KRW-XRP"])
            await connection.send(socket.generate_payload([tickers]))
            for _ in range(4):
                event = json.loads(await connection.recv())
                print(f"{event['stream_type']:8} {event['code']} {event['trade_price']:,.0f} KRW")


asyncio.run(main())
