"""A secret that is looked for wherever it must not be, and the exchanges whose key it belongs to."""

from __future__ import annotations

import asyncio
import logging
import pickle
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from itertools import chain, repeat
from pathlib import Path
from types import FunctionType, MethodType, ModuleType
from typing import Any

import msgspec

import upbit
from tests.guard import SECRET as LOOKS_LIKE_A_SECRET
from upbit.paper import PaperExchange, Rule, RunningExchange
from upbit.paper.chaos import Chaos
from upbit.paper.clock import Clock
from upbit.paper.doors import START_FUNDS, described
from upbit.paper.exchange import Exchange
from upbit.paper.server import threaded
from upbit.secret import Secret

CANARY = "canaryCANARY0123456789canaryCANARY012345"
PACKAGE = str(Path(upbit.__file__).parent)
EXCHANGE = str(Path(PACKAGE, "paper"))
"""The paper exchange knows the secrets of the keys it has issued: its own objects and data are left out."""

OUTSIDE = (type, ModuleType, FunctionType, Secret, logging.Logger, asyncio.AbstractEventLoop)
"""What belongs to everybody, and what may know the secret."""


@contextmanager
def inside(*rules: Rule, start: datetime | None = None) -> Iterator[PaperExchange]:
    """An exchange in this process whose first key has the canary."""
    exchange = PaperExchange(rules=rules, start=start)
    key = msgspec.structs.replace(exchange.exchange.first_key, secret=CANARY)
    exchange.exchange.keep_key(key)
    exchange.exchange.first_key = key
    yield exchange


@contextmanager
def served(*rules: Rule) -> Iterator[RunningExchange]:
    """The same behind sockets."""
    secrets = chain(["0" * 40, CANARY], (f"{number:040d}" for number in range(1, 100)), repeat("end"))

    def make() -> Exchange:
        return Exchange(clock=Clock(), seed=1, funds=START_FUNDS, secret=secrets.__next__)

    with threaded(make, host="127.0.0.1", port=0, limited=True, chaos=Chaos(1, rules=rules)) as server:
        yield described(server)


def shown(text: str) -> bool:
    """Whether a text shows the secret, or a token that is made with one."""
    return CANARY in text or LOOKS_LIKE_A_SECRET.search(text) is not None


class Hunt(logging.Handler):
    """Looks for the canary in all there is, and names each place where it was."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.places: list[str] = []
        self.records = 0
        self.frames = 0
        self.objects = 0

    def text(self, text: str, place: str) -> None:
        if shown(text):
            self.places.append(place)

    def emit(self, record: logging.LogRecord) -> None:
        self.records += 1
        place = f"log {record.name} {record.pathname}:{record.lineno}"
        self.text(f"{record.getMessage()} {record.args!r} {vars(record)!r}", place)
        if record.exc_info and record.exc_info[1] is not None:
            self.error(record.exc_info[1])

    def error(self, error: BaseException) -> None:
        """Look at an exception, at those behind it, at the locals of our frames, and at its pickle."""
        place = f"{type(error).__name__} {error}"
        self.text(f"{error!s} {error!r} {error.args!r} {getattr(error, '__notes__', ())!r}", place)
        self.trace(traceback.TracebackException.from_exception(error, capture_locals=True), place)
        self.walk(vars(error), place)
        if error.__context__ is not None:
            self.error(error.__context__)
        if isinstance(error, upbit.UpbitError):
            self.pickle(error)

    def trace(self, trace: traceback.TracebackException, place: str) -> None:
        for frame in trace.stack:
            if frame.filename.startswith(PACKAGE):
                self.frames += 1
                for name, value in (frame.locals or {}).items():
                    self.text(value, f"{place}: {name} in {frame.filename}:{frame.lineno}")

    def pickle(self, value: object) -> None:
        self.text(pickle.dumps(value).decode("latin-1"), f"pickle of {type(value).__name__}")

    def files(self, folder: Path) -> None:
        for path in folder.rglob("*"):
            if path.is_file():
                self.text(path.read_bytes().decode("latin-1"), f"file {path.name}")

    def walk(self, root: object, place: str) -> None:
        """Look at the repr of an object, of all that `vars` finds from it, and of what bound methods belong to."""
        seen: dict[int, object] = {}  # kept, else an id might come again
        waiting: list[tuple[object, str]] = [(root, place)]
        while waiting:
            one, where = waiting.pop()
            if id(one) in seen or isinstance(one, OUTSIDE):
                continue
            if type(one).__module__.startswith("upbit.paper"):
                continue
            seen[id(one)] = one
            self.objects += 1
            if isinstance(one, str | bytes):
                if CANARY in str(one):  # a token that was used is in the headers of an open connection, unseen
                    self.places.append(where)
                continue
            self.text(repr(one), f"repr of {where}")
            waiting += ((value, f"{where}.{name}") for name, value in _parts(one))

    def call(self, act: Callable[[], object]) -> BaseException | None:
        """Do something, and look at what it raises."""
        try:
            act()
        except Exception as error:
            self.error(error)
            return error
        return None


def _parts(one: object) -> Iterable[tuple[str, object]]:
    if isinstance(one, MethodType):
        return [("self", one.__self__)]
    if isinstance(one, partial):
        return [("func", one.func), ("args", one.args), ("keywords", one.keywords)]
    if isinstance(one, Mapping):
        return [(f"[{key!r}]", value) for key, value in list(one.items())]
    if isinstance(one, list | tuple | set | frozenset):
        return [(f"[{number}]", value) for number, value in enumerate(list(one))]
    parts: dict[str, Any] = dict(getattr(one, "__dict__", {}))
    for kind in type(one).__mro__:
        slots = kind.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if hasattr(one, name):
                parts[name] = getattr(one, name)
    return list(parts.items())
