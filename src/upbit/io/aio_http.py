"""HTTP for the async face, on aiohttp: kept-alive connections of one event loop.

It sends once: no redirects, no repeats (aiohttp would send a GET or DELETE again after a dropped connection), no
cookies, no proxy or password found in the environment.
"""

from __future__ import annotations

import asyncio

import aiohttp
from yarl import URL

from ..errors import APIConnectionError, APITimeoutError
from ..flow.steps import Timeout
from ..wire.message import Request, Response


class AsyncHTTPTransport:
    """Sends to one host over HTTP. Connections belong to the event loop that runs at the first request."""

    def __init__(self, base_url: str, *, proxy: str | None = None) -> None:
        self.base_url = base_url
        # A plain base is on this machine, where no proxy is asked.
        self._proxy = proxy if base_url.startswith("https:") else None
        self._session: aiohttp.ClientSession | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timeouts: dict[Timeout, aiohttp.ClientTimeout] = {}
        self._closed = False

    async def send(self, request: Request, timeout: Timeout) -> Response:
        """Send once, as `AsyncTransport` says."""
        session = self._session
        if session is None or self._loop is not asyncio.get_running_loop():
            session = self._connect()
        url = f"{self.base_url}{request.target}"
        try:
            async with session.request(
                request.verb,
                URL(url, encoded=True),
                data=request.body or None,
                headers=request.headers,
                allow_redirects=False,
                timeout=self._timeouts.get(timeout) or self._timeout(timeout),
                proxy=self._proxy,
            ) as answer:
                body = await answer.read()
        except (aiohttp.ClientError, OSError) as error:
            raise failure(self.base_url, error) from error
        return Response(answer.status, body, answer.headers, answer.reason or "", url)

    async def aclose(self) -> None:
        """Close all connections; to be used no more."""
        self._closed = True
        if self._session is not None and self._loop is asyncio.get_running_loop():
            await self._session.close()
        self._abandon()
        self._session = None

    def __del__(self) -> None:
        self._abandon()

    def _connect(self) -> aiohttp.ClientSession:
        if self._closed:
            raise APIConnectionError("the client is closed", sent=False)
        self._abandon()
        self._loop = asyncio.get_running_loop()
        connector = aiohttp.TCPConnector(limit=0)
        if self.base_url.startswith("https:"):
            from . import tls  # not before it is needed: it reads the system's store

            connector = aiohttp.TCPConnector(limit=0, ssl=tls.context())
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"accept-encoding": "gzip"},
            middlewares=(self._once,),
        )
        return self._session

    def _abandon(self) -> None:
        """Let go of connections that can no longer be closed in their own loop, without a word."""
        session = self._session
        if session is not None and session.connector is not None:
            closing = session.connector.close().__await__()
            session.detach()
            next(closing, None)  # its first step lets go of the sockets; what it then waits for nobody misses
            closing.close()

    def _timeout(self, timeout: Timeout) -> aiohttp.ClientTimeout:
        connect, read = timeout
        made = self._timeouts[timeout] = aiohttp.ClientTimeout(total=None, connect=connect, sock_read=read)
        return made

    async def _once(self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
        try:
            return await handler(request)
        except (aiohttp.ClientError, OSError) as error:  # unknown to aiohttp, our error is not answered by a repeat
            raise failure(self.base_url, error) from error


def failure(place: str, error: Exception) -> APIConnectionError:
    """Say in our words why aiohttp brought no answer of a host."""
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return APITimeoutError(f"{place} could not be reached in time", sent=False)
    if isinstance(error, TimeoutError):
        return APITimeoutError(f"{place} did not answer in time")
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        from . import tls

        return APIConnectionError(f"{place} could not be reached: {tls.DISTRUST}", sent=False)
    if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ClientHttpProxyError):
        return APIConnectionError(f"{place} could not be reached: {error}", sent=False)
    return APIConnectionError(f"the answer of {place} was lost: {error!r}")
