"""Who shares a quota with whom."""

from __future__ import annotations

import gc
import time
from collections.abc import Generator
from pathlib import Path
from threading import Thread

import pytest

from tests.fakes import AsyncScriptedTransport, ScriptedTransport, answer
from upbit import AsyncUpbit, Upbit
from upbit.errors import ConfigurationError
from upbit.flow.pace import Memory, Pace
from upbit.limiter import Limiter, common

HOST = "http://127.0.0.1:9"
KEYS = ("PAPER-one", "secret")
OTHER = ("PAPER-two", "secret")


def pace(client: Upbit | AsyncUpbit) -> Pace:
    return client._terms.pace


def take(client: Upbit | AsyncUpbit, group: str) -> int:
    """Use up what there is, and say how much it was."""
    mine = pace(client)
    taken = 0
    while mine.ask(mine.enter(group), lambda: 100.0) == 0:
        taken += 1
    return taken


@pytest.fixture(autouse=True)
def forgotten() -> None:
    """Clients of other tests are gone, and with them what they counted."""
    gc.collect()


@pytest.fixture
def first() -> Generator[Upbit]:
    with Upbit(*KEYS, base_url=HOST) as client:
        yield client


def test_clients_of_one_key_at_one_host_share_all_whatever_their_face(first: Upbit) -> None:
    assert [12, 10] == [take(first, group) for group in ("order", "ticker")]
    assert [0, 0] == [take(Upbit(*KEYS, base_url=HOST), group) for group in ("order", "ticker")]
    assert [0, 0] == [take(AsyncUpbit(*KEYS, base_url=HOST), group) for group in ("order", "ticker")]


def test_two_keys_share_the_address_and_nothing_else(first: Upbit) -> None:
    second, keyless = Upbit(*OTHER, base_url=HOST), Upbit(base_url=HOST)
    assert [12, 12] == [take(first, "order"), take(second, "order")]
    assert [10, 0, 0] == [take(client, "ticker") for client in (first, second, keyless)]


def test_hosts_count_apart(first: Upbit) -> None:
    assert [10, 10] == [take(first, "ticker"), take(Upbit(base_url="http://127.0.0.1:10"), "ticker")]


def test_what_is_not_sent_over_the_network_or_has_a_clock_of_its_own_counts_alone(first: Upbit) -> None:
    assert 10 == take(first, "ticker")
    assert 10 == take(Upbit(base_url=HOST, transport=ScriptedTransport()), "ticker")
    assert 10 == take(AsyncUpbit(base_url=HOST, transport=AsyncScriptedTransport()), "ticker")
    assert 10 == take(Upbit(base_url=HOST, clock=time.monotonic), "ticker")


def test_a_copy_with_other_options_shares(first: Upbit) -> None:
    assert [10, 0] == [take(first, "ticker"), take(first.with_options(timeout=1, max_retries=0), "ticker")]


def test_who_is_given_a_limiter_shares_with_those_who_have_the_same(first: Upbit) -> None:
    limiter = Limiter()
    one, two = (Upbit(base_url=HOST, limiter=limiter, transport=ScriptedTransport(answer([]))) for _ in range(2))
    assert [10, 10, 0] == [take(client, "ticker") for client in (first, one, two)]


def test_nothing_is_remembered_of_a_host_that_nobody_talks_to() -> None:
    limiter = common(HOST)
    client = Upbit(base_url=HOST)
    assert 10 == take(client, "ticker")
    assert limiter is common(HOST)
    del limiter
    assert 0 == take(Upbit(base_url=HOST), "ticker")
    del client
    gc.collect()
    assert 10 == take(Upbit(base_url=HOST), "ticker")


def test_threads_that_begin_at_once_get_the_same() -> None:
    found: list[Limiter] = []
    threads = [Thread(target=lambda: found.append(common(HOST))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 1 == len({id(one) for one in found})


def test_a_file_is_shared_by_those_who_name_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    one = Upbit(base_url=HOST, limiter=Limiter("~/quota.db"))
    two = Upbit(base_url=HOST, limiter=Limiter(tmp_path / "quota.db"))
    alone = Upbit(base_url=HOST, limiter=Limiter(tmp_path / "other.db"))
    assert [10, 0, 10] == [take(client, "ticker") for client in (one, two, alone)]


def test_a_store_is_shared_by_those_who_have_it() -> None:
    store = Memory()
    clients = [Upbit(base_url=HOST, limiter=Limiter(store=store)) for _ in range(2)]
    assert [10, 0] == [take(client, "ticker") for client in clients]


def test_keys_are_not_kept(tmp_path: Path) -> None:
    path = tmp_path / "quota.db"
    client = Upbit("PAPER-canary", "secret-canary", base_url=HOST, limiter=Limiter(path))
    take(client, "order")
    assert not any(b"canary" in file.read_bytes() for file in tmp_path.iterdir())


def test_a_limiter_shows_its_file_and_refuses_one_it_cannot_use(tmp_path: Path) -> None:
    assert "Limiter()" == repr(Limiter())
    assert f"Limiter({tmp_path / 'quota.db'})" == repr(Limiter(tmp_path / "quota.db"))
    with pytest.raises(ConfigurationError, match="cannot use"):
        Limiter(tmp_path)
