"""Where a client's requests go, and what carries them: shared by a client and those made of it by `with_options`.

A `spec_uri` that is a path is read when the link is made; one that is a URL is left `unread` until the first call.
Requests are signed for Upbit's own hosts over TLS and for this machine, and for nobody else.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar
from urllib.parse import urlsplit

from .documented import Reading
from .errors import ConfigurationError
from .limiter import Limiter
from .secret import Signer
from .settings import Options, address, place, vet
from .wire.message import Request, Response

if TYPE_CHECKING:
    from .spec import Spec

Carrier = TypeVar("Carrier", covariant=True)
Shared = TypeVar("Shared")


class Connect(Protocol[Carrier]):
    """Makes the transport to a host."""

    def __call__(self, base_url: str, *, proxy: str | None = None) -> Carrier: ...


class Link(Generic[Shared]):
    """Where requests go, by what, and under whose signature."""

    def __init__(
        self,
        options: Options,
        given: Shared | None,
        connect: Connect[Shared],
        signer: Signer | None,
        environ: Mapping[str, str],
    ) -> None:
        self._options = options
        self._transport = given
        self._connect = connect
        self.proxy = options.get("proxy")
        self.dial = options.get("dial")
        """What opens WebSockets instead of the network."""
        self.signer = signer
        """Makes tokens; None without keys."""
        self._environ = environ
        self.limiter = Limiter()
        """Who counts what is sent; kept here as long as there are clients of this link."""
        self._vetted: set[str] = set()  # addresses that may be signed for
        config = options.get("config", {})
        self.reading: Reading = (
            "models" if config.get("use_models") else "checked" if config.get("validate_responses") else "plain"
        )
        self.spec: Spec | None = None
        self.unread: str | None = None
        """URL of the document that rules, as long as it was not fetched."""
        if "spec_uri" in options:
            self._look(os.fspath(options["spec_uri"]))
        self._settle()

    @property
    def transport(self) -> Shared:
        """What carries requests: made when the first one leaves, if none was given."""
        if self._transport is None:  # threads may race here: each transport would do
            self._transport = self._connect(self.place.base_url, proxy=self.proxy)
        return self._transport

    @property
    def connected(self) -> bool:
        """Whether there is a transport yet."""
        return self._transport is not None

    def sign(self, plain: str) -> str:
        """Sign the plain text of a request's parameters. Raises ConfigurationError for a host that is not trusted."""
        return self._sign(self.place.base_url, plain)

    def token(self) -> str:
        """Sign the upgrade of a WebSocket. Raises ConfigurationError for a host that is not trusted."""
        return self._sign(self.place.ws_url, "")

    def _sign(self, url: str, plain: str) -> str:
        assert self.signer is not None, "only asked with keys"
        if url not in self._vetted:
            vet(url, paper=self.signer.paper)
            self._vetted.add(url)
        return self.signer.sign(plain)

    def errand(self) -> tuple[str, Request]:
        """Say at which host the unread document is, and the request that fetches it."""
        parts = urlsplit(self.unread or "")
        return f"{parts.scheme}://{parts.netloc}", Request("GET", parts.path or "/", parts.query)

    def learn(self, response: Response) -> None:
        """Take the document that was fetched."""
        source = self.unread
        if source is None:  # another thread was quicker
            return
        if response.status != 200:
            raise ConfigurationError(f"spec_uri {source} is not there: {response.status} {response.reason}".rstrip())
        self._read(response.body, source)
        self._settle()
        self.unread = None

    def _look(self, source: str) -> None:
        scheme = source.partition(":")[0]
        if scheme in ("http", "https"):
            address(source, ("https", "http"))
            self.unread = source
            return
        path = source
        if scheme == "file":
            from urllib.request import url2pathname  # seldom needed

            path = url2pathname(urlsplit(source).path)
        try:
            text = Path(path).read_bytes()
        except OSError as error:
            raise ConfigurationError(f"spec_uri {source} cannot be read: {error}") from None
        self._read(text, source)

    def _read(self, text: bytes, source: str) -> None:
        from .spec import read  # seldom needed

        self.spec = read(text, source)

    def _settle(self) -> None:
        self.place = place(self._options, self.spec.host if self.spec else None, self._environ)
