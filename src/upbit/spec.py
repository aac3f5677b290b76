"""A Swagger 2.0 or OpenAPI 3 document that rules the documented voice: its host, its paths, its operations.

`client.<Tag>.<operationId>(...)` takes the parameters that the document declares and sends them as this client sends
everything: arrays as `name[]=`, bodies as JSON, amounts as plain decimal text. A document cannot loosen anything: it
changes neither who may be sent signed requests nor what may be repeated. Only JSON, and only references inside the
document.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, NamedTuple, TypeVar, cast
from urllib.parse import urlsplit

import msgspec

from .api import OPERATIONS
from .api.operation import JSON_TYPE, Operation, Permission, Repeat
from .documented import spelled
from .errors import ConfigurationError
from .settings import loopback
from .wire.codec import escape, moment, number, plain
from .wire.message import Request
from .wire.quota import Group

T = TypeVar("T")


class Schema(msgspec.Struct, rename={"ref": "$ref"}):
    """What this module reads of a schema."""

    ref: str | None = None
    type: str | list[str] | None = None
    properties: dict[str, Schema] = {}
    required: list[str] | bool = False


class Declared(msgspec.Struct, rename={"ref": "$ref", "where": "in", "collection_format": "collectionFormat"}):
    """A parameter, as both kinds of document declare it."""

    ref: str | None = None
    name: str = ""
    where: str = ""
    required: bool = False
    type: str | None = None
    collection_format: str = "csv"
    explode: bool = True
    schema: Schema | None = None


class Media(msgspec.Struct):
    """A body in one content type."""

    schema: Schema | None = None


class Body(msgspec.Struct, rename={"ref": "$ref"}):
    """A body of OpenAPI 3."""

    ref: str | None = None
    content: dict[str, Media] = {}


class Act(msgspec.Struct, rename="camel"):
    """An operation."""

    operation_id: str | None = None
    tags: list[str] = []
    parameters: list[Declared] = []
    request_body: Body | None = None
    security: list[object] | None = None


class Path(msgspec.Struct):
    """The operations of one path."""

    parameters: list[Declared] = []
    get: Act | None = None
    post: Act | None = None
    put: Act | None = None
    patch: Act | None = None
    delete: Act | None = None


class Components(msgspec.Struct, frozen=True, rename="camel"):
    """What is referred to, in OpenAPI 3."""

    parameters: dict[str, Declared] = {}
    schemas: dict[str, Schema] = {}
    request_bodies: dict[str, Body] = {}


class Variable(msgspec.Struct):
    """A variable of a server's address."""

    default: str


class Server(msgspec.Struct):
    """A server of OpenAPI 3."""

    url: str
    variables: dict[str, Variable] = {}


class Document(msgspec.Struct, rename={"base_path": "basePath"}):
    """A whole document of either kind."""

    paths: dict[str, Path]
    swagger: str | None = None
    openapi: str | None = None
    host: str | None = None
    base_path: str = ""
    schemes: list[str] = []
    servers: list[Server] = []
    parameters: dict[str, Declared] = {}
    definitions: dict[str, Schema] = {}
    components: Components = Components()


class Field(NamedTuple):
    """One parameter: how it is called and how it travels."""

    name: str
    where: Literal["path", "query", "body"]
    required: bool
    form: Literal["plain", "comma", "texts"]


class Entry(NamedTuple):
    """One operation of a document, under the rules of ours that has its path."""

    name: str
    verb: str
    path: str
    fields: Mapping[str, Field]
    group: Group
    repeat: Repeat
    needs: Permission | None

    def request(self, given: Mapping[str, object]) -> Request:
        """Write a call down, unsigned. Raises TypeError for unknown and missing parameters."""
        fields = self.fields
        takes = ", ".join(one.name if one.required else f"{one.name}=" for one in fields.values()) or "nothing"
        unknown = sorted(given.keys() - fields.keys())
        if unknown:
            raise TypeError(f"{self.name}() has no parameter {', '.join(unknown)}; it takes {takes}")
        missing = [one.name for one in fields.values() if one.required and given.get(one.name) is None]
        if missing:
            raise TypeError(f"{self.name}() is missing {', '.join(missing)}; it takes {takes}")
        path, pairs, body = self.path, list[tuple[str, str]](), dict[str, str | list[str]]()
        for name, value in given.items():
            if value is None:
                continue
            field = fields[name]
            texts = _texts(value)
            if field.where == "path":
                path = path.replace(f"{{{name}}}", escape(texts[0]))
            elif field.form == "texts":
                if field.where == "body":
                    body[name] = texts
                pairs += [(f"{name}[]", text) for text in texts if field.where == "query"]
            elif field.where == "body":
                body[name] = ",".join(texts)
            else:
                pairs.append((name, ",".join(texts)))
        query = "&".join([f"{escape(name)}={escape(text)}" for name, text in pairs])
        if body:
            return Request(self.verb, path, query, msgspec.json.encode(body), JSON_TYPE)
        return Request(self.verb, path, query)


def _texts(value: object) -> list[str]:
    if isinstance(value, list | tuple):
        return [_text(one) for one in cast("Sequence[object]", value)]
    return [_text(value)]


def _text(value: object) -> str:
    match value:
        case datetime():
            return moment(value)
        case Decimal():
            return number(value)
        case _:
            return plain(spelled(value))


class Spec(NamedTuple):
    """What a document says."""

    host: str | None
    """Where its requests go, if it says."""
    entries: Mapping[str, Mapping[str, Entry]]
    """Operations by tag and operationId."""
    declared: Mapping[tuple[str, str], Operation[..., Any]]
    """What this package itself declares, by verb and path."""

    def twin(self, entry: Entry) -> Operation[..., Any] | None:
        """Find the operation that this package declares at the same verb and path."""
        return self.declared.get((entry.verb, _shape(entry.path)))

    def find(self, tag: str, name: str) -> Entry:
        """Find an operation. Raises AttributeError, saying what there is."""
        names = self.entries.get(tag)
        if names is None:
            raise AttributeError(f"the document of spec_uri has no tag {tag}; it has {', '.join(self.entries)}")
        if name not in names:
            raise AttributeError(f"the document of spec_uri has no {tag}.{name}; {tag} has {', '.join(names)}")
        return names[name]


def read(text: bytes, source: str) -> Spec:
    """Read a document. Raises ConfigurationError, saying what is wrong with it."""
    try:
        document = msgspec.json.decode(text, type=Document)
        if document.swagger != "2.0" and not (document.openapi or "").startswith("3."):
            raise ValueError('it says neither "swagger": "2.0" nor "openapi": "3..."')
        host, prefix = _server(document, source)
        declared: dict[tuple[str, str], Operation[..., Any]] = {(one.verb, _shape(one.path)): one for one in OPERATIONS}
        return Spec(host, _entries(document, prefix, declared), declared)
    except (ValueError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"spec_uri {source} is no Swagger 2.0 or OpenAPI 3 document: {error}") from None


def _server(document: Document, source: str) -> tuple[str | None, str]:
    """Say host and path prefix; what a document fetched over HTTP leaves open is where it came from."""
    there = urlsplit(source)
    host = f"{there.scheme}://{there.netloc}" if there.scheme in ("http", "https") else None
    if document.swagger:
        if document.host:
            schemes = document.schemes or (["http"] if loopback(document.host.rsplit(":", 1)[0]) else ["https"])
            host = f"{'https' if 'https' in schemes else schemes[0]}://{document.host}"
        return host, document.base_path.rstrip("/")
    url = document.servers[0].url if document.servers else ""
    for name, variable in document.servers[0].variables.items() if document.servers else ():
        url = url.replace(f"{{{name}}}", variable.default)
    parts = urlsplit(url)
    return (f"{parts.scheme}://{parts.netloc}" if parts.netloc else host), parts.path.rstrip("/")


def _entries(
    document: Document, prefix: str, declared: Mapping[tuple[str, str], Operation[..., Any]]
) -> dict[str, dict[str, Entry]]:
    found: dict[str, dict[str, Entry]] = {}
    for path, there in document.paths.items():
        for verb in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            act: Act | None = getattr(there, verb.lower())
            if act is None or act.operation_id is None:
                continue
            full = f"{prefix}{path}"
            operation = declared.get((verb, _shape(full)))
            fields = {field.name: field for field in _fields(document, there.parameters, act)}
            repeat: Repeat = "safe" if verb == "GET" else "never"
            for tag in act.tags or ["default"]:
                found.setdefault(tag, {})[act.operation_id] = Entry(
                    f"{tag}.{act.operation_id}",
                    verb,
                    full,
                    fields,
                    operation.group if operation else "default",
                    operation.repeat if operation else repeat,
                    operation.needs if operation else None if act.security == [] else "any",
                )
    return found


def _shape(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", path)


def _fields(document: Document, shared: list[Declared], act: Act) -> Iterator[Field]:
    components = document.components
    for given in [*shared, *act.parameters]:
        one = _resolve(given, document.parameters | components.parameters)
        if one.where == "body":
            yield from _properties(document, one.schema)
        elif one.where in ("path", "query", "formData"):
            kind = one.schema.type if one.schema else one.type
            many = one.collection_format == "multi" if document.swagger else one.explode
            form: Literal["plain", "comma", "texts"] = "plain"
            if kind == "array":
                form = "texts" if many else "comma"
            name = one.name.removesuffix("[]")
            yield Field(name, _PLACES[one.where], one.required, form)
    if act.request_body is not None:
        for media in _resolve(act.request_body, components.request_bodies).content.values():
            yield from _properties(document, media.schema)


_PLACES: Mapping[str, Literal["path", "query", "body"]] = {"path": "path", "query": "query", "formData": "body"}


def _properties(document: Document, schema: Schema | None) -> Iterator[Field]:
    if schema is None:
        return
    whole = _resolve(schema, document.definitions | document.components.schemas)
    required = whole.required if isinstance(whole.required, list) else []
    for name, one in whole.properties.items():
        yield Field(name, "body", name in required, "texts" if one.type == "array" else "plain")


def _resolve(one: T, known: Mapping[str, T]) -> T:
    ref: str | None = getattr(one, "ref", None)
    if ref is None:
        return one
    name = ref.rsplit("/", 1)[-1]
    if not ref.startswith("#/") or name not in known:
        raise ValueError(f"{ref} is nowhere in it")
    return known[name]


class Tag:
    """The operations of one tag as attributes: `client.<Tag>.<operationId>(...)`."""

    def __init__(self, name: str, speak: Callable[[str, str, dict[str, object]], Any], spec: Spec | None) -> None:
        self._name = name
        self._speak = speak
        self._spec = spec

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if self._spec is not None:
            self._spec.find(self._name, name)

        def call(**given: object) -> Any:
            return self._speak(self._name, name, given)

        call.__name__ = name
        return call

    def __repr__(self) -> str:
        return f"<{self._name} of spec_uri>"
