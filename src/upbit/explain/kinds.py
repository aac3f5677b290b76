"""What the classes of `upbit.errors` mean: those that no single name of the exchange stands for, and our own."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from .wording import Wording, said

UNSENT: Final = "unsent"
"""Stands for an `APIConnectionError` of a request that certainly did not arrive."""

KINDS: Final[Mapping[str, tuple[Wording, ...]]] = MappingProxyType(
    {
        "UpbitError": (
            said(
                "something went wrong in this client",
                "read its text",
                "클라이언트에서 문제가 생겼습니다",
                "오류 내용을 읽으세요",
            ),
        ),
        "ConfigurationError": (
            said(
                "a setting is wrong or missing; nothing was sent",
                "the error's text says which one, and what would be right",
                "설정이 잘못되었거나 없습니다. 아무것도 보내지 않았습니다",
                "어떤 설정을 어떻게 고칠지 오류 내용에 있습니다",
            ),
        ),
        "TradingError": (
            said(
                "the trader itself refused, and nothing was sent",
                "the error's text says why",
                "트레이더가 스스로 거부했으며 아무것도 보내지 않았습니다",
                "이유는 오류 내용에 있습니다",
            ),
        ),
        "JournalError": (
            said(
                "the journal of orders cannot be opened, read or written; what is not begun in it is not sent",
                "the error's text says why: another process uses it, the disk is full, or the file is not readable",
                "주문 기록을 열거나 읽거나 쓸 수 없습니다. 기록하지 못한 주문은 보내지 않습니다",
                "이유는 오류 내용에 있습니다. 다른 프로세스가 쓰고 있거나, 디스크가 찼거나, 읽을 수 없는 파일입니다",
            ),
        ),
        "RiskRefused": (
            said(
                "{rule} would be {value}, the limit is {limit}; nothing was sent",
                "order less or later, or raise the limit on purpose",
                "{rule:이가} {value:이가} 되어 한도 {limit:을를} 어깁니다. 아무것도 보내지 않았습니다",
                "주문을 줄이거나 미루세요. 한도를 올리려면 뜻을 가지고 바꾸세요",
            ),
            said(
                "the order would break a limit that was set for this program; nothing was sent",
                "order less or later, or raise the limit on purpose",
                "이 프로그램에 정해 둔 한도를 어기는 주문입니다. 아무것도 보내지 않았습니다",
                "주문을 줄이거나 미루세요. 한도를 올리려면 뜻을 가지고 바꾸세요",
            ),
        ),
        "Halted": (
            said(
                "the kill switch is at {state} ({reason}); nothing was sent",
                "find out why it was switched, look at open orders and balances, then: upbit-client resume",
                "긴급 정지 스위치가 {state}입니다({reason}). 아무것도 보내지 않았습니다",
                "왜 정지되었는지, 미체결 주문과 잔고가 어떤지 확인한 뒤: upbit-client resume",
            ),
            said(
                "the kill switch is not at RUN; nothing was sent",
                "find out why it was switched, look at open orders and balances, then: upbit-client resume",
                "긴급 정지 스위치가 RUN이 아닙니다. 아무것도 보내지 않았습니다",
                "왜 정지되었는지, 미체결 주문과 잔고가 어떤지 확인한 뒤: upbit-client resume",
            ),
        ),
        "APIError": (said("a call failed", "read its text", "호출이 실패했습니다", "오류 내용을 읽으세요"),),
        "APIConnectionError": (
            said(
                "no answer arrived, and the request may have reached the exchange",
                "look up whether it acted (an order by its identifier) before sending anything again",
                "응답이 오지 않았고, 요청은 거래소에 도착했을 수 있습니다",
                "다시 보내기 전에 처리되었는지 조회하세요. 주문은 identifier로 조회합니다",
            ),
        ),
        UNSENT: (
            said(
                "no connection came about; nothing reached the exchange",
                "check network, DNS, proxy and base_url; it is safe to try again",
                "연결되지 않아 거래소에 아무것도 도착하지 않았습니다",
                "네트워크, DNS, 프록시, base_url을 확인하세요. 다시 시도해도 안전합니다",
            ),
        ),
        "APITimeoutError": (
            said(
                "no answer arrived in time, and the request may have reached the exchange",
                "look up whether it acted (an order by its identifier); a longer timeout= may help",
                "제때 응답이 오지 않았고, 요청은 거래소에 도착했을 수 있습니다",
                "처리되었는지 조회하세요. 주문은 identifier로 조회합니다. timeout=을 늘리면 나아질 수 있습니다",
            ),
        ),
        "ResponseError": (
            said(
                "an answer arrived that cannot be read; it is in the error's body",
                "treat an order as one without an answer; a proxy or a maintenance page may have answered",
                "읽을 수 없는 응답이 왔습니다. 원문은 오류의 body에 있습니다",
                "주문이라면 응답이 없을 때처럼 조회하세요. 프록시나 점검 페이지가 응답했을 수 있습니다",
            ),
        ),
        "OrderOutcomeUnknown": (
            said(
                "whether order {identifier} on {market} was placed could not be found out",
                "look it up by its identifier until it is found or certainly not there; never place it anew under "
                "another one",
                "{market} 주문 {identifier:이가} 접수되었는지 확인하지 못했습니다",
                "있는지 없는지 확실해질 때까지 identifier로 조회하세요. 다른 identifier로 다시 주문하지 마세요",
            ),
            said(
                "whether an order was placed, replaced or cancelled could not be found out",
                "look it up by its identifier until it is found or certainly not there; never place it anew under "
                "another one",
                "주문의 접수, 정정 또는 취소 여부를 확인하지 못했습니다",
                "있는지 없는지 확실해질 때까지 identifier로 조회하세요. 다른 identifier로 다시 주문하지 마세요",
            ),
        ),
        "SocketError": (
            said(
                "the exchange refused something on the WebSocket",
                "mend the subscription or the key",
                "거래소가 WebSocket에서 요청을 거부했습니다",
                "구독이나 키를 고치세요",
            ),
        ),
        "APIStatusError": (
            said(
                "the exchange refused with an error that is not known here",
                "read error.status_code, error.name and error.message",
                "이 클라이언트가 모르는 오류로 거래소가 거부했습니다",
                "error.status_code, error.name, error.message를 읽으세요",
            ),
        ),
        "BadRequestError": (
            said(
                "something about the request is wrong",
                "error.message says what",
                "요청에 잘못된 것이 있습니다",
                "error.message에 내용이 있습니다",
            ),
        ),
        "InvalidParameterError": (
            said(
                "a parameter is missing, of the wrong type or out of range",
                "error.message says which; docs/reference.md says what it takes",
                "빠졌거나, 타입이 다르거나, 범위를 벗어난 파라미터가 있습니다",
                "error.message에서 어느 것인지 보고 docs/reference.ko.md에서 받는 값을 확인하세요",
            ),
        ),
        "MarketNotFoundError": (
            said(
                "there is no such market",
                "write the quote currency first, as KRW-BTC; client.trading_pairs.list() names all of them",
                "없는 마켓입니다",
                "KRW-BTC처럼 마켓 통화를 먼저 쓰세요. client.trading_pairs.list()에 전체 목록이 있습니다",
            ),
        ),
        "InsufficientFundsError": (
            said(
                "the free balance does not cover the order or withdrawal and its fee",
                "order or withdraw less, or cancel orders that hold funds",
                "주문 가능한 잔고가 주문이나 출금과 그 수수료에 모자랍니다",
                "금액을 줄이거나, 자산을 묶은 주문을 취소하세요",
            ),
        ),
        "DuplicatedIdentifierError": (
            said(
                "the identifier was used before, perhaps by this very order; identifiers are used up for ever",
                "look that order up by it; a new order needs a new identifier",
                "이미 사용한 identifier입니다. 바로 이 주문이 사용했을 수 있으며, 다시 쓸 수 없습니다",
                "그 identifier로 주문을 조회하세요. 새 주문에는 새 identifier가 필요합니다",
            ),
        ),
        "AddressNotRegisteredError": (
            said(
                "the withdrawal address is not on the account's allow-list",
                "register it on the exchange's site, with the same network and secondary address",
                "출금 허용 주소로 등록되지 않은 주소입니다",
                "업비트에서 같은 네트워크와 2차 주소로 등록하세요",
            ),
        ),
        "TwoFactorRequiredError": (
            said(
                "the act needs a second factor",
                "confirm it in the exchange's app, or agree there to what it asks for",
                "2차 인증이 필요합니다",
                "업비트 앱에서 인증하거나, 요청한 동의를 하세요",
            ),
        ),
        "TravelRuleError": (
            said(
                "the deposit is verified already, or cannot be",
                "look the deposit up; there is nothing more to send",
                "이미 검증되었거나 검증할 수 없는 입금입니다",
                "입금을 조회하세요. 더 보낼 것은 없습니다",
            ),
        ),
        "AuthenticationError": (
            said(
                "the key or its token was refused",
                "check both keys, their expiry and the allowed IP addresses: upbit-client doctor does",
                "키나 토큰이 거부되었습니다",
                "두 키와 만료일, 허용 IP를 확인하세요. upbit-client doctor가 점검합니다",
            ),
        ),
        "NonceUsedError": (
            said(
                "the token's nonce was used before",
                "let the client make the tokens; a proxy that sends requests twice also does this",
                "이미 사용한 nonce입니다",
                "토큰은 클라이언트가 만들게 하세요. 요청을 두 번 보내는 프록시도 이 오류를 냅니다",
            ),
        ),
        "QueryHashError": (
            said(
                "the token's query hash does not match the request that arrived",
                "let the client make the tokens; a proxy that rewrites requests also does this",
                "토큰의 query_hash가 도착한 요청과 다릅니다",
                "토큰은 클라이언트가 만들게 하세요. 요청을 고쳐 쓰는 프록시도 이 오류를 냅니다",
            ),
        ),
        "KeyExpiredError": (
            said(
                "the API key has expired; keys live for a year",
                "make a new key on the exchange's site",
                "API 키가 만료되었습니다. 키는 1년 동안 유효합니다",
                "업비트에서 새 키를 발급하세요",
            ),
        ),
        "InvalidKeyError": (
            said(
                "the exchange knows no such access key",
                "check that it is whole, not deleted, and of this exchange and region; paper keys work on paper only",
                "없는 access key입니다",
                "빠지거나 삭제되지 않은 이 거래소의 키인지 확인하세요. 모의 키는 모의 거래소에서만 됩니다",
            ),
        ),
        "IPNotAllowedError": (
            said(
                "the key does not allow the IP address that the request came from",
                "add this machine's public address to the key on the exchange's site; a VPN or IPv6 may change it",
                "이 키에 허용되지 않은 IP 주소에서 온 요청입니다",
                "업비트에서 이 컴퓨터의 공인 IP를 키에 추가하세요. VPN이나 IPv6로 바뀔 수 있습니다",
            ),
        ),
        "PermissionDeniedError": (
            said(
                "the key is good, but the act is not allowed",
                "error.message says why",
                "키는 유효하지만 허용되지 않은 일입니다",
                "이유는 error.message에 있습니다",
            ),
        ),
        "OutOfScopeError": (
            said(
                "the key lacks the permission for this operation",
                "docs/reference.md names it; permissions are changed on the exchange's site",
                "이 기능에 필요한 권한이 키에 없습니다",
                "필요한 권한은 docs/reference.ko.md에 있으며, 업비트에서 바꿉니다",
            ),
        ),
        "WithdrawLockedError": (
            said(
                "withdrawals with this key are locked",
                "release the lock in the exchange's app",
                "이 키의 출금이 출금 보호 설정으로 잠겨 있습니다",
                "업비트 앱에서 잠금을 푸세요",
            ),
        ),
        "NotFoundError": (
            said(
                "there is no such thing", "check what was asked for", "없는 대상입니다", "무엇을 조회했는지 확인하세요"
            ),
        ),
        "OrderNotFoundError": (
            said(
                "there is no such order, or it has ended and can no longer be cancelled",
                "look it up among closed orders; one just sent may take a moment to be shown",
                "없는 주문이거나, 이미 끝나 취소할 수 없는 주문입니다",
                "종료 주문에서 조회하세요. 방금 보낸 주문은 잠시 뒤에 보일 수 있습니다",
            ),
        ),
        "WithdrawNotFoundError": (
            said(
                "there is no such withdrawal, or it has left and can no longer be cancelled",
                "check its uuid, and that the key belongs to this account",
                "없는 출금이거나, 이미 나가서 취소할 수 없는 출금입니다",
                "uuid와, 이 계정의 키인지 확인하세요",
            ),
        ),
        "DepositNotFoundError": (
            said(
                "there is no such deposit",
                "check its uuid or txid; one that is not on the chain yet is not shown",
                "없는 입금입니다",
                "uuid나 txid를 확인하세요. 아직 블록에 없는 입금은 보이지 않습니다",
            ),
        ),
        "PocketNotFoundError": (
            said(
                "there is no such pocket",
                "client.pockets.list() names them",
                "없는 포켓입니다",
                "client.pockets.list()로 확인하세요",
            ),
        ),
        "CurrencyNotFoundError": (
            said(
                "there is no such currency",
                "write its code in capitals, as BTC; client.wallet_status.list() names them",
                "없는 화폐입니다",
                "BTC처럼 대문자로 쓰세요. client.wallet_status.list()에 전체 목록이 있습니다",
            ),
        ),
        "ConflictError": (
            said(
                "the request is at odds with what the exchange is doing",
                "look at the state of things, then try again",
                "거래소의 현재 상태와 어긋나는 요청입니다",
                "상태를 조회한 뒤 다시 시도하세요",
            ),
        ),
        "UnprocessableEntityError": (
            said(
                "the exchange understood the request but cannot carry it out",
                "error.message says why",
                "거래소가 요청을 이해했지만 처리할 수 없습니다",
                "이유는 error.message에 있습니다",
            ),
        ),
        "RateLimitError": (
            said(
                "more requests than the rate group allows",
                "wait a second; one limiter for all programs of the account (upbit.limiter) prevents it",
                "요청 수 제한을 넘었습니다",
                "1초 기다리세요. 같은 계정의 프로그램이 제한기(upbit.limiter)를 함께 쓰면 생기지 않습니다",
            ),
        ),
        "RateLimitPenaltyError": (
            said(
                "blocked for a while after repeated 429s",
                "send nothing until the block ends, its length is in the answer; each further call makes it longer",
                "429가 거듭되어 한동안 차단되었습니다",
                "차단이 끝날 때까지 아무것도 보내지 마세요. 기간은 응답에 있으며, 호출할수록 길어집니다",
            ),
        ),
        "InternalServerError": (
            said(
                "the exchange failed, and whether it acted is unknown",
                "look up whether it did (an order by its identifier) before sending anything again",
                "거래소에서 오류가 났으며, 처리되었는지 알 수 없습니다",
                "다시 보내기 전에 처리되었는지 조회하세요. 주문은 identifier로 조회합니다",
            ),
        ),
    }
)
