"""`UpbitWebSocket`: the WebSocket class of the 2023 document, on today's `websockets`.

It opens a socket, builds requests and hands over the frames as they come. It does not reconnect, subscribe again or
decode. Nothing is sent before a connection is entered or awaited; plain `ws://` is refused unless
it stays on this machine.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import uuid
from collections import deque
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import ClassVar, Literal, Required, TypedDict, cast, overload
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConcurrencyError, ConnectionClosed
from websockets.protocol import State

from upbit.errors import ConfigurationError
from upbit.io import tls
from upbit.secret import Bearer, Signer, hide
from upbit.settings import loopback, vet
from upbit.wire import frames

__all__ = ["Connection", "Stream", "TypeField", "UpbitWebSocket"]

OPEN_TIMEOUT = 10.0
"""Seconds for TCP, TLS and the upgrade together."""
UP_TIMEOUT = 10.0
"""Seconds to wait for the answer to a PING: Upbit repeats it every 10 s from then on."""


class TypeField(TypedDict, total=False):
    """The type object of a request, as `generate_type_field` makes it: it holds what was given."""

    type: Required[str]
    codes: list[str]
    isOnlySnapshot: bool
    isOnlyRealtime: bool
    is_only_snapshot: bool
    is_only_realtime: bool
    level: int | str
    categories: list[str]
    include_body: bool
    timeframe: str
    indicators: list[Mapping[str, object]]


class Stream(ClientConnection):
    """An open connection: that of `websockets`, with `recv` in bytes and with `up`."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the event loop when the connection is there."""
        super().connection_made(transport)
        self._frames: deque[bytes] = deque()  # read, not yet handed over
        self._turn = asyncio.Lock()  # who reads the next frame: recv or up
        self._receiving = False
        self._asked = 0  # calls of up that wait
        self._ups = 0  # answers they got

    @overload
    async def recv(self, decode: Literal[True]) -> str: ...

    @overload
    async def recv(self, decode: Literal[False] | None = None) -> bytes: ...

    @overload
    async def recv(self, decode: bool | None = None) -> str | bytes: ...

    async def recv(self, decode: bool | None = None) -> str | bytes:
        """Receive the next frame, as bytes even when it was sent as text; as text only when asked to decode.

        Raises ConnectionClosed, and ConcurrencyError (a RuntimeError) when another coroutine is receiving.
        """
        if self._receiving:
            raise ConcurrencyError("cannot call recv while another coroutine is already running recv")
        self._receiving = True
        try:
            await self._read_until(lambda: bool(self._frames))
        finally:
            self._receiving = False
        frame = self._frames.popleft()
        return frame.decode() if decode else frame

    async def up(self) -> dict[str, str]:
        """Send PING and wait for its answer. Frames that come before it are kept for `recv`.

        From then on Upbit repeats the answer every 10 s; `recv` hands these over like any frame.
        """
        before = self._ups
        self._asked += 1
        try:
            await self.send(frames.PING)
            await self._read_until(lambda: self._ups > before)
        finally:
            self._asked -= 1
        return {"status": "UP"}

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close, reading on meanwhile: on a busy stream the other side's close stands behind frames nobody wants."""
        drain = asyncio.create_task(self._drain())
        try:
            await super().close(code, reason)
        finally:
            drain.cancel()
            await asyncio.wait([drain])

    async def _drain(self) -> None:
        with suppress(ConnectionClosed, ConcurrencyError):  # closed, or somebody else is reading
            while True:
                await super().recv(decode=False)

    async def _read_until(self, done: Callable[[], bool]) -> None:
        # One frame a turn, so that recv and up can wait at the same time and each gets what is its own.
        while not done():
            async with self._turn:
                if not done():
                    frame = await super().recv(decode=False)
                    if self._asked and frames.is_up(frame):
                        self._ups += 1
                    else:
                        self._frames.append(frame)


class _Connect(connect):
    """Opens a connection where it is told to, and goes nowhere else: a redirect is an answer like any other."""

    def process_redirect(self, exc: Exception) -> Exception:
        return exc


def _logger() -> logging.Logger:
    logger = logging.getLogger("upbit.websocket")
    logger.addFilter(_open_to_all)
    return logger


def _open_to_all(record: logging.LogRecord) -> bool:
    """Keep tokens out of the log: `websockets` tells every header at DEBUG."""
    return not any(isinstance(one, Bearer) for one in record.args or ())


class Connection:
    """What `async with` and `await` open, once or again and again; each time with a fresh token if there are keys."""

    def __init__(
        self,
        uri: str,
        *,
        ping_interval: float | None = None,
        ping_timeout: float | None = None,
        signer: Signer | None = None,
    ) -> None:
        parts = urlsplit(uri)
        if parts.scheme not in ("ws", "wss") or not parts.hostname:
            raise ConfigurationError(f"{uri!r} is not the address of a WebSocket: wss://host/path")
        if parts.scheme == "ws" and not loopback(parts.hostname or ""):
            raise ConfigurationError(f"{uri!r} is not encrypted: use wss://, or ws:// on this machine only")
        if signer is not None:
            vet(uri, paper=signer.paper)
        self._secure = parts.scheme == "wss"
        self._uri = uri
        self._ping_interval = ping_interval
        self._ping_timeout = ping_timeout
        self._signer = signer
        self._busy = False  # between entering and leaving
        self._entered: Stream | None = None
        self._stream: Stream | None = None

    @property
    def stream(self) -> Stream | None:
        """The stream opened last, while it is open."""
        return self._stream if self._stream is not None and self._stream.state is State.OPEN else None

    def __await__(self) -> Generator[object, None, Stream]:
        return self._open().__await__()

    async def __aenter__(self) -> Stream:
        if self._busy:
            raise RuntimeError("the connection is already open")
        self._busy = True
        try:
            self._entered = await self
        except BaseException:
            self._busy = False
            raise
        return self._entered

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc_value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        stream, self._entered, self._busy = self._entered, None, False
        if stream is not None:
            await stream.__aexit__(exc_type, exc_value, traceback)

    async def _open(self) -> Stream:
        opened = await _Connect(
            self._uri,
            additional_headers=None if self._signer is None else {"Authorization": self._signer.sign("")},
            create_connection=Stream,
            logger=_logger(),
            open_timeout=OPEN_TIMEOUT,
            ping_interval=self._ping_interval,
            ping_timeout=self._ping_timeout,
            proxy=None,  # none is asked that nobody named
            ssl=tls.context() if self._secure else None,
        )
        self._stream = cast("Stream", opened)
        return self._stream


class UpbitWebSocket:
    """A WebSocket of the exchange.

    `uri` is by default UPBIT_WS_URL of the environment, else Upbit itself; `ping_interval` and `ping_timeout` are
    seconds, None for no keep-alive. The keys are needed for the `/private` and `/info` sockets only.
    Raises ConfigurationError (a ValueError) for an address that is not encrypted and not of this machine, and with
    keys for one that they are not used with: they are for `*.upbit.com` and this machine only.

        sock = UpbitWebSocket()
        async with sock as conn:
            await conn.send(sock.generate_payload([sock.generate_type_field("ticker", ["KRW-BTC"])]))
            print(await conn.recv())
    """

    WEBSOCKET_URI: ClassVar[str] = "wss://api.upbit.com/websocket/v1"

    def __init__(
        self,
        uri: str | None = None,
        ping_interval: float | None = None,
        ping_timeout: float | None = None,
        *,
        access_key: str | None = None,
        secret_key: str | None = None,
    ) -> None:
        secret, secret_key = hide(secret_key), None  # before anything can be refused
        self.URI = uri or os.environ.get("UPBIT_WS_URL") or self.WEBSOCKET_URI
        if bool(access_key) != bool(secret):
            raise ConfigurationError("access_key and secret_key belong together: one of them is missing")
        self._signer = Signer(access_key, secret) if access_key and secret else None
        self._entered: Connection | None = None
        self.connect(ping_interval=ping_interval, ping_timeout=ping_timeout)

    def __repr__(self) -> str:
        return f"UpbitWebSocket({self.URI})"

    def connect(self, ping_interval: float | None = None, ping_timeout: float | None = None) -> None:
        """Make `Connection` anew, with these settings and the present `URI`. Nothing is sent yet."""
        self._ping_interval = ping_interval
        self._ping_timeout = ping_timeout
        self.Connection = self._connection()

    def _connection(self) -> Connection:
        return Connection(
            self.URI, ping_interval=self._ping_interval, ping_timeout=self._ping_timeout, signer=self._signer
        )

    async def __aenter__(self) -> Stream:
        if self._entered is not None:
            raise RuntimeError("the socket is already open")
        connection = self.Connection
        stream = await connection.__aenter__()
        self._entered = connection
        return stream

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc_value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        connection, self._entered = self._entered, None
        if connection is not None:
            await connection.__aexit__(exc_type, exc_value, traceback)

    async def ping(self) -> dict[str, str]:
        """Ask the server for a sign of life: `{"status": "UP"}`.

        Goes over the open connection, keeping other frames for `recv`, or over one of its own if none is open.
        Raises TimeoutError after `ping_timeout` seconds, or 10, and ConnectionClosed.
        """
        async with asyncio.timeout(self._ping_timeout or UP_TIMEOUT):
            stream = (self._entered or self.Connection).stream
            if stream is not None:
                return await stream.up()
            async with self._connection() as stream:
                return await stream.up()

    @staticmethod
    def generate_orderbook_codes(currencies: Sequence[str], counts: Sequence[int] | None = None) -> list[str]:
        """Name order books cut to a number of units each: `["KRW-BTC.5"]`. Without counts: the markets as they are.

        Raises ValueError unless there is one count for each market.
        """
        if not counts:
            return list(currencies)
        if len(counts) != len(currencies):
            raise ValueError(f"there are {len(currencies)} currencies and {len(counts)} counts")
        return [frames.join_code(currency, count) for currency, count in zip(currencies, counts, strict=True)]

    @staticmethod
    def generate_type_field(
        type: str,
        codes: Iterable[str] | None = None,
        isOnlySnapshot: bool | None = None,  # noqa: N803
        isOnlyRealtime: bool | None = None,  # noqa: N803
        *,
        is_only_snapshot: bool | None = None,
        is_only_realtime: bool | None = None,
        level: int | str | None = None,
        categories: Iterable[str] | None = None,
        include_body: bool | None = None,
        timeframe: str | None = None,
        indicators: Iterable[Mapping[str, object]] | None = None,
    ) -> TypeField:
        """Make the type object of a request. It holds what is given, in the spelling in which it is given.

        Types: ticker, trade, orderbook, candle.1s to candle.240m; on the private socket myOrder, myAsset and
        announcement, on the info socket indicator and indicator_signal. Codes are put into upper case; only the
        types of the private socket go without.
        Raises ValueError for another type, TypeError when codes are missing or one text instead of several.
        """
        kind = next((known for known in frames.TYPES if known.lower() == type.lower()), None)
        if kind is None:
            raise ValueError(f"'type' is not available: {type!r} is none of {', '.join(frames.TYPES)}")
        if isinstance(codes, str) or (codes is None and frames.TYPES[kind] != frames.PRIVATE):
            raise TypeError(f"'codes' of {kind} is a list of markets, ['KRW-BTC']")
        field = {
            "type": kind,
            "codes": None if codes is None else [code.upper() for code in codes],
            "isOnlySnapshot": isOnlySnapshot,
            "isOnlyRealtime": isOnlyRealtime,
            "is_only_snapshot": is_only_snapshot,
            "is_only_realtime": is_only_realtime,
            "level": level,
            "categories": None if categories is None else list(categories),
            "include_body": include_body,
            "timeframe": timeframe,
            "indicators": None if indicators is None else list(indicators),
        }
        return cast("TypeField", {name: value for name, value in field.items() if value is not None})

    @staticmethod
    def generate_payload(
        type_fields: Iterable[Mapping[str, object]], ticket: str | None = None, format: str = "DEFAULT"
    ) -> str:
        """Make the JSON text of a request: ticket (by default a uuid4), type objects, format.

        Formats: DEFAULT, SIMPLE, JSON_LIST, SIMPLE_LIST. Raises ValueError for another.
        """
        if format.upper() not in frames.FORMATS:
            raise ValueError(f"'format' is not available: {format!r} is none of {', '.join(frames.FORMATS)}")
        return json.dumps([{"ticket": ticket or str(uuid.uuid4())}, *type_fields, {"format": format.upper()}])
