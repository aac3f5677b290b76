"""Whatever the OpenAPI document allows and forbids, asked of a paper exchange on a port.

    make fuzz                                            all operations
    .fuzz/bin/python -m tools.fuzz --examples 20 orders  some, with fewer examples of each kind

For every operation schemathesis makes requests that fit the document and requests that do not; here they are signed,
and most of the time given names of things that exist, so that they come further than the first check. No answer may be
an error of the server, have a status, header or type that the document does not name, or differ from its schema, which
is read strictly: no other field, no other value. The invariants of the exchange are checked after every request.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Mapping, MutableMapping, Sequence
from decimal import Decimal
from random import Random
from time import perf_counter
from typing import Any
from uuid import UUID

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from requests import PreparedRequest
from requests.auth import AuthBase
from schemathesis import Case, checks
from schemathesis.core.failures import FailureGroup
from schemathesis.generation import GenerationMode
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from upbit import Upbit
from upbit.paper.clock import wall
from upbit.paper.exchange import Exchange, Key
from upbit.paper.server import Server, threaded
from upbit.wire.token import plain_body, plain_query, sign

from .openapi import document, strict

CHECKS = [
    checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
MARKETS = ["KRW-BTC", "KRW-ETH", "BTC-ETH", "USDT-BTC", "KRW-XRP"]
FUNDS = dict.fromkeys(("KRW", "BTC", "ETH", "USDT"), Decimal(10) ** 12)


def stage(start: int) -> Exchange:
    """Make an exchange that checks itself, and let its account withdraw to somewhere."""
    exchange = Exchange(clock=wall, seed=start, funds=FUNDS, check=True)
    exchange.wallet.allow(exchange.account, "BTC", "BTC", "bc1qpaper")
    return exchange


class Signature(AuthBase):
    """Signs a request as it leaves."""

    def __init__(self, key: Key, random: Random) -> None:
        self._key = key
        self._random = random

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Add the token."""
        query = plain_query((request.url or "").partition("?")[2])
        given = request.body or b""
        try:
            text = query or plain_body(given.encode() if isinstance(given, str) else given)
        except ValueError:
            text = ""
        nonce = str(UUID(int=self._random.getrandbits(128), version=4))
        token = sign(self._key.access_key, self._key.secret, nonce=nonce, query=text)
        request.headers["Authorization"] = f"Bearer {token}"
        return request


class Names:
    """Names of things that exist, and amounts that make sense."""

    def __init__(self, client: Upbit) -> None:
        orders = [
            client.orders.create(
                market="KRW-BTC", side="bid", ord_type="limit", price=10_000, volume=1 + n, identifier=f"mine-{n}"
            )
            for n in range(40)
        ]
        pocket = client.pockets.list()[0].uuid
        client.deposits.deposit_krw(amount=50_000, two_factor_type="kakao")
        client.deposits.create_coin_address(currency="BTC", net_type="BTC")
        client.withdraws.create_krw_withdrawal(amount=50_000, two_factor_type="kakao")
        allowed = client.withdraws.list_coin_addresses()
        uuids = [one.uuid for one in orders] + [client.withdraws.list()[0].uuid, client.deposits.list()[0].uuid]
        identifiers = [f"mine-{n}" for n in range(40)]
        amounts = ["1", "0.001", "10000", "5000", "100000000", "1e-05", "0", "-1", "0.123456789"]
        self._known: Mapping[str, Sequence[str]] = {
            "market": MARKETS,
            "markets": MARKETS,
            "pairs": MARKETS,
            "excluded_pairs": MARKETS,
            "quote_currencies": ["KRW", "BTC", "USDT"],
            "currency": ["BTC", "KRW", "ETH"],
            "net_type": ["BTC", "ETH"],
            "address": [one.withdraw_address for one in allowed],
            "uuid": uuids,
            "uuids": uuids,
            "prev_order_uuid": uuids,
            "deposit_uuid": uuids,
            "vasp_uuid": [one.vasp_uuid for one in client.travel_rule.list_vasps()],
            "from": [pocket, uuids[-1]],
            "to": [pocket, "2026-11-01T00:00:00Z", "2025-06-24 04:56:53", uuids[-1]],
            "start_time": ["2026-11-01T00:00:00+09:00", "1790000000000"],
            "end_time": ["2026-11-05T00:00:00+09:00", "1790000000000"],
            "identifier": identifiers,
            "identifiers": identifiers,
            "prev_order_identifier": identifiers,
            "volume": amounts,
            "price": amounts,
            "amount": amounts,
            "new_volume": amounts,
            "new_price": amounts,
            "converting_price_unit": ["KRW"],
        }
        order = {"market": "KRW-BTC", "side": "bid", "ord_type": "limit", "price": "10000", "volume": "1"}
        placed = [
            order,
            order | {"time_in_force": "post_only"},
            {"market": "KRW-BTC", "side": "bid", "ord_type": "price", "price": "10000"},
            {"market": "KRW-BTC", "side": "ask", "ord_type": "market", "volume": "0.001"},
            {"market": "KRW-BTC", "side": "ask", "ord_type": "best", "volume": "0.001", "time_in_force": "ioc"},
        ]
        self._whole: Mapping[str, Sequence[Mapping[str, str]]] = {
            "orders_create": placed,
            "orders_test_create": placed,
            "orders_cancel_and_new": [
                {
                    "prev_order_identifier": one,
                    "new_ord_type": "limit",
                    "new_price": "11000",
                    "new_volume": "remain_only",
                }
                for one in identifiers
            ],
            "withdraws_create_withdrawal": [
                {"currency": one.currency, "net_type": one.net_type, "amount": "1", "address": one.withdraw_address}
                for one in allowed
            ],
        }

    def put(self, operation: str, given: MutableMapping[str, Any], data: st.DataObject) -> None:
        """Put names in the place of most arguments that take one, or arguments that belong together."""
        if operation in self._whole and data.draw(st.booleans()):
            given.clear()
            given.update(data.draw(st.sampled_from(self._whole[operation])))
            return
        for name, value in given.items():
            known = self._known.get(name.removesuffix("[]"))
            if known and data.draw(st.integers(0, 4)):
                chosen = data.draw(st.sampled_from(known))
                given[name] = [chosen] if isinstance(value, list) else chosen


class Interrogation:
    """Asks an exchange, and notes what was answered."""

    def __init__(self, server: Server, *, examples: int, start: int) -> None:
        key = server.exchange.first_key
        self._base_url = server.base_url
        self._examples = examples
        self._start = start
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.auth = Signature(key, Random(start))
        with Upbit(key.access_key, key.secret, base_url=server.base_url) as client:
            self._names = Names(client)
        self.statuses: Counter[int] = Counter()
        self.failures: dict[str, str] = {}
        """What failed, each with the first request that failed so."""

    def ask(self, operation: APIOperation[Any, Any, Any, Any], mode: GenerationMode) -> None:
        """Ask for one operation, many times."""

        @seed(self._start)
        @settings(
            max_examples=self._examples,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode), data=st.data())
        def tries(case: Case, data: st.DataObject) -> None:
            for arguments in (case.query, case.body):
                if isinstance(arguments, dict):
                    self._names.put(str(operation.definition.raw["operationId"]), arguments, data)
            response = case.call(base_url=self._base_url, session=self._session)
            self.statuses[response.status_code] += 1
            try:
                case.validate_response(response, checks=CHECKS)
            except FailureGroup as found:
                for failure in found.exceptions:
                    name = f"{operation.label}: {' '.join(str(failure).split())[:160]}"
                    self.failures.setdefault(name, f"{failure}\n{case.as_curl_command()}")

        tries()


def main(arguments: Sequence[str] | None = None) -> int:
    """Ask for all operations; 1 if anything is wrong with an answer."""
    parser = argparse.ArgumentParser(prog="python -m tools.fuzz", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("groups", nargs="*", metavar="group", help="orders, candles, ...; all when none is named")
    parser.add_argument("--examples", type=int, default=150, help="requests of each kind for each operation")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    began = perf_counter()
    schema = schemathesis.openapi.from_dict(strict(document()))
    operations = [one.ok() for one in schema.get_all_operations()]
    with threaded(lambda: stage(options.seed), host="127.0.0.1", port=0, limited=False) as server:
        asked = Interrogation(server, examples=options.examples, start=options.seed)
        for operation in operations:
            if options.groups and not set(options.groups) & set(operation.tags or ()):
                continue
            before = asked.statuses.copy()
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
                asked.ask(operation, mode)
            counts = ", ".join(f"{status}: {count}" for status, count in sorted((asked.statuses - before).items()))
            print(f"{operation.label:55}{counts}", flush=True)
    for name, example in asked.failures.items():
        print(f"\n{name}\n{example}")
    total = asked.statuses.total()
    print(f"\n{total:,} requests, {len(asked.failures)} kinds of failure, {perf_counter() - began:.0f} s")
    return 1 if asked.failures else 0


if __name__ == "__main__":
    sys.exit(main())
