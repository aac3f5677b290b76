"""The travel rule: proving whose deposit it is (트래블룰)."""

from __future__ import annotations

from ..models import Vasp, Verification
from .operation import Face, Namespace, Rows, get, post


class TravelRule(Namespace[Face]):
    """Verify deposits held back by the travel rule (트래블룰). One try in ten minutes per deposit."""

    @get("/v1/travel_rule/vasps", group="default", needs="view_deposits")
    def list_vasps(self) -> Rows[Vasp]:
        """List the exchanges whose deposits can be verified (계정주 확인 서비스 지원 거래소 목록 조회)."""
        ...

    @post("/v1/travel_rule/deposit/uuid", group="default", needs="deposit")
    def verify_deposit_by_uuid(self, *, deposit_uuid: str, vasp_uuid: str) -> Verification:
        """Verify a deposit by its uuid (입금 UUID로 계정주 검증 요청)."""
        ...

    @post("/v1/travel_rule/deposit/txid", group="default", needs="deposit")
    def verify_deposit_by_txid(self, *, txid: str, vasp_uuid: str, currency: str, net_type: str) -> Verification:
        """Verify a deposit by its transaction (입금 TxID로 계정주 검증 요청)."""
        ...
