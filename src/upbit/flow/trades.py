"""The trades of one market: each once, in order of `sequential_id`, and what the socket did not tell learned by REST.

The record begins with the first trade heard. It is verified up to some trade: what came later may have holes, which
`check` finds, fills and announces by a `Gap`. What REST cannot give any more, because the days or the pages end, is
announced too. Prices and volumes are not looked at.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, insort
from collections.abc import Generator, Iterable
from datetime import UTC, datetime, time, timedelta

from ..api import Trades as Quotation
from ..errors import APIError
from ..models import FeedEvent, Gap, Trade, TradeEvent
from ..models.moments import milliseconds, moment
from .heal import SETTLE, Ask, Heal, Holding, Pause
from .retold import trade_event

COUNT = 500
"""Trades that one answer has at most (upbit-api 2.1)."""
DAYS = 7
"""UTC days before today that REST reaches (upbit-api 2.1)."""
PAGES = 20
"""Answers that one check asks for at most: with the limits of the exchange, two seconds."""
SLACK = timedelta(minutes=1)
"""How far this machine's clock may be behind the exchange's, at midnight."""
NEVER = 2**63


class Trades(Holding[TradeEvent]):
    """The trades of one market."""

    def __init__(self, market: str, *, pages: int = PAGES) -> None:
        super().__init__()
        self._market = market
        self._pages = pages
        self._verified = 0
        self._verified_time = 0
        self._last = NEVER
        self._told = array("Q")  # delivered and beyond what is verified, ascending

    @property
    def unverified(self) -> int:
        """Trades delivered since the last check: one page of REST holds 500."""
        return len(self._told)

    def take(self, event: TradeEvent) -> tuple[FeedEvent, ...]:
        """Say what to deliver: the trade; nothing if it was delivered or is held; a Gap before one that is late."""
        return (event,) if self.passes(event) else self._odd(event)

    def passes(self, event: TradeEvent) -> bool:
        """Say whether it is the next one, and nothing else is to be done; if not, it is for `take`."""
        number = event.sequential_id
        if number <= self._last or self._held is not None:
            return False
        self._last = number
        self._told.append(number)
        return True

    # -- insides -------------------------------------------------------------------------------------

    def _odd(self, event: TradeEvent) -> tuple[FeedEvent, ...]:
        if self._held is not None:
            self._held.append(event)
            return ()
        number = event.sequential_id
        if self._last == NEVER:
            self._begin(event)
            return (event,)
        if number <= self._verified or self._knows(number):
            return ()
        insort(self._told, number)
        return (self._gap("late", [event], 0), event)

    def _begin(self, event: TradeEvent) -> None:
        self._last = self._verified = event.sequential_id
        self._verified_time = event.trade_timestamp

    def _knows(self, number: int) -> bool:
        place = bisect_left(self._told, number)
        return place < len(self._told) and self._told[place] == number

    def _check(self, reason: str, now: datetime, holds: bool) -> Heal[list[FeedEvent]]:
        held = self._hold() if holds else []
        if self._last == NEVER:
            return self._first(held) if holds else []
        try:
            found, unknown_until = yield from self._ask(now)
        except APIError as error:
            return self._unanswered(reason, now, held, str(error)) if holds else []
        newest = max([self._verified, *found])
        bound = newest
        if held:  # what is newer is under way
            top = max([event.sequential_id for event in held])
            bound = max([self._verified, *[number for number in found if number <= top]])
        elif self._missing(found):
            yield Pause(SETTLE)
        learned = [trade_event(found[number]) for number in self._missing(found) if number <= bound]
        gaps: list[FeedEvent] = []
        if unknown_until is not None:
            start = moment(self._verified_time)
            gaps.append(self._lost(reason, start, unknown_until, "REST does not reach back so far"))
        told = self._tell(reason, learned, held if holds else [])
        if holds:
            self._held = None
        if newest == self._verified:
            self._verified_time = max(self._verified_time, milliseconds(now - SLACK))
        elif bound > self._verified and self._held is None:  # else the check that holds will say what is verified
            self._verified = bound
            self._verified_time = found[bound].timestamp
            del self._told[: bisect_left(self._told, bound + 1)]
        return gaps + told

    def _ask(self, now: datetime) -> Generator[Ask, list[Trade], tuple[dict[int, Trade], datetime | None]]:
        """Read back to the verified trade: trades by number, and until when they are not known, if any are not."""
        found: dict[int, Trade] = {}
        cursor: int | None = None
        days = 0
        for _ in range(self._pages):
            page = yield Ask(
                Quotation.list,
                {"market": self._market, "count": COUNT, "cursor": cursor, "days_ago": days or None},
            )
            older = {trade.sequential_id: trade for trade in page if cursor is None or trade.sequential_id < cursor}
            found |= older
            if older:
                cursor = min(older)
                if cursor <= self._verified:
                    return found, None
            if len(page) < COUNT or not older:
                days += 1
                if days > DAYS:
                    oldest = datetime.combine((now + SLACK).astimezone(UTC), time(), UTC) - timedelta(days=DAYS)
                    return found, oldest if moment(self._verified_time) < oldest else None
        return found, now if cursor is None else moment(found[cursor].timestamp + 1)

    def _missing(self, found: dict[int, Trade]) -> list[int]:
        """Numbers that REST knows and the socket has not told, ascending."""
        heard = {event.sequential_id for event in self._held or ()}
        return sorted(
            number for number in found if number > self._verified and number not in heard and not self._knows(number)
        )

    def _tell(self, reason: str, learned: list[TradeEvent], held: list[TradeEvent]) -> list[FeedEvent]:
        """Put what was learned and what was held in order, behind the Gap that announces what comes out of turn."""
        fresh = {
            event.sequential_id: event
            for event in held
            if event.sequential_id > self._verified and not self._knows(event.sequential_id)
        }
        late = [event for number, event in fresh.items() if number < self._last]
        gaps = [self._gap(reason, [*learned, *late], len(learned))] if learned or late else []
        fresh |= {event.sequential_id: event for event in learned}
        numbers = sorted(fresh)
        if numbers:
            self._told = array("Q", sorted([*self._told, *numbers]))
            self._last = self._told[-1]
        return [*gaps, *[fresh[number] for number in numbers]]

    def _first(self, held: list[TradeEvent]) -> list[FeedEvent]:
        """Let the record begin with the first trade that was heard, if there was one."""
        self._held = None
        if not held:
            return []
        self._begin(held[0])
        return [held[0], *self._tell("late", [], held)]

    def _unanswered(self, reason: str, now: datetime, held: list[TradeEvent], why: str) -> list[FeedEvent]:
        """Deliver what was held without knowing what is missing; the next check will ask again."""
        self._held = None
        end = moment(max([event.trade_timestamp for event in held]) + 1) if held else now
        return [self._lost(reason, moment(self._verified_time), end, why), *self._tell(reason, [], held)]

    def _gap(self, reason: str, events: Iterable[TradeEvent], recovered: int) -> Gap:
        times = [event.trade_timestamp for event in events]
        return Gap(
            type="trade",
            codes=(self._market,),
            start=moment(min(times)),
            end=moment(max(times) + 1),
            reason=reason,
            lost=0,
            recovered=recovered,
        )

    def _lost(self, reason: str, start: datetime, end: datetime, detail: str) -> Gap:
        end = max(start, end)
        return Gap(type="trade", codes=(self._market,), start=start, end=end, reason=reason, lost=None, detail=detail)
