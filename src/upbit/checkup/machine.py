"""What can be seen without a network: Python, packages, settings, keys, the kill switch. Nothing is written or sent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, distributions, requires, version
from pathlib import Path
from platform import python_version
from typing import NamedTuple

from ..errors import ConfigurationError
from ..keys import find
from ..pkginfo import package_version
from ..settings import trusted
from ..trading.home import SWITCH, home
from ..trading.switch import Switch
from ..wire.token import PAPER_PREFIX
from .finding import Finding, Words, failure, ok, refused, warning
from .visit import Visit

DISTRIBUTION = "upbit-client"
_NEED = re.compile(r"([A-Za-z0-9._-]+)\s*>=\s*([0-9.]+)")
_OURS = re.compile(r"^upbit/", re.MULTILINE)


class Installed(NamedTuple):
    """A distribution that is installed."""

    name: str
    version: str
    place: str


def python(visit: Visit) -> Finding:
    """Which Python and which client is this? Older ones than fit are not installed in the first place."""
    found = f"Python {python_version()}, {DISTRIBUTION} {package_version}"
    return ok(found, found)


def dependencies(visit: Visit, distribution: str = DISTRIBUTION) -> Finding:
    """Is everything installed that the client needs, and new enough?"""
    try:
        needs = [need for need in requires(distribution) or [] if "extra ==" not in need]
    except PackageNotFoundError:
        return ok(
            "the client runs from its source and is not installed: versions were not compared",
            "설치하지 않고 소스에서 실행 중입니다. 버전은 비교하지 않았습니다",
        )
    wanted = {match[1]: match[2] for match in map(_NEED.match, needs) if match is not None}
    return compared(wanted, {name: _version(name) for name in wanted})


def compared(wanted: Mapping[str, str], found: Mapping[str, str | None]) -> Finding:
    """Compare versions with those that are needed at least; None is one that is not installed."""
    missing = [name for name in wanted if found[name] is None]
    old = [f"{name} {has} < {wanted[name]}" for name, has in found.items() if has and _older(has, wanted[name])]
    if missing or old:
        listed = ", ".join([*missing, *old])
        return failure(
            Words(f"missing or too old: {listed}", f"없거나 너무 오래된 패키지: {listed}"),
            Words(
                f"install {DISTRIBUTION} again, with its dependencies",
                f"{DISTRIBUTION}와 의존성을 다시 설치하세요",
            ),
        )
    listed = ", ".join(f"{name} {has}" for name, has in found.items())
    return ok(listed, listed)


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _older(has: str, wanted: str) -> bool:
    return _numbers(has) < _numbers(wanted)


def _numbers(text: str) -> tuple[int, ...]:
    found = re.match(r"\d+(\.\d+)*", text)
    return tuple(map(int, found[0].split("."))) if found else ()


def name(visit: Visit) -> Finding:
    """Does anything else claim the name `upbit`?"""
    others = [one for one in claimants() if (one.name.lower(), one.version) != (DISTRIBUTION, package_version)]
    if others:
        listed = ", ".join(f"{one.name} {one.version} ({one.place})" for one in others)
        return failure(
            Words(f"another package is called `upbit`, too: {listed}", f"`upbit`이라는 패키지가 또 있습니다: {listed}"),
            Words(
                "keep them apart, each in its own virtual environment; uninstall both here, then install "
                f"{DISTRIBUTION} again",
                f"가상 환경을 따로 쓰세요. 여기서는 둘 다 제거한 다음 {DISTRIBUTION}를 다시 설치하세요",
            ),
        )
    shadow = next((path for path in (Path("upbit.py"), Path("upbit", "__init__.py")) if path.is_file()), None)
    if shadow is not None and shadow.resolve().parent != Path(__file__).resolve().parent.parent:
        return warning(
            Words(
                f"{shadow} in this folder hides the package from programs that start here",
                f"이 폴더의 {shadow} 때문에 여기서 시작하는 프로그램은 패키지를 찾지 못합니다",
            ),
            Words("rename it", "이름을 바꾸세요"),
        )
    place = Path(__file__).resolve().parent.parent
    return ok(f"`import upbit` is this client, in {place}", f"`import upbit`는 이 클라이언트입니다: {place}")


def claimants() -> list[Installed]:
    """Find the distributions that bring a package `upbit`."""
    return [
        Installed(one.metadata["Name"] or "?", one.version, str(one.locate_file("")))
        for one in distributions()
        if _OURS.search(one.read_text("RECORD") or "") or "upbit" in (one.read_text("top_level.txt") or "").split()
    ]


def address(visit: Visit) -> Finding:
    """Do the settings say where requests go?"""
    try:
        place = visit.place
    except ConfigurationError as error:
        return refused(error)
    source = "UPBIT_BASE_URL" if visit.environ.get("UPBIT_BASE_URL") else ""
    return ok(
        f"{place.base_url}{f' (from {source})' if source else ''}, sockets at {place.ws_url}",
        f"{place.base_url}{f' ({source})' if source else ''}, 소켓은 {place.ws_url}",
    )


def key_pair(visit: Visit) -> Finding:
    """Is there a complete pair of keys, and where from?"""
    try:
        found = find(None, None, visit.environ)
    except ConfigurationError as error:
        return refused(error)
    if found is None:
        return warning(
            Words(
                "no keys: prices can be had, nothing of an account",
                "키가 없습니다. 시세만 볼 수 있고 계좌는 쓸 수 없습니다",
            ),
            Words(
                "set UPBIT_ACCESS_KEY and UPBIT_SECRET_KEY; keys that a program gives itself are not seen here",
                "UPBIT_ACCESS_KEY와 UPBIT_SECRET_KEY를 설정하세요. 프로그램이 직접 준 키는 여기서 보이지 않습니다",
            ),
        )
    access, secret, source = found
    short = f"{access[:8]}…"
    if not (access + secret.open()).isalnum():
        return warning(
            Words(
                f"the key {short} from {source} or its secret has blanks, quotes or other signs",
                f"{source}의 키 {short} 또는 그 비밀 키에 공백이나 따옴표 같은 문자가 있습니다",
            ),
            Words("copy both anew, without anything around them", "앞뒤에 아무것도 붙지 않게 둘 다 다시 복사하세요"),
        )
    return ok(f"the key {short}, from {source}", f"{source}의 키 {short}")


def mode(visit: Visit) -> Finding:
    """Do keys and host belong together?"""
    url, paper = visit.place.base_url, visit.access_key.startswith(PAPER_PREFIX)
    if not visit.access_key:
        return ok(*((f"live: {url}", f"실거래: {url}") if visit.live else (f"not live: {url}", f"실거래 아님: {url}")))
    if not trusted(visit.host) or (paper and not visit.here):
        return failure(
            Words(
                f"a paper key, but requests go to {url}" if paper else f"nothing is signed for {url}",
                f"모의 거래소의 키인데 요청은 {url}로 갑니다" if paper else f"{url}에는 서명하지 않습니다",
            ),
            Words(
                "set UPBIT_BASE_URL to the paper exchange, or use a key of the real one"
                if paper
                else "keys are used with https://*.upbit.com and this machine only: correct UPBIT_BASE_URL",
                "UPBIT_BASE_URL을 모의 거래소로 맞추거나 실제 거래소의 키를 쓰세요"
                if paper
                else "키는 https://*.upbit.com과 이 컴퓨터에만 씁니다. UPBIT_BASE_URL을 고치세요",
            ),
        )
    if visit.here and not paper:
        return warning(
            Words(
                f"a live key, but requests go to {url}, which is this machine",
                f"실거래 키인데 요청은 이 컴퓨터({url})로 갑니다",
            ),
            Words(
                "use the keys that the paper exchange printed, or unset UPBIT_BASE_URL",
                "모의 거래소가 출력한 키를 쓰거나 UPBIT_BASE_URL을 지우세요",
            ),
        )
    return ok(
        *(
            (f"paper: {url}; the money is not real", f"모의 거래: {url}, 실제 돈이 아닙니다")
            if paper
            else (f"live: {url}; orders are real", f"실거래: {url}, 주문은 진짜입니다")
        )
    )


def switch(visit: Visit) -> Finding:
    """Does the kill switch let a trader's orders through?"""
    path = home(visit.access_key, visit.environ) / SWITCH
    if not path.parent.is_dir():
        return ok("RUN: no trader has run under this key", "RUN: 이 키로 트레이더를 실행한 적이 없습니다")
    setting = Switch(path).setting
    if setting.state == "RUN":
        return ok(f"RUN ({path})", f"RUN ({path})")
    said = f"{setting.state} ({path}){f', {setting.since}' if setting.since else ''}: {setting.reason or '-'}"
    return warning(
        Words(said, said),
        Words(
            "no trader under this key places orders"
            f"{' that make a position larger' if setting.state == 'REDUCE' else ''}; "
            "when the reason is gone: upbit-client resume --yes",
            "이 키의 트레이더는 "
            f"{'포지션을 늘리는 주문을' if setting.state == 'REDUCE' else '주문을'} 내지 않습니다. "
            "원인을 해결한 다음 upbit-client resume --yes를 실행하세요",
        ),
    )
