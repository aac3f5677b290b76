from __future__ import annotations

import math
from decimal import Inexact, localcontext
from hashlib import sha256
from itertools import pairwise
from statistics import fmean, pstdev

from upbit.paper.chance import BINS, ONE, exponential, lognormal, pareto, stream


def test_a_stream_is_the_same_integers_everywhere() -> None:
    bits = stream(7, "KRW-BTC", "flow").getrandbits
    assert [15186, 15851, 5417, 12960, 12014] == [bits(14) for _ in range(5)]
    assert 74354326530857978340394762906111685562900722394428889825537599547177020332537 == bits(256)


def test_tables_are_the_same_integers_everywhere() -> None:
    tables = [exponential(), pareto("0.7"), pareto("1.5"), lognormal("0.9"), lognormal("1"), lognormal("1.2")]
    expected = "c1ee6a702a1a529798feff3511eddfbfbb544a7d49c39e3fb63140c712a16772"
    assert expected == sha256(repr(tables).encode()).hexdigest()


def test_streams_of_other_seeds_markets_and_purposes_differ() -> None:
    streams = [stream(7, "a", "b"), stream(8, "a", "b"), stream(7, "ab"), stream(7, "b", "a"), stream(7, "a", "c")]
    assert len(streams) == len({one.getrandbits(64) for one in streams})


def test_waiting_times_have_the_mean_one() -> None:
    assert abs(fmean(exponential()) / ONE - 1) < 0.001


def test_a_pareto_table_falls_to_one_and_has_its_median() -> None:
    table = pareto("0.7")
    assert BINS == len(table)
    assert all(first >= second for first, second in pairwise(table))
    assert 1 <= table[-1] / ONE < 1.001
    assert abs(table[BINS // 2] / ONE - 2 ** (1 / 0.7)) < 0.01


def test_a_lognormal_table_is_one_in_the_middle_and_e_a_deviation_up() -> None:
    assert ONE == lognormal("1")[128]
    assert round(math.e * ONE) == lognormal("1")[136]
    assert round(math.exp(-1.2) * ONE) == lognormal("1.2")[120]


def test_the_bit_count_of_256_bits_has_the_deviation_eight() -> None:
    bits = stream(1, "bits").getrandbits
    counts = [bits(256).bit_count() for _ in range(4000)]
    assert abs(fmean(counts) - 128) < 0.5
    assert abs(pstdev(counts) - 8) < 0.3


def test_tables_do_not_depend_on_the_decimal_context_of_the_caller() -> None:
    with localcontext() as context:
        context.prec = 3
        context.traps[Inexact] = True
        inside = pareto("2.5")
    pareto.cache_clear()
    assert pareto("2.5") == inside
