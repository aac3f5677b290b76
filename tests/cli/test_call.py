from __future__ import annotations

import json
from collections.abc import Generator
from decimal import Decimal

import click
import pytest

from tests.cli.terminal import Said, Terminal
from upbit.api import OPERATIONS
from upbit.cli.call import call
from upbit.cli.words import speaker
from upbit.paper import RunningExchange, running


@pytest.fixture(scope="module")
def exchange() -> Generator[RunningExchange]:
    with running(limited=False) as served:
        yield served


@pytest.fixture
def trader(terminal: Terminal, exchange: RunningExchange) -> Terminal:
    """A terminal whose environment names the exchange and its key."""
    terminal.set(**exchange.env)
    return terminal


def commands() -> dict[str, click.Command]:
    root = call(speaker("en"))
    groups = {name: group for name, group in root.commands.items() if isinstance(group, click.Group)}
    return {f"{name}.{inner}": command for name, group in groups.items() for inner, command in group.commands.items()}


def result(said: Said) -> object:
    assert (0, "") == (said.code, said.err)
    found: object = json.loads(said.out, parse_float=Decimal)
    return found


def test_every_operation_is_a_command_with_its_parameters_as_options() -> None:
    found = commands()
    for operation in OPERATIONS:
        command = found[operation.name]
        options = {option for parameter in command.params for option in parameter.opts}
        assert {f"--{one.wire.replace('_', '-')}" for one in operation.parameters} | {
            "--table",
            "--base-url",
        } == options


def test_shorter_spellings_work_and_are_not_listed() -> None:
    found = commands()
    assert found["tickers.list"].hidden
    assert not found["tickers.list_by_trading_pairs"].hidden


def test_no_option_takes_a_key() -> None:
    options = {option for command in commands().values() for parameter in command.params for option in parameter.opts}
    assert set() == {option for option in options if "secret" in option or "access" in option}


def test_a_result_is_json_with_exact_amounts(trader: Terminal) -> None:
    accounts = result(trader.type("call accounts list"))
    assert isinstance(accounts, list)
    assert {"KRW": "10000000", "BTC": "1"}.items() <= {one["currency"]: one["balance"] for one in accounts}.items()


def test_an_order_is_placed_found_and_cancelled(trader: Terminal) -> None:
    placed = result(
        trader.type("call orders.create --market KRW-BTC --side bid --ord-type limit --price 50000000 --volume 0.01")
    )
    assert isinstance(placed, dict)
    found = result(trader.type(f"call orders list_by_uuids --uuids {placed['uuid']} --uuids nobody"))
    assert isinstance(found, list)
    assert [(placed["uuid"], "wait")] == [(one["uuid"], one["state"]) for one in found]
    result(trader.type(f"call orders cancel --uuid {placed['uuid']}"))
    gone = result(trader.type(f"call orders retrieve --uuid {placed['uuid']}"))
    assert isinstance(gone, dict)
    assert "cancel" == gone["state"]


def test_arguments_of_every_form_arrive(trader: Terminal) -> None:
    candles = result(
        trader.type("call candles list_minutes --unit 60 --market KRW-BTC --count 2 --to 2026-01-01T00:00:00Z")
    )
    assert isinstance(candles, list)
    assert ["2025-12-31T23:00:00", "2025-12-31T22:00:00"] == [one["candle_date_time_utc"] for one in candles]
    pairs = result(trader.type("call trading_pairs list --is-details true"))
    assert isinstance(pairs, list)
    assert "market_event" in pairs[0]
    tickers = result(trader.type("call tickers list --markets KRW-ETH,KRW-BTC"))
    assert isinstance(tickers, list)
    assert ["KRW-ETH", "KRW-BTC"] == [one["market"] for one in tickers]


def test_a_table_can_be_had(trader: Terminal) -> None:
    said = trader.type("call orders list_open --table")
    assert (0, "") == (said.code, said.err)
    assert "│ KRW" in trader.type("call accounts list --table").out


def test_a_refusal_is_said_with_its_cause_and_its_cure(trader: Terminal) -> None:
    said = trader.type("call orders create --market KRW-BTC --side bid --ord-type price --price 1")
    assert (1, "") == (said.code, said.out)
    own, cause, cure = said.err.splitlines()
    assert "Error: 400 under_min_total_bid: 최소주문금액 이상으로 주문해주세요" == own
    assert "below the market's minimum" in cause
    assert cure.startswith("→ order more: 5000 KRW")


def test_a_refusal_is_explained_by_what_was_asked_for_in_both_languages(trader: Terminal) -> None:
    order = "call orders create --market KRW-BTC --side bid --ord-type limit --price 50000001 --volume 1"
    assert [
        "50000001 is off the 1000 KRW grid",
        "→ 50000000 or 50001000",
    ] == trader.type(order).err.splitlines()[1:]
    assert [
        "오류: 400 invalid_price_bid: 주문가격 단위를 잘못 입력하셨습니다. 확인 후 시도해주세요.",
        "50000001은 1000 KRW 단위에 맞지 않습니다",
        "→ 50000000 또는 50001000",
    ] == trader.type(f"--lang ko {order}").err.splitlines()


@pytest.mark.parametrize(
    ("wrong", "option"),
    [
        ("call candles list_minutes --unit 7 --market KRW-BTC", "--unit"),
        ("call candles list_days --market KRW-BTC --count many", "--count"),
        ("call trading_pairs list --is-details maybe", "--is-details"),
        ("call orders create --market KRW-BTC --side bid --ord-type limit --price dear", "--price"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_before_anything_is_sent(
    terminal: Terminal, wrong: str, option: str
) -> None:
    said = terminal.type(wrong)
    assert 2 == said.code
    assert said.err.startswith(f"Error: {option}")


def test_the_address_can_be_given(terminal: Terminal, exchange: RunningExchange) -> None:
    said = terminal.type(f"call tickers list --markets KRW-BTC --base-url {exchange.base_url}")
    assert 0 == said.code


def test_without_a_key_it_is_said_what_is_missing(terminal: Terminal, exchange: RunningExchange) -> None:
    said = terminal.type(f"call accounts list --base-url {exchange.base_url}")
    assert 1 == said.code
    assert "UPBIT_ACCESS_KEY" in said.err


def test_a_wrong_address_is_said(terminal: Terminal) -> None:
    said = terminal.type("call tickers list --markets KRW-BTC --base-url http://example.invalid")
    assert 1 == said.code
    assert said.err.startswith("Error: 'http://example.invalid' is not encrypted")
