"""A server that floods whoever subscribes with numbered events, as fast as they are taken or at a steady rate.

It speaks just enough HTTP and WebSocket to be listened to by any client, in the format that is asked for, and costs so
little that whoever listens is what is measured. It is no exchange: what is told means nothing but its number.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import itertools
import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager, suppress
from decimal import Decimal

from upbit.wire.frames import Format, ListSubscriptions, list_reply, read_request, write_event

MARKET = "KRW-BTC"
NUMBER = 1_790_000_000_000
"""Stands in every template where the number of a frame comes."""
VARIANTS = 16
"""Different frames of a kind: none is decoded from a warm cache."""
GULP = 200
"""Frames that are written at once when there is no rate."""
ACCEPT = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


def ticker(variant: int) -> dict[str, object]:
    """A ticker in the order of the wire; so are the others."""
    price = 104_000_000 + variant * 1000
    return {
        "type": "ticker",
        "code": MARKET,
        "opening_price": Decimal("103000000.0"),
        "high_price": Decimal(f"{price + 900_000}.0"),
        "low_price": Decimal("102500000.0"),
        "trade_price": Decimal(f"{price}.0"),
        "prev_closing_price": Decimal("103000000.0"),
        "acc_trade_price": Decimal("59726546304.62442"),
        "change": "RISE",
        "change_price": Decimal(f"{price - 103_000_000}.0"),
        "signed_change_price": Decimal(f"{price - 103_000_000}.0"),
        "change_rate": Decimal("0.0097087379"),
        "signed_change_rate": Decimal("0.0097087379"),
        "ask_bid": "BID",
        "trade_volume": Decimal(f"0.000{variant + 10}5"),
        "acc_trade_volume": Decimal("544.24861805"),
        "trade_date": "20260921",
        "trade_time": "133320",
        "trade_timestamp": NUMBER,
        "acc_ask_volume": Decimal("271.9810004"),
        "acc_bid_volume": Decimal("272.26761765"),
        "highest_52_week_price": Decimal("179869000.0"),
        "highest_52_week_date": "2025-10-09",
        "lowest_52_week_price": Decimal("88342000.0"),
        "lowest_52_week_date": "2026-08-14",
        "market_state": "ACTIVE",
        "is_trading_suspended": False,
        "delisting_date": None,
        "market_warning": "NONE",
        "timestamp": NUMBER,
        "acc_trade_price_24h": Decimal("198189163442.74924"),
        "acc_trade_volume_24h": Decimal("1807.38027625"),
        "stream_type": "REALTIME",
    }


def trade(variant: int) -> dict[str, object]:
    """A trade."""
    return {
        "type": "trade",
        "code": MARKET,
        "timestamp": NUMBER,
        "trade_date": "2026-09-21",
        "trade_time": "13:33:20",
        "trade_timestamp": NUMBER,
        "trade_price": Decimal(f"{104_000_000 + variant * 1000}.0"),
        "trade_volume": Decimal(f"0.000{variant + 10}5"),
        "ask_bid": "BID",
        "prev_closing_price": Decimal("103000000.0"),
        "change": "RISE",
        "change_price": Decimal("1000000.0"),
        "sequential_id": NUMBER * 10_000,
        "best_ask_price": Decimal(104_000_000),
        "best_ask_size": Decimal("0.1"),
        "best_bid_price": Decimal(103_999_000),
        "best_bid_size": Decimal("0.2"),
        "stream_type": "REALTIME",
    }


def orderbook(variant: int) -> dict[str, object]:
    """An order book of thirty levels."""
    units = [
        {
            "ask_price": Decimal(f"{104_000_000 + level * 1000}.0"),
            "bid_price": Decimal(f"{103_999_000 - level * 1000}.0"),
            "ask_size": Decimal(f"0.{variant + 10}{level + 10}31"),
            "bid_size": Decimal(f"0.{variant + 10}{level + 10}77"),
        }
        for level in range(30)
    ]
    return {
        "type": "orderbook",
        "code": MARKET,
        "timestamp": NUMBER,
        "total_ask_size": Decimal("5.30742187"),
        "total_bid_size": Decimal("4.98155023"),
        "orderbook_units": units,
        "stream_type": "REALTIME",
        "level": 0,
    }


KINDS = {"ticker": ticker, "trade": trade, "orderbook": orderbook}


class Flood:
    """Everybody's frames."""

    def __init__(self) -> None:
        self.rate = 0.0
        """Frames a second; 0: as fast as they are taken."""
        self.count = GULP
        """Frames that a request is worth if there is no rate, whole gulps; else it is worth all until they leave."""

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection to its end."""
        telling: asyncio.Task[None] | None = None
        try:
            if await _shake(reader, writer):
                async for code, data in _messages(reader):
                    if code == TEXT and data == b"PING":
                        writer.write(_frame(b'{"status":"UP"}'))
                    elif code == TEXT:
                        request = read_request(data)
                        if isinstance(request, ListSubscriptions):
                            writer.write(_frame(write_event(list_reply(request.ticket, ()), request.format)))
                            continue
                        if telling is not None:
                            telling.cancel()
                        kinds = [one.type for one in request.subscriptions]
                        telling = asyncio.create_task(self._tell(writer, kinds, request.format))
                    elif code == PING:
                        writer.write(_frame(data, PONG))
                    elif code == CLOSE:
                        writer.write(_frame(data, CLOSE))
                        break
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # it went
        finally:
            if telling is not None:
                telling.cancel()
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _tell(self, writer: asyncio.StreamWriter, kinds: list[str], form: Format) -> None:
        cuts = [
            write_event(KINDS[kind](variant), form).split(b"%d" % NUMBER)
            for variant in range(VARIANTS)
            for kind in kinds
        ]
        turn = itertools.cycle(cuts)
        with suppress(ConnectionError):
            await (self._stroll(writer, turn) if self.rate else self._rush(writer, turn))

    async def _rush(self, writer: asyncio.StreamWriter, turn: Iterator[list[bytes]]) -> None:
        """Number frames one by one."""
        for number in range(NUMBER, NUMBER + self.count, GULP):
            writer.write(b"".join([_frame((b"%d" % (number + one)).join(next(turn))) for one in range(GULP)]))
            await writer.drain()
            await asyncio.sleep(0)

    async def _stroll(self, writer: asyncio.StreamWriter, turn: Iterator[list[bytes]]) -> None:
        """Number frames by the microsecond at which they leave, of the clock that all processes share."""
        begin = time.monotonic()
        for count in itertools.count():
            early = begin + count / self.rate - time.monotonic()
            if early > 0:
                await asyncio.sleep(early)
            if writer.is_closing():
                break
            writer.write(_frame((b"%d" % (time.monotonic_ns() // 1000)).join(next(turn))))


@asynccontextmanager
async def flood() -> AsyncGenerator[tuple[dict[str, str], Flood]]:
    """Listen on a free port."""
    served = Flood()
    async with await asyncio.start_server(served.converse, "127.0.0.1", 0) as listener:
        yield {"authority": f"127.0.0.1:{listener.sockets[0].getsockname()[1]}"}, served


async def _shake(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    """Become a WebSocket if that is asked for; any other request is answered by an empty list."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    headers = {name.lower(): text.strip() for name, _, text in (line.partition(":") for line in head.splitlines()[1:])}
    key = headers.get("sec-websocket-key")
    if key is None:
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n[]"
        )
        return False
    seal = base64.b64encode(hashlib.sha1(key.encode() + ACCEPT).digest())
    writer.write(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: %b\r\n\r\n" % seal
    )
    return True


async def _messages(reader: asyncio.StreamReader) -> AsyncGenerator[tuple[int, bytes]]:
    """Read a client's frames, which are masked, short, and whole."""
    while True:
        first, second = await reader.readexactly(2)
        size = second & 0x7F
        if size == 126:
            size = int.from_bytes(await reader.readexactly(2))
        mask = await reader.readexactly(4)
        data = await reader.readexactly(size)
        yield first & 0x0F, bytes(one ^ mask[at & 3] for at, one in enumerate(data))


def _frame(payload: bytes, code: int = BINARY) -> bytes:
    size = len(payload)
    if size < 126:
        return bytes((0x80 | code, size)) + payload
    return bytes((0x80 | code, 126)) + size.to_bytes(2) + payload
