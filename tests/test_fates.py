"""How `benchmarks.fates` holds what somebody heard against what was made."""

from __future__ import annotations

import pytest

from benchmarks.fates import Fate, faults, judged
from benchmarks.table import columns


def record(ids: list[int], **others: object) -> dict[str, object]:
    return {"ids": ids, "told": [], "gaps": [], "end": "", "waits": False} | others


def test_trades_before_the_first_heard_and_after_the_end_do_not_count() -> None:
    assert Fate(3, 0, 0, 0, (), "") == judged([6, 5, 4, 3, 2, 1], 4, record([2, 3, 4, 5]))


def test_what_nobody_spoke_of_is_lost_and_untold() -> None:
    assert Fate(5, 2, 2, 1, (), "") == judged(range(1, 6), 5, record([1, 2, 2, 5]))


@pytest.mark.parametrize(
    ("others", "untold"),
    [
        ({"told": ["on_disconnect"]}, 0),
        ({"end": "ConnectionClosedError"}, 0),
        ({"end": "its process died", "waits": True}, 2),
        ({"gaps": [(0, 3)]}, 2),
        ({"gaps": [(1, 0), (0, 5)], "told": ["an error"]}, 1),
        ({"gaps": [(2, 0)]}, 0),
        ({"gaps": [(0, 0), (None, 0)]}, 0),
    ],
)
def test_a_word_an_end_and_a_gap_tell_but_a_gap_only_what_it_says(others: dict[str, object], untold: int) -> None:
    assert untold == judged(range(1, 6), 5, record([1, 2, 5], **others)).untold


def test_whoever_heard_nothing_at_all_cannot_be_judged() -> None:
    with pytest.raises(RuntimeError, match="no trade was heard"):
        judged([1, 2], 2, record([]))


def test_a_fate_says_what_was_lost_what_was_told_and_how_it_ended() -> None:
    assert "0 of 3 lost" == str(Fate(3, 0, 0, 0, (), ""))
    assert "2 of 9 lost, 1 twice; told: on_disconnect; over: InvalidStatus" == str(
        Fate(9, 2, 0, 1, ("on_disconnect",), "InvalidStatus")
    )


def test_an_outage_ends_when_it_should() -> None:
    ends = [rule.until for fault in faults(1_790_000_000_000) for rule in fault.rules if rule.until is not None]
    assert [1_790_000_004_000] == ends


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    assert ["a    b", "---  ---", "1    234", "567  8"] == columns([("a", "b"), ("1", "234"), ("567", "8")])
