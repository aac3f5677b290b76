"""Where API keys come from: arguments, the environment, a key file, the system's keyring.

A key file and the keyring are read only when an option or a variable names them; no other file is looked for, and
nothing is taken from a command line. Whatever holds secrets is hidden (`Secret`) before anything can be refused, so
that no traceback shows one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from os import PathLike
from pathlib import Path
from typing import NamedTuple, cast

from .errors import ConfigurationError
from .io import private
from .secret import Secret, hide

PAIRS = (
    ("UPBIT_ACCESS_KEY", "UPBIT_SECRET_KEY"),
    ("UPBIT_OPEN_API_ACCESS_KEY", "UPBIT_OPEN_API_SECRET_KEY"),
)
"""Names of an access key and its secret: of variables, and of lines of a key file. The first complete pair counts."""
KEYS_FILE = "UPBIT_KEYS_FILE"
KEYRING = "UPBIT_KEYRING"
SERVICE = "upbit-client"
"""Under which the keyring has `access_key` and `secret_key`, when nothing else is said."""


class Keys(NamedTuple):
    """An API key, and where it was found."""

    access_key: str
    secret: Secret
    source: str
    """`arguments`, the name of a variable, a key file, or the keyring's service."""


def find(
    access_key: str | None,
    secret: Secret | None,
    environ: Mapping[str, str],
    *,
    keys_file: str | PathLike[str] | None = None,
    keyring: bool | str = False,
) -> Keys | None:
    """Find the API key. None when there is none.

    What a program says itself comes first, and it says it in one way: arguments, `keys_file` or `keyring`. Then the
    first complete pair of variables, then the key file or the keyring that a variable names.
    Raises ConfigurationError for half a key, for two ways, and for a file or keyring that has none or cannot be used.
    """
    told, named_file, named_ring = _hidden(environ), environ.get(KEYS_FILE), environ.get(KEYRING)
    del environ  # a traceback with locals would show it whole
    ways = [access_key or secret, keys_file, keyring]
    if sum(map(bool, ways)) > 1:
        raise ConfigurationError("give a key in one way: access_key= and secret_key=, keys_file= or keyring=")
    if access_key or secret:
        if not (access_key and secret):
            given, missing = ("access_key", "secret_key") if access_key else ("secret_key", "access_key")
            raise ConfigurationError(f"{given} was given without {missing}")
        return Keys(access_key, secret, "arguments")
    if keys_file:
        return _from_file(Path(keys_file))
    if keyring:
        return _from_keyring(SERVICE if keyring is True else keyring)
    found = _pair(told, "the environment")
    if found is not None:
        return found
    if named_file:
        return _from_file(Path(named_file))
    return _from_keyring(named_ring) if named_ring else None


def _hidden(lines: Mapping[str, str]) -> dict[str, Secret]:
    """Take what may be keys, hidden."""
    return {name: Secret(lines[name]) for pair in PAIRS for name in pair if lines.get(name)}


def _pair(told: Mapping[str, Secret], where: str) -> Keys | None:
    half = ""
    for names in PAIRS:
        access, secret = (told.get(name) for name in names)
        if access and secret:
            return Keys(access.open(), secret, names[0])
        if access or secret:
            half = half or " without ".join(names if access else reversed(names))
    if half:
        raise ConfigurationError(f"{where} has {half}")
    return None


def _from_file(path: Path) -> Keys:
    """Read a key file: lines `UPBIT_ACCESS_KEY=...` and `UPBIT_SECRET_KEY=...`; others may be there."""
    path = path.expanduser()
    try:
        told = _hidden(dict(map(_line, private.read(path).decode(errors="replace").splitlines())))
    except PermissionError as error:
        raise ConfigurationError(f"the key file {path} is not used: {error.strerror}") from None
    except OSError as error:
        raise ConfigurationError(f"the key file {path} cannot be read: {error.strerror}") from None
    found = _pair(told, f"the key file {path}")
    if found is None:
        raise ConfigurationError(f"the key file {path} has no lines {PAIRS[0][0]}=... and {PAIRS[0][1]}=...")
    return found._replace(source=str(path))


def _line(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name.strip().removeprefix("export "), value.strip().strip("'\"")


def _from_keyring(service: str) -> Keys:
    """Ask the system's keyring."""
    try:
        ask = cast("Callable[[str, str], str | None]", import_module("keyring").get_password)
    except ImportError:
        raise ConfigurationError(
            "the system's keyring needs the package keyring: install upbit-client[keyring]"
        ) from None
    try:
        access_key, secret = ask(service, "access_key"), hide(ask(service, "secret_key"))
    except Exception as error:  # each system's keyring has errors of its own
        raise ConfigurationError(f"the keyring cannot be read: {error!r}") from None
    if not (access_key and secret):
        raise ConfigurationError(
            f"the keyring has no key of {service}: keyring set {service} access_key, keyring set {service} secret_key"
        )
    return Keys(access_key, secret, f"keyring {service}")
