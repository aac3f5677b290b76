"""The desk's door: the handlers of the operations, a whole exchange behind them, its own background market.

What the simulated market does is written down as it does it, so that the naive exchange's can do the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from tests.oracle import naive
from tests.oracle.duel import Difference, Duel, fight
from tests.oracle.naive import Order
from tests.oracle.script import ACCOUNTS, CancelOpen, Command, Quote, Scene, Script, Stage, Sweep, Terms
from upbit.api.operation import Operation
from upbit.api.orders import Orders
from upbit.models import BatchCancelResult
from upbit.models import Order as Shown
from upbit.paper.book import SCALE, Resting, Side
from upbit.paper.clock import SteppedClock
from upbit.paper.desk import HANDLERS
from upbit.paper.desk.shown import order_model
from upbit.paper.engine import Engine
from upbit.paper.exchange import Caller, Exchange
from upbit.paper.orders import Event, OrderChanged, OrderRecord

D = Decimal
START = 1_800_000_000_000
STAGE = Stage(
    (
        Scene("KRW-SAND", D(112), D(1_000)),
        Scene("BTC-XRP", D("0.00001832"), D(20)),
        Scene("USDT-XRP", D("1.439"), D(20)),
    ),
    {"KRW": D(1_500_000), "SAND": D(15_000), "BTC": D("0.005"), "XRP": D(500), "USDT": D(400)},
)
"""Markets of the exchange with few orders, near their first prices."""


class RecordingEngine(Engine):
    """An engine that remembers what the background market asked of it. Made from another, whose state it takes over."""

    def __init__(self, engine: Engine) -> None:
        vars(self).update(vars(engine))
        self.asked: list[tuple[Quote | Sweep | Resting, Resting | None]] = []

    def quote(self, market: str, side: Side, price: int, volume: int, now: int) -> Resting:
        resting = super().quote(market, side, price, volume, now)
        self.asked.append((Quote(market, side, D(price) / SCALE, D(volume) / SCALE), resting))
        return resting

    def sweep(self, market: str, side: Side, volume: int, now: int) -> int:
        if volume:
            self.asked.append((Sweep(market, side, D(volume) / SCALE), None))
        return super().sweep(market, side, volume, now)

    def withdraw(self, resting: Resting) -> bool:
        gone = super().withdraw(resting)
        if gone and resting.owner is None:
            self.asked.append((resting, None))
        return gone


class DeskDoor:
    """The order desk of a whole exchange, at whose gate three pockets have been let in."""

    def __init__(self, seed: int) -> None:
        self.clock = SteppedClock(START)
        self.exchange = Exchange(clock=self.clock, seed=seed, funds={})
        self.engine = self.exchange.engine = RecordingEngine(self.exchange.engine)
        self.events: list[Event] = []
        self.exchange.listen(self.events.append)
        for scene in STAGE.scenes:
            self.exchange.venue(scene.market)
        pockets = [self.exchange.account, self.exchange.pockets.add("second"), self.exchange.pockets.add("third")]
        self.accounts = dict(zip(ACCOUNTS, pockets, strict=True))
        self._asked = 0

    def ask(self, account: str, operation: Operation[..., Any], **arguments: Any) -> Any:
        """Ask for an operation; only what is given travels."""
        given = {name: value for name, value in arguments.items() if value is not None}
        return HANDLERS[operation](Caller(self.exchange, account, None, self.exchange.now), **given)

    def place(self, account: str, market: str, side: Side, terms: Terms) -> OrderRecord:
        shown = self.ask(account, Orders.create, market=market, side=side, **terms._asdict())
        return self._accepted(account, shown, shown.uuid)

    def replace(self, old: OrderRecord, terms: Terms, remain_only: bool) -> OrderRecord:
        if remain_only:
            arguments: dict[str, Any] = {f"new_{name}": value for name, value in terms._asdict().items()}
            arguments["new_volume"] = "remain_only"
        else:
            arguments = {f"new_{name}": value for name, value in terms._asdict().items()}
        before = order_model(old.snapshot(), self.exchange.profile)
        shown = self.ask(old.account, Orders.cancel_and_new, **self._named(old, "prev_order_"), **arguments)
        if (before.uuid, before.state, before.locked) != (shown.uuid, shown.state, shown.locked):
            raise Difference(f"cancel_and_new shows {shown}, not the old order as it was: {before}")
        return self._accepted(old.account, None, shown.new_order_uuid)

    def cancel(self, record: OrderRecord) -> None:
        self.ask(record.account, Orders.cancel, **self._named(record, ""))

    def cancel_each(self, records: Sequence[OrderRecord]) -> tuple[list[str], list[str]]:
        if not records:
            return [], []
        identifiers = [record.identifier for record in records if record.identifier is not None]
        if len(identifiers) == len(records):
            result = self.ask(records[0].account, Orders.cancel_by_uuids, identifiers=identifiers)
        else:
            result = self.ask(records[0].account, Orders.cancel_by_uuids, uuids=[record.uuid for record in records])
        return _batch(result)

    def cancel_open(self, command: CancelOpen) -> list[str]:
        result = self.ask(
            command.account,
            Orders.cancel_open,
            cancel_side=command.side,
            pairs=list(command.pairs) or None,
            quote_currencies=list(command.quotes) or None,
            excluded_pairs=list(command.excluded) or None,
            count=command.most,
            order_by=command.order_by,
        )
        cancelled, failed = _batch(result)
        if failed:
            raise Difference(f"open orders could not be cancelled: {failed}")
        return cancelled

    def step(self, milliseconds: int) -> None:
        self.clock.step(milliseconds)
        self.exchange.advance()

    def background(self) -> list[tuple[Quote | Sweep | Resting, Resting | None]]:
        asked, self.engine.asked = self.engine.asked, []
        return asked

    def _named(self, record: OrderRecord, prefix: str) -> dict[str, str]:
        """An order's name: every other time its identifier, if it has one."""
        self._asked += 1
        if record.identifier is not None and self._asked % 2:
            return {f"{prefix}identifier": record.identifier}
        return {f"{prefix}uuid": record.uuid}

    def _accepted(self, account: str, shown: Shown | None, uuid: str) -> OrderRecord:
        """The record of an order that was just accepted, which was shown as it was before it was matched."""
        first = next(
            event.order for event in self.events if isinstance(event, OrderChanged) and event.order.uuid == uuid
        )
        if shown is not None and shown != order_model(first, self.exchange.profile, created=True):
            raise Difference(f"the answer shows {shown}, accepted was {first}")
        record = self.engine.register.order(account, uuid)
        assert record is not None
        return record


def _batch(result: BatchCancelResult) -> tuple[list[str], list[str]]:
    cancelled, failed = ([one.uuid for one in half.orders] for half in (result.success, result.failed))
    assert (len(cancelled), len(failed)) == (result.success.count, result.failed.count)
    return cancelled, failed


class DeskDuel(Duel):
    """Compares what the desk shows of an order, too."""

    def __init__(self, door: DeskDoor) -> None:
        super().__init__(door, naive.Exchange("cancel_maker"), STAGE, door.accounts)
        self.desk = door

    def _compare_order(self, command: Command, order: Order) -> None:
        super()._compare_order(command, order)
        record = self.records[order]
        shown = self.desk.ask(record.account, Orders.retrieve, uuid=record.uuid)
        ours = (
            *(order.state, order.price, order.volume, order.executed_volume, None if order.by_total else order.rest),
            *(order.reserved_fee, order.paid_fee, order.remaining_fee, order.locked, order.prevented_locked),
            *(None if order.by_total else order.prevented_volume, len(order.trades), order.identifier, order.smp_type),
            [(trade.price, trade.volume, order.side) for trade in order.trades],
        )
        theirs = (
            *(shown.state, shown.price, shown.volume, shown.executed_volume, shown.remaining_volume),
            *(shown.reserved_fee, shown.paid_fee, shown.remaining_fee, shown.locked, shown.prevented_locked),
            *(shown.prevented_volume, shown.trades_count, shown.identifier, shown.smp_type),
            [(trade.price, trade.volume, trade.side) for trade in shown.trades or ()],
        )
        if ours != theirs:
            raise Difference(f"{command}\nnaive: {ours}\nshown: {theirs}")


def desk_fight(seed: int, commands: int) -> Counter[str]:
    """The order desk of a fresh exchange of today."""
    duel = DeskDuel(DeskDoor(seed))
    return fight(duel, Script(seed, duel.oracle, STAGE, at_desk=True), commands)
