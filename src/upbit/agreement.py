"""What a client was told becomes what its calls need: keys, clocks, limiter, connections, each with its default.

Nothing goes on the wire here. What needs urllib3 or aiohttp is loaded when the first request leaves.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeVar

from . import keys, settings
from .flow.call import Terms
from .flow.intent import identifier
from .flow.repeat import MAX_RETRIES
from .io import Dial
from .limiter import Limiter, common
from .link import Connect, Link
from .pkginfo import package_version
from .secret import Secret, Signer, new_nonce
from .settings import Options

if TYPE_CHECKING:
    from .io.aio_http import AsyncHTTPTransport
    from .io.http import HTTPTransport

Shared = TypeVar("Shared")

HEADERS: Mapping[str, str] = {"accept": "application/json", "user-agent": f"upbit-client/{package_version}"}


def agree(
    access_key: str | None, secret: Secret | None, options: Options, given: Shared | None, connect: Connect[Shared]
) -> tuple[Terms, Link[Shared]]:
    """Make of what a client was told what its calls need."""
    found = keys.find(
        access_key, secret, os.environ, keys_file=options.get("keys_file"), keyring=options.get("keyring", False)
    )
    signer = None
    if found is not None:
        nonce, algorithm = options.get("nonce", new_nonce), options.get("algorithm", "HS512")
        signer = Signer(found.access_key, found.secret, nonce=nonce, algorithm=algorithm)
    link = Link(options, given, connect, signer, settings.places(os.environ))
    link.limiter = _limiter(options, given is None, link.place.base_url)
    wall = options.get("wall", time.time)
    prefix = settings.prefix(options.get("identifier_prefix", "upbit"))
    terms = Terms(
        pace=link.limiter.pace(link.place.base_url, found.access_key if found else ""),
        clock=options.get("clock", time.monotonic),
        random=options.get("random", random.random),
        sign=link.sign if signer else None,
        headers=HEADERS,
        timeout=settings.timeout(options.get("timeout", settings.PATIENCE)),
        max_retries=settings.retries(options.get("max_retries", MAX_RETRIES)),
        wall=wall,
        identifier=lambda: identifier(prefix, int(wall() * 1000), random.getrandbits(64)),
        order_deadline=settings.deadline(options.get("order_deadline", settings.DEADLINE)),
    )
    return terms, link


def _limiter(options: Options, networked: bool, host: str) -> Limiter:
    """Who counts what a client sends: by default it counts together with others only what goes over the network."""
    if "limiter" in options:
        return options["limiter"]
    return common(host) if networked and "clock" not in options else Limiter()


def http(base_url: str, *, proxy: str | None = None) -> HTTPTransport:
    """Make what sends over HTTP."""
    from .io.http import HTTPTransport  # brings urllib3

    return HTTPTransport(base_url, proxy=proxy)


def aio_http(base_url: str, *, proxy: str | None = None) -> AsyncHTTPTransport:
    """Make what sends over HTTP, awaited."""
    from .io.aio_http import AsyncHTTPTransport  # brings aiohttp

    return AsyncHTTPTransport(base_url, proxy=proxy)


def aio_dial(proxy: str | None) -> Dial:
    """Make what opens WebSockets."""
    from .io.aio_socket import AioDial  # brings aiohttp

    return AioDial(proxy=proxy, headers={"user-agent": HEADERS["user-agent"]})
