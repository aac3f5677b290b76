from __future__ import annotations

from decimal import Decimal, localcontext

from tests.views.events import MIDNIGHT, gap, moment, ticker, trade
from upbit.views import KRWValue

D = Decimal


def test_a_usdt_price_is_converted_by_way_of_bitcoin() -> None:
    value = KRWValue()
    assert (None, None, None) == (value.rate, value.krw(D(2)), value.time)
    value.apply(ticker(1, 1, traded=20, price=140_000_000, code="KRW-BTC"))
    assert (None, None) == (value.rate, value.time)
    value.apply(trade(10_0000, price=100_000, code="USDT-BTC"))
    assert (D(1400), D(2800), moment(MIDNIGHT + 10)) == (value.rate, value.krw(D(2)), value.time)


def test_the_newest_trade_of_a_market_counts_whatever_tells_it() -> None:
    value = KRWValue()
    value.apply(trade(10_0000, price=1, code="USDT-BTC"))
    value.apply(trade(10_0000, price=5))
    value.apply(trade(10_0002, price=6))
    value.apply(trade(10_0001, price=5))
    assert D(6) == value.rate
    value.apply(ticker(1, 1, traded=10, price=5))
    assert D(6) == value.rate
    value.apply(ticker(1, 1, traded=11, price=7))
    value.apply(ticker(1, 1, traded=11, price=8))
    assert D(8) == value.rate


def test_other_markets_and_events_say_nothing() -> None:
    value = KRWValue()
    value.apply(trade(1, code="KRW-ETH"))
    value.apply(gap("trade"))
    value.apply(trade(1, price=3))
    value.apply(trade(1, price=0, code="USDT-BTC"))
    assert value.rate is None


def test_the_quotient_has_28_digits_whatever_the_callers_context() -> None:
    value = KRWValue()
    value.apply(trade(1, price=1))
    value.apply(trade(1, price=3, code="USDT-BTC"))
    with localcontext(prec=5):
        assert D("0.3333333333333333333333333333") == value.rate
