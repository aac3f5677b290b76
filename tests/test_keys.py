"""Where API keys come from, and what is refused on the way."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from upbit import AsyncUpbit, ConfigurationError, Upbit
from upbit.keys import find
from upbit.secret import hide

FIRST = {"UPBIT_ACCESS_KEY": "a1", "UPBIT_SECRET_KEY": "s1"}
SECOND = {"UPBIT_OPEN_API_ACCESS_KEY": "a2", "UPBIT_OPEN_API_SECRET_KEY": "s2"}


def found(
    access: str | None, secret: str | None, environ: Mapping[str, str], **named: Any
) -> tuple[str, str, str] | None:
    keys = find(access, hide(secret), environ, **named)
    return None if keys is None else (keys.access_key, keys.secret.open(), keys.source)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A key file of its owner."""
    path = tmp_path / "keys"
    path.write_text("# of the bot\nUPBIT_ACCESS_KEY=a3\nexport UPBIT_SECRET_KEY = 's=3'\nUPBIT_BASE_URL=http://x\n")
    path.chmod(0o600)
    return path


class Ring(ModuleType):
    """The package keyring, as far as it is used."""

    def __init__(self, **passwords: str) -> None:
        super().__init__("keyring")
        self._passwords = passwords

    def get_password(self, service_name: str, username: str) -> str | None:
        if service_name == "locked":
            raise RuntimeError("no backend")
        return self._passwords.get(f"{service_name.replace('-', '_')}_{username}")


@pytest.fixture
def ring(monkeypatch: pytest.MonkeyPatch) -> None:
    """A keyring with two keys and a half."""
    passwords = {"upbit_client_access_key": "a4", "upbit_client_secret_key": "s4", "half_access_key": "a6"}
    monkeypatch.setitem(sys.modules, "keyring", Ring(bot_access_key="a5", bot_secret_key="s5", **passwords))


def test_keys_come_from_arguments_then_from_the_first_complete_pair_of_variables() -> None:
    assert ("a", "s", "arguments") == found("a", "s", FIRST | SECOND)
    assert ("a1", "s1", "UPBIT_ACCESS_KEY") == found(None, None, FIRST | SECOND)
    second = SECOND | {"UPBIT_ACCESS_KEY": "", "UPBIT_SECRET_KEY": "x"}
    assert ("a2", "s2", "UPBIT_OPEN_API_ACCESS_KEY") == found(None, None, second)
    assert ("a1", "s1", "UPBIT_ACCESS_KEY") == found("", "", FIRST)
    assert found(None, None, {}) is None


@pytest.mark.parametrize(
    ("access", "secret", "environ", "says"),
    [
        ("a", None, FIRST, "access_key was given without secret_key"),
        (None, "s", {}, "secret_key was given without access_key"),
        (None, None, {"UPBIT_ACCESS_KEY": "a"}, "UPBIT_ACCESS_KEY without UPBIT_SECRET_KEY"),
        (None, None, {"UPBIT_OPEN_API_SECRET_KEY": "s"}, "UPBIT_OPEN_API_SECRET_KEY without UPBIT_OPEN_API_ACCESS_KEY"),
    ],
)
def test_half_a_key_is_refused(access: str | None, secret: str | None, environ: dict[str, str], says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        found(access, secret, environ)


def test_a_file_is_read_when_the_program_names_it_and_after_the_variables_when_one_of_them_does(file: Path) -> None:
    held = ("a3", "s=3", str(file))
    assert held == found(None, None, FIRST, keys_file=file)
    assert held == found(None, None, {"UPBIT_KEYS_FILE": str(file)})
    assert ("a1", "s1", "UPBIT_ACCESS_KEY") == found(None, None, FIRST | {"UPBIT_KEYS_FILE": str(file)})
    assert ("a", "s", "arguments") == found("a", "s", {"UPBIT_KEYS_FILE": str(file)})


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601])
def test_a_file_that_others_can_use_is_refused(file: Path, mode: int) -> None:
    file.chmod(mode)
    with pytest.raises(ConfigurationError, match=f"others than its owner can use it; chmod 600 {file}"):
        found(None, None, {}, keys_file=file)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"", "has no lines UPBIT_ACCESS_KEY=... and UPBIT_SECRET_KEY=..."),
        (b"a3\ns3\n", "has no lines"),
        (b"UPBIT_SECRET_KEY=s3", "has UPBIT_SECRET_KEY without UPBIT_ACCESS_KEY"),
        (b"\xff\xfe", "has no lines"),
    ],
)
def test_a_file_without_a_key_is_refused(file: Path, text: bytes, says: str) -> None:
    file.write_bytes(text)
    with pytest.raises(ConfigurationError, match=says):
        found(None, None, {}, keys_file=file)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(ConfigurationError, match=f"the key file {path}"):
            found(None, None, {"UPBIT_KEYS_FILE": str(path)})


def test_no_file_is_read_that_nobody_names(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.rename(file.with_name(".env"))
    monkeypatch.chdir(file.parent)
    monkeypatch.setenv("HOME", str(file.parent))
    assert found(None, None, {}) is None


@pytest.mark.usefixtures("ring")
def test_the_keyring_is_asked_when_it_is_named() -> None:
    assert ("a4", "s4", "keyring upbit-client") == found(None, None, FIRST, keyring=True)
    assert ("a5", "s5", "keyring bot") == found(None, None, {}, keyring="bot")
    assert ("a5", "s5", "keyring bot") == found(None, None, {"UPBIT_KEYRING": "bot"})
    assert ("a1", "s1", "UPBIT_ACCESS_KEY") == found(None, None, FIRST | {"UPBIT_KEYRING": "bot"})
    assert found(None, None, {}, keyring=False) is None


@pytest.mark.usefixtures("ring")
@pytest.mark.parametrize(
    ("service", "says"),
    [
        ("other", "no key of other: keyring set other access_key, keyring set other secret_key"),
        ("half", "no key of half"),
        ("locked", "the keyring cannot be read: RuntimeError"),
    ],
)
def test_a_keyring_without_the_key_is_refused(service: str, says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        found(None, None, {}, keyring=service)


def test_a_keyring_that_is_not_installed_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(ConfigurationError, match=r"install upbit-client\[keyring\]"):
        found(None, None, {}, keyring=True)


@pytest.mark.usefixtures("ring")
@pytest.mark.parametrize("client", [Upbit, AsyncUpbit])
def test_a_client_takes_one_way_to_a_key(client: Any, file: Path) -> None:
    assert f"{client.__name__}Client(https://api.upbit.com)" == repr(client(keys_file=file))
    for ways in ({"access_key": "a", "secret_key": "s", "keyring": True}, {"keys_file": file, "keyring": "bot"}):
        with pytest.raises(ConfigurationError, match="in one way"):
            client(**ways)
