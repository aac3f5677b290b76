"""API keys: a secret that does not show itself, and the one who may open it.

A secret is in no repr, message, pickle or copy. Nothing here reads the environment or a file.
"""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

from .wire.token import PAPER_PREFIX, Algorithm, sign


class Secret:
    """A text that is not to be seen. Only a signer opens it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def open(self) -> str:
        """Give the text away."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(...)"

    def __reduce__(self) -> str:
        raise TypeError("a secret is not copied or pickled: make the client anew where it is needed")


def new_nonce() -> str:
    """Make a nonce as the exchange wants it: a random UUID."""
    return str(uuid4())


class Signer:
    """Makes the `Authorization` of requests."""

    __slots__ = ("_access_key", "_algorithm", "_nonce", "_secret")

    def __init__(
        self, access_key: str, secret: Secret, *, nonce: Callable[[], str] = new_nonce, algorithm: Algorithm = "HS512"
    ) -> None:
        self._access_key = access_key
        self._secret = secret
        self._nonce = nonce
        self._algorithm: Algorithm = algorithm

    @property
    def paper(self) -> bool:
        """Whether the key is one of the paper exchange."""
        return self._access_key.startswith(PAPER_PREFIX)

    @property
    def access_key(self) -> str:
        """The key's name, which is no secret."""
        return self._access_key

    def sign(self, plain: str) -> str:
        """Sign the plain text of a request's parameters, with a new nonce."""
        token = sign(self._access_key, self._secret.open(), nonce=self._nonce(), query=plain, algorithm=self._algorithm)
        return f"Bearer {token}"
