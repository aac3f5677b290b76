"""What faults do to the frames of one socket, between its session and its reader. No socket and no waiting here.

Whoever holds the socket passes every batch of frames through `Interference.pass_on`, also an empty one now and then,
and sends what comes out. Pings are answered below this, so that a stalled socket looks alive.
"""

from __future__ import annotations

import json
from typing import cast

from ..wire.frames import SocketError, write_error
from .broadcast import Session
from .chaos import BODY, FRAME, Chaos, Moment, Rule
from .damage import altered

OVERSIZE = 2 << 20
"""Bytes of an oversized frame: twice what clients take by default."""
_BLANK = b" "


class Fragments(bytes):
    """A frame that is to be sent in pieces."""

    __slots__ = ()


class Interference:
    """The frames of a session, and what happens to them."""

    def __init__(self, session: Session, path: str, chaos: Chaos) -> None:
        self._session = session
        self._path = path
        self._chaos = chaos
        self._held: list[tuple[int, bytes]] = []
        self._overtaken: list[bytes] = []
        self._stalled = 0

    def pass_on(self, frames: list[bytes], now: int) -> list[bytes]:
        """Take frames that are due; what is to be sent instead."""
        outage = self._chaos.outage(self._path, now)
        if outage is not None:
            if outage.manner == "close":
                self._session.end(outage.code)
            return []
        if now < self._stalled:
            return []
        sent = [frame for at, frame in self._held if at <= now]
        self._held = [(at, frame) for at, frame in self._held if at > now]
        if not (self._overtaken or self._chaos.expects(FRAME | BODY)):
            return sent + frames
        for frame in frames:
            sent += self._meet(frame, now)
            if self._session.ended is not None or now < self._stalled:
                break
        return sent

    def _meet(self, frame: bytes, now: int) -> list[bytes]:
        sent, overtaken = [frame], self._overtaken
        self._overtaken = []
        for rule in self._chaos.choose(_moment(frame, self._path, now), FRAME | BODY):
            sent = self._apply(rule, sent, now)
        return sent + overtaken

    def _apply(self, rule: Rule, frames: list[bytes], now: int) -> list[bytes]:
        match rule.effect:
            case "drop":
                return []
            case "duplicate":
                return frames * 2
            case "reorder":
                self._overtaken += frames
                return []
            case "late":
                self._held += [(now + (rule.milliseconds or 0), frame) for frame in frames]
                return []
            case "stall":
                self._stalled = _NEVER if rule.milliseconds is None else now + rule.milliseconds
                return []
            case "fragment":
                return [Fragments(frame) for frame in frames]
            case "oversize":
                return [frame + _BLANK * (OVERSIZE - len(frame)) for frame in frames]
            case "not_utf8":
                return [frame[:1] + b"\xff\xfe" + frame[1:] for frame in frames]
            case "error":
                return [write_error(SocketError(rule.name, rule.message or ""))]
            case "close":
                self._session.ended = rule.code
                return frames
            case _:
                return [altered(frame, rule) for frame in frames]


_NEVER = 1 << 62


def _moment(frame: bytes, path: str, now: int) -> Moment:
    """Read what a frame is about."""
    read: object = json.loads(frame)
    if isinstance(read, list):
        read = next(iter(cast("list[object]", read)), None)
    fields = cast("dict[str, object]", read) if isinstance(read, dict) else {}

    def text(name: str, short: str) -> str:
        value = fields.get(name, fields.get(short))
        return value if isinstance(value, str) else ""

    code = text("code", "cd")
    return Moment(
        now=now, path=path, markets=(code,) if code else (), type=text("type", "ty"), state=text("state", "s")
    )
