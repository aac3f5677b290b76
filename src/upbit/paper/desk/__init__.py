"""The desk: one handler an operation, held to it by type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...api.operation import Operation
from . import deposits, lookup, orders, pockets, quotation, service, withdrawals
from .handler import Handler

HANDLERS: Mapping[Operation[..., Any], Handler[..., Any]] = {
    handler.operation: handler
    for module in (quotation, service, orders, lookup, withdrawals, deposits, pockets)
    for handler in vars(module).values()
    if isinstance(handler, Handler)
}
"""Who serves which operation."""
