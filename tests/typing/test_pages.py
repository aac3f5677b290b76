"""The types hold: legal uses pass under mypy and pyright, and every forbidden one is reported."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
FORBIDDEN = HERE / "forbidden.py"
MARKED = {number for number, line in enumerate(FORBIDDEN.read_text("utf-8").splitlines(), 1) if line.endswith("# E")}


def run(*command: str) -> str:
    ran = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False, timeout=300
    )
    return ran.stdout


def test_mypy_reports_every_forbidden_line_and_no_other() -> None:
    said = run("mypy", "--strict", str(FORBIDDEN))
    reported = {int(number) for number in re.findall(r"forbidden\.py:(\d+): error", said)}
    assert MARKED == reported, said


def test_pyright_reports_every_forbidden_line_and_no_other(tmp_path: Path) -> None:
    config = {
        "include": [str(FORBIDDEN)],
        "extraPaths": [str(ROOT / "src")],
        "venvPath": str(Path(sys.prefix).parent),
        "venv": Path(sys.prefix).name,
        "typeCheckingMode": "strict",
        "reportUnusedExpression": False,
        "reportUnusedCoroutine": False,
    }
    project = tmp_path / "pyrightconfig.json"
    project.write_text(json.dumps(config), "utf-8")
    said = json.loads(run("basedpyright", "--project", str(project), "--outputjson"))
    reported = {one["range"]["start"]["line"] + 1 for one in said["generalDiagnostics"] if one["severity"] == "error"}
    assert MARKED == reported, said["generalDiagnostics"]
