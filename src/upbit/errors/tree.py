"""Every class of error that is raised here; `upbit.errors` draws them as a tree. They know no name of the exchange."""

from __future__ import annotations

from collections.abc import Mapping


class UpbitError(Exception):
    """Base of every error raised here."""


class ConfigurationError(UpbitError, ValueError):
    """A setting is wrong; the message says which and what would be right. Nothing was sent."""


class APIError(UpbitError):
    """Base of what can go wrong with a call."""


class APIConnectionError(APIError):
    """No answer arrived."""

    def __init__(self, message: str, sent: bool = True) -> None:
        super().__init__(message, sent)
        self.message = message
        self.sent = sent
        """False when nothing reached the exchange for certain; True when it may have acted."""

    def __str__(self) -> str:
        return self.message


class APITimeoutError(APIConnectionError):
    """No answer arrived in time."""


class ResponseError(APIError):
    """An answer arrived that does not fit what the operation documents."""

    def __init__(self, message: str, status_code: int, body: bytes) -> None:
        super().__init__(message, status_code, body)
        self.message = message
        self.status_code = status_code
        self.body = body
        """The answer as it came."""

    def __str__(self) -> str:
        return self.message


class OrderOutcomeUnknown(APIError):
    """Whether an order was placed, replaced or cancelled could not be found out in time.

    It may exist. Look it up by `identifier` once the exchange can be reached; sending the same identifier again is
    safe, another one is not.
    """

    def __init__(self, identifier: str, market: str, cause: APIError) -> None:
        super().__init__(identifier, market, cause)
        self.identifier = identifier
        """Of the order that may exist; of a cancel, what named the order."""
        self.market = market
        self.cause = cause
        """The last failure."""

    def __str__(self) -> str:
        return (
            f"what became of order {self.identifier} is not known: {self.cause}. Look it up before anything else; "
            "never place it anew under another identifier"
        )


class APIStatusError(APIError):
    """The exchange answered with an error."""

    def __init__(
        self,
        status_code: int,
        name: str | int | None,
        message: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        headers = dict(headers or {})  # those of a library may be of no kind that can be pickled
        super().__init__(status_code, name, message, body, headers)
        self.status_code = status_code
        """HTTP status."""
        self.name = name
        """The exchange's name of the error: text from the exchange API, a number from the quotation API."""
        self.message = message
        """The exchange's message, mostly Korean; empty when it sent none."""
        self.body = body
        """The answer as it came."""
        self.headers = headers

    def __str__(self) -> str:
        name = "" if self.name in (None, self.status_code) else f" {self.name}"
        return f"{self.status_code}{name}: {self.message or 'no message'}"


class BadRequestError(APIStatusError):
    """400: something about the request is wrong."""


class InvalidParameterError(BadRequestError):
    """A parameter is missing, of the wrong type or out of range."""


class InvalidOrderError(BadRequestError):
    """The combination of an order's parameters is not possible."""


class MarketNotFoundError(BadRequestError):
    """There is no such market."""


class InvalidPriceError(BadRequestError):
    """The price is not a multiple of the tick size."""


class InvalidVolumeError(BadRequestError):
    """The volume is zero or has more than eight decimals."""


class UnderMinTotalError(BadRequestError):
    """The order's total is below the market's minimum."""


class OverMaxTotalError(BadRequestError):
    """The order's total is above the market's maximum."""


class InsufficientFundsError(BadRequestError):
    """The balance does not cover the order or withdrawal and its fee."""


class DuplicatedIdentifierError(BadRequestError):
    """The identifier was used before; identifiers are burnt for ever."""


class AddressNotRegisteredError(BadRequestError):
    """The withdrawal address is not on the account's allow-list."""


class TwoFactorRequiredError(BadRequestError):
    """The act needs a second factor that was not given."""


class TravelRuleError(BadRequestError):
    """The deposit is verified already, or cannot be."""


class AuthenticationError(APIStatusError):
    """401: the token is missing or wrong."""


class NonceUsedError(AuthenticationError):
    """The token's nonce was used before."""


class QueryHashError(AuthenticationError):
    """The token's query hash does not match the request."""


class TokenError(AuthenticationError):
    """The token is missing, malformed or signed with another secret."""


class KeyExpiredError(AuthenticationError):
    """The API key has expired."""


class InvalidKeyError(AuthenticationError):
    """There is no such API key."""


class IPNotAllowedError(AuthenticationError):
    """The key does not allow this IP address."""


class PermissionDeniedError(APIStatusError):
    """403: the token is good, the act is not allowed."""


class OutOfScopeError(PermissionDeniedError):
    """The key lacks a permission; the exchange answers 401 or 403, depending on the area."""


class WithdrawLockedError(PermissionDeniedError):
    """Withdrawals with this key are locked until released in the mobile app."""


class MarketOfflineError(PermissionDeniedError):
    """The market is under maintenance."""


class OrderTypeNotSupportedError(PermissionDeniedError):
    """The market does not take this type of order."""


class NotFoundError(APIStatusError):
    """404: there is no such thing."""


class OrderNotFoundError(NotFoundError):
    """There is no such order, or it can no longer be cancelled."""


class WithdrawNotFoundError(NotFoundError):
    """There is no such withdrawal."""


class DepositNotFoundError(NotFoundError):
    """There is no such deposit."""


class PocketNotFoundError(NotFoundError):
    """There is no such pocket."""


class CurrencyNotFoundError(NotFoundError):
    """There is no such currency."""


class ConflictError(APIStatusError):
    """409."""


class UnprocessableEntityError(APIStatusError):
    """422."""


class RateLimitError(APIStatusError):
    """429: the group's limit is used up."""


class RateLimitPenaltyError(APIStatusError):
    """418: blocked for a while after repeated 429s; every further call makes it longer."""


class InternalServerError(APIStatusError):
    """5xx: whether the exchange acted is unknown."""


class TradingError(UpbitError):
    """Base of what a trader refuses by itself. Nothing was sent."""


class JournalError(TradingError):
    """The journal of a trader cannot be opened, read or written. What is not begun in it is not sent."""


class RiskRefused(TradingError):
    """An order would break a limit that was set for this program."""

    def __init__(self, rule: str, limit: object, value: object) -> None:
        super().__init__(rule, limit, value)
        self.rule = rule
        """Name of the limit."""
        self.limit = limit
        self.value = value
        """What the order would make of it."""

    def __str__(self) -> str:
        return f"refused here, nothing was sent: {self.rule} would be {self.value}, the limit is {self.limit}"


class Halted(TradingError):
    """The kill switch does not let an order through."""

    def __init__(self, state: str, reason: str) -> None:
        super().__init__(state, reason)
        self.state = state
        """`HALT`: no order at all; `REDUCE`: only orders that make a position smaller."""
        self.reason = reason

    def __str__(self) -> str:
        return f"refused here, nothing was sent: the switch is at {self.state}: {self.reason or 'no reason given'}"
