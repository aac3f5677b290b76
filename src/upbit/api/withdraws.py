"""Withdrawals (출금)."""

from __future__ import annotations

from ..models import (
    Sort,
    TransactionType,
    TwoFactorType,
    Withdraw,
    WithdrawAddress,
    WithdrawChance,
    WithdrawState,
)
from ..wire.codec import Number, Texts
from .operation import Face, Namespace, Rows, delete, get, post


class Withdraws(Namespace[Face]):
    """Withdrawals (출금). None is ever sent again by itself."""

    @get("/v1/withdraw", group="default", needs="view_withdrawals")
    def retrieve(self, *, uuid: str | None = None, txid: str | None = None, currency: str | None = None) -> Withdraw:
        """Look one withdrawal up (개별 출금 조회); the latest when nothing is given."""
        ...

    @get("/v1/withdraws", group="default", needs="view_withdrawals")
    def list(
        self,
        *,
        currency: str | None = None,
        state: WithdrawState | None = None,
        uuids: Texts | None = None,
        txids: Texts | None = None,
        limit: int | None = None,
        page: int | None = None,
        order_by: Sort | None = None,
        from_: str | None = None,
        to: str | None = None,
    ) -> Rows[Withdraw]:
        """List withdrawals (출금 목록 조회), newest first, 100 a page; `from_` and `to` are uuids to page by."""
        ...

    @post("/v1/withdraws/coin", group="default", needs="withdraw")
    def create_withdrawal(
        self,
        *,
        currency: str,
        net_type: str,
        amount: Number,
        address: str,
        secondary_address: str | None = None,
        transaction_type: TransactionType | None = None,
    ) -> Withdraw:
        """Withdraw a digital asset to an address of the allow-list (디지털 자산 출금 요청)."""
        ...

    @post("/v1/withdraws/krw", group="default", needs="withdraw")
    def create_krw_withdrawal(self, *, amount: Number, two_factor_type: TwoFactorType | str | None = None) -> Withdraw:
        """Withdraw KRW to the registered bank account (원화 출금 요청); to be confirmed in the chosen app.

        The exchange asks for `two_factor_type` today; in 2023 it could be left out.
        """
        ...

    @delete("/v1/withdraws/coin", group="default", needs="withdraw")
    def cancel_withdrawal(self, *, uuid: str) -> Withdraw:
        """Cancel a withdrawal that has not left yet (디지털 자산 출금 취소 요청)."""
        ...

    @get("/v1/withdraws/coin_addresses", group="default", needs="view_withdrawals")
    def list_coin_addresses(self) -> Rows[WithdrawAddress]:
        """List the addresses that withdrawals may go to (출금 허용 주소 목록 조회)."""
        ...

    @get("/v1/withdraws/chance", group="default", needs="view_withdrawals")
    def retrieve_chance(self, *, currency: str, net_type: str | None = None) -> WithdrawChance:
        """Say what can be withdrawn of a currency (출금 가능 정보 조회); digital assets need `net_type`."""
        ...
