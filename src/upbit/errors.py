"""Everything this package raises, and the exchange's own error names as one table.

::

    UpbitError
    ├── ConfigurationError            a setting is wrong; nothing was sent
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

from collections.abc import Mapping
from typing import NamedTuple


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
            f"what became of order {self.identifier} is not known: {self.cause}. Look it up by its identifier before "
            "anything else; never place it anew under another one"
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
        super().__init__(status_code, name, message, body, headers)
        self.status_code = status_code
        """HTTP status."""
        self.name = name
        """The exchange's name of the error: text from the exchange API, a number from the quotation API."""
        self.message = message
        """The exchange's message, mostly Korean; empty when it sent none."""
        self.body = body
        """The answer as it came."""
        self.headers = dict(headers or {})

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


class Known(NamedTuple):
    """One error name of the exchange."""

    error: type[APIStatusError]
    status: int
    message: str
    """The exchange's text, with `{fields}` for what it fills in."""


_INSUFFICIENT = Known(InsufficientFundsError, 400, "주문가능한 금액({currency})이 부족합니다.")
_UNDER_MIN = Known(UnderMinTotalError, 400, "최소주문금액 이상으로 주문해주세요")
_OVER_MAX = Known(OverMaxTotalError, 400, "최대 주문 가능 금액 {maximum} {currency} 보다 작은 주문을 입력해 주세요.")
_PRICE = Known(InvalidPriceError, 400, "주문가격 단위를 잘못 입력하셨습니다. 확인 후 시도해주세요.")
_VOLUME = Known(InvalidVolumeError, 400, "주문수량 단위를 잘못 입력하셨습니다. 확인 후 시도해주세요.")
_ORDER = Known(InvalidOrderError, 400, "잘못된 주문 요청입니다. {detail}")
_ADDRESS = Known(AddressNotRegisteredError, 400, "등록된 출금 주소가 아닙니다.")
_IP = Known(IPNotAllowedError, 401, "This is not a verified IP.")

EXCHANGE_ERRORS: Mapping[str, Known] = {
    "create_ask_error": _ORDER,
    "create_bid_error": _ORDER,
    "insufficient_funds_ask": _INSUFFICIENT,
    "insufficient_funds_bid": _INSUFFICIENT,
    "withdraw_insufficient_balance": Known(InsufficientFundsError, 400, "출금 가능 금액({currency})이 부족합니다."),
    "under_min_total_ask": _UNDER_MIN,
    "under_min_total_bid": _UNDER_MIN,
    "under_min_total_market_ask": Known(
        UnderMinTotalError,
        400,
        "주문 가능한 최소금액은 {minimum}{currency} 입니다. "
        "시장가 매도 시 주문금액은 주문 수량 * 매수 1호가로 계산합니다.",
    ),
    "over_krw_funds_ask": _OVER_MAX,
    "over_krw_funds_bid": _OVER_MAX,
    "invalid_price_ask": _PRICE,
    "invalid_price_bid": _PRICE,
    "invalid_volume_ask": _VOLUME,
    "invalid_volume_bid": _VOLUME,
    "invalid_time_in_force": Known(InvalidOrderError, 400, "주문조건을 다시 확인해 주세요."),
    "invalid_post_only": Known(InvalidOrderError, 400, "post_only 주문에는 smp_type 을 사용할 수 없습니다."),
    "duplicated_identifier": Known(DuplicatedIdentifierError, 400, "이미 사용한 identifier 입니다."),
    "invalid_parameter": Known(InvalidParameterError, 400, "잘못된 파라미터"),
    "bad_request": Known(InvalidParameterError, 400, "잘못된 요청"),
    "validation_error": Known(InvalidParameterError, 400, "{detail}"),
    "QUERY_PARAMETER_NOT_SUPPORTED": Known(
        InvalidParameterError, 400, "Only query parameters are supported for this request."
    ),
    "notfoundmarket": Known(MarketNotFoundError, 400, "다음 마켓에 없는 종목입니다: {market}"),
    "withdraw_address_not_registered": _ADDRESS,
    "withdraw_address_not_registerd": _ADDRESS,
    "two_factor_auth_required": Known(TwoFactorRequiredError, 400, "2차 인증이 필요합니다."),
    "already_have_deposit_transaction": Known(TravelRuleError, 400, "이미 처리된 입금입니다."),
    "thirdparty_agreement_required": Known(TwoFactorRequiredError, 400, "개인정보 제 3자 제공 동의가 필요합니다."),
    "invalid_query_payload": Known(QueryHashError, 401, "Jwt의 query를 검증하는데 실패하였습니다."),
    "jwt_verification": Known(TokenError, 401, "Jwt 토큰 검증에 실패했습니다."),
    "no_authorization_token": Known(TokenError, 401, "인증 토큰이 없습니다."),
    "expired_access_key": Known(KeyExpiredError, 401, "API 키가 만료되었습니다."),
    "invalid_access_key": Known(InvalidKeyError, 401, "잘못된 엑세스 키입니다."),
    "nonce_used": Known(NonceUsedError, 401, "이미 요청한 nonce값이 다시 사용되었습니다."),
    "no_authorization_ip": _IP,
    "no_authorization_i_p": _IP,
    "out_of_scope": Known(OutOfScopeError, 403, "권한이 부족합니다."),
    "open_api_withdraw_locked": Known(WithdrawLockedError, 403, "출금 보호 설정으로 출금할 수 없습니다."),
    "market_offline": Known(MarketOfflineError, 403, "시스템 점검 중입니다. 점검이 완료된 후에 다시 시도해주세요."),
    "not_supported_ord_type": Known(
        OrderTypeNotSupportedError,
        403,
        "현재 해당 마켓에서 지원하지 않는 주문입니다. 주문 조건을 다시 확인해주시기 바랍니다.",
    ),
    "order_not_found": Known(OrderNotFoundError, 404, "주문을 찾지 못했습니다."),
    "withdraw_not_found": Known(WithdrawNotFoundError, 404, "출금 정보를 찾지 못했습니다."),
    "deposit_not_found": Known(DepositNotFoundError, 404, "입출금 정보를 찾지 못했습니다."),
    "pocket_not_found": Known(PocketNotFoundError, 404, "포켓을 찾지 못했습니다."),
    "currency_not_found": Known(CurrencyNotFoundError, 404, "화폐를 찾지 못했습니다."),
    "not_found": Known(NotFoundError, 404, "no Route matched with those values"),
    "too_many_requests": Known(RateLimitError, 429, ""),
    "rate_limit_exceeded_penalty": Known(RateLimitPenaltyError, 418, "You have been temporarily blocked"),
    "internal_server_error": Known(InternalServerError, 500, "Internal Server Error"),
}
"""Error names of the exchange API: upbit-api 7.2, both spellings where the 2023 document has another."""

BY_STATUS: Mapping[int, type[APIStatusError]] = {
    400: BadRequestError,
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: ConflictError,
    418: RateLimitPenaltyError,
    422: UnprocessableEntityError,
    429: RateLimitError,
}


def refusal(name: str, **details: object) -> APIStatusError:
    """Make the error that the exchange calls `name`, its message filled with `details`: what the paper desk raises."""
    known = EXCHANGE_ERRORS[name]
    return known.error(known.status, name, known.message.format_map(_Blank(details)))


def quotation_refusal(status: int, message: str) -> APIStatusError:
    """Make an error of the quotation API, whose name is the status as a number."""
    return BY_STATUS[status](status, status, message)


def error_class(status: int, name: str | int | None) -> type[APIStatusError]:
    """Choose the class for an error answer: by the exchange's name if known, else by the status."""
    known = EXCHANGE_ERRORS.get(name) if isinstance(name, str) else None
    if known is not None:
        return known.error
    return InternalServerError if status >= 500 else BY_STATUS.get(status, APIStatusError)


class _Blank(dict[str, object]):
    """Fills what was not given with nothing."""

    def __missing__(self, key: str) -> str:
        return ""
