"""A server of sockets on this machine that behaves, or does not, as a script says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from aiohttp import web

Script = Callable[[web.Request, web.WebSocketResponse], Awaitable[None]]
WS = "/websocket/v1"


class Host:
    """A server whose sockets follow a script; without one, they hear what is said."""

    def __init__(self, script: Script | None, refusal: web.Response | None) -> None:
        self._script = script
        self._refusal = refusal
        self.url = ""
        self.requests: list[web.Request] = []
        self.heard: list[str] = []
        self.closes: list[int | None] = []

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        assert isinstance(request, web.Request)
        self.requests.append(request)
        if self._refusal is not None:
            return self._refusal
        ws = web.WebSocketResponse(timeout=0.1, autoping=self._script is not mute)
        await ws.prepare(request)
        with suppress(ConnectionError):
            if self._script is not None:
                await self._script(request, ws)
            async for message in ws:
                self.heard.append(message.data)
        self.closes.append(ws.close_code)
        return ws


@asynccontextmanager
async def host(script: Script | None = None, refusal: web.Response | None = None) -> AsyncGenerator[Host]:
    """Serve on a free port of this machine."""
    served = Host(script, refusal)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", served.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        served.url = f"ws://127.0.0.1:{runner.addresses[0][1]}{WS}"
        yield served
    finally:
        await runner.cleanup()


def closing(code: int, reason: bytes = b"") -> Script:
    async def close(_: web.Request, ws: web.WebSocketResponse) -> None:
        await ws.close(code=code, message=reason)

    return close


def abort(request: web.Request) -> None:
    assert request.transport is not None
    request.transport.abort()


async def mute(_: web.Request, ws: web.WebSocketResponse) -> None:
    """Answer no ping."""


async def flood(request: web.Request, ws: web.WebSocketResponse) -> None:
    """Talk without end and without listening."""
    while True:
        await asyncio.sleep(0)
        for _ in range(100):
            await ws.send_bytes(b"x" * 100)
