"""The documented voice: the 27 names of 2023, their spellings and their answers.

Arguments are those of the typed operations, with the documented spelling beside today's where they differ. Answers are
`{"response", "remaining_request", "result"}`; an error of the exchange stands in `result["error"]` and raises nothing.
Only what is no answer raises: a connection that failed, a wrong argument, a missing key.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Coroutine, Iterator, Mapping
from decimal import Decimal
from typing import Any, Concatenate, Generic, Literal, ParamSpec, Protocol, TypeAlias, TypedDict, cast, overload

from .api import (
    Accounts,
    ApiKeys,
    Candles,
    Deposits,
    Orderbooks,
    Orders,
    Tickers,
    Trades,
    TradingPairs,
    WalletStatus,
    Withdraws,
)
from .api.operation import Async, Face, Operation, Sync
from .flow.result import typed
from .wire.codec import Moment, number
from .wire.message import Response
from .wire.quota import header_fields

P = ParamSpec("P")

JSON: TypeAlias = Any
"""What Python's `json` makes of a body, or the typed model with `use_models`: only the caller knows which."""


class Headers(Mapping[str, str]):
    """Response headers, found in any case."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = dict(headers)
        self._lower = {name.lower(): value for name, value in headers.items()}

    def __getitem__(self, name: str) -> str:
        return self._lower[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._headers)

    def __len__(self) -> int:
        return len(self._headers)

    def __repr__(self) -> str:
        return repr(self._headers)


class ResponseFields(TypedDict):
    """The response as it came."""

    url: str
    headers: Mapping[str, str]
    status_code: int
    reason: str
    text: str
    content: bytes
    ok: bool


class Envelope(TypedDict):
    """A documented answer."""

    response: ResponseFields
    remaining_request: dict[str, str]
    """`group`, `min` and `sec` of the `Remaining-Req` header; empty without one."""
    result: JSON
    """The answer as plain JSON, or `{"error": {"name": ..., "message": ...}}`."""


Reading: TypeAlias = Literal["plain", "checked", "models"]
"""How results are read: as JSON, as JSON that fits its declaration (`validate_responses`), or typed (`use_models`)."""


def envelope(response: Response, url: str, operation: Operation[..., Any] | None, reading: Reading) -> Envelope:
    """Put a response into its documented form.

    Raises ResponseError only when `reading` asks for a check and the result does not fit.
    """
    body = response.body
    text = body.decode(errors="replace")
    result: JSON
    try:
        result = json.loads(body)
    except (ValueError, RecursionError):
        result = {"error": {"message": text, "name": response.reason}}
    if not response.ok:
        result = _error(result, text, response.reason)
    elif operation is not None and reading != "plain":
        model = typed(operation, response)
        result = model if reading == "models" else result
    return {
        "response": {
            "url": response.url or url,
            "headers": Headers(response.headers),
            "status_code": response.status,
            "reason": response.reason,
            "text": text,
            "content": body,
            "ok": response.ok,
        },
        "remaining_request": header_fields(response.header("Remaining-Req")),
        "result": result,
    }


def _error(said: object, text: str, reason: str) -> JSON:
    """Bring an error answer under `error`, where the exchange puts it but a gateway may not."""
    if isinstance(said, dict):
        fields = cast("dict[str, object]", said)
        if "error" in fields:
            return fields
        if "name" in fields:
            return {"error": fields}
    return {"error": {"message": text, "name": reason}}


def spelled(value: object) -> object:
    """Spell a float as the number it is printed as, without an exponent: 1e-05 is 0.00001. ValueError for NaN."""
    return number(Decimal(repr(float(value)))) if isinstance(value, float) else value


class Envelops(Protocol):
    """Whoever carries out a documented call: one face of a client."""

    def envelop(self, operation: Operation[..., Any], arguments: dict[str, Any]) -> Any:
        """Carry out a call whose arguments are bound."""
        ...


class DocumentedNamespace(Generic[Face]):
    """A group of documented names, bound to one face of a client."""

    def __init__(self, performer: Envelops) -> None:
        self.performer = performer

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.performer!r}>"


class Documented(Generic[P]):
    """A documented name of an operation, with other spellings of some parameters."""

    def __init__(
        self,
        operation: Operation[P, Any],
        declared: Callable[..., None] | None = None,
        spellings: Mapping[str, str] | None = None,
    ) -> None:
        self.operation: Operation[..., Any] = operation
        self.spellings: Mapping[str, str] = spellings or {}
        """Documented spellings of parameters, and today's."""
        self.name = operation.name
        self.__doc__ = operation.__doc__ if declared is None else declared.__doc__
        self._declared = declared

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, namespace: None, owner: type) -> Documented[P]: ...
    @overload
    def __get__(self, namespace: DocumentedNamespace[Sync], owner: type) -> Callable[P, Envelope]: ...
    @overload
    def __get__(
        self, namespace: DocumentedNamespace[Async], owner: type
    ) -> Callable[P, Coroutine[Any, Any, Envelope]]: ...
    def __get__(self, namespace: DocumentedNamespace[Any] | None, owner: type) -> Any:
        if namespace is None:
            return self
        envelop, operation = namespace.performer.envelop, self.operation

        def call(*args: P.args, **kwargs: P.kwargs) -> Any:
            given: dict[str, object] = {}
            for name, value in kwargs.items():
                today = self.spellings.get(name, name)
                if today in given:
                    raise TypeError(f"{self.name}() got both spellings of {today}")
                given[today] = spelled(value)
            return envelop(operation, operation.bind(tuple(spelled(one) for one in args), given))

        call.__name__ = self.name
        call.__qualname__ = f"{owner.__name__}.{self.name}"
        call.__doc__ = self.__doc__
        vars(call)["__signature__"] = self.signature
        vars(namespace)[self.name] = call
        return call

    @property
    def signature(self) -> inspect.Signature:
        """The signature, with all spellings."""
        if self._declared is None:
            return self.operation.signature
        declared = inspect.signature(self._declared)
        return declared.replace(parameters=list(declared.parameters.values())[1:])


def also(
    operation: Operation[..., Any], **spellings: str
) -> Callable[[Callable[Concatenate[Any, P], None]], Documented[P]]:
    """Make a documented name whose signature, the one decorated, shows other spellings too."""

    def declare(declared: Callable[Concatenate[Any, P], None]) -> Documented[P]:
        return Documented(cast("Operation[P, Any]", operation), declared, spellings)

    return declare


class APIKey(DocumentedNamespace[Face]):
    """API keys (API 키)."""

    APIKey_info = Documented(ApiKeys.list)


class Account(DocumentedNamespace[Face]):
    """Balances and the state of wallets (계좌)."""

    Account_info = Documented(Accounts.list)
    Account_wallet = Documented(WalletStatus.list)


class Market(DocumentedNamespace[Face]):
    """Markets (마켓)."""

    @also(TradingPairs.list, isDetails="is_details")
    def Market_info_all(self, *, isDetails: bool | None = None, is_details: bool | None = None) -> None:
        """List all markets (마켓 코드 조회); `isDetails` adds warnings."""
        ...


class Order(DocumentedNamespace[Face]):
    """Orders (주문)."""

    Order_orderbook = Documented(Orderbooks.list)
    Order_chance = Documented(Orders.retrieve_chance)
    Order_info = Documented(Orders.retrieve)
    Order_info_all = Documented(Orders.list)
    Order_new = Documented(Orders.create)
    Order_cancel = Documented(Orders.cancel)


class Deposit(DocumentedNamespace[Face]):
    """Deposits (입금)."""

    Deposit_info_all = Documented(Deposits.list)
    Deposit_info = Documented(Deposits.retrieve)
    Deposit_coin_addresses = Documented(Deposits.list_coin_addresses)
    Deposit_coin_address = Documented(Deposits.retrieve_coin_address)
    Deposit_generate_coin_address = Documented(Deposits.create_coin_address)


class Withdraw(DocumentedNamespace[Face]):
    """Withdrawals (출금)."""

    Withdraw_info_all = Documented(Withdraws.list)
    Withdraw_info = Documented(Withdraws.retrieve)
    Withdraw_chance = Documented(Withdraws.retrieve_chance)
    Withdraw_coin = Documented(Withdraws.create_withdrawal)
    Withdraw_krw = Documented(Withdraws.create_krw_withdrawal)
    Withdraw_coin_addresses = Documented(Withdraws.list_coin_addresses)


class Candle(DocumentedNamespace[Face]):
    """Candles (캔들)."""

    Candle_minutes = Documented(Candles.list_minutes)

    @also(Candles.list_days, convertingPriceUnit="converting_price_unit")
    def Candle_days(
        self,
        *,
        market: str,
        to: Moment | None = None,
        count: int | None = None,
        convertingPriceUnit: str | None = None,
        converting_price_unit: str | None = None,
    ) -> None:
        """List day candles (일 캔들 조회); `convertingPriceUnit="KRW"` adds `converted_trade_price`."""
        ...

    Candle_weeks = Documented(Candles.list_weeks)
    Candle_month = Documented(Candles.list_months)


class Trade(DocumentedNamespace[Face]):
    """Trades and tickers (체결, 현재가)."""

    @also(Trades.list, daysAgo="days_ago")
    def Trade_ticks(
        self,
        market: str,
        *,
        to: str | None = None,
        count: int | None = None,
        cursor: int | str | None = None,
        daysAgo: int | None = None,
        days_ago: int | None = None,
    ) -> None:
        """List trades, newest first (최근 체결 내역); `daysAgo` is 1 to 7 whole days, `cursor` a `sequential_id`."""
        ...

    Trade_ticker = Documented(Tickers.list_by_trading_pairs)


NAMESPACES: tuple[type[DocumentedNamespace[Any]], ...] = (
    APIKey,
    Account,
    Market,
    Order,
    Deposit,
    Withdraw,
    Candle,
    Trade,
)
"""The documented namespaces, in the order of the document."""
