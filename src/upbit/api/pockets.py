"""Pockets: separate balances within one account (포켓)."""

from __future__ import annotations

from ..models import Account, Pocket, PocketKeys, PocketTransfer, Sort, TransferDirection
from ..wire.codec import Moment, Number, Texts
from .operation import Face, Namespace, Rows, get, post


class Pockets(Namespace[Face]):
    """Pockets and transfers between them (포켓); since 2026-06-01."""

    @get("/v1/pockets", group="default", needs="manage_pockets")
    def list(self) -> Rows[Pocket]:
        """List the pockets (포켓 목록 조회)."""
        ...

    @get("/v1/pockets/api_keys", group="default", needs="manage_pockets")
    def list_api_keys(self, *, uuids: Texts | None = None, include_expired: bool | None = None) -> Rows[PocketKeys]:
        """List the API keys of pockets (포켓 API 키 목록 조회)."""
        ...

    @get("/v1/pockets/assets", group="default", needs="manage_pockets")
    def retrieve_balance(self, *, uuid: str) -> Rows[Account]:
        """List the balances of a pocket (포켓 자산 조회)."""
        ...

    @post("/v1/pockets/transfers", group="default", needs="transfer")
    def transfer(self, *, to: str, currency: str, amount: Number, identifier: str | None = None) -> PocketTransfer:
        """Transfer out of the pocket of the key (자산 이전)."""
        ...

    @get("/v1/pockets/transfers", group="default", needs="transfer")
    def list_transfers(
        self,
        *,
        uuids: Texts | None = None,
        identifiers: Texts | None = None,
        currency: str | None = None,
        states: Texts | None = None,
        direction: TransferDirection | None = None,
        start_time: Moment | None = None,
        end_time: Moment | None = None,
        limit: int | None = None,
        order_by: Sort | None = None,
    ) -> Rows[PocketTransfer]:
        """List transfers of the pocket of the key (자산 이전 내역 조회).

        At most seven days, 20 when no limit is given.
        """
        ...

    @post("/v1/pockets/universal_transfers", group="default", needs="manage_pockets")
    def universal_transfer(
        self, *, to: str, currency: str, amount: Number, from_: str | None = None, identifier: str | None = None
    ) -> PocketTransfer:
        """Transfer between any two pockets (통합 자산 이전), out of the pocket of the key when `from_` is not given."""
        ...

    @get("/v1/pockets/universal_transfers", group="default", needs="manage_pockets")
    def list_universal_transfers(
        self,
        *,
        uuids: Texts | None = None,
        identifiers: Texts | None = None,
        currency: str | None = None,
        states: Texts | None = None,
        from_: str | None = None,
        to: str | None = None,
        start_time: Moment | None = None,
        end_time: Moment | None = None,
        limit: int | None = None,
        order_by: Sort | None = None,
    ) -> Rows[PocketTransfer]:
        """List transfers between pockets (통합 자산 이전 내역 조회), at most seven days, 20 when no limit is given."""
        ...
