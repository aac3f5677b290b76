from __future__ import annotations

import pytest

from tests.paper.studio import START, TICKER, Studio, events
from upbit.paper.broadcast import NORMAL_CLOSURE
from upbit.paper.exchange import PERMISSIONS
from upbit.wire.frames import CATEGORIES, INFO, PRIVATE


@pytest.mark.parametrize("path", [PRIVATE, INFO])
def test_without_a_good_token_a_private_socket_ends_at_once(path: str) -> None:
    session = Studio().session(path)
    (error,) = events(session.pulse(START))
    assert ("INVALID_AUTH", NORMAL_CLOSURE) == (error["error"]["name"], session.ended)


def test_orders_and_assets_are_told_to_their_account_as_they_change() -> None:
    studio = Studio()
    mine, all_mine, other, public = studio.private(), studio.private(), studio.private(), studio.session()
    stranger = studio.session(PRIVATE, studio.exchange.issue_key("somebody"))
    studio.ask(mine, {"type": "myOrder", "codes": ["KRW-BTC"]}, {"type": "myAsset"})
    studio.ask(all_mine, {"type": "myOrder"})
    studio.ask(other, {"type": "myOrder", "codes": ["KRW-ETH"]})
    studio.ask(stranger, {"type": "myOrder"}, {"type": "myAsset"})
    studio.ask(public, TICKER)
    studio.order(90_000_000)
    order, asset = studio.pulse(mine)
    assert ("myOrder", "wait", "KRW-BTC", 90_000_000) == (
        order["type"],
        order["state"],
        order["code"],
        order["price"],
    )
    held = studio.exchange.ledger.holding(studio.exchange.account, "KRW")
    assert [{"currency": "KRW", "balance": held.balance, "locked": held.locked}] == asset["assets"]
    assert [order] == studio.pulse(all_mine)
    assert [] == studio.pulse(other) == studio.pulse(stranger) == studio.pulse(public)


def test_an_order_that_meets_another_is_told_as_trade_and_then_done() -> None:
    studio = Studio()
    session = studio.private()
    studio.ask(session, {"type": "myOrder"})
    studio.order(120_000_000)
    assert ["wait", "trade", "done"] == list(dict.fromkeys(event["state"] for event in studio.pulse(session)))


@pytest.mark.parametrize(("kind", "needed"), [("myOrder", "view_orders"), ("myAsset", "view_account")])
def test_a_key_without_the_permission_is_refused(kind: str, needed: str) -> None:
    studio = Studio()
    (error,) = studio.ask(studio.private(PERMISSIONS - {needed}), {"type": kind})
    assert "INVALID_AUTH" == error["error"]["name"]


def test_types_belong_to_their_socket() -> None:
    studio = Studio()
    (error,) = studio.ask(studio.private(), TICKER)
    assert "INVALID_PARAM" == error["error"]["name"]


# -- announcements -----------------------------------------------------------------------------------


def test_an_announcement_is_told_as_it_is_published_and_when_it_changes() -> None:
    studio = Studio()
    session = studio.private()
    assert [] == studio.ask(session, {"type": "announcement", "include_body": True})
    notice = studio.exchange.notices.publish("notice", "제목", studio.exchange.now, body="# 본문")
    studio.step(61_000)
    notices = studio.exchange.notices
    notices.update(notice.uuid, "event", "새 제목", studio.exchange.now, url="http://localhost/1")
    first, second = studio.pulse(session)
    assert {
        "type": "announcement",
        "uuid": notice.uuid,
        "event_type": "CREATED",
        "category": "notice",
        "title": "제목",
        "url": f"http://localhost/notices/{notice.uuid}",
        "body": "# 본문",
        "first_listed_at": "2026-09-21T23:13:30+09:00",
        "listed_at": "2026-09-21T23:13:30+09:00",
        "timestamp": START,
        "stream_type": "REALTIME",
    } == first
    assert list(first) == list(second)
    assert {**first, **{key: second[key] for key in ("event_type", "category", "title", "url", "body")}} | {
        "listed_at": "2026-09-21T23:14:31+09:00",
        "timestamp": START + 61_000,
    } == second
    assert ("UPDATED", "event", "새 제목", "http://localhost/1", None) == tuple(
        second[key] for key in ("event_type", "category", "title", "url", "body")
    )


def test_who_does_not_ask_for_the_body_gets_none() -> None:
    studio = Studio()
    session = studio.private()
    studio.ask(session, {"type": "announcement"}, format="SIMPLE_LIST")
    studio.exchange.notices.publish("trade", "t", START, body="b")
    (frame,) = session.pulse(START)
    assert frame.startswith(b'[{"ty":"announcement","uid":"')
    assert b'"et":"CREATED","cat":"trade","tt":"t","url":' in frame
    assert b'"flat":"2026-09-21T23:13:30+09:00","lat":"2026-09-21T23:13:30+09:00","tms":' in frame
    assert b'"bd"' not in frame


def test_announcements_are_told_to_those_who_want_their_category() -> None:
    studio = Studio()
    everything, events_only, public = studio.private(), studio.private(), studio.session()
    studio.ask(everything, {"type": "announcement"})
    studio.ask(events_only, {"type": "announcement", "categories": ["event", "airdrop"]})
    studio.ask(public, TICKER)
    for category in CATEGORIES:
        studio.exchange.notices.publish(category, "t", START)
    assert list(CATEGORIES) == [event["category"] for event in studio.pulse(everything)]
    assert ["event", "airdrop"] == [event["category"] for event in studio.pulse(events_only)]
    assert [] == studio.pulse(public)


def test_the_key_of_an_announcement_needs_no_permission() -> None:
    studio = Studio()
    session = studio.private(permissions=())
    assert ([], None) == (studio.ask(session, {"type": "announcement"}), session.ended)
