"""What every documented parameter does, asked in the documented spelling."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from .doors import Door
from .stage import BTC_THERE, XRP_TAG, XRP_THERE, Stage, buy, place, withdraw


class Question(NamedTuple):
    """Something to ask, and the parameters whose effect it shows."""

    about: str
    parameters: frozenset[tuple[str, str]]
    ask: Callable[[Door, Stage], None]

    def __str__(self) -> str:
        return self.about


QUESTIONS: list[Question] = []


def shows(code: str, *parameters: str) -> Callable[[Callable[[Door, Stage], None]], Callable[[Door, Stage], None]]:
    """Say which parameters of an operation a question is about; of several operations, one after the other."""

    def enter(ask: Callable[[Door, Stage], None]) -> Callable[[Door, Stage], None]:
        about = frozenset((code, parameter) for parameter in parameters)
        if QUESTIONS and QUESTIONS[-1].ask is ask:
            about |= QUESTIONS.pop().parameters
        QUESTIONS.append(Question(ask.__name__, about, ask))
        return ask

    return enter


def column(rows: Any, field: str) -> list[Any]:
    return [row[field] for row in rows]


# -- markets and order books -------------------------------------------------------------------------


@shows("Market.Market_info_all", "isDetails")
def warnings_are_shown_with_details_only(door: Door, stage: Stage) -> None:
    assert {"NONE"} == set(column(door.result("Market.Market_info_all", isDetails=True), "market_warning"))
    for arguments in ({}, {"isDetails": False}):
        assert not any("market_warning" in row for row in door.result("Market.Market_info_all", **arguments))


@shows("Order.Order_orderbook", "markets")
def books_come_in_the_order_asked_for_fifteen_deep(door: Door, stage: Stage) -> None:
    for markets in (["KRW-ETH", "KRW-BTC"], "KRW-ETH,KRW-BTC"):
        books = door.result("Order.Order_orderbook", markets=markets)
        assert ["KRW-ETH", "KRW-BTC"] == column(books, "market")
        assert [15, 15] == [len(book["orderbook_units"]) for book in books]
    units = books[0]["orderbook_units"]
    assert sorted(column(units, "ask_price")) == column(units, "ask_price")
    assert sorted(column(units, "bid_price"), reverse=True) == column(units, "bid_price")
    assert units[0]["bid_price"] < units[0]["ask_price"]


# -- orders ------------------------------------------------------------------------------------------


@shows("Order.Order_chance", "market")
def chances_are_those_of_the_market(door: Door, stage: Stage) -> None:
    chance = door.result("Order.Order_chance", market="BTC-ETH")
    assert ("BTC-ETH", "ETH/BTC") == (chance["market"]["id"], chance["market"]["name"])
    assert ("BTC", "ETH") == (chance["bid_account"]["currency"], chance["ask_account"]["currency"])
    assert 5000 == door.result("Order.Order_chance", market="KRW-BTC")["market"]["bid"]["min_total"]


@shows("Order.Order_info", "uuid", "identifier")
def an_order_is_found_by_either_name_and_the_uuid_wins(door: Door, stage: Stage) -> None:
    by_uuid = door.result("Order.Order_info", uuid=stage.waiting["uuid"])
    assert by_uuid == door.result("Order.Order_info", identifier="waiting")
    assert by_uuid == door.result("Order.Order_info", uuid=stage.waiting["uuid"], identifier="bought")
    bought = door.result("Order.Order_info", identifier="bought")
    assert (1, "KRW-BTC", "bid") == (len(bought["trades"]), bought["trades"][0]["market"], bought["trades"][0]["side"])


@shows("Order.Order_info_all", "market")
def orders_are_listed_by_market(door: Door, stage: Stage) -> None:
    assert {"KRW-ETH"} == set(column(door.result("Order.Order_info_all", market="KRW-ETH"), "market"))
    assert {"KRW-BTC", "KRW-ETH"} <= set(column(door.result("Order.Order_info_all"), "market"))


@shows("Order.Order_info_all", "uuids", "identifiers")
def orders_are_listed_by_their_names(door: Door, stage: Stage) -> None:
    names = [stage.bought["uuid"], stage.waiting["uuid"]]
    assert set(names) == set(column(door.result("Order.Order_info_all", uuids=names), "uuid"))
    assert set(names) == set(column(door.result("Order.Order_info_all", identifiers=["bought", "waiting"]), "uuid"))


@shows("Order.Order_info_all", "state", "states")
def orders_are_listed_by_state_and_open_and_closed_ones_are_not_mixed(door: Door, stage: Stage) -> None:
    assert {"wait"} == set(column(door.result("Order.Order_info_all"), "state"))
    for state in ("wait", "cancel"):
        assert {state} == set(column(door.result("Order.Order_info_all", state=state), "state"))
    assert [] == door.result("Order.Order_info_all", state="watch")
    sold = place(door, side="ask", ord_type="market", price=None, volume="0.001")
    closed = door.result("Order.Order_info_all", states=["done", "cancel"])
    assert {"done", "cancel"} == set(column(closed, "state"))
    assert sold["uuid"] in column(door.result("Order.Order_info_all", state="done"), "uuid")
    assert (400, "validation_error") == door.error("Order.Order_info_all", states=["wait", "done"])


@shows("Order.Order_info_all", "page", "limit", "order_by")
def orders_come_in_pages_newest_first(door: Door, stage: Stage) -> None:
    everything = column(door.result("Order.Order_info_all"), "uuid")
    assert everything == column(door.result("Order.Order_info_all", order_by="desc"), "uuid")
    assert everything[::-1] == column(door.result("Order.Order_info_all", order_by="asc"), "uuid")
    assert everything[:2] == column(door.result("Order.Order_info_all", limit=2), "uuid")
    assert everything[2:4] == column(door.result("Order.Order_info_all", limit=2, page=2), "uuid")


@shows("Order.Order_new", "market", "side", "volume", "price", "ord_type", "identifier")
def an_order_is_what_was_asked_for(door: Door, stage: Stage) -> None:
    word = door.word()
    order = place(door, market="KRW-ETH", side="ask", price="9000000", volume="0.25", identifier=word)
    said = {name: order[name] for name in ("market", "side", "ord_type", "price", "volume", "state", "avg_price")}
    assert {
        "market": "KRW-ETH",
        "side": "ask",
        "ord_type": "limit",
        "price": "9000000.0",
        "volume": "0.25",
        "state": "wait",
        "avg_price": "0.0",
    } == said
    assert order["uuid"] == door.result("Order.Order_info", identifier=word)["uuid"]


@shows("Order.Order_new", "ord_type", "price", "volume")
def market_orders_name_a_total_or_a_volume(door: Door, stage: Stage) -> None:
    bought = buy(door)
    assert ("price", "100000.0", False) == (bought["ord_type"], bought["price"], "volume" in bought)
    sold = place(door, side="ask", ord_type="market", price=None, volume="0.002")
    assert ("market", "0.002", False) == (sold["ord_type"], sold["volume"], "price" in sold)
    assert "cancel" == door.result("Order.Order_info", uuid=bought["uuid"])["state"], "a remainder is given back"
    assert "done" == door.result("Order.Order_info", uuid=sold["uuid"])["state"]


@shows("Order.Order_cancel", "uuid", "identifier")
def an_order_is_cancelled_by_either_name(door: Door, stage: Stage) -> None:
    word = door.word()
    first, second = place(door), place(door, identifier=word)
    assert "wait" == door.result("Order.Order_cancel", uuid=first["uuid"])["state"]
    assert second["uuid"] == door.result("Order.Order_cancel", identifier=word)["uuid"]
    for order in (first, second):
        assert "cancel" == door.result("Order.Order_info", uuid=order["uuid"])["state"]
        assert (404, "order_not_found") == door.error("Order.Order_cancel", uuid=order["uuid"])


# -- money in and out --------------------------------------------------------------------------------


def _movements(kind: str, rows: Callable[[Stage], list[dict[str, Any]]], states: tuple[str, str]) -> None:
    everything, one = f"{kind}.{kind}_info_all", f"{kind}.{kind}_info"

    def listed(door: Door, **arguments: Any) -> list[str]:
        return column(door.result(everything, **arguments), "uuid")

    @shows(everything, "currency", "state", "uuids", "txids")
    def movements_are_listed_by_what_they_are(door: Door, stage: Stage) -> None:
        known = rows(stage)
        for currency in ("KRW", "BTC"):
            found = door.result(everything, currency=currency)
            assert {currency} == set(column(found, "currency"))
        assert {"ACCEPTED", "DONE"} & set(column(door.result(everything, state=states[1]), "state"))
        assert [] == door.result(everything, state=states[0])
        assert column(known[:2], "uuid") == listed(door, uuids=column(known[:2], "uuid"))
        assert column(known[:2], "uuid") == listed(door, txids=column(known[:2], "txid"))

    @shows(everything, "limit", "page", "order_by")
    def movements_come_in_pages_newest_first(door: Door, stage: Stage) -> None:
        uuids = listed(door)
        assert column(rows(stage), "uuid")[-1] == uuids[-1]
        assert uuids[::-1] == listed(door, order_by="asc")
        assert uuids[:2] == listed(door, limit=2)
        assert uuids[2:4] == listed(door, limit=2, page=2)
        assert (400, "validation_error") == door.error(everything, limit=101)

    @shows(one, "uuid", "txid", "currency")
    def a_movement_is_found_by_its_names_or_is_the_latest(door: Door, stage: Stage) -> None:
        oldest = rows(stage)[-1]
        assert oldest["uuid"] == door.result(one, uuid=oldest["uuid"])["uuid"]
        assert oldest["uuid"] == door.result(one, txid=oldest["txid"])["uuid"]
        assert "BTC" == door.result(one, currency="BTC")["currency"]
        assert listed(door)[0] == door.result(one)["uuid"]
        assert 404 == door.error(one, uuid="nothing")[0]


_movements("Deposit", lambda stage: stage.deposits, ("REJECTED", "ACCEPTED"))
_movements("Withdraw", lambda stage: stage.withdrawals, ("REJECTED", "DONE"))


@shows("Deposit.Deposit_coin_address", "currency", "net_type")
@shows("Deposit.Deposit_generate_coin_address", "currency", "net_type")
def an_address_is_made_for_a_currency_on_a_network(door: Door, stage: Stage) -> None:
    made, looked = "Deposit.Deposit_generate_coin_address", "Deposit.Deposit_coin_address"
    begun = door.ask(made, currency="USDT", net_type="ETH")
    assert (201, "USDT 입금주소를 생성중입니다.") == (begun["response"]["status_code"], begun["result"]["message"])
    assert None is door.result(looked, currency="USDT", net_type="ETH")["deposit_address"], "it is being made"
    door.result(made, currency="USDT", net_type="TRX")
    door.step(2)
    ether, tron = (door.ask(made, currency="USDT", net_type=net_type) for net_type in ("ETH", "TRX"))
    assert (200, "ETH", "TRX") == (
        ether["response"]["status_code"],
        ether["result"]["net_type"],
        tron["result"]["net_type"],
    )
    assert ether["result"]["deposit_address"].startswith("0x")
    assert tron["result"]["deposit_address"].startswith("T")
    assert ether["result"] == door.result(looked, currency="USDT", net_type="ETH")
    assert (400, "validation_error") == door.error(made, currency="USDT", net_type="BTC")


@shows("Withdraw.Withdraw_chance", "currency", "net_type")
def chances_to_withdraw_are_those_of_the_network(door: Door, stage: Stage) -> None:
    def fee(net_type: str) -> str:
        chance = door.result("Withdraw.Withdraw_chance", currency="USDT", net_type=net_type)
        assert "USDT" == chance["currency"]["code"] == chance["account"]["currency"]
        return chance["currency"]["withdraw_fee"]

    assert fee("ETH") != fee("TRX")
    assert (400, "validation_error") == door.error("Withdraw.Withdraw_chance", currency="USDT", net_type="BTC")


@shows("Withdraw.Withdraw_coin", "currency", "net_type", "amount", "address", "secondary_address", "transaction_type")
def a_coin_goes_where_it_is_sent(door: Door, stage: Stage) -> None:
    sent = withdraw(door, currency="XRP", net_type="XRP", amount="25.5", address=XRP_THERE, secondary_address=XRP_TAG)
    assert ("XRP", "XRP", "25.5", "default") == tuple(
        sent[name] for name in ("currency", "net_type", "amount", "transaction_type")
    )
    within = withdraw(door, transaction_type="internal")
    assert ("internal", "0.0") == (within["transaction_type"], within["fee"])
    for wrong in ({"address": XRP_THERE}, {"secondary_address": XRP_TAG}):
        arguments = {"currency": "BTC", "net_type": "BTC", "amount": "0.1", "address": BTC_THERE} | wrong
        assert (400, "withdraw_address_not_registerd") == door.error("Withdraw.Withdraw_coin", **arguments)


@shows("Withdraw.Withdraw_krw", "amount", "two_factor_type")
def krw_goes_to_the_bank(door: Door, stage: Stage) -> None:
    for second in (None, "kakao_pay", "naver"):
        more = {} if second is None else {"two_factor_type": second}
        sent = door.result("Withdraw.Withdraw_krw", amount=7000, **more)
        assert ("KRW", "7000.0", None) == (sent["currency"], sent["amount"], sent["done_at"])
    assert (400, "validation_error") == door.error("Withdraw.Withdraw_krw", amount="0.5")


# -- candles and trades ------------------------------------------------------------------------------


def _candles(code: str, more: dict[str, Any], *parameters: str) -> None:
    def starts(door: Door, **arguments: Any) -> list[str]:
        return column(door.result(code, **more, **arguments), "candle_date_time_utc")

    @shows(code, "market")
    def candles_are_those_of_a_market(door: Door, stage: Stage) -> None:
        assert ["KRW-ETH"] == column(door.result(code, **more, market="KRW-ETH"), "market")
        assert (404, 404) == door.error(code, **more, market="KRW-NONE")

    if "count" in parameters:

        @shows(code, "count", "to")
        def candles_come_newest_first_and_before_a_time(door: Door, stage: Stage) -> None:
            found = starts(door, market="KRW-BTC", count=5)
            assert (5, sorted(found, reverse=True)) == (len(found), found)
            assert 1 == len(starts(door, market="KRW-BTC"))
            assert 200 == len(starts(door, market="KRW-BTC", count=200)) or code == "Candle.Candle_month"
            for to in (f"{found[1]}Z", found[1].replace("T", " "), f"{found[1]}+00:00"):
                assert found[2:] == starts(door, market="KRW-BTC", count=3, to=to), "to is exclusive"
            assert (400, 400) == door.error(code, **more, market="KRW-BTC", count=201)


_candles("Candle.Candle_minutes", {"unit": 5}, "count")
_candles("Candle.Candle_days", {})
_candles("Candle.Candle_weeks", {}, "count")
_candles("Candle.Candle_month", {}, "count")


@shows("Candle.Candle_minutes", "unit")
def candles_are_of_so_many_minutes(door: Door, stage: Stage) -> None:
    for unit in (1, 3, 5, 15, 10, 30, 60, 240):
        candle = door.result("Candle.Candle_minutes", unit=unit, market="KRW-BTC")[0]
        hour, minute = map(int, candle["candle_date_time_utc"][11:16].split(":"))
        assert (unit, 0) == (candle["unit"], (hour * 60 + minute) % unit)
    assert 400 == door.error("Candle.Candle_minutes", unit=2, market="KRW-BTC")[0]


@shows("Candle.Candle_days", "to", "convertingPriceUnit")
def a_day_is_the_last_before_a_time_and_may_be_converted(door: Door, stage: Stage) -> None:
    today = door.result("Candle.Candle_days", market="KRW-BTC")[0]
    before = door.result("Candle.Candle_days", market="KRW-BTC", to=f"{today['candle_date_time_utc']}Z")[0]
    assert ("2026-09-21T00:00:00", "2026-09-20T00:00:00") == (
        today["candle_date_time_utc"],
        before["candle_date_time_utc"],
    )
    assert before["trade_price"] == today["prev_closing_price"]
    assert today["trade_price"] - today["prev_closing_price"] == today["change_price"]
    assert "converted_trade_price" not in today
    converted = door.result("Candle.Candle_days", market="BTC-ETH", convertingPriceUnit="KRW")[0]
    assert converted["converted_trade_price"] > 1_000_000 * converted["trade_price"]


@shows("Trade.Trade_ticks", "market", "count")
def trades_come_newest_first(door: Door, stage: Stage) -> None:
    found = door.result("Trade.Trade_ticks", market="KRW-BTC", count=5)
    assert ({"KRW-BTC"}, 5) == (set(column(found, "market")), len(found))
    ids = column(found, "sequential_id")
    assert sorted(set(ids), reverse=True) == ids
    assert 1 == len(door.result("Trade.Trade_ticks", market="KRW-ETH"))


@shows("Trade.Trade_ticks", "cursor", "to", "daysAgo")
def trades_go_on_before_a_cursor_a_time_or_a_day(door: Door, stage: Stage) -> None:
    ids = column(door.result("Trade.Trade_ticks", market="KRW-BTC", count=6), "sequential_id")
    after = door.result("Trade.Trade_ticks", market="KRW-BTC", count=3, cursor=ids[2])
    assert ids[3:] == column(after, "sequential_id")
    for to in ("120000", "12:00:00"):
        assert door.result("Trade.Trade_ticks", market="KRW-BTC", to=to)[0]["trade_time_utc"] < "12:00:00"
    for days in (1, 7):
        trade = door.result("Trade.Trade_ticks", market="KRW-BTC", daysAgo=days)[0]
        assert f"2026-09-{21 - days}" == trade["trade_date_utc"]
    assert (400, 400) == door.error("Trade.Trade_ticks", market="KRW-BTC", daysAgo=8)


@shows("Trade.Trade_ticker", "markets")
def tickers_come_in_the_order_asked_for(door: Door, stage: Stage) -> None:
    found = door.result("Trade.Trade_ticker", markets="KRW-ETH, KRW-BTC")
    assert ["KRW-ETH", "KRW-BTC"] == column(found, "market")
    assert (404, 404) == door.error("Trade.Trade_ticker", markets="KRW-BTC,KRW-NONE")
