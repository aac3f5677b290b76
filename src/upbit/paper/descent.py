"""Descent: the bars inside a bar, and the trades inside a bar, made up so that they add up to it exactly.

`divide` splits a day into hours, an hour into stretches of five minutes, those into minutes; `trades` ends the descent
at a minute, or earlier where few trades are left. Both are functions of the bar, a key and the price grid: nothing is
stored, and what is inside one bar never depends on a neighbour.

How the sums are kept exact. Counts and volumes are whole numbers dealt out by weight. Prices: the first child opens
and the last closes where the parent does, one child is given its high and one its low, and the closes between are a
random bridge between them. Values (price times volume): each child starts from the middle of its own corners and all
move the same part of their way up or down; if the parent's value lies beyond what they can reach, the bridge leans
towards it. A bar's average price keeps clear of its ends by a margin that narrows with every level, so that a way down
always exists. Trades solve the rest: the volumes of two at the low, two at the high and two between take up what the
others leave open.

It refuses floats, and grids on which a dearer price has a finer step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import shake_128
from itertools import accumulate, compress, pairwise
from math import isqrt
from operator import mul
from struct import pack, unpack
from typing import Final

from .bars import DAY, HOUR, MINUTE, Bar, Trade

LEVELS: Final = (DAY, HOUR, 5 * MINUTE, MINUTE)
"""Lengths of the bars on the way down, in ms."""
FEW: Final = 128
"""A bar of at most so many trades is not divided; more than LEAST times any number of children."""
LEAST: Final = 8
"""The fewest trades of a bar: with fewer the prices and sums of a bar cannot be met in general."""
DAY_MARGIN: Final = 4
"""A day's average price keeps a fourth of its range away from either end; an hour's a fifth, and so on."""
FULL: Final = 256
"""Parts of a whole step; the step that the start of the market cuts short has fewer."""
TRIES: Final = 8
"""How often a path leans before its children get the whole range of the bar, which always does. It is rarely needed."""

# How lively the hours of a day (UTC) are: Korean morning and evening most, Korean night least.
_HOURS: Final = (120, 96, 76, 66, 60, 58, 60, 64, 62, 60, 64, 74, 86, 96, 100, 88, 68, 50, 38, 32, 32, 36, 46, 64)


def draws(key: bytes, place: int, start: int, count: int) -> tuple[int, ...]:
    """``count`` random integers of 64 bits that depend on nothing but the arguments."""
    digest = shake_128(key + pack("<bq", place, start)).digest(8 * count)
    return unpack(f"<{count}Q", digest)


def whole(bar: Bar, level: int) -> bool:
    """Whether a bar of ``LEVELS[level]`` is made of trades directly."""
    return bar.count <= FEW or level == len(LEVELS) - 1


def divide(bar: Bar, level: int, key: bytes, tick: Callable[[int], int]) -> tuple[Bar, ...]:
    """The bars of the next level inside ``bar``, from the oldest to the newest; those without a trade do not exist."""
    length = LEVELS[level + 1]
    final = (bar.last - bar.start) // length
    *numbers, phase = draws(key, level, bar.start, 2 * final + 3)
    first, second = numbers[::2], numbers[1::2]
    counts = _counts(bar, level, final, first, phase)
    busy = [index for index, count in enumerate(counts) if count]
    counts = [counts[index] for index in busy]
    sizes = [192 + (1 << 22) // ((first[index] >> 16 & 0xFFFF) + 2048) for index in busy]
    volumes = _deal(bar.volume, [count * size for count, size in zip(counts, sizes, strict=True)])
    asks = _deal(bar.ask_volume, volumes)
    tail = 1 + (bar.last - bar.start) % length * (FULL - 1) // length
    closes, ranges, bounds = _prices(
        bar, level, [first[i] for i in busy], [second[i] for i in busy], volumes, tail, tick
    )
    values = _values(bar, ranges, volumes, bounds, tick)
    children: list[Bar] = []
    price = bar.opening
    for place, index in enumerate(busy):
        start, count, (low, high) = bar.start + index * length, counts[place], ranges[place]
        rest = (second[place] & 0xFFFF) * (2 * length // count) >> 16
        last = bar.last if index == final else start + length - 1 - rest
        close = closes[place]
        children.append(Bar(start, price, high, low, close, volumes[place], values[place], asks[place], count, last))
        price = close
    return tuple(children)


def _deal(total: int, weights: Sequence[int], phase: int = 0) -> list[int]:
    """Split ``total`` in proportion to weights. ``phase``, below their sum, turns where the roundings fall."""
    all_weights = sum(weights)
    marks = [0, *((total * weight + phase) // all_weights for weight in accumulate(weights))]
    return [after - before for before, after in pairwise(marks)]


def _counts(bar: Bar, level: int, final: int, numbers: Sequence[int], phase: int) -> list[int]:
    """How many trades each child has: none, or at least LEAST; the one that holds the bar's last trade has some."""
    size = LEVELS[level + 1]
    weights = [
        (64 if level else _HOURS[index]) * (256 + (1 << 24) // ((numbers[index] & 0xFFFF) + 8192))
        for index in range(final + 1)
    ]
    weights[final] = weights[final] * ((bar.last - bar.start) % size) // size + 1
    counts = _deal(bar.count - LEAST, weights, phase % sum(weights))
    owed = 0
    for index in range(final):
        counts[index] += owed
        owed = 0
        if counts[index] < LEAST:
            owed, counts[index] = counts[index], 0
    counts[final] += LEAST + owed
    return counts


def _path(bar: Bar, steps: Sequence[int], tail: int = FULL) -> list[int]:
    """A random bridge from a bar's opening to its close, within its range, whose mean is near its average price.

    The last step lasts `tail` parts in FULL of the others, and moves so much less. Prices of a path are in units of
    2**-16 of a unit, so that a bar one unit high has a path too.
    """
    low, high, first = bar.low << 16, bar.high << 16, bar.opening << 16
    size, drift = len(steps), (bar.close << 16) - first
    length = (size - 1) * FULL + tail
    walk = [*accumulate(isqrt(FULL) * step for step in steps[:-1])]
    total = (walk[-1] if walk else 0) + isqrt(tail) * steps[-1]
    lines = [first + drift * index * FULL // length for index in range(1, size)]
    bumps = [walked * length - total * index * FULL for index, walked in enumerate(walk, 1)]
    pairs = list(zip(lines, bumps, strict=True))
    up = min(((high - line) // bump for line, bump in pairs if bump > 0), default=0)
    down = min(((line - low) // -bump for line, bump in pairs if bump < 0), default=0)
    full = 8 * isqrt(size)  # the more steps, the nearer their ends come to the high and the low
    up, down = up * (full - 3) // full, down * (full - 3) // full
    path = [first, *(line + bump * (up if bump > 0 else down) for line, bump in pairs), bar.close << 16]
    return _lean(bar, path, sum(path) // len(path))


def _lean(bar: Bar, path: list[int], mean: int) -> list[int]:
    """The path, whose mean is known, moved towards the bar's average price: its middle most, its ends not at all."""
    push = (bar.value << 16) // bar.volume - mean
    target = (bar.high if push > 0 else bar.low) << 16
    size = len(path) - 1
    strength, most = abs(push) * 6, max(abs(target - mean), 1) * size * size
    parts = [min(strength * index * (size - index), most) for index in range(size + 1)]
    return [price + (target - price) * part // most for price, part in zip(path, parts, strict=True)]


_Ranges = list[tuple[int, int]]
_Bounds = tuple[list[int], list[int], list[int]]
"""The least value of each child, the usual one, the greatest."""


def _prices(
    bar: Bar,
    level: int,
    first: Sequence[int],
    second: Sequence[int],
    volumes: Sequence[int],
    tail: int,
    tick: Callable[[int], int],
) -> tuple[list[int], _Ranges, _Bounds]:
    """Closes and price ranges of the children, and the values each may have; the last lasts `tail` parts in FULL."""
    margin = DAY_MARGIN + 1 + level
    snap = _snapper(bar, tick)
    reach = (bar.high - bar.low) // (2 * isqrt(len(volumes)) + 1)
    wicks = [((n >> 48) ** 2 * reach >> 32, (n >> 32 & 0xFFFF) ** 2 * reach >> 32) for n in second]
    wicks[-1] = wicks[-1][0] * tail // FULL, wicks[-1][1] * tail // FULL
    path, half = _path(bar, [(number >> 32).bit_count() - 16 for number in first], tail), tick(bar.low) << 15
    tries = 0
    while True:
        edges = [snap(price + half >> 16) for price in path]
        ranges = _ranges(bar, edges, wicks, snap, tick) if tries < TRIES else [(bar.low, bar.high)] * len(volumes)
        bounds = _bounds(edges, ranges, volumes, margin)
        least, usual, most = map(sum, bounds)
        if least <= bar.value <= most or tries == TRIES:
            return edges[1:], ranges, bounds
        path = _lean(bar, path, (usual << 16) // bar.volume)
        tries += 1


def _ranges(
    bar: Bar,
    edges: Sequence[int],
    wicks: Sequence[tuple[int, int]],
    snap: Callable[[int], int],
    tick: Callable[[int], int],
) -> _Ranges:
    """Lows and highs around the closes, at least a step apart; one has the bar's high and one its low."""
    ranges: _Ranges = []
    for index, (above, below) in enumerate(wicks):
        low, high = sorted(edges[index : index + 2])
        low, high = snap(max(low - below, bar.low)), snap(min(high + above, bar.high))
        if low == high and high < bar.high:
            high += tick(high)
        elif low == high:
            low = snap(low - 1)
        ranges.append((low, high))
    top = max(range(len(ranges)), key=lambda index: ranges[index][1])
    ranges[top] = (ranges[top][0], bar.high)
    bottom = min(range(len(ranges)), key=lambda index: ranges[index][0])
    ranges[bottom] = (bar.low, ranges[bottom][1])
    return ranges


def _bounds(edges: Sequence[int], ranges: _Ranges, volumes: Sequence[int], margin: int) -> _Bounds:
    """Values that keep clear of the ends of the ranges by one part in ``margin``."""
    least: list[int] = []
    usual: list[int] = []
    most: list[int] = []
    for before, after, (low, high), volume in zip(edges, edges[1:], ranges, volumes, strict=False):
        rim = (high - low) * volume // margin
        least.append(low * volume + rim)
        most.append(high * volume - rim)
        usual.append(min(max((before + after + low + high) * volume // 4, least[-1]), most[-1]))
    return least, usual, most


def _values(bar: Bar, ranges: _Ranges, volumes: list[int], bounds: _Bounds, tick: Callable[[int], int]) -> list[int]:
    """Values within bounds that sum up to the bar's, each one that trades on the child's grid can have."""
    least, usual, most = bounds
    missing = bar.value - sum(usual)
    ends = most if missing > 0 else least
    room = abs(sum(ends) - sum(usual)) or 1
    values: list[int] = []
    for (low, _), volume, middle, end in zip(ranges, volumes, usual, ends, strict=True):
        value = middle + (end - middle) * abs(missing) // room
        values.append(value - (value - low * volume) % tick(low))
    finest = next(index for index, (low, _) in enumerate(ranges) if low == bar.low)
    values[finest] += bar.value - sum(values)
    return values


def _snapper(bar: Bar, tick: Callable[[int], int]) -> Callable[[int], int]:
    """What rounds a price within a bar down to the grid; quicker where the whole bar has one step."""
    step = tick(bar.low)
    if tick(bar.high) == step:
        return lambda price: price - price % step
    return lambda price: price - price % tick(price)


def trades(bar: Bar, level: int, key: bytes, tick: Callable[[int], int]) -> tuple[Trade, ...]:
    """The trades inside a bar that is `whole`, from the oldest to the newest."""
    numbers = draws(key, len(LEVELS) + level, bar.start, bar.count)
    snap = _snapper(bar, tick)
    path = [snap(price >> 16) for price in _path(bar, [2 * (number >> 33).bit_count() - 31 for number in numbers[1:]])]
    low, high, step = bar.low, bar.high, tick(bar.low)
    asks = [bool(number >> 32 & 1) for number in numbers]
    order = sorted(range(1, bar.count - 1), key=path.__getitem__)
    core = (*order[:4], *order[-2:])
    between = snap(low + isqrt((high - low) // step) * step)
    path_and_side = ((low, True), (low, False), (low + step, False), (between, False), (high, True), (high, False))
    for index, (price, ask) in zip(core, path_and_side, strict=True):
        path[index], asks[index] = price, ask
    weights = [64 + (1 << 22) // ((number & 0xFFFF) + 1024) for number in numbers]
    rungs = [(price - low) // step for price in path]
    tried = (_volumes(bar, step, rungs, asks, core, weights, share) for share in range(14, -1, -2))
    volumes = next(filter(None, tried))
    return tuple(
        Trade(sequential_id, price, volume, "ask" if ask else "bid")
        for sequential_id, price, volume, ask in zip(_ids(bar, numbers), path, volumes, asks, strict=True)
    )


def _volumes(
    bar: Bar,
    step: int,
    rungs: Sequence[int],
    asks: Sequence[bool],
    core: Sequence[int],
    weights: Sequence[int],
    share: int,
) -> list[int]:
    """Volumes that meet the bar's sums, or nothing if that cannot be with so large a share for the others.

    ``rungs`` are prices in steps above the low. The trades outside ``core`` get ``share`` sixteenths of the volume by
    weight; the core takes the rest: what the value leaves over goes to the high, the odd steps to the two between.
    """
    ask_low, bid_low, near, far, ask_high, bid_high = core
    all_weights = 16 * sum(weights)
    volumes = [1 + bar.volume * share * weight // all_weights for weight in weights]
    for index in core:
        volumes[index] = 0
    ask_left = bar.ask_volume - sum(compress(volumes, asks))
    excess = (bar.value - bar.low * bar.volume) // step - sum(map(mul, rungs, volumes)) - rungs[near] - rungs[far]
    at_high, rest = divmod(excess, rungs[ask_high])
    volumes[far], volumes[near] = 1 + rest // rungs[far], 1 + rest % rungs[far]
    bid_left = bar.volume - sum(volumes) - ask_left
    if ask_left < 2 or bid_left < 2 or not 2 <= at_high <= ask_left + bid_left - 2:
        return []
    sold = at_high * ask_left // (ask_left + bid_left)
    sold = max(min(sold, ask_left - 1, at_high - 1), 1, at_high - bid_left + 1)
    volumes[ask_high], volumes[bid_high] = sold, at_high - sold
    volumes[ask_low], volumes[bid_low] = ask_left - sold, bid_left - (at_high - sold)
    return volumes


def _ids(bar: Bar, numbers: Sequence[int]) -> list[int]:
    """Sequential ids of the trades of a bar: bursts and lulls, the last at the bar's last time."""
    waits = [(1 << 22) // ((number >> 16 & 0xFFFF) + 512) for number in numbers]
    total, length = sum(waits), bar.last - bar.start
    last, ids = -1, list[int]()
    for wait in accumulate(waits):
        last = max(last + 1, (bar.start + length * wait // total) * 10_000)
        ids.append(last)
    return ids
