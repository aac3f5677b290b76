"""Both HTTP transports, asked the same questions: urllib3 for the sync face, aiohttp for the async one."""

from __future__ import annotations

import asyncio
import gc
import gzip
import logging
from pathlib import Path
from threading import Thread
from typing import Protocol

import pytest

from tests.loopback import DROP, SILENCE, closed_port, http, loopback
from upbit.errors import APIConnectionError, APITimeoutError
from upbit.flow.steps import Timeout
from upbit.io.aio_http import AsyncHTTPTransport
from upbit.io.http import HTTPTransport
from upbit.wire.message import Request, Response

GET = Request("GET", "/v1/orders/uuids", "uuids[]=a&to=2026-03-22T12:47:08%2B09:00", b"", {"x-mark": "here"})
POST = Request("POST", "/v1/orders", "", b'{"market":"KRW-BTC"}', {"content-type": "application/json; charset=utf-8"})
DELETE = Request("DELETE", "/v1/order", "uuid=a")
PATIENT: Timeout = (2.0, 2.0)


class Ask(Protocol):
    def __call__(
        self, url: str, *requests: Request, timeout: Timeout = PATIENT, proxy: str | None = None
    ) -> Response: ...


def ask_sync(url: str, *requests: Request, timeout: Timeout = PATIENT, proxy: str | None = None) -> Response:
    transport = HTTPTransport(url, proxy=proxy)
    try:
        return [transport.send(request, timeout) for request in requests][-1]
    finally:
        transport.close()


def ask_async(url: str, *requests: Request, timeout: Timeout = PATIENT, proxy: str | None = None) -> Response:
    async def ask() -> Response:
        transport = AsyncHTTPTransport(url, proxy=proxy)
        try:
            return [await transport.send(request, timeout) for request in requests][-1]
        finally:
            await transport.aclose()

    return asyncio.run(ask())


@pytest.fixture(params=[ask_sync, ask_async], ids=["sync", "async"])
def ask(request: pytest.FixtureRequest) -> Ask:
    asker: Ask = request.param
    return asker


def test_a_request_travels_as_it_is_and_the_answer_says_where_it_came_from(ask: Ask) -> None:
    with loopback(http(b'{"a": 1}', "201 Created", "Remaining-Req: group=order; min=1; sec=2")) as server:
        response = ask(server.url, POST)
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert POST.body == body
    assert head.startswith(b"POST /v1/orders HTTP/1.1\r\n")
    assert b"content-type: application/json; charset=utf-8" in head.lower()
    assert 1 == head.lower().count(b"content-type")
    assert (201, b'{"a": 1}', "Created", f"{server.url}/v1/orders") == (
        response.status,
        response.body,
        response.reason,
        response.url,
    )
    assert "group=order; min=1; sec=2" == response.header("remaining-req")


def test_a_query_that_was_signed_is_not_written_anew(ask: Ask) -> None:
    with loopback() as server:
        ask(server.url, GET)
    target = server.requests[0].split(b" ")[1].decode().replace("%5B%5D", "[]")
    assert GET.target == target
    assert b"x-mark: here" in server.requests[0]


def test_connections_are_kept(ask: Ask) -> None:
    with loopback() as server:
        ask(server.url, GET, POST, DELETE, GET)
    assert (4, 1) == (len(server.requests), server.connections)


def test_compressed_answers_are_asked_for_and_unpacked(ask: Ask) -> None:
    with loopback(http(gzip.compress(b'["long"]'), "200 OK", "Content-Encoding: gzip")) as server:
        assert b'["long"]' == ask(server.url, GET).body
    assert b"accept-encoding: gzip\r\n" in server.requests[0].lower()


def test_redirects_are_answers_not_orders(ask: Ask) -> None:
    with loopback() as elsewhere, loopback(http(b"", "302 Found", f"Location: {elsewhere.url}/")) as server:
        assert 302 == ask(server.url, GET).status
    assert [] == elsewhere.requests


def test_cookies_are_not_kept(ask: Ask) -> None:
    with loopback(http(b"[]", "200 OK", "Set-Cookie: a=b")) as server:
        ask(server.url, GET, GET)
    assert b"cookie" not in server.requests[1].lower()


def test_a_refused_connection_sent_nothing(ask: Ask) -> None:
    with pytest.raises(APIConnectionError, match="could not be reached") as caught:
        ask(closed_port(), POST)
    assert not caught.value.sent


def test_an_unknown_host_sent_nothing(ask: Ask) -> None:
    with pytest.raises(APIConnectionError, match="could not be reached") as caught:
        ask("http://no-such-host.invalid", GET)
    assert not caught.value.sent


def test_silence_is_a_timeout_that_may_have_acted(ask: Ask) -> None:
    with loopback(SILENCE) as server, pytest.raises(APITimeoutError, match="did not answer in time") as caught:
        ask(server.url, POST, timeout=(1.0, 0.1))
    assert caught.value.sent


@pytest.mark.parametrize("request_", [GET, POST, DELETE], ids=["get", "post", "delete"])
def test_a_dropped_connection_may_have_acted_and_is_not_tried_again(ask: Ask, request_: Request) -> None:
    with loopback(http(), DROP) as server, pytest.raises(APIConnectionError, match="was lost") as caught:
        ask(server.url, GET, request_)
    assert caught.value.sent
    assert 2 == len(server.requests)


@pytest.mark.parametrize("answer", [b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhal", b"nonsense\r\n\r\n"])
def test_half_an_answer_is_a_lost_one(ask: Ask, answer: bytes) -> None:
    with loopback(answer) as server, pytest.raises(APIConnectionError) as caught:
        ask(server.url, GET, timeout=(1.0, 0.3))
    assert caught.value.sent


def test_an_answer_that_cannot_be_unpacked_is_a_lost_one(ask: Ask) -> None:
    with (
        loopback(http(b"not gzip", "200 OK", "Content-Encoding: gzip")) as server,
        pytest.raises(APIConnectionError) as caught,
    ):
        ask(server.url, GET)
    assert caught.value.sent


def test_proxies_of_the_environment_are_not_asked(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy"):
        monkeypatch.setenv(name, closed_port())
    with loopback() as server:
        assert 200 == ask(server.url, GET).status


def test_a_proxy_is_asked_only_for_encrypted_addresses(ask: Ask) -> None:
    with loopback(http(b"", "403 Forbidden")) as proxy, loopback() as server:
        assert 200 == ask(server.url, GET, proxy=proxy.url).status
        with pytest.raises(APIConnectionError) as caught:
            ask("https://api.upbit.com", POST, proxy=proxy.url)
    assert not caught.value.sent
    assert [b"CONNECT api.upbit.com:443"] == [request.partition(b" HTTP")[0] for request in proxy.requests]


def test_what_does_not_speak_tls_gets_nothing(ask: Ask) -> None:
    with loopback() as server, pytest.raises(APIConnectionError):
        ask(server.url.replace("http:", "https:"), POST, timeout=(0.3, 0.3))
    assert not [request for request in server.requests if b"KRW-BTC" in request]


def test_threads_share_a_transport() -> None:
    with loopback() as server:
        transport = HTTPTransport(server.url)
        threads = [Thread(target=transport.send, args=(GET, PATIENT)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        transport.close()
    assert 8 == len(server.requests)


def test_a_closed_sync_transport_sends_nothing() -> None:
    with loopback() as server:
        transport = HTTPTransport(server.url)
        transport.close()
        transport.send(GET, PATIENT)
        transport.close()
        with pytest.raises(APIConnectionError) as caught:
            transport.send(GET, PATIENT)
    assert (False, 1) == (caught.value.sent, len(server.requests))


async def test_a_closed_async_transport_sends_nothing() -> None:
    transport = AsyncHTTPTransport(closed_port())
    await transport.aclose()
    with pytest.raises(APIConnectionError, match="closed") as caught:
        await transport.send(GET, PATIENT)
    assert not caught.value.sent


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")  # asyncio says it of every socket whose loop is gone
def test_an_async_transport_survives_its_event_loop() -> None:
    with loopback() as server:
        transport = AsyncHTTPTransport(server.url)

        async def twice() -> None:
            for _ in range(2):
                await transport.send(GET, PATIENT)

        asyncio.run(twice())
        asyncio.run(twice())
        asyncio.run(transport.aclose())
        gc.collect()
    assert (4, 2) == (len(server.requests), server.connections)


def test_a_forgotten_async_transport_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)

    async def forget(url: str) -> None:
        transport = AsyncHTTPTransport(url)
        await transport.send(GET, PATIENT)
        del transport
        gc.collect()
        await asyncio.sleep(0.01)

    with loopback() as server:
        asyncio.run(forget(server.url))
    gc.collect()
    assert [] == caplog.records


def test_a_certificate_that_is_not_trusted_is_named_and_nothing_is_sent(ask: Ask) -> None:
    with loopback() as server:
        server.encrypt(Path(__file__).with_name("untrusted.pem"))
        with pytest.raises(APIConnectionError, match="certificate is not trusted") as caught:
            ask(server.url, POST)
    assert not caught.value.sent
    assert [] == server.requests
