"""A trading floor for tests: an engine with two accounts on it, and everything that happened."""

from __future__ import annotations

from decimal import Decimal
from itertools import count

from upbit.paper.book import SCALE, Resting, Side
from upbit.paper.engine import Engine
from upbit.paper.ledger import Ledger
from upbit.paper.orders import Event, OrderChanged, OrderRecord, OrdType, SmpType, Terms, Ticket, TimeInForce

D = Decimal
RATE = D("0.0005")
FREE = Terms(
    fee=lambda account, market, side: RATE,
    tick_size=lambda market, price: D("1e-8"),
    min_total=lambda market: D(0),
    max_total=lambda market: None,
)


class Floor:
    """An engine with alice and bob on it, and everything that was emitted."""

    def __init__(self) -> None:
        numbers = count(1)
        self.events: list[Event] = []
        self.ledger = Ledger()
        self.engine = Engine(
            ["KRW-BTC", "BTC-XRP"], self.ledger, FREE, ids=lambda: f"id-{next(numbers)}", emit=self.events.append
        )
        self.now = 1_700_000_000_000
        for account in ("alice", "bob"):
            for currency, amount in (("KRW", 10**9), ("BTC", 1000), ("XRP", 1000)):
                self.ledger.deposit(account, currency, D(amount))

    def quote(self, side: Side, price: int | str, volume: str) -> Resting:
        return self.engine.quote("KRW-BTC", side, int(D(price) * SCALE), int(D(volume) * SCALE), self.now)

    def ticket(
        self,
        side: Side,
        ord_type: OrdType,
        price: int | str | None,
        volume: str | None,
        *,
        account: str = "alice",
        identifier: str | None = None,
        time_in_force: TimeInForce | None = None,
        smp_type: SmpType | None = None,
        market: str = "KRW-BTC",
    ) -> Ticket:
        return Ticket(
            account=account,
            market=market,
            side=side,
            ord_type=ord_type,
            price=None if price is None else D(price),
            volume=None if volume is None else D(volume),
            identifier=identifier,
            time_in_force=time_in_force,
            smp_type=smp_type,
        )

    def place(self, ticket: Ticket) -> OrderRecord:
        order = self.engine.accept(ticket, self.now)
        self.engine.check_invariants()
        self.engine.match(order, self.now)
        self.engine.check_invariants()
        return order

    def kinds(self, order: OrderRecord) -> list[str]:
        return [e.kind for e in self.events if isinstance(e, OrderChanged) and e.order.uuid == order.uuid]
