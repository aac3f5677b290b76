"""The pytest plugin: the fixture `upbit_paper`, a paper exchange for one test.

    def test_my_bot(upbit_paper):
        client = upbit_paper.client()
        ...
        upbit_paper.advance(60)

It is in memory, joined without a socket, and time in it stands still but for `advance` and the pauses of its clients.
Its seed comes from the test's name, so that every test has a market of its own, the same each time; when a test fails,
the report says the seed and how to run it again. Every pytest run of a user loads this file: it imports nothing of the
exchange before a test asks for it.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING
from zlib import crc32

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from .doors import PaperExchange

_USED = "_upbit_seed"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--upbit-seed` and `--upbit-profile`."""
    group = parser.getgroup("upbit", "Upbit paper exchange")
    group.addoption("--upbit-seed", type=int, metavar="N", help="seed of upbit_paper; by default from the test's name")
    group.addoption(
        "--upbit-profile",
        default="current",
        metavar="current|2023|YYYY-MM-DD",
        help="the day whose protocol upbit_paper speaks; current",
    )


def seed_of(nodeid: str) -> int:
    """The seed of a test: the same on every machine."""
    return crc32(nodeid.replace("\\", "/").encode())


@pytest.fixture
def upbit_paper(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PaperExchange:
    """A paper exchange of this test's own: clients by `client()` and `async_client()`, time by `advance`.

    It stands at 2026-01-05 00:00 UTC, a Monday, at first. Faults are made by `chaos`, other things by `control`.
    Traders keep their journal and switch in the test's `tmp_path`.
    """
    monkeypatch.setenv("UPBIT_STATE_DIR", str(tmp_path / "upbit-state"))
    from datetime import UTC, datetime

    from .doors import PaperExchange

    told: int | None = request.config.getoption("--upbit-seed")
    seed = seed_of(request.node.nodeid) if told is None else told
    setattr(request.node, _USED, seed)
    profile: str | None = request.config.getoption("--upbit-profile")
    return PaperExchange(seed=seed, profile=profile or "current", start=datetime(2026, 1, 5, tzinfo=UTC))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Tell of the seed when a test with a paper exchange has failed."""
    report = yield
    seed: int | None = getattr(item, _USED, None)
    if report.failed and seed is not None:
        report.sections.append(("upbit_paper", f"seed {seed}\npytest '{item.nodeid}' --upbit-seed {seed}"))
    return report
