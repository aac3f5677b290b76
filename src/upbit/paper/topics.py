"""What can be listened to, by whom and since when: subscriptions become topics.

Everybody at the same topic and format gets the same bytes. Dates are those of upbit-api 8: the profile speaks the types
that there were on its day. Nothing here knows a socket or sends.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import NamedTuple

from ..wire.frames import (
    CATEGORIES,
    INFO,
    PRIVATE,
    PUBLIC,
    TYPES,
    Format,
    ListSubscriptions,
    SocketError,
    Subscribe,
    Subscription,
    split_code,
)
from .desk.levels import supported
from .exchange import Exchange, Key
from .indicators import Study, studies
from .profile import Profile

MAX_CODES = 200
MAX_STUDIES = 100
"""Combinations of a market with an indicator that a socket may listen to (upbit-api 6.8)."""

_BOOK_UNITS = (1, 5, 15, 30)
"""How many levels of a book can be asked for today; any other number gives them all."""
_NEEDS: Mapping[str, str] = MappingProxyType({"myOrder": "view_orders", "myAsset": "view_account"})
PATHS: Mapping[str, date] = MappingProxyType({PUBLIC: date.min, PRIVATE: date(2024, 4, 25), INFO: date(2026, 9, 23)})
"""The sockets, and since when there are."""
_SINCE: Mapping[str, date] = MappingProxyType(
    {"candle": date(2025, 5, 12), "candle.1s": date(2025, 1, 20), "announcement": date(2026, 8, 31)}
)
"""Types that are younger than their socket; `candle`: of minutes. Dates are those of the global documents."""
_LISTED = date(2024, 7, 31)
"""LIST_SUBSCRIPTIONS (global v1.1.5)."""
_FORMATS_2023: tuple[Format, ...] = ("DEFAULT", "SIMPLE")


class Topic(NamedTuple):
    """Something that can be listened to."""

    type: str
    market: str = ""
    """Empty for assets, announcements, and all orders of an account."""
    units: int = 0
    """Levels of an order book ..."""
    level: Decimal = Decimal(0)
    """... and how coarsely they are gathered."""
    account: str = ""
    """Whose orders or assets."""
    category: str = ""
    """Of announcements ..."""
    body: bool = False
    """... and whether all of it is told."""
    study: Study | None = None
    """On the info socket."""


def admit(request: Subscribe | ListSubscriptions, path: str, key: Key | None, profile: Profile) -> None:
    """Raise the SocketError with which the exchange refuses a request on its day, at this socket, from this key."""
    if profile.as_documented_2023 and request.format not in _FORMATS_2023:
        raise SocketError("INVALID_PARAM", f"the format is none of {', '.join(_FORMATS_2023)}")
    if isinstance(request, ListSubscriptions):
        if profile.on < _LISTED:
            raise SocketError("NO_TYPE", "the request has no type")
        return
    for subscription in request.subscriptions:
        kind = subscription.type
        if profile.on < _since(kind):
            raise SocketError("INVALID_PARAM", f"there is no type {kind} yet")
        if TYPES[kind] != path:
            raise SocketError("INVALID_PARAM", f"{kind} is to be had at {TYPES[kind]}")
        needed = _NEEDS.get(kind)
        if needed is not None and (key is None or needed not in key.permissions):
            raise SocketError("INVALID_AUTH", f"the key has no permission {needed}")
    if sum(len(subscription.codes) for subscription in request.subscriptions) > MAX_CODES:
        raise SocketError("INVALID_PARAM", f"at most {MAX_CODES} codes can be asked for")


def _since(kind: str) -> date:
    return _SINCE.get(kind) or _SINCE.get(kind.partition(".")[0]) or PATHS[TYPES[kind]]


def topics(subscriptions: Iterable[Subscription], key: Key | None, exchange: Exchange) -> list[list[Topic]]:
    """Say what each subscription listens to. Unknown codes and unsupported levels are passed over in silence.

    Raises SocketError for an indicator that is not to be had, or too many of them.
    """
    found = [list(_topics(subscription, key, exchange)) for subscription in subscriptions]
    if len({topic for row in found for topic in row if topic.study is not None}) > MAX_STUDIES:
        raise SocketError("INVALID_PARAM", f"at most {MAX_STUDIES} combinations can be asked for")
    return found


def _topics(subscription: Subscription, key: Key | None, exchange: Exchange) -> Iterator[Topic]:
    kind, account = subscription.type, "" if key is None else key.account
    if kind == "myAsset":
        yield Topic(kind, account=account)
    elif kind == "myOrder":
        for market in subscription.codes or ("",):
            yield Topic(kind, market, account=account)
    elif kind == "announcement":
        for category in subscription.categories or CATEGORIES:
            yield Topic(kind, category=category, body=subscription.include_body)
    elif kind == "orderbook":
        for code in subscription.codes:
            market, units = split_code(code)
            if _gathers(market, subscription.level, exchange):
                yield Topic(kind, market, _book_units(units, exchange.profile), subscription.level)
    elif TYPES[kind] == PUBLIC:
        for code in subscription.codes:
            if code in exchange.listings:
                yield Topic(kind, code)
    else:
        wanted = studies(subscription)
        for code in subscription.codes:
            if code in exchange.listings and code.startswith("KRW-"):
                for study in wanted:
                    yield Topic(kind, code, study=study)


def _gathers(market: str, level: Decimal, exchange: Exchange) -> bool:
    if market not in exchange.listings:
        return False
    return not level or level in supported(market.partition("-")[0], exchange.price(market))


def _book_units(units: int | None, profile: Profile) -> int:
    most = profile.book_levels
    if units is None or (most == 30 and units not in _BOOK_UNITS):
        return most
    return min(max(units, 1), most)
