"""The stylised facts of the simulated market, measured over seeds and printed beside their targets.

    python -m tools.facts --seeds 20 --hours 2

Returns are logarithms of last trade prices 10 seconds apart, as a candle would show them.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import fmean, median
from typing import NamedTuple

from upbit.paper.book import Book, Resting, Side
from upbit.paper.listing import Listing, listing, lot, ticks
from upbit.paper.market import Flow

PERIOD = 10_000
"""Milliseconds of one return."""
SPAN = 60
"""Returns in the long span of the variance ratio."""
START = 1_795_000_000_000
"""Some millisecond of 2026."""


class Trade(NamedTuple):
    """A fill: when, at what price, how much, and the taker's side."""

    at: int
    price: int
    volume: int
    side: Side


@dataclass(slots=True)
class Tape:
    """The least venue: a book, and what traded in it."""

    book: Book = field(default_factory=Book)
    trades: list[Trade] = field(default_factory=list[Trade])
    quoted: int = 0

    def quote(self, market: str, side: Side, price: int, volume: int, now: int) -> Resting:
        self.quoted += 1
        resting = Resting(self.quoted, None, side, price, volume)
        self.book.rest(resting)
        return resting

    def sweep(self, market: str, side: Side, volume: int, now: int) -> None:
        self.trades.extend(Trade(now, fill.price, fill.volume, side) for fill in self.book.match(side, volume=volume))

    def withdraw(self, resting: Resting) -> None:
        self.book.remove(resting)


def simulate(entry: Listing, *, seed: int, start: int = START) -> tuple[Flow, Tape]:
    """A flow for a listed market on a book of its own."""
    tape = Tape()
    flow = Flow(
        tape,
        tape.book,
        seed=seed,
        market=entry.market,
        preset=entry.preset,
        price=entry.price,
        lot=lot(entry),
        tick=ticks(entry.market),
        start=start,
    )
    return flow, tape


def autocorrelation(series: Sequence[float], lag: int) -> float:
    """How alike the series is to itself ``lag`` later; 0 where it does not vary."""
    mean = fmean(series)
    spread = sum((x - mean) ** 2 for x in series)
    if not spread:
        return 0.0
    return sum((a - mean) * (b - mean) for a, b in zip(series, series[lag:], strict=False)) / spread


def excess_kurtosis(series: Sequence[float]) -> float:
    """How much heavier than normal the tails are."""
    mean = fmean(series)
    variance = fmean((x - mean) ** 2 for x in series)
    return fmean((x - mean) ** 4 for x in series) / variance**2 - 3 if variance else 0.0


def variance_ratio(returns: Sequence[float], span: int) -> float:
    """Variance over ``span`` returns (overlapping) against ``span`` times that of one: 1 for a random walk."""
    mean, count = fmean(returns), len(returns)
    variance = fmean((x - mean) ** 2 for x in returns)
    path = [0.0]
    for x in returns:
        path.append(path[-1] + x - mean)
    long = sum((b - a) ** 2 for a, b in zip(path, path[span:], strict=False))
    return long / (span * (count - span + 1) * (1 - span / count)) / variance if variance else 0.0


class Facts(NamedTuple):
    """What one run showed."""

    kurtosis: float
    clustering: float
    memory: float
    signs: float
    ratio: float
    deviation: float
    orders: float


def measure(trades: Sequence[Trade], start: int, hours: float) -> Facts:
    """The facts of a run's trades."""
    prices: list[float] = []
    last, place = float(trades[0].price), 0
    for now in range(start, start + int(hours * 3_600_000) + 1, PERIOD):
        while place < len(trades) and trades[place].at <= now:
            last, place = float(trades[place].price), place + 1
        prices.append(math.log(last))
    returns = [b - a for a, b in pairwise(prices)]
    takers = {trade.at: 1.0 if trade.side == "bid" else -1.0 for trade in trades}  # the fills of an order are one
    return Facts(
        excess_kurtosis(returns),
        autocorrelation([abs(x) for x in returns], 1),
        autocorrelation(returns, 1),
        autocorrelation(list(takers.values()), 10),
        variance_ratio(returns, SPAN),
        math.sqrt(fmean(x * x for x in returns)) * 1e4,
        len(takers) / hours / 60,
    )


_ROWS: tuple[tuple[str, str, Callable[[float], bool]], ...] = (
    ("excess kurtosis of 10 s returns", "3 .. 30", lambda x: 3 <= x <= 30),
    ("autocorrelation of |returns|, lag 1", ">= 0.08", lambda x: x >= 0.08),
    ("autocorrelation of returns, lag 1", "-0.1 .. 0.1", lambda x: abs(x) <= 0.1),
    ("autocorrelation of trade signs, lag 10", ">= 0.04", lambda x: x >= 0.04),
    ("variance ratio (60)", "0.7 .. 1.3", lambda x: 0.7 <= x <= 1.3),
    ("deviation of 10 s returns, 1e-4", "", lambda x: True),
    ("market orders a minute", "", lambda x: True),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; 0 if every median meets its target."""
    parser = argparse.ArgumentParser(prog="python -m tools.facts", description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--hours", type=float, default=2)
    parser.add_argument("--market", default="KRW-BTC")
    chosen = parser.parse_args(arguments)
    found: list[Facts] = []
    began = time.perf_counter()
    for seed in range(chosen.seeds):
        flow, tape = simulate(listing(chosen.market), seed=seed)
        flow.advance(START + int(chosen.hours * 3_600_000))
        found.append(measure(tape.trades, START, chosen.hours))
    took = time.perf_counter() - began
    print(f"{chosen.market}: median of {chosen.seeds} seeds x {chosen.hours:g} h (lowest .. highest)")
    missed = False
    for (name, target, holds), values in zip(_ROWS, zip(*found, strict=True), strict=True):
        middle = median(values)
        missed |= not holds(middle)
        verdict = "" if not target else "ok" if holds(middle) else "MISSED"
        print(f"{name:40}{middle:9.3f}   ({min(values):.3f} .. {max(values):.3f})   {target:12}{verdict}")
    print(f"{chosen.seeds * chosen.hours * 3600 / took:,.0f} x real time, measuring included")
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
