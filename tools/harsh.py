"""`python -m tools.harsh --orders 100000`: a client trades on a paper exchange of the harsh profile; is each order one?

Orders are placed, replaced, cancelled and looked up while answers are late, lost, damaged, refused, or come from what
stands before the exchange; rate limits hold, and time is stepped. What the client was told is compared with what the
exchange knows: one order for each that was told of, none for each that was not. Nothing may be unknown 60 seconds
later, and no answer 429 or 418 may be our own doing: those that the profile itself makes are counted apart. Prints
what came of it, and ends with 1 when any of that is not so.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from random import Random
from typing import NamedTuple

from upbit.errors import APIError, OrderNotFoundError, OrderOutcomeUnknown, RateLimitPenaltyError
from upbit.paper import PaperExchange
from upbit.paper.chronicle import Sent
from upbit.paper.orders import OrderRecord

START = datetime(2026, 11, 20, tzinfo=UTC)
MARKET = "KRW-BTC"
PAUSE = 0.09
"""Seconds between two intents at most: there are always more than the exchange takes."""
LATER = 60.0
"""Seconds after which nothing is unknown."""
OPEN = 40
"""Orders that are left open."""
LOOKED = 500
"""Intents after which the requests are looked at; fewer requests come of them than are remembered."""
INSTEAD = ("unreachable", "lost_request", "too_many_requests", "penalty", "gateway", "refuse")
"""Faults that come in the place of an answer; of several, the first that was chosen."""


class Report(NamedTuple):
    """What was done, and what came of it."""

    orders: int
    """Orders that were meant: placed or put in the place of another."""
    told: int
    """Orders that the client was told of."""
    refused: dict[str, int]
    """Why there were none, by name."""
    unknown: int
    """Orders whose outcome the client did not know; `still_unknown` after 60 seconds."""
    still_unknown: int
    wrong: list[str]
    """Where the client was told what is not so."""
    made: int
    """Orders that the exchange has."""
    cancels: int
    requests: int
    faults: dict[str, int]
    own_429: int
    """Refusals for too many requests that the profile did not make."""
    own_418: int
    """Blocks that the profile did not make."""
    hours: float
    """Of the exchange."""
    seconds: float

    @property
    def fine(self) -> bool:
        """Whether all is as promised."""
        return not (self.wrong or self.still_unknown or self.own_429 or self.own_418) and self.made == self.told


class Trial:
    """A client, its exchange, and what it was told."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.paper = PaperExchange(start=START, seed=seed, chaos="harsh", funds={"KRW": Decimal(10) ** 15})
        self.orders = self.paper.client(random=self.random.random).orders
        self.open: list[str] = []
        self.names: dict[str, str] = {}
        """What is there by what was told: uuids by identifiers."""
        self.none: dict[str, str] = {}
        """What is not there, and why."""
        self.unknown: list[tuple[float, str]] = []
        self.unknowns = self.cancels = self.still_unknown = 0
        self.wrong: list[str] = []
        self.statuses: Counter[tuple[int, str]] = Counter()
        self._seen = 0

    @property
    def now(self) -> float:
        return self.paper.exchange.now / 1000

    def record(self, uuid: str) -> OrderRecord | None:
        exchange = self.paper.exchange
        return exchange.engine.register.order(exchange.account, uuid)

    def intend(self, name: str) -> None:
        """Mean one order, and perhaps to cancel another."""
        random = self.random
        if self.open and random.random() < 0.25:
            self.replace(name, self._any())
        else:
            self.place(name)
        if len(self.open) > OPEN or (self.open and random.random() < 0.3):
            self.cancel(self._any())
        if self.open and random.random() < 0.1:
            self.look(random.choice(self.open))
        self.paper.advance(random.random() * PAUSE)
        self.settle()

    def _any(self) -> str:
        return self.open.pop(self.random.randrange(len(self.open)))

    def place(self, name: str) -> None:
        """Place an order that rests, or now and then one that trades at once."""
        try:
            if self.random.random() < 0.05:
                order = self.orders.create(market=MARKET, side="bid", ord_type="price", price=10_000, identifier=name)
            else:
                order = self.orders.create(
                    market=MARKET, side="bid", ord_type="limit", price=1_000_000, volume="0.01", identifier=name
                )
        except OrderOutcomeUnknown:
            self._unknown(name)
        except APIError as error:
            self._refused(name, error)
        else:
            self.names[name] = order.uuid
            if order.ord_type == "limit":
                self.open.append(order.uuid)

    def replace(self, name: str, uuid: str) -> None:
        """Put an order in the place of another."""
        try:
            old = self.orders.cancel_and_new(
                prev_order_uuid=uuid, new_ord_type="limit", new_price=1_000_000, new_volume="0.01", new_identifier=name
            )
        except OrderOutcomeUnknown:
            self._unknown(name)
        except APIError as error:
            self._refused(name, error)
            self._expect(uuid, {"wait"}, f"{name}: not replaced")
            self.open.append(uuid)
        else:
            assert old.new_order_uuid is not None, "what rests is not filled first"
            self.names[name] = old.new_order_uuid
            self.open.append(old.new_order_uuid)
            self._expect(uuid, {"cancel"}, f"{name}: replaced")

    def cancel(self, uuid: str) -> None:
        """Cancel an order."""
        self.cancels += 1
        try:
            self.orders.cancel(uuid=uuid)
        except OrderOutcomeUnknown:
            self.wrong.append(f"cancel of {uuid}: unknown")
        except APIError:
            self._expect(uuid, {"wait"}, "not cancelled")
            self.open.append(uuid)
        else:
            self._expect(uuid, {"cancel"}, "cancelled")

    def look(self, uuid: str) -> None:
        """Look an order up."""
        try:
            order = self.orders.retrieve(uuid=uuid)
        except APIError:
            return
        if order.uuid != uuid:
            self.wrong.append(f"look at {uuid}: {order.uuid}")

    def _expect(self, uuid: str, states: set[str], told: str) -> None:
        record = self.record(uuid)
        state = "missing" if record is None else record.state
        if state not in states:
            self.wrong.append(f"{told}: {uuid} is {state}")

    def _refused(self, name: str, error: APIError) -> None:
        self.none[name] = type(error).__name__
        if isinstance(error, RateLimitPenaltyError):
            self.paper.advance(float(error.headers["Retry-After"]))

    def _unknown(self, name: str) -> None:
        self.unknowns += 1
        self.unknown.append((self.now, name))

    def settle(self, *, end: bool = False) -> None:
        """Look up what was unknown a minute ago."""
        while self.unknown and (end or self.unknown[0][0] + LATER <= self.now):
            _, name = self.unknown.pop(0)
            try:
                self.names[name] = self.orders.retrieve(identifier=name).uuid
            except OrderNotFoundError:
                self.none[name] = "OrderOutcomeUnknown"
            except APIError:
                self.still_unknown += 1

    def watch(self) -> None:
        """Look at the requests since the last time."""
        for sent in self._new():
            kind = next((effect for effect in sent.faults if effect in INSTEAD), "")
            self.statuses[sent.status or 0, kind] += 1

    def _new(self) -> Iterator[Sent]:
        requests = self.paper.control.chronicle.requests()
        assert requests[0].seq <= self._seen + 1, "requests were forgotten before they were looked at"
        yield from (sent for sent in requests if sent.seq > self._seen)
        self._seen = requests[-1].seq

    def own(self, status: int, effect: str) -> int:
        """How many answers had this status that the profile did not make."""
        return sum(count for (given, kind), count in self.statuses.items() if given == status and kind != effect)

    def check(self) -> int:
        """Compare what was told with what there is; how many orders there are."""
        exchange = self.paper.exchange
        made = exchange.engine.register.orders(exchange.account)
        uuids = {record.identifier: record.uuid for record in made}
        self.wrong += [f"{name}: told of {uuid}" for name, uuid in self.names.items() if uuids.get(name) != uuid]
        self.wrong += [f"{name}: {why}, and there" for name, why in self.none.items() if name in uuids]
        self.wrong += exchange.engine.faults(exchange.wallet.locks())
        return len(made)


def run(orders: int, seed: int = 0) -> Report:
    """Mean so many orders."""
    began = time.perf_counter()
    trial = Trial(seed)
    faults: Counter[str] = Counter()
    trial.paper.chaos.listen(lambda fault: faults.update([fault.effect]))
    for number in range(orders):
        trial.intend(f"harsh-{number}")
        if number % LOOKED == 0:
            trial.watch()
    trial.paper.advance(LATER)
    trial.settle(end=True)
    trial.watch()
    made = trial.check()
    return Report(
        orders=orders,
        told=len(trial.names),
        refused=dict(Counter(trial.none.values())),
        unknown=trial.unknowns,
        still_unknown=trial.still_unknown,
        wrong=trial.wrong,
        made=made,
        cancels=trial.cancels,
        requests=trial.paper.control.chronicle.asked,
        faults=dict(faults),
        own_429=trial.own(429, "too_many_requests"),
        own_418=trial.own(418, "penalty"),
        hours=round((trial.now - START.timestamp()) / 3600, 2),
        seconds=round(time.perf_counter() - began, 1),
    )


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.harsh", description=__doc__.partition("\n")[0])
    parser.add_argument("--orders", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    report = run(chosen.orders, seed=chosen.seed)
    for name, value in report._asdict().items():
        print(f"{name:14} {value}")
    return 0 if report.fine else 1


if __name__ == "__main__":
    sys.exit(main())
