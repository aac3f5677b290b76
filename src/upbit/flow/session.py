"""The life of one WebSocket: connect, say what is wanted, notice silence, lose, come back. For ever.

A `Session` is a state machine that whoever holds the socket carries out: it is told what happened (`opened`, `heard`,
`lost`, ...) and says what to do (`next`). It never gives up; only a list of subscriptions that the exchange refused
twice before it ever worked is reported as fatal. No I/O, no waiting and no clock: `now` is in seconds of a clock that
does not go back, and may leap by hours. What was missed in between is for others to find out.

How silence is noticed. Whether the socket lives is asked with LIST_SUBSCRIPTIONS when nothing at all came for a while.
Whether a topic (type and code) lives is asked, when it is silent for longer than it ever was of late, by saying the
whole list again: the exchange answers with a snapshot of every topic. A silence that ends so was healthy, and as long a
one is not asked about again soon. Topics without snapshots cannot be asked; what only REST can find is left to others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import inf
from typing import Literal, NamedTuple, TypeAlias

from ..wire.frames import (
    PUBLIC,
    TYPES,
    Format,
    ListSubscriptions,
    SocketError,
    Subscribe,
    Subscription,
    check,
    split_code,
    write_request,
)
from .silence import Key, Silence

State: TypeAlias = Literal["idle", "waiting", "connecting", "live", "closed"]

SPACING = 0.3
"""Least seconds between two messages; of which `quota.MESSAGES` allows 5 in a second ..."""
INTERVAL = 0.75
"""... and 100 in a minute: after `BURST` messages in a row, one in so many seconds: 92 in the busiest minute."""
BURST = 12
HELD = 10.0
"""Seconds of silence after TOO_MANY_REQUEST."""
DAY = 86_400.0
"""The longest Retry-After that is believed, in seconds."""
VERDICTS = frozenset({"INVALID_AUTH", "WRONG_FORMAT", "NO_TICKET", "NO_TYPE", "NO_CODES", "INVALID_PARAM"})
"""Errors that are about the list or the key (upbit-api 6.9); any other may pass."""
LATE = 1.0
"""Who asks so many seconds after the agreed time was held up, and has perhaps not read yet what was answered ..."""
LENIENT = 30.0
"""... and gets the time for an answer once more, but not in so many seconds again."""
GRAIN = 0.001
"""Least seconds to wait: more than the rounding of any clock."""


class Times(NamedTuple):
    """Seconds."""

    first_pause: float = 0.25
    """The first pause before a reconnect is shorter than this; the bound doubles ..."""
    longest_pause: float = 30.0
    """... up to this ..."""
    good: float = 60.0
    """... until a connection brought something after so long."""
    answer: float = 5.0
    """So long may an answer take."""
    quiet: float = 30.0
    """After so long without anything, the socket is asked whether it lives."""
    least_silence: float = 15.0
    """No topic is suspected earlier than this, nor asked about more often; nor is anything said again ..."""
    most_silence: float = 600.0
    """... nor, if it answers when asked, left in peace longer than this."""


class Connect(NamedTuple):
    """Open a connection, then call `opened` or `refused`."""


class Say(NamedTuple):
    """Send a text frame."""

    text: str


class Drop(NamedTuple):
    """Close the connection, which is no good any more or not needed, then call `lost`."""

    reason: str


class Wait(NamedTuple):
    """There is nothing to do before that many seconds, or before something happens; perhaps `inf`."""

    seconds: float


Step: TypeAlias = Connect | Say | Drop | Wait


class Session:
    """One socket, from the first wish to `close`.

    `ticket` makes the ticket of each message, `random` numbers from 0 to 1 for the pauses.
    """

    def __init__(
        self,
        path: str,
        *,
        format: Format = "SIMPLE",
        ticket: Callable[[], str],
        random: Callable[[], float],
        times: Times | None = None,
    ) -> None:
        self.path = path
        self.attempts = 0
        """Connections in a row that could not be opened or did not become good."""
        self.connects = 0
        """Connections that were opened."""
        self.since = -inf
        """When the latest of them was opened."""
        self.reason = ""
        """Why the one before, or the try, ended."""
        self.proved = False
        """Whether the list that is wanted now was ever served. What is refused before that, is perhaps wrong."""
        self._format: Format = format
        self._ticket = ticket
        self._random = random
        self._times = times = Times() if times is None else times
        self._wanted: tuple[Subscription, ...] = ()
        self._silence = Silence(answer=times.answer, least=times.least_silence, most=times.most_silence)
        self._closed = self._dialing = self._open = False
        self._bound = times.first_pause
        self._retry = -inf  # no connection before this
        self._strikes = 0  # refusals in a row of a list that never worked
        self._begin(-inf)

    def _begin(self, now: float) -> None:
        """Forget the connection before."""
        self._fault = ""
        self._alive = self._said = now  # the latest sign of life; when the list was said
        self._unsaid, self._stale, self._listing = True, False, False  # the list; an older request for it; LIST
        self._free = self._level = -inf  # when something may be said
        self._held = False
        self._listed: float | None = None  # when LIST was said that is not answered yet
        self._before = now  # the latest sign of life before that
        self._due = inf  # when the next question was agreed for
        self._lenient = -inf  # nobody is condemned before this
        self._silence.begin(now)

    # -- how it is ------------------------------------------------------------------------------------

    @property
    def state(self) -> State:
        """`waiting` is for the next try, `idle` is without anything wanted."""
        if self._closed:
            return "closed"
        if self._open:
            return "live"
        if self._dialing:
            return "connecting"
        return "waiting" if self._wanted else "idle"

    @property
    def said(self) -> bool:
        """Whether the list that is wanted now was said on this connection."""
        return self._open and not self._unsaid

    @property
    def silent(self) -> Mapping[Key, float]:
        """Topics that are being asked or did not answer, and since when nothing came of them on this connection."""
        return {key: max(topic.at, self.since) for key, topic in self._silence.silent()}

    @property
    def alive(self) -> float:
        """When the latest connection gave its latest sign of life."""
        return self._alive

    # -- what is wanted -------------------------------------------------------------------------------

    def want(self, subscriptions: Sequence[Subscription]) -> None:
        """Replace the list of subscriptions; without any, the connection ends.

        Raises SocketError for what the exchange would refuse, ValueError for a type of another socket; the list stays.
        """
        wanted = tuple(subscriptions)
        if wanted == self._wanted:
            return
        keys: list[Key] = []
        for one in wanted:
            check(one)
            if TYPES[one.type] != self.path:
                raise ValueError(f"{one.type} is not told on {self.path}")
            if self.path == PUBLIC and not (one.is_only_realtime or one.is_only_snapshot):
                keys += [(one.type, split_code(code)[0]) for code in one.codes]
        self._wanted = wanted
        self._silence.follow(keys)
        self._unsaid, self.proved, self._strikes = True, False, 0

    def ask_list(self) -> None:
        """Ask the exchange what it thinks is wanted; `listed` tells that it answered."""
        self._listing = True

    def resync(self) -> None:
        """Say the list again, for fresh snapshots, unless that was done a moment ago: then a little later."""
        self._stale = True

    def close(self) -> None:
        """End for good."""
        self._closed = True

    # -- what happened --------------------------------------------------------------------------------

    def opened(self, now: float) -> None:
        """A connection was opened."""
        self._dialing, self._open = False, True
        self.connects += 1
        self.since = now
        self._begin(now)

    def refused(self, reason: str, now: float, *, after: float = 0.0) -> None:
        """No connection could be opened, and none is welcome for `after` seconds."""
        self._end(reason, now, after)

    def lost(self, reason: str, now: float) -> None:
        """The connection ended, by whomever."""
        self._end(reason, now, 0.0)

    def _end(self, reason: str, now: float, after: float) -> None:
        if not (self._open or self._dialing):
            return
        own = self._open and (self._closed or not self._wanted)
        if self._open:
            self._credit()
        self._open = self._dialing = False
        self.reason = reason
        if not own:
            self.attempts += 1
            self._retry = now + min(max(after, 0.0), DAY) + self._random() * self._bound
            self._bound = min(self._times.longest_pause, 2 * self._bound)

    def heard(self, type: str, code: str, now: float, snapshot: bool = False) -> None:
        """An event came."""
        self._alive = now
        watch = self._silence
        if snapshot:
            watch.shown = now
        topic = watch.topics.get((type, code))
        if topic is not None:
            silence = now - topic.at
            topic.at = now
            if silence >= topic.longest:
                watch.learn(topic, silence)

    def listed(self, now: float) -> None:
        """LIST_SUBSCRIPTIONS was answered."""
        self._alive = now
        self._listed = None

    def error(self, error: SocketError, now: float) -> bool:
        """An error came. Say whether it is fatal: the list or the key is wrong and will not become right.

        Any other costs the connection, but for the first TOO_MANY_REQUEST: the list is said again a little later.
        """
        if error.name == "TOO_MANY_REQUEST":
            if self._held:
                self._fault = error.name
            self._held = self._unsaid = True
            self._listed = None
            self._free = now + HELD
            return False
        self._fault = error.name
        self._credit()
        if self.proved or error.name not in VERDICTS:
            return False
        self._strikes += 1
        return self._strikes > 1

    # -- what to do -----------------------------------------------------------------------------------

    def next(self, now: float) -> Step:
        """Say what to do now. To be asked again when it is done, when the wait is over, or when something happened."""
        step = self._step(now)
        self._due = now + (step.seconds if isinstance(step, Wait) else 0.0)
        return step

    def _step(self, now: float) -> Step:
        if not self._open:
            if self._dialing or self._closed or not self._wanted:
                return Wait(inf)
            if now < self._retry:
                return Wait(max(self._retry - now, GRAIN))
            self._dialing = True
            return Connect()
        if self._closed or not self._wanted:
            return Drop("closed" if self._closed else "nothing is wanted")
        self._credit()
        if now - self._due > LATE and now - self._lenient > LENIENT:
            self._lenient = now + self._times.answer
        self._fault = self._fault or self._verdict(now)
        if self._fault:
            return Drop(self._fault)
        due = self._watch(now)
        if self._unsaid or self._listing:
            if now >= self._free:
                return Say(self._message(now))
            due = min(due, self._free)
        return Wait(max(due - now, GRAIN))

    def _credit(self) -> None:
        """Trust a connection that brings something for a while, and a list that was served for a moment."""
        if self._alive - self.since >= self._times.good:
            self.attempts = 0
            self._bound = self._times.first_pause
        if not self._unsaid and self._alive - self._said >= self._times.answer:
            self.proved = True
            self._held = False
            self._strikes = 0

    def _message(self, now: float) -> str:
        self._level = max(self._level, now) + INTERVAL
        self._free = max(now + SPACING, self._level - (BURST - 1) * INTERVAL)
        if self._unsaid:
            self._unsaid = self._stale = False
            self._said = now
            self._silence.asked(now)
            return write_request(Subscribe(ticket=self._ticket(), subscriptions=self._wanted, format=self._format))
        self._listing = False
        self._listed, self._before = now, self._alive
        return write_request(ListSubscriptions(ticket=self._ticket(), format=self._format))

    def _verdict(self, now: float) -> str:
        """Say why the connection is as good as dead, if it is: somebody was asked and did not answer in time."""
        if self._alive != self._before:
            self._listed = None
        if now < self._lenient:
            return ""
        if self._listed is not None and now >= self._listed + self._times.answer:
            return "silence"
        watch = self._silence
        if watch.suspects and not self._unsaid and now >= watch.respite():
            return watch.judge()
        return ""

    def _watch(self, now: float) -> float:
        """Find what must be said, and when to look again."""
        due = inf
        if self._listed is not None:
            due = max(self._listed + self._times.answer, self._lenient)
        elif now < self._alive + self._times.quiet:
            due = self._alive + self._times.quiet
        else:
            self._listing = True
        watch = self._silence
        if self._unsaid:
            return due
        if watch.suspects:
            return min(due, max(watch.respite(), self._lenient))
        due = min(due, watch.look(now))
        stale = self._stale and now >= self._said + self._times.least_silence
        self._unsaid = stale or bool(watch.suspects)
        return due
