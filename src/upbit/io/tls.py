"""Whom an encrypted connection trusts: the store of the operating system, and nothing can switch that off."""

from __future__ import annotations

import ssl

import truststore

DISTRUST = (
    "its certificate is not trusted by the store of this system; if that store is missing, install it "
    "(the package ca-certificates on Linux)"
)


def context() -> ssl.SSLContext:
    """Make the settings for TLS connections: TLS 1.2 or later, certificate and host name checked."""
    return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def distrusted(error: BaseException | None) -> bool:
    """Say whether a certificate was at the bottom of an error."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False
