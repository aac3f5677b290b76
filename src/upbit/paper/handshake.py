"""The way in to a socket: which path, who asks, has he asked too often. No socket and no waiting, as in `gate`.

A token that is not good is not refused here: the exchange says `INVALID_AUTH` on the open socket (upbit-api 1.6, 6.9).
Source of the limits: upbit-api 5.1, 5.2; of the header: upbit-api 11.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import NamedTuple

from ..errors import refusal
from ..wire.frames import INFO, PRIVATE, PUBLIC
from ..wire.message import Request, Response
from ..wire.token import read
from .exchange import Exchange, Key
from .spelling import error_body
from .turnstile import Turnstile

PATHS = (PUBLIC, PRIVATE, INFO)


class Admission(NamedTuple):
    """A socket that may be opened."""

    path: str
    """One of `PATHS`."""
    key: Key | None
    """Whose it is; None without a good token."""
    headers: Mapping[str, str]
    """What the reply to the upgrade carries."""


def socket_path(path: str) -> str | None:
    """Say which socket a path means, if it means one."""
    path = re.sub(r"/+", "/", path).rstrip("/")
    return path if path in PATHS else None


class Handshake:
    """Admits sockets on behalf of an exchange."""

    def __init__(self, exchange: Exchange, turnstile: Turnstile) -> None:
        self._exchange = exchange
        self._turnstile = turnstile

    def admit(self, request: Request, path: str, peer: str, now: int) -> Admission | Response:
        """Admit a socket at a path of `PATHS`, or say why not. Connections count per pocket, without a token per IP."""
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
        scheme, _, text = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        try:
            token = read(text.strip())
        except ValueError:
            return None
        key = self._exchange.key(token.claims.access_key)
        if key is None or not token.signed_with(key.secret) or key.expires <= now:
            return None
        if key.allowed_ips and peer not in key.allowed_ips:
            return None
        return key if self._exchange.spend_nonce(key.access_key, token.claims.nonce) else None
