"""The paper exchange: all state behind one clock.

It joins the engine, the ledger, the market's sources, the tapes and the wallet, keeps keys, and hands on what happens
to whoever listens. Everything moves in `advance`, and nothing asks the time but the clock passed in. It knows no
requests, tokens or sockets: those are the gate's and the server's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from hashlib import sha256
from heapq import heapify, heappop, heapreplace
from itertools import chain
from random import Random
from typing import NamedTuple, Protocol
from uuid import UUID

import msgspec

from .. import rules
from ..wire.token import PAPER_PREFIX
from .bars import DAY
from .book import SCALE, Book
from .engine import Engine
from .history import History
from .ledger import Ledger
from .listing import Listing, listings, lot, ticks
from .logbook import Journal
from .market import TRAITS, Flow, Preset
from .notices import Notices
from .orders import Event, OrderRecord, Terms, Traded, amount
from .pockets import Pockets
from .profile import Profile, read_profile
from .tape import Tape
from .wallet import Wallet

START_FUNDS: Mapping[str, Decimal] = {
    "KRW": Decimal(10_000_000),
    "BTC": Decimal(1),
    "ETH": Decimal(10),
    "USDT": Decimal(1_000),
}
"""What a new account has."""

PERMISSIONS = frozenset(
    {
        "view_account",
        "view_orders",
        "make_orders",
        "view_withdrawals",
        "withdraw",
        "view_deposits",
        "deposit",
        "manage_pockets",
    }
)
YEAR_MS = 365 * DAY
LISTED = 1_506_297_600_000
"""2017-09-25, when every market's history begins."""
MARKET_ORDERS = 11
"""Percent of a market's events that are market orders: what its history trades a day."""


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """An API key."""

    access_key: str
    secret: str
    account: str
    permissions: frozenset[str]
    allowed_ips: tuple[str, ...] = ()
    """Empty allows every address."""
    created: int
    expires: int
    """Milliseconds since the epoch."""

    def __repr__(self) -> str:
        return f"<Key {self.access_key}>"


class Venue(NamedTuple):
    """One listed market, opened: where its prices come from and what they leave behind."""

    listing: Listing
    book: Book
    flow: Flow
    tape: Tape


class Exchange:
    """A whole exchange in one process, driven by a clock that gives milliseconds since the epoch."""

    def __init__(
        self,
        *,
        clock: Callable[[], int],
        seed: int = 0,
        profile: Profile | str = "current",
        preset: Preset | None = None,
        funds: Mapping[str, Decimal] = START_FUNDS,
        secret: Callable[[], str] | None = None,
        check: bool = False,
    ) -> None:
        self.profile = read_profile(profile) if isinstance(profile, str) else profile
        self.seed = seed
        self.preset: Preset | None = preset
        """The character of all markets, where they do not keep their own."""
        self._clock = clock
        self._funds = dict(funds)
        self.check = check
        """Whether every invariant is checked at every step."""
        self.now = clock()
        self.started = self.now - self.now % 60_000
        self._ids = Random(f"{seed}:ids")
        self._secret = secret or self._seeded_secret
        self.ledger = Ledger()
        self.listings = listings(preset)
        self._listeners: list[Callable[[Event], None]] = []
        self.engine = Engine(self.listings, self.ledger, self._terms(), ids=self.new_id, emit=self._emit)
        self.wallet = Wallet(self.ledger, self.new_id, self._emit)
        self._venues: dict[str, Venue] = {}
        self._tapes: dict[str, Tape] = {}
        self._keys: dict[str, Key] = {}
        self._nonces: set[bytes] = set()
        self._pauses: list[tuple[int, int]] = []
        self.journal: Journal | None = None
        """Settable: whoever keeps the exchange on disk."""
        self.pockets = Pockets(self.ledger, self.new_id, self._emit)
        self.notices = Notices(seed, self._emit)
        self.account = self.pockets.add("메인 포켓")
        """The account that is there from the start: the main pocket."""
        for currency, held in funds.items():
            self.ledger.deposit(self.account, currency, held)
        self.first_key = self.issue_key(self.account)
        """Its key."""

    def reset(self) -> None:
        """Begin anew, as it was made, at the time of now; the first key stays, and who listens goes on listening."""
        listeners, key, secret = self._listeners, self.first_key, self._secret
        seeded = secret == self._seeded_secret
        first = chain((key.access_key.removeprefix(PAPER_PREFIX), key.secret), iter(secret, ""))
        Exchange.__init__(
            self,
            clock=self._clock,
            seed=self.seed,
            profile=self.profile,
            preset=self.preset,
            funds=self._funds,
            secret=None if seeded else lambda: next(first),
            check=self.check,
        )
        self._listeners += listeners

    def __getstate__(self) -> dict[str, object]:
        """All but what is made anew or kept apart: clock, listeners, journal, the used nonces."""
        left_out = {"_clock", "_secret", "_listeners", "_nonces", "journal"}
        return {name: value for name, value in vars(self).items() if name not in left_out}

    def __setstate__(self, state: Mapping[str, object]) -> None:
        """Stand still at the time of the copy, until `run_on`; keys are made from the seeded source."""
        vars(self).update(state)
        self._clock = lambda: self.now
        self._secret = self._seeded_secret
        self._listeners, self._nonces, self.journal = [], set(), None
        self.engine.terms = self._terms()

    def __repr__(self) -> str:
        return f"<paper exchange, profile {self.profile.name}, seed {self.seed}>"

    # -- time --------------------------------------------------------------------------------------

    def advance(self) -> int:
        """Let everything happen that is due by now; say what time it is."""
        now = max(self._clock(), self.now)
        self._simulate(now)
        self.now = now
        self.wallet.advance(now)
        if self.check:
            self.engine.check_invariants(self.wallet.locks())
        return now

    def _simulate(self, now: int) -> None:
        """Let all open markets run up to now, their events in one order of time, however often this is called."""
        due = [(venue.flow.due, code) for code, venue in self._venues.items() if venue.flow.due <= now]
        heapify(due)
        while due:
            at, code = due[0]
            flow = self._venues[code].flow
            self.wallet.advance(at)
            flow.advance(now if flow.regime == "halt" else at)
            if flow.due <= now:
                heapreplace(due, (flow.due, code))
            else:
                heappop(due)

    @property
    def clock(self) -> Callable[[], int]:
        """What is asked for the time."""
        return self._clock

    def run_on(self, clock: Callable[[], int]) -> None:
        """Ask another clock from now on; time does not go back."""
        self._clock = clock

    def pause(self, until: int) -> None:
        """Let time pass in which the markets stand still: no orders, no trades. Withdrawals and deposits go on."""
        self._pauses.append((self.now, until))
        for venue in self._venues.values():
            venue.flow.skip(until)
        self.wallet.advance(until)
        self.now = until

    # -- markets -----------------------------------------------------------------------------------

    def venue(self, market: str) -> Venue | None:
        """The market of this code, opened when it was not yet; None when none is listed."""
        venue = self._venues.get(market)
        if venue is None and market in self.listings:
            venue = self._venues[market] = self._open(self.listings[market])
            for begin, end in self._pauses:
                venue.flow.advance(begin)
                venue.flow.skip(end)
            venue.flow.advance(self.now)  # it trades: whoever listens may ask for the market
        return venue

    def open_next(self) -> bool:
        """Open one market that nobody has asked for yet; False when all are open."""
        for market in self.listings:
            if market not in self._venues:
                self.venue(market)
                return True
        return False

    def match(self, order: OrderRecord) -> None:
        """Let an accepted order trade; the market refills a side of the book that it emptied."""
        self.engine.match(order, self.now)
        self._venues[order.market].flow.restore(self.now)

    def price(self, market: str) -> Decimal:
        """The price of the last trade on a listed market; 0 on others."""
        venue = self.venue(market)
        return Decimal(0) if venue is None else amount(venue.tape.ticker(self.now).trade_price)

    def tick_size(self, market: str, price: Decimal) -> Decimal:
        """The price step in force by the profile."""
        return rules.tick_size(market, price, on=self.profile.tick_day)

    def _terms(self) -> Terms:
        return Terms(
            fee=lambda account, market, side: rules.fee(market),
            tick_size=self.tick_size,
            min_total=lambda market: rules.minimum_total(market, on=self.profile.on),
            max_total=lambda market: rules.maximum_total(market, on=self.profile.on),
        )

    def _open(self, listing: Listing) -> Venue:
        code, traits = listing.market, TRAITS[listing.preset]
        tick = ticks(code, on=self.profile.on)
        size = lot(listing)
        trades = traits.rate * DAY // 1_000_000 * MARKET_ORDERS // 100
        history = History(
            seed=self.seed,
            market=code,
            start=self.started,
            price=listing.price - listing.price % tick(listing.price),
            listed=LISTED,
            tick=tick,
            volatility=traits.volatility,
            turnover=trades * size * listing.price // SCALE,
            trades=trades,
        )
        tape = self._tapes[code] = Tape(history)
        book = self.engine.book(code)
        flow = Flow(
            self.engine,
            book,
            seed=self.seed,
            market=code,
            preset=listing.preset,
            price=history.price,
            lot=size,
            tick=tick,
            start=self.started,
        )
        return Venue(listing, book, flow, tape)

    # -- keys --------------------------------------------------------------------------------------

    def key(self, access_key: str) -> Key | None:
        """The key of this name."""
        return self._keys.get(access_key)

    def keys(self, account: str) -> list[Key]:
        """The keys of an account, oldest first."""
        return [key for key in self._keys.values() if key.account == account]

    def issue_key(
        self,
        account: str,
        *,
        permissions: Iterable[str] = PERMISSIONS,
        allowed_ips: Iterable[str] = (),
        lifetime: int = YEAR_MS,
    ) -> Key:
        """Make a key for an account; `lifetime` in milliseconds."""
        key = Key(
            access_key=f"{PAPER_PREFIX}{self._secret()}"[:40],
            secret=self._secret()[:40],
            account=account,
            permissions=frozenset(permissions),
            allowed_ips=tuple(allowed_ips),
            created=self.now,
            expires=self.now + lifetime,
        )
        self.keep_key(key)
        if self.journal is not None:
            self.journal.note("key", msgspec.structs.asdict(key) | {"permissions": sorted(key.permissions)})
        return key

    def draw_secrets(self, secret: Callable[[], str]) -> None:
        """Make what keys are made of in this way from now on."""
        self._secret = secret

    def keep_key(self, key: Key) -> None:
        """Let a key that was made be used."""
        self._keys[key.access_key] = key

    def spend_nonce(self, access_key: str, nonce: str) -> bool:
        """Use a nonce up; False when it was used before."""
        spent = sha256(f"{access_key}\x1f{nonce}".encode()).digest()[:16]
        if spent in self._nonces:
            return False
        self._nonces.add(spent)
        if self.journal is not None:
            self.journal.spend(spent)
        return True

    def keep_nonces(self, spent: Iterable[bytes]) -> None:
        """Remember nonces that were used up before."""
        self._nonces.update(spent)

    # -- ids and events ----------------------------------------------------------------------------

    def new_id(self) -> str:
        """A uuid from the seeded source."""
        return str(UUID(int=self._ids.getrandbits(128), version=4))

    def _seeded_secret(self) -> str:
        alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"
        return "".join(alphabet[self._ids.getrandbits(30) % len(alphabet)] for _ in range(40))

    def listen(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Be told what happens, in order, as it happens; the answer ends it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def _emit(self, event: Event) -> None:
        if isinstance(event, Traded):
            self._tapes[event.market].add(event.price, event.volume, event.side, event.sequential_id)
        for listener in self._listeners:
            listener(event)


class Records(Protocol):
    """Where orders are looked up."""

    def order(self, account: str, uuid: str) -> OrderRecord | None:
        """The order of this uuid."""
        ...

    def identified(self, account: str, identifier: str) -> OrderRecord | None:
        """The order of this identifier."""
        ...

    def orders(self, account: str) -> list[OrderRecord]:
        """All orders of an account, oldest first."""
        ...


class Caller(NamedTuple):
    """Who stands at the desk."""

    exchange: Exchange
    account: str
    """Empty for the quotation API."""
    key: Key | None
    now: int
    """Milliseconds since the epoch."""
    past: Records | None = None
    """Orders as they were, for a read that lags behind."""

    @property
    def records(self) -> Records:
        """The orders that a read sees."""
        return self.exchange.engine.register if self.past is None else self.past
