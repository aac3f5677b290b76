"""A paper exchange in this process, heard through a socket that loses, doubles and delays what it says."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from decimal import Decimal
from random import Random
from typing import Any, Protocol

from tests.flow.ward import Ward
from upbit.errors import APIConnectionError, APIError
from upbit.flow.heal import AUDIT, Ask, Heal
from upbit.models import FeedEvent
from upbit.paper import PaperExchange
from upbit.paper.broadcast import Hub, Session
from upbit.wire.events import read

MARKET = "KRW-BTC"
D = Decimal


class Line(Protocol):
    """What is tested."""

    def check(self, reason: str, now: datetime) -> Heal[list[FeedEvent]]: ...


class Floor:
    """An exchange with one trader on it and one listener to it, whose lines heal."""

    def __init__(
        self,
        seed: int,
        path: str,
        topics: Iterable[dict[str, Any]],
        *,
        start: datetime,
        faults: float = 0,
        failures: float = 0,
        outages: float = 0.05,
    ) -> None:
        self.random = Random(seed)
        self.paper = PaperExchange(start=start, seed=seed, limited=False)
        self.client = self.paper.client()
        self.hub = Hub(self.paper.exchange, limited=False)
        self.path = path
        self.topics = list(topics)
        self.faults = faults
        self.failures = failures
        self.outages = outages
        self.session: Session | None = None
        self.lines: dict[str, tuple[Line, Callable[[Any], Iterable[FeedEvent]]]] = {}
        """By type of event."""
        self.look: Callable[[], None] = lambda: None
        """Called after each step."""
        self.out: list[FeedEvent] = []
        self.said: list[Any] = []
        """Every event of the exchange, heard or not."""
        self.ward = Ward(self.out.extend)
        self.turn = 0
        self.under_way: list[tuple[int, Any]] = []
        self.down = 0
        self.begun = False
        self.whole = self.open()

    def open(self) -> Session:
        session = self.hub.open(self.path, self.paper.exchange.first_key, self.paper.exchange.now)
        request = json.dumps([{"ticket": "t"}, *self.topics, {"format": "SIMPLE"}])
        session.outbox += session.receive(request, self.paper.exchange.now)
        return session

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(self.paper.exchange.now / 1000, UTC)

    def answer(self, ask: Ask) -> Any:
        if self.random.random() < self.failures:
            raise APIConnectionError("not now")
        return self.client.orders.performer.perform(ask.operation, dict(ask.arguments))

    def begin(self) -> None:
        """Open the socket and look once, in peace."""
        self.session = self.open()
        failures, self.failures = self.failures, 0
        self.check("start")
        self.ward.empty()
        self.failures = failures
        self.begun = True

    def check(self, reason: str) -> None:
        for line, _ in {id(line): (line, take) for line, take in self.lines.values()}.values():
            self.ward.admit(line.check(reason, self.now), self.answer)

    def step(self, seconds: float) -> None:
        """Let time pass; hear, lose, reconnect, look."""
        random = self.random
        self.turn += 1
        self.paper.advance(seconds)
        self.hub.look(self.paper.exchange.now)
        self.said += [event for frame in self.whole.pulse(self.paper.exchange.now) for event in read(frame)]
        if self.session is not None:
            for frame in self.session.pulse(self.paper.exchange.now):
                for event in read(frame):
                    self.under_way += [(self.turn + delay, event) for delay in self.fate()]
        self.arrive()
        if self.session is None:
            self.down -= 1
            if self.down == 0:
                self.session = self.open()
                self.check("reconnect")
        elif random.random() < self.outages:
            self.session.close()
            self.session = None
            self.under_way.clear()
            self.down = random.randrange(1, 6)
        if random.random() < 0.1 and self.begun and not self.ward.queue:
            self.check(AUDIT)
        self.look()
        if random.random() < 0.7:
            self.ward.go_on()

    def fate(self) -> tuple[int, ...]:
        random = self.random
        if random.random() >= self.faults:
            return (0,)
        return random.choice(((), (0, 0), (0, random.randrange(5)), (random.randrange(5),)))

    def arrive(self) -> None:
        due = [event for when, event in self.under_way if when <= self.turn]
        self.under_way = [(when, event) for when, event in self.under_way if when > self.turn]
        for event in due:
            self.out += self.lines[event.type][1](event)

    def end(self) -> None:
        """Let all arrive that is under way, stand still, and look once more."""
        self.outages = 0
        self.failures = 0
        for _ in range(8):
            self.step(0)
        self.ward.empty()
        self.look()
        self.ward.empty()
        self.step(2)  # then no request has to wait for its turn any more, and time stands still
        self.ward.empty()
        self.step(0)
        self.step(0)
        self.check(AUDIT)
        self.ward.empty()
        self.arrive()

    def act(self) -> None:
        """Do what a trader does."""
        random, orders = self.random, self.client.orders
        try:
            match random.randrange(8):
                case 0 | 1 | 2 | 3:
                    side = random.choice(("bid", "ask"))
                    price = self.price() + random.randrange(-4, 5) * 1000
                    orders.create(
                        market=MARKET,
                        side="bid" if side == "bid" else "ask",
                        ord_type="limit",
                        price=price,
                        volume=D(random.randrange(10_000, 900_000)).scaleb(-8),
                        time_in_force=random.choice((None, None, None, "ioc", "fok")),
                        smp_type=random.choice(("none", "cancel_maker", "cancel_taker", "reduce")),
                    )
                case 4:
                    orders.create(market=MARKET, side="bid", ord_type="price", price=random.randrange(6_000, 900_000))
                case 5:
                    volume = D(random.randrange(10_000, 900_000)).scaleb(-8)
                    orders.create(market=MARKET, side="ask", ord_type="market", volume=volume, smp_type="none")
                case _:
                    for order in orders.list_open()[:2]:
                        orders.cancel(uuid=order.uuid)
        except APIError:
            pass  # the trader has no money, or was too late

    def price(self) -> int:
        return int(self.client.tickers.list([MARKET])[0].trade_price)
