"""A minute at the exchange, drawn from a seed: `python -m tests.paper.play SEED` prints the hash of what was seen:
all answers byte for byte with their headers, all events in their order, and the state at the end.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from decimal import Decimal
from hashlib import sha256
from random import Random
from typing import Any

from tests.paper.visitor import Visitor
from upbit.api import Accounts, Candles, Deposits, Orderbooks, Orders, Pockets, Tickers, Trades, Withdraws
from upbit.api.operation import Operation
from upbit.paper.state import state_hash

D = Decimal
COMMANDS = 300
MARKETS = ("KRW-BTC", "BTC-ETH", "USDT-BTC")
Wait = Callable[[Visitor, int], None]
"""How milliseconds pass."""


def at_once(visitor: Visitor, milliseconds: int) -> None:
    """Nobody looks before the time is over."""
    visitor.step(milliseconds)


def in_pieces(length: int) -> Wait:
    """The exchange is looked at again and again, also when no time has passed."""

    def wait(visitor: Visitor, milliseconds: int) -> None:
        for passed in range(0, milliseconds, length):
            visitor.exchange.advance()
            visitor.step(min(length, milliseconds - passed))
            visitor.exchange.advance()
            visitor.exchange.advance()

    return wait


def play(visitor: Visitor, seed: int, wait: Wait = at_once) -> str:
    """Send a seed's requests, and hash what is seen."""
    random, digest = Random(seed), sha256()
    visitor.exchange.check = False
    visitor.exchange.listen(lambda event: digest.update(repr(event).encode()))
    placed: list[str] = []
    for number in range(COMMANDS):
        wait(visitor, random.choice((0, 1, 37, 400, 2_500, 9_000)))
        operation, arguments = _command(random, visitor, placed, number)
        answer = visitor.call(operation, **arguments)
        digest.update(f"{answer.status} {sorted(answer.headers.items())} {answer.text}\n".encode())
        if operation is Orders.create and answer.status == 201:
            placed.append(answer.result["uuid"])
    visitor.exchange.advance()
    digest.update(state_hash(visitor.exchange, MARKETS).encode())
    return digest.hexdigest()


def _command(
    random: Random, visitor: Visitor, placed: list[str], number: int
) -> tuple[Operation[..., Any], Mapping[str, Any]]:
    market, chance = random.choice(MARKETS), random.random()
    if chance < 0.45:
        return Orders.create, _order(random, visitor, market, number)
    if chance < 0.6 and placed:
        return Orders.cancel, {"uuid": random.choice(placed)}
    if chance < 0.65 and placed:
        return Orders.cancel_and_new, {
            "prev_order_uuid": random.choice(placed),
            "new_ord_type": "limit",
            "new_volume": "remain_only",
            "new_price": _price(visitor, market),
        }
    looks: tuple[tuple[Operation[..., Any], Mapping[str, Any]], ...] = (
        (Orders.cancel_open, {"count": 2}),
        (Orders.list_open, {}),
        (Orders.list_closed, {}),
        (Orders.retrieve_chance, {"market": market}),
        (Accounts.list, {}),
        (Tickers.list, {"markets": list(MARKETS)}),
        (Orderbooks.list, {"markets": [market]}),
        (Trades.list, {"market": market, "count": 20}),
        (Candles.list_minutes, {"market": market, "unit": 1, "count": 10}),
        (Candles.list_days, {"market": market, "count": 5}),
        (Deposits.deposit_krw, {"amount": 10_000 + number, "two_factor_type": "kakao"}),
        (Deposits.create_coin_address, {"currency": "BTC", "net_type": "BTC"}),
        (Deposits.list, {}),
        (Withdraws.create_krw_withdrawal, {"amount": 5_000 + number, "two_factor_type": "kakao"}),
        (Withdraws.list, {}),
        (Pockets.list, {}),
    )
    return random.choice(looks)


def _order(random: Random, visitor: Visitor, market: str, number: int) -> dict[str, object]:
    side = random.choice(("bid", "ask"))
    lot = {"KRW-BTC": D("0.002"), "BTC-ETH": D("0.2"), "USDT-BTC": D("0.001")}[market]
    volume = lot * random.randint(1, 40) / 10
    price = _price(visitor, market)
    price += random.randint(-5, 5) * visitor.exchange.tick_size(market, price)
    order: dict[str, object] = {"market": market, "side": side}
    if number % 3 == 0:
        order["identifier"] = f"order-{number}"
    if random.random() < 0.6:
        smp_type = random.choice(("none", "cancel_maker", "cancel_taker", "reduce"))
        return order | {"ord_type": "limit", "price": price, "volume": volume, "smp_type": smp_type}
    if side == "bid":
        return order | {"ord_type": "price", "price": (price * volume).quantize(D("1e-8"))}
    return order | {"ord_type": "market", "volume": volume}


def _price(visitor: Visitor, market: str) -> Decimal:
    """The last price, asked for as everybody would: what is sent may depend on nothing but answers."""
    return D(visitor.ask(Tickers.list, markets=[market])[0]["trade_price"])


if __name__ == "__main__":
    print(play(Visitor(), int(sys.argv[1])))
