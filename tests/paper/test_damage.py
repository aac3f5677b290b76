from __future__ import annotations

import gzip
import json
import zlib
from typing import Any

import pytest

from upbit.paper import damage
from upbit.paper.chaos import Rule
from upbit.wire.message import Response

BODY = b'{"a":"1.50","b":0.10,"c":null,"state":"wait","d":[1e-8],"e":"text","f":true}'


def altered(body: bytes, effect: str, field: str | None = None) -> str:
    options: dict[str, Any] = {"effect": effect, "field": field}
    return damage.altered(body, Rule(**options)).decode()


@pytest.mark.parametrize(
    ("effect", "field", "old", "new"),
    [
        ("swapped_type", None, '"1.50"', "1.50"),
        ("swapped_type", "b", "0.10", '"0.10"'),
        ("swapped_type", "e", "", ""),
        ("swapped_type", "f", "", ""),
        ("swapped_type", "nowhere", "", ""),
        ("null_field", None, '"1.50"', "null"),
        ("null_field", "d", "[1e-8]", "null"),
        ("new_enum", None, '"wait"', f'"{damage.STRANGE}"'),
        ("new_enum", "e", '"text"', f'"{damage.STRANGE}"'),
        ("unknown_field", None, "}", ',"paper_unknown_field":{"since":"today"}}'),
        ("unknown_field", "new", "}", ',"new":{"since":"today"}}'),
    ],
)
def test_one_field_changes_and_every_other_digit_stays(effect: str, field: str | None, old: str, new: str) -> None:
    assert BODY.decode().replace(old, new) == altered(BODY, effect, field)


def test_every_object_of_a_list_changes() -> None:
    assert '[{"a":null},{"a":null},3]' == altered(b'[{"a":1},{"a":"x"},3]', "null_field")


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff\xfe", b"3", b'"text"', b"[]", b"{}"])
def test_what_has_no_field_stays(body: bytes) -> None:
    assert body == damage.altered(body, Rule(effect="null_field"))


def test_an_answer_without_a_date_is_not_skewed() -> None:
    response = Response(200, b"")
    assert response == damage.skewed(response, 1000)


def test_damaged_gzip_cannot_be_read() -> None:
    response = damage.bad_gzip(Response(200, BODY, {"Vary": "accept-encoding"}))
    assert ("gzip", None) == (response.header("content-encoding"), response.header("vary"))
    with pytest.raises((zlib.error, gzip.BadGzipFile, EOFError)):
        gzip.decompress(response.body)


def test_a_refusal_speaks_as_the_exchange_or_in_its_own_words() -> None:
    usual, own = (damage.refused(Rule(effect="refuse", message=message)) for message in (None, "점검 중"))
    assert (403, 403) == (usual.status, own.status)
    assert "점검 중" == json.loads(own.body)["error"]["message"]
    assert json.loads(usual.body)["error"]["message"].startswith("시스템 점검")
