"""What a feed does with what its sockets say: read it, put it in order, keep the views up to date, line it up.

Each frame is read once; each event goes through the line of its market or account, which refuses what is stale or
twice (`trades`, `candles`, `own`, `balances`, `latest`). What a line cannot know it looks up by REST: those `Check`s
are collected here for whoever carries them out. No I/O, no waiting and no clock: the holder of the sockets calls
`opened`, `hear` and `lost`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from math import inf
from typing import Any, NamedTuple, Protocol, TypeAlias

import msgspec

from ..models import (
    AnnouncementEvent,
    CandleEvent,
    FeedEvent,
    Gap,
    IndicatorEvent,
    IndicatorSignalEvent,
    MyAssetEvent,
    MyOrderEvent,
    OrderbookEvent,
    SocketEvent,
    TickerEvent,
    TradeEvent,
    UnknownEvent,
)
from ..wire.events import HEAD, READERS, Message, Subscriptions, read
from ..wire.frames import PRIVATE, PUBLIC, SocketError, Subscription, split_code
from .balances import Balances
from .candles import Candles
from .heal import AUDIT, Heal
from .inbox import Inbox
from .latest import Latest
from .own import OwnOrders
from .session import Session
from .trades import Trades

_Take: TypeAlias = Callable[[Session, Any, float], object]
"""Takes what was read; anything true means that the session has something else to do now."""
_Ear: TypeAlias = tuple[Callable[[Any], object], _Take]
"""Who reads a frame, and who takes what it says."""
Line: TypeAlias = Trades | Candles | OwnOrders | Balances
"""What REST can complete."""
START = "start"
"""Why own orders and balances are looked up the first time."""
BLUR = 1.0
"""Seconds in which everything unreadable is one gap."""


class View(Protocol):
    """A picture kept up to date by events."""

    def apply(self, event: FeedEvent, /) -> object:
        """Take an event; what it does not care for it ignores."""
        ...


class Check(NamedTuple):
    """Something to be looked up by REST, and what asked for it."""

    line: Line
    reason: str
    steps: Heal[list[FeedEvent]]
    uuid: str = ""
    """The only order it is about."""


class Counts(msgspec.Struct):
    """What became of what was heard."""

    frames: int = 0
    refused: int = 0
    """Events that were stale, or the same again."""
    unreadable: int = 0
    """Frames that were no events."""
    gaps: int = 0
    recovered: int = 0
    """Events learned by REST."""


class Intake:
    """Between the sockets of a feed and its inbox.

    `wall` gives seconds since the epoch, to date gaps.
    """

    def __init__(self, inbox: Inbox, *, wall: Callable[[], float]) -> None:
        self.inbox = inbox
        self.taps: list[Callable[[bytes | str], None]] = []
        """Told every frame as it came."""
        self.lists: dict[str, Subscriptions] = {}
        """The latest answer to LIST_SUBSCRIPTIONS, by the path of the socket."""
        self.checks: list[Check] = []
        """What is to be looked up, for whoever takes it from here."""
        self._wall = wall
        self._counts = Counts()
        self._frames = 0  # apart: it changes with every frame
        self._views: list[View] = []
        self._wanted: Mapping[str, tuple[Subscription, ...]] = {}  # by path
        self._latest = Latest()
        self._trades: dict[str, Trades] = {}
        self._candles: dict[tuple[str, str], Candles] = {}
        self._once: set[tuple[str, str]] = set()  # types and markets of which only snapshots are wanted
        self._own: OwnOrders | None = None
        self._markets: set[str] = set()
        self._looked_at: set[str] = set()  # own orders of which a fill is being looked for
        self._balances: Balances | None = None
        self._open: set[str] = set()  # paths
        self._silent_since: dict[str, datetime] = {}  # by path: when the connection brought something last
        self._blurred: dict[str, float] = {}  # by path: until when what is unreadable was told
        self._put: Callable[[FeedEvent], None] = inbox.put
        self._events: dict[type, _Take] = {
            TickerEvent: self._hear_ticker,
            OrderbookEvent: self._hear_book,
            TradeEvent: self._hear_trade,
            CandleEvent: self._hear_candle,
            MyOrderEvent: self._hear_order,
            MyAssetEvent: self._hear_assets,
            AnnouncementEvent: self._hear_other,
            IndicatorEvent: self._hear_other,
            IndicatorSignalEvent: self._hear_other,
            UnknownEvent: self._hear_other,
        }
        self._ears: dict[bytes | str, _Ear] = {
            head: (decode, self._events[struct]) for head, (struct, decode) in READERS.items()
        }
        self._other: _Ear = read, self._hear_messages

    @property
    def counts(self) -> Counts:
        """What became of what was heard so far."""
        return msgspec.structs.replace(self._counts, frames=self._frames)

    # -- what is wanted ------------------------------------------------------------------------------

    def follow(self, wanted: Mapping[str, tuple[Subscription, ...]]) -> None:
        """Be ready for these subscriptions, by path; forget what came of others."""
        self._wanted = wanted
        everything = [one for subscriptions in wanted.values() for one in subscriptions]
        keys = {(one.type, split_code(code)[0], one.is_only_snapshot) for one in everything for code in one.codes}
        told = sorted((type, market) for type, market, once in keys if not once)
        self._once = {(type, market) for type, market, once in keys if once}
        self._latest.keep({*told, *self._once})
        trades = [market for type, market in told if type == "trade"]
        self._trades = {market: self._trades.get(market) or Trades(market) for market in trades}
        candles = [key for key in told if key[0].startswith("candle.")]
        self._candles = {key: self._candles.get(key) or Candles(*key) for key in candles}
        for path in [path for path in self._silent_since if not wanted.get(path)]:
            del self._silent_since[path]  # nobody misses what was not wanted
        fresh: list[Line] = []
        orders = [one.codes for one in everything if one.type == "myOrder"]
        markets = {code for codes in orders for code in codes} if all(orders) else set[str]()
        if not orders:
            self._own = None
        elif self._own is None or markets != self._markets:
            self._own, self._markets = OwnOrders(markets), markets
            self._looked_at.clear()
            fresh.append(self._own)
        if not any(one.type == "myAsset" for one in everything):
            self._balances = None
        elif self._balances is None:
            self._balances = Balances()
            fresh.append(self._balances)
        if PRIVATE in self._open:  # else when it is opened
            self._check(fresh, START)

    def watch(self, view: View) -> None:
        """Keep a view up to date from now on, beginning with the quotes there are."""
        for event in self._latest.newest:
            view.apply(event)
        self._views.append(view)
        self._put = self._show

    @property
    def lines(self) -> list[Line]:
        """Everything that can be audited."""
        own = [line for line in (self._own, self._balances) if line is not None]
        return [*own, *self._trades.values(), *self._candles.values()]

    def audit(self, line: Line) -> None:
        """Have a line looked up though nothing seems to be wrong."""
        if self.wants(line):
            self._check([line], AUDIT)

    def wants(self, line: Line) -> bool:
        """Say whether what a line finds still matters to anybody."""
        return line in self.lines

    def reaudit(self, path: str) -> None:
        """Have all lines of a socket looked up though nothing seems to be wrong."""
        self._check(self._lines_of(path), AUDIT)

    # -- what happens --------------------------------------------------------------------------------

    def opened(self, session: Session) -> None:
        """A connection was opened: what was missed since the one before is to be found."""
        now = self._now()
        path = session.path
        self._open.add(path)
        if path == PUBLIC:
            self._latest.clear()
        since = self._silent_since.pop(path, None)
        if since is not None:
            self._interrupted(path, since, now, "reconnect", session.reason)
        elif path == PRIVATE:
            self._check(self._lines_of(PRIVATE), START)

    def lost(self, session: Session, now: float) -> None:
        """A connection ended, or could not be opened."""
        path = session.path
        if path in self._open:
            self._open.remove(path)
            if self._wanted.get(path):
                self._silent_since[path] = self._now() - timedelta(seconds=max(now - session.alive, 0.0))

    def hear(self, session: Session, frame: bytes | str, now: float) -> bool:
        """Take a frame. Say whether the session has something else to do now; raises the SocketError that is fatal."""
        self._frames += 1
        if self.taps:
            for tap in self.taps:
                tap(frame)
        decode, take = self._ears.get(frame[:HEAD], self._other)
        try:
            told = decode(frame)
        except ValueError as error:
            self._unreadable(session, str(error), now)
            return True
        return bool(take(session, told, now) or self.checks)

    def settle(self, check: Check, events: Iterable[FeedEvent]) -> None:
        """Take what a check ended in."""
        if self.wants(check.line):
            self.deliver(events)
            if isinstance(check.line, OwnOrders):
                self._looked_at.discard(check.uuid)
                self._look(check.line)

    def deliver(self, events: Iterable[FeedEvent]) -> None:
        """Line up what a check found."""
        for event in events:
            if isinstance(event, Gap):
                self._counts.gaps += 1
            elif getattr(event, "stream_type", "") == "RECOVERED":
                self._counts.recovered += 1
            self._put(event)

    # -- insides -------------------------------------------------------------------------------------

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._wall(), UTC)

    def _show(self, event: FeedEvent) -> None:
        for view in self._views:
            view.apply(event)
        self.inbox.put(event)

    def _line_up(self, events: Sequence[FeedEvent]) -> None:
        if events:
            self.deliver(events)
        else:
            self._counts.refused += 1

    def _hear_messages(self, session: Session, messages: Sequence[Message], now: float) -> bool:
        """Take what is read in the slower way; say whether the session has something else to do now."""
        stir = False
        for message in messages:
            take = self._events.get(message.__class__)
            if take is None:
                stir = self._answered(session, message, now) or stir
            else:
                take(session, message, now)
        return stir

    def _hear_ticker(self, session: Session, event: TickerEvent, now: float) -> None:
        session.heard("ticker", event.code, now, event.stream_type == "SNAPSHOT")
        if self._latest.ticker(event):
            self._put(event)
        else:
            self._counts.refused += 1

    def _hear_book(self, session: Session, event: OrderbookEvent, now: float) -> None:
        session.heard("orderbook", event.code, now, event.stream_type == "SNAPSHOT")
        if self._latest.book(event):
            self._put(event)
        else:
            self._counts.refused += 1

    def _hear_trade(self, session: Session, event: TradeEvent, now: float) -> None:
        session.heard("trade", event.code, now, event.stream_type == "SNAPSHOT")
        line = self._trades.get(event.code)
        if line is None:
            self._line_up(self._pass_once(event))
        elif line.passes(event):
            self._put(event)
        else:
            self._line_up(line.take(event))

    def _hear_candle(self, session: Session, event: CandleEvent, now: float) -> None:
        session.heard(event.type, event.code, now, event.stream_type == "SNAPSHOT")
        line = self._candles.get((event.type, event.code))
        self._line_up(self._pass_once(event) if line is None else line.take(event))

    def _pass_once(self, event: TradeEvent | CandleEvent) -> Sequence[FeedEvent]:
        return (event,) if (event.type, event.code) in self._once else ()

    def _hear_order(self, session: Session, event: MyOrderEvent, now: float) -> None:
        session.heard(event.type, event.code, now)
        if self._own is None:
            self._line_up(())
        else:
            self._line_up(self._own.take(event))
            self._look(self._own)

    def _look(self, own: OwnOrders) -> None:
        """Have looked at the orders of which a fill is missing."""
        for uuid in own.needs:
            if uuid not in self._looked_at:
                self._looked_at.add(uuid)
                self.checks.append(Check(own, "fill", own.look(uuid, self._now()), uuid))

    def _hear_assets(self, session: Session, event: MyAssetEvent, now: float) -> None:
        session.heard(event.type, "", now)
        self._line_up(() if self._balances is None else self._balances.take(event))

    def _hear_other(self, session: Session, event: SocketEvent, now: float) -> None:
        session.heard(event.type, "", now)
        self._put(event)

    def _answered(self, session: Session, message: Message, now: float) -> bool:
        """Take what is no event; say whether the session has something else to do now."""
        if isinstance(message, SocketError):
            if session.error(message, now):
                raise message
            return True
        if isinstance(message, Subscriptions):
            session.listed(now)
            self.lists[session.path] = message
        return False

    def _unreadable(self, session: Session, detail: str, now: float) -> None:
        """Something was said that nobody can read: it may have been anything this socket tells."""
        self._counts.unreadable += 1
        session.resync()
        path = session.path
        self._check(self._lines_of(path), "unreadable")
        if now >= self._blurred.get(path, -inf):
            self._blurred[path] = now + BLUR
            start = self._now()
            self._pass_over(path, start, start + timedelta(seconds=BLUR), "unreadable", detail)

    def _interrupted(self, path: str, start: datetime, end: datetime, reason: str, detail: str = "") -> None:
        """Have looked up what may have been missed, and say so of what cannot be."""
        self._check(self._lines_of(path), reason)
        self._pass_over(path, start, end, reason, detail)

    def _pass_over(self, path: str, start: datetime, end: datetime, reason: str, detail: str = "") -> None:
        """Tell a gap in everything that no line can complete."""
        types = {one.type for one in self._wanted.get(path, ()) if not one.is_only_snapshot}
        passing = sorted(types - {"trade", "myOrder", "myAsset"} - {type for type, _ in self._candles})
        self.deliver(
            Gap(type=type, codes=self._codes(path, type), start=start, end=end, reason=reason, lost=None, detail=detail)
            for type in passing
        )

    def _codes(self, path: str, type: str) -> tuple[str, ...]:
        codes = [split_code(code)[0] for one in self._wanted[path] if one.type == type for code in one.codes]
        return tuple(dict.fromkeys(codes))

    def _lines_of(self, path: str) -> list[Line]:
        if path == PUBLIC:
            return [*self._trades.values(), *self._candles.values()]
        return [line for line in (self._own, self._balances) if line is not None and path == PRIVATE]

    def _check(self, lines: Iterable[Line], reason: str) -> None:
        now = self._now()
        self.checks += [Check(line, reason, line.check(reason, now)) for line in lines]
