"""The token that signs a request: made by the client, checked by the paper exchange, with the same code.

A JWT of `access_key`, a fresh `nonce` and, when the request has parameters, the SHA-512 of their plain text, signed
with HMAC (HS512, or HS256 on request). Source: upbit-api 1.2-1.4. Nothing here knows a clock, makes a nonce, keeps a
secret or accepts any other algorithm: `none`, RSA and HS384 tokens are refused.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Mapping, Sequence
from hashlib import sha512
from hmac import compare_digest
from hmac import digest as hmac_digest
from typing import Literal, NamedTuple, TypeAlias, cast
from urllib.parse import parse_qsl, unquote

import msgspec

Algorithm: TypeAlias = Literal["HS256", "HS512"]

PAPER_PREFIX = "PAPER"
"""Access keys of the paper exchange begin with this: it has no others, and none of them is signed for the real one."""
DIGESTS: Mapping[str, str] = {"HS256": "sha256", "HS512": "sha512"}
HEADERS: Mapping[str, str] = {
    name: urlsafe_b64encode(f'{{"alg":"{name}","typ":"JWT"}}'.encode()).rstrip(b"=").decode() for name in DIGESTS
}


def plain_query(query: str) -> str:
    """Undo the percent-encoding of a raw query string: the text that `query_hash` is made over."""
    return unquote(query) if "%" in query else query


def plain_body(body: bytes, content_type: str = "application/json") -> str:
    """Write a body's pairs as `k=v&k=v`, in the order received: the text that `query_hash` is made over."""
    return "&".join(f"{key}={value}" for key, value in body_pairs(body, content_type))


def body_pairs(body: bytes, content_type: str = "application/json") -> list[tuple[str, str]]:
    """Read the pairs of a JSON or form body: nulls left out, arrays as `key[]`, numbers with their own text.

    Raises ValueError when the body is not an object of plain values.
    """
    if not body:
        return []
    if "form-urlencoded" in content_type:
        return parse_qsl(body.decode(), keep_blank_values=True)
    try:
        return list(_TEXTS.decode(body).items())
    except ValueError:  # something else than texts, or no JSON
        pass
    try:
        fields: object = _JSON.decode(body.decode())
    except RecursionError:
        raise ValueError("the body is nested too deeply") from None
    if not isinstance(fields, dict):
        raise ValueError("the body is not a JSON object")
    pairs: list[tuple[str, str]] = []
    for key, value in cast("dict[str, object]", fields).items():
        if isinstance(value, list):
            name = key if key.endswith("[]") else f"{key}[]"
            pairs += [(name, _plain(one)) for one in cast("list[object]", value)]
        elif value is not None:
            pairs.append((key, _plain(value)))
    return pairs


def _plain(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return value
        case _:
            raise ValueError("the body holds something else than text, numbers, booleans and lists of these")


def _no_constant(name: str) -> str:
    raise ValueError(f"{name} is not JSON")


_JSON = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=_no_constant)
"""Made once: making one takes longer than reading."""
_TEXTS = msgspec.json.Decoder(dict[str, str])
"""Reads what nearly every client sends, an object of texts, several times faster."""


def sign(access_key: str, secret: str, *, nonce: str, query: str = "", algorithm: Algorithm = "HS512") -> str:
    """Make the token for one request.

    `query` is the plain text of the request's parameters (`plain_query`, `plain_body`), empty when it has none;
    `nonce` must be new for every request; the secret is used as raw UTF-8.
    """
    return seal(claim(access_key, nonce=nonce, query=query, algorithm=algorithm), secret, algorithm)


def claim(access_key: str, *, nonce: str, query: str = "", algorithm: Algorithm = "HS512") -> str:
    """Write what a token says: all of it but the seal."""
    claims = {"access_key": access_key, "nonce": nonce}
    if query:
        claims["query_hash"] = sha512(query.encode()).hexdigest()
        claims["query_hash_alg"] = "SHA512"
    payload = urlsafe_b64encode(msgspec.json.encode(claims)).rstrip(b"=").decode()
    return f"{HEADERS[algorithm]}.{payload}"


def seal(signed: str, secret: str, algorithm: Algorithm = "HS512") -> str:
    """Seal what a token says. No text fails here, where the secret is open: one that is no UTF-8 makes a wrong seal."""
    made = hmac_digest(secret.encode(errors="surrogatepass"), signed.encode(), DIGESTS[algorithm])
    return f"{signed}.{urlsafe_b64encode(made).rstrip(b'=').decode()}"


class Claims(msgspec.Struct, frozen=True):
    """What a token says."""

    access_key: str
    nonce: str
    query_hash: str | None = None
    query_hash_alg: str = "SHA512"


class Head(msgspec.Struct, frozen=True):
    """How a token says it is signed."""

    alg: str
    typ: str = "JWT"


class Token(NamedTuple):
    """A token taken apart, not yet believed."""

    claims: Claims
    algorithm: str
    signed: bytes
    seal: bytes

    def signed_with(self, secret: str) -> bool:
        """Say whether this secret made the seal."""
        return compare_digest(self.seal, hmac_digest(secret.encode(), self.signed, DIGESTS[self.algorithm]))

    def covers(self, texts: Sequence[str]) -> bool:
        """Say whether the query hash is that of one of these texts; without any text there must be no hash."""
        try:
            wanted = [sha512(text.encode()).hexdigest() for text in texts if text]
        except UnicodeEncodeError:  # half a character, as "\ud800": no text, so nobody can have hashed it
            return False
        claimed = self.claims.query_hash
        if claimed is None:
            return not wanted
        if not wanted:
            return claimed == sha512(b"").hexdigest()
        known = self.claims.query_hash_alg.upper() == "SHA512"
        return known and any(compare_digest(claimed.lower().encode(), one.encode()) for one in wanted)


def read(text: str) -> Token:
    """Take a token apart. Raises ValueError when it is not an HS256 or HS512 token of the documented shape."""
    parts = text.split(".")
    if len(parts) != 3 or not text.isascii():
        raise ValueError("a token has three parts")
    try:
        head = msgspec.json.decode(_bytes(parts[0]), type=Head)
        claims = msgspec.json.decode(_bytes(parts[1]), type=Claims)
        seal = _bytes(parts[2])
    except (msgspec.MsgspecError, Base64Error, RecursionError) as error:
        raise ValueError(f"the token cannot be read: {error}") from None
    if head.alg not in DIGESTS:
        raise ValueError(f"the token is signed with {head.alg}, not with HS256 or HS512")
    return Token(claims, head.alg, f"{parts[0]}.{parts[1]}".encode(), seal)


def _bytes(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))
