"""The simulated market: how much faster than the clock on the wall it could live."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable

from upbit import rules
from upbit.paper.clock import SteppedClock
from upbit.paper.engine import Engine
from upbit.paper.exchange import Exchange
from upbit.paper.ledger import Ledger
from upbit.paper.listing import MARKETS, lot, ticks
from upbit.paper.market import Flow
from upbit.paper.orders import Terms

from .table import Goal, Row, alone, compared

ROUNDS = 3
START = 1_790_000_000_000
HOUR = 3_600_000
SPAN, LOOK = 300_000, 25
BUSIEST = MARKETS[0]
REAL = "x real time"


def rows() -> Iterable[Row]:
    """Seconds simulated in a second of processor time."""
    goal = Goal(">=", 1000, REAL)
    yield alone(f"simulated market, {BUSIEST.market}", [_market(seed) for seed in range(ROUNDS)], REAL, goal)
    whole = [_exchange(seed) for seed in range(ROUNDS)]
    yield compared(f"whole exchange, {len(MARKETS)} markets", whole, "the clock on the wall", [1.0] * ROUNDS, REAL)


def _market(seed: int) -> float:
    """Let one market live for two hours, with nothing around it but its engine."""
    terms = Terms(
        fee=lambda account, market, side: rules.fee(market),
        tick_size=rules.tick_size,
        min_total=rules.minimum_total,
        max_total=rules.maximum_total,
    )
    ids = map(str, itertools.count())
    engine = Engine([BUSIEST.market], Ledger(), terms, ids=ids.__next__, emit=lambda event: None)
    flow = Flow(
        engine,
        engine.book(BUSIEST.market),
        seed=seed,
        market=BUSIEST.market,
        preset=BUSIEST.preset,
        price=BUSIEST.price,
        lot=lot(BUSIEST),
        tick=ticks(BUSIEST.market),
        start=START,
    )
    begin = time.process_time()
    flow.advance(START + 2 * HOUR)
    return 2 * HOUR / 1000 / (time.process_time() - begin)


def _exchange(seed: int) -> float:
    """Let all markets of an exchange live for five minutes, looked at every 25 ms as the server does."""
    clock = SteppedClock(START)
    exchange = Exchange(clock=clock, seed=seed)
    while exchange.open_next():
        pass
    begin = time.process_time()
    for _ in range(SPAN // LOOK):
        clock.step(LOOK)
        exchange.advance()
    return SPAN / 1000 / (time.process_time() - begin)
