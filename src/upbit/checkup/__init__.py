"""A checkup of everything a client needs to work here: a list of small checks, each with cause and cure.

`upbit-client doctor` shows it. It reads the environment, as a client does that is told nothing; it places no order (one
is tested with orders/test), moves no money, changes nothing, and shows no secret. Once the exchange says that it takes
nothing (418), nothing more is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from . import key, machine, network
from .finding import Finding, Level, Words, skipped
from .visit import Visit, moment

__all__ = ["CHECKS", "Check", "Finding", "Level", "Visit", "Words", "examine"]


class Check(NamedTuple):
    """Something to look at."""

    name: str
    title: Words
    look: Callable[[Visit], Finding]
    needs: tuple[str, ...] = ()
    """Checks that must not have failed for this one to make sense."""
    asks: bool = False
    """Whether it asks the exchange, which is not done during a block."""
    signs: bool = False
    """Whether it needs keys."""


CHECKS: tuple[Check, ...] = (
    Check("python", Words("Python", "Python"), machine.python),
    Check("dependencies", Words("packages", "패키지"), machine.dependencies),
    Check("name", Words("name of the package", "패키지 이름"), machine.name),
    Check("address", Words("address", "주소"), machine.address),
    Check("keys", Words("keys", "키"), machine.key_pair),
    Check("mode", Words("paper or live", "모의와 실거래"), machine.mode, ("address",)),
    Check("switch", Words("kill switch", "정지 스위치"), machine.switch, ("keys",), signs=True),
    Check("dns", Words("DNS", "DNS"), network.dns, ("address",)),
    Check("tcp", Words("connection", "연결"), network.tcp, ("dns",)),
    Check("tls", Words("TLS", "TLS"), network.tls, ("tcp",)),
    Check("server", Words("exchange", "거래소"), network.server, ("tls",), asks=True),
    Check("clock", Words("clock", "시계"), network.clock, ("tls",)),
    Check("key", Words("key", "키 확인"), key.key, ("keys", "mode", "server"), asks=True, signs=True),
    Check("permissions", Words("permissions", "권한"), key.permissions, ("key",), asks=True, signs=True),
    Check("socket", Words("WebSocket", "WebSocket"), network.socket, ("server",), asks=True),
    Check(
        "private_socket",
        Words("private WebSocket", "개인 WebSocket"),
        key.private_socket,
        ("key", "socket"),
        asks=True,
        signs=True,
    ),
    Check("quota", Words("quota", "요청 한도"), network.quota, ("tls",)),
)
"""All checks, in the order in which they are made."""


def examine(visit: Visit) -> Iterator[tuple[Check, Finding]]:
    """Make all checks, one after the other."""
    for check in CHECKS:
        finding = _hindrance(check, visit) or check.look(visit)
        visit.levels[check.name] = finding.level
        yield check, finding


def _hindrance(check: Check, visit: Visit) -> Finding | None:
    """Say why a check is not made, if it is not."""
    failed = [name for name in check.needs if visit.levels[name] in ("failure", "skipped")]
    if failed:
        listed = ", ".join(failed)
        return skipped(f"after {listed}", f"먼저 해결할 것: {listed}")
    if check.signs and not visit.access_key:
        return skipped("there are no keys", "키가 없습니다")
    if check.asks and visit.blocked_until > visit.wall():
        until = moment(visit.blocked_until)
        return skipped(f"nothing is sent until {until}", f"{until}까지 아무것도 보내지 않습니다")
    return None
