"""Whose token it is: the one check of a bearer token, for requests and for sockets.

Not here: what the key may do, how often, and what its query hash must cover; those are the gate's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..errors import refusal
from ..wire.token import read
from .exchange import Exchange, Key


def verify(
    exchange: Exchange, authorization: str, peer: str, now: int, signed: Callable[[], Sequence[str]] | None = None
) -> Key:
    """Say whose token an `Authorization` header brings, and use its nonce up.

    `signed` gives the texts that its query hash may be made of; without it the hash is not looked at, as on a socket.
    Raises APIStatusError with the exchange's name for what is wrong, in the order in which the exchange looks.
    """
    scheme, _, text = authorization.partition(" ")
    if not text:
        raise refusal("no_authorization_token")
    if scheme.lower() != "bearer":
        raise refusal("jwt_verification")
    try:
        token = read(text.strip())
    except ValueError:
        raise refusal("jwt_verification") from None
    key = exchange.key(token.claims.access_key)
    if key is None:
        raise refusal("invalid_access_key")
    if not token.signed_with(key.secret):
        raise refusal("jwt_verification")
    if key.expires <= now:
        raise refusal("expired_access_key")
    if key.allowed_ips and peer not in key.allowed_ips:
        raise refusal("no_authorization_ip")
    if signed is not None and not token.covers(signed()):
        raise refusal("invalid_query_payload")
    if not exchange.spend_nonce(key.access_key, token.claims.nonce):
        raise refusal("nonce_used")
    return key
