from __future__ import annotations

import asyncio
from typing import cast

from aiohttp import web

from tests.paper.studio import START, Studio
from upbit.paper.broadcast import CUT, Session
from upbit.paper.chaos import Chaos
from upbit.paper.committer import Committer
from upbit.paper.interference import Fragments, Interference
from upbit.paper.outlet import Outlet
from upbit.paper.patience import GRACE, MAX_UNSENT, STALL
from upbit.paper.store import StoreError
from upbit.wire.frames import PUBLIC


class Reader:
    """The other side of a socket: takes as many bytes as it is told to, and keeps what it got."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self.buffered = 0
        self.closed = False
        self.code: int | None = None
        self.aborted = False
        self._room = asyncio.Event()
        self._room.set()

    # what a transport has

    def get_write_buffer_size(self) -> int:
        return self.buffered

    def write(self, data: bytes) -> None:
        self.frames.append(data)

    def abort(self) -> None:
        self.aborted = True

    # what a WebSocket has

    async def send_bytes(self, frame: bytes) -> None:
        if self.closed:
            raise ConnectionResetError("it has gone")
        self.frames.append(frame)
        if not self._room.is_set():
            self.buffered += len(frame)
            await self._room.wait()

    async def close(self, *, code: int) -> None:
        self.closed, self.code = True, code

    # what the test does

    def stop(self) -> None:
        self._room.clear()

    def take(self, size: int) -> None:
        self.buffered -= size

    def read(self) -> None:
        self.buffered = 0
        self._room.set()


class Disk:
    """A committer that says how often it was waited for, until it fails."""

    def __init__(self) -> None:
        self.waits = 0
        self.full = False

    async def settled(self) -> None:
        self.waits += 1
        if self.full:
            raise StoreError("the disk is full")


class Line:
    """An outlet to a reader, with seconds that pass when told."""

    def __init__(self, disk: Disk | None = None) -> None:
        self.seconds = 0.0
        self.reader = Reader()
        self.session: Session = Studio().session(PUBLIC)
        self.outlet = Outlet(
            self.session,
            Interference(self.session, PUBLIC, Chaos(0)),
            cast("web.WebSocketResponse", self.reader),
            cast("asyncio.Transport", self.reader),
            cast("Committer | None", disk),
            lambda: self.seconds,
        )
        self.writing = asyncio.create_task(self.outlet.write())

    async def put(self, *frames: bytes, after: float = 0) -> None:
        self.seconds += after
        self.outlet.put(list(frames), START)
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    def hang_up(self) -> None:
        self.writing.cancel()


MUCH = b"{" + b" " * MAX_UNSENT + b"}"


async def test_frames_arrive_in_order() -> None:
    line = Line()
    await line.put(b"1", b"2")
    await line.put(b"3")
    assert [b"1", b"2", b"3"] == line.reader.frames
    line.hang_up()


async def test_a_burst_may_be_long_if_its_reader_comes_down_to_it() -> None:
    line = Line()
    line.reader.stop()
    await line.put(MUCH, MUCH, MUCH)
    await line.put(b"{}", after=GRACE)
    line.reader.read()
    await line.put(b"{}")
    await line.put(b"{}", after=GRACE)
    assert ([MUCH] * 3 + [b"{}"] * 3, False) == (line.reader.frames, line.reader.aborted)
    line.hang_up()


async def test_who_leaves_more_than_a_mebibyte_unread_is_cut_soon() -> None:
    line = Line()
    line.reader.stop()
    await line.put(MUCH)
    await line.put(after=GRACE)
    assert not line.reader.aborted
    await line.put(after=0.01)
    assert line.reader.aborted
    line.hang_up()


async def test_who_takes_nothing_is_cut_however_little_waits() -> None:
    line = Line()
    line.reader.stop()
    await line.put(b"{}")
    await line.put(after=STALL)
    assert not line.reader.aborted
    await line.put(after=0.01)
    assert line.reader.aborted
    line.hang_up()


async def test_who_takes_a_little_now_and_then_is_not() -> None:
    line = Line()
    line.reader.stop()
    await line.put(b"{" + b" " * 100 + b"}")
    for _ in range(10):
        line.reader.take(1)
        await line.put(after=STALL)
    assert not line.reader.aborted
    line.hang_up()


async def test_who_has_read_everything_may_be_idle() -> None:
    line = Line()
    await line.put(b"{}")
    line.reader.read()
    await line.put()
    await line.put(after=1000 * STALL)
    assert not line.reader.aborted
    line.hang_up()


async def test_an_end_comes_after_what_was_due() -> None:
    line = Line()
    line.session.end(1000)
    await line.put(b"{}")
    assert ([b"{}"], 1000, False) == (line.reader.frames, line.reader.code, line.reader.aborted)
    await line.writing


async def test_a_cut_is_no_close() -> None:
    line = Line()
    line.session.end(CUT)
    await line.put()
    assert (None, True) == (line.reader.code, line.reader.aborted)
    await line.writing


async def test_an_end_that_a_silent_reader_holds_up_becomes_a_cut() -> None:
    line = Line()
    line.reader.stop()
    await line.put(b"{}")
    line.session.end(1000)
    await line.put()
    await line.put(after=STALL + 1)
    assert (None, True) == (line.reader.code, line.reader.aborted)
    line.hang_up()


async def test_leaving_closes_and_waits_for_nobody() -> None:
    line = Line()
    await line.outlet.leave()
    assert (1001, True) == (line.reader.code, line.reader.aborted)
    line.hang_up()


async def test_what_is_not_yet_safe_is_not_said_and_never_when_it_cannot_be() -> None:
    disk = Disk()
    line = Line(disk)
    await line.put(b"1", b"2")
    assert ([b"1", b"2"], 2) == (line.reader.frames, disk.waits)
    disk.full = True
    await line.put(b"3")
    assert ([b"1", b"2"], True) == (line.reader.frames, line.reader.aborted)
    await line.writing


async def test_a_reader_that_has_gone_ends_the_writing() -> None:
    line = Line()
    await line.reader.close(code=1000)
    await line.put(b"1")
    await line.writing
    assert [] == line.reader.frames


async def test_a_frame_in_pieces_is_two_frames() -> None:
    line = Line()
    await line.put(Fragments(b'{"a":1}'))
    assert [b'\x02\x03{"a\x80\x04":1}'] == line.reader.frames
    line.hang_up()


async def test_a_writer_that_finds_the_socket_closed_goes_home() -> None:
    line = Line()
    await line.put(b"1")
    line.reader.closed = True
    await line.put(Fragments(b"22"))
    await line.writing
    assert b"1" == line.reader.frames[0]
