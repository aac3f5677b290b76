from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tools.witnesses import AGREES, ROOT, WITNESSES, Finding, Witness, look, main, table, told
from upbit import paper
from upbit.client import Upbit

MEANT = "bid limit cancelled"


@pytest.fixture
def scenario(tmp_path: Path) -> list[str]:
    """A scenario of a client that reads, fails and wants to leave this machine."""
    steps = """
import socket
from tools.witness import stage
class Session(stage.Session):
    def read_prices(self): return f"{stage.below(110_003_000)} KRW"
    def place(self): raise ValueError("not today")
    async def phone_home(self): socket.create_connection(("192.0.2.1", 80), timeout=1)
    def _own(self): return "no step"
stage.perform("somebody", Session)
"""
    (tmp_path / "steps.py").write_text(steps, "utf-8")
    return [sys.executable, str(tmp_path / "steps.py")]


@pytest.mark.parametrize("witness", WITNESSES, ids=lambda one: one.name)
def test_a_witness_has_a_scenario_and_a_lock_that_pins_it_with_hashes(witness: Witness) -> None:
    assert (ROOT / f"{witness.module.replace('.', '/')}.py").exists()
    entry = r"[a-z0-9-]+==\S+( ; [^\\\n]+)?( \\\n    --hash=sha256:[0-9a-f]{64})+\n"
    assert re.fullmatch(f"({entry})+", witness.lock.read_text("utf-8"))
    assert f"{witness.requires[0]} \\" in witness.lock.read_text("utf-8").splitlines()


def test_a_scenario_tells_what_came_of_its_steps_and_stays_on_this_machine(scenario: list[str]) -> None:
    names = ("BASE_URL", "WS_URL", "ACCESS_KEY", "SECRET_KEY", "MAPPER_URL")
    environment = {f"UPBIT_{name}": "-" for name in names} | {"PYTHONPATH": str(ROOT)}
    heard = subprocess.run(scenario, env=environment, capture_output=True, text=True, check=True)
    findings, meant = told(f"chatter\n{heard.stdout}", "somebody")
    assert {} == meant
    assert [
        Finding("somebody", "read prices", "88002000 KRW", None),
        Finding("somebody", "place", "", "ValueError: not today"),
        Finding(
            "somebody", "phone home", "", "PermissionError: a connection to 192.0.2.1 was about to leave this machine"
        ),
    ] == findings


def test_silence_is_a_failure() -> None:
    assert ([Finding("somebody", "begin", "", "nothing was told")], {}) == told("", "somebody")


def test_the_exchange_is_asked_whether_it_holds_what_was_meant_and_nothing_else() -> None:
    with paper.running() as exchange:
        with Upbit(exchange.access_key, exchange.secret_key, base_url=exchange.base_url) as client:
            order = client.orders.create(
                market="KRW-BTC", side="bid", ord_type="limit", price=80_000_000, volume="0.001"
            )
            meant = {order.uuid: MEANT}
            assert "is still open; KRW is locked" in (look(exchange.env, meant, "somebody").error or "")
            client.orders.cancel(uuid=order.uuid)
            end = time.monotonic() + 5
            while client.orders.retrieve(uuid=order.uuid).state != "cancel":
                assert time.monotonic() < end
        assert Finding("somebody", AGREES, "1 orders", None) == look(exchange.env, meant, "somebody")
        assert f"{order.uuid}: nothing was meant, {MEANT} is held" == look(exchange.env, {}, "somebody").error


def test_the_table_sets_steps_against_sessions_and_ends_with_our_own_look() -> None:
    rows = table(
        {
            "2023": [Finding("a", "place", "", None), Finding("a", AGREES, "", "no")],
            "current": [Finding("b", "cancel", "", None)],
        }
    )
    cells = [list(column.cells) for column in rows.columns]
    assert ["place", "cancel", AGREES] == cells[0]
    assert [["ok", "-", "failed"], ["-", "ok", "-"]] == cells[1:]


def test_an_unknown_name_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["nobody"])
    assert "there is no nobody" in capsys.readouterr().err
