"""The state of deposits and withdrawals (입출금 현황)."""

from __future__ import annotations

from ..models import WalletStatus as Status
from .operation import Face, Namespace, Rows, get


class WalletStatus(Namespace[Face]):
    """The state of deposits and withdrawals (입출금 현황)."""

    @get("/v1/status/wallet", group="default", needs="any")
    def list(self) -> Rows[Status]:
        """List the state of every currency and network (입출금 현황).

        The exchange updates it with some minutes' delay.
        """
        ...
