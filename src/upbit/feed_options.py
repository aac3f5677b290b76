"""What a feed can be told, what it says of itself, and what it needs of its client."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple, TypeAlias, TypedDict

import msgspec

from .api.operation import Operation
from .flow.inbox import Policy
from .flow.intake import Counts
from .flow.pace import Pace
from .flow.session import Session, State, Times
from .io import Dial
from .wire.frames import Format

Ask: TypeAlias = Callable[[Operation[..., Any], dict[str, Any]], Awaitable[Any]]
"""Calls an operation."""


class SocketStatus(msgspec.Struct, frozen=True):
    """How one socket is."""

    path: str
    """`/websocket/v1`, with `/private` or `/info`."""
    state: State
    """`live`, or on the way there; `waiting` is the pause between two tries."""
    connects: int
    """Connections opened so far."""
    attempts: int
    """Tries in a row that brought nothing."""
    reason: str
    """Why the last connection or try ended; empty when none has."""
    silent: tuple[tuple[str, str], ...]
    """Types and markets that say nothing though others do."""


class FeedStatus(msgspec.Struct, frozen=True):
    """How a feed is."""

    sockets: tuple[SocketStatus, ...]
    waiting: int
    """Events that the consumer has not taken yet."""
    delivered: int
    conflated: int
    """Events that a newer one of the same kind took the place of, because the consumer was slow."""
    dropped: int
    """Events lost because the consumer was slow, each told by a `Gap`."""
    counts: Counts


class FeedOptions(TypedDict, total=False):
    """Everything a feed takes by name."""

    policies: Mapping[str, Policy]
    """What becomes of a type's events when the consumer is slow: `latest`, `all`, or how many may wait."""
    audit: float | None
    """Seconds in which everything REST knows is compared with what the sockets told, once; None: never. 60 if not
    given: three requests a minute for own orders and balances, one for each market's trades and each kind of candle."""
    format: Format
    """What the exchange is asked to send; of use to who reads `frames`. `SIMPLE`, the least traffic, if not given."""
    times: Times
    """How patient the feed is, in seconds."""
    on_state: Callable[[SocketStatus], None]
    """Called whenever a connection was opened, refused or lost. It must not wait."""


class Source(NamedTuple):
    """What a feed needs of its client."""

    ws_url: str
    dial: Callable[[], Dial]
    token: Callable[[], str] | None
    """Makes the `Authorization` of a private socket; None without keys."""
    pace: Pace
    ask: Ask
    random: Callable[[], float]
    wall: Callable[[], float]


def status(session: Session) -> SocketStatus:
    """Say how a socket is."""
    return SocketStatus(
        path=session.path,
        state=session.state,
        connects=session.connects,
        attempts=session.attempts,
        reason=session.reason,
        silent=tuple(session.silent),
    )
