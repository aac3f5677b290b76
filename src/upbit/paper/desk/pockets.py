"""The pocket desk: separate balances within one account."""

from __future__ import annotations

from decimal import Decimal

from ...api import Pockets
from ...errors import refusal
from ...models import Account, Pocket, PocketKey, PocketKeys, PocketTransfer, Sort, TransferDirection
from ...wire.codec import Moment, Number, Texts
from ..exchange import Caller
from ..ledger import InsufficientFunds
from ..listing import CURRENCIES
from ..pockets import Transfer
from ..wallet import measure
from .handler import serves
from .service import account_model
from .shown import moment, window


@serves(Pockets.list)
def list_pockets(caller: Caller) -> list[Pocket]:
    """Show all pockets, the main one first."""
    return [Pocket(uuid=uuid, name=name, type=kind) for uuid, name, kind in caller.exchange.pockets.all()]


@serves(Pockets.list_api_keys)
def list_api_keys(
    caller: Caller, *, uuids: Texts | None = None, include_expired: bool | None = None
) -> list[PocketKeys]:
    """Show the keys of pockets."""
    return [
        PocketKeys(
            uuid=uuid,
            keys=[
                PocketKey(
                    access_key=key.access_key,
                    permissions=sorted(key.permissions),
                    allowed_ips=list(key.allowed_ips),
                    created_at=moment(key.created),
                    expired_at=moment(key.expires),
                )
                for key in caller.exchange.keys(uuid)
                if include_expired or key.expires > caller.now
            ],
        )
        for uuid, _, _ in caller.exchange.pockets.all()
        if not uuids or uuid in uuids
    ]


@serves(Pockets.retrieve_balance)
def retrieve_balance(caller: Caller, *, uuid: str) -> list[Account]:
    """Show the balances of a pocket."""
    _known(caller, uuid)
    return [account_model(caller.exchange, uuid, currency) for currency, _ in caller.exchange.ledger.holdings(uuid)]


@serves(Pockets.transfer)
def transfer(
    caller: Caller, *, to: str, currency: str, amount: Number, identifier: str | None = None
) -> PocketTransfer:
    """Transfer out of the caller's pocket."""
    return _transfer(caller, caller.account, to, currency, Decimal(amount), identifier)


@serves(Pockets.list_transfers)
def list_transfers(
    caller: Caller,
    *,
    uuids: Texts | None = None,
    identifiers: Texts | None = None,
    currency: str | None = None,
    states: Texts | None = None,
    direction: TransferDirection | None = None,
    start_time: Moment | None = None,
    end_time: Moment | None = None,
    limit: int | None = None,
    order_by: Sort | None = None,
) -> list[PocketTransfer]:
    """Show the transfers of the caller's pocket."""
    mine = [
        one
        for one in caller.exchange.pockets.transfers
        if (one.giver == caller.account and direction != "in") or (one.taker == caller.account and direction != "out")
    ]
    return _listed(caller, mine, uuids, identifiers, currency, states, start_time, end_time, limit, order_by)


@serves(Pockets.universal_transfer)
def universal_transfer(
    caller: Caller, *, to: str, currency: str, amount: Number, from_: str | None = None, identifier: str | None = None
) -> PocketTransfer:
    """Transfer between any two pockets."""
    return _transfer(caller, from_ or caller.account, to, currency, Decimal(amount), identifier)


@serves(Pockets.list_universal_transfers)
def list_universal_transfers(
    caller: Caller,
    *,
    uuids: Texts | None = None,
    identifiers: Texts | None = None,
    currency: str | None = None,
    states: Texts | None = None,
    from_: str | None = None,
    to: str | None = None,
    start_time: Moment | None = None,
    end_time: Moment | None = None,
    limit: int | None = None,
    order_by: Sort | None = None,
) -> list[PocketTransfer]:
    """Show the transfers between all pockets."""
    chosen = [
        one for one in caller.exchange.pockets.transfers if from_ in (None, one.giver) and to in (None, one.taker)
    ]
    return _listed(caller, chosen, uuids, identifiers, currency, states, start_time, end_time, limit, order_by)


def _known(caller: Caller, uuid: str) -> None:
    if all(uuid != one for one, _, _ in caller.exchange.pockets.all()):
        raise refusal("pocket_not_found")


def _transfer(
    caller: Caller, giver: str, taker: str, currency: str, amount: Decimal, identifier: str | None
) -> PocketTransfer:
    _known(caller, giver)
    _known(caller, taker)
    if currency not in CURRENCIES:
        raise refusal("currency_not_found")
    measure(amount, Decimal(0), 8)
    try:
        return _shown(caller.exchange.pockets.transfer(giver, taker, currency, amount, identifier, caller.now))
    except InsufficientFunds:
        raise refusal("insufficient_funds_ask", currency=currency) from None


def _listed(
    caller: Caller,
    transfers: list[Transfer],
    uuids: Texts | None,
    identifiers: Texts | None,
    currency: str | None,
    states: Texts | None,
    start_time: Moment | None,
    end_time: Moment | None,
    limit: int | None,
    order_by: Sort | None,
) -> list[PocketTransfer]:
    size = 20 if limit is None else limit
    if not 1 <= size <= 100:
        raise refusal("validation_error", detail="limit does not have a valid value")
    start, end = window(start_time, end_time, caller.now)
    chosen = [
        one
        for one in transfers
        if start <= one.created <= end
        and currency in (None, one.currency)
        and (not uuids or one.uuid in uuids)
        and (not identifiers or one.identifier in identifiers)
        and (not states or "done" in states)
    ]
    return [_shown(one) for one in (chosen if order_by == "asc" else chosen[::-1])[:size]]


def _shown(one: Transfer) -> PocketTransfer:
    return PocketTransfer(
        uuid=one.uuid,
        identifier=one.identifier,
        from_=one.giver,
        to=one.taker,
        currency=one.currency,
        amount=one.amount,
        state="done",
        created_at=moment(one.created),
    )
