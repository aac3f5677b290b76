"""Visitors of an exchange that is kept in a folder: each opens it, and ends its process in an orderly way or not."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

from tests.paper.visitor import START, Answer, Visitor
from upbit.api import Deposits, Orders, Withdraws
from upbit.paper.clock import SteppedClock
from upbit.paper.exchange import START_FUNDS, Key
from upbit.paper.gate import Gate
from upbit.paper.journal import open_journal
from upbit.paper.store import Durability
from upbit.wire.message import Request

TRADED = ("KRW-BTC", "KRW-XRP", "KRW-ETH")
"""What is traded, and a market that is only looked at."""
SECRETS = ("one", "two", "three", "four", "five", "six")


class Keeper(Visitor):
    """Holds the first key of an exchange kept in a folder; every answer is on disk when it is given."""

    def __init__(
        self,
        folder: Path,
        *,
        now: int = START,
        seed: int | None = 3,
        profile: str | None = None,
        funds: Mapping[str, Decimal] = START_FUNDS,
        durability: Durability = "normal",
    ) -> None:
        self.folder = folder
        self.clock = SteppedClock(now)
        secrets = iter(SECRETS)
        self.journal = open_journal(
            folder,
            clock=self.clock,
            secret=lambda: next(secrets) * 8,
            seed=seed,
            profile=profile,
            funds=funds,
            durability=durability,
        )
        self.exchange = self.journal.exchange
        self.exchange.check = True
        self.gate = Gate(self.exchange, limited=False)
        self.key = self.exchange.first_key

    def nonce(self) -> str:
        """Never one of an earlier process."""
        return str(uuid4())

    def send(
        self,
        request: Request,
        *,
        key: Key | None = None,
        authorization: str | None = None,
        peer: str = "127.0.0.1",
    ) -> Answer:
        """Send a request; the answer is safe."""
        answer = super().send(request, key=key, authorization=authorization, peer=peer)
        self.journal.commit()
        return answer

    def close(self) -> None:
        """End in an orderly way."""
        self.journal.close()

    def killed(self, name: str) -> Path:
        """A copy of the folder as a process that was killed would leave it."""
        return Path(shutil.copytree(self.folder, self.folder.parent / name))


def trade(visitor: Visitor, turn: int = 0) -> None:
    """A few minutes of somebody who uses everything that changes something."""
    ask, place = visitor.ask, {"market": "KRW-BTC", "side": "bid"}
    best = int(visitor.exchange.price("KRW-BTC")) // 1000 * 1000
    ask(Orders.create, **place, ord_type="price", price="50000", identifier=f"{turn}-taker")
    near = ask(
        Orders.create, **place, ord_type="limit", price=str(best - 20_000), volume="0.01", identifier=f"{turn}-near"
    )
    far = ask(Orders.create, **place, ord_type="limit", price="50000000", volume="0.001")
    visitor.clock.step(20_000)
    other = ask(Orders.create, market="KRW-XRP", side="bid", ord_type="price", price="20000")
    ask(Orders.cancel, uuid=far["uuid"])
    ask(Deposits.deposit_krw, amount="100000", two_factor_type="kakao")
    ask(Withdraws.create_krw_withdrawal, amount="70000", two_factor_type="kakao")
    ask(Deposits.create_coin_address, currency="BTC", net_type="BTC")
    visitor.clock.step(3_000)
    moved = ask(Orders.create, **place, ord_type="limit", price="60000000", volume="0.001")
    ask(
        Orders.cancel_and_new,
        prev_order_uuid=moved["uuid"],
        new_ord_type="limit",
        new_price="61000000",
        new_volume="remain_only",
        new_identifier=f"{turn}-new",
    )
    visitor.clock.step(60_000)
    ask(Orders.create, market="KRW-BTC", side="ask", ord_type="market", volume="0.0005")
    assert {"wait", "done"} >= {ask(Orders.retrieve, uuid=near["uuid"])["state"]}
    assert ask(Orders.retrieve, uuid=other["uuid"])["trades_count"]
