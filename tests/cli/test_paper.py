from __future__ import annotations

import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
import urllib3

from tests.cli.terminal import Terminal
from upbit import Upbit
from upbit.cli.paper import kept
from upbit.paper import running

NAMES = [
    *("UPBIT_BASE_URL", "UPBIT_WS_URL", "UPBIT_ACCESS_KEY", "UPBIT_SECRET_KEY"),
    *("UPBIT_PAPER_CONTROL_URL", "UPBIT_PAPER_CONTROL_TOKEN"),
]


@contextmanager
def serving(*options: str) -> Generator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """A paper exchange in a process of its own, and what it printed."""
    with subprocess.Popen(
        [sys.executable, "-m", "upbit", "--lang", "en", "paper", "serve", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            yield process, read_lines("".join(process.stdout.readline() for _ in NAMES))
        finally:
            process.kill()


def read_lines(text: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in text.splitlines())


def test_it_says_where_it_is_answers_and_stops_when_told(tmp_path: Path) -> None:
    env_file = tmp_path / "paper.env"
    with serving("--env-file", str(env_file), "--profile", "2023", "--paranoid") as (process, env):
        assert NAMES == list(env)
        assert env["UPBIT_WS_URL"] == f"{env['UPBIT_BASE_URL'].replace('http', 'ws')}/websocket/v1"
        assert env == read_lines(env_file.read_text("utf-8"))
        assert 0o600 == stat.S_IMODE(env_file.stat().st_mode)
        assert [env_file] == list(tmp_path.iterdir())
        with urllib3.PoolManager(retries=False) as http:
            for _ in range(2):
                answer = http.request("GET", f"{env['UPBIT_BASE_URL']}/v1/ticker?markets=KRW-BTC", timeout=10)
                assert 200 == answer.status
                assert "KRW-BTC" == answer.json()[0]["market"]
        with Upbit(env["UPBIT_ACCESS_KEY"], env["UPBIT_SECRET_KEY"], base_url=env["UPBIT_BASE_URL"]) as client:
            assert "KRW" == client.accounts.list()[0].currency
        told = time.monotonic()
        process.terminate()
        rest, words = process.communicate(timeout=10)
    assert 0 == process.returncode
    assert time.monotonic() - told < 3
    assert "" == rest
    assert ["The paper exchange is ready (profile 2023, seed 0).", "The paper exchange has stopped."] == [
        line[:51] for line in words.splitlines()
    ]
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_both_signals_stop_it_with_0_and_are_given_back(
    terminal: Terminal, tmp_path: Path, number: signal.Signals
) -> None:
    before = signal.getsignal(number)
    env_file = tmp_path / "paper.env"

    def stop() -> str:
        late = time.monotonic() + 20
        while not env_file.exists():
            if time.monotonic() > late:
                return "never ready"
            time.sleep(0.01)
        signal.raise_signal(number)
        return "told"

    with ThreadPoolExecutor() as pool:
        told = pool.submit(stop)
        said = terminal.type(
            "paper serve --no-limits --memory --chaos mild --preset alt-thin --host localhost --seed 7 "
            f"--env-file {env_file}"
        )
        assert "told" == told.result()
    assert 0 == said.code
    assert said.out.startswith("UPBIT_BASE_URL=http://127.0.0.1:")
    assert "(profile current, seed 7)" in said.err
    assert before == signal.getsignal(number)


@pytest.mark.parametrize(
    ("options", "english", "korean"),
    [
        ("--data here --memory", "--data and --memory exclude each other.", "--data와 --memory는 함께 쓸 수 없습니다."),
        ("--preset dull", "--preset: 'dull' is not one of 'btc'", "--preset 값이 맞지 않습니다."),
        ("--host 0.0.0.0", "--host 0.0.0.0 can be reached from other", "--host 0.0.0.0: 다른 컴퓨터에서도"),
        ("--profile new", "--profile: 'new' is neither current nor", "--profile 값이 맞지 않습니다."),
    ],
)
def test_what_cannot_be_meant_is_refused(terminal: Terminal, options: str, english: str, korean: str) -> None:
    said = [terminal.type(f"--lang {spoken} paper serve {options}") for spoken in ("en", "ko")]
    assert [(2, ""), (2, "")] == [(one.code, one.out) for one in said]
    assert said[0].err.startswith(f"Error: {english}")
    assert said[1].err.startswith(f"오류: {korean}")


def test_a_port_that_is_taken_is_said(terminal: Terminal) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        said = terminal.type(f"paper serve --port {taken.getsockname()[1]}")
    assert (1, "") == (said.code, said.out)
    assert said.err.startswith("Error: The paper exchange cannot be served: ")


def test_a_file_that_cannot_be_written_is_said(terminal: Terminal, tmp_path: Path) -> None:
    said = terminal.type(f"paper serve --env-file {tmp_path}/nowhere/paper.env")
    assert (1, "") == (said.code, said.out)
    assert "nowhere" in said.err


def test_a_file_that_somebody_else_wrote_meanwhile_stays(tmp_path: Path) -> None:
    path = tmp_path / "paper.env"
    with kept(path, "A=1\n"):
        path.write_text("A=2\n", "utf-8")
    assert "A=2\n" == path.read_text("utf-8")


def test_a_file_that_somebody_removed_meanwhile_is_no_error(tmp_path: Path) -> None:
    path = tmp_path / "paper.env"
    path.write_text("old", "utf-8")
    with kept(path, "A=1\n"):
        assert "A=1\n" == path.read_text("utf-8")
        path.unlink()
    assert not path.exists()


def test_what_is_kept_is_removed_only_with_a_yes(terminal: Terminal, tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    with running(data=folder) as exchange, exchange.client() as client:
        client.orders.create(market="KRW-BTC", side="bid", ord_type="limit", price=50_000_000, volume="0.001")
    said = terminal.type(f"paper reset --data {folder}")
    assert (2, "") == (said.code, said.out)
    assert "--yes" in said.err
    assert 0 == terminal.type(f"paper reset --data {folder} --yes").code
    with running(data=folder) as exchange, exchange.client() as client:
        assert [] == client.orders.list_open()
