"""A session that is driven, and somebody to dial who is not there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from itertools import count
from threading import Lock

from upbit.errors import APIConnectionError, APIError
from upbit.flow.pace import Lanes, Pace
from upbit.flow.session import Session, Times
from upbit.io import AsyncSocket, Closed, Dial
from upbit.io.aio_socket import AioDial, drive
from upbit.wire.frames import INFO, PRIVATE, PUBLIC, Subscription
from upbit.wire.quota import Limit, limits


class Ride:
    """A session that is driven: what it hears, and how it goes."""

    def __init__(
        self,
        url: str,
        dial: Dial | None = None,
        *,
        times: Times | None = None,
        limit: Limit | None = None,
        token: Callable[[], str] | None = None,
        hear: Callable[[bytes | str], None] | None = None,
    ) -> None:
        path = next(path for path in (PRIVATE, INFO, PUBLIC) if url.endswith(path))
        tickets = count(1)
        self.session = Session(
            path, ticket=lambda: f"t{next(tickets)}", random=lambda: 0.5, times=times or Times(first_pause=0.01)
        )
        self.frames: list[bytes | str] = []
        self.told: list[str] = []
        self.pace = Pace(Lanes(Lock(), {**limits(), "websocket": limit or Limit(100)}), "one")
        self._wake = asyncio.Event()
        self._news = asyncio.Event()
        self._hear = hear
        self.task = asyncio.create_task(
            drive(
                self.session,
                dial or AioDial(),
                self._take,
                url=url,
                pace=self.pace,
                wake=self._wake,
                token=token,
                told=self._tell,
            )
        )

    def _take(self, frame: bytes | str, now: float) -> None:
        assert abs(now - asyncio.get_running_loop().time()) < 1
        self.frames.append(frame)
        self._news.set()
        if self._hear is not None:
            self._hear(frame)

    def _tell(self, session: Session) -> None:
        self.told.append(session.state)
        self._news.set()

    def want(self, *subscriptions: Subscription) -> None:
        self.session.want(subscriptions)
        self._wake.set()

    def close(self) -> None:
        self.session.close()
        self._wake.set()

    def ask_list(self) -> None:
        self.session.ask_list()
        self._wake.set()

    async def until(self, there: Callable[[], bool]) -> None:
        async with asyncio.timeout(5):
            while not there():
                self._news.clear()
                await self._news.wait()


@asynccontextmanager
async def ride(
    url: str,
    *subscriptions: Subscription,
    dial: Dial | None = None,
    times: Times | None = None,
    limit: Limit | None = None,
    token: Callable[[], str] | None = None,
    hear: Callable[[bytes | str], None] | None = None,
) -> AsyncGenerator[Ride]:
    ridden = Ride(url, dial, times=times, limit=limit, token=token, hear=hear)
    ridden.want(*subscriptions)
    try:
        yield ridden
    finally:
        ridden.task.cancel()
        await asyncio.wait([ridden.task])


class Pretended(AsyncSocket):
    """A socket without a network: gives its frames, then waits."""

    def __init__(self, *frames: bytes, deaf: bool = False) -> None:
        self.frames = list(reversed(frames))
        self.said: list[str] = []
        self._deaf = deaf
        self._closed = asyncio.Event()

    async def send(self, text: str) -> None:
        if self._closed.is_set():
            raise APIConnectionError("it is closed")
        self.said.append(text)
        if self._deaf:
            await asyncio.sleep(3600)

    async def receive(self) -> bytes | str | Closed:
        if not self.frames:
            await self._closed.wait()
            return Closed(None, "by us")
        return self.frames.pop()

    async def close(self) -> None:
        self._closed.set()


class Exchange:
    """Whom to dial: each time the next of its answers, the last one for ever."""

    def __init__(self, *answers: APIError | Pretended) -> None:
        self._answers = list(answers)
        self.dialed: list[float] = []
        self.headers: list[dict[str, str]] = []

    async def __call__(self, url: str, headers: Mapping[str, str], heartbeat: float) -> AsyncSocket:
        self.dialed.append(asyncio.get_running_loop().time())
        self.headers.append(dict(headers))
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, APIError):
            raise answer
        return answer
