"""What a client can be told, and what follows from it: where requests go, with which keys, how patiently.

Whatever is wrong here is a ConfigurationError before anything is sent. Nothing is read from a file.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from math import inf
from os import PathLike
from typing import Any, Literal, NamedTuple, TypeAlias, TypedDict, cast, get_args
from urllib.parse import SplitResult, urlsplit

from .errors import ConfigurationError
from .flow.steps import Timeout
from .io import AsyncTransport, Dial, Transport
from .limiter import Limiter
from .wire.token import Algorithm

Region: TypeAlias = Literal["kr", "sg", "id", "th"]
"""Where the account is: Korea, Singapore, Indonesia or Thailand."""

HOSTS: Mapping[Region, str] = {
    "kr": "api.upbit.com",
    "sg": "sg-api.upbit.com",
    "id": "id-api.upbit.com",
    "th": "th-api.upbit.com",
}
"""Source: upbit-api 10."""
SOCKET_PATH = "/websocket/v1"
PATIENCE: Timeout = (5.0, 10.0)
DEADLINE = 60.0
PREFIX = re.compile("[A-Za-z0-9_-]{1,40}")
PLACES = ("UPBIT_BASE_URL", "UPBIT_WS_URL")
"""Variables that say where requests go."""


class Config(TypedDict, total=False):
    """The documented `config` of 2023."""

    host: str
    """Where requests go, as `http://127.0.0.1:8000`."""
    validate_responses: bool
    """Check documented results against what their operation declares; a ResponseError when one does not fit."""
    use_models: bool
    """Put the typed model into the documented `result` instead of plain JSON."""
    also_return_response: bool
    """Accepted and without effect: the documented result always has its `response`."""


class Options(TypedDict, total=False):
    """Everything a client takes by name."""

    base_url: str
    """Where requests go; wins over `config`, `spec_uri`, UPBIT_BASE_URL and `region`."""
    ws_url: str
    """The public WebSocket; else the one beside `base_url`."""
    region: Region
    """Where the account is, `kr` when not given."""
    timeout: float | tuple[float, float]
    """Seconds to connect and to wait for an answer, together or each; (5, 10) when not given."""
    max_retries: int
    """Repeats of a failed read, 2 when not given. An order is repeated under its identifier, whatever this says; a
    withdrawal never, once it left."""
    algorithm: Algorithm
    """How tokens are signed, `HS512` when not given."""
    config: Config
    """The documented settings of 2023."""
    spec_uri: str | PathLike[str]
    """Path or URL of a Swagger 2.0 or OpenAPI 3 document (JSON) that rules the documented voice."""
    order_deadline: float
    """Seconds in which the outcome of an order is found out, 60 when not given; then `OrderOutcomeUnknown`."""
    identifier_prefix: str
    """How the identifiers begin that orders get when they have none: up to 40 characters, `upbit` when not given."""
    limiter: Limiter
    """Whom the client shares its quota with; all clients of this process at the same host when not given."""
    proxy: str
    """URL of an HTTP proxy. None is taken from the environment; none is asked for this machine's own addresses."""
    clock: Callable[[], float]
    """Seconds from any start, for pacing; the monotonic clock when not given."""
    nonce: Callable[[], str]
    """Makes the nonce of a token, new every time; a random UUID when not given."""
    random: Callable[[], float]
    """From 0 to 1, for the length of pauses."""
    dial: Dial
    """What opens WebSockets instead of the network."""
    wall: Callable[[], float]
    """Seconds since the epoch, for what is dated; the clock of this machine when not given."""
    keys_file: str | PathLike[str]
    """A file with the lines `UPBIT_ACCESS_KEY=...` and `UPBIT_SECRET_KEY=...` that only its owner can read."""
    keyring: bool | str
    """Take the keys from the system's keyring, where True means those of the service `upbit-client`; `keyring` is an
    extra of the package."""


class SyncOptions(Options, total=False):
    """Everything `Upbit` takes by name."""

    transport: Transport
    """What sends requests instead of HTTP. The client does not close it."""
    sleep: Callable[[float], None]
    """Waits so many seconds."""


class AsyncOptions(Options, total=False):
    """Everything `AsyncUpbit` takes by name."""

    transport: AsyncTransport
    """What sends requests instead of HTTP. The client does not close it."""
    sleep: Callable[[float], Awaitable[None]]
    """Waits so many seconds."""


class Place(NamedTuple):
    """Where requests go."""

    base_url: str
    ws_url: str


def check(options: Mapping[str, Any], names: frozenset[str]) -> None:
    """Refuse an unknown keyword with TypeError, an unknown or wrong setting with ConfigurationError."""
    if not options.keys() <= names:
        unknown = ", ".join(sorted(options.keys() - names))
        raise TypeError(f"a client takes no {unknown}; it takes access_key, secret_key, {', '.join(sorted(names))}")
    _one_of("region", options.get("region", "kr"), tuple(HOSTS))
    _one_of("algorithm", options.get("algorithm", "HS512"), get_args(Algorithm))
    config: object = options.get("config", {})
    if not isinstance(config, Mapping) or not config.keys() <= Config.__optional_keys__:
        raise ConfigurationError(f"config is a dict with any of {', '.join(sorted(Config.__optional_keys__))}")


def _one_of(name: str, value: object, known: tuple[str, ...]) -> None:
    if value not in known:
        raise ConfigurationError(f"{name}={value!r} is none of {', '.join(known)}")


def timeout(value: object) -> Timeout:
    """Read a timeout: one number of seconds, or those to connect and those to wait for an answer."""
    pair = cast("tuple[object, ...]", value) if isinstance(value, tuple) else (value, value)
    seconds = [float(one) for one in pair if isinstance(one, int | float) and type(one) is not bool and 0 < one < inf]
    if len(pair) == len(seconds) == 2:
        return seconds[0], seconds[1]
    raise ConfigurationError(f"timeout={value!r} is neither seconds nor a pair (connect, read) of seconds above 0")


def retries(value: object) -> int:
    """Read a number of repeats."""
    if type(value) is int and value >= 0:
        return value
    raise ConfigurationError(f"max_retries={value!r} is not a whole number from 0 on")


def deadline(value: object) -> float:
    """Read a number of seconds."""
    if isinstance(value, int | float) and type(value) is not bool and 0 < value < inf:
        return float(value)
    raise ConfigurationError(f"order_deadline={value!r} is no number of seconds above 0")


def prefix(value: object) -> str:
    """Read how identifiers begin."""
    if isinstance(value, str) and PREFIX.fullmatch(value):
        return value
    raise ConfigurationError(f"identifier_prefix={value!r} is not 1 to 40 of A-Z, a-z, 0-9, '-' and '_'")


def places(environ: Mapping[str, str]) -> dict[str, str]:
    """Take the variables that say where requests go, without the secrets that stand beside them."""
    return {name: environ[name] for name in PLACES if name in environ}


def place(options: Options, spoken: str | None, environ: Mapping[str, str]) -> Place:
    """Decide where requests go; `spoken` is the host that a `spec_uri` document names."""
    told = options.get("base_url", options.get("config", {}).get("host", spoken))
    usual = environ.get("UPBIT_BASE_URL") or f"https://{HOSTS[options.get('region', 'kr')]}"
    base = _origin(usual if told is None else told)
    socket = options.get("ws_url", environ.get("UPBIT_WS_URL") if told is None else None)
    if not socket:
        return Place(base, f"ws{base.removeprefix('http')}{SOCKET_PATH}")
    parts = address(socket, ("wss", "ws"))
    return Place(base, parts.geturl())


def _origin(url: str) -> str:
    """Read the address of a host."""
    parts = address(url, ("https", "http"))
    if parts.path.rstrip("/") not in ("", "/v1") or parts.query or parts.fragment:
        raise ConfigurationError(f"{url!r} is more than the address of a host: give https://host")
    return f"{parts.scheme}://{parts.netloc}"


def trusted(host: str) -> bool:
    """Say whether something may be signed for a host: Upbit's own, and this machine."""
    return host == "upbit.com" or host.endswith(".upbit.com") or loopback(host)


def vet(url: str, *, paper: bool) -> None:
    """Refuse to sign anything for an address: one that is neither Upbit's own nor this machine's, or needs another key.

    `paper` says that the key is one of the paper exchange. Raises ConfigurationError.
    """
    host = urlsplit(url).hostname or ""
    if not trusted(host):
        raise ConfigurationError(
            f"nothing is signed for {url}: keys are used with https://*.upbit.com and this machine"
        )
    if paper and not loopback(host):
        raise ConfigurationError(
            f"the key is one of the paper exchange and nothing for {url}: "
            "use a key of the real exchange there, or base_url= (UPBIT_BASE_URL) of the paper exchange"
        )


def address(url: str, schemes: tuple[str, str]) -> SplitResult:
    """Take an address apart. The first scheme is the encrypted one; the other is for this machine only."""
    wrong = ConfigurationError(f"{url!r} is not an address of the form {schemes[0]}://host")
    try:
        parts = urlsplit(url)
        valid = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0 and "@" not in parts.netloc
    except (ValueError, AttributeError, TypeError):
        raise wrong from None
    if not valid or url != url.strip():
        raise wrong
    if parts.scheme != schemes[0] and not loopback(parts.hostname or ""):
        raise ConfigurationError(
            f"{url!r} is not encrypted: use {schemes[0]}://, or {schemes[1]}:// on this machine only"
        )
    return parts


def loopback(host: str) -> bool:
    """Say whether a host is this machine."""
    if host == "localhost":
        return True
    if not (host.startswith("127.") or ":" in host):
        return False
    from ipaddress import ip_address  # seldom needed

    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
