from __future__ import annotations

import pytest

from upbit.paper.notices import Announced, Notices


def told() -> tuple[Notices, list[Announced]]:
    heard: list[Announced] = []
    return Notices(7, heard.append), heard


def test_what_is_published_is_told_and_kept_as_it_stands() -> None:
    notices, heard = told()
    first = notices.publish("trade", "one", 1_000, body="text", url="http://localhost/1")
    second = notices.update(first.uuid, "event", "two", 2_000)
    assert [Announced("CREATED", first, 1_000), Announced("UPDATED", second, 2_000)] == heard
    assert (first.uuid, 1_000, 2_000, "http://localhost/1", None) == (
        second.uuid,
        second.first_listed,
        second.listed,
        second.url,
        second.body,
    )
    assert "http://localhost/2" == notices.update(first.uuid, "event", "two", 3_000, url="http://localhost/2").url


def test_ids_come_from_the_seed_and_do_not_repeat() -> None:
    uuids = [[notices.publish("nft", "t", 0).uuid for _ in range(20)] for notices, _ in (told(), told())]
    assert uuids[0] == uuids[1]
    assert 20 == len(set(uuids[0]))


def test_what_cannot_be_is_refused_and_nothing_is_told() -> None:
    notices, heard = told()
    with pytest.raises(ValueError, match="weather"):
        notices.publish("weather", "t", 0)
    with pytest.raises(LookupError, match="nowhere"):
        notices.update("nowhere", "trade", "t", 0)
    assert [] == heard
