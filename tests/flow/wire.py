"""The other side of a session and whoever carries it out, in simulated time."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from math import inf

from upbit.flow.session import (
    GRAIN,
    Connect,
    Drop,
    Say,
    Session,
    Times,
    Wait,
)
from upbit.wire.frames import (
    PUBLIC,
    ListSubscriptions,
    SocketError,
    Subscribe,
    Subscription,
    read_request,
)
from upbit.wire.quota import Limit, Meter

Key = tuple[str, str]
BTC, ETH = ("trade", "KRW-BTC"), ("trade", "KRW-ETH")
TRADES = Subscription(type="trade", codes=("KRW-BTC", "KRW-ETH"))
TIMES = Times()
HOUR = 3600.0
BAD = SocketError("INVALID_PARAM", "no")
TOO_MANY = SocketError("TOO_MANY_REQUEST", "slow down")


def make(*subscriptions: Subscription, path: str = PUBLIC, random: float = 0.5) -> Session:
    numbers = count()
    session = Session(path, ticket=lambda: f"ticket {next(numbers)}", random=lambda: random)
    session.want(subscriptions)
    return session


class Wire:
    """The other side of a session and whoever carries it out, in simulated time. `every`: seconds between events."""

    def __init__(self, session: Session, every: Mapping[Key, float] | None = None) -> None:
        self.session = session
        self.every = dict(every or {})
        self.now = 1_000.0
        self.steps = 0
        self.said: list[tuple[float, Subscribe | ListSubscriptions]] = []
        self.connects: list[float] = []
        self.drops: list[tuple[float, str]] = []
        self.refuses = False
        self.after = 0.0
        self.stalled = False
        """Nothing comes; what was said is read when it is over."""
        self.gone = False
        """The other side is no more, though nobody said so. A new connection reaches it again."""
        self.mute: set[Key] = set()
        self.error: SocketError | None = None
        """The answer to every list."""
        self.fatal = False
        self.unread: list[Subscribe | ListSubscriptions] = []
        self.told: dict[Key, float] = {}  # and when next
        self.heard: dict[Key, float] = {}
        self.list: Subscribe | None = None
        self.wake = self.now

    @property
    def asked(self) -> list[float]:
        """When the list was said."""
        return [at for at, request in self.said if isinstance(request, Subscribe)]

    @property
    def probed(self) -> list[float]:
        return [at for at, request in self.said if isinstance(request, ListSubscriptions)]

    def run(self, seconds: float) -> None:
        end = self.now + seconds
        self.wake = self.now
        while True:
            due = min(self.told.values(), default=inf)
            at = max(self.now, min(due, self.wake))
            if at > end:
                self.now = end
                return
            self.now = at
            if due <= at:
                self._tell(min(self.told, key=self.told.__getitem__))
            else:
                self.step()

    def leap(self, seconds: float) -> None:
        """Nobody does anything for a while; what would have come is not there."""
        self.now += seconds
        self.told = {key: max(due, self.now) for key, due in self.told.items()}

    def stall(self, stalled: bool) -> None:
        self.stalled = stalled
        while self.unread and not stalled:
            self._answer(self.unread.pop(0))

    def step(self) -> None:
        """Do one thing that the session says."""
        self.steps += 1
        step = self.session.next(self.now)
        match step:
            case Connect():
                self.connects.append(self.now)
                if self.refuses:
                    self.session.refused("refused", self.now, after=self.after)
                else:
                    self.open()
            case Say(text):
                assert self.meter.take(self.now) is not None, "more messages than the exchange takes"
                request = read_request(text)
                self.said.append((self.now, request))
                if self.stalled or self.gone:
                    self.unread.append(request)
                else:
                    self._answer(request)
            case Drop(reason):
                self.drops.append((self.now, reason))
                self.lose(reason)
            case Wait(seconds):
                assert seconds >= GRAIN
                self.wake = self.now + seconds

    def open(self) -> None:
        self.session.opened(self.now)
        self.gone = False
        self.meter = Meter("websocket-message", Limit(5, per_minute=100))
        self.lose_data()

    def lose(self, reason: str = "1006") -> None:
        self.session.lost(reason, self.now)
        self.lose_data()
        self.wake = self.now

    def lose_data(self) -> None:
        self.unread, self.told, self.list = [], {}, None

    def _answer(self, request: Subscribe | ListSubscriptions) -> None:
        if isinstance(request, ListSubscriptions):
            self.session.listed(self.now)
            return
        self.list = request
        if self.error is not None:
            self.fatal = self.session.error(self.error, self.now)
            return
        self.told = {}
        for one in request.subscriptions:
            for code in one.codes:
                key = one.type, code
                if key not in self.mute and not one.is_only_realtime:
                    self._hear(key, snapshot=True)
                if key in self.every and not one.is_only_snapshot:
                    self.told[key] = self.now + self.every[key]

    def _tell(self, key: Key) -> None:
        self.told[key] = self.now + self.every[key]
        if not (self.stalled or self.gone or key in self.mute):
            self._hear(key)

    def _hear(self, key: Key, *, snapshot: bool = False) -> None:
        self.heard[key] = self.now
        self.session.heard(*key, self.now, snapshot=snapshot)


def live(*subscriptions: Subscription, every: Mapping[Key, float] | None = None, random: float = 0.5) -> Wire:
    wire = Wire(make(*subscriptions, random=random), every)
    wire.run(1)
    assert "live" == wire.session.state
    return wire
