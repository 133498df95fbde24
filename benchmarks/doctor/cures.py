"""How often the doctor's cures of scripts are proved, and how often a proof is wrong; a random cure beside them.

    python benchmarks/doctor/cures.py                        # every program with a cure that needs no edit
    python benchmarks/doctor/cures.py --only slow_adam,zero_init --lines cures.jsonl
    python benchmarks/doctor/cures.py --zoo .bench/doctor/val-1a2b3c4d5e6f-3-300-8d9e0f1a/zoo.yaml   # of a drawn set

For each faulty program of the zoo: what the doctor finds is treated as `pellucid doctor --verify` treats it, the first
finding that has such a cure, at most three treatments. A cure that is proved is tried on three seeds it has not seen:
where it does not lower the loss there, the proof was false. The random cure is drawn from all treatments, with the
name of the program as its seed. Runs are forked from this process, which computes nothing, to save the imports.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import sklearn.datasets  # noqa: F401 - each run would import it
from generate import DEV
from score import Rate, Truth, rate, read_truths

from pellucid.doctor import verify
from pellucid.doctor.diagnose import diagnose
from pellucid.doctor.script import shims, trial
from pellucid.doctor.script.hooks import installed
from pellucid.doctor.script.launch import plainly
from pellucid.doctor.script.watch import Watch
from pellucid.doctor.treatment import Shim, Treatment
from pellucid.doctor.treatment import shims as offered
from pellucid.doctor.treatments.catalogue import KINDS
from pellucid.doctor.verify import Arm
from pellucid.findings import Finding
from pellucid.parts import concrete

FRESH = 100
"""First of the seeds that no cure was proved on."""
Control = dict[tuple[str, int], Arm]


def findings(program: Path) -> list[Finding]:
    """What the doctor finds in a faulty program."""

    def watched(out: Path) -> None:
        watch = Watch()
        with installed(watch):
            code = plainly(str(program), ["--seed", "1"])
        found = diagnose(watch.outcome(code).history)
        out.write_text(json.dumps([asdict(one) for one in found]), encoding="utf-8")

    return [Finding(**{**one, "explains": tuple(one["explains"])}) for one in json.loads(_forked(watched) or "[]")]


def roots(found: list[Finding]) -> list[Finding]:
    """The alarms that no other explains, in the order of the doctor."""
    alarms = [one for one in found if one.severity != "info"]
    explained = {check for one in alarms for check in one.explains}
    return [one for one in alarms if one.check not in explained]


def arm(program: Path, shim: Shim, seed: int, *, control: bool) -> Arm:
    """One run of a program, with a shim or as the control of one."""

    def one(out: Path) -> None:
        asked = out.with_name("asked.json")
        command = trial.Command(str(program), ["--seed", "1"])
        asked.write_text(json.dumps({"command": command._asdict(), "shim": shim, "seed": seed, "control": control,
                                     "steps": trial.HORIZON}))  # fmt: skip
        trial.main(asked, out)

    return trial.read(_forked(one), seed)


def tried(program: Path, finding: Finding, shim: Shim, pairs: int, known: Control, first: int = 0) -> dict[str, Any]:
    """A treatment with so many pairs; two more than three only where three all agree."""
    units = shim["kind"] if shim["kind"] in shims.MEASURING else ""
    control: list[Arm] = []
    cure: list[Arm] = []
    for seed in range(first, first + pairs):
        if (units, seed) not in known:
            known[units, seed] = arm(program, shim, seed, control=True)
        control.append(known[units, seed])
        cure.append(arm(program, shim, seed, control=False))
        if len(cure) == 3 and verify.judge(finding, tuple(control), tuple(cure))[0] == "not cured":
            break
    words = {}
    for many in (3, 5):
        if len(cure) >= many:
            words[str(many)], _, why = verify.judge(finding, tuple(control[:many]), tuple(cure[:many]))
            words["why"] = why
    losses = [[one.loss, other.loss] for one, other in zip(control, cure, strict=True)]
    return {"shim": shim, "losses": losses, **words}


def measure(program: Path, truth: Truth, pairs: int) -> dict[str, Any]:
    """Everything about one program."""
    found = findings(program)
    alarms = [one for one in found if one.severity != "info"]
    detected = any(one.check in truth.causes | truth.also for one in alarms)
    told = {"program": truth.name, "detected": detected, "findings": [one.check for one in alarms]}
    chosen = next(((one, list(offered(one))[: trial.TRIES]) for one in roots(found) if offered(one)), None)
    if chosen is None:
        return told | {"tries": []}
    finding, options = chosen
    known: Control = {}
    tries: list[dict[str, Any]] = []
    for treatment, shim in options:
        tries.append({"treatment": treatment.dump()["kind"], **tried(program, finding, shim, pairs, known)})
        if _word(tries[-1]) != "not cured":
            fresh = tried(program, replace(finding), shim, 3, known, FRESH)
            tries[-1]["fresh"] = fresh
            break
    menu = [(kind, concrete(Treatment, kind).shim(finding)) for kind in KINDS]
    kind, shim = random.Random(truth.name).choice([one for one in menu if one[1] is not None])
    assert shim is not None
    chance = {"treatment": kind, **tried(program, finding, shim, 3, known)}
    return told | {"check": finding.check, "right": finding.check in truth.causes, "tries": tries, "random": chance}


def table(told: list[dict[str, Any]]) -> str:
    """The figures."""
    with_cure = [one for one in told if one["detected"] and one["tries"]]
    ends = [one["tries"][-1] for one in with_cure]
    proved = [end for end in ends if _word(end) != "not cured"]
    figures: dict[str, Rate] = {
        "detected, with such a cure": rate(bool(one["tries"]) for one in told if one["detected"]),
        "cured, 3 pairs (likely)": rate(end["3"] != "not cured" for end in ends),
        "cured, 5 pairs (verified)": rate(end.get("5", "not cured") != "not cured" for end in ends),
        "random cure, 3 pairs": rate(one["random"]["3"] != "not cured" for one in with_cure),
        "false cures": rate(not _better(end["fresh"]) for end in proved),
    }
    lines = [f"{'':30}{'share':>8}{'95 % interval':>18}{'programs':>12}"]
    for name, one in figures.items():
        low, high = one.interval()
        lines.append(f"{name:30}{one.share:8.3f}{f'{low:.3f} to {high:.3f}':>18}{f'{one.hits}/{one.of}':>12}")
    return "\n".join(lines)


def _word(one: dict[str, Any]) -> str:
    return one.get("5", one["3"])


def _better(fresh: dict[str, Any]) -> bool:
    """Whether the mean loss on the fresh seeds is lower; one that is not finite is worse than any."""
    before, after = zip(*fresh["losses"], strict=True)
    return sum(after) < sum(before)


def _forked(act: Any) -> str:
    """What `act` writes to the file it is given, in a process of its own; empty where it fails."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.json"
        child = os.fork()
        if not child:
            code = 1
            try:
                silent = os.open(os.devnull, os.O_RDWR)
                for stream in (0, 1, 2):
                    os.dup2(silent, stream)
                os.chdir(folder)
                act(out)
                code = 0
            finally:
                os._exit(code)
        os.waitpid(child, 0)
        return out.read_text(encoding="utf-8") if out.exists() else ""


def main() -> None:
    """Measures, prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="names of programs, with commas")
    parser.add_argument("--zoo", type=Path, default=DEV, metavar="MANIFEST", help="the set; left out, DEV")
    parser.add_argument("--pairs", type=int, choices=(3, 5), default=5)
    parser.add_argument("--lines", type=Path, metavar="FILE", help="a line of JSON for each; those in it are not run")
    options = parser.parse_args()
    truths = {name: one for name, one in read_truths(options.zoo).items() if one.group == "faults"}
    chosen = list(filter(None, options.only.split(","))) or list(truths)
    if unknown := set(chosen) - truths.keys():
        parser.error(f"the zoo has no {', '.join(sorted(unknown))}")
    path: Path | None = options.lines
    told = [json.loads(line) for line in path.read_text().splitlines()] if path and path.exists() else []
    done = {one["program"] for one in told}
    for program in chosen:
        if program in done:
            continue
        script = options.zoo.absolute().parent / "programs" / f"{program}.py"
        told.append(measure(script, truths[program], options.pairs))
        words = ", ".join(f"{one['treatment']} {_word(one)} ({one['why']})" for one in told[-1]["tries"])
        print(f"{program}: {told[-1].get('check', 'no such cure')}: {words}", flush=True)
        if path:
            with path.open("a") as file:
                file.write(json.dumps(told[-1]) + "\n")
    print(f"\n{table(told)}")


if __name__ == "__main__":
    sys.exit(main())
