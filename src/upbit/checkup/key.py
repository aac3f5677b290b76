"""What the key can do. Every call here is harmless: reads, and one order that is tested, not placed (orders/test)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from ..api import Accounts, ApiKeys, Deposits, Orders, Withdraws
from ..errors import BadRequestError, OutOfScopeError, UpbitError
from ..wire.frames import PING
from .finding import Finding, Words, ok, refused, warning
from .network import spoken
from .visit import Visit, moment

SOON = 14 * 86_400
"""Seconds before its end from which a key is reported."""
UNTRIED = "withdraw, deposit"
"""Permissions whose every use would do something."""

Try: TypeAlias = Callable[[Visit], object]


def key(visit: Visit) -> Finding:
    """Does the exchange know the key, and for how long?"""
    try:
        found = visit.ask(ApiKeys.list)
    except UpbitError as error:
        return refused(error)
    ends = next((one.expire_at.timestamp() for one in found if one.access_key == visit.access_key), None)
    if ends is None:
        return ok("it works; the exchange does not say until when", "작동합니다. 만료 시각은 알 수 없습니다")
    if ends - visit.wall() < SOON:
        return warning(
            Words(
                f"it works, but only until {moment(ends)}",
                f"작동하지만 {moment(ends)}에 만료됩니다",
            ),
            Words(
                "make a new key in time (Upbit: My page, Open API) and put it in the old one's place",
                "만료 전에 새 키를 만들어(업비트 마이페이지의 Open API 관리) 바꿔 넣으세요",
            ),
        )
    return ok(f"it works until {moment(ends)}", f"{moment(ends)}까지 작동합니다")


def permissions(visit: Visit) -> Finding:
    """What is the key allowed to do?"""
    granted: list[str] = []
    denied: list[str] = []
    for name, use in _TRIES:
        try:
            use(visit)
        except OutOfScopeError:
            denied.append(name)
        except BadRequestError:
            granted.append(name)  # what is wrong with the order that was tested is no matter
        except UpbitError as error:
            return refused(error)
        else:
            granted.append(name)
    yes, no = ", ".join(granted), ", ".join(denied) or "-"
    if not granted:
        return warning(
            Words(f"none of {no}", f"허용된 것이 없습니다: {no}"),
            Words(
                "give the key the permissions that the program needs (Upbit: My page, Open API)",
                "프로그램에 필요한 권한을 키에 주세요(업비트 마이페이지의 Open API 관리)",
            ),
        )
    return ok(
        f"allowed: {yes}; not allowed: {no}; not tried: {UNTRIED}",
        f"허용: {yes}, 허용되지 않음: {no}, 시도하지 않음: {UNTRIED}",
    )


def _test_order(visit: Visit) -> object:
    return visit.ask(Orders.test_create, market=visit.market, side="bid", ord_type="price", price=5000)


_TRIES: tuple[tuple[str, Try], ...] = (
    ("view_account", lambda visit: visit.ask(Accounts.list)),
    ("view_orders", lambda visit: visit.ask(Orders.list_open, limit=1)),
    ("make_orders", _test_order),
    ("view_withdrawals", lambda visit: visit.ask(Withdraws.list, limit=1)),
    ("view_deposits", lambda visit: visit.ask(Deposits.list, limit=1)),
)
"""Permissions, and a harmless use of each."""


def private_socket(visit: Visit) -> Finding:
    """Does the WebSocket of the account take the key?"""
    return spoken(visit, "/private", PING, signed=True) or ok("open, the key is taken", "열렸고 키를 받았습니다")
