"""The candles of one unit and market: each as it last was, none older than told, and what was missed learned by REST.

A candle changes until the next one begins; its volume only grows, so of two tellings the one with more volume is the
newer. The record begins with the first candle heard and is verified up to one that may still grow.
"""

from __future__ import annotations

from collections.abc import Generator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from ..api import Candles as Quotation
from ..api.operation import Operation
from ..errors import APIError
from ..models import Candle, CandleEvent, FeedEvent, Gap
from .heal import SETTLE, Ask, Heal, Holding, Pause
from .retold import candle_event

COUNT = 200
"""Candles that one answer has at most (upbit-api 2.1)."""
PAGES = 20
"""Answers that one check asks for at most: over an hour of seconds, over two days of minutes."""
_NONE = Decimal(-1)


class Candles(Holding[CandleEvent]):
    """The candles of one type, `candle.1m`, and market."""

    def __init__(self, type: str, market: str, *, pages: int = PAGES) -> None:
        super().__init__()
        self._type = type
        self._market = market
        self._pages = pages
        self._told: dict[str, Decimal] = {}  # volumes by start, from the verified candle on
        self._verified = ""
        unit = type.removeprefix("candle.")
        self._operation: Operation[..., list[Candle]] = Quotation.list_seconds
        self._unit: dict[str, Any] = {}
        self._span = timedelta(seconds=1)
        if unit != "1s":
            minutes = int(unit.removesuffix("m"))
            self._operation = Quotation.list_minutes
            self._unit = {"unit": minutes}
            self._span = timedelta(minutes=minutes)

    def take(self, event: CandleEvent) -> tuple[FeedEvent, ...]:
        """Say what to deliver: nothing for a candle that is older than was told, or the same again, or held."""
        if self._held is not None:
            self._held.append(event)
            return ()
        start = event.candle_date_time_utc
        if not self._verified:
            self._verified = start
        volume = event.candle_acc_trade_volume
        if start < self._verified or volume <= self._told.get(start, _NONE):
            return ()
        self._told[start] = volume
        return (event,)

    # -- insides -------------------------------------------------------------------------------------

    def _check(self, reason: str, now: datetime, holds: bool) -> Heal[list[FeedEvent]]:
        held = self._hold() if holds else []
        if not self._verified:
            return self._release(holds, held)
        try:
            found, unknown_until = yield from self._ask()
        except APIError as error:
            if not holds:
                return []
            end = max([event.time for event in held]) if held else now
            return [self._lost(reason, end, str(error)), *self._release(holds, held)]
        newest = max(found, default=self._verified)
        if held:  # what is newer is under way
            newest = min(newest, max([event.candle_date_time_utc for event in held]))
            behind = [start for start in self._behind(found) if start < newest]
        else:
            behind = self._behind(found)
            if behind:
                yield Pause(SETTLE)
                behind = self._behind(found)
        out: list[FeedEvent] = []
        if unknown_until is not None:
            out.append(self._lost(reason, unknown_until, "REST does not reach back so far"))
        if behind:
            out.append(
                Gap(
                    type=self._type,
                    codes=(self._market,),
                    start=found[behind[0]].time,
                    end=found[behind[-1]].time + self._span,
                    reason=reason,
                    lost=0,
                    recovered=len(behind),
                )
            )
        for start in behind:
            self._told[start] = found[start].candle_acc_trade_volume
            out.append(candle_event(self._type, found[start]))
        out += self._release(holds, held)
        if self._held is None:  # else the check that holds will say what is verified
            self._verified = max(self._verified, newest)
            self._told = {start: volume for start, volume in self._told.items() if start >= self._verified}
        return out

    def _ask(self) -> Generator[Ask, list[Candle], tuple[dict[str, Candle], datetime | None]]:
        """Read back to the verified candle: candles by start, and until when they are not known, if any are not."""
        found: dict[str, Candle] = {}
        to: datetime | None = None
        for _ in range(self._pages):
            page = yield Ask(self._operation, {**self._unit, "market": self._market, "to": to, "count": COUNT})
            found |= {candle.candle_date_time_utc: candle for candle in page}
            if len(page) < COUNT or min(found) <= self._verified:
                return found, None
            to = found[min(found)].time
        return found, to

    def _behind(self, found: dict[str, Candle]) -> list[str]:
        """Starts of the candles of which REST knows more than the socket has told, ascending."""
        volumes = dict(self._told)
        for event in self._held or ():
            start = event.candle_date_time_utc
            volumes[start] = max(volumes.get(start, _NONE), event.candle_acc_trade_volume)
        return sorted(
            start
            for start, candle in found.items()
            if start >= self._verified and candle.candle_acc_trade_volume > volumes.get(start, _NONE)
        )

    def _release(self, holds: bool, held: list[CandleEvent]) -> list[FeedEvent]:
        if holds:
            self._held = None
        return [told for event in held for told in self.take(event)]

    def _lost(self, reason: str, end: datetime, detail: str) -> Gap:
        start = datetime.fromisoformat(f"{self._verified}+00:00")
        return Gap(
            type=self._type,
            codes=(self._market,),
            start=start,
            end=max(start, end),
            reason=reason,
            lost=None,
            detail=detail,
        )
