"""A program that ended while an order was under way: the next one finds out what became of it, and sends nothing."""

from datetime import UTC, datetime

import upbit.paper
from upbit.paper import Rule

exchange = upbit.paper.PaperExchange(start=datetime(2026, 11, 2, tzinfo=UTC))  # its clock goes on when a client waits
client = exchange.client()

with client.trading("paper") as trader:
    exchange.chaos.add(Rule(effect="lost_answer", method="POST", path="/v1/orders"))  # the order arrives, ...
    exchange.chaos.add(Rule(effect="unreachable", method="GET", path="/v1/order"))  # ... and nobody can tell
    try:
        trader.buy("KRW-BTC", quote=100_000, price=100_000_000)
    except upbit.OrderOutcomeUnknown as error:
        print("not known:", error.identifier == trader.journal.open()[0].identifier)

exchange.chaos.clear()  # the network is back, the program starts again

with client.trading("paper") as trader:
    for found in trader.recovered:
        print(found.outcome, found.placed.status if found.placed else found.reason)
    print(f"{len(trader.open_orders())} open")
    trader.cancel_all()
