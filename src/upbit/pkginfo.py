"""Who this package is, and whether a newer version of it has been released.

The names in capitals are those of upbit-client 1.3.4. That release asked a package index whenever it was imported; here
nothing is asked before ``check_release()`` is called or ``LATEST_VERSION`` is read, and then the answer is kept for a
day. What this module refuses to do: know any index (the installer of this Python is asked, with its own settings),
install anything, print, or fail. ``RELEASED_VERSION``, the list of every release, is gone: installers do not tell it.
"""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

# The one place where the version is written: the build reads this line.
package_version = "2.0.0.dev0"

PACKAGE_NAME: Final = "upbit-client"
CURRENT_VERSION: Final = package_version
OPEN_API_VERSION: Final = "1.6.3"
"""Version of the exchange's documentation that this package follows (https://docs.upbit.com/kr, 2026-10-07)."""

Run: TypeAlias = Callable[[Sequence[str], str], str | None]
"""Runs a command with a text as its input; gives its output, or None if it is missing, fails or takes too long."""

_DAY: Final = 24 * 60 * 60.0
# -P: a file pip.py in the working directory must not be run in place of pip.
_PIP: Final = ("-P", "-m", "pip", "install", "--dry-run", "--no-deps", "--ignore-installed", "-q", "--report", "-")
_UV: Final = ("uv", "pip", "compile", "-q", "--no-deps", "--no-header", "--no-annotate")

# Versions as installers print them (PEP 440 without epochs and local parts, which this package does not use).
_VERSION: Final = re.compile(r"(\d+(?:\.\d+)*)(?:(a|b|rc)(\d+))?(?:\.post(\d+))?(?:\.dev(\d+))?")


class Release(NamedTuple):
    """What is installed and what has been released."""

    current: str
    latest: str

    @property
    def newer(self) -> bool:
        """Whether the released version is later than the installed one."""
        return _order(self.latest) > _order(self.current)


def cache_file(platform: str = sys.platform, environ: Mapping[str, str] = os.environ) -> Path:
    """Return where the answer is kept: a file in the user's cache folder, as each platform has it."""
    home = Path(os.path.expanduser("~"))  # noqa: PTH111 - Path.home() raises where there is no home
    places = {
        "win32": ("LOCALAPPDATA", home / "AppData" / "Local"),
        "darwin": ("XDG_CACHE_HOME", home / "Library" / "Caches"),
    }
    name, usual = places.get(platform, ("XDG_CACHE_HOME", home / ".cache"))
    return Path(environ.get(name) or usual) / PACKAGE_NAME / "release.json"


def run_program(command: Sequence[str], text: str, *, timeout: float = 30.0) -> str | None:
    """Run ``command`` as ``Run`` says, for ``timeout`` seconds at most."""
    import subprocess  # not at the top: a version number should not cost its import

    try:
        done = subprocess.run(
            command, input=text, capture_output=True, encoding="utf-8", errors="replace", timeout=timeout, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def check_release(
    *, run: Run = run_program, now: Callable[[], float] = time.time, cache: Path | None = None
) -> Release | None:
    """Return what has been released, or None where it cannot be told: offline, no installer, or an odd answer.

    An answer found is kept in the file ``cache`` (``cache_file()`` by default) and believed for a day; ``now`` gives
    seconds since 1970. A cache that cannot be read or written is done without.
    """
    path = cache or cache_file()
    moment = now()
    latest = _remembered(path, moment)
    if latest is None:
        latest = _ask(run)
        if latest is None:
            return None
        _remember(path, latest, moment)
    return Release(CURRENT_VERSION, latest)


def _ask(run: Run) -> str | None:
    """Ask pip, or where it does not answer uv, which version it would install."""
    report = run((sys.executable, *_PIP, PACKAGE_NAME), "")
    latest = _reported(report) if report is not None else None
    if latest is None:
        lines = run((*_UV, "--python", sys.executable, "-"), f"{PACKAGE_NAME}\n") or ""
        found = re.search(rf"^{PACKAGE_NAME}==(\S+)", lines, re.MULTILINE)
        latest = found[1] if found else None
    return latest if latest and _VERSION.fullmatch(latest) else None


def _reported(report: str) -> str | None:
    import json

    with suppress(ValueError, LookupError, TypeError):  # not JSON, or not the report this was written for
        return str(json.loads(report)["install"][0]["metadata"]["version"])
    return None


def _remembered(path: Path, now: float) -> str | None:
    import json

    with suppress(OSError, ValueError, LookupError, TypeError):  # no file, or not one of ours
        kept = json.loads(path.read_text("utf-8"))
        latest = str(kept["latest"])
        if 0 <= now - kept["asked"] < _DAY and _VERSION.fullmatch(latest):
            return latest
    return None


def _remember(path: Path, latest: str, now: float) -> None:
    import json

    with suppress(OSError):  # a read-only home costs a repeated question, nothing more
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"{path.name}.{os.getpid()}")
        part.write_text(json.dumps({"latest": latest, "asked": now}), "utf-8")
        part.replace(path)


def _order(version: str) -> tuple[tuple[int, ...], tuple[str, int], int, tuple[bool, int]]:
    """Return a key that sorts versions: 1.0.dev1 < 1.0a1 < 1.0rc1 < 1.0 < 1.0.post1."""
    found = _VERSION.fullmatch(version)
    if not found:
        raise ValueError(f"version {version!r} is not of the form 2.0.0, 2.0.0rc1 or 2.0.0.dev0")
    numbers, stage, count, post, dev = found.groups()
    release = [int(number) for number in numbers.split(".")]
    while release and release[-1] == 0:
        release.pop()
    before = "" if dev and not stage and not post else "z"  # a development version comes before every other stage
    return tuple(release), (stage or before, int(count or 0)), int(post or -1), (not dev, int(dev or 0))


if TYPE_CHECKING:  # so that checkers know this one name, and keep reporting names that do not exist
    LATEST_VERSION: str | None
    """The newest version released, or None where it cannot be told. Reading it may start pip and take seconds."""
else:

    def __getattr__(name: str) -> str | None:
        if name == "LATEST_VERSION":
            release = check_release()
            return release.latest if release else None
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
