"""Halting from outside the program that trades: it blocks first, then cancels, and says what remains."""

from __future__ import annotations

from collections.abc import Generator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.checkup.remote import Remote, remote
from tests.cli.terminal import Terminal
from tests.loopback import closed_port
from upbit import Halted, Upbit
from upbit.agreement import agree, http
from upbit.cli.switch import AGAIN, Outcome, empty
from upbit.paper import PaperExchange
from upbit.secret import Secret
from upbit.settings import Options
from upbit.trading.home import SWITCH, home
from upbit.trading.switch import Switch

KEYS = {"UPBIT_ACCESS_KEY": "PAPER" + "0" * 35, "UPBIT_SECRET_KEY": "1" * 40}


@pytest.fixture
def state(terminal: Terminal, tmp_path: Path) -> Path:
    """The folder of all accounts."""
    terminal.set(UPBIT_STATE_DIR=str(tmp_path / "state"))
    return tmp_path / "state"


@pytest.fixture
def paper(terminal: Terminal, state: Path) -> Generator[Remote]:
    with remote() as served:
        terminal.set(**served.env)
        yield served


def switch_of(access_key: str, state: Path) -> Path:
    return home(access_key, {"UPBIT_STATE_DIR": str(state)}) / SWITCH


def place(client: Upbit, count: int) -> list[str]:
    return [
        client.orders.create(market="KRW-BTC", side="bid", ord_type="limit", price=50_000_000, volume="0.001").uuid
        for _ in range(count)
    ]


def test_a_halt_blocks_a_trader_that_runs_and_cancels_what_is_open(
    terminal: Terminal, paper: Remote, state: Path
) -> None:
    with paper.exchange.client() as client, client.trading("paper") as trader:
        uuids = place(client, 3)
        said = terminal.type("halt --reason tea-time")
        assert (0, "") == (said.code, said.err)
        assert [f"HALT: no order may leave ({switch_of(paper.exchange.access_key, state)})"] == said.out.splitlines()[
            :1
        ]
        assert [
            "  reason: tea-time",
            "Cancelling open orders ...",
            "3 orders were cancelled.",
            "No order is open.",
        ] == (said.out.splitlines()[2:])
        assert {"cancel"} == {order.state for order in client.orders.list_by_uuids(uuids=uuids)}
        with pytest.raises(Halted, match="tea-time"):
            trader.buy("KRW-BTC", quote=10_000)
        assert 0 == terminal.type("resume --yes").code
        assert "accepted" == trader.buy("KRW-BTC", quote=10_000).status


def test_korean_is_spoken(terminal: Terminal, paper: Remote) -> None:
    said = terminal.type("--lang ko halt")
    assert said.out.startswith("HALT: 주문이 나갈 수 없습니다")
    assert said.out.endswith("주문 0건을 취소했습니다.\n미체결 주문이 없습니다.\n")
    assert "  이유: upbit-client halt\n" in terminal.type("--lang ko switch").out


def test_without_a_network_it_still_blocks(terminal: Terminal, state: Path) -> None:
    terminal.set(UPBIT_BASE_URL=closed_port(), **KEYS)
    said = terminal.type("halt --wait 0.00001")
    assert 1 == said.code
    assert "HALT" == Switch(switch_of(KEYS["UPBIT_ACCESS_KEY"], state)).state
    assert said.err.startswith("Error: not all orders could be cancelled in 1e-05 s: ")
    assert said.err.endswith("New orders are blocked. Run it again, or cancel on the exchange's site.\n")


def test_it_blocks_before_it_asks_anything(terminal: Terminal, state: Path) -> None:
    terminal.set(UPBIT_BASE_URL="http://foreign.invalid", **KEYS)
    said = terminal.type("halt")
    assert (1, "HALT") == (said.code, Switch(switch_of(KEYS["UPBIT_ACCESS_KEY"], state)).state)
    assert "is not encrypted" in said.err


def test_what_remains_is_named(terminal: Terminal, paper: Remote) -> None:
    with paper.exchange.client() as client:
        (uuid,) = place(client, 1)
    paper.fault("gateway", method="DELETE", path="/v1/orders*", status=503)
    said = terminal.type("halt --wait 0.00001")
    assert 1 == said.code
    assert f"still open: KRW-BTC bid 0.001 {uuid}" in said.err.splitlines()
    assert "0 orders were cancelled." in said.out


def test_an_order_that_was_on_its_way_is_cancelled_too() -> None:
    exchange = PaperExchange(start=datetime(2026, 11, 2, tzinfo=UTC))
    late = [1]

    def sleep(seconds: float) -> None:
        exchange.advance(seconds)
        if seconds == AGAIN and late:
            place(client, late.pop())

    def now() -> float:
        return exchange.exchange.now / 1000

    client = exchange.client(sleep=sleep)
    place(client, 2)
    where: Options = {"base_url": client.base_url, "clock": now, "wall": now}
    terms, _ = agree(exchange.access_key, Secret(exchange.secret_key), where, None, http)
    assert Outcome(3, [], None) == client.carry_out(empty(terms))
    assert [] == client.orders.list_open()


def test_a_key_that_is_refused_is_explained(terminal: Terminal, paper: Remote) -> None:
    terminal.set(UPBIT_SECRET_KEY="0" * 40)
    said = terminal.type("halt")
    assert 1 == said.code
    assert "the token could not be verified" in said.err
    assert "→ check that the secret key" in said.err


@pytest.mark.parametrize("keys", [{}, {"UPBIT_ACCESS_KEY": "half"}])
def test_without_keys_every_account_of_this_machine_is_blocked(
    terminal: Terminal, state: Path, keys: dict[str, str]
) -> None:
    switches = [Switch(switch_of(name, state)) for name in ("one", "two")]
    terminal.set(**keys)
    said = terminal.type("halt")
    assert (1, ["HALT", "HALT"]) == (said.code, [switch.state for switch in switches])
    assert "open orders were not cancelled" in said.err


def test_without_keys_and_accounts_there_is_nothing_to_halt(terminal: Terminal, state: Path) -> None:
    assert "Error: There is nothing to halt" in terminal.type("halt").err
    assert "오류: 멈출 것이 없습니다" in terminal.type("--lang ko halt").err
    state.mkdir()
    assert 1 == terminal.type("halt").code


def test_a_switch_that_cannot_be_moved_is_said_and_the_others_are(terminal: Terminal, state: Path) -> None:
    path = switch_of("one", state)
    path.mkdir(parents=True)
    other = Switch(switch_of("two", state))
    said = terminal.type("halt")
    assert (1, "HALT") == (said.code, other.state)
    assert f"NOT blocked: {path}: " in said.err


def test_a_switch_of_ones_own_is_named_by_its_file(terminal: Terminal, state: Path, tmp_path: Path) -> None:
    file = tmp_path / "mine"
    assert 1 == terminal.type(f"halt --file {file}").code  # nothing is cancelled without keys
    assert "HALT" == Switch(file).state
    assert terminal.type(f"switch --file {file}").out.startswith("HALT: ")
    assert terminal.type(f"resume --yes --file {file}").out.endswith(f"RUN: orders may leave ({file})\n")
    assert not state.exists()


@pytest.mark.parametrize("command", ["resume --yes", "switch"])
def test_whose_switch_must_be_known(terminal: Terminal, state: Path, command: str) -> None:
    said = terminal.type(command)
    assert (2, "") == (said.code, said.out)
    assert said.err.startswith("Error: Whose switch? ")
    assert terminal.type(f"--lang ko {command}").err.startswith("오류: 어느 계좌인지 ")


def test_resuming_must_be_meant(terminal: Terminal, state: Path) -> None:
    terminal.set(**KEYS)
    Switch(switch_of(KEYS["UPBIT_ACCESS_KEY"], state)).set("REDUCE", "loss")
    said = terminal.type("resume")
    assert 2 == said.code
    assert said.out.startswith("REDUCE: only orders that make a position smaller may leave")
    assert "say --yes if that is meant" in said.err
    assert "REDUCE" == Switch(switch_of(KEYS["UPBIT_ACCESS_KEY"], state)).state


def test_where_nothing_is_halted_nothing_is_resumed_or_made(terminal: Terminal, state: Path) -> None:
    terminal.set(**KEYS)
    path = switch_of(KEYS["UPBIT_ACCESS_KEY"], state)
    expected = (0, f"RUN: orders may leave ({path})\n", "")
    assert expected == terminal.type("switch")
    assert expected == terminal.type("resume")
    assert not state.exists()
