"""Prose is executed: the examples, and every block of code in the READMEs and in docs/.

The blocks of a page run in order in one namespace, in an environment that leads to a paper exchange. What they print is
compared with the text block behind them, where `...` stands for anything and a price with commas, `110,002,000`, for
any price: the market of the moment is not the page's. Commands in the pages are checked, too.
"""

from __future__ import annotations

import ast
import io
import re
import runpy
import shlex
import signal
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import redirect_stdout
from doctest import ELLIPSIS, OutputChecker
from importlib.metadata import entry_points
from itertools import pairwise
from pathlib import Path
from string import Template
from types import FrameType
from typing import NamedTuple
from urllib.request import Request, urlopen

import pytest

import upbit.paper
from upbit.paper import RunningExchange
from upbit.paper.chaos import BODY, DISK, FEED, FRAME, REQUEST, SOCKET

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("README*.md"), *(ROOT / "docs").glob("*.md")])
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PRICE = re.compile(r"\d{1,3}(,\d{3})+")

PRINTED = {
    "asynchronous": "last 1..., bid 1..., ask 1...\n4 balances\n",
    "candles": "500 candles from ... to ...\n... KRW\n... KRW\n... KRW\n",
    "documented_voice": "... markets, still allowed: {...}\n201 wait 500250\nTrue\n404 order_not_found\n",
    "errors": "placed: wait\ntoo expensive: ...\noff the price grid: ...\nrefused with 400 under_min_total_bid\n",
    "limit_order": "minimum total 5000 KRW, fee 0.0500 percent\n[True]\ncancel: 0 of 0.01 BTC were bought\n",
    "live_feed": "...BTC ... at ... KRW\n  best bid ..., best ask ...\n...\n... events, 1 connection\n",
    "live_feed_async": "[live]\n[waiting]\n...[live]\n...not known from ...",
    "live_orders": "limit wait   0.0 BTC, 500250.0 KRW locked\n...\nlimit cancel 0.0 BTC, 500250.0 KRW locked\n"
    "... fills, fees 4... KRW\n1.000... BTC, bought at ... KRW on average\n",
    "live_tickers": "SNAPSHOT KRW-BTC ... KRW\n...",
    "market_buy": "...: 0.000... BTC, fee ... KRW\n  0.000... at ... KRW\n...1.000... BTC and 9899... KRW are left\n",
    "kill_switch": "3 open, switch at RUN\n3 cancelled, 0 open, switch at HALT\n"
    "refused here, nothing was sent: the switch is at HALT: prices look wrong\nsold: filled\nbought: filled\n",
    "recover": "not known: True\nadopted accepted\n1 open\n",
    "trade": "bought 0.03... ETH at ... KRW, fee 4...: filled\nsold   0.10... ETH at ... KRW, fee 1...: filled\n"
    "refused here, nothing was sent: per_order would be 5000000, the limit is 1000000\n",
    "trade_async": "accepted: 0.00... BTC at ... KRW\nfilled: 0.00... BTC, fee ... KRW\n0 cancelled, 0 open\n",
    "quickstart": "KRW-BTC ... KRW\nKRW-ETH ... KRW\nKRW 10000000 free, 0 locked\n...500250 KRW locked\n",
}
"""What each example prints."""


class Block(NamedTuple):
    """A block of a page."""

    language: str
    text: str
    line: int


def blocks(page: Path) -> list[Block]:
    """Find the blocks of a page, in order."""
    text = page.read_text("utf-8")
    return [Block(found[1], found[2], text.count("\n", 0, found.start()) + 1) for found in BLOCK.finditer(text)]


def assert_printed(expected: str, actual: str, where: str) -> None:
    """Compare what was printed, `...` standing for anything and a price for any price."""
    wanted, found = (PRICE.sub("1,000", text) for text in (expected, actual))
    assert OutputChecker().check_output(wanted, found, ELLIPSIS), f"{where}: expected\n{expected}got\n{actual}"


@pytest.fixture(autouse=True)
def bounded() -> Iterator[None]:
    """End a test that waits for what never comes."""

    def expire(number: int, frame: FrameType | None) -> None:
        raise TimeoutError("this took longer than 30 seconds")

    before = signal.signal(signal.SIGALRM, expire)
    signal.alarm(30)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture(scope="module")
def exchange() -> Iterator[RunningExchange]:
    """A paper exchange without rate limits, since all pages come from one address."""
    with upbit.paper.running(limited=False) as exchange:
        yield exchange


@pytest.fixture
def around(exchange: RunningExchange, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Lead a client that is told nothing to the paper exchange, and what it remembers to a folder of its own."""
    monkeypatch.setenv("UPBIT_STATE_DIR", str(tmp_path))
    for name, value in exchange.env.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("around")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_code_of_a_page_runs_and_prints_what_the_page_says(page: Path) -> None:
    names: dict[str, object] = {"__name__": "__main__"}
    found = blocks(page)
    try:
        for at, block in enumerate(found):
            if block.language != "python":
                continue
            where = f"{page.name}:{block.line}"
            printed = io.StringIO()
            with redirect_stdout(printed):
                exec(compile("\n" * block.line + block.text, str(page), "exec", dont_inherit=True), names)
            if at + 1 < len(found) and found[at + 1].language == "text":
                assert_printed(found[at + 1].text, printed.getvalue(), where)
    finally:
        for value in names.values():
            if isinstance(value, upbit.Upbit):
                value.close()


@pytest.mark.parametrize("page", [page for page in PAGES if ".ko." in page.name], ids=lambda page: page.name)
def test_both_languages_show_the_same_code(page: Path) -> None:
    def code(path: Path) -> list[str]:
        return [
            ast.dump(ast.parse(block.text)) if block.language in ("python", "py") else block.text
            for block in blocks(path)
            if block.language != "sh"
        ]

    english = page.with_name(page.name.replace(".ko.", "."))
    assert code(english) == code(page)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_block_says_what_it_is(page: Path) -> None:
    assert {block.language for block in blocks(page)} <= {"python", "py", "sh", "text"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_links_of_a_page_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.stem)
def test_an_example_runs_as_it_is(example: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("UPBIT_STATE_DIR", str(tmp_path))
    printed = io.StringIO()
    with redirect_stdout(printed):
        runpy.run_path(str(example), run_name="__main__")
    assert_printed(PRINTED[example.stem], printed.getvalue(), example.name)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.stem)
def test_an_example_is_short_and_says_what_it_shows(example: Path) -> None:
    text = example.read_text("utf-8")
    assert ast.get_docstring(ast.parse(text))
    assert text.count("\n") < 40


@pytest.mark.parametrize("page", ["testing.md", "testing.ko.md"])
def test_the_tests_of_a_page_pass(page: str, tmp_path: Path) -> None:
    text = "\n".join(block.text for block in blocks(ROOT / "docs" / page) if block.language == "python")
    (tmp_path / "test_page.py").write_text(text, "utf-8")
    plugin = () if entry_points(group="pytest11", name="upbit_paper") else ("-p", "upbit.paper.plugin")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *plugin, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert 0 == done.returncode, done.stdout
    assert f"{text.count('def test_')} passed" in done.stdout


@pytest.mark.parametrize("page", ["paper-control.md", "paper-control.ko.md"])
def test_the_control_page_names_every_route_and_every_effect(page: str) -> None:
    text = (ROOT / "docs" / page).read_text("utf-8")
    control = (ROOT / "src" / "upbit" / "paper" / "control.py").read_text("utf-8")
    routes = [f"{verb} {path}" for verb, path in re.findall(r'\("([A-Z]+)", "(/[^"]+)", Control\.', control)]
    told = [row.split("?")[0] for row in re.findall(r"^\| `((?:GET|POST|DELETE) [^`]+)` \|", text, re.MULTILINE)]
    assert routes == told
    assert not [effect for effect in REQUEST | BODY | FRAME | SOCKET | FEED | DISK if f"`{effect}`" not in text]


@pytest.mark.parametrize("page", ["paper-exchange.md", "paper-exchange.ko.md"])
def test_the_page_names_every_option_of_the_paper_exchange(page: str) -> None:
    command = [sys.executable, "-m", "upbit", "paper", "serve", "--help"]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True).stdout
    text = (ROOT / "docs" / page).read_text("utf-8")
    options = set(re.findall(r"^ +(--[a-z-]+)", shown, re.MULTILINE)) - {"--help"}
    assert options
    assert not [option for option in options if f"`{option}`" not in text]


COMMANDS = sorted(
    {
        line.split("#")[0].strip()
        for page in PAGES
        for block in blocks(page)
        if block.language == "sh"
        for line in block.text.splitlines()
    }
    - {""}
)
"""Every line of the pages that is meant for a shell."""


def test_the_first_commands_of_the_readme_are_make_demo_and_make_test() -> None:
    for page in ("README.md", "README.ko.md"):
        lines = blocks(ROOT / page)[0].text.splitlines()
        assert ["make demo", "make test"] == [line.split("#")[0].strip() for line in lines]


@pytest.mark.parametrize("command", [one for one in COMMANDS if one.startswith("make ")])
def test_every_make_target_of_the_pages_exists(command: str) -> None:
    assert re.search(rf"^{command.split()[1]}:", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)


@pytest.mark.parametrize("command", [one for one in COMMANDS if "curl" in one])
def test_what_curl_asks_is_answered(command: str, exchange: RunningExchange) -> None:
    parser = ArgumentParser()
    parser.add_argument("-s", action="store_true")
    parser.add_argument("-H", action="append", default=[])
    parser.add_argument("-d", type=str.encode)
    parser.add_argument("url")
    asked = parser.parse_args(shlex.split(Template(command).substitute(exchange.env))[1:])
    headers = dict(header.split(": ") for header in asked.H)
    with urlopen(Request(asked.url, asked.d, headers), timeout=10) as answer:
        assert 200 == answer.status


@pytest.mark.usefixtures("around")
@pytest.mark.parametrize("command", [one for one in COMMANDS if re.match("upbit-client (?!paper)", one)])
def test_a_command_of_the_pages_works(command: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "upbit", *shlex.split(command)[1:]], capture_output=True, text=True, timeout=20
    )
    assert (0, "") == (done.returncode, done.stderr)
    assert done.stdout


@pytest.mark.parametrize("command", [one for one in COMMANDS if one.startswith("upbit-client paper ")])
def test_the_paper_exchange_starts_as_the_pages_say(command: str, tmp_path: Path) -> None:
    words = shlex.split(command)
    assert ["paper", "serve"] == words[1:3]
    arguments = ["0" if before == "--port" else word for before, word in pairwise(words)]
    with subprocess.Popen(
        [sys.executable, "-m", "upbit", *arguments], cwd=tmp_path, stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        try:
            told = dict(line.strip().split("=", 1) for line in [running.stdout.readline() for _ in range(4)])
            with urlopen(f"{told['UPBIT_BASE_URL']}/v1/market/all", timeout=10) as answer:
                assert 200 == answer.status
            keys = told["UPBIT_ACCESS_KEY"], told["UPBIT_SECRET_KEY"]
            with upbit.Upbit(*keys, base_url=told["UPBIT_BASE_URL"]) as client:
                assert client.accounts.list()
            written = (tmp_path / words[words.index("--env-file") + 1]).read_text("utf-8")
            assert told.items() <= dict(line.split("=", 1) for line in written.splitlines()).items()
        finally:
            running.send_signal(signal.SIGTERM)
            code = running.wait(10)
    assert 0 == code
