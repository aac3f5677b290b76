"""One answer of every operation, with all that its table lists."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .doors import Door
from .stage import Stage, place, withdraw


def _created(door: Door, currency: str) -> list[Any]:
    first = door.ask("Deposit.Deposit_generate_coin_address", currency=currency, net_type=currency)
    door.step(2)
    second = door.ask("Deposit.Deposit_generate_coin_address", currency=currency, net_type=currency)
    assert (201, 200) == (first["response"]["status_code"], second["response"]["status_code"])
    return [first["result"], second["result"]]


def _cancelled(door: Door) -> list[Any]:
    return [door.result("Order.Order_cancel", uuid=place(door)["uuid"])]


def _plain(code: str, **arguments: Any) -> Callable[[Door, Stage], list[Any]]:
    return lambda door, stage: [door.result(code, **arguments)]


SAMPLES: Mapping[str, Callable[[Door, Stage], list[Any]]] = {
    "APIKey.APIKey_info": _plain("APIKey.APIKey_info"),
    "Account.Account_info": _plain("Account.Account_info"),
    "Account.Account_wallet": _plain("Account.Account_wallet"),
    "Market.Market_info_all": _plain("Market.Market_info_all", isDetails=True),
    "Order.Order_orderbook": _plain("Order.Order_orderbook", markets=["KRW-BTC", "KRW-ETH"]),
    "Order.Order_chance": _plain("Order.Order_chance", market="KRW-BTC"),
    "Order.Order_info": _plain("Order.Order_info", identifier="filled"),
    "Order.Order_info_all": _plain("Order.Order_info_all"),
    "Order.Order_new": lambda door, stage: [place(door)],
    "Order.Order_cancel": lambda door, stage: _cancelled(door),
    "Deposit.Deposit_info_all": _plain("Deposit.Deposit_info_all"),
    "Deposit.Deposit_info": _plain("Deposit.Deposit_info", currency="KRW"),
    "Deposit.Deposit_coin_addresses": _plain("Deposit.Deposit_coin_addresses"),
    "Deposit.Deposit_coin_address": _plain("Deposit.Deposit_coin_address", currency="XRP", net_type="XRP"),
    "Deposit.Deposit_generate_coin_address": lambda door, stage: _created(door, "ADA"),
    "Withdraw.Withdraw_info_all": _plain("Withdraw.Withdraw_info_all"),
    "Withdraw.Withdraw_info": _plain("Withdraw.Withdraw_info", currency="KRW"),
    "Withdraw.Withdraw_chance": _plain("Withdraw.Withdraw_chance", currency="BTC", net_type="BTC"),
    "Withdraw.Withdraw_coin": lambda door, stage: [withdraw(door)],
    "Withdraw.Withdraw_krw": _plain("Withdraw.Withdraw_krw", amount="5000"),
    "Withdraw.Withdraw_coin_addresses": _plain("Withdraw.Withdraw_coin_addresses"),
    "Candle.Candle_minutes": _plain("Candle.Candle_minutes", unit=1, market="KRW-BTC", count=3),
    "Candle.Candle_days": _plain("Candle.Candle_days", market="BTC-ETH", convertingPriceUnit="KRW"),
    "Candle.Candle_weeks": _plain("Candle.Candle_weeks", market="KRW-BTC", count=3),
    "Candle.Candle_month": _plain("Candle.Candle_month", market="KRW-BTC", count=3),
    "Trade.Trade_ticks": _plain("Trade.Trade_ticks", market="KRW-BTC", count=3),
    "Trade.Trade_ticker": _plain("Trade.Trade_ticker", markets="KRW-BTC, KRW-ETH"),
}
"""How to come by the answers of an operation, one for each of its documented forms."""
