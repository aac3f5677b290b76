from __future__ import annotations

from itertools import pairwise

import pytest

from tools.facts import START, Trade, autocorrelation, excess_kurtosis, main, measure, variance_ratio
from upbit.paper.chance import stream


def walk(count: int) -> list[float]:
    bits = stream(1, "walk").getrandbits
    return [bits(256).bit_count() - 128.0 for _ in range(count)]


def test_a_random_walk_shows_no_facts() -> None:
    steps = walk(20_000)
    assert abs(excess_kurtosis(steps)) < 0.15
    assert abs(autocorrelation(steps, 1)) < 0.03
    assert abs(variance_ratio(steps, 60) - 1) < 0.25


def test_steps_that_are_taken_back_correlate_negatively_and_keep_the_variance_ratio_low() -> None:
    levels = walk(5_000)
    steps = [b - a for a, b in pairwise(levels)]
    assert abs(autocorrelation(steps, 1) + 0.5) < 0.05
    assert variance_ratio(steps, 60) < 0.1


def test_a_few_large_steps_make_heavy_tails() -> None:
    assert excess_kurtosis([1.0, -1.0] * 100 + [20.0]) > 30


def test_what_does_not_move_shows_nothing() -> None:
    still = [0.0] * 100
    assert (0.0, 0.0, 0.0) == (excess_kurtosis(still), autocorrelation(still, 1), variance_ratio(still, 60))


def test_the_fills_of_one_order_count_once() -> None:
    trades = [Trade(START + at * 1_000, 100 + at, 1, "bid") for at in range(700) for _ in range(3)]
    assert 700 / 60 / (700 / 3_600) == pytest.approx(measure(trades, START, 700 / 3_600).orders)


def test_the_report_names_a_fact_that_misses_its_target(capsys: pytest.CaptureFixture[str]) -> None:
    assert 1 == main(["--seeds", "1", "--hours", "0.3", "--market", "KRW-SAND"])
    assert "MISSED" in capsys.readouterr().out
