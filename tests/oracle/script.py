"""What is asked of both engines: random commands, the same for the same seed.

They are drawn to meet: a few accounts with little money, prices a few ticks around a centre where two tick sizes join,
volumes that often equal what rests in the book, and one command in ten that is to be refused.
"""

from __future__ import annotations

from decimal import Decimal
from random import Random
from typing import NamedTuple

from tests.oracle.naive import BACKGROUND, STEP, ZERO, Exchange, Order, tick_size
from upbit.paper.book import Side

D = Decimal
ACCOUNTS = ("alice", "bob", "carol")
SIDES: tuple[Side, Side] = ("bid", "ask")


class Scene(NamedTuple):
    """A market: the price around which it trades, and a usual volume, worth twice the minimum."""

    market: str
    centre: Decimal
    lot: Decimal


class Stage(NamedTuple):
    """Where all this happens."""

    scenes: tuple[Scene, ...]
    funds: dict[str, Decimal]
    """What each account has at first."""


SCENES = (
    Scene("KRW-BTC", D(1_000_000), D("0.01")),
    Scene("KRW-XRP", D(100), D(100)),
    Scene("BTC-XRP", D("0.00002"), D(5)),
    Scene("USDT-XRP", D(1), D(1)),
)
STAGE = Stage(SCENES, {"KRW": D(160_000), "BTC": D("0.16"), "XRP": D(1_600), "USDT": D(16)})


class Terms(NamedTuple):
    """The fields of an order that are not its account's and market's."""

    ord_type: str
    price: Decimal | None
    volume: Decimal | None
    time_in_force: str | None
    smp_type: str | None
    identifier: str | None


class Place(NamedTuple):
    account: str
    market: str
    side: Side
    terms: Terms


class Replace(NamedTuple):
    order: Order
    terms: Terms
    remain_only: bool


class Cancel(NamedTuple):
    order: Order


class CancelEach(NamedTuple):
    account: str
    orders: list[Order]


class CancelOpen(NamedTuple):
    account: str
    side: str
    pairs: tuple[str, ...]
    quotes: tuple[str, ...]
    excluded: tuple[str, ...]
    most: int
    order_by: str


class Quote(NamedTuple):
    market: str
    side: Side
    price: Decimal
    volume: Decimal


class Sweep(NamedTuple):
    market: str
    side: Side
    volume: Decimal


class Withdraw(NamedTuple):
    order: Order


class Deposit(NamedTuple):
    account: str
    currency: str
    amount: Decimal


class Step(NamedTuple):
    """Time passes, and the background market does what it likes."""

    milliseconds: int


Command = Step | Place | Replace | Cancel | CancelEach | CancelOpen | Quote | Sweep | Withdraw | Deposit


class Script:
    """Draws commands, knowing how things stand."""

    def __init__(self, seed: int, exchange: Exchange, stage: Stage = STAGE, *, at_desk: bool = False) -> None:
        self._scenes = {scene.market: scene for scene in stage.scenes}
        self._funds = stage.funds
        self._at_desk = at_desk
        """Behind the desk the background market moves by itself, as time passes."""
        self._random = Random(seed)
        self._exchange = exchange
        self._identifiers: list[str] = []
        self._background: list[Order] = []

    def next(self) -> Command:
        chance = self._random.random()
        crowd = [one for one in self._exchange.open if one.account != BACKGROUND]
        if chance < 0.06 + 0.004 * len(crowd):
            return self._cancel(crowd)
        if chance < 0.66:
            return self._place()
        if chance < 0.98:
            return Step(self._random.randint(1, 400)) if self._at_desk else self._market_moves()
        return self._deposit()

    def _cancel(self, crowd: list[Order]) -> Command:
        random = self._random
        recent = [one for one in self._exchange.orders[-80:] if one.account != BACKGROUND]
        if not recent:
            return self._place()
        order = random.choice(crowd if crowd and random.random() < 0.8 else recent)
        chance = random.random()
        if chance < 0.6:
            return Cancel(order)
        if chance < 0.9:
            terms = self._terms(self._scenes[order.market], order.side)
            return Replace(order, terms, terms.volume is not None and random.random() < 0.4)
        markets = list(self._scenes)
        if chance < 0.95 or not self._at_desk:
            mine = [one for one in recent if one.account == order.account]
            return CancelEach(order.account, random.sample(mine, min(len(mine), random.randint(1, 4))))
        named = random.random()
        return CancelOpen(
            order.account,
            random.choice(("all", "all", "bid", "ask")),
            tuple(random.sample(markets, 2)) if named < 0.4 else (),
            tuple(random.sample([market.split("-")[0] for market in markets], 1)) if named > 0.7 else (),
            tuple(random.sample(markets, 1)) if random.random() < 0.3 else (),
            random.choice((1, 2, 3, 20)),
            random.choice(("asc", "desc")),
        )

    def _place(self) -> Place:
        side = self._random.choice(SIDES)
        scene = self._random.choice(list(self._scenes.values()))
        return Place(self._random.choice((*ACCOUNTS, ACCOUNTS[0])), scene.market, side, self._terms(scene, side))

    def _market_moves(self) -> Command:
        random = self._random
        chance = random.random()
        self._background = [one for one in self._exchange.open if one.account == BACKGROUND]
        if self._background and chance < 0.012 * len(self._background):
            return Withdraw(random.choice(self._background))
        scene = random.choice(list(self._scenes.values()))
        side = random.choice(SIDES)
        if chance < 0.88:
            price = self._price(scene, random.randint(-3, 1) if side == "bid" else random.randint(-1, 3))
            return Quote(scene.market, side, price, self._volume(scene, side))
        return Sweep(scene.market, side, self._volume(scene, side))

    def _deposit(self) -> Deposit:
        currency = self._random.choice(list(self._funds))
        amount = self._funds[currency] * self._random.randint(1, 40) / 100
        return Deposit(self._random.choice(ACCOUNTS), currency, amount)

    # -- the fields of an order

    def _terms(self, scene: Scene, side: str) -> Terms:
        random = self._random
        at_market = "price" if side == "bid" else "market"
        ord_type = random.choice(("limit", "limit", "limit", "limit", "limit", "limit", at_market, "best"))
        price: Decimal | None = None
        volume: Decimal | None = self._volume(scene, side)
        if ord_type == "limit":
            price = self._price(scene, random.randint(-3, 1) if side == "bid" else random.randint(-1, 3))
        elif side == "bid":
            price, volume = self._total(scene, side), None
        conditions: tuple[str | None, ...] = {
            "limit": (None, None, None, "ioc", "fok", "post_only"),
            "best": ("ioc", "fok"),
        }.get(ord_type, (None,))
        time_in_force = random.choice(conditions)
        smp_type = random.choice((None, "none", "cancel_maker", "cancel_taker", "reduce"))
        if time_in_force == "post_only" and random.random() < 0.9:
            smp_type = None
        if time_in_force == "fok" and volume is not None and random.random() < 0.7:
            volume = max(scene.lot / 2, volume / 2).quantize(STEP)
            price = None if price is None else self._price(scene, 3 if side == "bid" else -3)
        terms = Terms(ord_type, price, volume, time_in_force, smp_type, self._identifier())
        return self._spoilt(terms, scene) if random.random() < 0.04 else terms

    def _spoilt(self, terms: Terms, scene: Scene) -> Terms:
        """Something is wrong with it, or just within bounds."""
        random = self._random
        price, volume = terms.price, terms.volume
        chance = random.randrange(7)
        if chance == 0:
            return terms._replace(ord_type=random.choice(("limit", "price", "market", "best")))
        if chance == 1:
            return terms._replace(price=None) if random.random() < 0.5 else terms._replace(volume=None)
        if chance == 2:
            return terms._replace(time_in_force=random.choice((None, "ioc", "fok", "post_only")))
        if chance == 3 and volume is not None:
            return terms._replace(volume=random.choice((ZERO, -volume, volume + STEP / 10, volume + STEP * 10)))
        if chance == 4 and price is not None:
            return terms._replace(price=random.choice((ZERO, -price, price + STEP / 2, price * D("1.0001"), D("1e-9"))))
        if chance == 5 and terms.ord_type == "limit":
            return terms._replace(price=scene.centre, volume=scene.lot / 2 - random.choice((ZERO, STEP, STEP * 100)))
        worth = D(1_000_000_000) + random.choice((ZERO, D(1)))
        return terms._replace(
            price=None if price is None else worth if volume is None else scene.centre,
            volume=None if volume is None else worth / scene.centre,
        )

    def _price(self, scene: Scene, ticks: int) -> Decimal:
        quote = scene.market.split("-")[0]
        return scene.centre + ticks * tick_size(quote, scene.centre if ticks >= 0 else scene.centre - STEP)

    def _volume(self, scene: Scene, side: str) -> Decimal:
        """Often what the next to meet offer, else something about a lot."""
        random = self._random
        chance = random.random()
        if chance < 0.25:
            met = self._exchange.book(scene.market, "ask" if side == "bid" else "bid")
            if met:
                return sum((maker.rest for maker in met[: random.randint(1, 4)]), ZERO)
        if chance < 0.6:
            return scene.lot * random.randint(4, 40) / 10
        return (scene.lot * random.randint(40_000, 300_000_000) / 100_000_000).quantize(STEP)

    def _total(self, scene: Scene, side: str) -> Decimal:
        """Often what the next to meet cost, sometimes a little more."""
        random = self._random
        chance = random.random()
        met = self._exchange.book(scene.market, "ask")
        if chance < 0.5 and met:
            total = sum(((maker.price or ZERO) * maker.rest for maker in met[: random.randint(1, 4)]), ZERO)
            return (total + random.choice((ZERO, STEP, STEP * 50, STEP * 90_000))).quantize(STEP)
        return (scene.centre * self._volume(scene, side)).quantize(STEP)

    def _identifier(self) -> str | None:
        random = self._random
        chance = random.random()
        if chance < 0.7:
            return None
        if chance < 0.73 and self._identifiers:
            return random.choice(self._identifiers)
        self._identifiers.append(f"order-{len(self._identifiers)}")
        return self._identifiers[-1]
