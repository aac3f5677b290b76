"""Everything this package raises, and the exchange's own error names as one table.

::

    UpbitError
    ├── ConfigurationError            a setting is wrong; nothing was sent
    ├── TradingError                  a trader refused by itself; nothing was sent
    │   ├── RiskRefused, Halted       a limit would be broken; the kill switch is not at RUN
    │   └── JournalError              the journal cannot be used
    └── APIError
        ├── APIConnectionError        no answer arrived: `sent` says whether the request may have reached the exchange
        │   └── APITimeoutError       ... because it took too long
        ├── ResponseError             an answer arrived that cannot be read
        ├── OrderOutcomeUnknown       whether an order was placed, replaced or cancelled could not be found out
        └── APIStatusError            the exchange answered with an error
            ├── BadRequestError       400: something about the request is wrong
            │   ├── InvalidParameterError, InvalidOrderError, MarketNotFoundError
            │   ├── InvalidPriceError, InvalidVolumeError, UnderMinTotalError, OverMaxTotalError
            │   ├── InsufficientFundsError, DuplicatedIdentifierError
            │   └── AddressNotRegisteredError, TwoFactorRequiredError, TravelRuleError
            ├── AuthenticationError   401: the token is missing or wrong
            │   └── NonceUsedError, QueryHashError, TokenError, KeyExpiredError, InvalidKeyError, IPNotAllowedError
            ├── PermissionDeniedError 403: the token is good, the act is not allowed
            │   └── OutOfScopeError (also as 401), WithdrawLockedError, MarketOfflineError, OrderTypeNotSupportedError
            ├── NotFoundError         404
            │   └── OrderNotFoundError, WithdrawNotFoundError, DepositNotFoundError, PocketNotFoundError,
            │       CurrencyNotFoundError
            ├── ConflictError         409
            ├── UnprocessableEntityError 422
            ├── RateLimitError        429: slow down
            ├── RateLimitPenaltyError 418: blocked for a while after repeated 429s
            └── InternalServerError   5xx: whether the exchange acted is unknown

One leaf stands for one thing that a caller would do differently. The client raises these classes, and the paper
exchange refuses with the same ones (`refusal`). Names follow Upbit's official SDK where it has one.
"""

from __future__ import annotations

from .exchange import BY_STATUS, EXCHANGE_ERRORS, Known, error_class, quotation_refusal, refusal
from .tree import (
    AddressNotRegisteredError,
    APIConnectionError,
    APIError,
    APIStatusError,
    APITimeoutError,
    AuthenticationError,
    BadRequestError,
    ConfigurationError,
    ConflictError,
    CurrencyNotFoundError,
    DepositNotFoundError,
    DuplicatedIdentifierError,
    Halted,
    InsufficientFundsError,
    InternalServerError,
    InvalidKeyError,
    InvalidOrderError,
    InvalidParameterError,
    InvalidPriceError,
    InvalidVolumeError,
    IPNotAllowedError,
    JournalError,
    KeyExpiredError,
    MarketNotFoundError,
    MarketOfflineError,
    NonceUsedError,
    NotFoundError,
    OrderNotFoundError,
    OrderOutcomeUnknown,
    OrderTypeNotSupportedError,
    OutOfScopeError,
    OverMaxTotalError,
    PermissionDeniedError,
    PocketNotFoundError,
    QueryHashError,
    RateLimitError,
    RateLimitPenaltyError,
    ResponseError,
    RiskRefused,
    TokenError,
    TradingError,
    TravelRuleError,
    TwoFactorRequiredError,
    UnderMinTotalError,
    UnprocessableEntityError,
    UpbitError,
    WithdrawLockedError,
    WithdrawNotFoundError,
)

__all__ = [
    "BY_STATUS",
    "EXCHANGE_ERRORS",
    "APIConnectionError",
    "APIError",
    "APIStatusError",
    "APITimeoutError",
    "AddressNotRegisteredError",
    "AuthenticationError",
    "BadRequestError",
    "ConfigurationError",
    "ConflictError",
    "CurrencyNotFoundError",
    "DepositNotFoundError",
    "DuplicatedIdentifierError",
    "Halted",
    "IPNotAllowedError",
    "InsufficientFundsError",
    "InternalServerError",
    "InvalidKeyError",
    "InvalidOrderError",
    "InvalidParameterError",
    "InvalidPriceError",
    "InvalidVolumeError",
    "JournalError",
    "KeyExpiredError",
    "Known",
    "MarketNotFoundError",
    "MarketOfflineError",
    "NonceUsedError",
    "NotFoundError",
    "OrderNotFoundError",
    "OrderOutcomeUnknown",
    "OrderTypeNotSupportedError",
    "OutOfScopeError",
    "OverMaxTotalError",
    "PermissionDeniedError",
    "PocketNotFoundError",
    "QueryHashError",
    "RateLimitError",
    "RateLimitPenaltyError",
    "ResponseError",
    "RiskRefused",
    "TokenError",
    "TradingError",
    "TravelRuleError",
    "TwoFactorRequiredError",
    "UnderMinTotalError",
    "UnprocessableEntityError",
    "UpbitError",
    "WithdrawLockedError",
    "WithdrawNotFoundError",
    "error_class",
    "quotation_refusal",
    "refusal",
]
