"""A client for the Upbit exchange, typed, synchronous and asynchronous, with a paper exchange inside.

Names are loaded when they are first used: importing this package costs next to nothing and does nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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
        "Upbit": ("client", "Upbit"),
        "UpbitWebSocket": ("websocket", "UpbitWebSocket"),
        "__version__": ("pkginfo", "package_version"),
    }

    def __getattr__(name: str) -> object:
        module, member = _PLACES.get(name, ("errors", name))
        found = getattr(import_module(f".{module}", __name__), member, None) if _shown(name) else None
        if found is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        globals()[name] = found
        return found

    def __dir__() -> list[str]:
        errors = import_module(".errors", __name__)
        return sorted({*globals(), *_PLACES, *filter(_shown, vars(errors))})

    def _shown(name: str) -> bool:
        """Whether a name is one of the above or an error."""
        return name in _PLACES or name.endswith("Error")
