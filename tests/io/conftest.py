"""What tests of sockets have in common."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest


@pytest.fixture
async def alone() -> AsyncIterator[None]:
    """No task is left behind."""
    before = asyncio.all_tasks()
    yield
    left = asyncio.all_tasks() - before
    assert {asyncio.current_task()} >= left
