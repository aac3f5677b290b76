"""`python -m benchmarks [names]`: run all subjects or some, and print the table."""

from __future__ import annotations

import platform
import sys
import time
from collections.abc import Callable, Iterable, Mapping

from . import calls, decode, engine, fates, feed, flow, imports, limiter, outcomes, server
from .table import Row, lines

SUBJECTS: Mapping[str, Callable[[], Iterable[Row]]] = {
    "imports": imports.rows,
    "calls": calls.rows,
    "decode": decode.rows,
    "engine": engine.rows,
    "flow": flow.rows,
    "server": server.rows,
    "feed": feed.rows,
    "fates": fates.rows,
    "outcomes": outcomes.rows,
    "limiter": limiter.rows,
}


def main(names: list[str]) -> int:
    """Measure; 2 for a subject that does not exist."""
    unknown = [name for name in names if name not in SUBJECTS]
    if unknown:
        print(f"There is no {', '.join(unknown)}; there are {', '.join(SUBJECTS)}.", file=sys.stderr)
        return 2
    begin = time.monotonic()
    rows: list[Row] = []
    try:
        for name in names or SUBJECTS:
            print(f"measuring {name} ...", file=sys.stderr, flush=True)
            rows += SUBJECTS[name]()
    finally:  # what was measured is worth seeing even if the rest failed
        print(*lines(rows), sep="\n")
    print(f"\n{time.monotonic() - begin:.0f} s on Python {platform.python_version()}, {platform.machine()}. A ratio is")
    print("ours to the peer's, the median of rounds taken in turn; the figures beside it are medians of their own.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
