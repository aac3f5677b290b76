"""How often: counts requests by rate group and scope, refuses what is too much, and blocks who does not stop.

A scope is whoever is counted: an IP address, a key, a pocket. Everything is forgotten once it could no longer matter.
Nothing here reads a request, a token or a clock: `now` is an argument, in seconds.

The documents say that repeated refusals (429) end in a block (418), that its answer carries its time, and that it grows
with repetition (upbit-api 5.4), but no numbers and no names. The choices made here: `STRIKES` refusals within `MEMORY`
seconds block the scope in all groups for `FIRST_BLOCK` seconds; refusals during a block count, too, and each further
block is twice as long as the last, up to `LONGEST_BLOCK`, until the scope kept quiet for `MEMORY` seconds after it.
The header `Retry-After` says in whole seconds how long is left.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from typing import NamedTuple

from ..wire.quota import ORIGIN, Gauge, Limit, Remaining, gauge, limits
from .exchange import Key
from .profile import Profile

STRIKES = 10
MEMORY = 60.0
FIRST_BLOCK = 10.0
LONGEST_BLOCK = 3600.0
ROOM = 1024
"""How much is remembered before it is looked through for what can be forgotten."""


class Passage(NamedTuple):
    """What came of a try to pass."""

    headers: Mapping[str, str]
    """What the answer carries, whether refused or not."""
    refusal: str | None = None
    """The exchange's name of the error; None when the request may pass."""


class Strikes:
    """What is remembered of a scope that was refused."""

    __slots__ = ("_blocks", "_count", "_last", "until")

    def __init__(self) -> None:
        self.until = float("-inf")
        """When its latest block ends."""
        self._last = float("-inf")
        self._count = 0
        self._blocks = 0

    def add(self, now: float) -> None:
        """Note a refusal; every so many of them block."""
        if self.idle(now):
            self._count = self._blocks = 0
        self._last = now
        self._count += 1
        if self._count == STRIKES:
            self.until = now + min(FIRST_BLOCK * 2**self._blocks, LONGEST_BLOCK)
            self._blocks += 1
            self._count = 0

    def idle(self, now: float) -> bool:
        """Say whether all is forgiven."""
        return now - max(self._last, self.until) >= MEMORY


class Turnstile:
    """Lets requests pass as often as the profile allows; all of them when not `limited`.

    `account` is the main pocket, which stands for the account that all pockets belong to.
    """

    def __init__(self, profile: Profile, account: str, *, limited: bool = True) -> None:
        self._profile = profile
        self._account = account
        self._limits: Mapping[str, Limit] = {**limits(profile.on), "origin": ORIGIN}
        self._limited = limited
        self._gauges: dict[tuple[str, str], Gauge] = {}
        self._strikes: dict[str, Strikes] = {}
        self._room = ROOM
        self._tidied = float("-inf")

    def scope(self, key: Key | None, peer: str) -> str:
        """Say who is counted: the address without a key, else the key, the account or the pocket, by the profile."""
        if key is None:
            return peer
        if self._profile.limited_by_key:
            return key.access_key
        return self._account if self._profile.limited_by_account else key.account

    def take(self, group: str, scope: str, now: float) -> Passage:
        """Count a request, unless it is refused."""
        if not self._limited:
            return Passage(_left(Remaining(group, 9999, 99)))
        found = self._gauges.get((group, scope))
        if found is None:
            self._tidy(now)
            found = self._gauges[group, scope] = gauge(group, self._limits[group])
        strikes = self._strikes.get(scope)
        if strikes is None or strikes.until <= now:
            remaining = found.take(now)
            if remaining is not None:
                return Passage(_left(remaining))
        if strikes is None:
            strikes = self._strikes[scope] = Strikes()
        strikes.add(now)
        headers = _left(found.remaining()._replace(sec=0))
        if strikes.until <= now:
            return Passage(headers, "too_many_requests")
        return Passage(headers | {"Retry-After": str(ceil(strikes.until - now))}, "rate_limit_exceeded_penalty")

    def _tidy(self, now: float) -> None:
        """Forget who is idle: now and then, and whenever twice as much is remembered as mattered the last time."""
        if now < self._tidied + MEMORY and len(self._gauges) + len(self._strikes) < self._room:
            return
        self._gauges = {name: one for name, one in self._gauges.items() if not one.idle(now)}
        self._strikes = {scope: one for scope, one in self._strikes.items() if not one.idle(now)}
        self._room = max(ROOM, 2 * (len(self._gauges) + len(self._strikes)))
        self._tidied = now


def _left(remaining: Remaining) -> dict[str, str]:
    return {"Remaining-Req": remaining.header()}
