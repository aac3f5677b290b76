"""Where the journal and the switch of an account are kept, when nobody says where.

One folder for each API key, named by a hash of its access key. Nothing is read, written or made here.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

JOURNAL = "journal.sqlite"
SWITCH = "switch"


def home(access_key: str, environ: Mapping[str, str] = os.environ, platform: str = sys.platform) -> Path:
    """The folder of an account: in UPBIT_STATE_DIR, else where the system keeps what programs remember."""
    return state_folder(environ, platform) / sha256(access_key.encode()).hexdigest()[:16]


def state_folder(environ: Mapping[str, str], platform: str) -> Path:
    """The folder of all accounts. The system's own place: XDG_STATE_HOME, Application Support or LOCALAPPDATA."""
    if told := environ.get("UPBIT_STATE_DIR"):
        return Path(told)
    user = Path(environ.get("HOME") or Path.home())
    xdg = Path(environ.get("XDG_STATE_HOME", ""))
    if xdg.is_absolute():  # a relative one is to be ignored (XDG Base Directory Specification 0.8)
        return xdg / "upbit-client"
    if platform == "darwin":
        return user / "Library" / "Application Support" / "upbit-client"
    if platform == "win32":
        return Path(environ.get("LOCALAPPDATA") or user / "AppData" / "Local") / "upbit-client"
    return user / ".local" / "state" / "upbit-client"
