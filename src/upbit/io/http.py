"""HTTP for the sync face, on urllib3: kept-alive connections shared by threads.

It sends once: no redirects, no repeats, no proxy or password found in the environment.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import (
    ClosedPoolError,
    ConnectTimeoutError,
    HTTPError,
    NewConnectionError,
    ProxyError,
    ReadTimeoutError,
)

from ..errors import APIConnectionError, APITimeoutError
from ..flow.steps import Timeout
from ..wire.message import Request, Response

CONNECTIONS = 32
"""Connections kept for later; more are made when more threads ask at once."""


class _Connection(HTTPConnection):
    """Sends a request in one piece, where urllib3 sends head and body one after the other."""

    _held: BytesIO | None = None

    def request(self, *given: Any, **options: Any) -> None:
        held = self._held = BytesIO()  # which, unlike bytes, shows nobody what it holds
        try:
            super().request(*given, **options)
        finally:
            self._held = None
        held.seek(0)
        self.send(held)

    def send(self, data: Any) -> None:
        if self._held is None:
            super().send(data)
        else:
            self._held.write(data)


class _SecureConnection(_Connection, HTTPSConnection):
    pass


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls: Any = _Connection


class _SecurePool(urllib3.HTTPSConnectionPool):
    ConnectionCls: Any = _SecureConnection


class HTTPTransport:
    """Sends to one host over HTTP."""

    def __init__(self, base_url: str, *, proxy: str | None = None) -> None:
        self.base_url = base_url
        self._proxy = proxy
        self._pool: urllib3.HTTPConnectionPool | None = None
        self._timeouts: dict[Timeout, urllib3.Timeout] = {}

    def send(self, request: Request, timeout: Timeout) -> Response:
        """Send once, as `Transport` says."""
        pool = self._pool or self._connect()
        try:
            answer = pool.urlopen(
                request.verb,
                request.target,
                body=request.body or None,
                headers={"accept-encoding": "gzip", **request.headers},
                retries=False,
                redirect=False,
                assert_same_host=False,
                timeout=self._timeouts.get(timeout) or self._timeout(timeout),
            )
        except HTTPError as error:
            raise self._failure(error) from error
        return Response(
            answer.status, answer.data, answer.headers, answer.reason or "", f"{self.base_url}{request.target}"
        )

    def close(self) -> None:
        """Close all connections; to be used no more."""
        if self._pool is not None:
            self._pool.close()

    def _connect(self) -> urllib3.HTTPConnectionPool:
        # A plain base is on this machine, where no proxy is asked; both sides of a race make the same thing.
        if not self.base_url.startswith("https:"):
            place = urlsplit(self.base_url)
            self._pool = _Pool(place.hostname or "", place.port, maxsize=CONNECTIONS)
            return self._pool
        from . import tls  # not before it is needed: it reads the system's store

        if self._proxy is None:
            manager = urllib3.PoolManager(maxsize=CONNECTIONS, ssl_context=tls.context())
        else:
            manager = urllib3.ProxyManager(self._proxy, maxsize=CONNECTIONS, ssl_context=tls.context())
        pools: dict[str, Any] = {"https": _SecurePool}
        manager.pool_classes_by_scheme = pools
        self._pool = manager.connection_from_url(self.base_url)
        return self._pool

    def _timeout(self, timeout: Timeout) -> urllib3.Timeout:
        connect, read = timeout
        made = self._timeouts[timeout] = urllib3.Timeout(connect=connect, read=read)
        return made

    def _failure(self, error: HTTPError) -> APIConnectionError:
        if isinstance(error, ConnectTimeoutError):
            return APITimeoutError(f"{self.base_url} could not be reached in time", sent=False)
        if isinstance(error, ReadTimeoutError):
            return APITimeoutError(f"{self.base_url} did not answer in time")
        if isinstance(error, NewConnectionError | ProxyError | ClosedPoolError):
            return APIConnectionError(f"{self.base_url} could not be reached: {error}", sent=False)
        from . import tls

        if tls.distrusted(error):
            return APIConnectionError(f"{self.base_url} could not be reached: {tls.DISTRUST}", sent=False)
        return APIConnectionError(f"the answer of {self.base_url} was lost: {error}")
