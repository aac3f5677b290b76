"""The short form of `make kills`; that is the long one."""

from __future__ import annotations

from tools.kills import run

RECORDS = ("begin", "sending", "unknown", "looking", "accepted", "adopted", "rejected", "lost", "settle")


def test_a_client_that_is_killed_at_any_step_is_resumed_and_nothing_is_doubled() -> None:
    report = run(storms=2, sudden=0, thorough=False)
    assert [] == report.wrong
    for moment in ("before", "after"):
        for act in ("place", "replace"):
            assert {f"{act}: {step} {moment}" for step in RECORDS} <= report.places.keys()
        assert {f"cancel: {step} {moment}" for step in ("DELETE", "GET", "see")} <= report.places.keys()
    assert {"place: POST during", "replace: POST during", "cancel: DELETE during"} <= report.places.keys()
