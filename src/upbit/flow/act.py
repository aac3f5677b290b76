"""Acts: methods that are written once, as flows, and called on either face.

    class Trading(Actor[Face]):
        @act
        def status(self, uuid: str) -> Flow[Order]: ...

Read from an `Actor[Sync]` the method returns its result, read from an `Actor[Async]` it is awaited. An act does not
call another: within a flow, go on with `yield from`. Nothing here runs a flow; whoever makes the actor says who does.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import update_wrapper
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, overload

from ..api.operation import Async, Face, Sync
from .steps import Flow

P = ParamSpec("P")
T = TypeVar("T")


class Actor(Generic[Face]):
    """Whoever has acts, on one face of a client."""

    def __init__(self, carry_out: Callable[[Flow[Any]], Any]) -> None:
        """`carry_out` runs a flow in the way of the face: that of `Upbit` or `AsyncUpbit`."""
        self.carry_out = carry_out


class Act(Generic[P, T]):
    """A method of an `Actor`, written as a flow."""

    def __init__(self, steps: Callable[Concatenate[Any, P], Flow[T]]) -> None:
        self.steps = steps
        self.__doc__ = steps.__doc__

    @overload
    def __get__(self, actor: None, owner: type) -> Act[P, T]: ...
    @overload
    def __get__(self, actor: Actor[Sync], owner: type) -> Callable[P, T]: ...
    @overload
    def __get__(self, actor: Actor[Async], owner: type) -> Callable[P, Coroutine[Any, Any, T]]: ...
    def __get__(self, actor: Actor[Any] | None, owner: type) -> Any:
        if actor is None:
            return self

        def call(*args: P.args, **kwargs: P.kwargs) -> Any:
            return actor.carry_out(self.steps(actor, *args, **kwargs))

        return update_wrapper(call, self.steps)


def act(steps: Callable[Concatenate[Any, P], Flow[T]]) -> Act[P, T]:
    """Make an act of a method that is a flow."""
    return Act(steps)
