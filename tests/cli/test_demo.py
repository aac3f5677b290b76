from __future__ import annotations

import re
from decimal import Decimal
from functools import partial

import click
import pytest
from rich.cells import cell_len
from rich.console import Console

from tests.cli.terminal import Terminal
from upbit.cli import lines
from upbit.cli.demo import demo
from upbit.cli.stage import Stage
from upbit.cli.words import speaker
from upbit.paper import running


@pytest.mark.parametrize(
    ("spoken", "heading", "fee", "real"),
    [
        ("en", "6. A market buy for 1,000,000 KRW", r"the fee of 0\.05 % is (\S+)", "UPBIT_SECRET_KEY. Orders there"),
        ("ko", "6. 1,000,000 KRW어치 시장가 매수", r"수수료 0\.05%는 (\S+)", "그곳의 주문은 진짜 주문입니다."),
    ],
)
def test_the_demo_shows_everything_in_both_languages(
    terminal: Terminal, spoken: str, heading: str, fee: str, real: str
) -> None:
    said = terminal.type(f"--lang {spoken} demo")
    assert (0, "") == (said.code, said.err)
    assert heading in said.out
    assert re.search(r"KRW-BTC +(Bitcoin|비트코인) +[\d,]+ +[+-]", said.out)
    assert re.search(r"[╷╻╵│╽╹╿┃]{5}", said.out)
    assert re.search(r"KRW +10,000,000 +0\b", said.out)
    assert re.search(fee, said.out)
    assert re.search(r"BTC +1 +1\.\d+ +\+0\.\d+", said.out)
    assert 10 == len(re.findall(r"^  \d\d:\d\d:\d\d  KRW-\w+ +[\d,]+ KRW +[+-]\d+\.\d\d%", said.out, re.MULTILINE))
    assert real in said.out
    assert "upbit-client paper serve" in said.out
    assert all(cell_len(line) <= 80 for line in said.out.splitlines())


def test_a_demo_that_fails_says_why() -> None:
    with pytest.raises(click.ClickException, match=r"The demo failed: 400 insufficient_funds_bid"):
        demo(speaker("en"), partial(running, funds={"KRW": Decimal(1)})).main([], standalone_mode=False)


def test_the_lines_on_the_stage_are_those_that_run(capsys: pytest.CaptureFixture[str]) -> None:
    Stage(Console(width=80, highlight=False), speaker("en")).lines(("order", lines.limit), ("found", lines.look))
    assert [
        '▌ order = client.orders.create(market="KRW-BTC", side="bid", ord_type="limit",',
        '▌     price=price, volume="0.01")',
        "▌ found = client.orders.retrieve(uuid=order.uuid)",
        "",
    ] == capsys.readouterr().out.splitlines()


def test_what_the_stage_shows_at_its_opening_is_python() -> None:
    compile(lines.OPENING, "opening", "exec")
