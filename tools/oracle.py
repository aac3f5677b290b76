"""Let the matching engine and the naive one of tests/oracle carry out the same random commands, as long as you like.

    python -m tools.oracle --operations 1000000 --seed 1

One bout in ten goes through the order desk of a whole exchange, where the simulated market trades, too; the others ask
the engine itself. Ends with status 1 when the two differed anywhere; what they differed on can be repeated by its seed.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter

from tests.oracle.desk import desk_fight
from tests.oracle.duel import Difference, engine_fight

BOUT = 2_000
"""Commands between two fresh exchanges."""


def main() -> int:
    """Fight, print what came of it, and say whether all is well."""
    parser = argparse.ArgumentParser(prog="python -m tools.oracle", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--operations", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    agreed: Counter[str] = Counter()
    differences = operations = 0
    began = time.perf_counter()
    for bout in range(-(-asked.operations // BOUT)):
        commands = min(BOUT, asked.operations - operations)
        seed = asked.seed * 1_000_000 + bout
        fight = engine_fight if bout % 10 else desk_fight
        try:
            agreed += fight(seed, commands)
        except Difference as difference:
            differences += 1
            print(f"{fight.__name__}({seed}, {commands}): {difference}", file=sys.stderr)
        operations += commands
    seconds = time.perf_counter() - began
    print(f"agreed on: {', '.join(f'{name} {times:,}' for name, times in sorted(agreed.items()))}")
    print(f"operations {operations:,}  differences {differences}  seconds {seconds:.1f}")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
