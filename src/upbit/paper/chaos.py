"""Faults on demand: which fault happens to which request or frame, and when.

A `Rule` says what it waits for and what it does then. `Chaos` holds the rules in order, judges every moment by them and
remembers what it did. It only decides; `entrance` carries out what happens to requests, `handshake` what happens to
connects, `interference` what happens to frames, `disk` what happens to the log. Time comes from the exchange's clock
and chance from a seed, so the same requests at the same times meet the same faults.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Literal, NamedTuple, get_args

import msgspec

from ..errors import EXCHANGE_ERRORS
from .chance import stream

Profile = Literal["none", "mild", "harsh"]

RequestEffect = Literal[
    "slow_before",
    "slow_after",
    "lost_answer",
    "lost_request",
    "unreachable",
    "too_many_requests",
    "penalty",
    "gateway",
    "refuse",
    "slow_drip",
    "truncated_body",
    "bad_chunk",
    "bad_gzip",
    "stale",
    "skew",
]
"""What can happen to a request.

`slow_before`, `slow_after`: it takes `milliseconds` longer, before or after it is carried out.
`lost_answer`: it is carried out and never answered; `lost_request`: nor is it carried out; how it ends says `manner`.
`unreachable`: no connection comes about; on a port, which is listening, the connection is reset instead.
`too_many_requests`: 429 in the `form`. `penalty`: 418, and so for the caller's next requests for `milliseconds`, twice
as long after each of them and each time anew, until there was none for a minute. `gateway`: a `status` of 404 or 500 to
504 from what stands before the exchange, which carries the request out all the same if `committed`. `refuse`: the
exchange's error `name`.
`slow_drip`: the body comes in small pieces, `milliseconds` apart; `truncated_body`, `bad_chunk`, `bad_gzip`: damaged.
`stale`: a read of orders shows what was true `milliseconds` ago. `skew`: `Date` is off by `milliseconds`.
"""
BodyEffect = Literal["unknown_field", "null_field", "swapped_type", "new_enum"]
"""What can happen to the JSON of an answer or a frame, in its `field` or the first that suits."""
FrameEffect = Literal[
    "drop", "duplicate", "reorder", "late", "stall", "fragment", "oversize", "not_utf8", "error", "close"
]
"""What can happen to a frame of a WebSocket.

`drop`: it is lost (all of a type: a silent subscription); `duplicate`; `reorder`: it comes after the next one; `late`:
`milliseconds` later; `stall`: nothing is sent any more for `milliseconds`, or for ever, while pings are answered;
`fragment`, `oversize`, `not_utf8`: it is sent so; `error`: the error `name` comes in its place, and the socket stays;
`close`: it comes, and the socket ends with `code` (1006: without a close frame).
"""
SocketEffect = Literal["refuse_socket"]
"""What can happen to a connect: `status`, or a reset when that is 0."""
FeedEffect = Literal["outage"]
"""What can happen to all sockets at once, while requests are answered.

`outage`: it lasts `milliseconds` from when it strikes, at most to `until`; without either for ever. No socket can be
opened (as with `refuse_socket`), and those that are open end with `code`, or say nothing by the manner `silence`, while
pings are answered; what they would have said is lost. `path` makes it that of some sockets.
"""
DiskEffect = Literal["disk_full", "fsync_error", "crash"]
"""What can happen when the log is written, at a `point`."""
Effect = RequestEffect | BodyEffect | FrameEffect | SocketEffect | FeedEffect | DiskEffect

REQUEST: frozenset[str] = frozenset(get_args(RequestEffect))
BODY: frozenset[str] = frozenset(get_args(BodyEffect))
FRAME: frozenset[str] = frozenset(get_args(FrameEffect))
SOCKET: frozenset[str] = frozenset(get_args(SocketEffect))
FEED: frozenset[str] = frozenset(get_args(FeedEffect))
DISK: frozenset[str] = frozenset(get_args(DiskEffect))
_TIMED = frozenset({"slow_before", "slow_after", "penalty", "slow_drip", "stale", "skew", "late"})
KEPT = 10_000
"""Faults that are remembered."""
MEMORY = 60_000
"""Milliseconds for which a block is remembered after its end."""
_GRAIN = 24
"""Bits of a draw."""
_NEVER = 1 << 62


class Rule(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A fault that waits for its moment. What is not given matches everything.

    Raises ValueError for one that can never mean anything.
    """

    effect: Effect
    method: str | None = None
    path: str | None = None
    """With `*` for any text, as `/v1/orders*`; of a frame, that of its socket."""
    group: str | None = None
    """Rate-limit group."""
    market: str | None = None
    identifier: str | None = None
    type: str | None = None
    """Of a frame: `myOrder`, `ticker` ... Without it, what happens to bodies happens to answers only."""
    state: str | None = None
    """Of a `myOrder` frame: `wait`, `trade`, `done` ..."""
    nth: int | None = None
    """Only the nth of all that matches, from 1."""
    probability: float = 1.0
    since: int | None = None
    """From when on, in milliseconds since the epoch ..."""
    until: int | None = None
    """... and until just before when."""
    times: int | None = None
    """How often at most."""
    milliseconds: int | None = None
    manner: Literal["close", "reset", "silence"] = "close"
    """How a connection ends: properly, abruptly, or never (half-open); of an outage, `close` or `silence`."""
    form: Literal["json", "text", "empty", "bare"] = "json"
    """Of a 429: `bare` has no `Remaining-Req`."""
    status: int = 503
    committed: bool = False
    name: str = "market_offline"
    message: str | None = None
    """Instead of the exchange's text; needed for a `name` that the exchange does not document."""
    field: str | None = None
    code: Literal[1000, 1001, 1006, 1011] = 1006
    point: Literal["before_write", "after_write"] = "before_write"

    def __post_init__(self) -> None:
        wrong = ""
        if not 0 <= self.probability <= 1:
            wrong = f"{self.probability} is no probability"
        elif self.effect in _TIMED and self.milliseconds is None:
            wrong = f"{self.effect} needs milliseconds"
        elif self.effect != "skew" and (self.milliseconds or 0) < 0:
            wrong = "milliseconds are not below 0"
        elif any(count is not None and count < 1 for count in (self.nth, self.times)):
            wrong = "nth and times count from 1"
        elif self.effect in REQUEST and self.type is not None:
            wrong = f"a request has no type: {self.effect} does not happen to frames"
        elif self.effect == "gateway" and self.status not in (404, 500, 502, 503, 504):
            wrong = f"no gateway answers {self.status}"
        elif self.effect == "refuse" and self.name not in EXCHANGE_ERRORS and self.message is None:
            wrong = f"{self.name} is no error of the exchange: give a status and a message with it"
        elif self.effect in SOCKET | FEED and self.status and not 400 <= self.status < 600:
            wrong = f"{self.status} refuses nothing"
        elif self.effect == "outage" and self.manner == "reset":
            wrong = "an outage closes sockets or lets them be silent: a reset is a close with the code 1006"
        if wrong:
            raise ValueError(wrong)


class Moment(NamedTuple):
    """What rules are held against: a request, a frame, a connect, or a write."""

    now: int
    method: str = ""
    path: str = ""
    group: str = ""
    markets: tuple[str, ...] = ()
    identifiers: tuple[str, ...] = ()
    type: str = ""
    state: str = ""
    point: str = ""


class Fault(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A fault that happened."""

    time: int
    """Milliseconds since the epoch."""
    rule: int
    """Number of the rule."""
    effect: Effect
    method: str = ""
    path: str = ""
    market: str = ""
    identifier: str = ""
    type: str = ""


class _Waiting:
    """A rule, and how often its moment came."""

    def __init__(self, number: int, rule: Rule, draw: Callable[[int], int]) -> None:
        self.number = number
        self.rule = rule
        self._draw = draw
        self._matched = self._applied = 0

    def strikes(self, moment: Moment) -> bool:
        """Say whether this is the moment, and count it."""
        rule = self.rule
        if rule.times is not None and self._applied >= rule.times:
            return False
        if not _matches(rule, moment):
            return False
        self._matched += 1
        if rule.nth is not None and self._matched != rule.nth:
            return False
        if rule.probability < 1 and self._draw(_GRAIN) >= rule.probability * (1 << _GRAIN):
            return False
        self._applied += 1
        return True


class Chaos:
    """The rules of an exchange, those of a script before those of the profile."""

    def __init__(self, seed: int = 0, *, profile: Profile = "none", rules: Iterable[Rule] = ()) -> None:
        self._seed = seed
        self._count = 0
        self._scripted: list[_Waiting] = []
        self._usual: list[_Waiting] = []
        self._kinds: frozenset[str] = frozenset()
        self._blocks: dict[str, tuple[int, int]] = {}
        self._outages: list[tuple[int, Rule]] = []
        self._listeners: list[Callable[[Fault], None]] = []
        self.faults: deque[Fault] = deque(maxlen=KEPT)
        """What happened, oldest first."""
        self.profile: Profile = profile
        """Of the rules that go on for ever; see `change`."""
        for rule in rules:
            self.add(rule)
        self.change(profile)

    @property
    def rules(self) -> Mapping[int, Rule]:
        """All rules by their numbers, in the order in which they are tried."""
        return {waiting.number: waiting.rule for waiting in (*self._scripted, *self._usual)}

    def add(self, rule: Rule) -> int:
        """Add a rule behind those that were added before; its number."""
        waiting = self._wait(rule)
        self._scripted.append(waiting)
        self._sort()
        return waiting.number

    def clear(self) -> None:
        """Drop all rules, blocks and outages; what happened stays known."""
        self._scripted.clear()
        self._blocks.clear()
        self._outages.clear()
        self.change("none")

    def change(self, profile: Profile) -> None:
        """Let the rules of a profile take the place of those of the one before."""
        self.profile = profile
        self._usual = [self._wait(rule) for rule in PROFILES[profile]]
        self._sort()

    def listen(self, listener: Callable[[Fault], None]) -> None:
        """Be told of every fault as it happens."""
        self._listeners.append(listener)

    def expects(self, effects: frozenset[str]) -> bool:
        """Say whether any rule has one of these effects."""
        return not effects.isdisjoint(self._kinds)

    def choose(self, moment: Moment, effects: frozenset[str]) -> list[Rule]:
        """The rules with one of these effects whose moment this is; they are noted as faults."""
        chosen: list[Rule] = []
        for waiting in (*self._scripted, *self._usual):
            if waiting.rule.effect in effects and waiting.strikes(moment):
                chosen.append(waiting.rule)
                self._note(waiting.number, waiting.rule.effect, moment)
        return chosen

    # -- blocks ------------------------------------------------------------------------------------

    def block(self, peer: str, milliseconds: int, now: int) -> int:
        """Block a caller, or block him for longer; how long it is now."""
        until, length = self._blocks.get(peer, (0, 0))
        length = length * 2 if length and now < until + MEMORY else milliseconds
        self._blocks[peer] = now + length, length
        return length

    def blocked(self, peer: str, now: int) -> int:
        """How long a caller is blocked, in milliseconds, made longer by his asking; 0 when he is not."""
        until, length = self._blocks.get(peer, (0, 0))
        return self.block(peer, length, now) if now < until else 0

    # -- outages -----------------------------------------------------------------------------------

    def outage(self, path: str, now: int) -> Rule | None:
        """The outage in which sockets of this path are; it begins when somebody asks."""
        if not self.expects(FEED):
            return None
        self._outages = [(until, rule) for until, rule in self._outages if now < until]
        for _, rule in self._outages:
            if rule.path is None or fnmatchcase(path, rule.path):
                return rule
        for rule in self.choose(Moment(now, "GET", path), FEED):
            lasting = _NEVER if rule.milliseconds is None else now + rule.milliseconds
            self._outages.append((min(lasting, _NEVER if rule.until is None else rule.until), rule))
            return rule
        return None

    # -- insides -------------------------------------------------------------------------------------

    def _wait(self, rule: Rule) -> _Waiting:
        self._count += 1
        return _Waiting(self._count, rule, stream(self._seed, "chaos", str(self._count)).getrandbits)

    def _sort(self) -> None:
        self._kinds = frozenset(waiting.rule.effect for waiting in (*self._scripted, *self._usual))

    def _note(self, number: int, effect: Effect, moment: Moment) -> None:
        fault = Fault(
            time=moment.now,
            rule=number,
            effect=effect,
            method=moment.method,
            path=moment.path,
            market=next(iter(moment.markets), ""),
            identifier=next(iter(moment.identifiers), ""),
            type=moment.type,
        )
        self.faults.append(fault)
        for listener in self._listeners:
            listener(fault)


def _matches(rule: Rule, moment: Moment) -> bool:
    return (
        (rule.since is None or rule.since <= moment.now)
        and (rule.until is None or moment.now < rule.until)
        and rule.method in (None, moment.method)
        and (rule.path is None or fnmatchcase(moment.path, rule.path))
        and rule.group in (None, moment.group)
        and (rule.market is None or rule.market in moment.markets)
        and (rule.identifier is None or rule.identifier in moment.identifiers)
        and (rule.type in (None, moment.type) if rule.effect in FRAME else (rule.type or "") == moment.type)
        and rule.state in (None, moment.state)
        and (not moment.point or rule.point == moment.point)
    )


_STORM: tuple[tuple[Rule, int], ...] = (
    (Rule(effect="slow_before", milliseconds=120, probability=0.02), 5),
    (Rule(effect="slow_after", milliseconds=250, probability=0.02), 5),
    (Rule(effect="too_many_requests", probability=0.005), 4),
    (Rule(effect="too_many_requests", form="text", probability=0.001), 4),
    (Rule(effect="gateway", status=502, probability=0.002), 5),
    (Rule(effect="gateway", status=504, committed=True, probability=0.001), 5),
    (Rule(effect="lost_answer", manner="reset", probability=0.001), 10),
    (Rule(effect="lost_request", probability=0.001), 10),
    (Rule(effect="stale", milliseconds=300, probability=0.02), 5),
    (Rule(effect="unknown_field", probability=0.01), 3),
    (Rule(effect="refuse", method="POST", path="/v1/orders", name="market_offline", probability=0.001), 5),
    (Rule(effect="late", milliseconds=200, probability=0.01), 5),
    (Rule(effect="duplicate", probability=0.002), 5),
    (Rule(effect="drop", probability=0.001), 5),
    (Rule(effect="reorder", probability=0.002), 5),
    (Rule(effect="fragment", probability=0.01), 2),
    (Rule(effect="close", code=1006, probability=0.0001), 5),
    (Rule(effect="refuse_socket", probability=0.02), 5),
)
"""What a mild day has, and how much more often it happens on a harsh one."""
_WORSE = (
    Rule(effect="truncated_body", probability=0.002),
    Rule(effect="bad_gzip", probability=0.002),
    Rule(effect="slow_drip", milliseconds=20, probability=0.002),
    Rule(effect="lost_answer", manner="silence", probability=0.001),
    Rule(effect="penalty", milliseconds=2_000, probability=0.0005),
    Rule(effect="new_enum", field="state", probability=0.002),
    Rule(effect="stall", milliseconds=20_000, probability=0.0002),
    Rule(effect="error", name="INTERNAL_ERROR", probability=0.0002),
    Rule(effect="close", code=1011, probability=0.0002),
)

PROFILES: Mapping[Profile, tuple[Rule, ...]] = {
    "none": (),
    "mild": tuple(rule for rule, _ in _STORM),
    "harsh": (
        *(msgspec.structs.replace(rule, probability=rule.probability * factor) for rule, factor in _STORM),
        *_WORSE,
    ),
}
"""The rules of each profile."""
