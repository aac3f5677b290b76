from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.paper.keeper import TRADED, Keeper, trade
from tests.paper.visitor import START, Visitor
from upbit.api import Accounts, Orders
from upbit.paper import admin
from upbit.paper.clock import Clock, SteppedClock
from upbit.paper.journal import GAP_MS, LEASE_MS, SNAPSHOT_MS, open_journal
from upbit.paper.state import state_hash
from upbit.paper.store import FILE, Store, StoreError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


def without_snapshots(folder: Path) -> Path:
    with closing(sqlite3.connect(folder / FILE)) as db, db:
        assert db.execute("DELETE FROM snapshots").rowcount
        db.execute("DELETE FROM parts")
    return folder


def reopened(folder: Path, now: int) -> str:
    keeper = Keeper(folder, now=now, seed=None)
    try:
        return state_hash(keeper.exchange, TRADED)
    finally:
        keeper.close()


def test_after_a_kill_everything_is_as_if_nothing_had_happened(folder: Path) -> None:
    keeper = Keeper(folder)
    trade(keeper)
    killed = keeper.killed("killed")
    now = keeper.exchange.now
    again = Keeper(killed, now=now)
    assert state_hash(keeper.exchange, TRADED) == state_hash(again.exchange, TRADED)
    for one in (keeper, again):
        trade(one, 1)
    assert state_hash(keeper.exchange, TRADED) == state_hash(again.exchange, TRADED)
    keeper.close()
    again.close()


def test_a_journal_changes_nothing(folder: Path) -> None:
    keeper, visitor = Keeper(folder), Visitor(seed=3)
    for one in (keeper, visitor):
        trade(one)
    assert keeper.ask(Accounts.list) == visitor.ask(Accounts.list)
    hidden = {"uuid", "trades"}
    shown = [
        [{name: value for name, value in order.items() if name not in hidden} for order in one.ask(Orders.list_closed)]
        for one in (keeper, visitor)
    ]
    assert shown[0] == shown[1]
    keeper.close()


def test_the_log_alone_gives_the_same_state_as_with_snapshots(folder: Path) -> None:
    keeper = Keeper(folder)
    trade(keeper)
    keeper.clock.step(SNAPSHOT_MS)
    trade(keeper, 1)
    keeper.close()
    now = keeper.exchange.now
    whole = without_snapshots(keeper.killed("whole"))
    assert state_hash(keeper.exchange, TRADED) == reopened(folder, now) == reopened(whole, now)


@settings(max_examples=4, deadline=None)
@given(looks=st.lists(st.integers(1, 40_000), max_size=6))
def test_how_often_it_is_looked_at_does_not_matter(looks: list[int]) -> None:
    often, seldom = Visitor(), Visitor()
    often.exchange.venue("KRW-ETH")
    trade(often)
    trade(seldom)
    for look in looks:
        often.clock.step(look)
        often.exchange.advance()
    seldom.clock.step(sum(looks))
    seldom.exchange.advance()
    assert state_hash(seldom.exchange, TRADED) == state_hash(often.exchange, TRADED)


def test_the_keys_and_the_folder_stay_those_of_the_first_start(folder: Path) -> None:
    first = Keeper(folder, funds={"KRW": Decimal(70_000)})
    second_key = first.exchange.issue_key(
        first.exchange.account, permissions=["view_account"], allowed_ips=["10.0.0.1"]
    )
    first.journal.commit()
    killed = first.killed("killed")
    first.close()
    again = Keeper(killed)
    assert first.key == again.exchange.first_key
    assert [first.key, second_key] == again.exchange.keys(again.exchange.account)
    assert ["70000"] == [one["balance"] for one in again.ask(Accounts.list)]
    again.close()


def test_what_is_used_up_stays_used_up(folder: Path) -> None:
    keeper = Keeper(folder)
    request = Orders.create.request(
        {"market": "KRW-BTC", "side": "bid", "ord_type": "price", "price": "6000", "identifier": "mine"}
    )
    token = keeper.token(request, keeper.key)
    read = Accounts.list.request({})
    read_token = keeper.token(read, keeper.key)
    assert 201 == keeper.send(request, authorization=token).status
    assert 200 == keeper.send(read, authorization=read_token).status
    again = Keeper(keeper.killed("killed"), now=START + 1)
    assert "nonce_used" == again.send(request, authorization=token).name
    assert "nonce_used" == again.send(read, authorization=read_token).name
    assert "duplicated_identifier" == again.send(request).name
    keeper.close()
    again.close()


def test_two_snapshots_before_a_write_lose_nothing(folder: Path) -> None:
    keeper = Keeper(folder)
    for turn in range(2):
        trade(keeper, turn)
        keeper.journal.freeze()
        keeper.exchange.issue_key(keeper.exchange.account)
        keeper.journal.freeze()
    keeper.close()
    assert state_hash(keeper.exchange, TRADED) == reopened(folder, keeper.exchange.now)


def test_what_was_refused_is_not_in_the_log(folder: Path) -> None:
    keeper = Keeper(folder)
    keeper.refused(Orders.create, market="KRW-BTC", side="bid", ord_type="price", price="1")
    keeper.ask(Orders.test_create, market="KRW-BTC", side="bid", ord_type="price", price="6000")
    keeper.close()
    with closing(Store(folder)) as store:
        assert 0 == store.verify()


def test_a_short_gap_is_made_up_for(folder: Path) -> None:
    keeper = Keeper(folder)
    trade(keeper)
    killed = keeper.killed("killed")
    keeper.clock.step(GAP_MS)
    keeper.exchange.advance()
    assert state_hash(keeper.exchange, TRADED) == reopened(killed, keeper.exchange.now)
    keeper.close()


def test_in_a_long_gap_the_markets_stood_still(folder: Path) -> None:
    keeper = Keeper(folder)
    keeper.ask(Orders.create, market="KRW-BTC", side="bid", ord_type="price", price="6000")
    shown = keeper.exchange.now
    killed = keeper.killed("killed")
    keeper.close()
    later = shown + 90 * 24 * 3_600_000
    again = Keeper(killed, now=later)
    venue = again.exchange.venue("KRW-BTC")
    assert venue is not None
    last = venue.tape.ticker(later)
    assert shown < last.trade_time <= shown + LEASE_MS
    assert later < venue.flow.due
    again.clock.step(30_000)
    trade(again)
    now = again.exchange.now
    twice = again.killed("twice")
    assert (
        state_hash(again.exchange, TRADED)
        == reopened(twice, now)
        == reopened(without_snapshots(again.killed("whole")), now)
    )
    again.close()


def test_whatever_was_shown_happened_before_the_gap(folder: Path) -> None:
    """Time goes on without commands, something is shown, the process is killed and comes back much later."""
    keeper = Keeper(folder)
    keeper.ask(Orders.create, market="KRW-BTC", side="bid", ord_type="price", price="6000")
    keeper.clock.step(LEASE_MS * 3 // 2)
    keeper.exchange.advance()
    keeper.journal.commit()
    tape = keeper.exchange.venue("KRW-BTC")
    assert tape is not None
    shown = tape.tape.trades((keeper.exchange.now + 1) * 10_000, 500)
    again = Keeper(keeper.killed("killed"), now=START + 10**9)
    found = again.exchange.venue("KRW-BTC")
    assert found is not None
    assert shown == found.tape.trades((keeper.exchange.now + 1) * 10_000, 500)
    keeper.close()
    again.close()


def test_time_does_not_go_back(folder: Path) -> None:
    keeper = Keeper(folder)
    trade(keeper)
    keeper.close()
    again = Keeper(folder, now=START)
    assert keeper.exchange.now == again.exchange.advance()
    trade(again, 1)
    again.close()


def test_an_exchange_ahead_of_its_machine_stays_ahead(folder: Path) -> None:
    machine = SteppedClock(START)
    journal = open_journal(folder, clock=Clock(source=machine), secret=lambda: "s", durability="normal")
    clock = journal.exchange.clock
    assert isinstance(clock, Clock)
    clock.step(10**8)
    journal.exchange.advance()
    journal.commit()
    killed = Path(shutil.copytree(folder, folder.parent / "killed"))
    journal.close()
    machine.step(1000)
    again = open_journal(killed, clock=Clock(source=machine), secret=lambda: "s", durability="normal")
    before = again.exchange.now
    assert START + 10**8 <= before <= START + 10**8 + LEASE_MS
    machine.step(1000)
    assert before + 1000 == again.exchange.advance()
    again.close()


def test_what_was_done_to_the_exchange_is_done_again(folder: Path) -> None:
    keeper = Keeper(folder)
    ask, do = keeper.ask, lambda command: admin.carry_out(keeper.exchange, command)
    pocket = do(admin.AddPocket(name="second"))
    do(admin.IssueKey(account=pocket, lifetime=10**9))
    do(admin.ChangeKey(access_key=keeper.key.access_key, expires=START + 10**10))
    do(admin.Deposit(currency="BTC", amount=Decimal("0.5"), account=pocket))
    do(admin.Allow(currency="BTC", net_type="BTC", address="mine"))
    order = ask(Orders.create, market="KRW-BTC", side="bid", ord_type="limit", price="50000000", volume="0.01")
    do(admin.ChangeMarket(market="KRW-ETH", regime="halt"))
    do(admin.ChangeMarket(market="KRW-XRP", shock=-20, liquidity=50))
    do(admin.Fill(uuid=order["uuid"], volume=Decimal("0.004")))
    keeper.clock.step(40_000)
    do(admin.ChangeMarket(market="KRW-ETH", regime="trend"))
    do(admin.Cancel(uuid=order["uuid"]))
    do(admin.Withdraw(currency="ETH", amount=Decimal(1)))
    keeper.clock.step(40_000)
    keeper.exchange.advance()
    keeper.journal.commit()
    killed = keeper.killed("killed")
    assert state_hash(keeper.exchange, TRADED) == reopened(killed, keeper.exchange.now)
    keeper.close()


def test_a_command_that_is_answered_otherwise_now_is_refused(folder: Path) -> None:
    """As by another version of the program, which would rewrite what was promised."""
    keeper = Keeper(folder)
    keeper.journal.freeze()
    keeper.ask(Orders.create, market="KRW-BTC", side="bid", ord_type="price", price="6000")
    keeper.journal.note("orders.create", keeper.key.access_key, {"market": ["KRW-BTC"]}, 1)
    keeper.journal.commit()
    killed = keeper.killed("killed")
    keeper.close()
    with pytest.raises(StoreError, match=r"record 2 of .* cannot be carried out again"):
        Keeper(killed)
    with pytest.raises(StoreError, match=r"record 2 of .* cannot be carried out again"):
        Keeper(killed)  # and it is not locked


@pytest.mark.parametrize(("seed", "profile"), [(4, None), (None, "2023")])
def test_another_seed_or_profile_is_refused(folder: Path, seed: int | None, profile: str | None) -> None:
    Keeper(folder).close()
    with pytest.raises(StoreError, match="was made with seed 3, profile current"):
        Keeper(folder, seed=seed, profile=profile)
    Keeper(folder, seed=None).close()


def test_settings_that_cannot_be_read_are_refused(folder: Path) -> None:
    Keeper(folder).close()
    with closing(sqlite3.connect(folder / FILE)) as db, db:
        db.execute("UPDATE meta SET value = '{}' WHERE name = 'settings'")
    with pytest.raises(StoreError, match="its settings cannot be read"):
        Keeper(folder)


def test_an_unknown_profile_is_refused_before_anything_is_written(folder: Path) -> None:
    with pytest.raises(ValueError, match="is no profile"):
        open_journal(folder, clock=lambda: START, secret=str, profile="new")
    Keeper(folder).close()


LOG = """
import sys
from contextlib import closing
from pathlib import Path
from tests.paper.keeper import TRADED, Keeper, trade
from upbit.paper.state import state_hash
from upbit.paper.store import Store
keeper = Keeper(Path(sys.argv[1]))
trade(keeper)
keeper.close()
with closing(Store(keeper.folder)) as store:
    print(state_hash(keeper.exchange, TRADED), store.meta("end"))
"""


def test_the_log_and_the_state_are_the_same_in_every_process(tmp_path: Path) -> None:
    said = {
        subprocess.run(
            [sys.executable, "-c", LOG, str(tmp_path / hash_seed)],
            env={"PYTHONHASHSEED": hash_seed, "PYTHONPATH": "."},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        ).stdout
        for hash_seed in ("0", "1", "4711")
    }
    assert 1 == len(said)
