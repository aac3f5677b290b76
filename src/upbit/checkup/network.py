"""What stands between this machine and the exchange, step by step; nothing here needs a key."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from ..api import TradingPairs
from ..errors import APIError, RateLimitError, UpbitError
from ..io import Closed
from ..wire.frames import PUBLIC, Subscribe, Subscription, read_error, read_events, write_request
from .finding import Finding, Words, failure, ok, refused, skipped, warning
from .visit import Answer, Visit, moment

TOLERANCE = 3.0
"""Seconds by which this clock may be off without a word."""
PROXY = Words(
    "check the connection of this machine, its firewall and its VPN; no proxy is taken from the environment: a program "
    "that needs one says proxy=",
    "이 컴퓨터의 연결, 방화벽, VPN을 확인하세요. 프록시는 환경 변수에서 읽지 않으므로 필요하면 프로그램에서 "
    "proxy=로 지정하세요",
)


def dns(visit: Visit) -> Finding:
    """Has the host an address?"""
    from ..io.probe import resolve

    try:
        found = ", ".join(resolve(visit.host, visit.port))
    except OSError as error:
        return failure(
            Words(f"{visit.host} has no address: {error}", f"{visit.host}의 주소를 찾을 수 없습니다: {error}"),
            Words(
                "check the name in UPBIT_BASE_URL, the network and its name servers",
                "UPBIT_BASE_URL의 이름과 네트워크, 네임 서버를 확인하세요",
            ),
        )
    return ok(f"{visit.host} is {found}", f"{visit.host}: {found}")


def tcp(visit: Visit) -> Finding:
    """Does the host take connections?"""
    from ..io.probe import connect

    try:
        took = connect(visit.host, visit.port, visit.patience[0])
    except OSError as error:
        cure = PROXY
        if visit.here:
            cure = Words(
                "start the paper exchange: upbit-client paper serve, and use the variables that it prints",
                "upbit-client paper serve로 모의 거래소를 열고 출력된 변수를 쓰세요",
            )
        return failure(
            Words(
                f"{visit.host} takes no connection at port {visit.port}: {error}",
                f"{visit.host}의 포트 {visit.port}에 연결할 수 없습니다: {error}",
            ),
            cure,
        )
    return ok(f"connected in {took * 1000:.0f} ms", f"{took * 1000:.0f} ms 만에 연결되었습니다")


def tls(visit: Visit) -> Finding:
    """Is the certificate of the host trusted here?"""
    if not visit.place.base_url.startswith("https:"):
        return ok(
            "not encrypted, which is right on this machine only", "암호화하지 않습니다(이 컴퓨터 안에서만 허용됩니다)"
        )
    from ..io.probe import shake_hands
    from ..io.tls import distrusted

    try:
        version = shake_hands(visit.host, visit.port, visit.patience[0])
    except OSError as error:
        if distrusted(error):
            return failure(
                Words(
                    f"the certificate of {visit.host} is not trusted here: {error}",
                    f"{visit.host}의 인증서를 이 시스템이 신뢰하지 않습니다: {error}",
                ),
                Words(
                    "install or renew the system's store (ca-certificates on Linux) and set the clock; if a company's "
                    "proxy stands between, its certificate belongs in that store",
                    "시스템의 인증서 저장소(리눅스는 ca-certificates)를 설치하거나 갱신하고 시계를 맞추세요. 회사 "
                    "프록시를 거친다면 그 인증서를 저장소에 넣어야 합니다",
                ),
            )
        return failure(Words(f"no TLS with {visit.host}: {error}", f"{visit.host}와 TLS 연결 실패: {error}"), PROXY)
    return ok(f"{version}, trusted by the store of this system", f"{version}, 이 시스템의 저장소가 신뢰합니다")


def server(visit: Visit) -> Finding:
    """Does the exchange answer who has no key?"""
    try:
        markets = visit.look(TradingPairs.list)
    except RateLimitError as error:
        return refused(error)._replace(level="warning")
    except UpbitError as error:
        return refused(error)
    codes = [one.market for one in markets]
    if codes and visit.market not in codes:
        visit.market = codes[0]
    answer = visit.answers[-1]
    took = (answer.came - answer.left) * 1000
    return ok(f"{len(codes)} markets in {took:.0f} ms", f"마켓 {len(codes)}개, {took:.0f} ms")


def clock(visit: Visit) -> Finding:
    """Does the clock of this machine agree with that of the exchange?"""
    offsets = [offset for offset in map(_offset, visit.answers) if offset is not None]
    if not offsets:
        return skipped("no answer had a date", "날짜가 있는 응답이 없습니다")
    offset = min(offsets, key=abs)
    if abs(offset) <= TOLERANCE:
        return ok(
            f"off by less than {TOLERANCE:g} s; signing does not use it",
            f"차이가 {TOLERANCE:g}초 이내입니다. 서명에는 쓰지 않습니다",
        )
    return warning(
        Words(
            f"this clock is {abs(offset):.0f} s {'ahead of' if offset > 0 else 'behind'} that of the exchange",
            f"이 컴퓨터의 시계가 거래소보다 {abs(offset):.0f}초 {'빠릅니다' if offset > 0 else '느립니다'}",
        ),
        Words(
            "switch the time service of the system on (NTP). Keys work all the same, since signing uses no clock; what "
            "depends on it: histories up to now, limits per day, the age of prices",
            "시스템의 시간 동기화(NTP)를 켜세요. 서명에는 시계를 쓰지 않으므로 키는 그대로 작동합니다. 지금까지의 "
            "내역, 하루 한도, 시세가 얼마나 오래되었는지가 달라집니다",
        ),
    )


def _offset(answer: Answer) -> float | None:
    """Say how far this clock is ahead, in seconds; the exchange tells whole ones, and the way takes time."""
    date = answer.response.header("Date")
    try:
        told = parsedate_to_datetime(date).timestamp() if date else None
    except ValueError:
        return None
    if told is None:
        return None
    if answer.came < told:
        return answer.came - told
    return max(0.0, answer.left - (told + 1))


def socket(visit: Visit) -> Finding:
    """Does the WebSocket open, and bring prices?"""
    wanted = Subscription(type="ticker", codes=(visit.market,), is_only_snapshot=True)
    text = write_request(Subscribe(ticket="doctor", subscriptions=(wanted,)))
    finding = spoken(visit, "", text, signed=False)
    return finding or ok(f"open, {visit.market} arrived", f"열렸고 {visit.market} 시세가 왔습니다")


def spoken(visit: Visit, path: str, text: str, *, signed: bool) -> Finding | None:
    """Say something on a socket beside the public one; what is wrong, if anything."""
    place = f"{urlsplit(visit.place.ws_url).netloc}{PUBLIC}{path}"
    try:
        heard = visit.converse(path, text, signed=signed)
        if not isinstance(heard, Closed):
            error = next((found for found in map(read_error, read_events(heard)) if found is not None), None)
            return None if error is None else refused(error)
        cause = Words(f"{place} ended: {heard}", f"연결이 끊어졌습니다({place}): {heard}")
    except APIError as error:
        return refused(error)
    except TimeoutError:
        cause = Words(f"{place} opened and said nothing", f"열렸지만 아무것도 오지 않습니다: {place}")
    except ValueError as error:
        cause = Words(f"{place} said what cannot be read: {error}", f"읽을 수 없는 것이 왔습니다({place}): {error}")
    return failure(
        cause,
        Words(
            "try again in a minute; if it stays so, look whether a proxy or firewall lets WebSockets through",
            "1분 뒤에 다시 해 보세요. 계속되면 프록시나 방화벽이 WebSocket을 통과시키는지 확인하세요",
        ),
    )


def quota(visit: Visit) -> Finding:
    """How much may be asked, and is anything blocked?"""
    until = visit.blocked_until
    if until > visit.wall():
        return failure(
            Words(
                f"the exchange takes nothing from here until {moment(until)}",
                f"거래소가 {moment(until)}까지 요청을 받지 않습니다",
            ),
            Words(
                "stop every program that calls it from here and wait: each further call makes it longer; then share "
                "one limiter between programs (upbit.limiter)",
                "여기서 호출하는 프로그램을 모두 멈추고 기다리세요. 호출할수록 길어집니다. 그다음에는 프로그램들이 "
                "limiter 하나를 함께 쓰게 하세요(upbit.limiter)",
            ),
        )
    left = {found.group: found.sec for answer in visit.answers if (found := answer.remaining) is not None}
    listed = ", ".join(f"{group} {seconds}" for group, seconds in left.items())
    if any(answer.response.status == 429 for answer in visit.answers) or 0 in left.values():
        return warning(
            Words(f"used up: left in this second: {listed or '-'}", f"다 썼습니다. 이번 초에 남은 것: {listed or '-'}"),
            Words(
                "another program uses the same key or address; share one limiter between them (upbit.limiter)",
                "같은 키나 주소를 쓰는 프로그램이 또 있습니다. limiter 하나를 함께 쓰게 하세요(upbit.limiter)",
            ),
        )
    if not listed:
        return skipped("no answer told what is left", "남은 요청 수를 알려 준 응답이 없습니다")
    return ok(f"left in this second: {listed}", f"이번 초에 남은 것: {listed}")
