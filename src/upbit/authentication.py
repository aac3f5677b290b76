"""The documented `APIKeyAuthenticator`: signs requests of one's own making. The client itself uses `wire.token`.

It knows no HTTP library: whatever has `params`, `data` and `headers`, as a `requests.Request` has, can be signed. What
it refuses to do: show the secret, sign for anybody but Upbit and this machine, or hash anything but the plain text of
the pairs.
"""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from typing import Protocol, TypeVar, cast

from .secret import Secret, Signer, new_nonce
from .settings import vet
from .wire.token import Algorithm


class Signable(Protocol):
    """A request that can be signed."""

    params: MutableMapping[str, object]
    headers: MutableMapping[str, str]


R = TypeVar("R", bound=Signable)


class APIKeyAuthenticator:
    """Makes the `Authorization` header of requests to one host."""

    MAPPER = "swg_mapper.json"
    QUERY_PARAMS = ("uuids", "txids", "identifiers", "states")
    """Parameters that are lists, and travel as `uuids[]=...`."""

    def __init__(
        self,
        host: str,
        access_key: str,
        secret_key: str,
        *,
        algorithm: Algorithm = "HS512",
        nonce: Callable[[], str] = new_nonce,
    ) -> None:
        self.host = host
        self.access_key = access_key
        self.secret_key = Secret(secret_key)
        self.algo: Algorithm = algorithm
        self._nonce = nonce

    def matches(self, url: str) -> bool:
        """Say whether a request to this address is to be signed: all but the fetching of a mapper document."""
        return self.MAPPER not in url

    def apply(self, request: R) -> R:
        """Sign a request: its `Authorization` header is set, and its lists are renamed as `generate_query` says."""
        request.headers["Authorization"] = self.generate_payload(request)
        return request

    def generate_payload(self, request: Signable) -> str:
        """Make `Bearer <token>` for a request's `params` and, when that is a dict, its `data`.

        Raises ConfigurationError when the host is neither Upbit's own nor this machine.
        """
        signer = Signer(self.access_key, self.secret_key, nonce=self._nonce, algorithm=self.algo)
        vet(self.host if "//" in self.host else f"//{self.host}", paper=signer.paper)
        data = getattr(request, "data", None)
        plain = self.generate_query(request.params)
        if isinstance(data, dict):
            more = self.generate_query(cast("dict[str, object]", data))
            plain = f"{plain}&{more}" if plain and more else plain or more
        return signer.sign(plain)

    def generate_query(self, params: MutableMapping[str, object]) -> str:
        """Write parameters as the plain text to hash, lists last.

        In `params` too the lists come last and get the names they travel under, so that what is sent is what was
        hashed.
        """
        for name in self.QUERY_PARAMS:
            if params.get(name):
                params[f"{name}[]"] = params.pop(name)
        pairs: list[str] = []
        for name, value in params.items():
            many = cast("list[object]", value) if name.endswith("[]") else [value]
            pairs += [f"{name}={one}" for one in many]
        return "&".join(pairs)
