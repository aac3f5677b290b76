"""Balances (자산)."""

from __future__ import annotations

from ..models import Account
from .operation import Face, Namespace, Rows, get


class Accounts(Namespace[Face]):
    """Balances of the pocket that the key belongs to (자산)."""

    @get("/v1/accounts", group="default", needs="view_account")
    def list(self) -> Rows[Account]:
        """List all balances (전체 계좌 조회).

        Only currencies that were ever held appear.
        """
        ...
