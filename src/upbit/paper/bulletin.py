"""What a message on the socket says, type by type, and how its numbers are spelled.

Amounts come as whole numbers of 1e-8 or as Decimal and are written exactly, never by way of a float. The spelling is
the profile's (upbit-api 6.3-6.7, 11): today prices and volumes are Java's BigDecimal of eight decimals, an order book
mixes doubles with them; in 2023 all are plain doubles. Names and order of the fields are `wire.frames`'s. Nothing here
knows who listens.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from typing import Literal, NamedTuple

from msgspec import Raw

from ..wire.frames import Event
from .bars import Bar, Trade
from .book import SCALE, Book
from .closes import Finding
from .ledger import Holding
from .notices import Announced
from .orders import OrderChanged, amount
from .profile import Profile
from .spelling import KST, minimal, with_decimal
from .tape import Ticker

StreamType = Literal["SNAPSHOT", "REALTIME"]
Levels = Sequence[tuple[int, int]]

TRADE_QUOTES = date(2024, 11, 27)
"""Since then a trade tells the best prices (docs, v1.1.8)."""
_ORDER_FIELDS: Mapping[date, frozenset[str]] = {
    date(2024, 5, 29): frozenset({"trade_uuid", "trade_timestamp"}),
    date(2024, 12, 4): frozenset({"trade_fee", "is_maker", "identifier"}),
    date(2025, 7, 2): frozenset({"smp_type", "prevented_volume", "prevented_locked"}),
}
"""Fields of `myOrder` that came later than it (upbit-api 6.7)."""
_EIGHT = Decimal("1e-8")


class Quote(NamedTuple):
    """The best prices of a book with their sizes; 0 where there is none."""

    best_ask: tuple[int, int]
    best_bid: tuple[int, int]


def quote(book: Book) -> Quote:
    """Read the best prices off a book."""
    asks, bids = book.levels("ask", 1), book.levels("bid", 1)
    return Quote(asks[0] if asks else (0, 0), bids[0] if bids else (0, 0))


class Bulletin:
    """Makes the events of one profile."""

    def __init__(self, profile: Profile) -> None:
        self._old = profile.as_documented_2023
        self._best = profile.on >= TRADE_QUOTES
        self._leveled = profile.leveled_books
        self._later = frozenset[str]().union(*[names for since, names in _ORDER_FIELDS.items() if profile.on < since])

    def ticker(self, market: str, ticker: Ticker, stream: StreamType) -> Event:
        """The state of a market. Key order as in the real samples of 2021 and 2026-08-26."""
        spell = double if self._old else scaled
        change, rate = ticker.signed_change_price, ticker.signed_change_rate
        traded = _utc(ticker.trade_time)
        return {
            "type": "ticker",
            "code": market,
            "opening_price": spell(ticker.opening_price),
            "high_price": spell(ticker.high_price),
            "low_price": spell(ticker.low_price),
            "trade_price": spell(ticker.trade_price),
            "prev_closing_price": spell(ticker.prev_closing_price),
            "acc_trade_price": double(ticker.acc_trade_value, 16) if self._old else fixed(ticker.acc_trade_value, 16),
            "change": ticker.change,
            "change_price": spell(abs(change)),
            "signed_change_price": spell(change),
            "change_rate": self._rate(abs(rate)),
            "signed_change_rate": self._rate(rate),
            "ask_bid": ticker.ask_bid.upper(),
            "trade_volume": spell(ticker.trade_volume),
            "acc_trade_volume": spell(ticker.acc_trade_volume),
            "trade_date": f"{traded:%Y%m%d}",
            "trade_time": f"{traded:%H%M%S}",
            "trade_timestamp": ticker.trade_time,
            "acc_ask_volume": spell(ticker.acc_ask_volume),
            "acc_bid_volume": spell(ticker.acc_bid_volume),
            "highest_52_week_price": spell(ticker.highest_52_week_price),
            "highest_52_week_date": f"{_utc(ticker.highest_52_week_day):%Y-%m-%d}",
            "lowest_52_week_price": spell(ticker.lowest_52_week_price),
            "lowest_52_week_date": f"{_utc(ticker.lowest_52_week_day):%Y-%m-%d}",
            **({"trade_status": None} if self._old else {}),
            "market_state": "ACTIVE",
            **({"market_state_for_ios": None} if self._old else {}),
            "is_trading_suspended": False,
            "delisting_date": None,
            "market_warning": "NONE",
            "timestamp": ticker.time,
            "acc_trade_price_24h": self._value(ticker.acc_trade_value_24h),
            "acc_trade_volume_24h": spell(ticker.acc_trade_volume_24h),
            "stream_type": stream,
        }

    def trade(self, market: str, trade: Trade, prev_closing: int, best: Quote, stream: StreamType) -> Event:
        """One trade. The change is absolute here."""
        spell = double if self._old else scaled
        traded = _utc(trade.time)
        moved = trade.price - prev_closing
        event: dict[str, object] = {
            "type": "trade",
            "code": market,
            "timestamp": trade.time,
            "trade_date": f"{traded:%Y-%m-%d}",
            "trade_time": f"{traded:%H:%M:%S}",
            "trade_timestamp": trade.time,
            "trade_price": spell(trade.price),
            "trade_volume": spell(trade.volume),
            "ask_bid": trade.side.upper(),
            "prev_closing_price": spell(prev_closing),
            "change": "RISE" if moved > 0 else "FALL" if moved < 0 else "EVEN",
            "change_price": spell(abs(moved)),
            "sequential_id": trade.sequential_id,
        }
        if self._best:
            event |= {
                "best_ask_price": plain(best.best_ask[0]),
                "best_ask_size": plain(best.best_ask[1]),
                "best_bid_price": plain(best.best_bid[0]),
                "best_bid_size": plain(best.best_bid[1]),
            }
        event["stream_type"] = stream
        return event

    def orderbook(
        self, market: str, asks: Levels, bids: Levels, level: Decimal, now: int, stream: StreamType, *, simple: bool
    ) -> Event:
        """A whole book. Its numbers are spelled otherwise under short names (probed 2026-09-22)."""
        price: Callable[[int], Raw] = double
        size: Callable[[int], Raw] = double
        if not self._old:
            price, size = (plain, java_double) if simple else (java_double, scaled)
        event: dict[str, object] = {
            "type": "orderbook",
            "code": market,
            "timestamp": now,
            "total_ask_size": size(sum([volume for _, volume in asks])),
            "total_bid_size": size(sum([volume for _, volume in bids])),
            "orderbook_units": [
                {"ask_price": price(ask), "bid_price": price(bid), "ask_size": size(offered), "bid_size": size(wanted)}
                for (ask, offered), (bid, wanted) in zip(asks, bids, strict=False)
            ],
        }
        if self._leveled:
            event |= {"stream_type": stream, "level": Raw(minimal(level).encode())}
        return event

    def candle(self, kind: str, market: str, bar: Bar, stream: StreamType) -> Event:
        """The candle of an interval so far."""
        start = _utc(bar.start)
        return {
            "type": kind,
            "code": market,
            "candle_date_time_utc": f"{start:%Y-%m-%dT%H:%M:%S}",
            "candle_date_time_kst": f"{start.astimezone(KST):%Y-%m-%dT%H:%M:%S}",
            "opening_price": scaled(bar.opening),
            "high_price": scaled(bar.high),
            "low_price": scaled(bar.low),
            "trade_price": scaled(bar.close),
            "candle_acc_trade_volume": scaled(bar.volume),
            "candle_acc_trade_price": self._value(bar.value),
            "timestamp": bar.last,
            "stream_type": stream,
        }

    def order(self, change: OrderChanged) -> Event:
        """What happened to an order. Nulls are shown; price and volume are those of the fill when it traded."""
        order, trade = change.order, change.trade
        event = {
            "type": "myOrder",
            "code": order.market,
            "uuid": order.uuid,
            "ask_bid": order.side.upper(),
            "order_type": order.ord_type,
            "state": change.kind,
            "trade_uuid": None if trade is None else trade.uuid,
            "price": _decimal(order.price if trade is None else trade.price),
            "avg_price": _decimal(_average(order.executed_funds, order.executed_volume)),
            "volume": _decimal(order.volume if trade is None else trade.volume),
            "remaining_volume": _decimal(order.remaining_volume),
            "executed_volume": _decimal(order.executed_volume),
            "trades_count": len(order.trades),
            "reserved_fee": _decimal(order.reserved_fee),
            "remaining_fee": _decimal(order.remaining_fee),
            "paid_fee": _decimal(order.paid_fee),
            "locked": _decimal(order.locked),
            "executed_funds": _decimal(order.executed_funds),
            "time_in_force": order.time_in_force,
            "trade_fee": _decimal(change.trade_fee),
            "is_maker": change.is_maker,
            "identifier": order.identifier,
            "smp_type": order.smp_type,
            "prevented_volume": _decimal(order.prevented_volume),
            "prevented_locked": _decimal(order.prevented_locked),
            "trade_timestamp": None if trade is None else trade.created,
            "order_timestamp": order.created - order.created % 1000,
            "timestamp": change.time,
            "stream_type": "REALTIME",
        }
        return {name: value for name, value in event.items() if name not in self._later} if self._later else event

    def assets(self, account: str, holdings: Sequence[tuple[str, Holding]], time: int) -> Event:
        """What an account has of the currencies that changed."""
        return {
            "type": "myAsset",
            "asset_uuid": account,
            "assets": [
                {"currency": currency, "balance": _decimal(held.balance), "locked": _decimal(held.locked)}
                for currency, held in holdings
            ],
            "asset_timestamp": time,
            "timestamp": time,
            "stream_type": "REALTIME",
        }

    def announcement(self, event: Announced, *, body: bool) -> Event:
        """What the exchange announced. The body is shown to those who asked for it, even when it is null."""
        notice = event.notice
        return {
            "type": "announcement",
            "uuid": notice.uuid,
            "event_type": event.kind,
            "category": notice.category,
            "title": notice.title,
            "url": notice.url,
            **({"body": notice.body} if body else {}),
            "first_listed_at": _kst(notice.first_listed),
            "listed_at": _kst(notice.listed),
            "timestamp": event.time,
            "stream_type": "REALTIME",
        }

    def indicator(self, found: Finding) -> Event:
        """What an indicator is worth at the close of a candle, or that its condition has come to be met there."""
        study = found.study
        signal = {} if study.trigger is None else {"trigger": study.trigger, "event_params": dict(study.event_params)}
        return {
            "type": "indicator" if study.trigger is None else "indicator_signal",
            "code": found.market,
            "timeframe": study.timeframe,
            "indicator": study.indicator,
            "params": dict(study.params),
            **signal,
            "value": found.values,
            "candle_date_time_utc": f"{_utc(found.bar.start):%Y-%m-%dT%H:%M:%S}",
            "timestamp": found.time,
            "stream_type": "REALTIME",
        }

    def _rate(self, rate: int) -> Raw:
        if not rate:
            return Raw(b"0")
        return double(rate, 10) if self._old else fixed(rate, 10)

    def _value(self, value: int) -> Raw:
        """A sum of prices times volumes: at least eight decimals today, more where it has them."""
        if self._old or value % SCALE:
            return double(value, 16)
        return fixed(value // SCALE, 8)


def fixed(value: int, places: int) -> Raw:
    """Write a whole number of 10 ** -places with all its decimals: `109868000.00000000`."""
    digits = f"{abs(value):0{places + 1}d}"
    return Raw(f"{'-' if value < 0 else ''}{digits[:-places]}.{digits[-places:]}".encode())


def scaled(value: int) -> Raw:
    """Write units of 1e-8 as Java's BigDecimal of scale 8 does: all decimals, the tiny ones as `0E-8`, `1.2E-7`."""
    return Raw(str(Decimal(value).scaleb(-8)).encode()) if -100 < value < 100 else fixed(value, 8)


def double(value: int, places: int = 8) -> Raw:
    """Write a whole number of 10 ** -places with the decimals it has, at least one: `36784000.0`."""
    digits = f"{abs(value):0{places + 1}d}"
    return Raw(f"{'-' if value < 0 else ''}{digits[:-places]}.{digits[-places:].rstrip('0') or '0'}".encode())


def plain(value: int) -> Raw:
    """Write units of 1e-8 with the decimals they have: `109867000`, `0.0099545`."""
    digits = f"{value:09d}"
    return Raw(f"{digits[:-8]}.{digits[-8:]}".rstrip("0").rstrip(".").encode())


def java_double(value: int) -> Raw:
    """Write units of 1e-8, not negative, as Java's Double does, with every digit: `1.16539E8`, `7.9276E-4`."""
    if not value or SCALE // 1000 <= value < SCALE * 10**7:
        return double(value)
    digits = str(value)
    first, rest = digits[0], digits[1:].rstrip("0") or "0"
    return Raw(f"{first}.{rest}E{len(digits) - 9}".encode())


def _decimal(value: Decimal | None) -> Raw | None:
    return None if value is None else Raw(with_decimal(minimal(value)).encode())


def _average(funds: Decimal, volume: Decimal) -> Decimal:
    """The average price of the fills, for display: eight decimals; 0 when there are none."""
    if not volume:
        return amount(0)
    with localcontext(Context(prec=60, rounding=ROUND_HALF_UP)):
        return (funds / volume).quantize(_EIGHT)


def _utc(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds // 1000, UTC)


def _kst(milliseconds: int) -> str:
    return _utc(milliseconds).astimezone(KST).isoformat()
