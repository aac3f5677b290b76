"""The exchange's own error names as one table: what the client raises and the paper exchange refuses with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from .tree import (
    AddressNotRegisteredError,
    APIStatusError,
    AuthenticationError,
    BadRequestError,
    ConflictError,
    CurrencyNotFoundError,
    DepositNotFoundError,
    DuplicatedIdentifierError,
    InsufficientFundsError,
    InternalServerError,
    InvalidKeyError,
    InvalidOrderError,
    InvalidParameterError,
    InvalidPriceError,
    InvalidVolumeError,
    IPNotAllowedError,
    KeyExpiredError,
    MarketNotFoundError,
    MarketOfflineError,
    NonceUsedError,
    NotFoundError,
    OrderNotFoundError,
    OrderTypeNotSupportedError,
    OutOfScopeError,
    OverMaxTotalError,
    PermissionDeniedError,
    PocketNotFoundError,
    QueryHashError,
    RateLimitError,
    RateLimitPenaltyError,
    TokenError,
    TravelRuleError,
    TwoFactorRequiredError,
    UnderMinTotalError,
    UnprocessableEntityError,
    WithdrawLockedError,
    WithdrawNotFoundError,
)


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
