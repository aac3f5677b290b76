"""What we have, as `myAsset` tells it: the same thing not twice, nothing older than known, and REST's word in doubt.

A balance from REST counts for the currencies of which the socket said nothing while it was read. Which order or
transfer changed a balance is not known here.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from msgspec.structs import replace

from ..api import Accounts
from ..errors import APIError
from ..models import Account, FeedEvent, Gap, MyAsset, MyAssetEvent
from ..models.moments import milliseconds
from .heal import AUDIT, SETTLE, Ask, Heal, Pause

DUST = Decimal("1e-8")
"""Differences below this are REST's rounding: the socket tells more decimals (upbit-api 6.7)."""


class _Known(NamedTuple):
    asset: MyAsset
    time: int
    """The event's; 0 when only REST has told of it."""
    serial: int
    """Which of all events it was."""


class Balances:
    """What an account has of every currency."""

    def __init__(self) -> None:
        self._known: dict[str, _Known] = {}
        self._serial = 0
        self._since: datetime | None = None
        self._uuid: str | None = None

    def take(self, event: MyAssetEvent) -> tuple[FeedEvent, ...]:
        """Say what to deliver: the event without what is older than known; nothing if nothing is left or new."""
        self._serial += 1
        self._uuid = event.asset_uuid
        fresh: list[MyAsset] = []
        news = False
        for asset in event.assets:
            known = self._known.get(asset.currency)
            if known is not None and event.asset_timestamp < known.time:
                continue
            fresh.append(asset)
            news = news or known is None or known.asset != asset
            self._known[asset.currency] = _Known(asset, event.asset_timestamp, self._serial)
        if not news:
            return ()
        return (event if len(fresh) == len(event.assets) else replace(event, assets=fresh),)

    def check(self, reason: str, now: datetime) -> Heal[list[FeedEvent]]:
        """Compare with REST; what to deliver: a snapshot the first time, later a Gap and the balances that differ."""
        mark = self._serial
        try:
            rows: list[Account] = yield Ask(Accounts.list, {})
        except APIError as error:
            return [] if reason == AUDIT else [self._gap(reason, now, None, 0, str(error))]
        assets = [MyAsset(currency=row.currency, balance=row.balance, locked=row.locked) for row in rows]
        if self._since is None:
            self._since = now
            first = [asset for asset in assets if self._silent(asset.currency, mark)]
            return [self._learn(first, now, "SNAPSHOT")]
        listed = {asset.currency for asset in assets}
        assets += [_asset(currency) for currency in self._known if currency not in listed]
        changed = self._changed(assets, mark)
        if changed and reason == AUDIT:
            yield Pause(SETTLE)
            changed = self._changed(assets, mark)
        told: list[FeedEvent] = []
        if changed:
            told = [self._gap(reason, now, 0, 1, ""), self._learn(changed, now, "RECOVERED")]
        self._since = now
        return told

    # -- insides -------------------------------------------------------------------------------------

    def _silent(self, currency: str, mark: int) -> bool:
        known = self._known.get(currency)
        return known is None or known.serial <= mark

    def _changed(self, assets: Iterable[MyAsset], mark: int) -> list[MyAsset]:
        """What differs from what the socket has told, where it said nothing since."""
        changed: list[MyAsset] = []
        for asset in assets:
            known = self._known.get(asset.currency)
            old = _asset(asset.currency) if known is None else known.asset
            moved = max(abs(asset.balance - old.balance), abs(asset.locked - old.locked))
            if moved >= DUST and self._silent(asset.currency, mark):
                changed.append(asset)
        return changed

    def _learn(self, assets: list[MyAsset], now: datetime, stream: str) -> MyAssetEvent:
        for asset in assets:
            known = self._known.get(asset.currency)
            self._known[asset.currency] = _Known(asset, 0 if known is None else known.time, self._serial)
        time = milliseconds(now)
        return MyAssetEvent(
            type="myAsset",
            asset_uuid=self._uuid,
            assets=assets,
            asset_timestamp=time,
            timestamp=time,
            stream_type=stream,
        )

    def _gap(self, reason: str, now: datetime, lost: int | None, recovered: int, detail: str) -> Gap:
        start = now if self._since is None else self._since
        return Gap(type="myAsset", start=start, end=now, reason=reason, lost=lost, recovered=recovered, detail=detail)


def _asset(currency: str) -> MyAsset:
    return MyAsset(currency=currency, balance=Decimal(0), locked=Decimal(0))
