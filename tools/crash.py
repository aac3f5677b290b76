"""`python -m tools.crash --times 200`: kill the paper exchange in the middle of orders, and see whether it forgets.

A server with `--data` takes orders, cancels and deposits over HTTP on many connections; at a random moment it is killed
(SIGKILL). After each restart everything that was ever answered must be there: every order under its uuid and its
identifier, once, with at least the fills that were seen; every cancel; every deposit. No identifier and no nonce can
be used again, and all invariants hold. At the end the log is carried out from its first record, without snapshots,
and must give the same state hash. Prints what it did and how long restarts took; ends with 1 when anything was lost.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any, NamedTuple
from uuid import uuid4

import aiohttp

from upbit.paper.clock import SteppedClock
from upbit.paper.journal import Journal, open_journal
from upbit.paper.state import state_hash
from upbit.paper.store import FILE
from upbit.wire.token import plain_body, sign

CONNECTIONS = 16
PRICE = 100_000_000
"""Bids of so much rest or fill, as the market goes; it begins near this."""


class Lost(Exception):
    """Something that was answered is not true any more."""


class Report(NamedTuple):
    """What was done, and how long it took."""

    kills: int
    answered: int
    """Commands that were answered before the kill."""
    unknown: int
    """Commands that were cut off; `kept` of them were carried out."""
    kept: int
    starts: list[float]
    """Seconds from the start of the process until it serves."""
    opens: list[float]
    """Seconds of them that reading the data took."""

    def __str__(self) -> str:
        starts, opens = sorted(self.starts), sorted(self.opens)
        return (
            f"{self.kills} kills: {self.answered} commands answered, {self.unknown} cut off ({self.kept} kept), "
            f"nothing lost.\nReading the data took {statistics.median(opens):.3f} s in the middle, {opens[-1]:.3f} s "
            f"at most; a process served after {statistics.median(starts):.2f} s, {starts[-1]:.2f} s at most."
        )


class Memory:
    """What the exchange has answered, as its clients remember it."""

    def __init__(self) -> None:
        self.orders: dict[str, str] = {}
        """Uuid -> identifier."""
        self.filled: dict[str, Decimal] = {}
        self.cancelled: set[str] = set()
        self.deposits: set[str] = set()
        self.unknown: set[str] = set()
        """Identifiers of orders that were sent and not answered."""
        self.accepted: list[tuple[str, str, Mapping[str, str], str]] = []
        """Commands that were carried out, with their tokens."""
        self.answered = self.cut = 0


class Client:
    """Signs requests and sends them."""

    def __init__(self, session: aiohttp.ClientSession, env: Mapping[str, str]) -> None:
        self._session = session
        self._env = env

    async def send(
        self, verb: str, path: str, fields: Mapping[str, str], token: str | None = None
    ) -> tuple[int, Any, str]:
        """Send a request: status, body, and the token it was signed with."""
        query = "&".join(f"{name}={text}" for name, text in fields.items())
        body = json.dumps(fields).encode() if verb == "POST" else b""
        plain = plain_body(body, "application/json") if verb == "POST" else query
        token = token or sign(
            self._env["UPBIT_ACCESS_KEY"], self._env["UPBIT_SECRET_KEY"], nonce=str(uuid4()), query=plain
        )
        url = f"{self._env['UPBIT_BASE_URL']}{path}" + (f"?{query}" if query and verb != "POST" else "")
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        async with self._session.request(verb, url, data=body or None, headers=headers) as response:
            return response.status, await response.json(), token


class Trader:
    """Sends commands one after the other, and remembers the answers."""

    def __init__(self, client: Client, memory: Memory, chance: Random, name: str) -> None:
        self._client, self._memory, self._chance, self._name = client, memory, chance, name
        self._sent = 0
        self._open: list[str] = []

    async def trade(self) -> None:
        """Go on until the exchange is gone."""
        with suppress(aiohttp.ClientError, ConnectionError, asyncio.TimeoutError):
            while True:
                await self._command()

    async def _command(self) -> None:
        what = self._chance.random()
        if what < 0.05:
            fields = {"amount": "1000000", "two_factor_type": "kakao"}
            status, answer = await self._asked("POST", "/v1/deposits/krw", fields)
            if status == 201:
                self._memory.deposits.add(answer["uuid"])
        elif what < 0.40 and self._open:
            uuid = self._open.pop(self._chance.randrange(len(self._open)))
            status, answer = await self._asked("DELETE", "/v1/order", {"uuid": uuid})
            if status == 200:
                self._memory.cancelled.add(uuid)
        elif what < 0.5 and self._open:
            uuid = self._chance.choice(self._open)
            status, answer = await self._asked("GET", "/v1/order", {"uuid": uuid})
            before = self._memory.filled.get(uuid, Decimal(0))
            self._memory.filled[uuid] = max(before, Decimal(answer["executed_volume"]))
        else:
            await self._order()

    async def _order(self) -> None:
        self._sent += 1
        identifier = f"{self._name}-{self._sent}"
        order = {"market": "KRW-BTC", "side": "bid", "identifier": identifier}
        if self._chance.random() < 0.3:
            order |= {"ord_type": "price", "price": "6000"}
        else:
            price = PRICE * self._chance.randrange(900, 1001) // 1000 // 1000 * 1000
            order |= {"ord_type": "limit", "price": str(price), "volume": "0.0001"}
        self._memory.unknown.add(identifier)
        status, answer = await self._asked("POST", "/v1/orders", order)
        self._memory.unknown.discard(identifier)
        if status == 201:
            self._memory.orders[answer["uuid"]] = identifier
            self._open.append(answer["uuid"])
        elif answer["error"]["name"] != "insufficient_funds_bid":
            raise Lost(f"an order was refused: {answer}")

    async def _asked(self, verb: str, path: str, fields: Mapping[str, str]) -> tuple[int, Any]:
        self._memory.cut += 1
        status, answer, token = await self._client.send(verb, path, fields)
        self._memory.cut -= 1
        self._memory.answered += 1
        if status < 300 and verb != "GET":
            self._memory.accepted.append((verb, path, fields, token))
        return status, answer


class Process:
    """A server on a data folder."""

    def __init__(self, data: Path) -> None:
        env_file = data.parent / "env"
        errors = data.parent / "errors"
        env_file.unlink(missing_ok=True)
        begun = time.monotonic()
        command = [sys.executable, "-m", "upbit", "paper", "serve", "--no-limits"]
        with errors.open("w") as said:
            self._process = subprocess.Popen(
                [*command, "--data", str(data), "--env-file", str(env_file)], stdout=subprocess.DEVNULL, stderr=said
            )
        while not env_file.exists():
            if self._process.poll() is not None:
                raise Lost(f"the exchange did not start: {errors.read_text()}")
            time.sleep(0.002)
        self.seconds = time.monotonic() - begun
        self.env = dict(line.split("=", 1) for line in env_file.read_text().splitlines())

    def kill(self) -> None:
        """End it without a word."""
        self._process.kill()
        self._process.wait()


def opened(data: Path, now: int | None = None) -> Journal:
    """Open data in this process; with `now` at that time."""
    clock = (lambda: time.time_ns() // 1_000_000) if now is None else SteppedClock(now)
    return open_journal(data, clock=clock, secret=lambda: "unused", durability="memory")


def check(data: Path, memory: Memory) -> tuple[float, int]:
    """Look at a copy of the data; how long that took to open, and how many cut-off orders were kept."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(shutil.copytree(data, Path(folder) / "data"))
        begun = time.monotonic()
        journal = opened(copy)
        seconds = time.monotonic() - begun
        exchange = journal.exchange
        register, account = exchange.engine.register, exchange.account
        for uuid, identifier in memory.orders.items():
            order = register.order(account, uuid)
            if order is None or register.identified(account, identifier) is not order:
                raise Lost(f"order {uuid} ({identifier}) is gone")
            if uuid in memory.cancelled and order.state == "wait":
                raise Lost(f"order {uuid} was cancelled and is open")
            if order.executed_volume < memory.filled.get(uuid, 0):
                raise Lost(f"order {uuid} had {memory.filled[uuid]} filled and has {order.executed_volume}")
        identifiers = [order.identifier for order in register.everything()]
        if len(identifiers) != len(set(identifiers)):
            raise Lost("an identifier was used twice")
        missing = memory.deposits - {one.uuid for one in exchange.wallet.deposits(account)}
        if missing:
            raise Lost(f"deposits are gone: {missing}")
        found = exchange.engine.faults(exchange.wallet.locks())
        if found:
            raise Lost(f"invariants do not hold: {found}")
        journal.close()
    return seconds, len(memory.unknown & {identifier for identifier in identifiers if identifier})


def check_replay(data: Path) -> None:
    """See whether the log alone gives the state that snapshot and log give."""
    now = time.time_ns() // 1_000_000
    hashes: set[str] = set()
    with tempfile.TemporaryDirectory() as folder:
        for name in ("short", "whole"):
            copy = Path(shutil.copytree(data, Path(folder) / name))
            if name == "whole":
                with sqlite3.connect(copy / FILE) as db:
                    db.execute("DELETE FROM snapshots")
                    db.execute("DELETE FROM parts")
                db.close()
            journal = opened(copy, now)
            hashes.add(state_hash(journal.exchange))
            journal.close()
    if len(hashes) != 1:
        raise Lost("the log carried out from its first record gives another state")


async def check_refusals(client: Client, memory: Memory) -> None:
    """See whether what was used up before the kill still is: the newest tokens and identifiers."""
    for sent in memory.accepted[-3:]:
        status, answer, _ = await client.send(*sent)
        if (status, answer["error"]["name"]) != (401, "nonce_used"):
            raise Lost(f"a token was accepted twice: {answer}")
    for identifier in list(memory.orders.values())[-3:]:
        order = {"market": "KRW-BTC", "side": "bid", "ord_type": "price", "price": "6000", "identifier": identifier}
        status, answer, _ = await client.send("POST", "/v1/orders", order)
        if (status, answer["error"]["name"]) != (400, "duplicated_identifier"):
            raise Lost(f"an identifier was accepted twice: {answer}")


async def load(process: Process, memory: Memory, chance: Random, turn: int, seconds: float) -> None:
    """Let many trade at once, and kill the exchange meanwhile."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        client = Client(session, process.env)
        await check_refusals(client, memory)
        traders = [Trader(client, memory, chance, f"{turn}-{number}") for number in range(CONNECTIONS)]
        tasks = [asyncio.create_task(trader.trade()) for trader in traders]
        await asyncio.sleep(chance.random() * seconds)
        process.kill()
        await asyncio.gather(*tasks)


def run(times: int, *, seconds: float = 0.4, seed: int = 0) -> Report:
    """Kill an exchange so many times, each after so many seconds of orders at most. Raises Lost."""
    memory, chance = Memory(), Random(seed)
    starts: list[float] = []
    opens: list[float] = []
    kept = 0
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        for turn in range(times):
            process = Process(data)
            try:
                starts.append(process.seconds)
                asyncio.run(load(process, memory, chance, turn, seconds))
            finally:
                process.kill()
            took, kept = check(data, memory)
            opens.append(took)
        check_replay(data)
    return Report(times, memory.answered, memory.cut, kept, starts, opens)


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.crash", description=__doc__.partition("\n")[0])
    parser.add_argument("--times", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    try:
        print(run(chosen.times, seed=chosen.seed))
    except Lost as lost:
        print(f"Lost: {lost}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
