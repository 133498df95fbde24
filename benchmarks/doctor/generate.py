"""Writes sets of drawn programs, each with a `zoo.yaml` that says what is wrong with them.

    python benchmarks/doctor/generate.py FOLDER --seed WORD --each 1 --well 10    # a look at what is drawn

The validation set: some classes of faults, each in several programs with a healthy twin, and healthy programs. A
healthy one is admitted if it learns, a sick one if its twin learns and is better with every one of three seeds; the
doctor has no part in that. The ladder: every fault that is a number, with four strengths, in several programs.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import yaml
from compose import compose
from draft import Draft
from drawn_mistakes import FAULTS
from forked import run

DEV = Path(__file__).parents[2] / "tests" / "faults" / "zoo.yaml"
LEARNS = 0.75
"""Share of the way from the best constant answer to the best score that a healthy program goes at least."""
TWIN = 0.6
"""The same for the twin of a sick program."""
HURTS = 0.03
"""By so much of the score the twin is better."""
OVERFITS = 1.1
"""A person would stop where the loss on the kept rows has risen to so many times its least value."""
SEEDS = (1, 2, 3)
ATTEMPTS = 15
"""Drafts after which a place in the set stays empty."""
CLASSES = 20
"""Classes of faults in the validation set."""
Entry = dict[str, Any]


class Drawn(NamedTuple):
    """A program that is admitted."""

    name: str
    text: str
    about: Entry | str
    """Its entry in `zoo.yaml`."""


def told(program: Path, seed: int, *, healthy: bool) -> tuple[float | None, list[float]]:
    """The score of a program, and its losses on the kept rows where it prints them; no score where it fails."""
    done = run([str(program), "--seed", str(seed), *(["--healthy"] if healthy else [])])
    if done.code:
        raise RuntimeError(f"{program}: {done.errors[-500:]}")
    looks = [float(loss) for loss in re.findall(r"^kept rows: (\S+)$", done.out, re.M)]
    return json.loads(done.out.splitlines()[-1])["score"], looks


def learns(draft: Draft, score: float | None, looks: Iterable[float] = (), share: float = LEARNS) -> bool:
    """Whether a healthy program does what one expects of it."""
    losses, way = list(looks), draft.data.ceiling - draft.data.floor
    if losses and not losses[-1] <= OVERFITS * min(losses) + 0.01:
        return False
    return score is not None and score >= draft.data.floor + share * way


def entry(name: str, draft: Draft, known: dict[str, Entry]) -> Entry:
    """What `zoo.yaml` says of a drawn fault; its causes are those of the fault it is drawn after."""
    place = {"layers": draft.layers, "line": draft.marks, "onset": draft.onset, **draft.more}
    return {"fault": name, **{key: known[name][key] for key in ("causes", "also", "stage")},
            **{key: value for key, value in place.items() if value}}  # fmt: skip


def draw_well(folder: Path, seed: str, number: int) -> Drawn | None:
    """A healthy program."""
    name = f"well_{number:03d}"
    program = folder / "programs" / f"{name}.py"
    for attempt in range(ATTEMPTS):
        draft = compose(Random(f"{seed}/well/{number}/{attempt}"))
        program.write_text(draft.text(), encoding="utf-8")
        if learns(draft, *told(program, 1, healthy=True)):
            return Drawn(name, draft.text(), draft.title)
    program.unlink()
    return None


def draw_sick(folder: Path, seed: str, known: dict[str, Entry], which: tuple[str, int]) -> Drawn | None:
    """A program with a fault that hurts."""
    fault, number = which
    name = f"{fault}_{number}"
    program = folder / "programs" / f"{name}.py"
    for attempt in range(ATTEMPTS):
        draft = FAULTS[fault].draw(Random(f"{seed}/{fault}/{number}/{attempt}"))
        program.write_text(draft.text(), encoding="utf-8")
        if all(_hurts(program, draft, one) for one in SEEDS):
            return Drawn(name, draft.text(), entry(fault, draft, known))
    program.unlink()
    return None


def _hurts(program: Path, draft: Draft, seed: int) -> bool:
    twin = told(program, seed, healthy=True)[0]
    if twin is None or not learns(draft, twin, share=TWIN):
        return False
    score = told(program, seed, healthy=False)[0]
    return score is None or twin >= score + HURTS


def draw_steps(folder: Path, seed: str, known: dict[str, Entry], which: tuple[str, int]) -> list[Drawn]:
    """One program with four strengths of a fault, of which the strongest hurts."""
    fault, number = which
    for attempt in range(ATTEMPTS):
        drafts = [
            FAULTS[fault].make(Random(f"{seed}/{fault}/{number}/{attempt}"), one) for one in FAULTS[fault].strengths
        ]
        programs = [folder / "programs" / f"{fault}_{number}_{place}.py" for place in range(len(drafts))]
        for program, draft in zip(programs, drafts, strict=True):
            program.write_text(draft.text(), encoding="utf-8")
        if _hurts(programs[-1], drafts[-1], 1):
            more = {"twin": told(programs[-1], 1, healthy=True)[0]}
            return [
                Drawn(program.stem, draft.text(), {**entry(fault, draft, known), "strength": strength, **more})
                for program, draft, strength in zip(programs, drafts, FAULTS[fault].strengths, strict=True)
            ]
        for program in programs:
            program.unlink()
    return []


def write_validation(folder: Path, seed: str, each: int, well: int, jobs: int, classes: int = CLASSES) -> None:
    """Draws the validation set into a folder."""
    chosen = sorted(Random(seed).sample(sorted(FAULTS), min(classes, len(FAULTS))))
    (folder / "programs").mkdir(parents=True)
    known = yaml.safe_load(DEV.read_text(encoding="utf-8"))["faults"]
    with ThreadPoolExecutor(jobs) as pool:
        places = [(fault, number) for fault in chosen for number in range(each)]
        sick = list(pool.map(partial(draw_sick, folder, seed, known), places))
        healthy = list(pool.map(partial(draw_well, folder, seed), range(well)))
    _write(folder, {"faults": sick, "healthy": healthy})


def write_ladder(folder: Path, seed: str, each: int, jobs: int) -> None:
    """Draws the ladder into a folder."""
    (folder / "programs").mkdir(parents=True)
    known = yaml.safe_load(DEV.read_text(encoding="utf-8"))["faults"]
    places = [(name, number) for name, one in FAULTS.items() if one.strengths for number in range(each)]
    with ThreadPoolExecutor(jobs) as pool:
        steps = pool.map(partial(draw_steps, folder, seed, known), places)
        _write(folder, {"faults": [one for drawn in steps for one in drawn], "healthy": []})


def _write(folder: Path, groups: dict[str, list[Drawn | None]]) -> None:
    """The manifest comes last, so that a folder which has one is complete."""
    empty = sum(one is None for group in groups.values() for one in group)
    said = {group: {one.name: one.about for one in drawn if one} for group, drawn in groups.items()}
    print(f"{', '.join(f'{len(entries)} {group}' for group, entries in said.items())}; {empty} places stay empty")
    (folder / "zoo.yaml").write_text(yaml.safe_dump(said, sort_keys=False, width=120), encoding="utf-8")


def main() -> None:
    """Draws a validation set."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", required=True)
    parser.add_argument("--each", type=int, default=3, help="programs of each class of faults")
    parser.add_argument("--well", type=int, default=300, help="healthy programs")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    write_validation(options.folder, options.seed, options.each, options.well, options.jobs)


if __name__ == "__main__":
    main()
