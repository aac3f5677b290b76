"""What a trader needs of its client, and whether that fits what it is told to be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple, TypeAlias
from urllib.parse import urlsplit

from ..errors import ConfigurationError
from ..flow.call import Terms
from ..flow.steps import Flow
from ..secret import Signer
from ..settings import loopback

Mode: TypeAlias = Literal["paper", "live"]
"""`paper`: the paper exchange, on this machine or in this process. `live`: Upbit, with real money."""


class Means(NamedTuple):
    """What a trader needs of its client."""

    terms: Terms
    base_url: str
    signer: Signer | None
    carry_out: Callable[[Flow[Any]], Any]
    """Runs a flow in the way of the client's face."""


def check(mode: Mode, means: Means) -> Signer:
    """Refuse a mode that does not fit keys and host; give the keys.

    Raises ConfigurationError, saying what would be right.
    """
    if mode not in ("paper", "live"):
        raise ConfigurationError(f"mode={mode!r} is neither 'paper' nor 'live'")
    signer = means.signer
    if signer is None:
        raise ConfigurationError(
            "trading needs an API key: give access_key= and secret_key=, or set UPBIT_ACCESS_KEY and UPBIT_SECRET_KEY"
        )
    url = means.base_url
    here = loopback(urlsplit(url).hostname or "")
    if mode == "paper" and not here:
        raise ConfigurationError(
            f"mode='paper', but requests go to {url}: use upbit.paper (or base_url= of a paper exchange on this "
            "machine), or say mode='live' to trade with real money"
        )
    if mode == "paper" and not signer.paper:
        raise ConfigurationError(
            "mode='paper', but the key is not one of a paper exchange: use the client() of upbit.paper, or the keys "
            "that the paper exchange shows"
        )
    if mode == "live" and here:
        raise ConfigurationError(
            f"mode='live', but requests go to {url}, which is this machine: say mode='paper', or leave base_url= and "
            "UPBIT_BASE_URL away"
        )
    if mode == "live" and signer.paper:
        raise ConfigurationError(
            f"mode='live', but the key is one of a paper exchange: use a key of {url}, or say mode='paper' with a "
            "paper exchange"
        )
    return signer
