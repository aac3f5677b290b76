"""How the desk shows what the engine and the wallet keep: records become models, by the profile's presence rules."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from ...errors import refusal
from ...models import Order, OrderTrade
from ...wire.codec import Moment
from ..orders import OrderRecord
from ..profile import Profile
from ..spelling import KST


def moment(milliseconds: int) -> datetime:
    """Make an aware datetime of milliseconds since the epoch, in Korean time, whole seconds."""
    return datetime.fromtimestamp(milliseconds // 1000, KST)


def order_model(
    record: OrderRecord,
    profile: Profile,
    *,
    trades: bool = False,
    funds: bool = False,
    created: bool = False,
    replaced_by: OrderRecord | None = None,
) -> Order:
    """Show an order: with its `trades` when looked up alone, with its executed `funds` in lists [recorded]."""
    by_total = record.volume is None
    prevention = profile.self_match_prevention
    return Order(
        uuid=record.uuid,
        side=record.side,
        ord_type=record.ord_type,
        price=record.price,
        avg_price=Decimal(0) if created and profile.as_documented_2023 else None,
        state=record.state,
        market=record.market,
        created_at=moment(record.created),
        volume=record.volume,
        remaining_volume=record.remaining_volume,
        prevented_volume=record.prevented_volume if prevention and not by_total else None,
        reserved_fee=record.reserved_fee,
        remaining_fee=record.remaining_fee,
        paid_fee=record.paid_fee,
        locked=record.locked,
        prevented_locked=record.prevented_locked if prevention else None,
        executed_volume=record.executed_volume,
        executed_funds=record.executed_funds if funds and not profile.as_documented_2023 else None,
        trades_count=len(record.trades),
        trades=_trades(record, profile) if trades else None,
        time_in_force=record.time_in_force,
        identifier=record.identifier if profile.identifiers_returned else None,
        smp_type=record.smp_type if prevention else None,
        new_order_uuid=None if replaced_by is None else replaced_by.uuid,
        new_order_identifier=None if replaced_by is None else replaced_by.identifier,
    )


def _trades(record: OrderRecord, profile: Profile) -> list[OrderTrade]:
    return [
        OrderTrade(
            market=trade.market,
            uuid=trade.uuid,
            price=trade.price,
            volume=trade.volume,
            funds=trade.funds,
            trend=None if profile.as_documented_2023 else trade.trend,
            created_at=moment(trade.created),
            side=trade.side,
        )
        for trade in record.trades
    ]


def read_moment(given: Moment) -> int:
    """Read a moment as the exchange does: ISO 8601, UTC when no zone is given, or milliseconds since the epoch."""
    if isinstance(given, datetime):
        return int(given.timestamp() * 1000)
    if given.isdigit() and len(given) >= 12:
        return int(given)
    parsed = datetime.fromisoformat(given.strip().replace(" ", "T", 1))
    return int((parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp() * 1000)


def window(start: Moment | None, end: Moment | None, now: int, days: timedelta = timedelta(days=7)) -> tuple[int, int]:
    """Settle a window of at most seven days, in milliseconds: both ends, one of them, or the days before now."""
    longest = int(days.total_seconds() * 1000)
    try:
        first = None if start is None else read_moment(start)
        last = None if end is None else read_moment(end)
    except ValueError:
        raise refusal("validation_error", detail="start_time does not have a valid value") from None
    if first is None:
        last = now if last is None else last
        return last - longest, last
    if last is None:
        return first, first + longest
    if last < first or last - first > longest:
        raise refusal("validation_error", detail="the window may not be longer than 7 days")
    return first, last
