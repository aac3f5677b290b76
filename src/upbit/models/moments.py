"""The exchange's milliseconds since the epoch, and aware datetimes."""

from __future__ import annotations

from datetime import UTC, datetime


def moment(milliseconds: int) -> datetime:
    """Make an aware datetime of milliseconds since the epoch."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def milliseconds(moment: datetime) -> int:
    """Make milliseconds since the epoch of an aware datetime."""
    return int(moment.timestamp() * 1000)
