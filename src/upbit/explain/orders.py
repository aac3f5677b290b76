"""What can be wrong with an order before it is sent: the rules that `upbit.preflight` holds it to, by name.

Each has its wordings, the most detailed first; the last needs no details.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from ..rules import TickTable
from .wording import Wording, said

RULES: Final[Mapping[str, tuple[Wording, ...]]] = MappingProxyType(
    {
        "identifier": (
            said(
                "an identifier of {length} characters is too long",
                "at most {longest} characters",
                "identifier가 {length}자로 너무 깁니다",
                "{longest}자 이하로 줄이세요",
            ),
            said(
                "the identifier is too long",
                "at most 64 characters",
                "identifier가 너무 깁니다",
                "64자 이하로 줄이세요",
            ),
        ),
        "ord_type": (
            said(
                "ord_type {ord_type} does not go with side {side}",
                "use one of {allowed}",
                "ord_type {ord_type:은는} side {side}에 쓸 수 없습니다",
                "다음 중 하나를 쓰세요: {allowed}",
            ),
            said(
                "ord_type does not go with side",
                "a bid is limit, price or best; an ask is limit, market or best",
                "ord_type이 side와 맞지 않습니다",
                "bid는 limit, price, best, ask는 limit, market, best만 됩니다",
            ),
        ),
        "price_missing": (
            said(
                "a limit order needs a price",
                "give price, the price of one unit in the quote currency",
                "지정가 주문에는 가격이 필요합니다",
                "price에 한 단위의 가격을 주세요",
            ),
        ),
        "total_missing": (
            said(
                "a bid without a limit price needs a total",
                "give price, which is then the total to spend",
                "지정가가 아닌 매수에는 주문 총액이 필요합니다",
                "price에 쓸 총액을 주세요",
            ),
        ),
        "price_superfluous": (
            said(
                "ord_type {ord_type} takes no price on side {side}",
                "leave price out",
                "side {side}의 ord_type {ord_type:은는} 가격을 받지 않습니다",
                "price를 빼세요",
            ),
            said(
                "this order takes no price",
                "leave price out",
                "이 주문은 가격을 받지 않습니다",
                "price를 빼세요",
            ),
        ),
        "volume_missing": (
            said(
                "ord_type {ord_type} needs a volume on side {side}",
                "give volume, in the base currency",
                "side {side}의 ord_type {ord_type:은는} 수량이 필요합니다",
                "volume에 주문할 수량을 주세요",
            ),
            said(
                "this order needs a volume",
                "give volume, in the base currency",
                "이 주문에는 수량이 필요합니다",
                "volume에 주문할 수량을 주세요",
            ),
        ),
        "volume_superfluous": (
            said(
                "ord_type {ord_type} takes no volume on side {side}: its size is the total in price",
                "leave volume out",
                "side {side}의 ord_type {ord_type:은는} 수량을 받지 않고 price의 총액으로 주문합니다",
                "volume을 빼세요",
            ),
            said(
                "this order takes no volume: its size is the total in price",
                "leave volume out",
                "이 주문은 수량을 받지 않고 price의 총액으로 주문합니다",
                "volume을 빼세요",
            ),
        ),
        "time_in_force_missing": (
            said(
                "ord_type best needs a time_in_force",
                "ioc or fok",
                "ord_type best에는 time_in_force가 필요합니다",
                "ioc 또는 fok",
            ),
        ),
        "time_in_force": (
            said(
                "ord_type {ord_type} takes no time_in_force {time_in_force}",
                "use one of {allowed}",
                "ord_type {ord_type:은는} time_in_force {time_in_force:을를} 받지 않습니다",
                "다음 중 하나를 쓰세요: {allowed}",
            ),
            said(
                "ord_type {ord_type} takes no time_in_force",
                "leave time_in_force out",
                "ord_type {ord_type:은는} time_in_force를 받지 않습니다",
                "time_in_force를 빼세요",
            ),
            said(
                "time_in_force does not go with ord_type",
                "limit takes ioc, fok or post_only or none, best takes ioc or fok, price and market take none",
                "time_in_force가 ord_type과 맞지 않습니다",
                "limit은 ioc, fok, post_only 또는 없음, best는 ioc나 fok, price와 market은 없어야 합니다",
            ),
        ),
        "post_only_smp": (
            said(
                "a post_only order meets nobody and takes no smp_type",
                "leave smp_type out",
                "post_only 주문에는 smp_type을 쓸 수 없습니다",
                "smp_type을 빼세요",
            ),
        ),
        "market_state": (
            said(
                "{market} is {state}, not active",
                "wait until trading goes on; the exchange announces maintenance",
                "{market}의 상태가 active가 아니라 {state}입니다",
                "거래가 재개될 때까지 기다리세요. 점검은 거래소가 공지합니다",
            ),
            said(
                "the market is under maintenance or suspended",
                "wait until trading goes on; the exchange announces maintenance",
                "마켓이 점검 중이거나 거래가 중단되었습니다",
                "거래가 재개될 때까지 기다리세요. 점검은 거래소가 공지합니다",
            ),
        ),
        "not_supported": (
            said(
                "{market} does not take {kind} on side {side} now",
                "it takes {allowed}",
                "{market:은는} 지금 side {side}에 {kind:을를} 받지 않습니다",
                "받는 주문: {allowed}",
            ),
            said(
                "the market does not take orders of this kind now",
                "read what it takes in /orders/chance; a new or restricted market often takes limit orders only",
                "이 마켓은 지금 이런 주문을 받지 않습니다",
                "주문 가능 정보에서 받는 주문을 확인하세요. 신규이거나 제한된 마켓은 흔히 지정가만 받습니다",
            ),
        ),
        "price_range": (
            said(
                "{price} is no price",
                "a price is above zero and below 10**15",
                "{price:은는} 가격이 될 수 없습니다",
                "가격은 0보다 크고 10**15보다 작아야 합니다",
            ),
            said(
                "the price is no price",
                "a price is above zero and below 10**15",
                "가격이 될 수 없는 값입니다",
                "가격은 0보다 크고 10**15보다 작아야 합니다",
            ),
        ),
        "price_grid": (
            said(
                "{price} is off the {tick} {currency} grid",
                "{below} or {above}",
                "{price:은는} {tick} {currency} 단위에 맞지 않습니다",
                "{below} 또는 {above}",
            ),
            said(
                "{price} is off the {tick} {currency} grid",
                "the lowest price is {above}",
                "{price:은는} {tick} {currency} 단위에 맞지 않습니다",
                "가장 낮은 가격은 {above}",
            ),
            said(
                "the price is not a multiple of the market's tick size",
                "put it on the grid with upbit.rules.round_price",
                "가격이 마켓의 호가 단위에 맞지 않습니다",
                "upbit.rules.round_price로 호가 단위에 맞추세요",
            ),
        ),
        "total_decimals": (
            said(
                "a total of {price} {currency} has more than eight decimals",
                "{rounded}",
                "총액 {price} {currency}의 소수점 아래가 여덟 자리를 넘습니다",
                "{rounded}",
            ),
            said(
                "the total has more than eight decimals",
                "cut it with upbit.rules.round_volume",
                "총액의 소수점 아래가 여덟 자리를 넘습니다",
                "upbit.rules.round_volume으로 자르세요",
            ),
        ),
        "volume_range": (
            said(
                "{volume} is no volume",
                "a volume is at least 0.00000001 and below 10**15",
                "{volume:은는} 주문할 수 있는 수량이 아닙니다",
                "수량은 0.00000001 이상이고 10**15보다 작아야 합니다",
            ),
            said(
                "the volume is no volume",
                "a volume is at least 0.00000001 and below 10**15",
                "주문할 수 있는 수량이 아닙니다",
                "수량은 0.00000001 이상이고 10**15보다 작아야 합니다",
            ),
        ),
        "volume_decimals": (
            said(
                "a volume of {volume} {currency} has more than eight decimals",
                "{rounded}",
                "수량 {volume} {currency}의 소수점 아래가 여덟 자리를 넘습니다",
                "{rounded}",
            ),
            said(
                "the volume is zero or has more than eight decimals",
                "cut it with upbit.rules.round_volume, and do not order nothing",
                "수량이 0이거나 소수점 아래가 여덟 자리를 넘습니다",
                "upbit.rules.round_volume으로 자르고, 0은 주문하지 마세요",
            ),
        ),
        "min_total": (
            said(
                "the total of {total} {currency} is below the minimum of {minimum} {currency}",
                "order {least} {base} or more at this price",
                "주문 총액 {total} {currency:이가} 최소 {minimum} {currency}보다 작습니다",
                "이 가격에서 {least} {base} 이상 주문하세요",
            ),
            said(
                "the total of {total} {currency} is below the minimum of {minimum} {currency}",
                "order for {minimum} {currency} or more",
                "주문 총액 {total} {currency:이가} 최소 {minimum} {currency}보다 작습니다",
                "{minimum} {currency} 이상 주문하세요",
            ),
            said(
                "the total, price times volume, is below the market's minimum",
                "order more: 5000 KRW at least on KRW markets, elsewhere min_total in /orders/chance",
                "주문 총액(가격 × 수량)이 최소 주문 금액보다 작습니다",
                "더 크게 주문하세요. 원화 마켓은 5000 KRW, 다른 마켓은 주문 가능 정보의 min_total 이상",
            ),
        ),
        "min_total_market": (
            said(
                "{volume} {base} is worth {total} {currency} at the best bid; the minimum is {minimum} {currency}",
                "sell {least} {base} or more",
                "{volume} {base:은는} 매수 1호가로 {total} {currency}이며 최소 {minimum} {currency}보다 작습니다",
                "{least} {base} 이상 매도하세요",
            ),
            said(
                "the volume at the best bid is worth less than the market's minimum",
                "sell more; a holding that is worth less cannot be sold at the market: buy some first",
                "수량 × 매수 1호가가 최소 주문 금액보다 작습니다",
                "더 많이 매도하세요. 보유 자산의 가치가 더 작으면 조금 더 매수해야 시장가로 매도할 수 있습니다",
            ),
        ),
        "max_total": (
            said(
                "the total of {total} {currency} is above the maximum of {maximum} {currency}",
                "order {most} {base} or less at this price, and the rest in another order",
                "주문 총액 {total} {currency:이가} 최대 {maximum} {currency}보다 큽니다",
                "이 가격에서 {most} {base} 이하로 나누어 주문하세요",
            ),
            said(
                "the total of {total} {currency} is above the maximum of {maximum} {currency}",
                "order for {maximum} {currency} or less, and the rest in another order",
                "주문 총액 {total} {currency:이가} 최대 {maximum} {currency}보다 큽니다",
                "{maximum} {currency} 이하로 나누어 주문하세요",
            ),
            said(
                "the total is above the most one order may be worth",
                "divide it: 1000000000 KRW at most on KRW markets, elsewhere max_total in /orders/chance",
                "주문 총액이 한 주문의 최대 금액보다 큽니다",
                "여러 주문으로 나누세요. 원화 마켓은 1000000000 KRW, 다른 마켓은 주문 가능 정보의 max_total까지",
            ),
        ),
        "balance_bid": (
            said(
                "{needed} {currency} is needed with the fee, {free} {currency} is free",
                "order {most} {base} or less at this price",
                "수수료를 포함해 {needed} {currency:이가} 필요하지만 주문 가능한 금액은 {free} {currency}입니다",
                "이 가격에서 {most} {base} 이하로 주문하세요",
            ),
            said(
                "{needed} {currency} is needed with the fee, {free} {currency} is free",
                "spend {total} {currency} or less",
                "수수료를 포함해 {needed} {currency:이가} 필요하지만 주문 가능한 금액은 {free} {currency}입니다",
                "{total} {currency} 이하로 주문하세요",
            ),
            said(
                "the free balance does not cover the bid and its fee",
                "order less (upbit.rules.max_buy tells how much), or cancel orders that hold funds, or deposit",
                "주문 가능한 금액이 매수 금액과 수수료에 모자랍니다",
                "주문을 줄이거나(upbit.rules.max_buy), 자금을 묶은 주문을 취소하거나, 입금하세요",
            ),
        ),
        "balance_ask": (
            said(
                "{needed} {currency} is to be sold, {free} {currency} is free",
                "sell {most} {currency} or less",
                "{needed} {currency:을를} 매도하려 하지만 주문 가능한 수량은 {free} {currency}입니다",
                "{most} {currency} 이하로 매도하세요",
            ),
            said(
                "the free balance is smaller than the volume to be sold",
                "sell less, or cancel orders that hold some of it",
                "주문 가능한 수량이 매도 수량보다 적습니다",
                "매도 수량을 줄이거나, 수량을 묶은 주문을 취소하세요",
            ),
        ),
    }
)


def beside(table: TickTable, price: Decimal, currency: str) -> dict[str, object]:
    """The details of `price_grid`: the step at a price, and the prices of the grid on both sides of it."""
    details: dict[str, object] = {
        "price": price,
        "tick": table.step(price),
        "currency": currency,
        "above": table.round(price, "up"),
    }
    below = table.round(price)
    return {**details, "below": below} if below else details
