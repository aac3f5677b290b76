"""The floors of `src/upbit`: imports only go down, and only some files may wait, read the clock or the environment."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

SRC = Path(__file__).parent.parent / "src"
FILES = {".".join(path.relative_to(SRC).with_suffix("").parts): path for path in sorted(SRC.rglob("*.py"))}
MODULES = {name.removesuffix(".__init__"): path for name, path in FILES.items()}

WORDS = {"errors", "rules", "models"}
PAPER_MAY = {"words", "wire", "api", "paper"}
MEETING = {"upbit.paper.doors", "upbit.paper.inside", "upbit.paper.inside_socket"}
"""Where the paper exchange meets the client: the only files of it that may use doors."""
ORDER = ["words", "wire", "api", "flow", "io", "doors", "programs"]

WAITING = {"asyncio", "threading", "socket", "ssl", "http", "aiohttp", "urllib3", "websockets", "requests", "selectors"}
MAY_WAIT = {
    "upbit.websocket",
    "upbit.paper.server",
    "upbit.paper.carriage",
    "upbit.paper.committer",
    "upbit.paper.outlet",
    "upbit.paper.doors",
    "upbit.paper.inside",
    "upbit.paper.inside_socket",
}
CLOCKS = {"time", "secrets"}
TERMINAL = {"click", "rich"}


def floor(module: str) -> str:
    parts = module.split(".")
    if len(parts) == 1:
        return "doors"
    name = parts[1]
    if name in WORDS:
        return "words"
    if name in ("wire", "api", "flow", "io"):
        return name
    if name in ("paper", "cli", "__main__"):
        return "programs"
    return "doors"


def program(module: str) -> str:
    return module.split(".")[1] if floor(module) == "programs" else ""


def imports(module: str) -> Iterator[str]:
    """Every module that a module imports, anywhere in it, ours by full name."""
    path = MODULES[module]
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = package.split(".")
                base = ".".join([*parts[: len(parts) - node.level + 1], *([base] if base else [])])
            for alias in node.names:
                full = f"{base}.{alias.name}"
                yield full if full in MODULES else base


def ours(module: str) -> set[str]:
    return {name for name in imports(module) if name in MODULES and name != module}


def foreign(module: str) -> set[str]:
    """The packages a module imports; `http` alone is a table of numbers, `http.client` and its like wait."""
    found = {name if name == "http" else name.split(".")[0] for name in imports(module)}
    return {"status" if name == "http" else name for name in found} - {"upbit"}


@pytest.mark.parametrize("module", MODULES)
def test_imports_only_go_down(module: str) -> None:
    height = ORDER.index(floor(module))
    climbing = {name for name in ours(module) if ORDER.index(floor(name)) > height}
    if floor(module) == "doors":
        # A door may open onto the paper exchange only by name, when asked: `upbit.paper` is an attribute.
        climbing = {name for name in climbing if name != "upbit.paper"}
    assert set() == climbing


@pytest.mark.parametrize("module", [name for name in MODULES if program(name) == "paper" and name not in MEETING])
def test_the_paper_exchange_knows_no_client(module: str) -> None:
    allowed = {name for name in ours(module) if floor(name) in PAPER_MAY or program(name) == "paper"}
    assert allowed == ours(module)


def test_no_module_imports_itself_through_others() -> None:
    graph = {module: ours(module) - {module.rpartition(".")[0]} for module in MODULES}
    assert len(MODULES) == len(tuple(TopologicalSorter(graph).static_order()))


@pytest.mark.parametrize("module", [name for name in MODULES if floor(name) not in ("io",) and program(name) != "cli"])
def test_only_some_files_wait(module: str) -> None:
    waiting = foreign(module) & WAITING
    assert waiting == (waiting if module in MAY_WAIT else set())


@pytest.mark.parametrize("module", MODULES)
def test_only_doors_and_programs_read_the_clock_or_the_environment(module: str) -> None:
    core = floor(module) not in ("doors", "programs", "io") or (
        program(module) == "paper" and module not in MEETING | {"upbit.paper.server", "upbit.paper.clock"}
    )
    if core:
        assert set() == foreign(module) & (CLOCKS | {"os"})


@pytest.mark.parametrize("module", [name for name in MODULES if program(name) != "cli"])
def test_only_the_command_line_knows_a_terminal(module: str) -> None:
    assert set() == foreign(module) & TERMINAL


def loaded_by(statement: str) -> set[str]:
    """The modules that a fresh interpreter has after a statement."""
    code = f"{statement}\nimport sys\nprint(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    return set(ran.stdout.split())


def test_the_sync_face_does_not_import_aiohttp() -> None:
    assert set() == loaded_by("import upbit; upbit.Upbit()") & {"aiohttp", "websockets", "click", "rich", "asyncio"}


def test_importing_the_package_imports_no_library() -> None:
    assert set() == loaded_by("import upbit") & {"aiohttp", "websockets", "click", "rich", "urllib3", "msgspec"}
