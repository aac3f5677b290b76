"""The way in to a socket: which path, is it out of order, who asks, has he asked too often.

No socket and no waiting, as in `gate`.

A token that is not good is not refused here: the exchange says `INVALID_AUTH` on the open socket (upbit-api 1.6, 6.9).
Source of the limits: upbit-api 5.1, 5.2; of the header: upbit-api 11.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import NamedTuple

from ..errors import APIStatusError, refusal
from ..wire.message import Request, Response
from . import damage
from .access import verify
from .chaos import SOCKET, Chaos, Moment
from .exchange import Exchange, Key
from .spelling import error_body
from .topics import PATHS
from .turnstile import Turnstile


class Admission(NamedTuple):
    """A socket that may be opened."""

    path: str
    """As `Handshake.path` gives it."""
    key: Key | None
    """Whose it is; None without a good token."""
    headers: Mapping[str, str]
    """What the reply to the upgrade carries."""


class Handshake:
    """Admits sockets on behalf of an exchange."""

    def __init__(self, exchange: Exchange, turnstile: Turnstile, chaos: Chaos) -> None:
        self._exchange = exchange
        self._turnstile = turnstile
        self._chaos = chaos

    def path(self, path: str) -> str | None:
        """Say which socket a path means, if it means one that there is on the day of the profile."""
        path = re.sub(r"/+", "/", path).rstrip("/")
        since = PATHS.get(path)
        return path if since is not None and self._exchange.profile.on >= since else None

    def admit(self, request: Request, path: str, peer: str, now: int) -> Admission | Response | None:
        """Admit a socket, or say why not; None resets the connection.

        Connections count per pocket, without a token per IP; those that meet a fault are not counted.
        """
        outage = self._chaos.outage(path, now)
        for rule in [outage] if outage is not None else self._chaos.choose(Moment(now, "GET", path), SOCKET):
            return damage.gateway(rule.status) if rule.status else None
        key = self._key(request, peer, now)
        if "origin" in request.headers:
            passage = self._turnstile.take("origin", peer, now / 1000)
        else:
            passage = self._turnstile.take("websocket", self._turnstile.scope(key, peer), now / 1000)
        if passage.refusal is None:
            return Admission(path, key, passage.headers)
        error = refusal(passage.refusal)
        headers = {"Content-Type": "application/json", **passage.headers}
        return Response(
            error.status_code, error_body(error, self._exchange.profile), headers, HTTPStatus(error.status_code).phrase
        )

    def _key(self, request: Request, peer: str, now: int) -> Key | None:
        try:
            return verify(self._exchange, request.headers.get("authorization", ""), peer, now)
        except APIStatusError:
            return None
