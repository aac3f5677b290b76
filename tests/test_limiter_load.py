"""Many who want more than the exchange gives, at once: tasks, threads and processes."""

from __future__ import annotations

from benchmarks.limiter import rush


def test_tasks_threads_and_processes_together_are_never_refused_and_lose_nothing() -> None:
    answered = rush([(16, 2)] * 4, seconds=1.5)
    assert 0 == answered.refused
    assert answered.served == sum(map(len, answered.times.values()))
    assert all(answered.times.values())
