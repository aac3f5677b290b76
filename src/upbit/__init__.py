"""A client for the Upbit exchange, typed, synchronous and asynchronous, with a paper exchange inside.

Names are loaded when they are first used: importing this package costs next to nothing and does nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from . import paper as paper
    from .api.operation import Reply as Reply
    from .client import AsyncUpbit as AsyncUpbit
    from .client import Upbit as Upbit
    from .errors import *  # noqa: F403 - the whole error tree
    from .pkginfo import package_version
    from .websocket import UpbitWebSocket as UpbitWebSocket

    __version__ = package_version
else:
    _PLACES = {
        "AsyncUpbit": ("client", "AsyncUpbit"),
        "Reply": ("api.operation", "Reply"),
        "SocketError": ("wire.frames", "SocketError"),
        "Upbit": ("client", "Upbit"),
        "UpbitWebSocket": ("websocket", "UpbitWebSocket"),
        "__version__": ("pkginfo", "package_version"),
    }
    _MODULES = ("feed", "paper", "views")

    def __getattr__(name: str) -> object:
        if name in _PLACES:
            module, member = _PLACES[name]
            found = getattr(import_module(f".{module}", __name__), member)
        elif name in _MODULES:
            found = import_module(f".{name}", __name__)
        elif name in (errors := _errors()):
            found = errors[name]
        else:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        globals()[name] = found
        return found

    def __dir__() -> list[str]:
        return sorted({*globals(), *_PLACES, *_MODULES, *_errors()})

    def _errors() -> dict[str, type]:
        errors = import_module(".errors", __name__)
        return {
            name: found
            for name, found in vars(errors).items()
            if isinstance(found, type) and issubclass(found, errors.UpbitError)
        }
