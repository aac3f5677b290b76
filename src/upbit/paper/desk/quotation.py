"""The quotation desk: markets, candles, trades, tickers and order books, read off the tapes and books."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from decimal import Decimal

from msgspec.structs import replace

from ...api import Candles, Orderbooks, Tickers, Trades, TradingPairs
from ...api.candles import MinuteUnit
from ...errors import quotation_refusal
from ...models import (
    Candle,
    Caution,
    Instrument,
    MarketEvent,
    Orderbook,
    OrderbookUnit,
    SupportedLevels,
    Ticker,
    Trade,
    TradingPair,
)
from ...wire.codec import Markets, Moment, Number
from ..bars import DAY, Bar, Unit
from ..exchange import Caller, Venue
from ..orders import amount
from ..spelling import KST
from .handler import serves
from .levels import gathered, supported
from .shown import read_moment

INVALID = "Invalid parameter. Check the given value!"
MOST_MARKETS = 200
"""Markets that one call may name; how many the exchange takes is not known."""
SECONDS_KEPT = 92 * DAY
"""Second candles reach three months back."""
CALM = MarketEvent(
    warning=False,
    caution=Caution(
        price_fluctuations=False,
        trading_volume_soaring=False,
        deposit_amount_soaring=False,
        global_price_differences=False,
        concentration_of_small_accounts=False,
    ),
)


@serves(TradingPairs.list)
def list_trading_pairs(caller: Caller, *, is_details: bool | None = None) -> list[TradingPair]:
    """Show all markets."""
    events = caller.exchange.profile.market_events
    return [
        TradingPair(
            market=listing.market,
            korean_name=listing.korean_name,
            english_name=listing.english_name,
            market_warning="NONE" if is_details and not events else None,
            market_event=CALM if is_details and events else None,
        )
        for listing in caller.exchange.listings.values()
    ]


# -- candles -----------------------------------------------------------------------------------------


@serves(Candles.list_seconds)
def list_seconds(caller: Caller, *, market: str, to: Moment | None = None, count: int | None = None) -> list[Candle]:
    """Show candles of one second, three months back at most."""
    oldest = caller.now - SECONDS_KEPT
    return _candles(caller, "s", market, to, count, lambda venue, bar: {}, oldest=oldest)


@serves(Candles.list_minutes)
def list_minutes(
    caller: Caller, unit: MinuteUnit, *, market: str, to: Moment | None = None, count: int | None = None
) -> list[Candle]:
    """Show candles of some minutes."""
    units: dict[int, Unit] = {1: "m1", 3: "m3", 5: "m5", 10: "m10", 15: "m15", 30: "m30", 60: "m60", 240: "m240"}
    return _candles(caller, units[unit], market, to, count, lambda venue, bar: {"unit": unit})


@serves(Candles.list_days)
def list_days(
    caller: Caller,
    *,
    market: str,
    to: Moment | None = None,
    count: int | None = None,
    converting_price_unit: str | None = None,
) -> list[Candle]:
    """Show candles of days with the change from the day before."""

    def change(venue: Venue, bar: Bar) -> dict[str, object]:
        before = venue.tape.prev_closing(bar.start)
        changed = None if before is None else bar.close - before
        converted = None
        if converting_price_unit == "KRW" and venue.listing.quote != "KRW":
            rate = caller.exchange.venue(f"KRW-{venue.listing.quote}")
            closes = [] if rate is None else rate.tape.candles("day", bar.start + 1, 1)
            converted = amount(bar.close * closes[0].close // 10**8) if closes else None
        return {
            "prev_closing_price": None if before is None else amount(before),
            "change_price": None if changed is None else amount(changed),
            "change_rate": None if before is None or changed is None else _rate(changed, before),
            "converted_trade_price": converted,
        }

    return _candles(caller, "day", market, to, count, change)


@serves(Candles.list_weeks)
def list_weeks(caller: Caller, *, market: str, to: Moment | None = None, count: int | None = None) -> list[Candle]:
    """Show candles of weeks."""
    return _candles(caller, "week", market, to, count, _first_day)


@serves(Candles.list_months)
def list_months(caller: Caller, *, market: str, to: Moment | None = None, count: int | None = None) -> list[Candle]:
    """Show candles of months."""
    return _candles(caller, "month", market, to, count, _first_day)


@serves(Candles.list_years)
def list_years(caller: Caller, *, market: str, to: Moment | None = None, count: int | None = None) -> list[Candle]:
    """Show candles of years."""
    return _candles(caller, "year", market, to, count, _first_day)


def _first_day(venue: Venue, bar: Bar) -> dict[str, object]:
    return {"first_day_of_period": f"{_utc(bar.start):%Y-%m-%d}"}


def _candles(
    caller: Caller,
    unit: Unit,
    market: str,
    to: Moment | None,
    count: int | None,
    more: Callable[[Venue, Bar], dict[str, object]],
    oldest: int = 0,
) -> list[Candle]:
    venue = _venue(caller, market)
    number = 1 if count is None else count
    if not 1 <= number <= 200:
        raise quotation_refusal(400, INVALID)
    try:
        before = caller.now + 1 if to is None else max(0, min(read_moment(to), caller.now + 1))
    except ValueError:
        raise quotation_refusal(400, INVALID) from None
    return [
        _candle(venue, bar, more(venue, bar)) for bar in venue.tape.candles(unit, before, number) if bar.start >= oldest
    ]


def _candle(venue: Venue, bar: Bar, more: dict[str, object]) -> Candle:
    start = _utc(bar.start)
    candle = Candle(
        market=venue.listing.market,
        candle_date_time_utc=f"{start:%Y-%m-%dT%H:%M:%S}",
        candle_date_time_kst=f"{start.astimezone(KST):%Y-%m-%dT%H:%M:%S}",
        opening_price=amount(bar.opening),
        high_price=amount(bar.high),
        low_price=amount(bar.low),
        trade_price=amount(bar.close),
        timestamp=bar.last,
        candle_acc_trade_price=_value(bar.value),
        candle_acc_trade_volume=amount(bar.volume),
    )
    return replace(candle, **more) if more else candle


# -- trades and tickers ------------------------------------------------------------------------------


@serves(Trades.list)
def list_trades(
    caller: Caller,
    market: str,
    *,
    to: str | None = None,
    count: int | None = None,
    cursor: int | str | None = None,
    days_ago: int | None = None,
) -> list[Trade]:
    """Show trades of one day, or before a cursor."""
    venue = _venue(caller, market)
    number = 1 if count is None else count
    if not 1 <= number <= 500 or (days_ago is not None and not 1 <= days_ago <= 7):
        raise quotation_refusal(400, INVALID)
    day = caller.now - caller.now % DAY - (days_ago or 0) * DAY
    before = day + DAY if to is None else day + _time_of_day(to)
    last = before * 10_000
    if cursor is not None:
        try:
            last = min(last, int(cursor)) if to is not None or days_ago is not None else int(cursor)
        except ValueError:
            raise quotation_refusal(400, INVALID) from None
    oldest = day if to is not None or days_ago is not None else caller.now - caller.now % DAY - 7 * DAY
    found = venue.tape.trades(last, number, since=oldest * 10_000)
    closes: dict[int, int | None] = {}
    for trade in found:
        begun = trade.time - trade.time % DAY
        if begun not in closes:
            closes[begun] = venue.tape.prev_closing(trade.time)
    return [
        Trade(
            market=market,
            trade_date_utc=f"{_utc(trade.time):%Y-%m-%d}",
            trade_time_utc=f"{_utc(trade.time):%H:%M:%S}",
            timestamp=trade.time,
            trade_price=amount(trade.price),
            trade_volume=amount(trade.volume),
            prev_closing_price=amount(close),
            change_price=amount(trade.price - close),
            ask_bid="ASK" if trade.side == "ask" else "BID",
            sequential_id=trade.sequential_id,
        )
        for trade in found
        for close in [closes[trade.time - trade.time % DAY] or trade.price]
    ]


@serves(Tickers.list_by_trading_pairs)
def list_tickers(caller: Caller, markets: Markets) -> list[Ticker]:
    """Show the state of these markets."""
    return [_ticker(caller, venue) for venue in _venues(caller, markets)]


@serves(Tickers.list_by_quote_currencies)
def list_all_tickers(caller: Caller, quote_currencies: Markets) -> list[Ticker]:
    """Show the state of all markets with these quote currencies."""
    wanted = {currency.upper() for currency in quote_currencies}
    if not wanted <= {listing.quote for listing in caller.exchange.listings.values()}:
        raise quotation_refusal(404, "Code not found")
    return [
        _ticker(caller, _venue(caller, code))
        for code, listing in caller.exchange.listings.items()
        if listing.quote in wanted
    ]


def _ticker(caller: Caller, venue: Venue) -> Ticker:
    state = venue.tape.ticker(caller.now)
    traded = _utc(state.trade_time)
    in_korea = traded.astimezone(KST)
    return Ticker(
        market=venue.listing.market,
        trade_date=f"{traded:%Y%m%d}",
        trade_time=f"{traded:%H%M%S}",
        trade_date_kst=f"{in_korea:%Y%m%d}",
        trade_time_kst=f"{in_korea:%H%M%S}",
        trade_timestamp=state.trade_time,
        opening_price=amount(state.opening_price),
        high_price=amount(state.high_price),
        low_price=amount(state.low_price),
        trade_price=amount(state.trade_price),
        prev_closing_price=amount(state.prev_closing_price),
        change=state.change,
        change_price=amount(abs(state.signed_change_price)),
        change_rate=Decimal(abs(state.signed_change_rate)).scaleb(-10),
        signed_change_price=amount(state.signed_change_price),
        signed_change_rate=Decimal(state.signed_change_rate).scaleb(-10),
        trade_volume=amount(state.trade_volume),
        acc_trade_price=_value(state.acc_trade_value),
        acc_trade_price_24h=_value(state.acc_trade_value_24h),
        acc_trade_volume=amount(state.acc_trade_volume),
        acc_trade_volume_24h=amount(state.acc_trade_volume_24h),
        highest_52_week_price=amount(state.highest_52_week_price),
        highest_52_week_date=f"{_utc(state.highest_52_week_day):%Y-%m-%d}",
        lowest_52_week_price=amount(state.lowest_52_week_price),
        lowest_52_week_date=f"{_utc(state.lowest_52_week_day):%Y-%m-%d}",
        timestamp=caller.now,
    )


# -- order books -------------------------------------------------------------------------------------


@serves(Orderbooks.list)
def list_orderbooks(
    caller: Caller, markets: Markets, *, level: Number | None = None, count: int | None = None
) -> list[Orderbook]:
    """Show the books of these markets."""
    profile = caller.exchange.profile
    number = profile.book_levels if count is None else min(max(count, 1), 30)
    width = Decimal(level or 0) if profile.leveled_books else Decimal(0)
    return [
        _orderbook(caller, venue, number, width)
        for venue in _venues(caller, [market.upper() for market in markets])
        if not width or width in supported(venue.listing.quote, caller.exchange.price(venue.listing.market))
    ]


def _orderbook(caller: Caller, venue: Venue, count: int, width: Decimal) -> Orderbook:
    step = int(width * 10**8)
    asks, bids = gathered(venue.book, "ask", count, step), gathered(venue.book, "bid", count, step)
    return Orderbook(
        market=venue.listing.market,
        timestamp=caller.now,
        total_ask_size=amount(sum(size for _, size in asks)),
        total_bid_size=amount(sum(size for _, size in bids)),
        orderbook_units=[
            OrderbookUnit(
                ask_price=amount(ask[0]), bid_price=amount(bid[0]), ask_size=amount(ask[1]), bid_size=amount(bid[1])
            )
            for ask, bid in zip(asks, bids, strict=False)
        ],
        level=width if caller.exchange.profile.leveled_books else None,
    )


@serves(Orderbooks.list_instruments)
def list_instruments(caller: Caller, markets: Markets) -> list[Instrument]:
    """Show the price grid of these markets."""
    return [
        Instrument(
            market=venue.listing.market,
            quote_currency=venue.listing.quote,
            tick_size=caller.exchange.tick_size(venue.listing.market, price),
            supported_levels=supported(venue.listing.quote, price),
        )
        for venue, price in _priced(caller, markets)
    ]


@serves(Orderbooks.list_supported_levels)
def list_supported_levels(caller: Caller, markets: Markets) -> list[SupportedLevels]:
    """Show the levels of these markets."""
    return [
        SupportedLevels(market=venue.listing.market, supported_levels=supported(venue.listing.quote, price))
        for venue, price in _priced(caller, markets)
    ]


def _priced(caller: Caller, markets: Markets) -> Iterable[tuple[Venue, Decimal]]:
    for venue in _venues(caller, markets):
        yield venue, caller.exchange.price(venue.listing.market)


# -- shared ------------------------------------------------------------------------------------------


def _venues(caller: Caller, markets: Markets) -> list[Venue]:
    if len(markets) > MOST_MARKETS:
        raise quotation_refusal(400, INVALID)
    return [_venue(caller, market) for market in markets]


def _venue(caller: Caller, market: str) -> Venue:
    venue = caller.exchange.venue(market)
    if venue is None:
        raise quotation_refusal(404, "Code not found")
    return venue


def _utc(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds // 1000, UTC)


def _value(value: int) -> Decimal:
    """A value in units of 1e-16 as an amount."""
    return Decimal(value).scaleb(-16)


def _rate(changed: int, before: int) -> Decimal:
    return (Decimal(changed) / Decimal(before)).quantize(Decimal("1e-10"))


def _time_of_day(text: str) -> int:
    """Read `HHmmss` or `HH:mm:ss` as milliseconds since midnight."""
    digits = text.replace(":", "")
    if len(digits) != 6 or not digits.isdigit():
        raise quotation_refusal(400, INVALID)
    hours, minutes, seconds = int(digits[:2]), int(digits[2:4]), int(digits[4:])
    if hours > 23 or minutes > 59 or seconds > 59:
        raise quotation_refusal(400, INVALID)
    return ((hours * 60 + minutes) * 60 + seconds) * 1000
