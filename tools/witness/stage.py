"""What every scenario stands on: where the exchange is, what is traded, and how the steps are told to the runner.

Standard library only, as it runs in the environment of a foreign client. It lets no connection leave this machine.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import os
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable
from functools import partial
from ipaddress import ip_address
from typing import Any

BASE_URL = os.environ["UPBIT_BASE_URL"]
WS_URL = os.environ["UPBIT_WS_URL"]
ACCESS_KEY = os.environ["UPBIT_ACCESS_KEY"]
SECRET_KEY = os.environ["UPBIT_SECRET_KEY"]
MAPPER_URL = os.environ["UPBIT_MAPPER_URL"]
"""A Swagger 2.0 file of the documented operations at this exchange."""

MARKET = "KRW-BTC"
VOLUME = "0.001"
"""BTC of a limit order, and of a sale at market."""
TOTAL = 10_000
"""KRW of a purchase at market."""
TOO_MUCH = "1"
"""BTC that this account cannot pay for."""
PATIENCE = 30
"""Seconds that a step may take."""


class Session:
    """One account's day with one client: its methods without underscore are its steps, in the order of the class."""

    def __init__(self) -> None:
        self.orders: dict[str, str] = {}
        """Orders that were made, by uuid, and what is to become of them: `bid limit cancelled`, `ask market filled`."""


def below(price: object) -> int:
    """Give a price that is on the grid of the market and will not be met soon."""
    return int(float(str(price)) * 0.8) // 1000 * 1000


def until(look: Callable[[], Any], seconds: float = 5.0) -> Any:
    """Look until something is there to see."""
    end = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < end, f"nothing came of it in {seconds} s"
        time.sleep(0.1)
    return found


def perform(name: str, session: type[Session]) -> None:
    """Go through the steps of a session and tell of each in a line of JSON."""
    sys.addaudithook(_stay_home)
    signal.signal(signal.SIGALRM, _lose_patience)
    with asyncio.Runner() as runner:
        one = _told(name, "construct", session)
        if one is None:
            return
        for step, act in vars(session).items():
            if not step.startswith("_") and inspect.isfunction(act):
                _told(name, step, partial(_acted, runner, act, one))
        if hasattr(one, "_leave"):
            runner.run(one._leave())
    print(json.dumps({"session": name, "orders": one.orders}), flush=True)


def _acted(runner: asyncio.Runner, act: Callable[[Session], Any], session: Session) -> Any:
    result = act(session)
    return runner.run(result) if inspect.iscoroutine(result) else result


def _told(name: str, step: str, act: Callable[[], Any]) -> Any:
    said = {"session": name, "step": step.replace("_", " ")}
    signal.alarm(PATIENCE)
    try:
        result = act()
        said["saw"] = str(result) if isinstance(result, (str, int)) else ""
    except Exception as error:
        result = None
        said["error"] = "".join(traceback.format_exception_only(error)).strip()
        traceback.print_exc()
    finally:
        signal.alarm(0)
    print(json.dumps(said), flush=True)
    return result


def _lose_patience(number: int, frame: object) -> None:
    raise TimeoutError(f"no end after {PATIENCE} s")


def _stay_home(event: str, arguments: tuple[Any, ...]) -> None:
    """Refuse connections to other machines, as an audit hook."""
    if event == "socket.getaddrinfo":
        host = arguments[0]
    elif event == "socket.connect" and arguments[0].family in (socket.AF_INET, socket.AF_INET6):
        host = arguments[1][0]
    else:
        return
    name = host.decode() if isinstance(host, bytes) else host
    if name not in (None, "", "localhost") and not (_is_address(name) and ip_address(name).is_loopback):
        raise PermissionError(f"a connection to {name} was about to leave this machine")


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
