"""What REST answers, told as the events the socket would have sent: trades, candles, the steps of an order.

REST and socket have different names for the same things (upbit-api 2.1, 2.7, 6.4, 6.7). What REST does not say is
None: the best prices at a trade, who made a fill. Amounts between two fills are reckoned back from the order's last
state by the exchange's own formulas (upbit-api 3.3). Nothing here decides what is missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import NamedTuple

from ..models import Candle, CandleEvent, MyOrderEvent, Order, OrderTrade, Trade, TradeEvent
from ..models.moments import milliseconds
from ..models.shorthand import StreamType

_ZERO = Decimal(0)
_EIGHT = Decimal("1e-8")
DIGITS = 60
"""Enough for products of prices, volumes and fees to stay exact."""


def trade_event(trade: Trade) -> TradeEvent:
    """Tell a trade. Its change is signed over REST, absolute with a direction on the socket."""
    moved = trade.change_price
    return TradeEvent(
        type="trade",
        code=trade.market,
        timestamp=trade.timestamp,
        trade_date=trade.trade_date_utc,
        trade_time=trade.trade_time_utc,
        trade_timestamp=trade.timestamp,
        trade_price=trade.trade_price,
        trade_volume=trade.trade_volume,
        ask_bid=trade.ask_bid,
        prev_closing_price=trade.prev_closing_price,
        change="RISE" if moved > 0 else "FALL" if moved < 0 else "EVEN",
        change_price=abs(moved),
        sequential_id=trade.sequential_id,
        stream_type="RECOVERED",
    )


def candle_event(type: str, candle: Candle) -> CandleEvent:
    """Tell a candle under its type, `candle.1m`."""
    return CandleEvent(
        type=type,
        code=candle.market,
        candle_date_time_utc=candle.candle_date_time_utc,
        candle_date_time_kst=candle.candle_date_time_kst,
        opening_price=candle.opening_price,
        high_price=candle.high_price,
        low_price=candle.low_price,
        trade_price=candle.trade_price,
        candle_acc_trade_volume=candle.candle_acc_trade_volume,
        candle_acc_trade_price=candle.candle_acc_trade_price,
        timestamp=candle.timestamp,
        stream_type="RECOVERED",
    )


class Reached(NamedTuple):
    """How far an order had come: the sums of its fills up to there."""

    volume: Decimal
    funds: Decimal | None
    """None where neither a list nor the fills say it."""
    trades: int


NOWHERE = Reached(_ZERO, _ZERO, 0)
"""Where every order begins."""


def end(order: Order) -> Reached:
    """Say how far an order has come by now."""
    funds = order.executed_funds if order.trades is None else funds_of(order.trades)
    return Reached(order.executed_volume, funds, order.trades_count)


def funds_of(fills: Sequence[OrderTrade]) -> Decimal:
    """Add up what fills were worth."""
    with localcontext(prec=DIGITS):
        return sum([fill.funds for fill in fills], _ZERO)


def after(reached: Reached, fill: OrderTrade) -> Reached:
    """Say how far an order is after one more fill."""
    with localcontext(prec=DIGITS):
        return Reached(reached.volume + fill.volume, (reached.funds or _ZERO) + fill.funds, reached.trades + 1)


def in_order(fills: Sequence[OrderTrade]) -> list[OrderTrade]:
    """Put fills in order of time, those of the same second as they were listed. They may come newest first."""
    listed = list(fills)
    if len(listed) > 1 and _second(listed[0].created_at) > _second(listed[-1].created_at):
        listed.reverse()
    return sorted(listed, key=lambda fill: _second(fill.created_at))


def order_event(
    order: Order,
    state: str,
    reached: Reached,
    now: datetime,
    *,
    fill: OrderTrade | None = None,
    stream: StreamType = "RECOVERED",
) -> MyOrderEvent:
    """Tell a step of an order, as it was when it had come so far; `fill` is what it came there by.

    `now` stands for the time where REST says none: that of a cancel.
    """
    placed = milliseconds(order.created_at)
    time = placed if state in ("wait", "watch") else milliseconds(now)
    if fill is not None and fill.created_at is not None:
        time = milliseconds(fill.created_at)
    with localcontext(prec=DIGITS):
        last = end(order)
        volume = last.volume - reached.volume
        """What was yet to be filled."""
        funds = (last.funds or _ZERO) - (reached.funds or _ZERO)
        rate = order.paid_fee / last.funds if last.funds else _ZERO
        fee = funds * rate
        bid = order.side == "bid"
        average = None if reached.funds is None else reached.funds / reached.volume if reached.volume else _ZERO
        return MyOrderEvent(
            type="myOrder",
            code=order.market,
            uuid=order.uuid,
            ask_bid=order.side.upper(),
            order_type=order.ord_type,
            state=state,
            trade_uuid=None if fill is None else fill.uuid,
            price=order.price if fill is None else fill.price,
            avg_price=None if average is None else average.quantize(_EIGHT, ROUND_HALF_UP),
            volume=order.volume if fill is None else fill.volume,
            remaining_volume=None if order.remaining_volume is None else order.remaining_volume + volume,
            executed_volume=reached.volume,
            trades_count=reached.trades,
            reserved_fee=order.reserved_fee,
            remaining_fee=order.remaining_fee + fee if bid else order.remaining_fee,
            paid_fee=order.paid_fee - fee,
            locked=order.locked + funds + fee if bid else order.locked + volume,
            executed_funds=reached.funds,
            time_in_force=order.time_in_force,
            trade_fee=None if fill is None else fill.funds * rate,
            identifier=order.identifier,
            smp_type=order.smp_type,
            prevented_volume=order.prevented_volume,
            prevented_locked=order.prevented_locked,
            trade_timestamp=None if fill is None else time,
            order_timestamp=placed,
            timestamp=time,
            stream_type=stream,
        )


def _second(moment: datetime | None) -> float:
    return 0.0 if moment is None else moment.timestamp()
