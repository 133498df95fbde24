"""What is true of the programs of the zoo, and how well findings agree with it.

A finding is a plain dictionary, as `Finding.as_json` gives it, in the order in which a tool says them. Only a warning
or a severe finding is an alarm: what informs neither detects a fault nor accuses a healthy program.
"""

from __future__ import annotations

import json
import math
import re
import statistics
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

Finding = dict[str, Any]
Z = 1.96
"""Standard deviations to each side of a 95 % interval."""


@dataclass(frozen=True, slots=True)
class Truth:
    """One entry of `zoo.yaml`."""

    name: str
    group: str
    """`faults`, `validation` (a fault that only a validation loop shows) or `healthy` (hard to believe)."""
    causes: frozenset[str] = frozenset()
    also: frozenset[str] = frozenset()
    layers: tuple[str, ...] = ()
    lines: frozenset[int] = frozenset()
    evidence: tuple[tuple[str, int], ...] = ()
    """What else names the place: a row, a feature."""
    onset: int = 0
    hurts: str = "score"
    stage: str = "during"
    """When it shows: `start` (the first steps), `during` the training, `after` (on rows that are kept)."""
    fault: str = ""
    """The entry of DEV that a drawn fault is drawn after."""
    strength: float = math.nan
    twin: float | None = None
    """What the twin of a step of the ladder told."""
    both: frozenset[str] = frozenset()
    """What is true of the program and of its twin, and counts for neither."""

    @property
    def placed(self) -> bool:
        """Whether the fault lies somewhere that can be named."""
        return bool(self.layers or self.lines or self.evidence)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a tool said of one run of one program."""

    program: str
    seed: int
    sick: bool
    """Whether the fault was in it."""
    findings: tuple[Finding, ...] = ()
    score: float | None = None
    """What the program told at its end; None where that is not finite."""
    overhead: float | None = None
    """The tool's own time over that of the training steps."""
    error: str = ""
    """Why there is no answer."""
    faults: int = 0
    """Looks of the tool that failed."""

    @property
    def alarms(self) -> list[Finding]:
        """The findings that are more than information."""
        return [finding for finding in self.findings if finding["severity"] != "info"]

    @property
    def roots(self) -> list[Finding]:
        """The alarms that no other alarm explains: the causes the tool stands for."""
        explained = {check for finding in self.alarms for check in finding.get("explains", ())}
        return [finding for finding in self.alarms if finding["check"] not in explained]


@dataclass(frozen=True, slots=True)
class Rate:
    """So many of so many."""

    hits: int
    of: int

    @property
    def share(self) -> float:
        """The share itself; not a number of none."""
        return self.hits / self.of if self.of else math.nan

    def interval(self) -> tuple[float, float]:
        """The 95 % score interval of the share (Wilson 1927)."""
        if not self.of:
            return 0.0, 1.0
        share, weight = self.share, Z**2 / self.of
        middle = (share + weight / 2) / (1 + weight)
        reach = Z * math.sqrt(share * (1 - share) / self.of + weight / (4 * self.of)) / (1 + weight)
        return max(0.0, middle - reach), min(1.0, middle + reach)


@dataclass(frozen=True)
class Scorecard:
    """The figures of section 3.3 of the design; each run of a program with one seed counts once."""

    recall: Rate
    """Sick runs with an alarm that names the fault or what it brings about."""
    noticed: Rate
    """The same, with findings that only inform."""
    twins_accused: Rate
    """Healthy twins with any alarm."""
    hard_accused: Rate
    """Hard healthy runs with any alarm."""
    right_first: Rate
    """Sick runs whose first alarm names the fault."""
    precision: Rate
    """Alarms on sick runs, explained ones left out, that name the fault."""
    placed: Rate
    """Sick runs with a place in which an alarm that names the fault gives it."""
    hurts: Rate
    """Pairs in which the twin reached the better score."""
    failed: int
    """Runs without an answer; they are misses if sick, and no alarms if healthy."""
    delays: dict[str, tuple[int, ...]] = field(default_factory=dict)
    """Stage of the fault -> steps from the onset of a fault to the first alarm that names it or its consequence."""
    overheads: tuple[float, ...] = ()
    """For each run."""
    faults: int = 0
    """Looks of the tool that failed, in all runs."""
    misses: tuple[str, ...] = ()
    accused: dict[str, list[str]] = field(default_factory=dict)
    """Healthy run -> the checks that spoke."""


def read_truths(manifest: Path) -> dict[str, Truth]:
    """The entries of `zoo.yaml` by name; its programs lie in `programs/` beside it."""
    groups = yaml.safe_load(manifest.read_text(encoding="utf-8"))
    found = {name: Truth(name, "healthy") for name in groups.pop("healthy")}
    for group, entries in groups.items():
        for name, entry in entries.items():
            text = (manifest.parent / "programs" / f"{name}.py").read_text(encoding="utf-8")
            marks = entry.get("line", [])
            lines = {number for number, line in enumerate(text.splitlines(), 1) if any(mark in line for mark in marks)}
            found[name] = Truth(
                name,
                group,
                frozenset(entry["causes"]),
                frozenset(entry["also"]),
                tuple(entry.get("layers", ())),
                frozenset(lines),
                tuple((key, entry[key]) for key in ("row", "feature") if key in entry),
                entry.get("onset", 0),
                entry.get("hurts", "score"),
                entry.get("stage", "during"),
                entry.get("fault", name),
                entry.get("strength", math.nan),
                entry.get("twin"),
                frozenset(entry.get("both", ())),
            )
    return found


def names_place(truth: Truth, finding: Finding) -> bool:
    """Whether a finding gives the layer, the line or the row where the fault lies."""
    place = str(finding.get("place", ""))
    if any(place == layer or place.startswith(f"{layer}.") for layer in truth.layers if layer):
        return True
    words = json.dumps(finding, default=str)
    told = {int(number) for number in re.findall(rf"\b{truth.name}\.py:(\d+)", words)}
    if told & truth.lines:
        return True
    return any(re.search(rf"\b{key}\W+{number}\b", words) for key, number in truth.evidence)


def detections(truth: Truth, findings: Iterable[Finding]) -> list[Finding]:
    """Those that name the fault or what it brings about."""
    return [finding for finding in findings if finding["check"] in truth.causes | truth.also]


def rate(answers: Iterable[bool]) -> Rate:
    """How many of the answers are yes."""
    told = list(answers)
    return Rate(sum(told), len(told))


def better(twin: float | None, sick: float | None) -> bool:
    """Whether the twin's score is larger; a score that is not finite is smaller than any."""
    return twin is not None and (sick is None or twin > sick)


def grade(truths: dict[str, Truth], outcomes: list[Outcome]) -> Scorecard:
    """The scorecard of one tool."""
    outcomes = [_less(one, truths[one.program].both) for one in outcomes]
    sick = [(truths[one.program], one) for one in outcomes if one.sick]
    well = [(truths[one.program], one) for one in outcomes if not one.sick]
    named = [
        (truth, [alarm for alarm in one.alarms if alarm["check"] in truth.causes])
        for truth, one in sick
        if truth.placed
    ]
    spoken = [(truth, alarm) for truth, one in sick for alarm in one.roots]
    delays: dict[str, list[int]] = {}
    for truth, one in sick:
        steps = [found["step"] for found in detections(truth, one.alarms) if found.get("step") is not None]
        if steps:
            delays.setdefault(truth.stage, []).append(max(0, min(steps) - truth.onset))
    pairs = {(one.program, one.seed): one for truth, one in well if truth.group != "healthy"}
    return Scorecard(
        recall=rate(bool(detections(truth, one.alarms)) for truth, one in sick),
        noticed=rate(bool(detections(truth, one.findings)) for truth, one in sick),
        twins_accused=rate(bool(one.alarms) for truth, one in well if truth.group != "healthy"),
        hard_accused=rate(bool(one.alarms) for truth, one in well if truth.group == "healthy"),
        right_first=rate(bool(one.alarms) and one.alarms[0]["check"] in truth.causes for truth, one in sick),
        precision=rate(alarm["check"] in truth.causes for truth, alarm in spoken),
        placed=rate(any(names_place(truth, alarm) for alarm in alarms) for truth, alarms in named),
        hurts=rate(
            better(pairs[key].score, one.score)
            for truth, one in sick
            if truth.hurts == "score" and (key := (one.program, one.seed)) in pairs
        ),
        failed=sum(bool(one.error) for one in outcomes),
        delays={stage: tuple(sorted(steps)) for stage, steps in sorted(delays.items(), reverse=True)},
        overheads=tuple(one.overhead for one in outcomes if one.overhead is not None),
        faults=sum(one.faults for one in outcomes),
        misses=tuple(sorted({one.program for truth, one in sick if not detections(truth, one.alarms)})),
        accused={_label(one): [alarm["check"] for alarm in one.alarms] for _, one in well if one.alarms},
    )


def _less(outcome: Outcome, checks: frozenset[str]) -> Outcome:
    return replace(outcome, findings=tuple(one for one in outcome.findings if one["check"] not in checks))


def table(card: Scorecard) -> str:
    """The scorecard as lines of text."""
    rates = {
        "faults detected": card.recall, "  or informed of": card.noticed, "right cause first": card.right_first,
        "causes that are right": card.precision, "place named": card.placed, "twins accused": card.twins_accused,
        "hard healthy accused": card.hard_accused, "twin scores better": card.hurts,
    }  # fmt: skip
    lines = [f"{'':24}{'share':>8}{'95 % interval':>18}{'runs':>12}"]
    for name, one in rates.items():
        if one.of:
            low, high = one.interval()
            lines.append(f"{name:24}{one.share:8.3f}{f'{low:.3f} to {high:.3f}':>18}{f'{one.hits}/{one.of}':>12}")
    for stage, steps in card.delays.items():
        tenth = steps[math.ceil(0.9 * len(steps)) - 1]
        lines.append(f"steps to detection, {stage}: median {statistics.median(steps):g}, 9 of 10 within {tenth}")
    if card.overheads:
        lines.append(f"overhead: median {statistics.median(card.overheads):.1%}, worst {max(card.overheads):.1%}")
    if card.failed:
        lines.append(f"runs without an answer: {card.failed}")
    if card.faults:
        lines.append(f"looks of the tool that failed: {card.faults}")
    if card.misses:
        lines.append("missed: " + ", ".join(card.misses))
    lines += [f"accused: {name}: {', '.join(checks)}" for name, checks in sorted(card.accused.items())]
    return "\n".join(lines)


def _label(outcome: Outcome) -> str:
    return f"{outcome.program}, seed {outcome.seed}"
