"""`upbit-client demo`: trade on a paper exchange in this terminal, each step beside the lines that make it.

The lines on the screen are the source of the functions that ran. It talks to nobody but the exchange it started.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import TypeAlias

import click
import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text
from websockets.exceptions import WebSocketException

from ..client import Upbit
from ..errors import UpbitError
from ..models import Account, OrderTrade, Ticker
from ..paper import RunningExchange, running
from . import lines
from .chart import chart
from .grammar import Command
from .stage import Stage
from .words import Say, amount, percent, signed

KOREA = timezone(timedelta(hours=9))
Opened: TypeAlias = Callable[[], AbstractContextManager[RunningExchange]]
PATIENCE = 10.0
"""Seconds that ten live messages may take."""
ROWS = 14
"""Lines of the chart."""


class Failure(Exception):
    """The exchange answered, but not as the demo promises."""


class Tick(msgspec.Struct):
    """What the demo reads of a live ticker message."""

    code: str
    trade_price: Decimal
    signed_change_rate: Decimal
    trade_volume: Decimal
    trade_timestamp: int
    ask_bid: str


def demo(say: Say, opened: Opened = running) -> Command:
    """Build `demo`; `opened` opens the exchange that it plays on."""

    def run() -> None:
        try:
            play(Stage(Console(highlight=False), say), opened)
        except (UpbitError, WebSocketException, OSError, Failure) as error:
            what = str(error) or type(error).__name__
            raise click.ClickException(say(f"The demo failed: {what}", f"데모가 실패했습니다: {what}")) from None

    return Command(
        "demo",
        callback=run,
        help=say(
            "Trade on a paper exchange in this terminal: no key, no network, some seconds.",
            "이 터미널에서 모의 거래소로 거래해 봅니다. 키도 네트워크도 필요 없고 몇 초면 됩니다.",
        ),
    )


def play(stage: Stage, opened: Opened) -> None:
    """Show everything, from an exchange that starts to a word about the real one."""
    say = stage.say
    stage.step(say("A paper exchange of your own", "나만의 모의 거래소"))
    stage.code(lines.OPENING)
    with opened() as exchange, exchange.client() as client:
        stage.tell(
            say(
                f"A whole exchange that speaks as Upbit does now runs on this machine, at {exchange.base_url}. It "
                "needs no key from you and no network, and the money is not real. All that follows goes there over "
                "HTTP and WebSocket.",
                f"업비트처럼 응답하는 거래소가 이 컴퓨터에서 돌고 있습니다({exchange.base_url}). 발급받은 키도 "
                "네트워크도 필요 없고, 실제 돈이 아닙니다. 아래의 모든 일은 HTTP와 WebSocket으로 "
                "이 거래소와 주고받습니다.",
            )
        )
        tickers = _prices(stage, client)
        _chart(stage, client)
        accounts = _balances(stage, client)
        _limit_order(stage, client, tickers)
        _market_buy(stage, client, accounts)
        _messages(stage, exchange)
    _farewell(stage)


def _prices(stage: Stage, client: Upbit) -> list[Ticker]:
    say = stage.say
    stage.step(say("Markets and prices in KRW", "마켓과 현재가(KRW)"))
    stage.lines(("pairs", lines.pairs), ("tickers", lines.tickers))
    pairs, tickers = lines.pairs(client), lines.tickers(client)
    names = {pair.market: say(pair.english_name, pair.korean_name) for pair in pairs}
    table = stage.table(
        [say("Market", "마켓"), say("Name", "이름")],
        [say("Price", "현재가"), say("Today", "전일 대비"), say("Low", "저가"), say("High", "고가")],
    )
    for ticker in tickers:
        change = Text(percent(ticker.signed_change_rate), stage.mood(ticker.signed_change_rate))
        table.add_row(
            ticker.market,
            names[ticker.market],
            amount(ticker.trade_price),
            change,
            amount(ticker.low_price),
            amount(ticker.high_price),
        )
    stage.show(table)
    stage.tell(say(f"These are four of {len(pairs)} markets.", f"마켓 {len(pairs)}개 가운데 네 개입니다."))
    return tickers


def _chart(stage: Stage, client: Upbit) -> None:
    say = stage.say
    stage.step(say("The last hour of KRW-BTC, a candle a minute", "KRW-BTC의 지난 한 시간, 1분 캔들"))
    stage.lines(("candles", lines.candles))
    oldest_first = lines.candles(client)[::-1]
    stage.show(chart(oldest_first, rows=ROWS, rise=stage.rise, fall=stage.fall, plain=stage.plain))


def _balances(stage: Stage, client: Upbit) -> list[Account]:
    say = stage.say
    stage.step(say("Balances", "잔고"))
    stage.lines(("accounts", lines.accounts))
    accounts = lines.accounts(client)
    table = stage.table(
        [say("Currency", "화폐")], [say("Available", "주문 가능"), say("Locked in orders", "주문에 묶임")]
    )
    for account in accounts:
        table.add_row(account.currency, amount(account.balance), amount(account.locked))
    stage.show(table)
    return accounts


def _limit_order(stage: Stage, client: Upbit, tickers: list[Ticker]) -> None:
    say = stage.say
    stage.step(say("A limit order: placed, looked up, cancelled", "지정가 주문: 넣고, 조회하고, 취소하기"))
    stage.lines(("price", lines.price), ("order", lines.limit))
    price = lines.price(tickers)
    order = lines.limit(client, price)
    stage.tell(
        say(
            f"Placed: buy 0.01 BTC at {amount(price)} KRW, 5 % below the market.",
            f"주문을 넣었습니다. 시장가보다 5% 낮은 {amount(price)} KRW에 0.01 BTC를 매수합니다.",
        )
    )
    stage.lines(("order", lines.look))
    found = lines.look(client, order)
    stage.tell(
        say(
            f"State {found.state}: it waits in the book. {amount(found.locked)} KRW are locked for it, "
            f"{amount(found.reserved_fee)} of them for the fee.",
            f"상태 {found.state}. 호가창에서 기다립니다. {amount(found.locked)} KRW가 묶였고 그 가운데 "
            f"{amount(found.reserved_fee)} KRW는 수수료 몫입니다.",
        )
    )
    stage.lines(("order", lines.cancel), ("order", lines.look))
    gone = lines.look(client, lines.cancel(client, found))
    locked = sum((account.locked for account in lines.accounts(client)), Decimal(0))
    if gone.state != "cancel" or locked:
        raise Failure(f"the order is in state {gone.state}, {locked} is locked")
    stage.tell(
        say(
            f"State {gone.state}: it is gone, and all its money is available again.",
            f"상태 {gone.state}. 주문이 사라지고 묶인 돈이 모두 풀렸습니다.",
        )
    )


def _market_buy(stage: Stage, client: Upbit, before: Sequence[Account]) -> None:
    say = stage.say
    stage.step(say("A market buy for 1,000,000 KRW", "1,000,000 KRW어치 시장가 매수"))
    stage.lines(("order", lines.buy), ("order", lines.look))
    order = lines.look(client, lines.buy(client))
    fills = order.trades or []
    if not fills:
        raise Failure(f"the market buy was not filled, its state is {order.state}")
    stage.show(_filled(stage, fills))
    spent = sum((fill.funds for fill in fills), Decimal(0))
    stage.tell(
        say(
            f"Bought {amount(order.executed_volume)} BTC for {amount(spent)} KRW; the fee of 0.05 % is "
            f"{amount(order.paid_fee)} KRW.",
            f"{amount(order.executed_volume)} BTC를 {amount(spent)} KRW에 샀습니다. 수수료 0.05%는 "
            f"{amount(order.paid_fee)} KRW입니다.",
        )
    )
    stage.lines(("accounts", lines.accounts))
    held = {account.currency: account.balance for account in before}
    table = stage.table([say("Currency", "화폐")], [say("Before", "이전"), say("After", "이후"), say("Change", "변화")])
    for account in lines.accounts(client):
        change = account.balance - held[account.currency]
        if change:
            table.add_row(
                account.currency,
                amount(held[account.currency]),
                amount(account.balance),
                Text(signed(change), stage.mood(change)),
            )
    stage.show(table)


def _filled(stage: Stage, fills: Sequence[OrderTrade]) -> Table:
    say = stage.say
    table = stage.table(
        [say("Fill", "체결")],
        [say("Price (KRW)", "가격(KRW)"), say("Volume (BTC)", "수량(BTC)"), say("Total (KRW)", "금액(KRW)")],
    )
    for number, fill in enumerate(fills, 1):
        table.add_row(str(number), amount(fill.price), amount(fill.volume), amount(fill.funds))
    return table


def _messages(stage: Stage, exchange: RunningExchange) -> None:
    say = stage.say
    stage.step(say("Ten live ticker messages over the WebSocket", "WebSocket으로 받는 실시간 현재가 열 건"))
    stage.lines(("", lines.live))

    def show(frame: str | bytes) -> None:
        tick = msgspec.json.decode(frame, type=Tick)
        time = datetime.fromtimestamp(tick.trade_timestamp / 1000, UTC).astimezone(KOREA)
        side = say("bought", "매수") if tick.ask_bid == "BID" else say("sold", "매도")
        line = Text(f"{time:%H:%M:%S}  {tick.code:8} {amount(tick.trade_price):>12} KRW  ")
        line.append(f"{percent(tick.signed_change_rate):>7}", stage.mood(tick.signed_change_rate))
        line.append(f"  {amount(tick.trade_volume):>16} {tick.code[4:]} {side}")
        stage.show(line, apart=False)

    async def listen() -> None:
        async with asyncio.timeout(PATIENCE):
            await lines.live(exchange, show)

    try:
        asyncio.run(listen())
    except TimeoutError:
        raise Failure(
            say(f"no ten messages in {PATIENCE:.0f} seconds", f"{PATIENCE:.0f}초 안에 메시지 열 건이 오지 않았습니다")
        ) from None
    stage.gap()


def _farewell(stage: Stage) -> None:
    say = stage.say
    stage.step(say("The same on the real exchange", "실제 거래소에서도 똑같이"))
    stage.tell(
        say(
            "Only the line that makes the client changes; every other line above stays as it is. Put your key into "
            "UPBIT_ACCESS_KEY and UPBIT_SECRET_KEY. Orders there are real.",
            "클라이언트를 만드는 줄만 바꾸면 위의 나머지 줄은 그대로입니다. 키는 UPBIT_ACCESS_KEY와 UPBIT_SECRET_KEY에 "
            "넣으세요. 그곳의 주문은 진짜 주문입니다.",
        )
    )
    stage.code("with upbit.Upbit() as client:\n    ...")
    stage.tell(
        say(
            "For other programs, in any language, this serves the paper exchange until you stop it:",
            "다른 언어로 만든 프로그램에서도 쓰려면 이 명령으로 모의 거래소를 열어 두세요.",
        )
    )
    stage.code("upbit-client paper serve", "sh")
