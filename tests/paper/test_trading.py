"""Users and the background market do what they like, and the invariants of the paper exchange hold after each step."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.paper.floor import Floor
from upbit.paper.book import SCALE, Resting, Side
from upbit.paper.orders import Event, OrderChanged, OrderRecord, SmpType, TimeInForce, Traded

D = Decimal

prices = st.integers(90, 110)
volumes = st.integers(1, 5 * SCALE)
sides: st.SearchStrategy[Side] = st.sampled_from(("bid", "ask"))
smp_types: st.SearchStrategy[SmpType | None] = st.sampled_from((None, "none", "cancel_maker", "cancel_taker", "reduce"))
accounts = st.sampled_from(("alice", "bob"))


class Trading(RuleBasedStateMachine):
    """Two accounts, one market, all order types."""

    @initialize()
    def open(self) -> None:
        self.floor = Floor()
        self.engine = self.floor.engine
        self.background: list[Resting] = []
        self.seen = 0
        self.last: dict[str, OrderRecord] = {}
        self.trade_uuids: set[str] = set()
        self.sequential_id = 0

    @rule(side=sides, price=prices, volume=volumes)
    def quote(self, side: Side, price: int, volume: int) -> None:
        self.background.append(self.engine.quote("KRW-BTC", side, price * SCALE, volume, self.floor.now))

    @rule(side=sides, volume=volumes)
    def sweep(self, side: Side, volume: int) -> None:
        self.engine.sweep("KRW-BTC", side, volume, self.floor.now)

    @precondition(lambda self: self.background)
    @rule(choice=st.integers(0, 10**6))
    def withdraw(self, choice: int) -> None:
        self.engine.withdraw(self.background.pop(choice % len(self.background)))

    @rule(
        account=accounts,
        side=sides,
        price=prices,
        volume=volumes,
        time_in_force=st.sampled_from((None, None, None, "ioc", "fok", "post_only")),
        smp_type=smp_types,
    )
    def limit(
        self,
        account: str,
        side: Side,
        price: int,
        volume: int,
        time_in_force: TimeInForce | None,
        smp_type: SmpType | None,
    ) -> None:
        smp_type = None if time_in_force == "post_only" else smp_type
        ticket = self.floor.ticket(
            side,
            "limit",
            price,
            str(D(volume) / SCALE),
            account=account,
            time_in_force=time_in_force,
            smp_type=smp_type,
        )
        opposite = self.engine.book("KRW-BTC").available(side, price * SCALE)
        order = self.floor.place(ticket)
        if time_in_force == "fok":
            assert order.executed_volume in (0, order.volume)
        if time_in_force == "post_only":
            assert (opposite > 0, D(0)) == (order.state == "cancel", order.executed_volume)
        if time_in_force is None and order.state == "wait":
            assert order.remaining_volume

    @rule(account=accounts, funds=st.integers(1, 10**12), best=st.booleans(), smp_type=smp_types)
    def buy(self, account: str, funds: int, best: bool, smp_type: SmpType | None) -> None:
        self.floor.place(
            self.floor.ticket(
                "bid",
                "best" if best else "price",
                str(D(funds) / SCALE),
                None,
                account=account,
                time_in_force="ioc" if best else None,
                smp_type=smp_type,
            )
        )

    @rule(account=accounts, volume=volumes, best=st.booleans(), smp_type=smp_types)
    def sell(self, account: str, volume: int, best: bool, smp_type: SmpType | None) -> None:
        self.floor.place(
            self.floor.ticket(
                "ask",
                "best" if best else "market",
                None,
                str(D(volume) / SCALE),
                account=account,
                time_in_force="fok" if best else None,
                smp_type=smp_type,
            )
        )

    @rule(account=accounts, choice=st.integers(0, 10**6), price=prices, renew=st.booleans())
    def cancel(self, account: str, choice: int, price: int, renew: bool) -> None:
        orders = self.engine.register.open_orders(account)
        if not orders:
            return
        order = orders[choice % len(orders)]
        if renew:
            ticket = self.floor.ticket(order.side, "limit", price, str(order.remaining_volume), account=account)
            self.engine.match(self.engine.cancel_and_new(order, ticket, self.floor.now), self.floor.now)
        else:
            self.engine.cancel(order, self.floor.now)
        assert "cancel" == order.state

    @invariant()
    def books_and_money_are_right(self) -> None:
        if hasattr(self, "engine"):
            self.engine.check_invariants()

    @invariant()
    def events_tell_everything(self) -> None:
        """7 to 9: nothing falls, an end is an end, the last event of an order is the order, ids never repeat."""
        if not hasattr(self, "engine"):
            return
        for event in self.new_events():
            if isinstance(event, Traded):
                assert event.sequential_id > self.sequential_id
                self.sequential_id = event.sequential_id
            elif isinstance(event, OrderChanged):
                before = self.last.get(event.order.uuid)
                if before is not None:
                    assert "wait" == before.state
                    assert before.executed_volume <= event.order.executed_volume
                    assert before.paid_fee <= event.order.paid_fee
                if event.trade is not None and not event.is_maker:
                    assert event.trade.uuid not in self.trade_uuids
                    self.trade_uuids.add(event.trade.uuid)
                self.last[event.order.uuid] = event.order
        for account in ("alice", "bob"):
            assert [
                self.last[order.uuid] for order in self.engine.register.orders(account)
            ] == self.engine.register.orders(account)

    def new_events(self) -> Iterator[Event]:
        while self.seen < len(self.floor.events):
            self.seen += 1
            yield self.floor.events[self.seen - 1]


Trading.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestTrading = Trading.TestCase
