from __future__ import annotations

import json
import urllib.error
import urllib.request
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.fakes import sent_once
from upbit import errors
from upbit.api import Orders
from upbit.client import Upbit
from upbit.paper import PaperExchange, running
from upbit.paper.chaos import Chaos
from upbit.paper.chronicle import Chronicle
from upbit.paper.clock import Clock, SteppedClock
from upbit.paper.control import PREFIX, Control
from upbit.paper.exchange import Exchange
from upbit.paper.journal import open_journal
from upbit.paper.notices import Announced
from upbit.paper.state import state_hash
from upbit.wire.message import Request

START = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
ORDER: dict[str, Any] = {
    "market": "KRW-BTC",
    "side": "bid",
    "ord_type": "limit",
    "price": "90000000",
    "volume": "0.001",
}


class Said(NamedTuple):
    """What came back, read."""

    status: int
    result: Any


class Desk:
    """Somebody with the token of a stepped exchange."""

    def __init__(self, **options: Any) -> None:
        self.paper = PaperExchange(start=START, limited=False, **options)
        self.control = self.paper.control
        self.control.token = "secret"
        self.client = self.paper.client(max_retries=0)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Said:
        given = {"authorization": "Bearer secret", "content-type": "application/json", **headers}
        path, _, query = path.partition("?")
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        answer = self.control.handle(Request(method, f"{PREFIX}{path}", query, raw, given))
        assert "no-store" == answer.header("Cache-Control")
        return Said(answer.status, json.loads(answer.body))

    def held(self, currency: str) -> Decimal:
        return self.paper.exchange.ledger.holding(self.paper.exchange.account, currency).balance


@pytest.fixture
def desk() -> Desk:
    return Desk()


# -- who is let in -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "status", "name"),
    [
        ({"authorization": "Bearer wrong"}, 401, "unauthorized"),
        ({"authorization": "Basic secret"}, 401, "unauthorized"),
        ({"authorization": ""}, 401, "unauthorized"),
        ({"origin": "http://localhost"}, 403, "origin_not_allowed"),
        ({"content-type": "text/plain"}, 415, "unsupported_media_type"),
    ],
)
def test_only_who_has_the_token_and_speaks_json_is_heard(
    desk: Desk, headers: dict[str, str], status: int, name: str
) -> None:
    said = desk.ask("POST", "/deposit", {"currency": "KRW", "amount": "1"}, **headers)
    assert (status, name) == (said.status, said.result["error"]["name"])
    assert 10_000_000 == desk.held("KRW")


def test_without_a_token_nobody_is_let_in(desk: Desk) -> None:
    desk.control.token = ""
    assert 401 == desk.ask("GET", "/clock", authorization="Bearer ").status


def test_a_long_body_is_refused(desk: Desk) -> None:
    assert 413 == desk.ask("POST", "/chaos", b" " * 65_537).status


@pytest.mark.parametrize(
    ("method", "path", "status", "name"),
    [("GET", "/nothing", 404, "not_found"), ("PUT", "/clock", 405, "method_not_allowed")],
)
def test_there_is_nothing_else(desk: Desk, method: str, path: str, status: int, name: str) -> None:
    said = desk.ask(method, path)
    assert (status, name) == (said.status, said.result["error"]["name"])


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/clock", b"{"),
        ("/clock", b"\xff"),
        ("/clock", b"[" * 60_000),
        ("/clock", {"mode": "backwards"}),
        ("/clock", {"advance": -1}),
        ("/clock", {"mode": "scaled", "speed": 0}),
        ("/clock", {"until": 1}),
        ("/chaos", {"effect": "nothing"}),
        ("/chaos", {"effect": "late"}),
        ("/chaos/profile", {"profile": "wild"}),
        ("/deposit", {"currency": "KRW", "amount": "-1"}),
        ("/deposit", {"currency": "KRW", "amount": "0.5"}),
        ("/markets/KRW-BTC", {"market": "KRW-ETH"}),
        ("/markets/KRW-BTC", {"shock": -100}),
        ("/keys", {"permissions": ["everything"]}),
        ("/keys", {"do": "deposit"}),
    ],
)
def test_what_cannot_be_read_is_refused_and_changes_nothing(desk: Desk, path: str, body: Any) -> None:
    before = everything(desk)
    assert 400 == desk.ask("POST", path, body).status
    assert before == everything(desk)


def everything(desk: Desk) -> list[Any]:
    return [desk.ask("GET", path).result for path in ("/clock", "/chaos", "/accounts", "/allow-list", "/events")]


# -- the whole -----------------------------------------------------------------------------------------


def test_a_reset_begins_anew_with_the_same_key(desk: Desk) -> None:
    new = state_hash(desk.paper.exchange)
    placed = desk.client.orders.create(**ORDER)
    assert new != state_hash(desk.paper.exchange)
    assert 200 == desk.ask("POST", "/reset").status
    assert new == state_hash(desk.paper.exchange)
    assert [] == desk.client.orders.list_open()
    assert placed.uuid == desk.client.orders.create(**ORDER).uuid
    assert "order_changed" in {event["event"] for event in desk.ask("GET", "/events").result}


def test_a_reset_keeps_a_random_key() -> None:
    with running() as exchange, exchange.client() as client:
        client.orders.create(**ORDER)
        assert 200 == call(exchange.control_url, exchange.control_token, "POST", "/reset").status
        assert [] == client.orders.list_open()


def test_time_goes_on_as_it_is_told(desk: Desk) -> None:
    now = desk.ask("GET", "/clock").result["now"]
    assert {"now": now, "mode": "stepped", "speed": 1} == desk.ask("GET", "/clock").result
    assert now + 60_000 == desk.ask("POST", "/clock", {"advance": 60_000}).result["now"]
    faster = desk.ask("POST", "/clock", {"mode": "scaled", "speed": 1000}).result
    assert ("scaled", 1000) == (faster["mode"], faster["speed"])
    assert desk.ask("GET", "/clock").result["now"] >= now + 60_000
    with pytest.raises(RuntimeError, match="clock of this machine"):
        desk.paper.advance(1)


def test_a_clock_of_somebody_else_cannot_be_told_anything() -> None:
    exchange = Exchange(clock=SteppedClock(1_790_000_000_000))
    desk = Desk()
    control = Control(exchange, desk.paper.chaos, desk.control.chronicle, token="secret")
    answer = control.handle(Request("GET", f"{PREFIX}/clock", headers={"authorization": "Bearer secret"}))
    assert 409 == answer.status


def test_a_checkpoint_is_for_what_is_kept(desk: Desk, tmp_path: Path) -> None:
    assert "not_kept" == desk.ask("POST", "/checkpoint").result["error"]["name"]
    with running(data=tmp_path) as exchange:
        place = exchange.control_url, exchange.control_token
        assert 200 == call(*place, "POST", "/checkpoint").status
        assert "kept" == call(*place, "POST", "/reset").result["error"]["name"]


# -- who has what --------------------------------------------------------------------------------------


def test_keys_do_what_they_are_made_for(desk: Desk) -> None:
    made = desk.ask("POST", "/keys", {"permissions": ["view_orders"], "lifetime": 60_000}).result
    limited = desk.paper.client(max_retries=0)
    limited = Upbit(made["access_key"], made["secret_key"], base_url=limited.base_url, transport=desk.paper._transport)
    assert [] == limited.orders.list_open()
    with pytest.raises(errors.OutOfScopeError):
        limited.accounts.list()
    path = f"/keys/{made['access_key']}"
    desk.ask("POST", path, {"permissions": ["view_account"], "allowed_ips": ["10.0.0.1"]})
    with pytest.raises(errors.IPNotAllowedError):
        limited.accounts.list()
    changed = desk.ask("POST", path, {"allowed_ips": []}).result
    assert (["view_account"], [], False) == (
        *(changed["permissions"], changed["allowed_ips"]),
        "secret" in changed or "secret_key" in changed,
    )
    assert limited.accounts.list()
    desk.paper.advance(61)
    with pytest.raises(errors.KeyExpiredError):
        limited.accounts.list()
    assert 401 == desk.ask("POST", "/keys/nobody", {}).status


def test_accounts_show_what_they_hold_and_no_secret(desk: Desk) -> None:
    second = desk.ask("POST", "/accounts", {"name": "봇"}).result["account"]
    desk.ask("POST", "/deposit", {"currency": "ETH", "amount": "2.5", "account": second})
    main, pocket = desk.ask("GET", "/accounts").result
    assert ("봇", second, "2.5") == (pocket["name"], pocket["account"], pocket["holdings"]["ETH"]["balance"])
    assert [desk.paper.access_key] == [key["access_key"] for key in main["keys"]]
    assert desk.paper.secret_key not in json.dumps([main, pocket])
    assert 404 == desk.ask("POST", "/deposit", {"currency": "ETH", "amount": "1", "account": "nobody"}).status


def test_money_comes_in_and_goes_out_at_once(desk: Desk) -> None:
    assert "ACCEPTED" == desk.ask("POST", "/deposit", {"currency": "BTC", "amount": "0.5"}).result["state"]
    assert "ACCEPTED" == desk.ask("POST", "/deposit", {"currency": "KRW", "amount": "7"}).result["state"]
    assert (Decimal("1.5"), 10_000_007) == (desk.held("BTC"), desk.held("KRW"))
    gone = desk.ask("POST", "/withdraw", {"currency": "BTC", "amount": "0.25"}).result
    assert "DONE" == gone["state"]
    assert Decimal("1.25") - Decimal(gone["fee"]) == desk.held("BTC")
    assert "DONE" == desk.ask("POST", "/withdraw", {"currency": "KRW", "amount": "10000"}).result["state"]
    assert {"DONE"} == {one.state for one in desk.client.withdraws.list()}
    assert 400 == desk.ask("POST", "/withdraw", {"currency": "KRW", "amount": "100000000"}).status
    assert 404 == desk.ask("POST", "/deposit", {"currency": "XYZ", "amount": "1"}).status
    assert [] == desk.ask("GET", "/invariants").result["faults"]


def test_an_address_is_allowed(desk: Desk) -> None:
    address = "bc1paper"
    desk.ask("POST", "/allow-list", {"currency": "BTC", "net_type": "BTC", "address": address})
    assert [address] == [one.withdraw_address for one in desk.client.withdraws.list_coin_addresses()]
    (allowed,) = desk.ask("GET", "/allow-list").result[desk.paper.exchange.account]
    assert address == allowed["address"]


# -- markets and orders --------------------------------------------------------------------------------


def test_an_announcement_is_published_and_published_anew(desk: Desk) -> None:
    told: list[tuple[str, str]] = []
    desk.paper.exchange.listen(
        lambda event: told.append((event.kind, event.notice.title)) if isinstance(event, Announced) else None
    )
    new = desk.ask("POST", "/announcements", {"category": "notice", "title": "one", "body": "# one"})
    assert (200, "one", "# one") == (new.status, new.result["title"], new.result["body"])
    again = {"category": "notice", "title": "two", "uuid": new.result["uuid"]}
    assert "two" == desk.ask("POST", "/announcements", again).result["title"]
    assert [("CREATED", "one"), ("UPDATED", "two")] == told
    assert 400 == desk.ask("POST", "/announcements", {"category": "gossip", "title": "three"}).status
    assert 404 == desk.ask("POST", "/announcements", again | {"uuid": "none"}).status


def test_a_market_jumps_stands_still_and_goes_on(desk: Desk) -> None:
    before = desk.client.tickers.list("KRW-BTC")[0].trade_price
    desk.ask("POST", "/markets/KRW-BTC", {"shock": -20})
    desk.paper.advance(5)
    after = desk.client.tickers.list("KRW-BTC")[0].trade_price
    assert Decimal("0.78") < after / before < Decimal("0.82")
    assert "halt" == desk.ask("POST", "/markets/KRW-BTC", {"regime": "halt"}).result["regime"]
    last = desk.client.trades.list("KRW-BTC", count=1)
    desk.paper.advance(60)
    assert last == desk.client.trades.list("KRW-BTC", count=1)
    desk.ask("POST", "/markets/KRW-BTC", {"regime": "crash", "liquidity": 10})
    desk.paper.advance(60)
    assert last != desk.client.trades.list("KRW-BTC", count=1)
    shown = {one["market"]: one["regime"] for one in desk.ask("GET", "/markets").result}
    assert ("crash", "calm") == (shown["KRW-BTC"], shown["KRW-ETH"])
    assert 400 == desk.ask("POST", "/markets/KRW-NONE", {"regime": "calm"}).status
    assert [] == desk.ask("GET", "/invariants").result["faults"]


def test_an_order_is_filled_in_parts_and_tells_its_history(desk: Desk) -> None:
    placed = desk.client.orders.create(**ORDER)
    assert "0.0006" == desk.ask("POST", f"/orders/{placed.uuid}/fill", {"volume": "0.0004"}).result["remaining_volume"]
    assert "wait" == desk.client.orders.retrieve(uuid=placed.uuid).state
    assert "done" == desk.ask("POST", f"/orders/{placed.uuid}/fill").result["state"]
    found = desk.client.orders.retrieve(uuid=placed.uuid)
    assert ("done", Decimal("0.001")) == (found.state, found.executed_volume)
    history = desk.ask("GET", f"/orders/{placed.uuid}/history").result
    assert ["wait", "trade", "trade", "done"] == [change["kind"] for change in history]
    assert 400 == desk.ask("POST", f"/orders/{placed.uuid}/fill").status
    assert 404 == desk.ask("POST", "/orders/nobody/fill").status
    assert [] == desk.ask("GET", "/invariants").result["faults"]


def test_a_fill_beyond_the_order_is_refused(desk: Desk) -> None:
    placed = desk.client.orders.create(**ORDER)
    for volume in ("0.0011", "0", "-1", "1e-9"):
        assert 400 == desk.ask("POST", f"/orders/{placed.uuid}/fill", {"volume": volume}).status


def test_an_ask_is_filled_and_another_cancelled(desk: Desk) -> None:
    asks = [
        desk.client.orders.create(**{**ORDER, "side": "ask", "price": price, "volume": "0.01"})
        for price in ("200000000", "210000000")
    ]
    assert "done" == desk.ask("POST", f"/orders/{asks[0].uuid}/fill").result["state"]
    assert "cancel" == desk.ask("POST", f"/orders/{asks[1].uuid}/cancel").result["state"]
    assert 404 == desk.ask("POST", f"/orders/{asks[1].uuid}/cancel").status
    assert [] == desk.ask("GET", "/invariants").result["faults"]


# -- faults, and what happened -------------------------------------------------------------------------


def test_faults_are_ordered_and_listed(desk: Desk) -> None:
    assert {"rule": 1} == desk.ask("POST", "/chaos", {"effect": "refuse", "group": "order", "times": 1}).result
    with pytest.raises(errors.MarketOfflineError):
        desk.client.orders.create(**ORDER)
    shown = desk.ask("GET", "/chaos").result
    assert {"1": {"effect": "refuse", "group": "order", "times": 1}} == shown["rules"]
    assert [("refuse", "KRW-BTC", "POST")] == [
        (fault["effect"], fault["market"], fault["method"]) for fault in shown["faults"]
    ]
    assert len(desk.ask("POST", "/chaos/profile", {"profile": "mild"}).result["rules"]) > 10
    cleared = desk.ask("DELETE", "/chaos").result
    assert ({}, "none", 1) == (cleared["rules"], cleared["profile"], len(cleared["faults"]))


def test_requests_are_remembered_without_secrets(desk: Desk) -> None:
    desk.ask("POST", "/chaos", {"effect": "lost_answer", "method": "POST"})
    desk.client.accounts.list()
    with pytest.raises(errors.APIConnectionError):
        sent_once(desk.client, Orders.create, **ORDER, identifier="mine")
    first, second = desk.ask("GET", "/requests").result
    assert (1, "GET", "/v1/accounts", 200, []) == tuple(
        first[name] for name in ("seq", "method", "path", "status", "faults")
    )
    assert (2, None, ["lost_answer"]) == (second["seq"], second["status"], second["faults"])
    assert "mine" == json.loads(second["body"])["identifier"]
    assert "authorization" not in first["headers"]


def test_events_have_numbers_without_gaps(desk: Desk) -> None:
    desk.ask("POST", "/chaos", {"effect": "slow_before", "milliseconds": 1, "times": 1})
    desk.client.orders.create(**{**ORDER, "ord_type": "price", "price": "10000", "volume": None})
    desk.paper.advance(30)
    events = desk.ask("GET", "/events?after=0").result
    assert list(range(1, len(events) + 1)) == [event["seq"] for event in events]
    assert {"fault", "order_changed", "traded", "asset_changed"} == {event["event"] for event in events}
    assert events[5:] == desk.ask("GET", "/events?after=5").result
    assert [] == desk.ask("GET", f"/events?after={len(events)}").result
    assert 400 == desk.ask("GET", "/events?after=x").status


def test_it_counts(desk: Desk) -> None:
    desk.client.orders.create(**ORDER)
    shown = desk.ask("GET", "/metrics").result
    assert (1, 1, 1, 1, 0) == tuple(shown[name] for name in ("requests", "orders", "open_orders", "accounts", "faults"))


def test_its_name_shows_no_secret(desk: Desk) -> None:
    assert "secret" not in repr(desk.control)


# -- over a port, and on disk --------------------------------------------------------------------------


def call(url: str, token: str, method: str, path: str, body: Any = None, **headers: str) -> Said:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{url}{path}", data, method=method)
    for name, value in {"Authorization": f"Bearer {token}", "Content-Type": "application/json", **headers}.items():
        request.add_header(name, value)
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return Said(answer.status, json.load(answer))
    except urllib.error.HTTPError as error:
        with error:
            return Said(error.code, json.load(error))


def test_it_has_a_port_and_a_token_of_its_own() -> None:
    with running() as exchange, exchange.client(max_retries=0) as client:
        place = exchange.control_url, exchange.control_token
        call(*place, "POST", "/chaos", {"effect": "gateway", "status": 502, "times": 1})
        with pytest.raises(errors.InternalServerError):
            client.accounts.list()
        assert client.accounts.list()
        assert 401 == call(exchange.control_url, exchange.secret_key, "GET", "/clock").status
        assert 403 == call(*place, "GET", "/clock", Host="evil.example").status
        assert 403 == call(*place, "GET", "/clock", Origin=exchange.base_url).status
        assert 413 == call(*place, "POST", "/chaos", {"effect": "x" * 70_000}).status
        assert 404 == call(f"{exchange.base_url}{PREFIX}", exchange.control_token, "GET", "/clock").status


def test_an_exchange_runs_as_fast_as_it_can() -> None:
    with running() as exchange, exchange.client() as client:
        place = exchange.control_url, exchange.control_token
        before = call(*place, "POST", "/clock", {"mode": "asap"}).result["now"]
        while call(*place, "GET", "/clock").result["now"] < before + 60_000:
            pass
        assert client.tickers.list("KRW-BTC")[0].timestamp >= before + 60_000


def test_what_was_done_to_a_kept_exchange_is_done_again_after_a_restart(tmp_path: Path) -> None:
    def opened(now: int) -> Control:
        journal = open_journal(tmp_path, clock=Clock("stepped", start=now), secret=lambda: "s" * 40)
        chaos = Chaos()
        return Control(journal.exchange, chaos, Chronicle(journal.exchange, chaos), token="secret")

    control = opened(1_790_000_000_000)
    headers = {"authorization": "Bearer secret", "content-type": "application/json"}
    for path, body in (
        ("/deposit", {"currency": "BTC", "amount": "3"}),
        ("/withdraw", {"currency": "BTC", "amount": "1"}),
        ("/accounts", {"name": "봇"}),
        ("/keys", {"permissions": ["view_orders", "make_orders"]}),
        ("/allow-list", {"currency": "BTC", "net_type": "BTC", "address": "bc1paper"}),
        ("/clock", {"advance": 5_000}),
        ("/markets/KRW-BTC", {"shock": 10, "regime": "trend", "liquidity": 50}),
        ("/clock", {"advance": 60_000}),
    ):
        answer = control.handle(Request("POST", f"{PREFIX}{path}", "", json.dumps(body).encode(), headers))
        assert 200 == answer.status, answer.body
    (key, *_) = control.exchange.keys(control.exchange.account)
    changed = json.dumps({"permissions": ["view_account"]}).encode()
    assert 200 == control.handle(Request("POST", f"{PREFIX}/keys/{key.access_key}", "", changed, headers)).status
    control.exchange.advance()
    before = state_hash(control.exchange)
    journal = control.exchange.journal
    assert journal is not None
    journal.commit()
    journal._store.close()  # as kill -9 leaves it
    again = opened(control.exchange.now).exchange
    assert before == state_hash(again)
