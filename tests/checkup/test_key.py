from __future__ import annotations

import pytest

from tests.loopback import http, loopback
from upbit.checkup import Visit
from upbit.checkup.key import key


def test_a_key_that_the_exchange_does_not_list_works_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    with loopback(http(b"[]")) as there:
        for name, value in {"BASE_URL": there.url, "ACCESS_KEY": "PAPER" + "0" * 35, "SECRET_KEY": "1" * 40}.items():
            monkeypatch.setenv(f"UPBIT_{name}", value)
        finding = key(Visit())
    assert "ok" == finding.level
    assert "does not say until when" in finding.cause.english
