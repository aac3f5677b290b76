"""Technical indicators of the info socket: which combinations there are, what they are worth, when they signal.

Combinations are those of upbit-api 6.8. A `Probe` holds the state of one of them: a few numbers, moved on by every
candle that closes. The exchange publishes names and parameters, but neither formulas nor decimals; taken here are the
formulas of the textbooks:

- averages are over the newest candles, the one that closed among them; an EMA weighs it by 2 / (period + 1);
- the RSI smooths gains and losses as Wilder did, by 1 / period, and is 50 where nothing moved;
- bands lie so many standard deviations (of the population) from the simple average.

Sums are exact, quotients and roots have 60 digits, and what is told is rounded half up to eight decimals. EMA and RSI
begin with a simple average; a probe takes `Probe.memory` candles before it is asked, after which no more than e**-40
(4e-18) of how it began is left, so that it does not matter when somebody began to listen.
A condition is met by what is not rounded; it signals where it is met at a close and was not at the one before.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal, localcontext
from itertools import product
from types import MappingProxyType
from typing import NamedTuple, Protocol, TypeAlias, cast

from ..wire.frames import Indicator, SocketError, Subscription
from .bars import Bar
from .spelling import minimal

Value: TypeAlias = str | int | Decimal
Values: TypeAlias = Mapping[str, Decimal]

_EIGHT = Decimal("1e-8")
_FADED = 40
"""Time constants after which nothing is left of how a smoothed average began."""


class Study(NamedTuple):
    """What is computed of which candles; with a trigger, the condition under which it is told."""

    timeframe: str
    indicator: str
    params: tuple[tuple[str, Value], ...]
    trigger: str | None = None
    event_params: tuple[tuple[str, Value], ...] = ()


# -- what there is ---------------------------------------------------------------------------------


def _axis(name: str, *values: Value) -> tuple[Mapping[str, Value], ...]:
    return tuple({name: value} for value in values)


def _all(*axes: Iterable[Mapping[str, Value]]) -> tuple[Mapping[str, Value], ...]:
    """Every combination of a choice on each axis, names in order of the axes."""
    return tuple({name: value for choice in choices for name, value in choice.items()} for choices in product(*axes))


_TYPES = _axis("type", "SMA", "EMA")
_CROSSOVERS = _all(
    _TYPES,
    [{"short_period": short, "long_period": long} for short, long in ((5, 20), (20, 60), (30, 90), (50, 200))],
)
_MULTIPLIERS = _axis("multiplier", Decimal("1.5"), Decimal("2.0"), Decimal("2.5"))
_MACDS = tuple({"fast": a, "slow": b, "signal_period": c} for a, b, c in ((12, 26, 9), (8, 17, 9), (5, 35, 5)))

_COMPUTED: Mapping[str, tuple[Mapping[str, Value], ...]] = MappingProxyType(
    {
        "volume": _axis("period", *range(5, 51, 5)),
        "rsi": _axis("period", *range(2, 15), 21, 25),
        "moving_average": _all(_TYPES, _axis("period", 3, 5, 7, 10, 15, 20, 25, 30, 50, 60, 90, 99, 100, 120, 200)),
        "ma_crossover": _CROSSOVERS,
        "bollinger_bands": _all(_axis("period", 10, 20, 50), _MULTIPLIERS),
        "macd": _MACDS,
    }
)
_SIGNALLED: Mapping[str, tuple[Mapping[str, Value], ...]] = MappingProxyType(
    {
        "volume": _axis("period", 10, 20, 50),
        "rsi": _axis("period", 7, 9, 14, 21, 25),
        "moving_average": _all(_TYPES, _axis("period", 5, 10, 20, 30, 60, 90, 120, 200)),
        "ma_crossover": _CROSSOVERS,
        "bollinger_bands": _all(_axis("period", 20), _MULTIPLIERS),
        "macd": _MACDS,
    }
)
_PLAIN: tuple[Mapping[str, Value], ...] = ({},)
_TRIGGERS: Mapping[str, Mapping[str, tuple[Mapping[str, Value], ...]]] = MappingProxyType(
    {
        "volume": {"volume_spike": _axis("multiplier", 2, 3, 5)},
        "rsi": {"overbought": _axis("threshold", 70, 80), "oversold": _axis("threshold", 20, 30)},
        "moving_average": dict.fromkeys(("price_cross_above", "price_cross_below"), _PLAIN),
        "ma_crossover": dict.fromkeys(("golden_cross", "dead_cross"), _PLAIN),
        "bollinger_bands": dict.fromkeys(("price_cross_above", "price_cross_below"), _PLAIN),
        "macd": dict.fromkeys(("golden_cross", "dead_cross", "zero_cross_above", "zero_cross_below"), _PLAIN),
    }
)


def studies(subscription: Subscription) -> list[Study]:
    """Read what a subscription of the info socket wants computed.

    Raises SocketError `INVALID_PARAM` if one of it is not to be had.
    """
    return [
        _signal(subscription, wanted) if subscription.type == "indicator_signal" else _computed(subscription, wanted)
        for wanted in subscription.indicators
    ]


def _computed(subscription: Subscription, wanted: Indicator) -> Study:
    if wanted.trigger is not None or wanted.event_params is not None:
        raise SocketError("INVALID_PARAM", "a trigger belongs to an indicator_signal")
    params = _find(wanted.params, _COMPUTED.get(wanted.type, ()))
    if params is None:
        raise SocketError("INVALID_PARAM", f"there is no {wanted.type} with these params")
    return Study(subscription.timeframe or "", wanted.type, params)


def _signal(subscription: Subscription, wanted: Indicator) -> Study:
    params = _find(wanted.params, _SIGNALLED.get(wanted.type, ()))
    conditions = _TRIGGERS.get(wanted.type, {}).get(wanted.trigger or "", ())
    event_params = _find(wanted.event_params or {}, conditions)
    if params is None or event_params is None:
        raise SocketError("INVALID_PARAM", f"{wanted.type} gives no such signal")
    return Study(subscription.timeframe or "", wanted.type, params, wanted.trigger, event_params)


def _find(given: Mapping[str, object], choices: Iterable[Mapping[str, Value]]) -> tuple[tuple[str, Value], ...] | None:
    return next((tuple(choice.items()) for choice in choices if choice == given), None)


# -- what it is worth ------------------------------------------------------------------------------


class _Mean:
    """The mean of the newest so many numbers."""

    __slots__ = ("_numbers", "_period", "_sum", "memory")

    def __init__(self, period: int) -> None:
        self._period = self.memory = period
        self._numbers: deque[Decimal] = deque()
        self._sum = Decimal(0)

    def add(self, number: Decimal) -> Decimal | None:
        self._numbers.append(number)
        self._sum += number
        if len(self._numbers) > self._period:
            self._sum -= self._numbers.popleft()
        return self._sum / self._period if len(self._numbers) == self._period else None


class _Smooth:
    """A mean in which every number weighs as much as 1 / span of all that came before; it begins as a plain one."""

    __slots__ = ("_count", "_mean", "_period", "_span", "memory")

    def __init__(self, period: int, span: Decimal) -> None:
        self._period, self._span = period, span
        self.memory = period + int(_FADED * span)
        self._count = 0
        self._mean = Decimal(0)

    def add(self, number: Decimal) -> Decimal | None:
        if self._count < self._period:
            self._count += 1
            self._mean += number
            if self._count < self._period:
                return None
            self._mean /= self._period
        else:
            self._mean += (number - self._mean) / self._span
        return self._mean


def _ema(period: int) -> _Smooth:
    return _Smooth(period, Decimal(period + 1) / 2)


def _average(kind: Value, period: int) -> _Mean | _Smooth:
    return _Mean(period) if kind == "SMA" else _ema(period)


class _Formula(Protocol):
    memory: int
    """After so many candles it does not matter where it began."""

    def add(self, close: Decimal, volume: Decimal) -> Values | None:
        """Take a candle; the values at its close, once there were enough."""
        ...


class _Volume:
    def __init__(self, period: int) -> None:
        self._mean = _Mean(period)
        self.memory = period

    def add(self, close: Decimal, volume: Decimal) -> Values | None:
        mean = self._mean.add(volume)
        return None if mean is None else {"volume": volume, "avg_volume": mean, "ratio": volume / mean}


class _Rsi:
    def __init__(self, period: int) -> None:
        self._gains, self._losses = _Smooth(period, Decimal(period)), _Smooth(period, Decimal(period))
        self.memory = 1 + self._gains.memory
        self._before: Decimal | None = None

    def add(self, close: Decimal, volume: Decimal) -> Values | None:
        before, self._before = self._before, close
        if before is None:
            return None
        gain = self._gains.add(max(close - before, Decimal(0)))
        loss = self._losses.add(max(before - close, Decimal(0)))
        if gain is None or loss is None:
            return None
        return {"rsi": 100 * gain / (gain + loss) if gain or loss else Decimal(50)}


class _MovingAverage:
    def __init__(self, kind: Value, period: int) -> None:
        self._average = _average(kind, period)
        self.memory = self._average.memory

    def add(self, close: Decimal, volume: Decimal) -> Values | None:
        value = self._average.add(close)
        return None if value is None else {"value": value}


class _Crossover:
    def __init__(self, kind: Value, short: int, long: int) -> None:
        self._short, self._long = _average(kind, short), _average(kind, long)
        self.memory = self._long.memory

    def add(self, close: Decimal, volume: Decimal) -> Values | None:
        short, long = self._short.add(close), self._long.add(close)
        return None if short is None or long is None else {"ma_short": short, "ma_long": long}


class _Bands:
    def __init__(self, period: int, multiplier: Value) -> None:
        self._mean, self._squares = _Mean(period), _Mean(period)
        self._period, self._multiplier = period, Decimal(multiplier)
        self.memory = period

    def add(self, close: Decimal, volume: Decimal) -> Values | None:
        middle, squares = self._mean.add(close), self._squares.add(close * close)
        if middle is None or squares is None:
            return None
        reach = max(squares - middle * middle, Decimal(0)).sqrt() * self._multiplier
        return {"bb_upper": middle + reach, "bb_middle": middle, "bb_lower": middle - reach}


class _Macd:
    def __init__(self, fast: int, slow: int, signal: int) -> None:
        self._fast, self._slow, self._signal = _ema(fast), _ema(slow), _ema(signal)
        self.memory = self._slow.memory + self._signal.memory

    def add(self, close: Decimal, volume: Decimal) -> Values | None:
        fast, slow = self._fast.add(close), self._slow.add(close)
        if fast is None or slow is None:
            return None
        signal = self._signal.add(fast - slow)
        if signal is None:
            return None
        return {"macd": fast - slow, "macd_signal": signal, "histogram": fast - slow - signal}


def _formula(study: Study) -> _Formula:
    params = dict(study.params)
    period = cast("int", params.get("period"))
    match study.indicator:
        case "volume":
            return _Volume(period)
        case "rsi":
            return _Rsi(period)
        case "moving_average":
            return _MovingAverage(params["type"], period)
        case "ma_crossover":
            return _Crossover(params["type"], cast("int", params["short_period"]), cast("int", params["long_period"]))
        case "bollinger_bands":
            return _Bands(period, params["multiplier"])
        case _:
            return _Macd(*cast("tuple[int, int, int]", tuple(params.values())))


# -- when it is told -------------------------------------------------------------------------------


class Probe:
    """The state of a study on one market."""

    def __init__(self, study: Study) -> None:
        self._study = study
        self._formula = _formula(study)
        self._met = True  # until it was seen not to be

    @property
    def memory(self) -> int:
        """How many candles it is to be given before it is listened to."""
        return self._formula.memory

    def warm(self, bars: Iterable[Bar]) -> None:
        """Take the candles that closed before anybody listened, the oldest first."""
        with _sixty_digits():
            for bar in bars:
                self._step(bar)

    def add(self, bar: Bar) -> Mapping[str, str] | None:
        """Take the candle that closed; what is to be told of it, if anything."""
        with _sixty_digits():
            values = self._step(bar)
            if values is None:
                return None
            return {name: minimal(value.quantize(_EIGHT, ROUND_HALF_UP)) for name, value in values.items()}

    def _step(self, bar: Bar) -> Values | None:
        close = Decimal(bar.close).scaleb(-8)
        values = self._formula.add(close, Decimal(bar.volume).scaleb(-8))
        if values is None or self._study.trigger is None:
            return values
        before, self._met = self._met, _met(self._study, close, values)
        return values if self._met and not before else None


def _met(study: Study, close: Decimal, values: Values) -> bool:
    """Say whether the condition of a signal is met."""
    edges = list(values.values())
    match study.trigger:
        case "volume_spike":
            return values["ratio"] >= Decimal(study.event_params[0][1])
        case "overbought":
            return values["rsi"] >= Decimal(study.event_params[0][1])
        case "oversold":
            return values["rsi"] <= Decimal(study.event_params[0][1])
        case "price_cross_above":
            return close > edges[0]
        case "price_cross_below":
            return close < edges[-1]
        case "golden_cross":
            return edges[0] > edges[1]
        case "dead_cross":
            return edges[0] < edges[1]
        case "zero_cross_above":
            return edges[0] > 0
        case _:
            return edges[0] < 0


def _sixty_digits() -> AbstractContextManager[Context]:
    return localcontext(Context(prec=60, rounding=ROUND_HALF_EVEN))
