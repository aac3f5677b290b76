from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tools.mapper import mapper

DOCUMENTED: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent / "vectors" / "documented.json").read_text("utf-8")
)["operations"]


def written(operation: dict[str, Any]) -> dict[str, Any]:
    # By its name: the document has a wrong verb for one of them.
    paths: Any = mapper("localhost:1")["paths"]
    acts = paths[operation["path"].removeprefix("/v1")].values()
    return next(act for act in acts if act["operationId"].replace(".", "_") == operation["code"].partition(".")[2])


def test_it_holds_the_documented_operations_and_no_others() -> None:
    paths: Any = mapper("localhost:1")["paths"]
    found = {act["operationId"].replace(".", "_") for acts in paths.values() for act in acts.values()}
    assert {one["code"].partition(".")[2] for one in DOCUMENTED} == found
    assert 27 == sum(len(acts) for acts in paths.values())


@pytest.mark.parametrize("operation", DOCUMENTED, ids=lambda one: one["code"])
def test_parameters_are_spelled_and_placed_as_documented(operation: dict[str, Any]) -> None:
    places = {one["name"]: one["in"].replace("body", "formData") for one in operation["request"]}
    found = {one["name"]: one["in"] for one in written(operation)["parameters"]}
    assert places.items() <= found.items()
    assert [operation["namespace"]] == written(operation)["tags"]


def test_lists_repeat_and_numbers_are_numbers() -> None:
    by_code = {one["code"]: {p["name"]: p for p in written(one)["parameters"]} for one in DOCUMENTED}
    orders, minutes = by_code["Order.Order_info_all"], by_code["Candle.Candle_minutes"]
    assert ("array", "multi") == (orders["uuids"]["type"], orders["uuids"]["collectionFormat"])
    assert ("array", "string") == (
        by_code["Order.Order_orderbook"]["markets"]["type"],
        by_code["Trade.Trade_ticker"]["markets"]["type"],
    )
    assert ("number", "number", "string") == (minutes["unit"]["type"], minutes["count"]["type"], minutes["to"]["type"])
    assert "boolean" == by_code["Market.Market_info_all"]["isDetails"]["type"]
