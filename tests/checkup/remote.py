"""A paper exchange that can be told what to do, for those who examine it from outside."""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any
from urllib.request import Request, urlopen

from upbit.paper import RunningExchange, running

YEAR = 365 * 86_400_000


class Remote:
    """A served exchange, controlled as people control it."""

    def __init__(self, exchange: RunningExchange) -> None:
        self.exchange = exchange
        self.env = dict(exchange.env)
        """What leads a client to it; changed by `issue`."""

    def control(self, route: str, /, **body: object) -> Any:
        request = Request(
            f"{self.exchange.control_url}/{route}",
            json.dumps(body).encode() if body else None,
            {"Authorization": f"Bearer {self.exchange.control_token}", "Content-Type": "application/json"},
        )
        with urlopen(request, timeout=5) as answer:
            return json.load(answer)

    def fault(self, effect: str, **rest: object) -> None:
        self.control("chaos", effect=effect, **rest)

    def issue(self, **how: object) -> dict[str, str]:
        """Make a key and put it in the place of the first."""
        key = self.control("keys", **how)
        self.env |= {"UPBIT_ACCESS_KEY": key["access_key"], "UPBIT_SECRET_KEY": key["secret_key"]}
        return self.env

    def change(self, **how: object) -> None:
        """Change the key."""
        self.control(f"keys/{self.env['UPBIT_ACCESS_KEY']}", **how)

    def asked(self) -> list[tuple[str, str]]:
        """Every request that came: method and path."""
        return [(one["method"], one["path"]) for one in self.control("requests")]


@contextmanager
def remote(**options: Any) -> Generator[Remote]:
    with running(**options) as exchange:
        yield Remote(exchange)
