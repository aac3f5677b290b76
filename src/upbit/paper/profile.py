"""Which dated version of the protocol the paper exchange speaks.

`2023` answers as the 2023 document shows, `current` as of today, any date as of that day. A profile only answers
questions about what was in force; it changes nothing by itself.
"""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from ..models import AddressCreation
from ..wire.quota import MINUTE_LIMITS_DROPPED

DOCUMENT_2023 = date(2023, 5, 22)
"""The day of the 2023 document (API version 1.3.4)."""


class Profile(NamedTuple):
    """A day of the protocol. Dates from upbit-api 8."""

    name: str
    on: date

    @property
    def as_documented_2023(self) -> bool:
        """Numbers and nulls as the 2023 document shows them."""
        return self.on <= DOCUMENT_2023

    @property
    def tick_day(self) -> date:
        """The day whose price steps orders are held to: the 2023 document prints a table replaced on 2022-04-24."""
        return date(2022, 4, 23) if self.as_documented_2023 else self.on

    @property
    def market_events(self) -> bool:
        """`market_event` instead of `market_warning`, since 2024-11-20."""
        return self.on >= date(2024, 11, 20)

    @property
    def order_conditions(self) -> bool:
        """`best`, `ioc` and `fok`, since 2024-04-22."""
        return self.on >= date(2024, 4, 22)

    @property
    def identifiers_returned(self) -> bool:
        """`identifier` in answers, since 2024-12-04."""
        return self.on >= date(2024, 12, 4)

    @property
    def self_match_prevention(self) -> bool:
        """`smp_type`, `prevented_*` and `post_only`, since 2025-07-02."""
        return self.on >= date(2025, 7, 2)

    @property
    def self_match_default(self) -> str | None:
        """The `smp_type` of an order that names none: `cancel_maker` since 2026-11-09."""
        return "cancel_maker" if self.on >= date(2026, 11, 9) else None

    @property
    def limited_by_key(self) -> bool:
        """Whether limits of the exchange API are counted per key: until 2023-10-24."""
        return self.on < MINUTE_LIMITS_DROPPED

    @property
    def limited_by_account(self) -> bool:
        """Whether they are counted per account, all its pockets together: until 2026-06-25, per pocket since."""
        return not self.limited_by_key and self.on < date(2026, 6, 25)

    @property
    def book_levels(self) -> int:
        """Levels of an order book when none are asked for: 15, 30 since 2025-07-02."""
        return 30 if self.on >= date(2025, 7, 2) else 15

    @property
    def leveled_books(self) -> bool:
        """`level` of order books, since 2024-01-22."""
        return self.on >= date(2024, 1, 22)

    @property
    def two_factor_required(self) -> bool:
        """Whether a KRW withdrawal must name its second factor."""
        return not self.as_documented_2023

    def status(self, usual: int, result: object) -> int:
        """The status of success: in 2023 an address that is there already is 200, not 201."""
        made = isinstance(result, AddressCreation) and result.success is None
        return 200 if made and self.as_documented_2023 else usual

    def error_status(self, name: str | int | None, usual: int) -> int:
        """The status of a refusal: the 2023 document has `out_of_scope` among the 401."""
        return 401 if name == "out_of_scope" and self.as_documented_2023 else usual

    def error_name(self, name: str) -> str:
        """Spell an error's name: the 2023 document has two of its own."""
        return _OLD_ERRORS.get(name, name) if self.as_documented_2023 else name


_OLD_ERRORS = {
    "no_authorization_ip": "no_authorization_i_p",
    "withdraw_address_not_registered": "withdraw_address_not_registerd",
}


def read_profile(text: str) -> Profile:
    """Read `2023`, `current` or `YYYY-MM-DD`. Raises ValueError otherwise."""
    if text == "2023":
        return Profile(text, DOCUMENT_2023)
    if text == "current":
        return Profile(text, date.max)
    try:
        return Profile(text, date.fromisoformat(text))
    except ValueError:
        raise ValueError(f"{text!r} is no profile: give 2023, current or a date as 2025-07-31") from None
