"""HTTP for the sync face, on urllib3: kept-alive connections shared by threads.

It sends once: no redirects, no repeats, no proxy or password found in the environment.
"""

from __future__ import annotations

import urllib3
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
            self._pool = urllib3.connection_from_url(self.base_url, maxsize=CONNECTIONS)
            return self._pool
        from . import tls  # not before it is needed: it reads the system's store

        if self._proxy is None:
            manager = urllib3.PoolManager(maxsize=CONNECTIONS, ssl_context=tls.context())
        else:
            manager = urllib3.ProxyManager(self._proxy, maxsize=CONNECTIONS, ssl_context=tls.context())
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
