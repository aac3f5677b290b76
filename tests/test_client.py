"""Both faces: settings, keys, voices, life and death."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import pickle
import subprocess
import sys
from collections.abc import Coroutine
from threading import Thread
from typing import Any

import pytest

import upbit
from tests.fakes import (
    ORDER,
    AsyncScriptedTransport,
    FrozenClock,
    LossyTransport,
    ScriptedTransport,
    answer,
    authorizations,
)
from tests.loopback import http, loopback
from upbit import (
    APIConnectionError,
    AsyncUpbit,
    BadRequestError,
    ConfigurationError,
    InsufficientFundsError,
    Reply,
    ResponseError,
    Upbit,
)
from upbit.models import Order
from upbit.wire.message import Request, Response
from upbit.wire.token import plain_body, read

ACCESS, SECRET = "access-" + "a" * 33, "canary-" + "s" * 33
NEW: dict[str, Any] = {"market": "KRW-BTC", "side": "bid", "ord_type": "limit", "volume": "0.01", "price": "100.0"}
HEADER = {"Remaining-Req": "group=order; min=720; sec=11"}


def sync(*script: Response | APIConnectionError, **options: Any) -> tuple[Upbit, ScriptedTransport]:
    transport = ScriptedTransport(*script)
    return Upbit(ACCESS, SECRET, **({"transport": transport} | options)), transport


def asynchronous(*script: Response | APIConnectionError, **options: Any) -> tuple[AsyncUpbit, AsyncScriptedTransport]:
    transport = AsyncScriptedTransport(*script)
    return AsyncUpbit(ACCESS, SECRET, **({"transport": transport} | options)), transport


def wait(call: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(call)


def test_the_typed_voice_returns_models_on_both_faces() -> None:
    client, _ = sync(answer(ORDER, 201))
    other, _ = asynchronous(answer(ORDER, 201))
    order = client.orders.create(**NEW)
    assert isinstance(order, Order)
    assert order == wait(other.orders.create(**NEW))


def test_the_typed_voice_raises_what_the_exchange_refused_on_both_faces() -> None:
    refusal = answer({"error": {"name": "insufficient_funds_bid", "message": "부족"}}, 400)
    client, _ = sync(refusal)
    other, _ = asynchronous(refusal)
    with pytest.raises(InsufficientFundsError, match="부족"):
        client.orders.create(**NEW)
    with pytest.raises(BadRequestError, match="부족"):
        wait(other.orders.create(**NEW))


def test_replies_bring_the_response_along_on_both_faces() -> None:
    client, _ = sync(answer(ORDER, 201, headers=HEADER))
    other, _ = asynchronous(answer(ORDER, 201, headers=HEADER))
    reply = client.replies.orders.create(**NEW)
    assert isinstance(reply, Reply)
    assert ("order", 720, 11) == reply.remaining
    assert reply == wait(other.replies.orders.create(**NEW))
    assert client.replies is client.replies


def test_an_order_is_signed_over_its_body_with_a_new_nonce_each_time() -> None:
    client, transport = sync(answer(ORDER, 201))
    client.orders.create(**NEW)
    client.orders.create(**NEW)
    tokens = [read(str(one).removeprefix("Bearer ")) for one in authorizations(transport.requests)]
    assert [True, True] == [token.signed_with(SECRET) for token in tokens]
    bodies = [plain_body(request.body) for request in transport.requests]
    assert all(token.covers([body]) for token, body in zip(tokens, bodies, strict=True))
    assert 2 == len({token.claims.nonce for token in tokens})
    assert {"HS512"} == {token.algorithm for token in tokens}


def test_algorithm_and_nonce_can_be_told() -> None:
    client, transport = sync(algorithm="HS256", nonce=lambda: "once")
    client.accounts.list()
    token = read(str(authorizations(transport.requests)[0]).removeprefix("Bearer "))
    assert ("HS256", "once") == (token.algorithm, token.claims.nonce)


def test_a_lost_order_is_looked_up_and_not_placed_again() -> None:
    clock = FrozenClock()
    inner = ScriptedTransport(answer(ORDER, 201))
    client = Upbit(
        ACCESS, SECRET, transport=LossyTransport(inner, losses=1), clock=clock, sleep=clock.sleep, wall=lambda: 1e9
    )
    assert "wait" == client.orders.create(**NEW).state
    sent, looked = inner.requests
    identifier = json.loads(sent.body)["identifier"]
    assert ("POST", "GET", f"identifier={identifier}") == (sent.verb, looked.verb, looked.query)
    assert identifier.startswith("upbit-")
    assert len(identifier) <= 64


def test_clock_sleep_and_luck_can_be_told() -> None:
    clock = FrozenClock()
    client, transport = sync(
        answer([], 503), answer([]), clock=clock, sleep=clock.sleep, random=lambda: 1.0, nonce=lambda: "n"
    )
    client.accounts.list()
    other, _ = asynchronous(answer([], 503), answer([]), clock=clock, sleep=clock.sleep_async, random=lambda: 1.0)
    wait(other.accounts.list())
    assert ([0.25, 0.25], 2) == (clock.slept, len(transport.requests))


def test_other_options_share_transport_and_limiter() -> None:
    clock = FrozenClock()
    client, transport = sync(answer([], 503), clock=clock, sleep=clock.sleep, timeout=3)
    other = client.with_options(timeout=(1, 2), max_retries=0)
    with pytest.raises(upbit.InternalServerError):
        other.tickers.list("KRW-BTC")
    for _ in range(9):
        other.Trade.Trade_ticker(markets="KRW-BTC")
    assert ([(1.0, 2.0)] * 10, []) == (transport.timeouts, clock.slept)
    client.with_options(max_retries=0).Trade.Trade_ticker(markets="KRW-BTC")
    assert [(3.0, 3.0)] == transport.timeouts[10:]
    assert 1 <= sum(clock.slept)
    assert type(other) is Upbit


@pytest.mark.parametrize("setting", [{"timeout": 0}, {"max_retries": -1}])
def test_other_options_are_checked(setting: dict[str, Any]) -> None:
    client, _ = sync()
    with pytest.raises(ConfigurationError):
        client.with_options(**setting)


def test_both_faces_print_where_they_send() -> None:
    assert "UpbitClient(https://api.upbit.com)" == repr(Upbit()) == str(Upbit())
    assert "AsyncUpbitClient(https://sg-api.upbit.com)" == repr(AsyncUpbit(region="sg"))
    assert "<Orders of UpbitClient(https://api.upbit.com)>" == repr(Upbit().orders)
    assert "<Order of UpbitClient(https://api.upbit.com)>" == repr(Upbit().Order)
    assert "wss://api.upbit.com/websocket/v1" == Upbit().ws_url


def test_the_secret_shows_nowhere() -> None:
    client, _ = sync(answer({"error": {"name": "jwt_verification", "message": "no"}}, 401))
    shown = [repr(client), repr(vars(client)), repr(vars(client._link)), repr(client._link.signer)]
    with pytest.raises(upbit.AuthenticationError) as caught:
        client.accounts.list()
    shown += [repr(caught.value), str(vars(caught.value)), pickle.dumps(caught.value).decode("latin-1")]
    assert not [text for text in shown if SECRET in text]
    for thing in (client, client._link.signer):
        with pytest.raises(TypeError, match="not copied"):
            pickle.dumps(thing)


def test_an_unknown_keyword_names_the_known_ones() -> None:
    with pytest.raises(TypeError, match=r"takes no bse_url; it takes access_key, .*base_url"):
        Upbit(bse_url="http://127.0.0.1")  # type: ignore[call-arg]  # misspelled on purpose
    with pytest.raises(TypeError, match="takes no acces_key"):
        AsyncUpbit(acces_key="a")  # type: ignore[call-arg]  # misspelled on purpose


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'Upbit' object has no attribute 'Ordr'"):
        _ = Upbit().Ordr  # type: ignore[attr-defined]  # there is none


def test_nothing_is_signed_for_a_foreign_host() -> None:
    client, transport = sync(base_url="https://upbit.com.example.org")
    with pytest.raises(ConfigurationError, match=r"nothing is signed for https://upbit\.com\.example\.org"):
        client.accounts.list()
    with pytest.raises(ConfigurationError):
        client.Account.Account_info()
    client.trades.list("KRW-BTC")
    assert [None] == authorizations(transport.requests)


def test_the_upgrade_of_a_socket_is_signed_anew_each_time_for_the_sockets_own_host() -> None:
    client, _ = sync(base_url="https://rest.example.org", ws_url="ws://127.0.0.1:9/websocket/v1")
    tokens = [read(client._link.token().removeprefix("Bearer ")) for _ in range(2)]
    assert [True, True] == [token.signed_with(SECRET) and token.covers([""]) for token in tokens]
    assert 2 == len({token.claims.nonce for token in tokens})
    other, _ = sync(base_url="https://api.upbit.com", ws_url="wss://upbit.com.example.org/websocket/v1")
    with pytest.raises(ConfigurationError, match=r"nothing is signed for wss://upbit\.com\.example\.org"):
        other._link.token()
    paper = Upbit("PAPERkey", "secret", base_url="http://127.0.0.1:1", ws_url="wss://api.upbit.com/websocket/v1")
    with pytest.raises(ConfigurationError, match="the key is one of the paper exchange"):
        paper._link.token()


def test_a_private_call_without_keys_raises_in_both_voices() -> None:
    transport = ScriptedTransport()
    client = Upbit(transport=transport)
    for call in (client.accounts.list, client.Account.Account_info, client.replies.accounts.list):
        with pytest.raises(ConfigurationError, match=r"accounts\.list needs an API key"):
            call()
    assert [] == transport.requests


def test_keys_and_places_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with loopback(http(b"[]")) as server:
        monkeypatch.setenv("UPBIT_ACCESS_KEY", "from-env")
        monkeypatch.setenv("UPBIT_SECRET_KEY", SECRET)
        monkeypatch.setenv("UPBIT_BASE_URL", server.url)
        with Upbit() as client:
            assert [] == client.accounts.list()
            assert f"UpbitClient({server.url})" == repr(client)
            assert f"ws{server.url.removeprefix('http')}/websocket/v1" == client.ws_url
    assert b"authorization: bearer " in server.requests[0].lower()
    assert b"user-agent: upbit-client/" in server.requests[0].lower()


def test_over_http_the_sync_face_serves_threads_and_closes() -> None:
    with loopback(http(b"[]")) as server:
        with Upbit(ACCESS, SECRET, base_url=server.url) as client:
            threads = [Thread(target=client.accounts.list) for _ in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            client.with_options(timeout=1).close()
            assert [] == client.accounts.list()
        with pytest.raises(APIConnectionError):
            client.with_options(max_retries=0).accounts.list()
    assert 9 == len(server.requests)


def test_over_http_the_async_face_serves_tasks_and_closes(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)

    async def session(url: str) -> None:
        async with AsyncUpbit(ACCESS, SECRET, base_url=url) as client:
            assert [[]] * 8 == await asyncio.gather(*(client.accounts.list() for _ in range(8)))
            await client.with_options(timeout=1).aclose()
            assert [] == await client.accounts.list()
        with pytest.raises(APIConnectionError):
            await client.with_options(max_retries=0).accounts.list()

    with loopback(http(b"[]")) as server:
        asyncio.run(session(server.url), debug=False)
    gc.collect()
    assert (9, []) == (len(server.requests), caplog.records)


def test_a_transport_that_was_given_is_not_closed() -> None:
    client, _ = sync(answer(ORDER, 201))
    with client:
        pass
    assert isinstance(client.orders.create(**NEW), Order)

    async def life() -> None:
        other, _ = asynchronous(answer(ORDER, 201))
        async with other:
            pass
        assert isinstance(await other.orders.create(**NEW), Order)

    asyncio.run(life())


def test_a_client_that_never_sent_closes_too() -> None:
    with Upbit() as client:
        assert "UpbitClient(https://api.upbit.com)" == str(client)
    asyncio.run(AsyncUpbit().aclose())


def test_an_answer_that_does_not_fit_keeps_its_body() -> None:
    client, _ = sync(answer(b"<html>"))
    with pytest.raises(ResponseError, match=r"accounts\.list") as caught:
        client.accounts.list()
    assert b"<html>" == caught.value.body


def test_the_package_shows_its_names_when_they_are_asked_for() -> None:
    assert {"AsyncUpbit", "Reply", "Upbit", "UpbitWebSocket", "UpbitError", "RateLimitError"} <= set(dir(upbit))
    assert upbit.UpbitWebSocket.__name__ == "UpbitWebSocket"
    assert upbit.__version__.startswith("2.")
    with pytest.raises(AttributeError, match="no attribute 'Mapping'"):
        _ = upbit.Mapping  # type: ignore[attr-defined]  # there is none


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        ("import upbit", "msgspec"),
        ("import upbit; upbit.Upbit()", "urllib3"),
        ("import upbit; upbit.AsyncUpbit()", "aiohttp"),
    ],
)
def test_libraries_are_loaded_when_they_are_needed(code: str, absent: str) -> None:
    check = f"{code}; import sys; sys.exit({absent!r} in sys.modules)"
    assert 0 == subprocess.run([sys.executable, "-c", check], check=False).returncode


def test_a_key_of_the_paper_exchange_is_not_signed_for_the_real_one() -> None:
    asked: list[Request] = []

    class Recorder:
        def send(self, request: Request, timeout: tuple[float, float]) -> Response:
            asked.append(request)
            return Response(200, b"[]")

    client = Upbit("PAPERkey", "secret", base_url="https://api.upbit.com", transport=Recorder())
    with pytest.raises(ConfigurationError, match="the key is one of the paper exchange"):
        client.accounts.list()
    assert [] == asked
    local = Upbit("PAPERkey", "secret", base_url="http://127.0.0.1:1", transport=Recorder())
    assert [] == local.accounts.list()
    assert 1 == len(asked)
