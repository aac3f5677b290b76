"""The lines that the demo runs and shows: what stands in these functions is what stands on the screen.

Anybody can take them over. Nothing here prints, checks or explains.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from ..client import Upbit
from ..models import Account, Candle, Order, Ticker, TradingPair
from ..paper import RunningExchange
from ..rules import round_price
from ..websocket import UpbitWebSocket

OPENING = """\
import upbit.paper
from upbit import UpbitWebSocket
from upbit.rules import round_price

with upbit.paper.running() as exchange, exchange.client() as client:
    ..."""


def pairs(client: Upbit) -> list[TradingPair]:
    """List the markets."""
    return client.trading_pairs.list()


def tickers(client: Upbit) -> list[Ticker]:
    """Say what markets cost."""
    return client.tickers.list(["KRW-BTC", "KRW-ETH", "KRW-XRP", "KRW-DOGE"])


def candles(client: Upbit) -> list[Candle]:
    """List the candles of an hour."""
    return client.candles.list_minutes(1, market="KRW-BTC", count=60)


def accounts(client: Upbit) -> list[Account]:
    """List the balances."""
    return client.accounts.list()


def price(tickers: list[Ticker]) -> Decimal:
    """Find a price below the market, on its grid."""
    return round_price("KRW-BTC", tickers[0].trade_price * 95 / 100)


def limit(client: Upbit, price: Decimal) -> Order:
    """Place a limit order."""
    return client.orders.create(market="KRW-BTC", side="bid", ord_type="limit", price=price, volume="0.01")


def look(client: Upbit, order: Order) -> Order:
    """Look an order up."""
    return client.orders.retrieve(uuid=order.uuid)


def cancel(client: Upbit, order: Order) -> Order:
    """Cancel an order."""
    return client.orders.cancel(uuid=order.uuid)


def buy(client: Upbit) -> Order:
    """Buy at market."""
    return client.orders.create(market="KRW-BTC", side="bid", ord_type="price", price=1_000_000)


async def live(exchange: RunningExchange, show: Callable[[str | bytes], None]) -> None:
    """Hear ten live messages."""
    socket = UpbitWebSocket(exchange.ws_url)
    kind = socket.generate_type_field("ticker", ["KRW-BTC", "KRW-ETH", "KRW-XRP"])
    async with socket as connection:
        await connection.send(socket.generate_payload([kind]))
        for _ in range(10):
            show(await connection.recv())
