from __future__ import annotations

from typing import Literal

import pytest

from upbit.paper.chaos import Chaos, Rule
from upbit.paper.clock import SteppedClock
from upbit.paper.exchange import Exchange, Key
from upbit.paper.handshake import Admission, Handshake
from upbit.paper.turnstile import Turnstile
from upbit.wire.frames import INFO, PRIVATE, PUBLIC
from upbit.wire.message import Request, Response
from upbit.wire.token import sign

NOW = 1_790_000_000_000


class Door:
    """A handshake of an exchange whose clock stands."""

    def __init__(self, *, profile: str = "current", limited: bool = True) -> None:
        self.exchange = Exchange(clock=SteppedClock(NOW), profile=profile)
        turnstile = Turnstile(self.exchange.profile, self.exchange.account, limited=limited)
        self.chaos = Chaos()
        self.handshake = Handshake(self.exchange, turnstile, self.chaos)
        self.nonces = 0

    def token(self, key: Key, secret: str | None = None, nonce: str | None = None) -> str:
        self.nonces += 1
        return f"Bearer {sign(key.access_key, secret or key.secret, nonce=nonce or str(self.nonces))}"

    def knock(
        self, authorization: str | None = None, *, peer: str = "1.2.3.4", now: int = NOW, origin: str | None = None
    ) -> Admission | Response | None:
        headers = {"authorization": authorization, "origin": origin}
        request = Request("GET", PRIVATE, "", b"", {name: value for name, value in headers.items() if value})
        return self.handshake.admit(request, PRIVATE, peer, now)

    def key(self, authorization: str, peer: str = "1.2.3.4") -> Key | None:
        admitted = self.knock(authorization, peer=peer)
        assert isinstance(admitted, Admission)
        return admitted.key


@pytest.mark.parametrize(
    ("path", "socket"),
    [
        ("/websocket/v1", PUBLIC),
        ("//websocket/v1/", PUBLIC),
        ("/websocket/v1/private", PRIVATE),
        ("/websocket/v1/info", INFO),
        ("/websocket/v2", None),
        ("/v1/orders", None),
    ],
)
def test_a_path_means_a_socket_or_none(path: str, socket: str | None) -> None:
    assert socket == Door().handshake.path(path)


@pytest.mark.parametrize(
    ("profile", "there"),
    [
        ("2023", [PUBLIC]),
        ("2024-04-24", [PUBLIC]),
        ("2024-04-25", [PUBLIC, PRIVATE]),
        ("2026-09-22", [PUBLIC, PRIVATE]),
        ("2026-09-23", [PUBLIC, PRIVATE, INFO]),
    ],
)
def test_a_socket_is_there_since_its_day(profile: str, there: list[str]) -> None:
    handshake = Door(profile=profile).handshake
    assert there == [path for path in (PUBLIC, PRIVATE, INFO) if handshake.path(path) == path]


def test_a_good_token_tells_whose_socket_it_is() -> None:
    door = Door()
    assert door.exchange.first_key == door.key(door.token(door.exchange.first_key))


def test_a_bad_token_is_as_none() -> None:
    door = Door(limited=False)
    first = door.exchange.first_key
    stranger = Key(
        access_key="PAPERx", secret="s" * 40, account="x", permissions=frozenset(), created=0, expires=NOW + 1
    )
    assert door.key(door.token(first, nonce="once")) == first
    elsewhere = door.exchange.issue_key(first.account, allowed_ips=["9.9.9.9"])
    expired = door.exchange.issue_key(first.account, lifetime=0)
    for bad in (
        door.token(first, nonce="once"),
        door.token(first, secret="x" * 40),
        door.token(stranger),
        door.token(elsewhere),
        door.token(expired),
        "Bearer x",
        "Bearer",
        "Basic abc",
    ):
        assert door.key(bad) is None, bad
    assert elsewhere == door.key(door.token(elsewhere), peer="9.9.9.9")


def test_the_reply_tells_what_is_left_of_five_a_second() -> None:
    door = Door()
    replies = [door.knock() for _ in range(6)]
    assert [f"group=websocket; min=300; sec={left}" for left in (4, 3, 2, 1, 0)] == [
        reply.headers["Remaining-Req"] for reply in replies[:5] if isinstance(reply, Admission)
    ]
    refused = replies[5]
    assert isinstance(refused, Response)
    assert (429, b'{"error":{"name":"too_many_requests"}}') == (refused.status, refused.body)
    assert isinstance(door.knock(peer="5.6.7.8"), Admission)
    assert isinstance(door.knock(now=NOW + 1000), Admission)


def test_with_a_token_connections_count_per_pocket() -> None:
    door = Door()
    for _ in range(5):
        door.knock()
    first = door.exchange.first_key
    assert isinstance(door.knock(door.token(first)), Admission)


def test_in_2023_a_hundred_a_minute_are_the_limit() -> None:
    door = Door(profile="2023")
    replies = [door.knock(now=NOW + 300 * index) for index in range(101)]
    assert [True] * 100 + [False] == [isinstance(reply, Admission) for reply in replies]


def test_a_page_may_connect_once_in_ten_seconds() -> None:
    door = Door()
    first = door.knock(origin="https://example.com")
    assert isinstance(first, Admission)
    assert "group=origin; min=6; sec=0" == first.headers["Remaining-Req"]
    assert isinstance(door.knock(origin="https://example.com", now=NOW + 9_000), Response)
    assert isinstance(door.knock(origin="https://example.com", now=NOW + 10_000), Admission)


def test_without_limits_nobody_is_refused() -> None:
    door = Door(limited=False)
    assert all(isinstance(door.knock(), Admission) for _ in range(20))


@pytest.mark.parametrize("effect", ["refuse_socket", "outage"])
def test_a_fault_refuses_before_anybody_counts(effect: Literal["refuse_socket", "outage"]) -> None:
    door = Door()
    door.chaos.add(Rule(effect=effect, until=NOW + 1_000, path="/websocket/*/private"))
    for _ in range(10):
        refused = door.knock()
        assert isinstance(refused, Response)
        assert 503 == refused.status
    admitted = door.knock(now=NOW + 1_000)
    assert isinstance(admitted, Admission)
    assert "group=websocket; min=300; sec=4" == admitted.headers["Remaining-Req"]


def test_a_refusal_without_a_status_is_a_reset() -> None:
    door = Door()
    door.chaos.add(Rule(effect="refuse_socket", status=0))
    assert door.knock() is None
