"""The travel rule: proving whose deposit it is."""

from __future__ import annotations

import msgspec


class Vasp(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An exchange whose deposits can be verified (트래블룰 지원 거래소)."""

    vasp_uuid: str
    vasp_name: str
    en_name: str | None = None
    depositable: bool
    withdrawable: bool


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of a verification."""

    deposit_uuid: str
    verification_result: str
    deposit_state: str
