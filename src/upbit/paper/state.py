"""The state of an exchange: as bytes that a restart reads back, and as one hash.

`freeze` and `thaw` use pickle in a cage: nothing is ever made but objects of this package's own classes and a few
plain ones of the standard library, so that a snapshot of unknown origin can do no harm. What cannot be written down
(the clock, who listens, what is only remembered) is made anew. A snapshot fits only the very code that made it
(`shape`); under any other the log is replayed. `state_hash` says whether two exchanges are in the same state, whatever
way they came there.
"""

from __future__ import annotations

import gc
import io
import pickle
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from random import Random
from types import BuiltinMethodType, MethodType
from typing import Any

import msgspec

from .book import Book
from .exchange import Exchange
from .orders import OrderRecord

_HOME = __name__.rpartition(".")[0]
_PLAIN: Mapping[tuple[str, str], object] = {
    (kind.__module__, kind.__qualname__): kind for kind in (bytearray, set, frozenset, deque, date, Decimal, Random)
}
_TRADES = 1_000
"""The newest trades of a market since the start that a state hash covers; what was before shows in the books."""


class Unreadable(Exception):
    """These bytes are no frozen state."""


def shape() -> str:
    """A name for the code that a state belongs to: a hash of this package's sources and the version of Python."""
    digest = sha256(sys.version.encode())
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


# -- there and back --------------------------------------------------------------------------------


def freeze(exchange: Exchange) -> bytes:
    """Write down all of an exchange that changes, but its ended orders and used nonces."""
    stream = io.BytesIO()
    _Freezer(stream, protocol=5).dump(exchange)
    return stream.getvalue()


def thaw(state: bytes, ended: Sequence[bytes]) -> Exchange:
    """Make the exchange that was frozen, with its ended orders; it stands still until `Exchange.run_on`.

    Raises Unreadable.
    """
    with unhurried():
        try:
            exchange = _Thawer(io.BytesIO(state)).load()
            if not isinstance(exchange, Exchange):
                raise Unreadable(f"a {type(exchange).__name__} is no exchange")
            decode = msgspec.msgpack.Decoder(list[OrderRecord]).decode
            exchange.engine.register.restore([order for part in ended for order in decode(part)])
        except (pickle.UnpicklingError, msgspec.DecodeError, EOFError, AttributeError, TypeError, KeyError) as error:
            raise Unreadable(str(error)) from error
    return exchange


def freeze_orders(orders: list[OrderRecord]) -> bytes:
    """Write down orders that have ended."""
    return msgspec.msgpack.encode(orders)


def method(owner: object, name: str) -> Callable[..., object]:
    """A method of one of this package's objects, or `getrandbits` of a source of randomness."""
    if name.startswith("__") or not (type(owner) is Random or type(owner).__module__.startswith(_HOME)):
        raise Unreadable(f"{name} of {type(owner)}")
    found: Callable[..., object] = getattr(owner, name)
    return found


class _Freezer(pickle.Pickler):
    def reducer_override(self, obj: object) -> Any:
        if isinstance(obj, (MethodType, BuiltinMethodType)) and obj.__self__ is not None:
            return method, (obj.__self__, obj.__name__)
        return NotImplemented


class _Thawer(pickle.Unpickler):
    def find_class(self, module: str, name: str, /) -> object:
        if (module, name) in _PLAIN:
            return _PLAIN[module, name]
        if (module, name) == (__name__, method.__name__):
            return method
        if (module, name) == ("msgspec._utils", "rebuild"):
            return _rebuild
        if module.startswith(f"{_HOME}.") and module in sys.modules:
            kind: object = vars(sys.modules[module]).get(name)
            if isinstance(kind, type) and kind.__module__ == module:
                return kind
        raise Unreadable(f"{module}.{name} does not belong into a state")


def _rebuild(kind: type[msgspec.Struct], fields: Mapping[str, object]) -> msgspec.Struct:
    return kind(**fields)


@contextmanager
def unhurried() -> Generator[None]:
    """Without the garbage collector, which would look at every new object again and again, and find nothing."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


# -- one hash --------------------------------------------------------------------------------------


def state_hash(exchange: Exchange, markets: Iterable[str] | None = None) -> str:
    """SHA-256 over accounts, orders, trades, wallet, pockets, keys and books; of these markets only, or of all.

    It opens them. It does not depend on the process, on ``PYTHONHASHSEED``, or on when and how often the exchange was
    looked at.
    """
    digest = sha256()
    for line in _lines(exchange, exchange.listings if markets is None else markets):
        digest.update(msgspec.json.encode(line, order="sorted"))
        digest.update(b"\n")
    return digest.hexdigest()


def _lines(exchange: Exchange, markets: Iterable[str]) -> Iterable[object]:
    yield exchange.seed, exchange.profile.name, exchange.started, exchange.now
    ledger, wallet, pockets = exchange.ledger, exchange.wallet, exchange.pockets
    for account in ledger.accounts():
        yield account, sorted((currency, holding) for currency, holding in ledger.holdings(account))
    yield from exchange.engine.register.everything()
    for account, *_ in pockets.all():
        yield wallet.addresses(account), wallet.allowed(account)
        yield wallet.deposits(account), wallet.withdrawals(account)
        yield exchange.keys(account)
    yield pockets.all(), pockets.transfers
    for code in markets:
        venue = exchange.venue(code)
        if venue is not None:
            yield code, venue.flow.due, venue.flow.regime, _queues(venue.book)
            yield venue.tape.trades((exchange.now + 1) * 10_000, _TRADES, since=exchange.started * 10_000)


def _queues(book: Book) -> list[tuple[int, int, str | None, str | None]]:
    return [
        (one.price, one.remaining, one.owner, one.order.uuid if isinstance(one.order, OrderRecord) else None)
        for one in (*book.walk("bid"), *book.walk("ask"))
    ]
