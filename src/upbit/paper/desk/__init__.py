"""The desk: one handler an operation, held to it by type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from ...api.operation import Operation
from . import deposits, lookup, orders, pockets, quotation, service, withdrawals
from .handler import Handler

_MEMBERS: list[object] = [
    member
    for module in (quotation, service, orders, lookup, withdrawals, deposits, pockets)
    for member in vars(module).values()
]

HANDLERS: Mapping[Operation[..., Any], Handler[..., Any]] = {
    handler.operation: handler
    for handler in [cast("Handler[..., Any]", member) for member in _MEMBERS if isinstance(member, Handler)]
}
"""Who serves which operation."""
