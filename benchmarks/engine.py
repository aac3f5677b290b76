"""The matching engine in one thread, without requests, log or checks."""

from __future__ import annotations

import itertools
import time
from bisect import insort
from collections import deque
from collections.abc import Iterable
from decimal import Decimal
from random import Random
from typing import NamedTuple

from upbit.paper.book import SCALE, Resting, Side
from upbit.paper.engine import Engine
from upbit.paper.ledger import Ledger
from upbit.paper.orders import OrderRecord, Terms, Ticket

from .table import Goal, Row, compared

MARKET = "KRW-BTC"
ROUNDS = 5
BACKGROUND = 60_000
USERS = 15_000
SIDES: tuple[Side, Side] = ("bid", "ask")
BARE = "bare dict book"


class Step(NamedTuple):
    """One command: take, cancel or rest."""

    kind: int
    side: Side
    price: int
    volume: int
    chance: float


class BareBook:
    """Price-time priority in its barest form: a dict of queues and a sorted list of prices a side."""

    def __init__(self) -> None:
        self._queues: dict[Side, dict[int, deque[list[int]]]] = {"bid": {}, "ask": {}}
        self._prices: dict[Side, list[int]] = {"bid": [], "ask": []}

    def take(self, side: Side, volume: int, limit: int | None) -> int:
        """Take up to a volume, up to a price; what is left."""
        other: Side = "ask" if side == "bid" else "bid"
        sign = 1 if other == "ask" else -1
        queues, prices = self._queues[other], self._prices[other]
        while volume and prices:
            price = prices[0] * sign
            if limit is not None and (price - limit) * sign > 0:
                break
            queue = queues[price]
            while queue and volume:
                taken = min(queue[0][0], volume)
                queue[0][0] -= taken
                volume -= taken
                if not queue[0][0]:
                    queue.popleft()
            if not queue:
                del queues[price], prices[0]
        return volume

    def quote(self, side: Side, price: int, volume: int) -> list[int]:
        """Take what crosses and rest what is left."""
        resting = [self.take(side, volume, price)]
        if resting[0]:
            queue = self._queues[side].get(price)
            if queue is None:
                queue = self._queues[side][price] = deque()
                insort(self._prices[side], price if side == "ask" else -price)
            queue.append(resting)
        return resting


def rows() -> Iterable[Row]:
    """Operations a second; an operation is an order accepted and matched, or a cancel."""
    background: dict[str, list[float]] = {"ours": [], BARE: []}
    users: list[float] = []
    for seed in range(ROUNDS):
        steps = _steps(seed)
        background["ours"].append(_engine_background(steps))
        background[BARE].append(_bare_background(steps))
        users.append(_users(seed))
    goal = Goal(">=", 100_000, "op/s")
    yield compared("engine, orders of users, money in Decimal", users, BARE, background[BARE], "op/s", goal)
    yield compared("engine, orders of the background", background["ours"], BARE, background[BARE], "op/s", goal)


def _steps(seed: int) -> list[Step]:
    random = Random(seed)
    steps: list[Step] = []
    for _ in range(BACKGROUND):
        kind, side = random.random(), random.choice(SIDES)
        away = random.randint(-1, 60)
        price = (1000 - away if side == "bid" else 1000 + away) * SCALE
        if kind < 0.11:
            steps.append(Step(0, side, 0, random.randint(1, 50) * SCALE, 0))
        else:
            steps.append(Step(1 if kind < 0.5 else 2, side, price, random.randint(1, 30) * SCALE, random.random()))
    return steps


def _engine(ledger: Ledger) -> Engine:
    terms = Terms(
        fee=lambda account, market, side: Decimal("0.0005"),
        tick_size=lambda market, price: Decimal(1),
        min_total=lambda market: Decimal(0),
        max_total=lambda market: None,
    )
    ids = map(str, itertools.count())
    return Engine([MARKET], ledger, terms, ids=ids.__next__, emit=lambda event: None)


def _engine_background(steps: list[Step]) -> float:
    engine = _engine(Ledger())
    live: list[Resting] = []
    begin = time.process_time()
    for kind, side, price, volume, chance in steps:
        if kind == 0:
            engine.sweep(MARKET, side, volume, 1)
        elif kind == 2:
            live.append(engine.quote(MARKET, side, price, volume, 1))
        elif live:
            index = int(chance * len(live))
            live[index], live[-1] = live[-1], live[index]
            engine.withdraw(live.pop())
    return len(steps) / (time.process_time() - begin)


def _bare_background(steps: list[Step]) -> float:
    book = BareBook()
    live: list[list[int]] = []
    begin = time.process_time()
    for kind, side, price, volume, chance in steps:
        if kind == 0:
            book.take(side, volume, None)
        elif kind == 2:
            live.append(book.quote(side, price, volume))
        elif live:
            index = int(chance * len(live))
            live[index], live[-1] = live[-1], live[index]
            live.pop()[0] = 0
    return len(steps) / (time.process_time() - begin)


def _users(seed: int) -> float:
    random, ledger = Random(seed), Ledger()
    for account in ("a", "b"):
        ledger.deposit(account, "KRW", Decimal(10) ** 14)
        ledger.deposit(account, "BTC", Decimal(10) ** 10)
    engine = _engine(ledger)
    tickets: list[Ticket] = []
    for _ in range(USERS):
        account, side, away = random.choice("ab"), random.choice(SIDES), random.randint(-3, 30)
        price = Decimal(1000 - away if side == "bid" else 1000 + away)
        volume = Decimal(random.randint(1, 30))
        tickets.append(Ticket(account=account, market=MARKET, side=side, ord_type="limit", price=price, volume=volume))
    live: list[OrderRecord] = []
    operations = 0
    begin = time.process_time()
    for ticket in tickets:
        order = engine.accept(ticket, 1)
        engine.match(order, 1)
        operations += 1
        if order.state == "wait":
            live.append(order)
        if len(live) > 100:
            index = int(random.random() * len(live))
            live[index], live[-1] = live[-1], live[index]
            other = live.pop()
            if other.state == "wait":
                engine.cancel(other, 1)
                operations += 1
    took = time.process_time() - begin
    engine.check_invariants()
    return operations / took
