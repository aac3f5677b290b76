"""The desk for accounts, keys and the state of wallets."""

from __future__ import annotations

from datetime import UTC, datetime

from ...api import Accounts, ApiKeys, WalletStatus
from ...models import Account, APIKey
from ...models import WalletStatus as Status
from ..exchange import Caller, Exchange
from ..listing import CURRENCIES
from .handler import serves
from .shown import moment

BLOCK_MS = 60_000
"""How often a new block appears."""


def account_model(exchange: Exchange, account: str, currency: str) -> Account:
    """Show the balance of one currency."""
    held = exchange.ledger.holding(account, currency)
    return Account(
        currency=currency,
        balance=held.balance,
        locked=held.locked,
        avg_buy_price=held.average,
        avg_buy_price_modified=currency == "KRW",
        unit_currency="KRW",
    )


@serves(Accounts.list)
def list_accounts(caller: Caller) -> list[Account]:
    """Show every currency the account ever held."""
    exchange, account = caller.exchange, caller.account
    return [account_model(exchange, account, currency) for currency, _ in exchange.ledger.holdings(account)]


@serves(ApiKeys.list)
def list_keys(caller: Caller) -> list[APIKey]:
    """Show the keys of the account."""
    keys = caller.exchange.keys(caller.account)
    return [APIKey(access_key=key.access_key, expire_at=moment(key.expires)) for key in keys]


@serves(WalletStatus.list)
def list_wallets(caller: Caller) -> list[Status]:
    """Show the state of every network: all work, and each makes a block a minute."""
    height, elapsed = divmod(caller.now, BLOCK_MS)
    updated = datetime.fromtimestamp((caller.now - elapsed) / 1000, UTC)
    old = caller.exchange.profile.as_documented_2023
    return [
        Status(
            currency=currency.code,
            wallet_state="working",
            block_state="normal",
            block_height=height,
            block_updated_at=updated,
            block_elapsed_minutes=elapsed // 60_000,
            net_type=network.net_type,
            network_name=None if old else network.network_name,
        )
        for currency in CURRENCIES.values()
        for network in currency.networks
    ]
