"""The order desk: place, look up, cancel.

It reads what is asked, hands it to the engine and shows the engine's records as the exchange shows orders. Rules of
orders and of money are the engine's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Literal

from ...api.orders import Orders
from ...errors import APIStatusError, refusal
from ...models import (
    BatchCancelResult,
    CancelledOrder,
    CancelledOrders,
    ChanceMarket,
    ClosedState,
    MarketSide,
    OpenState,
    Order,
    OrderChance,
    OrderState,
    OrdType,
    Side,
    SmpType,
    Sort,
    TimeInForce,
)
from ...wire.codec import Markets, Moment, Number, Texts
from ..engine import Engine
from ..exchange import Caller
from ..orders import OrderRecord, Ticket
from .handler import serves
from .service import account_model
from .shown import order_model, window

OPEN = ("wait", "watch")
CLOSED = ("done", "cancel")
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
    engine.match(record, caller.now)
    return accepted


@serves(Orders.test_create)
def test_create(
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


@serves(Orders.retrieve)
def retrieve(caller: Caller, *, uuid: str | None = None, identifier: str | None = None) -> Order:
    """Show one order with its fills."""
    return order_model(_find(caller, uuid, identifier), caller.exchange.profile, trades=True)


@serves(Orders.cancel)
def cancel(caller: Caller, *, uuid: str | None = None, identifier: str | None = None) -> Order:
    """Cancel one order; the answer shows it as it was."""
    record = _find(caller, uuid, identifier)
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
    old = _find(caller, prev_order_uuid, prev_order_identifier)
    volume = old.remaining_volume if new_volume == "remain_only" else new_volume
    asked = ticket(
        caller, old.market, old.side, new_ord_type, volume, new_price, new_identifier, new_time_in_force, new_smp_type
    )
    before = old.snapshot()
    engine = caller.exchange.engine
    new = engine.cancel_and_new(old, asked, caller.now)
    engine.match(new, caller.now)
    return order_model(before, caller.exchange.profile, replaced_by=new)


@serves(Orders.cancel_by_uuids)
def cancel_by_uuids(
    caller: Caller, *, uuids: Texts | None = None, identifiers: Texts | None = None
) -> BatchCancelResult:
    """Cancel each of up to 20 orders."""
    _one_kind(uuids, identifiers, 20)
    return _cancel_all(caller, _find_all(caller, uuids, identifiers))


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
    limit = _within("count", count, 20, 300)
    chosen = [
        record
        for record in _sorted(caller, order_by)
        if record.state == "wait"
        and cancel_side in (None, "all", record.side)
        and (pairs is None or record.market in pairs)
        and (quote_currencies is None or record.quote in quote_currencies)
        and record.market not in (excluded_pairs or ())
    ]
    return _cancel_all(caller, chosen[:limit])


@serves(Orders.list_by_uuids)
def list_by_uuids(
    caller: Caller,
    *,
    uuids: Texts | None = None,
    identifiers: Texts | None = None,
    market: str | None = None,
    order_by: Sort | None = None,
) -> list[Order]:
    """Show up to 100 orders by name."""
    _one_kind(uuids, identifiers, 100)
    wanted = {record.uuid for record in _find_all(caller, uuids, identifiers)}
    return _show(caller, [record for record in _sorted(caller, order_by, market) if record.uuid in wanted])


@serves(Orders.list_open)
def list_open(
    caller: Caller,
    *,
    market: str | None = None,
    state: OpenState | None = None,
    states: Texts | None = None,
    page: int | None = None,
    limit: int | None = None,
    order_by: Sort | None = None,
) -> list[Order]:
    """Show a page of open orders."""
    wanted = _states(state, states, OPEN, ("wait",))
    chosen = [record for record in _sorted(caller, order_by, market) if record.state in wanted]
    return _show(caller, _page(chosen, page, limit))


@serves(Orders.list_closed)
def list_closed(
    caller: Caller,
    *,
    market: str | None = None,
    state: ClosedState | None = None,
    states: Texts | None = None,
    start_time: Moment | None = None,
    end_time: Moment | None = None,
    limit: int | None = None,
    order_by: Sort | None = None,
) -> list[Order]:
    """Show closed orders of a window of at most seven days."""
    wanted = _states(state, states, CLOSED, CLOSED)
    start, end = window(start_time, end_time, caller.now)
    chosen = [
        record
        for record in _sorted(caller, order_by, market)
        if record.state in wanted and start <= record.created <= end
    ]
    return _show(caller, chosen[: _within("limit", limit, 100, 1000)])


@serves(Orders.list)
def list_orders(
    caller: Caller,
    *,
    market: str | None = None,
    uuids: Texts | None = None,
    identifiers: Texts | None = None,
    state: OrderState | None = None,
    states: Texts | None = None,
    page: int | None = None,
    limit: int | None = None,
    order_by: Sort | None = None,
) -> list[Order]:
    """Show a page of orders, as the operation of 2023 did."""
    chosen: Iterable[OrderRecord] = _sorted(caller, order_by, market)
    if uuids is not None or identifiers is not None:
        named = {record.uuid for record in _find_all(caller, uuids, identifiers)}
        chosen = [record for record in chosen if record.uuid in named]
        wanted = _states(state, states, OPEN + CLOSED, OPEN + CLOSED)
    else:
        wanted = _states(state, states, OPEN + CLOSED, ("wait",))
        if set(wanted) & set(OPEN) and set(wanted) & set(CLOSED):
            raise refusal("validation_error", detail="open and closed states cannot be mixed")
    return _show(caller, _page([record for record in chosen if record.state in wanted], page, limit))


@serves(Orders.retrieve_chance)
def retrieve_chance(caller: Caller, market: str) -> OrderChance:
    """Show fees, limits and balances for a market."""
    exchange = caller.exchange
    listing = exchange.listings.get(market)
    if listing is None:
        raise refusal("notfoundmarket", market=market)
    quote, _, base = market.partition("-")
    terms = exchange.engine.terms
    conditions = ["best_fok", "best_ioc", "limit", "limit_fok", "limit_ioc"]
    types = conditions if exchange.profile.order_conditions else ["limit"]
    return OrderChance(
        bid_fee=listing.fee,
        ask_fee=listing.fee,
        maker_bid_fee=listing.fee,
        maker_ask_fee=listing.fee,
        market=ChanceMarket(
            id=market,
            name=f"{base}/{quote}",
            order_types=["limit"],
            order_sides=["ask", "bid"],
            bid_types=[*types, "price"],
            ask_types=[*types, "market"],
            bid=MarketSide(currency=quote, min_total=terms.min_total(market)),
            ask=MarketSide(currency=base, min_total=terms.min_total(market)),
            max_total=terms.max_total(market) or Decimal(1_000_000_000),
            state="active",
        ),
        bid_account=account_model(exchange, caller.account, quote),
        ask_account=account_model(exchange, caller.account, base),
    )


def _opened(caller: Caller, market: str) -> Engine:
    """Open the market, so that there is a book to trade with."""
    caller.exchange.venue(market)
    return caller.exchange.engine


def _find(caller: Caller, uuid: str | None, identifier: str | None) -> OrderRecord:
    if uuid is None and identifier is None:
        raise refusal("validation_error", detail="uuid is missing, identifier is missing")
    register = caller.exchange.engine.register
    if uuid is not None:
        record = register.order(caller.account, uuid)
    else:
        record = register.identified(caller.account, identifier or "")
    if record is None:
        raise refusal("order_not_found")
    return record


def _find_all(caller: Caller, uuids: Texts | None, identifiers: Texts | None) -> list[OrderRecord]:
    register = caller.exchange.engine.register
    found = [register.order(caller.account, uuid) for uuid in uuids or ()]
    found += [register.identified(caller.account, identifier) for identifier in identifiers or ()]
    return [record for record in found if record is not None]


def _one_kind(uuids: Texts | None, identifiers: Texts | None, most: int) -> None:
    if bool(uuids) == bool(identifiers):
        raise refusal("validation_error", detail="exactly one of uuids and identifiers is needed")
    if len(uuids or identifiers or ()) > most:
        raise refusal("validation_error", detail=f"at most {most} orders can be given")


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


def _states(
    state: str | None, states: Sequence[str] | None, known: Sequence[str], default: Sequence[str]
) -> Sequence[str]:
    if state is not None and states:
        raise refusal("validation_error", detail="state and states are mutually exclusive")
    wanted = [state] if state is not None else list(states or default)
    if not set(wanted) <= set(known):
        raise refusal("validation_error", detail="states does not have a valid value")
    return wanted


def _sorted(caller: Caller, order_by: Sort | None, market: str | None = None) -> list[OrderRecord]:
    records = caller.exchange.engine.register.orders(caller.account)
    if market is not None:
        if market not in caller.exchange.listings:
            raise refusal("notfoundmarket", market=market)
        records = [record for record in records if record.market == market]
    return records if order_by == "asc" else records[::-1]


def _page(records: list[OrderRecord], page: int | None, limit: int | None) -> list[OrderRecord]:
    size = _within("limit", limit, 100, 100)
    start = (_within("page", page, 1, 10**9) - 1) * size
    return records[start : start + size]


def _within(name: str, given: int | None, default: int, most: int) -> int:
    if given is None:
        return default
    if not 1 <= given <= most:
        raise refusal("validation_error", detail=f"{name} does not have a valid value")
    return given


def _show(caller: Caller, records: Iterable[OrderRecord]) -> list[Order]:
    return [order_model(record, caller.exchange.profile, funds=True) for record in records]
