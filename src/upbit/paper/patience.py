"""How long the exchange puts up with a reader who takes too little. No socket and no waiting here.

A burst may be longer than `MAX_UNSENT` (the clock leapt, 200 books were asked for): a reader has `GRACE` to come down
to it again. Who takes nothing at all for `STALL` while something waits is given up, however little that is. Both are
seconds of whoever waits, not of the exchange: they are about the connection.
"""

from __future__ import annotations

MAX_UNSENT = 1 << 20
"""Bytes that a reader may leave unread."""
GRACE = 0.5
STALL = 10.0


class Patience:
    """That with one reader, from `now` on."""

    def __init__(self, now: float) -> None:
        self._roomy = self._moved = now
        self._taken = 0

    def ends(self, backlog: int, taken: int, now: float) -> bool:
        """Say whether it is enough; `backlog` are the bytes that wait, `taken` those that were ever taken."""
        if backlog <= MAX_UNSENT:
            self._roomy = now
        if not backlog or taken > self._taken:
            self._moved, self._taken = now, taken
        return now - self._roomy > GRACE or now - self._moved > STALL
