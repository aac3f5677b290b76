"""The order desk: place and cancel.

It reads what is asked, hands it to the engine and shows the engine's records as the exchange shows orders. Rules of
orders and of money are the engine's.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Literal

from ...api.orders import Orders
from ...errors import APIStatusError, refusal
from ...models import (
    BatchCancelResult,
    CancelledOrder,
    CancelledOrders,
    Order,
    OrdType,
    Side,
    SmpType,
    Sort,
    TimeInForce,
)
from ...wire.codec import Markets, Number, Texts
from ..engine import Engine
from ..exchange import Caller
from ..orders import OrderRecord, Ticket
from .handler import serves
from .lookup import find, find_all, one_kind, sorted_orders, within
from .shown import order_model

IDENTIFIER_LENGTH = 64


def ticket(
    caller: Caller,
    market: str,
    side: Side,
    ord_type: OrdType,
    volume: Number | None,
    price: Number | None,
    identifier: str | None,
    time_in_force: TimeInForce | None,
    smp_type: SmpType | None,
) -> Ticket:
    """Fill in an order as asked for, with the defaults of the profile."""
    profile = caller.exchange.profile
    if market not in caller.exchange.listings:
        raise refusal("notfoundmarket", market=market)
    if identifier is not None and len(identifier) > IDENTIFIER_LENGTH:
        raise refusal("validation_error", detail="identifier is too long, the maximum is 64 characters")
    if not profile.order_conditions and (ord_type == "best" or time_in_force is not None):
        raise refusal("validation_error", detail="ord_type does not have a valid value")
    if time_in_force == "post_only" and not profile.self_match_prevention:
        raise refusal("invalid_time_in_force")
    if not profile.self_match_prevention:
        smp_type = None
    elif smp_type is None and time_in_force != "post_only" and profile.self_match_default == "cancel_maker":
        smp_type = "cancel_maker"
    elif smp_type is None and profile.self_match_default is not None:
        smp_type = "none"
    return Ticket(
        account=caller.account,
        market=market,
        side=side,
        ord_type=ord_type,
        price=None if price is None else Decimal(price),
        volume=None if volume is None else Decimal(volume),
        identifier=identifier,
        time_in_force=time_in_force,
        smp_type=smp_type,
    )


@serves(Orders.create)
def create(
    caller: Caller,
    *,
    market: str,
    side: Side,
    ord_type: OrdType,
    volume: Number | None = None,
    price: Number | None = None,
    identifier: str | None = None,
    time_in_force: TimeInForce | None = None,
    smp_type: SmpType | None = None,
) -> Order:
    """Accept an order, show it as accepted, then let it trade."""
    engine = _opened(caller, market)
    asked = ticket(caller, market, side, ord_type, volume, price, identifier, time_in_force, smp_type)
    record = engine.accept(asked, caller.now)
    accepted = order_model(record, caller.exchange.profile, created=True)
    caller.exchange.match(record)
    return accepted


@serves(Orders.test_create)
def check_order(
    caller: Caller,
    *,
    market: str,
    side: Side,
    ord_type: OrdType,
    volume: Number | None = None,
    price: Number | None = None,
    identifier: str | None = None,
    time_in_force: TimeInForce | None = None,
    smp_type: SmpType | None = None,
) -> Order:
    """Show the order this would become; nothing is kept."""
    engine = _opened(caller, market)
    asked = ticket(caller, market, side, ord_type, volume, price, identifier, time_in_force, smp_type)
    return order_model(engine.draft(asked, caller.now), caller.exchange.profile, created=True)


@serves(Orders.cancel)
def cancel(caller: Caller, *, uuid: str | None = None, identifier: str | None = None) -> Order:
    """Cancel one order; the answer shows it as it was."""
    record = find(caller, uuid, identifier)
    before = order_model(record, caller.exchange.profile)
    caller.exchange.engine.cancel(record, caller.now)
    return before


@serves(Orders.cancel_and_new)
def cancel_and_new(
    caller: Caller,
    *,
    new_ord_type: OrdType,
    prev_order_uuid: str | None = None,
    prev_order_identifier: str | None = None,
    new_volume: Number | Literal["remain_only"] | None = None,
    new_price: Number | None = None,
    new_identifier: str | None = None,
    new_time_in_force: TimeInForce | None = None,
    new_smp_type: SmpType | None = None,
) -> Order:
    """Cancel an order and place another in its stead."""
    old = find(caller, prev_order_uuid, prev_order_identifier)
    volume = old.remaining_volume if new_volume == "remain_only" else new_volume
    asked = ticket(
        caller, old.market, old.side, new_ord_type, volume, new_price, new_identifier, new_time_in_force, new_smp_type
    )
    before = old.snapshot()
    new = caller.exchange.engine.cancel_and_new(old, asked, caller.now)
    caller.exchange.match(new)
    return order_model(before, caller.exchange.profile, replaced_by=new)


@serves(Orders.cancel_by_uuids)
def cancel_by_uuids(
    caller: Caller, *, uuids: Texts | None = None, identifiers: Texts | None = None
) -> BatchCancelResult:
    """Cancel each of up to 20 orders."""
    one_kind(uuids, identifiers, 20)
    return _cancel_all(caller, find_all(caller, uuids, identifiers))


@serves(Orders.cancel_open)
def cancel_open(
    caller: Caller,
    *,
    cancel_side: Literal["all", "bid", "ask"] | None = None,
    pairs: Markets | None = None,
    quote_currencies: Markets | None = None,
    excluded_pairs: Markets | None = None,
    count: int | None = None,
    order_by: Sort | None = None,
) -> BatchCancelResult:
    """Cancel open orders by side and market."""
    if pairs is not None and quote_currencies is not None:
        raise refusal("validation_error", detail="pairs and quote_currencies are mutually exclusive")
    if any(listed is not None and len(listed) > 20 for listed in (pairs, excluded_pairs)):
        raise refusal("validation_error", detail="at most 20 pairs can be given")
    limit = within("count", count, 20, 300)
    chosen = [
        record
        for record in sorted_orders(caller, order_by)
        if record.state == "wait"
        and cancel_side in (None, "all", record.side)
        and (pairs is None or record.market in pairs)
        and (quote_currencies is None or record.quote in quote_currencies)
        and record.market not in (excluded_pairs or ())
    ]
    return _cancel_all(caller, chosen[:limit])


def _opened(caller: Caller, market: str) -> Engine:
    """Open the market, so that there is a book to trade with."""
    caller.exchange.venue(market)
    return caller.exchange.engine


def _cancel_all(caller: Caller, records: Iterable[OrderRecord]) -> BatchCancelResult:
    cancelled: list[CancelledOrder] = []
    failed: list[CancelledOrder] = []
    for record in records:
        shown = CancelledOrder(uuid=record.uuid, market=record.market, identifier=record.identifier)
        try:
            caller.exchange.engine.cancel(record, caller.now)
        except APIStatusError:
            failed.append(shown)
        else:
            cancelled.append(shown)
    return BatchCancelResult(
        success=CancelledOrders(count=len(cancelled), orders=cancelled),
        failed=CancelledOrders(count=len(failed), orders=failed),
    )
