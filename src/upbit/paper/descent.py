"""Descent: the bars inside a bar, and the trades inside a bar, made up so that they add up to it exactly.

`divide` splits a day into hours, an hour into stretches of five minutes, those into minutes; `trades` ends the descent
at a minute, or earlier where few trades are left. Both are functions of the bar, a key and the price grid: nothing is
stored, and what is inside one bar never depends on a neighbour.

How the sums are kept exact. Counts and volumes are whole numbers dealt out by weight. Prices: the first child opens
and the last closes where the parent does, one child is given its high and one its low, and the closes between are a
random bridge between them. Values (price times volume): each child takes the value at one common place of its own
price range; if the parent's value lies beyond what the children can reach, the bridge leans towards it. A bar's average
price keeps clear of its ends by a margin that narrows with every level, so that a way down always exists. Trades
solve the rest: the volumes of two at the low, two at the high and two between take up what the others leave open.

It refuses floats, and grids on which a dearer price has a finer step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import shake_128
from itertools import accumulate
from math import isqrt
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
    size = LEVELS[level + 1]
    final = (bar.last - bar.start) // size
    first, second = _halves(draws(key, level, bar.start, 2 * final + 3))
    counts = _counts(bar, level, final, first)
    busy = [index for index, count in enumerate(counts) if count]
    counts = [counts[index] for index in busy]
    volumes = _deal(
        bar.volume,
        [count * (192 + (1 << 22) // ((first[i] >> 16 & 0xFFFF) + 2048)) for i, count in zip(busy, counts, strict=True)],
    )
    asks = _deal(bar.ask_volume, volumes)
    closes, ranges, bounds = _prices(bar, level, [first[i] for i in busy], [second[i] for i in busy], volumes, tick)
    values = _values(bar, ranges, volumes, bounds, tick)
    children: list[Bar] = []
    price = bar.opening
    for place, index in enumerate(busy):
        start, count, (low, high) = bar.start + index * size, counts[place], ranges[place]
        rest = (second[index] & 0xFFFF) * (2 * size // count) >> 16
        last = bar.last if index == final else start + size - 1 - rest
        close = closes[place]
        children.append(Bar(start, price, high, low, close, volumes[place], values[place], asks[place], count, last))
        price = close
    return tuple(children)


def _halves(numbers: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    half = len(numbers) // 2
    return numbers[: half + 1], numbers[half:]


def _deal(total: int, weights: Sequence[int], phase: int = 0) -> list[int]:
    """Split ``total`` in proportion to weights. ``phase``, below their sum, turns where the roundings fall."""
    last, dealt, whole_weight = 0, [], sum(weights)
    for weight in accumulate(weights):
        now = (total * weight + phase) // whole_weight
        dealt.append(now - last)
        last = now
    return dealt


def _counts(bar: Bar, level: int, final: int, numbers: Sequence[int]) -> list[int]:
    """How many trades each child has: none, or at least LEAST; the one that holds the bar's last trade has some."""
    size = LEVELS[level + 1]
    weights = [
        (64 if level else _HOURS[index]) * (256 + (1 << 24) // ((numbers[index] & 0xFFFF) + 8192))
        for index in range(final + 1)
    ]
    weights[final] = weights[final] * ((bar.last - bar.start) % size) // size + 1
    counts = _deal(bar.count - LEAST, weights, numbers[-1] % sum(weights))
    owed = 0
    for index in range(final):
        counts[index] += owed
        owed = 0
        if counts[index] < LEAST:
            owed, counts[index] = counts[index], 0
    counts[final] += LEAST + owed
    return counts


def _path(bar: Bar, steps: Sequence[int]) -> list[int]:
    """A random bridge from a bar's opening to its close, within its range, whose mean is near its average price.

    Prices of a path are in units of 2**-16 of a unit, so that a bar one unit high has a path too.
    """
    low, high, first = bar.low << 16, bar.high << 16, bar.opening << 16
    size, drift, total = len(steps), (bar.close << 16) - first, sum(steps)
    lines = [first + drift * index // size for index in range(1, size)]
    bumps = [walked * size - total * index for index, walked in enumerate(accumulate(steps[:-1]), 1)]
    pairs = list(zip(lines, bumps, strict=True))
    whole_reach = 8 * isqrt(size)  # the longer the bridge, the nearer its own ends come to the range it runs in
    up = min(((high - line) // bump for line, bump in pairs if bump > 0), default=0) * (whole_reach - 3) // whole_reach
    down = min(((line - low) // -bump for line, bump in pairs if bump < 0), default=0) * (whole_reach - 3) // whole_reach
    path = [first, *(line + bump * (up if bump > 0 else down) for line, bump in pairs), bar.close << 16]
    return _lean(bar, path, sum(path) // len(path))


def _lean(bar: Bar, path: list[int], mean: int) -> list[int]:
    """The path, whose mean is known, moved towards the bar's average price: its middle most, its ends not at all."""
    push = (bar.value << 16) // bar.volume - mean
    target = (bar.high if push > 0 else bar.low) << 16
    size = len(path) - 1
    strength, most = abs(push) * 6, max(abs(target - mean), 1) * size * size
    return [
        price + (target - price) * min(strength * index * (size - index), most) // most for index, price in enumerate(path)
    ]


_Ranges = list[tuple[int, int]]
_Bounds = tuple[list[int], list[int], list[int]]
"""The least value of each child, the usual one, the greatest."""


def _prices(
    bar: Bar,
    level: int,
    first: Sequence[int],
    second: Sequence[int],
    volumes: Sequence[int],
    tick: Callable[[int], int],
) -> tuple[list[int], _Ranges, _Bounds]:
    """Closes and price ranges of the children, and the values each may have."""
    margin = DAY_MARGIN + 1 + level
    snap = _snapper(bar, tick)
    reach = (bar.high - bar.low) // (2 * isqrt(len(volumes)) + 1)
    wicks = [((n >> 48) ** 2 * reach >> 32, (n >> 32 & 0xFFFF) ** 2 * reach >> 32) for n in second]
    path, half = _path(bar, [(number >> 32).bit_count() - 16 for number in first]), tick(bar.low) << 15
    for _ in range(8):
        edges = [snap(price + half >> 16) for price in path]
        ranges = _ranges(bar, edges, wicks, snap, tick)
        bounds = _bounds(edges, ranges, volumes, margin)
        least, usual, most = map(sum, bounds)
        if least <= bar.value <= most:
            return edges[1:], ranges, bounds
        path = _lean(bar, path, (usual << 16) // bar.volume)
    ranges = [(bar.low, bar.high)] * len(volumes)
    return edges[1:], ranges, _bounds(edges, ranges, volumes, margin)


def _ranges(
    bar: Bar,
    edges: Sequence[int],
    wicks: Sequence[tuple[int, int]],
    snap: Callable[[int], int],
    tick: Callable[[int], int],
) -> _Ranges:
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
    least: list[int] = []
    usual: list[int] = []
    most: list[int] = []
    for before, after, (low, high), volume in zip(edges, edges[1:], ranges, volumes, strict=False):
        rim = (high - low) * volume // margin
        least.append(low * volume + rim)
        most.append(high * volume - rim)
        usual.append(min(max((before + after + low + high) * volume // 4, least[-1]), most[-1]))
    return least, usual, most


def _values(bar: Bar, ranges: _Ranges, volumes: Sequence[int], bounds: _Bounds, tick: Callable[[int], int]) -> list[int]:
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
    reach = (high - low) // step
    between = snap(low + isqrt(reach) * step)
    asks = [number >> 32 & 1 for number in numbers]
    order = sorted(range(1, bar.count - 1), key=path.__getitem__)
    ask_low, bid_low, near, far, ask_high, bid_high = core = (*order[:4], *order[-2:])
    for index, price, ask in zip(core, (low, low, low + step, between, high, high), (1, 0, 0, 0, 1, 0), strict=True):
        path[index], asks[index] = price, ask
    others = [index for index in range(bar.count) if index not in core]
    weights = [64 + (1 << 22) // ((numbers[index] & 0xFFFF) + 1024) for index in others]
    volumes = [0] * bar.count
    hop = (between - low) // step
    for share in range(14, -1, -2):
        ask_left, bid_left = bar.ask_volume, bar.volume - bar.ask_volume
        excess = (bar.value - low * bar.volume) // step - 1 - hop
        scale = bar.volume * share, 16 * sum(weights)
        for index, weight in zip(others, weights, strict=True):
            volume = volumes[index] = 1 + weight * scale[0] // scale[1]
            excess -= (path[index] - low) // step * volume
            if asks[index]:
                ask_left -= volume
            else:
                bid_left -= volume
        at_high, rest = divmod(excess, reach)
        volumes[far], volumes[near] = 1 + rest // hop, 1 + rest % hop
        bid_left -= volumes[far] + volumes[near]
        if 2 <= ask_left and 2 <= bid_left and 2 <= at_high <= ask_left + bid_left - 2:
            break
    sold = at_high * ask_left // (ask_left + bid_left)
    sold = max(min(sold, ask_left - 1, at_high - 1), 1, at_high - bid_left + 1)
    volumes[ask_high], volumes[bid_high] = sold, at_high - sold
    volumes[ask_low], volumes[bid_low] = ask_left - sold, bid_left - (at_high - sold)
    return tuple(
        Trade(sequential_id, price, volume, "ask" if ask else "bid")
        for sequential_id, price, volume, ask in zip(_ids(bar, numbers), path, volumes, asks, strict=True)
    )


def _ids(bar: Bar, numbers: Sequence[int]) -> list[int]:
    """Sequential ids of the trades of a bar: bursts and lulls, the last at the bar's last time."""
    waits = [(1 << 22) // ((number >> 16 & 0xFFFF) + 512) for number in numbers]
    total, length = sum(waits), bar.last - bar.start
    ids: list[int] = []
    last = -1
    for wait in accumulate(waits):
        last = max(last + 1, (bar.start + length * wait // total) * 10_000)
        ids.append(last)
    return ids
