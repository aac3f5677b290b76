"""The deposit desk, and the travel rule's."""

from __future__ import annotations

from decimal import Decimal

from ...api import Deposits, TravelRule
from ...errors import refusal
from ...models import (
    AddressCreation,
    Deposit,
    DepositAddress,
    DepositChance,
    DepositState,
    Sort,
    TwoFactorType,
    Vasp,
    Verification,
)
from ...wire.codec import Number, Texts
from ..exchange import Caller
from ..listing import CURRENCIES
from ..wallet import Address, Movement
from .handler import serves
from .movements import choose, listed
from .shown import moment

VASPS = (("8d4fe968-82b2-42e5-822f-3840a245f802", "업비트 인도네시아", "Upbit Indonesia"),)
VERIFY_EVERY = 600_000
"""Milliseconds between two tries for the same deposit, by its uuid or its transaction (upbit-api 5.1)."""


def _deposit(caller: Caller, movement: Movement) -> Deposit:
    old = caller.exchange.profile.as_documented_2023
    return Deposit(
        type="deposit",
        uuid=movement.uuid,
        currency=movement.currency,
        net_type=movement.net_type or ("KRW" if old else None),
        txid=movement.txid,
        state=movement.state,
        created_at=moment(movement.created),
        done_at=None if movement.done is None else moment(movement.done),
        amount=movement.amount,
        fee=movement.fee,
        transaction_type=movement.transaction_type,
    )


def _address(caller: Caller, address: Address) -> DepositAddress:
    made = address.ready <= caller.now
    return DepositAddress(
        currency=address.currency,
        net_type=address.net_type,
        deposit_address=address.deposit_address if made else None,
        secondary_address=address.secondary_address if made else None,
    )


@serves(Deposits.retrieve)
def retrieve(
    caller: Caller, *, uuid: str | None = None, txid: str | None = None, currency: str | None = None
) -> Deposit:
    """Show one deposit, the latest when nothing is named."""
    found = choose(caller.exchange.wallet.deposits(caller.account), uuid, txid, currency)
    if found is None:
        raise refusal("deposit_not_found")
    return _deposit(caller, found)


@serves(Deposits.list)
def list_deposits(
    caller: Caller,
    *,
    currency: str | None = None,
    state: DepositState | None = None,
    uuids: Texts | None = None,
    txids: Texts | None = None,
    limit: int | None = None,
    page: int | None = None,
    order_by: Sort | None = None,
    from_: str | None = None,
    to: str | None = None,
) -> list[Deposit]:
    """Show a page of deposits."""
    chosen = listed(
        caller.exchange.wallet.deposits(caller.account),
        currency=currency,
        state=state,
        uuids=uuids,
        txids=txids,
        limit=limit,
        page=page,
        order_by=order_by,
        start=from_,
        end=to,
    )
    return [_deposit(caller, one) for one in chosen]


@serves(Deposits.create_coin_address)
def create_coin_address(caller: Caller, *, currency: str, net_type: str) -> AddressCreation:
    """Begin to make an address, or show it when it is made."""
    address = caller.exchange.wallet.make_address(caller.account, currency, net_type, caller.now)
    if address is None:
        return AddressCreation(success=True, message=f"{currency} 입금주소를 생성중입니다.")
    return AddressCreation(
        currency=currency,
        net_type=net_type,
        deposit_address=address.deposit_address,
        secondary_address=address.secondary_address,
    )


@serves(Deposits.deposit_krw)
def deposit_krw(caller: Caller, *, amount: Number, two_factor_type: TwoFactorType) -> Deposit:
    """Let KRW come in from the bank."""
    return _deposit(caller, caller.exchange.wallet.deposit_krw(caller.account, Decimal(amount), caller.now))


@serves(Deposits.list_coin_addresses)
def list_coin_addresses(caller: Caller) -> list[DepositAddress]:
    """Show all addresses, those still being made without their text."""
    return [_address(caller, one) for one in caller.exchange.wallet.addresses(caller.account)]


@serves(Deposits.retrieve_chance)
def retrieve_chance(caller: Caller, *, currency: str, net_type: str) -> DepositChance:
    """Show how a currency is deposited."""
    network = caller.exchange.wallet.network(currency, net_type)
    return DepositChance(
        currency=currency,
        net_type=net_type,
        is_deposit_possible=True,
        deposit_impossible_reason="",
        minimum_deposit_amount=network.minimum,
        minimum_deposit_confirmations=network.confirmations,
        decimal_precision=CURRENCIES[currency].decimals,
    )


@serves(Deposits.retrieve_coin_address)
def retrieve_coin_address(caller: Caller, *, currency: str, net_type: str) -> DepositAddress:
    """Show one address, while it is being made without its text."""
    caller.exchange.wallet.network(currency, net_type)
    address = caller.exchange.wallet.address(caller.account, currency, net_type)
    if address is None:
        raise refusal("deposit_not_found")
    return _address(caller, address)


@serves(TravelRule.list_vasps)
def list_vasps(caller: Caller) -> list[Vasp]:
    """Show the exchanges whose deposits can be verified."""
    return [
        Vasp(vasp_uuid=uuid, vasp_name=name, en_name=en_name, depositable=True, withdrawable=True)
        for uuid, name, en_name in VASPS
    ]


@serves(TravelRule.verify_deposit_by_uuid)
def verify_deposit_by_uuid(caller: Caller, *, deposit_uuid: str, vasp_uuid: str) -> Verification:
    """Verify a deposit by its uuid."""
    return _verify(caller, choose(caller.exchange.wallet.deposits(caller.account), deposit_uuid, None, None), vasp_uuid)


@serves(TravelRule.verify_deposit_by_txid)
def verify_deposit_by_txid(caller: Caller, *, txid: str, vasp_uuid: str, currency: str, net_type: str) -> Verification:
    """Verify a deposit by its transaction."""
    caller.exchange.wallet.network(currency, net_type)
    return _verify(caller, choose(caller.exchange.wallet.deposits(caller.account), None, txid, currency), vasp_uuid)


def _verify(caller: Caller, found: Movement | None, vasp_uuid: str) -> Verification:
    if all(vasp_uuid != uuid for uuid, _, _ in VASPS):
        raise refusal("validation_error", detail="vasp_uuid does not have a valid value")
    if found is None:
        raise refusal("deposit_not_found")
    if found.done is not None:
        raise refusal("already_have_deposit_transaction")
    if found.verified is not None and caller.now - found.verified < VERIFY_EVERY:
        raise refusal("too_many_requests")
    found.verified = caller.now
    return Verification(deposit_uuid=found.uuid, verification_result="verified", deposit_state=found.state)
