"""What a consumer of a feed holds, and what the exchange itself knows: the two of them compared.

A `Record` listens to a paper exchange from inside, a `Holder` takes what a feed delivers. `differences` says in words
where they are not the same; what a `Gap` said to be lost is no difference. `trading` keeps the account busy meanwhile.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from random import Random
from typing import NamedTuple

from upbit import AsyncUpbit
from upbit.errors import APIError
from upbit.models import (
    CandleEvent,
    FeedEvent,
    Gap,
    MyAsset,
    MyAssetEvent,
    MyOrderEvent,
    OrderbookEvent,
    TickerEvent,
    TradeEvent,
)
from upbit.paper.bars import Unit, span
from upbit.paper.book import Side
from upbit.paper.exchange import Exchange, Venue
from upbit.paper.orders import Event, OrderChanged, Traded, amount

UNITS: dict[str, Unit] = {"candle.1s": "s", "candle.1m": "m1", "candle.3m": "m3", "candle.240m": "m240"}
CLOSED = ("done", "cancel")


class Deal(NamedTuple):
    """A trade."""

    number: int
    price: Decimal
    volume: Decimal
    side: str

    @property
    def time(self) -> datetime:
        """When it was."""
        return datetime.fromtimestamp(self.number // 10_000 / 1000, UTC)


class Fate(NamedTuple):
    """What became of an order."""

    fills: tuple[str | None, ...]
    executed: Decimal
    state: str


class Record:
    """What an exchange did, from now on."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.deals: defaultdict[str, list[Deal]] = defaultdict(list)
        self.steps: defaultdict[str, list[OrderChanged]] = defaultdict(list)
        self.stop = exchange.listen(self._hear)

    def _hear(self, event: Event) -> None:
        if isinstance(event, Traded):
            deal = Deal(event.sequential_id, amount(event.price), amount(event.volume), event.side.upper())
            self.deals[event.market].append(deal)
        elif isinstance(event, OrderChanged):
            self.steps[event.order.uuid].append(event)

    def fate(self, uuid: str) -> Fate:
        """What became of an order."""
        steps = self.steps[uuid]
        fills = [step.trade.uuid for step in steps if step.trade is not None]
        return Fate(tuple(fills), steps[-1].order.executed_volume, steps[-1].order.state)


class Holder:
    """What a consumer has of what it was told; `wrong` is what it should not have been told."""

    def __init__(self) -> None:
        self.count = 0
        self.deals: defaultdict[str, list[Deal]] = defaultdict(list)
        self.gaps: list[Gap] = []
        self.books: dict[str, OrderbookEvent] = {}
        self.candles: defaultdict[tuple[str, str], dict[str, CandleEvent]] = defaultdict(dict)
        self.steps: defaultdict[str, list[MyOrderEvent]] = defaultdict(list)
        self.assets: dict[str, MyAsset] = {}
        self.wrong: list[str] = []
        self._newest: dict[str, int] = {}
        self._quotes: dict[tuple[str, str], OrderbookEvent | TickerEvent] = {}

    def take(self, event: FeedEvent) -> None:
        """Take an event."""
        self.count += 1
        match event:
            case Gap():
                self.gaps.append(event)
            case TradeEvent():
                self._trade(event)
            case OrderbookEvent():
                self._quote(event)
                self.books[event.code] = event
            case TickerEvent():
                self._quote(event)
            case CandleEvent():
                self._candle(event)
            case MyOrderEvent():
                self._order(event)
            case MyAssetEvent():
                self.assets |= {asset.currency: asset for asset in event.assets}
            case _:
                pass

    def lost(self, type: str, code: str, time: datetime) -> bool:
        """Whether a gap says that something of that moment is missing."""
        return any(gap.lost != 0 for gap in self._covering(type, code, time))

    def _covering(self, type: str, code: str, time: datetime) -> Iterable[Gap]:
        for gap in self.gaps:
            if gap.type == type and (code in gap.codes or not gap.codes) and gap.start <= time < gap.end:
                yield gap

    def _trade(self, event: TradeEvent) -> None:
        deal = Deal(event.sequential_id, event.trade_price, event.trade_volume, event.ask_bid)
        newest = self._newest.get(event.code, 0)
        out_of_turn = deal.number < newest or event.stream_type == "RECOVERED"
        if out_of_turn and not any(self._covering("trade", event.code, deal.time)):
            self.wrong.append(f"{event.code} {deal.number} came out of turn, without a gap before it")
        self._newest[event.code] = max(newest, deal.number)
        self.deals[event.code].append(deal)

    def _quote(self, event: OrderbookEvent | TickerEvent) -> None:
        key = event.type, event.code
        if event == self._quotes.get(key):
            self.wrong.append(f"the {event.type} of {event.time} came twice")
        if key in self._quotes and event.timestamp < self._quotes[key].timestamp:
            self.wrong.append(f"the {event.type} of {event.time} came after a newer one")
        self._quotes[key] = event

    def _candle(self, event: CandleEvent) -> None:
        told = self.candles[event.type, event.code]
        start = event.candle_date_time_utc
        last = told.get(start)
        if last is not None and event.candle_acc_trade_volume < last.candle_acc_trade_volume:
            self.wrong.append(f"the {event.type} of {start} became smaller")
        told[start] = event

    def _order(self, event: MyOrderEvent) -> None:
        steps = self.steps[event.uuid]
        if steps and steps[-1].state in CLOSED:
            self.wrong.append(f"{event.uuid} {event.state} after its end")
        if steps and event.executed_volume < steps[-1].executed_volume:
            self.wrong.append(f"{event.uuid} was filled less than before")
        steps.append(event)

    def fate(self, uuid: str) -> Fate:
        """What became of an order."""
        steps = self.steps[uuid]
        state = steps[-1].state
        fills = [step.trade_uuid for step in steps if step.state == "trade"]
        return Fate(tuple(fills), steps[-1].executed_volume, state if state in CLOSED else "wait")


def differences(record: Record, holder: Holder) -> list[str]:
    """Where they differ; to be asked when the market stands still and all was told."""
    return [
        *holder.wrong,
        *[found for market in holder.deals for found in deals_apart(record, holder, market)],
        *[found for market in holder.books for found in _books_apart(record, holder, market)],
        *[found for key in holder.candles for found in _candles_apart(record, holder, *key)],
        *_orders_apart(record, holder),
        *_assets_apart(record, holder),
    ]


def deals_apart(record: Record, holder: Holder, market: str) -> list[str]:
    """Where the trades of a market differ: those since the first one that was heard."""
    held = holder.deals[market]
    first = held[0].number
    known = {deal.number: deal for deal in record.deals[market] if deal.number >= first}
    found: list[str] = []
    if len({deal.number for deal in held}) < len(held):
        found.append(f"trades of {market} came twice")
    for deal in held:
        if deal.number > first or deal.number in known:  # the first may be from before the record
            expected = known.pop(deal.number, None)
            if expected != deal:
                found.append(f"{market} {deal} is {expected} in truth")
    missed = [deal for deal in known.values() if not holder.lost("trade", market, deal.time)]
    if missed:
        found.append(f"{len(missed)} trades of {market} are missing: {missed[0].time} to {missed[-1].time}")
    return found


def _books_apart(record: Record, holder: Holder, market: str) -> list[str]:
    book, event = _venue(record.exchange, market).book, holder.books[market]
    asks = [(unit.ask_price, unit.ask_size) for unit in event.orderbook_units]
    bids = [(unit.bid_price, unit.bid_size) for unit in event.orderbook_units]
    same = (
        asks == [(amount(price), amount(size)) for price, size in book.levels("ask", len(asks))]
        and bids == [(amount(price), amount(size)) for price, size in book.levels("bid", len(bids))]
        and len(asks) > 0
    )
    return [] if same else [f"the book of {market} is another: {event.time}"]


def _candles_apart(record: Record, holder: Holder, type: str, market: str) -> list[str]:
    told = holder.candles[type, market]
    first, now = min(told), record.exchange.now
    begin = int(datetime.fromisoformat(f"{first}+00:00").timestamp() * 1000)
    found: list[str] = []
    known: set[str] = set()
    for bar in _venue(record.exchange, market).tape.candles(
        UNITS[type], now + 1, (now - begin) // span(UNITS[type]) + 1
    ):
        start = f"{datetime.fromtimestamp(bar.start / 1000, UTC):%Y-%m-%dT%H:%M:%S}"
        if start < first:
            break
        known.add(start)
        event = told.get(start)
        expected = tuple(map(amount, (bar.opening, bar.high, bar.low, bar.close, bar.volume)))
        if event is not None and expected == (
            event.opening_price,
            event.high_price,
            event.low_price,
            event.trade_price,
            event.candle_acc_trade_volume,
        ):
            continue
        if not holder.lost(type, market, datetime.fromtimestamp(bar.start / 1000, UTC)):
            found.append(f"the {type} {start} of {market} is {event}, {expected} in truth")
    return found + [f"there is no {type} {start} of {market}" for start in sorted(told.keys() - known)]


def _orders_apart(record: Record, holder: Holder) -> list[str]:
    found: list[str] = []
    for uuid, steps in record.steps.items():
        held = holder.fate(uuid) if uuid in holder.steps else None
        times = [datetime.fromtimestamp(step.time / 1000, UTC) for step in steps]
        if held != record.fate(uuid) and not any(holder.lost("myOrder", steps[0].order.market, time) for time in times):
            found.append(f"order {uuid} is {held}, {record.fate(uuid)} in truth")
    return found + [f"there is no order {uuid}" for uuid in sorted(holder.steps.keys() - record.steps.keys())]


def _assets_apart(record: Record, holder: Holder) -> list[str]:
    exchange = record.exchange
    found: list[str] = []
    for currency, asset in holder.assets.items():
        known = exchange.ledger.holding(exchange.account, currency)
        apart = max(abs(asset.balance - known.balance), abs(asset.locked - known.locked))
        if apart >= Decimal("1e-8"):  # REST tells no more digits
            found.append(f"{asset} is {known} in truth")
    return found


def _venue(exchange: Exchange, market: str) -> Venue:
    venue = exchange.venue(market)
    assert venue is not None
    return venue


def forget(record: Record, holder: Holder) -> None:
    """Begin anew, when there was nothing wrong: keep what the two need to be compared from now on."""
    for deals in (record.deals, holder.deals):
        for market in deals:
            del deals[market][:-1]
    for candles in holder.candles.values():
        for start in sorted(candles)[:-1]:
            del candles[start]
    for uuid in [uuid for uuid, steps in record.steps.items() if steps[-1].order.state in CLOSED]:
        del record.steps[uuid], holder.steps[uuid]
    holder.gaps.clear()


def halt(exchange: Exchange, *markets: str) -> None:
    """Let these markets stand still from now on."""
    for market in markets:
        _venue(exchange, market).flow.regime = "halt"


def resume(exchange: Exchange, *markets: str) -> None:
    """Let these markets go on."""
    for market in markets:
        _venue(exchange, market).flow.regime = "calm"


async def trading(client: AsyncUpbit, exchange: Exchange, market: str, random: Random, *, pause: float = 2.0) -> None:
    """Trade with an account until cancelled: take, rest near the best prices, cancel; so many seconds in between."""
    venue = _venue(exchange, market)
    create, resting = client.orders.create, list[str]()
    while True:
        await asyncio.sleep(random.uniform(0.1, 2 * pause))
        side: Side = random.choice(("bid", "ask"))
        best = amount((venue.book.best_bid if side == "bid" else venue.book.best_ask) or 0)
        away = random.choice((-1, 0, 0, 1, 3)) * exchange.tick_size(market, best)
        price = best - away if side == "bid" else best + away
        worth = Decimal(random.randint(6_000, 60_000))
        volume = (worth / best).quantize(Decimal("1e-8"))
        chance = random.random()
        with suppress(APIError):
            if chance < 0.25 and resting:
                await client.orders.cancel(uuid=resting.pop(random.randrange(len(resting))))
            elif chance < 0.4:
                await create(market=market, side="bid", ord_type="price", price=worth)
            elif chance < 0.5:
                await create(market=market, side="ask", ord_type="market", volume=volume)
            else:
                placed = await create(market=market, side=side, ord_type="limit", price=price, volume=volume)
                resting.append(placed.uuid)
