from __future__ import annotations

import pytest

from tests.loopback import closed_port, loopback
from upbit.io.probe import connect, resolve


def test_an_address_is_found_once() -> None:
    assert ["127.0.0.1"] == resolve("127.0.0.1", 443)


@pytest.mark.parametrize("host", ["nobody..invalid", f"{'a' * 64}.invalid"])
def test_what_cannot_be_a_name_has_no_address(host: str) -> None:
    with pytest.raises(OSError, match="label"):
        resolve(host, 443)


def test_a_connection_takes_its_time_and_is_given_up() -> None:
    with loopback() as there:
        assert 0 < connect("127.0.0.1", int(there.url.rpartition(":")[2]), 1.0) < 1


def test_nobody_there_is_an_error() -> None:
    with pytest.raises(ConnectionRefusedError):
        connect("127.0.0.1", int(closed_port().rpartition(":")[2]), 1.0)
