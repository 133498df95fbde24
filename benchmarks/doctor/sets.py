"""The sets the doctor is measured on: DEV is in the tree, the validation set and the ladder are drawn.

The thresholds are tuned on DEV alone. The seed of the validation set is the hash of the commit that froze them, so it
holds programs that nobody has seen; each freeze is measured once, and every such run is a row in `docs/doctor.md`.
"""

from __future__ import annotations

import datetime
import shutil
import statistics
import subprocess
from collections import defaultdict
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from generate import CLASSES, DEV, HURTS, write_ladder, write_validation
from score import Outcome, Rate, Scorecard, Truth, better, detections, rate

ROOT = DEV.parents[2]
KEPT = ROOT / ".bench" / "doctor"
FROZEN = "src/pellucid/doctor/checks"
"""What holds the thresholds."""
COLUMNS = ("date", "commit", "seed", "faults detected", "right cause first", "causes that are right", "place named",
           "twins accused", "healthy accused", "median steps")  # fmt: skip


def frozen() -> str:
    """The hash of the last commit that changed the checks.

    Raises: SystemExit where the doctor differs from what is committed.
    """
    changed = _git("status", "--porcelain", "--", "src/pellucid/doctor", "benchmarks/doctor", str(DEV))
    if changed:
        raise SystemExit(f"the doctor is not frozen; commit first:\n{changed}")
    return _git("log", "-1", "--format=%H", "--", FROZEN)


def validation(seed: str, each: int, well: int, jobs: int, classes: int = CLASSES) -> Path:
    """The manifest of the validation set of a seed."""
    folder = KEPT / f"val-{seed[:12]}-{each}-{well}-{classes}-{_generator()}"
    if not (folder / "zoo.yaml").exists():
        shutil.rmtree(folder, ignore_errors=True)
        write_validation(folder, seed, each, well, jobs, classes)
    return folder / "zoo.yaml"


def ladder(each: int, jobs: int) -> Path:
    """The manifest of the ladder."""
    folder = KEPT / f"ladder-{each}-{_generator()}"
    if not (folder / "zoo.yaml").exists():
        shutil.rmtree(folder, ignore_errors=True)
        write_ladder(folder, "ladder", each, jobs)
    return folder / "zoo.yaml"


def curve(truths: dict[str, Truth], outcomes: Iterable[Outcome]) -> str:
    """For each strength of each fault: how often it hurts, is detected, and is named first."""
    steps: dict[tuple[str, float], list[tuple[Truth, Outcome]]] = defaultdict(list)
    for one in outcomes:
        truth = truths[one.program]
        steps[truth.fault, truth.strength].append((truth, one))
    lines = ["| fault | strength | hurts | detected | named first |", "|---|---|---|---|---|"]
    for (fault, strength), runs in steps.items():
        hurts = rate(better(truth.twin, None if one.score is None else one.score + HURTS) for truth, one in runs)
        detected = rate(bool(detections(truth, one.alarms)) for truth, one in runs)
        named = rate(bool(one.alarms) and one.alarms[0]["check"] in truth.causes for truth, one in runs)
        shown = " | ".join(f"{share.hits}/{share.of}" for share in (hurts, detected, named))
        lines.append(f"| {fault} | {strength:g} | {shown} |")
    return "\n".join(lines)


def row(card: Scorecard, seed: str) -> str:
    """One line of the log of validation runs."""
    rates = (card.recall, card.right_first, card.precision, card.placed, card.twins_accused, card.hard_accused)
    delay = ", ".join(f"{stage} {statistics.median(steps):g}" for stage, steps in card.delays.items())
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    return f"| {' | '.join([today, _git('rev-parse', '--short', 'HEAD'), seed[:12], *map(_shown, rates), delay])} |"


def log(file: Path, line: str) -> None:
    """Writes a row below the others in the table of validation runs; the table is made where there is none."""
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    head = f"| {' | '.join(COLUMNS)} |"
    if head not in lines:
        lines += ["", head, "|" + "---|" * len(COLUMNS)]
    place = lines.index(head)
    while place < len(lines) and lines[place].startswith("|"):
        place += 1
    lines.insert(place, line)
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def logged(file: Path, seed: str) -> bool:
    """Whether the log holds a run of this seed."""
    return file.exists() and f"| {seed[:12]} |" in file.read_text(encoding="utf-8")


def _shown(share: Rate) -> str:
    low, high = share.interval()
    return f"{share.share:.3f} ({low:.3f} to {high:.3f}), {share.hits}/{share.of}"


def _generator() -> str:
    """Changes with the generator and with what DEV says of causes."""
    here = Path(__file__).parent
    names = ("compose", "draft", "drawn_data", "drawn_faults", "drawn_mistakes", "drawn_nets", "generate")
    texts = [(here / f"{name}.py").read_bytes() for name in names]
    return sha256(b"".join([*texts, DEV.read_bytes()])).hexdigest()[:8]


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip()
