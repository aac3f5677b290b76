"""API keys (API 키)."""

from __future__ import annotations

from ..models import APIKey
from .operation import Face, Namespace, Rows, get


class ApiKeys(Namespace[Face]):
    """API keys of the account (API 키)."""

    @get("/v1/api_keys", group="default", needs="any")
    def list(self) -> Rows[APIKey]:
        """List the keys and when they expire (API 키 리스트 조회)."""
        ...
