from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager
from email.utils import formatdate
from pathlib import Path

import pytest
from aiohttp import web

from tests.checkup.remote import Remote, remote
from tests.io.host import Script, closing, host
from tests.loopback import DROP, http, loopback
from upbit.checkup import Finding, Visit
from upbit.checkup.network import clock, quota, server, socket, tls
from upbit.io.sync_socket import Background

NOW = 1_795_000_000.25
MARKETS = b"[%s]" % b",".join(
    b'{"market":"%b","korean_name":"x","english_name":"x"}' % code for code in (b"SGD-XRP", b"SGD-BTC")
)


@contextmanager
def talking(script: Script) -> Generator[str]:
    """A server of sockets in a loop of its own; its address."""
    served = host(script)
    with Background() as loop:
        there = loop.run(served.__aenter__())
        try:
            yield there.url
        finally:
            loop.run(served.__aexit__(None, None, None))


def looked(answer: bytes, monkeypatch: pytest.MonkeyPatch, *, wall: float = NOW) -> tuple[Visit, Finding]:
    """Ask a server that answers so."""
    with loopback(answer) as there:
        monkeypatch.setenv("UPBIT_BASE_URL", there.url)
        visit = Visit(lambda: wall)
        return visit, server(visit)


@pytest.mark.parametrize(
    ("ahead", "level", "said"),
    [
        (0.0, "ok", "less than 3 s"),
        (3.1, "ok", "less than 3 s"),
        (-2.9, "ok", "less than 3 s"),
        (6.0, "warning", "5 s ahead of"),
        (-60.0, "warning", "60 s behind"),
    ],
)
def test_the_clock_is_only_as_far_off_as_the_answers_prove(
    monkeypatch: pytest.MonkeyPatch, ahead: float, level: str, said: str
) -> None:
    date = formatdate(NOW - ahead, usegmt=True)
    visit, _ = looked(http(MARKETS, "200 OK", f"Date: {date}"), monkeypatch)
    finding = clock(visit)
    assert level == finding.level
    assert said in finding.cause.english


@pytest.mark.parametrize("headers", [(), ("Date: yesterday",)])
def test_without_a_date_the_clock_is_not_judged(monkeypatch: pytest.MonkeyPatch, headers: tuple[str, ...]) -> None:
    visit, finding = looked(http(MARKETS, "200 OK", *headers), monkeypatch)
    assert ("ok", "skipped") == (finding.level, clock(visit).level)


def test_a_market_that_there_is_is_taken_for_what_follows(monkeypatch: pytest.MonkeyPatch) -> None:
    visit, finding = looked(http(MARKETS), monkeypatch)
    assert ("SGD-XRP", "2 markets") == (visit.market, finding.cause.english[:9])


@pytest.mark.parametrize("answer", [http(b"<html>", "502 Bad Gateway"), http(b"<html>"), http(b"{}"), DROP])
def test_an_exchange_that_does_not_answer_as_one_is_a_failure(monkeypatch: pytest.MonkeyPatch, answer: bytes) -> None:
    visit, finding = looked(answer, monkeypatch)
    assert "failure" == finding.level
    assert finding.cure is not None
    assert "KRW-BTC" == visit.market


@pytest.mark.parametrize(
    ("headers", "level", "said"),
    [
        (("Remaining-Req: group=market; min=600; sec=9",), "ok", "left in this second: market 9"),
        (("Remaining-Req: group=market; min=600; sec=0",), "warning", "market 0"),
        ((), "skipped", "no answer told"),
    ],
)
def test_the_quota_is_what_the_answers_say(
    monkeypatch: pytest.MonkeyPatch, headers: tuple[str, ...], level: str, said: str
) -> None:
    visit, _ = looked(http(MARKETS, "200 OK", *headers), monkeypatch)
    finding = quota(visit)
    assert level == finding.level
    assert said in finding.cause.english


def test_a_block_without_a_time_is_taken_for_a_minute_and_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    visit, finding = looked(http(b"{}", "418 I'm a teapot"), monkeypatch)
    assert ("failure", NOW + 60) == (finding.level, visit.blocked_until)
    assert "failure" == quota(visit).level
    visit.wall = lambda: NOW + 61
    assert "skipped" == quota(visit).level


def test_a_certificate_that_is_not_trusted_is_told_from_no_tls_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    with loopback() as there:
        there.encrypt(Path(__file__).parents[1] / "io" / "untrusted.pem")
        monkeypatch.setenv("UPBIT_BASE_URL", there.url)
        distrusted = tls(Visit())
    with loopback(http()) as plain:
        monkeypatch.setenv("UPBIT_BASE_URL", plain.url.replace("http:", "https:"))
        nothing = tls(Visit(patience=(0.3, 0.3)))
    assert ("failure", "failure") == (distrusted.level, nothing.level)
    assert "is not trusted here" in distrusted.cause.english
    assert "no TLS with" in nothing.cause.english


def test_a_certificate_in_the_store_of_the_system_is_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = Path(__file__).parents[1] / "io" / "untrusted.pem"
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with loopback() as there:
        there.encrypt(certificate)
        monkeypatch.setenv("UPBIT_BASE_URL", there.url)
        finding = tls(Visit())
    assert "ok" == finding.level
    assert finding.cause.english.startswith("TLSv1.")


async def rubbish(_: web.Request, ws: web.WebSocketResponse) -> None:
    await ws.send_str("<html>")


async def silence(_: web.Request, ws: web.WebSocketResponse) -> None:
    await ws.receive()


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (closing(1001, b"away"), "ended: closed with 1001: away"),
        (rubbish, "said what cannot be read"),
        (silence, "opened and said nothing"),
    ],
)
def test_a_socket_that_opens_must_say_something(monkeypatch: pytest.MonkeyPatch, script: Script, said: str) -> None:
    with talking(script) as url:
        monkeypatch.setenv("UPBIT_WS_URL", url)
        finding = socket(Visit(patience=(0.3, 0.3)))
    assert "failure" == finding.level
    assert said in finding.cause.english
    assert finding.cure is not None


@pytest.fixture
def paper() -> Generator[Remote]:
    with remote() as served:
        yield served


def test_prices_that_never_come_are_missed(paper: Remote, monkeypatch: pytest.MonkeyPatch) -> None:
    paper.fault("drop", type="ticker")
    for name, value in paper.env.items():
        monkeypatch.setenv(name, value)
    began = time.monotonic()
    assert "opened and said nothing" in socket(Visit(patience=(0.2, 0.2))).cause.english
    assert time.monotonic() - began < 5
