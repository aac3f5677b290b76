"""Everybody who places an order, each in its own process and environment: `python -P placers.py NAME ARGUMENTS`.

Each line of its standard input lets a placer place one order as its library does it by default, with a time limit of
`PATIENCE` where the library has one; it answers what its caller was told. Nobody is waited for longer than `HANGS`. It
imports what it compares and nothing of the rest of `benchmarks`: the environments of peers do not have it.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from threading import Thread
from typing import Any

PATIENCE = 2
"""Seconds for an answer."""
HANGS = 14
"""Seconds after which nobody waits any more."""
ORDER = {"market": "KRW-BTC", "side": "bid", "ord_type": "limit", "volume": "0.001", "price": "20000000"}

Place = Callable[[], object]
"""Places an order; gives what the caller is given."""


def ours(url: str, access: str, secret: str) -> Place:
    """This project."""
    from upbit import Upbit

    client = Upbit(access, secret, base_url=url, timeout=PATIENCE)
    return lambda: (
        client.orders.create(market="KRW-BTC", side="bid", ord_type="limit", volume="0.001", price=20_000_000).uuid
    )


def ours_async(url: str, access: str, secret: str) -> Place:
    """This project, awaited."""
    from upbit import AsyncUpbit

    async def place() -> object:
        async with AsyncUpbit(access, secret, base_url=url, timeout=PATIENCE) as client:
            order = await client.orders.create(
                market="KRW-BTC", side="bid", ord_type="limit", volume="0.001", price=20_000_000
            )
            return order.uuid

    return lambda: asyncio.run(place())


def sdk(url: str, access: str, secret: str) -> Place:
    """The official SDK."""
    from upbit import Upbit

    client: Any = Upbit(access_key=access, secret_key=secret, base_url=url, timeout=PATIENCE)
    return lambda: client.orders.create(**ORDER).uuid


def ccxt(url: str, access: str, secret: str) -> Place:
    """ccxt."""
    import ccxt as library

    urls = {"api": {"public": url, "private": url}}
    exchange: Any = library.upbit({"apiKey": access, "secret": secret, "urls": urls, "timeout": PATIENCE * 1000})
    exchange.set_markets([exchange.parse_market({"market": "KRW-BTC", "english_name": "Bitcoin"})])
    return lambda: exchange.create_order("BTC/KRW", "limit", "buy", 0.001, 20_000_000)["id"]


def pyupbit(url: str, access: str, secret: str) -> Place:
    """pyupbit: it has the address built in, and no time limit."""
    import requests as sending

    requests: Any = sending
    send = requests.Session.send

    def sent(session: Any, request: Any, **options: Any) -> Any:
        request.url = request.url.replace("https://api.upbit.com", url, 1)
        return send(session, request, **options)

    requests.Session.send = sent
    import pyupbit as library

    client: Any = library.Upbit(access, secret)

    def place() -> object:
        given = client.buy_limit_order("KRW-BTC", 20_000_000, 0.001)
        return given["uuid"] if isinstance(given, dict) and "uuid" in given else repr(given)

    return place


def client_1(url: str, access: str, secret: str, mapper: str) -> Place:
    """upbit-client 1.3.4.1; `mapper` is the file it learns its operations from. It has no time limit."""
    from upbit.client import Upbit

    client: Any = Upbit(access, secret, spec_uri=mapper, config={"host": url})

    def place() -> object:
        result = client.Order.Order_new(**ORDER)["result"]
        return result["uuid"] if isinstance(result, dict) and "uuid" in result else repr(result)

    return place


def tried(place: Place) -> str:
    """Place an order; say what the caller was told."""
    told: list[str] = []

    def work() -> None:
        try:
            given = str(place())
        except BaseException as error:  # whatever it is, it is what the caller gets
            given = type(error).__name__
        told.append("an order" if len(given) == 36 else given[:60])

    thread = Thread(target=work, daemon=True)
    thread.start()
    thread.join(HANGS)
    return told[0] if told else f"nothing for {HANGS} s"


def main(name: str, *arguments: str) -> None:
    """Get ready, and obey."""
    place: Place = globals()[name](*arguments)
    print(json.dumps({"ready": name}), flush=True)
    for _ in sys.stdin:
        print(json.dumps({"told": tried(place)}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
