from __future__ import annotations

from decimal import Decimal

import pytest
from rich.console import Console

from upbit.cli.table import show
from upbit.models import Account, MarketSide


def account(currency: str, balance: str) -> Account:
    return Account(
        currency=currency,
        balance=Decimal(balance),
        locked=Decimal(0),
        avg_buy_price=Decimal(0),
        avg_buy_price_modified=False,
        unit_currency="KRW",
    )


def shown(result: object, capsys: pytest.CaptureFixture[str], width: int) -> list[str]:
    show(result, Console(width=width, highlight=False))
    return capsys.readouterr().out.splitlines()


def test_records_that_fit_have_a_row_each(capsys: pytest.CaptureFixture[str]) -> None:
    lines = shown([account("BTC", "1.5"), account("KRW", "0")], capsys, 120)
    assert ["currency", "balance", "locked", "avg_buy_price"] == lines[1].replace("┃", " ").split()[:4]
    assert ["BTC", "1.5", "0", "0", "false", "KRW"] == lines[3].replace("│", " ").split()
    assert 6 == len(lines)


def test_records_that_do_not_fit_have_a_line_a_field_and_lose_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    lines = shown([account("BTC", "1.5"), account("KRW", "123456789.12345678")], capsys, 50)
    assert 2 * (6 + 2) == len(lines)
    assert any("│ 123456789.12345678 │" in line for line in lines)


def test_what_is_inside_a_record_is_named_by_its_way(capsys: pytest.CaptureFixture[str]) -> None:
    lines = shown(
        {"bid": MarketSide(currency="KRW", min_total=Decimal(5000)), "types": ["a", "b"], "x": None}, capsys, 60
    )
    cells = [[cell.strip() for cell in line.split("│")[1:-1]] for line in lines[1:-1]]
    assert [["bid.currency", "KRW"], ["bid.min_total", "5000"], ["types", '["a","b"]'], ["x", ""]] == cells
