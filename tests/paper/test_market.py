from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256

import pytest

from tools.facts import START, Tape, measure, simulate
from upbit.paper.book import SCALE, Resting, Side
from upbit.paper.listing import MARKETS, Listing, listing, lot, ticks
from upbit.paper.market import TRAITS, Flow, Preset, Source

MINUTE = 60_000


@dataclass(slots=True)
class StrictTape(Tape):
    """A tape that refuses what a background order must never be: off the grid, empty, or crossing."""

    market: str = "KRW-BTC"
    prices: list[int] = field(default_factory=list[int])

    def quote(self, market: str, side: Side, price: int, volume: int, now: int) -> Resting:
        ask, bid = self.book.best_ask, self.book.best_bid
        assert market == self.market
        assert volume > 0
        assert price > 0
        assert 0 == price % ticks(market)(price)
        assert ask is None or side == "ask" or price < ask
        assert bid is None or side == "bid" or price > bid
        self.prices.append(price)
        return Tape.quote(self, market, side, price, volume, now)


def open_flow(
    market: str = "KRW-BTC", *, seed: int = 1, price: int | None = None, preset: Preset | None = None
) -> tuple[Flow, StrictTape]:
    entry = listing(market)
    tape = StrictTape(market=market)
    flow = Flow(
        tape,
        tape.book,
        seed=seed,
        market=market,
        preset=preset or entry.preset,
        price=price or entry.price,
        lot=lot(entry),
        tick=ticks(market),
        start=START,
    )
    return flow, tape


def looks(flow: Flow, minutes: int, step: int = 10_000) -> Iterator[int]:
    for now in range(START + step, START + minutes * MINUTE + 1, step):
        flow.advance(now)
        yield now


def bests(tape: Tape) -> tuple[int, int]:
    bid, ask = tape.book.best_bid, tape.book.best_ask
    assert bid is not None
    assert ask is not None
    return bid, ask


def fingerprint(market: str, seed: int, minutes: int) -> str:
    flow, tape = simulate(listing(market), seed=seed)
    flow.advance(START + minutes * MINUTE)
    state = tape.trades, tape.book.levels("bid", 1000), tape.book.levels("ask", 1000)
    return sha256(repr(state).encode()).hexdigest()


def test_a_flow_is_a_source() -> None:
    source: Source = open_flow()[0]
    source.advance(START)


@pytest.mark.parametrize("entry", MARKETS, ids=lambda one: one.market)
def test_a_first_book_has_thirty_levels_on_either_side_of_the_first_price(entry: Listing) -> None:
    market = entry.market
    _, tape = open_flow(market)
    bid, ask = bests(tape)
    assert len(tape.book.levels("bid", 1000)) >= 30
    assert len(tape.book.levels("ask", 1000)) >= 30
    assert bid <= listing(market).price < ask
    assert [] == tape.book.faults()


@pytest.mark.parametrize("market", ["KRW-BTC", "KRW-XRP", "KRW-DOGE", "KRW-SHIB", "KRW-XEC", "BTC-DOGE", "USDT-TRX"])
def test_a_book_is_never_crossed_empty_or_off_the_grid(market: str) -> None:
    flow, tape = open_flow(market)
    for _ in looks(flow, 20):
        bid, ask = bests(tape)
        assert bid < ask
    assert [] == tape.book.faults()
    assert [trade.at for trade in tape.trades] == sorted(trade.at for trade in tape.trades)
    assert START <= tape.trades[0].at
    assert tape.trades[-1].at <= START + 20 * MINUTE


@pytest.mark.parametrize(
    ("market", "bound"), [("KRW-ETH", 1_000_000 * SCALE), ("KRW-TRX", 100 * SCALE), ("KRW-XEC", SCALE // 100)]
)
def test_prices_stay_on_the_grid_where_the_market_crosses_a_band(market: str, bound: int) -> None:
    flow, tape = open_flow(market, price=bound, preset="btc")
    for _ in looks(flow, 10):
        bests(tape)
    assert min(tape.prices) < bound < max(tape.prices)
    assert [] == tape.book.faults()


def test_the_same_seed_gives_the_same_market_in_another_process() -> None:
    code = "from tests.paper.test_market import fingerprint; print(fingerprint('KRW-BTC', 5, 10))"
    found = {fingerprint("KRW-BTC", 5, 10)}
    for hashing in ("0", "12345"):
        environment = os.environ | {"PYTHONHASHSEED": hashing, "PYTHONPATH": os.pathsep.join(["src", "."])}
        found.add(subprocess.check_output([sys.executable, "-c", code], env=environment, text=True).strip())
    assert 1 == len(found)


def test_the_market_of_a_seed_is_the_same_on_every_platform() -> None:
    assert "008ae3f5d13c0922bc41c6bdeb2a5591ac4b6045997c4e877a597fe680f1ecd8" == fingerprint("KRW-BTC", 5, 10)


def test_other_seeds_and_markets_differ() -> None:
    cases = [("KRW-BTC", 1), ("KRW-BTC", 2), ("KRW-ETH", 1)]
    assert len(cases) == len({fingerprint(market, seed, 2) for market, seed in cases})


def test_how_often_the_flow_is_advanced_does_not_matter() -> None:
    flow, tape = open_flow(seed=3)
    for _ in looks(flow, 5, step=333):
        assert tape.book.best_bid
    flow.advance(START + 5 * MINUTE)
    other, once = open_flow(seed=3)
    other.advance(START + 5 * MINUTE)
    assert once.trades == tape.trades


def test_nothing_happens_in_a_halt_and_it_goes_on_afterwards() -> None:
    flow, tape = open_flow()
    flow.advance(START + MINUTE)
    flow.regime = "halt"
    quoted, traded = tape.quoted, len(tape.trades)
    flow.advance(START + 60 * MINUTE)
    assert (quoted, traded) == (tape.quoted, len(tape.trades))
    flow.regime = "calm"
    flow.advance(START + 61 * MINUTE)
    assert tape.quoted > quoted
    assert START + 60 * MINUTE < tape.trades[traded].at


def test_a_crash_falls_and_a_trend_rises() -> None:
    flow, tape = open_flow()
    flow.regime = "crash"
    flow.advance(START + 10 * MINUTE)
    assert tape.trades[-1].price < listing("KRW-BTC").price * 95 // 100
    flow, tape = open_flow()
    flow.regime = "trend"
    flow.advance(START + 60 * MINUTE)
    assert tape.trades[-1].price > listing("KRW-BTC").price * 101 // 100


def test_a_market_survives_a_crash_that_does_not_end() -> None:
    flow, tape = open_flow("BTC-DOGE", preset="meme")
    flow.regime = "crash"
    for _ in looks(flow, 30):
        bid, ask = bests(tape)
        assert 0 < bid < ask
    assert tape.trades[-1].price < listing("BTC-DOGE").price


@pytest.mark.parametrize("percent", [10, -10])
def test_a_shock_moves_the_market_at_once_and_trades_what_is_in_the_way(percent: int) -> None:
    flow, tape = open_flow()
    flow.advance(START + MINUTE)
    bid, ask = bests(tape)
    goal = (bid + ask) // 2 * (100 + percent) // 100
    side: Side = "ask" if percent > 0 else "bid"
    step = 1_000 * SCALE
    passed = tape.quote("KRW-BTC", side, (goal + (bid + ask) // 2) // 2 // step * step, 7, START)
    spared = tape.quote("KRW-BTC", side, goal * (100 + percent) // 100 // step * step, 7, START)
    flow.shock(percent, START + MINUTE)
    low, high = bests(tape)
    assert goal - step <= low < high <= goal + 2 * step
    assert [0, 7] == [passed.remaining, spared.remaining]
    assert (passed.price, 7) == tape.trades[-1][1:3]
    flow.advance(START + 2 * MINUTE)
    assert abs(tape.trades[-1].price - goal) < goal // 50
    assert [] == tape.book.faults()


def test_a_coarse_market_keeps_thirty_levels() -> None:
    flow, tape = open_flow("KRW-DOGE")
    counts = [min(len(tape.book.levels(side, 40)) for side in ("bid", "ask")) for _ in looks(flow, 120, MINUTE)]
    assert min(counts) >= 30


def test_liquidity_makes_the_book_deeper() -> None:
    depths: list[int] = []
    for percent in (25, 100, 400):
        flow, tape = open_flow()
        flow.liquidity(percent)
        flow.advance(START + 10 * MINUTE)
        depths.append(sum(size for _, size in tape.book.levels("bid", 10)))
    assert depths == sorted(depths)
    assert depths[2] > 4 * depths[0]


@pytest.mark.parametrize("side", ["bid", "ask"])
def test_a_side_that_users_emptied_is_furnished_again(side: Side) -> None:
    flow, tape = open_flow()
    tape.book.match(side, volume=10**18)
    step = 1_000 * SCALE
    far = listing("KRW-BTC").price * (2 if side == "bid" else 1) // (1 if side == "bid" else 2)
    user = tape.quote("KRW-BTC", side, far // step * step, 5, START)
    flow.restore(START)
    bid, ask = bests(tape)
    assert (bid if side == "bid" else ask) == user.price
    assert bid < ask
    flow.advance(START + MINUTE)
    assert [] == tape.book.faults()


def test_users_orders_trade_with_the_background() -> None:
    flow, tape = open_flow()
    bid, _ = bests(tape)
    mine = tape.quote("KRW-BTC", "bid", bid, 1_000, START)
    flow.advance(START + 5 * MINUTE)
    assert 0 == mine.remaining


@pytest.mark.parametrize("preset", list(TRAITS))
def test_a_preset_sets_how_busy_a_market_is(preset: Preset) -> None:
    flow, tape = open_flow(preset=preset)
    flow.advance(START + 40 * MINUTE)
    orders = len({trade.at for trade in tape.trades}) / 40
    expected = TRAITS[preset].rate * 60 * 11 / 100 / 1000
    assert expected / 3 < orders < expected * 3


def test_a_run_shows_clustering_signs_that_repeat_and_no_free_lunch() -> None:
    flow, tape = simulate(listing("KRW-BTC"), seed=1)
    flow.advance(START + 120 * MINUTE)
    facts = measure(tape.trades, START, 2)
    assert facts.clustering > 0.08
    assert facts.signs > 0.04
    assert abs(facts.memory) < 0.3
    assert 0.3 < facts.ratio < 2
    assert facts.kurtosis > 0.5
