"""`python -m tools.kills`: kill the client (SIGKILL) at every step of placing, replacing and cancelling an order.

A paper exchange listens on loopback. A child does one act there, in one kind of weather (what happens to its requests),
and tells each place that it passes: before and after each record in its journal; before, during and after each request.
Then, for each of these places, another child does the same and is killed there; others are killed at a random moment,
some of them in a `storm` of many acts at once; and sometimes the one that recovers is killed, too.

Whoever comes next opens the same journal. Then the exchange's own record must have at most one order for each intent,
and none that the journal does not know; what was told must be true; recovery asks and does not send; what never left is
given up; and the one after that finds nothing open. Time goes ten times as fast, for the exchange and its clients.
Prints a table, and ends with 1 when anything of this was not so.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from functools import partial
from itertools import count
from math import inf
from multiprocessing import get_context
from pathlib import Path
from queue import SimpleQueue
from random import Random
from secrets import token_hex
from threading import Lock
from typing import NamedTuple

import msgspec

from benchmarks.table import columns
from tools.doomed import ANYWHERE, DEADLINE, SPEED, Life, Place, Wire, live, trading
from upbit.errors import UpbitError
from upbit.paper.admin import ChangeMarket, carry_out
from upbit.paper.chaos import Chaos, Rule
from upbit.paper.clock import Clock
from upbit.paper.exchange import Exchange
from upbit.paper.orders import OrderRecord
from upbit.paper.server import threaded
from upbit.trading.journal import Entry

FUNDS = {"KRW": Decimal(10**13), "BTC": Decimal(10**5)}
LONGEST = 60.0
"""Seconds of this machine that a child may take."""
STORM = 0.6
"""Seconds of this machine that a storm lasts at most."""
WORKERS = 8
CONTEXT = get_context("forkserver")
"""Children are forked from a process without threads."""
STARTING = Lock()
"""Held while a child is started or buried: each looks at all children."""

PLACES: Mapping[str, tuple[str, str]] = {
    "place": ("POST", "/v1/orders"),
    "market": ("POST", "/v1/orders"),
    "replace": ("POST", "/v1/orders/cancel_and_new"),
    "cancel": ("DELETE", "/v1/order"),
}
"""Acts, and the request that carries each out."""


def _weathers() -> dict[str, tuple[Rule, ...]]:
    late, lag = 3_000, 1_500
    gone = [Rule(effect="lost_request", method="GET", path="/v1/order", nth=number) for number in range(2, 60)]
    shown = Rule(effect="stale", method="GET", path="/v1/order", milliseconds=lag)
    return {
        "calm": (),
        "lost answer": (Rule(effect="lost_answer", times=1),),
        "lost request": (Rule(effect="lost_request", times=1),),
        "gateway": (Rule(effect="gateway", status=502, times=1),),
        "committed": (Rule(effect="gateway", status=504, committed=True, times=1),),
        "slow before": (Rule(effect="slow_before", milliseconds=late, times=1),),
        "slow after": (Rule(effect="slow_after", milliseconds=late, times=1),),
        "stale": (Rule(effect="lost_answer", times=1), shown),
        "slow, stale": (Rule(effect="slow_before", milliseconds=late, times=1), shown),
        "timed out": (Rule(effect="slow_before", milliseconds=6_000, times=1),),
        "unreachable": (Rule(effect="unreachable", times=1),),
        "too many": (Rule(effect="too_many_requests", times=1),),
        "refused": (Rule(effect="refuse", times=1),),
        "down": (Rule(effect="lost_request"), Rule(effect="lost_request", method="GET", path="/v1/order")),
        "going down": (Rule(effect="lost_answer"), *gone),
    }


WEATHERS: Mapping[str, Sequence[Rule]] = _weathers()
"""What happens to requests. A rule without a path is for that of the act. Stale reads go on while one recovers."""
FOUL = (
    Rule(effect="lost_answer", probability=0.15),
    Rule(effect="lost_request", probability=0.15),
    Rule(effect="gateway", status=504, committed=True, probability=0.1),
    Rule(effect="slow_before", milliseconds=2_000, probability=0.15),
    Rule(effect="slow_after", milliseconds=2_000, probability=0.1),
    Rule(effect="stale", milliseconds=1_000, probability=0.2),
    Rule(effect="too_many_requests", probability=0.03),
)
"""What happens in a storm, also while one recovers."""


# -- the exchange --------------------------------------------------------------------------------------


class House:
    """An exchange for one life after the other."""

    def __init__(self, exchange: Exchange, chaos: Chaos, place: Place) -> None:
        self.exchange = exchange
        self.chaos = chaos
        self.place = place
        self.abandoned: set[str] = set()
        """Identifiers of orders that were given up, whenever that was."""

    def orders(self) -> list[OrderRecord]:
        """Every order there ever was, oldest first."""
        return self.exchange.engine.register.orders(self.exchange.first_key.account)

    def set(self, life: Life) -> None:
        """Let it be the weather of a life."""
        if life.act == "storm":
            for rule in FOUL:
                self.chaos.add(rule)
            return
        verb, path = PLACES[life.act]
        for rule in WEATHERS[life.weather]:
            self.chaos.add(rule if rule.path else msgspec.structs.replace(rule, method=verb, path=path))

    def clear(self, life: Life) -> None:
        """Let it be the weather while one recovers."""
        if life.act != "storm":
            lasting = [rule for rule in self.chaos.rules.values() if rule.effect == "stale"]
            self.chaos.clear()
            for rule in lasting:
                self.chaos.add(rule)


@contextmanager
def house(seed: int) -> Generator[House]:
    """Open an exchange on loopback."""
    chaos = Chaos(seed)
    origin = time.time()
    clock = Clock("scaled", speed=SPEED)

    def opened() -> Exchange:
        exchange = Exchange(clock=clock, seed=seed, funds=FUNDS, secret=partial(token_hex, 20))
        for market in exchange.listings:  # what others do there costs time and is not looked at
            carry_out(exchange, ChangeMarket(market=market, regime="halt"))
        return exchange

    with threaded(
        opened,
        host="127.0.0.1",
        port=0,
        limited=False,
        chaos=chaos,
    ) as server:
        key = server.exchange.first_key
        yield House(server.exchange, chaos, Place(server.base_url, key.access_key, key.secret, origin))


# -- lives ---------------------------------------------------------------------------------------------


class Told(NamedTuple):
    """What a child told of itself."""

    places: list[str]
    """Those it passed since its act began."""
    words: list[str]
    killed: bool
    seconds: float
    """Of this machine, from the beginning of its act."""


class Verdict(NamedTuple):
    """What became of a life."""

    life: Life
    told: Told
    outcomes: Counter[str]
    """Of the orders that were recovered."""
    orders: int
    late: int
    """Orders that came to be after the process that sent them was dead."""
    again: bool
    """Whether one was killed while recovering."""
    wrong: list[str]


def spend(place: Place, life: Life, ready: Callable[[], None]) -> Told:
    """Let a child live, and kill it if that is its end; `ready` is called before its act begins."""
    line, other = CONTEXT.Pipe()
    process = CONTEXT.Process(target=live, args=(place, life, other), daemon=True)
    with STARTING:
        process.start()
    other.close()
    words: list[str] = []
    begun = time.monotonic()
    end, killed_here = begun + LONGEST, False
    try:
        while line.poll(max(end - time.monotonic(), 0)):
            word = str(line.recv())
            if word == "ready":
                ready()
                line.send("go")
                begun = time.monotonic()
                end = begun + min(life.after, LONGEST)
            else:
                words.append(word)
        killed_here = True
        process.kill()
        while True:
            words.append(str(line.recv()))
    except (EOFError, ConnectionError):
        pass
    with STARTING:
        process.join()
    line.close()
    seconds = time.monotonic() - begun
    if process.exitcode not in (0, -signal.SIGKILL) or (killed_here and life.after == inf):
        words.append(f"failed: {'it does not end' if killed_here else process.exitcode}")
    places = [word[3:] for word in words if word.startswith("at ")]
    return Told(places, [word for word in words if not word.startswith("at ")], bool(process.exitcode), seconds)


def examine(house: House, life: Life) -> Verdict:
    """Let a life be lived, and see what it leaves."""
    told = spend(house.place, life, lambda: house.set(life))
    dead = house.exchange.now
    house.clear(life)
    again = False
    if life.again:
        other = life._replace(act="recover", at=ANYWHERE, times=life.again)
        again = spend(house.place, other, lambda: None).killed
    wrong = [word for word in told.words if word.startswith("failed")]
    wire = Wire(house.place.base_url)
    with trading(house.place, life, wire) as trader, trader:
        recovered = trader.recovered
        outcomes = Counter[str](one.outcome for one in recovered)
    if wire.verbs.keys() - {"GET"}:
        wrong.append(f"recovery sent {dict(wire.verbs)}")
    if life.act != "storm" and outcomes["unknown"]:
        wrong.append("recovery found no end")
    house.chaos.clear()
    with trading(house.place, life, Wire(house.place.base_url)) as trader, trader:
        found = {one.identifier for one in trader.recovered}
        if not found <= {one.identifier for one in recovered if one.outcome == "unknown"}:
            wrong.append(f"the one after that finds {found}")
        wrong += [f"{entry.identifier} stays open" for entry in trader.journal.open()]
        entries = {entry.identifier: entry for entry in trader.journal.entries(0, inf)}
        orders = [order for order in house.orders() if str(order.identifier).startswith(f"{life.name}-")]
        wrong += compare(entries, orders)
        wrong += judge(life, told, entries, orders)
        for entry in trader.journal.live():
            try:
                trader.cancel(identifier=entry.identifier)
            except UpbitError as error:
                wrong.append(f"{entry.identifier} cannot be cancelled: {error}")
        wrong += [f"{entry.identifier} stays live" for entry in trader.journal.live()]
    wrong += [f"{order.identifier} stays on the book" for order in orders if order.state == "wait"]
    house.abandoned |= {name for name, entry in entries.items() if entry.outcome == "abandoned"}
    late = sum(order.created > dead for order in orders)
    return Verdict(life, told, outcomes, len(orders), late, again, wrong)


def compare(entries: Mapping[str, Entry], orders: Sequence[OrderRecord]) -> Iterator[str]:
    """Hold a journal against the record of the exchange: what is wrong."""
    made = Counter(str(order.identifier) for order in orders)
    yield from (f"{name} was made {times} times" for name, times in made.items() if times > 1)
    yield from (f"{name} is not in the journal" for name in made.keys() - entries.keys())
    by_name = {order.identifier: order for order in orders}
    for name, entry in entries.items():
        order = by_name.get(name)
        if (entry.outcome == "accepted") != (order is not None):
            yield f"{name} is {entry.outcome} in the journal and {order and order.state} at the exchange"
        elif order is not None and entry.uuid != order.uuid:
            yield f"{name} is {entry.uuid} in the journal and {order.uuid} at the exchange"


def judge(life: Life, told: Told, entries: Mapping[str, Entry], orders: Sequence[OrderRecord]) -> Iterator[str]:
    """Hold what a child told against what is there: what is wrong."""
    by_name = {str(order.identifier): order for order in orders}
    for word in told.words:
        verb, _, name = word.partition(" ")
        if verb in ("accepted", "ended") and name not in by_name:
            yield f"{name} was {verb} and is not there"
        elif verb == "ended" and by_name[name].state == "wait":
            yield f"{name} was ended and is open"
    if life.act == "storm":
        return
    old = by_name.get(f"{life.name}-old")
    mine = [entry for entry in entries.values() if entry.identifier != f"{life.name}-old"]
    made = [order for order in orders if order is not old]
    if (old is None) != (life.act in ("place", "market")):
        yield f"there is {old} before the act"
    begun = life.act != "cancel" and "begin after" in told.places
    between = told.places[-1:] == ["begin before"] and life.at != "begin before"
    if len(made) > len(mine) or len(mine) > 1 or (bool(mine) != begun and not between):
        yield f"one intent is {len(mine)} in the journal and {len(made)} at the exchange"
    if "POST during" not in told.places and life.after == inf:
        yield from (f"{order.identifier} never left, and is there" for order in made)
        yield from (f"{one.identifier} never left, and is {one.outcome}" for one in mine if one.outcome != "abandoned")
    if life.act == "replace" and old is not None and (old.state == "cancel") != bool(made):
        yield f"the old order is {old.state}, and of new ones there are {len(made)}"
    if "told all is well" in told.words:
        if life.act == "cancel" and old is not None and old.state != "cancel":
            yield "the cancelled order is open"
        if life.act != "cancel" and not made:
            yield "it was told of an order that is not there"
    elif not told.killed and made and "told OrderOutcomeUnknown" not in told.words:
        yield f"{told.words} was told of an order that is there"


def closing(house: House) -> Iterator[str]:
    """What is wrong when all is over and everything has arrived."""
    names = [order.identifier for order in house.orders()]
    yield from (f"{name} was given up and came to be" for name in house.abandoned & set(map(str, names)))
    if len(names) != len(set(names)):
        yield "an identifier was used twice"


# -- all of it -----------------------------------------------------------------------------------------


class Report(NamedTuple):
    """What was done, and what came of it."""

    verdicts: list[Verdict]
    wrong: list[str]
    seconds: float

    @property
    def kills(self) -> int:
        """How often a child was killed."""
        return sum(one.told.killed + one.again for one in self.verdicts)

    @property
    def places(self) -> Counter[str]:
        """The places at which children were killed, and how often."""
        return Counter(f"{one.life.act}: {one.life.at}" for one in self.verdicts if one.told.killed and one.life.at)

    def __str__(self) -> str:
        rows: list[tuple[str, ...]] = [
            ("act", "weather", "lives", "killed", "in recovery", "adopted", "given up", "orders", "late", "wrong")
        ]
        cells: dict[tuple[str, str], list[Verdict]] = {}
        for one in self.verdicts:
            cells.setdefault((one.life.act, one.life.weather), []).append(one)
            cells.setdefault(("all", ""), []).append(one)
        for (act, name), lives in sorted(cells.items(), key=lambda cell: (cell[0][0] == "all", cell[0])):
            outcomes = sum((one.outcomes for one in lives), Counter[str]())
            numbers = (
                *(len(lives), sum(one.told.killed for one in lives), sum(one.again for one in lives)),
                *(outcomes["adopted"], outcomes["abandoned"], sum(one.orders for one in lives)),
                *(sum(one.late for one in lives), sum(len(one.wrong) for one in lives)),
            )
            rows.append((act, name, *(f"{number:,}" for number in numbers)))
        acts: dict[str, list[str]] = {}
        for place, times in sorted(self.places.items()):
            acts.setdefault(place.partition(": ")[0], []).append(f"{place.partition(': ')[2]} {times}")
        return "\n".join(
            [
                *columns(rows),
                "",
                *(f"{act} was killed at: {', '.join(places)}" for act, places in acts.items()),
                f"{self.kills} kills in {self.seconds:.0f} s; wrong: {len(self.wrong)}",
            ]
        )


def run(seed: int = 0, *, storms: int = 40, sudden: int = 1, thorough: bool = True) -> Report:
    """Kill at every place of every act, in every weather; or (not `thorough`) at each place once, in some weather.

    `sudden` more children of each act and weather die at a random moment, and so do so many `storms`.
    """
    chance, numbers, begun = Random(seed), count(1), time.monotonic()
    acts = list(PLACES) if thorough else ["place", "replace", "cancel"]
    weathers = list(WEATHERS) if thorough else ["calm", "lost answer", "refused", "down", "going down"]
    CONTEXT.set_forkserver_preload(["tools.doomed", threaded.__module__, columns.__module__])
    with ExitStack() as stack:
        base = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        houses = [stack.enter_context(house(seed + number)) for number in range(WORKERS)]
        pool = stack.enter_context(ThreadPoolExecutor(WORKERS))
        free: SimpleQueue[House] = SimpleQueue()
        for one in houses:
            free.put(one)

        def made(act: str, name: str, at: str = "", times: int = 1, after: float = inf, again: int = 0) -> Life:
            number = next(numbers)
            return Life(number, act, name, base / str(number), at, times, after, again)

        def lived(life: Life) -> Verdict:
            found = free.get()
            try:
                return examine(found, life)
            finally:
                free.put(found)

        verdicts = list(pool.map(lived, [made(act, name) for act in acts for name in weathers]))
        lives: list[Life] = []
        seen: set[tuple[str, str]] = set()
        for life, told, *_ in verdicts:
            passed = Counter[str]()
            for place in told.places:
                passed[place] += 1
                if thorough or (life.act, place) not in seen:
                    again = chance.choice((0, 0, 0, 1, 2, 3, 4, 5, 6))
                    lives.append(made(life.act, life.weather, at=place, times=passed[place], again=again))
                seen.add((life.act, place))
            for _ in range(sudden):
                lives.append(made(life.act, life.weather, after=chance.uniform(0, told.seconds)))
        lives += [made("storm", "", after=chance.uniform(0, STORM), again=chance.randrange(9)) for _ in range(storms)]
        chance.shuffle(lives)
        verdicts += pool.map(lived, lives)
        wrong = [f"{one.life}: {what}; {one.told}" for one in verdicts for what in one.wrong]
        time.sleep(DEADLINE / SPEED)
        wrong += [what for one in houses for what in closing(one)]
    wrong += [str(fault) for one in houses for fault in one.exchange.engine.faults(one.exchange.wallet.locks())]
    return Report(verdicts, wrong, time.monotonic() - begun)


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.kills", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--storms", type=int, default=40)
    chosen = parser.parse_args()
    report = run(chosen.seed, storms=chosen.storms)
    print(report)
    for what in report.wrong:
        print(what, file=sys.stderr)
    return 1 if report.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
