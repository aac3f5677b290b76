"""What holds for the whole suite: it sees no keys and no addresses of the person who runs it, and asserts no time.

No record that anything logs may have a secret or a token. `pytest --log-level=DEBUG` asks it of every record.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.guard import Guard


def pytest_configure(config: pytest.Config) -> None:
    for name in [name for name in os.environ if name.startswith("UPBIT_")]:
        del os.environ[name]
    settings.register_profile("upbit", deadline=None)
    settings.load_profile("upbit")
    config.stash[GUARD] = Guard()
    logging.getLogger().addHandler(config.stash[GUARD])


GUARD = pytest.StashKey[Guard]()


@pytest.fixture(autouse=True)
def guard(pytestconfig: pytest.Config) -> Iterator[Guard]:
    """Fails a test in whose time a secret was logged."""
    guard = pytestconfig.stash[GUARD]
    yield guard
    found, guard.found = guard.found, []
    guard.canaries.clear()
    assert [] == found


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the run for what was logged between its tests and after them."""
    if session.config.stash[GUARD].found:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
