"""A whole Upbit in a process: the paper exchange.

    with upbit.paper.running() as exchange:         # on a free port of this machine, for any client
        exchange.client().orders.create(market="KRW-BTC", side="bid", ord_type="price", price=10_000)

    exchange = upbit.paper.PaperExchange(seed=7)    # in this process, without a network
    exchange.client().tickers.list("KRW-BTC")

The money is not real, and no request leaves this machine. Importing this starts nothing, and names are
loaded when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .chaos import Rule as Rule
    from .doors import PaperExchange as PaperExchange
    from .doors import RunningExchange as RunningExchange
    from .doors import running as running
    from .doors import serving as serving
    from .exchange import START_FUNDS as START_FUNDS
    from .store import StoreError as StoreError
else:
    _PLACES = {
        "PaperExchange": "doors",
        "Rule": "chaos",
        "RunningExchange": "doors",
        "START_FUNDS": "exchange",
        "StoreError": "store",
        "running": "doors",
        "serving": "doors",
    }

    def __getattr__(name: str) -> object:
        if name not in _PLACES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        found = getattr(import_module(f".{_PLACES[name]}", __name__), name)
        globals()[name] = found
        return found

    def __dir__() -> list[str]:
        return sorted({*globals(), *_PLACES})
