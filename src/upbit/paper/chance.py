"""Chance: one stream of integers per purpose, and tables that shape them.

Everything random on the paper exchange comes from `stream`, whose seed is a hash of text, so that it is the same on
every platform, in every process and under every ``PYTHONHASHSEED``, and no purpose disturbs another.
Draws are integers. The shapes (exponential, Pareto, log-normal) are tables of integers made with `decimal`, whose
``exp`` and ``ln`` are correctly rounded everywhere; the C library's are not, so no float is used here at all, and a
decision can never depend on the machine.
"""

from __future__ import annotations

from decimal import Context, Decimal, localcontext
from functools import cache
from hashlib import sha256
from random import Random

ONE = 1 << 16
"""The value 1 in a table."""
BINS = 1 << 10
"""Entries of a quantile table: index it with ten random bits."""


def stream(seed: int, *purpose: str) -> Random:
    """The integers of one purpose, e.g. ``stream(7, "KRW-BTC", "flow")``. Draw with ``getrandbits`` only."""
    digest = sha256("\x1f".join((str(seed), *purpose)).encode()).digest()
    return Random(int.from_bytes(digest[:16], "big"))


@cache
def exponential() -> tuple[int, ...]:
    """Quantiles of waiting times with mean 1, the longest first."""
    with localcontext(Context(prec=18, traps=[])):
        return tuple(round(log * ONE) for log in _logs())


@cache
def pareto(shape: str) -> tuple[int, ...]:
    """Quantiles of the Pareto distribution from 1 whose tail falls with the power ``shape``, largest first."""
    with localcontext(Context(prec=18, traps=[])):
        return tuple(round((log / Decimal(shape)).exp() * ONE) for log in _logs())


@cache
def lognormal(spread: str) -> tuple[int, ...]:
    """exp(``spread`` * (i - 128) / 8) for i in 0..256: index it with the bit count of 256 random bits.

    That count is binomial with mean 128 and standard deviation 8, a normal distribution in integers.
    """
    with localcontext(Context(prec=18, traps=[])):
        return tuple(round((Decimal(spread) * (i - 128) / 8).exp() * ONE) for i in range(257))


@cache
def _logs() -> tuple[Decimal, ...]:
    """-ln of the middles of `BINS` equal slices of (0, 1), largest first."""
    with localcontext(Context(prec=18, traps=[])):
        return tuple(-(Decimal(2 * i + 1) / Decimal(2 * BINS)).ln() for i in range(BINS))
