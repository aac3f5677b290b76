"""The reference pages, written from the declarations.

    python -m tools.reference            write docs/reference.md and docs/reference.ko.md
    python -m tools.reference --check    write nothing; 1 if a page is not what would be written

Everything on the pages is read from `upbit.api`, `upbit.models` and `upbit.documented`: nothing is kept by hand.
The English page has the whole docstrings; the Korean page has their Korean titles and points at the English text.
"""

from __future__ import annotations

import argparse
import ast
import inspect
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from difflib import unified_diff
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, NamedTuple, get_args, get_origin

import msgspec

from upbit import documented, models
from upbit.api import NAMESPACES
from upbit.api.operation import Namespace, Operation
from upbit.documented import Documented
from upbit.wire.quota import limits

DOCS = Path(__file__).parent.parent / "docs"
TITLE = re.compile(r"\s*\(([^()]*[가-힣](?:[^()]|\([^()]*\))*)\)")
"""The Korean title of a docstring's first line, which may have brackets of its own: `(초(Second) 캔들 조회)`."""

PERMISSIONS: Mapping[str, str] = {
    "view_account": "자산조회",
    "view_orders": "주문조회",
    "make_orders": "주문하기",
    "view_withdrawals": "출금조회",
    "withdraw": "출금하기",
    "view_deposits": "입금조회",
    "deposit": "입금하기",
    "manage_pockets": "포켓관리",
    "transfer": "자산이전",
}
"""As the exchange's page of API keys calls them."""


class Words(NamedTuple):
    """What one language calls things."""

    page: str
    intro: str
    contents: str
    no_key: str
    any_key: str
    permission: str
    group: str
    repeat: Mapping[str, str]
    deprecated: str
    parameters: tuple[str, str, str]
    required: str
    places: Mapping[str, str]
    none: str
    result: str
    list_of: str
    errors: str
    every_call: str
    documented: str
    also: str
    more: str
    limits: str
    models: str
    fields: tuple[str, str, str]
    sometimes: str


ENGLISH = Words(
    page="reference.md",
    intro="""# Reference

Written by `make docs` from the declarations in `src/upbit/api/`; edit those. [한국어](reference.ko.md)

Each operation is called as `client.<name>(...)`, for example `client.orders.create(...)`, of `Upbit` or, with `await`,
of `AsyncUpbit`. `client.replies.<name>(...)` gives the same result together with the response and what is left of the
rate limit.

How arguments are given:

- `Number`: an amount or price as `Decimal`, `int` or decimal text. A `float` is refused, since nobody can say which
  amount was meant.
- `Markets`: one code, `"KRW-BTC"`, or several in a list.
- `Texts`: a list of texts.
- `Moment`: an aware `datetime`, or text in a form the exchange takes.
- Arguments are given by name; those of quotation calls that stand first (`markets`, `market`, `unit`) need none.

<a id="every-call"></a>
**Errors of every call**: `APIConnectionError` and `APITimeoutError` when no answer arrived, `ResponseError` when it
cannot be read, `BadRequestError` for arguments the exchange refuses, `RateLimitError` and `RateLimitPenaltyError`,
`InternalServerError`. A missing or unknown argument is a `TypeError` before anything is sent; a missing key is a
`ConfigurationError`. All of them: [errors.md](errors.md).
""",
    contents="Contents",
    no_key="no key needed",
    any_key="any valid key",
    permission="permission",
    group="rate group",
    repeat={
        "safe": "may be repeated",
        "never": "never repeated once it may have arrived",
        "until_known": "until its outcome is known, always under the same `identifier`: at most one order comes of it",
        "looked_up": "until its outcome is known: the order is looked up",
        "sent_once": "never sent again; what came of it is looked up",
    },
    deprecated="Deprecated since",
    parameters=("parameter", "takes", "travels in"),
    required="required",
    places={"path": "path", "query": "query", "body": "JSON body"},
    none="No parameters.",
    result="Result",
    list_of="list of {}",
    errors="Errors",
    every_call="those of [every call](#every-call)",
    documented="Documented voice",
    also="Also",
    more="",
    limits="""## Rate groups

Requests of one group share a limit: those that need no key by IP address, the others by pocket. The client waits
before it would pass one.

| group | requests | seconds |
|---|---|---|
""",
    models="""## Results

Frozen structs of `upbit.models`. Fields that the exchange does not always send are `None` when it did not.
""",
    fields=("field", "type", "meaning"),
    sometimes="or `None`",
)

KOREAN = Words(
    page="reference.ko.md",
    intro="""# 레퍼런스

`make docs`가 `src/upbit/api/`의 선언에서 만드는 문서입니다. 고칠 때는 선언을 고칩니다. [English](reference.md)

모든 기능은 `client.<이름>(...)`으로 호출합니다. 예: `client.orders.create(...)`.
`AsyncUpbit`에서는 앞에 `await`를 붙입니다.
`client.replies.<이름>(...)`은 같은 결과를 응답 원문, 남은 요청 수와 함께 돌려줍니다.

인자를 주는 방법:

- `Number`: 수량이나 가격. `Decimal`, `int` 또는 십진수 문자열. `float`는 정확한 값을 알 수 없으므로 거부합니다.
- `Markets`: 페어 코드 하나(`"KRW-BTC"`) 또는 여러 개의 리스트.
- `Texts`: 문자열 리스트.
- `Moment`: 시간대가 있는 `datetime`, 또는 거래소가 받는 형식의 문자열.
- 인자는 이름으로 줍니다. 시세 조회에서 맨 앞에 오는 인자(`markets`, `market`, `unit`)만 이름 없이 줄 수 있습니다.

<a id="every-call"></a>
**모든 호출의 오류**: 응답이 오지 않으면 `APIConnectionError`와 `APITimeoutError`, 읽을 수 없으면 `ResponseError`,
거래소가 인자를 거부하면 `BadRequestError`, 요청 수 제한에는 `RateLimitError`와 `RateLimitPenaltyError`, 서버 오류는
`InternalServerError`입니다. 빠진 인자나 모르는 인자는 아무것도 보내기 전에 `TypeError`가 되고, 키가 없으면
`ConfigurationError`가 됩니다. 전체 목록: [errors.ko.md](errors.ko.md).
""",
    contents="차례",
    no_key="키 필요 없음",
    any_key="유효한 키면 됨",
    permission="권한",
    group="요청 수 그룹",
    repeat={
        "safe": "다시 보내도 안전함",
        "never": "도착했을 수 있으면 다시 보내지 않음",
        "until_known": "결과를 알 때까지, 항상 같은 `identifier`로: 주문은 최대 하나만 생김",
        "looked_up": "결과를 알 때까지: 주문을 조회해서 확인",
        "sent_once": "다시 보내지 않음: 결과는 조회해서 확인",
    },
    deprecated="지원 종료 예정, 기준일",
    parameters=("인자", "값", "위치"),
    required="필수",
    places={"path": "경로", "query": "쿼리", "body": "JSON 본문"},
    none="인자 없음.",
    result="결과",
    list_of="{}의 리스트",
    errors="오류",
    every_call="[모든 호출의 오류](#every-call)",
    documented="문서 방식",
    also="다른 이름",
    more="자세한 설명(영문)",
    limits="""## 요청 수 그룹

같은 그룹의 요청은 한도를 함께 씁니다. 키가 필요 없는 조회는 IP 주소별, 나머지는 포켓별입니다.
클라이언트는 한도를 넘기 전에 기다립니다.

| 그룹 | 요청 수 | 초 |
|---|---|---|
""",
    models="""## 결과

`upbit.models`의 바뀌지 않는 구조체입니다. 거래소가 보내지 않은 필드는 `None`입니다.
""",
    fields=("필드", "타입", "설명(영문)"),
    sometimes="또는 `None`",
)


class Prose(NamedTuple):
    """What is found in a docstring."""

    title: str
    """Korean."""
    errors: tuple[str, ...]
    """What it says it raises."""


def prose(docstring: str | None) -> Prose:
    """Read a docstring."""
    first, _, rest = (docstring or "").partition("\n")
    found = TITLE.search(first)
    return Prose(found[1] if found else "", tuple(dict.fromkeys(re.findall(r"`(\w+Error)`", rest))))


def code(text: str) -> str:
    """Set text as code, so that it can stand in a cell of a table."""
    return "`" + text.replace("|", "\\|") + "`"


def takes(annotation: str, module: ModuleType) -> str:
    """Say what a parameter takes: the annotation without `None`, with the values of a choice spelled out."""
    parts: list[str] = []
    for part in re.split(r"\s\|\s(?![^\[]*\])", annotation):
        named = vars(module).get(part)
        if get_origin(named) is Literal:
            parts += [code(repr(value).replace("'", '"')) for value in get_args(named)]
        elif part.startswith("Literal["):
            parts += [code(value.strip().replace("'", '"')) for value in part[8:-1].split(",")]
        elif part != "None":
            parts.append(code(part))
    return ", ".join(parts)


def anchor(name: str) -> str:
    """The anchor of a heading of that name."""
    return re.sub(r"[^\w-]", "", name.lower())


def shown(returns: str, words: Words) -> str:
    """Link a result type to its fields."""
    many = re.fullmatch(r"Rows\[(\w+)\]", returns)
    name = many[1] if many else returns
    name = "WalletStatus" if name == "Status" else name
    link = f"[`{name}`](#{anchor(name)})"
    return words.list_of.format(link) if many else link


def documented_names() -> dict[Operation[..., Any], list[str]]:
    """The documented names of each operation."""
    names: dict[Operation[..., Any], list[str]] = {}
    for namespace in documented.NAMESPACES:
        for name, member in vars(namespace).items():
            if isinstance(member, Documented):
                extra = [f"`{theirs}=` → `{ours}=`" for theirs, ours in member.spellings.items()]
                spelled = f" ({', '.join(extra)})" if extra else ""
                names.setdefault(member.operation, []).append(f"`{namespace.__name__}.{name}`{spelled}")
    return names


def operation_lines(
    operation: Operation[..., Any], module: ModuleType, words: Words, older: Sequence[str]
) -> Iterator[str]:
    """Write one operation."""
    said = prose(operation.__doc__)
    yield f"### `{operation.name}`\n"
    if words.more:
        yield f"{said.title}. [{words.more}](reference.md#{anchor(operation.name)})\n"
    else:
        yield f"{inspect.cleandoc(operation.__doc__ or '')}\n"
    if operation.deprecated:
        yield f"{words.deprecated} {operation.deprecated}.\n"
    if operation.needs is None:
        needs = words.no_key
    elif operation.needs == "any":
        needs = words.any_key
    else:
        needs = f"{words.permission} `{operation.needs}` ({PERMISSIONS[operation.needs]})"
    yield f"- `{operation.verb} {operation.path}` -> {operation.answers}"
    yield f"- {words.group} `{operation.group}`; {needs}; {words.repeat[operation.repeat]}"
    yield f"- {words.result}: {shown(str(operation.signature.return_annotation), words)}"
    errors = ["`AuthenticationError`"] if operation.needs else []
    errors += ["`OutOfScopeError`"] if operation.needs not in (None, "any") else []
    errors += [f"`{one}`" for one in said.errors]
    yield f"- {words.errors}: {', '.join([*errors, words.every_call])}"
    group = operation.name.partition(".")[0]
    if operation.names[1:]:
        yield f"- {words.also}: {', '.join(f'`{group}.{name}`' for name in operation.names[1:])}"
    if older:
        yield f"- {words.documented}: {', '.join(older)}"
    yield ""
    if not operation.parameters:
        yield f"{words.none}\n"
        return
    yield "| " + " | ".join(words.parameters) + " |"
    yield "|---|---|---|"
    for parameter in operation.parameters:
        declared = operation.signature.parameters[parameter.name].annotation
        name = f"`{parameter.name}`" + (f" ({words.required})" if parameter.required else "")
        wire = f"{parameter.wire}[]" if parameter.form == "texts" else parameter.wire
        place = words.places[parameter.where] + (f": `{wire}`" if wire != parameter.name else "")
        yield f"| {name} | {takes(str(declared), module)} | {place} |"
    yield ""


class Field(NamedTuple):
    """One field of a result."""

    name: str
    kind: str
    said: str


def fields(struct: type) -> Iterator[Field]:
    """Read the fields of a struct from its source, where their docstrings are."""
    tree = ast.parse(inspect.getsource(struct)).body[0]
    assert isinstance(tree, ast.ClassDef)
    for at, node in enumerate(tree.body):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            after = tree.body[at + 1] if at + 1 < len(tree.body) else None
            said = ""
            if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
                said = " ".join(str(after.value.value).split())
            yield Field(node.target.id, ast.unparse(node.annotation), said)


def model_lines(name: str, struct: type, words: Words) -> Iterator[str]:
    """Write one struct."""
    module = sys.modules[struct.__module__]
    said = prose(struct.__doc__)
    yield f"### `{name}`\n"
    yield (f"{said.title}.\n" if said.title else "") if words.more else f"{inspect.cleandoc(struct.__doc__ or '')}\n"
    yield "| " + " | ".join(words.fields) + " |"
    yield "|---|---|---|"
    for field in fields(struct):
        kind = takes(field.kind, module)
        if field.kind.endswith("| None"):
            kind = f"{kind} {words.sometimes}"
        yield f"| `{field.name}` | {kind} | {field.said.replace('|', chr(92) + '|')} |"
    yield ""


def namespace_name(namespace: type[Namespace[Any]]) -> str:
    """What the namespace is called on a client."""
    return next(one.name for one in vars(namespace).values() if isinstance(one, Operation)).partition(".")[0]


def page(words: Words) -> str:
    """Write a whole page."""
    older = documented_names()
    lines = [words.intro, f"## {words.contents}\n"]
    for namespace in NAMESPACES:
        own = dict.fromkeys(one for one in vars(namespace).values() if isinstance(one, Operation))
        links = ", ".join(f"[{one.name.partition('.')[2]}](#{anchor(one.name)})" for one in own)
        lines.append(f"- [{namespace_name(namespace)}](#{anchor(namespace_name(namespace))}): {links}")
    lines.append("")
    for namespace in NAMESPACES:
        said = prose(namespace.__doc__)
        lines.append(f"## {namespace_name(namespace)}\n")
        lines.append(f"{said.title}\n" if words.more else inspect.cleandoc(namespace.__doc__ or "") + "\n")
        module = sys.modules[namespace.__module__]
        for one in dict.fromkeys(one for one in vars(namespace).values() if isinstance(one, Operation)):
            lines += operation_lines(one, module, words, older.get(one, []))
    lines.append(words.limits.rstrip("\n"))
    lines += [f"| `{group}` | {limit.per_window} | {limit.window:g} |" for group, limit in limits().items()]
    lines += ["", words.models]
    for name in models.__all__:
        value = getattr(models, name)
        if inspect.isclass(value) and issubclass(value, msgspec.Struct):
            lines += model_lines(name, value, words)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).rstrip() + "\n"


def main(arguments: Sequence[str] | None = None, *, folder: Path = DOCS) -> int:
    """Write the pages, or say whether they are as they would be written."""
    parser = argparse.ArgumentParser(prog="python -m tools.reference", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing; 1 if a page differs")
    check = parser.parse_args(arguments).check
    differs = False
    for words in (ENGLISH, KOREAN):
        path, wanted = folder / words.page, page(words)
        found = path.read_text("utf-8") if path.exists() else ""
        if check and found != wanted:
            differs = True
            changes = unified_diff(found.splitlines(), wanted.splitlines(), path.name, "declarations", lineterm="", n=0)
            print("\n".join(list(changes)[:20]))
            print(f"{path.name} is not what the declarations say: run `make docs`")
        elif not check:
            path.write_text(wanted, "utf-8")
    return 1 if differs else 0


if __name__ == "__main__":
    raise SystemExit(main())
