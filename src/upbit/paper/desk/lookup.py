"""The order desk's other half: look orders up, list them, say what can be ordered. It changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from ...api.orders import Orders
from ...errors import refusal
from ...models import ChanceMarket, ClosedState, MarketSide, OpenState, Order, OrderChance, OrderState, Sort
from ...wire.codec import Moment, Texts
from ..exchange import Caller
from ..orders import OrderRecord
from .handler import serves
from .service import account_model
from .shown import order_model, window

OPEN = ("wait", "watch")
CLOSED = ("done", "cancel")


@serves(Orders.retrieve)
def retrieve(caller: Caller, *, uuid: str | None = None, identifier: str | None = None) -> Order:
    """Show one order with its fills."""
    return order_model(find(caller, uuid, identifier), caller.exchange.profile, trades=True)


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
    one_kind(uuids, identifiers, 100)
    wanted = {record.uuid for record in find_all(caller, uuids, identifiers)}
    return _show(caller, [record for record in sorted_orders(caller, order_by, market) if record.uuid in wanted])


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
    chosen = [record for record in sorted_orders(caller, order_by, market) if record.state in wanted]
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
        for record in sorted_orders(caller, order_by, market)
        if record.state in wanted and start <= record.created <= end
    ]
    return _show(caller, chosen[: within("limit", limit, 100, 1000)])


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
    chosen: Iterable[OrderRecord] = sorted_orders(caller, order_by, market)
    if uuids is not None or identifiers is not None:
        named = {record.uuid for record in find_all(caller, uuids, identifiers)}
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
    if market not in exchange.listings:
        raise refusal("notfoundmarket", market=market)
    quote, _, base = market.partition("-")
    terms = exchange.engine.terms
    fee = terms.fee(caller.account, market, "bid")
    conditions = ["best_fok", "best_ioc", "limit", "limit_fok", "limit_ioc"]
    types = conditions if exchange.profile.order_conditions else ["limit"]
    return OrderChance(
        bid_fee=fee,
        ask_fee=fee,
        maker_bid_fee=fee,
        maker_ask_fee=fee,
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


def find(caller: Caller, uuid: str | None, identifier: str | None) -> OrderRecord:
    """The order of this name; refused when there is none."""
    if uuid is None and identifier is None:
        raise refusal("validation_error", detail="uuid is missing, identifier is missing")
    records = caller.records
    if uuid is not None:
        record = records.order(caller.account, uuid)
    else:
        record = records.identified(caller.account, identifier or "")
    if record is None:
        raise refusal("order_not_found")
    return record


def find_all(caller: Caller, uuids: Texts | None, identifiers: Texts | None) -> list[OrderRecord]:
    """The orders of these names; names without an order are left out."""
    records = caller.records
    found = [records.order(caller.account, uuid) for uuid in uuids or ()]
    found += [records.identified(caller.account, identifier) for identifier in identifiers or ()]
    return [record for record in found if record is not None]


def one_kind(uuids: Texts | None, identifiers: Texts | None, most: int) -> None:
    """Refuse unless exactly one list is given, and not too long."""
    if bool(uuids) == bool(identifiers):
        raise refusal("validation_error", detail="exactly one of uuids and identifiers is needed")
    if len(uuids or identifiers or ()) > most:
        raise refusal("validation_error", detail=f"at most {most} orders can be given")


def _states(
    state: str | None, states: Sequence[str] | None, known: Sequence[str], default: Sequence[str]
) -> Sequence[str]:
    if state is not None and states:
        raise refusal("validation_error", detail="state and states are mutually exclusive")
    wanted = [state] if state is not None else list(states or default)
    if not set(wanted) <= set(known):
        raise refusal("validation_error", detail="states does not have a valid value")
    return wanted


def sorted_orders(caller: Caller, order_by: Sort | None, market: str | None = None) -> list[OrderRecord]:
    """The caller's orders, newest first unless asked otherwise."""
    records = caller.records.orders(caller.account)
    if market is not None:
        if market not in caller.exchange.listings:
            raise refusal("notfoundmarket", market=market)
        records = [record for record in records if record.market == market]
    return records if order_by == "asc" else records[::-1]


def _page(records: list[OrderRecord], page: int | None, limit: int | None) -> list[OrderRecord]:
    size = within("limit", limit, 100, 100)
    start = (within("page", page, 1, 10**9) - 1) * size
    return records[start : start + size]


def within(name: str, given: int | None, default: int, most: int) -> int:
    """A number, by default `default`; refused outside 1 to `most`."""
    if given is None:
        return default
    if not 1 <= given <= most:
        raise refusal("validation_error", detail=f"{name} does not have a valid value")
    return given


def _show(caller: Caller, records: Iterable[OrderRecord]) -> list[Order]:
    return [order_model(record, caller.exchange.profile, funds=True) for record in records]
