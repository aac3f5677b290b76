from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from math import isqrt
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from upbit.paper.bars import Bar
from upbit.paper.indicators import Probe, Study, studies
from upbit.wire.frames import INNER_KEYS, SocketError, Subscription

E8 = 10**8


def bar(close: int, volume: int = E8, start: int = 0) -> Bar:
    return Bar(start, close, close, close, close, volume, close * volume, 0, 1, start)


def wanted(signal: bool = False, **indicator: Any) -> list[Study]:
    kind = "indicator_signal" if signal else "indicator"
    fields = {"type": kind, "codes": ["KRW-BTC"], "timeframe": "5m", "indicators": [indicator]}
    decoded = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal).decode(
        msgspec.json.Encoder(decimal_format="number").encode(fields)
    )
    return studies(msgspec.convert(decoded, Subscription))


def study(kind: str, **params: Any) -> Study:
    (found,) = wanted(type=kind, params=params)
    return found


def told(one: Study, closes: Iterable[int], volumes: Iterable[int] = ()) -> list[Mapping[str, str] | None]:
    probe, sizes = Probe(one), list(volumes)
    return [probe.add(bar(close, sizes[place] if sizes else E8)) for place, close in enumerate(closes)]


def rounded(value: Fraction) -> Fraction:
    """Half away from zero, at eight decimals: what a plain reading of the rule gives."""
    scaled = abs(value) * E8
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return Fraction(whole if value >= 0 else -whole, E8)


def read(values: Mapping[str, str] | None) -> dict[str, Fraction] | None:
    return None if values is None else {name: Fraction(text) for name, text in values.items()}


# -- formulas, against fractions that forget nothing -------------------------------------------------


def mean(numbers: list[Fraction], period: int) -> Fraction:
    return sum(numbers[-period:], Fraction(0)) / period


def smooth(numbers: list[Fraction], period: int, weight: Fraction) -> Fraction:
    value = sum(numbers[:period], Fraction(0)) / period
    for number in numbers[period:]:
        value += (number - value) * weight
    return value


def ema(numbers: list[Fraction], period: int) -> Fraction:
    return smooth(numbers, period, Fraction(2, period + 1))


def rsi(closes: list[Fraction], period: int) -> Fraction:
    moves = [second - first for first, second in pairwise(closes)]
    gain = smooth([max(move, Fraction(0)) for move in moves], period, Fraction(1, period))
    loss = smooth([max(-move, Fraction(0)) for move in moves], period, Fraction(1, period))
    return 100 * gain / (gain + loss) if gain + loss else Fraction(50)


def macd(closes: list[Fraction], fast: int, slow: int, signal: int) -> dict[str, Fraction]:
    lines = [ema(closes[:end], fast) - ema(closes[:end], slow) for end in range(slow, len(closes) + 1)]
    smoothed = ema(lines, signal)
    return {"macd": lines[-1], "macd_signal": smoothed, "histogram": lines[-1] - smoothed}


NAIVE: list[tuple[Study, int, Callable[[list[Fraction]], dict[str, Fraction]]]] = [
    (study("rsi", period=3), 4, lambda closes: {"rsi": rsi(closes, 3)}),
    (study("moving_average", type="SMA", period=5), 5, lambda closes: {"value": mean(closes, 5)}),
    (study("moving_average", type="EMA", period=5), 5, lambda closes: {"value": ema(closes, 5)}),
    (
        study("ma_crossover", type="SMA", short_period=5, long_period=20),
        20,
        lambda closes: {"ma_short": mean(closes, 5), "ma_long": mean(closes, 20)},
    ),
    (
        study("ma_crossover", type="EMA", short_period=5, long_period=20),
        20,
        lambda closes: {"ma_short": ema(closes, 5), "ma_long": ema(closes, 20)},
    ),
    (study("macd", fast=8, slow=17, signal_period=9), 25, lambda closes: macd(closes, 8, 17, 9)),
]

PRICES = st.lists(st.integers(1, 2 * 10**16), min_size=28, max_size=40)


@pytest.mark.parametrize(("one", "least", "naive"), NAIVE, ids=[case[0].indicator for case in NAIVE])
@given(closes=PRICES)
@settings(max_examples=15, deadline=None)
def test_values_are_those_of_the_formula_rounded_to_eight_decimals(
    one: Study, least: int, naive: Callable[[list[Fraction]], dict[str, Fraction]], closes: list[int]
) -> None:
    results = told(one, closes)
    assert [None] * (least - 1) == results[: least - 1]
    exact = [Fraction(close, E8) for close in closes]
    for end in (least, len(closes)):
        expected = {name: rounded(value) for name, value in naive(exact[:end]).items()}
        assert expected == read(results[end - 1])


@given(closes=PRICES, multiplier=st.sampled_from([Decimal("1.5"), Decimal("2.0"), Decimal("2.5")]))
@settings(max_examples=15, deadline=None)
def test_bands_lie_so_many_deviations_from_the_mean(closes: list[int], multiplier: Decimal) -> None:
    values = read(told(study("bollinger_bands", period=10, multiplier=multiplier), closes)[-1])
    assert values is not None
    last = closes[-10:]
    variance = 10 * sum(close * close for close in last) - sum(last) ** 2  # times 100, in units of 1e-16
    reach = Fraction(multiplier) * Fraction(isqrt(variance * 10**40), 10**20) / (10 * E8)
    middle = Fraction(sum(last), 10 * E8)
    assert rounded(middle) == values["bb_middle"]
    assert abs(middle + reach - values["bb_upper"]) <= Fraction(51, 100 * E8)
    assert abs(middle - reach - values["bb_lower"]) <= Fraction(51, 100 * E8)


@given(volumes=st.lists(st.integers(1, 10**15), min_size=5, max_size=12))
def test_a_volume_is_measured_by_the_mean_of_the_newest(volumes: list[int]) -> None:
    values = read(told(study("volume", period=5), [E8] * len(volumes), volumes)[-1])
    average = Fraction(sum(volumes[-5:]), 5 * E8)
    own = Fraction(volumes[-1], E8)
    assert {"volume": own, "avg_volume": rounded(average), "ratio": rounded(own / average)} == values


@pytest.mark.parametrize(("closes", "value"), [([1, 1, 1], "50"), ([1, 2, 3], "100"), ([3, 2, 1], "0")])
def test_an_rsi_of_nothing_but_one_direction(closes: list[int], value: str) -> None:
    assert {"rsi": value} == told(study("rsi", period=2), [close * E8 for close in closes])[-1]


@pytest.mark.parametrize(
    "one",
    [
        study("rsi", period=25),
        study("moving_average", type="EMA", period=60),
        study("macd", fast=5, slow=35, signal_period=5),
    ],
    ids=lambda one: one.indicator,
)
def test_it_does_not_matter_when_somebody_began_to_listen(one: Study) -> None:
    early, late = Probe(one), Probe(one)
    closes = [10**16 + (place * 7919 % 997) * 10**12 for place in range(early.memory + 700)]
    early.warm(bar(close) for close in closes)
    late.warm(bar(close) for close in closes[700:])
    assert early.add(bar(10**16)) == late.add(bar(10**16))
    assert early.add(bar(11 * 10**15)) == late.add(bar(11 * 10**15))


# -- signals -----------------------------------------------------------------------------------------


def signal(kind: str, trigger: str, params: dict[str, Any], **event_params: Any) -> Study:
    (found,) = wanted(True, type=kind, params=params, trigger=trigger, event_params=event_params)
    return found


SMA5 = {"type": "SMA", "period": 5}
CROSS = {"type": "SMA", "short_period": 5, "long_period": 20}
MACD = {"fast": 12, "slow": 26, "signal_period": 9}
BANDS = {"period": 20, "multiplier": 2}
FLAT = [100] * 40


@pytest.mark.parametrize(
    ("one", "closes", "when"),
    [
        (signal("moving_average", "price_cross_above", SMA5), [*FLAT, 110, 120, 90, 130], [40, 43]),
        (signal("moving_average", "price_cross_below", SMA5), [*FLAT, 110, 120, 90, 130], [42]),
        (signal("bollinger_bands", "price_cross_above", BANDS), [*FLAT, 110, 100, 200], [40, 42]),
        (signal("bollinger_bands", "price_cross_below", BANDS), [*FLAT, 110, 20], [41]),
        (signal("ma_crossover", "golden_cross", CROSS), [*FLAT, 110, 110, 1, 1, 400], [40, 44]),
        (signal("ma_crossover", "dead_cross", CROSS), [*FLAT, 110, 110, 1, 1, 400], [42]),
        (signal("macd", "golden_cross", MACD), [*FLAT, 110, 1, 1, 900], [40, 43]),
        (signal("macd", "dead_cross", MACD), [*FLAT, 110, 1, 1, 900], [41]),
        (signal("macd", "zero_cross_above", MACD), [*FLAT, 110, 1, 1, 900], [40, 43]),
        (signal("macd", "zero_cross_below", MACD), [*FLAT, 110, 1, 1, 900], [41]),
        (signal("rsi", "overbought", {"period": 7}, threshold=70), [*FLAT, 110, 111, 1, 300], [40, 43]),
        (signal("rsi", "oversold", {"period": 7}, threshold=30), [*FLAT, 110, 111, 1, 300], [42]),
    ],
    ids=lambda value: f"{value.indicator}-{value.trigger}" if isinstance(value, Study) else "",
)
def test_a_signal_is_told_when_its_condition_comes_to_be_met_and_not_while_it_is(
    one: Study, closes: list[int], when: list[int]
) -> None:
    results = told(one, [close * E8 for close in closes])
    assert when == [place for place, values in enumerate(results) if values is not None]


def test_a_spike_is_so_many_times_the_mean() -> None:
    one = signal("volume", "volume_spike", {"period": 10}, multiplier=3)
    volumes = [7 * E8] * 9 + [7 * E8, 26 * E8, 27 * E8, 400 * E8, 7 * E8, 900 * E8]
    results = told(one, [E8] * len(volumes), volumes)
    assert [12, 14] == [place for place, values in enumerate(results) if values is not None]
    assert {"volume": "400", "avg_volume": "50.2", "ratio": "7.96812749"} == results[12]


def test_a_condition_that_was_met_before_anybody_listened_is_no_news() -> None:
    probe = Probe(signal("moving_average", "price_cross_above", SMA5))
    probe.warm(bar(close * E8) for close in (1, 2, 3, 4, 5, 6))
    assert probe.add(bar(7 * E8)) is None
    assert probe.add(bar(E8)) is None
    assert {"value": "7.4"} == probe.add(bar(18 * E8))


def test_a_condition_met_at_the_very_first_value_is_no_news() -> None:
    results = told(signal("moving_average", "price_cross_above", SMA5), [E8, E8, E8, E8, 9 * E8, 10 * E8])
    assert [None] * 6 == results


# -- what there is -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "params", "number"),
    [
        ("volume", {"period": range(60)}, (10, 3)),
        ("rsi", {"period": range(60)}, (15, 5)),
        ("moving_average", {"type": ["SMA", "EMA", "WMA"], "period": range(250)}, (30, 16)),
        ("ma_crossover", {"type": ["SMA", "EMA"], "short_period": range(60), "long_period": [20, 60, 90, 200]}, (8, 8)),
        ("bollinger_bands", {"period": range(60), "multiplier": [1, 1.5, 2, 2.5, 3]}, (9, 3)),
        ("macd", {"fast": range(13), "slow": [17, 26, 35], "signal_period": [5, 9]}, (3, 3)),
    ],
)
def test_there_are_as_many_combinations_as_documented(
    kind: str, params: dict[str, Any], number: tuple[int, int]
) -> None:
    trigger = {"volume": "volume_spike", "rsi": "overbought"}.get(
        kind, "price_cross_above" if kind in ("moving_average", "bollinger_bands") else "golden_cross"
    )
    event = {"volume": {"multiplier": 2}, "rsi": {"threshold": 80}}.get(kind)
    found = [0, 0]
    combinations: list[dict[str, Any]] = [{}]
    for name, choices in params.items():
        combinations = [{**one, name: choice} for one in combinations for choice in choices]
    for one in combinations:
        for signalled in (False, True):
            more = {"trigger": trigger, "event_params": event} if signalled else {}
            with suppress(SocketError):
                found[signalled] += len(wanted(signalled, type=kind, params=one, **more))
    assert number == tuple(found)


@pytest.mark.parametrize(
    ("signalled", "indicator"),
    [
        (False, {"type": "vwap", "params": {"period": 5}}),
        (False, {"type": "rsi", "params": {"period": "14"}}),
        (False, {"type": "rsi", "params": {"period": 14, "more": 1}}),
        (False, {"type": "macd", "params": {"fast": 12, "slow": 26}}),
        (False, {"type": "rsi", "params": {"period": 14}, "trigger": "overbought"}),
        (False, {"type": "rsi", "params": {"period": 14}, "event_params": {}}),
        (True, {"type": "rsi", "params": {"period": 14}}),
        (True, {"type": "rsi", "params": {"period": 14}, "trigger": "overbought"}),
        (True, {"type": "rsi", "params": {"period": 14}, "trigger": "overbought", "event_params": {"threshold": 30}}),
        (True, {"type": "rsi", "params": {"period": 14}, "trigger": "golden_cross"}),
        (True, {"type": "macd", "params": MACD, "trigger": "golden_cross", "event_params": {"threshold": 1}}),
        (True, {"type": "vwap", "params": {"period": 14}, "trigger": "golden_cross"}),
    ],
)
def test_other_combinations_are_refused(signalled: bool, indicator: dict[str, Any]) -> None:
    with pytest.raises(SocketError, match="INVALID_PARAM"):
        wanted(signalled, **indicator)


def test_names_stand_in_the_order_of_the_table_however_they_were_sent() -> None:
    (one,) = wanted(type="ma_crossover", params={"long_period": 20, "type": "SMA", "short_period": 5})
    assert (("type", "SMA"), ("short_period", 5), ("long_period", 20)) == one.params
    assert study("bollinger_bands", period=20, multiplier=2) == study("bollinger_bands", multiplier=2.0, period=20)


def test_every_name_has_a_short_one() -> None:
    shown = [study("volume", period=5), *[case[0] for case in NAIVE]]
    shown.append(study("bollinger_bands", period=10, multiplier=2))
    for one in shown:
        values = told(one, [place * E8 for place in range(1, 40)])[-1]
        assert values is not None
        assert set(values) <= set(INNER_KEYS["value"])
        assert {name for name, _ in one.params} <= set(INNER_KEYS["params"])
