"""The mapper of the 2023 client: a Swagger 2.0 document of the 27 documented operations, written from the declarations.

upbit-client 1.3.4.1 learns its operations from such a file, and its address too: its `host` setting moves nothing.
Parameters have their documented spelling, a POST takes a form, and lists repeat (`multi`). Defaults are left out: what
reads the file leaves them to the exchange.
"""

from __future__ import annotations

from typing import Any, Literal, get_args, get_origin

from upbit.api.operation import Parameter
from upbit.documented import NAMESPACES, Documented


def mapper(host: str) -> dict[str, object]:
    """Write the document for an exchange without TLS at `host`, which is `name:port`."""
    paths: dict[str, dict[str, object]] = {}
    for namespace in NAMESPACES:
        tag = namespace.__name__
        for name, documented in vars(namespace).items():
            if not isinstance(documented, Documented):
                continue
            operation = documented.operation
            paths.setdefault(operation.path.removeprefix("/v1"), {})[operation.verb.lower()] = {
                "tags": [tag],
                "operationId": name.replace("_", ".", 1),
                "consumes": ["application/x-www-form-urlencoded", "multipart/form-data", "application/json"],
                "produces": ["application/json"],
                "parameters": [_parameter(one, documented) for one in operation.parameters],
                "responses": {"default": {"description": "JSON"}},
                "security": [{"Bearer": []}],
            }
    return {
        "swagger": "2.0",
        "info": {"title": "Upbit", "version": "1.3.4"},
        "host": host,
        "basePath": "/v1",
        "schemes": ["http"],
        "paths": paths,
        "securityDefinitions": {"Bearer": {"type": "apiKey", "name": "Authorization", "in": "header"}},
    }


def _parameter(parameter: Parameter, documented: Documented[Any]) -> dict[str, object]:
    spellings = {today: then for then, today in documented.spellings.items()}
    name = spellings.get(parameter.name, parameter.wire)
    written: dict[str, object] = {
        "name": name,
        "in": "formData" if parameter.where == "body" else parameter.where,
        "required": parameter.required,
    }
    if parameter.form == "texts" or (documented.name, name) == ("Order_orderbook", "markets"):
        written |= {"type": "array", "items": {"type": "string"}, "collectionFormat": "multi"}
    else:
        written["type"] = {bool: "boolean", int: "number"}.get(_kind(parameter.reads), "string")
    return written


def _kind(reads: Any) -> Any:
    return type(get_args(reads)[0]) if get_origin(reads) is Literal else reads
