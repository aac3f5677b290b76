"""The doctor against a paper exchange, well and ill, in both languages."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.checkup.remote import Remote, remote
from tests.cli.terminal import Said, Terminal
from tests.loopback import closed_port
from upbit.checkup import CHECKS
from upbit.trading.home import SWITCH, home
from upbit.trading.switch import Switch

HARMLESS = [
    ("GET", "/v1/market/all"),
    ("GET", "/v1/api_keys"),
    ("GET", "/v1/accounts"),
    ("GET", "/v1/orders/open"),
    ("POST", "/v1/orders/test"),
    ("GET", "/v1/withdraws"),
    ("GET", "/v1/deposits"),
]
"""All that it may ask."""


class Found(NamedTuple):
    level: str
    cause: str
    cure: str | None


@pytest.fixture
def paper() -> Generator[Remote]:
    with remote() as served:
        yield served


@pytest.fixture
def patient(terminal: Terminal, tmp_path: Path) -> Callable[..., tuple[int, dict[str, Found]]]:
    """Asks the doctor, in an environment; the exit code and what was found, by check."""

    def examine(env: dict[str, str], *, lang: str = "en") -> tuple[int, dict[str, Found]]:
        terminal.set(**env, UPBIT_STATE_DIR=str(tmp_path))
        said = terminal.type(f"doctor --json --lang {lang}")
        assert "" == said.err
        told = json.loads(said.out)
        assert [check.name for check in CHECKS] == [one["check"] for one in told["checks"]]
        assert said.code == told["code"]
        return told["code"], {one["check"]: Found(one["level"], one["cause"], one["cure"]) for one in told["checks"]}

    return examine


Patient = Callable[..., tuple[int, dict[str, Found]]]


def plain(said: Said) -> str:
    return " ".join(said.out.split())


def test_a_healthy_patient_leaves_with_0_and_was_asked_only_what_is_harmless(paper: Remote, patient: Patient) -> None:
    code, found = patient(paper.env)
    assert (0, {"ok"}) == (code, {one.level for one in found.values()})
    assert HARMLESS == paper.asked()
    assert "the money is not real" in found["mode"].cause
    assert f"{paper.env['UPBIT_ACCESS_KEY'][:8]}…, from UPBIT_ACCESS_KEY" in found["keys"].cause
    assert "order-test" in found["quota"].cause
    assert {None} == {one.cure for one in found.values()}


@pytest.mark.parametrize(
    ("lang", "promise", "verdict"),
    [
        ("en", "No order is placed: one is tested with orders/test.", "All is well."),
        ("ko", "주문을 넣지 않습니다. orders/test로 시험만 합니다.", "모두 정상입니다."),
    ],
)
def test_people_are_told_every_check_and_no_secret(
    paper: Remote, terminal: Terminal, lang: str, promise: str, verdict: str
) -> None:
    terminal.set(**paper.env)
    said = terminal.type(f"doctor --lang {lang}")
    assert (0, "") == (said.code, said.err)
    text = plain(said)
    assert text.startswith(promise)
    assert text.endswith(verdict)
    assert all(f"({check.name})" in text for check in CHECKS)
    assert paper.env["UPBIT_SECRET_KEY"] not in text
    assert paper.env["UPBIT_ACCESS_KEY"] not in text


def test_the_language_before_the_command_counts_too(paper: Remote, terminal: Terminal) -> None:
    terminal.set(**paper.env)
    assert plain(terminal.type("--lang ko doctor")).endswith("모두 정상입니다.")


def expire(paper: Remote) -> None:
    paper.issue(lifetime=1)
    time.sleep(0.002)


FAULTS: list[tuple[str, Callable[[Remote], object], str, str, str, str]] = [
    ("expired key", expire, "key", "failure", "has expired", "만료되었습니다"),
    (
        "key that expires soon",
        lambda paper: paper.issue(lifetime=13 * 86_400_000),
        "key",
        "warning",
        "it works, but only until",
        "만료됩니다",
    ),
    (
        "wrong address",
        lambda paper: paper.issue(allowed_ips=["203.0.113.7"]),
        "key",
        "failure",
        "no_authorization_ip",
        "허용되지 않은 IP",
    ),
    (
        "wrong secret",
        lambda paper: paper.env.update(UPBIT_SECRET_KEY="0" * 40),
        "key",
        "failure",
        "the token could not be verified",
        "토큰을 검증하지 못했습니다",
    ),
    (
        "unknown key",
        lambda paper: paper.env.update(UPBIT_ACCESS_KEY="PAPER" + "0" * 35),
        "key",
        "failure",
        "knows no such access key",
        "없는 access key",
    ),
    (
        "nonce",
        lambda paper: paper.fault("refuse", path="/v1/api_keys", name="nonce_used"),
        "key",
        "failure",
        "nonce was used before",
        "이미 사용한 nonce",
    ),
    (
        "block",
        lambda paper: paper.fault("penalty", path="/v1/api_keys", milliseconds=60_000),
        "quota",
        "failure",
        "takes nothing from here until",
        "까지 요청을 받지 않습니다",
    ),
    (
        "too many requests",
        lambda paper: paper.fault("too_many_requests", path="/v1/market/all"),
        "server",
        "warning",
        "more requests than the rate group allows",
        "요청 수 제한을 넘었습니다",
    ),
    (
        "slow clock",
        lambda paper: paper.fault("skew", milliseconds=60_000),
        "clock",
        "warning",
        "behind that of the exchange",
        "느립니다",
    ),
    (
        "fast clock",
        lambda paper: paper.fault("skew", milliseconds=-60_000),
        "clock",
        "warning",
        "ahead of that of the exchange",
        "빠릅니다",
    ),
    (
        "no socket",
        lambda paper: paper.fault("refuse_socket", status=503),
        "socket",
        "failure",
        "503",
        "503",
    ),
    (
        "no private socket",
        lambda paper: paper.fault("refuse_socket", path="/websocket/v1/private", status=0),
        "private_socket",
        "failure",
        "no connection came about|no answer arrived",
        "연결되지 않아|응답이 오지 않았고",
    ),
    (
        "refused token on the private socket",
        lambda paper: paper.fault("error", path="/websocket/v1/private", name="INVALID_AUTH", message="no"),
        "private_socket",
        "failure",
        "INVALID_AUTH",
        "INVALID_AUTH",
    ),
    (
        "maintenance",
        lambda paper: paper.fault("gateway", status=503),
        "server",
        "failure",
        "the exchange failed",
        "거래소에서 오류가 났으며",
    ),
    (
        "no permissions",
        lambda paper: paper.issue(permissions=[]),
        "permissions",
        "warning",
        "none of view_account, view_orders, make_orders, view_withdrawals, view_deposits",
        "허용된 것이 없습니다",
    ),
    (
        "a failing permission",
        lambda paper: paper.fault("gateway", path="/v1/orders/test", status=502),
        "permissions",
        "failure",
        "502",
        "502",
    ),
    (
        "closed port",
        lambda paper: paper.env.update(UPBIT_BASE_URL=closed_port()),
        "tcp",
        "failure",
        "takes no connection at port",
        "연결할 수 없습니다",
    ),
    (
        "no such host",
        lambda paper: paper.env.update(UPBIT_BASE_URL="https://nobody..invalid"),
        "dns",
        "failure",
        "nobody..invalid has no address",
        "nobody..invalid의 주소를 찾을 수 없습니다",
    ),
    (
        "no address at all",
        lambda paper: paper.env.update(UPBIT_BASE_URL="http://api.upbit.com"),
        "address",
        "failure",
        "is not encrypted",
        "is not encrypted",
    ),
    (
        "half a pair",
        lambda paper: paper.env.update(UPBIT_SECRET_KEY=""),
        "keys",
        "failure",
        "UPBIT_ACCESS_KEY without UPBIT_SECRET_KEY",
        "UPBIT_ACCESS_KEY without UPBIT_SECRET_KEY",
    ),
    (
        "no keys",
        lambda paper: paper.env.update(UPBIT_ACCESS_KEY="", UPBIT_SECRET_KEY=""),
        "keys",
        "warning",
        "no keys",
        "키가 없습니다",
    ),
    (
        "blanks in the secret",
        lambda paper: paper.env.update(UPBIT_SECRET_KEY=f"{paper.env['UPBIT_SECRET_KEY']} "),
        "keys",
        "warning",
        "has blanks, quotes or other signs",
        "공백이나 따옴표",
    ),
    (
        "live key on paper",
        lambda paper: paper.env.update(UPBIT_ACCESS_KEY="a" * 40),
        "mode",
        "warning",
        "a live key, but requests go to",
        "실거래 키인데",
    ),
    (
        "paper key on a real host",
        lambda paper: paper.env.update(UPBIT_BASE_URL="https://nobody..invalid"),
        "mode",
        "failure",
        "a paper key, but requests go to",
        "모의 거래소의 키인데",
    ),
    (
        "foreign host",
        lambda paper: paper.env.update(UPBIT_BASE_URL="https://nobody..invalid", UPBIT_ACCESS_KEY="a" * 40),
        "mode",
        "failure",
        "nothing is signed for",
        "서명하지 않습니다",
    ),
]


@pytest.mark.parametrize(("lang", "place"), [("en", 4), ("ko", 5)])
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: str(fault[0]))
def test_what_is_wrong_is_found_with_its_cause_and_its_cure(
    paper: Remote, patient: Patient, fault: tuple[object, ...], lang: str, place: int
) -> None:
    _, afflict, check, level, *_ = fault
    assert callable(afflict)
    assert isinstance(check, str)
    afflict(paper)
    code, found = patient(paper.env, lang=lang)
    assert level == found[check].level
    assert any(piece in found[check].cause for piece in str(fault[place]).split("|"))
    assert found[check].cure
    worst = {one.level for one in found.values()}
    assert (2 if "failure" in worst else 1) == code
    assert paper.env["UPBIT_SECRET_KEY"] == "" or paper.env["UPBIT_SECRET_KEY"].strip() not in str(found)


def test_nothing_is_sent_during_a_block(paper: Remote, patient: Patient) -> None:
    paper.fault("penalty", path="/v1/market/all", milliseconds=60_000)
    code, found = patient(paper.env)
    assert 2 == code
    assert [("GET", "/v1/market/all")] == paper.asked()
    assert {"failure": ["server", "quota"], "skipped": ["key", "permissions", "socket", "private_socket"]} == {
        level: [name for name, one in found.items() if one.level == level] for level in ("failure", "skipped")
    }


def test_a_block_that_only_the_key_meets_stops_the_sockets_too(paper: Remote, patient: Patient) -> None:
    paper.fault("penalty", path="/v1/api_keys", milliseconds=60_000)
    _, found = patient(paper.env)
    assert ("skipped", "skipped") == (found["socket"].level, found["private_socket"].level)
    assert found["socket"].cause.startswith("nothing is sent until ")


def test_a_key_for_reading_alone_is_healthy(paper: Remote, patient: Patient) -> None:
    code, found = patient(paper.issue(permissions=["view_account", "view_orders"]))
    assert 0 == code
    assert (
        "allowed: view_account, view_orders; not allowed: make_orders, view_withdrawals, view_deposits; "
        "not tried: withdraw, deposit"
    ) == found["permissions"].cause


def test_an_empty_account_may_make_orders_all_the_same(patient: Patient) -> None:
    with remote(funds={}) as poor:
        code, found = patient(poor.env)
    assert 0 == code
    assert "make_orders" in found["permissions"].cause.partition("; not allowed")[0]


def test_without_keys_only_what_needs_none_is_examined(paper: Remote, patient: Patient) -> None:
    paper.env |= {"UPBIT_ACCESS_KEY": "", "UPBIT_SECRET_KEY": ""}
    code, found = patient(paper.env)
    assert 1 == code
    assert [("GET", "/v1/market/all")] == paper.asked()
    assert ["switch", "key", "permissions", "private_socket"] == [
        name for name, one in found.items() if one.level == "skipped"
    ]
    assert "ok" == found["socket"].level
    assert found["mode"].cause.startswith("not live")


def test_half_a_pair_does_not_hide_the_network(paper: Remote, patient: Patient) -> None:
    paper.env |= {"UPBIT_SECRET_KEY": ""}
    code, found = patient(paper.env)
    assert 2 == code
    assert {"ok"} == {found[name].level for name in ("dns", "tcp", "tls", "server", "clock", "socket", "quota")}


@pytest.mark.parametrize("state", ["REDUCE", "HALT"])
@pytest.mark.parametrize("lang", ["en", "ko"])
def test_the_kill_switch_is_shown(paper: Remote, patient: Patient, tmp_path: Path, state: str, lang: str) -> None:
    path = home(paper.env["UPBIT_ACCESS_KEY"], {"UPBIT_STATE_DIR": str(tmp_path)}) / SWITCH
    switch = Switch(path)
    assert "ok" == patient(paper.env)[1]["switch"].level
    switch.set(state, "tea time")
    code, found = patient(paper.env, lang=lang)
    assert (1, "warning") == (code, found["switch"].level)
    assert found["switch"].cause.startswith(state)
    assert found["switch"].cause.endswith("tea time")
    assert "upbit-client resume --yes" in (found["switch"].cure or "")


def test_looking_makes_no_folder(paper: Remote, patient: Patient, tmp_path: Path) -> None:
    patient(paper.env)
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("lang", "verdict"), [("en", "begin with the first failure."), ("ko", "첫 실패부터 해결하세요.")]
)
def test_people_are_told_what_to_do(terminal: Terminal, lang: str, verdict: str) -> None:
    terminal.set(UPBIT_BASE_URL=closed_port())
    said = terminal.type(f"doctor --lang {lang}")
    assert 2 == said.code
    assert "→ " in said.out
    assert plain(said).endswith(verdict)


@pytest.mark.parametrize(
    ("lang", "verdict"), [("en", "It works, with warnings."), ("ko", "작동하지만 경고가 있습니다.")]
)
def test_warnings_are_no_failures(paper: Remote, terminal: Terminal, lang: str, verdict: str) -> None:
    terminal.set(**(paper.env | {"UPBIT_ACCESS_KEY": "", "UPBIT_SECRET_KEY": ""}))
    said = terminal.type(f"doctor --lang {lang}")
    assert (1, verdict) == (said.code, plain(said)[-len(verdict) :])
