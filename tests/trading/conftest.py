from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.trading.desk import START, Desk, desk
from upbit.paper import PaperExchange, running


@pytest.fixture(params=[False, True], ids=["sync", "async"])
def inside(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    """Open desks in the process, in time that is stepped; with what `PaperExchange` takes."""
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(
            desk(PaperExchange(**({"start": START} | options)), tmp_path, awaits=request.param)
        )


@pytest.fixture(params=[False, True], ids=["sync", "async"])
def served(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    """Open desks over sockets, in the time of this machine; with what `running` takes."""

    def opened(**options: Any) -> Desk:
        return stack.enter_context(desk(stack.enter_context(running(**options)), tmp_path, awaits=request.param))

    with ExitStack() as stack:
        yield opened
