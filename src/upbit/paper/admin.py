"""What whoever runs the exchange can do to it: money, keys, markets, other people's orders.

Commands are values; `carry_out` does them at the exchange's time and notes them in its journal, `repeat` does them
again from there. A command uses the exchange's own ways (the wallet, the book, the flow), so that every invariant holds
after it. Who may give commands is not asked here.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

import msgspec

from ..errors import refusal
from .exchange import PERMISSIONS, YEAR_MS, Exchange, Key, Venue
from .listing import CURRENCIES
from .market import Regime
from .notices import Notice
from .orders import OrderRecord, units
from .wallet import Movement, measure

_SMALLEST = Decimal("0.00000001")
Percent = Annotated[int, msgspec.Meta(gt=-100, le=10_000)]
Share = Annotated[int, msgspec.Meta(gt=0, le=10_000)]


class _Command(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, tag_field="do"
):
    """Something to do."""


class AddPocket(_Command, frozen=True, kw_only=True, tag="add_pocket"):
    """Open another pocket."""

    name: str


class IssueKey(_Command, frozen=True, kw_only=True, tag="issue_key"):
    """Make a key, of the main pocket if no `account` is named."""

    account: str | None = None
    permissions: frozenset[str] = PERMISSIONS
    allowed_ips: tuple[str, ...] = ()
    lifetime: int = YEAR_MS
    """Milliseconds."""


class ChangeKey(_Command, frozen=True, kw_only=True, tag="change_key"):
    """Change a key; what is not given stays."""

    access_key: str
    permissions: frozenset[str] | None = None
    allowed_ips: tuple[str, ...] | None = None
    expires: int | None = None
    """Milliseconds since the epoch."""


class Deposit(_Command, frozen=True, kw_only=True, tag="deposit"):
    """Let money come in, at once, as a deposit that the account sees."""

    currency: str
    amount: Decimal
    account: str | None = None
    net_type: str | None = None


class Withdraw(_Command, frozen=True, kw_only=True, tag="withdraw"):
    """Let money go out, at once, as a withdrawal that the account sees; its fee is taken."""

    currency: str
    amount: Decimal
    account: str | None = None
    net_type: str | None = None


class Allow(_Command, frozen=True, kw_only=True, tag="allow"):
    """Put an address on the allow-list of withdrawals."""

    currency: str
    net_type: str
    address: str
    secondary: str | None = None
    account: str | None = None


class Announce(_Command, frozen=True, kw_only=True, tag="announce"):
    """Publish an announcement, or one anew when its `uuid` is named."""

    category: str
    title: str
    body: str | None = None
    url: str | None = None
    uuid: str | None = None


class ChangeMarket(_Command, frozen=True, kw_only=True, tag="change_market"):
    """Change how a market goes on: `halt` stops its background orders; `shock` is a jump in percent, once."""

    market: str
    regime: Regime | None = None
    shock: Percent | None = None
    liquidity: Share | None = None
    """Size of new background orders, in percent of the usual."""


class Fill(_Command, frozen=True, kw_only=True, tag="fill"):
    """Let the market come to a resting order and trade with it, whole or a part; orders before it trade, too."""

    uuid: str
    volume: Decimal | None = None


class Cancel(_Command, frozen=True, kw_only=True, tag="cancel"):
    """Cancel an open order, as the exchange does when it ends the trade of a market."""

    uuid: str


Command = AddPocket | IssueKey | ChangeKey | Deposit | Withdraw | Allow | Announce | ChangeMarket | Fill | Cancel
Result = Key | Movement | Notice | OrderRecord | str | None
"""What there is to show of what was done."""


def carry_out(exchange: Exchange, command: Command) -> Result:
    """Do it now. Raises APIStatusError with the exchange's name for what cannot be done."""
    exchange.advance()
    result = _do(exchange, command)
    if exchange.journal is not None and not isinstance(command, IssueKey):  # a key notes itself
        exchange.journal.note("admin", msgspec.to_builtins(command, order="deterministic"))
    return result


def repeat(exchange: Exchange, noted: object) -> None:
    """Do again what was noted; the exchange stands at the time at which it was done."""
    _do(exchange, msgspec.convert(noted, Command))


def _do(exchange: Exchange, command: Command) -> Result:
    match command:
        case AddPocket():
            return exchange.pockets.add(command.name)
        case IssueKey():
            return _issue_key(exchange, command)
        case ChangeKey():
            return _change_key(exchange, command)
        case Deposit():
            return _deposit(exchange, command)
        case Withdraw():
            return _withdraw(exchange, command)
        case Allow():
            account = _account(exchange, command.account)
            exchange.wallet.allow(account, command.currency, command.net_type, command.address, command.secondary)
        case Announce():
            return _announce(exchange, command)
        case ChangeMarket():
            _change_market(exchange, command)
        case Fill():
            return _fill(exchange, command)
        case Cancel():
            order = find(exchange, command.uuid)
            exchange.engine.cancel(order, exchange.now)
            return order
    return None


def _announce(exchange: Exchange, command: Announce) -> Notice:
    words = (command.category, command.title, exchange.now)
    try:
        if command.uuid is None:
            return exchange.notices.publish(*words, body=command.body, url=command.url)
        return exchange.notices.update(command.uuid, *words, body=command.body, url=command.url)
    except ValueError as error:
        raise refusal("validation_error", detail=str(error)) from None
    except LookupError:
        raise refusal("not_found") from None


def find(exchange: Exchange, uuid: str) -> OrderRecord:
    """The order of this uuid, whoever's it is; refused when there is none."""
    register = exchange.engine.register
    found = (register.order(account, uuid) for account, *_ in exchange.pockets.all())
    order = next((one for one in found if one is not None), None)
    if order is None:
        raise refusal("order_not_found")
    return order


def _account(exchange: Exchange, named: str | None) -> str:
    if named is None:
        return exchange.account
    if named not in {uuid for uuid, *_ in exchange.pockets.all()}:
        raise refusal("pocket_not_found")
    return named


def _permitted(permissions: frozenset[str]) -> frozenset[str]:
    if not permissions <= PERMISSIONS:
        raise refusal("validation_error", detail=f"permissions are any of {', '.join(sorted(PERMISSIONS))}")
    return permissions


def _issue_key(exchange: Exchange, command: IssueKey) -> Key:
    return exchange.issue_key(
        _account(exchange, command.account),
        permissions=_permitted(command.permissions),
        allowed_ips=command.allowed_ips,
        lifetime=command.lifetime,
    )


def _change_key(exchange: Exchange, command: ChangeKey) -> Key:
    key = exchange.key(command.access_key)
    if key is None:
        raise refusal("invalid_access_key")
    changed = Key(
        access_key=key.access_key,
        secret=key.secret,
        account=key.account,
        permissions=key.permissions if command.permissions is None else _permitted(command.permissions),
        allowed_ips=key.allowed_ips if command.allowed_ips is None else command.allowed_ips,
        created=key.created,
        expires=key.expires if command.expires is None else command.expires,
    )
    exchange.keep_key(changed)
    return changed


def _network(currency: str, net_type: str | None) -> str | None:
    """The network that is meant: the first one when none is named, none for KRW."""
    known = CURRENCIES.get(currency)
    if known is None:
        raise refusal("currency_not_found")
    return net_type if net_type is not None or not known.networks else known.networks[0].net_type


def _deposit(exchange: Exchange, command: Deposit) -> Movement:
    net_type = _network(command.currency, command.net_type)
    measure(command.amount, _SMALLEST, CURRENCIES[command.currency].decimals)
    account = _account(exchange, command.account)
    movement = exchange.wallet.deposit(account, command.currency, net_type, command.amount, exchange.now)
    return _hastened(exchange, movement)


def _withdraw(exchange: Exchange, command: Withdraw) -> Movement:
    account, wallet = _account(exchange, command.account), exchange.wallet
    net_type = _network(command.currency, command.net_type)
    if net_type is None:
        return _hastened(exchange, wallet.withdraw_krw(account, command.amount, exchange.now))
    address = "paper"
    wallet.allow(account, command.currency, net_type, address)
    movement = wallet.withdraw_coin(
        account,
        command.currency,
        net_type,
        command.amount,
        address=address,
        secondary=None,
        transaction_type="default",
        now=exchange.now,
    )
    return _hastened(exchange, movement)


def _hastened(exchange: Exchange, movement: Movement) -> Movement:
    while movement.done is None:
        movement.due = exchange.now
        exchange.wallet.advance(exchange.now)
    return movement


def _venue(exchange: Exchange, market: str) -> Venue:
    venue = exchange.venue(market)
    if venue is None:
        raise refusal("notfoundmarket", market=market)
    return venue


def _change_market(exchange: Exchange, command: ChangeMarket) -> None:
    flow = _venue(exchange, command.market).flow
    if command.regime is not None:
        flow.regime = command.regime
    if command.liquidity is not None:
        flow.liquidity(command.liquidity)
    if command.shock is not None:
        flow.shock(command.shock, exchange.now)


def _fill(exchange: Exchange, command: Fill) -> OrderRecord:
    order = find(exchange, command.uuid)
    resting = exchange.engine.register.resting(order) if order.state == "wait" else None
    wanted = None if command.volume is None else units(command.volume)
    if resting is None or (command.volume is not None and (wanted is None or wanted > resting.remaining)):
        raise refusal("validation_error", detail="the order does not rest in the book, or not with so much")
    venue = _venue(exchange, order.market)
    before = 0
    for maker in venue.book.walk("ask" if order.side == "bid" else "bid"):
        if maker is resting:
            break
        before += maker.remaining
    volume = before + (resting.remaining if wanted is None else wanted)
    exchange.engine.sweep(order.market, "ask" if order.side == "bid" else "bid", volume, exchange.now)
    venue.flow.restore(exchange.now)
    return order
