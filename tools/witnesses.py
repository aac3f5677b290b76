"""Other people's clients, unmodified, on the paper exchange: what works and what does not.

    python -m tools.witnesses              all of them
    python -m tools.witnesses ccxt         some of them
    python -m tools.witnesses --lock       pin their newest allowed versions, with hashes, in requirements/

Each client lives in an environment of its own (.witnesses/<name>, made from requirements/witness-<name>.txt) and meets
a fresh exchange, `upbit paper serve` on a free port, in each protocol version it was made for. Its scenario
(tools/witness/) does what a newcomer does with it; afterwards our own client looks whether the exchange holds exactly
the orders that were meant. No request leaves this machine, except those of pip while it installs.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import NamedTuple

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from upbit import Upbit
from upbit.models import Order

from .mapper import mapper

ROOT = Path(__file__).parent.parent
HOMES = ROOT / ".witnesses"
SERVE = (sys.executable, "-m", "upbit", "paper", "serve", "--memory", "--port", "0", "--profile")
AGREES = "the exchange agrees"
"""The last step, which is ours."""
FAREWELL = 30.0
"""Seconds that an exchange may take to stop."""
TIMEOUT = 240.0
"""Seconds that a scenario may take."""


class Witness(NamedTuple):
    """A foreign client."""

    name: str
    requires: tuple[str, ...]
    profiles: tuple[str, ...] = ("current",)
    """The versions of the protocol in which it is heard."""

    @property
    def lock(self) -> Path:
        return ROOT / "requirements" / f"witness-{self.name}.txt"

    @property
    def module(self) -> str:
        return f"tools.witness.{self.name.replace('-', '_')}"


WITNESSES = (
    # It needs distutils, which setuptools brings to Python 3.12 and later.
    Witness("upbit-client", ("upbit-client==1.3.4.1", "setuptools<81"), ("2023", "current")),
    Witness("pyupbit", ("pyupbit==0.2.34",)),
    Witness("upbit-sdk", ("upbit-sdk==1.1.0",)),
    Witness("ccxt", ("ccxt==4.5.90",)),
)


class Finding(NamedTuple):
    """What came of a step."""

    session: str
    step: str
    saw: str
    error: str | None


def home(witness: Witness) -> Path:
    """Give the Python of a client's environment, made anew when its lock has changed."""
    folder = HOMES / witness.name
    python, done, lock = folder / "bin" / "python", folder / "lock.txt", witness.lock.read_text("utf-8")
    if not done.exists() or done.read_text("utf-8") != lock:
        print(f"Installing {witness.lock.relative_to(ROOT)}", flush=True)
        _run(sys.executable, "-m", "venv", "--clear", str(folder))
        install = ("-m", "pip", "--disable-pip-version-check", "--quiet", "install", "--require-hashes", "-r")
        _run(str(python), *install, str(witness.lock))
        done.write_text(lock, "utf-8")
    return python


def _run(*command: str) -> None:
    subprocess.run(command, cwd=ROOT, check=True)


@contextmanager
def served(profile: str) -> Generator[dict[str, str]]:
    """Serve a fresh exchange from a process of its own; gives the environment it prints."""
    command = [*SERVE, profile]
    with (
        TemporaryFile("w+") as said,
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=said, text=True) as process,
    ):
        try:
            yield _environment(process.stdout or ())
        finally:
            process.terminate()
            if process.wait(FAREWELL):
                said.seek(0)
                print(said.read(), file=sys.stderr)


def _environment(lines: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in lines:
        name, equals, value = line.strip().partition("=")
        if equals and name.startswith("UPBIT_"):
            found[name] = value
        if {"UPBIT_BASE_URL", "UPBIT_WS_URL", "UPBIT_ACCESS_KEY", "UPBIT_SECRET_KEY"} <= found.keys():
            return found
    raise RuntimeError("the exchange ended before it was ready")


def hear(witness: Witness, profile: str) -> list[Finding]:
    """Let a client go through its scenario on a fresh exchange, and look at what it left behind."""
    python = home(witness)
    with served(profile) as exchange, TemporaryDirectory() as folder:
        # The name is the one that the 2023 client asks for unsigned.
        file = Path(folder) / "swg_mapper.json"
        file.write_text(json.dumps(mapper(exchange["UPBIT_BASE_URL"].partition("://")[2])), "utf-8")
        heard = _scenario([str(python), "-m", witness.module], exchange | {"UPBIT_MAPPER_URL": file.as_uri()})
        findings, meant = told(heard.stdout, witness.name)
        if heard.returncode:
            findings.append(Finding(witness.name, "come to an end", "", f"exit status {heard.returncode}"))
        findings.append(look(exchange, meant, witness.name))
    if any(one.error for one in findings):
        print(heard.stderr, file=sys.stderr)
    return findings


def _scenario(command: Sequence[str], exchange: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "UPBIT")) and not name.lower().endswith("_proxy")
    }
    try:
        return subprocess.run(
            command,
            cwd=ROOT,
            env=inherited | dict(exchange),
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        output, errors = (one if isinstance(one, str) else (one or b"").decode() for one in (late.output, late.stderr))
        return subprocess.CompletedProcess(command, 1, output, f"{errors}\nno end after {TIMEOUT} s")


def told(output: str, name: str) -> tuple[list[Finding], dict[str, str]]:
    """Read what a scenario printed: what came of its steps, and the orders it meant to leave."""
    findings: list[Finding] = []
    meant: dict[str, str] = {}
    for line in output.splitlines():
        if not line.startswith('{"session"'):
            continue  # clients print, too
        said = json.loads(line)
        if "orders" in said:
            meant |= said["orders"]
        elif said["step"] != "construct" or "error" in said:
            findings.append(Finding(said["session"], said["step"], said.get("saw", ""), said.get("error")))
    if not findings:
        findings.append(Finding(name, "begin", "", "nothing was told"))
    return findings, meant


def look(exchange: Mapping[str, str], meant: Mapping[str, str], name: str) -> Finding:
    """Say whether the exchange holds the orders that were meant and nothing else, seen with our own client."""
    keys = exchange["UPBIT_ACCESS_KEY"], exchange["UPBIT_SECRET_KEY"]
    with Upbit(*keys, base_url=exchange["UPBIT_BASE_URL"]) as client:
        held = {one.uuid: outcome(one) for one in client.orders.list_closed(states=["done", "cancel"])}
        waiting = client.orders.list_open()
        locked = [one.currency for one in client.accounts.list() if one.locked]
    differences = [
        f"{uuid}: {meant.get(uuid, 'nothing')} was meant, {held.get(uuid, 'nothing')} is held"
        for uuid in sorted(meant.keys() | held.keys())
        if meant.get(uuid) != held.get(uuid)
    ]
    differences += [f"{one.uuid} is still open" for one in waiting] + [f"{one} is locked" for one in locked]
    return Finding(name, AGREES, f"{len(held)} orders", "; ".join(differences) or None)


def outcome(order: Order) -> str:
    """Say what became of a closed order, in the words of the scenarios."""
    return f"{order.side} {order.ord_type} {'filled' if order.executed_volume else 'cancelled'}"


def table(findings: Mapping[str, Sequence[Finding]]) -> Table:
    """Set steps against sessions; `findings` are by the version of the protocol."""
    results = {(one.session, profile, one.step): one for profile, some in findings.items() for one in some}
    columns = dict.fromkeys((session, profile) for session, profile, _ in results)
    steps = dict.fromkeys(step for _, _, step in results if step != AGREES)
    shown = Table("step", box=SIMPLE, pad_edge=False)
    for session, profile in columns:
        shown.add_column(f"{session}\n{profile}")
    for step in [*steps, AGREES]:
        found = [results.get((*column, step)) for column in columns]
        shown.add_row(step, *["-" if one is None else "failed" if one.error else "ok" for one in found])
    return shown


def main(arguments: Sequence[str] | None = None) -> int:
    """Hear the witnesses; 1 if anything failed."""
    parser = argparse.ArgumentParser(prog="python -m tools.witnesses", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(one.name for one in WITNESSES))
    parser.add_argument("--lock", action="store_true", help="pin versions and hashes instead")
    options = parser.parse_args(arguments)
    unknown = set(options.names) - {one.name for one in WITNESSES}
    if unknown:
        parser.error(f"there is no {', '.join(sorted(unknown))}")
    chosen = [one for one in WITNESSES if one.name in options.names or not options.names]
    if options.lock:
        for witness in chosen:
            pin(witness)
        return 0
    findings: dict[str, list[Finding]] = {}
    for witness in chosen:
        for profile in witness.profiles:
            print(f"\n{witness.requires[0]}, profile {profile}", flush=True)
            heard = hear(witness, profile)
            findings.setdefault(profile, []).extend(heard)
            for one in heard:
                print(f"  {'failed' if one.error else 'ok':8}{one.session:18}{one.step:26}{one.error or one.saw}")
    Console(width=120).print("", table(findings))
    failed = sum(one.error is not None for some in findings.values() for one in some)
    print(f"{failed} failed" if failed else "all ok")
    return 1 if failed else 0


def pin(witness: Witness) -> None:
    """Write a client's lock."""
    uv = Path(sys.executable).parent / "uv"
    options = "--quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --upgrade"
    command = [str(uv), "pip", "compile", *options.split(), "-o", str(witness.lock), "-"]
    subprocess.run(command, cwd=ROOT, input="\n".join(witness.requires), text=True, check=True)


if __name__ == "__main__":
    sys.exit(main())
