"""Subscriptions become frames: what the sockets of an exchange are told, and when.

A `Hub` hears what happens and looks at the books; it writes each frame once for all who want it in the same form.
A `Session` is one socket: what it asked for and what waits to be sent to it. No socket, no waiting and no clock here;
whoever holds the sockets calls `Hub.look` and `Session.pulse` every few milliseconds. Trades, tickers, orders and
announcements are told as they happen, books at most every 100 ms and candles at most every second, and only when they
changed, indicators when their candle closes (upbit-api 6).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial

from ..wire.frames import (
    INFO,
    PING,
    PRIVATE,
    UP,
    Format,
    ListSubscriptions,
    SocketError,
    Subscription,
    list_reply,
    read_request,
    write_error,
    write_event,
)
from ..wire.frames import Event as SocketEvent
from ..wire.quota import MESSAGES, Meter
from .bars import SECOND, Bar, Trade, Unit, span
from .book import SCALE
from .bulletin import Bulletin, Levels, StreamType, quote
from .closes import Closes, Finding
from .desk.levels import gathered
from .exchange import Exchange, Key, Venue
from .notices import Announced
from .orders import AssetChanged, Event, OrderChanged, Traded
from .topics import Topic, admit, topics

PULSE = 0.025
"""Seconds between two looks at the exchange, of whoever holds sockets."""
BOOK_INTERVAL = 100
"""Milliseconds between two messages of one book."""
UP_INTERVAL = 10_000
IDLE = 120_000
"""Milliseconds without data in either direction after which a socket is cut."""
NORMAL_CLOSURE = 1000
"""The exchange closes so after an error (probed 2026-09-22)."""
CUT = 1006
"""RFC 6455's name for an end without a close frame: how the exchange ends idle sockets (probed 2026-09-22)."""
CANDLES = 200
"""The most candles of one kind that a look tells: after a leap of the clock there may be many."""

_UNITS: Mapping[str, Unit] = {
    "candle.1s": "s",
    "candle.1m": "m1",
    "candle.3m": "m3",
    "candle.5m": "m5",
    "candle.10m": "m10",
    "candle.15m": "m15",
    "candle.30m": "m30",
    "candle.60m": "m60",
    "candle.240m": "m240",
}


def _interval(topic: Topic) -> int:
    return BOOK_INTERVAL if topic.type == "orderbook" else SECOND


class _Watch:
    """When a topic was last looked at, and what there was to see."""

    __slots__ = ("due", "seen")

    def __init__(self, due: int, seen: Bar | tuple[Levels, Levels]) -> None:
        self.due = due
        self.seen = seen


class Hub:
    """What the sockets of one exchange share."""

    def __init__(self, exchange: Exchange, *, limited: bool = True) -> None:
        self.exchange = exchange
        self._limited = limited
        self._bulletin = Bulletin(exchange.profile)
        self._audience: dict[Topic, dict[Format, dict[Session, None]]] = {}
        self._watched: dict[Topic, _Watch] = {}
        self._closes = Closes(lambda market: self._venue(market).tape)
        self._stop = exchange.listen(self._hear)

    def open(self, path: str, key: Key | None, now: int) -> Session:
        """Begin a socket at one of the three paths; `key` is that of its token, if that was good."""
        return Session(self, path, key, now, Meter("websocket-message", MESSAGES) if self._limited else None)

    def close(self) -> None:
        """Hear no more."""
        self._stop()

    def look(self, now: int) -> None:
        """See which books and candles changed, and tell. To be called every few milliseconds."""
        for topic, watch in self._watched.items():
            if now >= watch.due:
                self._tell(topic, watch, now)
        for found in self._closes.look(now):
            kind = "indicator" if found.study.trigger is None else "indicator_signal"
            topic = Topic(kind, found.market, study=found.study)
            self._post(topic, partial(self._found, found))

    def _tell(self, topic: Topic, watch: _Watch, now: int) -> None:
        for seen in self._changes(topic, watch.seen, now):
            watch.seen = seen
            watch.due = now + _interval(topic)
            self._post(topic, partial(self._show, topic, seen, now, "REALTIME"))

    def catch_up(self, topics: Iterable[Topic], now: int) -> None:
        """Tell what changed in these topics, if they are told when somebody looks."""
        for topic in topics:
            watch = self._watched.get(topic)
            if watch is not None:
                self._tell(topic, watch, now)

    def join(self, session: Session, topic: Topic, form: Format, now: int) -> None:
        """Let a session listen."""
        if topic.market and not topic.account:
            self._venue(topic.market)  # open before anybody hears of it: it trades while it opens
        if topic.study is not None and topic not in self._audience:
            self._closes.follow(topic.market, topic.study, now)
        self._audience.setdefault(topic, {}).setdefault(form, {})[session] = None
        if topic not in self._watched and (topic.type == "orderbook" or topic.type in _UNITS):
            self._watched[topic] = _Watch(now + _interval(topic), self._sight(topic, now))

    def leave(self, session: Session, topic: Topic, form: Format) -> None:
        """Let a session listen no more."""
        formats = self._audience[topic]
        del formats[form][session]
        if not formats[form]:
            del formats[form]
        if not formats:
            del self._audience[topic]
            self._watched.pop(topic, None)
            if topic.study is not None:
                self._closes.drop(topic.market, topic.study)

    def snapshot(self, topic: Topic, form: Format, now: int) -> bytes | None:
        """Write the state of a topic; None if it has none to show."""
        if topic.account or topic.category or topic.study is not None:
            return None
        return write_event(self._picture(topic, now, form), form)

    # -- what happens ----------------------------------------------------------------------------

    def _hear(self, event: Event) -> None:
        match event:
            case Traded():
                self._hear_trade(event)
            case OrderChanged(order=order):
                for market in (order.market, ""):
                    topic = Topic("myOrder", market, account=order.account)
                    self._post(topic, lambda form: self._bulletin.order(event))
            case AssetChanged(account=account, currencies=currencies, time=time):
                ledger = self.exchange.ledger

                def assets(form: Format) -> SocketEvent:
                    held = [(currency, ledger.holding(account, currency)) for currency in currencies]
                    return self._bulletin.assets(account, held, time)

                self._post(Topic("myAsset", account=account), assets)
            case _:
                for body in (False, True):
                    topic = Topic("announcement", category=event.notice.category, body=body)
                    self._post(topic, partial(self._announcement, event, body))

    def _hear_trade(self, event: Traded) -> None:
        trades, tickers = Topic("trade", event.market), Topic("ticker", event.market)
        if trades not in self._audience and tickers not in self._audience:
            return
        venue = self._venue(event.market)
        ticker = venue.tape.ticker(event.time)
        trade = Trade(event.sequential_id, event.price, event.volume, event.side)
        close, best, bulletin = ticker.prev_closing_price, quote(venue.book), self._bulletin
        self._post(trades, lambda form: bulletin.trade(event.market, trade, close, best, "REALTIME"))
        self._post(tickers, lambda form: bulletin.ticker(event.market, ticker, "REALTIME"))

    def _found(self, found: Finding, form: Format) -> SocketEvent:
        return self._bulletin.indicator(found)

    def _announcement(self, event: Announced, body: bool, form: Format) -> SocketEvent:
        return self._bulletin.announcement(event, body=body)

    def _post(self, topic: Topic, event: Callable[[Format], SocketEvent]) -> None:
        """Write an event once in each format that is wanted, for all who want it."""
        for form, sessions in self._audience.get(topic, {}).items():
            frame = write_event(event(form), form)
            for session in sessions:
                session.outbox.append(frame)

    # -- what there is to see ----------------------------------------------------------------------

    def _picture(self, topic: Topic, now: int, form: Format) -> SocketEvent:
        venue, market = self._venue(topic.market), topic.market
        if topic.type == "ticker":
            return self._bulletin.ticker(market, venue.tape.ticker(now), "SNAPSHOT")
        if topic.type == "trade":
            trade = venue.tape.trades((now + 1) * 10_000, 1)[0]
            close = venue.tape.prev_closing(trade.time) or trade.price
            return self._bulletin.trade(market, trade, close, quote(venue.book), "SNAPSHOT")
        return self._show(topic, self._sight(topic, now), now, "SNAPSHOT", form)

    def _sight(self, topic: Topic, now: int) -> Bar | tuple[Levels, Levels]:
        """Look at a candle or a book: what must differ for it to have changed."""
        venue = self._venue(topic.market)
        if topic.type in _UNITS:
            return venue.tape.candles(_UNITS[topic.type], now + 1, 1)[0]
        step = int(topic.level * SCALE)
        return gathered(venue.book, "ask", topic.units, step), gathered(venue.book, "bid", topic.units, step)

    def _changes(self, topic: Topic, seen: Bar | tuple[Levels, Levels], now: int) -> list[Bar | tuple[Levels, Levels]]:
        """What differs from what was seen last: a book, or all candles since then, the oldest first."""
        if not isinstance(seen, Bar):
            sight = self._sight(topic, now)
            return [] if sight == seen else [sight]
        unit = _UNITS[topic.type]
        count = min((now - seen.start) // span(unit) + 1, CANDLES)
        bars = self._venue(topic.market).tape.candles(unit, now + 1, count)
        return [bar for bar in reversed(bars) if bar.start >= seen.start and bar != seen]

    def _show(
        self, topic: Topic, sight: Bar | tuple[Levels, Levels], now: int, stream: StreamType, form: Format
    ) -> SocketEvent:
        if isinstance(sight, Bar):
            return self._bulletin.candle(topic.type, topic.market, sight, stream)
        simple = form in ("SIMPLE", "SIMPLE_LIST")
        return self._bulletin.orderbook(topic.market, *sight, topic.level, now, stream, simple=simple)

    def _venue(self, market: str) -> Venue:
        venue = self.exchange.venue(market)
        assert venue is not None, f"{market} is not listed"
        return venue


class Session:
    """One socket: what it asked for, what waits to be sent to it."""

    def __init__(self, hub: Hub, path: str, key: Key | None, now: int, meter: Meter | None) -> None:
        self._hub = hub
        self._path = path
        self._key = key
        self._meter = meter
        self._subscriptions: tuple[Subscription, ...] = ()
        self._topics: dict[Topic, None] = {}
        self._format: Format = "DEFAULT"
        self._active = now
        self._next_up: int | None = None
        self.outbox: list[bytes] = []
        """Frames that are due; the hub puts them here, `receive` and `pulse` hand them over."""
        self.ended: int | None = None
        """The close code with which the exchange ends the socket once it has sent what is due; see `CUT`."""
        if path in (PRIVATE, INFO) and key is None:
            self._fail(SocketError("INVALID_AUTH", "인증 정보가 올바르지 않습니다."))

    def receive(self, message: str | bytes, now: int) -> list[bytes]:
        """Take a message; what is to be sent in answer, after what was due before."""
        self._active = now
        if self.ended is None:
            try:
                self._obey(message, now)
            except SocketError as error:
                self._fail(error)
        return self._sent()

    def pulse(self, now: int) -> list[bytes]:
        """What has become due."""
        if self._next_up is not None and now >= self._next_up:
            self.outbox.append(UP)
            self._next_up = now + UP_INTERVAL
        if self.outbox:
            self._active = now
        elif now - self._active >= IDLE and self.ended is None:
            self.end(CUT)
        return self._sent()

    def end(self, code: int) -> None:
        """End the socket with this close code, once it has sent what is due."""
        self._leave()
        self._next_up = None
        self.ended = code

    def touch(self, now: int) -> None:
        """Note that the other side gave a sign of life, as a ping frame is."""
        self._active = now

    def close(self) -> None:
        """Listen no more: the socket is gone."""
        self._leave()
        self.outbox.clear()
        self._next_up = None

    def _obey(self, message: str | bytes, now: int) -> None:
        if self._meter is not None and self._meter.take(now / 1000) is None:
            raise SocketError("TOO_MANY_REQUEST", "요청 수 제한을 초과했습니다.")
        if message.strip() in (PING, PING.encode()):
            self.outbox.append(UP)
            self._next_up = now + UP_INTERVAL
            return
        request = read_request(message)
        admit(request, self._path, self._key, self._hub.exchange.profile)
        if isinstance(request, ListSubscriptions):
            self._list(request, now)
            return
        wanted = topics(request.subscriptions, self._key, self._hub.exchange)
        self._hub.catch_up(self._topics, now)  # what happened before the new list was said
        self._leave()
        self._format = request.format
        self._subscriptions = request.subscriptions
        for subscription, row in zip(request.subscriptions, wanted, strict=True):
            for topic in row:
                if not subscription.is_only_realtime:
                    snapshot = self._hub.snapshot(topic, self._format, now)
                    if snapshot is not None:
                        self.outbox.append(snapshot)
                if not subscription.is_only_snapshot:
                    self._join(topic, now)

    def _list(self, request: ListSubscriptions, now: int) -> None:
        before, self._format = self._format, request.format
        if self._format != before:
            for topic in self._topics:  # joined first: what changed since the last look is still to be told
                self._hub.join(self, topic, self._format, now)
                self._hub.leave(self, topic, before)
        self.outbox.append(write_event(list_reply(request.ticket, self._subscriptions), self._format))

    def _join(self, topic: Topic, now: int) -> None:
        self._topics[topic] = None
        self._hub.join(self, topic, self._format, now)

    def _leave(self) -> None:
        for topic in self._topics:
            self._hub.leave(self, topic, self._format)
        self._topics.clear()

    def _fail(self, error: SocketError) -> None:
        self.outbox.append(write_error(error))
        self.end(NORMAL_CLOSURE)

    def _sent(self) -> list[bytes]:
        sent, self.outbox = self.outbox, []
        return sent
