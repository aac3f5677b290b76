"""What one examination knows so far: where requests go, under which key, and every answer that came.

Everything goes through one transport that remembers answers, so that a check can look at what others were told. Nothing
is sent twice, and nothing at all once the exchange has said that it takes nothing (418).
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cached_property
from typing import NamedTuple, TypeVar
from urllib.parse import urlsplit

from ..agreement import HEADERS, agree, aio_dial, http
from ..api.operation import Operation
from ..errors import ConfigurationError
from ..flow.call import LONG_BLOCK, Terms
from ..flow.intent import ask
from ..flow.result import value
from ..flow.steps import Timeout
from ..io import Closed, Transport, sync
from ..keys import find
from ..link import Link
from ..settings import HOSTS, Place, loopback, place, places
from ..wire.message import Request, Response
from ..wire.quota import Remaining, read_remaining, read_retry_after
from .finding import Level

T = TypeVar("T")

PATIENCE: Timeout = (5.0, 10.0)


class Answer(NamedTuple):
    """An answer, and when it came."""

    response: Response
    left: float
    """When its request left, seconds since the epoch ..."""
    came: float
    """... and when it was there."""

    @property
    def remaining(self) -> Remaining | None:
        """What the exchange says is left of the rate-limit group."""
        return read_remaining(self.response.header("Remaining-Req"))

    @property
    def blocked_until(self) -> float:
        """When a block ends, seconds since the epoch; 0 when the answer tells of none."""
        if self.response.status != 418:
            return 0.0
        return self.came + (read_retry_after(self.response.header("Retry-After")) or LONG_BLOCK)


class Recorder:
    """Sends by another transport and remembers the answers; a `Transport`."""

    def __init__(self, transport: Transport, wall: Callable[[], float]) -> None:
        self._transport = transport
        self._wall = wall
        self.answers: list[Answer] = []

    def send(self, request: Request, timeout: Timeout) -> Response:
        """Send once, as `Transport` says."""
        left = self._wall()
        response = self._transport.send(request, timeout)
        self.answers.append(Answer(response, left, self._wall()))
        return response


class Visit:
    """One examination. It reads the environment, as a client does that is told nothing."""

    def __init__(self, wall: Callable[[], float] = time.time, patience: Timeout = PATIENCE) -> None:
        self.wall = wall
        """Seconds since the epoch, as this machine believes."""
        self.patience = patience
        """Seconds to connect and to wait for an answer."""
        self.levels: dict[str, Level] = {}
        """How the checks came out that were made so far."""
        self.market = "KRW-BTC"
        """A market that there is."""

    @property
    def environ(self) -> Mapping[str, str]:
        """The environment."""
        return os.environ

    @cached_property
    def place(self) -> Place:
        """Where requests go. Raises ConfigurationError."""
        return place({}, None, places(self.environ))

    @property
    def host(self) -> str:
        """The host that requests go to."""
        return urlsplit(self.place.base_url).hostname or ""

    @property
    def port(self) -> int:
        """Its port."""
        parts = urlsplit(self.place.base_url)
        return parts.port or (443 if parts.scheme == "https" else 80)

    @property
    def live(self) -> bool:
        """Whether that is one of the real exchanges."""
        return self.host in HOSTS.values()

    @property
    def here(self) -> bool:
        """Whether that is this machine."""
        return loopback(self.host)

    @cached_property
    def access_key(self) -> str:
        """The access key; empty without a complete pair of keys."""
        try:
            found = find(None, None, self.environ)
        except ConfigurationError:
            return ""
        return "" if found is None else found.access_key

    @cached_property
    def transport(self) -> Recorder:
        """What sends, and remembers."""
        return Recorder(http(self.place.base_url), self.wall)

    @property
    def answers(self) -> list[Answer]:
        """Every answer so far."""
        return self.transport.answers

    @property
    def blocked_until(self) -> float:
        """Until when nothing is to be sent, seconds since the epoch; 0 without a block."""
        return max((answer.blocked_until for answer in self.answers), default=0.0)

    @cached_property
    def _agreement(self) -> tuple[Terms, Link[Transport]]:
        return agree(None, None, {"max_retries": 0, "timeout": self.patience}, self.transport, http)

    def ask(self, operation: Operation[..., T], **arguments: object) -> T:
        """Call an operation under the key. Raises what the typed voice raises."""
        terms, link = self._agreement
        return sync.run(ask(operation, arguments, terms), link.transport)

    def look(self, operation: Operation[..., T]) -> T:
        """Call an operation without a key, whatever the keys are like. Raises what the typed voice raises."""
        request = operation.request({})
        return value(operation, self.transport.send(request._replace(headers=HEADERS), self.patience))

    def converse(self, path: str, text: str, *, signed: bool) -> bytes | str | Closed:
        """Say something on a WebSocket; the first answer to it. Raises APIError, TimeoutError."""
        from ..io.probe import converse  # brings asyncio

        headers = {"Authorization": self._agreement[1].token()} if signed else {}
        return converse(aio_dial(None), f"{self.place.ws_url}{path}", headers, text, self.patience[1])


def moment(seconds: float) -> str:
    """Write a time as the clock on the wall shows it."""
    return datetime.fromtimestamp(seconds).astimezone().isoformat(" ", "seconds")
