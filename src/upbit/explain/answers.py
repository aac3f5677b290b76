"""What the exchange's own error names mean, over REST and on the WebSocket. Sources: upbit-api 6.9 and 7.

A name that means the same as another, as a rule of `orders`, or as the class that stands for it, is in `SAME`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from .wording import Wording, said

SAME: Final[Mapping[str, str]] = MappingProxyType(
    {
        "create_bid_error": "create_ask_error",
        "insufficient_funds_ask": "balance_ask",
        "insufficient_funds_bid": "balance_bid",
        "under_min_total_ask": "min_total",
        "under_min_total_bid": "min_total",
        "under_min_total_market_ask": "min_total_market",
        "over_krw_funds_ask": "max_total",
        "over_krw_funds_bid": "max_total",
        "invalid_price_ask": "price_grid",
        "invalid_price_bid": "price_grid",
        "invalid_volume_ask": "volume_decimals",
        "invalid_volume_bid": "volume_decimals",
        "invalid_time_in_force": "time_in_force",
        "invalid_post_only": "post_only_smp",
        "duplicated_identifier": "DuplicatedIdentifierError",
        "invalid_parameter": "InvalidParameterError",
        "validation_error": "InvalidParameterError",
        "notfoundmarket": "MarketNotFoundError",
        "withdraw_address_not_registered": "AddressNotRegisteredError",
        "withdraw_address_not_registerd": "AddressNotRegisteredError",
        "two_factor_auth_required": "TwoFactorRequiredError",
        "already_have_deposit_transaction": "TravelRuleError",
        "invalid_query_payload": "QueryHashError",
        "expired_access_key": "KeyExpiredError",
        "invalid_access_key": "InvalidKeyError",
        "nonce_used": "NonceUsedError",
        "no_authorization_ip": "IPNotAllowedError",
        "no_authorization_i_p": "IPNotAllowedError",
        "out_of_scope": "OutOfScopeError",
        "open_api_withdraw_locked": "WithdrawLockedError",
        "market_offline": "market_state",
        "not_supported_ord_type": "not_supported",
        "order_not_found": "OrderNotFoundError",
        "withdraw_not_found": "WithdrawNotFoundError",
        "deposit_not_found": "DepositNotFoundError",
        "pocket_not_found": "PocketNotFoundError",
        "currency_not_found": "CurrencyNotFoundError",
        "too_many_requests": "RateLimitError",
        "rate_limit_exceeded_penalty": "RateLimitPenaltyError",
        "internal_server_error": "InternalServerError",
        "InvalidPriceError": "price_grid",
        "InvalidVolumeError": "volume_decimals",
        "UnderMinTotalError": "min_total",
        "OverMaxTotalError": "max_total",
        "MarketOfflineError": "market_state",
        "OrderTypeNotSupportedError": "not_supported",
        "InvalidOrderError": "create_ask_error",
        "TokenError": "jwt_verification",
        "NO_TYPE": "NO_TICKET",
        "NO_CODES": "NO_TICKET",
        "WRONG_FORMAT": "NO_TICKET",
        "INVALID_PARAM": "NO_TICKET",
    }
)

ANSWERS: Final[Mapping[str, tuple[Wording, ...]]] = MappingProxyType(
    {
        "create_ask_error": (
            said(
                "these parameters together do not make an order",
                "limit takes price and volume; a bid by price or best takes only price, the total to spend; an ask by "
                "market or best takes only volume",
                "주문 파라미터의 조합이 잘못되었습니다",
                "limit은 price와 volume, 매수 price와 best는 price(총액)만, 매도 market과 best는 volume만 주세요",
            ),
        ),
        "withdraw_insufficient_balance": (
            said(
                "the free balance does not cover the withdrawal and its fee",
                "withdraw less, or cancel orders that hold some of it",
                "출금 가능한 금액이 출금액과 수수료에 모자랍니다",
                "출금액을 줄이거나, 자산을 묶은 주문을 취소하세요",
            ),
        ),
        "bad_request": (
            said(
                "the exchange could not make sense of the request",
                "compare the arguments with the operation's page in docs/reference.md",
                "거래소가 요청을 이해하지 못했습니다",
                "docs/reference.ko.md에서 그 기능의 인자를 확인하세요",
            ),
        ),
        "QUERY_PARAMETER_NOT_SUPPORTED": (
            said(
                "a request that takes only query parameters was sent with a body",
                "use the client's own operation, which sends no body there",
                "쿼리 파라미터만 받는 요청에 본문이 있었습니다",
                "본문을 보내지 않는 이 클라이언트의 기능을 쓰세요",
            ),
        ),
        "thirdparty_agreement_required": (
            said(
                "the account has not agreed that personal data are given to a third party",
                "agree in the exchange's app or site, then try again",
                "개인정보 제3자 제공에 동의하지 않은 계정입니다",
                "업비트 앱이나 사이트에서 동의한 뒤 다시 시도하세요",
            ),
        ),
        "jwt_verification": (
            said(
                "the token could not be verified",
                "check that the secret key is the one of this access key, whole and without blanks",
                "JWT 토큰을 검증하지 못했습니다",
                "secret key가 이 access key의 것인지, 빠진 글자나 공백이 없는지 확인하세요",
            ),
        ),
        "no_authorization_token": (
            said(
                "the request carried no token",
                "give the client access_key= and secret_key=; a proxy on the way may also take the header away",
                "요청에 인증 토큰이 없습니다",
                "클라이언트에 access_key=와 secret_key=를 주세요. 중간의 프록시가 헤더를 지웠을 수도 있습니다",
            ),
        ),
        "not_found": (
            said(
                "the exchange knows no such path",
                "check base_url; an operation that was retired answers so too",
                "거래소에 없는 경로입니다",
                "base_url을 확인하세요. 지원이 끝난 기능도 이렇게 응답합니다",
            ),
        ),
        "INVALID_AUTH": (
            said(
                "the WebSocket needs a valid key with the permission for what was subscribed to",
                "check the key, its permissions and its IP list; myOrder needs 주문조회, myAsset 자산조회",
                "구독에 필요한 권한이 있는 유효한 키가 아닙니다",
                "키와 권한, 허용 IP를 확인하세요. myOrder는 주문조회, myAsset은 자산조회 권한이 필요합니다",
            ),
        ),
        "NO_TICKET": (
            said(
                "the subscription lacks something or has a value that is not known",
                "mend it: a ticket, then types, with codes for all but myOrder, myAsset and announcements",
                "구독 요청에 빠진 것이 있거나 알 수 없는 값이 있습니다",
                "구독을 고치세요. ticket 다음에 type, 그리고 myOrder, myAsset, 공지 외에는 codes가 필요합니다",
            ),
        ),
        "TOO_MANY_REQUEST": (
            said(
                "more than 5 messages in a second, or 100 in a minute, were sent on one WebSocket",
                "change subscriptions less often, several at once",
                "한 WebSocket에서 1초 5개 또는 1분 100개를 넘는 메시지를 보냈습니다",
                "구독을 모아서 덜 자주 바꾸세요",
            ),
        ),
    }
)
