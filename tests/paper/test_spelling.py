"""How answers are spelled under the two profiles (upbit-api 2.0, 2.7, 11)."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from upbit.models import (
    Account,
    AddressCreation,
    APIKey,
    Candle,
    Deposit,
    DepositAddress,
    MarketSide,
    Order,
    OrderbookUnit,
    PocketTransfer,
    SupportedLevels,
    Ticker,
    WalletStatus,
    Withdraw,
    WithdrawLimit,
)
from upbit.paper.profile import read_profile
from upbit.paper.spelling import Speller, minimal, with_decimal

D = Decimal
NOON = datetime(2026, 3, 22, 12, 47, 8, tzinfo=UTC)
NOW, THEN = Speller(read_profile("current")), Speller(read_profile("2023"))

amounts = st.decimals(min_value=-(10**12), max_value=10**12, places=8)


def now(value: object) -> str:
    return NOW.write(value).decode()


def then(value: object) -> str:
    return THEN.write(value).decode()


@given(amounts)
def test_an_amount_is_written_plainly_and_exactly(amount: Decimal) -> None:
    text = minimal(amount)
    assert amount == D(text)
    assert "E" not in text
    assert not ("." in text and text[-1] in "0.")
    assert amount == D(with_decimal(text))
    assert "." in with_decimal(text)


@pytest.mark.parametrize(
    ("amount", "text"), [("0", "0"), ("-0", "0"), ("0E-8", "0"), ("1E+8", "100000000"), ("5002.50", "5002.5")]
)
def test_an_amount_has_no_trailing_zeros(amount: str, text: str) -> None:
    assert text == minimal(D(amount))


ORDER = Order(
    uuid="u",
    side="bid",
    ord_type="limit",
    price=D(10_000_000),
    state="wait",
    market="KRW-BTC",
    created_at=NOON,
    volume=D("0.0005"),
    remaining_volume=D("0.0005"),
    prevented_volume=D(0),
    reserved_fee=D("2.5"),
    remaining_fee=D("2.5"),
    paid_fee=D(0),
    locked=D("5002.5"),
    prevented_locked=D(0),
    executed_volume=D(0),
    trades_count=0,
)


def test_an_order_is_spelled_as_recorded_in_2026() -> None:
    assert (
        '{"uuid":"u","side":"bid","ord_type":"limit","price":"10000000","state":"wait","market":"KRW-BTC",'
        '"created_at":"2026-03-22T21:47:08+09:00","volume":"0.0005","remaining_volume":"0.0005",'
        '"prevented_volume":"0","reserved_fee":"2.5","remaining_fee":"2.5","paid_fee":"0","locked":"5002.5",'
        '"prevented_locked":"0","executed_volume":"0","trades_count":0}'
    ) == now(ORDER)


def test_an_order_of_2023_has_a_decimal_everywhere_and_counts_its_trades_twice() -> None:
    text = then(ORDER)
    assert '"price":"10000000.0"' in text
    assert '"paid_fee":"0.0"' in text
    assert text.endswith('"trades_count":0,"trade_count":0}')


def test_average_prices_of_2023_stay_whole() -> None:
    account = Account(
        currency="BTC",
        balance=D(1),
        locked=D(0),
        avg_buy_price=D(20870000),
        avg_buy_price_modified=False,
        unit_currency="KRW",
    )
    assert (
        '{"currency":"BTC","balance":"1.0","locked":"0.0","avg_buy_price":"20870000",'
        '"avg_buy_price_modified":false,"unit_currency":"KRW"}'
    ) == then(account)


def test_the_minimum_total_of_2023_is_a_number_beside_a_null() -> None:
    side = MarketSide(currency="KRW", min_total=D(5000))
    assert '{"currency":"KRW","price_unit":null,"min_total":5000}' == then(side)
    assert '{"currency":"KRW","min_total":"5000"}' == now(side)


CANDLE = Candle(
    market="KRW-BTC",
    candle_date_time_utc="2026-03-11T00:00:00",
    candle_date_time_kst="2026-03-11T09:00:00",
    opening_price=D(103460000),
    high_price=D(103460000),
    low_price=D(103460000),
    trade_price=D(103460000),
    timestamp=1,
    candle_acc_trade_price=D("1234.123456789012"),
    candle_acc_trade_volume=D("0.004"),
)


def test_quotation_numbers_have_eight_decimals_as_proved_by_etags() -> None:
    text = now(CANDLE)
    assert '"opening_price":103460000.00000000' in text
    assert '"candle_acc_trade_volume":0.00400000' in text
    assert '"candle_acc_trade_price":1234.123456789012' in text
    assert '"candle_acc_trade_price":5.00000000' in now(msgspec.structs.replace(CANDLE, candle_acc_trade_price=D(5)))
    assert '"candle_acc_trade_volume":0.004,' in then(CANDLE).replace("}", ",")
    assert '"opening_price":103460000.0,' in then(CANDLE)


def test_a_null_asked_for_is_shown() -> None:
    assert "converted_trade_price" not in now(CANDLE)
    assert '"converted_trade_price":null' in NOW.write(CANDLE, {"converted_trade_price"}).decode()


def ticker(change: Decimal) -> Ticker:
    return Ticker(
        market="KRW-BTC",
        trade_date="20260311",
        trade_time="000000",
        trade_date_kst="20260311",
        trade_time_kst="090000",
        trade_timestamp=1,
        opening_price=D(1),
        high_price=D(1),
        low_price=D(1),
        trade_price=D(1),
        prev_closing_price=D(1),
        change="RISE" if change else "EVEN",
        change_price=change,
        change_rate=change,
        signed_change_price=change,
        signed_change_rate=change,
        trade_volume=D(1),
        acc_trade_price=D("1.5"),
        acc_trade_price_24h=D("1.5"),
        acc_trade_volume=D(1),
        acc_trade_volume_24h=D(1),
        highest_52_week_price=D(1),
        highest_52_week_date="2026-03-11",
        lowest_52_week_price=D(1),
        lowest_52_week_date="2026-03-11",
        timestamp=1,
    )


def test_rates_have_ten_decimals_totals_sixteen_and_no_change_is_a_bare_zero() -> None:
    text = now(ticker(D("0.5")))
    assert '"change_price":0.50000000,"change_rate":0.5000000000' in text
    assert '"acc_trade_price":1.5000000000000000,"acc_trade_price_24h":1.50000000' in text
    assert '"change_price":0,"change_rate":0,"signed_change_price":0,"signed_change_rate":0' in now(ticker(D(0)))
    assert '"change_price":0.0,"change_rate":0.0' in then(ticker(D(0)))


def test_units_of_a_book_name_the_bid_first_today_and_the_ask_first_then() -> None:
    unit = OrderbookUnit(ask_price=D(11), bid_price=D("10.50"), ask_size=D(1), bid_size=D(2))
    assert '{"bid_price":10.5,"bid_size":2.00000000,"ask_price":11,"ask_size":1.00000000}' == now(unit)
    assert '{"ask_price":11.0,"bid_price":10.5,"ask_size":1.0,"bid_size":2.0}' == then(unit)


def test_levels_are_plain_numbers() -> None:
    levels = SupportedLevels(market="KRW-BTC", supported_levels=[D(0), D("1E+4")])
    assert '{"market":"KRW-BTC","supported_levels":[0,10000]}' == now(levels)


def test_a_key_expires_in_universal_time_then_and_in_korean_time_today() -> None:
    key = APIKey(access_key="a", expire_at=NOON)
    assert '{"access_key":"a","expire_at":"2026-03-22T12:47:08.000Z"}' == then(key)
    assert '{"access_key":"a","expire_at":"2026-03-22T21:47:08+09:00"}' == now(key)


def test_a_wallet_shows_its_nulls_and_milliseconds() -> None:
    status = WalletStatus(currency="BTC", wallet_state="working", net_type="BTC")
    for text in (now(status), then(status)):
        assert '"block_state":null,"block_height":null,"block_updated_at":null,"block_elapsed_minutes":null' in text
    seen = msgspec.structs.replace(status, block_updated_at=NOON)
    assert '"block_updated_at":"2026-03-22T12:47:08.000+00:00"' in now(seen)


def test_deposits_and_withdrawals_show_their_nulls_only_then() -> None:
    deposit = Deposit(
        type="deposit",
        uuid="u",
        currency="BTC",
        state="PROCESSING",
        created_at=NOON,
        amount=D(1),
        fee=D(0),
        transaction_type="default",
    )
    withdraw = msgspec.convert(msgspec.to_builtins(deposit) | {"type": "withdraw"}, Withdraw)
    for value in (deposit, withdraw):
        assert '"txid":null' in then(value)
        assert '"done_at":null' in then(value)
        assert "null" not in now(value)
    limit = WithdrawLimit(currency="BTC", minimum=D(1), fixed=8, can_withdraw=True)
    assert '"daily":null,"remaining_daily":null' in then(limit)
    assert '"currency":"BTC","remaining_daily":null,"minimum"' in now(limit)


def test_an_address_shows_that_it_has_no_second_part() -> None:
    address = DepositAddress(currency="BTC", net_type="BTC")
    assert '{"currency":"BTC","net_type":"BTC","deposit_address":null,"secondary_address":null}' == now(address)
    made = AddressCreation(currency="BTC", net_type="BTC", deposit_address="a")
    assert '{"currency":"BTC","net_type":"BTC","deposit_address":"a","secondary_address":null}' == now(made)
    assert '{"success":true,"message":"만드는 중"}' == now(AddressCreation(success=True, message="만드는 중"))


def test_a_transfer_shows_that_it_has_no_identifier() -> None:
    transfer = PocketTransfer(
        uuid="u", from_="a", to="b", currency="KRW", amount=D("1.10"), state="done", created_at=NOON
    )
    assert (
        '{"uuid":"u","identifier":null,"from":"a","to":"b","currency":"KRW","amount":"1.1","state":"done",'
        '"created_at":"2026-03-22T21:47:08+09:00"}'
    ) == now(transfer)


def test_what_is_no_answer_cannot_be_spelled() -> None:
    assert '["a\\"",true,3,null]' == now(['a"', True, 3, None])
    with pytest.raises(TypeError, match="float cannot be spelled"):
        now(1.5)
