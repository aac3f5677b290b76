"""Everybody who takes part, each in its own process and environment: `python -P contestants.py NAME ARGUMENTS`.

A contestant gets ready, then does its work as often as each line of its standard input says and answers what it took.
It imports what it compares and nothing of the rest of `benchmarks`: the environments of peers do not have it.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import itertools
import json
import sys
import time
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Awaitable, Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

ACCESS, SECRET = "access-key-of-a-benchmark", "secret-key-of-a-benchmark-0123456789"
ORDER = {"market": "KRW-BTC", "side": "bid", "ord_type": "limit", "volume": "0.01", "price": "100"}
UUID = "cdd92199-2897-4e14-9448-f923320408ad"

Work = Callable[[], object]


# -- a signed POST, one after another ----------------------------------------------------------------


def _b64(data: bytes) -> bytes:
    return urlsafe_b64encode(data).rstrip(b"=")


def _structs() -> Any:
    import msgspec

    class Order(msgspec.Struct):
        uuid: str
        side: str
        ord_type: str
        price: Decimal
        state: str
        market: str
        created_at: str
        volume: Decimal
        remaining_volume: Decimal
        reserved_fee: Decimal
        remaining_fee: Decimal
        paid_fee: Decimal
        locked: Decimal
        executed_volume: Decimal
        trades_count: int

    return msgspec.json.Encoder(), msgspec.json.Decoder(Order)


def _hand_signed(encode: Callable[[object], bytes]) -> Callable[[], tuple[bytes, dict[str, str]]]:
    """Sign an order with nothing but the standard library, as one would by hand."""
    head = _b64(b'{"alg":"HS512","typ":"JWT"}')

    def signed() -> tuple[bytes, dict[str, str]]:
        query = "&".join(f"{name}={value}" for name, value in ORDER.items())
        claims = {
            "access_key": ACCESS,
            "nonce": str(uuid.uuid4()),
            "query_hash": hashlib.sha512(query.encode()).hexdigest(),
            "query_hash_alg": "SHA512",
        }
        token = head + b"." + _b64(encode(claims))
        seal = _b64(hmac.digest(SECRET.encode(), token, "sha512"))
        headers = {"authorization": f"Bearer {(token + b'.' + seal).decode()}", "content-type": "application/json"}
        return encode(ORDER), headers

    return signed


def hand_sync(url: str) -> Work:
    """urllib3, hmac and msgspec, written by hand."""
    import urllib3

    encoder, decoder = _structs()
    signed = _hand_signed(encoder.encode)
    pool = urllib3.connection_from_url(url)

    def work() -> object:
        body, headers = signed()
        answer = pool.urlopen("POST", "/v1/orders", body=body, headers=headers)
        return decoder.decode(answer.data).uuid

    return work


def hand_async(url: str) -> Callable[[], Awaitable[object]]:
    """aiohttp, hmac and msgspec, written by hand."""
    import aiohttp

    encoder, decoder = _structs()
    signed = _hand_signed(encoder.encode)
    session: list[aiohttp.ClientSession] = []

    async def work() -> object:
        if not session:
            session.append(aiohttp.ClientSession())
        body, headers = signed()
        async with session[0].post(f"{url}/v1/orders", data=body, headers=headers) as answer:
            return decoder.decode(await answer.read()).uuid

    return work


def _hurried() -> Callable[[], float]:
    """Make a clock that leaps: by it, the limiter of the client never has to wait."""
    return itertools.count(step=1000).__next__


def upbit_sync(url: str) -> Work:
    """This project."""
    from upbit import Upbit

    client = Upbit(ACCESS, SECRET, base_url=url, clock=_hurried())
    volume, price = Decimal("0.01"), Decimal(100)

    def work() -> object:
        order = client.orders.create(market="KRW-BTC", side="bid", ord_type="limit", volume=volume, price=price)
        return order.uuid

    return work


def upbit_async(url: str) -> Callable[[], Awaitable[object]]:
    """This project, awaited."""
    from upbit import AsyncUpbit

    client = AsyncUpbit(ACCESS, SECRET, base_url=url, clock=_hurried())
    volume, price = Decimal("0.01"), Decimal(100)

    async def work() -> object:
        order = await client.orders.create(market="KRW-BTC", side="bid", ord_type="limit", volume=volume, price=price)
        return order.uuid

    return work


def sdk_sync(url: str) -> Work:
    """The official SDK."""
    from upbit import Upbit

    client: Any = Upbit(access_key=ACCESS, secret_key=SECRET, base_url=url, max_retries=0)
    return lambda: client.orders.create(**ORDER).uuid


def sdk_async(url: str) -> Callable[[], Awaitable[object]]:
    """The official SDK, awaited."""
    from upbit import AsyncUpbit

    client: Any = AsyncUpbit(access_key=ACCESS, secret_key=SECRET, base_url=url, max_retries=0)

    async def work() -> object:
        return (await client.orders.create(**ORDER)).uuid

    return work


def _ccxt_settings(url: str) -> dict[str, object]:
    return {
        "apiKey": ACCESS,
        "secret": SECRET,
        "enableRateLimit": False,
        "urls": {"api": {"public": url, "private": url}},
    }


def _ccxt_market(exchange: Any) -> None:
    """Tell ccxt the market beforehand: looking markets up is no part of a call."""
    exchange.set_markets([exchange.parse_market({"market": "KRW-BTC", "english_name": "Bitcoin"})])


def ccxt_sync(url: str) -> Work:
    """ccxt: numbers go in, an order of its own kind comes out."""
    import ccxt

    exchange: Any = ccxt.upbit(_ccxt_settings(url))
    _ccxt_market(exchange)
    return lambda: exchange.create_order("BTC/KRW", "limit", "buy", 0.01, 100)["id"]


def ccxt_async(url: str) -> Callable[[], Awaitable[object]]:
    """ccxt, awaited."""
    import ccxt.async_support

    exchange: Any = ccxt.async_support.upbit(_ccxt_settings(url))
    _ccxt_market(exchange)

    async def work() -> object:
        return (await exchange.create_order("BTC/KRW", "limit", "buy", 0.01, 100))["id"]

    return work


def ccxt_raw_sync(url: str) -> Work:
    """ccxt, its raw call: nothing is checked, the answer stays a dict of texts."""
    import ccxt

    exchange: Any = ccxt.upbit(_ccxt_settings(url))
    return lambda: exchange.privatePostOrders(ORDER)["uuid"]


def ccxt_raw_async(url: str) -> Callable[[], Awaitable[object]]:
    """ccxt, its raw call, awaited."""
    import ccxt.async_support

    exchange: Any = ccxt.async_support.upbit(_ccxt_settings(url))

    async def work() -> object:
        return (await exchange.privatePostOrders(ORDER))["uuid"]

    return work


def pyupbit_sync(url: str) -> Work:
    """pyupbit. It knows no address but the real one: its requests are led to ours on their way out."""
    import pyupbit
    from pyupbit import request_api

    requests: Any = request_api.requests
    post = requests.post
    requests.post = lambda target, **rest: post(target.replace("https://api.upbit.com", url), **rest)
    client: Any = pyupbit.Upbit(ACCESS, SECRET)
    return lambda: client.buy_limit_order("KRW-BTC", 100, 0.01)["uuid"]


def client_1_sync(url: str, mapper: str) -> Work:
    """upbit-client 1.3.4.1; `mapper` is the file it learns its operations from."""
    from upbit.client import Upbit

    client: Any = Upbit(ACCESS, SECRET, spec_uri=mapper, config={"host": url})
    return lambda: client.Order.Order_new(**ORDER)["result"]["uuid"]


# -- 200 candles -------------------------------------------------------------------------------------


def decode_upbit(path: str) -> Work:
    """This project: as a call reads its answer."""
    from upbit.api import Candles
    from upbit.flow.result import value
    from upbit.wire.message import Response

    response = Response(200, Path(path).read_bytes())
    return lambda: value(Candles.list_minutes, response)


def decode_msgspec(path: str) -> Work:
    """msgspec and a struct of exactly the fields that are there."""
    import msgspec

    class Candle(msgspec.Struct):
        market: str
        candle_date_time_utc: str
        candle_date_time_kst: str
        opening_price: Decimal
        high_price: Decimal
        low_price: Decimal
        trade_price: Decimal
        timestamp: int
        candle_acc_trade_price: Decimal
        candle_acc_trade_volume: Decimal
        unit: int

    body, decoder = Path(path).read_bytes(), msgspec.json.Decoder(list[Candle])
    return lambda: decoder.decode(body)


def decode_sdk(path: str) -> Work:
    """The official SDK: what it does with the body of an answer. Its numbers are texts or floats, not Decimals."""
    import httpx
    from upbit.types import CandleListMinutesResponse

    from upbit import Upbit

    client: Any = Upbit(access_key=ACCESS, secret_key=SECRET, base_url="http://127.0.0.1:1")
    response: Any = httpx.Response(200, content=Path(path).read_bytes())
    return lambda: client._process_response_data(
        data=response.json(parse_float=str), cast_to=CandleListMinutesResponse, response=response
    )


# -- taking turns --------------------------------------------------------------------------------------


def _checked(done: object) -> None:
    if isinstance(done, str) and done != UUID:
        raise SystemExit(f"expected the order {UUID}, got {done}")
    if isinstance(done, list) and len(done) != 200:
        raise SystemExit(f"expected 200 candles, got {len(done)}")


def main(name: str, *arguments: str) -> None:
    """Work when told to."""
    work: Callable[[], Any] = globals()[name](*arguments)
    with asyncio.Runner() as runner:

        async def awaited(count: int) -> object:
            done: object = None
            for _ in range(count):
                done = await work()
            return done

        def plain(count: int) -> object:
            done: object = None
            for _ in range(count):
                done = work()
            return done

        print("{}", flush=True)
        for line in sys.stdin:
            count = int(line)
            wall, cpu = time.perf_counter(), time.process_time()
            done = runner.run(awaited(count)) if name.endswith("_async") else plain(count)
            took = {"wall": (time.perf_counter() - wall) / count, "cpu": (time.process_time() - cpu) / count}
            _checked(done)
            print(json.dumps(took), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
