"""The floors of ARCHITECTURE.md, as `pyproject.toml` writes them down for import-linter."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_arrows_go_down_only(tmp_path: Path) -> None:
    linter = Path(sys.executable).parent / "lint-imports"
    command = [linter, "--no-logo", "--cache-dir", tmp_path]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
