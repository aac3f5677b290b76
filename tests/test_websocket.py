from __future__ import annotations

import asyncio
import json
import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import TypedDict
from uuid import UUID

import msgspec
import pytest
import truststore
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed, ConnectionClosedOK
from websockets.protocol import State

from upbit.errors import ConfigurationError
from upbit.io import tls
from upbit.websocket import UpbitWebSocket
from upbit.wire import frames, token

WEBSOCKET_URI = "wss://api.upbit.com/websocket/v1"
Script = Callable[[ServerConnection], Awaitable[None]]


class Exchange:
    """A server that follows a script on every connection; by default it answers PING and repeats everything else."""

    def __init__(self) -> None:
        self.connections: list[ServerConnection] = []
        self.script: Script = repeat
        self._server: Server | None = None

    async def __aenter__(self) -> Exchange:
        self._server = await serve(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()

    @property
    def uri(self) -> str:
        assert self._server is not None
        [listening] = self._server.sockets
        return f"ws://127.0.0.1:{listening.getsockname()[1]}/websocket/v1"

    def header(self, name: str) -> list[str | None]:
        return [connection.request.headers.get(name) for connection in self.connections if connection.request]

    async def _serve(self, connection: ServerConnection) -> None:
        self.connections.append(connection)
        await self.script(connection)


async def repeat(connection: ServerConnection) -> None:
    async for message in connection:
        if message == frames.PING:
            await connection.send(frames.UP)
        else:
            await connection.send(message)


async def burst_before_up(connection: ServerConnection) -> None:
    async for message in connection:
        for number in range(40):
            await connection.send(b"%d" % number)
        if message == frames.PING:
            await connection.send(frames.UP)


async def silence(connection: ServerConnection) -> None:
    await connection.wait_closed()


@pytest.fixture
async def exchange() -> AsyncIterator[Exchange]:
    async with Exchange() as running:
        yield running


class Call(TypedDict):
    call: dict[str, object]
    result: object


def test_it_prints_as_documented() -> None:
    assert "UpbitWebSocket(wss://api.upbit.com/websocket/v1)" == str(UpbitWebSocket())
    assert "UpbitWebSocket(wss://api.upbit.com/websocket/v1)" == repr(UpbitWebSocket())


def test_the_address_comes_from_the_argument_then_the_environment_then_upbit(monkeypatch: pytest.MonkeyPatch) -> None:
    assert WEBSOCKET_URI == UpbitWebSocket().URI
    monkeypatch.setenv("UPBIT_WS_URL", "ws://127.0.0.1:1/websocket/v1")
    assert "ws://127.0.0.1:1/websocket/v1" == UpbitWebSocket().URI
    assert "wss://sg-api.upbit.com/websocket/v1" == UpbitWebSocket("wss://sg-api.upbit.com/websocket/v1").URI
    monkeypatch.setenv("UPBIT_WS_URL", "")
    assert WEBSOCKET_URI == UpbitWebSocket().URI


@pytest.mark.parametrize("uri", ["ws://localhost:1", "ws://127.0.0.2/x", "ws://[::1]:5/", "wss://example.com/v1"])
def test_addresses_that_nobody_can_listen_to_are_accepted(uri: str) -> None:
    assert uri == UpbitWebSocket(uri).URI


@pytest.mark.parametrize(
    ("uri", "reason"),
    [
        ("ws://api.upbit.com/websocket/v1", "not encrypted"),
        ("ws://localhost.example.com/", "not encrypted"),
        ("ws://0.0.0.0/", "not encrypted"),
        ("https://api.upbit.com/", "not the address"),
        ("api.upbit.com", "not the address"),
        ("wss:///websocket/v1", "not the address"),
    ],
)
def test_other_addresses_are_refused_before_connecting(uri: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        UpbitWebSocket(uri)


async def test_nothing_goes_on_the_wire_before_it_is_entered(exchange: Exchange) -> None:
    sock = UpbitWebSocket(exchange.uri)
    first = sock.Connection
    sock.connect(ping_interval=20, ping_timeout=20)
    await asyncio.sleep(0.02)

    assert first is not sock.Connection
    assert [] == exchange.connections


async def test_it_is_opened_by_itself_by_its_connection_and_by_await(exchange: Exchange) -> None:
    sock = UpbitWebSocket(exchange.uri)

    async with sock as conn:
        await conn.send("one")
        assert b"one" == await conn.recv()
    async with sock.Connection as conn:
        await conn.send(b"two")
        assert b"two" == await conn.recv()
    conn = await sock.Connection
    await conn.send("three")
    assert b"three" == await conn.recv()
    await conn.close()
    async with sock as conn:
        await conn.send("four")
        assert [b"four"] == [await conn.recv()]
    assert 4 == len(exchange.connections)


async def test_it_is_not_entered_twice_at_a_time(exchange: Exchange) -> None:
    sock = UpbitWebSocket(exchange.uri)

    async with sock as conn:
        for again in (sock, sock.Connection):
            with pytest.raises(RuntimeError, match="already open"):
                await again.__aenter__()
        await conn.send("still here")
        assert b"still here" == await conn.recv()


async def test_leaving_closes_what_was_entered_even_after_connect(exchange: Exchange) -> None:
    sock = UpbitWebSocket(exchange.uri)

    async with sock as conn:
        sock.connect(ping_interval=20)
        async with sock.Connection as other:
            pass
        assert (State.OPEN, State.CLOSED) == (conn.state, other.state)
    assert State.CLOSED == conn.state
    assert (None, 20) == (conn.ping_interval, other.ping_interval)


async def test_leaving_closes_what_was_entered_even_after_another_await(exchange: Exchange) -> None:
    sock = UpbitWebSocket(exchange.uri)

    async with sock.Connection as conn:
        other = await sock.Connection
    assert (State.CLOSED, State.OPEN) == (conn.state, other.state)
    await other.close()
    await sock.__aexit__(None, None, None)
    await sock.Connection.__aexit__(None, None, None)


async def test_a_refused_connection_can_be_tried_again(exchange: Exchange) -> None:
    async with Exchange() as gone:
        sock = UpbitWebSocket(gone.uri)
    for _ in range(2):
        with pytest.raises(OSError):  # noqa: PT011
            await sock.__aenter__()

    sock.URI = exchange.uri
    sock.connect()
    async with sock as conn:
        assert State.OPEN == conn.state


async def test_recv_gives_bytes_for_text_and_binary_frames(exchange: Exchange) -> None:
    async with UpbitWebSocket(exchange.uri) as conn:
        for message in ("글", "글".encode()):
            for _ in range(2):
                await conn.send(message)
            assert "글".encode() == await conn.recv()
            assert "글" == await conn.recv(decode=True)


async def test_frames_are_iterated_over_as_bytes_until_the_close(exchange: Exchange) -> None:
    async def three(connection: ServerConnection) -> None:
        for text in ("a", "b", "c"):
            await connection.send(text)

    exchange.script = three
    async with UpbitWebSocket(exchange.uri) as conn:
        assert [b"a", b"b", b"c"] == [message async for message in conn]


async def test_a_closed_connection_raises_connection_closed(exchange: Exchange) -> None:
    async def close(connection: ServerConnection) -> None:
        await connection.close(1000)

    exchange.script = close
    sock = UpbitWebSocket(exchange.uri)
    async with sock as conn:
        with pytest.raises(ConnectionClosedOK):
            await conn.recv()
        with pytest.raises(ConnectionClosed):
            await conn.send("too late")


async def test_a_second_recv_at_a_time_raises_and_the_first_goes_on(exchange: Exchange) -> None:
    async with UpbitWebSocket(exchange.uri) as conn:
        first = asyncio.create_task(conn.recv())
        await asyncio.sleep(0)
        with pytest.raises(RuntimeError, match="recv"):
            await conn.recv()
        await conn.send("for the first")
        assert b"for the first" == await first


async def test_a_cancelled_recv_loses_no_frame(exchange: Exchange) -> None:
    async with UpbitWebSocket(exchange.uri) as conn:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(conn.recv(), 0.01)
        await conn.send("kept")
        assert b"kept" == await conn.recv()


async def test_the_documented_ping_by_hand_works(exchange: Exchange) -> None:
    async with UpbitWebSocket(exchange.uri) as conn:
        await conn.send("PING")
        data = await conn.recv()

    search = re.compile(r'{"\S+":"\S+"}').search(data.decode("utf8"))
    assert search is not None
    assert {"status": "UP"} == json.loads(search.group())


async def test_ping_opens_a_connection_of_its_own(exchange: Exchange) -> None:
    sock = UpbitWebSocket(exchange.uri)

    assert {"status": "UP"} == await sock.ping()
    assert {"status": "UP"} == await sock.ping()
    await exchange.connections[-1].wait_closed()
    assert [State.CLOSED] * 2 == [connection.state for connection in exchange.connections]


async def test_ping_uses_the_open_connection_and_keeps_its_frames(exchange: Exchange) -> None:
    exchange.script = burst_before_up
    sock = UpbitWebSocket(exchange.uri)

    async with sock as conn:
        assert {"status": "UP"} == await sock.ping()
        assert [b"%d" % number for number in range(40)] == [await conn.recv() for _ in range(40)]
    async with sock.Connection as conn:
        assert {"status": "UP"} == await sock.ping()
        assert b"0" == await conn.recv()
    assert 2 == len(exchange.connections)


async def test_ping_and_recv_wait_side_by_side(exchange: Exchange) -> None:
    exchange.script = burst_before_up
    sock = UpbitWebSocket(exchange.uri)

    async with sock as conn:

        async def receive() -> list[bytes]:
            return [await conn.recv() for _ in range(80)]

        receiving = asyncio.create_task(receive())
        await asyncio.sleep(0)
        assert {"status": "UP"} == await sock.ping()
        assert {"status": "UP"} == await sock.ping()
        assert [b"%d" % number for number in range(40)] * 2 == await receiving


async def test_a_ping_that_is_not_answered_times_out(exchange: Exchange) -> None:
    exchange.script = silence
    sock = UpbitWebSocket(exchange.uri, ping_timeout=0.05)

    with pytest.raises(TimeoutError):
        await sock.ping()
    async with sock:
        with pytest.raises(TimeoutError):
            await sock.ping()


async def test_a_ping_on_a_lost_connection_says_so(exchange: Exchange) -> None:
    async def close_on_ping(connection: ServerConnection) -> None:
        await connection.recv()
        await connection.close(1011)

    exchange.script = close_on_ping
    sock = UpbitWebSocket(exchange.uri)
    async with sock:
        with pytest.raises(ConnectionClosed):
            await sock.ping()


async def test_every_connection_carries_a_fresh_token_when_there_are_keys(exchange: Exchange) -> None:
    secret = "s" * 64
    sock = UpbitWebSocket(exchange.uri + "/private", access_key="access", secret_key=secret)
    for _ in range(2):
        async with sock:
            pass
    await sock.ping()

    tokens: list[token.Token] = []
    for header in exchange.header("Authorization"):
        assert header is not None
        scheme, _, text = header.partition(" ")
        assert "Bearer" == scheme
        tokens.append(token.read(text))
    assert [True] * 3 == [one.signed_with(secret) for one in tokens]
    assert [("access", None)] * 3 == [(one.claims.access_key, one.claims.query_hash) for one in tokens]
    assert 3 == len({UUID(one.claims.nonce) for one in tokens})
    assert secret not in repr(sock)


async def test_without_keys_no_token_is_sent(exchange: Exchange) -> None:
    async with UpbitWebSocket(exchange.uri):
        pass

    assert [None] == exchange.header("Authorization")
    assert [None] == exchange.header("Origin")


@pytest.mark.parametrize(("access_key", "secret_key"), [("a", None), (None, "s"), ("a", "")])
def test_one_key_alone_is_refused(access_key: str | None, secret_key: str | None) -> None:
    with pytest.raises(ConfigurationError, match="belong together"):
        UpbitWebSocket(access_key=access_key, secret_key=secret_key)


async def test_compression_is_offered(exchange: Exchange) -> None:
    async with UpbitWebSocket(exchange.uri) as conn:
        [offered] = exchange.header("Sec-WebSocket-Extensions")
        assert offered is not None
        assert "permessage-deflate" in offered
        assert conn.response is not None
        assert "permessage-deflate" in conn.response.headers["Sec-WebSocket-Extensions"]


async def test_this_machine_is_reached_without_a_proxy(exchange: Exchange, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)

    assert {"status": "UP"} == await UpbitWebSocket(exchange.uri).ping()


async def test_wss_speaks_tls_and_falls_back_to_nothing() -> None:
    first_bytes: list[bytes] = []

    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first_bytes.append(await reader.read(1))
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(plain, "127.0.0.1", 0)
    async with server:
        [listening] = server.sockets
        with pytest.raises(ssl.SSLError):
            await UpbitWebSocket(f"wss://127.0.0.1:{listening.getsockname()[1]}/").__aenter__()

    assert [b"\x16"] == first_bytes


def test_certificates_are_checked_against_the_roots_of_the_system() -> None:
    context = tls.context()

    assert isinstance(context, truststore.SSLContext)
    assert (ssl.CERT_REQUIRED, True) == (context.verify_mode, context.check_hostname)


def documented(name: str) -> Call:
    vectors = (Path(__file__).parent / "vectors" / "documented.json").read_bytes()
    whole = msgspec.json.decode(vectors, type=dict[str, msgspec.Raw])
    described = msgspec.json.decode(whole["websocket"], type=dict[str, msgspec.Raw])
    static = msgspec.json.decode(described["class"], type=dict[str, msgspec.Raw])["static"]
    example = msgspec.json.decode(static, type=dict[str, dict[str, msgspec.Raw]])[name]["example"]
    fields = msgspec.json.decode(example, type=dict[str, object])
    return Call(call=msgspec.convert(fields["call"], dict[str, object]), result=fields.get("result"))


def test_generate_type_field_gives_the_documented_result() -> None:
    example = documented("generate_type_field")

    assert example["result"] == UpbitWebSocket.generate_type_field(**msgspec.convert(example["call"], TypeFieldCall))
    assert {"type": "trade", "codes": ["KRW-BTC"], "isOnlySnapshot": True, "isOnlyRealtime": False} == (
        UpbitWebSocket.generate_type_field("TRADE", ["krw-btc"], True, False)
    )


class TypeFieldCall(TypedDict):
    type: str
    codes: list[str]


class CodesCall(TypedDict):
    currencies: list[str]
    counts: list[int]


class PayloadCall(TypedDict):
    type_fields: list[dict[str, object]]
    format: str


def test_generate_orderbook_codes_gives_the_documented_result() -> None:
    example = documented("generate_orderbook_codes")

    assert example["result"] == UpbitWebSocket.generate_orderbook_codes(**msgspec.convert(example["call"], CodesCall))
    assert ["KRW-BTC"] == UpbitWebSocket.generate_orderbook_codes(["KRW-BTC"])
    assert ["KRW-BTC"] == UpbitWebSocket.generate_orderbook_codes(["KRW-BTC"], [])


def test_generate_payload_gives_the_documented_result() -> None:
    call = msgspec.convert(documented("generate_payload")["call"], PayloadCall)
    payloads = [json.loads(UpbitWebSocket.generate_payload(**call)) for _ in range(2)]

    tickets = [payload[0]["ticket"] for payload in payloads]
    assert [4, 4] == [UUID(ticket).version for ticket in tickets]
    assert 2 == len(set(tickets))
    for payload in payloads:
        assert [*call["type_fields"], {"format": "SIMPLE"}] == payload[1:]


def test_generate_payload_takes_a_ticket_and_the_default_format() -> None:
    text = UpbitWebSocket.generate_payload([UpbitWebSocket.generate_type_field("ticker", ["KRW-BTC"])], ticket="mine")

    assert '[{"ticket": "mine"}, {"type": "ticker", "codes": ["KRW-BTC"]}, {"format": "DEFAULT"}]' == text


@pytest.mark.parametrize("kind", frames.TYPES)
def test_every_type_of_today_is_generated_and_understood(kind: str) -> None:
    field = UpbitWebSocket.generate_type_field(
        kind.upper(),
        None if frames.TYPES[kind] == frames.PRIVATE else ["KRW-BTC"],
        is_only_realtime=True,
        level=0,
        categories=("notice",),
        include_body=True,
        timeframe="5m",
        indicators=({"type": "rsi", "params": {"period": 14}},),
    )
    request = frames.read_request(UpbitWebSocket.generate_payload([field]))

    assert kind == field["type"]
    assert isinstance(request, frames.Subscribe)
    [subscription] = request.subscriptions
    assert (kind, True, ("notice",)) == (subscription.type, subscription.is_only_realtime, subscription.categories)
    assert ("5m", "rsi") == (subscription.timeframe, subscription.indicators[0].type)


@pytest.mark.parametrize("form", frames.FORMATS)
def test_every_format_of_today_is_generated_and_understood(form: frames.Format) -> None:
    field = UpbitWebSocket.generate_type_field("trade", ["KRW-BTC"], is_only_snapshot=True)

    assert form == frames.read_request(UpbitWebSocket.generate_payload([field], format=form.lower())).format


def test_what_cannot_be_generated_is_refused() -> None:
    with pytest.raises(ValueError, match="'type' is not available"):
        UpbitWebSocket.generate_type_field("tikcer", ["KRW-BTC"])
    with pytest.raises(ValueError, match="'format' is not available"):
        UpbitWebSocket.generate_payload([], format="XML")
    with pytest.raises(ValueError, match="2 currencies and 1 counts"):
        UpbitWebSocket.generate_orderbook_codes(["KRW-BTC", "KRW-ETH"], [5])
    with pytest.raises(TypeError, match="'codes' of ticker"):
        UpbitWebSocket.generate_type_field("ticker")
    with pytest.raises(TypeError, match="list of markets"):
        UpbitWebSocket.generate_type_field("ticker", "KRW-BTC")


async def test_leaving_a_busy_stream_does_not_wait_for_frames_nobody_reads() -> None:
    async def pour(connection: ServerConnection) -> None:
        with suppress(ConnectionClosed):
            while True:
                await connection.send(b"x" * 1000)
                await asyncio.sleep(0)

    async with serve(pour, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with UpbitWebSocket(f"ws://127.0.0.1:{port}") as connection:
            await connection.recv()
            await asyncio.sleep(0.1)  # the queue of frames is full by now, and reading is paused
    assert State.CLOSED is connection.state
    assert 1000 == connection.close_code
