"""Announcements of the exchange (공지사항): what was published, and that it was.

Whoever runs the exchange writes them (`Notices.publish`); their ids come from a stream of their own, so that an
announcement changes nothing else. Nothing here knows who listens.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Literal
from uuid import UUID

from msgspec import Struct, structs

from ..wire.frames import CATEGORIES

EventType = Literal["CREATED", "UPDATED"]


class Notice(Struct, frozen=True, kw_only=True):
    """An announcement as it stands. Times in ms since 1970."""

    uuid: str
    category: str
    """One of `wire.frames.CATEGORIES`."""
    title: str
    url: str
    body: str | None
    """Markdown; None for what is too long to be sent."""
    first_listed: int
    listed: int
    """When it was last published."""


class Announced(Struct, frozen=True):
    """An announcement was published, or published anew."""

    kind: EventType
    notice: Notice
    time: int


class Notices:
    """All announcements of one exchange. `emit` receives what is published, as it happens."""

    def __init__(self, seed: int, emit: Callable[[Announced], None]) -> None:
        self._ids = Random(f"{seed}:notices")
        self._emit = emit
        self._notices: dict[str, Notice] = {}

    def publish(
        self, category: str, title: str, now: int, *, body: str | None = None, url: str | None = None
    ) -> Notice:
        """Publish an announcement. Raises ValueError for a category that the exchange does not have."""
        uuid = str(UUID(int=self._ids.getrandbits(128), version=4))
        return self._list(
            "CREATED",
            Notice(
                uuid=uuid,
                category=category,
                title=title,
                url=url or f"http://localhost/notices/{uuid}",
                body=body,
                first_listed=now,
                listed=now,
            ),
        )

    def update(
        self, uuid: str, category: str, title: str, now: int, *, body: str | None = None, url: str | None = None
    ) -> Notice:
        """Publish an announcement anew. Raises LookupError when there is none of this uuid, ValueError as `publish`."""
        old = self._notices.get(uuid)
        if old is None:
            raise LookupError(f"there is no announcement {uuid}")
        return self._list(
            "UPDATED", structs.replace(old, category=category, title=title, body=body, url=url or old.url, listed=now)
        )

    def _list(self, kind: EventType, notice: Notice) -> Notice:
        if notice.category not in CATEGORIES:
            raise ValueError(f"there is no category {notice.category!r}; there are {', '.join(CATEGORIES)}")
        self._notices[notice.uuid] = notice
        self._emit(Announced(kind, notice, notice.listed))
        return notice
