"""Which failures of which operation may be repeated, and after what pause.

What may have reached the exchange is repeated for reads only: an unknown outcome is not an invitation to send again.
What certainly never left may be sent again whatever it was. A penalty (418) is never answered with another request.
"""

from __future__ import annotations

from collections.abc import Callable

from ..api.operation import Repeat
from ..errors import APIConnectionError
from ..wire.message import Response

MAX_RETRIES = 2
"""Repeats after the first try."""
DEADLINE = 30.0
"""Seconds after the start of a call in which a repeat may begin."""
FIRST_PAUSE = 0.25
LONGEST_PAUSE = 4.0


def may_repeat(repeat: Repeat, answer: Response | APIConnectionError) -> bool:
    """Say whether a call of this class that got this answer may be sent again."""
    if isinstance(answer, APIConnectionError):
        return repeat == "safe" or not answer.sent
    return repeat == "safe" and (answer.status == 429 or answer.status >= 500)


def pause(failures: int, random: Callable[[], float]) -> float:
    """Choose the seconds to wait after so many failures: anything up to a bound that doubles (full jitter)."""
    return float(random() * min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (failures - 1)))
