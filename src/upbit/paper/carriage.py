"""Between aiohttp and plain values: how a request is read from a connection, and how an answer leaves, whole or not.

It decides nothing about requests but what nobody would read: a body that is too large or comes too slowly.
"""

from __future__ import annotations

import asyncio
import gzip
import logging
import re
import socket
import struct
from collections.abc import Awaitable, Callable
from http import HTTPStatus

import msgspec
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from ..wire.message import Request, Response
from .entrance import DRIP, Delivery

MAX_BODY = 64 * 1024
PATIENCE = 10.0
"""Seconds that a body may take to arrive."""
KEPT_ALIVE = 75.0
"""Seconds that a connection may take until its request is there whole but for the body, its first and every other."""
LINGERING = 0.5
"""Seconds that the rest of a body is waited for that nobody will read, so that the refusal arrives."""
GLANCE = 0.025
"""Seconds between two looks whether somebody who is not answered has gone."""
_GZIP = re.compile(r"\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))")


def reader(answer: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]) -> web.Server:
    """Read requests from connections for `answer`. The log is told of our own faults, not of all that is no request."""
    logger = logging.getLogger("upbit.paper")
    logger.addFilter(_our_fault)
    return web.Server(
        answer,
        access_log=None,
        auto_decompress=False,
        keepalive_timeout=KEPT_ALIVE,
        lingering_time=LINGERING,
        logger=logger,
    )


def _our_fault(record: logging.LogRecord) -> bool:
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, (HttpProcessingError, ConnectionError))


async def collect(received: web.BaseRequest, patience: float = PATIENCE) -> Request | web.Response:
    """Read a request whole, or refuse it."""
    try:
        async with asyncio.timeout(patience):
            body = await _body(received)
    except TimeoutError:
        return refused(HTTPStatus.REQUEST_TIMEOUT, "request_timeout", "the body came too slowly")
    except (web.RequestPayloadError, ConnectionError) as error:
        return refused(HTTPStatus.BAD_REQUEST, "bad_request", str(error))
    if body is None:
        return refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", f"the body exceeds {MAX_BODY} bytes")
    return head(received)._replace(body=body)


async def _body(received: web.BaseRequest) -> bytes | None:
    """Read a body; None when it is too large."""
    if (received.content_length or 0) > MAX_BODY:
        return None
    body = bytearray()
    async for chunk in received.content.iter_any():
        body += chunk
        if len(body) > MAX_BODY:
            return None
    return bytes(body)


def head(received: web.BaseRequest) -> Request:
    """Make the value of a request without its body: path and query stay as they were sent."""
    target = received.raw_path if received.raw_path.startswith("/") else received.rel_url.raw_path_qs
    path, _, query = target.partition("?")
    headers = {name.lower(): value for name, value in received.headers.items()}
    return Request(received.method, path, query, b"", headers)


def reply(response: Response, accepted: str) -> web.Response:
    """Carry a response over; one that varies by encoding is compressed when asked."""
    headers, body = dict(response.headers), response.body
    if "accept-encoding" in headers.get("Vary", "") and _GZIP.search(accepted):
        headers["Content-Encoding"] = "gzip"
        body = gzip.compress(body, 6, mtime=0)
    return web.Response(status=response.status, reason=response.reason, body=body, headers=headers)


def refused(status: HTTPStatus, name: str, message: str) -> web.Response:
    """Refuse in the form of the exchange, and hang up."""
    body = msgspec.json.encode({"error": {"name": name, "message": message}})
    response = web.Response(status=status, body=body, content_type="application/json")
    response.force_close()
    return response


def reset(received: web.BaseRequest) -> web.Response:
    """End a connection abruptly; what is answered does not arrive."""
    transport = received.transport
    if transport is not None:
        line = transport.get_extra_info("socket")
        if line is not None:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    return web.Response()


async def deliver(
    received: web.BaseRequest, delivery: Delivery, pause: Callable[[int], Awaitable[None]]
) -> web.StreamResponse:
    """Let an answer leave in its manner; `pause` waits for milliseconds of the exchange."""
    accepted = received.headers.get("Accept-Encoding", "")
    transport = received.transport
    if delivery.manner in ("whole", "bad_gzip") or transport is None:
        return reply(delivery.response, accepted)
    if delivery.manner in ("reset", "unreachable"):
        return reset(received)
    if delivery.manner == "slow_drip":
        return await _drip(received, reply(delivery.response, accepted), delivery.milliseconds, pause)
    if delivery.manner == "silence":
        for _ in iter(transport.is_closing, True):
            await asyncio.sleep(GLANCE)
    elif delivery.manner != "close":
        transport.write(_torn(delivery))
    transport.close()
    return web.Response()


async def _drip(
    received: web.BaseRequest, whole: web.Response, milliseconds: int, pause: Callable[[int], Awaitable[None]]
) -> web.StreamResponse:
    body = whole.body
    assert isinstance(body, bytes), "a reply has its body"
    response = web.StreamResponse(status=whole.status, reason=whole.reason, headers=whole.headers)
    response.content_length = len(body)
    try:
        await response.prepare(received)
        for place in range(0, len(body), DRIP):
            await response.write(body[place : place + DRIP])
            await pause(milliseconds)
    except ConnectionError:
        pass  # nobody waited for it to the end
    return response


def _torn(delivery: Delivery) -> bytes:
    """The bytes of an answer that breaks off in the middle of its body, or after a chunk of no known length."""
    response = delivery.response
    chunked = delivery.manner == "bad_chunk"
    framing = {"Transfer-Encoding": "chunked"} if chunked else {"Content-Length": str(len(response.body))}
    lines = [f"HTTP/1.1 {response.status} {response.reason}"]
    lines += [f"{name}: {value}" for name, value in {**response.headers, **framing}.items()]
    half = response.body[: len(response.body) // 2]
    body = b"%x\r\n%b\r\nno length\r\n" % (len(half), half) if chunked else half
    return "\r\n".join([*lines, "", ""]).encode() + body


def pieces(message: bytes) -> bytes:
    """A binary message in two frames, not compressed (RFC 6455, 5.2 and 5.4)."""
    half = len(message) // 2
    return b"".join(_frame(first, piece) for first, piece in ((0x02, message[:half]), (0x80, message[half:])))


def _frame(first: int, payload: bytes) -> bytes:
    size = len(payload)
    if size < 126:
        return bytes((first, size)) + payload
    return bytes((first, 126)) + size.to_bytes(2, "big") + payload
