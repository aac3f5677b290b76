"""`upbit-client call`: every operation as a command, made from its declaration.

The operation says its parameters and reads their values; this only gives them dashes. Keys come from the environment.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from typing import Any, Literal, get_args, get_origin

import click
import msgspec
from rich.console import Console

from ..api import NAMESPACES, OPERATIONS
from ..api.operation import Operation, Parameter
from .grammar import Command, Group, section
from .grammar import told as meant
from .table import show
from .words import Say

TITLE = re.compile(r"^(?P<english>.*?)\s*\((?P<korean>[^()]*[가-힣](?:[^()]|\([^()]*\))*)\)(?P<more>.*)", re.DOTALL)
"""A docstring: what it does, the exchange's title of it, more."""


def call(say: Say) -> click.Group:
    """Build `call`."""
    groups: dict[str, Group] = {}
    kinds = {operation.name.partition(".")[0]: kind for kind in NAMESPACES for operation in _operations(kind)}
    for operation in OPERATIONS:
        namespace = operation.name.partition(".")[0]
        if namespace not in groups:
            groups[namespace] = Group(
                namespace,
                help=_told(kinds[namespace].__doc__, say),
                callback=section,
                invoke_without_command=True,
            )
        first, *shorter = operation.names
        groups[namespace].add_command(_command(operation, first, say))
        for name in shorter:
            groups[namespace].add_command(_command(operation, name, say, hidden=True))
    return Group(
        "call",
        help=say(
            "Call an operation and show its result as JSON.\n\n"
            "Keys are read from UPBIT_ACCESS_KEY and UPBIT_SECRET_KEY, the address from UPBIT_BASE_URL. Without an "
            "address it is the real exchange: an order placed there is an order.",
            "기능 하나를 호출하고 결과를 JSON으로 보여 줍니다.\n\n"
            "키는 UPBIT_ACCESS_KEY와 UPBIT_SECRET_KEY에서, 주소는 UPBIT_BASE_URL에서 읽습니다. 주소가 없으면 실제 "
            "거래소입니다. 거기에 넣은 주문은 진짜 주문입니다.",
        ),
        commands=list(groups.values()),
        callback=section,
        invoke_without_command=True,
    )


def _operations(namespace: type) -> list[Operation[..., Any]]:
    return [member for member in vars(namespace).values() if isinstance(member, Operation)]


def _told(text: str | None, say: Say) -> str:
    """Say what a docstring says: all of it in English, the exchange's title in Korean."""
    text = inspect.cleandoc(text or "").replace("`", "")
    found = TITLE.match(text)
    return text if found is None else say(found["english"] + found["more"], found["korean"])


def _command(operation: Operation[..., Any], name: str, say: Say, *, hidden: bool = False) -> Command:
    def run(base_url: str | None, table: bool, **given: Any) -> None:
        from ..client import Upbit
        from ..errors import UpbitError
        from ..settings import SyncOptions

        options: SyncOptions = {} if base_url is None else {"base_url": base_url}
        arguments = {name: value for name, value in given.items() if value not in (None, ())}
        try:
            with Upbit(**options) as client:
                result: object = client.perform(operation, operation.bind((), arguments))
        except UpbitError as error:
            raise click.ClickException(meant(error, say, **arguments)) from None
        if table:
            show(result, Console(highlight=False))
        else:
            click.echo(msgspec.json.format(msgspec.json.encode(result), indent=2).decode())

    needs = operation.needs
    permission = say(f"key with {needs}", f"{needs} 권한이 있는 키") if needs else say("no key", "키 없음")
    facts = f"{operation.verb} {operation.path} · {permission}"
    if operation.deprecated:
        facts += say(f" · deprecated {operation.deprecated}", f" · 사용하지 않는 것이 좋음({operation.deprecated})")
    told = _told(operation.__doc__, say)
    return Command(
        name,
        callback=run,
        params=[
            *(_option(parameter, say) for parameter in operation.parameters),
            click.Option(
                ["--table"], is_flag=True, help=say("Show a table instead of JSON.", "JSON 대신 표로 보여 줍니다.")
            ),
            click.Option(["--base-url"], metavar="URL", help=say("Where the exchange is.", "거래소의 주소.")),
        ],
        help=f"{told}\n\n{facts}",
        hidden=hidden,
    )


def _option(parameter: Parameter, say: Say) -> click.Option:
    def read(context: click.Context, option: click.Parameter, value: Any) -> Any:
        if value in (None, ()):
            return None
        texts = list(value) if parameter.form == "texts" else [value]
        try:
            return parameter.read(texts)
        except ValueError as error:
            raise click.BadParameter(str(error)) from None

    several = parameter.form == "texts"
    choices = _choices(parameter)
    many = sum(map(len, choices)) > 40
    helps: Mapping[str, str] = {
        "comma": say("Several with commas.", "여럿이면 쉼표로 나눕니다."),
        "texts": say("Repeat for several.", "여럿이면 되풀이합니다."),
        "moment": say("As 2026-03-22T12:47:08Z.", "2026-03-22T12:47:08Z처럼 씁니다."),
    }
    return click.Option(
        [f"--{parameter.wire.replace('_', '-')}", parameter.name],
        type=click.Choice(choices) if choices else click.STRING,
        metavar=None if choices and not many else _metavar(parameter),
        required=parameter.required,
        multiple=several,
        callback=read,
        help=", ".join(choices) if many else helps.get(parameter.form, ""),
    )


def _choices(parameter: Parameter) -> list[str]:
    if parameter.form != "plain":
        return []
    if parameter.reads is bool:
        return ["true", "false"]
    return [str(one) for one in get_args(parameter.reads)] if get_origin(parameter.reads) is Literal else []


def _metavar(parameter: Parameter) -> str:
    return {"number": "NUMBER", "moment": "TIME"}.get(parameter.form, "INTEGER" if parameter.reads is int else "TEXT")
