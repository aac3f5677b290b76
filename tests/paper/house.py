"""A paper exchange as its customer has it: a client, the private stream, and word from the control API."""

from __future__ import annotations

import asyncio
import json
import threading
import time
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Protocol

from upbit import Upbit
from upbit.paper import PaperExchange, running
from upbit.paper.broadcast import Hub
from upbit.websocket import UpbitWebSocket
from upbit.wire.frames import PRIVATE

D = Decimal
START = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
REQUEST = '[{"ticket":"t"},{"type":"myOrder"}]'
Message = dict[str, Any]


class House(Protocol):
    client: Upbit

    def pass_time(self, milliseconds: int) -> None: ...

    def faults(self) -> list[str]:
        """What is wrong inside: nothing, ever."""
        ...

    def hear(self, enough: Callable[[list[Message]], bool]) -> list[Message]:
        """What the private stream has told since the beginning, once that is enough."""
        ...

    def close(self) -> None: ...


def hurry(seconds: float) -> None:
    """What a client does when it ought to wait: nothing, so that no time passes between two looks of a test."""


def read(frame: bytes | str) -> Message:
    message: Message = json.loads(frame, parse_float=Decimal, parse_int=Decimal)
    return message


class Inside:
    """Joined to it without a socket."""

    def __init__(self) -> None:
        self._paper = PaperExchange(seed=5, start=START, limited=False)
        self.client = self._paper.client(sleep=hurry)
        exchange = self._paper.exchange
        self._hub = Hub(exchange, limited=False)
        self._session = self._hub.open(PRIVATE, exchange.first_key, exchange.now)
        self._told = [read(frame) for frame in self._session.receive(REQUEST, exchange.now)]

    def pass_time(self, milliseconds: int) -> None:
        self._paper.advance(milliseconds / 1000)
        self._session.touch(self._paper.exchange.now)

    def faults(self) -> list[str]:
        exchange = self._paper.exchange
        return exchange.engine.faults(exchange.wallet.locks())

    def hear(self, enough: Callable[[list[Message]], bool]) -> list[Message]:
        self._told += map(read, self._session.pulse(self._paper.exchange.now))
        return self._told

    def close(self) -> None:
        self._hub.close()


class Served:
    """Served from a port: requests over HTTP, the stream over a WebSocket, time by the control API."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._exchange = self._stack.enter_context(running(seed=5, limited=False))
        self.client = self._stack.enter_context(self._exchange.client(sleep=hurry))
        self._control("clock", {"mode": "stepped"})
        self._told: list[Message] = []
        self._subscribed = threading.Event()
        self._stop = threading.Event()
        self._listener = threading.Thread(target=lambda: asyncio.run(self._listen()))
        self._listener.start()
        assert self._subscribed.wait(5)

    async def _listen(self) -> None:
        place = self._exchange
        socket = UpbitWebSocket(f"{place.ws_url}/private", access_key=place.access_key, secret_key=place.secret_key)
        async with socket as stream:
            await stream.send(REQUEST)
            await stream.send('[{"ticket":"t"},{"method":"LIST_SUBSCRIPTIONS"}]')
            await stream.recv()
            self._subscribed.set()
            while not self._stop.is_set():
                try:
                    self._told.append(read(await asyncio.wait_for(stream.recv(), 0.05)))
                except TimeoutError:
                    continue

    def _control(self, what: str, change: object = None) -> Any:
        body = None if change is None else json.dumps(change).encode()
        headers = {"Authorization": f"Bearer {self._exchange.control_token}", "Content-Type": "application/json"}
        request = urllib.request.Request(f"{self._exchange.control_url}/{what}", body, headers)
        with urllib.request.urlopen(request, timeout=5) as answer:
            return json.load(answer)

    def pass_time(self, milliseconds: int) -> None:
        self._control("clock", {"advance": milliseconds})

    def faults(self) -> list[str]:
        found: list[str] = self._control("invariants")["faults"]
        return found

    def hear(self, enough: Callable[[list[Message]], bool]) -> list[Message]:
        until = time.monotonic() + 5
        while not enough(self._told) and time.monotonic() < until:
            time.sleep(0.002)
        return self._told

    def close(self) -> None:
        self._stop.set()
        self._listener.join()
        self._stack.close()
