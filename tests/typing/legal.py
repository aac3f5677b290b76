"""Legal uses, checked by mypy and pyright; never run."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import assert_type

from upbit import AsyncUpbit, Upbit
from upbit.api import Candles, Orders
from upbit.api.operation import Operation, Reply
from upbit.documented import Envelope
from upbit.feed import (
    AsyncFeed,
    Feed,
    Gap,
    Times,
    candle,
    my_asset,
    my_order,
    orderbook,
    ticker,
    trade,
)
from upbit.models import (
    Account,
    APIKey,
    BatchCancelResult,
    Candle,
    Deposit,
    FeedEvent,
    Instrument,
    Order,
    Orderbook,
    OrderChance,
    PocketTransfer,
    Ticker,
    Trade,
    TradeEvent,
    TradingPair,
    Vasp,
    WalletStatus,
    Withdraw,
)
from upbit.paper.desk.handler import Handler, serves
from upbit.paper.exchange import Caller
from upbit.trading import AsyncTrader, Limits, Placed, Recovered, Replaced, Status, Trader
from upbit.utils import Validator
from upbit.views import Book
from upbit.websocket import UpbitWebSocket
from upbit.wire.events import Listed


def construct() -> None:
    Upbit()
    Upbit("access", "secret")
    Upbit(access_key="access", secret_key="secret", timeout=3, algorithm="HS256", region="sg")
    Upbit(base_url="http://127.0.0.1:8000", ws_url="ws://127.0.0.1:8000/websocket/v1", timeout=(1, 2.5))
    Upbit(config={"host": "http://127.0.0.1:8000", "use_models": True, "validate_responses": False})
    Upbit(spec_uri="mapper.json")
    with Upbit() as client:
        assert_type(client, Upbit)
        assert_type(client.with_options(timeout=3), Upbit)


def typed(client: Upbit) -> None:
    assert_type(client.accounts.list(), list[Account])
    assert_type(client.api_keys.list(), list[APIKey])
    assert_type(client.wallet_status.list(), list[WalletStatus])
    assert_type(client.trading_pairs.list(is_details=True), list[TradingPair])
    assert_type(client.candles.list_minutes(5, market="KRW-BTC", to=datetime.now(UTC), count=200), list[Candle])
    assert_type(client.candles.list_minutes(unit=1, market="KRW-BTC", to="2026-01-01 00:00:00"), list[Candle])
    assert_type(client.candles.list_days(market="BTC-ETH", converting_price_unit="KRW"), list[Candle])
    assert_type(client.trades.list("KRW-BTC", count=5, days_ago=1), list[Trade])
    assert_type(client.tickers.list("KRW-BTC"), list[Ticker])
    assert_type(client.tickers.list(["KRW-BTC", "KRW-ETH"]), list[Ticker])
    assert_type(client.tickers.list_by_quote_currencies("KRW"), list[Ticker])
    assert_type(client.orderbooks.list("KRW-BTC", level=Decimal(10_000), count=5), list[Orderbook])
    assert_type(client.orderbooks.list_instruments(["KRW-BTC"]), list[Instrument])
    assert_type(client.orders.create(market="KRW-BTC", side="bid", ord_type="limit", volume="1", price=2), Order)
    assert_type(
        client.orders.create(market="KRW-BTC", side="ask", ord_type="best", volume=Decimal(1), time_in_force="ioc"),
        Order,
    )
    assert_type(client.orders.cancel_and_new(new_ord_type="limit", new_volume="remain_only", new_price=1), Order)
    assert_type(client.orders.retrieve(uuid="a"), Order)
    assert_type(client.orders.cancel_by_uuids(uuids=["a"]), BatchCancelResult)
    assert_type(client.orders.cancel_open(cancel_side="bid", pairs="KRW-BTC,KRW-ETH"), BatchCancelResult)
    assert_type(client.orders.list_open(states=["wait", "watch"]), list[Order])
    assert_type(client.orders.list_closed(start_time=datetime.now(UTC), state="done"), list[Order])
    assert_type(client.orders.list(uuids=("a", "b")), list[Order])
    assert_type(client.orders.retrieve_chance("KRW-BTC"), OrderChance)
    assert_type(client.deposits.retrieve(), Deposit)
    assert_type(client.withdraws.list(from_="a", limit=10), list[Withdraw])
    assert_type(client.pockets.universal_transfer(from_="a", to="b", currency="KRW", amount=1), PocketTransfer)
    assert_type(client.travel_rule.list_vasps(), list[Vasp])
    assert_type(
        client.orders.create(market="KRW-BTC", side="bid", ord_type="price", price="5000").price, Decimal | None
    )
    assert_type(client.replies.accounts.list(), Reply[list[Account]])
    assert_type(client.replies.accounts.list().value[0].balance, Decimal)


async def awaited(client: AsyncUpbit) -> None:
    async with client:
        assert_type(await client.accounts.list(), list[Account])
        assert_type(await client.orders.create(market="KRW-BTC", side="ask", ord_type="market", volume="1"), Order)
        assert_type(await client.tickers.list("KRW-BTC"), list[Ticker])
        assert_type(await client.replies.orders.retrieve(uuid="a"), Reply[Order])
        assert_type(await client.Order.Order_new(market="KRW-BTC", side="bid", ord_type="price", price=1), Envelope)
        assert_type(client.with_options(timeout=3), AsyncUpbit)


def trading(client: Upbit) -> None:
    with client.trading("paper", limits=Limits(per_order=1_000_000), live=True, journal="journal") as trader:
        assert_type(trader, Trader)
        placed = trader.buy("KRW-BTC", quote=10_000)
        assert_type(placed, Placed)
        assert_type(placed.status, Status)
        assert_type(placed.average_price, Decimal | None)
        assert_type(trader.sell("KRW-BTC", volume="0.1", price=Decimal(1), time_in_force="post_only"), Placed)
        assert_type(trader.wait(placed, timeout=1.5), Placed)
        assert_type(trader.cancel(identifier="mine"), Placed)
        assert_type(trader.replace(placed.uuid, price=1), Replaced)
        assert_type(trader.history(datetime.now(UTC), order_by="asc"), list[Placed])
        assert_type(trader.recover(), list[Recovered])
        trader.close(cancel_open=True, deadline=1)


async def trading_awaited(client: AsyncUpbit) -> None:
    async with client.trading(mode="live") as trader:
        assert_type(trader, AsyncTrader)
        placed = await trader.buy("KRW-BTC", percent=1, best=True, time_in_force="ioc")
        assert_type(placed, Placed)
        assert_type((await trader.wait(placed)).status, Status)
        await trader.halt("enough")


def documented(client: Upbit) -> None:
    assert_type(client.APIKey.APIKey_info(), Envelope)
    assert_type(client.Account.Account_wallet(), Envelope)
    assert_type(client.Market.Market_info_all(isDetails=True), Envelope)
    assert_type(client.Market.Market_info_all(is_details=True), Envelope)
    assert_type(client.Order.Order_orderbook(markets=["KRW-BTC", "KRW-ETH"]), Envelope)
    assert_type(
        client.Order.Order_new(market="KRW-BTC", side="bid", volume="0.01", price="1", ord_type="limit"), Envelope
    )
    assert_type(client.Order.Order_info_all(states=["done"], page=1), Envelope)
    assert_type(client.Candle.Candle_minutes(unit=1, market="KRW-BTC"), Envelope)
    assert_type(client.Candle.Candle_days(market="KRW-BTC", convertingPriceUnit="KRW"), Envelope)
    assert_type(client.Trade.Trade_ticks(market="KRW-BTC", daysAgo=1), Envelope)
    assert_type(client.Trade.Trade_ticker(markets="KRW-BTC, KRW-ETH"), Envelope)
    assert_type(client.Withdraw.Withdraw_krw(amount="10000"), Envelope)
    envelope = client.Order.Order_chance(market="KRW-BTC")
    assert_type(envelope["remaining_request"], dict[str, str])
    assert_type(envelope["response"]["status_code"], int)
    envelope["result"]["market"]["id"]


def feed(client: Upbit) -> None:
    wanted = (ticker("KRW-BTC", "KRW-ETH"), orderbook("KRW-BTC", units=15, level=Decimal(1)), candle("KRW-BTC"))
    with client.feed(*wanted, policies={"trade": 5, "ticker": "all"}, audit=None, on_state=print) as told:
        assert_type(told, Feed)
        assert_type(next(told), FeedEvent)
        for event in told:
            if isinstance(event, Gap):
                assert_type(event.lost, int | None)
            elif isinstance(event, TradeEvent):
                assert_type(event.trade_price, Decimal)
        told.add(my_order(), trade("KRW-BTC"))
        assert_type(told.watch(Book("KRW-BTC")), Book)
        assert_type(next(told.frames()), bytes)
        assert_type(told.status.sockets[0].path, str)


async def awaited_feed(client: AsyncUpbit) -> None:
    async with client.feed(my_asset(), format="DEFAULT", times=Times(answer=1)) as told:
        assert_type(told, AsyncFeed)
        assert_type(await anext(told), FeedEvent)
        assert_type(await told.listed(), tuple[Listed, ...])
        async for frame in told.frames():
            assert_type(frame, bytes)


def table() -> None:
    operation: Operation[..., Order] = Orders.create
    assert_type(operation.path, str)
    assert_type(Candles.list_days.needs is None, bool)


async def sockets() -> None:
    sock = UpbitWebSocket()
    field = UpbitWebSocket.generate_type_field(type="trade", codes=["KRW-BTC"])
    payload = UpbitWebSocket.generate_payload(type_fields=[field], format="SIMPLE")
    async with sock as conn:
        await conn.send(payload)
        assert_type(await conn.recv(), bytes)
    assert_type(await sock.ping(), dict[str, str])
    assert_type(Validator.validate_price(20007), float)


@serves(Orders.cancel)
def right(caller: Caller, *, uuid: str | None = None, identifier: str | None = None) -> Order:
    raise LookupError(uuid, identifier, caller.now)


served: Handler[..., Order] = right
