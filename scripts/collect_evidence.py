"""Runs what is slow and writes what it said to evidence/: see `scripts/evidence`, which calls it.

Each test module gets one file, `evidence/<folder>-<module>.json`, and the benchmarks get `evidence/benchmarks.json`.
How often the doctor is right on the zoo, and on drawn programs of four strengths, is in `evidence/zoo.json` and
`ladder.json`, what watching costs in `overhead.json`. Its validation set is measured apart, once a freeze:
`scripts/zoo --set val`. For every slow test a file holds the commit, the date, the machine, the rows, the outcome and
a digest of each path it vouches for: once the files under such a path differ, `scripts/rows` calls the evidence
stale.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
EVIDENCE = ROOT / "evidence"
NO_TESTS = 5
"""pytest's exit status where it found nothing to run."""


def digest(path: str) -> str:
    """SHA-256 over the names and bytes of all files under a path of the project; equal trees have equal digests."""
    place = ROOT / path
    files = [place] if place.is_file() else sorted(item for item in place.rglob("*") if item.is_file())
    whole = sha256()
    for file in files:
        if "__pycache__" not in file.parts:
            whole.update(f"{file.relative_to(ROOT).as_posix()}\0{sha256(file.read_bytes()).hexdigest()}\n".encode())
    return whole.hexdigest()


def run_tests(arguments: list[str]) -> int:
    """Runs the slow tests and writes their evidence; returns pytest's exit status."""
    with tempfile.TemporaryDirectory() as folder:
        ledger = Path(folder) / "ledger.json"
        command = [sys.executable, "-m", "pytest", "-m", "slow", "--ledger", str(ledger), *arguments]
        status = subprocess.run(command, cwd=ROOT, check=False).returncode
        told = json.loads(ledger.read_text(encoding="utf-8")) if ledger.exists() else {}
    modules: dict[Path, dict[str, Any]] = defaultdict(dict)
    for name, test in told.items():
        if test.pop("slow") and test["outcome"] in ("passed", "failed"):
            module = Path(name.partition("::")[0])
            test["covers"] = {path: digest(path) for path in test["covers"]}
            modules[module][name] = test
    for module, tests in modules.items():
        _write("-".join(module.with_suffix("").parts[1:]), {"tests": tests})
    return 0 if status == NO_TESTS else status


def run_benchmarks() -> int:
    """Runs every workload of the benchmarks and writes its medians."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "benchmarks.json"
        status = subprocess.run([ROOT / "scripts" / "bench", "--json", out], check=False).returncode
        if status == 0:
            found = json.loads(out.read_text(encoding="utf-8"))
            found["covers"] = {path: digest(path) for path in ("benchmarks", "src/pellucid")}
            _write("benchmarks", found)
    return status


def run_doctor() -> int:
    """Measures the doctor on the zoo, on the ladder, and by the time it takes."""
    covers, results = ("benchmarks/doctor", "tests/faults", "src/pellucid/doctor", "src/pellucid/probes"), []
    doctor = ROOT / "benchmarks" / "doctor"
    for name, program, arguments in (
        ("zoo", "zoo.py", ["--seeds", "3"]),
        ("ladder", "zoo.py", ["--set", "ladder"]),
        ("overhead", "overhead.py", []),
    ):
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / f"{name}.json"
            command = [sys.executable, doctor / program, *arguments, "--json", out]
            environment = {**os.environ, "OMP_NUM_THREADS": "1"}
            results.append(subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode)
            if out.exists():
                figures = json.loads(out.read_text(encoding="utf-8"))
                figures.pop("outcomes", None)
                _write(name, {**figures, "covers": {path: digest(path) for path in covers}})
    return max(results)


def _write(name: str, value: dict[str, Any]) -> None:
    """Adds where and when to one piece of evidence; tests that were not run this time keep what they said."""
    path = EVIDENCE / f"{name}.json"
    EVIDENCE.mkdir(exist_ok=True)
    facts = {"commit": _git("rev-parse", "HEAD"), "changed": bool(_git("status", "--porcelain", "--", "src", "tests")),
             "date": datetime.now(UTC).isoformat(timespec="seconds"), "machine": _machine()}  # fmt: skip
    if "tests" in value:
        before = json.loads(path.read_text(encoding="utf-8"))["tests"] if path.exists() else {}
        fresh = {test: {**said, **facts} for test, said in value["tests"].items()}
        value = {"name": name, "tests": dict(sorted({**before, **fresh}.items()))}
    else:
        value = {"name": name, **facts, **value}
    path.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")
    print(f"wrote {path.relative_to(ROOT)}")


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()


def _machine() -> dict[str, Any]:
    script = ROOT / "benchmarks" / "machine.py"
    return json.loads(subprocess.run([sys.executable, script], capture_output=True, text=True, check=True).stdout)


if __name__ == "__main__":
    arguments = sys.argv[1:]
    results = [run_tests(arguments)] if arguments else [run_tests([]), run_benchmarks(), run_doctor()]
    sys.exit(max(results))
