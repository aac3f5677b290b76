"""What holds for the whole suite: it sees no keys and no addresses of the person who runs it, and asserts no time."""

from __future__ import annotations

import os

from hypothesis import settings


def pytest_configure() -> None:
    for name in [name for name in os.environ if name.startswith("UPBIT_")]:
        del os.environ[name]
    settings.register_profile("upbit", deadline=None)
    settings.load_profile("upbit")
