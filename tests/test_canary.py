"""A canary secret, used for everything there is, with every log open: nothing shows it, or a token made with it."""

from __future__ import annotations

import asyncio
import json
import logging
import pickle
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.canary import CANARY, Hunt, inside, served
from tests.cli.terminal import Terminal
from tests.guard import Guard
from tests.loopback import http, loopback
from upbit import AsyncUpbit, Upbit, UpbitWebSocket
from upbit.authentication import APIKeyAuthenticator
from upbit.errors import (
    APIConnectionError,
    APIError,
    ConfigurationError,
    RiskRefused,
    UpbitError,
)
from upbit.limiter import Limiter
from upbit.paper import PaperExchange, Rule, RunningExchange
from upbit.secret import Secret, Signer
from upbit.subscriptions import my_asset, my_order, ticker
from upbit.trading import Destination, Limits

Open = Callable[..., AbstractContextManager[PaperExchange | RunningExchange]]

ORDER = {"market": "KRW-BTC", "side": "bid", "ord_type": "limit", "price": 50_000_000, "volume": "0.001"}
PATIENT: dict[str, Any] = {"timeout": 0.5, "max_retries": 0, "order_deadline": 0.5}
RULES = [
    Rule(effect="refuse", name="jwt_verification"),
    Rule(effect="refuse", name="out_of_scope"),
    Rule(effect="lost_answer"),
    Rule(effect="lost_request", manner="reset"),
    Rule(effect="unreachable"),
    Rule(effect="penalty", milliseconds=60_000),
    Rule(effect="gateway", status=502),
    Rule(effect="gateway", status=404),
    Rule(effect="truncated_body"),
    Rule(effect="bad_gzip"),
]
SLOW = [Rule(effect="lost_answer", manner="silence"), Rule(effect="too_many_requests", form="text")]


def name(rule: Rule) -> str:
    return f"{rule.effect}-{rule.name}-{rule.manner}-{rule.status}"


@pytest.fixture
def hunt(guard: Guard) -> Iterator[Hunt]:
    """Every log is open, and nothing is found in the end."""
    guard.canaries.add(CANARY)
    hunt, root = Hunt(), logging.getLogger()
    before = root.level
    root.setLevel(logging.DEBUG)
    root.addHandler(hunt)
    yield hunt
    root.removeHandler(hunt)
    root.setLevel(before)
    assert [] == hunt.places


@pytest.fixture(params=[inside, served], ids=["inside", "served"])
def opened(request: pytest.FixtureRequest) -> Open:
    made: Open = request.param
    return made


def guards(folder: Path) -> dict[str, Any]:
    return {"journal": folder / "journal", "switch": folder / "switch", "limits": Limits(per_order=1_000_000)}


def use(client: Upbit, hunt: Hunt, folder: Path) -> None:
    """Use the sync face for everything."""
    order = client.orders.create(**ORDER)
    results: list[object] = [
        order,
        client.accounts.list(),
        client.replies.api_keys.list(),
        client.Account.Account_info(),
        client.Order.Order_new(**ORDER | {"price": "1"}),
        client.orders.cancel(uuid=order.uuid),
    ]
    with client.feed(my_order(), my_asset(), ticker("KRW-BTC")) as feed:
        feed.live()
        results += [next(feed), feed.status, feed.listed()]
        hunt.walk(feed, "feed")
    with client.trading("paper", **guards(folder)) as trader:
        results.append(trader.buy("KRW-BTC", quote=10_000))
        assert isinstance(hunt.call(lambda: trader.buy("KRW-BTC", quote=2_000_000)), RiskRefused)
        assert isinstance(hunt.call(lambda: trader.buy("KRW-XXX", quote=10_000)), UpbitError)
        assert isinstance(hunt.call(lambda: trader.withdraw(Destination("BTC", "BTC", "a"), 1)), UpbitError)
        trader.switch.set("HALT", "canary")
        assert isinstance(hunt.call(lambda: trader.buy("KRW-BTC", quote=10_000)), UpbitError)
        hunt.walk(trader, "trader")
    hunt.walk(client, "client")
    for result in results:
        hunt.walk(result, "result")
        if "response" not in repr(type(result)):
            hunt.pickle(result)


async def use_async(client: AsyncUpbit, hunt: Hunt, folder: Path) -> None:
    """Use the async face for everything."""
    order = await client.orders.create(**ORDER)
    results: list[object] = [
        order,
        await client.accounts.list(),
        await client.Account.Account_info(),
        await client.Order.Order_new(**ORDER | {"price": "1"}),
        await client.orders.cancel(uuid=order.uuid),
    ]
    async with client.feed(my_order(), my_asset(), ticker("KRW-BTC")) as feed:
        await feed.live()
        results += [await anext(feed), feed.status, await feed.listed()]
        hunt.walk(feed, "feed")
    async with client.trading("paper", **guards(folder)) as trader:
        results.append(await trader.buy("KRW-BTC", quote=10_000))
        with pytest.raises(RiskRefused) as refused:
            await trader.buy("KRW-BTC", quote=2_000_000)
        hunt.error(refused.value)
        hunt.walk(trader, "trader")
    hunt.walk(client, "client")
    for result in results:
        hunt.walk(result, "result")


def test_the_sync_face_shows_nothing(opened: Open, hunt: Hunt, tmp_path: Path) -> None:
    with opened() as exchange, exchange.client(limiter=Limiter(tmp_path / "quota")) as client:
        use(client, hunt, tmp_path)
        with pytest.raises(TypeError, match="not copied or pickled"):
            pickle.dumps(client)
    hunt.files(tmp_path)
    assert {"journal", "switch", "quota"} <= {path.name for path in tmp_path.iterdir()}
    assert (True, True, True) == (hunt.records > 0, hunt.objects > 500, hunt.frames > 10)


def test_the_async_face_shows_nothing(opened: Open, hunt: Hunt, tmp_path: Path) -> None:
    async def session() -> None:
        with opened() as exchange:
            async with exchange.async_client(limiter=Limiter(tmp_path / "quota")) as client:
                await use_async(client, hunt, tmp_path)
                with pytest.raises(TypeError, match="not copied or pickled"):
                    pickle.dumps(client)

    asyncio.run(session(), debug=True)
    hunt.files(tmp_path)
    assert (True, True) == (hunt.records > 0, hunt.objects > 500)


@pytest.mark.parametrize(
    ("still", "rule"),
    [pytest.param(True, rule, id=f"inside-{name(rule)}") for rule in RULES + SLOW]
    + [pytest.param(False, rule, id=f"served-{name(rule)}") for rule in RULES],
)
def test_no_failure_shows_anything(hunt: Hunt, still: bool, rule: Rule) -> None:
    async def session(exchange: PaperExchange | RunningExchange) -> None:
        async with exchange.async_client(**PATIENT) as client:
            for call in (client.accounts.list(), client.orders.create(**ORDER)):
                with pytest.raises(APIError) as failed:
                    await call
                hunt.error(failed.value)

    with inside(rule, start=datetime(2026, 11, 20, tzinfo=UTC)) if still else served(rule) as exchange:
        with exchange.client(**PATIENT) as client:
            for call in (client.accounts.list, lambda: client.orders.create(**ORDER)):
                assert isinstance(hunt.call(call), APIError)
            hunt.call(client.Account.Account_info)
        asyncio.run(session(exchange), debug=True)
    assert hunt.frames > 10


def test_the_documented_socket_shows_nothing(hunt: Hunt) -> None:
    async def session(exchange: RunningExchange) -> None:
        sock = UpbitWebSocket(
            f"{exchange.ws_url}/private", access_key=exchange.access_key, secret_key=exchange.secret_key
        )
        async with sock as stream:
            await stream.send(sock.generate_payload([sock.generate_type_field("myAsset")]))
            assert "UP" == (await sock.ping())["status"]
            hunt.walk(vars(sock), "socket")
        sock.URI = "ws://127.0.0.1:1"
        sock.connect()
        with pytest.raises(OSError) as failed:  # noqa: PT011
            await sock.__aenter__()
        hunt.error(failed.value)

    with served() as exchange:
        asyncio.run(session(exchange), debug=True)
    assert hunt.records > 10


def test_the_doctor_shows_nothing(hunt: Hunt, terminal: Terminal, tmp_path: Path) -> None:
    for rules in ((), (Rule(effect="refuse", name="jwt_verification"),), (Rule(effect="lost_answer"),)):
        with served(*rules) as exchange:
            terminal.set(
                UPBIT_BASE_URL=exchange.base_url,
                UPBIT_WS_URL=exchange.ws_url,
                UPBIT_ACCESS_KEY=exchange.access_key,
                UPBIT_SECRET_KEY=CANARY,
                UPBIT_STATE_DIR=str(tmp_path),
            )
            for command in ("doctor", "doctor --json", "call accounts list", "call orders retrieve --uuid x"):
                said = terminal.type(command)
                hunt.text(f"{said.out} {said.err}", command)
            with Upbit() as client:  # by the variables
                hunt.call(client.accounts.list)
                hunt.walk(client, "client of the environment")
    hunt.files(tmp_path)


def wrong(call: Callable[..., object], *given: object, **named: Any) -> Any:
    return pytest.param(lambda: call(*given, **named), id=f"{call.__name__}-{'-'.join(map(str, named)) or 'alone'}")


@pytest.mark.parametrize(
    "make",
    [
        made
        for client in (Upbit, AsyncUpbit)
        for made in (
            wrong(client, "access", CANARY, no_such_option=1),
            wrong(client, "access", CANARY, region="us"),
            wrong(client, "access", CANARY, timeout="soon"),
            wrong(client, "access", CANARY, base_url="http://api.upbit.com"),
            wrong(client, "access", CANARY, ws_url="ws://api.upbit.com"),
            wrong(client, "access", CANARY, spec_uri="/no/such/file"),
            wrong(client, "access", CANARY, identifier_prefix="?"),
            wrong(client, "access", CANARY, keyring=True),
            wrong(client, "access", CANARY.encode()),
            wrong(client, None, CANARY),
        )
    ]
    + [
        wrong(UpbitWebSocket, "ws://api.upbit.com", access_key="access", secret_key=CANARY),
        wrong(UpbitWebSocket, "wss://a.example", access_key="access", secret_key=CANARY),
        wrong(UpbitWebSocket, secret_key=CANARY),
        wrong(APIKeyAuthenticator("https://a.example", "access", CANARY).generate_payload, None),
    ],
)
def test_no_refused_setting_shows_anything(hunt: Hunt, make: Callable[[], object]) -> None:
    error = hunt.call(make)
    assert isinstance(error, ConfigurationError | TypeError)
    assert hunt.frames > 0


@pytest.mark.parametrize("text", ["UPBIT_SECRET_KEY={}", "UPBIT_SECRET_KEY={}\nUPBIT_ACCESS_KEY", "\udcff{}"])
def test_no_source_of_keys_shows_anything(
    hunt: Hunt, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    path = tmp_path / "keys"
    path.write_text(text.format(CANARY), errors="surrogateescape")
    for mode in (0o600, 0o644):
        path.chmod(mode)
        assert isinstance(hunt.call(lambda: Upbit(keys_file=path)), ConfigurationError)
    monkeypatch.setenv("UPBIT_SECRET_KEY", CANARY)
    assert isinstance(hunt.call(Upbit), ConfigurationError)
    monkeypatch.setenv("UPBIT_BASE_URL", "http://api.upbit.com")
    monkeypatch.setenv("UPBIT_ACCESS_KEY", "access")
    assert isinstance(hunt.call(Upbit), ConfigurationError)


def test_no_signer_shows_anything_whatever_it_is_asked_to_sign(hunt: Hunt) -> None:
    signer = Signer("access", Secret(CANARY))
    assert isinstance(hunt.call(lambda: signer.sign("\ud800")), UnicodeEncodeError)
    broken = Signer("access\ud800", Secret(CANARY))
    assert isinstance(hunt.call(lambda: broken.sign("")), UnicodeEncodeError)
    hunt.walk(signer, "signer")
    hunt.text(repr([signer.sign("a=b")]), "token")
    for one in (Secret(CANARY), signer):
        with pytest.raises(TypeError, match="not copied or pickled"):
            pickle.dumps(one)


def test_what_a_stranger_answers_is_passed_on_without_what_was_asked(hunt: Hunt) -> None:
    html = http(b"<html>no</html>", "403 Forbidden")
    with (
        loopback(html, http(json.dumps({"a": 1}).encode())) as server,
        Upbit("a", CANARY, base_url=server.url) as client,
    ):
        for _ in range(2):
            assert isinstance(hunt.call(client.accounts.list), APIError)
    with Upbit("a", CANARY, base_url="http://127.0.0.1:1", max_retries=0) as client:
        assert isinstance(hunt.call(client.accounts.list), APIConnectionError)


def test_the_hunt_finds_what_is_there() -> None:
    def leak(secret: str) -> None:
        raise ValueError(secret)

    hunt = Hunt()
    hunt.call(lambda: leak(CANARY))
    hunt.walk({"a": [CANARY.encode()]}, "bytes")
    hunt.text("Bearer eyJhbGciOiJIUzUxMiJ9.eyJh.c2Vh", "token")
    hunt.emit(logging.LogRecord("name", 10, "path", 1, "%s", (CANARY,), None))
    assert {"bytes.['a'].[0]", "token", "log name path:1"} < set(hunt.places)


@pytest.fixture
def terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Terminal:
    return Terminal(capsys, monkeypatch)
