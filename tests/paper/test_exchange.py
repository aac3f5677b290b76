"""The whole exchange behind one clock."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.paper.visitor import START
from upbit.paper.clock import SteppedClock
from upbit.paper.exchange import PERMISSIONS, START_FUNDS, Exchange
from upbit.paper.ledger import Violation
from upbit.paper.listing import MARKETS
from upbit.paper.orders import AssetChanged, Event, Traded
from upbit.wire.token import PAPER_PREFIX

D = Decimal


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock(START)


@pytest.fixture
def exchange(clock: SteppedClock) -> Exchange:
    return Exchange(clock=clock, seed=1, check=True)


def test_a_new_account_has_its_start_funds_and_a_key(exchange: Exchange) -> None:
    held = {currency: one.balance for currency, one in exchange.ledger.holdings(exchange.account)}
    assert START_FUNDS == held
    key = exchange.first_key
    assert (key, [key]) == (exchange.key(key.access_key), exchange.keys(exchange.account))
    assert (exchange.account, PERMISSIONS) == (key.account, key.permissions)
    assert key.access_key.startswith(PAPER_PREFIX)
    assert (40, 40) == (len(key.access_key), len(key.secret))
    assert START + 365 * 86_400_000 == key.expires


def test_neither_exchange_nor_key_shows_a_secret(exchange: Exchange) -> None:
    assert "<paper exchange, profile current, seed 1>" == repr(exchange)
    assert f"<Key {exchange.first_key.access_key}>" == repr(exchange.first_key)


def test_keys_can_be_made_of_secrets_that_nobody_can_guess(clock: SteppedClock) -> None:
    secrets = iter(["a" * 43, "b" * 43])
    key = Exchange(clock=clock, secret=lambda: next(secrets)).first_key
    assert (f"PAPER{'a' * 35}", "b" * 40) == (key.access_key, key.secret)


def test_a_key_may_be_limited(exchange: Exchange) -> None:
    key = exchange.issue_key(exchange.account, permissions=["view_orders"], allowed_ips=["10.0.0.1"], lifetime=5)
    assert (frozenset({"view_orders"}), ("10.0.0.1",), START + 5) == (key.permissions, key.allowed_ips, key.expires)
    assert None is exchange.key("nobody")


def test_a_nonce_is_good_once_for_a_key(exchange: Exchange) -> None:
    assert [True, False, True] == [
        exchange.spend_nonce("a", "1"),
        exchange.spend_nonce("a", "1"),
        exchange.spend_nonce("b", "1"),
    ]


def test_the_same_seed_gives_the_same_exchange(clock: SteppedClock) -> None:
    def walk(seed: int) -> tuple[object, ...]:
        own = SteppedClock(START)
        exchange = Exchange(clock=own, seed=seed)
        trades: list[Event] = []
        exchange.venue("KRW-BTC")
        exchange.listen(trades.append)
        own.step(120_000)
        exchange.advance()
        return exchange.first_key.secret, exchange.new_id(), trades, exchange.price("KRW-BTC")

    assert walk(1) == walk(1)
    assert walk(1) != walk(2)


def test_the_market_goes_on_as_the_clock_does(exchange: Exchange, clock: SteppedClock) -> None:
    venue = exchange.venue("KRW-BTC")
    assert venue is not None
    assert (venue, None) == (exchange.venue("KRW-BTC"), exchange.venue("KRW-NONE"))
    seen: list[Event] = []
    stop = exchange.listen(seen.append)
    assert [] == seen
    clock.step(60_000)
    assert START + 60_000 == exchange.advance()
    traded = [event for event in seen if isinstance(event, Traded)]
    assert traded
    assert {"KRW-BTC"} == {event.market for event in traded}
    assert exchange.price("KRW-BTC") == D(traded[-1].price) / 10**8
    stop()
    clock.step(60_000)
    exchange.advance()
    assert len(traded) == len([event for event in seen if isinstance(event, Traded)])


def test_time_never_goes_back() -> None:
    times = iter([START, START + 10, START + 5])
    exchange = Exchange(clock=lambda: next(times))
    assert [START + 10, START + 10] == [exchange.advance(), exchange.advance()]


def test_every_market_opens_and_then_none_is_left(exchange: Exchange) -> None:
    opened = 0
    while exchange.open_next():
        opened += 1
    assert len(MARKETS) == opened
    assert all(exchange.price(listing.market) > 0 for listing in MARKETS)


def test_what_is_not_listed_has_no_price(exchange: Exchange) -> None:
    assert D(0) == exchange.price("KRW-NONE")


def test_tick_sizes_follow_the_profile(clock: SteppedClock) -> None:
    assert D(5) == Exchange(clock=clock, profile="2023").tick_size("KRW-XRP", D(2015))
    assert D(1) == Exchange(clock=clock).tick_size("KRW-XRP", D(2015))


def test_a_deposit_under_way_arrives_by_the_clock(exchange: Exchange, clock: SteppedClock) -> None:
    seen: list[Event] = []
    exchange.listen(seen.append)
    exchange.wallet.deposit_krw(exchange.account, D(5_000), exchange.now)
    clock.step(5_000)
    exchange.advance()
    assert [AssetChanged(exchange.account, ("KRW",), START + 5_000)] == seen
    assert D(10_005_000) == exchange.ledger.holding(exchange.account, "KRW").balance


def test_a_checked_exchange_notices_money_out_of_nothing(exchange: Exchange) -> None:
    exchange.ledger._held(exchange.account, "KRW").balance += 1
    with pytest.raises(Violation):
        exchange.advance()
