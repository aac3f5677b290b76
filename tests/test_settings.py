"""What a client can be told."""

from __future__ import annotations

import copy
import pickle
from typing import Any, cast
from urllib.parse import urlsplit

import pytest

from upbit import Upbit, settings
from upbit.errors import ConfigurationError
from upbit.secret import Bearer, Secret, Signer
from upbit.settings import Config, Options, loopback, place, timeout


def test_places_follow_their_precedence() -> None:
    everything: Options = {"base_url": "https://a.example", "config": {"host": "https://b.example"}, "region": "sg"}
    environ = {"UPBIT_BASE_URL": "https://d.example", "UPBIT_WS_URL": "wss://e.example/ws"}
    layers: list[tuple[Options, str | None, dict[str, str], str, str]] = [
        (everything, "https://c.example", environ, "https://a.example", "wss://a.example/websocket/v1"),
        ({"config": {"host": "https://b.example"}}, "https://c.example", environ, "https://b.example", "wss://b"),
        ({}, "https://c.example", environ, "https://c.example", "wss://c.example"),
        ({"region": "sg"}, None, environ, "https://d.example", "wss://e.example/ws"),
        ({"region": "sg"}, None, {}, "https://sg-api.upbit.com", "wss://sg-api.upbit.com/websocket/v1"),
        ({}, None, {}, "https://api.upbit.com", "wss://api.upbit.com/websocket/v1"),
        ({"ws_url": "ws://127.0.0.1:9/x"}, None, environ, "https://d.example", "ws://127.0.0.1:9/x"),
    ]
    for options, spoken, variables, base, socket in layers:
        got = place(options, spoken, variables)
        assert base == got.base_url
        assert got.ws_url.startswith(socket)


@pytest.mark.parametrize(
    ("url", "trusted"),
    [
        ("https://api.upbit.com", True),
        ("https://API.Upbit.com/", True),
        ("https://api.upbit.com/v1", True),
        ("https://th-api.upbit.com:8443", True),
        ("http://127.0.0.1:8000", True),
        ("http://localhost", True),
        ("http://[::1]:8000", True),
        ("https://notupbit.com", False),
        ("https://upbit.com.example.org", False),
        ("https://api.upbit.com.", False),
    ],
)
def test_only_upbit_and_this_machine_are_trusted_with_signatures(url: str, trusted: bool) -> None:
    assert trusted == settings.trusted(urlsplit(place({"base_url": url}, None, {}).base_url).hostname or "")


@pytest.mark.parametrize(
    "url",
    [
        "http://api.upbit.com",
        "http://127.evil.example",
        "http://::bad",
        "https://user:pass@api.upbit.com",
        "https://api.upbit.com@evil.example",
        "https://api.upbit.com/v2",
        "https://api.upbit.com?x=1",
        "https://",
        "https://host:port",
        "ftp://api.upbit.com",
        "api.upbit.com",
        " https://api.upbit.com",
        "",
        7,
    ],
)
def test_an_address_that_is_wrong_or_plain_is_refused(url: Any) -> None:
    with pytest.raises(ConfigurationError):
        place({"base_url": url}, None, {})


@pytest.mark.parametrize("url", ["ws://api.upbit.com/websocket/v1", "https://api.upbit.com", "wss://"])
def test_a_socket_address_is_checked_too(url: str) -> None:
    with pytest.raises(ConfigurationError, match="wss://"):
        place({"ws_url": url}, None, {})


def test_loopback_is_this_machine_only() -> None:
    assert [True, True, False, False] == [loopback(one) for one in ("127.8.9.1", "::1", "127.x", "10.0.0.1")]


@pytest.mark.parametrize(("given", "read"), [(3, (3.0, 3.0)), (0.5, (0.5, 0.5)), ((1, 2.5), (1.0, 2.5))])
def test_a_timeout_is_seconds_or_a_pair_of_them(given: object, read: tuple[float, float]) -> None:
    assert read == timeout(given)


@pytest.mark.parametrize("given", [0, -1, "3", None, True, float("inf"), float("nan"), (1,), (1, 2, 3), (1, None)])
def test_other_timeouts_are_refused(given: object) -> None:
    with pytest.raises(ConfigurationError, match="timeout="):
        timeout(given)


@pytest.mark.parametrize(
    "options",
    [
        {"region": "us"},
        {"algorithm": "none"},
        {"algorithm": "HS384"},
        {"config": {"hosts": "x"}},
        {"config": "x"},
        {"max_retries": 1.5},
        {"max_retries": True},
        {"timeout": "soon"},
    ],
)
def test_a_wrong_setting_is_refused_at_construction(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        Upbit(**options)


def test_an_unknown_config_key_names_the_known_ones() -> None:
    with pytest.raises(ConfigurationError, match="also_return_response, host, use_models, validate_responses"):
        Upbit(config=cast(Config, {"hosts": "x"}))


def test_a_secret_is_not_seen_copied_or_pickled() -> None:
    secret = Secret("canary")
    assert "Secret(...)" == repr(secret) == str(secret) == f"{secret}"
    assert "canary" == secret.open()
    for way in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="not copied"):
            way(secret)
    with pytest.raises(TypeError):
        vars(secret)
    assert "canary" not in repr(Signer("a", secret, nonce=lambda: "n"))


def test_what_is_no_text_is_no_secret() -> None:
    with pytest.raises(ConfigurationError, match="is a text"):
        Upbit("access", cast(str, b"bytes"))


def test_an_authorization_is_a_text_that_is_not_shown() -> None:
    signed = Signer("a", Secret("\udcff"), nonce=lambda: "n").sign("")
    assert f"{signed}".startswith("Bearer eyJ")
    assert "{'authorization': Bearer(...)}" == repr({"authorization": signed})
    assert isinstance(signed, Bearer)


def test_only_the_variables_that_say_where_requests_go_are_taken_along() -> None:
    environ = {"UPBIT_SECRET_KEY": "s", "UPBIT_WS_URL": "wss://a.example", "HOME": "h"}
    assert {"UPBIT_WS_URL": "wss://a.example"} == settings.places(environ)
