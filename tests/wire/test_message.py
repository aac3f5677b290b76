"""Requests and responses as values."""

from __future__ import annotations

from upbit.wire.message import Request, Response


def test_the_target_is_path_and_query() -> None:
    assert "/v1/orders?a=b" == Request("GET", "/v1/orders", "a=b").target
    assert "/v1/orders" == Request("POST", "/v1/orders", "", b"{}").target


def test_headers_are_found_in_any_case() -> None:
    response = Response(200, b"", {"Remaining-Req": "x"})
    assert ["x", "x", None] == [response.header(name) for name in ("Remaining-Req", "remaining-REQ", "date")]


def test_below_400_is_ok() -> None:
    assert [True, True, False, False] == [Response(status, b"").ok for status in (200, 399, 400, 500)]
