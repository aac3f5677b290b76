"""What a trader can be told by name, and what guards it when it was told nothing.

The journal and the switch of an account are files in one folder for each API key (`home`). They are opened when the
trader is made; nothing goes on the wire.
"""

from __future__ import annotations

import os
from os import PathLike
from pathlib import Path
from typing import TypedDict

from .home import JOURNAL, SWITCH, home
from .journal import Journal
from .means import Means, Mode, check
from .placing import Guards
from .risk import Limits, Risk
from .switch import Switch
from .withdrawals import WithdrawalPolicy, Withdrawals


class TradingOptions(TypedDict, total=False):
    """Everything `trading` takes by name."""

    limits: Limits
    """What an order must keep to; none when not given."""
    preflight: bool
    """Whether each order is first held against what the exchange says of market and account: one more request."""
    withdrawals: WithdrawalPolicy
    """What may be withdrawn, and to where; nothing when not given."""
    live: bool
    """Whether a private stream is opened while the trader is entered: it tells when orders end, and balances."""
    journal: str | PathLike[str] | Journal
    """Where orders are recorded before they leave: a file or a `Journal`, which the trader closes. When not given, a
    file in the folder of the account: in UPBIT_STATE_DIR, or where the system keeps what programs remember."""
    switch: str | PathLike[str] | Switch
    """The kill switch: a file or a `Switch`. When not given, a file in the folder of the account."""


def guards(mode: Mode, means: Means, options: TradingOptions) -> Guards:
    """Make the guards of a trader.

    Raises ConfigurationError for a mode that does not fit keys and host, TypeError for an unknown option, JournalError
    when the journal cannot be used.
    """
    signer = check(mode, means)
    if not options.keys() <= TradingOptions.__optional_keys__:
        unknown = ", ".join(sorted(options.keys() - TradingOptions.__optional_keys__))
        known = ", ".join(sorted(TradingOptions.__optional_keys__))
        raise TypeError(f"a trader takes no {unknown}; it takes {known}")
    folder = home(signer.access_key, os.environ)
    wall = means.terms.wall
    journal, switch = options.get("journal", folder / JOURNAL), options.get("switch", folder / SWITCH)
    if not isinstance(switch, Switch):
        switch = Switch(Path(switch), wall)
    if not isinstance(journal, Journal):
        journal = Journal(Path(journal), wall)
    policy = options.get("withdrawals")
    return Guards(
        journal,
        Risk(options.get("limits", Limits()), journal=journal, switch=switch, wall=wall),
        switch,
        None if policy is None else Withdrawals(policy, journal, switch, wall),
        options.get("preflight", False),
    )
