from __future__ import annotations

import os
import pickle
from collections.abc import Mapping, Sequence, Set
from functools import partial
from pathlib import Path
from random import Random
from types import BuiltinMethodType, FunctionType, MethodType

import pytest

from tests.paper.keeper import TRADED, trade
from tests.paper.visitor import Visitor
from upbit.api import Orders
from upbit.paper.exchange import Exchange
from upbit.paper.state import Unreadable, freeze, freeze_orders, shape, state_hash, thaw

MADE_ANEW = {
    *("_clock", "_secret", "_listeners", "_nonces", "journal"),  # of the exchange
    *("_walk", "_day", "_children", "_leaf"),  # of a history: what it remembers
}


def copied(exchange: Exchange) -> Exchange:
    return thaw(freeze(exchange), [freeze_orders(exchange.engine.register.ended())])


def differences(one: object, other: object, path: str, seen: set[tuple[int, int]]) -> list[str]:
    """Where two graphs of objects differ, whatever they are made of."""
    if (id(one), id(other)) in seen:
        return []
    seen.add((id(one), id(other)))
    if type(one) is not type(other):
        return [f"{path}: {type(one)} and {type(other)}"]
    if isinstance(one, Random) and isinstance(other, Random):
        return [] if one.getstate() == other.getstate() else [path]
    if isinstance(one, MethodType | BuiltinMethodType) and isinstance(other, MethodType | BuiltinMethodType):
        return differences(one.__self__, other.__self__, f"{path}.{one.__name__}", seen)
    if isinstance(one, FunctionType) and isinstance(other, FunctionType):
        return [] if one.__qualname__ == other.__qualname__ else [path]
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        found = differences(list(one), list(other), f"{path} keys", seen)
        return found + differences(list(one.values()), list(other.values()), f"{path} values", seen)
    if isinstance(one, str | bytes | bytearray | Set) or one is None:
        return [] if one == other else [f"{path}: {one!r} and {other!r}"]
    if isinstance(one, Sequence) and isinstance(other, Sequence):
        if len(one) != len(other):
            return [f"{path}: {len(one)} and {len(other)} long"]
        pairs = enumerate(zip(one, other, strict=True))
        return [found for at, (a, b) in pairs for found in differences(a, b, f"{path}[{at}]", seen)]
    names = {*getattr(one, "__dict__", {}), *getattr(one, "__struct_fields__", ())}
    names |= {name for kind in type(one).__mro__ for name in getattr(kind, "__slots__", ())} - {"__weakref__"}
    if not names:
        return [] if one == other else [f"{path}: {one!r} and {other!r}"]
    return [
        found
        for name in sorted(names - MADE_ANEW)
        for found in differences(getattr(one, name), getattr(other, name), f"{path}.{name}", seen)
    ]


def test_a_copy_is_the_same_to_the_last_attribute_and_goes_on_alike() -> None:
    visitor = Visitor()
    trade(visitor)
    copy = copied(visitor.exchange)
    assert [] == differences(visitor.exchange, copy, "exchange", set())
    copy.run_on(visitor.clock)
    visitor.clock.step(90_000)
    assert visitor.exchange.advance() == copy.advance()
    assert [] == differences(visitor.exchange, copy, "exchange", set())
    assert state_hash(visitor.exchange, TRADED) == state_hash(copy, TRADED)


def test_the_differences_would_be_seen() -> None:
    visitor = Visitor()
    trade(visitor)
    copy = copied(visitor.exchange)
    copy.new_id()
    assert any("_ids" in found for found in differences(visitor.exchange, copy, "exchange", set()))


def test_what_happens_to_a_copy_does_not_happen_to_the_original() -> None:
    visitor = Visitor()
    trade(visitor)
    before = state_hash(visitor.exchange, TRADED)
    copy = copied(visitor.exchange)
    visitor.clock.step(60_000)
    copy.run_on(visitor.clock)
    copy.advance()
    assert before == state_hash(visitor.exchange, TRADED) != state_hash(copy, TRADED)


def test_the_hash_of_all_markets_sees_every_order() -> None:
    visitor = Visitor()
    before = state_hash(visitor.exchange)
    assert before == state_hash(visitor.exchange)
    visitor.ask(Orders.create, market="KRW-SOL", side="bid", ord_type="limit", price="10000", volume="1")
    assert before != state_hash(visitor.exchange)


def test_another_seed_gives_another_hash() -> None:
    assert state_hash(Visitor(seed=3).exchange, TRADED) != state_hash(Visitor(seed=4).exchange, TRADED)


class Evil:
    def __init__(self, reduced: tuple[object, ...]) -> None:
        self.reduced = reduced

    def __reduce__(self) -> tuple[object, ...]:
        return self.reduced


@pytest.mark.parametrize(
    "state",
    [
        pickle.dumps(Evil((os.system, ("touch harm",)))),
        pickle.dumps(Evil((eval, ("1 + 1",)))),
        pickle.dumps(Evil((getattr, (Random, "seed")))),
        pickle.dumps(partial(os.system, "touch harm")),
        pickle.dumps(Path("harm")),
        b"cupbit.paper.state\nPath\n.",
        b"cupbit.paper.state\npickle.loads\n.",
        b"cupbit.client\nUpbit\n.",
        b"cupbit.paper.state\nmethod\n(crandom\nRandom\n)RX\x08\x00\x00\x00__init__tR.",
        b"cupbit.paper.state\nmethod\n(X\x01\x00\x00\x00aX\x05\x00\x00\x00uppertR.",
        pickle.dumps(Random(1)),
        b"",
        b"nothing of the kind",
    ],
)
def test_a_state_may_be_made_of_nothing_else(state: bytes) -> None:
    with pytest.raises(Unreadable):
        thaw(state, [])


def test_orders_that_cannot_be_read_are_unreadable() -> None:
    with pytest.raises(Unreadable):
        thaw(freeze(Visitor().exchange), [b"\xff"])


def test_the_shape_is_that_of_this_code() -> None:
    assert shape() == shape()
    assert 64 == len(shape())
