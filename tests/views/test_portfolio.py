from __future__ import annotations

import random
from decimal import Decimal
from typing import NamedTuple

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.views.events import gap, moment, trade
from tests.views.exchange import ME, Exchange, Told, portfolio, same
from upbit.models import Account, MyAsset, MyAssetEvent, MyOrderEvent
from upbit.paper.book import SCALE, Side
from upbit.paper.orders import SmpType
from upbit.views import Portfolio

D = Decimal


# -- against the exchange ----------------------------------------------------------------------------


class Act(NamedTuple):
    kind: str
    side: Side
    price: int
    volume: int
    market: str
    smp_type: SmpType | None

    def on(self, exchange: Exchange) -> None:
        volume = str(D(self.volume) / SCALE)
        match self.kind:
            case "other":
                exchange.place(self.side, self.price, volume, market=self.market, account="other")
            case "limit":
                exchange.place(self.side, self.price, volume, market=self.market, smp_type=self.smp_type)
            case "market" if self.side == "bid":
                exchange.place("bid", self.price * 2, None, "price", market=self.market)
            case "market":
                exchange.place("ask", None, volume, "market", market=self.market)
            case "cancel":
                exchange.cancel(self.volume)
            case _:
                exchange.deposit(self.market[-3:], self.volume)


sides: st.SearchStrategy[Side] = st.sampled_from(("bid", "ask"))
smp_types: st.SearchStrategy[SmpType | None] = st.sampled_from((None, None, "cancel_maker", "cancel_taker", "reduce"))
acts = st.builds(
    Act,
    st.sampled_from(("other", "other", "limit", "limit", "market", "cancel", "deposit")),
    sides,
    st.integers(98, 102),
    st.integers(1, 4 * SCALE),
    st.sampled_from(("KRW-BTC", "KRW-XRP", "BTC-XRP")),
    smp_types,
)


def reordered(events: list[Told], chance: random.Random) -> list[Told]:
    """Repeat some and mix all, but keep balances and fills of one millisecond in order."""
    times = sorted({event.timestamp for event in events})
    groups = [[event for event in events if event.timestamp == time] for time in times]
    for group in groups:
        for _ in range(chance.randrange(3)):
            again = chance.randrange(len(group))
            group.insert(chance.randrange(again + 1, len(group) + 1), group[again])
    groups += [list(group) for group in chance.sample(groups, len(groups) // 2)]
    mixed: list[Told] = []
    while groups:
        group = chance.choice(groups)
        mixed.append(group.pop(0))
        groups = [group for group in groups if group]
    return mixed


@settings(max_examples=100)
@given(acts=st.lists(acts, min_size=10, max_size=40), seed=st.integers(0, 2**16))
def test_a_portfolio_is_what_the_exchange_has_whatever_the_order_and_however_often(acts: list[Act], seed: int) -> None:
    exchange = Exchange(KRW=10_000, BTC=2, XRP=3)
    accounts = exchange.accounts()
    for act in acts:
        act.on(exchange)
    same(portfolio(exchange.told, accounts), exchange)
    same(portfolio(reordered(exchange.told, random.Random(seed)), accounts), exchange)
    assert exchange.open_orders() == portfolio(exchange.told).orders


# -- one by one --------------------------------------------------------------------------------------


def states(exchange: Exchange) -> list[str]:
    return [event.state for event in exchange.told if isinstance(event, MyOrderEvent)]


def steps(exchange: Exchange, *wanted: str) -> list[Told]:
    """The order events of the states, in that order."""
    told = [event for event in exchange.told if isinstance(event, MyOrderEvent)]
    return [next(event for event in told if event.state == state) for state in wanted]


def test_a_new_portfolio_has_what_the_accounts_say() -> None:
    one = Portfolio(Exchange(KRW=500).accounts())
    assert {"KRW": MyAsset(currency="KRW", balance=D(500), locked=D(0))} == one.balances
    assert ({}, [], None, None) == (one.orders, one.fills, one.avg_buy_price("KRW"), one.stale_since)
    assert ({}, None) == (Portfolio().balances, Portfolio().avg_buy_price("BTC"))


def test_buys_join_the_average_without_their_fee_and_sales_leave_it_until_all_is_sold() -> None:
    exchange = Exchange(KRW=1_000_000)
    averages: list[Decimal | None] = []
    for side, price, volume in (("bid", 100, 1), ("bid", 400, 2), ("ask", 700, 1), ("ask", 800, 2), ("bid", 50, 1)):
        exchange.place("ask" if side == "bid" else "bid", price, volume, account="other")
        exchange.place("bid" if side == "bid" else "ask", price, volume)
        averages.append(portfolio(exchange.told, []).avg_buy_price("BTC"))
    assert [D(100), D(300), D(300), None, D(50)] == averages


def test_what_was_there_before_counts_with_its_average() -> None:
    held = Account(
        currency="BTC",
        balance=D(1),
        locked=D(2),
        avg_buy_price=D(100),
        avg_buy_price_modified=True,
        unit_currency="KRW",
    )
    exchange = Exchange(KRW=1_000_000)
    exchange.place("ask", 500, 1, account="other")
    exchange.place("bid", 500, 1)
    orders = [event for event in exchange.told if isinstance(event, MyOrderEvent)]
    assert D(200) == portfolio([*orders], [held]).avg_buy_price("BTC")
    assert D(500) == portfolio([*orders]).avg_buy_price("BTC")


def test_the_unit_of_averages_is_that_of_the_accounts() -> None:
    exchange = Exchange(BTC=1_000)
    exchange.place("ask", 2, 1, account="other", market="BTC-XRP")
    exchange.place("bid", 2, 1, market="BTC-XRP")
    account = Account(
        currency="XRP",
        balance=D(0),
        locked=D(0),
        avg_buy_price=D(0),
        avg_buy_price_modified=False,
        unit_currency="BTC",
    )
    assert (None, D(2)) == (
        portfolio(exchange.told).avg_buy_price("XRP"),
        portfolio(exchange.told, [account]).avg_buy_price("XRP"),
    )


def test_an_order_heard_of_by_a_fill_has_no_price_until_it_is_told() -> None:
    exchange = Exchange(KRW=1_000_000)
    exchange.place("ask", 90, 1, account="other")
    uuid = exchange.place("bid", 100, 3)
    wait, filled = steps(exchange, "wait", "trade")
    one = portfolio([filled])
    assert (None, D(3), D(2)) == (
        one.orders[uuid].price,
        one.orders[uuid].volume,
        one.orders[uuid].remaining_volume,
    )
    one.apply(wait)
    assert exchange.open_orders() == one.orders


def test_an_order_that_ended_stays_ended_and_its_late_fill_counts() -> None:
    exchange = Exchange(KRW=1_000_000)
    exchange.place("ask", 90, 1, account="other")
    exchange.place("bid", 100, 1)
    assert ["wait", "trade", "done"] == states(exchange)
    one = portfolio(steps(exchange, "done", "trade", "wait", "trade"))
    assert ({}, 1, D(90)) == (one.orders, len(one.fills), one.avg_buy_price("BTC"))


def test_fills_stand_in_the_order_of_their_times_and_the_oldest_go() -> None:
    exchange = Exchange(KRW=1_000_000)
    for price in (90, 91, 92):
        exchange.place("ask", price, 1, account="other")
        exchange.place("bid", price, 1)
    events = [event for event in exchange.told if isinstance(event, MyOrderEvent)]
    assert [D(90), D(91), D(92)] == [fill.price for fill in portfolio([*reversed(events)]).fills]
    assert [D(91), D(92)] == [fill.price for fill in portfolio([*events], history=2).fills]
    assert [] == portfolio([*events], history=0).fills


def test_a_sale_to_oneself_counts_twice_as_the_two_orders_it_filled() -> None:
    exchange = Exchange(KRW=1_000_000, BTC=4)
    accounts = exchange.accounts()
    exchange.place("ask", 100, 1)
    exchange.place("ask", 150, 2)
    exchange.place("bid", 200, 3)
    one = portfolio(exchange.told, accounts)
    assert 4 == len(one.fills)
    assert D("116.66666667") == one.avg_buy_price("BTC")
    same(one, exchange)


def test_what_self_match_prevention_took_off_was_of_the_order() -> None:
    exchange = Exchange(KRW=1_000_000, BTC=4)
    exchange.place("ask", 100, 1)
    exchange.place("ask", 110, 1, account="other")
    uuid = exchange.place("bid", 120, 3, smp_type="reduce")
    (filled,) = steps(exchange, "trade")
    assert (D(3), D(1)) == (portfolio([filled]).orders[uuid].volume, portfolio([filled]).orders[uuid].prevented_volume)
    assert exchange.open_orders() == portfolio(exchange.told).orders


def test_an_event_that_prevention_has_overtaken_changes_nothing() -> None:
    exchange = Exchange(KRW=1_000_000, BTC=4)
    exchange.place("ask", 100, 1)
    exchange.place("bid", 120, 3, smp_type="reduce")
    wait, prevented = [e for e in exchange.told if isinstance(e, MyOrderEvent) and e.ask_bid == "BID"]
    one = portfolio([prevented, msgspec.structs.replace(wait, timestamp=wait.timestamp + 5)])
    assert exchange.open_orders() == one.orders


def balance(amount: int, time: int, stream: str = "REALTIME") -> MyAssetEvent:
    asset = MyAsset(currency="KRW", balance=D(amount), locked=D(0))
    return MyAssetEvent(type="myAsset", assets=[asset], asset_timestamp=time, timestamp=time, stream_type=stream)


def test_a_balance_learned_by_rest_counts_when_it_comes_whatever_our_clock_says() -> None:
    one = Portfolio()
    shown: list[Decimal] = []
    for event in (
        balance(1, 9000, "SNAPSHOT"),
        balance(2, 100),
        balance(3, 50, "SNAPSHOT"),
        balance(4, 9001, "RECOVERED"),
        balance(5, 101),
        balance(4, 9001, "RECOVERED"),
        balance(6, 100),
        balance(5, 101),
        balance(7, 101),
    ):
        one.apply(event)
        shown.append(one.balances["KRW"].balance)
    assert [1, 2, 2, 4, 5, 5, 5, 5, 7] == shown


def test_who_sells_more_than_was_told_still_has_some_at_the_average() -> None:
    exchange = Exchange(KRW=1_000_000, BTC=4)
    exchange.place("ask", 100, 1, account="other")
    exchange.place("bid", 100, 1)
    exchange.place("bid", 90, 2, account="other")
    exchange.place("ask", 90, 2)
    fills = [event for event in exchange.told if isinstance(event, MyOrderEvent)]
    assert D(100) == portfolio([*fills]).avg_buy_price("BTC")


def test_without_balances_the_fills_say_what_is_held() -> None:
    exchange = Exchange(KRW=1_000_000, BTC=4)
    exchange.place("bid", 90, 4, account="other")
    exchange.place("ask", 90, 4)
    exchange.place("ask", 100, 2, account="other")
    exchange.place("bid", 100, 1)
    exchange.place("bid", 100, 1)
    exchange.place("ask", 1, 1, market="BTC-XRP", account="other")
    exchange.place("bid", 1, 1, market="BTC-XRP")
    exchange.place("ask", 200, 1, account="other")
    exchange.place("bid", 200, 1)
    fills = [event for event in exchange.told if isinstance(event, MyOrderEvent)]
    average = portfolio([*fills]).avg_buy_price("BTC")
    assert D("150.01250313") == average == exchange.ledger.holding(ME, "BTC").average


def test_fills_of_2023_have_no_uuid_and_no_fee() -> None:
    exchange = Exchange("2023", KRW=1_000_000)
    exchange.place("ask", 90, 1, account="other")
    exchange.place("ask", 100, 1, account="other")
    exchange.place("bid", 100, 2)
    one = portfolio(exchange.told + exchange.told)
    assert [(None, D(90)), (None, D(100))] == [(fill.trade_uuid, fill.price) for fill in one.fills]
    assert D(95) == one.avg_buy_price("BTC")


def test_a_deposit_weighs_in_the_next_average_even_when_it_is_told_after_it() -> None:
    exchange = Exchange(KRW=1_000_000)
    for price in (100, 400):
        exchange.place("ask", price, 1, account="other")
        exchange.place("bid", price, 1)
        exchange.deposit("BTC", 1)
    same(portfolio(exchange.told, []), exchange)
    same(portfolio([*sorted(exchange.told, key=lambda event: isinstance(event, MyAssetEvent))], []), exchange)
    assert D(200) == portfolio(exchange.told).avg_buy_price("BTC")


def test_long_histories_take_no_more_room_and_old_news_does_no_harm() -> None:
    exchange = Exchange(KRW=100_000_000, BTC=1)
    accounts = exchange.accounts()
    for number in range(200):
        exchange.place("ask", 100 + number, 1, account="other")
        exchange.place("bid", 1000, 1)
        exchange.place("bid", 90, 1, account="other")
        exchange.place("ask", 90, "0.5")
    one = portfolio(exchange.told, accounts)
    same(one, exchange)
    for event in exchange.told[:50]:
        one.apply(event)
    same(one, exchange)
    assert all(len(held._steps) <= 256 for held in one._holdings.values())


def test_orders_that_ended_long_ago_are_forgotten() -> None:
    exchange = Exchange(KRW=1_000_000)
    exchange.place("bid", 90, 1)
    exchange.cancel(0)
    (ended,) = steps(exchange, "cancel")
    one = portfolio([msgspec.structs.replace(ended, uuid=f"{number}") for number in range(10_050)])
    assert ({}, 10_000) == (one.orders, len(one._ended))


def test_events_of_a_state_nobody_knows_leave_the_order_open() -> None:
    exchange = Exchange(KRW=1_000_000)
    uuid = exchange.place("bid", 90, 1)
    (wait,) = steps(exchange, "wait")
    one = portfolio([msgspec.structs.replace(wait, state="amended", timestamp=wait.timestamp + 1)])
    assert "amended" == one.orders[uuid].state


def test_a_gap_that_was_not_recovered_is_shown_until_one_is_that_reaches_as_far() -> None:
    one = Portfolio()
    one.apply(gap("trade", start=1))
    one.apply(trade(1))
    one.apply(gap("myAsset", start=50, lost=0))
    assert one.stale_since is None
    one.apply(gap("myOrder", start=70))
    one.apply(gap("myAsset", start=60, lost=3))
    one.apply(gap("myOrder", start=90))
    assert moment(60) == one.stale_since
    one.apply(gap("myAsset", start=60, lost=0))
    assert moment(70) == one.stale_since
    one.apply(gap("myOrder", start=80, lost=0))
    assert moment(70) == one.stale_since
    one.apply(gap("myOrder", start=70, lost=0))
    assert one.stale_since is None


def test_what_is_given_out_is_a_copy() -> None:
    one = Portfolio(Exchange(KRW=5).accounts())
    one.balances.clear()
    assert ["KRW"] == list(one.balances)
