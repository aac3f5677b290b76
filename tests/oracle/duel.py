"""Both engines are asked the same, and everything that can be seen of them is compared after each command.

A `Door` is a way to the engine under test; the naive exchange is asked directly. A `Difference` is a bug in one of
them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from decimal import Decimal
from itertools import count
from typing import Protocol, TypeVar

from tests.oracle import naive
from tests.oracle.naive import BACKGROUND, Order, Refusal
from tests.oracle.script import (
    ACCOUNTS,
    SCENES,
    STAGE,
    Cancel,
    CancelEach,
    CancelOpen,
    Command,
    Deposit,
    Place,
    Quote,
    Replace,
    Script,
    Stage,
    Step,
    Sweep,
    Terms,
    Withdraw,
)
from tests.oracle.told import Told
from upbit import rules
from upbit.errors import APIStatusError
from upbit.paper.book import SCALE, Resting, Side
from upbit.paper.engine import Engine
from upbit.paper.ledger import Ledger, exact
from upbit.paper.orders import Event, OrderChanged, OrderRecord, Ticket, Traded
from upbit.paper.orders import Terms as Conditions

D = Decimal
NOW = 1_800_000_000_000


class Difference(AssertionError):
    """The two do not agree."""


def units(amount: Decimal) -> int:
    return int(amount * SCALE)


class Door(Protocol):
    """A way to the engine under test. What it refuses it refuses with an `APIStatusError`."""

    @property
    def engine(self) -> Engine: ...

    events: list[Event]
    """What has happened since it was last cleared."""

    def place(self, account: str, market: str, side: Side, terms: Terms) -> OrderRecord: ...

    def replace(self, old: OrderRecord, terms: Terms, remain_only: bool) -> OrderRecord: ...

    def cancel(self, record: OrderRecord) -> None: ...

    def cancel_each(self, records: Sequence[OrderRecord]) -> tuple[list[str], list[str]]: ...

    def cancel_open(self, command: CancelOpen) -> list[str]: ...

    def step(self, milliseconds: int) -> None: ...

    def background(self) -> list[tuple[Quote | Sweep | Resting, Resting | None]]:
        """What the background market did of itself since last asked: quoted (and what rests), swept, withdrew."""
        ...


class EngineDoor:
    """The engine itself, on the rules of today."""

    def __init__(self) -> None:
        numbers = count(1)
        self.events: list[Event] = []
        self.engine = Engine(
            [scene.market for scene in SCENES],
            Ledger(),
            Conditions(
                fee=lambda account, market, side: rules.fee(market),
                tick_size=lambda market, price: rules.tick_size(market, price),
                min_total=lambda market: rules.minimum_total(market),
                max_total=lambda market: rules.maximum_total(market),
            ),
            ids=lambda: f"id-{next(numbers)}",
            emit=self.events.append,
        )

    def place(self, account: str, market: str, side: Side, terms: Terms) -> OrderRecord:
        record = self.engine.accept(_ticket(account, market, side, terms), NOW)
        self.engine.match(record, NOW)
        return record

    def replace(self, old: OrderRecord, terms: Terms, remain_only: bool) -> OrderRecord:
        if remain_only:
            terms = terms._replace(volume=old.remaining_volume)
        record = self.engine.cancel_and_new(old, _ticket(old.account, old.market, old.side, terms), NOW)
        self.engine.match(record, NOW)
        return record

    def cancel(self, record: OrderRecord) -> None:
        self.engine.cancel(record, NOW)

    def cancel_each(self, records: Sequence[OrderRecord]) -> tuple[list[str], list[str]]:
        done: list[str] = []
        failed: list[str] = []
        for record in records:
            try:
                self.engine.cancel(record, NOW)
                done.append(record.uuid)
            except APIStatusError:
                failed.append(record.uuid)
        return done, failed

    def cancel_open(self, command: CancelOpen) -> list[str]:
        raise NotImplementedError("the desk chooses whose turn it is")

    def step(self, milliseconds: int) -> None:
        raise NotImplementedError("the engine asks nobody for the time")

    def background(self) -> list[tuple[Quote | Sweep | Resting, Resting | None]]:
        return []


def _ticket(account: str, market: str, side: Side, terms: Terms) -> Ticket:
    return Ticket(account=account, market=market, side=side, **terms._asdict())


class Duel:
    """The engine behind a door against the naive exchange."""

    def __init__(
        self, door: Door, oracle: naive.Exchange, stage: Stage = STAGE, accounts: dict[str, str] | None = None
    ) -> None:
        self.door = door
        self.oracle = oracle
        self.records: dict[Order, OrderRecord] = {}
        self._markets = [scene.market for scene in stage.scenes]
        self._names = accounts or {name: name for name in ACCOUNTS}
        self._orders: dict[str, Order] = {}
        self._told: dict[str, Told] = {}
        self._resting: dict[Order, Resting] = {}
        self._quoted: dict[int, Order] = {}
        self._open: dict[Order, tuple[object, ...]] = {}
        self._trades = 0
        for account in ACCOUNTS:
            for currency, amount in stage.funds.items():
                self._deposit(Deposit(account, currency, amount))
        self._follow()

    # -- one command

    def perform(self, command: Command) -> str:
        """Ask both, compare, and say what they agreed on. Raises `Difference`."""
        outcome = self._ask(command)
        self._follow()
        self._compare(command)
        return outcome

    def _ask(self, command: Command) -> str:
        match command:
            case Place(account, market, side, terms):
                order = Order(account, market, side, *terms)
                return self._placed(command, order, lambda: self.door.place(self._names[account], market, side, terms))
            case Replace(old, terms, remain_only):
                order = Order(old.account, old.market, old.side, *terms)
                if remain_only:
                    order.volume = None if old.by_total else old.rest
                record = self.records[old]
                return self._placed(command, order, lambda: self.door.replace(record, terms, remain_only), old)
            case Cancel(order):
                ours = _refusal(lambda: self.oracle.cancel(order))
                return _agreed(command, ours, _refusal(lambda: self.door.cancel(self.records[order]))) or "cancelled"
            case CancelEach(_, orders):
                done, failed = self.oracle.cancel_each(orders)
                theirs = self.door.cancel_each([self.records[one] for one in orders])
                _agreed(command, (self._uuids(done), self._uuids(failed)), theirs)
            case CancelOpen():
                cancelled = self.door.cancel_open(command._replace(account=self._names[command.account]))
                _agreed(command, self._uuids(self.oracle.cancel_open(*command)), cancelled)
            case Quote(market, side, price, volume):
                order = self.oracle.quote(market, side, price, volume)
                self._resting[order] = self.door.engine.quote(market, side, units(price), units(volume), NOW)
            case Sweep(market, side, volume):
                swept = self.door.engine.sweep(market, side, units(volume), NOW)
                _agreed(command, units(self.oracle.sweep(market, side, volume).executed_volume), swept)
            case Withdraw(order):
                self.oracle.cancel(order)
                _agreed(command, True, self.door.engine.withdraw(self._resting.pop(order)))
            case Deposit():
                self._deposit(command)
            case Step(milliseconds):
                self.door.step(milliseconds)
        return type(command).__name__.lower()

    def _placed(
        self, command: Command, order: Order, ask: Callable[[], OrderRecord], instead: Order | None = None
    ) -> str:
        records: list[OrderRecord] = []
        ours = _refusal(lambda: self.oracle.place(order, instead=instead))
        _agreed(command, ours, _refusal(lambda: records.append(ask())))
        for record in records:
            self.records[order] = record
            self._orders[record.uuid] = order
            self._open[order] = ()
        return ours or " ".join(filter(None, (order.ord_type, order.time_in_force, order.state)))

    def _follow(self) -> None:
        """Let the naive exchange's background market do what the other's did of itself."""
        for done, resting in self.door.background():
            match done:
                case Quote():
                    order = self.oracle.quote(*done)
                    if resting is not None:
                        self._quoted[resting.id] = order
                case Sweep():
                    self.oracle.sweep(*done)
                case Resting():
                    self.oracle.cancel(self._quoted.pop(done.id))

    def _deposit(self, command: Deposit) -> None:
        self.oracle.deposit(*command)
        self.door.engine.register.ledger.deposit(self._names[command.account], command.currency, command.amount)

    def _uuids(self, orders: Sequence[Order]) -> list[str]:
        return [self.records[order].uuid for order in orders]

    # -- what can be seen

    def _compare(self, command: Command) -> None:
        with exact():
            self._compare_trades(command)
            touched = self._hear()
            for order, mark in list(self._open.items()):
                now = (order.state, len(order.trades), order.prevented_volume, order.prevented_funds)
                if mark != now or order in touched:
                    self._compare_order(command, order)
                    self._open[order] = now
                if order.state != "wait":
                    del self._open[order]
            for market in self._markets:
                if getattr(command, "market", market) == market:
                    self._compare_market(command, market)

    def _hear(self) -> set[Order]:
        touched: set[Order] = set()
        for event in self.door.events:
            if isinstance(event, OrderChanged):
                uuid = event.order.uuid
                if event.kind == "wait":
                    self._told[uuid] = Told(event)
                self._told[uuid].hear(event)
                touched.add(self._orders[uuid])
        self.door.events.clear()
        return touched

    def _compare_trades(self, command: Command) -> None:
        theirs = [event for event in self.door.events if isinstance(event, Traded)]
        ours = self.oracle.trades[self._trades :]
        self._trades = len(self.oracle.trades)
        _agreed(
            command,
            [(one.market, units(one.price), units(one.volume), one.side, *self._parties(one)) for one in ours],
            [(one.market, one.price, one.volume, one.side, one.maker, one.taker) for one in theirs],
        )

    def _parties(self, trade: naive.Trade) -> tuple[str | None, str | None]:
        maker, taker = (trade.ask, trade.bid) if trade.side == "bid" else (trade.bid, trade.ask)
        return self._uuid(maker), self._uuid(taker)

    def _uuid(self, order: Order) -> str | None:
        return None if order.account == BACKGROUND else self.records[order].uuid

    def _compare_order(self, command: Command, order: Order) -> None:
        record = self.records[order]
        _agreed(command, self._ours(order), _theirs(record))
        _agreed(command, order.story, self._told[record.uuid].story)
        if self._told[record.uuid].differs(record):
            raise Difference(f"{command}: the events of {record} tell another order")

    def _ours(self, order: Order) -> tuple[object, ...]:
        by_total = order.by_total
        return (
            *(self._names[order.account], order.market, order.side, order.ord_type, order.price, order.volume),
            *(order.time_in_force, order.smp_type, order.identifier, order.state),
            *(order.executed_volume, order.executed_funds, order.reserved_fee, order.paid_fee, order.remaining_fee),
            *(order.prevented_volume, order.prevented_locked, order.locked, None if by_total else order.rest),
            [(one.price, one.volume, one.price * one.volume) for one in order.trades],
        )

    def _compare_market(self, command: Command, market: str) -> None:
        book = self.door.engine.book(market)
        for side in ("bid", "ask"):
            ours = [(units(price), units(size)) for price, size in self.oracle.levels(market, side)]
            _agreed(command, ours, book.levels(side, 1_000))
        for account in ACCOUNTS:
            for currency in market.split("-"):
                held = self.door.engine.register.ledger.holding(self._names[account], currency)
                _agreed(command, self.oracle.held(account, currency), (held.balance, held.locked))

    def compare_everything(self) -> None:
        """All orders ever, the invariants, and that all money came in by deposits."""
        self.door.engine.check_invariants()
        with exact():
            for order in self.records:
                self._compare_order(Cancel(order), order)


def _theirs(record: OrderRecord) -> tuple[object, ...]:
    return (
        *(record.account, record.market, record.side, record.ord_type, record.price, record.volume),
        *(record.time_in_force, record.smp_type, record.identifier, record.state),
        *(record.executed_volume, record.executed_funds, record.reserved_fee, record.paid_fee, record.remaining_fee),
        *(record.prevented_volume, record.prevented_locked, record.locked, record.remaining_volume),
        [(one.price, one.volume, one.funds) for one in record.trades],
    )


def _refusal(ask: Callable[[], object]) -> str | None:
    try:
        ask()
    except Refusal as error:
        return str(error)
    except APIStatusError as error:
        return str(error.name)
    return None


T = TypeVar("T")


def _agreed(command: Command, ours: T, theirs: T) -> T:
    if ours != theirs:
        raise Difference(f"{command}\nnaive:  {ours}\nengine: {theirs}")
    return ours


def fight(duel: Duel, script: Script, commands: int) -> Counter[str]:
    """Let both carry out so many commands; how often they agreed on what. Raises `Difference`."""
    agreed: Counter[str] = Counter()
    for number in range(commands):
        try:
            agreed[duel.perform(script.next())] += 1
        except Difference as difference:
            raise Difference(f"command {number}: {difference}") from None
    duel.compare_everything()
    return agreed


def engine_fight(seed: int, commands: int) -> Counter[str]:
    """The engine itself, fresh."""
    duel = Duel(EngineDoor(), naive.Exchange())
    return fight(duel, Script(seed, duel.oracle), commands)
