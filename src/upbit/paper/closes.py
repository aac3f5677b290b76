"""Watches candles close, and tells what was studied of them.

A timeframe of a market is looked at only when one of its candles has closed. An interval without a trade has no candle
and tells nothing. What a study must know of the past is read before its first candle closes, one study at a look, so
that nobody waits long because somebody asked for many. The time is an argument, and nobody is told here: `Closes.look`
says what there is to tell.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from .bars import Bar, Unit, following, opening, span
from .indicators import Probe, Study
from .tape import Tape

UNITS: Mapping[str, Unit] = {"5m": "m5", "15m": "m15", "60m": "m60", "240m": "m240", "1d": "day"}
"""The timeframes of the info socket."""


class Finding(NamedTuple):
    """What a study found."""

    market: str
    study: Study
    bar: Bar
    """The candle that closed."""
    time: int
    """When it closed (ms since 1970)."""
    values: Mapping[str, str]


class _Series:
    """The candles of a market and a timeframe, seen up to `start`, and what is studied of them."""

    def __init__(self, unit: Unit, start: int) -> None:
        self.unit: Unit = unit
        self.start = start
        self.probes: dict[Study, Probe] = {}

    @property
    def due(self) -> int:
        return self.start + span(self.unit)


class Closes:
    """The studies that somebody listens to. `tape` gives the tape of a market."""

    def __init__(self, tape: Callable[[str], Tape]) -> None:
        self._tape = tape
        self._series: dict[tuple[str, str], _Series] = {}
        self._cold: dict[tuple[str, Study], None] = {}
        self._past: tuple[_Series, int, list[Bar]] | None = None

    def follow(self, market: str, study: Study, now: int) -> None:
        """Begin a study with the next candle of its timeframe that closes."""
        place = market, study.timeframe
        series = self._series.get(place)
        if series is None:
            unit = UNITS[study.timeframe]
            series = self._series[place] = _Series(unit, opening(unit, now))
        series.probes[study] = Probe(study)
        self._cold[market, study] = None

    def drop(self, market: str, study: Study) -> None:
        """End a study."""
        place = market, study.timeframe
        probes = self._series[place].probes
        del probes[study]
        self._cold.pop((market, study), None)
        if not probes:
            del self._series[place]

    def look(self, now: int) -> list[Finding]:
        """See which candles have closed since the last look; what is to be told of them, in order of time."""
        found: list[Finding] = []
        for (market, _), series in self._series.items():
            if now >= series.due:
                found += self._study(market, series, opening(series.unit, now))
        if self._cold:
            self._warm(*next(iter(self._cold)))
        else:
            self._past = None
        return found

    def _warm(self, market: str, study: Study) -> None:
        """Let a study know the past; what was read for the last one serves the next of its series."""
        del self._cold[market, study]
        series = self._series[market, study.timeframe]
        probe = series.probes[study]
        if self._past is None or self._past[0] is not series or self._past[1] < probe.memory:
            most = max(one.memory for one in series.probes.values())
            self._past = series, most, self._tape(market).candles(series.unit, series.start, most)
        probe.warm(reversed(self._past[2][: probe.memory]))

    def _study(self, market: str, series: _Series, until: int) -> list[Finding]:
        for place in [place for place in self._cold if place[0] == market and place[1] in series.probes]:
            self._warm(*place)
        self._past = None
        before, series.start = series.start, until
        bars = self._tape(market).candles(series.unit, until, (until - before) // span(series.unit))
        return [
            Finding(market, study, bar, following(series.unit, bar.start), values)
            for bar in reversed(bars)
            if bar.start >= before
            for study, probe in series.probes.items()
            for values in [probe.add(bar)]
            if values is not None
        ]
