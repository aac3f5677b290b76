"""A log that looks for secrets: keys of paper exchanges, what tests register, and signed tokens."""

from __future__ import annotations

import logging
import re

SECRET = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]+|(?<![0-9A-Za-z])[0-9a-f]{40}(?![0-9A-Za-z])")
"""A signed token, or a secret as paper exchanges make them."""


class Guard(logging.Handler):
    """Keeps what no log may have, of records that pass the levels of their loggers."""

    def __init__(self) -> None:
        super().__init__()
        self.canaries: set[str] = set()
        """Further secrets."""
        self.found: list[str] = []
        """Records with a secret: logger and place."""

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.startswith("websockets"):  # clients and servers of tests; those of the package log as `upbit`
            return
        text = f"{record.getMessage()} {record.args!r}"
        if record.exc_info:
            text += logging.Formatter().formatException(record.exc_info)
        if SECRET.search(text) or any(canary in text for canary in self.canaries):
            self.found.append(f"{record.name} {record.levelname} {record.pathname}:{record.lineno}")
