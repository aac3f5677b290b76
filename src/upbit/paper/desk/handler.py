"""What a handler is: a function held to the operation it serves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

from ...api.operation import Operation
from ..exchange import Caller

P = ParamSpec("P")
T = TypeVar("T")


class Handler(Generic[P, T]):
    """A function that serves an operation."""

    def __init__(self, operation: Operation[P, T], function: Callable[Concatenate[Caller, P], T]) -> None:
        self.operation: Operation[..., Any] = operation
        self._function = function

    def __call__(self, caller: Caller, *args: P.args, **kwargs: P.kwargs) -> T:
        """Serve one call."""
        return self._function(caller, *args, **kwargs)


def serves(operation: Operation[P, T]) -> Callable[[Callable[Concatenate[Caller, P], T]], Handler[P, T]]:
    """Say which operation a handler serves; its arguments and its result must be the operation's own."""
    return lambda function: Handler(operation, function)
