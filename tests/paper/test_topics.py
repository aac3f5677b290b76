from __future__ import annotations

from typing import Any

import pytest

from tests.paper.studio import TICKER, Studio
from upbit.paper.exchange import Exchange
from upbit.paper.topics import MAX_CODES, MAX_STUDIES, Topic, admit, topics
from upbit.wire.frames import (
    CATEGORIES,
    INFO,
    PRIVATE,
    PUBLIC,
    TYPES,
    ListSubscriptions,
    SocketError,
    Subscribe,
    Subscription,
)

RSI: dict[str, Any] = {"type": "rsi", "params": {"period": 14}}


def refused(profile: str, request: Subscribe | ListSubscriptions, path: str = PUBLIC) -> str | None:
    """The name of the error with which a request is refused, if it is."""
    studio = Studio(profile)
    try:
        admit(request, path, studio.exchange.first_key, studio.exchange.profile)
    except SocketError as error:
        return error.name
    return None


def asked(kind: str, **fields: Any) -> Subscribe:
    return Subscribe(ticket="t", subscriptions=(Subscription(type=kind, **fields),))


@pytest.mark.parametrize(
    ("kind", "path", "before", "since"),
    [
        ("candle.1s", PUBLIC, "2025-01-19", "2025-01-20"),
        ("candle.240m", PUBLIC, "2025-05-11", "2025-05-12"),
        ("myOrder", PRIVATE, "2024-04-24", "2024-04-25"),
        ("myAsset", PRIVATE, "2024-04-24", "2024-04-25"),
        ("announcement", PRIVATE, "2026-08-30", "2026-08-31"),
        ("indicator", INFO, "2026-09-22", "2026-09-23"),
        ("indicator_signal", INFO, "2026-09-22", "2026-09-23"),
    ],
)
def test_a_type_is_there_since_its_day(kind: str, path: str, before: str, since: str) -> None:
    request = asked(kind, codes=("KRW-BTC",))
    assert ("INVALID_PARAM", None) == (refused(before, request, path), refused(since, request, path))


def test_in_2023_there_are_three_types_and_two_formats_and_no_methods() -> None:
    spoken = [kind for kind in TYPES if refused("2023", asked(kind), TYPES[kind]) is None]
    assert ["ticker", "trade", "orderbook"] == spoken
    request = asked("ticker")
    formats = [
        Subscribe(ticket="t", subscriptions=request.subscriptions, format=form) for form in ("SIMPLE", "JSON_LIST")
    ]
    assert [None, "INVALID_PARAM"] == [refused("2023", one) for one in formats]
    assert [None, None] == [refused("2024-04-25", one) for one in formats]
    question = ListSubscriptions(ticket="t")
    assert ("NO_TYPE", "NO_TYPE", None) == tuple(
        refused(profile, question) for profile in ("2023", "2024-07-30", "2024-07-31")
    )


def test_today_everything_is_spoken_at_its_own_socket_only() -> None:
    for kind, home in TYPES.items():
        for path in (PUBLIC, PRIVATE, INFO):
            assert (None if path == home else "INVALID_PARAM") == refused("current", asked(kind), path)


def test_codes_are_counted_over_the_whole_request() -> None:
    many = Subscription(type="ticker", codes=("KRW-BTC",) * (MAX_CODES // 2))
    one = Subscription(type="trade", codes=("KRW-BTC",))
    assert refused("current", Subscribe(ticket="t", subscriptions=(many, many))) is None
    assert "INVALID_PARAM" == refused("current", Subscribe(ticket="t", subscriptions=(many, many, one)))


@pytest.fixture(scope="module")
def exchange() -> Exchange:
    return Studio().exchange


def listened(exchange: Exchange, *subscriptions: Subscription) -> list[list[Topic]]:
    return topics(subscriptions, exchange.first_key, exchange)


def test_every_subscription_has_its_own_topics(exchange: Exchange) -> None:
    account = exchange.account
    assert [
        [Topic("ticker", "KRW-BTC"), Topic("ticker", "BTC-ETH")],
        [Topic("myOrder", account=account)],
        [Topic("myOrder", "KRW-BTC", account=account)],
        [Topic("myAsset", account=account)],
        [Topic("announcement", category="event", body=True)],
    ] == listened(
        exchange,
        Subscription(type="ticker", codes=("KRW-BTC", "krw-btc", "BTC-ETH", "KRW-NOPE")),
        Subscription(type="myOrder"),
        Subscription(type="myOrder", codes=("KRW-BTC",)),
        Subscription(type="myAsset"),
        Subscription(type="announcement", categories=("event",), include_body=True),
    )
    (row,) = listened(exchange, Subscription(type="announcement"))
    assert list(CATEGORIES) == [topic.category for topic in row]


def indicator(codes: tuple[str, ...], *indicators: dict[str, Any], timeframe: str = "5m") -> Subscription:
    from msgspec import convert

    return convert(
        {"type": "indicator", "codes": codes, "timeframe": timeframe, "indicators": indicators}, Subscription
    )


def test_indicators_are_of_markets_in_krw_and_other_codes_are_passed_over(exchange: Exchange) -> None:
    (row,) = listened(exchange, indicator(("KRW-BTC", "BTC-ETH", "KRW-NOPE", "USDT-BTC", "KRW-ETH"), RSI))
    assert ["KRW-BTC", "KRW-ETH"] == [topic.market for topic in row]


def test_a_socket_has_at_most_a_hundred_combinations(exchange: Exchange) -> None:
    krw = tuple(code for code in exchange.listings if code.startswith("KRW-"))[:20]
    five = [{"type": "rsi", "params": {"period": period}} for period in range(2, 7)]
    assert MAX_STUDIES == len(listened(exchange, indicator(krw, *five))[0])
    listened(exchange, indicator(krw, *five), indicator(krw, *five))  # the same ones
    with pytest.raises(SocketError, match="INVALID_PARAM"):
        listened(exchange, indicator(krw, *five), indicator(krw[:1], *five, timeframe="1d"))


def test_types_of_later_years_are_refused_on_the_socket() -> None:
    studio = Studio("2023")
    (error,) = studio.ask(studio.session(), {"type": "candle.1s", "codes": ["KRW-BTC"]})
    assert "INVALID_PARAM" == error["error"]["name"]
    assert ["ticker"] == [event["type"] for event in studio.ask(studio.session(), TICKER)]
