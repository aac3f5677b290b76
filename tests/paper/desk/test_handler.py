"""What serves an operation."""

from __future__ import annotations

from tests.paper.visitor import Visitor
from upbit.api import OPERATIONS, Accounts
from upbit.models import Account
from upbit.paper.desk import HANDLERS
from upbit.paper.desk.handler import Handler, serves
from upbit.paper.exchange import Caller


def test_every_operation_has_one_handler() -> None:
    assert set(OPERATIONS) == set(HANDLERS)
    assert all(handler.operation is operation for operation, handler in HANDLERS.items())


def test_a_handler_is_still_the_function_it_was_made_of() -> None:
    visitor = Visitor()
    caller = Caller(visitor.exchange, visitor.exchange.account, visitor.key, 1)

    @serves(Accounts.list)
    def nothing(caller: Caller) -> list[Account]:
        return []

    assert isinstance(nothing, Handler)
    assert [] == nothing(caller)
