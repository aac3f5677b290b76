"""API keys: a secret that does not show itself, and the one who may open it.

A secret is in no repr, message, pickle or copy. Nothing here reads the environment or a file.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast
from uuid import uuid4

from .errors import ConfigurationError
from .wire.token import PAPER_PREFIX, Algorithm, claim, seal


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


def hide(text: str | None) -> Secret | None:
    """Hide a text that somebody gives away; None when there is none."""
    return Secret(text) if text else None


class Bearer(str):
    """An `Authorization`. It is sent as it is; who shows a header, a request or a traceback does not see it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "Bearer(...)"


def new_nonce() -> str:
    """Make a nonce as the exchange wants it: a random UUID."""
    return str(uuid4())


class Signer:
    """Makes the `Authorization` of requests. Raises ConfigurationError for a secret that is no text."""

    __slots__ = ("_access_key", "_algorithm", "_nonce", "_secret")

    def __init__(
        self, access_key: str, secret: Secret, *, nonce: Callable[[], str] = new_nonce, algorithm: Algorithm = "HS512"
    ) -> None:
        if not isinstance(cast(object, secret.open()), str):
            raise ConfigurationError("a secret key is a text")
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

    def sign(self, plain: str) -> Bearer:
        """Sign the plain text of a request's parameters, with a new nonce."""
        signed = claim(self._access_key, nonce=self._nonce(), query=plain, algorithm=self._algorithm)
        return Bearer(f"Bearer {seal(signed, self._secret.open(), self._algorithm)}")
