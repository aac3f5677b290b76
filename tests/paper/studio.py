"""A hub of an exchange whose clock is stepped, and what its sessions are told."""

from __future__ import annotations

import json
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from upbit.paper.broadcast import Hub, Session
from upbit.paper.clock import SteppedClock
from upbit.paper.exchange import PERMISSIONS, Exchange, Key
from upbit.paper.orders import Ticket
from upbit.wire.frames import PRIVATE, PUBLIC, read_events

START = 1_790_000_010_000

TICKER: dict[str, Any] = {"type": "ticker", "codes": ["KRW-BTC"]}
TRADE: dict[str, Any] = {"type": "trade", "codes": ["KRW-BTC"]}
BOOK: dict[str, Any] = {"type": "orderbook", "codes": ["KRW-BTC"]}


class Studio:
    """A hub of an exchange whose clock is stepped."""

    def __init__(self, profile: str = "current", *, limited: bool = False, seed: int = 0) -> None:
        self.clock = SteppedClock(START)
        self.exchange = Exchange(clock=self.clock, profile=profile, seed=seed)
        self.hub = Hub(self.exchange, limited=limited)

    def session(self, path: str = PUBLIC, key: Key | None = None) -> Session:
        return self.hub.open(path, key, self.exchange.now)

    def private(self, permissions: Iterable[str] = PERMISSIONS, path: str = PRIVATE) -> Session:
        return self.session(path, self.exchange.issue_key(self.exchange.account, permissions=permissions))

    def step(self, milliseconds: int) -> int:
        self.clock.step(milliseconds)
        now = self.exchange.advance()
        self.hub.look(now)
        return now

    def ask(self, session: Session, *types: dict[str, Any], format: str | None = None) -> list[dict[str, Any]]:
        return events(session.receive(request(*types, format=format), self.exchange.now))

    def pulse(self, session: Session) -> list[dict[str, Any]]:
        return events(session.pulse(self.exchange.now))

    def order(self, price: int, side: str = "bid", market: str = "KRW-BTC") -> None:
        self.exchange.venue(market)
        ticket = Ticket(
            account=self.exchange.account,
            market=market,
            side="bid" if side == "bid" else "ask",
            ord_type="limit",
            price=Decimal(price),
            volume=Decimal("0.001"),
        )
        accepted = self.exchange.engine.accept(ticket, self.exchange.now)
        self.exchange.engine.match(accepted, self.exchange.now)


def request(*types: dict[str, Any], format: str | None = None) -> str:
    return json.dumps([{"ticket": "t"}, *types, *([{"format": format}] if format else [])])


def events(frames: Iterable[bytes]) -> list[dict[str, Any]]:
    return [event for frame in frames for event in read_events(frame)]


def kinds(events: Iterable[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(event["type"], event["stream_type"]) for event in events]
