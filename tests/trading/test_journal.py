from __future__ import annotations

import os
import resource
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from upbit.errors import JournalError, TradingError
from upbit.trading.draft import Draft
from upbit.trading.journal import Journal, day_of

NOON = 1_770_033_600.0
DAY = 86_400.0
TODAY = date(2026, 2, 2)


@dataclass
class Wall:
    now: float = NOON

    def __call__(self) -> float:
        return self.now


def draft(identifier: str = "a", **changes: object) -> Draft:
    one = Draft(
        market="KRW-BTC",
        side="bid",
        ord_type="limit",
        volume=Decimal("0.001"),
        price=Decimal("100000000"),
        time_in_force="ioc",
        identifier=identifier,
        notional=Decimal("100000.00000001"),
    )
    return msgspec.structs.replace(one, **changes)


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "account" / "journal.sqlite"


@pytest.fixture
def journal(path: Path, wall: Wall) -> Iterator[Journal]:
    one = Journal(path, wall)
    yield one
    one.close()


def test_an_order_is_open_from_its_beginning_until_its_outcome_is_recorded(journal: Journal, wall: Wall) -> None:
    journal.begin(draft(), NOON)
    wall.now += 2
    journal.note("a", "sending", "a")
    wall.now += 3
    journal.note("a", "unknown", "x" * 1000)
    assert ["a"] == [entry.identifier for entry in journal.open()]
    journal.settle("a", "accepted", "a-uuid", "wait")
    assert [] == journal.open()
    entry = journal.entry("a")
    assert entry is not None
    assert (NOON, NOON + 2, "accepted", "a-uuid", "wait") == (
        entry.begun,
        entry.at,
        entry.outcome,
        entry.uuid,
        entry.state,
    )
    assert (Decimal("0.001"), Decimal(100000000), "ioc", None) == (
        entry.volume,
        entry.price,
        entry.time_in_force,
        entry.smp_type,
    )
    assert [("sending", 1), ("unknown", 500)] == [(one.step, len(one.detail)) for one in journal.steps("a")]


def test_a_restart_forgets_nothing(path: Path, wall: Wall) -> None:
    journal = Journal(path, wall)
    journal.begin(draft("a"), NOON)
    journal.begin(draft("b", price=None, volume=None), NOON + 1)
    journal.settle("a", "rejected")
    journal.count_rejection()
    before = journal.entries(0, NOON + 2), journal.spent(TODAY), journal.rejections
    journal.close()
    again = Journal(path, wall)
    assert before == (again.entries(0, NOON + 2), again.spent(TODAY), again.rejections)
    assert ["b"] == [entry.identifier for entry in again.open()]
    again.close()


def test_an_identifier_is_used_once(journal: Journal) -> None:
    journal.begin(draft(), NOON)
    with pytest.raises(JournalError, match="already: take a new identifier"):
        journal.begin(draft(notional=Decimal(5)), NOON)
    assert Decimal("100000.00000001") == journal.spent(TODAY)


def test_what_was_refused_is_not_counted_and_what_is_unknown_is(journal: Journal) -> None:
    for name in ("open", "taken", "refused", "given up"):
        journal.begin(draft(name, notional=Decimal(10)), NOON)
    journal.settle("taken", "accepted")
    journal.settle("refused", "rejected")
    journal.settle("given up", "abandoned")
    assert Decimal(20) == journal.spent(TODAY)
    journal.begin(draft("an ask", side="ask"), NOON)
    journal.settle("an ask", "rejected")
    assert Decimal(20) == journal.spent(TODAY)
    journal.settle("given up", "accepted")
    assert Decimal(30) == journal.spent(TODAY)
    journal.settle("given up", "accepted")
    assert Decimal(30) == journal.spent(TODAY)


def test_what_is_spent_is_counted_by_utc_day_market_and_currency_and_asks_are_not(journal: Journal) -> None:
    journal.begin(draft("1", notional=Decimal(1)), NOON)
    journal.begin(draft("2", notional=Decimal(2), market="KRW-ETH"), NOON + DAY / 2 - 1)
    journal.begin(draft("4", notional=Decimal(4)), NOON + DAY / 2)
    journal.begin(draft("8", notional=Decimal(8), market="BTC-ETH"), NOON)
    journal.begin(draft("16", notional=Decimal(16), side="ask"), NOON)
    tomorrow = date(2026, 2, 3)
    assert [3, 1, 2, 8, 4, 0] == [
        journal.spent(TODAY),
        journal.spent(TODAY, "KRW-BTC"),
        journal.spent(TODAY, "KRW-ETH"),
        journal.spent(TODAY, currency="BTC"),
        journal.spent(tomorrow),
        journal.spent(date(2026, 2, 1)),
    ]


@given(
    st.lists(
        st.tuples(
            st.decimals("0.00000001", 10**15, places=8),
            st.lists(st.sampled_from(["accepted", "rejected", "abandoned"]), max_size=3),
        ),
        max_size=5,
    )
)
@settings(max_examples=10, deadline=None)
def test_the_count_is_the_exact_sum_of_what_was_not_refused(
    tmp_path_factory: pytest.TempPathFactory, orders: list[tuple[Decimal, list[str]]]
) -> None:
    journal = Journal(tmp_path_factory.mktemp("sums") / "journal.sqlite", Wall())
    for number, (notional, outcomes) in enumerate(orders):
        journal.begin(draft(str(number), notional=notional), NOON)
        for outcome in outcomes:
            journal.settle(str(number), outcome)
    expected = sum(notional for notional, outcomes in orders if not outcomes or outcomes[-1] == "accepted")
    assert expected == journal.spent(TODAY)
    journal.close()


def test_orders_are_live_until_they_are_seen_closed(journal: Journal) -> None:
    for name in ("under way", "resting", "filled at once", "refused", "cancelled later"):
        journal.begin(draft(name), NOON)
    journal.settle("resting", "accepted", "1", "wait")
    journal.settle("filled at once", "accepted", "2", "done")
    journal.settle("refused", "rejected")
    journal.settle("cancelled later", "accepted", "3", "wait")
    journal.see("cancelled later", "cancel")
    journal.see("resting", "wait")
    assert ["under way", "resting"] == [entry.identifier for entry in journal.live()]
    assert 2 == journal.count_live()
    journal.see("cancelled later", "wait")  # an old sight, told late
    assert 2 == journal.count_live()


def test_orders_are_listed_from_the_start_to_before_the_end(journal: Journal) -> None:
    for number in range(4):
        journal.begin(draft(str(number)), NOON + number)
    assert ["1", "2"] == [entry.identifier for entry in journal.entries(NOON + 1, NOON + 3)]
    assert 2 == journal.begun_since(NOON + 1)
    assert NOON == journal.oldest_open()


@pytest.mark.parametrize(
    "act",
    [
        lambda journal: journal.settle("nobody", "accepted"),
        lambda journal: journal.settle("a", "perhaps"),
        lambda journal: journal.settle_withdrawal(7, "accepted"),
    ],
)
def test_what_makes_no_sense_is_refused(journal: Journal, act: Callable[[Journal], None]) -> None:
    journal.begin(draft(), NOON)
    with pytest.raises(JournalError):
        act(journal)
    assert ["a"] == [entry.identifier for entry in journal.open()]


def test_withdrawals_are_counted_before_they_are_sent(journal: Journal) -> None:
    first = journal.begin_withdrawal("BTC", "BTC", "address", None, Decimal("0.1"), NOON)
    second = journal.begin_withdrawal("BTC", "BTC", "address", "tag", Decimal("0.2"), NOON)
    assert [first, second] == [one.number for one in journal.open_withdrawals()]
    assert ("tag", Decimal("0.2"), NOON) == (
        journal.open_withdrawals()[1].secondary_address,
        journal.open_withdrawals()[1].amount,
        journal.open_withdrawals()[1].begun,
    )
    journal.settle_withdrawal(first, "rejected")
    journal.settle_withdrawal(second, "accepted", "uuid")
    assert [] == journal.open_withdrawals()
    assert Decimal("0.2") == journal.withdrawn(TODAY, "BTC")
    assert 0 == journal.withdrawn(TODAY, "KRW") == journal.spent(TODAY, currency="BTC")


def test_only_its_owner_reads_it(journal: Journal, path: Path) -> None:
    journal.begin(draft(), NOON)
    assert {0o600} == {file.stat().st_mode & 0o777 for file in path.parent.iterdir()}
    assert {0o700} == {folder.stat().st_mode & 0o777 for folder in (path.parent, path.parent.parent)}


def test_beginnings_are_written_through_to_the_disk(journal: Journal) -> None:
    ran: list[str] = []
    journal._file._connection.set_trace_callback(ran.append)
    for act in (
        lambda: journal.begin(draft(), NOON),
        lambda: journal.begin_withdrawal("BTC", "BTC", "address", None, Decimal(1), NOON),
    ):
        ran.clear()
        act()
        assert ("PRAGMA synchronous = FULL", "COMMIT") == (ran[0], ran[-1])


def test_a_file_that_others_may_read_is_taken_from_them(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.touch(0o644)
    Journal(path).close()
    assert 0o600 == path.stat().st_mode & 0o777


def test_a_second_writer_is_refused_here_and_in_another_process(journal: Journal, path: Path) -> None:
    journal.begin(draft(), NOON)
    with pytest.raises(TradingError, match="in use by another process, or twice by this one"):
        Journal(path)
    code = "import sys; from upbit.trading.journal import Journal; Journal(sys.argv[1])"
    ran = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, timeout=60)
    assert "JournalError" in ran.stderr
    assert "only one at a time may write it" in ran.stderr
    journal.begin(draft("b"), NOON)  # the first still can


def test_a_forked_child_may_not_write(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = os.getpid()
    monkeypatch.setattr(os, "getpid", lambda: mine + 1)
    with pytest.raises(JournalError, match="forked"):
        journal.begin(draft(), NOON)


def test_a_journal_that_was_closed_begins_nothing(path: Path) -> None:
    journal = Journal(path)
    journal.close()
    journal.close()
    with pytest.raises(JournalError, match="closed"):
        journal.begin(draft(), NOON)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("CREATE TABLE t (a)", "another program"),
        ("PRAGMA application_id = 7; PRAGMA user_version = 1", "another program"),
        (f"PRAGMA application_id = {0x75704A31}; PRAGMA user_version = 9", "version 9"),
    ],
)
def test_a_file_of_another_kind_or_version_is_left_alone(tmp_path: Path, content: str, told: str) -> None:
    path = tmp_path / "other"
    other = sqlite3.connect(path)
    other.executescript(content)
    other.close()
    with pytest.raises(JournalError, match=told):
        Journal(path)
    Journal(tmp_path / "mine").close()  # no lock was left


def test_a_damaged_file_is_refused_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    path.write_bytes(b"no database at all" * 100)
    with pytest.raises(JournalError, match="not a database"):
        Journal(path)
    assert b"no database at all" * 100 == path.read_bytes()


def test_a_place_that_cannot_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(JournalError, match="cannot be opened"):
        Journal(tmp_path / "file" / "journal.sqlite")


def test_what_cannot_be_written_is_not_begun(journal: Journal, path: Path) -> None:
    journal.begin(draft(), NOON)
    with small_files(path):
        with pytest.raises(JournalError, match="cannot be used"):
            journal.begin(draft("b"), NOON)
        assert ["a"] == [entry.identifier for entry in journal.open()]
    journal.begin(draft("c"), NOON)
    assert (["a", "c"], Decimal("200000.00000002")) == (
        [entry.identifier for entry in journal.open()],
        journal.spent(TODAY),
    )


@contextmanager
def small_files(path: Path) -> Iterator[None]:
    """Let no file grow past the largest beside this one: what a full disk is like."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    largest = max(file.stat().st_size for file in path.parent.iterdir())
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_threads_share_a_journal(journal: Journal) -> None:
    def work(number: int) -> None:
        for one in range(5):
            name = f"{number}-{one}"
            journal.begin(draft(name, notional=Decimal(1)), NOON)
            journal.note(name, "sending")
            journal.settle(name, "accepted" if one % 2 else "rejected")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert (40, 0, Decimal(16)) == (
        len(journal.entries(0, NOON + 1)),
        len(journal.open()),
        journal.spent(TODAY),
    )


def test_a_day_is_one_of_utc() -> None:
    assert [TODAY, TODAY, date(2026, 2, 3)] == [day_of(NOON), day_of(NOON + DAY / 2 - 0.1), day_of(NOON + DAY / 2)]
