"""Everybody who listens to a stream, each in its own process and environment: `python -P listeners.py NAME AUTHORITY`.

A listener gets ready and then obeys each line of its standard input. `ticker 20000` lets it connect, hear so many
events and answer how many it managed in a second; `late ticker 2000` how late they came. `begin trade` lets it listen
until `end`, and `tell` answers what it has heard so far. It imports what it compares and nothing of the rest of
`benchmarks`: the environments of peers do not have it.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from io import FileIO
from operator import attrgetter, itemgetter
from statistics import quantiles
from threading import Thread
from types import FrameType
from typing import Any

ACCESS, SECRET = "access-key-of-a-benchmark", "secret-key-of-a-benchmark-0123456789"
MARKET = "KRW-BTC"
PATH = "/websocket/v1"
PATIENCE = 30
"""Seconds after which whoever has not done what was asked is killed."""

Hear = Callable[[Any], bool]
"""Takes an event as it reaches the program; whether that was the last."""
Listen = Callable[[str, Hear], Awaitable[None] | None]
"""Listens to a type of events until the last."""


# -- who listens ---------------------------------------------------------------------------------------


def upbit_async(authority: str) -> Listen:
    """This project."""
    from upbit import AsyncUpbit, feed

    async def listen(kind: str, hear: Hear) -> None:
        async with (
            AsyncUpbit(base_url=f"http://{authority}") as client,
            client.feed(getattr(feed, kind)(MARKET)) as events,
        ):
            async for event in events:
                if hear(event):
                    break

    return listen


def upbit_watchful(authority: str) -> Listen:
    """This project, as patient as suits faults that last for seconds: by default it takes a minute for an audit."""
    from upbit import AsyncUpbit, feed

    times = feed.Times(answer=1, quiet=2, least_silence=1)

    async def listen(kind: str, hear: Hear) -> None:
        async with (
            AsyncUpbit(base_url=f"http://{authority}") as client,
            client.feed(getattr(feed, kind)(MARKET), times=times, audit=2) as events,
        ):
            async for event in events:
                if hear(event):
                    break

    return listen


def upbit_sync(authority: str) -> Listen:
    """This project, without await."""
    from upbit import Upbit, feed

    def listen(kind: str, hear: Hear) -> None:
        with Upbit(base_url=f"http://{authority}") as client, client.feed(getattr(feed, kind)(MARKET)) as events:
            for event in events:
                if hear(event):
                    break

    return listen


def _wanted(kind: str, form: str = "DEFAULT") -> str:
    return json.dumps([{"ticket": "benchmark"}, {"type": kind, "codes": [MARKET]}, {"format": form}])


def _decoders() -> dict[str, Callable[[bytes], Any]]:
    """What this project decodes the short names to, decoded by msgspec."""
    import msgspec

    from upbit.models import OrderbookEvent, TickerEvent, TradeEvent

    kinds = {"ticker": TickerEvent, "trade": TradeEvent, "orderbook": OrderbookEvent}
    return {kind: msgspec.json.Decoder(struct).decode for kind, struct in kinds.items()}


def _full_decoders() -> dict[str, Callable[[bytes], Any]]:
    """The same structs, decoded from their full names."""
    import msgspec

    from upbit.models import TickerEvent, TradeEvent

    def renamed(struct: Any) -> Any:
        fields = [
            (one.name, one.type) if one.required else (one.name, one.type, one.default)
            for one in msgspec.structs.fields(struct)
        ]
        return msgspec.defstruct(struct.__name__, fields, frozen=True, kw_only=True, gc=False)

    kinds = {"ticker": TickerEvent, "trade": TradeEvent}
    return {kind: msgspec.json.Decoder(renamed(struct)).decode for kind, struct in kinds.items()}


def _aiohttp(authority: str, form: str, decoders: dict[str, Callable[[bytes], Any]]) -> Listen:
    import aiohttp

    async def listen(kind: str, hear: Hear) -> None:
        decode = decoders[kind]
        async with aiohttp.ClientSession() as session, session.ws_connect(f"ws://{authority}{PATH}") as ws:
            await ws.send_str(_wanted(kind, form))
            async for message in ws:
                if hear(decode(message.data)):
                    break

    return listen


def aiohttp_simple(authority: str) -> Listen:
    """aiohttp and msgspec, nothing else, with short names."""
    return _aiohttp(authority, "SIMPLE", _decoders())


def aiohttp_default(authority: str) -> Listen:
    """aiohttp and msgspec, nothing else, with full names."""
    return _aiohttp(authority, "DEFAULT", _full_decoders())


def websockets_simple(authority: str) -> Listen:
    """websockets and msgspec, nothing else, with short names."""
    from websockets.asyncio.client import connect

    decoders = _decoders()

    async def listen(kind: str, hear: Hear) -> None:
        decode = decoders[kind]
        async with connect(f"ws://{authority}{PATH}") as ws:
            await ws.send(_wanted(kind, "SIMPLE"))
            while not hear(decode(await ws.recv(decode=False))):
                pass

    return listen


def sdk(authority: str) -> Listen:
    """The official SDK, told of what it can tell: that it lost the connection and that it has another."""
    from upbit import AsyncUpbit

    async def listen(kind: str, hear: Hear) -> None:
        async with AsyncUpbit(access_key=ACCESS, secret_key=SECRET, websocket_base_url=f"ws://{authority}") as client:
            hooks: Any = {"on_disconnect": lambda: hear("on_disconnect") and None}
            async with getattr(client.ws_stream, kind)([MARKET], **hooks) as stream:
                async for event in stream:
                    if hear(event):
                        break

    return listen


def ccxt(authority: str) -> Listen:
    """ccxt.pro: it answers with the last ticker only when more than one has come."""
    from ccxt import pro

    async def listen(kind: str, hear: Hear) -> None:
        exchange: Any = pro.upbit({"urls": {"api": {"ws": f"ws://{authority}{PATH}"}}})
        exchange.set_markets([exchange.parse_market({"market": MARKET, "english_name": "Bitcoin"})])
        watch = getattr(exchange, f"watch_{kind}")
        try:
            while not hear(await watch("BTC/KRW")):
                pass
        finally:
            await exchange.close()

    return listen


def pyupbit(authority: str) -> Listen:
    """pyupbit, which listens in a process of its own. Its address is built in, and led to ours as it connects."""
    import pyupbit
    import websockets

    connect = websockets.connect
    redirected: Any = websockets
    redirected.connect = lambda address, **options: connect(f"ws://{authority}{PATH}", **options)
    multiprocessing.set_start_method("fork")

    def listen(kind: str, hear: Hear) -> None:
        stream = pyupbit.WebSocketManager(kind, [MARKET])
        stream.daemon = True
        try:
            while not hear(stream.get()):
                pass
        finally:
            stream.terminate()
            stream.join()

    return listen


def client_1(authority: str) -> Listen:
    """upbit-client 1.3.4.1, as its documents show it. Importing it asks for its released versions: nobody answers."""
    import requests

    answer: Any = requests.Response()
    answer.status_code = 200
    answer._content = b'{"releases": {"1.3.4.1": []}}'
    get = requests.get
    requests.get = lambda *arguments, **options: answer
    try:
        from upbit.websocket import UpbitWebSocket
    finally:
        requests.get = get
    sockets: Any = UpbitWebSocket

    async def listen(kind: str, hear: Hear) -> None:
        wanted = sockets.generate_payload(type_fields=[sockets.generate_type_field(type=kind, codes=[MARKET])])
        async with sockets(uri=f"ws://{authority}{PATH}") as connection:
            await connection.send(wanted)
            while not hear(json.loads((await connection.recv()).decode("utf8"))):
                pass

    return listen


DICTS = frozenset({"ccxt", "pyupbit", "client_1"})
"""Those who hand over dicts."""


# -- what is asked of them -------------------------------------------------------------------------------


def _run(listen: Listen, kind: str, hear: Hear) -> None:
    awaited = listen(kind, hear)
    if awaited is not None:
        asyncio.run(_awaited(awaited))


async def _awaited(awaited: Awaitable[None]) -> None:
    await awaited


def _manage(listen: Listen, kind: str, count: int, read: Callable[[Any], int]) -> dict[str, float]:
    """How many events in a second of processor time, and of time; `passed` counts also those nobody was shown."""
    seen = first = 0
    cpu = wall = 0.0

    def hear(event: Any) -> bool:
        nonlocal seen, first, cpu, wall
        number = read(event)
        if not seen:
            first, cpu, wall = number, time.process_time(), time.perf_counter()
        seen += 1
        if number - first < count - 1:
            return False
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        return True

    children = _children()
    _run(listen, kind, hear)
    cpu += _children() - children
    return {"rate": seen / cpu, "passed": count / cpu, "wall": seen / wall, "seen": seen / count}


def _children() -> float:
    """Processor time of processes that were ours and are over."""
    times = os.times()
    return times.children_user + times.children_system


def _lag(listen: Listen, kind: str, count: int, read: Callable[[Any], int]) -> dict[str, float]:
    """How many microseconds after they left events were here; their numbers say when that was."""
    late: list[int] = []

    def hear(event: Any) -> bool:
        late.append(time.monotonic_ns() // 1000 - read(event))
        return len(late) == count

    _run(listen, kind, hear)
    percentiles = quantiles(late[count // 10 :], n=100)  # the first are late because all else begins, too
    return {"p50": percentiles[49], "p99": percentiles[98]}


class Stay:
    """Listening for a while, and what came of it."""

    def __init__(self, listen: Listen, kind: str, read: Callable[[Any], int]) -> None:
        self._ids: list[int] = []
        self._told: list[str] = []
        self._gaps: list[tuple[int | None, int]] = []
        self._end = ""
        self._over = False
        self._listen, self._kind, self._read = listen, kind, read
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # what they write when they die is not shown
        Thread(target=self._stay, daemon=True).start()

    def tell(self) -> dict[str, Any]:
        """Numbers of the trades heard, gaps as pairs of lost and recovered, what else was told, and how it ended."""
        record = {"ids": self._ids, "gaps": self._gaps, "told": self._told, "end": self._end, "waits": False}
        if self._listen.__qualname__.startswith("pyupbit") and not (self._end or multiprocessing.active_children()):
            record |= {"end": "its process died, get() waits for ever", "waits": True}
        return record

    def leave(self) -> None:
        """Hear no more than one more event."""
        self._over = True
        for child in multiprocessing.active_children():
            child.terminate()

    def _stay(self) -> None:
        try:
            _run(self._listen, self._kind, self._hear)
            self._end = "the loop ended"
        except Exception as error:
            self._end = type(error).__name__

    def _hear(self, event: Any) -> bool:
        try:
            self._ids.append(self._read(event))
        except (AttributeError, KeyError, TypeError):
            if type(event).__name__ == "Gap":
                self._gaps.append((event.lost, event.recovered))
            else:
                self._told.append(_described(event))
        return self._over


def _described(event: Any) -> str:
    """Put in words what is no trade."""
    if isinstance(event, str):
        return event
    return "an error" if "error" in str(event) else type(event).__name__


def _go(number: int, frame: FrameType | None) -> None:
    """End without waiting for anybody."""
    for child in multiprocessing.active_children():
        child.terminate()
    os._exit(0)


def main(name: str, authority: str) -> None:
    """Listen when told to."""
    listen: Listen = globals()[name](authority)
    getter: Any = itemgetter if name in DICTS else attrgetter
    stay: Stay | None = None
    signal.signal(signal.SIGTERM, _go)
    print("{}", flush=True)
    for line in FileIO(0):  # not sys.stdin: pyupbit forks, and its lock would be held for ever in the new process
        answer: dict[str, Any] = {}
        signal.alarm(PATIENCE)
        match line.decode().split():
            case ["begin", kind]:
                stay = Stay(listen, kind, getter("sequential_id"))
            case ["tell"] if stay is not None:
                answer = stay.tell()
            case ["end"] if stay is not None:
                stay.leave()
            case ["late", kind, count]:
                answer = _lag(listen, kind, int(count), getter("timestamp"))
            case [kind, count]:
                answer = _manage(listen, kind, int(count), getter("timestamp"))
        signal.alarm(0)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
