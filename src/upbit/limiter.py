"""Who shares a quota: the clients of one process by themselves, those of several processes through a file.

    limiter = Limiter("~/.local/state/upbit/quota.db")    # the same file in every process
    client = Upbit(limiter=limiter)

Without it, all clients of a process that talk to the same host over the network share one. Shares of another machine
behind the same address are only noticed by what the exchange says is left. A store on a server would be another
`flow.pace.Store`; there is none here.
"""

from __future__ import annotations

from hashlib import sha256
from os import PathLike
from pathlib import Path
from weakref import WeakValueDictionary

from .flow.pace import Lanes, Marks, Pace, Store
from .io import Lock

__all__ = ["Limiter", "Marks", "Store"]


class Limiter:
    """What clients count together; give it to each as `limiter=`.

    With a `path`, together with all processes of this machine that use that file; with a `store`, with whoever does.
    Raises ConfigurationError when the file cannot be used.
    """

    def __init__(self, path: str | PathLike[str] | None = None, *, store: Store | None = None) -> None:
        if path is not None:
            from .io.quota_file import QuotaFile  # brings sqlite3

            store = QuotaFile(Path(path).expanduser())
        self._store = store
        self._path = path
        self._lanes: dict[str, Lanes] = {}

    def __repr__(self) -> str:
        return f"Limiter({self._path or ''!s})"

    def pace(self, host: str, access_key: str = "") -> Pace:
        """What a client with this key counts at this host; who has the key is not remembered, only its hash."""
        lanes = self._lanes.setdefault(host, Lanes(Lock(), store=self._store, host=host))
        return Pace(lanes, sha256(access_key.encode()).hexdigest()[:16] if access_key else "")


_LOCK = Lock()
_LIMITERS: WeakValueDictionary[str, Limiter] = WeakValueDictionary()


def common(host: str) -> Limiter:
    """The limiter of all clients of this process at a host that have no other, as long as one of them lives."""
    with _LOCK:
        return _LIMITERS.setdefault(host, Limiter())
