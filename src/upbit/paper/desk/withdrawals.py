"""The withdrawal desk."""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal

from ...api import Withdraws
from ...errors import refusal
from ...models import (
    MemberLevel,
    Sort,
    TransactionType,
    TwoFactorType,
    Withdraw,
    WithdrawAddress,
    WithdrawChance,
    WithdrawCurrency,
    WithdrawLimit,
    WithdrawState,
)
from ...wire.codec import Number, Texts
from ..exchange import Caller
from ..listing import CURRENCIES
from ..wallet import KRW_MINIMUM, KRW_WITHDRAW_FEE, Movement
from .handler import serves
from .movements import choose, listed
from .service import account_model
from .shown import moment

DAILY_KRW = Decimal(1_000_000_000)


def _withdraw(caller: Caller, movement: Movement, *, created: bool = False) -> Withdraw:
    old = caller.exchange.profile.as_documented_2023
    return Withdraw(
        type="withdraw",
        uuid=movement.uuid,
        currency=movement.currency,
        net_type=movement.net_type or ("KRW" if old and not created else None),
        txid=movement.txid,
        state=movement.state,
        created_at=moment(movement.created),
        done_at=None if movement.done is None else moment(movement.done),
        amount=movement.amount,
        fee=movement.fee,
        krw_amount=_krw(caller, movement) if old and created and movement.net_type is not None else None,
        transaction_type=movement.transaction_type,
        is_cancelable=None if old else movement.state == "WAITING",
    )


def _krw(caller: Caller, movement: Movement) -> Decimal:
    """What an amount is worth in KRW, in whole hundredths."""
    return (movement.amount * caller.exchange.price(f"KRW-{movement.currency}")).quantize(Decimal("0.01"), ROUND_DOWN)


@serves(Withdraws.retrieve)
def retrieve(
    caller: Caller, *, uuid: str | None = None, txid: str | None = None, currency: str | None = None
) -> Withdraw:
    """Show one withdrawal, the latest when nothing is named."""
    found = choose(caller.exchange.wallet.withdrawals(caller.account), uuid, txid, currency)
    if found is None:
        raise refusal("withdraw_not_found")
    return _withdraw(caller, found)


@serves(Withdraws.list)
def list_withdrawals(
    caller: Caller,
    *,
    currency: str | None = None,
    state: WithdrawState | None = None,
    uuids: Texts | None = None,
    txids: Texts | None = None,
    limit: int | None = None,
    page: int | None = None,
    order_by: Sort | None = None,
    from_: str | None = None,
    to: str | None = None,
) -> list[Withdraw]:
    """Show a page of withdrawals."""
    chosen = listed(
        caller.exchange.wallet.withdrawals(caller.account),
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
    return [_withdraw(caller, one) for one in chosen]


@serves(Withdraws.create_withdrawal)
def create_withdrawal(
    caller: Caller,
    *,
    currency: str,
    net_type: str,
    amount: Number,
    address: str,
    secondary_address: str | None = None,
    transaction_type: TransactionType | None = None,
) -> Withdraw:
    """Send a digital asset to an address of the allow-list."""
    movement = caller.exchange.wallet.withdraw_coin(
        caller.account,
        currency,
        net_type,
        Decimal(amount),
        address=address,
        # pyupbit sends None as text
        secondary=None if secondary_address in (None, "None") else secondary_address,
        transaction_type=transaction_type or "default",
        now=caller.now,
    )
    return _withdraw(caller, movement, created=True)


@serves(Withdraws.create_krw_withdrawal)
def create_krw_withdrawal(
    caller: Caller, *, amount: Number, two_factor_type: TwoFactorType | str | None = None
) -> Withdraw:
    """Send KRW to the bank account."""
    if two_factor_type is None and caller.exchange.profile.two_factor_required:
        raise refusal("validation_error", detail="two_factor_type is missing")
    movement = caller.exchange.wallet.withdraw_krw(caller.account, Decimal(amount), caller.now)
    return _withdraw(caller, movement, created=True)


@serves(Withdraws.cancel_withdrawal)
def cancel_withdrawal(caller: Caller, *, uuid: str) -> Withdraw:
    """Cancel a withdrawal that has not left."""
    return _withdraw(caller, caller.exchange.wallet.cancel(caller.account, uuid, caller.now))


@serves(Withdraws.list_coin_addresses)
def list_coin_addresses(caller: Caller) -> list[WithdrawAddress]:
    """Show the allow-list."""
    old = caller.exchange.profile.as_documented_2023
    return [
        WithdrawAddress(
            currency=one.currency,
            net_type=one.network.net_type,
            network_name=None if old else one.network.network_name,
            withdraw_address=one.address,
            secondary_address=one.secondary,
        )
        for one in caller.exchange.wallet.allowed(caller.account)
    ]


@serves(Withdraws.retrieve_chance)
def retrieve_chance(caller: Caller, *, currency: str, net_type: str | None = None) -> WithdrawChance:
    """Show what can be withdrawn of a currency."""
    exchange = caller.exchange
    known = CURRENCIES.get(currency)
    if known is None:
        raise refusal("validation_error", detail="currency does not have a valid value")
    network = exchange.wallet.network(currency, net_type or "") if known.networks else None
    old = exchange.profile.as_documented_2023
    return WithdrawChance(
        member_level=MemberLevel(
            security_level=4,
            fee_level=0,
            email_verified=True,
            identity_auth_verified=True,
            bank_account_verified=True,
            two_factor_auth_verified=None if old else True,
            kakao_pay_auth_verified=True if old else None,
            locked=False,
            wallet_locked=False,
        ),
        currency=WithdrawCurrency(
            code=currency,
            withdraw_fee=KRW_WITHDRAW_FEE if network is None else network.withdraw_fee,
            is_coin=network is not None,
            wallet_state="working",
            wallet_support=["deposit", "withdraw"],
        ),
        account=account_model(exchange, caller.account, currency),
        withdraw_limit=WithdrawLimit(
            currency=currency,
            onetime=Decimal(1_000_000),
            remaining_daily=Decimal(0),
            remaining_daily_fiat=DAILY_KRW,
            fiat_currency="KRW",
            minimum=KRW_MINIMUM if network is None else network.minimum,
            fixed=known.decimals,
            withdraw_delayed_fiat=None if old else Decimal(0),
            can_withdraw=True,
            remaining_daily_krw=DAILY_KRW,
        ),
    )
