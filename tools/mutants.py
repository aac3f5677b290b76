"""How good the tests of the parts are that touch money: each small change to their code should make a test fail.

`python -m tools.mutants [--sample N] [--seed S] [NAME ...]` changes one operator, number, name or statement at a time
in a copy of the sources, runs the tests of that part and names the changes that no test noticed. Changes to what people
read (docstrings, messages, annotations) are not made. It ends with 1 when fewer than nine in ten were noticed.
A change that makes no difference to anybody counts as one that was not noticed.

This is written here because the libraries for it rewrite modules so that they choose a change while they run, which
the type-driven parts (structs, NamedTuples, module constants) do not survive.
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
SOURCES = ROOT / "src"
GOAL = 0.9
PATIENCE = 90
"""Seconds after which tests that go on for ever count as failed."""
WORKERS = os.cpu_count() or 2


class Part(NamedTuple):
    """A part of the code, and the tests that answer for it."""

    files: tuple[str, ...]
    tests: tuple[str, ...]


PARTS: Mapping[str, Part] = {
    "signer": Part(
        ("wire/token.py", "secret.py"), ("tests/wire/test_token.py", "tests/test_client.py", "tests/test_canary.py")
    ),
    "quota": Part(
        ("wire/quota.py", "flow/pace.py"),
        ("tests/wire/test_quota.py", "tests/flow/test_pace.py", "tests/flow/test_call.py", "tests/test_limiter.py"),
    ),
    "intent": Part(("flow/intent.py",), ("tests/flow/test_intent.py", "tests/test_fault_matrix.py")),
    "ledger": Part(("paper/ledger.py",), ("tests/paper/test_ledger.py", "tests/paper/test_register.py")),
}


class Mutant(NamedTuple):
    """One change."""

    file: str
    line: int
    what: str
    code: str
    """The whole file, changed."""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.what}"


_COMPARED: Mapping[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
_REACHED: Mapping[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
    ast.RShift: ast.LShift,
    ast.LShift: ast.RShift,
}


def changes(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """What can be changed at a place: in words, and the node that takes its place."""
    match node:
        case ast.Compare(left, [operator], comparators) if type(operator) in _COMPARED:
            other = _COMPARED[type(operator)]()
            yield f"{_name(operator)} -> {_name(other)}", ast.Compare(left, [other], comparators)
        case ast.BinOp(left, operator, right) if type(operator) in _REACHED and not _textual(node):
            reached = _REACHED[type(operator)]()
            yield f"{_name(operator)} -> {_name(reached)}", ast.BinOp(left, reached, right)
        case ast.BoolOp(operator, values):
            other_way = ast.Or() if isinstance(operator, ast.And) else ast.And()
            yield f"{_name(operator)} -> {_name(other_way)}", ast.BoolOp(other_way, values)
        case ast.UnaryOp(ast.Not(), operand):
            yield "not x -> x", operand
        case ast.Constant(bool(value)):
            yield f"{value} -> {not value}", ast.Constant(not value)
        case ast.Constant(int(value) | float(value)):
            yield f"{value} -> {value + 1}", ast.Constant(value + 1)
        case ast.Constant(str(value)) if value:
            yield f"{value!r} -> {value + 'x'!r}", ast.Constant(value + "x")
        case ast.If(test, body, orelse) if not isinstance(test, ast.Compare | ast.BoolOp | ast.UnaryOp):
            yield "if x -> if not x", ast.If(ast.UnaryOp(ast.Not(), test), body, orelse)
        case ast.Expr(ast.Call()) | ast.AugAssign() | ast.Delete():
            yield f"without `{ast.unparse(node)}`", ast.Pass()
        case ast.Return(value) if value is not None and not (isinstance(value, ast.Constant) and value.value is None):
            yield "return x -> return None", ast.Return(ast.Constant(None))
        case _:
            return


def _name(operator: ast.AST) -> str:
    return type(operator).__name__


def _textual(node: ast.BinOp) -> bool:
    """Types joined with `|`, and texts joined with `+`."""
    return any(isinstance(one, ast.Constant) and isinstance(one.value, str) for one in (node.left, node.right))


def places(tree: ast.AST) -> Iterator[tuple[ast.AST, str, int | None]]:
    """Where a node hangs in its parent: the parent, the field, the index. What people or checkers read is left out."""
    for field, value in ast.iter_fields(tree):
        if field in ("annotation", "returns", "decorator_list", "bases", "type_params"):
            continue
        children = value if isinstance(value, list) else [value]
        for index, child in enumerate(children):
            if not isinstance(child, ast.AST) or _read(child):
                continue
            yield tree, field, index if isinstance(value, list) else None
            yield from places(child)


def _read(node: ast.AST) -> bool:
    """Whether a node only tells people or checkers something."""
    match node:
        case ast.Expr(ast.Constant(str())) | ast.Raise() | ast.Assert() | ast.JoinedStr() | ast.Import():
            return True
        case ast.ImportFrom() | ast.AnnAssign(annotation=ast.Name("TypeAlias")):
            return True
        case ast.Assign(targets=[ast.Name("__slots__")]):
            return True
        case ast.Call(func=ast.Name("TypeVar" | "cast" | "overload")):
            return True
        case ast.If(test=ast.Name("TYPE_CHECKING")):
            return True
        case _:
            return False


def mutants(file: str) -> Iterator[Mutant]:
    """All changes of a file."""
    tree = ast.parse((SOURCES / "upbit" / file).read_text("utf-8"))
    for parent, field, index in list(places(tree)):
        value = getattr(parent, field)
        node = value if index is None else value[index]
        for what, other in changes(node):
            _put(parent, field, index, other)
            yield Mutant(file, getattr(node, "lineno", 0), what, ast.unparse(ast.fix_missing_locations(tree)))
        _put(parent, field, index, node)


def _put(parent: ast.AST, field: str, index: int | None, node: ast.AST) -> None:
    if index is None:
        setattr(parent, field, node)
    else:
        getattr(parent, field)[index] = node


def noticed(mutant: Mutant, copy: Path, tests: Sequence[str]) -> bool:
    """Say whether a test fails with a change, made in a copy of the sources."""
    path = copy / "upbit" / mutant.file
    before = path.read_text("utf-8")
    path.write_text(mutant.code, "utf-8")
    try:
        return not passed(copy, tests)
    finally:
        path.write_text(before, "utf-8")


def passed(copy: Path, tests: Sequence[str]) -> bool:
    """Run tests against a copy of the sources."""
    command = [sys.executable, "-B", "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-o", "addopts=", *tests]
    environ = {**os.environ, "PYTHONPATH": str(copy), "HYPOTHESIS_PROFILE": "default"}
    try:
        run = subprocess.run(
            [*command, "--import-mode=importlib"], cwd=ROOT, env=environ, capture_output=True, timeout=PATIENCE
        )
    except subprocess.TimeoutExpired:
        return False
    return run.returncode == 0


def judge(name: str, part: Part, sample: int | None, seed: int) -> tuple[int, list[Mutant]]:
    """Try the changes of a part, or so many of them; how many there were, and which nobody noticed."""
    tests = [test for test in part.tests if (ROOT / test).exists()]
    wanted = [mutant for file in part.files for mutant in mutants(file)]
    if sample is not None and sample < len(wanted):
        wanted = sorted(random.Random(seed).sample(wanted, sample))
    with TemporaryDirectory() as folder:
        copies: SimpleQueue[Path] = SimpleQueue()
        for worker in range(WORKERS):
            copy = Path(folder, str(worker))
            shutil.copytree(SOURCES, copy, ignore=shutil.ignore_patterns("__pycache__"))
            copies.put(copy)
        first = copies.get()
        if not passed(first, tests):
            raise RuntimeError(f"the tests of {name} fail without any change")
        copies.put(first)

        def attempt(mutant: Mutant) -> bool:
            copy = copies.get()
            try:
                return noticed(mutant, copy, tests)
            finally:
                copies.put(copy)

        with ThreadPoolExecutor(WORKERS) as pool:
            verdicts = list(pool.map(attempt, wanted))
    return len(wanted), [mutant for mutant, seen in zip(wanted, verdicts, strict=True) if not seen]


def main(arguments: Sequence[str] | None = None) -> int:
    """Try the changes of all parts or some; 1 when too few were noticed."""
    parser = argparse.ArgumentParser(prog="python -m tools.mutants", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(PARTS)}; all when not given")
    parser.add_argument("--sample", type=int, help="try so many changes of each part; all when not given")
    parser.add_argument("--seed", type=int, default=1, help="which ones")
    asked = parser.parse_args(arguments)
    unknown = [name for name in asked.names if name not in PARTS]
    if unknown:
        parser.error(f"there is no {', '.join(unknown)}; there are {', '.join(PARTS)}")
    weak = False
    for name in asked.names or PARTS:
        count, survivors = judge(name, PARTS[name], asked.sample, asked.seed)
        share = 1 - len(survivors) / count
        print(f"{name}: {count - len(survivors)} of {count} noticed, {share:.1%}", flush=True)
        for mutant in survivors:
            print(f"  not noticed: {mutant}", flush=True)
        weak = weak or share < GOAL
    return 1 if weak else 0


if __name__ == "__main__":
    sys.exit(main())
