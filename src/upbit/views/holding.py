"""What is held of one currency and what it cost on average: fills and balances on one time line.

Fills and balances may come late and more than once; each takes its place in time, and what comes after it is counted
again. Within a millisecond their order of arrival counts, a balance after the fills. Only the newest steps are kept
apart: a fill from before them counts as if it had happened right before them, a balance from before them not at all.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from typing import Final

import msgspec

from ..models import MyAsset

_ZERO: Final = Decimal(0)
_STEP: Final = Decimal("1e-8")
_KEPT: Final = 256


class Step(msgspec.Struct):
    """Something that changed what is held."""

    time: int
    """Milliseconds since the epoch."""
    volume: Decimal = _ZERO
    """What came in, or went out when it is negative."""
    funds: Decimal | None = None
    """What was paid for it, when it counts in the average."""
    trade_uuid: str | None = None
    told: list[MyAsset] | None = None
    """Not a fill, but the balances told for this moment; the last one counts."""
    total: Decimal = _ZERO
    """Held after it."""
    average: Decimal = _ZERO
    """Average buy price after it; 0: unknown."""


class Holding:
    """What is held of one currency: the last balance told, and the average buy price by the exchange's rule."""

    def __init__(self, total: Decimal = _ZERO, average: Decimal = _ZERO) -> None:
        self._start = Step(time=0, total=total, average=average)
        self._steps: list[Step] = []
        self._told = self._asked = 0

    @property
    def average(self) -> Decimal:
        """Average buy price; 0 when it is not known."""
        return self._steps[-1].average if self._steps else self._start.average

    def tell(self, asset: MyAsset, time: int, *, asked: bool = False) -> bool:
        """Take a balance; True if it is the newest.

        The exchange tells balances in time: an older one is late, and one already told for its moment is a repeated
        one. Those `asked` for have the time of our own clock, which says nothing about which came first: they are the
        newest unless one was asked for later.
        """
        fresh = self._insert(asset, time) if time >= self._start.time else True
        if asked:
            newest = time > self._asked
            self._asked = max(self._asked, time)
        else:
            newest = fresh and time >= self._told
            self._told = max(self._told, time)
        return newest

    def move(self, time: int, volume: Decimal, funds: Decimal | None = None, trade_uuid: str | None = None) -> None:
        """Take a fill. `funds` is what was paid, if it counts in the average."""
        place = self._place(time, after_fills=False)
        if volume > 0 and place and trade_uuid is not None and self._steps[place - 1].trade_uuid == trade_uuid:
            place -= 1  # we sold to ourselves: when we bought, what we sold was still held
        self._steps.insert(place, Step(time=time, volume=volume, funds=funds, trade_uuid=trade_uuid))
        self._count(place)

    def _insert(self, asset: MyAsset, time: int) -> bool:
        place = self._place(time, after_fills=True)
        told = self._steps[place - 1].told if place and self._steps[place - 1].time == time else None
        if told is None:
            self._steps.insert(place, Step(time=time, told=[asset]))
        elif asset in told:
            return False
        else:
            told.append(asset)
            place -= 1
        self._count(place)
        return True

    def _place(self, time: int, *, after_fills: bool) -> int:
        place = len(self._steps)
        while place:
            step = self._steps[place - 1]
            if step.time < time or (step.time == time and (after_fills or step.told is None)):
                break
            place -= 1
        return place

    def _count(self, place: int) -> None:
        """Count again from here on; then forget the oldest."""
        before = self._steps[place - 1] if place else self._start
        with localcontext(Context(prec=60, rounding=ROUND_HALF_UP)):
            for step in self._steps[place:]:
                _follow(step, before)
                before = step
        if len(self._steps) > _KEPT:
            self._start = self._steps.pop(0)


def _follow(step: Step, before: Step) -> None:
    step.average = before.average
    if step.told is not None:
        step.total = step.told[-1].balance + step.told[-1].locked
        return
    after = before.total + step.volume
    step.total = max(after, _ZERO)  # less than nothing: more was held than was told
    if step.funds is not None:
        held = before.total if before.average else _ZERO
        step.average = ((held * before.average + step.funds) / (held + step.volume)).quantize(_STEP)
    elif not after:
        step.average = _ZERO
