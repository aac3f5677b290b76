"""One operation of the exchange, declared once by a typed signature.

The signature says what the arguments are, the decorator says where they go. Everything else reads this declaration:
the client's two faces and two voices, the paper exchange's routes, the command line, the reference pages, the tests.
A declaration has no body and sends nothing: reading it from a `Namespace` hands the call to the client it is bound to.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine, Iterable, Mapping
from functools import cached_property, update_wrapper
from string import Formatter
from typing import (
    Any,
    Concatenate,
    Generic,
    Literal,
    ParamSpec,
    Protocol,
    TypeAlias,
    TypeVar,
    cast,
    get_type_hints,
    overload,
)

import msgspec

from ..wire.codec import Wire, escape, moment, names, number, peel, plain, read_plain
from ..wire.message import Request, Response
from ..wire.quota import Group, Remaining

P = ParamSpec("P")
T = TypeVar("T")
Face = TypeVar("Face")

Rows: TypeAlias = list[T]
"""A list; for classes that have a method of that name."""
Permission: TypeAlias = Literal[
    "any",
    "view_account",
    "view_orders",
    "make_orders",
    "view_withdrawals",
    "withdraw",
    "view_deposits",
    "deposit",
    "manage_pockets",
    "transfer",
]
"""What a key must be allowed to do; `any` valid key will do for some operations."""
Repeat: TypeAlias = Literal["safe", "never", "until_known", "looked_up", "sent_once"]
"""Whether a call may be sent again when its outcome is unknown: always; not by us; under the same identifier until it
is known; yes, and what it was about is looked up; no, but what came of it is looked up."""

JSON_TYPE: Mapping[str, str] = {"content-type": "application/json; charset=utf-8"}


class Sync:
    """Marks a face whose calls return their result."""


class Async:
    """Marks a face whose calls are awaited."""


class SyncReply:
    """Marks a face whose calls return their result in a `Reply`."""


class AsyncReply:
    """Marks a face whose calls are awaited and give a `Reply`."""


class Reply(msgspec.Struct, Generic[T], frozen=True):
    """A result with what came along."""

    value: T
    """The result."""
    response: Response
    """The response as it arrived."""
    remaining: Remaining | None
    """What the exchange says is left of the rate-limit group."""


class Performs(Protocol):
    """Whoever carries out a call: one face of a client."""

    def perform(self, operation: Operation[..., Any], arguments: dict[str, Any]) -> Any:
        """Carry out a call whose arguments are bound."""
        ...


class Namespace(Generic[Face]):
    """A group of operations, bound to one face of a client."""

    def __init__(self, performer: Performs) -> None:
        self.performer = performer

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.performer!r}>"


class Parameter(msgspec.Struct, frozen=True):
    """One parameter: how it is called and how it travels."""

    name: str
    """Python's name, as `from_`."""
    wire: str
    """The exchange's name, as `from`."""
    where: Literal["path", "query", "body"]
    form: Literal["plain", "number", "comma", "texts", "moment"]
    reads: Any
    """The type it is read back as."""
    required: bool
    default: Any = None

    def write(self, value: Any) -> str:
        """Write one value as text; of `texts`, each on its own."""
        match self.form:
            case "number":
                return number(value)
            case "comma":
                return names(value)
            case "moment":
                return moment(value)
            case _:
                return plain(value)

    def pairs(self, value: Any) -> Iterable[tuple[str, str]]:
        """Write an argument as the pairs of a query."""
        if self.form != "texts":
            return ((self.wire, self.write(value)),)
        if isinstance(value, str):
            raise TypeError(f"{self.name} takes a list of texts, as [{value!r}]")
        return [(f"{self.wire}[]", plain(one)) for one in value]

    def read(self, texts: list[str]) -> Any:
        """Read an argument back from the texts given under its name. Raises ValueError when it does not fit."""
        match self.form:
            case "texts":
                return texts
            case "comma":
                return [part.strip() for text in texts for part in text.split(",")]
            case "moment":
                return texts[-1]
            case _:
                return read_plain(texts[-1], self.reads)


class Operation(Generic[P, T]):
    """One operation: an entry of the table, and what a client's attribute is made from."""

    def __init__(
        self,
        declare: Callable[Concatenate[Any, P], T],
        *,
        verb: Literal["GET", "POST", "DELETE"],
        path: str,
        group: Group,
        needs: Permission | None,
        answers: int,
        repeat: Repeat,
        deprecated: str | None,
    ) -> None:
        self.verb = verb
        self.path = path
        self.group: Group = group
        """Rate-limit group."""
        self.needs: Permission | None = needs
        """Permission; None when no key is needed."""
        self.answers = answers
        """HTTP status of success."""
        self.repeat: Repeat = repeat
        self.deprecated = deprecated
        """Since when, and what to use instead."""
        self.name = declare.__name__
        """Full name, as `orders.create`."""
        self.names: list[str] = []
        """Names in its namespace, the first before shorter spellings."""
        self.__doc__ = declare.__doc__
        self._declare = declare

    def __set_name__(self, owner: type, name: str) -> None:
        if not self.names:
            self.name = f"{_snake(owner.__name__)}.{name}"
        self.names.append(name)

    def __repr__(self) -> str:
        return f"<{self.name}: {self.verb} {self.path}>"

    @cached_property
    def signature(self) -> inspect.Signature:
        """The declared signature, without `self`."""
        declared = inspect.signature(self._declare)
        return declared.replace(parameters=list(declared.parameters.values())[1:])

    @cached_property
    def _hints(self) -> dict[str, Any]:
        return get_type_hints(self._declare, include_extras=True)

    @cached_property
    def returns(self) -> Any:
        """The type of the result."""
        return self._hints["return"]

    @cached_property
    def decoder(self) -> msgspec.json.Decoder[T]:
        """Reads the result from a body."""
        return msgspec.json.Decoder(self.returns)

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """The parameters in declared order."""
        in_path = {field for _, field, _, _ in Formatter().parse(self.path) if field}
        found: list[Parameter] = []
        for name, declared in self.signature.parameters.items():
            reads, mark = peel(self._hints[name])
            required = declared.default is inspect.Parameter.empty
            found.append(
                Parameter(
                    name=name,
                    wire=name.rstrip("_"),
                    where="path" if name in in_path else "body" if self.verb == "POST" else "query",
                    form=mark.form if isinstance(mark, Wire) else "plain",
                    reads=reads,
                    required=required,
                    default=None if required else declared.default,
                )
            )
        return tuple(found)

    @cached_property
    def _by_name(self) -> dict[str, Parameter]:
        return {parameter.name: parameter for parameter in self.parameters}

    @cached_property
    def _required(self) -> frozenset[str]:
        return frozenset(parameter.name for parameter in self.parameters if parameter.required)

    @cached_property
    def _positional(self) -> tuple[str, ...]:
        kinds = self.signature.parameters.values()
        return tuple(one.name for one in kinds if one.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD)

    def bind(self, args: tuple[object, ...], kwargs: dict[str, object]) -> dict[str, Any]:
        """Bring the arguments of a call under their names. Raises TypeError, saying what would be right."""
        if args:
            if len(args) > len(self._positional):
                raise TypeError(f"{self.name}() takes its arguments by name: {self._spelling()}")
            for name, value in zip(self._positional, args, strict=False):
                if name in kwargs:
                    raise TypeError(f"{self.name}() got {name!r} twice")
                kwargs[name] = value
        if not kwargs.keys() <= self._by_name.keys():
            unknown = ", ".join(sorted(kwargs.keys() - self._by_name.keys()))
            raise TypeError(f"{self.name}() has no parameter {unknown}; it takes {self._spelling()}")
        missing = [name for name in self._required if kwargs.get(name) is None]
        if missing:
            raise TypeError(f"{self.name}() is missing {', '.join(sorted(missing))}; it takes {self._spelling()}")
        return kwargs

    def _spelling(self) -> str:
        return ", ".join(one.name if one.required else f"{one.name}=" for one in self.parameters) or "nothing"

    def request(self, arguments: Mapping[str, Any]) -> Request:
        """Write a call down, unsigned: the client's half of the protocol. Arguments that are None are left out."""
        by_name = self._by_name
        path = self.path
        pairs: list[tuple[str, str]] = []
        fields: dict[str, str] = {}
        for name, value in arguments.items():
            if value is None:
                continue
            parameter = by_name[name]
            match parameter.where:
                case "body":
                    fields[parameter.wire] = parameter.write(value)
                case "query":
                    pairs += parameter.pairs(value)
                case _:
                    path = path.replace(f"{{{name}}}", escape(parameter.write(value)))
        if fields:
            return Request(self.verb, path, "", msgspec.json.encode(fields), JSON_TYPE)
        return Request(self.verb, path, "&".join([f"{escape(name)}={escape(text)}" for name, text in pairs]))

    def texts(self, arguments: Mapping[str, Any]) -> dict[str, list[str]]:
        """Write arguments as texts by their names on the wire; `from_texts` reads them back."""
        return {
            parameter.wire: [text for _, text in parameter.pairs(arguments[parameter.name])]
            for parameter in self.parameters
            if parameter.name in arguments
        }

    def from_texts(self, texts: Mapping[str, Iterable[str]]) -> dict[str, Any]:
        """Read back what `texts` wrote."""
        in_path = {parameter.name: "".join(texts.get(parameter.wire, ())) for parameter in self.parameters}
        return self.arguments(in_path, [(wire, text) for wire, given in texts.items() for text in given])

    def arguments(self, in_path: Mapping[str, str], pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
        """Read a call back: the server's half of the protocol.

        `pairs` are the decoded pairs of query and body. Raises KeyError with the name of a required parameter that is
        missing, ValueError with the name of one whose value does not fit. Unknown names are ignored, as the exchange
        ignores them.
        """
        given: dict[str, list[str]] = {}
        for name, text in pairs:
            given.setdefault(name.removesuffix("[]"), []).append(text)
        read: dict[str, Any] = {}
        for parameter in self.parameters:
            texts = [in_path[parameter.name]] if parameter.where == "path" else given.get(parameter.wire)
            if texts:
                try:
                    read[parameter.name] = parameter.read(texts)
                except ValueError:
                    raise ValueError(parameter.wire) from None
            elif parameter.required:
                raise KeyError(parameter.wire)
        return read

    @overload
    def __get__(self, namespace: None, owner: type) -> Operation[P, T]: ...
    @overload
    def __get__(self, namespace: Namespace[Sync], owner: type) -> Callable[P, T]: ...
    @overload
    def __get__(self, namespace: Namespace[Async], owner: type) -> Callable[P, Coroutine[Any, Any, T]]: ...
    @overload
    def __get__(self, namespace: Namespace[SyncReply], owner: type) -> Callable[P, Reply[T]]: ...
    @overload
    def __get__(self, namespace: Namespace[AsyncReply], owner: type) -> Callable[P, Coroutine[Any, Any, Reply[T]]]: ...
    def __get__(self, namespace: Namespace[Any] | None, owner: type) -> Any:
        if namespace is None:
            return self
        perform = namespace.performer.perform

        def call(*args: P.args, **kwargs: P.kwargs) -> Any:
            return perform(self, self.bind(args, kwargs))

        update_wrapper(call, self._declare)
        vars(call)["__signature__"] = self.signature
        vars(namespace).update(dict.fromkeys(self.names, call))
        return call


def _snake(name: str) -> str:
    return "".join(f"_{one.lower()}" if one.isupper() else one for one in name).lstrip("_")


class Declare(Protocol):
    """What `get`, `post` and `delete` give: a decorator that keeps the signature."""

    def __call__(self, declare: Callable[Concatenate[Any, P], T], /) -> Operation[P, T]:
        """Make an operation of a signature."""
        ...


def _declares(
    verb: Literal["GET", "POST", "DELETE"],
    path: str,
    group: Group,
    needs: Permission | None,
    answers: int,
    repeat: Repeat,
    deprecated: str | None,
) -> Declare:
    def declare(signature: Callable[Concatenate[Any, P], T]) -> Operation[P, T]:
        return Operation(
            signature,
            verb=verb,
            path=path,
            group=group,
            needs=needs,
            answers=answers,
            repeat=repeat,
            deprecated=deprecated,
        )

    return cast(Declare, declare)


def get(path: str, *, group: Group, needs: Permission | None = None, deprecated: str | None = None) -> Declare:
    """Declare an operation that reads."""
    return _declares("GET", path, group, needs, 200, "safe", deprecated)


def post(path: str, *, group: Group, needs: Permission, answers: int = 201, repeat: Repeat = "never") -> Declare:
    """Declare an operation that makes something."""
    return _declares("POST", path, group, needs, answers, repeat, None)


def delete(path: str, *, group: Group, needs: Permission, repeat: Repeat = "never") -> Declare:
    """Declare an operation that takes something away."""
    return _declares("DELETE", path, group, needs, 200, repeat, None)
