"""Runs the programs of the zoo under the doctor and prints how often it is right.

scripts/zoo                                     # every program, its twin, and the hard healthy ones
scripts/zoo --only zero_init,slow_adam --seeds 3 --json card.json
scripts/zoo --tool rules                        # the rules of published tools on the same programs
scripts/zoo --plain                             # are all losses and weights the same to the bit without the doctor?
scripts/zoo --set val --log docs/doctor.md      # the validation set, drawn from the hash of the commit: once a freeze
scripts/zoo --set val --trial 7 --each 1 --well 10   # the same machinery with a throwaway seed; --classes 99 for all
scripts/zoo --set ladder                        # each fault that is a number, with four strengths
scripts/zoo --seeds 3 --keep seen               # keep what was seen of each run, then, in seconds,
scripts/zoo --replay seen --only faults         # judge it again with the checks as they are now
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import sets
from forked import run
from generate import CLASSES, DEV
from score import Outcome, Rate, Truth, grade, read_truths, table

HERE = Path(__file__).parent
TOOLS = {
    "doctor": ["-m", "pellucid", "doctor"],
    "rules": [str(HERE / "rules.py")],
}
"""What reads `--json FILE PROGRAM ARGUMENTS`, runs the program and writes its findings to the file."""


class Case(NamedTuple):
    """One program, with or without its fault, and a seed."""

    program: str
    sick: bool
    seed: int

    manifest: Path

    @property
    def command(self) -> list[str]:
        """The program and its arguments."""
        path = self.manifest.parent / "programs" / f"{self.program}.py"
        return [str(path), "--seed", str(self.seed), *([] if self.sick else ["--healthy"])]


def cases(truths: dict[str, Truth], manifest: Path, seeds: int) -> Iterator[Case]:
    """Everything to run; a step of the ladder has told already what its twin does."""
    for seed in range(1, seeds + 1):
        for name, truth in truths.items():
            if truth.group != "healthy":
                yield Case(name, True, seed, manifest)
            if truth.twin is None:
                yield Case(name, False, seed, manifest)


def told(text: str) -> float | None:
    """The score in the last line of a program's output that holds one."""
    for line in reversed(text.splitlines()):
        if line.startswith('{"score"'):
            return json.loads(line)["score"]
    return None


def watch(tool: str, case: Case, keep: Path | None = None) -> Outcome:
    """Runs one case under a tool; what the tool wrote stays in the folder `keep`."""
    outcome = Outcome(case.program, case.seed, case.sick)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "findings.json"
        done = run([*TOOLS[tool], "--json", str(out), *case.command])
        if not out.exists():
            return replace(outcome, error=done.errors[-2000:] or f"exit status {done.code} after {done.seconds:.0f} s")
        said = json.loads(out.read_text(encoding="utf-8"))
        if keep:
            place = keep / f"{case.program}-{'sick' if case.sick else 'well'}-{case.seed}.json"
            place.write_text(json.dumps({**said, "score": told(done.out)}), encoding="utf-8")
        return replace(outcome, findings=tuple(said["findings"]), score=told(done.out), overhead=said.get("overhead"),
                       faults=len(said.get("faults", ())))  # fmt: skip


def same(tool: str, case: Case) -> bool:
    """Whether all losses and the last weights are the same bits with the tool and without it."""
    with tempfile.TemporaryDirectory() as folder:
        seen = Path(folder) / "seen.json"
        digests = [Path(folder) / name for name in ("plain", "watched")]
        for before, out in zip([[], [*TOOLS[tool], "--json", str(seen)]], digests, strict=True):
            run([*before, str(HERE / "traced.py"), str(out), *case.command])
        held = [out.read_text(encoding="utf-8") if out.exists() else out.name for out in digests]
        return held[0] == held[1]


def compare(options: argparse.Namespace, truths: dict[str, Truth], manifest: Path) -> None:
    """Prints which programs are not the same to the bit without the tool: each one once, the sick ones sick."""
    todo = [one for one in cases(truths, manifest, options.seeds) if one.sick or truths[one.program].group == "healthy"]
    with ThreadPoolExecutor(options.jobs) as pool:
        answers = pool.map(partial(same, options.tool), todo)
        changed = []
        for one, kept in zip(todo, answers, strict=True):
            print(f"{one.program} {one.seed}: {'the same' if kept else 'NOT THE SAME'}", flush=True)
            changed += [] if kept else [f"{one.program} {one.seed}"]
    print(f"{len(todo) - len(changed)} of {len(todo)} are the same to the bit; not: {', '.join(changed) or 'none'}")


def replayed(folder: Path, truths: dict[str, Truth]) -> Iterator[Outcome]:
    """The runs kept in a folder, of the programs asked for, judged by the checks as they are now."""
    from replay import rejudge

    for file in sorted(folder.glob("*-*-*.json")):
        if file.stem.rsplit("-", 2)[0] in truths:
            yield rejudge(file)


def by_reference(outcomes: list[Outcome]) -> dict[str, list[Outcome]]:
    """The outcomes of several tools that watched the same runs; `reference` says whose rule a finding is."""
    names = dict.fromkeys(finding["reference"] for one in outcomes for finding in one.findings)
    return {
        name: [
            replace(one, findings=tuple(finding for finding in one.findings if finding["reference"] == name))
            for one in outcomes
        ]
        for name in names
    }


def as_json(value: Any) -> Any:
    """What JSON has no word for: rates with their interval, sets."""
    if isinstance(value, Rate):
        return {"hits": value.hits, "of": value.of, "interval": value.interval()}
    return sorted(value)


def listen(options: argparse.Namespace, truths: dict[str, Truth], manifest: Path) -> list[Outcome]:
    """Runs or replays everything, and prints what is said as it comes."""
    outcomes = []
    with ThreadPoolExecutor(options.jobs) as pool:
        ready = partial(watch, options.tool, keep=options.keep)
        todo = cases(truths, manifest, options.seeds)
        for one in replayed(options.replay, truths) if options.replay else pool.map(ready, todo):
            outcomes.append(one)
            said = one.error.strip().rpartition("\n")[2] or ", ".join(
                f"{finding['check']}{' (info)' if finding['severity'] == 'info' else ''}" for finding in one.findings
            )
            print(f"{'sick' if one.sick else 'well'} {one.program} {one.seed}: {said}", flush=True)
    return outcomes


def asked() -> tuple[argparse.Namespace, Path, str]:
    """The options, the manifest of the set, and the seed of a validation set."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", choices=("dev", "val", "ladder"), default="dev")
    parser.add_argument("--only", default="", help="names of programs, with commas; `faults`, `validation`, `healthy`")
    parser.add_argument("--seeds", type=int, default=1, help="seeds that each program runs with")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--tool", choices=TOOLS, default="doctor")
    parser.add_argument(
        "--plain", action="store_true", help="only say what is not the same to the bit without the tool"
    )
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep what the tool wrote of each run")
    parser.add_argument("--replay", type=Path, metavar="FOLDER", help="run nothing: judge again what was kept there")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write outcomes and figures")
    parser.add_argument("--each", type=int, default=3, help="drawn programs of each class of faults")
    parser.add_argument("--well", type=int, default=300, help="drawn healthy programs")
    parser.add_argument("--classes", type=int, default=CLASSES, help="classes of faults that are drawn from")
    parser.add_argument("--trial", metavar="SEED", help="draw the validation set from this, and log nothing")
    parser.add_argument("--log", type=Path, metavar="FILE", help="add the validation run to the table there")
    options = parser.parse_args()
    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
    if options.set == "dev":
        return options, DEV, ""
    if options.set == "ladder":
        return options, sets.ladder(options.each, options.jobs), ""
    seed = f"trial-{options.trial}" if options.trial else sets.frozen()
    partly = options.only or options.classes != CLASSES or options.tool != "doctor"
    if options.log and (options.trial or partly or sets.logged(options.log, seed)):
        parser.error("only a whole run of the doctor on a frozen seed is logged, once")
    print(f"the validation set is drawn from {seed}", flush=True)
    return options, sets.validation(seed, options.each, options.well, options.jobs, options.classes), seed


def main() -> None:
    """Runs, grades, prints."""
    options, manifest, seed = asked()
    truths = read_truths(manifest)
    chosen = set(filter(None, options.only.split(",")))
    if unknown := chosen - truths.keys() - {truth.group for truth in truths.values()}:
        raise SystemExit(f"the set has no {', '.join(sorted(unknown))}")
    if chosen:
        truths = {name: truth for name, truth in truths.items() if chosen & {name, truth.group}}
    if options.plain:
        compare(options, truths, manifest)
        return
    outcomes = listen(options, truths, manifest)
    cards = {options.tool: outcomes} if options.tool == "doctor" else by_reference(outcomes)
    result: dict[str, Any] = {"outcomes": [asdict(one) for one in outcomes], "cards": {}}
    for name, graded in cards.items():
        card = grade(truths, [one for one in graded if truths[one.program].group != "validation"])
        print(f"\n{name}\n{table(card)}")
        result["cards"][name] = {key: getattr(card, key) for key in card.__dataclass_fields__}
        late = [one for one in graded if truths[one.program].group == "validation"]
        if late:
            print(f"\n{name}, faults that only validation shows\n{table(grade(truths, late))}")
        if options.set == "ladder":
            print(f"\n{sets.curve(truths, graded)}")
        if seed:
            line = sets.row(card, seed)
            print(f"\n{line}")
            if options.log:
                sets.log(options.log, line)
    if options.json:
        options.json.write_text(json.dumps(result, indent=1, default=as_json) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
