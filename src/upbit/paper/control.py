"""The control API: whoever tests with the exchange turns its knobs here. A `Request` goes in, a `Response` comes out.

It lives on a listener of its own under `/_paper/v1`, asks for a token of its own, speaks JSON only, and answers no page
of a browser. It decides nothing about the exchange: `admin` carries out commands, `chaos` has the faults, `chronicle`
knows what happened. Errors look like those of the exchange.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from hmac import compare_digest
from http import HTTPStatus
from typing import TypeVar, cast
from urllib.parse import parse_qsl

import msgspec

from ..errors import APIStatusError
from ..wire.message import Request, Response
from . import admin
from .chaos import Chaos, Profile, Rule
from .chronicle import Chronicle, Noted
from .clock import Clock, Mode
from .exchange import Exchange, Key
from .orders import Event, OrderChanged, OrderRecord, Traded, amount

PREFIX = "/_paper/v1"
MAX_BODY = 64 * 1024
EVENTS = 1_000
"""Events of one answer."""
T = TypeVar("T")


class Refusal(Exception):
    """What is asked for cannot be."""

    def __init__(self, status: int, name: str, message: str) -> None:
        super().__init__(status, name, message)
        self.status, self.name, self.message = status, name, message


class ClockChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the clock is to go on."""

    mode: Mode | None = None
    speed: float = 1
    """Of the mode `scaled`: so many times as fast as the machine's time."""
    advance: int = 0
    """Milliseconds to go on at once, before."""


class ProfileChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which faults are to happen from now on."""

    profile: Profile


class Control:
    """The control API of an exchange.

    Without a token nobody is let in by `handle`; in the same process everything it uses can be used directly.
    """

    def __init__(self, exchange: Exchange, chaos: Chaos, chronicle: Chronicle, *, token: str = "") -> None:
        self.exchange = exchange
        self.chaos = chaos
        self.chronicle = chronicle
        self.token = token

    def __repr__(self) -> str:
        return f"<control of {self.exchange!r}>"

    def handle(self, request: Request) -> Response:
        """Answer one request."""
        try:
            self._admit(request)
            return _answer(200, self._route(request))
        except APIStatusError as error:
            return _error(error.status_code, str(error.name), error.message)
        except Refusal as error:
            return _error(error.status, error.name, error.message)
        except (msgspec.MsgspecError, ValueError) as error:
            return _error(400, "bad_request", str(error))

    def carry_out(self, command: admin.Command) -> admin.Result:
        """Carry out a command. Raises APIStatusError with the exchange's name for what cannot be done."""
        return admin.carry_out(self.exchange, command)

    def _admit(self, request: Request) -> None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if "origin" in request.headers:
            raise Refusal(403, "origin_not_allowed", "pages of a browser are not answered")
        if not self.token or scheme.lower() != "bearer" or not compare_digest(token.encode(), self.token.encode()):
            raise Refusal(401, "unauthorized", "the control token is missing or wrong")
        if len(request.body) > MAX_BODY:
            raise Refusal(413, "too_large", f"the body exceeds {MAX_BODY} bytes")
        if request.body and request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
            raise Refusal(415, "unsupported_media_type", "the body is not application/json")

    def _route(self, request: Request) -> object:
        known = False
        for verb, pattern, function in _ROUTES:
            matched = pattern.fullmatch(request.path)
            if matched:
                known = True
                if verb == request.verb:
                    return function(self, request, *matched.groups())
        if known:
            raise Refusal(405, "method_not_allowed", f"{request.path} has no {request.verb}")
        raise Refusal(404, "not_found", f"there is no {request.path}")

    # -- the whole -----------------------------------------------------------------------------------

    def reset(self, request: Request) -> object:
        """Begin anew, with the same first key."""
        if self.exchange.journal is not None:
            raise Refusal(409, "kept", "an exchange that is kept on disk is reset by `upbit-client paper reset --yes`")
        self.exchange.reset()
        return {"now": self.exchange.now}

    def checkpoint(self, request: Request) -> object:
        """Write a snapshot, so that a restart is quick."""
        if self.exchange.journal is None:
            raise Refusal(409, "not_kept", "this exchange is kept in memory only")
        self.exchange.journal.freeze()
        return {"now": self.exchange.now}

    def show_clock(self, request: Request) -> object:
        """Say how the clock runs."""
        clock = self._clock()
        return {"now": self.exchange.advance(), "mode": clock.mode, "speed": clock.speed}

    def change_clock(self, request: Request) -> object:
        """Step the clock, or let it run in another way."""
        change, clock = _read(request, ClockChange), self._clock()
        if change.advance:
            clock.step(change.advance)
        if change.mode is not None:
            clock.run(change.mode, speed=change.speed)
        return self.show_clock(request)

    def _clock(self) -> Clock:
        clock = self.exchange.clock
        if not isinstance(clock, Clock):
            raise Refusal(409, "foreign_clock", "the exchange runs on a clock that cannot be told anything")
        return clock

    # -- who has what --------------------------------------------------------------------------------

    def list_accounts(self, request: Request) -> object:
        """Show the pockets, what they hold, and their keys."""
        exchange = self.exchange
        return [
            {
                "account": uuid,
                "name": name,
                "type": kind,
                "holdings": dict(exchange.ledger.holdings(uuid)),
                "keys": [_key(key) for key in exchange.keys(uuid)],
            }
            for uuid, name, kind in exchange.pockets.all()
        ]

    def add_account(self, request: Request) -> object:
        """Open another pocket."""
        return {"account": self.carry_out(_read(request, admin.AddPocket))}

    def issue_key(self, request: Request) -> object:
        """Make a key; only this answer shows its secret."""
        key = cast("Key", self.carry_out(_read(request, admin.IssueKey)))
        return {**_key(key), "secret_key": key.secret}

    def change_key(self, request: Request, access_key: str) -> object:
        """Change what a key may do, from where, and until when."""
        return _key(cast("Key", self.carry_out(_read(request, admin.ChangeKey, access_key=access_key))))

    def deposit(self, request: Request) -> object:
        """Let money come in."""
        return self.carry_out(_read(request, admin.Deposit))

    def withdraw(self, request: Request) -> object:
        """Let money go out."""
        return self.carry_out(_read(request, admin.Withdraw))

    def list_allowed(self, request: Request) -> object:
        """Show the allow-list of withdrawals of every pocket."""
        return {uuid: self.exchange.wallet.allowed(uuid) for uuid, *_ in self.exchange.pockets.all()}

    def allow(self, request: Request) -> object:
        """Put an address on the allow-list."""
        self.carry_out(_read(request, admin.Allow))
        return self.list_allowed(request)

    # -- markets and orders --------------------------------------------------------------------------

    def announce(self, request: Request) -> object:
        """Publish an announcement."""
        return self.carry_out(_read(request, admin.Announce))

    def list_markets(self, request: Request) -> object:
        """Show the price and the regime of every market."""
        exchange, shown = self.exchange, list[object]()
        exchange.advance()
        for market in exchange.listings:
            venue = exchange.venue(market)
            if venue is not None:
                shown.append({"market": market, "price": exchange.price(market), "regime": venue.flow.regime})
        return shown

    def change_market(self, request: Request, market: str) -> object:
        """Halt a market, let it trend or crash, shock it, make it thin or deep."""
        self.carry_out(_read(request, admin.ChangeMarket, market=market))
        venue = self.exchange.venue(market)
        assert venue is not None, "a market that was changed is listed"
        return {"market": market, "price": self.exchange.price(market), "regime": venue.flow.regime}

    def fill_order(self, request: Request, uuid: str) -> object:
        """Let the market trade with an order."""
        return self.carry_out(_read(request, admin.Fill, uuid=uuid))

    def cancel_order(self, request: Request, uuid: str) -> object:
        """Cancel an order."""
        return self.carry_out(_read(request, admin.Cancel, uuid=uuid))

    def show_history(self, request: Request, uuid: str) -> object:
        """Show what happened to an order, as far as it is remembered."""
        admin.find(self.exchange, uuid)
        return [_event(change) for change in self.chronicle.changes(uuid)]

    # -- faults --------------------------------------------------------------------------------------

    def show_chaos(self, request: Request) -> object:
        """Show the profile, the rules by their numbers, and the faults that happened."""
        return {"profile": self.chaos.profile, "rules": self.chaos.rules, "faults": list(self.chaos.faults)}

    def add_rule(self, request: Request) -> object:
        """Add a rule."""
        return {"rule": self.chaos.add(_read(request, Rule))}

    def clear_chaos(self, request: Request) -> object:
        """Drop all rules."""
        self.chaos.clear()
        return self.show_chaos(request)

    def change_profile(self, request: Request) -> object:
        """Let another profile decide what happens by itself."""
        self.chaos.change(_read(request, ProfileChange).profile)
        return self.show_chaos(request)

    # -- what there is to know -----------------------------------------------------------------------

    def list_requests(self, request: Request) -> object:
        """Show what clients sent, without secrets."""
        return self.chronicle.requests()

    def check_invariants(self, request: Request) -> object:
        """Say what is wrong: nothing, ever."""
        self.exchange.advance()
        return {"faults": self.exchange.engine.faults(self.exchange.wallet.locks())}

    def show_metrics(self, request: Request) -> object:
        """Count."""
        exchange = self.exchange
        orders = exchange.engine.register.everything()
        return {
            "now": exchange.advance(),
            "started": exchange.started,
            "requests": self.chronicle.asked,
            "events": self.chronicle.happened,
            "faults": len(self.chaos.faults),
            "orders": len(orders),
            "open_orders": sum(order.state == "wait" for order in orders),
            "accounts": len(exchange.pockets.all()),
        }

    def list_events(self, request: Request) -> object:
        """Show the events after a number, at most so many; a gap means that more happened than is remembered."""
        self.exchange.advance()
        query = dict(parse_qsl(request.query))
        after = int(query.get("after", "0"))
        return [_noted(noted) for noted in self.chronicle.events(after, EVENTS)]


_ROUTES: tuple[tuple[str, re.Pattern[str], Callable[..., object]], ...] = tuple(
    (verb, re.compile(PREFIX + re.sub(r"{\w+}", "([^/]+)", path)), function)
    for verb, path, function in (
        ("POST", "/reset", Control.reset),
        ("POST", "/checkpoint", Control.checkpoint),
        ("GET", "/clock", Control.show_clock),
        ("POST", "/clock", Control.change_clock),
        ("GET", "/accounts", Control.list_accounts),
        ("POST", "/accounts", Control.add_account),
        ("POST", "/keys", Control.issue_key),
        ("POST", "/keys/{access_key}", Control.change_key),
        ("POST", "/deposit", Control.deposit),
        ("POST", "/withdraw", Control.withdraw),
        ("GET", "/allow-list", Control.list_allowed),
        ("POST", "/allow-list", Control.allow),
        ("POST", "/announcements", Control.announce),
        ("GET", "/markets", Control.list_markets),
        ("POST", "/markets/{market}", Control.change_market),
        ("POST", "/orders/{uuid}/fill", Control.fill_order),
        ("POST", "/orders/{uuid}/cancel", Control.cancel_order),
        ("GET", "/orders/{uuid}/history", Control.show_history),
        ("GET", "/chaos", Control.show_chaos),
        ("POST", "/chaos", Control.add_rule),
        ("DELETE", "/chaos", Control.clear_chaos),
        ("POST", "/chaos/profile", Control.change_profile),
        ("GET", "/requests", Control.list_requests),
        ("GET", "/invariants", Control.check_invariants),
        ("GET", "/metrics", Control.show_metrics),
        ("GET", "/events", Control.list_events),
    )
)


def _read(request: Request, kind: type[T], **in_path: str) -> T:
    """Read a body; what stands in the path does not stand in it."""
    fields = msgspec.json.decode(request.body or b"{}", type=dict[str, msgspec.Raw])
    if "do" in fields or fields.keys() & in_path.keys():
        raise ValueError(f"{', '.join(sorted({'do', *in_path}))} do not belong into the body")
    whole: dict[str, object] = {**fields, **in_path}
    tag = kind.__struct_config__.tag if issubclass(kind, msgspec.Struct) else None
    return msgspec.json.decode(msgspec.json.encode(whole | ({"do": tag} if tag else {})), type=kind)


def _answer(status: int, result: object) -> Response:
    headers = {"Content-Type": "application/json;charset=UTF-8", "Cache-Control": "no-store"}
    return Response(status, msgspec.json.encode(_plain(result)), headers, HTTPStatus(status).phrase)


def _error(status: int, name: str, message: str) -> Response:
    return _answer(status, {"error": {"name": name, "message": message}})


def _key(key: Key) -> dict[str, object]:
    return {name: value for name, value in msgspec.structs.asdict(key).items() if name != "secret"}


def _noted(noted: Noted) -> dict[str, object]:
    return {"seq": noted.seq, **_event(noted.event)}


def _event(event: Event | msgspec.Struct) -> dict[str, object]:
    """An event under its name; what is public counts in units of 1e-8 inside."""
    name = re.sub(r"(?<!^)(?=[A-Z])", "_", type(event).__name__).lower()
    fields = msgspec.structs.asdict(event)
    if isinstance(event, Traded):
        fields |= {"price": amount(event.price), "volume": amount(event.volume)}
    if isinstance(event, OrderChanged):
        fields |= {"uuid": event.order.uuid, "state": event.order.state}
    return {"event": name, **fields}


def _plain(value: object) -> object:
    """Structs as objects with names, whatever they are on disk."""
    if isinstance(value, OrderRecord):
        shown = {"remaining_volume": value.remaining_volume, "locked": value.locked}
        return _plain(msgspec.structs.asdict(value) | shown)
    if isinstance(value, Rule):
        return msgspec.to_builtins(value)
    if isinstance(value, msgspec.Struct):
        return _plain(msgspec.structs.asdict(value))
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in cast("Mapping[object, object]", value).items()}
    if isinstance(value, frozenset):
        return sorted(cast("frozenset[str]", value))
    if isinstance(value, list | tuple):
        return [_plain(one) for one in cast("list[object]", value)]
    return f"{value.normalize():f}" if isinstance(value, Decimal) else value
