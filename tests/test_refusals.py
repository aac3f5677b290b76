"""Where nothing is signed: foreign hosts, unencrypted addresses, redirects; refused before a token is made."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tests.loopback import Loopback, http, loopback
from upbit import AsyncUpbit, Upbit, UpbitWebSocket
from upbit.authentication import APIKeyAuthenticator
from upbit.errors import APIConnectionError, APIStatusError, ConfigurationError
from upbit.io import AsyncSocket
from upbit.subscriptions import my_order
from upbit.wire.message import Request, Response

PAPER_KEY = "PAPER0123456789"
FOREIGN = "https://upbit.com.example.org"
PLAIN = "http://api.upbit.com"


def no_nonce() -> str:
    raise AssertionError("a token is being made")


class NoTransport:
    """Nothing is sent, either."""

    def send(self, request: Request, timeout: object) -> Response:
        raise AssertionError("something is sent")


class NoAsyncTransport:
    """Nothing is sent, either."""

    async def send(self, request: Request, timeout: object) -> Response:
        raise AssertionError("something is sent")


async def no_dial(url: str, headers: object, heartbeat: float) -> AsyncSocket:
    raise AssertionError("something is opened")


def sync_client(access_key: str = "access", **place: Any) -> Upbit:
    return Upbit(access_key, "secret", nonce=no_nonce, transport=NoTransport(), dial=no_dial, **place)


def async_client(access_key: str = "access", **place: Any) -> AsyncUpbit:
    return AsyncUpbit(access_key, "secret", nonce=no_nonce, transport=NoAsyncTransport(), dial=no_dial, **place)


def ask(access_key: str, **place: Any) -> None:
    sync_client(access_key, **place).accounts.list()


def order(access_key: str, **place: Any) -> None:
    sync_client(access_key, **place).orders.create(market="KRW-BTC", side="bid", ord_type="price", price=5000)


def ask_documented(access_key: str, **place: Any) -> None:
    sync_client(access_key, **place).Account.Account_info()


def ask_async(access_key: str, **place: Any) -> None:
    asyncio.run(async_client(access_key, **place).accounts.list())


def listen(access_key: str, **place: Any) -> None:
    with sync_client(access_key, **place).feed(my_order()) as feed:
        next(feed)


def listen_async(access_key: str, **place: Any) -> None:
    async def session() -> None:
        async with async_client(access_key, **place).feed(my_order()) as feed:
            await anext(feed)

    asyncio.run(session())


REQUESTS = [ask, order, ask_documented, ask_async]
FEEDS = [listen, listen_async]
Act = Callable[..., None]


@pytest.mark.parametrize("act", REQUESTS)
def test_no_request_to_a_foreign_host_is_signed(act: Act) -> None:
    with pytest.raises(ConfigurationError, match=r"nothing is signed for https://upbit\.com\.example\.org"):
        act("access", base_url=FOREIGN)


@pytest.mark.parametrize("act", FEEDS)
@pytest.mark.parametrize("place", [{"base_url": FOREIGN}, {"ws_url": "wss://a.example/websocket/v1"}])
def test_no_socket_of_a_foreign_host_is_signed(act: Act, place: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="nothing is signed for wss://"):
        act("access", **place)


@pytest.mark.parametrize("act", REQUESTS + FEEDS)
def test_no_key_of_the_paper_exchange_leaves_this_machine(act: Act) -> None:
    with pytest.raises(ConfigurationError, match="the key is one of the paper exchange"):
        act(PAPER_KEY)


@pytest.mark.parametrize("make", [sync_client, async_client])
@pytest.mark.parametrize("place", [{"base_url": PLAIN}, {"ws_url": "ws://api.upbit.com/websocket/v1"}])
def test_no_client_of_an_address_that_is_not_encrypted_is_made(make: Callable[..., object], place: Any) -> None:
    with pytest.raises(ConfigurationError, match="is not encrypted"):
        make(**place)


@pytest.mark.parametrize(
    ("uri", "access_key", "says"),
    [
        ("wss://a.example/websocket/v1/private", "access", "nothing is signed for"),
        ("wss://api.upbit.com/websocket/v1/private", PAPER_KEY, "the key is one of the paper exchange"),
        ("ws://api.upbit.com/websocket/v1/private", "access", "is not encrypted"),
    ],
)
def test_no_documented_socket_with_keys_goes_elsewhere(uri: str, access_key: str, says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        UpbitWebSocket(uri, access_key=access_key, secret_key="secret")
    sock = UpbitWebSocket("ws://127.0.0.1:1", access_key=access_key, secret_key="secret")
    sock.URI = uri
    with pytest.raises(ConfigurationError, match=says):
        sock.connect()


@pytest.mark.parametrize("host", ["https://a.example", "a.example"])
def test_the_documented_authenticator_signs_for_no_foreign_host(host: str) -> None:
    request = type("Request", (), {"params": {}, "headers": {}})()
    with pytest.raises(ConfigurationError, match="nothing is signed for"):
        APIKeyAuthenticator(host, "access", "secret", nonce=no_nonce).apply(request)
    assert {} == request.headers


# -- redirects -----------------------------------------------------------------------------------------


def to(server: Loopback) -> bytes:
    return http(b"", "307 Temporary Redirect", f"Location: {server.url}/")


def test_no_request_follows_a_redirect() -> None:
    async def session(url: str) -> None:
        async with AsyncUpbit("access", "secret", base_url=url) as client:
            with pytest.raises(APIStatusError, match="307"):
                await client.accounts.list()

    with loopback() as elsewhere, loopback(to(elsewhere)) as server:
        with Upbit("access", "secret", base_url=server.url) as client, pytest.raises(APIStatusError, match="307"):
            client.accounts.list()
        asyncio.run(session(server.url))
        assert (2, []) == (len(server.requests), elsewhere.requests)


def test_no_feed_follows_a_redirect() -> None:
    async def session(url: str) -> None:
        reasons: asyncio.Queue[str] = asyncio.Queue()
        async with (
            AsyncUpbit("access", "secret", base_url=url) as client,
            client.feed(my_order(), on_state=lambda status: reasons.put_nowait(status.reason)),
        ):
            assert "307" in await reasons.get()

    with loopback() as elsewhere, loopback(to(elsewhere)) as server:
        asyncio.run(asyncio.wait_for(session(server.url), 5))
        assert (True, []) == (len(server.requests) > 0, elsewhere.requests)


@pytest.mark.parametrize("same", [False, True], ids=["elsewhere", "same host"])
async def test_no_documented_socket_follows_a_redirect(same: bool) -> None:
    here = http(b"", "307 Temporary Redirect", "Location: /other")
    with loopback() as elsewhere, loopback(here if same else to(elsewhere)) as server:
        uri = server.url.replace("http", "ws")
        sock = UpbitWebSocket(f"{uri}/private", access_key="access", secret_key="secret")
        with pytest.raises(Exception, match="307"):
            await sock.__aenter__()
        assert (1, []) == (len(server.requests), elsewhere.requests)


def test_a_refused_connection_is_no_redirect() -> None:
    with Upbit("access", "secret", base_url="http://127.0.0.1:1", max_retries=0) as client:
        with pytest.raises(APIConnectionError) as failed:
            client.accounts.list()
        assert not failed.value.sent
