"""Documents that rule the documented voice."""

from __future__ import annotations

import asyncio
import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from tests.fakes import ORDER, ScriptedTransport, answer, authorizations
from tests.loopback import DROP, http, loopback
from upbit import APIConnectionError, AsyncUpbit, ConfigurationError, ResponseError, Upbit
from upbit.models import Order
from upbit.wire.message import Response


def parameter(name: str, where: str, **more: object) -> dict[str, object]:
    return {"name": name, "in": where, "type": "string"} | more


MANY = {"type": "array", "items": {"type": "string"}, "collectionFormat": "multi"}
SWAGGER: dict[str, Any] = {
    "swagger": "2.0",
    "host": "api.upbit.com",
    "schemes": ["https"],
    "basePath": "/v1",
    "securityDefinitions": {"k": {"type": "apiKey", "name": "Authorization", "in": "header"}},
    "parameters": {"market": parameter("market", "query", required=True)},
    "definitions": {"Draft": {"type": "object", "required": ["a"], "properties": {"a": {}, "b": {"type": "array"}}}},
    "paths": {
        "/orders": {
            "get": {
                "operationId": "Order_info_all",
                "tags": ["Order"],
                "parameters": [parameter("uuids", "query", **MANY), parameter("states[]", "query", **MANY)],
            },
            "post": {
                "operationId": "Order_new",
                "tags": ["Order"],
                "parameters": [
                    parameter("market", "formData", required=True),
                    parameter("volume", "formData", default="null"),
                    parameter("marks", "formData", **MANY),
                ],
            },
        },
        "/candles/minutes/{unit}": {
            "parameters": [parameter("unit", "path", required=True)],
            "get": {
                "operationId": "Candle_minutes",
                "tags": ["Candle"],
                "parameters": [{"$ref": "#/parameters/market"}],
            },
        },
        "/ticker": {
            "get": {
                "operationId": "Trade_ticker",
                "tags": ["Trade"],
                "parameters": [parameter("markets", "query", type="array"), parameter("Authorization", "header")],
            }
        },
        "/future/thing": {
            "get": {"operationId": "Future_thing", "tags": ["Future"]},
            "put": {
                "operationId": "Future_put",
                "tags": ["Future"],
                "parameters": [
                    {"name": "draft", "in": "body", "schema": {"$ref": "#/definitions/Draft"}},
                    {"name": "anything", "in": "body"},
                ],
            },
            "delete": {"operationId": "Future_open", "security": []},
            "patch": {"tags": ["Future"]},
        },
    },
}
OPENAPI: dict[str, Any] = {
    "openapi": "3.1.0",
    "servers": [{"url": "https://{region}.upbit.com/v1", "variables": {"region": {"default": "sg-api"}}}],
    "paths": {
        "/orders": {
            "post": {
                "operationId": "Order_new",
                "tags": ["Order"],
                "requestBody": {"$ref": "#/components/requestBodies/New"},
            }
        },
        "/orders/uuids": {
            "get": {
                "operationId": "Order_by_id",
                "tags": ["Order"],
                "parameters": [
                    {"name": "uuids", "in": "query", "schema": {"type": "array"}},
                    {"name": "pairs", "in": "query", "explode": False, "schema": {"type": "array"}},
                    {"$ref": "#/components/parameters/from"},
                ],
            }
        },
    },
    "components": {
        "parameters": {"from": {"name": "from", "in": "query", "schema": {"type": "string"}}},
        "schemas": {"New": {"required": ["market"], "properties": {"market": {}, "volume": {}}}},
        "requestBodies": {"New": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/New"}}}}},
    },
}


def ruled(
    path: Path, document: object, *script: Response, keys: bool = True, **options: Any
) -> tuple[Any, ScriptedTransport]:
    """A client under a document; as Any, for only the document knows what it can."""
    file = path / "mapper.json"
    file.write_text(json.dumps(document), "utf-8")
    transport = ScriptedTransport(*(script or (answer(ORDER),)))
    pair = ("a" * 40, "s" * 40) if keys else (None, None)
    return Upbit(*pair, spec_uri=options.pop("spec_uri", file), transport=transport, **options), transport


IDENTIFIER = r',"identifier":"upbit-[0-9a-z]+"'


def sent(transport: ScriptedTransport) -> list[str]:
    """What was sent, without the identifiers that orders got because they had none."""
    return [
        f"{one.verb} {unquote(one.target)} {re.sub(IDENTIFIER, '', one.body.decode())}".rstrip()
        for one in transport.requests
    ]


def test_a_swagger_document_rules_host_paths_and_operations(tmp_path: Path) -> None:
    client, transport = ruled(tmp_path, SWAGGER)
    assert "UpbitClient(https://api.upbit.com)" == repr(client)
    client.Order.Order_info_all(uuids=["a", "b"], states=("wait",))
    client.Order.Order_new(market="KRW-BTC", volume=1e-05, marks=["x", "y"])
    client.Candle.Candle_minutes(unit=5, market="KRW-BTC")
    client.Trade.Trade_ticker(markets=["KRW-BTC", "KRW-ETH"])
    client.Future.Future_thing()
    client.Future.Future_put(a=Decimal("1E-7"), b=[True, datetime(2026, 1, 1, tzinfo=UTC)])
    client.default.Future_open()
    assert [
        "GET /v1/orders?uuids[]=a&uuids[]=b&states[]=wait",
        'POST /v1/orders {"market":"KRW-BTC","volume":"0.00001","marks":["x","y"]}',
        "GET /v1/candles/minutes/5?market=KRW-BTC",
        "GET /v1/ticker?markets=KRW-BTC,KRW-ETH",
        "GET /v1/future/thing",
        'PUT /v1/future/thing {"a":"0.0000001","b":["true","2026-01-01T00:00:00Z"]}',
        "DELETE /v1/future/thing",
    ] == sent(transport)
    signed = [token is not None for token in authorizations(transport.requests)]
    assert [True, True, False, False, True, True, False] == signed


def test_an_openapi_document_rules_too(tmp_path: Path) -> None:
    client, transport = ruled(tmp_path, OPENAPI)
    assert "UpbitClient(https://sg-api.upbit.com)" == repr(client)
    assert "wss://sg-api.upbit.com/websocket/v1" == client.ws_url
    client.Order.Order_new(market="SGD-BTC", volume=None)
    client.Order.Order_by_id(uuids=["a", "b"], pairs=["x", "y"], **{"from": "z"})
    client.Order.Order_by_id(uuids="a")
    assert [
        'POST /v1/orders {"market":"SGD-BTC"}',
        "GET /v1/orders/uuids?uuids[]=a&uuids[]=b&pairs=x,y&from=z",
        "GET /v1/orders/uuids?uuids[]=a",
    ] == sent(transport)


def test_the_answers_are_documented_ones(tmp_path: Path) -> None:
    client, _ = ruled(tmp_path, SWAGGER, answer({"error": {"name": "n"}}, 400, reason="Bad Request"))
    envelope = client.Order.Order_new(market="KRW-BTC")
    assert ({"error": {"name": "n"}}, 400) == (envelope["result"], envelope["response"]["status_code"])
    assert "https://api.upbit.com/v1/orders" == envelope["response"]["url"]


def test_known_paths_can_be_checked_and_typed(tmp_path: Path) -> None:
    drifted = answer(ORDER | {"trades_count": "many"}, 201)
    client, _ = ruled(tmp_path, SWAGGER, answer(ORDER, 201), drifted, answer([]), config={"use_models": True})
    assert isinstance(client.Order.Order_new(market="KRW-BTC")["result"], Order)
    with pytest.raises(ResponseError):
        client.Order.Order_new(market="KRW-BTC")
    assert [] == client.Future.Future_thing()["result"]


def test_without_keys_only_what_this_package_knows_to_be_private_is_refused(tmp_path: Path) -> None:
    client, transport = ruled(tmp_path, SWAGGER, keys=False)
    client.Future.Future_thing()
    with pytest.raises(ConfigurationError, match=r"Order\.Order_new needs an API key"):
        client.Order.Order_new(market="KRW-BTC")
    assert [None] == authorizations(transport.requests)


def test_a_document_cannot_lead_keys_to_another_host(tmp_path: Path) -> None:
    client, transport = ruled(tmp_path, SWAGGER | {"host": "api.example.org"})
    client.Candle.Candle_minutes(unit=1, market="KRW-BTC")
    for call in (client.Future.Future_thing, lambda: client.Order.Order_new(market="KRW-BTC")):
        with pytest.raises(ConfigurationError, match="nothing is signed"):
            call()
    assert 1 == len(transport.requests)


def test_a_document_cannot_make_what_changes_something_repeatable(tmp_path: Path) -> None:
    client, transport = ruled(tmp_path, SWAGGER, answer([], 500), sleep=lambda _: None)
    client.Future.Future_put(a="1")
    assert 1 == len(transport.requests)
    client.Future.Future_thing()
    assert 4 == len(transport.requests)


def test_an_order_of_a_document_is_placed_once_like_any_other(tmp_path: Path) -> None:
    client, transport = ruled(tmp_path, SWAGGER, answer([], 500), answer(ORDER), sleep=lambda _: None)
    assert ORDER == client.Order.Order_new(market="KRW-BTC")["result"]
    assert ["POST", "GET"] == [request.verb for request in transport.requests]


def test_wrong_names_and_parameters_are_named_before_anything_is_sent(tmp_path: Path) -> None:
    client, transport = ruled(tmp_path, SWAGGER)
    with pytest.raises(AttributeError, match="no tag Ordr; it has Order, Candle"):
        client.Ordr.Order_new(market="KRW-BTC")
    with pytest.raises(AttributeError, match=r"no Order\.Order_nwe; Order has Order_info_all, Order_new"):
        client.Order.Order_nwe(market="KRW-BTC")
    with pytest.raises(TypeError, match=r"Order\.Order_new\(\) is missing market; it takes market, volume=, marks="):
        client.Order.Order_new(volume="1")
    with pytest.raises(TypeError, match="no parameter side"):
        client.Order.Order_new(market="KRW-BTC", side="bid")
    with pytest.raises(TypeError, match="no parameter x; it takes nothing"):
        client.Future.Future_thing(x=1)
    with pytest.raises(AttributeError):
        _ = client._nothing
    assert [] == transport.requests
    assert "<Order of spec_uri>" == repr(client.Order)
    assert "Order_new" == client.Order.Order_new.__name__


def test_the_typed_voice_goes_where_the_document_says(tmp_path: Path) -> None:
    client, transport = ruled(tmp_path, OPENAPI, answer(ORDER, 201))
    client.orders.create(market="SGD-BTC", side="bid", ord_type="price", price=10)
    assert ['POST /v1/orders {"market":"SGD-BTC","side":"bid","ord_type":"price","price":"10"}'] == sent(transport)


def test_an_explicit_host_wins_over_the_document(tmp_path: Path) -> None:
    client, _ = ruled(tmp_path, SWAGGER, base_url="http://127.0.0.1:9")
    assert "UpbitClient(http://127.0.0.1:9)" == repr(client)


@pytest.mark.parametrize(
    ("document", "base"),
    [
        (SWAGGER | {"schemes": ["http"], "host": "127.0.0.1:8"}, "http://127.0.0.1:8"),
        (SWAGGER | {"schemes": [], "host": "127.0.0.1:8"}, "http://127.0.0.1:8"),
        (SWAGGER | {"schemes": []}, "https://api.upbit.com"),
        ({name: SWAGGER[name] for name in SWAGGER if name != "host"}, "https://api.upbit.com"),
        (OPENAPI | {"servers": []}, "https://api.upbit.com"),
        (OPENAPI | {"servers": [{"url": "/v1"}]}, "https://api.upbit.com"),
    ],
)
def test_what_a_document_leaves_open_is_as_usual(tmp_path: Path, document: object, base: str) -> None:
    assert f"UpbitClient({base})" == repr(ruled(tmp_path, document)[0])


def test_a_file_url_is_a_path(tmp_path: Path) -> None:
    (tmp_path / "my mapper.json").write_text(json.dumps(SWAGGER), "utf-8")
    client, _ = ruled(tmp_path, SWAGGER, spec_uri=(tmp_path / "my mapper.json").as_uri())
    assert ORDER == client.Future.Future_thing()["result"]


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ([], "Expected `object`"),
        ({"paths": {}}, "neither"),
        ({"openapi": "2.9", "paths": {}}, "neither"),
        ({"swagger": "2.0"}, "paths"),
        ({"swagger": "2.0", "paths": {"/a": {"get": {"operationId": 1}}}}, "operationId"),
        (
            {"swagger": "2.0", "paths": {"/a": {"get": {"operationId": "b", "parameters": [{"$ref": "#/x/y"}]}}}},
            "#/x/y",
        ),
        ({"swagger": "2.0", "host": "api.upbit.com", "schemes": ["http"], "paths": {}}, "not encrypted"),
    ],
)
def test_a_document_that_is_none_is_refused_at_construction(tmp_path: Path, document: object, says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        ruled(tmp_path, document)


def test_a_file_that_is_not_there_or_not_json_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        Upbit(spec_uri=tmp_path / "none.json")
    (tmp_path / "x.yaml").write_bytes(b"openapi: 3.1.0 \xff")
    with pytest.raises(ConfigurationError, match="is no Swagger"):
        Upbit(spec_uri=str(tmp_path / "x.yaml"))


def test_a_url_is_fetched_at_the_first_use_and_only_then() -> None:
    document = {name: SWAGGER[name] for name in SWAGGER if name not in ("host", "schemes")}
    with loopback(http(json.dumps(document).encode()), http(b"[1]")) as server:
        client: Any = Upbit("a", "s", spec_uri=f"{server.url}/mapper.json?v=1")
        tag = client.Order
        assert [] == server.requests
        assert [1] == tag.Order_info_all(uuids=["a"])["result"]
        assert [1] == client.Future.Future_thing()["result"]
        assert f"UpbitClient({server.url})" == repr(client)
        with pytest.raises(AttributeError):
            client.Order.Order_nwe()
        client.close()
    assert [b"GET /mapper.json?v=1", b"GET /v1/orders?uuids%5B%5D=a", b"GET /v1/future/thing"] == [
        one.partition(b" HTTP")[0] for one in server.requests
    ]
    assert b"authorization" not in server.requests[0].lower()


def test_the_typed_voice_fetches_a_url_too_and_async_as_well() -> None:
    with loopback(http(json.dumps(SWAGGER | {"host": "x"}).encode())) as source, loopback(http(b"[]")) as server:
        uri = f"{source.url}/mapper.json"
        with Upbit("a", "s", spec_uri=uri, base_url=server.url) as client:
            assert [] == client.accounts.list()

        async def session() -> None:
            async with AsyncUpbit("a", "s", spec_uri=uri, base_url=server.url) as other:
                assert [] == await other.accounts.list()
            twin: Any = AsyncUpbit("a", "s", spec_uri=uri, base_url=server.url)
            assert [] == (await twin.Order.Order_info_all(uuids=["a"]))["result"]
            assert [] == (await twin.Future.Future_thing())["result"]
            await twin.aclose()

        asyncio.run(session())
    assert (3, 4) == (len(source.requests), len(server.requests))


@pytest.mark.parametrize("line", [http(b"gone", "404 Not Found"), http(b"<html>"), DROP])
def test_a_url_without_a_document_is_a_clear_error_every_time(line: bytes) -> None:
    with loopback(line) as server:
        client: Any = Upbit(spec_uri=f"{server.url}/mapper.json")
        for _ in range(2):
            with pytest.raises((ConfigurationError, APIConnectionError)):
                client.Order.Order_new(market="KRW-BTC")


def test_threads_may_fetch_a_document_at_once() -> None:
    with loopback(http(json.dumps(SWAGGER).encode())) as source:
        client: Any = Upbit(spec_uri=f"{source.url}/mapper.json")
        _, request = client._link.errand()
        assert "/mapper.json" == request.path
        for _ in range(2):
            client._link.learn(Response(200, json.dumps(SWAGGER).encode()))
        assert "UpbitClient(https://api.upbit.com)" == repr(client)


@pytest.mark.parametrize("uri", ["http://example.org/mapper.json", "https://user@example.org/mapper.json"])
def test_a_url_is_checked_at_construction(uri: str) -> None:
    with pytest.raises(ConfigurationError):
        Upbit(spec_uri=uri)
