"""What went wrong decides what to do: catch the class that stands for it."""

import upbit.paper
from upbit import APIConnectionError, APIStatusError, InsufficientFundsError, InvalidPriceError


def buy(client: upbit.Upbit, price: int, volume: str) -> str:
    try:
        order = client.orders.create(market="KRW-BTC", side="bid", ord_type="limit", price=price, volume=volume)
    except InsufficientFundsError as error:
        return f"too expensive: {error.message}"
    except InvalidPriceError:
        return "off the price grid: see upbit.rules.round_price"
    except APIStatusError as error:
        return f"refused with {error.status_code} {error.name}"
    except APIConnectionError as error:
        return "nothing was sent" if not error.sent else "unknown: look the order up by its identifier"
    return f"placed: {order.state}"


with upbit.paper.running() as exchange, exchange.client() as client:
    print(buy(client, 50_000_000, "0.01"))
    print(buy(client, 50_000_000, "1"))
    print(buy(client, 50_000_001, "0.01"))
    print(buy(client, 50_000_000, "0.00001"))
