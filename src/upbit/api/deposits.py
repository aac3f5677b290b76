"""Deposits (입금)."""

from __future__ import annotations

from ..models import (
    AddressCreation,
    Deposit,
    DepositAddress,
    DepositChance,
    DepositState,
    Sort,
    TwoFactorType,
)
from ..wire.codec import Number, Texts
from .operation import Face, Namespace, Rows, get, post


class Deposits(Namespace[Face]):
    """Deposits and the addresses that take them (입금)."""

    @get("/v1/deposit", group="default", needs="view_deposits")
    def retrieve(self, *, uuid: str | None = None, txid: str | None = None, currency: str | None = None) -> Deposit:
        """Look one deposit up (개별 입금 조회); the latest when nothing is given."""
        ...

    @get("/v1/deposits", group="default", needs="view_deposits")
    def list(
        self,
        *,
        currency: str | None = None,
        state: DepositState | None = None,
        uuids: Texts | None = None,
        txids: Texts | None = None,
        limit: int | None = None,
        page: int | None = None,
        order_by: Sort | None = None,
        from_: str | None = None,
        to: str | None = None,
    ) -> Rows[Deposit]:
        """List deposits (입금 목록 조회), newest first, 100 a page; `from_` and `to` are uuids to page by."""
        ...

    @post("/v1/deposits/generate_coin_address", group="default", needs="view_deposits")
    def create_coin_address(self, *, currency: str, net_type: str) -> AddressCreation:
        """Ask for a deposit address (입금 주소 생성 요청).

        The address is made a little later: call again, or `retrieve_coin_address`, until it is there.
        """
        ...

    @post("/v1/deposits/krw", group="default", needs="deposit")
    def deposit_krw(self, *, amount: Number, two_factor_type: TwoFactorType) -> Deposit:
        """Deposit KRW from the registered bank account (원화 입금); to be confirmed in the chosen app."""
        ...

    @get("/v1/deposits/coin_addresses", group="default", needs="view_deposits")
    def list_coin_addresses(self) -> Rows[DepositAddress]:
        """List all deposit addresses (입금 주소 목록 조회)."""
        ...

    @get("/v1/deposits/chance/coin", group="default", needs="view_deposits")
    def retrieve_chance(self, *, currency: str, net_type: str) -> DepositChance:
        """Say whether and how a currency can be deposited (디지털 자산 입금 가능 정보 조회)."""
        ...

    @get("/v1/deposits/coin_address", group="default", needs="view_deposits")
    def retrieve_coin_address(self, *, currency: str, net_type: str) -> DepositAddress:
        """Look the deposit address of a currency up (개별 입금 주소 조회)."""
        ...
